//! `/sign-in/directory`: to the network's directory, and back from it.
//!
//! It is a link and no form: where a form led on to another server, browsers would keep it back (`form-action`).

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    problem::Problem,
    sign_in::{From, again, attempt, page, unavailable},
    words::sign_in as say,
};
use crate::access::{Directory, Error, Refused};
use crate::domain::limits;
use crate::http::{
    App, Shared,
    auth::{self, Shown, agent, set_cookie},
};

const TO: &str = "/sign-in/directory";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/sign-in/directory", get(to)).route("/sign-in/directory/back", get(back))
}

/// The way to the directory, among the others.
pub(super) fn button(name: &str) -> Markup {
    html! {
        section.passkey aria-labelledby="directory-title" {
            h2 #directory-title { (say::DIRECTORY_TITLE) }
            p.actions { a.button href=(TO) { (say::by_directory(name)) } }
        }
    }
}

fn directory(app: &App) -> Result<&Directory, Problem> {
    app.directory.as_deref().ok_or(Problem::NotFound)
}

/// What is wrong, and a way on.
fn wrong(app: &App, error: Error) -> Result<Response, Problem> {
    let Error::Refused(refused) = error else { return Err(unavailable(error)) };
    app.metrics.add("sign_ins_refused", 1);
    let status = match refused {
        Refused::DirectoryAway => StatusCode::SERVICE_UNAVAILABLE,
        Refused::DirectoryTooLate => StatusCode::GONE,
        _ => StatusCode::FORBIDDEN,
    };
    let main = html! {
        h1 { (say::DIRECTORY_WRONG) }
        p.lead { (refused.sentence()) }
        p { (refused.hint()) }
        (again())
    };
    Ok(page(status, say::DIRECTORY_WRONG, main))
}

/// The cookie that a browser keeps while its person is there; an empty value takes it away.
fn kept(app: &App, value: &str) -> String {
    let (name, secure) = if app.is_secure() { ("__Host-directory", "; Secure") } else { ("directory", "") };
    let life = if value.is_empty() { 0 } else { limits::DIRECTORY_WITHIN.as_secs() };
    format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")
}

async fn to(State(app): State<Shared>, from: From) -> Result<Response, Problem> {
    let directory = directory(&app)?;
    attempt(&app, from)?;
    match directory.begin().await {
        Ok((address, browser)) => {
            let cookie = [(header::SET_COOKIE, kept(&app, &browser.text()))];
            Ok((cookie, Redirect::to(&address)).into_response())
        }
        Err(error) => wrong(&app, error),
    }
}

/// What the directory sends along. What else it says of an error is for nobody here.
#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    state: String,
    code: Option<String>,
}

async fn back(
    State(app): State<Shared>,
    from: From,
    shown: Shown,
    headers: HeaderMap,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let directory = directory(&app)?;
    attempt(&app, from)?;
    let Some(code) = said.code else { return wrong(&app, Refused::DirectoryDenied.into()) };
    let name = if app.is_secure() { "__Host-directory" } else { "directory" };
    let browser = auth::cookie_called(&headers, name).unwrap_or_default();
    let person = match directory.finish(&said.state, code, browser).await {
        Ok(person) => person,
        Err(error) => return wrong(&app, error),
    };
    // What somebody shows there is one thing, as a mail is.
    if app.passkeys.alone_let_in(&person) {
        return wrong(&app, Refused::PasskeyAlone.into());
    }
    let session = match auth::enter(&app, shown, &person, agent(&headers)).await {
        Ok(session) => session,
        Err(error) => return wrong(&app, error),
    };
    let cookies = AppendHeaders([
        (header::SET_COOKIE, set_cookie(&app, &session)),
        (header::SET_COOKIE, kept(&app, "")),
    ]);
    Ok((cookies, Redirect::to("/")).into_response())
}
