//! The phases of a plan as everyone understands them: a bar of steps, with where it stands now.

use maud::{Markup, html};

use super::{time, words::phases as say};
use crate::domain::{Phase, Process};

/// How a phase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Over,
    Open,
    Coming,
}

pub(super) fn standing(phase: &Phase) -> Standing {
    match (phase.opened, phase.closed) {
        (_, Some(_)) => Standing::Over,
        (Some(_), None) => Standing::Open,
        (None, None) => Standing::Coming,
    }
}

/// The bar: one step a phase, in their order.
pub(super) fn bar(process: &Process, label: &str) -> Markup {
    html! {
        ol.phases aria-label=(label) {
            @for phase in &process.phases {
                @let standing = standing(phase);
                li.phase.phase-over[standing == Standing::Over].phase-open[standing == Standing::Open]
                    aria-current=[(standing == Standing::Open).then_some("step")] {
                    span.phase-title { (phase.plan.title) }
                    span.phase-when.small { (when(phase)) }
                }
            }
        }
    }
}

/// In one line: what is open now, and until when; or what comes next.
pub(super) fn now(process: &Process) -> Markup {
    if let Some(open) = process.open() {
        return html! { strong { (open.plan.title) } " " (say::UNTIL) " " (time::moment(open.plan.closes)) };
    }
    let next = process.phases.iter().find(|phase| phase.opened.is_none());
    html! {
        (say::NONE_OPEN)
        @let missing = missing(process);
        @if !missing.is_empty() { " " (say::WAITS_FOR) " " strong { (missing) } "." }
        @if let Some(next) = next { " " (say::NEXT) " " strong { (next.plan.title) } ", " (time::moment(next.plan.opens)) "." }
    }
}

/// Whose approval is missing before the next phase opens: roles in words.
fn missing(process: &Process) -> String {
    let over = process.phases.iter().take_while(|phase| phase.opened.is_some());
    let mut roles: Vec<_> = over.flat_map(Phase::missing).collect();
    roles.sort();
    roles.dedup();
    roles.iter().map(|role| super::words::home::role(*role)).collect::<Vec<_>>().join(", ")
}

/// `until 14 Mar`, `from 2 Mar to 14 Mar`, `closed on 14 Mar`.
fn when(phase: &Phase) -> Markup {
    match standing(phase) {
        Standing::Over => {
            html! { (say::CLOSED_ON) " " (time::date(phase.closed.unwrap_or(phase.plan.closes))) }
        }
        Standing::Open => html! { (say::NOW_UNTIL) " " (time::date(phase.plan.closes)) },
        Standing::Coming => html! { (time::date(phase.plan.opens)) " – " (time::date(phase.plan.closes)) },
    }
}
