//! A network in this process, with a clock of the test's own and a real mail server to send by.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use quorate::domain::{
    Command, EventId, Office, OrganisationId, PersonId, PhaseId, PhaseKind, PhasePlan, PlanId, Profile,
    Request, Role, Standing, Timestamp,
};
use quorate::engine::{Clock, Engine};
use quorate::http::{self, App, Entrance};
use quorate::log::{Options, RedbLog};
use quorate::mail::Outbox;
use quorate::notify::Notifier;
use quorate::room::Rooms;
use reqwest::{Response, redirect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::house::SOON;
use crate::wire::form;

pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const PLAN: &str = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00";

pub(super) fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

pub(super) struct World {
    now: Arc<AtomicI64>,
    pub(super) engine: Engine,
    notifier: Arc<Notifier>,
    outbox: Outbox,
    url: String,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    serving: Vec<JoinHandle<()>>,
}

impl World {
    /// On a folder that may have been used before; `way`: where mail is sent by.
    pub(super) async fn open(data: &Path, way: &str, now: Arc<AtomicI64>) -> Self {
        let log = Arc::new(opened(data).await);
        let time = now.clone();
        let clock: Clock = Arc::new(move || Timestamp(time.load(Ordering::SeqCst)));
        let engine = Engine::open(log, clock).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let app =
            App::new(Rooms::new(engine.clone()), data, url.clone(), Entrance::demonstration(data).unwrap())
                .unwrap();
        let notifier = app.notifier().clone();
        let (outbox, postman) = Outbox::open(way, "quorate@example.org").unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = vec![
            tokio::spawn(postman.run()),
            tokio::spawn(async move {
                let stop = async move { drop(stopped.await) };
                http::serve(listener, app, stop).await.unwrap();
            }),
            tokio::spawn(notifier.clone().run(outbox.clone())),
        ];
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { now, engine, notifier, outbox, url, http, stop: Some(stop), serving }
    }

    /// With two organisations, a plan, and who keeps it; at 8 on a Monday.
    pub(super) async fn new(data: &Path, way: &str) -> Self {
        let world = Self::open(data, way, Arc::new(AtomicI64::new(32 * DAY + 8 * HOUR))).await;
        world.add("secretariat", Role::Secretariat, None).await;
        for id in ["north", "south"] {
            let profile =
                Profile { name: format!("The {id}"), standing: Standing::Member, weight: 1, seats: 0 };
            let organisation = OrganisationId::new(id).unwrap();
            world.ask("secretariat", Command::OrganisationAdd { organisation, profile }).await;
        }
        world.add("anna", Role::Representative, Some("north")).await;
        world.add("ben", Role::Representative, Some("north")).await;
        world.add("cleo", Role::Representative, Some("south")).await;
        world.add("dora", Role::Board, None).await;
        let plan = Some(PLAN.parse().unwrap());
        world.ask("secretariat", Command::PlanCreate { plan, title: "A plan".into() }).await;
        world.look().await;
        world
    }

    async fn add(&self, id: &str, role: Role, organisation: Option<&str>) {
        let organisation = organisation.map(|id| OrganisationId::new(id).unwrap());
        let office = Office { roles: vec![role], organisation, seat: false };
        let (name, email) = (format!("Person {id}"), Some(format!("{id}@example.org")));
        self.ask("secretariat", Command::PersonAdd { person: person(id), office, name, email }).await;
    }

    pub(super) async fn ask(&self, who: &str, command: Command) {
        let id = EventId(uuid::Uuid::now_v7());
        self.engine.command(person(who), Request { id, command }, None, None).await.unwrap();
    }

    /// A process of one phase that is open now and closes in so many days.
    pub(super) async fn phase(&self, kind: PhaseKind, days: i64) {
        let (opens, closes) = (Timestamp(self.at()), Timestamp(self.at() + days * DAY));
        let phase = PhaseId::new("only").unwrap();
        let phases = vec![PhasePlan { phase, kind, title: "The phase".into(), opens, closes, gate: vec![] }];
        let plan: PlanId = PLAN.parse().unwrap();
        let start = Command::ProcessStart { plan, template: "own".into(), phases, keep_days: None };
        self.ask("secretariat", start).await;
        self.wait(1);
        // The date is kept before anything that comes after it is decided, granted or not.
        let id = EventId(uuid::Uuid::now_v7());
        let command = Command::PlanRename { plan, title: "A plan".into() };
        drop(self.engine.command(person("anna"), Request { id, command }, None, None).await);
    }

    pub(super) fn at(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(super) fn wait(&self, hours: i64) {
        self.now.fetch_add(hours * HOUR, Ordering::SeqCst);
    }

    /// Has done by the time that it answers what the loop would do at its next look.
    pub(super) async fn look(&self) {
        self.notifier.look(&self.outbox).await;
    }

    /// Ends it as a crash would, as far as mails are concerned: nothing that waits is finished.
    pub(super) async fn end(mut self) -> Arc<AtomicI64> {
        self.serving.iter().for_each(JoinHandle::abort);
        drop(self.stop.take());
        for one in self.serving.drain(..) {
            drop(one.await);
        }
        self.engine.close();
        self.now.clone()
    }

    pub(super) async fn token(&self, who: &str) -> String {
        let asked = self.http.post(format!("{}/api/demo/sign-in", self.url)).json(&json!({ "person": who }));
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> (u16, String) {
        let token = self.token(who).await;
        text(self.http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap()).await
    }

    pub(super) async fn json(&self, who: &str, path: &str) -> Value {
        let (status, answer) = self.get(who, path).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    pub(super) async fn post(&self, who: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(self.token(who).await);
        text(form(request, fields).send().await.unwrap()).await
    }

    /// By nobody, as a mail server does.
    pub(super) async fn by_nobody(&self, post: bool, address: &str, body: &str) -> (u16, String) {
        let request = if post {
            self.http
                .post(address)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned())
        } else {
            self.http.get(address)
        };
        text(request.send().await.unwrap()).await
    }
}

/// The log, once whoever had it before has let it go.
async fn opened(data: &Path) -> RedbLog {
    let began = Instant::now();
    loop {
        match RedbLog::open(data, &Options::default()) {
            Ok(log) => return log,
            Err(failure) => assert!(began.elapsed() < SOON, "{failure}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn text(answer: Response) -> (u16, String) {
    let (status, to) = (answer.status().as_u16(), answer.headers().get("location").cloned());
    match to {
        Some(to) => (status, to.to_str().unwrap().to_owned()),
        None => (status, answer.text().await.unwrap()),
    }
}
