//! The past of a plan: its document with the heads after any event. Nothing is executed anew.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Rooms;
use crate::document::{self, AnchorState, BlockState, PlanDiff, PlanState, Reading, Resolved, Resolver};
use crate::domain::{ActorId, Anchor, Heads, PersonId, PlanId, Position, ProvisionId, Refusal};
use crate::engine::{Error, record};
use crate::log::Recorded;
use crate::replay::{CommentKind, Decision, Moment, Timeline, What, timeline};

/// A document, and the heads of one state in it.
pub struct Past {
    pub reading: Arc<Reading>,
    pub heads: Heads,
}

impl Past {
    /// What has become of the words of some anchors in this state; one answer each, in their order.
    pub fn resolve(&self, anchors: &[Anchor]) -> Result<Vec<Resolved>, Error> {
        let unknown = |error: document::UnknownHeads| Error::Failed(error.to_string());
        let mut resolver = Resolver::new(&self.reading, &self.heads).map_err(unknown)?;
        let gone = |anchor: &Anchor| Resolved {
            state: AnchorState::Deleted,
            section: anchor.section.clone(),
            range: None,
            now: None,
        };
        // Heads that are not in this document's past are of words that it does not have.
        Ok(anchors.iter().map(|anchor| resolver.resolve(anchor).unwrap_or_else(|_| gone(anchor))).collect())
    }
}

/// Timelines as they were last asked for.
#[derive(Default)]
pub(super) struct Timelines(Mutex<HashMap<PlanId, Arc<Timeline>>>);

impl Timelines {
    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }
}

impl Rooms {
    /// The document with the heads after an event. May block.
    pub fn past(&self, plan: PlanId, position: Position) -> Result<Past, Error> {
        let room = self.of_plan(plan)?;
        // The reading is taken after the heads, so that it holds them.
        let heads = {
            let shared = room.shared();
            let history = shared.history();
            history.heads_at(history.len_at(position))
        };
        Ok(Past { reading: room.reading()?, heads })
    }

    /// An anchor to all words of a provision, as they stand now. May block.
    pub fn anchor_of(&self, plan: PlanId, provision: &ProvisionId) -> Result<Anchor, Error> {
        let past = self.past(plan, self.engine().views().head)?;
        let unknown = || Error::Refused(Refusal::AnchorUnknown);
        let state = document::state_at(&past.reading, &past.heads, &|_| None).map_err(|_| unknown())?;
        let is_it = |state: &&BlockState| state.block.id == provision.as_str();
        let found = state.sections.iter().find_map(|section| {
            let block = &section.blocks.iter().find(is_it)?.block;
            Some((&section.id, block.start, block.start + block.len))
        });
        let (section, from, to) = found.ok_or_else(unknown)?;
        document::anchor(&past.reading, section, from, to, &past.heads).map_err(|_| unknown())
    }

    /// The plan as it stood after an event. May block.
    pub fn state_at(&self, plan: PlanId, position: Position) -> Result<PlanState, Error> {
        let past = self.past(plan, position)?;
        let authors = self.authors(plan);
        document::state_at(&past.reading, &past.heads, &|actor| authors.get(actor).cloned())
            .map_err(|error| Error::Failed(error.to_string()))
    }

    /// What became different between two positions. May block.
    pub fn diff(&self, plan: PlanId, from: Position, to: Position) -> Result<PlanDiff, Error> {
        let (before, after) = (self.past(plan, from)?, self.past(plan, to)?);
        let authors = self.authors(plan);
        document::diff(&after.reading, &before.heads, &after.heads, &|actor| authors.get(actor).cloned())
            .map_err(|error| Error::Failed(error.to_string()))
    }

    /// Whom the actors of a plan stand for.
    fn authors(&self, plan: PlanId) -> HashMap<ActorId, PersonId> {
        let views = self.engine().views();
        let bound = views.state.actors.iter().filter(|(_, (of, _))| *of == plan);
        bound.map(|(actor, (_, person))| (actor.clone(), person.clone())).collect()
    }

    /// When and by whom a plan was worked on, up to now. May block.
    pub fn timeline(&self, plan: PlanId) -> Result<Option<Arc<Timeline>>, Error> {
        let engine = self.engine();
        let head = engine.views().head;
        if let Some(known) = self.0.timelines.0.lock().get(&plan)
            && engine.log().read_plan(plan, known.head, 1)?.is_empty()
        {
            return Ok(Some(known.clone()));
        }
        let mut moments = Vec::new();
        let mut after = 0;
        loop {
            let page = engine.log().read_plan(plan, after, 4096)?;
            let Some(last) = page.last() else { break };
            after = last.position;
            moments.extend(page.iter().filter(|event| event.position <= head).map(moment));
        }
        let made = timeline(moments).map(Arc::new);
        if let Some(made) = &made {
            self.0.timelines.0.lock().insert(plan, made.clone());
        }
        Ok(made)
    }

    /// The timeline as far as somebody is shown it. May block.
    pub fn timeline_for(&self, plan: PlanId, reader: &PersonId) -> Result<Option<Arc<Timeline>>, Error> {
        let line = self.timeline(plan)?;
        let views = self.engine().views();
        let state = &views.state;
        if state.reads_all_threads(reader, plan) {
            return Ok(line);
        }
        let from = state.reads_from(reader, plan);
        let is_shown = |thread| state.reads_thread(reader, plan, thread);
        Ok(line.map(|line| Arc::new(line.since(from, is_shown))))
    }
}

fn moment(recorded: &Recorded) -> Moment {
    let thread = || recorded.stream.as_str().strip_prefix("thread/").and_then(|id| id.parse().ok());
    let commented = |kind| thread().map_or(What::Kept, |thread| What::Commented { thread, kind });
    let what = match &*recorded.kind {
        record::CHANGED => {
            let raw = recorded.payload.as_ref().and_then(|payload| record::change_bytes(payload).ok());
            let (added, removed) = raw.map_or((0, 0), |raw| document::extent(&raw));
            What::Changed { added, removed }
        }
        "thread.opened" => commented(CommentKind::Opened),
        "thread.replied" => commented(CommentKind::Replied),
        "thread.resolved" => commented(CommentKind::Resolved),
        "thread.reopened" => commented(CommentKind::Reopened),
        "plan.created" => What::Decided(Decision::Created),
        "plan.renamed" => What::Decided(Decision::Renamed),
        "plan.frozen" => What::Decided(Decision::Frozen),
        "plan.unfrozen" => What::Decided(Decision::Unfrozen),
        "process.started" => What::Decided(Decision::Scheduled),
        "phase.rescheduled" => What::Decided(Decision::Rescheduled),
        "phase.added" | "phase.changed" | "phase.removed" | "process.withdrawn" => {
            What::Decided(Decision::Replanned)
        }
        "phase.opened" => What::Decided(Decision::PhaseOpened),
        "phase.closed" => What::Decided(Decision::PhaseClosed),
        "gate.approved" => What::Decided(Decision::Approved),
        "gate.withdrawn" => What::Decided(Decision::Disapproved),
        _ => What::Kept,
    };
    Moment { position: recorded.position, at: recorded.at, person: recorded.actor.clone(), what }
}
