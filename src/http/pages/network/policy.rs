//! `/network/policy`: who can do what, now. Made from the rules' own table, cell by cell.

use axum::{extract::State, http::HeaderMap, response::Response};
use maud::{Markup, html};

use super::{Desk, Problem, Visit, back, say};
use crate::domain::{Action, Party, Stage, always_granted, granted};

pub(super) async fn policy(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    desk.visit(headers, |visit| Ok(visit.page(say::POLICY, page(visit)))).await
}

fn page(visit: &Visit<'_>) -> Markup {
    html! {
        (back())
        h1 { (say::POLICY) }
        p.lead { (say::POLICY_LEAD) }
        section {
            h2 #in-a-plan { (say::IN_A_PLAN) }
            p.soft { (say::IN_A_PLAN_LEAD) }
            div.table-box role="region" aria-labelledby="in-a-plan" tabindex="0" { (in_a_plan(visit)) }
        }
        section {
            h2 #always { (say::ALWAYS) }
            p.soft { (say::ALWAYS_LEAD) }
            div.table-box role="region" aria-labelledby="always" tabindex="0" { (always()) }
        }
    }
}

fn in_a_plan(visit: &Visit<'_>) -> Markup {
    let plans = |stage: Stage| {
        let now = visit.network.plans.iter().filter(move |(_, plan)| *plan == stage);
        now.map(|(title, _)| title.as_str()).collect::<Vec<_>>()
    };
    let now: Vec<_> = Stage::ALL.into_iter().map(|stage| (stage, plans(stage))).collect();
    html! {
        table.policy {
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
                            td class=[(!plans.is_empty()).then_some("now")] {
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
        table.policy {
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
                            td {
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
