//! `/me/passkeys`: the passkeys that one has. `/me/passkeys/offer`: what those are shown who should have one and have none.
//!
//! To add one and to sign in by one, a script talks to the device. The pages say so where it does not run.

use axum::{
    Form, Router,
    extract::{Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    address::anew,
    frame::Frame,
    me::{Entry, back, device, entry, said, viewer},
    problem::Problem,
    sign_in::unavailable,
    time,
    words::{me as say_me, passkeys as say},
};
use crate::access::{Error, KeptPasskey, Refused};
use crate::domain::{PersonId, limits};
use crate::http::{
    App, Shared,
    auth::{AtBrowser, Shown, agent, is_fresh},
};
use crate::log::Failure;

/// The script of all pages on which passkeys are used.
pub(super) const SCRIPT: &str = "src/pages/passkeys.ts";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me/passkeys", get(list))
        .route("/me/passkeys/remove", post(remove))
        .route("/me/passkeys/alone", post(choose))
        .route("/me/passkeys/offer", get(offer))
}

/// Whoever looks after their own here; others are shown where to sign in.
type Own = Result<AtBrowser, crate::http::problem::Problem>;

fn own(own: Own) -> Result<PersonId, Problem> {
    own.map(|AtBrowser(person)| person).map_err(|_| Problem::SignIn)
}

fn page(app: &App, person: &PersonId, status: StatusCode, title: &str, main: Markup) -> Response {
    let viewer = viewer(app, person);
    let frame = Frame { title, viewer: Some(&viewer), plan: None, script: Some(SCRIPT) };
    (status, frame.page("me", main)).into_response()
}

#[derive(Deserialize, Default)]
struct After {
    added: Option<String>,
}

async fn list(
    State(app): State<Shared>,
    asking: Own,
    shown: Shown,
    headers: HeaderMap,
    Query(after): Query<After>,
) -> Result<Response, Problem> {
    let person = own(asking)?;
    let done = after.added.is_some().then_some(say::ADDED);
    Ok(list_page(&app, (&person, &shown), StatusCode::OK, &agent(&headers), done, None))
}

fn list_page(
    app: &App,
    (person, shown): (&PersonId, &Shown),
    status: StatusCode,
    agent: &str,
    done: Option<&str>,
    wrong: Option<&Error>,
) -> Response {
    let passkeys = app.passkeys.of(person);
    let main = html! {
        (back())
        h1 { (say::TITLE) }
        @if let Some(done) = done { (super::form::done(done)) }
        p.lead { (say::WHAT) }
        (said(wrong))
        @if passkeys.is_empty() { p { (say::NONE) } } @else {
            div.table-frame { table.stacked {
                thead { tr {
                    th scope="col" { (say::NAME) }
                    th scope="col" { (say::MADE) }
                    th scope="col" { (say::USED) }
                    th scope="col" { (say_me::DO) }
                } }
                tbody { @for (digest, kept) in &passkeys { (row(&digest.short(), kept)) } }
            } }
            p.soft { (say::REMOVING) }
        }
        h2 { (say::ADD) }
        @if is_fresh(app, shown) { (adding(app, agent, "/me/passkeys?added")) } @else { (anew()) }
        @if !app.is_demonstration() {
            (alone(app, person, is_fresh(app, shown), !passkeys.is_empty()))
            p.actions {
                a href="/me/sessions" { (say_me::TO_SESSIONS) }
                a href="/me/tokens" { (say_me::TO_TOKENS) }
            }
        }
    };
    page(app, person, status, say::TITLE, main)
}

fn row(id: &str, kept: &KeptPasskey) -> Markup {
    html! {
        tr {
            th scope="row" { (kept.name) }
            td data-head=(say::MADE) { (time::moment(kept.made)) }
            td data-head=(say::USED) { @match kept.used { Some(at) => (time::moment(at)), None => (say_me::NEVER) } }
            td {
                form method="post" action="/me/passkeys/remove" {
                    input type="hidden" name="id" value=(id);
                    button.button.button-small type="submit" {
                        (say::REMOVE) span.visually-hidden { ": " (kept.name) }
                    }
                }
            }
        }
    }
}

/// Whether a mail is enough to sign in, and the form by which a person chooses.
fn alone(app: &App, person: &PersonId, is_fresh: bool, has_any: bool) -> Markup {
    let is_chosen = app.passkeys.is_chosen(person);
    html! {
        h2 #alone { (say::ALONE_TITLE) }
        p { (say::ALONE_WHAT) }
        @if is_chosen { p { strong { (say::ALONE_CHOSEN) } } }
        @else if app.passkeys.alone_let_in(person) { p { strong { (say::ALONE_BY_NETWORK) } } }
        @if !has_any && !is_chosen { p.soft { (say::ALONE_NONE) } }
        @else if !is_fresh { (anew()) }
        @else {
            form method="post" action="/me/passkeys/alone" {
                input type="hidden" name="alone" value=(if is_chosen { "no" } else { "yes" });
                p.actions {
                    button.button type="submit" { (if is_chosen { say::NOT_ALONE } else { say::ALONE }) }
                }
            }
        }
    }
}

/// The form that adds one; `next` is where it leads.
fn adding(app: &App, agent: &str, next: &str) -> Markup {
    let Some(origin) = app.passkeys.origin() else { return nowhere() };
    html! {
        form.stack data-passkey="add" data-origin=(origin) data-next=(next) {
            div.field data-needs-script hidden {
                label for="name" { (say::CALLED) }
                span.field-hint #name-hint { (say::CALLED_HINT) }
                input.input #name name="name" type="text" required maxlength=(limits::TITLE) autocomplete="off"
                    value=(device(agent)) aria-describedby="name-hint";
            }
            p.actions data-needs-script hidden { button.button.button-primary type="submit" { (say::ADD) } }
            (lacking(say::ADD_NEEDS_SCRIPT))
        }
    }
}

/// The button by which one signs in; `origin` is where passkeys hold.
pub(super) fn sign_in(origin: Option<&str>) -> Markup {
    html! {
        section.passkey aria-labelledby="passkey-title" {
            h2 #passkey-title { (say::SIGN_IN_TITLE) }
            @match origin {
                None => (nowhere()),
                Some(origin) => form.stack data-passkey="sign-in" data-origin=(origin) data-next="/" {
                    p { (say::SIGN_IN_LEAD) }
                    p.actions data-needs-script hidden { button.button type="submit" { (say::SIGN_IN) } }
                    (lacking(say::SIGN_IN_NEEDS_SCRIPT))
                }
            }
        }
    }
}

fn nowhere() -> Markup {
    html! { p.soft { (say::NOT_HERE) } }
}

/// What is missing where no script runs; what the script may have to say, in words of ours.
fn lacking(script: &str) -> Markup {
    html! {
        p.notice data-no-script { (script) }
        p.notice role="alert" data-said hidden {}
        @for (kind, words) in say::SAID { template data-words=(kind) { (words) } }
    }
}

async fn remove(
    State(app): State<Shared>,
    asking: Own,
    shown: Shown,
    headers: HeaderMap,
    named: Result<Form<Entry>, FormRejection>,
) -> Result<Response, Problem> {
    let person = own(asking)?;
    let (passkeys, whose, id) = (app.passkeys.clone(), person.clone(), entry(named));
    let done = tokio::task::spawn_blocking(move || passkeys.remove(&whose, &id)).await;
    match done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()).into())) {
        Ok(()) => Ok(Redirect::to("/me/passkeys").into_response()),
        Err(error @ Error::Refused(_)) => {
            let status = match error {
                Error::Refused(Refused::LastPasskey) => StatusCode::CONFLICT,
                _ => StatusCode::NOT_FOUND,
            };
            Ok(list_page(&app, (&person, &shown), status, &agent(&headers), None, Some(&error)))
        }
        Err(error) => Err(unavailable(error)),
    }
}

#[derive(Deserialize)]
struct Choice {
    alone: String,
}

async fn choose(
    State(app): State<Shared>,
    asking: Own,
    shown: Shown,
    headers: HeaderMap,
    chosen: Result<Form<Choice>, FormRejection>,
) -> Result<Response, Problem> {
    let person = own(asking)?;
    // Where people are picked, no mail lets anybody in.
    if app.is_demonstration() {
        return Err(Problem::NotFound);
    }
    let agent = agent(&headers);
    let wrong =
        |status, error: Error| Ok(list_page(&app, (&person, &shown), status, &agent, None, Some(&error)));
    if !is_fresh(&app, &shown) {
        return wrong(StatusCode::FORBIDDEN, Error::Refused(Refused::SignInAnew));
    }
    let alone = chosen.is_ok_and(|Form(chosen)| chosen.alone == "yes");
    let (passkeys, whose) = (app.passkeys.clone(), person.clone());
    let done = tokio::task::spawn_blocking(move || passkeys.choose(&whose, alone)).await;
    match done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()).into())) {
        Ok(()) => Ok(Redirect::to("/me/passkeys#alone").into_response()),
        Err(error @ Error::Refused(_)) => wrong(StatusCode::CONFLICT, error),
        Err(error) => Err(unavailable(error)),
    }
}

async fn offer(
    State(app): State<Shared>,
    asking: Own,
    shown: Shown,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = own(asking)?;
    if !app.passkeys.is_asked(&person) {
        return Ok(Redirect::to("/").into_response());
    }
    let is_required = app.passkeys.is_required(&person);
    let title = if is_required { say::REQUIRED_TITLE } else { say::OFFER_TITLE };
    let main = html! {
        h1 { (title) }
        p.lead { (if is_required { say::REQUIRED } else { say::OFFER }) }
        p { (say::WHAT) }
        @if is_fresh(&app, &shown) { (adding(&app, &agent(&headers), "/")) } @else { (anew()) }
        @if !is_required {
            p.actions { a.button href="/" { (say::LATER) } }
            p.soft { (say::LATER_HINT) }
        }
    };
    Ok(page(&app, &person, StatusCode::OK, title, main))
}
