//! `/network/access`: who came in and when, and what lets them in, for those who keep people; and the form that ends it.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{frame::Frame, me::viewer, problem::Problem, time, words::access as say};
use crate::access::{Access, Entry};
use crate::domain::{Action, PersonId};
use crate::http::api::session::name_of;
use crate::http::auth::Visitor;
use crate::http::{App, Shared};
use crate::log::Failure;

/// How many entries a page shows.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/network/access", get(journal).post(end))
}

#[derive(Debug, Default, Deserialize)]
struct View {
    /// Whose entries alone.
    person: Option<PersonId>,
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct End {
    person: PersonId,
}

/// Somebody who may see it.
fn keeper(app: &App, person: Option<PersonId>) -> Result<PersonId, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let keeps = app.engine.views().state.may_always(&person, Action::People);
    if keeps { Ok(person) } else { Err(Problem::NotFound) }
}

fn unavailable(failure: &Failure) -> Problem {
    tracing::error!("the log of access: {failure}");
    Problem::Unavailable
}

async fn journal(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    let keeper = keeper(&app, person)?;
    let entries = match app.access() {
        Some(access) => {
            let of = view.person.clone();
            let read = access.blocking(move |access| access.journal(of.as_ref(), SHOWN)).await;
            read.map_err(|failure: Failure| unavailable(&failure))?
        }
        None => Vec::new(),
    };
    let main = html! {
        p.back { a href="/network" { (say::BACK) } }
        h1 { (say::TITLE) @if let Some(person) = &view.person { ": " (name_of(&app, person)) } }
        @if view.done.is_some() { (super::form::done(say::ENDED)) }
        p.lead { (say::LEAD) }
        @match (app.access(), &view.person) {
            (None, _) => p.notice { (say::PICKED) },
            (Some(access), Some(person)) => (holds(access, person)),
            (Some(_), None) => {}
        }
        @if view.person.is_some() { p { a href="/network/access" { (say::ALL) } } }
        @if app.access().is_some() { (table(&app, &entries)) }
    };
    let viewer = viewer(&app, &keeper);
    let frame = Frame { title: say::TITLE, viewer: Some(&viewer), plan: None, script: None };
    Ok((StatusCode::OK, frame.page("me", main)).into_response())
}

/// What lets somebody in now, and the form that ends it.
fn holds(access: &Access, person: &PersonId) -> Markup {
    let (sessions, tokens) = (access.sessions(person).len(), access.tokens(person).len());
    html! {
        p { (say::holds(sessions, tokens)) }
        @if sessions + tokens > 0 {
            form method="post" {
                input type="hidden" name="person" value=(person);
                p.actions { button.button.button-danger type="submit" { (say::END) } }
            }
        }
    }
}

fn table(app: &App, entries: &[Entry]) -> Markup {
    html! {
        @if entries.is_empty() { p { (say::NOTHING) } }
        @else {
            div.table-frame tabindex="0" role="region" aria-label=(say::TITLE) { table {
                thead { tr {
                    th scope="col" { (say::WHEN) }
                    th scope="col" { (say::WHO) }
                    th scope="col" { (say::WHAT) }
                } }
                tbody {
                    @for entry in entries {
                        tr {
                            td { (time::moment(entry.at)) }
                            th scope="row" {
                                a href={ "/network/access?person=" (entry.person) } { (name_of(app, &entry.person)) }
                            }
                            td {
                                (say::what(entry.what))
                                @if let Some(by) = &entry.by { ", " (say::BY) " " (name_of(app, by)) }
                                @if !entry.agent.is_empty() { " · " span.soft.small { (super::me::device(&entry.agent)) } }
                            }
                        }
                    }
                }
            } }
        }
    }
}

async fn end(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(asked): Form<End>,
) -> Result<Response, Problem> {
    let keeper = keeper(&app, person)?;
    let access = app.access().ok_or(Problem::NotFound)?;
    let (whose, by) = (asked.person.clone(), keeper);
    let ended = access.blocking(move |access| access.end_all(&whose, &by)).await;
    ended.map_err(|failure: Failure| unavailable(&failure))?;
    Ok(Redirect::to(&format!("/network/access?person={}&done=ended", asked.person)).into_response())
}
