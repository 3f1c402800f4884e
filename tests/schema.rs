//! The shapes of all events and commands: the Rust types, the JSON Schemas in `schema/` and the samples
//! beside them must agree. `make schema` writes them anew; a sample, once released, is never changed,
//! since a log that holds its shape must be read for ever.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use quorate::document::{self, Reading};
use quorate::domain::{ActorId, Base64, Command, Event, Request, Write};
use quorate::engine::record::EventView;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema")
}

fn writing() -> bool {
    std::env::var_os("QUORATE_WRITE_SCHEMA").is_some()
}

/// Compares with what is committed, or writes it.
fn check(path: &Path, generated: &Value) {
    let text = format!("{}\n", serde_json::to_string_pretty(generated).unwrap());
    if writing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &text).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, text, "{} is not what the types say: run `make schema`", path.display());
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// The variants of a tagged enum, each as a schema of its own under its tag.
fn variants<T: JsonSchema>() -> Vec<(String, Value)> {
    let whole = generator().into_root_schema_for::<T>().to_value();
    let shared = whole.get("$defs").cloned().unwrap_or_else(|| json!({}));
    let one_of = whole["oneOf"].as_array().expect("a tagged enum").clone();
    one_of
        .into_iter()
        .map(|mut variant| {
            let tag = variant["properties"]["type"]["const"].as_str().expect("a tag").to_owned();
            variant["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
            variant["title"] = tag.clone().into();
            let used = used_definitions(&variant, &shared);
            if !used.is_empty() {
                variant["$defs"] =
                    used.into_iter().map(|name| (name.clone(), shared[&name].clone())).collect();
            }
            (tag, variant)
        })
        .collect()
}

/// The definitions that a schema refers to, also by way of others.
fn used_definitions(schema: &Value, shared: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![schema.clone()];
    while let Some(next) = open.pop() {
        for reference in references(&next) {
            if found.insert(reference.clone()) {
                open.push(shared[&reference].clone());
            }
        }
    }
    found
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(target) if name == "$ref" => {
                    target.strip_prefix("#/$defs/").map(str::to_owned).into_iter().collect()
                }
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn sample(event: &str) -> Value {
    let plan = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00";
    let thread = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f01";
    let task = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f04";
    let invitation = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f03";
    let document = "4KxYq6yHiQWefNZru2Ymg99yqM3J";
    let hash = "daa173e4c905dd3bb76d43a3b132e9c52fb85f85433b8c561b4f0df5b48b2318";
    let anchor = json!({
        "section": "purpose", "start": "12@d5760d456cd92a9cc24ce5c3514cfa53",
        "end": "19@d5760d456cd92a9cc24ce5c3514cfa53", "heads": [hash], "quote": "equality",
    });
    let mut value = match event {
        "epoch.began" => json!({ "epoch": 1, "verifier_key": "quorate/example+8a1b2c3d+AQID" }),
        "person.added" => json!({ "person": "member-1", "roles": ["representative"] }),
        "person.changed" | "person.returned" => json!({
            "person": "member-1", "roles": ["representative"], "organisation": "north", "seat": true,
        }),
        "person.left" => json!({ "person": "member-1", "successor": "member-2" }),
        "person.renamed" | "person.erased" => json!({ "person": "member-1" }),
        "section.assigned" => json!({
            "plan": plan, "section": "purpose", "people": ["member-1"], "organisations": ["north"],
        }),
        "retention.set" => json!({ "plan": plan, "days": 1826 }),
        "retention.passed" => json!({ "plan": plan }),
        "comment.withheld" => json!({
            "plan": plan, "thread": thread, "comment": thread, "measure": "hidden",
            "reason": "It is about a person, not about the text.",
        }),
        "comment.shown" => json!({
            "plan": plan, "thread": thread, "comment": thread, "reason": "The name was taken out.",
        }),
        "comment.disputed" => json!({
            "plan": plan, "thread": thread, "comment": thread, "text": "It is about the text.",
        }),
        "conduct.set" => json!({ "rules": "Speak about the text.", "contact": "chair" }),
        "organisation.removed" => json!({ "organisation": "north" }),
        "organisation.added" | "organisation.changed" => json!({
            "organisation": "north", "name": "Equality Body of the North", "standing": "member",
            "weight": 2, "seats": 1,
        }),
        "process.started" => json!({
            "plan": plan, "template": "strategic-plan",
            "phases": [{
                "phase": "consultation", "kind": "consultation", "title": "Consultation",
                "opens": "2026-03-02T08:00:00Z", "closes": "2026-04-10T21:59:59Z", "gate": ["board"],
            }],
        }),
        "phase.rescheduled" => json!({
            "plan": plan, "phase": "consultation", "opens": "2026-03-02T08:00:00Z",
            "closes": "2026-04-17T21:59:59Z",
        }),
        "phase.added" => json!({
            "plan": plan, "phase": "workshop", "kind": "gathering", "title": "Workshop",
            "opens": "2026-03-02T08:00:00Z", "closes": "2026-03-03T17:00:00Z", "gate": ["chair"],
        }),
        "phase.changed" => json!({
            "plan": plan, "phase": "workshop", "title": "Planning day", "kind": "gathering",
            "gate": ["board"],
        }),
        "process.withdrawn" => json!({ "plan": plan }),
        "phase.removed" | "phase.opened" | "phase.closed" => json!({ "plan": plan, "phase": "consultation" }),
        "guest.invited" => json!({
            "invitation": invitation, "plan": plan, "phase": "consultation",
            "to": "Forum of Associations", "until": "2026-04-10T21:59:59Z",
        }),
        "guest.revoked" => json!({ "plan": plan, "invitation": invitation }),
        "guest.joined" => json!({
            "plan": plan, "invitation": invitation, "guest": "g-0a1b2c3d", "capacity": "for-organisation",
            "named": true, "published": true,
        }),
        "gate.approved" | "gate.withdrawn" => {
            json!({ "plan": plan, "phase": "consultation", "role": "board" })
        }
        "person.joined" => json!({ "person": "member-1" }),
        "plan.created" => json!({ "plan": plan, "title": "Strategic plan", "document": document }),
        "plan.renamed" => json!({ "plan": plan, "title": "Strategic plan, second draft" }),
        "plan.frozen" | "plan.unfrozen" => json!({ "plan": plan, "reason": "The consultation has begun." }),
        "actor.bound" => {
            json!({ "plan": plan, "actor_id": "d5760d456cd92a9cc24ce5c3514cfa53", "person": "member-1" })
        }
        "document.changed" => {
            let actor: ActorId = "d5760d456cd92a9cc24ce5c3514cfa53".parse().unwrap();
            let create = Write::Create { title: "Strategic plan".into() };
            let raw = document::write(&Reading::default(), &actor, 0, &create).unwrap();
            let change = document::scan(&raw).unwrap();
            json!({
                "plan": plan, "document": document, "hash": change.hash, "actor_id": change.actor,
                "heads": [change.hash], "change": Base64(change.raw),
            })
        }
        "thread.opened" => json!({ "plan": plan, "thread": thread, "anchor": anchor, "text": "For whom?" }),
        "thread.replied" => {
            json!({ "plan": plan, "thread": thread, "reply": "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f02", "text": "For all members." })
        }
        "stray.found" => json!({
            "plan": plan, "section": "purpose", "provision": "stray-0a1b2c3d4e5f60718293", "was": "p-2",
            "people": ["member-1"], "removed": 412,
        }),
        "stray.settled" => {
            json!({ "plan": plan, "provision": "stray-0a1b2c3d4e5f60718293", "settled": "kept" })
        }
        "task.asked" => json!({
            "task": task, "plan": plan, "section": "purpose", "of": { "organisation": "north" },
            "due": "2026-04-03T12:00:00Z",
        }),
        "task.worded" => json!({ "task": task, "text": "Please send us your figures." }),
        "task.done" | "task.withdrawn" => json!({ "task": task }),
        "thread.resolved" | "thread.reopened" => json!({ "plan": plan, "thread": thread }),
        other => panic!("{other} has no sample: add one here"),
    };
    value["type"] = event.into();
    value
}

#[test]
fn every_event_has_its_schema_and_a_sample_that_is_read() {
    let mut expected = BTreeSet::new();
    for (event, schema) in variants::<Event>() {
        check(&folder().join("events").join(format!("{event}.json")), &schema);
        let sample = sample(&event);
        check(&folder().join("samples").join(format!("{event}.1.json")), &sample);
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&sample), "{event}: the sample does not follow the schema");
        expected.insert(format!("{event}.json"));
    }
    let kept: BTreeSet<String> = names(&folder().join("events"));
    assert_eq!(kept, expected, "schema/events holds a schema of no event, or lacks one");
}

#[test]
fn every_sample_ever_kept_is_read_and_written_alike() {
    for name in names(&folder().join("samples")) {
        let kept: Value =
            serde_json::from_str(&fs::read_to_string(folder().join("samples").join(&name)).unwrap()).unwrap();
        let event: Event =
            serde_json::from_value(kept.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&event).unwrap(), kept, "{name}");
    }
}

#[test]
fn a_shape_that_is_not_ours_is_refused_by_the_schema() {
    for (event, schema) in variants::<Event>() {
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut wrong = sample(&event);
        let field = wrong.as_object().unwrap().keys().find(|key| *key != "type").unwrap().clone();
        wrong[&field] = json!({ "not": "this" });
        assert!(!validator.is_valid(&wrong), "{event}: {field} may be anything");
    }
}

#[test]
fn commands_and_the_envelope_have_their_schemas() {
    for (command, schema) in variants::<Command>() {
        check(&folder().join("commands").join(format!("{command}.json")), &schema);
    }
    check(&folder().join("command.json"), &generator().into_root_schema_for::<Request>().to_value());
    check(&folder().join("event.json"), &generator().into_root_schema_for::<EventView>().to_value());
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
