//! What becomes of rooms that nobody uses, and of documents that are not what was admitted.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt as _, join_all};
use uuid::Uuid;

use super::{Rooms, Submitted, Way};
use crate::document;
use crate::domain::{ActorId, Command, EventId, Office, PersonId, PlanId, Request, Role, Timestamp, limits};
use crate::engine::{Edit, Engine, Part};
use crate::log::{Options, RedbLog, Witness as _};

const PLANS: u128 = 1_000;

fn request(id: u128, command: Command) -> Request {
    Request { id: EventId(Uuid::from_u128(id)), command }
}

/// Rooms over an empty log, in which nobody but the secretariat is known; what is idle goes at once.
async fn opened() -> (tempfile::TempDir, Engine, Rooms, PersonId) {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(RedbLog::open(folder.path(), &Options::default()).unwrap());
    let engine = Engine::open(log, Arc::new(|| Timestamp(1_700_000_000_000))).unwrap();
    let rooms = Rooms::made(Way::Proof, engine.clone(), Duration::ZERO);
    let secretary = PersonId::new("secretariat").unwrap();
    let add = Command::PersonAdd {
        email: None,
        person: secretary.clone(),
        office: Office { roles: vec![Role::Secretariat], ..Office::default() },
        name: "Secretariat".into(),
    };
    rooms.command(secretary.clone(), request(1, add), None).await.unwrap();
    (folder, engine, rooms, secretary)
}

async fn planned(rooms: &Rooms, secretary: &PersonId) -> PlanId {
    let plan = PlanId(Uuid::from_u128(1 << 64));
    let create = Command::PlanCreate { plan: Some(plan), title: "Plan".into() };
    rooms.command(secretary.clone(), request(2, create), None).await.unwrap();
    plan
}

#[tokio::test]
async fn a_thousand_plans_opened_once_and_left_are_let_go() {
    let (_folder, _, rooms, secretary) = opened().await;
    let plan = |number| PlanId(Uuid::from_u128(number << 64));
    let created = join_all((1..=PLANS).map(|number| {
        let create = Command::PlanCreate { plan: Some(plan(number)), title: format!("Plan {number}") };
        rooms.command(secretary.clone(), request(1 + number, create), None)
    }));
    created.await.into_iter().for_each(|created| drop(created.unwrap()));

    let room = rooms.of_plan(plan(1)).unwrap();
    for number in 1..=PLANS {
        rooms.of_plan(plan(number)).unwrap().reading().unwrap();
    }
    assert_eq!(rooms.count(), PLANS as usize);
    rooms.0.sweep();
    assert_eq!(rooms.count(), 1, "only what is in use is kept");
    let dropped = Arc::downgrade(&room);
    drop(room);
    rooms.0.sweep();
    assert_eq!(rooms.count(), 0);
    assert!(dropped.upgrade().is_none(), "nothing else holds it");
    assert_eq!(rooms.of_plan(plan(7)).unwrap().plan, plan(7), "and is opened again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_not_what_was_admitted_is_frozen() {
    let (_folder, engine, rooms, secretary) = opened().await;
    let plan = planned(&rooms, &secretary).await;
    let room = rooms.of_plan(plan).unwrap();
    let reading = room.reading().unwrap();
    assert!(!room.proving.is_behind());

    // Past admission, as if the proof had a hole.
    let change = document::unsound(&reading, &ActorId::new(&[5; 16]).unwrap());
    let mut heads = reading.heads();
    let prepared = super::prepare(&mut heads, change.clone());
    let part = Part { person: secretary, changes: [prepared].into(), sections: None, at: None };
    let edit = Edit { plan, document: room.document, parts: vec![part] };
    let receipt = engine.edit(edit).await.unwrap();
    room.shared().publish(&change, receipt.changes[0], None).unwrap();

    assert!(room.proving.is_behind(), "it waits for the audit");
    let mut moved = engine.watch();
    rooms.0.sweep();
    loop {
        if let Some(frozen) = &engine.views().state.plans[&plan].frozen {
            assert_eq!(frozen.by, None, "nobody did it but the program");
            break;
        }
        moved.changed().await.unwrap();
    }
    assert!(room.reading().is_err(), "and nobody is shown it");
    assert_eq!(rooms.alarms(), 1);
}

/// What is kept beside the log is used, says what the log says, and can be thrown away.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_opens_from_what_is_kept_of_it() {
    let (_folder, engine, rooms, secretary) = opened().await;
    let plan = planned(&rooms, &secretary).await;
    let mut room = rooms.of_plan(plan).unwrap();
    let mut author =
        document::Author::new((*room.reading().unwrap()).clone(), &ActorId::new(&[5; 16]).unwrap());
    let mut rename = |number| {
        let edit = document::Edit::RenamePlan { title: format!("Title {number}") };
        author.change(1, &[edit]).unwrap().unwrap()
    };
    let many = (0..2_100).map(&mut rename).collect();
    assert_eq!(room.hand_in(None, secretary.clone(), many, None).await.await.unwrap(), Submitted::Kept);
    let more = vec![rename(1), rename(2)];
    assert_eq!(room.hand_in(None, secretary.clone(), more, None).await.await.unwrap(), Submitted::Kept);

    let log = engine.log();
    let keys = [super::store::SNAPSHOT, super::store::HISTORY, super::store::INDEX]
        .map(|of| super::store::key(of, room.document));
    let kept = keys.clone().map(|key| log.get_cache(&key).unwrap().unwrap());
    let mut meaning = super::Meaning::default();
    for event in log.read(0, 10_000).unwrap() {
        meaning.event(&event).unwrap();
    }
    for (key, value) in keys.iter().zip(&kept) {
        meaning.cache(key, value).unwrap();
        let mut damaged = value.to_vec();
        damaged[value.len() / 2] ^= 1;
        assert!(meaning.cache(key, &damaged).is_err(), "{key}");
    }
    // As it was kept; with one of the three gone or damaged; with none.
    for gone in [None, Some(0), Some(1), Some(2)] {
        if let Some(gone) = gone {
            log.put_cache(&keys[gone], b"something else").unwrap();
        }
        let heads = room.shared().history().heads();
        let len = room.shared().len();
        drop(room);
        let again = Rooms::made(Way::Proof, engine.clone(), Duration::ZERO);
        room = again.of_plan(plan).unwrap();
        assert_eq!(room.shared().history().heads(), heads);
        assert_eq!(room.shared().len(), len);
        assert_eq!(room.reading().unwrap().heads(), heads);
        let next = vec![rename(gone.unwrap_or(9))];
        let answer = room.hand_in(None, secretary.clone(), next, None).await.await.unwrap();
        assert_eq!(answer, Submitted::Kept, "without {gone:?}");
    }
}

/// Whoever hands in more than that waits, and with it its connection: nothing more is read from it meanwhile.
#[tokio::test]
async fn submissions_that_wait_for_a_room_are_bounded() {
    let (_folder, _engine, rooms, secretary) = opened().await;
    let plan = planned(&rooms, &secretary).await;
    let room = rooms.of_plan(plan).unwrap();
    room.reading().unwrap();
    // What the room has begun with is done when there is a first answer.
    let answer = room.hand_in(None, secretary.clone(), Vec::new(), None).await;
    assert_eq!(answer.await.unwrap(), Submitted::Kept);

    // From here on the room's task has no turn: this one does not wait for anything.
    let hand_in = || {
        let handed_in = room.hand_in(None, secretary.clone(), Vec::new(), None);
        tokio::task::unconstrained(handed_in).now_or_never()
    };
    let mut answers: Vec<_> = std::iter::from_fn(hand_in).take(2 * limits::SUBMISSIONS_WAITING).collect();
    assert_eq!(answers.len(), limits::SUBMISSIONS_WAITING);
    assert_eq!(answers.pop().unwrap().await.unwrap(), Submitted::Kept, "and there is room again");
    assert!(hand_in().is_some());
}
