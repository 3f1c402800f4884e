//! `/me/mail`: what one wishes to be sent. `/unsubscribe/…`: ending it without signing in.

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{super::me::back, Frame, Problem, Said, Visitor, form, kept, say, viewer};
use crate::domain::Digest;
use crate::http::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/me/mail", get(mail).post(save)).route("/unsubscribe/{secret}", get(ask).post(end))
}

async fn mail(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let viewer = viewer(&app, &person);
    let told = app.engine.about(&person).map(|about| about.told).unwrap_or_default();
    let main = html! {
        (back())
        h1 { (say::MAIL) }
        @if let Some(done) = said.done.as_deref().and_then(say::done) { (form::done(done)) }
        p.lead { (say::MAIL_LEAD) }
        @if app.is_demonstration() { p.notice { (say::NO_MAIL_HERE) } }
        form.form method="post" {
            fieldset {
                legend { (say::HOW_OFTEN) }
                @for digest in Digest::ALL {
                    label.choice {
                        input type="radio" name="digest" value=(word(digest)) checked[digest == told.digest];
                        span { (say::digest(digest)) }
                    }
                }
            }
            label.choice {
                input type="checkbox" name="reminders" value="yes" checked[!told.unreminded];
                span { (say::REMINDERS) }
            }
            button.button.button-primary type="submit" { (say::SAVE) }
        }
    };
    let frame = Frame { title: say::MAIL, viewer: Some(&viewer), plan: None, script: None };
    Ok(frame.page("mine", main).into_response())
}

/// As the form sends it, and the row has it.
fn word(digest: Digest) -> &'static str {
    match digest {
        Digest::Off => "off",
        Digest::Day => "day",
        Digest::Week => "week",
    }
}

#[derive(Deserialize)]
struct Wishes {
    digest: Digest,
    /// A box that is not ticked sends nothing.
    reminders: Option<String>,
}

async fn save(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(wishes): Form<Wishes>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let notifier = app.notifier.clone();
    kept(move || notifier.wish(&person, wishes.digest, wishes.reminders.is_some())).await?;
    Ok(Redirect::to("/me/mail?done=saved").into_response())
}

fn page(status: StatusCode, title: &str, main: &Markup) -> Response {
    let frame = Frame { title, viewer: None, plan: None, script: None };
    (status, frame.page("sign-in", html! { h1 { (title) } (main) })).into_response()
}

fn void() -> Response {
    page(StatusCode::GONE, say::END_VOID, &html! { p.lead { (say::END_VOID_LEAD) } })
}

/// Opening it ends nothing: programs that look through mail open every link.
async fn ask(State(app): State<Shared>, Path(secret): Path<String>) -> Response {
    if app.notifier.subscriber(&secret).is_none() {
        return void();
    }
    let main = html! {
        p.lead { (say::END_LEAD) }
        form method="post" { p.actions { button.button.button-primary type="submit" { (say::END) } } }
    };
    page(StatusCode::OK, say::END_TITLE, &main)
}

/// By the button, and by the one press of a mail program (RFC 8058), which sends what it likes in the body.
async fn end(State(app): State<Shared>, Path(secret): Path<String>) -> Result<Response, Problem> {
    let Some(person) = app.notifier.subscriber(&secret) else { return Ok(void()) };
    let notifier = app.notifier.clone();
    kept(move || notifier.unsubscribe(&person)).await?;
    Ok(page(StatusCode::OK, say::ENDED_TITLE, &html! { p.lead { (say::ENDED_LEAD) } }))
}
