//! What guests and outside bodies see of others, and others of them.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::everywhere::{About, anchor, found};
use super::{Desk, HOUR, now, time, value};
use std::time::Duration;

const AMONG: &str = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f01";
const ASKED: &str = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f02";

async fn ok(desk: &Desk, token: &str, kind: &str, fields: Value) -> u64 {
    let (status, answer) = desk.server.command(token, kind, fields).await;
    assert_eq!(status, 200, "{kind}: {answer}");
    answer["position"].as_u64().unwrap()
}

/// Somebody who acts for a stakeholder, who has signed in.
async fn stakeholder(desk: &Desk) -> String {
    let body = json!({
        "organisation": "outside-forum", "name": "Forum of Associations", "standing": "stakeholder", "weight": 0, "seats": 0,
    });
    ok(desk, &desk.secretariat, "organisation.add", body).await;
    let person = json!({
        "person": "a-stakeholder", "roles": ["representative"], "organisation": "outside-forum", "name": "Stella",
    });
    ok(desk, &desk.secretariat, "person.add", person).await;
    desk.server.sign_in("a-stakeholder").await
}

/// A plan that was drafted, with a thread among members; then its consultation opened, with a thread in it.
async fn consulted(data: &std::path::Path) -> (Desk, u64) {
    let desk = Desk::begin(data, |now| {
        json!([
            { "phase": "drafting", "kind": "drafting", "title": "Drafting",
              "opens": time(now - 1_000), "closes": time(now + HOUR) },
            { "phase": "consultation", "kind": "consultation", "title": "Consultation",
              "opens": time(now + HOUR), "closes": time(now + 2 * HOUR) },
        ])
    })
    .await;
    desk.until("drafting").await;
    let member = desk.server.sign_in("member-1").await;
    let of = anchor(&desk.server, &member, &desk.plan, "part-0").await;
    let open =
        |thread: &str, text: &str| json!({ "plan": desk.plan, "thread": thread, "anchor": of, "text": text });
    ok(&desk, &member, "thread.open", open(AMONG, "Among ourselves, this is weak.")).await;
    let reason = json!({ "plan": desk.plan, "reason": "We quarrel about money." });
    ok(&desk, &desk.secretariat, "plan.freeze", reason.clone()).await;
    let before = ok(&desk, &desk.secretariat, "plan.unfreeze", reason).await;
    for (phase, opens, closes) in
        [("drafting", now() - 1_000, now() + 300), ("consultation", now() + 300, now() + HOUR)]
    {
        let dates =
            json!({ "plan": desk.plan, "phase": phase, "opens": time(opens), "closes": time(closes) });
        ok(&desk, &desk.secretariat, "phase.reschedule", dates).await;
    }
    desk.until("consultation").await;
    ok(&desk, &member, "thread.open", open(ASKED, "What do others say to it?")).await;
    (desk, before)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_members_said_while_drafting_is_not_shown_outside() {
    let data = tempfile::tempdir().unwrap();
    let (desk, before) = consulted(data.path()).await;
    let outside = stakeholder(&desk).await;
    let member = desk.server.sign_in("member-1").await;
    let (_, about) = desk.server.get(&outside, &format!("/api/plans/{}", desk.plan)).await;
    let about = About {
        person: "member-1",
        organisation: "outside-forum",
        position: about["head"].as_u64().unwrap(),
        from: before,
    };
    let words = ["Among ourselves, this is weak.", AMONG, "We quarrel about money."];
    let read = desk.everything(&member, &about).await;
    for (text, places) in [(words[0], 5), (AMONG, 4), (words[2], 2)] {
        let found = found(&read, text);
        assert!(found.len() >= places, "{text} is shown to members: {found:?}");
    }
    let own = desk.join(&desk.link().await).await;
    let mut seen = desk.everything(&outside, &about).await;
    seen.push(("as a guest".into(), desk.get(&own).await.1));
    for text in words {
        assert_eq!(found(&seen, text), Vec::<&str>::new(), "{text}");
    }
    assert!(found(&seen, "What do others say to it?").len() >= 4, "what was asked of them is");

    // The past begins where the consultation did.
    let (_, line) = desk.server.get(&outside, &format!("/api/plans/{}/timeline", desk.plan)).await;
    let from = line["first"].as_u64().unwrap();
    assert!(from > before, "{line}");
    for list in ["bursts", "comments", "decisions"] {
        for mark in line[list].as_array().unwrap() {
            let at = mark["position"].as_u64().or(mark["last"].as_u64()).unwrap();
            assert!(at >= from, "{mark}");
        }
    }
    for (path, status) in [
        (format!("/api/plans/{}/at/{before}", desk.plan), 404),
        (format!("/api/plans/{}/at/{from}", desk.plan), 200),
        (format!("/api/plans/{}/at/{from}/since/{before}", desk.plan), 404),
        (format!("/plans/{}/read?at={before}", desk.plan), 404),
        (format!("/plans/{}/read?at={from}", desk.plan), 200),
        (format!("/plans/{}/replay?at={before}", desk.plan), 404),
        (format!("/plans/{}/replay?at={from}", desk.plan), 200),
    ] {
        let answer = desk.http.get(desk.server.url(&path)).bearer_auth(&outside).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let answer = desk.http.get(desk.server.url(&path)).bearer_auth(&member).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path} as a member");
    }
    let (_, page) = desk.server.get(&outside, &format!("/api/plans/{}/events?after=0", desk.plan)).await;
    assert_eq!(page["events"][0]["position"].as_u64(), Some(from));

    // Nor can they answer there.
    let reply = |thread: &str| json!({ "plan": desk.plan, "thread": thread, "text": "Is it?" });
    let (_, answer) = desk.server.command(&outside, "thread.reply", reply(AMONG)).await;
    assert_eq!(answer["code"], "thread_unknown");
    ok(&desk, &outside, "thread.reply", reply(ASKED)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_on_from_outside_is_not_woken_by_what_they_are_not_shown() {
    let data = tempfile::tempdir().unwrap();
    let (desk, _) = consulted(data.path()).await;
    let outside = stakeholder(&desk).await;
    let member = desk.server.sign_in("member-1").await;
    let path = desk.server.url(&format!("/api/plans/{}/live", desk.plan));
    let mut live = desk.http.get(path).bearer_auth(&outside).send().await.unwrap();
    let mut said = String::new();
    let mut until = async |text: &str| {
        while !said.contains(text) {
            let chunk = timeout(Duration::from_secs(10), live.chunk()).await.unwrap().unwrap().unwrap();
            said.push_str(&String::from_utf8_lossy(&chunk));
        }
        said.clone()
    };
    until("event: here").await;
    let reply = |thread: &str| json!({ "plan": desk.plan, "thread": thread, "text": "So it is." });
    let hidden = ok(&desk, &member, "thread.reply", reply(AMONG)).await;
    let shown = ok(&desk, &member, "thread.reply", reply(ASKED)).await;
    let said = until(&format!("\"position\":{shown}")).await;
    assert!(!said.contains(&format!("\"position\":{hidden}")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_is_not_to_be_named_is_named_nowhere() {
    const UNNAMED: &str = "Adalgisa Quibble";
    const NAMED: &str = "Balthasar Wren";
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let outside = stakeholder(&desk).await;
    let link = desk.link().await;
    let mut guests = Vec::new();
    for (name, named) in [(UNNAMED, false), (NAMED, true)] {
        let mut fields = vec![("name", name), ("capacity", "for-organisation")];
        if named {
            fields.push(("named", "yes"));
        }
        let (_, own) = desk.post(&link, &fields).await;
        let own = own.split('?').next().unwrap().to_owned();
        let (_, page) = desk.get(&format!("{own}?on=part-0")).await;
        let (id, provision) = (value(&page, "id"), value(&page, "provision"));
        let said = [("id", &*id), ("what", "comment"), ("provision", &*provision), ("text", "Is it?")];
        assert_eq!(desk.post(&own, &said).await.0, 303);
        guests.push(own);
    }
    let by = |thread: &Value| thread["comments"][0]["by"].as_str().unwrap().to_owned();
    let threads = desk.threads().await;
    let ids: Vec<String> = threads.iter().map(by).collect();
    // Somebody answers them, so that there is something to tell.
    for thread in &threads {
        let reply = json!({ "plan": desk.plan, "thread": thread["id"], "text": "It is." });
        ok(&desk, &desk.secretariat, "thread.reply", reply).await;
    }
    let (_, about) = desk.server.get(&outside, &format!("/api/plans/{}", desk.plan)).await;
    let head = about["head"].as_u64().unwrap();
    let (_, line) = desk.server.get(&outside, &format!("/api/plans/{}/timeline", desk.plan)).await;
    let from = line["first"].as_u64().unwrap();
    let mut seen = Vec::new();
    let people = ["member-1", "member-2", "consultant", "chair", "board-1"];
    let mut tokens = vec![("a-stakeholder", outside)];
    let (_, known) = desk.server.get(&desk.secretariat, "/api/people").await;
    for person in people {
        if known.as_array().unwrap().iter().any(|one| one["id"] == person) {
            tokens.push((person, desk.server.sign_in(person).await));
        }
    }
    assert!(tokens.len() >= 4, "{known}");
    tokens.push(("secretariat", desk.secretariat.clone()));
    for (who, token) in &tokens {
        for id in &ids {
            let about = About { person: id, organisation: "outside-forum", position: head, from };
            let read = desk.everything(token, &about).await;
            if *who == "secretariat" {
                assert!(found(&read, UNNAMED).len() >= 5, "who invites knows: {:?}", found(&read, UNNAMED));
            } else {
                assert!(found(&read, NAMED).len() >= 3, "{who} is told who may be named");
                assert_eq!(found(&read, UNNAMED), Vec::<&str>::new(), "{who}");
                assert!(!found(&read, "A guest from Forum of Associations").is_empty(), "{who}");
            }
        }
    }
    seen.push(("another guest".to_owned(), desk.get(&guests[1]).await.1));
    seen.push(("the invitation".to_owned(), desk.get(&link).await.1));
    assert_eq!(found(&seen, UNNAMED), Vec::<&str>::new());
}
