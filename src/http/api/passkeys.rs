//! Passkeys: what a browser asks for and hands in when it adds one, and when somebody signs in by one.

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use std::net::SocketAddr;
use std::sync::Arc;

use crate::access::{Error, Passkeys, Refused};
use crate::http::auth::{self, AtBrowser, Shown, agent, set_cookie};
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::log::Failure;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/auth/passkey/begin", post(begin))
        .route("/api/auth/passkey/finish", post(finish))
        .route("/api/me/passkeys/begin", post(begin_adding))
        .route("/api/me/passkeys/finish", post(add))
}

/// From where a request comes.
type From = Option<Extension<ConnectInfo<SocketAddr>>>;

/// What a browser hands in.
#[derive(Deserialize)]
struct Answer {
    /// The secret that came with what was asked.
    request: String,
    /// As `PublicKeyCredential.toJSON()` writes it.
    credential: Value,
    /// What a new one is to be called.
    #[serde(default)]
    name: String,
}

type Body = Result<Json<Answer>, JsonRejection>;

fn answer(body: Body) -> Result<Answer, Problem> {
    let bad = |rejection: JsonRejection| Problem::bad_request("body_not_understood", rejection.body_text());
    body.map(|Json(answer)| answer).map_err(bad)
}

/// Counts an attempt, or turns it away.
fn attempt(app: &App, from: From) -> Result<(), Problem> {
    let from = from.map(|Extension(ConnectInfo(from))| from.ip());
    app.bounds.sign_in(from.unwrap_or([0; 4].into())).map_err(|_| Problem::too_many_requests())
}

/// Does what may wait for a disk, off the async threads.
async fn with<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Passkeys) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let passkeys: Arc<Passkeys> = app.passkeys.clone();
    let done = tokio::task::spawn_blocking(move || work(&passkeys)).await;
    Ok(done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()).into()))?)
}

async fn begin(State(app): State<Shared>, from: From) -> Result<Json<Value>, Problem> {
    attempt(&app, from)?;
    Ok(Json(app.passkeys.begin_sign_in()?))
}

async fn finish(
    State(app): State<Shared>,
    from: From,
    shown: Shown,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    attempt(&app, from)?;
    let Answer { request, credential, .. } = answer(body)?;
    let person = with(&app, move |passkeys| passkeys.sign_in(&request, &credential)).await;
    let person = person.inspect_err(|_| app.metrics.add("sign_ins_refused", 1))?;
    let cookie = auth::enter(&app, shown, &person, agent(&headers)).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(&app, &cookie))];
    Ok((cookie, Json(json!({ "person": person }))).into_response())
}

async fn begin_adding(
    State(app): State<Shared>,
    AtBrowser(person): AtBrowser,
    shown: Shown,
) -> Result<Json<Value>, Problem> {
    if !auth::is_fresh(&app, &shown) {
        return Err(Error::from(Refused::SignInAnew).into());
    }
    Ok(Json(with(&app, move |passkeys| passkeys.begin_adding(&person)).await?))
}

async fn add(
    State(app): State<Shared>,
    AtBrowser(person): AtBrowser,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Answer { request, credential, name } = answer(body)?;
    let whose = person.clone();
    with(&app, move |passkeys| passkeys.add(&whose, &request, &name, &credential)).await?;
    if let Some(access) = app.access() {
        access.tell_of_passkey(&person);
    }
    Ok(Json(json!({})))
}
