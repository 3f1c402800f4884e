//! `/plans/{plan}/tasks`: what was asked of whom about a plan, who has answered its consultation, and the forms to ask
//! and to remind. For those who may ask.

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{frame::View, library::PlanCard};
use super::{Frame, Problem, Visitor, command_of, due, form, fresh_id, say, tell, time, viewer, words};
use crate::domain::{
    Ask, Command, EventId, Of, OrganisationId, PersonId, PlanId, Refusal, SectionId, Task, TaskId,
};
use crate::http::{App, Shared, administration::Heard, library::card_of};
use crate::notify::Refused;
use crate::projection::End;

/// How many people and organisations are listed to choose from.
const LISTED: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/plans/{plan}/tasks", get(list).post(change))
        .route("/plans/{plan}/tasks/remind", post(remind))
}

/// A task with what became of it.
struct Row {
    id: TaskId,
    task: Task,
    words: Option<String>,
    end: Option<End>,
    /// The name of the organisation that it is asked of.
    organisation: Option<String>,
    left: bool,
}

struct Tasks {
    plan: PlanCard,
    /// The sections of the plan with their headings, in their order.
    sections: Vec<(SectionId, String)>,
    rows: Vec<Row>,
    heard: Option<Heard>,
}

/// All of it, for who may ask; a plan that one may not ask about is not here.
async fn tasks(app: &Shared, person: &PersonId, plan: &str) -> Result<Tasks, Problem> {
    let tasks = without_sections(app, person, plan)?;
    let (plan, head) = (tasks.plan.id, tasks.plan.head);
    let state = app.rooms.blocking(move |rooms| rooms.state_at(plan, head)).await;
    let state = state.map_err(|failure| {
        tracing::error!("the sections of a plan cannot be read: {failure:?}");
        Problem::Unavailable
    })?;
    let name = |heading: &str| if heading.is_empty() { say::UNTITLED.to_owned() } else { heading.to_owned() };
    let sections = state.sections.iter().map(|one| (one.id.clone(), name(one.heading())));
    Ok(Tasks { sections: sections.collect(), ..tasks })
}

fn without_sections(app: &App, person: &PersonId, plan: &str) -> Result<Tasks, Problem> {
    let id: PlanId = plan.parse().map_err(|_| Problem::NotFound)?;
    let card = card_of(&app.engine, person, id).ok_or(Problem::NotFound)?;
    let heard = app.heard(person, id).map_err(|_| Problem::NotFound)?;
    let views = app.engine.views();
    let state = &views.state;
    let rows = state.tasks.of_plan(id).map(|(task_id, task)| Row {
        id: task_id,
        task: task.clone(),
        words: views.notices.words(task_id).map(str::to_owned),
        end: views.notices.end(task_id).cloned(),
        organisation: match &task.ask.of {
            Of::Organisation(one) => state.organisations.get(one).map(|one| one.profile.name.clone()),
            Of::Person(_) => None,
        },
        left: match &task.ask.of {
            Of::Person(one) => state.people.get(one).is_none_or(|one| one.left),
            Of::Organisation(_) => false,
        },
    });
    Ok(Tasks { plan: card, sections: Vec::new(), rows: rows.collect(), heard })
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    done: Option<String>,
    find: Option<String>,
}

async fn list(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Path(plan): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let tasks = tasks(&app, &person, &plan).await?;
    let done = asked.done.as_deref().and_then(say::done);
    let said = html! { @if let Some(done) = done { (form::done(done)) } };
    let typed = Typed { find: asked.find, ..Typed::default() };
    Ok(page(&app, &person, StatusCode::OK, &tasks, said, &typed))
}

/// One of the page's forms, as it was sent.
#[derive(Debug, Default, Deserialize)]
struct Typed {
    id: Option<EventId>,
    /// What is to be done with a task: `done`, `withdraw`.
    what: Option<String>,
    task: Option<TaskId>,
    /// `person/…` or `organisation/…`.
    of: Option<String>,
    #[serde(default)]
    due: String,
    #[serde(default)]
    text: String,
    /// Empty: the whole plan.
    #[serde(default)]
    section: String,
    find: Option<String>,
}

impl Typed {
    fn command(&self, plan: PlanId, id: EventId) -> Result<(Command, &'static str), Refusal> {
        if let Some(task) = self.task {
            return Ok(match self.what.as_deref() {
                Some("done") => (Command::TaskDone { task }, "done"),
                _ => (Command::TaskWithdraw { task }, "withdrawn"),
            });
        }
        let of = match self.of.as_deref().and_then(|of| of.split_once('/')) {
            Some(("person", one)) => Of::Person(PersonId::new(one).map_err(|_| Refusal::PersonUnknown)?),
            Some(("organisation", one)) => {
                Of::Organisation(OrganisationId::new(one).map_err(|_| Refusal::OrganisationUnknown)?)
            }
            _ => return Err(Refusal::Empty { field: "choice of whom it is asked" }),
        };
        let due = match self.due.trim() {
            "" => None,
            due => Some(form::time(due).ok_or(Refusal::DateNotRead)?),
        };
        let section = match self.section.as_str() {
            "" => None,
            section => Some(SectionId::new(section).map_err(|_| Refusal::SectionUnknown)?),
        };
        let ask = Ask { plan: Some(plan), section, of, due };
        Ok((Command::TaskAsk { task: TaskId(id.0), ask, text: self.text.clone() }, "asked"))
    }
}

async fn change(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Path(plan): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let before = tasks(&app, &person, &plan).await?;
    let id = typed.id.unwrap_or_else(fresh_id);
    let done = match typed.command(before.plan.id, id) {
        Ok((command, what)) => command_of(&app, &person, id, command).await?.map(|()| what),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(what) => Ok(Redirect::to(&format!("/plans/{}/tasks?done={what}", before.plan.id)).into_response()),
        Err(refusal) => {
            let said = form::refused(&refusal);
            Ok(page(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, &before, said, &typed))
        }
    }
}

async fn remind(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Path(plan): Path<String>,
) -> Result<Response, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let tasks = tasks(&app, &person, &plan).await?;
    let (status, said) = match app.remind(&person, tasks.plan.id).await {
        Ok(Ok(count)) => (StatusCode::OK, say::reminded(count)),
        Ok(Err(Refused::Failed(failure))) => {
            tracing::error!("nobody was reminded: {failure}");
            return Err(Problem::Unavailable);
        }
        Ok(Err(refused)) => (StatusCode::CONFLICT, refused.sentence().to_owned()),
        Err(_) => return Err(Problem::NotFound),
    };
    let said = form::done(&said);
    Ok(page(&app, &person, status, &tasks, said, &Typed::default()))
}

fn page(
    app: &App,
    person: &PersonId,
    status: StatusCode,
    tasks: &Tasks,
    said: Markup,
    typed: &Typed,
) -> Response {
    let viewer = viewer(app, person);
    let now = (app.engine.clock())();
    let name = |one: &PersonId| tell::name(&app.engine, person, one);
    let of = |row: &Row| {
        html! {
            @match &row.task.ask.of {
                Of::Person(one) => { (name(one)) @if row.left { ", " (say::LEFT) } }
                Of::Organisation(_) => (row.organisation.as_deref().unwrap_or(words::SOMEONE)),
            }
        }
    };
    let section = |row: &Row| {
        let of = row.task.ask.section.as_ref();
        let found = of.and_then(|of| tasks.sections.iter().find(|(id, _)| id == of));
        html! { @if let Some((id, heading)) = found {
            " " a.small href={ "/plans/" (tasks.plan.id) "/read#s-" (id) } { (heading) }
        } }
    };
    let (over, open): (Vec<_>, Vec<_>) = tasks.rows.iter().partition(|row| row.task.over.is_some());
    let title = format!("{}: {}", say::TASKS_OF, tasks.plan.title);
    let main = html! {
        h1 { (say::TASKS_OF) }
        (said)
        p.lead { (say::TASKS_LEAD) }
        @if let Some(heard) = &tasks.heard { (consultation(tasks.plan.id, heard)) }
        section {
            h2 #open { (say::OPEN) }
            @if open.is_empty() { p { (say::NONE_OPEN) } } @else {
                div.table-box tabindex="0" role="region" aria-labelledby="open" { table.stacked {
                    thead { tr {
                        th scope="col" { (say::TASK) }
                        th scope="col" { (say::WHO) }
                        th scope="col" { (say::BY_WHEN) }
                        th scope="col" { (say::DO) }
                    } }
                    tbody { @for row in &open {
                        @let text = row.words.as_deref().unwrap_or(say::ERASED);
                        tr {
                            th scope="row" { (text) (section(row)) }
                            td data-head=(say::WHO) { (of(row)) }
                            td data-head=(say::BY_WHEN) { (due(row.task.ask.due, now)) }
                            td data-head=(say::DO) {
                                form.inline method="post" {
                                    (form::id(fresh_id()))
                                    input type="hidden" name="task" value=(row.id);
                                    button.button.button-small name="what" value="done" type="submit" {
                                        (say::DONE) span.visually-hidden { ": " (text) }
                                    }
                                    (form::sure(
                                        &html! { (say::WITHDRAW) span.visually-hidden { ": " (text) } },
                                        say::WITHDRAW_WHAT,
                                        &html! {
                                            button.button.button-small.button-danger name="what" value="withdraw"
                                                type="submit" {
                                                (say::WITHDRAW_SURE) span.visually-hidden { ": " (text) }
                                            }
                                        },
                                    ))
                                }
                            }
                        }
                    } }
                } }
            }
        }
        (ask(app, person, tasks, typed))
        @if !over.is_empty() {
            section {
                h2 #over { (say::OVER) }
                div.table-box tabindex="0" role="region" aria-labelledby="over" { table.stacked {
                    thead { tr {
                        th scope="col" { (say::TASK) }
                        th scope="col" { (say::WHO) }
                        th scope="col" { (say::BECAME) }
                    } }
                    tbody { @for row in over.iter().rev() { tr {
                        th scope="row" { (row.words.as_deref().unwrap_or(say::ERASED)) (section(row)) }
                        td data-head=(say::WHO) { (of(row)) }
                        td data-head=(say::BECAME) { @if let Some(end) = &row.end {
                            (if end.done { say::DONE_BY } else { say::WITHDRAWN_BY }) " "
                            (end.by.as_ref().map_or_else(|| words::PROGRAM.to_owned(), &name)) ", " (time::moment(end.at))
                        } }
                    } } }
                } }
            }
        }
    };
    let plan = Some((&tasks.plan, View::Tasks));
    let frame = Frame { title: &title, viewer: Some(&viewer), plan, script: None };
    (status, frame.page("calendar", main)).into_response()
}

fn listed(title: &str, names: &[String]) -> Markup {
    html! {
        details open[names.len() <= 12] {
            summary { (title) ": " (names.len()) }
            ul { @for name in names { li { (name) } } }
        }
    }
}

fn consultation(plan: PlanId, heard: &Heard) -> Markup {
    html! {
        section aria-labelledby="heard" {
            h2 #heard { (say::CONSULTATION) ": " (heard.phase) }
            p { (say::heard(heard.of - heard.silent.len(), heard.of)) }
            @if heard.silent.is_empty() { p { (say::ALL_ANSWERED) } } @else {
                (listed(say::SILENT, &heard.silent))
            }
            @if !heard.unreached.is_empty() {
                (listed(say::UNREACHED, &heard.unreached))
                p.field-hint { (say::UNREACHED_HINT) }
            }
            @if heard.people > 0 {
                form method="post" action={ "/plans/" (plan) "/tasks/remind" } {
                    p.field-hint #remind-hint { (say::REMIND_HINT) }
                    button.button type="submit" aria-describedby="remind-hint" { (say::REMIND) }
                }
            }
        }
    }
}

/// The form that asks. Where there are many to choose from, they are found first by a part of the name.
fn ask(app: &App, person: &PersonId, tasks: &Tasks, typed: &Typed) -> Markup {
    let find = typed.find.as_deref().unwrap_or_default().trim().to_lowercase();
    let (organisations, people) = {
        let state = &app.engine.views().state;
        let organisations = state.organisations.iter();
        let organisations: Vec<_> =
            organisations.map(|(id, one)| (id.to_string(), one.profile.name.clone())).collect();
        let there = state.people.iter().filter(|(_, known)| !known.left);
        (organisations, there.map(|(id, _)| id.clone()).collect::<Vec<_>>())
    };
    let people: Vec<_> =
        people.iter().map(|id| (id.to_string(), tell::name(&app.engine, person, id))).collect();
    let group = |mut all: Vec<(String, String)>| {
        all.retain(|(_, name)| name.to_lowercase().contains(&find));
        all.sort_by_cached_key(|(_, name)| name.to_lowercase());
        let more = all.len().saturating_sub(LISTED);
        all.truncate(LISTED);
        (all, more)
    };
    let is_many = organisations.len() + people.len() > LISTED;
    let ((organisations, more), (people, more_people)) = (group(organisations), group(people));
    let more = more + more_people;
    let due_field = form::Moment {
        id: "due",
        name: "due",
        label: say::DUE,
        value: &typed.due,
        is_preset: false,
        hint: Some(say::DUE_HINT),
    };
    let chosen = |kind: &str, id: &str| typed.of.as_deref() == Some(&format!("{kind}/{id}"));
    html! {
        section aria-labelledby="ask" {
            h2 #ask { (say::ASK_TITLE) }
            @if is_many {
                form.form method="get" action="#ask" {
                    p.field {
                        label for="find" { (say::FIND) }
                        input.input #find name="find" value=(find);
                    }
                    button.button type="submit" { (say::FIND_DO) }
                }
            }
            form.form method="post" action={ "/plans/" (tasks.plan.id) "/tasks" } {
                (form::id(fresh_id()))
                p.field {
                    label for="of" { (say::OF) }
                    @if more > 0 { span.field-hint { (say::more(more)) } }
                    select.input #of name="of" required {
                        option value="" { (say::ANYBODY) }
                        @for (label, kind, all) in [
                            (say::ORGANISATIONS, "organisation", &organisations),
                            (say::PEOPLE, "person", &people),
                        ] {
                            @if !all.is_empty() {
                                optgroup label=(label) {
                                    @for (id, name) in all {
                                        option value={ (kind) "/" (id) } selected[chosen(kind, id)] { (name) }
                                    }
                                }
                            }
                        }
                    }
                }
                p.field {
                    label for="text" { (say::WHAT) }
                    textarea.input #text name="text" rows="3" required { (typed.text) }
                }
                @if !tasks.sections.is_empty() {
                    p.field {
                        label for="section" { (say::SECTION) }
                        select.input #section name="section" {
                            option value="" { (say::WHOLE_PLAN) }
                            @for (id, heading) in &tasks.sections {
                                option value=(id) selected[typed.section == id.as_str()] { (heading) }
                            }
                        }
                    }
                }
                (due_field.field())
                button.button.button-primary type="submit" { (say::ASK) }
            }
        }
    }
}
