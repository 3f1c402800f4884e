//! The engine and its rooms as the stage: what the script writes comes in as anything does that comes over a
//! connection, only many at once and at the script's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::play::{Stage, Written, build};
use super::script::script;
use crate::domain::{PersonId, PlanId, Request, Timestamp};
use crate::engine::{Clock, Engine, Error};
use crate::room::{Rooms, Submitted};

/// A clock that can be held at a time, for the record of what was done before.
#[derive(Clone)]
pub struct HeldClock {
    /// Milliseconds; 0 while it runs.
    held: Arc<AtomicI64>,
    running: Clock,
}

impl HeldClock {
    /// Held at the demonstration's first act.
    pub fn new(running: Clock) -> Self {
        let begin = script(running()).first().map_or(0, |act| act.at.0);
        Self { held: Arc::new(AtomicI64::new(begin)), running }
    }

    pub fn clock(&self) -> Clock {
        let HeldClock { held, running } = self.clone();
        Arc::new(move || match held.load(Ordering::Relaxed) {
            0 => running(),
            held => Timestamp(held),
        })
    }

    fn hold(&self, at: Timestamp) {
        self.held.store(at.0, Ordering::Relaxed);
    }

    /// Lets it run from now on.
    pub fn release(&self) {
        self.hold(Timestamp(0));
    }
}

/// Plays the demonstration into an engine that has [`HeldClock::clock`] and an empty log, and lets the clock run.
pub async fn fill(engine: &Engine, clock: &HeldClock) -> Result<(), Error> {
    let mut house =
        House { rooms: Rooms::new(engine.clone()), clock: clock.clone(), handle: Handle::current() };
    let now = (clock.running)();
    let played = tokio::task::spawn_blocking(move || build(&mut house, now)).await;
    clock.release();
    played.unwrap_or_else(|stopped| Err(Error::Failed(format!("the demonstration was not built: {stopped}"))))
}

/// The engine and its rooms as the stage.
struct House {
    rooms: Rooms,
    clock: HeldClock,
    handle: Handle,
}

impl Stage for House {
    type Error = Error;

    fn command(&mut self, at: Timestamp, person: &PersonId, request: Request) -> Result<(), Error> {
        self.clock.hold(at);
        self.handle.block_on(self.rooms.command(person.clone(), request, Some(at))).map(drop)
    }

    fn document(&mut self, plan: PlanId) -> Result<Vec<Bytes>, Error> {
        let _guard = self.handle.enter();
        Ok(self.rooms.of_plan(plan)?.changes()?)
    }

    fn changes(&mut self, plan: PlanId, written: Vec<Written>) -> Result<(), Error> {
        let _guard = self.handle.enter();
        let room = self.rooms.of_plan(plan)?;
        if let Some(last) = written.last() {
            self.clock.hold(last.at);
        }
        self.handle.block_on(async {
            let mut answers = Vec::with_capacity(written.len());
            for Written { at, person, raw } in written {
                answers.push(room.hand_in(None, person, vec![raw], Some(at)).await);
            }
            for answer in answers {
                match answer.await {
                    Ok(Submitted::Kept) => {}
                    other => return Err(Error::Failed(format!("an edit was not taken: {other:?}"))),
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{diary, intended, plan, thread};
    use super::*;
    use crate::document::{AnchorState, Reading, resolve, state_at};
    use crate::engine::record;
    use crate::log::{Options, RedbLog};

    /// A Saturday in November 2026.
    const NOW: Timestamp = Timestamp(1_795_300_000_000);

    #[tokio::test(flavor = "multi_thread")]
    async fn the_engine_takes_all_of_it_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(RedbLog::open(folder.path(), &Options::default()).unwrap());
        let clock = HeldClock::new(Arc::new(|| NOW));
        let engine = Engine::open(log.clone(), clock.clock()).unwrap();
        fill(&engine, &clock).await.unwrap();
        assert_eq!((engine.clock())(), NOW, "the clock runs again");

        let views = engine.views();
        let events = views.head;
        assert!(events > 9_000, "{events}");
        let threads = views.threads.of(plan());
        assert_eq!(threads.len(), 19);
        let anchors: Vec<_> = threads.iter().map(|thread| (thread.id, thread.anchor.clone())).collect();
        assert_eq!(threads.iter().filter(|thread| thread.resolved().is_some()).count(), 8);
        drop(views);

        // The record's times are the script's, to the last.
        let acts = script(NOW);
        let first = engine.log().read(0, 2).unwrap();
        assert_eq!(first[1].at, acts[0].at);
        let last = engine.log().read(events - 1, 1).unwrap();
        assert_eq!(last[0].at, acts.last().unwrap().at);

        let document = engine.views().state.plans[&plan()].document;
        let changes = engine.log().read_stream(&record::changes(document), 0, 20_000).unwrap();
        let mut reading = Reading::default();
        reading
            .apply(changes.iter().map(|event| record::change_bytes(event.payload.as_ref().unwrap()).unwrap()))
            .unwrap();
        let state = state_at(&reading, &reading.heads(), &|_| None).unwrap();
        let outline: Vec<_> =
            state.sections.iter().map(|section| (section.id.as_str(), section.parent.as_str())).collect();
        assert_eq!(outline, diary::OUTLINE);
        for (section, (id, blocks)) in state.sections.iter().zip(intended()) {
            let shown: Vec<_> = section.blocks.iter().map(|state| state.block.text.as_str()).collect();
            let meant: Vec<_> = blocks.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(shown, meant, "{id}");
            let ids: Vec<_> = section.blocks.iter().map(|state| state.block.id.as_str()).collect();
            let meant: Vec<_> = blocks.iter().map(|(block, _)| block.id.as_str()).collect();
            assert_eq!(ids, meant);
        }
        assert_eq!(state.removed.len(), 1);

        // Comments keep to their words: changed, gone with the sentence or with its section, or as they were.
        for number in 1..=19 {
            let (_, anchor) = anchors.iter().find(|(id, _)| *id == thread(number)).unwrap();
            let expected = match number {
                1 | 15 => AnchorState::Edited,
                2 | 9 => AnchorState::Deleted,
                _ => AnchorState::Exact,
            };
            let resolved = resolve(&reading, anchor, &reading.heads()).unwrap();
            assert_eq!(resolved.state, expected, "thread {number}: {}", anchor.quote);
        }
    }
}
