//! Sections that a working group writes, through the doors.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::wire::{Client, Heard, Server, Spawn, Writer, binary, form};

async fn start(data: &Path) -> Server {
    Server::start(&Spawn { binary: binary(), data, through: &[] }).await
}

/// How many edits of each person are in the record, and the position of the newest; of changes that came in by
/// the sync protocol alone.
async fn edits(server: &Server, token: &str, plan: &str, person: &str) -> Vec<u64> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let (_, page) = server.get(token, &format!("/api/plans/{plan}/events?after={after}")).await;
        let events = page["events"].as_array().unwrap();
        let Some(last) = events.last() else { return found };
        after = last["position"].as_u64().unwrap();
        let theirs = |event: &&Value| event["type"] == "document.changed" && event["actor"] == person;
        found.extend(events.iter().filter(theirs).map(|event| event["position"].as_u64().unwrap()));
    }
}

/// Writes one letter into a section, and waits until the server has answered something.
async fn write(server: &Server, person: &str, document: &str, section: &str) {
    let token = server.sign_in(person).await;
    let mut client = Client::join(&server.sync_url(&token), &format!("{person}-{section}")).await;
    let opened = client.open(document).await;
    let change = Writer::new(&opened, section).write("x", client.heads.clone());
    client.send(&[change]).await;
    let deadline = Instant::now() + Duration::from_millis(400);
    while Instant::now() < deadline {
        let _ = timeout(Duration::from_millis(50), client.next()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_is_written_by_its_group_alone() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, document) = server.new_plan(2).await;
    let assign = |people: Value| json!({ "plan": plan, "section": "part-0", "people": people });
    let member = server.sign_in("member-1").await;
    let (status, answer) = server.command(&member, "section.assign", assign(json!(["member-1"]))).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("not_permitted")));
    let (_, answer) = server.command(&secretariat, "section.assign", assign(json!(["stranger"]))).await;
    assert_eq!(answer["code"], "person_unknown");
    let (status, answer) = server.command(&secretariat, "section.assign", assign(json!(["member-1"]))).await;
    assert_eq!(status, 200, "{answer}");

    let (_, about) = server.get(&member, &format!("/api/plans/{plan}")).await;
    assert_eq!(about["sections"][0]["may"], true);
    let other = server.sign_in("member-2").await;
    let (_, about) = server.get(&other, &format!("/api/plans/{plan}")).await;
    assert_eq!(
        (&about["sections"][0]["may"], &about["sections"][0]["section"]),
        (&json!(false), &json!("part-0"))
    );

    for (person, section, taken) in [
        ("member-1", "part-0", true),
        ("member-2", "part-1", true),
        ("member-2", "part-0", false),
        ("secretariat", "part-0", true),
    ] {
        let before = edits(&server, &secretariat, &plan, person).await.len();
        write(&server, person, &document, section).await;
        let now = edits(&server, &secretariat, &plan, person).await.len();
        assert_eq!(now - before, usize::from(taken), "{person} in {section}");
    }
    // By command neither.
    let rename = |section: &str| json!({ "plan": plan, "section": section, "heading": "Mine" });
    let (status, answer) = server.command(&other, "section.rename", rename("part-0")).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("section_of_others")));
    let (status, _) = server.command(&other, "section.rename", rename("part-1")).await;
    assert_eq!(status, 200);

    // Open to all again.
    let (status, _) = server.command(&secretariat, "section.assign", assign(json!([]))).await;
    assert_eq!(status, 200);
    let before = edits(&server, &secretariat, &plan, "member-2").await.len();
    write(&server, "member-2", &document, "part-0").await;
    assert_eq!(edits(&server, &secretariat, &plan, "member-2").await.len() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_that_becomes_a_groups_does_so_for_edits_in_flight() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, document) = server.new_plan(1).await;
    let member = server.sign_in("member-2").await;
    let mut client = Client::join(&server.sync_url(&member), "typist").await;
    let opened = client.open(&document).await;
    let mut writer = Writer::new(&opened, "part-0");
    let mut sent = 0;
    let begun = Instant::now();
    let mut assigned = None;
    while begun.elapsed() < Duration::from_millis(1_500) {
        let change = writer.write("x", client.heads.clone());
        client.send(&[change]).await;
        sent += 1;
        while let Ok(Heard::Sync { .. } | Heard::Other) =
            timeout(Duration::from_millis(1), client.next()).await
        {}
        if assigned.is_none() && begun.elapsed() > Duration::from_millis(600) {
            let fields = json!({ "plan": plan, "section": "part-0", "people": ["member-1"] });
            let (status, answer) = server.command(&secretariat, "section.assign", fields).await;
            assert_eq!(status, 200, "{answer}");
            assigned = answer["position"].as_u64();
        }
    }
    let assigned = assigned.unwrap();
    let positions = edits(&server, &secretariat, &plan, "member-2").await;
    assert!(positions.len() > 20 && positions.len() < sent, "{} of {sent}", positions.len());
    assert!(positions.iter().all(|position| *position < assigned), "an edit came after");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_what_is_set_on_a_page() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, _) = server.new_plan(1).await;
    let http = reqwest::Client::new();
    let url = server.url(&format!("/plans/{plan}/sections"));
    let page = |token: &str| http.get(&url).bearer_auth(token).send();
    assert_eq!(page(&server.sign_in("member-1").await).await.unwrap().status(), 404);
    let text = page(&secretariat).await.unwrap().text().await.unwrap();
    assert!(text.contains("Everybody who may write in the plan."), "{text}");
    let id = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f77";
    let fields = [("id", id), ("section", "part-0"), ("to", "p/member-1"), ("to", "p/member-2")];
    let answer = form(http.post(&url).bearer_auth(&secretariat), &fields).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.contains("Who writes it is set.") && text.contains("Written by"), "{text}");
    let (_, about) = server.get(&secretariat, &format!("/api/plans/{plan}")).await;
    assert_eq!(about["sections"][0]["people"], json!(["member-1", "member-2"]));
    let wrong = [("id", id), ("section", "part-0"), ("to", "x/member-1")];
    let answer = form(http.post(&url).bearer_auth(&secretariat), &wrong).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_asked_about_a_section_on_a_page_among_those_around_the_calendar() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path()).await;
    let secretariat = server.sign_in("secretariat").await;
    let (plan, _) = server.new_plan(2).await;
    let http = reqwest::Client::new();
    let page = async |token: &str, path: &str| {
        let answer = http.get(server.url(&format!("/plans/{plan}/{path}"))).bearer_auth(token).send().await;
        answer.unwrap().text().await.unwrap()
    };
    for path in ["calendar", "guests", "sections", "tasks"] {
        let text = page(&secretariat, path).await;
        let here = format!("href=\"/plans/{plan}/{path}\" aria-current=\"page\"");
        assert!(text.contains(&here), "{path} is not marked: {text}");
        let within = format!("href=\"/plans/{plan}/calendar\" aria-current=\"true\"");
        assert_eq!(text.contains(&within), path != "calendar", "the tab of {path}");
        for other in ["guests", "sections", "tasks", "read", "replay"] {
            assert!(text.contains(&format!("href=\"/plans/{plan}/{other}\"")), "{other} from {path}");
        }
    }
    let text = page(&server.sign_in("member-1").await, "calendar").await;
    assert!(!text.contains("/guests\"") && !text.contains("/tasks\""), "not for everybody: {text}");
    let text = page(&server.sign_in("consultant").await, "calendar").await;
    assert!(!text.contains("/guests\"") && text.contains("/tasks\""), "who asks finds the tasks: {text}");

    let text = page(&secretariat, "tasks").await;
    assert!(text.contains("<option value=\"part-1\">"), "{text}");
    let fields = [
        ("id", "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f78"),
        ("of", "person/member-1"),
        ("text", "Write it"),
        ("section", "part-1"),
    ];
    let url = server.url(&format!("/plans/{plan}/tasks"));
    let answer = form(http.post(&url).bearer_auth(&secretariat), &fields).send().await.unwrap();
    let text = answer.text().await.unwrap();
    assert!(text.contains(&format!("/plans/{plan}/read#s-part-1")), "{text}");
    let (_, tasks) = server.get(&server.sign_in("member-1").await, "/api/me/tasks").await;
    let task = tasks.as_array().unwrap().iter().find(|one| one["sentence"] == "Write it").unwrap();
    assert_eq!(task["path"], format!("/plans/{plan}/read#s-part-1"));
}
