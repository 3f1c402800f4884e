//! `/sign-in`: an address, a mail, a link or a code. `/first`: how the first person comes in.
//!
//! Nobody learns here whether an address is known: the answer is the same, and the work that depends on it is
//! done after the answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::{
    Extension, Form, Router,
    extract::{ConnectInfo, Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    directory, frame::Frame, passkeys, problem::Problem, words::first as say_first, words::sign_in as say,
};
use crate::access::{Access, Error, Refused, Secret};
use crate::domain::{Email, Refusal};
use crate::http::{
    App, Shared,
    api::session::name_of,
    auth::{PASSKEY_OFFER, Shown, agent, leave, set_cookie},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(form).post(ask))
        .route("/sign-in/code", post(code))
        .route("/sign-in/{link}", get(link).post(use_link))
        .route("/first/{link}", get(first_form).post(first))
}

/// How people sign in; where they are picked there are no such pages.
pub(super) fn access(app: &App) -> Result<&Arc<Access>, Problem> {
    app.access().ok_or(Problem::NotFound)
}

/// From where a request comes.
pub(super) type From = Option<Extension<ConnectInfo<SocketAddr>>>;

/// Counts an attempt, to sign in or to say something as a guest, or turns it away.
pub(super) fn attempt(app: &App, from: From) -> Result<(), Problem> {
    let from = from.map_or(IpAddr::from([0; 4]), |Extension(ConnectInfo(from))| from.ip());
    app.bounds.sign_in(from).map_err(|wait| Problem::TooManySignIns(wait.as_secs() + 1))
}

pub(super) fn page(status: StatusCode, title: &str, main: Markup) -> Response {
    let frame = Frame { title, viewer: None, plan: None, script: None };
    (status, frame.page("sign-in", main)).into_response()
}

pub(super) fn again() -> Markup {
    html! { p.actions { a.button.button-primary href="/sign-in" { (say::AGAIN) } } }
}

/// What is wrong, and a way on.
fn over(title: &str, refused: Refused) -> Response {
    let main = html! {
        h1 { (title) }
        p.lead { (refused.sentence()) }
        p { (refused.hint()) }
        (again())
    };
    page(StatusCode::GONE, title, main)
}

/// A refusal, said where it is about what was typed.
struct Wrong {
    sentence: String,
    hint: &'static str,
}

impl std::convert::From<&Refusal> for Wrong {
    fn from(refusal: &Refusal) -> Self {
        Self { sentence: refusal.sentence(), hint: refusal.hint() }
    }
}

/// One field of a form, with its label, its hint, and what was wrong with it.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) hint: &'a str,
    pub(super) kind: &'a str,
    pub(super) autocomplete: &'a str,
    pub(super) value: &'a str,
}

impl Field<'_> {
    fn with(&self, wrong: Option<&Wrong>) -> Markup {
        let (hint, error) = (format!("{}-hint", self.name), format!("{}-error", self.name));
        let described = if wrong.is_some() { format!("{error} {hint}") } else { hint.clone() };
        let is_code = self.autocomplete == "one-time-code";
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                span.field-hint #(hint) { (self.hint) }
                @if let Some(wrong) = wrong {
                    span.field-error #(error) role="alert" { (wrong.sentence) " " (wrong.hint) }
                }
                input.input #(self.name) name=(self.name) type=(self.kind) value=(self.value) required
                    autocomplete=(self.autocomplete) inputmode=[is_code.then_some("numeric")]
                    aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
            }
        }
    }
}

fn address_field<'a>(value: &'a str, hint: &'a str) -> Field<'a> {
    let (name, label) = ("email", say::ADDRESS);
    Field { name, label, hint, kind: "email", autocomplete: "email", value }
}

async fn form(State(app): State<Shared>) -> Result<Response, Problem> {
    access(&app)?;
    Ok(ask_page(&app, StatusCode::OK, "", None))
}

fn ask_page(app: &App, status: StatusCode, value: &str, wrong: Option<&Wrong>) -> Response {
    let main = html! {
        h1 { (say::TITLE) }
        p.lead { (say::LEAD) }
        form.stack method="post" action="/sign-in" {
            (address_field(value, say::ADDRESS_HINT).with(wrong))
            p.actions { button.button.button-primary type="submit" { (say::SEND) } }
        }
        (passkeys::sign_in(app.passkeys.origin()))
        @if let Some(directory) = &app.directory { (directory::button(directory.name())) }
    };
    let frame = Frame { title: say::TITLE, viewer: None, plan: None, script: Some(passkeys::SCRIPT) };
    (status, frame.page("sign-in", main)).into_response()
}

#[derive(Deserialize)]
struct Asked {
    email: String,
}

async fn ask(
    State(app): State<Shared>,
    from: From,
    asked: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    let typed = asked.map(|Form(asked)| asked.email).unwrap_or_default();
    let email = match Email::new(&typed) {
        Ok(email) => email,
        Err(refusal) => {
            return Ok(ask_page(&app, StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(&(&refusal).into())));
        }
    };
    let secret = Secret::draw().map_err(failed)?;
    let answer = code_page(StatusCode::OK, &secret.text(), &typed, None);
    let (app, access) = (app.clone(), access.clone());
    tokio::spawn(async move {
        // Over the bound, the answer is the same too.
        if !app.bounds.mail(&email) {
            app.metrics.add("sign_in_mails_too_many", 1);
            return;
        }
        if let Err(failure) = access.blocking(move |access| access.ask(&email, &secret)).await {
            tracing::error!("a request to sign in was not recorded: {failure}");
        }
    });
    Ok(answer)
}

fn failed(failure: crate::log::Failure) -> Problem {
    tracing::error!("{failure}");
    Problem::Unavailable
}

/// The page on which the code is typed. `secret` belongs to it alone: the code of a mail counts nowhere else.
/// `typed`: the address, as whoever asked has typed it; known or not, the page is the same.
fn code_page(status: StatusCode, secret: &str, typed: &str, wrong: Option<&Wrong>) -> Response {
    let typed = Some(typed.trim()).filter(|typed| Email::new(typed).is_ok());
    let field = Field {
        name: "code",
        label: say::CODE,
        hint: say::CODE_HINT,
        kind: "text",
        autocomplete: "one-time-code",
        value: "",
    };
    let main = html! {
        h1 { (say::SENT_TITLE) }
        p.lead { (say::SENT) }
        @if let Some(typed) = typed { p { (say::TYPED) " " strong { (typed) } "." } }
        form.stack method="post" action="/sign-in/code" {
            input type="hidden" name="page" value=(secret);
            @if let Some(typed) = typed { input type="hidden" name="email" value=(typed); }
            (field.with(wrong))
            p.actions { button.button.button-primary type="submit" { (say::USE_CODE) } }
        }
        p.soft { (say::NOTHING_CAME) }
        p { a href="/sign-in" { (say::AGAIN) } }
    };
    page(status, say::SENT_TITLE, main)
}

#[derive(Deserialize, Default)]
struct Typed {
    page: String,
    code: String,
    /// What was typed on the page before, to be shown once more.
    #[serde(default)]
    email: String,
}

async fn code(
    State(app): State<Shared>,
    from: From,
    shown: Shown,
    headers: HeaderMap,
    typed: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    let Typed { page, code, email } = typed.map(|Form(typed)| typed).unwrap_or_default();
    match access.use_code(&page, &code, agent(&headers)).await {
        Ok(session) => come_in(&app, shown, &session).await,
        Err(Error::Refused(refused @ Refused::CodeWrong)) => {
            app.metrics.add("sign_ins_refused", 1);
            let wrong = Wrong { sentence: refused.sentence(), hint: refused.hint() };
            Ok(code_page(StatusCode::UNPROCESSABLE_ENTITY, &page, &email, Some(&wrong)))
        }
        Err(Error::Refused(refused)) => {
            app.metrics.add("sign_ins_refused", 1);
            Ok(over(say::CODE_VOID_TITLE, refused))
        }
        Err(error) => Err(unavailable(error)),
    }
}

/// Looking at a link does not use it up, since programs that check mail look at links too.
async fn link(State(app): State<Shared>, from: From, Path(link): Path<String>) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    let person = match access.linked(&link) {
        Ok(person) => person,
        Err(refused) => return Ok(over(say::VOID_TITLE, refused)),
    };
    let main = html! {
        h1 { (say::LINK_TITLE) }
        p.lead { (say::LINK_LEAD) }
        form method="post" action={ "/sign-in/" (link) } {
            p.actions {
                button.button.button-primary type="submit" { (say::as_person(&name_of(&app, &person))) }
            }
        }
    };
    Ok(page(StatusCode::OK, say::LINK_TITLE, main))
}

async fn use_link(
    State(app): State<Shared>,
    from: From,
    shown: Shown,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    match access.use_link(&link, agent(&headers)).await {
        Ok(session) => come_in(&app, shown, &session).await,
        Err(Error::Refused(refused)) => {
            app.metrics.add("sign_ins_refused", 1);
            Ok(over(say::VOID_TITLE, refused))
        }
        Err(error) => Err(unavailable(error)),
    }
}

async fn first_form(State(app): State<Shared>, Path(link): Path<String>) -> Result<Response, Problem> {
    if !access(&app)?.is_first(&link) {
        return Ok(over(say_first::VOID_TITLE, Refused::FirstVoid));
    }
    Ok(first_page(StatusCode::OK, &link, &First::default(), None))
}

#[derive(Deserialize, Default)]
struct First {
    name: String,
    email: String,
}

fn first_page(status: StatusCode, link: &str, typed: &First, refusal: Option<&Refusal>) -> Response {
    let of_address = matches!(refusal, Some(Refusal::EmailNotValid | Refusal::EmailTaken));
    let wrong = refusal.map(Wrong::from);
    let name = Field {
        name: "name",
        label: say_first::NAME,
        hint: say_first::NAME_HINT,
        kind: "text",
        autocomplete: "name",
        value: &typed.name,
    };
    let main = html! {
        h1 { (say_first::TITLE) }
        p.lead { (say_first::LEAD) }
        form.stack method="post" action={ "/first/" (link) } {
            (name.with(wrong.as_ref().filter(|_| !of_address)))
            (address_field(&typed.email, say_first::ADDRESS_HINT).with(wrong.as_ref().filter(|_| of_address)))
            p.actions { button.button.button-primary type="submit" { (say_first::BEGIN) } }
        }
    };
    page(status, say_first::TITLE, main)
}

async fn first(
    State(app): State<Shared>,
    from: From,
    Path(link): Path<String>,
    headers: HeaderMap,
    typed: Result<Form<First>, FormRejection>,
) -> Result<Response, Problem> {
    let access = access(&app)?;
    attempt(&app, from)?;
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let done = access.first(&link, typed.name.clone(), typed.email.clone(), agent(&headers)).await;
    match done {
        Ok(session) => come_in(&app, Shown::default(), &session).await,
        Err(Error::Refused(refused)) => Ok(over(say_first::VOID_TITLE, refused)),
        Err(Error::Ruled(refusal)) => {
            Ok(first_page(StatusCode::UNPROCESSABLE_ENTITY, &link, &typed, Some(&refusal)))
        }
        Err(error) => Err(unavailable(error)),
    }
}

pub(super) fn unavailable(error: Error) -> Problem {
    tracing::error!("signing in: {error:?}");
    Problem::Unavailable
}

/// Signed in, to the plans; some are asked for a passkey on the way. A session that was there before is over.
async fn come_in(app: &App, shown: Shown, session: &Secret) -> Result<Response, Problem> {
    let access = access(app)?;
    leave(access, shown).await.map_err(failed)?;
    app.metrics.add("sign_ins", 1);
    let person = access.session(&session.text()).map(|pass| pass.person);
    let is_asked = person.is_some_and(|person| app.passkeys.is_asked(&person));
    let on = Redirect::to(if is_asked { PASSKEY_OFFER } else { "/" });
    Ok(([(header::SET_COOKIE, set_cookie(app, &session.text()))], on).into_response())
}
