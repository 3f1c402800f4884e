//! `/plans/{plan}/phases`: who keeps the process changes the phases that are still to come, and the plan's title.

use axum::{
    Form,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};

use super::{
    Asked, Shared, form,
    frame::{Frame, View},
    keeper,
    library::{Denied, Library, PlanCard},
    phases::{Standing, standing},
    problem::Problem,
    time, words,
    words::{phases as calendar, planning as say},
};
use crate::domain::{
    Command, EventId, Phase, PhaseId, PhaseKind, PhasePlan, Refusal, Request, Role, Template,
};

/// One of the page's forms, as it was sent: a field for each role of a gate.
struct Typed(Vec<(String, String)>);

impl Typed {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    fn id(&self) -> Result<EventId, Problem> {
        self.get("id").parse().map_err(|_| Problem::NotUnderstood)
    }

    fn phase(&self) -> Result<PhaseId, Problem> {
        PhaseId::new(self.get("phase")).map_err(|_| Problem::NotUnderstood)
    }

    fn kind(&self) -> Result<PhaseKind, Problem> {
        let word = serde_json::Value::from(self.get("kind"));
        serde_json::from_value(word).map_err(|_| Problem::NotUnderstood)
    }

    fn gate(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.ticked(*role)).collect()
    }

    fn ticked(&self, role: Role) -> bool {
        self.0.iter().any(|(field, value)| field == "gate" && value == role.word())
    }

    /// Whether it is the form that does this, of this phase.
    fn is(&self, what: &str, phase: Option<&PhaseId>) -> bool {
        self.get("what") == what && phase.is_none_or(|phase| self.get("phase") == phase.as_str())
    }
}

/// What a form asks for.
enum Wish {
    Command(Command),
    Keep(Template),
}

fn wish(plan: &PlanCard, typed: &Typed) -> Result<Result<Wish, Refusal>, Problem> {
    let id = plan.id;
    let command = |command| Ok(Ok(Wish::Command(command)));
    match typed.get("what") {
        "rename" => command(Command::PlanRename { plan: id, title: typed.get("title").to_owned() }),
        "change" => command(Command::PhaseChange {
            plan: id,
            phase: typed.phase()?,
            title: typed.get("title").to_owned(),
            kind: typed.kind()?,
            gate: typed.gate(),
        }),
        "remove" => command(Command::PhaseRemove { plan: id, phase: typed.phase()? }),
        "withdraw" => command(Command::ProcessWithdraw { plan: id }),
        "add" => {
            let (Some(opens), Some(closes)) =
                (form::time(typed.get("opens")), form::time(typed.get("closes")))
            else {
                return Ok(Err(Refusal::DateNotRead));
            };
            let planned = PhasePlan {
                // Of the form, so that it is added once.
                phase: PhaseId::new(typed.id()?.to_string()).map_err(|_| Problem::NotUnderstood)?,
                kind: typed.kind()?,
                title: typed.get("title").to_owned(),
                opens,
                closes,
                gate: typed.gate(),
            };
            command(Command::PhaseAdd { plan: id, planned })
        }
        "keep" => {
            let Some(process) = &plan.process else { return Ok(Err(Refusal::NoProcess)) };
            Ok(Template::of(process, typed.get("title")).map(Wish::Keep))
        }
        _ => Err(Problem::NotUnderstood),
    }
}

/// The page that follows, with what was done.
fn next(plan: &PlanCard, typed: &Typed) -> String {
    let id = plan.id;
    match typed.get("what") {
        "rename" => format!("/plans/{id}/phases?done=renamed"),
        "change" => format!("/plans/{id}/phases?done=changed"),
        "remove" => format!("/plans/{id}/phases?done=removed"),
        "add" => format!("/plans/{id}/phases?done=added"),
        "keep" => "/templates?done=template".to_owned(),
        _ => format!("/plans/{id}/calendar?done=withdrawn"),
    }
}

pub(super) async fn planning(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(done): Query<form::Done>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asked = keeper(library, &headers, &plan)?;
            Ok(page(library, &asked, &done.said(say::done), None))
        })
        .await
}

pub(super) async fn change(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let asked = keeper(library, &headers, &plan)?;
            let typed = Typed(fields);
            let id = typed.id()?;
            let done = match wish(&asked.plan, &typed)? {
                Err(refusal) => Err(Denied::Refused(refusal)),
                Ok(Wish::Command(command)) => library.command(&asked.viewer.id, Request { id, command }),
                Ok(Wish::Keep(template)) => library.keep_template(&asked.viewer.id, template),
            };
            form::answered(done.map(|()| next(&asked.plan, &typed)), |refusal| {
                Ok(page(library, &asked, &form::refused(refusal), Some(&typed)))
            })
        })
        .await
}

fn page(library: &dyn Library, asked: &Asked, said: &Markup, typed: Option<&Typed>) -> Markup {
    let plan = &asked.plan;
    let frame = Frame {
        title: &format!("{}: {}", say::TITLE, plan.title),
        viewer: Some(&asked.viewer),
        plan: Some((plan, View::Phases)),
        script: None,
    };
    let page = Page { library, plan, typed };
    frame.page(
        "calendar",
        html! {
            h1 { (say::TITLE) }
            (said)
            @if let Some(process) = &plan.process {
                p.lead { (say::LEAD) }
                p { (say::DATES) " " a href={ "/plans/" (plan.id) "/calendar" } { (words::CALENDAR) } "." }
                (page.rename())
                @for phase in process.phases.iter().filter(|phase| standing(phase) != Standing::Over) {
                    (page.phase(phase))
                }
                (page.add())
                (page.keep())
                @if process.phases.iter().all(|phase| phase.opened.is_none()) { (page.withdraw()) }
            } @else {
                (page.rename())
                p { (calendar::NO_PROCESS) " " a href={ "/plans/" (plan.id) "/calendar" } { (calendar::TITLE) } }
            }
        },
    )
}

/// The forms, with what was typed in one of them when it was refused.
struct Page<'a> {
    library: &'a dyn Library,
    plan: &'a PlanCard,
    typed: Option<&'a Typed>,
}

impl<'a> Page<'a> {
    fn typed(&self, what: &str, phase: Option<&PhaseId>) -> Option<&'a Typed> {
        self.typed.filter(|typed| typed.is(what, phase))
    }

    /// A form of this page: what it does, and of which phase.
    fn form(&self, what: &str, phase: Option<&PhaseId>, inside: &Markup) -> Markup {
        html! {
            form.form method="post" action={ "/plans/" (self.plan.id) "/phases" } {
                (form::id(self.library.fresh_id()))
                input type="hidden" name="what" value=(what);
                @if let Some(phase) = phase { input type="hidden" name="phase" value=(phase); }
                (inside)
            }
        }
    }

    fn rename(&self) -> Markup {
        let title = self.typed("rename", None).map_or(&*self.plan.title, |typed| typed.get("title"));
        html! {
            section.sheet.phase-card aria-labelledby="the-title" {
                h2 #the-title { (say::PLAN_TITLE) }
                @if self.plan.may_edit {
                    (self.form("rename", None, &html! {
                        (line("plan-title", words::home::TITLE, title))
                        button.button type="submit" { (say::RENAME) }
                    }))
                } @else {
                    p { strong { (self.plan.title) } }
                    p.soft { (say::NOT_NOW) }
                }
            }
        }
    }

    fn phase(&self, phase: &Phase) -> Markup {
        let known = &phase.plan;
        let id = &known.phase;
        let typed = self.typed("change", Some(id));
        let title = typed.map_or(&*known.title, |typed| typed.get("title"));
        let has_begun = phase.opened.is_some();
        let kind = typed.and_then(|typed| typed.kind().ok()).unwrap_or(known.kind);
        let ticked = |role| typed.map_or(known.gate.contains(&role), |typed| typed.ticked(role));
        html! {
            section.sheet.phase-card aria-labelledby={ "phase-" (id) } {
                h2 id={ "phase-" (id) } { (known.title) }
                p.soft { (time::moment(known.opens)) " – " (time::moment(known.closes)) }
                p { (calendar::kind(known.kind)) @if !known.gate.is_empty() { " " (calendar::GATE) ": " (roles(&known.gate)) "." } }
                details open[typed.is_some()] {
                summary { (say::CHANGE) span.visually-hidden { ": " (known.title) } }
                (self.form("change", Some(id), &html! {
                    (line(&format!("title-{id}"), say::PHASE_TITLE, title))
                    @if has_begun {
                        input type="hidden" name="kind" value=(word(known.kind));
                        @for role in &known.gate { input type="hidden" name="gate" value=(role.word()); }
                    } @else {
                        (kinds(id.as_str(), kind))
                        (gate(id.as_str(), &ticked))
                    }
                    button.button type="submit" {
                        (say::SAVE) span.visually-hidden { ": " (known.title) }
                    }
                }))
                @if !has_begun {
                    (self.form("remove", Some(id), &html! {
                        button.button.button-danger type="submit" {
                            (say::REMOVE) span.visually-hidden { ": " (known.title) }
                        }
                    }))
                }
                }
            }
        }
    }

    fn add(&self) -> Markup {
        let typed = self.typed("add", None);
        let last = self.plan.process.as_ref().and_then(|process| process.phases.last());
        let opens = last.map(|phase| form::stamp(phase.plan.closes)).unwrap_or_default();
        let field = |name: &str, first: &str| typed.map_or(first, |typed| typed.get(name)).to_owned();
        let kind = typed.and_then(|typed| typed.kind().ok()).unwrap_or(PhaseKind::Gathering);
        html! {
            section.sheet.phase-card aria-labelledby="add-a-phase" {
                h2 #add-a-phase { (say::ADD) }
                p.soft { (say::ADD_LEAD) }
                details open[typed.is_some()] {
                summary { (say::ADD_OPEN) }
                (self.form("add", None, &html! {
                    (line("added-title", say::PHASE_TITLE, &field("title", "")))
                    (form::moment("added-opens", "opens", calendar::OPENS, &field("opens", &opens)))
                    (form::moment("added-closes", "closes", calendar::CLOSES, &field("closes", "")))
                    (kinds("added", kind))
                    (gate("added", &|role| typed.is_some_and(|typed| typed.ticked(role))))
                    button.button.button-primary type="submit" { (say::ADD) }
                }))
                }
            }
        }
    }

    fn keep(&self) -> Markup {
        let title = self.typed("keep", None).map_or("", |typed| typed.get("title"));
        html! {
            section.sheet.phase-card aria-labelledby="use-again" {
                h2 #use-again { (say::KEEP_TITLE) }
                p.soft { (say::KEEP_LEAD) }
                (self.form("keep", None, &html! {
                    (line("template-title", say::KEEP_NAME, title))
                    button.button type="submit" { (say::KEEP) }
                }))
                p.small { a href="/templates" { (say::TEMPLATES) } }
            }
        }
    }

    fn withdraw(&self) -> Markup {
        html! {
            section.sheet.phase-card aria-labelledby="begin-again" {
                h2 #begin-again { (say::WITHDRAW_TITLE) }
                p.soft { (say::WITHDRAW_LEAD) }
                (self.form("withdraw", None, &html! {
                    button.button.button-danger type="submit" { (say::WITHDRAW) }
                }))
            }
        }
    }
}

/// Roles in words.
pub(super) fn roles(roles: &[Role]) -> String {
    roles.iter().map(|role| words::home::role(*role)).collect::<Vec<_>>().join(", ")
}

fn line(id: &str, label: &str, value: &str) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) }
            input.input id=(id) name="title" value=(value) required;
        }
    }
}

/// As forms and the record have it.
fn word(kind: PhaseKind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn kinds(of: &str, chosen: PhaseKind) -> Markup {
    html! {
        fieldset {
            legend { (say::KIND) }
            @for kind in PhaseKind::ALL {
                label.choice for={ "kind-" (of) "-" (word(kind)) } {
                    input id={ "kind-" (of) "-" (word(kind)) } type="radio" name="kind" value=(word(kind))
                        checked[kind == chosen];
                    span { strong { (say::kind(kind)) } span.soft.small { (calendar::kind(kind)) } }
                }
            }
        }
    }
}

fn gate(of: &str, ticked: &dyn Fn(Role) -> bool) -> Markup {
    html! {
        fieldset {
            legend { (say::GATE) }
            p.soft.small { (say::GATE_HINT) }
            @for role in Role::ALL.into_iter().filter(|role| role.approves()) {
                label.choice for={ "gate-" (of) "-" (role.word()) } {
                    input id={ "gate-" (of) "-" (role.word()) } type="checkbox" name="gate" value=(role.word())
                        checked[ticked(role)];
                    span { (words::home::role(role)) }
                }
            }
        }
    }
}
