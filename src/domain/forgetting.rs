//! Forgetting: what is known of somebody beside the record, and their words where the law asks.
//!
//! The record keeps that something was said, by which opaque id, and its digest; what is erased are names, addresses and
//! the words of comments. Words in a plan's text are the plan's and stay, and so does whatever was counted. The
//! events here say that something is to be forgotten; the engine does it when they are recorded.

use super::decide::Decision;
use super::limits;
use super::plan;
use super::policy::{Action, require};
use super::process::Process;
use super::{Actor, Event, PersonId, PlanId, Refusal, State, Timestamp};

/// Somebody who has left, or a guest, is forgotten.
pub(super) fn person(state: &State, actor: &Actor, person: &PersonId) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::People)?;
    let erased = match (state.people.get(person), state.guests.people.get(person)) {
        (Some(known), _) if !known.left => return Err(Refusal::StillInNetwork),
        (Some(known), _) => known.erased,
        (None, Some(guest)) => guest.erased,
        (None, None) => return Err(Refusal::PersonUnknown),
    };
    if erased {
        return Err(Refusal::ErasedAlready);
    }
    let event = Event::PersonErased { person: person.clone() };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

/// Sets for how many days after a plan's last phase what people said is kept; none: for ever.
pub(super) fn retain(
    state: &State,
    actor: &Actor,
    id: PlanId,
    days: Option<u32>,
) -> Result<Decision, Refusal> {
    let found = plan::with(state, actor, id, Action::Process)?;
    let process = found.process.as_ref().ok_or(Refusal::NoProcess)?;
    if process.forgotten.is_some() {
        return Err(Refusal::RetentionIsOver);
    }
    checked(days)?;
    let event = Event::RetentionSet { plan: id, days };
    Ok(Decision { events: vec![event], plan: Some(id), ..Decision::default() })
}

pub(super) fn checked(days: Option<u32>) -> Result<(), Refusal> {
    match days {
        Some(days) if !(1..=limits::RETENTION_DAYS).contains(&days) => Err(Refusal::RetentionNotValid),
        Some(_) | None => Ok(()),
    }
}

impl Process {
    /// When what people said in it is to be forgotten, once its last phase is over.
    pub fn forgets(&self) -> Option<Timestamp> {
        let last = self.phases.last().filter(|last| last.closed.is_some())?;
        let days = self.keep_days.filter(|_| self.forgotten.is_none())?;
        Some(last.plan.closes.plus_seconds(i64::from(days) * 86_400))
    }
}

impl State {
    /// Whether somebody was forgotten.
    pub fn is_erased(&self, person: &PersonId) -> bool {
        self.people.get(person).is_some_and(|person| person.erased)
            || self.guests.people.get(person).is_some_and(|guest| guest.erased)
    }
}
