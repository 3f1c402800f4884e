//! Every endpoint, as each part in the network, as somebody who has left, and as nobody: nothing answers that should
//! not. The interface's list is its OpenAPI document, the pages' that of the routes in the source: what is new there
//! and not judged here fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quorate::domain::{Action, Party, PhaseKind, Stage, always_granted, granted};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::wire::{Server, Spawn, binary};

/// Whom a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Anybody, without sign-in.
    All,
    /// Whoever is signed in.
    People,
    /// Those who may read the plan that it names.
    Readers,
    /// Those who may do this at any time.
    May(Action),
    /// Nobody, with what this scan sends; by refusing it, not by failing.
    Judged,
}

/// Whom each of the interface's operations answers. Another test compares it with the OpenAPI document.
pub(super) const INTERFACE: &[(&str, &str, For)] = &[
    ("get", "/api/session", For::All),
    ("post", "/api/session/end", For::All),
    ("post", "/api/session/ticket", For::Judged),
    ("get", "/api/demo/people", For::All),
    ("post", "/api/demo/sign-in", For::Judged),
    ("post", "/api/auth/passkey/begin", For::All),
    ("post", "/api/auth/passkey/finish", For::Judged),
    ("post", "/api/me/passkeys/begin", For::People),
    ("post", "/api/me/passkeys/finish", For::Judged),
    ("get", "/api/openapi.json", For::All),
    ("get", "/api/people", For::People),
    ("get", "/api/me/data", For::People),
    ("get", "/api/me/notices", For::People),
    ("get", "/api/me/tasks", For::People),
    ("get", "/api/people/{person}/data", For::May(Action::People)),
    ("get", "/api/organisations", For::People),
    ("get", "/api/policy", For::People),
    ("get", "/api/plans", For::People),
    ("get", "/api/templates", For::People),
    ("get", "/api/plans/{plan}", For::Readers),
    ("get", "/api/plans/{plan}/process", For::Readers),
    ("get", "/api/plans/{plan}/threads", For::Readers),
    ("get", "/api/plans/{plan}/strays", For::Readers),
    ("get", "/api/plans/{plan}/timeline", For::Readers),
    ("get", "/api/plans/{plan}/events", For::Readers),
    ("get", "/api/plans/{plan}/live", For::Readers),
    ("get", "/api/plans/{plan}/at/{position}", For::Readers),
    ("get", "/api/plans/{plan}/at/{position}/since/{from}", For::Readers),
    ("post", "/api/commands", For::Judged),
];

/// Whom each page answers, by GET. Forms that are sent go by the same commands as the interface.
pub(super) const PAGES: &[(&str, For)] = &[
    ("/", For::All),
    ("/assets/{*path}", For::All),
    ("/conduct", For::All),
    ("/favicon.svg", For::All),
    ("/first/{link}", For::Judged),
    ("/guest/own/{own}", For::Judged),
    ("/guest/{link}", For::Judged),
    ("/healthz", For::All),
    ("/me", For::People),
    ("/me/address", For::Judged),
    ("/me/address/{link}", For::Judged),
    ("/me/data", For::People),
    ("/me/mail", For::People),
    ("/me/passkeys", For::People),
    // It leads on whoever is not to be asked.
    ("/me/passkeys/offer", For::All),
    // Where people are picked there are no sessions of their own.
    ("/me/sessions", For::Judged),
    ("/me/tokens", For::Judged),
    ("/metrics", For::All),
    ("/network", For::May(Action::People)),
    ("/network/access", For::May(Action::People)),
    ("/network/add-organisation", For::May(Action::People)),
    ("/network/add-person", For::May(Action::People)),
    ("/network/guests/{guest}", For::Judged),
    ("/network/import", For::May(Action::People)),
    ("/network/organisations/{organisation}", For::May(Action::People)),
    ("/network/people/{person}", For::May(Action::People)),
    ("/network/policy", For::May(Action::People)),
    ("/plans/{plan}", For::Readers),
    ("/plans/{plan}/calendar", For::Readers),
    ("/plans/{plan}/guests", For::May(Action::Process)),
    ("/plans/{plan}/phases", For::May(Action::Process)),
    ("/plans/{plan}/read", For::Readers),
    ("/plans/{plan}/replay", For::Readers),
    ("/plans/{plan}/replay/fragment", For::Readers),
    ("/plans/{plan}/sections", For::May(Action::Process)),
    ("/plans/{plan}/tasks", For::May(Action::Ask)),
    ("/readyz", For::All),
    ("/service-worker.js", For::All),
    ("/sign-in", For::Judged),
    ("/sign-in/directory", For::Judged),
    ("/sign-in/directory/back", For::Judged),
    ("/sign-in/{link}", For::Judged),
    ("/sync", For::Judged),
    ("/templates", For::May(Action::Process)),
    ("/unsubscribe/{secret}", For::Judged),
];

/// A person of each part, with the party as which they come.
const PEOPLE: [(&str, Party); 10] = [
    ("secretariat", Party::Secretariat),
    ("consultant", Party::Consultant),
    ("member-1", Party::Member),
    ("chair", Party::Chair),
    ("administrator", Party::Administrator),
    ("an-observer", Party::Observer),
    ("a-stakeholder", Party::Stakeholder),
    ("a-board-member", Party::Board),
    ("a-chief-executive", Party::ChiefExecutive),
    ("a-teller", Party::Teller),
];

fn millis() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

struct Scan {
    server: Server,
    http: reqwest::Client,
    /// By whom, with their token; nobody has none.
    tokens: Vec<(Option<Party>, Option<String>)>,
    /// A plan in each stage.
    plans: Vec<(Stage, String)>,
}

impl Scan {
    async fn open(data: &Path) -> Self {
        let server = Server::start(&Spawn { binary: binary(), data, through: &[] }).await;
        let secretariat = server.sign_in("secretariat").await;
        let give = async |kind: &str, fields: Value| {
            let (status, answer) = server.command(&secretariat, kind, fields).await;
            assert_eq!(status, 200, "{kind}: {answer}");
        };
        for (id, standing) in [("of-observers", "observer"), ("of-stakeholders", "stakeholder")] {
            let fields = json!({
                "organisation": id, "name": id, "standing": standing, "weight": 0, "seats": 0,
            });
            give("organisation.add", fields).await;
        }
        for (person, role, organisation) in [
            ("an-observer", "representative", Some("of-observers")),
            ("a-stakeholder", "representative", Some("of-stakeholders")),
            ("a-board-member", "board", None),
            ("a-chief-executive", "chief-executive", None),
            ("a-teller", "teller", None),
            ("who-left", "secretariat", None),
        ] {
            let fields = json!({
                "person": person, "roles": [role], "organisation": organisation, "name": person,
            });
            give("person.add", fields).await;
        }
        let left = server.sign_in("who-left").await;
        give("person.leave", json!({ "person": "who-left", "successor": null, "version": 1 })).await;
        let mut plans = Vec::new();
        for stage in Stage::ALL {
            let (plan, _) = server.new_plan(1).await;
            let (kind, opens) = match stage {
                Stage::Unscheduled => {
                    plans.push((stage, plan));
                    continue;
                }
                Stage::Between => (PhaseKind::Drafting, millis() + 86_400_000),
                Stage::Phase(kind) => (kind, millis() - 1_000),
            };
            let time = |at: i64| quorate::domain::Timestamp(at).to_string();
            let phase = json!({
                "phase": "only", "kind": kind, "title": "Only", "opens": time(opens),
                "closes": time(opens + 3_600_000),
            });
            give("process.start", json!({ "plan": plan, "template": "own", "phases": [phase] })).await;
            plans.push((stage, plan));
        }
        let mut tokens = vec![(None, None), (None, Some(left))];
        for (person, party) in PEOPLE {
            tokens.push((Some(party), Some(server.sign_in(person).await)));
        }
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let scan = Self { server, http, tokens, plans };
        scan.until_open().await;
        scan
    }

    /// The phases that are to be open open by themselves, in a moment.
    async fn until_open(&self) {
        let secretariat = self.tokens[2].1.as_deref().unwrap();
        for (stage, plan) in &self.plans {
            let is_open = |about: &Value| matches!(stage, Stage::Phase(_)) == about["phase"].is_object();
            for round in 0.. {
                let (_, about) = self.server.get(secretariat, &format!("/api/plans/{plan}")).await;
                if is_open(&about) {
                    break;
                }
                assert!(round < 500, "{stage:?} does not come");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn ask(&self, method: &str, path: &str, token: Option<&str>) -> StatusCode {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut request = self.http.request(method.clone(), self.server.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if method == Method::POST {
            request = request.json(&json!({}));
        }
        request.send().await.unwrap().status()
    }

    /// What is wrong with an answer, if anything is.
    async fn judge(&self, (method, path, whom): (&str, &str, For), stage: Stage, plan: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let filled = path
            .replace("{plan}", plan)
            .replace("{person}", "member-2")
            .replace("{organisation}", "of-observers")
            .replace("{*path}", "missing.js");
        let head = self.server.get(self.tokens[2].1.as_deref().unwrap(), &format!("/api/plans/{plan}")).await;
        let head = head.1["head"].to_string();
        let filled = filled.replace("{position}", &head).replace("{from}", &head);
        let filled = filled.replace("{link}", "nothing").replace("{own}", "nothing").replace("{guest}", "x");
        for (party, token) in &self.tokens {
            let status = self.ask(method, &filled, token.as_deref()).await;
            let reads = |party: Party| granted(party, stage).contains(&Action::Read);
            let right = match (whom, party) {
                (For::All, _) => status != StatusCode::UNAUTHORIZED && !status.is_server_error(),
                (For::Judged, _) => !status.is_success() || path == "/sign-in" || path == "/sync",
                // A page leads to where one signs in.
                (_, None) if !path.starts_with("/api/") => status == StatusCode::SEE_OTHER,
                (_, None) => status == StatusCode::UNAUTHORIZED,
                (For::People, Some(_)) => status == StatusCode::OK,
                (For::Readers, Some(party)) if reads(*party) => status == StatusCode::OK,
                (For::Readers, Some(_)) => status == StatusCode::NOT_FOUND,
                (For::May(action), Some(party)) => {
                    let may = always_granted(*party).contains(&action)
                        && (!path.contains("{plan}") || reads(*party));
                    if may {
                        status == StatusCode::OK
                    } else {
                        status == StatusCode::NOT_FOUND || status == StatusCode::FORBIDDEN
                    }
                }
            };
            if !right || status.is_server_error() {
                let who = (party, token.is_some());
                wrong.push(format!("{method} {path} in {stage:?} as {who:?}: {status}, though for {whom:?}"));
            }
        }
        wrong
    }

    async fn all(&self, paths: impl Iterator<Item = (&str, &str, For)>) {
        let mut wrong = Vec::new();
        for (method, path, whom) in paths {
            for (stage, plan) in &self.plans {
                wrong.extend(self.judge((method, path, whom), *stage, plan).await);
                if !path.contains("{plan}") {
                    break;
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_interface_answers_that_should_not() {
    let data = tempfile::tempdir().unwrap();
    let scan = Scan::open(data.path()).await;
    let (status, document) = scan.server.get("", "/api/openapi.json").await;
    assert_eq!(status, 200);
    let mut described = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.clone(), path.clone()), operation["security"].is_array());
        }
    }
    let judged: BTreeMap<_, _> = INTERFACE
        .iter()
        .map(|(method, path, whom)| (((*method).to_owned(), (*path).to_owned()), *whom))
        .collect();
    let (described_paths, judged_paths): (BTreeSet<_>, BTreeSet<_>) =
        (described.keys().collect(), judged.keys().collect());
    assert_eq!(described_paths, judged_paths, "say here whom an operation answers");
    for (operation, guarded) in &described {
        if matches!(judged[operation], For::All) {
            assert!(!guarded, "{operation:?} says that it asks for sign-in");
        }
        if matches!(judged[operation], For::People | For::Readers | For::May(_)) {
            assert!(guarded, "{operation:?} does not say that it asks for sign-in");
        }
    }
    scan.all(INTERFACE.iter().copied()).await;
}

/// The paths of all routes, as they stand in the source.
fn routes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let own = text.split("#[cfg(test)]").next().unwrap();
            for part in own.split(".route(").skip(1) {
                let quoted = part.trim_start().strip_prefix('"').and_then(|part| part.split_once('"'));
                found.insert(quoted.expect("a route begins with its path").0.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_route_of_the_interface_is_in_its_document() {
    let described: BTreeSet<String> = INTERFACE.iter().map(|(_, path, _)| (*path).to_owned()).collect();
    let there: BTreeSet<String> = routes().into_iter().filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(there, described, "what is routed and what is described differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_answers_whom_it_should_not() {
    let pages: BTreeSet<String> = PAGES.iter().map(|(path, _)| (*path).to_owned()).collect();
    // What is only ever sent to.
    let sent = [
        "/me/done",
        "/me/seen",
        "/me/sessions/end",
        "/me/sessions/end-others",
        "/me/tokens/end",
        "/me/tokens/end-all",
        "/plans",
        "/plans/{plan}/tasks/remind",
        "/me/passkeys/alone",
        "/me/passkeys/remove",
        "/sign-in/code",
    ];
    let there = routes().into_iter().filter(|path| !path.starts_with("/api/"));
    let there: BTreeSet<String> = there.filter(|path| !sent.contains(&path.as_str())).collect();
    assert_eq!(there, pages, "say here whom a page answers");
    let data = tempfile::tempdir().unwrap();
    let scan = Scan::open(data.path()).await;
    scan.all(PAGES.iter().map(|(path, whom)| ("get", *path, *whom))).await;
    for path in sent {
        for (party, token) in &scan.tokens {
            let status = scan.ask("post", path, token.as_deref()).await;
            // Or it leads to where one signs in.
            let refused = status.is_client_error() || status == StatusCode::SEE_OTHER;
            assert!(refused, "{path} as {party:?}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_taken_from_whom_the_table_names_and_in_the_stage_that_it_names() {
    let data = tempfile::tempdir().unwrap();
    let scan = Scan::open(data.path()).await;
    for (stage, plan) in &scan.plans {
        for (party, token) in &scan.tokens {
            let Some(token) = token else { continue };
            let fields = json!({ "plan": plan, "title": format!("As {party:?}") });
            let (status, answer) = scan.server.command(token, "plan.rename", fields).await;
            let grants = |action| party.is_some_and(|party| granted(party, *stage).contains(&action));
            let expected: &[u16] = match (party, grants(Action::Read), grants(Action::Edit)) {
                (None, _, _) => &[401],
                (_, false, _) => &[404],
                (_, true, false) => &[403, 409],
                (_, true, true) => &[200],
            };
            assert!(expected.contains(&status), "{party:?} in {stage:?}: {status} {answer}");
        }
    }
}
