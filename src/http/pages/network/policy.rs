//! `/network/policy`: who can do what, now. Made from the rules' own table, cell by cell.

use axum::{extract::State, http::HeaderMap, response::Response};
use maud::{Markup, html};

use super::super::{groups::written, library::PlanCard, words::groups};
use super::{Desk, Problem, Visit, back, say};
use crate::domain::{Action, Party, Process, Stage, always_granted, granted};

pub(super) async fn policy(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    desk.visit(headers, |visit| Ok(visit.page(say::POLICY, page(visit)?))).await
}

fn page(visit: &Visit<'_>) -> Result<Markup, Problem> {
    let plans = visit.desk.plans(&visit.viewer.id)?;
    let narrowed = narrowed(visit, &plans)?;
    Ok(html! {
        (back())
        h1 { (say::POLICY) }
        p.lead { (say::POLICY_LEAD) }
        section {
            h2 #in-a-plan { (say::IN_A_PLAN) }
            p.soft { (say::IN_A_PLAN_LEAD) }
            div.table-box role="region" aria-labelledby="in-a-plan" tabindex="0" { (in_a_plan(&plans)) }
        }
        (narrowed)
        section {
            h2 #always { (say::ALWAYS) }
            p.soft { (say::ALWAYS_LEAD) }
            div.table-box role="region" aria-labelledby="always" tabindex="0" { (always()) }
        }
    })
}

/// What holds in single plans beside the table: freezes, gates, and sections that are for some people alone.
fn narrowed(visit: &Visit<'_>, plans: &[PlanCard]) -> Result<Markup, Problem> {
    let mut all = Vec::new();
    for plan in plans {
        let gates: Vec<_> = plan.process.iter().flat_map(Process::at_gates).collect();
        if plan.frozen.is_none() && gates.is_empty() && plan.assigned.is_empty() {
            continue;
        }
        let sections = sections(visit, plan)?;
        all.push(html! {
            h3 { a href={ "/plans/" (plan.id) "/calendar" } { (plan.title) } }
            ul {
                @if let Some(frozen) = &plan.frozen { li { (say::FROZEN) " " (frozen.reason) } }
                @for phase in gates {
                    li {
                        (say::AT_GATE) " " strong { (phase.plan.title) } ": "
                        @for (at, role) in phase.plan.gate.iter().enumerate() {
                            @if at > 0 { ", " }
                            (say::role(*role).0) " "
                            @if phase.approved.contains_key(role) { (say::HAS_APPROVED) } @else { (say::HAS_NOT_APPROVED) }
                        }
                    }
                }
                @for (heading, group) in sections { li { strong { (heading) } ": " (group) } }
            }
        });
    }
    Ok(html! {
        section {
            h2 { (say::NARROWED) }
            p.soft { (say::NARROWED_LEAD) }
            @if all.is_empty() { p { (say::NOT_NARROWED) } }
            @for one in all { (one) }
        }
    })
}

/// The sections of a plan that are for some people alone, in their order: their headings, and who writes them.
fn sections(visit: &Visit<'_>, plan: &PlanCard) -> Result<Vec<(String, String)>, Problem> {
    if plan.assigned.is_empty() {
        return Ok(Vec::new());
    }
    let state = visit.desk.state_at(plan.id, plan.head)?;
    let some = state.sections.iter().filter_map(|section| {
        let heading = section.heading();
        let heading = if heading.is_empty() { groups::UNTITLED } else { heading };
        Some((heading.to_owned(), written(&visit.people, &visit.network, plan.assigned.get(&section.id)?)))
    });
    Ok(some.collect())
}

fn in_a_plan(plans: &[PlanCard]) -> Markup {
    let plans = |stage: Stage| {
        let now = plans.iter().filter(move |plan| Stage::of(plan.process.as_ref()) == stage);
        now.map(|plan| plan.title.as_str()).collect::<Vec<_>>()
    };
    let now: Vec<_> = Stage::ALL.into_iter().map(|stage| (stage, plans(stage))).collect();
    html! {
        table.policy.stacked {
            caption.visually-hidden { (say::IN_A_PLAN_CAPTION) }
            thead {
                tr {
                    th scope="col" { (say::WHO) }
                    @for (stage, plans) in &now {
                        @let (name, what) = say::stage(*stage);
                        th scope="col" class=[(!plans.is_empty()).then_some("now")] {
                            span.policy-stage { (name) }
                            span.small { (what) }
                            @if !plans.is_empty() {
                                span.policy-now { span.badge.badge-good { (say::NOW) } " " (plans.join(", ")) }
                            }
                        }
                    }
                }
            }
            tbody {
                @for party in Party::ALL {
                    tr {
                        th scope="row" { (say::party(party)) }
                        @for (stage, plans) in &now {
                            td class=[(!plans.is_empty()).then_some("now")] data-head=(say::stage(*stage).0) {
                                (cell(Action::IN_A_PLAN.iter().filter(|action| granted(party, *stage).contains(action))))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn always() -> Markup {
    let actions: Vec<Action> =
        Action::ALL.into_iter().filter(|action| !Action::IN_A_PLAN.contains(action)).collect();
    html! {
        table.policy.stacked {
            caption.visually-hidden { (say::ALWAYS_CAPTION) }
            thead {
                tr {
                    th scope="col" { (say::WHO) }
                    @for action in &actions { th scope="col" { (say::action(*action)) } }
                }
            }
            tbody {
                @for party in Party::ALL {
                    tr {
                        th scope="row" { (say::party(party)) }
                        @for action in &actions {
                            td data-head=(say::action(*action)) {
                                @if always_granted(party).contains(action) { strong { (say::YES) } }
                                @else { span.soft { (say::NO) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is granted, a word each; where nothing is, that too is said.
fn cell<'a>(actions: impl Iterator<Item = &'a Action>) -> Markup {
    let words: Vec<_> = actions.map(|action| say::action(*action)).collect();
    html! {
        @if words.is_empty() { span.soft { (say::NOTHING) } } @else { (words.join(", ")) }
    }
}
