//! What the operator hears of requests that were refused: who, by id; what was asked for, by its route, since an
//! address may hold a secret; and why. So many lines a second, and no more: the rest is counted.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::info;

use super::auth::{self, SignedIn};
use super::{Shared, problem};

/// Where people and guests come in: what is refused there is an attempt that failed.
const DOORS: [&str; 3] = ["/sign-in", "/first/", "/guest/"];

pub(super) async fn refusals(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let shows_something = auth::shows_something(&app, request.headers());
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let person = response.extensions().get::<SignedIn>().map_or("nobody", |SignedIn(person)| person.as_str());
    let is_refused = match response.status() {
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => true,
        // Whoever shows nothing has only come to be told to sign in.
        StatusCode::UNAUTHORIZED => shows_something,
        // What one may not read looks like nothing.
        StatusCode::NOT_FOUND => person != "nobody" && route.contains('{') && !route.starts_with("/assets/"),
        StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY => {
            method == Method::POST && DOORS.iter().any(|door| route.starts_with(door))
        }
        _ => false,
    };
    if is_refused {
        if app.bounds.tells() {
            let code = response.extensions().get::<problem::Code>().map_or("page", |code| code.0);
            info!(%person, %method, route, status = response.status().as_u16(), code, "a request was refused");
        } else {
            app.metrics.add("refusals_untold", 1);
        }
    }
    response
}
