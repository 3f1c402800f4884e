//! Changing the phases of a plan, and keeping templates, in the browser of who keeps the process.

use std::path::Path;

use serde_json::{Value, json};

use super::network::browser::Visitor;
use super::wire::{Server, Spawn, binary};

fn spawn(data: &Path) -> Spawn<'_> {
    Spawn { binary: binary(), data, through: &[] }
}

fn phase(id: &str, kind: &str, from: &str, to: &str) -> Value {
    json!({
        "phase": id, "kind": kind, "title": id, "opens": format!("{from}T08:00:00Z"),
        "closes": format!("{to}T20:00:00Z"),
    })
}

/// Drafting since 2024, and two phases that are to come.
async fn plan(server: &Server, token: &str) -> String {
    let (plan, _) = server.new_plan(1).await;
    let phases = [
        phase("drafting", "drafting", "2024-01-01", "2098-01-01"),
        phase("consultation", "consultation", "2098-02-01", "2098-03-01"),
        phase("adoption", "decision", "2098-03-02", "2098-04-01"),
    ];
    let fields = json!({ "plan": plan, "template": "own", "phases": phases });
    let (status, answer) = server.command(token, "process.start", fields).await;
    assert_eq!(status, 200, "{answer}");
    plan
}

/// The phases as programs read them: titles, kinds and gates.
async fn phases(visitor: &Visitor<'_>, plan: &str) -> Vec<(String, String, Vec<String>)> {
    let process = visitor.json(&format!("/api/plans/{plan}/process")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let phases = process["phases"].as_array().unwrap().iter();
    let gate = |one: &Value| one["gate"].as_array().unwrap().iter().map(|one| text(&one["role"])).collect();
    phases.map(|one| (text(&one["title"]), text(&one["kind"]), gate(one))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_that_are_to_come_are_changed_in_the_browser() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let visitor = Visitor::of(&server, "secretariat").await;
    let plan = plan(&server, &visitor.token).await;
    let (page, done) =
        (format!("/plans/{plan}/phases"), |word: &str| format!("/plans/{plan}/phases?done={word}"));
    visitor.get(&format!("/plans/{plan}/calendar")).await.says(&format!("href=\"{page}\""));

    let title = [("what", "rename"), ("title", "The plan of the North")];
    visitor.fill(&page, &title).await.leads_to(&done("renamed"));
    visitor.get(&done("renamed")).await.says("The title is saved.");
    assert_eq!(visitor.json(&format!("/api/plans/{plan}")).await["title"], "The plan of the North");

    let mut fields =
        vec![("what", "change"), ("phase", "consultation"), ("title", "Asking"), ("kind", "consultation")];
    fields.extend([("gate", "board"), ("gate", "chair")]);
    visitor.fill(&page, &fields).await.leads_to(&done("changed"));
    let add = [
        ("what", "add"),
        ("title", "Reading"),
        ("kind", "gathering"),
        ("opens", "2098-01-05T08:00"),
        ("closes", "2098-01-20T08:00"),
        ("gate", "chief-executive"),
    ];
    visitor.fill(&page, &add).await.leads_to(&done("added"));
    visitor.fill(&page, &[("what", "remove"), ("phase", "adoption")]).await.leads_to(&done("removed"));
    let expected = [
        ("drafting", "drafting", vec![]),
        ("Reading", "gathering", vec!["chief-executive"]),
        ("Asking", "consultation", vec!["board", "chair"]),
    ];
    let expected: Vec<_> = expected
        .map(|(title, kind, gate)| (title.into(), kind.into(), gate.into_iter().map(str::to_owned).collect()))
        .into();
    assert_eq!(phases(&visitor, &plan).await, expected);

    // What is refused says why, keeps what was typed, and changes nothing.
    let crossing = [("opens", "2098-01-10T08:00"), ("closes", "2098-01-30T08:00")];
    let crossing: Vec<_> =
        [("what", "add"), ("title", "Too early"), ("kind", "decision")].into_iter().chain(crossing).collect();
    let answer = visitor.fill(&page, &crossing).await;
    assert_eq!(answer.status, 422);
    answer.says("value=\"Too early\"");
    answer.says("value=\"decision\" checked");
    for (fields, says) in [
        (vec![("what", "add"), ("title", "No day"), ("kind", "decision"), ("opens", "soon")], "not a date"),
        (
            vec![("what", "change"), ("phase", "drafting"), ("title", "D"), ("kind", "decision")],
            "A phase has begun.",
        ),
        (vec![("what", "remove"), ("phase", "drafting")], "A phase has begun."),
        (vec![("what", "withdraw")], "A phase has begun."),
        (vec![("what", "rename"), ("title", " ")], "The title is empty."),
    ] {
        let answer = visitor.fill(&page, &fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        answer.says(says);
    }
    assert_eq!(phases(&visitor, &plan).await, expected);
    // What is open keeps its rules; its title may be another.
    let title = [("what", "change"), ("phase", "drafting"), ("title", "Writing"), ("kind", "drafting")];
    visitor.fill(&page, &title).await.leads_to(&done("changed"));
    assert_eq!(phases(&visitor, &plan).await[0].0, "Writing");

    let member = Visitor::of(&server, "member-1").await;
    assert_eq!(member.get(&page).await.status, 404);
    let fields = json!({ "plan": plan, "phase": "consultation" });
    let (status, answer) = server.command(&member.token, "phase.remove", fields).await;
    assert_eq!(status, 409, "{answer}");
    let history = visitor.get(&format!("/plans/{plan}/replay")).await;
    history.says("changed the phases of the plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_taken_back_and_kept_as_a_template() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(data.path())).await;
    let visitor = Visitor::of(&server, "secretariat").await;
    let (plan, _) = server.new_plan(1).await;
    let calendar = format!("/plans/{plan}/calendar");
    let start = |template| [("what", "start"), ("template", template), ("begins", "2098-01-01T08:00")];
    visitor.fill(&calendar, &start("strategic-plan")).await.leads_to(&format!("{calendar}?done=started"));
    let page = format!("/plans/{plan}/phases");
    for phase in ["reflection", "review"] {
        visitor.fill(&page, &[("what", "remove"), ("phase", phase)]).await;
    }
    let keep = [("what", "keep"), ("title", "Our short way")];
    visitor.fill(&page, &keep).await.leads_to("/templates?done=template");
    visitor.get("/templates").await.says("Our short way");
    let file = data.path().join("templates/our-short-way.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept["phases"].as_array().unwrap().len(), 6, "{kept}");

    visitor.fill(&page, &[("what", "withdraw")]).await.leads_to(&format!("{calendar}?done=withdrawn"));
    visitor.fill(&calendar, &start("our-short-way")).await.leads_to(&format!("{calendar}?done=started"));
    assert_eq!(phases(&visitor, &plan).await.len(), 6);

    // A file that is none says why and is kept in the form; another is taken, under a name of its own.
    let answer = visitor.post("/templates", &[("what", "add"), ("json", "{ \"template\": 1 }")]).await;
    assert_eq!(answer.status, 422);
    answer.says("The file is no template");
    answer.says("{ &quot;template&quot;: 1 }");
    let added = kept.to_string();
    visitor
        .post("/templates", &[("what", "add"), ("json", &added)])
        .await
        .leads_to("/templates?done=template");
    let names = async || {
        let all = visitor.json("/api/templates").await;
        let names = all.as_array().unwrap().iter().map(|one| one["template"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let own = ["strategic-plan", "equality-audit", "our-short-way-2", "our-short-way"];
    assert_eq!(names().await, own);
    for (template, status) in [("our-short-way", 303), ("our-short-way", 422), ("strategic-plan", 422)] {
        let answer = visitor.post("/templates", &[("what", "remove"), ("template", template)]).await;
        assert_eq!(answer.status, status, "{template}: {}", answer.html);
    }
    assert_eq!(names().await, own[..3]);
    let member = Visitor::of(&server, "member-1").await;
    assert_eq!(member.get("/templates").await.status, 404);
    assert_eq!(member.post("/templates", &[("what", "add"), ("json", &added)]).await.status, 404);
}
