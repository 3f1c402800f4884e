//! What outside bodies see of a plan's past: nothing of the time in which members wrote and discussed among themselves.
//! And what all others see of it: a thread that was begun in confidence stays with those who read then.
//!
//! Stakeholders and guests read the text as it stands, and as it stood since a phase first opened in which the table lets
//! stakeholders read it; and the threads that were opened while they could comment, or in which they have said something.

use super::policy::{Action, Party, Stage, granted};
use super::{PersonId, PhaseKind, PlanId, Position, State, ThreadId};

impl Stage {
    /// Whether outside bodies read the text in it.
    pub(super) fn opens_outside(self) -> bool {
        granted(Party::Stakeholder, self).contains(&Action::Read)
    }

    /// Whether outside bodies are asked for comments in it.
    pub(super) fn hears_outside(self) -> bool {
        granted(Party::Stakeholder, self).contains(&Action::Comment)
    }
}

impl State {
    /// Whether somebody may read a plan, if at all, only as an outside body does.
    pub fn is_outside(&self, person: &PersonId, id: PlanId) -> bool {
        let Some(plan) = self.plans.get(&id) else { return true };
        let stage = plan.stage();
        let inside = self
            .parties(person)
            .filter(|party| !matches!(party, Party::Stakeholder | Party::Guest))
            .any(|party| granted(party, stage).contains(&Action::Read));
        !inside && !self.moderates(person)
    }

    /// The first position at which somebody who may read the plan is shown how it stood.
    pub fn reads_from(&self, person: &PersonId, id: PlanId) -> Position {
        let Some(plan) = self.plans.get(&id) else { return Position::MAX };
        if self.is_outside(person, id) { plan.outside_from.unwrap_or(Position::MAX) } else { plan.first }
    }

    /// Whether somebody who may read the plan is shown this thread.
    pub fn reads_thread(&self, person: &PersonId, id: PlanId, thread: ThreadId) -> bool {
        let Some(known) = self.plans.get(&id).and_then(|plan| plan.threads.get(&thread)) else {
            return false;
        };
        let took_part = || known.comments.values().any(|comment| comment.by.as_ref() == Some(person));
        let is_shown = match known.confidential {
            true => self.reads_confidential(person),
            false => known.outside || !self.is_outside(person, id),
        };
        is_shown || took_part()
    }

    /// Whether somebody who may read the plan is shown all of its threads: asked once, for most readers are.
    pub fn reads_all_threads(&self, person: &PersonId, id: PlanId) -> bool {
        let has_confidential =
            || self.plans.get(&id).is_some_and(|plan| plan.threads.values().any(|one| one.confidential));
        !self.is_outside(person, id) && (self.reads_confidential(person) || !has_confidential())
    }

    fn reads_confidential(&self, person: &PersonId) -> bool {
        let confidential = Stage::Phase(PhaseKind::Confidential);
        self.parties(person).any(|party| granted(party, confidential).contains(&Action::Read))
    }
}
