//! Guests: let in by a link, to read and comment in one consultation, without an account.
//!
//! An invitation is what the secretariat sends to a stakeholder; whoever opens it and says who they are and in which
//! capacity becomes a guest. A guest is no person of the network: they may what the table grants a guest, in the plan
//! and the phase of their invitation, until it ends or is taken back.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, Learned, text};
use super::limits;
use super::plan;
use super::policy::{Action, Party};
use super::process::PhaseKind;
use super::{
    About, Actor, Answers, Event, InvitationId, OrganisationId, PersonId, PhaseId, PlanId, Refusal, Standing,
    State, Timestamp, Told,
};

/// For whom a guest speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    ForOrganisation,
    Personal,
}

/// What a stakeholder was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub plan: PlanId,
    pub phase: PhaseId,
    /// To whom it was sent: the name of a body.
    pub to: String,
    /// The body, where it is one of the network's organisations.
    pub organisation: Option<OrganisationId>,
    pub until: Timestamp,
    pub revoked: bool,
}

/// Somebody who came by an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    pub invitation: InvitationId,
    pub capacity: Capacity,
    /// Whether their name may be published with what they say.
    pub named: bool,
    /// Whether what they say may be published.
    pub published: bool,
    /// What was known of them beside the record is forgotten.
    pub erased: bool,
}

/// All guests, and how they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guests {
    pub invitations: BTreeMap<InvitationId, Invitation>,
    pub people: BTreeMap<PersonId, Guest>,
    /// For which organisations a guest has said something.
    pub heard: BTreeSet<OrganisationId>,
    /// How often somebody was forgotten.
    pub forgotten: u64,
    /// How often anything of it changed: the version of the stream in which that is recorded.
    pub version: u64,
}

pub(super) fn invite(
    state: &State,
    actor: &Actor,
    invitation: InvitationId,
    made: &Invite,
) -> Result<Decision, Refusal> {
    let found = plan::with(state, actor, made.plan, Action::Process)?;
    if state.guests.invitations.contains_key(&invitation) {
        return Err(Refusal::InvitationExists);
    }
    let phases = found.process.as_ref().map_or(&[][..], |process| &process.phases);
    let phase = phases.iter().find(|phase| phase.plan.phase == made.phase).ok_or(Refusal::PhaseUnknown)?;
    if phase.plan.kind != PhaseKind::Consultation {
        return Err(Refusal::NoConsultation);
    }
    if phase.closed.is_some() {
        return Err(Refusal::PhaseIsOver);
    }
    if made.until <= state.now {
        return Err(Refusal::DateIsPast);
    }
    let named = made.organisation.as_ref().map(|id| invited(state, id)).transpose()?;
    let to = text("name of who is invited", named.unwrap_or(&made.to), limits::TITLE)?;
    let event = Event::GuestInvited { invitation, invite: Invite { to, ..made.clone() } };
    Ok(Decision { events: vec![event], plan: Some(made.plan), ..Decision::default() })
}

/// The name of an organisation that can be invited: a member is heard by those who act for it, who have accounts.
fn invited<'a>(state: &'a State, organisation: &OrganisationId) -> Result<&'a str, Refusal> {
    let known = state.organisations.get(organisation).ok_or(Refusal::OrganisationUnknown)?;
    if known.profile.standing == Standing::Member {
        return Err(Refusal::InvitedIsMember);
    }
    Ok(&known.profile.name)
}

/// What an invitation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invite {
    pub plan: PlanId,
    /// The consultation.
    pub phase: PhaseId,
    /// To whom it goes: the name of a body, which is public. Of an organisation of the network, it is that one's,
    /// whatever is sent.
    pub to: String,
    /// The body, where it is one of the network's organisations, and no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    pub until: Timestamp,
}

pub(super) fn revoke(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    invitation: InvitationId,
) -> Result<Decision, Refusal> {
    plan::with(state, actor, plan, Action::Process)?;
    let known = state.guests.invitations.get(&invitation).filter(|known| known.plan == plan);
    if known.ok_or(Refusal::InvitationUnknown)?.revoked {
        return Err(Refusal::InvitationRevoked);
    }
    let event = Event::GuestRevoked { plan, invitation };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Somebody who opened an invitation says who they are. They ask for it in their own name.
pub(super) fn join(
    state: &State,
    actor: &Actor,
    invitation: InvitationId,
    joining: &Joining,
    name: &str,
) -> Result<Decision, Refusal> {
    let known = state.guests.invitations.get(&invitation).ok_or(Refusal::InvitationUnknown)?;
    if known.revoked {
        return Err(Refusal::InvitationRevoked);
    }
    if known.until <= state.now {
        return Err(Refusal::InvitationIsOver);
    }
    let is_taken =
        state.people.contains_key(&actor.person) || state.guests.people.contains_key(&actor.person);
    if is_taken {
        return Err(Refusal::PersonExists);
    }
    if state.guests.people.values().filter(|guest| guest.invitation == invitation).count() >= limits::GUESTS {
        return Err(Refusal::TooManyGuests);
    }
    let name = text("name", name, limits::TITLE)?;
    let event = Event::GuestJoined {
        plan: known.plan,
        invitation,
        guest: actor.person.clone(),
        joining: joining.clone(),
    };
    let about = Learned::About(About { name, email: None, told: Told::default() });
    let plan = Some(known.plan);
    Ok(Decision {
        events: vec![event],
        learned: Some((actor.person.clone(), about)),
        plan,
        ..Decision::default()
    })
}

/// In which capacity somebody comes as a guest, and what may be published of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joining {
    pub capacity: Capacity,
    /// Whether their name may be published with what they say.
    pub named: bool,
    /// Whether what they say may be published.
    pub published: bool,
}

impl State {
    /// As what a guest comes to a plan, while their invitation holds and its phase is open.
    pub(super) fn guest_party(&self, person: &PersonId, plan: PlanId) -> Option<Party> {
        let guest = self.guests.people.get(person).filter(|guest| !guest.erased)?;
        let invitation = self.guests.invitations.get(&guest.invitation)?;
        let open = self.plans.get(&plan)?.process.as_ref()?.open()?;
        let holds = invitation.plan == plan
            && !invitation.revoked
            && self.now < invitation.until
            && open.plan.phase == invitation.phase;
        holds.then_some(Party::Guest)
    }
}

impl State {
    /// For which organisation a guest speaks who came for it. As a member it would speak by those who act for it.
    pub(super) fn guest_speaks_for(&self, person: &PersonId) -> Option<OrganisationId> {
        let guest = self.guests.people.get(person)?;
        if guest.capacity == Capacity::Personal {
            return None;
        }
        let organisation = self.guests.invitations.get(&guest.invitation)?.organisation.as_ref()?;
        let standing = self.organisations.get(organisation)?.profile.standing;
        (standing != Standing::Member).then(|| organisation.clone())
    }
}

impl Guests {
    /// The organisations of the network that are invited to a phase.
    pub fn invited(&self, plan: PlanId, phase: &PhaseId) -> impl Iterator<Item = &OrganisationId> {
        let is_to = move |one: &&Invitation| one.plan == plan && one.phase == *phase && !one.revoked;
        self.invitations.values().filter(is_to).filter_map(|one| one.organisation.as_ref())
    }

    /// The bodies that are invited to a consultation and are none of the network's organisations, by name, and whether
    /// each was heard. One whose link was taken back counts if it had been heard.
    pub fn bodies(&self, plan: PlanId, phase: &PhaseId, answers: Option<&Answers>) -> BTreeMap<&str, bool> {
        let has_spoken = |of: &InvitationId| {
            self.people.iter().any(|(id, guest)| {
                guest.invitation == *of
                    && guest.capacity == Capacity::ForOrganisation
                    && answers.is_some_and(|answers| answers.people.contains(id))
            })
        };
        let mut bodies = BTreeMap::new();
        for (id, one) in &self.invitations {
            let is_to = one.plan == plan && one.phase == *phase && one.organisation.is_none();
            let is_heard = is_to && has_spoken(id);
            if is_heard || (is_to && !one.revoked) {
                *bodies.entry(one.to.as_str()).or_default() |= is_heard;
            }
        }
        bodies
    }

    /// Those who came to one plan.
    pub fn of(&self, plan: PlanId) -> impl Iterator<Item = &PersonId> {
        let is_of = move |(_, guest): &(_, &Guest)| {
            self.invitations.get(&guest.invitation).is_some_and(|invitation| invitation.plan == plan)
        };
        self.people.iter().filter(is_of).map(|(id, _)| id)
    }

    pub(super) fn people_of(&mut self, plan: PlanId) -> impl Iterator<Item = &mut Guest> {
        let Self { invitations, people, .. } = self;
        let is_of = move |guest: &&mut Guest| {
            invitations.get(&guest.invitation).is_some_and(|invitation| invitation.plan == plan)
        };
        people.values_mut().filter(is_of)
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::GuestInvited { invitation, invite } => {
                let Invite { plan, phase, to, organisation, until } = invite.clone();
                let made = Invitation { plan, phase, to, organisation, until, revoked: false };
                self.invitations.insert(*invitation, made);
            }
            Event::GuestRevoked { invitation, .. } => {
                if let Some(known) = self.invitations.get_mut(invitation) {
                    known.revoked = true;
                }
            }
            Event::GuestJoined { invitation, guest, joining, .. } => {
                let Joining { capacity, named, published } = *joining;
                self.people.insert(
                    guest.clone(),
                    Guest { invitation: *invitation, capacity, named, published, erased: false },
                );
            }
            _ => return,
        }
        self.version += 1;
    }
}
