//! People of the network, by opaque id: what they do in it, and for whom; and what is kept of them beside the record.

use email_address::{EmailAddress, Options};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, Learned, text};
use super::limits;
use super::organisation::Standing;
use super::policy::{Action, require};
use super::{Actor, Event, Of, OrganisationId, PersonId, Refusal, Role, State, Told};

/// What someone is in the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Office {
    pub roles: Vec<Role>,
    /// For whom they act; a representative always acts for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    /// Whether they hold one of its seats.
    #[serde(default, skip_serializing_if = "is_false")]
    pub seat: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Someone as the rules know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub office: Office,
    /// They have left the network; what they did stays theirs.
    pub left: bool,
    /// What was known of them beside the record is forgotten.
    pub erased: bool,
    /// Whether they have ever signed in.
    pub joined: bool,
    /// How often their part was changed, its beginning included.
    pub version: u64,
}

/// What is known of a person beside the record, as it lies there: JSON that can be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub name: String,
    /// Where they are sent a link to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// What they wish to be sent, and were.
    #[serde(default, skip_serializing_if = "Told::is_nothing")]
    pub told: Told,
}

/// An e-mail address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Space around it does not count.
    pub fn new(address: &str) -> Result<Self, Refusal> {
        let address = address.trim();
        // Of one line and of letters that every mail server takes: some know nothing beyond ASCII before the @.
        let plain = address.len() <= limits::EMAIL_BYTES && address.is_ascii() && !address.contains('"');
        let options = Options::default().without_display_text().without_domain_literal();
        match EmailAddress::parse_with_options(address, options) {
            Ok(_) if plain => Ok(Self(address.to_owned())),
            Ok(_) | Err(_) => Err(Refusal::EmailNotValid),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for all ways to write one address: by it people are found, and no two have the same.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

pub(super) fn add(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    office: &Office,
    name: &str,
    email: Option<&str>,
) -> Result<Decision, Refusal> {
    // Nobody is there to grant anything before the first person: that one comes in unasked.
    if !state.people.is_empty() {
        require(state, &actor.person, Action::People)?;
    }
    if state.people.contains_key(person) || state.guests.people.contains_key(person) {
        return Err(Refusal::PersonExists);
    }
    let office = checked(state, person, office)?;
    let name = text("name", name, limits::TITLE)?;
    let email = email.map(Email::new).transpose()?;
    Ok(Decision {
        events: vec![Event::PersonAdded { person: person.clone(), office }],
        learned: Some((person.clone(), Learned::About(About { name, email, told: Told::default() }))),
        ..Decision::default()
    })
}

pub(super) fn change(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    office: &Office,
    version: u64,
) -> Result<Decision, Refusal> {
    present(state, actor, person, version)?;
    let office = checked(state, person, office)?;
    keeps_an_administrator(state, person, &office.roles)?;
    let event = Event::PersonChanged { person: person.clone(), office };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

/// Someone leaves; their seat goes to the successor, who is of the same organisation.
pub(super) fn leave(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    successor: Option<&PersonId>,
    version: u64,
) -> Result<Decision, Refusal> {
    let leaving = present(state, actor, person, version)?;
    keeps_an_administrator(state, person, &[])?;
    let mut events = vec![Event::PersonLeft { person: person.clone(), successor: successor.cloned() }];
    if let Some(successor) = successor {
        let next = state.people.get(successor).filter(|next| !next.left).ok_or(Refusal::PersonUnknown)?;
        if successor == person || next.office.organisation != leaving.office.organisation {
            return Err(Refusal::SuccessorOfAnother);
        }
        if leaving.office.seat && !next.office.seat {
            let office = Office { seat: true, ..next.office.clone() };
            events.push(Event::PersonChanged { person: successor.clone(), office });
        }
    }
    Ok(Decision { events, ..Decision::default() })
}

/// Somebody who had left is there again, under the same id: what they did before is theirs still.
pub(super) fn come_back(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    office: &Office,
    version: u64,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::People)?;
    let known = state.people.get(person).ok_or(Refusal::PersonUnknown)?;
    if known.erased {
        return Err(Refusal::ErasedAlready);
    }
    if !known.left {
        return Err(Refusal::HasNotLeft);
    }
    if known.version != version {
        return Err(Refusal::PersonChanged);
    }
    let office = checked(state, person, office)?;
    let event = Event::PersonReturned { person: person.clone(), office };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

/// Another name for somebody who is not forgotten, also once they have left.
pub(super) fn rename(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    name: &str,
) -> Result<Decision, Refusal> {
    if actor.person != *person {
        require(state, &actor.person, Action::People)?;
    }
    let known = state.people.get(person).ok_or(Refusal::PersonUnknown)?;
    if known.erased {
        return Err(Refusal::ErasedAlready);
    }
    let name = text("name", name, limits::TITLE)?;
    Ok(Decision {
        events: vec![Event::PersonRenamed { person: person.clone() }],
        learned: Some((person.clone(), Learned::Name(name))),
        ..Decision::default()
    })
}

/// Someone who has not left, if the asker may change people and has seen the newest version.
fn present<'a>(
    state: &'a State,
    actor: &Actor,
    person: &PersonId,
    version: u64,
) -> Result<&'a Person, Refusal> {
    require(state, &actor.person, Action::People)?;
    let known = state.people.get(person).ok_or(Refusal::PersonUnknown)?;
    if known.left {
        return Err(Refusal::PersonHasLeft);
    }
    if known.version != version {
        return Err(Refusal::PersonChanged);
    }
    Ok(known)
}

/// Without anybody who may change people, nobody could ever be let in again.
fn keeps_an_administrator(state: &State, person: &PersonId, roles: &[Role]) -> Result<(), Refusal> {
    let may = |roles: &[Role]| roles.iter().any(|role| role.manages_people());
    let others = state.people.iter().filter(|(id, other)| *id != person && !other.left);
    if may(roles) || others.into_iter().any(|(_, other)| may(&other.office.roles)) {
        return Ok(());
    }
    Err(Refusal::LastAdministrator)
}

fn checked(state: &State, person: &PersonId, office: &Office) -> Result<Office, Refusal> {
    let mut roles = office.roles.clone();
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        return Err(Refusal::Empty { field: "list of roles" });
    }
    let organisation = office.organisation.as_ref();
    if let Some(organisation) = organisation {
        let known = state.organisations.get(organisation).ok_or(Refusal::OrganisationUnknown)?;
        if office.seat && state.seats_held(organisation, Some(person)) >= known.profile.seats as usize {
            return Err(Refusal::SeatsTaken);
        }
    } else if office.seat {
        return Err(Refusal::OrganisationMissing);
    }
    // A network without organisations, as in a first trial, has representatives all the same.
    if roles.contains(&Role::Representative) && organisation.is_none() && !state.organisations.is_empty() {
        return Err(Refusal::OrganisationMissing);
    }
    if roles.contains(&Role::Consultant) && (office.seat || roles.iter().any(|role| role.has_a_vote())) {
        return Err(Refusal::ConsultantHasNoVote);
    }
    Ok(Office { roles, ..office.clone() })
}

/// What somebody has in hand, which goes to their successor when they leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InHand {
    /// Open tasks that are asked of them by name.
    pub tasks: usize,
    /// Sections that are for them by name to write.
    pub sections: usize,
    /// Words of theirs that were set apart.
    pub strays: usize,
}

impl State {
    pub fn in_hand(&self, person: &PersonId) -> InHand {
        let plans = || self.plans.values();
        let groups = plans().flat_map(|plan| plan.assigned.values());
        let strays = plans().flat_map(|plan| plan.strays.found.values());
        InHand {
            tasks: self.tasks.open(&Of::Person(person.clone())).count(),
            sections: groups.filter(|group| group.people.contains(person)).count(),
            strays: strays.filter(|stray| !stray.settled && stray.people.contains(person)).count(),
        }
    }

    /// How many people of an organisation hold a seat, `without` one of them.
    pub fn seats_held(&self, organisation: &OrganisationId, without: Option<&PersonId>) -> usize {
        let sits = |person: &Person| {
            person.office.seat && !person.left && person.office.organisation.as_ref() == Some(organisation)
        };
        self.people.iter().filter(|(id, person)| without != Some(*id) && sits(person)).count()
    }

    /// The standing of the organisation that a person acts for.
    pub fn standing(&self, person: &Person) -> Option<Standing> {
        let organisation = person.office.organisation.as_ref()?;
        self.organisations.get(organisation).map(|organisation| organisation.profile.standing)
    }
}

/// The first sign-in.
pub(super) fn join(state: &State, actor: &Actor, person: &PersonId) -> Result<Decision, Refusal> {
    if actor.person != *person {
        return Err(Refusal::NotPermitted { what: "sign in for somebody else" });
    }
    let known = state.people.get(person).ok_or(Refusal::PersonUnknown)?;
    if known.left {
        return Err(Refusal::PersonHasLeft);
    }
    if known.joined {
        return Err(Refusal::AlreadyJoined);
    }
    let events = vec![Event::PersonJoined { person: person.clone() }];
    Ok(Decision { events, ..Decision::default() })
}
