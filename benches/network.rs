//! A network of 10,000 people and 500 organisations: what a question to the policy costs, and how long people wait
//! for signing in and for the pages that name many.

use std::fs::File;
use std::hint::black_box;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use quorate::domain::{
    Action, EventId, Office, OrganisationId, PersonId, PhaseId, PhaseKind, PhasePlan, PlanId, Profile,
    Request, Role, Standing, Timestamp,
};
use quorate::engine::Engine;
use quorate::log::{Options, RedbLog};
use reqwest::redirect::Policy;

use super::report::{Report, milliseconds, percentile};
use super::wire::form;

const PEOPLE: u128 = 10_000;
const ORGANISATIONS: u128 = 500;
const PLANS: u128 = 40;
/// Of each page, and of sign-ins.
const TIMES: usize = 60;
/// What a person may wait, in milliseconds.
const GOAL: f64 = 50.0;

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn request(n: u128, command: quorate::domain::Command) -> Request {
    Request {
        id: EventId(uuid::Builder::from_random_bytes((n << 64 | n).to_be_bytes()).into_uuid()),
        command,
    }
}

fn person(n: u128) -> PersonId {
    PersonId::new(format!("person-{n}")).unwrap()
}

/// Fills a folder through the engine, as the administration's own lists do.
async fn fill(folder: &Path) -> Engine {
    use quorate::domain::Command;
    let log = Arc::new(RedbLog::open(folder, &Options::default()).unwrap());
    let engine = Engine::open(log, Arc::new(now)).unwrap();
    let keeper = person(0);
    let add = |n: u128, office: Office| {
        let (name, email) = (format!("Person {n}"), Some(format!("person-{n}@example.org")));
        request(n + 1, Command::PersonAdd { person: person(n), office, name, email })
    };
    let roles = vec![Role::Administrator, Role::Secretariat];
    engine.command(keeper.clone(), add(0, Office { roles, ..Office::default() }), None, None).await.unwrap();
    let organisation = |n: u128| OrganisationId::new(format!("organisation-{n}")).unwrap();
    let organisations = (0..ORGANISATIONS).map(|n| {
        let profile =
            Profile { name: format!("Organisation {n}"), standing: Standing::Member, weight: 1, seats: 1 };
        let organisation = organisation(n);
        request(20_000 + n, Command::OrganisationAdd { organisation, profile })
    });
    engine.together(keeper.clone(), organisations.collect()).await.unwrap();
    let people = (1..PEOPLE).map(|n| {
        let organisation = Some(organisation(n % ORGANISATIONS));
        add(n, Office { roles: vec![Role::Representative], organisation, seat: false })
    });
    engine.together(keeper.clone(), people.collect()).await.unwrap();
    for n in 0..PLANS {
        let plan = PlanId(uuid::Uuid::from_u128(n + 1));
        let create = Command::PlanCreate { plan: Some(plan), title: format!("Plan {n}") };
        engine.command(keeper.clone(), request(30_000 + n, create), None, None).await.unwrap();
        let phase = PhasePlan {
            phase: PhaseId::new("drafting").unwrap(),
            kind: PhaseKind::Drafting,
            title: "Drafting".into(),
            opens: now().plus_seconds(-60),
            closes: now().plus_seconds(86_400),
            gate: Vec::new(),
        };
        let start =
            Command::ProcessStart { plan, template: "own".into(), phases: vec![phase], keep_days: None };
        engine.command(keeper.clone(), request(40_000 + n, start), None, None).await.unwrap();
    }
    engine
}

/// One question after the other, of all people, over all plans.
fn policy(engine: &Engine, report: &mut Report) {
    const QUESTIONS: usize = 1_000_000;
    let views = engine.views();
    let (people, plans): (Vec<_>, Vec<_>) =
        (views.state.people.keys().collect(), views.state.plans.keys().collect());
    let mut yes = 0usize;
    let began = Instant::now();
    for n in 0..QUESTIONS {
        let (person, plan) = (people[n * 7919 % people.len()], *plans[n * 31 % plans.len()]);
        let action = Action::IN_A_PLAN[n % Action::IN_A_PLAN.len()];
        yes += usize::from(black_box(views.state.may(person, plan, action)));
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / QUESTIONS as f64;
    assert!(yes > QUESTIONS / 2, "drafting members may do three of four");
    report.row("10,000 people: a question to the policy", "µs", each, Some(1.0), "");
}

/// `quorate serve` on a folder; it ends when dropped.
struct Serving {
    child: Child,
    url: String,
    mails: std::path::PathBuf,
    http: reqwest::Client,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    async fn start(binary: &Path, core: &str, data: &Path) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mails = data.join("mails");
        let url = format!("http://127.0.0.1:{port}");
        let child = Command::new("taskset")
            .args(["-c", core])
            .arg(binary)
            .args(["serve", "--mail", "print", "--proxy", "127.0.0.1", "--public-url", &url])
            .args(["--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(File::create(&mails).unwrap())
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let serving = Self { child, url, mails, http };
        while serving.http.get(format!("{}/readyz", serving.url)).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        serving
    }

    /// As a browser of another visitor: each has a share of attempts of their own.
    fn post(&self, visitor: usize, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.url)).header("origin", &self.url);
        form(request.header("x-forwarded-for", format!("10.0.{}.{}", visitor / 250, visitor % 250)), fields)
    }

    /// Signs in by a link: until the mail is asked for, and until the link has let in. With the session's cookie.
    async fn sign_in(&self, n: usize) -> (Duration, Duration, String) {
        let before = std::fs::read_to_string(&self.mails).unwrap().len();
        let email = format!("person-{n}@example.org");
        let began = Instant::now();
        let asked = self.post(n, "/sign-in", &[("email", &email)]).send().await.unwrap();
        let ask = began.elapsed();
        assert_eq!(asked.status(), 200);
        let link = loop {
            let text = std::fs::read_to_string(&self.mails).unwrap();
            let link = text[before..].split("/sign-in/").nth(1).and_then(|rest| rest.get(..43));
            match link {
                Some(link) => break link.to_owned(),
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        };
        let began = Instant::now();
        let entered = self.post(n, &format!("/sign-in/{link}"), &[]).send().await.unwrap();
        let enter = began.elapsed();
        assert_eq!(entered.status(), 303);
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        (ask, enter, cookie)
    }
}

pub(crate) async fn run(binary: &Path, core: &str, report: &mut Report) {
    let folder = tempfile::tempdir_in("target").unwrap();
    let engine = fill(folder.path()).await;
    policy(&engine, report);
    engine.close();
    drop(engine);
    let serving = Serving::start(binary, core, folder.path()).await;
    let (mut asks, mut enters) = (Vec::new(), Vec::new());
    let mut keeper = String::new();
    for n in 0..TIMES {
        let (ask, enter, cookie) = serving.sign_in(n).await;
        asks.push(ask);
        enters.push(enter);
        if n == 0 {
            keeper = cookie;
        }
    }
    let mut row = |name: &str, times: &mut [Duration]| {
        let half = milliseconds(percentile(times, 0.5));
        let name = format!("10,000 people: {name}, p95");
        report.row(name, "ms", milliseconds(percentile(times, 0.95)), Some(GOAL), format!("p50 {half:.1}"));
    };
    row("asking for a mail", &mut asks);
    row("signing in by its link", &mut enters);
    let pages = [
        "/",
        "/me",
        "/network",
        "/network/policy",
        "/network/people/person-77",
        "/api/people",
        "/api/organisations",
        "/api/plans",
        "/plans/00000000-0000-0000-0000-000000000001/calendar",
        "/plans/00000000-0000-0000-0000-000000000001/tasks",
        "/plans/00000000-0000-0000-0000-000000000001/sections",
        "/plans/00000000-0000-0000-0000-000000000001/guests",
        "/conduct",
        "/network/access",
    ];
    for path in pages {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let request = serving.http.get(format!("{}{path}", serving.url)).header("cookie", &keeper);
            let began = Instant::now();
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap();
            times.push(began.elapsed());
        }
        row(path, &mut times);
    }
}
