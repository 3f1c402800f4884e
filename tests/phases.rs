//! The phases of a plan through the user's doors: dates act by themselves, also on edits that are on their way.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::wire::{Client, Heard, Server, Spawn, Writer, binary, form};

fn spawn(data: &Path) -> Spawn<'_> {
    Spawn { binary: binary(), data, through: &[] }
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// As the interface writes times.
fn time(millis: i64) -> String {
    quorate::domain::Timestamp(millis).to_string()
}

fn phase(id: &str, kind: &str, opens: i64, closes: i64, gate: &[&str]) -> Value {
    json!({ "phase": id, "kind": kind, "title": id, "opens": time(opens), "closes": time(closes), "gate": gate })
}

async fn start(server: &Server, token: &str, plan: &str, phases: Value) {
    let fields = json!({ "plan": plan, "template": "own", "phases": phases });
    let (status, answer) = server.command(token, "process.start", fields).await;
    assert_eq!(status, 200, "{answer}");
}

/// All events of a plan, oldest first.
async fn events(server: &Server, token: &str, plan: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (status, page) = server.get(token, &format!("/api/plans/{plan}/events?after={after}")).await;
        assert_eq!(status, 200, "{page}");
        let page = page["events"].as_array().unwrap().clone();
        let Some(last) = page.last() else { return all };
        after = last["position"].as_u64().unwrap();
        all.extend(page);
    }
}

/// Waits until an event of a plan is in the record, at most 10 s.
async fn until(server: &Server, token: &str, plan: &str, kind: &str, of: &str) -> Value {
    for _ in 0..500 {
        let found = events(server, token, plan).await.into_iter();
        let mut found = found.filter(|event| event["type"] == kind && event["payload"]["phase"] == of);
        if let Some(event) = found.next() {
            return event;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{kind} of {of} did not come");
}

fn millis(event: &Value) -> i64 {
    serde_json::from_value::<quorate::domain::Timestamp>(event["at"].clone()).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phase_closes_under_somebody_who_types() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let secretariat = server.sign_in("secretariat").await;
    let member = server.sign_in("member-1").await;
    let (plan, document) = server.new_plan(1).await;
    let closes = now() + 2_500;
    let phases = json!([
        phase("drafting", "drafting", now() - 1_000, closes, &[]),
        phase("consultation", "consultation", closes + 700, closes + 3_600_000, &["board"]),
    ]);
    start(&server, &secretariat, &plan, phases).await;
    until(&server, &secretariat, &plan, "phase.opened", "drafting").await;

    let mut client = Client::join(&server.sync_url(&member), "typist").await;
    let opened = client.open(&document).await;
    let mut writer = Writer::new(&opened, "part-0");
    let mut sent = 0;
    while now() < closes + 400 {
        let change = writer.write("x", client.heads.clone());
        client.send(&[change]).await;
        sent += 1;
        // What comes is read, so that the connection is never the one that waits.
        while let Ok(Heard::Sync { .. } | Heard::Other) =
            timeout(Duration::from_millis(1), client.next()).await
        {}
        sleep(Duration::from_millis(4)).await;
    }
    let closed = until(&server, &secretariat, &plan, "phase.closed", "drafting").await;
    let late = millis(&closed) - closes;
    assert!((0..1_000).contains(&late), "closed {late} ms after its date");
    assert_eq!(closed["actor"], Value::Null, "in nobody's name");

    let all = events(&server, &secretariat, &plan).await;
    let end = closed["position"].as_u64().unwrap();
    let edits: Vec<u64> = all
        .iter()
        .filter(|event| event["type"] == "document.changed" && event["actor"] == "member-1")
        .map(|event| event["position"].as_u64().unwrap())
        .collect();
    assert!(edits.len() > 50 && edits.len() < sent, "{} of {sent} edits were in time", edits.len());
    assert!(edits.iter().all(|position| *position < end), "an edit came after the end of its phase");

    until(&server, &secretariat, &plan, "phase.opened", "consultation").await;
    let (_, about) = server.get(&member, &format!("/api/plans/{plan}")).await;
    assert_eq!(
        (&about["may"], &about["phase"]["phase"]),
        (&json!(["read", "comment"]), &json!("consultation"))
    );
    // Not even who keeps the process writes while the text stands still.
    for token in [&member, &secretariat] {
        let rename = json!({ "plan": plan, "title": "Another" });
        let (status, answer) = server.command(token, "plan.rename", rename).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("not_in_this_phase")), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_no_longer_is_sent_nothing_more() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let secretariat = server.sign_in("secretariat").await;
    let member = server.sign_in("member-1").await;
    let (plan, document) = server.new_plan(1).await;
    let opens = now() + 1_500;
    let phases = json!([phase("interviews", "confidential", opens, opens + 3_600_000, &[])]);
    // Before the first phase members read.
    start(&server, &secretariat, &plan, phases).await;
    let mut client = Client::join(&server.sync_url(&member), "reader").await;
    client.open(&document).await;
    let closed = async {
        loop {
            if let Heard::Closed(reason) = client.next().await {
                break reason;
            }
        }
    };
    let reason = timeout(Duration::from_secs(10), closed).await.unwrap();
    assert_eq!(reason, "a plan is no longer open to you");
    let mut again = Client::join(&server.sync_url(&member), "again").await;
    again.request(&document).await;
    let answer = timeout(Duration::from_secs(10), again.next()).await.unwrap();
    assert!(matches!(answer, Heard::Unavailable), "{answer:?}");
    let (status, answer) = server.get(&member, &format!("/api/plans/{plan}")).await;
    assert_eq!((status, answer["code"].as_str()), (404, Some("plan_unknown")));
    let (status, _) = server.get(&secretariat, &format!("/api/plans/{plan}")).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_due_while_the_server_was_down_is_recorded_at_its_start() {
    let data = tempfile::tempdir().unwrap();
    let spawn = spawn(data.path());
    let mut server = Server::start(&spawn).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, _) = server.new_plan(1).await;
    let opens = now() + 1_200;
    let phases = json!([phase("drafting", "drafting", opens, opens + 3_600_000, &[])]);
    start(&server, &secretariat, &plan, phases).await;
    server.stop();
    drop(server);
    sleep(Duration::from_millis(u64::try_from(opens - now()).unwrap_or(0))).await;
    let server = Server::start(&spawn).await;
    let opened = until(&server, &secretariat, &plan, "phase.opened", "drafting").await;
    assert!(millis(&opened) >= opens);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_the_process_starts_a_plan_and_its_calendar_in_the_browser() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let secretariat = server.sign_in("secretariat").await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let send = async |token: &str, path: &str, fields: &[(&str, &str)]| {
        let request = form(http.post(server.url(path)), fields).bearer_auth(token);
        let answer = request.send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to, answer.text().await.unwrap())
    };
    let id = uuid::Uuid::now_v7().to_string();
    let calendar = format!("/plans/{id}/calendar");
    let (status, _, page) = send(&secretariat, "/plans", &[("id", &id), ("title", " ")]).await;
    assert!(status == 422 && page.contains("The title is empty."), "{status} {page}");
    for _ in 0..2 {
        let (status, to, page) = send(&secretariat, "/plans", &[("id", &id), ("title", "New")]).await;
        assert_eq!((status, to), (303, Some(calendar.clone())), "sent twice, made once: {page}");
    }
    let member = server.sign_in("member-1").await;
    let other = uuid::Uuid::now_v7().to_string();
    let (status, _, page) = send(&member, "/plans", &[("id", &other), ("title", "Mine")]).await;
    assert!(status == 422 && !page.contains("/plans\""), "who may not start a plan has no form: {page}");

    let command = uuid::Uuid::now_v7().to_string();
    let start =
        |begins| [("id", &*command), ("what", "start"), ("template", "strategic-plan"), ("begins", begins)];
    // What would last beyond what the record can write is refused, and the record stays readable.
    let (status, _, page) = send(&secretariat, &calendar, &start("9998-01-01T08:00")).await;
    assert!(status == 422 && page.contains("after the year 2199"), "{status} {page}");
    // A phase of the other template is no way to begin with the first of this one.
    let crossed: Vec<_> = start("2026-01-01T08:00").into_iter().chain([("from", "research")]).collect();
    let (status, _, page) = send(&secretariat, &calendar, &crossed).await;
    assert!(status == 422 && page.contains("of another template"), "{status} {page}");
    let fields = start("2026-01-01T08:00");
    let (status, to, page) = send(&secretariat, &calendar, &fields).await;
    assert_eq!((status, to), (303, Some(format!("{calendar}?done=started"))), "{page}");
    let (_, process) = server.get(&secretariat, &format!("/api/plans/{id}/process")).await;
    assert_eq!(process["phases"].as_array().unwrap().len(), 8, "{process}");
    let moved = [
        ("id", &*uuid::Uuid::now_v7().to_string()),
        ("what", "move"),
        ("phase", "review"),
        ("opens", "1999-01-01T00:00"),
        ("closes", "soon"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let moved: Vec<(&str, &str)> = moved.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (status, _, page) = send(&secretariat, &calendar, &moved).await;
    assert!(
        status == 422 && page.contains("not a date") && page.contains("value=\"soon\""),
        "{status} {page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_whose_role_nobody_has_says_so_and_what_is_over_is_folded() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, _) = server.new_plan(1).await;
    let opens = now();
    let phases = json!([
        phase("gathering", "gathering", opens - 1_000, opens + 400, &[]),
        phase("drafting", "drafting", opens + 500, opens + 3_600_000, &["chief-executive", "chair"]),
    ]);
    start(&server, &secretariat, &plan, phases).await;
    until(&server, &secretariat, &plan, "phase.opened", "drafting").await;
    let http = reqwest::Client::new();
    let page = async |token: &str| {
        let request = http.get(server.url(&format!("/plans/{plan}/calendar"))).bearer_auth(token);
        request.send().await.unwrap().text().await.unwrap()
    };
    let text = page(&secretariat).await;
    assert!(text.contains("Nobody is chief executive at present: this gate cannot open."), "{text}");
    assert!(!text.contains("Nobody is chair"), "{text}");
    let folded = text.find("Phases that are over (1)").unwrap();
    let (over, open) =
        (text.find("id=\"phase-gathering\"").unwrap(), text.find("id=\"phase-drafting\"").unwrap());
    let end = folded + text[folded..].find("</details>").unwrap();
    assert!(folded < over && over < end && end < open, "{text}");
    assert!(text.contains("<details class=\"phases-over\">"), "nothing is missing in what is folded: {text}");
    let text = page(&server.sign_in("member-1").await).await;
    assert!(!text.contains("Nobody is"), "only for who can do something about it: {text}");

    let add =
        json!({ "person": "a-chief", "roles": ["chief-executive"], "organisation": null, "name": "A chief" });
    assert_eq!(server.command(&secretariat, "person.add", add).await.0, 200);
    assert!(!page(&secretariat).await.contains("Nobody is"), "somebody is chief executive now");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_page_says_what_holds_in_single_plans() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, _) = server.new_plan(1).await;
    let http = reqwest::Client::new();
    let page = async |path: &str, token: &str| {
        let request = http.get(server.url(path)).bearer_auth(token);
        request.send().await.unwrap().text().await.unwrap()
    };
    let besides = async || {
        let text = page("/network/policy", &secretariat).await;
        text.split_once("In single plans, besides").unwrap().1.split_once("</section>").unwrap().0.to_owned()
    };
    let before = besides().await;
    assert!(!before.contains(&plan), "{before}");

    let opens = now();
    let phases =
        json!([phase("drafting", "drafting", opens - 1_000, opens + 3_600_000, &["board", "chair"])]);
    start(&server, &secretariat, &plan, phases).await;
    until(&server, &secretariat, &plan, "phase.opened", "drafting").await;
    let send = async |what: &str, who: &str, role: &str| {
        let token = server.sign_in(who).await;
        let id = uuid::Uuid::now_v7().to_string();
        let fields = [("id", &*id), ("what", what), ("phase", "drafting"), ("role", role)];
        let request = form(http.post(server.url(&format!("/plans/{plan}/calendar"))), &fields);
        let answer = request.bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = send("approve", "chair", "chair").await;
    assert!(status == 200 && text.contains("Your approval is recorded."), "{status} {text}");
    assert!(text.contains("Take the approval back"), "{text}");
    let assign = json!({ "plan": plan, "section": "part-0", "people": ["member-2"] });
    assert_eq!(server.command(&secretariat, "section.assign", assign).await.0, 200);
    let said = besides().await;
    for words in ["Board (has not approved yet)", "Chair of the board (has approved)", "Written by"] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let (status, text) = send("withdraw", "secretariat", "chair").await;
    assert!(
        status == 422 && text.contains("This gate does not ask for your approval in that role."),
        "{text}"
    );
    let (status, text) = send("withdraw", "chair", "chair").await;
    assert!(status == 200 && text.contains("Your approval is taken back."), "{status} {text}");
    let freeze = json!({ "plan": plan, "reason": "The board meets." });
    assert_eq!(server.command(&secretariat, "plan.freeze", freeze).await.0, 200);
    let said = besides().await;
    for words in
        ["Board (has not approved yet), Chair of the board (has not approved yet)", "The board meets."]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}
