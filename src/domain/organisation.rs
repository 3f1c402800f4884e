//! Bodies in and around the network, and in which standing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, text};
use super::limits;
use super::policy::{Action, require};
use super::{Actor, Event, OrganisationId, Refusal, State};

/// What an organisation is to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It belongs to the network and has a vote, or several.
    Member,
    /// It belongs to the network without a vote.
    Observer,
    /// An outside body that is invited to be heard.
    Stakeholder,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Member, Self::Observer, Self::Stakeholder];
}

/// What is said of an organisation. Its name is public, unlike a person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    pub name: String,
    pub standing: Standing,
    /// How many votes it has: 1 to 1,000 for a member, else 0.
    pub weight: u32,
    /// How many of its representatives may hold a seat.
    pub seats: u32,
}

/// An organisation as the rules know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub profile: Profile,
    /// How often it was changed, its beginning included.
    pub version: u64,
}

pub(super) fn add(
    state: &State,
    actor: &Actor,
    organisation: &OrganisationId,
    profile: &Profile,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::People)?;
    if state.organisations.contains_key(organisation) {
        return Err(Refusal::OrganisationExists);
    }
    let profile = checked(state, None, profile)?;
    let event = Event::OrganisationAdded { organisation: organisation.clone(), profile };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

pub(super) fn change(
    state: &State,
    actor: &Actor,
    organisation: &OrganisationId,
    profile: &Profile,
    version: u64,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::People)?;
    let known = state.organisations.get(organisation).ok_or(Refusal::OrganisationUnknown)?;
    if known.version != version {
        return Err(Refusal::OrganisationChanged);
    }
    let profile = checked(state, Some(organisation), profile)?;
    if state.seats_held(organisation, None) > profile.seats as usize {
        return Err(Refusal::SeatsTaken);
    }
    let event = Event::OrganisationChanged { organisation: organisation.clone(), profile };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

/// Takes out an organisation of which nothing else in the record speaks.
pub(super) fn remove(
    state: &State,
    actor: &Actor,
    organisation: &OrganisationId,
    version: u64,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::People)?;
    let known = state.organisations.get(organisation).ok_or(Refusal::OrganisationUnknown)?;
    if known.version != version {
        return Err(Refusal::OrganisationChanged);
    }
    if state.speaks_of(organisation) {
        return Err(Refusal::OrganisationInUse);
    }
    let event = Event::OrganisationRemoved { organisation: organisation.clone() };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

impl State {
    /// Whether anybody acts or acted for an organisation, or it was asked for anything: then its name is needed for
    /// as long as the record is read.
    pub fn speaks_of(&self, organisation: &OrganisationId) -> bool {
        let is_it = |one: Option<&OrganisationId>| one == Some(organisation);
        self.people.values().any(|person| is_it(person.office.organisation.as_ref()))
            || self.guests.invitations.values().any(|one| is_it(one.organisation.as_ref()))
            || self.tasks.concern(organisation)
            || self.plans.values().any(|plan| {
                plan.assigned.values().any(|group| group.organisations.contains(organisation))
                    || plan.answers.values().any(|answers| answers.organisations.contains(organisation))
            })
    }
}

/// The profile in order; `own` is the organisation that has it already.
fn checked(state: &State, own: Option<&OrganisationId>, profile: &Profile) -> Result<Profile, Refusal> {
    let name = text("name", &profile.name, limits::TITLE)?;
    if state.organisation_names.get(&name.to_lowercase()).is_some_and(|id| own != Some(id)) {
        return Err(Refusal::OrganisationNameTaken);
    }
    let weights = match profile.standing {
        Standing::Member => 1..=limits::WEIGHT,
        Standing::Observer | Standing::Stakeholder => 0..=0,
    };
    if !weights.contains(&profile.weight) {
        return Err(Refusal::WeightNotValid);
    }
    if profile.seats > limits::SEATS {
        return Err(Refusal::SeatsNotValid);
    }
    Ok(Profile { name, ..profile.clone() })
}
