//! Carrying out what the record says is forgotten: rows of people, and words of comments and tasks. What it does once more
//! changes nothing, so that a start finishes what a stop cut short.

use super::Addresses;
use crate::domain::{Event, Fact, PersonId, PlanId, State, Timestamp};
use crate::log::{Failure, Log};
use crate::projection::Views;

/// What is to be forgotten by one event, or by all that are recorded.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    people: Vec<PersonId>,
    positions: Vec<u64>,
}

impl Forgotten {
    /// By one event that was just recorded.
    pub(super) fn by(views: &Views, Fact { event, at, .. }: &Fact) -> Self {
        let at = *at;
        let mut forgotten = Self::default();
        match event {
            Event::PersonErased { person } => forgotten.person(views, person.clone()),
            Event::RetentionPassed { plan } => forgotten.plan(views, *plan, at),
            _ => {}
        }
        forgotten
    }

    /// By all that is recorded.
    pub(super) fn so_far(views: &Views) -> Self {
        let State { people, guests, plans, .. } = &views.state;
        let mut forgotten = Self::default();
        let gone = people.iter().filter(|(_, person)| person.erased).map(|(id, _)| id);
        let guests = guests.people.iter().filter(|(_, guest)| guest.erased).map(|(id, _)| id);
        gone.chain(guests).for_each(|person| forgotten.person(views, person.clone()));
        for (plan, known) in plans {
            if let Some(at) = known.process.as_ref().and_then(|process| process.forgotten) {
                forgotten.plan(views, *plan, at);
            }
        }
        forgotten
    }

    fn person(&mut self, views: &Views, person: PersonId) {
        self.positions.extend(views.threads.words_of(&person));
        self.positions.extend(views.notices.words_of(&person));
        self.people.push(person);
    }

    /// What was said and asked there, and who came to it as a guest.
    fn plan(&mut self, views: &Views, plan: PlanId, at: Timestamp) {
        self.positions.extend(views.threads.words_in(plan, at));
        self.positions.extend(views.notices.words_in(&views.state, plan, at));
        self.people.extend(views.state.guests.of(plan).cloned());
    }

    /// Erases all of it. The words first: while a row is there, what is left of them is somebody's.
    pub(super) fn erase(&self, log: &dyn Log, addresses: &Addresses) -> Result<(), Failure> {
        if !self.positions.is_empty() {
            log.erase_all(&self.positions)?;
        }
        addresses.forget(log, &self.people)
    }
}
