//! `/templates`: from what the process of a plan can be made; those who keep processes add and remove the network's own.

use axum::{
    Form,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Shared, form,
    frame::Frame,
    library::{Denied, Library, Person},
    people::People,
    planning::roles,
    problem::Problem,
    words::{phases as calendar, planning as say},
};
use crate::domain::{Action, PhaseId, Refusal, Template};

#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub(super) enum Typed {
    Add { json: String },
    Remove { template: PhaseId },
}

pub(super) async fn templates(
    State(library): State<Shared>,
    Query(done): Query<form::Done>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let viewer = keeper(library, &headers)?;
            Ok(page(library, &viewer, &done.said(say::done), ""))
        })
        .await
}

pub(super) async fn change(
    State(library): State<Shared>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let viewer = keeper(library, &headers)?;
            let (done, word, json) = match typed {
                Typed::Add { json } => {
                    let read = Template::read(&json).map_err(|error| {
                        Denied::Refused(Refusal::TemplateNotRead { why: error.to_string() })
                    });
                    (read.and_then(|template| library.keep_template(&viewer.id, template)), "template", json)
                }
                Typed::Remove { template } => {
                    (library.remove_template(&viewer.id, &template), "template-removed", String::new())
                }
            };
            form::answered(done.map(|()| format!("/templates?done={word}")), |refusal| {
                Ok(page(library, &viewer, &form::refused(refusal), &json))
            })
        })
        .await
}

/// Who sets the dates of plans.
fn keeper(library: &dyn Library, headers: &HeaderMap) -> Result<Person, Problem> {
    let viewer = library.viewer(headers).ok_or(Problem::SignIn)?;
    if !library.network().may_always(&viewer, Action::Process) {
        return Err(Problem::NotFound);
    }
    People::of(library.people(Some(&viewer))).get(&viewer).cloned().ok_or(Problem::SignIn)
}

fn page(library: &dyn Library, viewer: &Person, said: &Markup, json: &str) -> Markup {
    let built_in = Template::built_in();
    let frame = Frame { title: say::TEMPLATES, viewer: Some(viewer), plan: None, script: None };
    frame.page(
        "calendar",
        html! {
            h1 { (say::TEMPLATES) }
            (said)
            p.lead { (say::TEMPLATES_LEAD) }
            @for template in library.templates() {
                (one(&template, !built_in.contains(&template)))
            }
            section.sheet.phase-card aria-labelledby="add-a-template" {
                h2 #add-a-template { (say::ADD_TEMPLATE) }
                p.soft { (say::ADD_TEMPLATE_LEAD) }
                form.form method="post" action="/templates" {
                    input type="hidden" name="what" value="add";
                    p.field {
                        label for="json" { (say::JSON) }
                        textarea.input #json name="json" rows="12" spellcheck="false" required { (json) }
                    }
                    button.button type="submit" { (say::ADD_TEMPLATE) }
                }
            }
        },
    )
}

fn one(template: &Template, is_own: bool) -> Markup {
    let id = &template.template;
    html! {
        section.sheet.phase-card aria-labelledby={ "template-" (id) } {
            h2 id={ "template-" (id) } { (template.title) }
            @if !is_own { p.soft { (say::BUILT_IN) } }
            ol {
                @for phase in &template.phases {
                    li {
                        strong { (phase.title) } ", " (say::days(phase.days.into()))
                        span.soft { ". " (calendar::kind(phase.kind)) }
                        @if !phase.gate.is_empty() {
                            span.soft {
                                " " (calendar::GATE) ": "
                                (roles(&phase.gate)) "."
                            }
                        }
                    }
                }
            }
            details {
                summary { (say::FILE) span.visually-hidden { ": " (template.title) } }
                pre tabindex="0" {
                    (serde_json::to_string_pretty(template).unwrap_or_default())
                }
            }
            @if is_own {
                form.form method="post" action="/templates" {
                    input type="hidden" name="what" value="remove";
                    input type="hidden" name="template" value=(id);
                    button.button.button-danger type="submit" {
                        (say::REMOVE_TEMPLATE) span.visually-hidden { ": " (template.title) }
                    }
                }
            }
        }
    }
}
