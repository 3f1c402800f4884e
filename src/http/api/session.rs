//! Signing in to the demonstration, and who is signed in.

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Action, Capacity, Guest, Guests, OrganisationId, Party, PersonId, Refusal, Role, State as Rules, limits,
};
use crate::http::auth::{Entrance, Shown, SignedIn, Visitor, set_cookie};
use crate::http::pages;
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::notify;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/session", get(session))
        .route("/api/session/end", post(end))
        .route("/api/session/ticket", post(ticket))
        .route("/api/demo/people", get(demo_people))
        .route("/api/demo/sign-in", post(sign_in))
        .route("/api/people", get(people))
}

/// Somebody of the network.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Person")]
pub(crate) struct PersonView {
    pub id: PersonId,
    pub name: String,
    pub roles: Vec<Role>,
    /// What they are in the network, in words; for representatives, of which organisation.
    pub part: String,
    /// For whom they act.
    pub organisation: Option<OrganisationId>,
    /// Whether they hold one of its seats.
    pub seat: bool,
    /// Whether they have left the network.
    pub left: bool,
    /// How often their part was changed, its beginning included: `person.change` names it.
    pub version: u64,
}

/// What is shown of a person; the name is kept apart from the log and may be gone.
pub(crate) fn person_view(app: &App, id: &PersonId) -> PersonView {
    view(&app.engine.views().state, id, name_of(app, id))
}

fn view(state: &Rules, id: &PersonId, name: String) -> PersonView {
    let (office, left, version) = state
        .people
        .get(id)
        .map_or_else(Default::default, |known| (known.office.clone(), known.left, known.version));
    PersonView {
        id: id.clone(),
        name,
        roles: office.roles,
        part: part_of(state, id),
        organisation: office.organisation,
        seat: office.seat,
        left,
        version,
    }
}

/// What somebody is in the network, in words; for representatives, of which organisation.
pub(crate) fn part_of(state: &Rules, id: &PersonId) -> String {
    let parties: Vec<Party> = state.parties(id).collect();
    let organisation = state.people.get(id).and_then(|known| known.office.organisation.as_ref());
    let organisation = organisation.and_then(|id| state.organisations.get(id));
    pages::part(&parties, organisation.map(|one| one.profile.name.as_str()))
}

/// A person's name, or a word for somebody whose name was erased.
pub(crate) fn name_of(app: &App, id: &PersonId) -> String {
    let about = app.engine.about(id);
    about.map_or_else(|| "Somebody".to_owned(), |about| about.name)
}

async fn session(State(app): State<Shared>, Visitor(person): Visitor) -> Json<serde_json::Value> {
    let keeps_people = |person: &PersonId| app.engine.views().state.may_always(person, Action::People);
    let keeps_people = person.as_ref().is_some_and(keeps_people);
    let waiting = person.as_ref().map(|person| notify::waiting(&app.engine, person));
    let person = person.map(|person| person_view(&app, &person));
    // What a device keeps belongs to one network: a demonstration built anew is another one.
    Json(serde_json::json!({
        "person": person,
        "demonstration": app.is_demonstration(),
        "network": app.storage,
        "keepsPeople": keeps_people,
        "waiting": waiting.map(|waiting| serde_json::json!({ "tasks": waiting.todos, "unseen": waiting.unseen })),
    }))
}

async fn people(State(app): State<Shared>, SignedIn(person): SignedIn) -> Json<Vec<PersonView>> {
    Json(everybody(&app, Some(&person)))
}

/// Everybody, by the names that this person may know them by.
fn everybody(app: &App, viewer: Option<&PersonId>) -> Vec<PersonView> {
    let state = &app.engine.views().state;
    names(app, state, viewer).map(|(id, name)| view(state, id, name)).collect()
}

/// The same by name alone: pages name everybody, and say of few what they are.
pub(crate) fn names<'a>(
    app: &'a App,
    state: &'a Rules,
    viewer: Option<&'a PersonId>,
) -> impl Iterator<Item = (&'a PersonId, String)> {
    let people = state.people.keys().map(|id| (id, name_of(app, id)));
    let keeps_guests = viewer.is_some_and(|viewer| state.may_always(viewer, Action::Process));
    let guests = state.guests.people.iter().map(move |(id, guest)| {
        // A name is told to those who invited, and to others only with consent.
        let is_told = guest.named || keeps_guests || Some(id) == viewer;
        (id, if is_told { name_of(app, id) } else { unnamed(&state.guests, guest) })
    });
    people.chain(guests)
}

fn unnamed(guests: &Guests, guest: &Guest) -> String {
    let invitation = guests.invitations.get(&guest.invitation);
    let body = invitation.filter(|_| guest.capacity == Capacity::ForOrganisation);
    body.map_or_else(|| "A guest".to_owned(), |invitation| format!("A guest from {}", invitation.to))
}

async fn demo_people(State(app): State<Shared>) -> Result<Json<serde_json::Value>, Problem> {
    if !app.is_demonstration() {
        return Err(Problem::not_found());
    }
    // Guests come by their own links.
    let people: Vec<_> = everybody(&app, None)
        .into_iter()
        .filter(|person| !person.roles.is_empty())
        .map(|person| serde_json::json!({ "person": person.id, "name": person.name, "part": person.part }))
        .collect();
    Ok(Json(people.into()))
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
    let Entrance::Demonstration(tokens) = &app.entrance else { return Err(Problem::not_found()) };
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
    if app.engine.views().state.people.get(&person).is_none_or(|person| person.left) {
        return Err(Refusal::PersonUnknown.into());
    }
    let token = tokens.make(&person, (app.engine.clock())());
    let cookie = [(header::SET_COOKIE, set_cookie(&app, &token))];
    if is_form {
        return Ok((cookie, Redirect::to("/")).into_response());
    }
    Ok((cookie, Json(serde_json::json!({ "person": person, "token": token }))).into_response())
}

/// Signs out. The session is over, also for whoever may have a copy of the cookie.
async fn end(State(app): State<Shared>, Shown(pass): Shown) -> Result<Response, Problem> {
    if let (Some(access), Some(pass)) = (app.access(), pass) {
        access.blocking(move |access| access.leave(&pass)).await?;
    }
    let headers = [(header::SET_COOKIE, set_cookie(&app, "")), (header::LOCATION, "/".to_owned())];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// A ticket for one connection to `/sync`, for programs that can set no header there.
async fn ticket(State(app): State<Shared>, Shown(pass): Shown) -> Result<Json<serde_json::Value>, Problem> {
    let (Some(access), Some(pass)) = (app.access(), pass) else { return Err(Problem::not_found()) };
    let ticket = access.make_ticket(&pass)?;
    let seconds = limits::TICKET_WITHIN.as_secs();
    Ok(Json(serde_json::json!({ "ticket": ticket.text(), "seconds": seconds })))
}
