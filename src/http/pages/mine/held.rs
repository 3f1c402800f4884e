//! `/me/data`: what is kept about oneself, and one's name in it.

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{
    form,
    frame::Frame,
    me::{back, viewer},
    problem::Problem,
    words::conduct as say,
};
use super::command_of;
use crate::domain::{Command, EventId, PersonId};
use crate::engine::fresh_id;
use crate::http::{App, Shared, auth::Visitor};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// The form, as it was sent.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    id: EventId,
    name: String,
}

pub(super) async fn held(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let said = html! { @if query.done.is_some() { (form::done(say::NAME_SAVED)) } };
    Ok(page(&app, &person, StatusCode::OK, &said, None))
}

pub(super) async fn rename(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(Typed { id, name }): Form<Typed>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let command = Command::PersonRename { person: person.clone(), name: name.clone() };
    Ok(match command_of(&app, &person, id, command).await? {
        Ok(()) => Redirect::to("/me/data?done=saved").into_response(),
        Err(refusal) => {
            page(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, &form::refused(&refusal), Some(&name))
        }
    })
}

fn page(app: &App, person: &PersonId, status: StatusCode, said: &Markup, typed: Option<&str>) -> Response {
    let viewer = viewer(app, person);
    let main = html! {
        (back())
        h1 { (say::HELD_TITLE) }
        (said)
        p.lead { (say::HELD_LEAD) }
        ul { li { (say::HELD_ROW) } li { (say::HELD_RECORD) } li { (say::HELD_ACCESS) } }
        h2 { (say::NAME_TITLE) }
        form.form method="post" action="/me/data" {
            (form::id(fresh_id()))
            div.field {
                label for="name" { (say::NAME) }
                p.hint #name-hint { (say::NAME_HINT) }
                input.input #name name="name" value=(typed.unwrap_or(&viewer.name)) autocomplete="name" required
                    aria-describedby="name-hint";
            }
            button.button type="submit" { (say::NAME_SAVE) }
        }
        h2 { (say::COPY_TITLE) }
        p { (say::COPY_LEAD) }
        p.actions { a.button.button-primary href="/api/me/data" download { (say::COPY) } }
        h2 { (say::ERASE_TITLE) }
        p { (say::ERASE_LEAD) }
    };
    let frame = Frame { title: say::HELD_TITLE, viewer: Some(&viewer), plan: None, script: None };
    (status, frame.page("me", main)).into_response()
}
