//! The threads of a plan, with their comments.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::{Anchor, Event, EventId, Fact, PersonId, PlanId, Position, ThreadId, Timestamp};

/// A thread of comments on some words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thread {
    pub id: ThreadId,
    pub anchor: Anchor,
    pub comments: Vec<Comment>,
    /// When it was resolved and by whom, at each position where that changed; the last entry counts.
    #[serde(skip)]
    pub resolutions: Vec<(Position, Option<Resolution>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    pub at: Timestamp,
    pub by: Option<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// The event's id for a reply, the thread's for the first comment.
    pub id: EventId,
    pub position: Position,
    pub at: Timestamp,
    pub by: Option<PersonId>,
    /// Empty once erased.
    pub text: String,
}

impl Thread {
    /// Who opened it.
    pub fn opened_by(&self) -> Option<&PersonId> {
        self.comments.first().and_then(|comment| comment.by.as_ref())
    }

    /// Who resolved it, if it is resolved.
    pub fn resolved(&self) -> Option<&Resolution> {
        self.resolutions.last().and_then(|(_, resolution)| resolution.as_ref())
    }

    /// The position of the newest event of this thread.
    pub fn newest(&self) -> Position {
        let comments = self.comments.iter().map(|comment| comment.position);
        comments.chain(self.resolutions.iter().map(|(position, _)| *position)).max().unwrap_or_default()
    }

    /// The thread as it was after the event at this position; none before it was opened.
    pub fn at(&self, position: Position) -> Option<Self> {
        let mut then = self.clone();
        then.comments.retain(|comment| comment.position <= position);
        then.resolutions.retain(|(when, _)| *when <= position);
        (!then.comments.is_empty()).then_some(then)
    }
}

/// The threads of all plans, each plan's in the order in which they were opened.
#[derive(Debug, Default)]
pub struct Threads {
    plans: HashMap<PlanId, Vec<Thread>>,
}

impl Threads {
    pub fn of(&self, plan: PlanId) -> &[Thread] {
        self.plans.get(&plan).map_or(&[], Vec::as_slice)
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        let resolution = |resolved: bool| {
            (fact.position, resolved.then(|| Resolution { at: fact.at, by: fact.actor.clone() }))
        };
        match &fact.event {
            Event::ThreadOpened { plan, thread, anchor, text } => {
                let comment = comment(EventId(thread.0), fact, text);
                let thread = Thread {
                    id: *thread,
                    anchor: anchor.clone(),
                    comments: vec![comment],
                    resolutions: Vec::new(),
                };
                self.plans.entry(*plan).or_default().push(thread);
            }
            Event::ThreadReplied { plan, thread, reply, text } => {
                let comment = comment(*reply, fact, text);
                self.change(plan, thread, |thread| thread.comments.push(comment));
            }
            Event::ThreadResolved { plan, thread } => {
                self.change(plan, thread, |thread| thread.resolutions.push(resolution(true)));
            }
            Event::ThreadReopened { plan, thread } => {
                self.change(plan, thread, |thread| thread.resolutions.push(resolution(false)));
            }
            Event::EpochBegan { .. }
            | Event::PersonAdded { .. }
            | Event::PersonChanged { .. }
            | Event::PersonLeft { .. }
            | Event::OrganisationAdded { .. }
            | Event::OrganisationChanged { .. }
            | Event::ProcessStarted { .. }
            | Event::PhaseRescheduled { .. }
            | Event::PhaseOpened { .. }
            | Event::PhaseClosed { .. }
            | Event::GateApproved { .. }
            | Event::PersonJoined { .. }
            | Event::GuestInvited { .. }
            | Event::GuestRevoked { .. }
            | Event::GuestJoined { .. }
            | Event::PlanCreated { .. }
            | Event::PlanRenamed { .. }
            | Event::PlanFrozen { .. }
            | Event::PlanUnfrozen { .. }
            | Event::ActorBound { .. }
            | Event::DocumentChanged { .. }
            | Event::StrayFound { .. }
            | Event::StraySettled { .. } => {}
        }
    }

    fn change(&mut self, plan: &PlanId, thread: &ThreadId, change: impl FnOnce(&mut Thread)) {
        let found = self.plans.get_mut(plan).and_then(|all| all.iter_mut().find(|one| one.id == *thread));
        if let Some(thread) = found {
            change(thread);
        }
    }
}

fn comment(id: EventId, fact: &Fact, text: &str) -> Comment {
    Comment { id, position: fact.position, at: fact.at, by: fact.actor.clone(), text: text.to_owned() }
}
