//! The threads of a plan, with their comments.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::{
    Anchor, Event, EventId, Fact, PersonId, Place, PlanId, Position, Ruling, State, ThreadId, Timestamp,
};

/// A thread of comments on some words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thread {
    pub id: ThreadId,
    pub anchor: Anchor,
    pub comments: Vec<Comment>,
    /// When it was resolved and by whom, at each position where that changed; the last entry counts.
    #[serde(skip)]
    pub resolutions: Vec<(Position, Option<Resolution>)>,
    /// Where a comment of it was last withheld, shown, disputed or erased.
    #[serde(skip)]
    pub ruled: Position,
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
    /// Empty once erased, and for whom it is withheld from.
    pub text: String,
    /// Why it is not shown; none while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Ruling>,
    /// What its author wrote who asked for it to be looked at again, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dispute {
    pub position: Position,
    pub at: Timestamp,
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

    fn forget(&mut self, position: Position, of: impl Fn(&Comment) -> bool) {
        for comment in self.comments.iter_mut().filter(|comment| of(comment)) {
            comment.text.clear();
            comment.disputes.iter_mut().for_each(|dispute| dispute.text.clear());
            self.ruled = position;
        }
        // The words that a comment is about are of its erased payload too.
        if self.comments.first().is_some_and(|first| first.text.is_empty()) {
            self.anchor.quote.clear();
        }
    }

    /// The position of the newest event of this thread.
    pub fn newest(&self) -> Position {
        let comments = self.comments.iter().map(|comment| comment.position);
        let resolutions = self.resolutions.iter().map(|(position, _)| *position);
        comments.chain(resolutions).chain([self.ruled]).max().unwrap_or_default()
    }

    /// The thread as it is for somebody: without the words that are withheld from them. What is withheld now is
    /// withheld in every past state too.
    pub fn for_reader(&self, state: &State, plan: PlanId, person: &PersonId) -> Self {
        let mut seen = self.clone();
        for comment in &mut seen.comments {
            let place = Place { plan, thread: self.id, comment: comment.id };
            comment.withheld = state.comment(&place).and_then(|known| known.ruling.clone());
            if !state.reads_comment(person, &place) {
                comment.text.clear();
                comment.disputes.clear();
            } else if comment.by.as_ref() != Some(person) && !state.moderates(person) {
                comment.disputes.clear();
            }
        }
        seen
    }

    /// The thread as it was after the event at this position; none before it was opened.
    pub fn at(&self, position: Position) -> Option<Self> {
        let mut then = self.clone();
        then.comments.retain(|comment| comment.position <= position);
        then.resolutions.retain(|(when, _)| *when <= position);
        (!then.comments.is_empty()).then_some(then)
    }
}

impl Comment {
    fn positions(&self) -> impl Iterator<Item = Position> {
        [self.position].into_iter().chain(self.disputes.iter().map(|dispute| dispute.position))
    }
}

/// The threads of all plans, each plan's in the order in which they were opened.
#[derive(Debug, Default)]
pub struct Threads {
    plans: HashMap<PlanId, Vec<Thread>>,
}

impl Threads {
    /// Where words are that somebody wrote about the plan, in comments and disputes.
    pub fn words_of(&self, person: &PersonId) -> Vec<Position> {
        let comments = self.plans.values().flatten().flat_map(|thread| &thread.comments);
        comments.filter(|comment| comment.by.as_ref() == Some(person)).flat_map(Comment::positions).collect()
    }

    /// Where words are that anybody wrote about a plan up to a time.
    pub fn words_in(&self, plan: PlanId, until: Timestamp) -> Vec<Position> {
        let comments = self.of(plan).iter().flat_map(|thread| &thread.comments);
        comments.filter(|comment| comment.at <= until).flat_map(Comment::positions).collect()
    }

    /// All of them, whoever asks: for what is shown, see [`Self::shown`].
    pub fn of(&self, plan: PlanId) -> &[Thread] {
        self.plans.get(&plan).map_or(&[], Vec::as_slice)
    }

    /// Those that somebody is shown who may read the plan.
    pub fn shown<'a>(
        &'a self,
        state: &'a State,
        plan: PlanId,
        person: &'a PersonId,
    ) -> impl Iterator<Item = &'a Thread> {
        let all = state.reads_all_threads(person, plan);
        let is_shown = move |thread: &&Thread| all || state.reads_thread(person, plan, thread.id);
        self.of(plan).iter().filter(is_shown)
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
                    ruled: 0,
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
            Event::CommentWithheld { place, .. } | Event::CommentShown { place, .. } => {
                self.change(&place.plan, &place.thread, |thread| thread.ruled = fact.position);
            }
            Event::CommentDisputed { place, text } => {
                let dispute = Dispute { position: fact.position, at: fact.at, text: text.clone() };
                self.change(&place.plan, &place.thread, |thread| {
                    thread.ruled = fact.position;
                    let comment = thread.comments.iter_mut().find(|comment| comment.id == place.comment);
                    if let Some(comment) = comment {
                        comment.disputes.push(dispute);
                    }
                });
            }
            Event::PersonErased { person } => {
                for thread in self.plans.values_mut().flatten() {
                    thread.forget(fact.position, |comment| comment.by.as_ref() == Some(person));
                }
            }
            Event::RetentionPassed { plan } => {
                for thread in self.plans.get_mut(plan).into_iter().flatten() {
                    thread.forget(fact.position, |_| true);
                }
            }
            Event::RetentionSet { .. }
            | Event::SectionAssigned { .. }
            | Event::ConductSet { .. }
            | Event::EpochBegan { .. }
            | Event::PersonAdded { .. }
            | Event::PersonChanged { .. }
            | Event::PersonRenamed { .. }
            | Event::PersonLeft { .. }
            | Event::PersonReturned { .. }
            | Event::OrganisationAdded { .. }
            | Event::OrganisationChanged { .. }
            | Event::OrganisationRemoved { .. }
            | Event::ProcessStarted { .. }
            | Event::PhaseRescheduled { .. }
            | Event::PhaseAdded { .. }
            | Event::PhaseChanged { .. }
            | Event::PhaseRemoved { .. }
            | Event::ProcessWithdrawn { .. }
            | Event::PhaseOpened { .. }
            | Event::PhaseClosed { .. }
            | Event::GateApproved { .. }
            | Event::GateWithdrawn { .. }
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
            | Event::StraySettled { .. }
            | Event::TaskAsked { .. }
            | Event::TaskWorded { .. }
            | Event::TaskDone { .. }
            | Event::TaskWithdrawn { .. } => {}
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
    Comment {
        id,
        position: fact.position,
        at: fact.at,
        by: fact.actor.clone(),
        text: text.to_owned(),
        withheld: None,
        disputes: Vec::new(),
    }
}
