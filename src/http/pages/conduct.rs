//! `/conduct`: the rules by which comments are written, for everybody; and the form that sets them.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{form, frame::Frame, me::viewer, problem::Problem, words::conduct as say};
use crate::domain::{Action, Command, Conduct, EventId, PersonId, Refusal, Request};
use crate::engine::Error;
use crate::engine::fresh_id;
use crate::http::api::session::name_of;
use crate::http::auth::Visitor;
use crate::http::{App, Shared};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/conduct", get(conduct).post(change))
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
}

/// The form, as it was sent.
#[derive(Debug, Deserialize)]
struct Typed {
    id: EventId,
    version: u64,
    rules: String,
    contact: String,
}

async fn conduct(State(app): State<Shared>, Visitor(person): Visitor, Query(done): Query<Done>) -> Response {
    let said = match done.done.as_deref() {
        Some("saved") => form::done(say::SAVED),
        _ => html! {},
    };
    page(&app, StatusCode::OK, person.as_ref(), &said, None)
}

async fn change(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let given = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    let contact = match given(&typed.contact).map(PersonId::new).transpose() {
        Ok(contact) => contact,
        Err(_) => return Ok(refused(&app, &person, &typed, &Refusal::PersonUnknown)),
    };
    // Whoever leaves the program's own rules as they stand in the form has not written any.
    let rules = given(&typed.rules).filter(|rules| !lines(rules).eq(lines(say::RULES)));
    let command = Command::ConductSet { rules, contact, version: typed.version };
    match app.rooms.command(person.clone(), Request { id: typed.id, command }, None).await {
        Ok(_) => Ok(Redirect::to("/conduct?done=saved").into_response()),
        Err(Error::Refused(refusal)) => Ok(refused(&app, &person, &typed, &refusal)),
        Err(error) => {
            tracing::error!("the rules of conduct were not recorded: {error:?}");
            Err(Problem::Unavailable)
        }
    }
}

fn refused(app: &App, person: &PersonId, typed: &Typed, refusal: &Refusal) -> Response {
    let said = form::refused(refusal);
    page(app, StatusCode::UNPROCESSABLE_ENTITY, Some(person), &said, Some(typed))
}

fn page(
    app: &App,
    status: StatusCode,
    person: Option<&PersonId>,
    said: &Markup,
    typed: Option<&Typed>,
) -> Response {
    let (conduct, contact, keeps, people) = {
        let state = &app.engine.views().state;
        let keeps = person.is_some_and(|person| state.may_always(person, Action::Moderate));
        let present = state.people.iter().filter(|(_, known)| !known.left).map(|(id, _)| id.clone());
        let people: Vec<PersonId> = if keeps { present.collect() } else { Vec::new() };
        (state.conduct.clone(), state.contact().cloned(), keeps, people)
    };
    let viewer = person.map(|person| viewer(app, person));
    let rules = conduct.rules.as_deref().unwrap_or(say::RULES);
    let main = html! {
        h1 { (say::TITLE) }
        (said)
        p.lead { (say::LEAD) }
        ul.conduct { @for line in lines(rules) { li { (line) } } }
        h2 { (say::MEASURES_TITLE) }
        p { (say::MEASURES) }
        h2 { (say::DISPUTES_TITLE) }
        p {
            (say::DISPUTES) " "
            // Who that is, those learn who are let in.
            @match (&contact, person) {
                (Some(contact), Some(_)) => { strong { (name_of(app, contact)) } "." }
                (Some(_), None) => (say::DISPUTES_SOMEBODY),
                (None, _) => (say::DISPUTES_NOBODY),
            }
        }
        @if keeps { (change_form(app, &conduct, people, typed)) }
    };
    let frame = Frame { title: say::TITLE, viewer: viewer.as_ref(), plan: None, script: None };
    (status, frame.page("me", main)).into_response()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn change_form(app: &App, conduct: &Conduct, people: Vec<PersonId>, typed: Option<&Typed>) -> Markup {
    let mut people: Vec<(String, PersonId)> = people.into_iter().map(|id| (name_of(app, &id), id)).collect();
    people.sort();
    let rules = typed.map_or(conduct.rules.as_deref().unwrap_or(say::RULES), |typed| &typed.rules);
    let chosen = typed.map_or(conduct.contact.as_ref().map(PersonId::as_str), |typed| Some(&*typed.contact));
    html! {
        section aria-labelledby="change" {
            h2 #change { (say::CHANGE) }
            form.form.sheet method="post" {
                (form::id(fresh_id()))
                input type="hidden" name="version" value=(conduct.version);
                div.field {
                    label for="rules" { (say::OWN) }
                    p.hint #rules-hint { (say::OWN_HINT) }
                    textarea.input #rules name="rules" rows="6" aria-describedby="rules-hint" { (rules) }
                }
                div.field {
                    label for="contact" { (say::CONTACT) }
                    p.hint #contact-hint { (say::CONTACT_HINT) }
                    select.input #contact name="contact" aria-describedby="contact-hint" {
                        option value="" { (say::NOBODY) }
                        @for (name, id) in &people {
                            option value=(id) selected[chosen == Some(id.as_str())] { (name) }
                        }
                    }
                }
                p.actions { button.button.button-primary type="submit" { (say::SAVE) } }
            }
        }
    }
}
