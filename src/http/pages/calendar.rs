//! `/plans/{plan}/calendar`: the phases of a plan with their dates and gates, and, for those who keep the process,
//! the forms that set them.

use axum::{
    Form,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Asked, Shared, asked, form,
    frame::{Frame, View},
    library::{Denied, Library, PlanCard},
    phases::{self, Standing, standing},
    problem::Problem,
    time, words,
    words::{conduct as privacy, phases as say},
};
use crate::domain::{
    Command, EventId, Phase, PhaseId, PhaseKind, Process, Refusal, Request, Role, Template, Timestamp,
};

pub(super) async fn calendar(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(done): Query<form::Done>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asked = asked(library, &headers, &plan)?;
            Ok(page(library, &asked, Said { above: done.said(say::done), typed: None }))
        })
        .await
}

/// What stands above the calendar, and what was typed when something was refused.
struct Said<'a> {
    above: Markup,
    typed: Option<&'a Typed>,
}

/// One of the page's forms, as it was sent.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Typed {
    id: EventId,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
enum What {
    Start {
        template: String,
        begins: String,
        /// The phase in which the plan is now; empty: the first.
        #[serde(default)]
        from: String,
    },
    Move {
        phase: PhaseId,
        opens: String,
        closes: String,
    },
    Approve {
        phase: PhaseId,
        role: Role,
    },
    Withdraw {
        phase: PhaseId,
        role: Role,
    },
    Keep {
        days: String,
    },
}

impl What {
    fn word(&self) -> &'static str {
        match self {
            Self::Start { .. } => "started",
            Self::Move { .. } => "moved",
            Self::Approve { .. } => "approved",
            Self::Withdraw { .. } => "disapproved",
            Self::Keep { .. } => "kept",
        }
    }
}

pub(super) async fn change(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let asked = asked(library, &headers, &plan)?;
            let command = command(library, &asked.plan, &typed.what);
            let outcome = command.and_then(|command| {
                let request = Request { id: typed.id, command };
                library.command(&asked.viewer.id, request)
            });
            let word = typed.what.word();
            let done = outcome.map(|()| format!("/plans/{}/calendar?done={word}", asked.plan.id));
            form::answered(done, |refusal| {
                let said = Said { above: form::refused(refusal), typed: Some(&typed) };
                Ok(page(library, &asked, said))
            })
        })
        .await
}

fn command(library: &dyn Library, plan: &PlanCard, what: &What) -> Result<Command, Denied> {
    let time = |text: &str| form::time(text).ok_or(Denied::Refused(Refusal::DateNotRead));
    Ok(match what {
        What::Start { template, begins, from } => {
            let templates = library.templates();
            let found = templates.iter().find(|one| one.template.as_str() == template);
            let found = found.ok_or(Denied::Refused(Refusal::TemplateUnknown))?;
            found.start(plan.id, from, time(begins)?).map_err(Denied::Refused)?
        }
        What::Move { phase, opens, closes } => Command::PhaseReschedule {
            plan: plan.id,
            phase: phase.clone(),
            opens: time(opens)?,
            closes: time(closes)?,
        },
        What::Keep { days } => {
            let days = match days.trim() {
                "" => None,
                days => Some(days.parse().map_err(|_| Denied::Refused(Refusal::RetentionNotValid))?),
            };
            Command::RetentionSet { plan: plan.id, days }
        }
        What::Approve { phase, role } => {
            Command::GateApprove { plan: plan.id, phase: phase.clone(), role: *role }
        }
        What::Withdraw { phase, role } => {
            Command::GateWithdraw { plan: plan.id, phase: phase.clone(), role: *role }
        }
    })
}

fn page(library: &dyn Library, asked: &Asked, said: Said<'_>) -> Markup {
    let plan = &asked.plan;
    let frame = Frame {
        title: &format!("{}: {}", say::TITLE, plan.title),
        viewer: Some(&asked.viewer),
        plan: Some((plan, View::Calendar)),
        script: None,
    };
    frame.page(
        "calendar",
        html! {
            h1 { (say::TITLE) }
            (said.above)
            @match &plan.process {
                Some(process) => {
                    p.lead { (phases::now(process)) }
                    (phases::bar(process, say::BAR))
                    (table(library, asked, process, &said))
                    (kept(library, plan, process, said.typed))
                }
                None if plan.may_process => (start(library, plan, said.typed)),
                None => p.lead { (say::NO_PROCESS) }
            }
        },
    )
}

fn table(library: &dyn Library, asked: &Asked, process: &Process, said: &Said<'_>) -> Markup {
    let (over, rest): (Vec<_>, Vec<_>) =
        process.phases.iter().partition(|phase| standing(phase) == Standing::Over);
    let nobody = nobody(library, asked, process);
    let card = |phase: &Phase| one_phase(library, asked, phase, &nobody, said);
    html! {
        @if !over.is_empty() {
            // An approval that is missing is not folded away.
            details.phases-over open[over.iter().any(|phase| phase.missing().next().is_some())] {
                summary { (say::over(over.len())) }
                @for phase in over { (card(phase)) }
            }
        }
        @for phase in rest { (card(phase)) }
    }
}

/// The roles that approve at the gates of a process and that nobody has, for those who can do something about it.
fn nobody(library: &dyn Library, asked: &Asked, process: &Process) -> Vec<Role> {
    if !asked.plan.may_process {
        return Vec::new();
    }
    let people = library.network().people;
    let has = |role: &Role| people.values().any(|person| !person.left && person.office.roles.contains(role));
    process.phases.iter().flat_map(Phase::missing).filter(|role| !has(role)).collect()
}

fn one_phase(
    library: &dyn Library,
    asked: &Asked,
    phase: &Phase,
    nobody: &[Role],
    said: &Said<'_>,
) -> Markup {
    html! {
        section.sheet.phase-card aria-labelledby={ "phase-" (phase.plan.phase) } {
            h2 id={ "phase-" (phase.plan.phase) } { (phase.plan.title) }
            p {
                (badge(phase)) " "
                (time::moment(phase.opened.unwrap_or(phase.plan.opens))) " – "
                (time::moment(phase.closed.unwrap_or(phase.plan.closes)))
            }
            p.soft { (say::kind(phase.plan.kind)) }
            @if asked.plan.may_ask && phase.is_open() && phase.plan.kind == PhaseKind::Consultation {
                p { a href={ "/plans/" (asked.plan.id) "/tasks#heard" } { (say::WHO_ANSWERED) } }
            }
            (gate(library, asked, phase))
            @for role in phase.missing().filter(|role| nobody.contains(role)) {
                p.notice.notice-waiting {
                    (say::nobody_approves(role)) " "
                    @if asked.viewer.keeps_people { a href="/network" { (say::ADD_SOMEBODY) } }
                }
            }
            @if asked.plan.may_process && standing(phase) != Standing::Over {
                (dates(library, &asked.plan, phase, said.typed))
            }
        }
    }
}

/// For how long comments are kept, and the form that sets it.
fn kept(library: &dyn Library, plan: &PlanCard, process: &Process, typed: Option<&Typed>) -> Markup {
    let typed = typed.and_then(|typed| match &typed.what {
        What::Keep { days } => Some(days.clone()),
        _ => None,
    });
    let is_typed = typed.is_some();
    let days = typed.or_else(|| process.keep_days.map(|days| days.to_string())).unwrap_or_default();
    html! {
        section.sheet.phase-card aria-labelledby="kept" {
            h2 #kept { (privacy::KEEP_TITLE) }
            @match (process.forgotten, process.keep_days) {
                (Some(at), _) => p { (privacy::KEEP_GONE) " " (time::moment(at)) },
                (None, Some(days)) => p { (privacy::keep_for(days)) },
                (None, None) => p { (privacy::KEEP_FOR_EVER) },
            }
            @if plan.may_process && process.forgotten.is_none() {
                details open[is_typed] {
                    summary { (privacy::KEEP_CHANGE) }
                    form.form method="post" action={ "/plans/" (plan.id) "/calendar" } {
                        (form::id(library.fresh_id()))
                        input type="hidden" name="what" value="keep";
                        div.field {
                            label for="days" { (privacy::KEEP_DAYS) }
                            p.hint #days-hint { (privacy::KEEP_HINT) }
                            input.input #days name="days" inputmode="numeric" value=(days) aria-describedby="days-hint";
                        }
                        button.button type="submit" { (say::SAVE) }
                    }
                }
            }
        }
    }
}

fn badge(phase: &Phase) -> Markup {
    match standing(phase) {
        Standing::Over => html! { span.badge { (say::OVER) } },
        Standing::Open => html! { span.badge.badge-good { (say::OPEN) } },
        Standing::Coming => html! { span.badge.badge-waiting { (say::COMING) } },
    }
}

fn gate(library: &dyn Library, asked: &Asked, phase: &Phase) -> Markup {
    if phase.plan.gate.is_empty() {
        return html! {};
    }
    let process = asked.plan.process.as_ref();
    let at =
        process.and_then(|process| process.phases.iter().position(|one| one.plan.phase == phase.plan.phase));
    let is_passed = process.zip(at).is_some_and(|(process, at)| process.is_passed(at));
    let button = |what: &str, role: &Role, label: &str, class: &str| {
        html! {
            form.inline method="post" {
                (form::id(library.fresh_id()))
                input type="hidden" name="what" value=(what);
                input type="hidden" name="phase" value=(phase.plan.phase);
                input type="hidden" name="role" value=(role.word());
                button class=(class) type="submit" {
                    (label) span.visually-hidden { ": " (phase.plan.title) }
                }
            }
        }
    };
    html! {
        h3 { (say::GATE) }
        ul.gate {
            @for role in &phase.plan.gate {
                li {
                    (words::home::role(*role)) ": "
                    @match phase.approved.get(role) {
                        Some((person, at)) => {
                            (say::APPROVED_BY) " " (asked.people.actor(Some(person))) ", " (time::moment(*at))
                            @if !is_passed && asked.viewer.roles.contains(role) {
                                " " (button("withdraw", role, say::DISAPPROVE, "button button-small"))
                            }
                        }
                        None => {
                            (say::NOT_APPROVED)
                            @if phase.opened.is_some() && asked.viewer.roles.contains(role) {
                                " " (button("approve", role, say::APPROVE, "button button-primary"))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn dates(library: &dyn Library, plan: &PlanCard, phase: &Phase, typed: Option<&Typed>) -> Markup {
    let known = (form::stamp(phase.plan.opens), form::stamp(phase.plan.closes));
    let typed = typed.and_then(|typed| match &typed.what {
        What::Move { phase: of, opens, closes } if *of == phase.plan.phase => {
            Some((opens.clone(), closes.clone()))
        }
        _ => None,
    });
    let is_typed = typed.is_some();
    let (opens, closes) = typed.unwrap_or(known);
    let id = &phase.plan.phase;
    html! {
        details open[is_typed] {
            summary { (say::MOVE) span.visually-hidden { ": " (phase.plan.title) } }
            form.form method="post" action={ "/plans/" (plan.id) "/calendar" } {
                (form::id(library.fresh_id()))
                input type="hidden" name="what" value="move";
                input type="hidden" name="phase" value=(id);
                @if standing(phase) == Standing::Coming {
                    (form::moment(&format!("opens-{id}"), "opens", say::OPENS, &opens))
                } @else {
                    input type="hidden" name="opens" value=(opens);
                }
                (form::moment(&format!("closes-{id}"), "closes", say::CLOSES, &closes))
                button.button type="submit" { (say::SAVE) }
            }
        }
    }
}

/// Choosing a template and the first day. Whatever comes of it can be moved afterwards.
fn start(library: &dyn Library, plan: &PlanCard, typed: Option<&Typed>) -> Markup {
    let templates: Vec<Template> = library.templates();
    let (chosen, begins, from) = match typed.map(|typed| &typed.what) {
        Some(What::Start { template, begins, from }) => (template.clone(), begins.clone(), from.clone()),
        _ => (String::new(), form::stamp(tomorrow(library.now())), String::new()),
    };
    let begins = form::Moment {
        id: "begins",
        name: "begins",
        label: say::BEGINS,
        value: &begins,
        is_preset: typed.is_none(),
        hint: None,
    };
    html! {
        p.lead { (say::START_LEAD) }
        form.form method="post" action={ "/plans/" (plan.id) "/calendar" } {
            (form::id(library.fresh_id()))
            input type="hidden" name="what" value="start";
            p.small { a href="/templates" { (words::planning::TEMPLATES) } }
            fieldset {
                legend { (say::TEMPLATE) }
                @for (at, template) in templates.iter().enumerate() {
                    @let checked = if chosen.is_empty() { at == 0 } else { template.template.as_str() == chosen };
                    label.choice {
                        input type="radio" name="template" value=(template.template) checked[checked];
                        span {
                            strong { (template.title) }
                            span.soft.small {
                                @for (at, phase) in template.phases.iter().enumerate() {
                                    @if at > 0 { " · " } (phase.title)
                                }
                            }
                        }
                    }
                }
            }
            p.field {
                label for="from" { (say::FROM) }
                select.input #from name="from" {
                    option value="" { (say::FROM_FIRST) }
                    @for template in &templates {
                        optgroup label=(template.title) {
                            @for phase in template.phases.iter().skip(1) {
                                option value=(phase.phase) selected[from == phase.phase.as_str()] { (phase.title) }
                            }
                        }
                    }
                }
            }
            (begins.field())
            button.button.button-primary type="submit" { (say::START) }
        }
    }
}

/// Midnight, UTC.
fn tomorrow(now: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 3600 * 1000;
    Timestamp((now.0.div_euclid(DAY) + 1) * DAY)
}
