//! A copy of all that is held about a person: for themselves, and for those who keep people. Not for tools, which may be
//! made for less.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::domain::{PersonId, Refusal};
use crate::http::Shared;
use crate::http::auth::AtBrowser;
use crate::http::problem::Problem;

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
    let person = PersonId::new(person).map_err(|_| Refusal::PersonUnknown)?;
    copy(app, person, asks).await
}

/// As a file, which is in no cache.
async fn copy(app: Shared, person: PersonId, by: PersonId) -> Result<Response, Problem> {
    let name = format!("attachment; filename=\"quorate-{person}.json\"");
    let copy = app.copy(&by, &person).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, copy).into_response())
}
