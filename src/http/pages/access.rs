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
use crate::access::Entry;
use crate::domain::PersonId;
use crate::http::administration::{Error, Holds};
use crate::http::api::session::name_of;
use crate::http::auth::Visitor;
use crate::http::{App, Shared};

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

/// To who may not see it, it is not here.
fn denied(error: Error) -> Problem {
    match error {
        Error::Ruled(_) | Error::Refused(_) => Problem::NotFound,
        Error::Failed(why) => {
            tracing::error!("the log of access: {why}");
            Problem::Unavailable
        }
    }
}

async fn journal(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    let keeper = person.ok_or(Problem::SignIn)?;
    let entries = app.journal(&keeper, view.person.as_ref(), SHOWN).await.map_err(denied)?;
    let held = view.person.as_ref().and_then(|person| app.holds(&keeper, person).ok().zip(Some(person)));
    let main = html! {
        p.back { a href="/network" { (say::BACK) } }
        h1 { (say::TITLE) @if let Some(person) = &view.person { ": " (name_of(&app, person)) } }
        @if view.done.is_some() { (super::form::done(say::ENDED)) }
        p.lead { (say::LEAD) }
        @if app.access().is_none() { p.notice { (say::PICKED) } }
        @if let Some((held, person)) = &held { (holds(held, person)) }
        @if view.person.is_some() { p { a href="/network/access" { (say::ALL) } } }
        @if app.access().is_some() { (table(&app, &entries)) }
    };
    let viewer = viewer(&app, &keeper);
    let frame = Frame { title: say::TITLE, viewer: Some(&viewer), plan: None, script: None };
    Ok((StatusCode::OK, frame.page("me", main)).into_response())
}

/// What lets somebody in now, and the form that ends it.
fn holds(held: &Holds, person: &PersonId) -> Markup {
    let (sessions, tokens) = (held.sessions.len(), held.tokens.len());
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
    let keeper = person.ok_or(Problem::SignIn)?;
    app.end_all(&keeper, &asked.person).await.map_err(denied)?;
    Ok(Redirect::to(&format!("/network/access?person={}&done=ended", asked.person)).into_response())
}
