//! Comments that are withheld and disputed, and what is forgotten, through the doors.

use std::path::Path;
use std::process::Command;

use automerge::ReadDoc as _;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use super::wire::{Client, Server, Spawn, Writer, binary};

async fn start(data: &Path) -> Server {
    Server::start(&Spawn { binary: binary(), data, through: &[] }).await
}

/// The demonstration's plan in drafting, which has comments.
async fn plan(server: &Server, token: &str) -> String {
    let (_, plans) = server.get(token, "/api/plans").await;
    plans[0]["id"].as_str().unwrap().to_owned()
}

async fn threads(server: &Server, token: &str, plan: &str) -> Vec<Value> {
    let (status, answer) = server.get(token, &format!("/api/plans/{plan}/threads")).await;
    assert_eq!(status, 200, "{answer}");
    answer["threads"].as_array().unwrap().clone()
}

/// A comment with the fields by which commands name it.
#[derive(Clone)]
struct Comment {
    place: Value,
    by: String,
    text: String,
}

impl Comment {
    /// Whoever wrote the first comment that this holds for.
    async fn find(server: &Server, token: &str, plan: &str, is: impl Fn(&str) -> bool) -> Self {
        for thread in threads(server, token, plan).await {
            for comment in thread["comments"].as_array().unwrap() {
                let by = comment["by"].as_str().unwrap();
                if is(by) {
                    return Self {
                        place: json!({ "plan": plan, "thread": thread["id"], "comment": comment["id"] }),
                        by: by.to_owned(),
                        text: comment["text"].as_str().unwrap().to_owned(),
                    };
                }
            }
        }
        panic!("nobody has commented");
    }

    fn with(&self, more: Value) -> Value {
        let mut fields = self.place.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    }

    /// As it is shown to somebody.
    async fn seen(&self, server: &Server, token: &str) -> Value {
        let plan = self.place["plan"].as_str().unwrap();
        let all = threads(server, token, plan).await;
        let thread = all.iter().find(|thread| thread["id"] == self.place["thread"]).unwrap();
        let comments = thread["comments"].as_array().unwrap();
        comments.iter().find(|comment| comment["id"] == self.place["comment"]).unwrap().clone()
    }
}

async fn ok(server: &Server, token: &str, kind: &str, fields: Value) {
    let (status, answer) = server.command(token, kind, fields).await;
    assert_eq!(status, 200, "{kind}: {answer}");
}

async fn code(server: &Server, token: &str, kind: &str, fields: Value) -> String {
    let (_, answer) = server.command(token, kind, fields).await;
    answer["code"].as_str().unwrap_or("ok").to_owned()
}

/// All that somebody can be shown of a plan: threads, the feed, its stream, the pages.
async fn everywhere(server: &Server, token: &str, plan: &str) -> String {
    let mut all = String::new();
    let (mut after, head) = (0, server.get(token, &format!("/api/plans/{plan}")).await.1["head"].clone());
    loop {
        let (status, page) = server.get(token, &format!("/api/plans/{plan}/events?after={after}")).await;
        assert_eq!(status, 200, "{page}");
        let events = page["events"].as_array().unwrap();
        let Some(last) = events.last() else { break };
        after = last["position"].as_u64().unwrap();
        // A change of the text is bytes, and words of the text.
        let others = events.iter().filter(|event| event["type"] != "document.changed");
        others.for_each(|event| all.push_str(&event.to_string()));
    }
    let http = reqwest::Client::new();
    let page = |path: String| {
        let request = http.get(server.url(&path)).bearer_auth(token);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    all.push_str(&page(format!("/plans/{plan}/read")).await);
    all.push_str(&page(format!("/plans/{plan}/replay?at={head}")).await);
    all.push_str(&page(format!("/api/plans/{plan}/threads")).await);
    all
}

/// Words of a comment that no escaping changes.
fn words(text: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    text.split(|c| !plain(c)).max_by_key(|part| part.len()).unwrap().trim()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_is_hidden_is_visible_as_hidden_and_read_by_few() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let plan = plan(&server, &secretariat).await;
    let comment = Comment::find(&server, &secretariat, &plan, |by| by.starts_with("member-")).await;
    let (author, chair) = (server.sign_in(&comment.by).await, server.sign_in("chair").await);
    let other = if comment.by == "member-1" { "member-2" } else { "member-1" };
    let other = server.sign_in(other).await;
    assert!(words(&comment.text).len() > 12, "{}", comment.text);
    assert!(everywhere(&server, &other, &plan).await.contains(words(&comment.text)));

    let hide = comment.with(json!({ "measure": "hidden", "reason": "It is about a person." }));
    assert_eq!(code(&server, &other, "comment.withhold", hide.clone()).await, "not_permitted");
    // Who reads along as it happens does not get the words either.
    let stream = reqwest::Client::new()
        .get(server.url(&format!("/api/plans/{plan}/events?after=0")))
        .bearer_auth(&other)
        .header("accept", "text/event-stream");
    ok(&server, &secretariat, "comment.withhold", hide.clone()).await;
    assert_eq!(code(&server, &secretariat, "comment.withhold", hide).await, "withheld_already");

    let seen = comment.seen(&server, &other).await;
    assert_eq!((seen["text"].as_str(), seen["by"].as_str()), (Some(""), Some(&*comment.by)));
    assert_eq!(seen["withheld"]["reason"], "It is about a person.");
    assert_eq!(seen["withheld"]["by"], "secretariat");
    for token in [&other, &chair] {
        let all = everywhere(&server, token, &plan).await;
        assert!(!all.contains(words(&comment.text)) && all.contains("It is about a person."));
    }
    let mut stream = stream.send().await.unwrap();
    let mut read = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout(Duration::from_millis(700), stream.chunk()).await {
        read.extend_from_slice(&chunk);
    }
    let read = String::from_utf8_lossy(&read);
    assert!(read.contains("comment.withheld") && !read.contains(words(&comment.text)));
    for token in [&author, &secretariat] {
        assert!(everywhere(&server, token, &plan).await.contains(words(&comment.text)));
    }

    // The author disputes it; one named person decides.
    ok(&server, &secretariat, "conduct.set", json!({ "rules": null, "contact": "chair", "version": 0 }))
        .await;
    let dispute = comment.with(json!({ "text": "It names an office and nobody." }));
    assert_eq!(code(&server, &other, "comment.dispute", dispute.clone()).await, "comment_of_another");
    ok(&server, &author, "comment.dispute", dispute).await;
    let show = comment.with(json!({ "reason": "It is about the text." }));
    assert_eq!(code(&server, &secretariat, "comment.show", show.clone()).await, "dispute_of_another");
    assert!(!everywhere(&server, &other, &plan).await.contains("names an office"));
    assert!(everywhere(&server, &chair, &plan).await.contains("names an office"));
    ok(&server, &chair, "comment.show", show).await;
    assert!(everywhere(&server, &other, &plan).await.contains(words(&comment.text)));
}

/// Everything that a verb prints, after it went well.
fn quorate(words: &[&str], data: &Path) -> String {
    let done = Command::new(binary()).args(words).arg("--data").arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_left_is_forgotten_and_the_record_still_proves_itself() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let plan = plan(&server, &secretariat).await;
    let comment = Comment::find(&server, &secretariat, &plan, |by| by.starts_with("member-")).await;
    let (_, people) = server.get(&secretariat, "/api/people").await;
    let known = |people: &Value| {
        people.as_array().unwrap().iter().find(|person| person["id"] == *comment.by).unwrap().clone()
    };
    let before = known(&people);
    let name = before["name"].as_str().unwrap().to_owned();
    let text_before = server.get(&secretariat, &format!("/api/plans/{plan}")).await.1["head"].clone();
    let state = format!("/api/plans/{plan}/at/{text_before}");
    let (_, text_before) = server.get(&secretariat, &state).await;

    let erase = json!({ "person": comment.by });
    assert_eq!(code(&server, &secretariat, "person.erase", erase.clone()).await, "still_in_network");
    let author = server.sign_in(&comment.by).await;
    let own = reqwest::Client::new().get(server.url("/api/me/data")).bearer_auth(&author);
    let copy = own.send().await.unwrap().text().await.unwrap();
    assert!(copy.contains(&name) && copy.contains(words(&comment.text)));
    serde_json::from_str::<Value>(&copy).unwrap();
    let leave = json!({ "person": comment.by, "successor": null, "version": before["version"] });
    ok(&server, &secretariat, "person.leave", leave).await;
    assert_eq!(code(&server, &author, "person.erase", erase.clone()).await, "sign_in_needed");
    ok(&server, &secretariat, "person.erase", erase.clone()).await;
    assert_eq!(code(&server, &secretariat, "person.erase", erase).await, "erased_already");

    for restarted in [false, true] {
        if restarted {
            server.stop();
            assert!(quorate(&["verify"], data.path()).contains("The record is whole"));
            server = start(data.path()).await;
        }
        let secretariat = server.sign_in("secretariat").await;
        let all = everywhere(&server, &secretariat, &plan).await;
        assert!(!all.contains(words(&comment.text)) && !all.contains(&name), "{restarted}");
        assert!(all.contains("\"erased\":true"));
        let (_, people) = server.get(&secretariat, "/api/people").await;
        assert_ne!(known(&people)["name"], *name);
        // The plan's text is whole, and whose it is stays an opaque id.
        let (_, text) = server.get(&secretariat, &state).await;
        assert_eq!(text, text_before);
    }
    let file = data.path().join("copy.backup");
    quorate(&["backup", file.to_str().unwrap()], data.path());
    let bytes = std::fs::read(&file).unwrap();
    for gone in [words(&comment.text), &name] {
        assert!(!bytes.windows(gone.len()).any(|part| part == gone.as_bytes()), "{gone} is in the backup");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_forgotten_when_its_time_has_come() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, document) = server.new_plan(1).await;
    let day = 86_400_000;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let time = |millis: i64| quorate::domain::Timestamp(millis).to_string();
    let thread = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f01";
    let anchor = {
        let text = Client::join(&server.sync_url(&secretariat), "reader").await.open(&document).await;
        let id = Writer::new(&text, "part-0").text();
        let cursor = |at| text.get_cursor(&id, at, None).unwrap().to_string();
        let heads: Vec<String> = text.get_heads().iter().map(ToString::to_string).collect();
        json!({ "section": "part-0", "start": cursor(1), "end": cursor(4), "heads": heads, "quote": "part" })
    };
    let open = json!({ "plan": plan, "thread": thread, "anchor": anchor, "text": "Who pays for it?" });
    ok(&server, &secretariat, "thread.open", open).await;
    assert!(everywhere(&server, &secretariat, &plan).await.contains("Who pays for it?"));
    let task = json!({ "task": "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f02", "plan": plan,
        "of": { "person": "consultant" }, "text": "Ask the treasurer about it." });
    ok(&server, &secretariat, "task.ask", task).await;
    let tasks = async || {
        let page = reqwest::Client::new().get(server.url(&format!("/plans/{plan}/tasks")));
        page.bearer_auth(&secretariat).send().await.unwrap().text().await.unwrap()
    };
    assert!(tasks().await.contains("Ask the treasurer about it."));

    let phases = json!([{
        "phase": "past", "kind": "follow-up", "title": "Past",
        "opens": time(now - 3 * day), "closes": time(now - 2 * day),
    }]);
    let fields = json!({ "plan": plan, "template": "own", "phases": phases, "keep_days": 0 });
    assert_eq!(code(&server, &secretariat, "process.start", fields.clone()).await, "retention_not_valid");
    let mut fields = fields;
    fields["keep_days"] = 1.into();
    ok(&server, &secretariat, "process.start", fields).await;
    let set = json!({ "plan": plan, "days": 30 });
    for _ in 0..500 {
        if code(&server, &secretariat, "retention.set", set.clone()).await == "retention_is_over" {
            assert!(!everywhere(&server, &secretariat, &plan).await.contains("Who pays for it?"));
            let tasks = tasks().await;
            assert!(
                !tasks.contains("Ask the treasurer")
                    && tasks.contains("The words of this task have been erased."),
                "{tasks}"
            );
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the day did not come");
}
