//! `/api/openapi.json`: the interface described for programs, from the same types that it is made of.

use axum::routing::get;
use axum::{Json, Router};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::mine::{NoticesView, TaskView};
use super::network::{OrganisationView, PolicyView};
use super::session::PersonView;
use crate::domain::{Event, Request};
use crate::http::Shared;
use crate::replay::Timeline;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/openapi.json", get(|| async { Json(document()) }))
}

/// Path, method, whether it asks for sign-in, what it does, and what it answers.
const OPERATIONS: &[(&str, &str, bool, &str, &str)] = &[
    ("/api/session", "get", false, "Who is signed in", "application/json"),
    ("/api/session/end", "post", false, "Sign out", "text/html"),
    (
        "/api/session/ticket",
        "post",
        true,
        "A ticket that opens one connection to `/sync?access_token=`, within seconds",
        "application/json",
    ),
    (
        "/api/auth/passkey/begin",
        "post",
        false,
        "What a device is to answer by a passkey: options for `navigator.credentials.get`, within minutes",
        "application/json",
    ),
    ("/api/auth/passkey/finish", "post", false, "Sign in by the answer of a passkey", "application/json"),
    (
        "/api/me/passkeys/begin",
        "post",
        true,
        "What a device is to make a passkey of: options for `navigator.credentials.create`, within minutes",
        "application/json",
    ),
    ("/api/me/passkeys/finish", "post", true, "Keep the passkey that a device has made", "application/json"),
    ("/api/demo/people", "get", false, "The people of the demonstration", "application/json"),
    (
        "/api/demo/sign-in",
        "post",
        false,
        "Sign in to the demonstration as one of its people",
        "application/json",
    ),
    ("/api/openapi.json", "get", false, "This description", "application/json"),
    ("/api/people", "get", true, "The people of the network", "application/json"),
    ("/api/me/data", "get", true, "A copy of all that is held about oneself", "application/json"),
    (
        "/api/people/{person}/data",
        "get",
        true,
        "A copy of all that is held about somebody, for those who keep people",
        "application/json",
    ),
    ("/api/organisations", "get", true, "The organisations of the network", "application/json"),
    ("/api/policy", "get", true, "Who can do what, in which stage of a plan", "application/json"),
    (
        "/api/me/tasks",
        "get",
        true,
        "What is asked of the one who asks, the nearest date first",
        "application/json",
    ),
    ("/api/me/notices", "get", true, "What is new to the one who asks, the newest first", "application/json"),
    ("/api/plans", "get", true, "The plans that one may read", "application/json"),
    ("/api/plans/{plan}", "get", true, "One plan", "application/json"),
    (
        "/api/plans/{plan}/process",
        "get",
        true,
        "The phases of a plan, with their dates and gates",
        "application/json",
    ),
    ("/api/templates", "get", true, "The templates from which a process can be made", "application/json"),
    ("/api/plans/{plan}/threads", "get", true, "The threads of comments of a plan", "application/json"),
    (
        "/api/plans/{plan}/strays",
        "get",
        true,
        "Words that were typed in paragraphs that somebody else deleted meanwhile",
        "application/json",
    ),
    ("/api/plans/{plan}/timeline", "get", true, "When and by whom a plan was worked on", "application/json"),
    ("/api/plans/{plan}/events", "get", true, "The events of a plan after a position", "application/json"),
    ("/api/plans/{plan}/live", "get", true, "Who is here, and what one may do", "text/event-stream"),
    (
        "/api/plans/{plan}/at/{position}",
        "get",
        true,
        "The plan after an event; `.html` or `.md` behind the position for a page or Markdown",
        "application/json",
    ),
    (
        "/api/plans/{plan}/at/{position}/since/{from}",
        "get",
        true,
        "What changed from one event to a later one; `.html` behind it for a page",
        "application/json",
    ),
    (
        "/api/commands",
        "post",
        true,
        "Give a command; repeating its id repeats its answer",
        "application/json",
    ),
];

/// The whole description, OpenAPI 3.1.
pub(super) fn document() -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    for schema in [
        schemas.subschema_for::<Request>(),
        schemas.subschema_for::<Event>(),
        schemas.subschema_for::<Timeline>(),
        schemas.subschema_for::<PersonView>(),
        schemas.subschema_for::<OrganisationView>(),
        schemas.subschema_for::<PolicyView>(),
        schemas.subschema_for::<TaskView>(),
        schemas.subschema_for::<NoticesView>(),
    ] {
        drop(schema);
    }
    let mut components = schemas.take_definitions(true);
    components.insert("Problem".into(), problem());
    let mut paths: Map<String, Value> = Map::new();
    for (path, method, guarded, summary, answers) in OPERATIONS {
        let entry = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert((*method).to_owned(), operation(path, *guarded, summary, answers));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Quorate", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::http::auth::COOKIE },
            },
        },
    })
}

fn operation(path: &str, guarded: bool, summary: &str, answers: &str) -> Value {
    let mut parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if path.ends_with("/events") {
        parameters.push(json!({
            "name": "after", "in": "query", "required": false, "schema": { "type": "integer", "minimum": 0 },
        }));
    }
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list = |name: &str| json!({ answers: { "schema": { "type": "array", "items": of(name) } } });
    let content = match path {
        "/api/people" => list("Person"),
        "/api/organisations" => list("Organisation"),
        "/api/me/tasks" => list("Task"),
        "/api/me/notices" => json!({ answers: { "schema": of("Notices") } }),
        "/api/policy" => json!({ answers: { "schema": of("Policy") } }),
        "/api/plans/{plan}/timeline" => {
            json!({ answers: { "schema": { "$ref": "#/components/schemas/Timeline" } } })
        }
        "/api/plans/{plan}/events" => json!({
            answers: { "schema": { "type": "object" } },
            "text/event-stream": { "schema": { "type": "string" } },
        }),
        _ => json!({ answers: {} }),
    };
    let failed = json!({
        "description": "A problem document",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let mut operation = json!({
        "summary": summary,
        "parameters": parameters,
        "responses": { "200": { "description": summary, "content": content }, "default": failed },
    });
    if guarded {
        operation["security"] = json!([{ "bearer": [] }, { "session": [] }]);
    }
    if path == "/api/commands" {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Request" } } },
        });
    }
    if path == "/api/demo/sign-in" {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": {
                "type": "object", "required": ["person"], "properties": { "person": { "type": "string" } },
            } } },
        });
    }
    operation
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "Stable: programs may rely on it" },
            "detail": { "type": "string" },
            "hint": { "type": "string", "description": "What to do about it" },
        },
    })
}
