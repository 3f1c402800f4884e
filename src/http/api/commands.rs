//! `POST /api/commands`: decided by the domain, recorded by the engine.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};

use crate::domain::Request;
use crate::http::Shared;
use crate::http::auth::SignedIn;
use crate::http::problem::Problem;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/commands", post(command))
}

async fn command(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    body: Result<Json<Request>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Problem> {
    let Json(request) = body.map_err(|rejection| {
        let status = rejection.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(status, "body_too_large", rejection.body_text(), "Send less at once.");
        }
        Problem::bad_request("command_not_understood", rejection.body_text())
    })?;
    let receipt = app.rooms.command(person, request, None).await?;
    Ok(Json(serde_json::json!({ "position": receipt.position })))
}
