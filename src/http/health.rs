//! For whoever watches over the server: alive, ready, counters.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::timeout;
use tracing::error;

use super::Shared;
use super::problem::Problem;
use crate::domain::limits;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready means that the log can be written, and that whoever writes it comes to what is asked.
async fn ready(State(app): State<Shared>) -> Response {
    let writes = match app.engine.log().writable() {
        Ok(()) => match timeout(limits::READY_WITHIN, app.engine.answers()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the writer has stopped".to_owned()),
            Err(_) => Err(format!("the writer has answered nothing for {:?}", limits::READY_WITHIN)),
        },
        Err(failure) => Err(failure.to_string()),
    };
    match writes {
        Ok(()) => "ready\n".into_response(),
        // Anybody may ask. What it is, with paths of this machine, the operator reads in the server's own log.
        Err(failure) => {
            error!("not ready: {failure}");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "log_unavailable",
                "The log cannot be written.",
                "See the server's own log, remove the cause, then start it again.",
            )
            .into_response()
        }
    }
}

async fn metrics(State(app): State<Shared>) -> Response {
    let head = app.engine.views().head;
    let text = app.metrics.render(&[
        ("log_head", head),
        ("rooms_open", app.rooms.count() as u64),
        ("documents_not_as_admitted", app.rooms.alarms()),
    ]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
