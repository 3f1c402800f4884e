//! What a peer goes through when the log cannot take its edits for a while: on one connection, nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate::{
    domain::{Command, EventId, Office, PersonId, PlanId, Request, Role, SectionId},
    engine::{self, Engine},
    http::{self, App, Entrance},
    log::{Append, Durable, Failure, Log, Options, RedbLog},
    room::Rooms,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::timeout};
use uuid::Uuid;

use crate::through::{Front, Through};
use crate::wire::Stock;

const LONGEST: Duration = Duration::from_secs(60);

/// A log on a disk that refuses while it is told to.
struct Sick {
    log: RedbLog,
    is_sick: AtomicBool,
}

impl Sick {
    fn well(&self) -> Result<(), Failure> {
        match self.is_sick.load(Ordering::SeqCst) {
            true => Err(Failure::Write("the test says so".into())),
            false => Ok(()),
        }
    }
}

impl Front for Sick {
    fn behind(&self) -> &RedbLog {
        &self.log
    }
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        self.well()?;
        self.log.append(batch)
    }
    fn writable(&self) -> Result<(), Failure> {
        self.well()
    }
}

async fn plan(rooms: &Rooms) -> PlanId {
    let person = |id: &str| PersonId::new(id).unwrap();
    let plan = PlanId(Uuid::from_u128(7));
    let add = |id: &str, role| Command::PersonAdd {
        person: person(id),
        office: Office { roles: vec![role], ..Office::default() },
        name: id.into(),
        email: None,
    };
    let create = Command::PlanCreate { plan: Some(plan), title: "A plan".into() };
    let section = Command::SectionCreate {
        plan,
        section: Some(SectionId::new("part-0").unwrap()),
        heading: "Part".into(),
        parent: None,
        after: None,
    };
    let commands =
        [add("secretariat", Role::Secretariat), add("member-1", Role::Representative), create, section];
    for (number, command) in commands.into_iter().enumerate() {
        let request = Request { id: EventId(Uuid::from_u128(number as u128 + 1)), command };
        rooms.command(person("secretariat"), request, None).await.unwrap();
    }
    plan
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_that_the_log_could_not_take_are_asked_for_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let log = RedbLog::open(folder.path(), &Options::default()).unwrap();
    let log = Arc::new(Sick { log, is_sick: AtomicBool::new(false) });
    let engine = Engine::open(Arc::new(Through(log.clone())), engine::system()).unwrap();
    let rooms = Rooms::new(engine);
    let plan = plan(&rooms).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let app = App::new(
        rooms.clone(),
        folder.path(),
        format!("http://{at}"),
        Entrance::demonstration(folder.path()).unwrap(),
    )
    .unwrap();
    let (stop, mut stopped) = watch::channel(());
    let serving = tokio::spawn(http::serve(listener, app, async move { drop(stopped.changed().await) }));

    let sign_in = reqwest::Client::new().post(format!("http://{at}/api/demo/sign-in"));
    let answer: Value =
        sign_in.json(&json!({ "person": "member-1" })).send().await.unwrap().json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    let room = rooms.of_plan(plan).unwrap();
    let mut told = room.members.notices();
    let url = format!("ws://{at}/sync?access_token={token}");
    let mut client = Stock::new("client", &room.document.to_string(), folder.path());
    client.connect(&url, false).await.unwrap();
    while client.automerge.get_heads().is_empty() {
        client.hear().await.unwrap();
    }

    log.is_sick.store(true, Ordering::SeqCst);
    client.write("part-0", "kept?");
    client.tell().await.unwrap();
    let (person, notice) = timeout(LONGEST, told.recv()).await.unwrap().unwrap();
    assert_eq!((person.as_str(), notice.code.as_str()), ("member-1", "not_recorded"));
    // It is told that nothing is taken now, and keeps to itself what it writes meanwhile.
    timeout(LONGEST, client.hear()).await.unwrap().unwrap();
    client.write("part-0", " and this?");
    client.tell().await.unwrap();
    assert_eq!(client.pending.len(), 2, "nothing is acknowledged");

    log.is_sick.store(false, Ordering::SeqCst);
    while !client.pending.is_empty() {
        timeout(LONGEST, client.hear()).await.expect("it is asked for its edits").unwrap();
    }
    let kept = room.reading().unwrap();
    assert_eq!(kept.heads().len(), 1);
    drop(stop);
    serving.await.unwrap().unwrap();
}
