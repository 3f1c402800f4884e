//! The WebSocket of `/sync`: who may open one, and what pumps its frames.

mod connection;
pub mod frame;
mod upgrade;
mod wire;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::auth::SignedIn;
use super::bounds::Kind;
use super::listen::Place;
use super::problem::Problem;
use super::{App, Shared};
use connection::Connection;
use upgrade::Upgrade;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/sync", get(open))
}

async fn open(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    place: Option<Extension<Place>>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    if !is_own_origin(&app, &headers) {
        return Problem::foreign_origin().into_response();
    }
    let entered = match app.bounds.enter(&person, Kind::Sync) {
        Ok(entered) => entered,
        Err(problem) => return problem.into_response(),
    };
    let held = (entered, place.map(|Extension(place)| place));
    upgrade.then(move |upgraded| Connection::new(app, person, held).run(upgraded))
}

/// A browser says which page opens the socket: only pages of this server may, since the cookie comes along.
fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    origin == app.public_url.trim_end_matches('/') || text(header::HOST) == Some(authority)
}
