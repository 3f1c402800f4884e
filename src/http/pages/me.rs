//! `/me`: where one is signed in, and the tokens of one's tools.

use axum::{
    Form, Router,
    extract::{FromRequestParts, State, rejection::FormRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    frame::Frame,
    library::Person,
    problem::Problem,
    sign_in::{access, unavailable},
    time, words,
    words::me as say,
};
use crate::access::{Access, Digest, Error, Holder, Pass, Scope, Token};
use crate::domain::{Action, PersonId, limits};
use crate::http::{
    App, Shared,
    api::session::person_view,
    auth::{Shown, set_cookie},
};
use crate::notify;

const DAY: u64 = 24 * 3600;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me/sessions", get(sessions))
        .route("/me/sessions/end", post(end_session))
        .route("/me/sessions/end-others", post(end_others))
        .route("/me/tokens", get(tokens).post(make_token))
        .route("/me/tokens/end", post(end_token))
        .route("/me/tokens/end-all", post(end_tokens))
}

/// Somebody who signed in here with a browser: a tool looks after no secrets.
pub(super) struct Own(pub(super) Pass);

impl<S: Send + Sync> FromRequestParts<S> for Own {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Shown>() {
            Some(Shown(Some(pass))) if matches!(pass.holder, Holder::Session(_)) => Ok(Self(pass.clone())),
            Some(_) | None => Err(Problem::SignIn),
        }
    }
}

/// Somebody as the head of a page shows them.
pub(super) fn viewer(app: &App, person: &PersonId) -> Person {
    let view = person_view(app, person);
    let (keeps_people, parties) = {
        let state = &app.engine.views().state;
        (state.may_always(&view.id, Action::People), state.parties(&view.id).collect())
    };
    let picked = app.is_demonstration();
    let waiting = notify::waiting(&app.engine, person);
    Person {
        id: view.id,
        name: view.name,
        roles: view.roles,
        parties,
        part: view.part,
        picked,
        keeps_people,
        waiting,
    }
}

/// From the pages behind one's own back to it.
pub(super) fn back() -> Markup {
    html! { p.small { a href="/me" { "← " (words::mine::TITLE) } } }
}

pub(super) fn page(app: &App, pass: &Pass, status: StatusCode, title: &str, main: Markup) -> Response {
    let viewer = viewer(app, &pass.person);
    let frame = Frame { title, viewer: Some(&viewer), plan: None, script: None };
    (status, frame.page("me", main)).into_response()
}

async fn sessions(State(app): State<Shared>, Own(pass): Own) -> Result<Response, Problem> {
    Ok(sessions_page(&app, access(&app)?, &pass, StatusCode::OK, None))
}

fn sessions_page(
    app: &App,
    access: &Access,
    pass: &Pass,
    status: StatusCode,
    wrong: Option<&Error>,
) -> Response {
    let (sessions, tokens) = (access.sessions(&pass.person), access.tokens(&pass.person));
    let main = html! {
        (back())
        h1 { (say::SESSIONS_TITLE) }
        p.lead { (say::SESSIONS_LEAD) }
        (said(wrong))
        div.table-frame { table.stacked {
            thead { tr {
                th scope="col" { (say::DEVICE) }
                th scope="col" { (say::SINCE) }
                th scope="col" { (say::SEEN) }
                th scope="col" { (say::DO) }
            } }
            tbody {
                @for (digest, session) in &sessions {
                    @let is_this = Holder::Session(*digest) == pass.holder;
                    @let device = device(&session.agent);
                    tr {
                        th scope="row" {
                            (device)
                            @if is_this { " " span.badge.badge-good { (say::THIS_ONE) } }
                        }
                        td data-head=(say::SINCE) { (time::moment(session.made)) }
                        td data-head=(say::SEEN) { (time::moment(session.seen)) }
                        td {
                            form method="post" action="/me/sessions/end" {
                                input type="hidden" name="id" value=(digest.short());
                                button.button.button-small type="submit" {
                                    (if is_this { say::END_THIS } else { say::END })
                                    span.visually-hidden { ": " (device) ", " (time::moment(session.made)) }
                                }
                            }
                        }
                    }
                }
            }
        } }
        @if sessions.len() > 1 {
            form method="post" action="/me/sessions/end-others" {
                p.actions { button.button.button-danger type="submit" { (say::END_OTHERS) } }
            }
        }
        @if !tokens.is_empty() {
            h2 { (say::TOKENS_TITLE) }
            p { (say::TOKENS_STAY) }
            (token_table(&tokens))
            form method="post" action="/me/tokens/end-all" {
                p.actions { button.button.button-danger type="submit" { (say::TAKE_ALL_BACK) } }
            }
        }
        p.actions {
            a href="/me/passkeys" { (say::TO_PASSKEYS) }
            a href="/me/tokens" { (say::TO_TOKENS) }
            a href="/me/address" { (words::address::TITLE) }
        }
    };
    page(app, pass, status, say::SESSIONS_TITLE, main)
}

/// Why something was not done, above what it was about.
pub(super) fn said(wrong: Option<&Error>) -> Markup {
    let (sentence, hint) = match wrong {
        None => return html! {},
        Some(Error::Refused(refused)) => (refused.sentence(), refused.hint()),
        Some(Error::Ruled(refusal)) => (refusal.sentence(), refusal.hint()),
        Some(Error::Failed(_)) => (words::problem::UNAVAILABLE.1.to_owned(), ""),
    };
    html! { p.notice role="alert" { (sentence) " " (hint) } }
}

#[derive(Deserialize)]
pub(super) struct Entry {
    id: String,
}

/// The entry that a form names; an empty name is that of none.
pub(super) fn entry(named: Result<Form<Entry>, FormRejection>) -> String {
    named.map(|Form(named)| named.id).unwrap_or_default()
}

async fn end_session(
    State(app): State<Shared>,
    Own(pass): Own,
    named: Result<Form<Entry>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    let (person, id) = (pass.person.clone(), entry(named));
    let is_this = matches!(pass.holder, Holder::Session(digest) if digest.short() == id);
    match access.blocking(move |access| access.end_session(&person, &id)).await {
        Ok(()) if !is_this => Ok(Redirect::to("/me/sessions").into_response()),
        Ok(()) => Ok(([(header::SET_COOKIE, set_cookie(&app, ""))], Redirect::to("/")).into_response()),
        Err(error) => wrong_session(&app, access, &pass, error),
    }
}

async fn end_others(State(app): State<Shared>, Own(pass): Own) -> Result<Response, Problem> {
    let access = access(&app)?;
    let asked = pass.clone();
    match access.blocking(move |access| access.end_others(&asked).map_err(Error::from)).await {
        Ok(()) => Ok(Redirect::to("/me/sessions").into_response()),
        Err(error) => wrong_session(&app, access, &pass, error),
    }
}

fn wrong_session(app: &App, access: &Access, pass: &Pass, error: Error) -> Result<Response, Problem> {
    match error {
        Error::Refused(_) => Ok(sessions_page(app, access, pass, StatusCode::NOT_FOUND, Some(&error))),
        Error::Ruled(_) | Error::Failed(_) => Err(unavailable(error)),
    }
}

async fn tokens(State(app): State<Shared>, Own(pass): Own) -> Result<Response, Problem> {
    Ok(tokens_page(&app, access(&app)?, &pass, StatusCode::OK, None))
}

fn may(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => say::READ,
        Scope::Write => say::WRITE,
    }
}

fn token_table(tokens: &[(Digest, Token)]) -> Markup {
    html! {
        div.table-frame { table.stacked {
            thead { tr {
                th scope="col" { (say::FOR) }
                th scope="col" { (say::MAY) }
                th scope="col" { (say::UNTIL) }
                th scope="col" { (say::USED) }
                th scope="col" { (say::DO) }
            } }
            tbody {
                @for (digest, token) in tokens {
                    tr {
                        th scope="row" { (token.name) }
                        td data-head=(say::MAY) { (may(token.scope)) }
                        td data-head=(say::UNTIL) { (time::moment(token.until)) }
                        td data-head=(say::USED) { @match token.used { Some(at) => (time::moment(at)), None => (say::NEVER) } }
                        td {
                            form method="post" action="/me/tokens/end" {
                                input type="hidden" name="id" value=(digest.short());
                                button.button.button-small type="submit" {
                                    (say::TAKE_BACK) span.visually-hidden { ": " (token.name) }
                                }
                            }
                        }
                    }
                }
            }
        } }
    }
}

fn tokens_page(
    app: &App,
    access: &Access,
    pass: &Pass,
    status: StatusCode,
    wrong: Option<&Error>,
) -> Response {
    let tokens = access.tokens(&pass.person);
    let main = html! {
        (back())
        h1 { (say::TOKENS_TITLE) }
        p.lead { (say::TOKENS_LEAD) }
        @if tokens.is_empty() { p { (say::NO_TOKENS) } } @else { (token_table(&tokens)) }
        h2 { (say::NEW_TITLE) }
        (said(wrong))
        form.stack method="post" action="/me/tokens" {
            div.field {
                label for="name" { (say::NAME) }
                input.input #name name="name" type="text" required maxlength=(limits::TITLE) autocomplete="off";
            }
            fieldset.field {
                legend.label { (say::SCOPE) }
                label.check { input type="radio" name="scope" value="read" checked; " " (say::READ) }
                label.check { input type="radio" name="scope" value="write"; " " (say::WRITE) }
            }
            div.field {
                label for="days" { (say::DAYS) }
                span.field-hint #days-hint { (say::DAYS_HINT) }
                input.input #days name="days" type="number" min="1" max=(limits::TOKEN_LIFE.as_secs() / DAY)
                    value="90" required aria-describedby="days-hint";
            }
            p.actions { button.button.button-primary type="submit" { (say::MAKE) } }
        }
        p.actions { a href="/me/sessions" { (say::TO_SESSIONS) } }
    };
    page(app, pass, status, say::TOKENS_TITLE, main)
}

#[derive(Deserialize)]
struct New {
    name: String,
    scope: Scope,
    days: String,
}

async fn make_token(
    State(app): State<Shared>,
    Own(pass): Own,
    asked: Result<Form<New>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    if !access.is_fresh(&pass) {
        let anew = Error::Refused(crate::access::Refused::SignInAnew);
        return Ok(tokens_page(&app, access, &pass, StatusCode::FORBIDDEN, Some(&anew)));
    }
    let Form(New { name, scope, days }) =
        asked.unwrap_or(Form(New { name: String::new(), scope: Scope::Read, days: String::new() }));
    let (person, days) = (pass.person.clone(), days.trim().parse().unwrap_or_default());
    let made = access.blocking(move |access| access.make_token(&person, &name, scope, days)).await;
    let token = match made {
        Ok(token) => token,
        Err(error @ Error::Refused(_)) => {
            return Ok(tokens_page(&app, access, &pass, StatusCode::UNPROCESSABLE_ENTITY, Some(&error)));
        }
        Err(error) => return Err(unavailable(error)),
    };
    let main = html! {
        h1 { (say::MADE_TITLE) }
        p.lead { (say::MADE_LEAD) }
        p { code #token { (token) } }
        p.actions { a.button.button-primary href="/me/tokens" { (say::BACK) } }
    };
    Ok(page(&app, &pass, StatusCode::OK, say::MADE_TITLE, main))
}

async fn end_token(
    State(app): State<Shared>,
    Own(pass): Own,
    named: Result<Form<Entry>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    let (person, id) = (pass.person.clone(), entry(named));
    match access.blocking(move |access| access.end_token(&person, &id)).await {
        Ok(()) => Ok(Redirect::to("/me/tokens").into_response()),
        Err(error @ Error::Refused(_)) => {
            Ok(tokens_page(&app, access, &pass, StatusCode::NOT_FOUND, Some(&error)))
        }
        Err(error) => Err(unavailable(error)),
    }
}

async fn end_tokens(State(app): State<Shared>, Own(pass): Own) -> Result<Response, Problem> {
    let access = access(&app)?;
    let person = pass.person;
    match access.blocking(move |access| access.end_tokens(&person).map_err(Error::from)).await {
        Ok(()) => Ok(Redirect::to("/me/sessions").into_response()),
        Err(error) => Err(unavailable(error)),
    }
}

/// A device in words, from what its browser said of itself.
pub(super) fn device(agent: &str) -> String {
    // Most name others before themselves: the first of this list that is named is the one.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => say::on(browser, system),
        _ if agent.trim().is_empty() => say::UNKNOWN_DEVICE.to_owned(),
        _ => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_in_words() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.9", "curl/8.9"),
            (" ", say::UNKNOWN_DEVICE),
        ] {
            assert_eq!(device(agent), words);
        }
    }
}
