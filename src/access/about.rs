//! All that is held about a person: a copy for them, in JSON.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::PersonId;
use crate::engine::Engine;
use crate::engine::record::EventView;
use crate::log::{Failure, Recorded, Stream};

/// How many events are read at once.
const PAGE: usize = 1_000;

/// The copy: one object with `person`, `made`, `about` (name and address), `part` (in the network), `access` (what lets
/// them in, and when they came) and `record` (every event that they caused, or that names them; a change of a text
/// with its bytes, as `schema/events/document.changed.json` has it). For a long history it takes seconds.
///
/// It is the person's own. `by` somebody else who keeps people, it says of what belongs to a plan only that it happened:
/// they may have no part in that plan, and what was withheld or begun is not theirs to read.
pub fn about(engine: &Engine, person: &PersonId, by: &PersonId) -> Result<String, Failure> {
    let is_own = person == by;
    let (part, guest) = {
        let views = engine.views();
        let known = views.state.people.get(person);
        let part = known.map(|known| {
            json!({ "office": known.office, "left": known.left, "joined": known.joined, "erased": known.erased })
        });
        let guest = views.state.guests.people.get(person);
        let guest = guest.map(|guest| {
            json!({
                "invitation": guest.invitation, "capacity": guest.capacity,
                "named": guest.named, "published": guest.published,
            })
        });
        (part, guest)
    };
    // What stands for a secret is none of what is known of somebody.
    let known = engine.about(person).map(|mut known| {
        known.told.unsubscribe = None;
        known
    });
    let head = json!({
        "person": person,
        "made": (engine.clock())(),
        "about": known,
        "part": part,
        "guest": guest,
        "access": entries(engine, person, is_own)?,
    });
    let mut copy = head.to_string();
    // The events one by one: as values they would take many times their room.
    copy.pop();
    copy.push_str(",\"record\":[");
    let (mut after, mut first) = (0, true);
    // What is asked of somebody is one event, and its words are another.
    let mut tasks: HashSet<Stream> = HashSet::new();
    loop {
        let page = engine.log().read(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in &page {
            if is_concerning(event, person) || tasks.contains(&event.stream) {
                if event.stream.as_str().starts_with("task/") {
                    tasks.insert(event.stream.clone());
                }
                let mut view = EventView::of(event)?;
                if !is_own && (view.plan.is_some() || view.kind == "task.worded") {
                    view.payload.clear();
                    view.withheld = true;
                }
                let comma = if first { "" } else { "," };
                let text = serde_json::to_string(&view).map_err(|error| Failure::Read(error.to_string()))?;
                let _ = write!(copy, "{comma}{text}");
                first = false;
            }
        }
    }
    copy.push_str("]}");
    Ok(copy)
}

/// Whether a person caused an event, or it names them.
fn is_concerning(event: &Recorded, person: &PersonId) -> bool {
    let is_theirs = event.actor.as_ref() == Some(person);
    let names = || {
        let quoted = format!("\"{person}\"");
        let payload = event.payload.as_deref().unwrap_or_default();
        !is_change(event) && payload.windows(quoted.len()).any(|words| words == quoted.as_bytes())
    };
    is_theirs || names()
}

fn is_change(event: &Recorded) -> bool {
    &*event.kind == crate::engine::record::CHANGED
}

/// The entries of the table of access that are theirs, without what is secret in them or stands for a secret.
fn entries(engine: &Engine, person: &PersonId, is_own: bool) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for (key, value) in engine.log().list_access(b"")? {
        let Ok(mut entry) = serde_json::from_slice::<Value>(&value) else { continue };
        if names(&entry, person) {
            let kind: Vec<u8> = key.iter().copied().take_while(|byte| *byte != b'/').collect();
            if let Some(fields) = entry.as_object_mut() {
                fields.retain(|field, _| !matches!(field.as_str(), "page" | "code" | "replaced"));
            }
            // What a guest has begun and not handed in.
            if let Some(guest) = entry.get_mut("guest").and_then(Value::as_object_mut).filter(|_| !is_own) {
                guest.remove("draft");
            }
            found.push(json!({ "kind": String::from_utf8_lossy(&kind), "entry": entry }));
        }
    }
    Ok(found)
}

/// Whether a person is named anywhere in an entry.
fn names(entry: &Value, person: &PersonId) -> bool {
    match entry {
        Value::String(text) => text == person.as_str(),
        Value::Array(items) => items.iter().any(|item| names(item, person)),
        Value::Object(fields) => fields.values().any(|value| names(value, person)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
