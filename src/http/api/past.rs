//! A past state of a plan, and the difference of two.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::html as markup;
use serde_json::{Value, json};

use super::plans::readable;
use super::session::names;
use crate::domain::{PersonId, PlanId, Position};
use crate::export::{html, markdown};
use crate::http::auth::SignedIn;
use crate::http::pages::{self, People, Person};
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::room::Rooms;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/plans/{plan}/at/{position}", get(at))
        .route("/api/plans/{plan}/at/{position}/since/{from}", get(since))
}

enum Format {
    Json,
    Html,
    Markdown,
}

/// Splits `120.html` into the position and the format.
fn split(text: &str) -> (&str, Format) {
    if let Some(position) = text.strip_suffix(".html") {
        (position, Format::Html)
    } else if let Some(position) = text.strip_suffix(".md") {
        (position, Format::Markdown)
    } else {
        (text, Format::Json)
    }
}

async fn at(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path((plan, position)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (position, format) = split(&position);
    let (plan, position) = find(&app, &person, &plan, position)?;
    let state = app.rooms.blocking(move |rooms| rooms.state_at(plan, position)).await?;
    Ok(match format {
        Format::Json => {
            let mut value = serde_json::to_value(&state).map_err(|error| Problem::failure(&error))?;
            set_position(&mut value, position);
            Json(value).into_response()
        }
        Format::Html => {
            let people = people(&app, &person);
            let look = html::Look { names: &people, authors: false };
            html::document(&state.title, &pages::styles(), &html::plan(&state, &look)).into_response()
        }
        Format::Markdown => {
            let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
            (kind, markdown::plan(&state)).into_response()
        }
    })
}

/// What became different from one position to a later one; two that are the same differ in nothing.
async fn since(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path((plan, position, from)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (from, format) = split(&from);
    let (_, to) = find(&app, &person, &plan, &position)?;
    let (plan, from) = find(&app, &person, &plan, from)?;
    if from > to {
        let detail = "The difference goes from an earlier position to a later one, not back.";
        return Err(Problem::bad_request("position_order", detail));
    }
    if !matches!(format, Format::Html) {
        return Ok(Json(app.rooms.blocking(move |rooms| rooms.diff(plan, from, to)).await?).into_response());
    }
    let read = move |rooms: &Rooms| {
        Ok((rooms.state_at(plan, to)?, rooms.diff(plan, from, to)?, rooms.timeline(plan)?))
    };
    let (state, diff, line) = app.rooms.blocking(read).await?;
    let by = line.as_ref().and_then(|line| line.only_writer(from, to));
    let people = people(&app, &person);
    let look = html::Look { names: &people, authors: false };
    let html::Difference { changes, text } = html::difference(&state, &diff, by, &look);
    let body = markup! { @if let Some(changes) = changes { (changes) } (text) };
    Ok(html::document(&state.title, &pages::styles(), &body).into_response())
}

fn set_position(value: &mut Value, position: Position) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert("position".into(), json!(position));
    }
}

fn people(app: &App, viewer: &PersonId) -> People {
    let state = &app.engine.views().state;
    let person = |(id, name): (&PersonId, String)| Person {
        id: id.clone(),
        name,
        roles: state.roles(id).to_vec(),
        parties: Vec::new(),
        part: String::new(),
        picked: false,
        waiting: Default::default(),
        keeps_people: false,
    };
    People::of(names(app, state, Some(viewer)).map(person).collect())
}

/// The plan and the position, if this person may read it and it has a state there.
fn find(app: &App, person: &PersonId, plan: &str, position: &str) -> Result<(PlanId, Position), Problem> {
    let plan = readable(app, person, plan)?;
    let first = app.engine.views().state.reads_from(person, plan.id);
    let found = position
        .parse()
        .ok()
        .filter(|number: &Position| number.to_string() == position && (first..=plan.head).contains(number));
    let position = found.ok_or_else(|| Problem::position_unknown(position, first, plan.head))?;
    Ok((plan.id, position))
}
