//! A copy of all that is held about a person: for themselves, and for those who keep people. Not for tools, which may be
//! made for less.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::access;
use crate::domain::{Action, PersonId, Refusal};
use crate::http::auth::AtBrowser;
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::log::Failure;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/me/data", get(own)).route("/api/people/{person}/data", get(of))
}

async fn own(State(app): State<Shared>, AtBrowser(person): AtBrowser) -> Result<Response, Problem> {
    copy(app, person.clone(), person).await
}

async fn of(
    State(app): State<Shared>,
    AtBrowser(asks): AtBrowser,
    Path(person): Path<String>,
) -> Result<Response, Problem> {
    if !app.engine.views().state.may_always(&asks, Action::People) {
        return Err(Refusal::NotPermitted { what: "see what is held about others" }.into());
    }
    let person = PersonId::new(person).map_err(|_| Refusal::PersonUnknown)?;
    if !is_known(&app, &person) {
        return Err(Refusal::PersonUnknown.into());
    }
    copy(app, person, asks).await
}

/// Somebody of the network, or a guest.
fn is_known(app: &App, person: &PersonId) -> bool {
    let state = &app.engine.views().state;
    state.people.contains_key(person) || state.guests.people.contains_key(person)
}

/// As a file, which is in no cache.
async fn copy(app: Shared, person: PersonId, by: PersonId) -> Result<Response, Problem> {
    let name = format!("attachment; filename=\"quorate-{person}.json\"");
    let made = tokio::task::spawn_blocking(move || {
        if let Some(access) = app.access() {
            access.log(&person, access::What::Copied, Some(&by))?;
        }
        access::about(&app.engine, &person, &by)
    });
    let made = made.await;
    let copy = made.unwrap_or_else(|stopped| Err(Failure::Read(stopped.to_string())))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, copy).into_response())
}
