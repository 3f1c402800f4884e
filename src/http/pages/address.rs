//! `/me/address`: where one is reached by mail, and another address for it.

use axum::{
    Form, Router,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    me::{Own, page, said},
    problem::Problem,
    sign_in::{From, access, attempt, unavailable},
    words::{address as say, me as say_me},
};
use crate::access::{Error, Pass, Refused};
use crate::domain::Email;
use crate::http::{App, Shared};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me/address", get(form).post(ask))
        .route("/me/address/{link}", get(link).post(use_link))
}

async fn form(State(app): State<Shared>, Own(pass): Own) -> Result<Response, Problem> {
    access(&app)?;
    Ok(form_page(&app, &pass, StatusCode::OK, "", None))
}

fn form_page(app: &App, pass: &Pass, status: StatusCode, typed: &str, wrong: Option<&Error>) -> Response {
    let about = app.engine.about(&pass.person);
    let email = about.and_then(|about| about.email);
    let main = html! {
        h1 { (say::TITLE) }
        @if let Some(email) = email { p.lead { (say::NOW) " " strong { (email.as_str()) } } }
        p { (say::LEAD) }
        (said(wrong))
        @if app.access().is_some_and(|access| access.is_fresh(pass)) {
            form.stack method="post" action="/me/address" {
                div.field {
                    label for="email" { (say::NEW) }
                    input.input #email name="email" type="email" value=(typed) required autocomplete="email"
                        aria-invalid=[wrong.map(|_| "true")];
                }
                p.actions { button.button.button-primary type="submit" { (say::SEND) } }
            }
        } @else { (anew()) }
        (back())
    };
    page(app, pass, status, say::TITLE, main)
}

/// The way on for whoever signed in a while ago.
pub(super) fn anew() -> Markup {
    let refused = Refused::SignInAnew;
    html! {
        p.notice { (refused.sentence()) " " (refused.hint()) }
        p.actions { a.button href="/sign-in" { (say::ANEW) } }
    }
}

fn back() -> Markup {
    html! { p.actions { a href="/me/sessions" { (say_me::TO_SESSIONS) } } }
}

#[derive(Deserialize)]
struct Typed {
    email: String,
}

/// The answer is the same for all addresses.
async fn ask(
    State(app): State<Shared>,
    from: From,
    Own(pass): Own,
    typed: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    let typed = typed.map(|Form(typed)| typed.email).unwrap_or_default();
    let email = match Email::new(&typed) {
        Ok(email) => email,
        Err(refusal) => {
            let wrong = Error::Ruled(refusal);
            return Ok(form_page(&app, &pass, StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(&wrong)));
        }
    };
    if !access.is_fresh(&pass) {
        let wrong = Refused::SignInAnew.into();
        return Ok(form_page(&app, &pass, StatusCode::FORBIDDEN, &typed, Some(&wrong)));
    }
    if app.bounds.mail(&email) {
        let asking = pass.clone();
        let asked = access.blocking(move |access| access.ask_address(&asking, email));
        asked.await.map_err(unavailable)?;
    }
    let main = html! {
        h1 { (say::SENT_TITLE) }
        p.lead { (say::SENT) }
        p.soft { (say::NOTHING_CAME) }
        (back())
    };
    Ok(page(&app, &pass, StatusCode::OK, say::SENT_TITLE, main))
}

/// Looking at a link does not use it up, since programs that check mail look at links too.
async fn link(
    State(app): State<Shared>,
    Own(pass): Own,
    Path(link): Path<String>,
) -> Result<Response, Problem> {
    match access(&app)?.asked_address(&pass.person, &link) {
        Ok(email) => {
            let main = html! {
                h1 { (say::CONFIRM_TITLE) }
                p.lead { (say::CONFIRM) " " strong { (email.as_str()) } }
                form method="post" action={ "/me/address/" (link) } {
                    p.actions { button.button.button-primary type="submit" { (say::USE) } }
                }
            };
            Ok(page(&app, &pass, StatusCode::OK, say::CONFIRM_TITLE, main))
        }
        Err(refused) => Ok(form_page(&app, &pass, StatusCode::GONE, "", Some(&refused.into()))),
    }
}

async fn use_link(
    State(app): State<Shared>,
    Own(pass): Own,
    Path(link): Path<String>,
) -> Result<Response, Problem> {
    match access(&app)?.use_address(&pass.person, &link).await {
        Ok(()) => Ok(Redirect::to("/me/address").into_response()),
        Err(error @ Error::Refused(_)) => Ok(form_page(&app, &pass, StatusCode::GONE, "", Some(&error))),
        Err(error @ Error::Ruled(_)) => Ok(form_page(&app, &pass, StatusCode::CONFLICT, "", Some(&error))),
        Err(error) => Err(unavailable(error)),
    }
}
