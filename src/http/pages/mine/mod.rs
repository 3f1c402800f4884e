//! `/me`: what is asked of one, by when, and what is new. Made for one person: its cost does not grow with the network.

mod held;
mod mail;
mod tasks;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form,
    frame::Frame,
    me::viewer,
    phases,
    problem::Problem,
    time,
    words::{self, conduct, mine as say},
};
use crate::domain::{
    Action, Command, EventId, PersonId, PlanId, Position, Process, Refusal, Request, TaskId, Timestamp,
    Wanted,
};
use crate::engine::Error;
use crate::engine::fresh_id;
use crate::http::{App, Shared, auth::Visitor};
use crate::log::Failure;
use crate::notify::{self, Item, Todo, words as tell};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/me", get(mine))
        .route("/me/seen", post(seen))
        .route("/me/done", post(done))
        .route("/me/data", get(held::held).post(held::rename))
        .merge(mail::routes())
        .merge(tasks::routes())
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    /// What was just done, for the sentence at the top.
    done: Option<String>,
}

async fn mine(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let done = said.done.as_deref().and_then(say::done);
    Ok(page(&app, &person, StatusCode::OK, html! { @if let Some(done) = done { (form::done(done)) } }))
}

/// A plan as one's own page shows it.
struct Card {
    id: PlanId,
    title: String,
    process: Option<Process>,
    asks: bool,
}

fn plans(app: &App, person: &PersonId) -> Vec<Card> {
    let views = app.engine.views();
    let may = |plan, action| views.state.may(person, plan, action);
    let readable = views.state.order.iter().filter(|plan| may(**plan, Action::Read));
    let card = |id: &PlanId| {
        let plan = views.state.plans.get(id)?;
        let asks = may(*id, Action::Ask);
        Some(Card { id: *id, title: plan.title.clone(), process: plan.process.clone(), asks })
    };
    readable.filter_map(card).collect()
}

fn page(app: &App, person: &PersonId, status: StatusCode, said: Markup) -> Response {
    let mine = notify::mine(&app.engine, person);
    let now = (app.engine.clock())();
    let name = |one: &PersonId| tell::name(&app.engine, person, one);
    let viewer = viewer(app, person);
    let main = html! {
        h1 { (say::TITLE) }
        (said)
        section aria-labelledby="asked" {
            h2 #asked { (say::ASKED) }
            @if mine.todos.is_empty() { p.lead { (say::NOTHING_ASKED) } }
            ol.todos { @for todo in &mine.todos { li.sheet.todo { (one_todo(todo, now, &name)) } } }
        }
        section aria-labelledby="news" {
            h2 #news { (say::NEWS) }
            @if mine.items.is_empty() { p { (say::NO_NEWS) } }
            @if mine.unseen > 0 {
                form method="post" action="/me/seen" {
                    input type="hidden" name="upto" value=(mine.head);
                    button.button type="submit" { (say::SEEN_ALL) }
                }
            }
            ol.news { @for item in &mine.items { li { (one_item(item, mine.seen, &name)) } } }
        }
        section aria-labelledby="plans" {
            h2 #plans { (say::PLANS) }
            @let plans = plans(app, person);
            @if plans.is_empty() { p { (say::NO_PLANS) } }
            ul.mine-plans {
                @for plan in &plans {
                    li {
                        a href={ "/plans/" (plan.id) } { (plan.title) } ": "
                        @match &plan.process {
                            Some(process) => (phases::now(process)),
                            None => (say::UNSCHEDULED),
                        }
                        @if plan.asks {
                            " " a href={ "/plans/" (plan.id) "/tasks" } {
                                (say::TASKS_OF) span.visually-hidden { ": " (plan.title) }
                            }
                        }
                    }
                }
            }
        }
        nav aria-labelledby="account-settings" {
            h2 #account-settings { (say::ACCOUNT) }
            ul {
                li { a href="/me/mail" { (say::MAIL) } }
                @if !viewer.picked {
                    li { a href="/me/address" { (say::ADDRESS) } }
                    li { a href="/me/sessions" { (say::SESSIONS) } }
                    li { a href="/me/tokens" { (say::TOKENS) } }
                }
                li { a href="/me/passkeys" { (say::PASSKEYS) } }
                li { a href="/me/data" { (conduct::HELD_TITLE) } }
                li { a href="/conduct" { (conduct::TITLE) } }
            }
        }
    };
    let frame = Frame { title: say::TITLE, viewer: Some(&viewer), plan: None, script: None };
    (status, frame.page("mine", main)).into_response()
}

/// By when something is due; overdue is said in words.
pub(super) fn due(by: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        @match by {
            Some(by) if by < now => {
                span.badge.badge-waiting { (say::OVERDUE) } " " (say::WAS_DUE) " " (time::moment(by))
            }
            Some(by) => { (say::BY) " " (time::moment(by)) }
            None => (say::NO_DATE),
        }
    }
}

fn one_todo(todo: &Todo, now: Timestamp, name: &dyn Fn(&PersonId) -> String) -> Markup {
    let sentence = tell::todo(todo);
    html! {
        p.todo-words { (sentence) }
        p.small {
            (due(todo.due.by, now))
            @if let Some((_, title)) = &todo.plan { " · " (title) }
            @if let Some(asker) = &todo.asker { " · " (say::ASKED_BY) " " (name(asker)) }
            @if let Some(organisation) = &todo.organisation { " · " (say::ASKED_OF) " " (organisation) }
        }
        div.actions {
            @if let Some(path) = tell::todo_path(todo) {
                a.button href=(path) { (say::GO) span.visually-hidden { ": " (sentence) } }
            }
            @if let Wanted::Task { task } = &todo.due.wanted {
                form method="post" action="/me/done" {
                    (form::id(fresh_id()))
                    input type="hidden" name="task" value=(task);
                    button.button.button-primary type="submit" {
                        (say::DONE) span.visually-hidden { ": " (sentence) }
                    }
                }
            }
        }
    }
}

fn one_item(item: &Item, seen: Position, name: &dyn Fn(&PersonId) -> String) -> Markup {
    let sentence = tell::item(item, name);
    html! {
        p {
            @if item.notice.position > seen { span.badge.badge-good { (say::UNSEEN) } " " }
            (sentence)
        }
        @if let Some(words) = &item.words { blockquote { p { (tell::shortened(words)) } } }
        p.soft.small {
            (time::moment(item.notice.at))
            @if let Some((_, title)) = &item.plan { " · " (title) }
            @if let Some(path) = tell::item_path(item) {
                " · " a href=(path) { (say::LOOK) span.visually-hidden { ": " (sentence) } }
            }
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    upto: Position,
}

async fn seen(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(seen): Form<Seen>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let notifier = app.notifier.clone();
    kept(move || notifier.seen(&person, seen.upto)).await?;
    Ok(Redirect::to("/me?done=seen").into_response())
}

#[derive(Deserialize)]
struct Done {
    id: EventId,
    task: TaskId,
}

async fn done(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Form(done): Form<Done>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let command = Command::TaskDone { task: done.task };
    match command_of(&app, &person, done.id, command).await? {
        Ok(()) => Ok(Redirect::to("/me?done=done").into_response()),
        Err(refusal) => Ok(page(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, form::refused(&refusal))),
    }
}

/// Asks for something in somebody's name: done, or refused.
async fn command_of(
    app: &Shared,
    person: &PersonId,
    id: EventId,
    command: Command,
) -> Result<Result<(), Refusal>, Problem> {
    match app.rooms.command(person.clone(), Request { id, command }, None).await {
        Ok(_) => Ok(Ok(())),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(Error::Failed(failure)) => {
            tracing::error!("a task was not recorded: {failure}");
            Err(Problem::Unavailable)
        }
    }
}

/// Keeps something beside the record, off the async threads.
async fn kept(work: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<(), Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()))).map_err(|failure| {
        tracing::error!("what somebody wishes was not kept: {failure}");
        Problem::Unavailable
    })
}
