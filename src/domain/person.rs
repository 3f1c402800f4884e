//! People of the network, by opaque id.

use super::decide::{Decision, text};
use super::limits;
use super::policy::{Action, require};
use super::{Actor, Event, PersonId, Refusal, Role, State};

pub(super) fn add(
    state: &State,
    actor: &Actor,
    person: &PersonId,
    roles: &[Role],
    name: &str,
) -> Result<Decision, Refusal> {
    // Nobody is there to grant anything before the first person: that one comes in unasked.
    if !state.people.is_empty() {
        require(state.roles(&actor.person), Action::AddPerson)?;
    }
    if state.people.contains_key(person) {
        return Err(Refusal::PersonExists);
    }
    if roles.is_empty() {
        return Err(Refusal::Empty { field: "list of roles" });
    }
    let name = text("name", name, limits::TITLE)?;
    let mut roles = roles.to_vec();
    roles.sort();
    roles.dedup();
    Ok(Decision {
        events: vec![Event::PersonAdded { person: person.clone(), roles }],
        name: Some(name),
        ..Decision::default()
    })
}
