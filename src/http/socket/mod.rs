//! The WebSocket of `/sync`: who may open one, and what pumps its frames.

mod connection;
pub mod frame;
mod upgrade;
mod wire;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::auth::{Shown, SignedIn};
use super::bounds::Kind;
use super::listen::Place;
use super::problem::Problem;
use super::{Shared, origin};
use connection::Connection;
use upgrade::Upgrade;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/sync", get(open))
}

async fn open(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    shown: Shown,
    place: Option<Extension<Place>>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    if origin::is_foreign(&app, &headers) {
        return Problem::foreign_origin().into_response();
    }
    let entered = match app.bounds.enter(&person, Kind::Sync) {
        Ok(entered) => entered,
        Err(problem) => return problem.into_response(),
    };
    let held = (entered, place.map(|Extension(place)| place));
    upgrade.then(move |upgraded| Connection::new(app, person, shown, held).run(upgraded))
}
