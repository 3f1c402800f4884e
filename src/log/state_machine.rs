//! Any sequence of what can be asked of a log, against what the contract says: for each engine.

use std::{collections::BTreeMap, marker::PhantomData};

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    AccessChange, Append, Check, Log, Outcome, Payload, Proposed, Recorded, RedbLog, Stream,
    contract::proposed, envelope::leaf, machine::Machine, model::MemoryLog, tests, tree::Tree,
};
use crate::domain::{EventId, PersonId, PlanId, Position, Timestamp};

const STREAMS: [&str; 3] = ["a", "b", "c"];

/// An event as it is asked for. Ids are few, so that many are asked for again.
#[derive(Debug, Clone)]
struct Asked {
    id: u128,
    stream: usize,
    plan: Option<u128>,
    erasable: bool,
    length: usize,
}

/// Events, and a check (stream, version).
type AskedAppend = (Vec<Asked>, Option<(usize, u64)>);

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<AskedAppend>),
    Erase(Position),
    Name(u8, usize),
    Cache(u8, usize),
    Access(Vec<(u8, Option<usize>)>),
    Sign,
    Restart,
    Read { after: u64, limit: usize },
}

/// What the contract says: the events, what lies beside them, and the answer to the last step.
#[derive(Debug, Clone, Default)]
struct Expected {
    events: Vec<Asked>,
    erased: Vec<Position>,
    people: BTreeMap<u8, usize>,
    cache: BTreeMap<u8, usize>,
    access: BTreeMap<u8, usize>,
    outcomes: Vec<Outcome>,
    erased_now: bool,
}

impl Expected {
    fn version(&self, stream: usize) -> u64 {
        self.events.iter().filter(|event| event.stream == stream).count() as u64
    }

    fn append(&mut self, events: &[Asked], check: Option<(usize, u64)>) -> Outcome {
        let known = |asked: &Asked| self.events.iter().position(|event| event.id == asked.id);
        if let Some(at) = events.iter().find_map(known) {
            return Outcome::Repeated { position: at as u64 + 1 };
        }
        if let Some((stream, expected)) = check
            && self.version(stream) != expected
        {
            let actual = self.version(stream);
            return Outcome::Conflict { stream: Stream::new(STREAMS[stream]), expected, actual };
        }
        let first = self.events.len() as u64 + 1;
        self.events.extend_from_slice(events);
        Outcome::Appended { first, last: self.events.len() as u64 }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..200u128, 0..STREAMS.len(), proptest::option::of(0..2u128), any::<bool>(), 0..600usize)
        .prop_map(|(id, stream, plan, erasable, length)| Asked { id, stream, plan, erasable, length })
}

impl ReferenceStateMachine for Expected {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let head = state.events.len() as u64;
        let versions: Vec<u64> = (0..STREAMS.len()).map(|stream| state.version(stream)).collect();
        // Half of the checks are true.
        let check = (0..STREAMS.len(), any::<bool>(), 0..8u64)
            .prop_map(move |(stream, holds, any)| (stream, if holds { versions[stream] } else { any }));
        let events = proptest::collection::vec(asked(), 1..4).prop_map(|mut events| {
            events.sort_by_key(|event| event.id);
            events.dedup_by_key(|event| event.id);
            events
        });
        let append = (events, proptest::option::weighted(0.4, check));
        prop_oneof![
            8 => proptest::collection::vec(append, 1..6).prop_map(Step::Append),
            2 => (0..head + 2).prop_map(Step::Erase),
            1 => (0..3u8, 0..300usize).prop_map(|(person, length)| Step::Name(person, length)),
            1 => (0..3u8, 0..100_000usize).prop_map(|(key, length)| Step::Cache(key, length)),
            1 => proptest::collection::vec((0..4u8, proptest::option::of(0..300usize)), 0..4)
                .prop_map(Step::Access),
            1 => Just(Step::Sign),
            1 => Just(Step::Restart),
            3 => (0..head + 3, 0..20usize).prop_map(|(after, limit)| Step::Read { after, limit }),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.outcomes.clear();
        match step {
            Step::Append(batch) => {
                state.outcomes = batch.iter().map(|(events, check)| state.append(events, *check)).collect();
            }
            Step::Erase(position) => {
                let event = position.checked_sub(1).and_then(|at| state.events.get(at as usize));
                state.erased_now =
                    event.is_some_and(|event| event.erasable) && !state.erased.contains(position);
                if state.erased_now {
                    state.erased.push(*position);
                }
            }
            Step::Name(person, length) => drop(state.people.insert(*person, *length)),
            Step::Cache(key, length) => drop(state.cache.insert(*key, *length)),
            Step::Access(changes) => {
                for (key, length) in changes {
                    match length {
                        Some(length) => drop(state.access.insert(*key, *length)),
                        None => drop(state.access.remove(key)),
                    }
                }
            }
            Step::Sign | Step::Restart | Step::Read { .. } => {}
        }
        state
    }
}

/// An engine of the log, as these tests use it.
trait Engine {
    fn make() -> Self;
    fn log(&self) -> &dyn Log;
    /// A clean stop and a start, where the engine keeps anything.
    fn restart(self) -> Self;
}

struct Embedded(Machine, RedbLog);

impl Engine for Embedded {
    fn make() -> Self {
        let machine = Machine::new(1);
        let log = tests::open(&machine).expect("the disk is well");
        Self(machine, log)
    }
    fn log(&self) -> &dyn Log {
        &self.1
    }
    fn restart(self) -> Self {
        let Self(machine, log) = self;
        log.close().expect("the disk is well");
        let log = tests::open(&machine).expect("the disk is well");
        Self(machine, log)
    }
}

impl Engine for MemoryLog {
    fn make() -> Self {
        Self::new()
    }
    fn log(&self) -> &dyn Log {
        self
    }
    fn restart(self) -> Self {
        self
    }
}

struct Tried<E> {
    engine: E,
    watch: watch::Receiver<Position>,
    /// As they were answered when they were appended.
    recorded: Vec<Recorded>,
}

struct Suite<E>(PhantomData<E>);

impl<E: Engine> StateMachineTest for Suite<E> {
    type SystemUnderTest = Tried<E>;
    type Reference = Expected;

    fn init_test(_: &Expected) -> Tried<E> {
        let engine = E::make();
        let watch = engine.log().watch();
        Tried { engine, watch, recorded: Vec::new() }
    }

    fn apply(mut tried: Tried<E>, expected: &Expected, step: Step) -> Tried<E> {
        let log = tried.engine.log();
        match step {
            Step::Append(batch) => {
                let appends = batch.iter().map(|(events, check)| Append {
                    events: events.iter().map(propose).collect(),
                    checks: check
                        .iter()
                        .map(|(stream, version)| Check {
                            stream: Stream::new(STREAMS[*stream]),
                            version: *version,
                        })
                        .collect(),
                });
                let durable = log.append(appends.collect()).unwrap();
                assert_eq!(durable.outcomes, expected.outcomes);
                assert_eq!(tried.watch.has_changed().unwrap(), !durable.recorded.is_empty());
                assert_eq!(*tried.watch.borrow_and_update(), expected.events.len() as u64);
                tried.recorded.extend(durable.recorded);
            }
            Step::Erase(position) => assert_eq!(log.erase(position).unwrap(), expected.erased_now),
            Step::Name(person, length) => log.put_person(&name(person), &vec![b'n'; length]).unwrap(),
            Step::Cache(key, length) => log.put_cache(&key.to_string(), &vec![b'c'; length]).unwrap(),
            Step::Access(changes) => {
                let changes = changes.into_iter().map(|(key, length)| AccessChange {
                    key: vec![b'a', key].into(),
                    value: length.map(|length| vec![b'v'; length].into()),
                });
                log.change_access(&changes.collect::<Vec<_>>()).unwrap();
            }
            Step::Sign => log.checkpoint(Timestamp(0)).unwrap(),
            Step::Restart => {
                tried.engine = tried.engine.restart();
                tried.watch = tried.engine.log().watch();
            }
            Step::Read { after, limit } => {
                let page =
                    |of: Vec<&Recorded>| of.into_iter().take(limit).map(|event| event.id).collect::<Vec<_>>();
                let ids = |read: Vec<Recorded>| read.into_iter().map(|event| event.id).collect::<Vec<_>>();
                let all = &tried.recorded;
                let newer = all.iter().filter(|event| event.position > after).collect();
                assert_eq!(ids(log.read(after, limit).unwrap()), page(newer));
                for name in STREAMS {
                    let stream = Stream::new(name);
                    let of = all.iter().filter(|event| event.stream == stream && event.version > after);
                    assert_eq!(ids(log.read_stream(&stream, after, limit).unwrap()), page(of.collect()));
                }
                for number in 0..2 {
                    let plan = PlanId(Uuid::from_u128(number));
                    let of = all.iter().filter(|event| event.plan == Some(plan) && event.position > after);
                    assert_eq!(ids(log.read_plan(plan, after, limit).unwrap()), page(of.collect()));
                }
            }
        }
        tried
    }

    fn check_invariants(tried: &Tried<E>, expected: &Expected) {
        let log = tried.engine.log();
        let read = log.read(0, usize::MAX).unwrap();
        assert_eq!((log.head(), read.len()), (expected.events.len() as u64, expected.events.len()));
        let mut tree = Tree::default();
        let mut versions = [0; STREAMS.len()];
        for ((event, asked), recorded) in read.iter().zip(&expected.events).zip(&tried.recorded) {
            versions[asked.stream] += 1;
            let proposed = propose(asked);
            let (Payload::Kept(words) | Payload::Erasable(words)) = &proposed.payload;
            let gone = expected.erased.contains(&event.position);
            let payload = (!gone).then(|| words.clone());
            assert_eq!((event.id, &event.stream), (proposed.id, &proposed.stream));
            assert_eq!(
                (event.version, event.plan, event.at),
                (versions[asked.stream], proposed.plan, proposed.at)
            );
            assert_eq!(
                *event,
                Recorded { payload, ..recorded.clone() },
                "as it was answered, digest and all"
            );
            assert_eq!(log.position_of(event.id).unwrap(), Some(event.position));
            tree.push(leaf(event, asked.erasable));
        }
        assert_eq!(log.root(), (tree.size(), tree.root().0));
        for (stream, version) in versions.into_iter().enumerate() {
            assert_eq!(log.version(&Stream::new(STREAMS[stream])).unwrap(), version);
        }
        for id in 200..203 {
            assert_eq!(log.position_of(EventId(Uuid::from_u128(id))).unwrap(), None);
        }
        let entries = log.list_access(b"a").unwrap().into_iter();
        let entries: BTreeMap<u8, usize> = entries.map(|(key, value)| (key[1], value.len())).collect();
        assert_eq!(entries, expected.access);
        for number in 0..3u8 {
            let about = log.get_person(&name(number)).unwrap().map(|about| about.len());
            assert_eq!(about, expected.people.get(&number).copied());
            let value = log.get_cache(&number.to_string()).unwrap().map(|value| value.len());
            assert_eq!(value, expected.cache.get(&number).copied());
        }
    }
}

fn propose(asked: &Asked) -> Proposed {
    let words = vec![asked.id as u8; asked.length].into();
    Proposed {
        plan: asked.plan.map(|plan| PlanId(Uuid::from_u128(plan))),
        payload: if asked.erasable { Payload::Erasable(words) } else { Payload::Kept(words) },
        ..proposed(asked.id, STREAMS[asked.stream], b"")
    }
}

fn name(number: u8) -> PersonId {
    PersonId::new(format!("person-{number}")).expect("it is an id")
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_embedded_engine_keeps_the_contract(sequential 1..40 => Suite<Embedded>);

    #[test]
    fn the_list_in_memory_keeps_the_contract(sequential 1..40 => Suite<MemoryLog>);
}
