//! What every engine of the log must do, written against the trait. An engine calls [`suite`] with a way
//! to make an empty log, and [`persists`] with a way to open the same log again.

use bytes::Bytes;
use uuid::Uuid;

use super::{
    AccessChange, Append, Check, Durable, Log, Outcome, Payload, Proposed, Recorded, Stream, payload_digest,
};
use crate::domain::{EventId, PersonId, PlanId, Position, Timestamp};

/// An event with the id, stream and payload that a test chooses.
pub(super) fn proposed(id: u128, stream: &str, payload: &[u8]) -> Proposed {
    Proposed {
        id: EventId(Uuid::from_u128(id)),
        stream: Stream::new(stream),
        kind: "thing.happened",
        schema: 1,
        at: Timestamp(1_700_000_000_000 + id as i64),
        actor: None,
        plan: None,
        cause: None,
        payload: Payload::Kept(Bytes::copy_from_slice(payload)),
    }
}

pub(super) fn one(event: Proposed) -> Append {
    Append { events: vec![event], checks: Vec::new() }
}

fn check(stream: &str, version: u64) -> Check {
    Check { stream: Stream::new(stream), version }
}

fn append(log: &dyn Log, batch: Vec<Append>) -> Durable {
    log.append(batch).expect("the disk is well")
}

/// For appends whose answer a test does not look at.
fn record(log: &dyn Log, batch: Vec<Append>) {
    drop(append(log, batch));
}

fn plan(number: u128) -> PlanId {
    PlanId(Uuid::from_u128(number))
}

fn positions(events: &[Recorded]) -> Vec<Position> {
    events.iter().map(|event| event.position).collect()
}

/// Runs every case, each on an empty log of its own.
pub(super) fn suite(make: &dyn Fn() -> Box<dyn Log>) {
    what_is_appended_is_read_back(&*make());
    positions_and_versions_have_no_gaps(&*make());
    a_repeated_id_returns_the_first_position(&*make());
    checks_hold_within_the_batch_too(&*make());
    streams_and_plans_are_read_in_pages(&*make());
    the_head_wakes_its_watchers(&*make());
    an_erased_payload_leaves_its_shell(&*make());
    caches_and_people_are_kept(&*make());
    what_lets_people_in_is_put_and_taken_back(&*make());
}

fn what_is_appended_is_read_back(log: &dyn Log) {
    assert_eq!((log.head(), log.read(0, 10).unwrap()), (0, Vec::new()));
    let full = Proposed {
        actor: Some(PersonId::new("chair").unwrap()),
        plan: Some(plan(7)),
        cause: Some(EventId(Uuid::from_u128(99))),
        schema: 3,
        at: Timestamp(-5),
        ..proposed(1, "plan/a", b"first")
    };
    let bare = proposed(2, "plan/b", b"");
    let durable = append(log, vec![one(full.clone()), one(bare)]);
    assert_eq!(
        durable.outcomes,
        [Outcome::Appended { first: 1, last: 1 }, Outcome::Appended { first: 2, last: 2 }]
    );
    let read = log.read(0, 10).unwrap();
    assert_eq!(read, durable.recorded);
    let first = &read[0];
    assert_eq!((&first.actor, first.plan, first.cause), (&full.actor, full.plan, full.cause));
    assert_eq!((first.id, &*first.kind, first.schema, first.at), (full.id, full.kind, 3, Timestamp(-5)));
    assert_eq!(first.payload.as_deref(), Some(&b"first"[..]));
    assert_ne!(first.digest, payload_digest(&[0; 16], b"first"), "the salt is random");
    assert_eq!(log.position_of(full.id).unwrap(), Some(1));
    assert_eq!(log.position_of(EventId(Uuid::from_u128(3))).unwrap(), None);
}

fn positions_and_versions_have_no_gaps(log: &dyn Log) {
    let mut id = 0;
    // More than a row of events in one commit, single events between, two streams in turn.
    for size in [1, 700, 1, 3, 1200] {
        let batch = (0..size).map(|_| {
            id += 1;
            one(proposed(id, if id % 3 == 0 { "x" } else { "y" }, &id.to_be_bytes()))
        });
        record(log, batch.collect());
    }
    let all = log.read(0, usize::MAX).unwrap();
    assert_eq!(positions(&all), (1..=1905).collect::<Vec<_>>());
    assert_eq!(log.head(), 1905);
    for stream in ["x", "y"] {
        let stream = Stream::new(stream);
        let events = log.read_stream(&stream, 0, usize::MAX).unwrap();
        assert!(events.iter().map(|event| event.version).eq(1..=events.len() as u64));
        assert_eq!(log.version(&stream).unwrap(), events.len() as u64);
        assert!(events.iter().all(|event| event.stream == stream));
    }
    assert_eq!(log.read(1000, 3).unwrap(), all[1000..1003]);
    assert_eq!(log.read(1904, 10).unwrap(), all[1904..]);
    assert_eq!(log.read(1905, 10).unwrap(), []);
    assert_eq!(log.read(u64::MAX, 10).unwrap(), []);
    assert_eq!(log.read(3, 0).unwrap(), []);
}

fn a_repeated_id_returns_the_first_position(log: &dyn Log) {
    record(log, vec![one(proposed(1, "s", b"a")), one(proposed(2, "s", b"b"))]);
    let durable = append(
        log,
        vec![
            one(proposed(2, "other", b"again")),
            one(proposed(3, "s", b"c")),
            one(proposed(3, "s", b"twice in a batch")),
            // One known id is enough: the append was made before, or is not to be made.
            Append { events: vec![proposed(4, "s", b"d"), proposed(1, "s", b"a")], checks: Vec::new() },
        ],
    );
    assert_eq!(
        durable.outcomes,
        [
            Outcome::Repeated { position: 2 },
            Outcome::Appended { first: 3, last: 3 },
            Outcome::Repeated { position: 3 },
            Outcome::Repeated { position: 1 },
        ]
    );
    assert_eq!(positions(&durable.recorded), [3]);
    assert_eq!(log.head(), 3);
    // A retry is answered before its checks, which have become untrue through itself.
    let retry = Append { events: vec![proposed(1, "s", b"a")], checks: vec![check("s", 0)] };
    assert_eq!(append(log, vec![retry]).outcomes, [Outcome::Repeated { position: 1 }]);
    // A fault of the caller is refused and harms nothing.
    let twins = Append { events: vec![proposed(5, "s", b""), proposed(5, "s", b"")], checks: Vec::new() };
    assert!(log.append(vec![twins]).is_err());
    assert_eq!(
        append(log, vec![one(proposed(5, "s", b""))]).outcomes,
        [Outcome::Appended { first: 4, last: 4 }]
    );
}

fn checks_hold_within_the_batch_too(log: &dyn Log) {
    let edit = |id, version| Append {
        events: vec![proposed(id, "document", b"edit")],
        checks: vec![check("governance", version)],
    };
    let freeze = |id| Append {
        events: vec![proposed(id, "governance", b"freeze"), proposed(id + 1, "document", b"frozen")],
        checks: vec![check("governance", 0)],
    };
    let durable = append(log, vec![edit(1, 0), freeze(2), edit(4, 0), edit(5, 1), freeze(6)]);
    let conflict = || Outcome::Conflict { stream: Stream::new("governance"), expected: 0, actual: 1 };
    assert_eq!(
        durable.outcomes,
        [
            Outcome::Appended { first: 1, last: 1 },
            Outcome::Appended { first: 2, last: 3 },
            conflict(),
            Outcome::Appended { first: 4, last: 4 },
            conflict(),
        ]
    );
    assert_eq!(append(log, vec![edit(4, 0)]).outcomes, [conflict()]);
    // What was refused can be asked for again, with the same id.
    assert_eq!(append(log, vec![edit(4, 1)]).outcomes, [Outcome::Appended { first: 5, last: 5 }]);
    assert_eq!(log.version(&Stream::new("document")).unwrap(), 4);
}

fn streams_and_plans_are_read_in_pages(log: &dyn Log) {
    for id in 1..=30u128 {
        let of_plan = Proposed { plan: (id % 4 != 0).then(|| plan(id % 2)), ..proposed(id, "s", b"") };
        let stream = if id <= 10 { "s" } else { ["s", "t"][id as usize / 5 % 2] };
        record(log, vec![one(Proposed { stream: Stream::new(stream), ..of_plan })]);
    }
    let all = log.read(0, 100).unwrap();
    for name in ["s", "t", "unknown"] {
        let stream = Stream::new(name);
        let expected: Vec<_> = all.iter().filter(|event| event.stream == stream).cloned().collect();
        for page in [1, 3, 7, 100] {
            let (mut read, mut after) = (Vec::new(), 0);
            loop {
                let events = log.read_stream(&stream, after, page).unwrap();
                assert!(events.len() <= page);
                let Some(last) = events.last() else { break };
                after = last.version;
                read.extend(events);
            }
            assert_eq!(read, expected);
        }
    }
    for number in [0, 1, 2] {
        let expected: Vec<_> = all.iter().filter(|event| event.plan == Some(plan(number))).cloned().collect();
        for page in [1, 4, 100] {
            let (mut read, mut after) = (Vec::new(), 0);
            loop {
                let events = log.read_plan(plan(number), after, page).unwrap();
                let Some(last) = events.last() else { break };
                after = last.position;
                read.extend(events);
            }
            assert_eq!(read, expected);
        }
    }
}

fn the_head_wakes_its_watchers(log: &dyn Log) {
    let mut head = log.watch();
    assert_eq!(*head.borrow_and_update(), 0);
    assert!(!head.has_changed().unwrap());
    record(log, vec![one(proposed(1, "s", b"")), one(proposed(2, "s", b""))]);
    assert!(head.has_changed().unwrap());
    assert_eq!(*head.borrow_and_update(), 2);
    record(log, vec![one(proposed(1, "s", b""))]);
    assert!(!head.has_changed().unwrap(), "a repeated append moves nothing");
}

fn an_erased_payload_leaves_its_shell(log: &dyn Log) {
    let words = Payload::Erasable(Bytes::from_static(b"personal words"));
    record(
        log,
        vec![one(Proposed { payload: words, ..proposed(1, "s", b"") }), one(proposed(2, "s", b"kept"))],
    );
    let before = log.read(0, 10).unwrap();
    assert_eq!(before[0].payload.as_deref(), Some(&b"personal words"[..]));
    assert!(log.erase(1).unwrap());
    assert!(!log.erase(1).unwrap(), "it is gone already");
    assert!(!log.erase(2).unwrap(), "what is kept cannot be erased");
    let after = log.read(0, 10).unwrap();
    assert_eq!(after[0], Recorded { payload: None, ..before[0].clone() });
    assert_eq!(after[1], before[1]);

    let more = (3..6).map(|n| {
        one(Proposed { payload: Payload::Erasable(Bytes::from_static(b"words")), ..proposed(n, "s", b"") })
    });
    record(log, more.collect());
    assert_eq!(log.erase_all(&[1, 2, 3, 5]).unwrap(), 2, "those that were there");
    let there: Vec<bool> = log.read(0, 10).unwrap().iter().map(|event| event.payload.is_some()).collect();
    assert_eq!(there, [false, true, false, true, false]);
}

fn caches_and_people_are_kept(log: &dyn Log) {
    let large = vec![7; 200_000];
    log.put_cache("a", &large).unwrap();
    log.put_cache("b", b"").unwrap();
    record(log, vec![one(proposed(1, "s", b""))]);
    assert_eq!(log.get_cache("a").unwrap().as_deref(), Some(&large[..]));
    assert_eq!(log.get_cache("b").unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(log.get_cache("c").unwrap(), None);
    log.put_cache("a", b"small").unwrap();
    record(log, vec![one(proposed(2, "s", b""))]);
    assert_eq!(log.get_cache("a").unwrap().as_deref(), Some(&b"small"[..]));

    let person = PersonId::new("member-1").unwrap();
    assert_eq!(log.get_person(&person).unwrap(), None);
    log.put_person(&person, b"{}").unwrap();
    log.put_person(&person, b"{\"name\":\"\"}").unwrap();
    assert_eq!(log.get_person(&person).unwrap().as_deref(), Some(&b"{\"name\":\"\"}"[..]));
}

pub(super) fn access(key: &str, value: Option<&str>) -> AccessChange {
    AccessChange {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
    }
}

fn accesses(log: &dyn Log, prefix: &str) -> Vec<String> {
    let entries = log.list_access(prefix.as_bytes()).unwrap().into_iter();
    entries.map(|(key, value)| String::from_utf8([key, value].concat()).unwrap()).collect()
}

fn what_lets_people_in_is_put_and_taken_back(log: &dyn Log) {
    log.change_access(&[]).unwrap();
    let three = [access("b/1", Some("x")), access("a/2", Some("y")), access("a/1", Some("z"))];
    log.change_access(&three).unwrap();
    assert_eq!(accesses(log, "a/"), ["a/1z", "a/2y"]);
    assert_eq!(accesses(log, ""), ["a/1z", "a/2y", "b/1x"]);
    assert_eq!(accesses(log, "a/3").len() + accesses(log, "c").len(), 0);
    // In their order, so that one commit can say one thing after another.
    log.change_access(&[access("a/1", None), access("a/2", Some("new")), access("c", None)]).unwrap();
    log.change_access(&[access("d", Some("x")), access("d", None)]).unwrap();
    assert_eq!(accesses(log, ""), ["a/2new", "b/1x"]);
    assert_eq!(log.head(), 0, "it is no part of the record");
}

/// What was acknowledged is there after a restart, and the log goes on where it stood.
pub(super) fn persists(open: &dyn Fn() -> Box<dyn Log>) {
    let log = open();
    let words = Payload::Erasable(Bytes::from_static(b"words"));
    record(
        &*log,
        vec![one(proposed(1, "s", b"a")), one(Proposed { payload: words, ..proposed(2, "t", b"") })],
    );
    log.put_cache("waiting", b"value").unwrap();
    log.change_access(&[access("a/1", Some("x")), access("a/2", Some("y"))]).unwrap();
    log.change_access(&[access("a/1", None)]).unwrap();
    let before = log.read(0, 10).unwrap();
    drop(log);
    let log = open();
    assert_eq!((log.head(), log.read(0, 10).unwrap()), (2, before));
    assert_eq!(log.get_cache("waiting").unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(accesses(&*log, "a/"), ["a/2y"]);
    let durable = append(&*log, vec![one(proposed(1, "s", b"a")), one(proposed(3, "s", b"b"))]);
    assert_eq!(
        durable.outcomes,
        [Outcome::Repeated { position: 1 }, Outcome::Appended { first: 3, last: 3 }]
    );
    assert_eq!(durable.recorded[0].version, 2);
    drop(log);
    assert_eq!(open().read_stream(&Stream::new("s"), 1, 10).unwrap(), durable.recorded);
}
