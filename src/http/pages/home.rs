//! `/`: who are you, and then: the plans.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Shared, form,
    frame::{Frame, views},
    library::{Denied, Library, Person, PlanCard},
    passkeys,
    people::People,
    phases,
    problem::Problem,
    time, words,
    words::home as say,
};
use crate::domain::{Command, EventId, Refusal, Request};

pub(super) async fn home(State(library): State<Shared>, headers: HeaderMap) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asks = library.viewer(&headers);
            let people = People::of(library.people(asks.as_ref()));
            let Some(viewer) = asks.and_then(|id| people.get(&id).cloned()) else {
                return Ok(if library.demonstration() {
                    pick(&people, library.passkeys())
                } else {
                    sign_in()
                });
            };
            Ok(plans(&viewer, &people, &library.plans(&viewer.id)?, &begin(library, &viewer, "", None)))
        })
        .await
}

/// A plan that is to be started.
#[derive(Debug, Deserialize)]
pub(super) struct Started {
    id: EventId,
    title: String,
}

/// Starts a plan, and leads on to its calendar.
pub(super) async fn start(
    State(library): State<Shared>,
    headers: HeaderMap,
    Form(started): Form<Started>,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let asks = library.viewer(&headers).ok_or(Problem::SignIn)?;
            let people = People::of(library.people(Some(&asks)));
            let viewer = people.get(&asks).cloned().ok_or(Problem::SignIn)?;
            let command = Command::PlanCreate { plan: None, title: started.title.clone() };
            match library.command(&viewer.id, Request { id: started.id, command }) {
                // A plan that is not given an id has that of its command.
                Ok(()) => Ok(Redirect::to(&format!("/plans/{}/calendar", started.id)).into_response()),
                Err(Denied::Refused(refusal)) => {
                    let again = begin(library, &viewer, &started.title, Some(&refusal));
                    let page = plans(&viewer, &people, &library.plans(&viewer.id)?, &again);
                    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
                }
                Err(Denied::Unavailable) => Err(Problem::Unavailable),
            }
        })
        .await
}

/// The form that starts a plan, for those who may.
fn begin(library: &dyn Library, viewer: &Person, title: &str, refused: Option<&Refusal>) -> Markup {
    if !library.may_start_plans(&viewer.id) {
        return html! {};
    }
    html! {
        details.start-plan open[refused.is_some()] {
            summary { (say::START) }
            @if let Some(refused) = refused { (form::refused(refused)) }
            form.form method="post" action="/plans" {
                (form::id(library.fresh_id()))
                p.field {
                    label for="title" { (say::TITLE) }
                    input.input #title name="title" value=(title) required aria-describedby="title-hint";
                    span.soft.small #title-hint { (say::START_HINT) }
                }
                button.button.button-primary type="submit" { (say::START) }
            }
        }
    }
}

/// The page to pick a person. One form, a button each: works without scripts.
fn pick(people: &People, origin: Option<&str>) -> Markup {
    let script = Some(passkeys::SCRIPT);
    let frame = Frame { title: say::PICK_TITLE, viewer: None, plan: None, script };
    frame.page(
        "home",
        html! {
            h1 { (say::PICK_TITLE) }
            p.lead { (say::PICK_LEAD) }
            form method="post" action="/api/demo/sign-in" {
                ul.people {
                    @for person in people.by_part() {
                        li { (card(person, people)) }
                    }
                }
            }
            p.tip.soft { (say::PICK_TIP) }
            (passkeys::sign_in(origin))
        },
    )
}

fn card(person: &Person, people: &People) -> Markup {
    let part = person.part.as_str();
    let may = person.parties.first().map_or("", |party| say::may(*party));
    html! {
        button.person-card type="submit" name="person" value=(person.id) {
            span.visually-hidden { (say::PICK_AS) " " }
            span class={ "person-card-name " (people.class(&person.id)) } { (person.name) }
            // The demonstration's people are named by their part; that need not be said twice.
            @if part != person.name { span.person-card-part { (part) } }
            span.person-card-may { (may) }
        }
    }
}

fn sign_in() -> Markup {
    let frame = Frame { title: words::PRODUCT, viewer: None, plan: None, script: None };
    frame.page(
        "home",
        html! {
            h1 { (words::PRODUCT) }
            p.lead { (say::NO_PICK) }
            p.actions { a.button.button-primary href="/sign-in" { (words::sign_in::TITLE) } }
        },
    )
}

fn plans(viewer: &Person, people: &People, plans: &[PlanCard], begin: &Markup) -> Markup {
    let frame = Frame { title: say::PLANS_TITLE, viewer: Some(viewer), plan: None, script: None };
    frame.page(
        "home",
        html! {
            h1 { (say::PLANS_TITLE) }
            @if plans.is_empty() { p.lead { (say::NO_PLANS) } }
            ul.plans {
                @for plan in plans {
                    li.sheet.plan-card {
                        h2 { a href={ "/plans/" (plan.id) } { (plan.title) } }
                        p.plan-state {
                            @match (&plan.frozen, &plan.process) {
                                (Some(frozen), _) => {
                                    span.badge.badge-waiting { (say::FROZEN) }
                                    " " span { (frozen.reason) }
                                }
                                (None, None) => span.badge.badge-good { (say::OPEN) },
                                (None, Some(_)) => {}
                            }
                            @if let Some(process) = &plan.process { " " (phases::now(process)) }
                        }
                        p.soft.small {
                            (say::LAST_CHANGED) " " (time::moment(plan.changed.0)) " " (say::BY) " "
                            (people.actor(plan.changed.1.as_ref()))
                        }
                        nav aria-label={ (words::VIEWS) ": " (plan.title) } { (views(plan, None)) }
                    }
                }
            }
            (begin)
        },
    )
}
