//! Signing in to the demonstration, and who is signed in.

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::{Deserialize, Serialize};

use crate::domain::{PersonId, Refusal, Role};
use crate::http::auth::{Visitor, set_cookie};
use crate::http::problem::Problem;
use crate::http::{App, Shared};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/session", get(session))
        .route("/api/session/end", post(end))
        .route("/api/demo/people", get(demo_people))
        .route("/api/demo/sign-in", post(sign_in))
        .route("/api/people", get(people))
}

#[derive(Serialize)]
pub(crate) struct PersonView {
    pub id: PersonId,
    pub name: String,
    pub roles: Vec<Role>,
}

/// What is shown of a person; the name is kept apart from the log and may be gone.
pub(crate) fn person_view(app: &App, id: &PersonId) -> PersonView {
    let roles = app.engine.views().state.roles(id).to_vec();
    PersonView { id: id.clone(), name: name_of(app, id), roles }
}

/// A person's name, or a word for somebody whose name was erased.
pub(crate) fn name_of(app: &App, id: &PersonId) -> String {
    let about = app.engine.log().get_person(id).ok().flatten();
    about
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|about| Some(about.get("name")?.as_str()?.to_owned()))
        .unwrap_or_else(|| "Somebody".to_owned())
}

async fn session(State(app): State<Shared>, Visitor(person): Visitor) -> Json<serde_json::Value> {
    let person = person.map(|person| person_view(&app, &person));
    // What a device keeps belongs to one network: a demonstration built anew is another one.
    Json(serde_json::json!({ "person": person, "demonstration": app.demonstration, "network": app.storage }))
}

async fn people(State(app): State<Shared>) -> Json<Vec<PersonView>> {
    Json(everybody(&app))
}

pub(crate) fn everybody(app: &App) -> Vec<PersonView> {
    let ids: Vec<PersonId> = app.engine.views().state.people.keys().cloned().collect();
    ids.iter().map(|id| person_view(app, id)).collect()
}

async fn demo_people(State(app): State<Shared>) -> Result<Json<serde_json::Value>, Problem> {
    if !app.demonstration {
        return Err(Problem::not_found());
    }
    let people: Vec<_> = everybody(&app)
        .into_iter()
        .map(|person| serde_json::json!({ "person": person.id, "name": person.name, "part": part(&person.roles) }))
        .collect();
    Ok(Json(people.into()))
}

/// A person's part in the network, in words.
pub(crate) fn part(roles: &[Role]) -> &'static str {
    match roles.first() {
        Some(Role::Secretariat) => "Secretariat",
        Some(Role::Representative) => "Representative of a member",
        Some(Role::Consultant) => "Consultant, holds the pen",
        Some(Role::Board) => "Board",
        Some(Role::Chair) => "Chair of the board",
        Some(Role::Administrator) => "Administrator",
        Some(Role::Teller) => "Teller",
        None => "Guest",
    }
}

#[derive(Deserialize)]
struct SignIn {
    person: String,
}

async fn sign_in(
    State(app): State<Shared>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    if !app.demonstration {
        return Err(Problem::not_found());
    }
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let bad = |detail: String| Problem::bad_request("body_not_understood", detail);
    let asked: SignIn = if is_form {
        Form::from_request(request, &app).await.map_err(|error| bad(error.body_text()))?.0
    } else {
        Json::from_request(request, &app).await.map_err(|error| bad(error.body_text()))?.0
    };
    let person = PersonId::new(asked.person).map_err(|_| Refusal::PersonUnknown)?;
    if !app.engine.views().state.people.contains_key(&person) {
        return Err(Refusal::PersonUnknown.into());
    }
    let token = app.tokens.make(&person, (app.engine.clock())());
    let cookie = [(header::SET_COOKIE, set_cookie(&token))];
    if is_form {
        return Ok((cookie, Redirect::to("/")).into_response());
    }
    Ok((cookie, Json(serde_json::json!({ "person": person, "token": token }))).into_response())
}

async fn end() -> Response {
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, set_cookie("")), (header::LOCATION, "/".to_owned())])
        .into_response()
}
