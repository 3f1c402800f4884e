//! Planning: the phases of a process as they are set and changed. What has begun stays as it began, and what is over
//! stays as it was.

use super::{PhaseKind, PhasePlan, Process, phase_of};
use crate::domain::decide::{Decision, text};
use crate::domain::policy::Action;
use crate::domain::{
    Actor, Event, Invitation, PhaseId, PlanId, Refusal, Role, State, Timestamp, forgetting, limits, plan,
};

pub(in crate::domain) fn start(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    template: &str,
    phases: &[PhasePlan],
    keep_days: Option<u32>,
) -> Result<Decision, Refusal> {
    forgetting::checked(keep_days)?;
    let found = plan::with(state, actor, plan, Action::Process)?;
    if found.process.is_some() {
        return Err(Refusal::ProcessRuns);
    }
    let template = text("template", template, limits::TITLE)?;
    if phases.is_empty() {
        return Err(Refusal::Empty { field: "list of phases" });
    }
    if phases.len() > limits::PHASES {
        return Err(Refusal::TooManyPhases);
    }
    let mut checked: Vec<PhasePlan> = Vec::with_capacity(phases.len());
    for phase in phases {
        if checked.iter().any(|other| other.phase == phase.phase) {
            return Err(Refusal::PhaseTwice);
        }
        checked.push(PhasePlan { title: titled(&phase.title)?, gate: gate(&phase.gate)?, ..phase.clone() });
    }
    in_order(checked.iter().map(|phase| (phase.opens, phase.closes)))?;
    let event = Event::ProcessStarted { plan, template, phases: checked, keep_days };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Moves the dates of a phase that has not closed. What is open stays open at least until now.
pub(in crate::domain) fn reschedule(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhaseId,
    dates: (Timestamp, Timestamp),
) -> Result<Decision, Refusal> {
    let (process, at) = phase_of(plan::with(state, actor, plan, Action::Process)?, phase)?;
    let known = &process.phases[at];
    if known.closed.is_some() {
        return Err(Refusal::PhaseIsOver);
    }
    let opens = if known.opened.is_some() { known.plan.opens } else { dates.0 };
    let moved = (opens, dates.1);
    if moved.1 < state.now {
        return Err(Refusal::DateIsPast);
    }
    let all = process
        .phases
        .iter()
        .enumerate()
        .map(|(other, phase)| if other == at { moved } else { (phase.plan.opens, phase.plan.closes) });
    in_order(all)?;
    let event = Event::PhaseRescheduled { plan, phase: phase.clone(), opens: moved.0, closes: moved.1 };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Adds a phase at the place of its dates, behind whatever has begun.
pub(in crate::domain) fn add(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhasePlan,
) -> Result<Decision, Refusal> {
    let found = plan::with(state, actor, plan, Action::Process)?;
    let process = found.process.as_ref().ok_or(Refusal::NoProcess)?;
    if process.forgotten.is_some() {
        return Err(Refusal::RetentionIsOver);
    }
    if process.phases.iter().any(|known| known.plan.phase == phase.phase) {
        return Err(Refusal::PhaseTwice);
    }
    if process.phases.len() >= limits::PHASES {
        return Err(Refusal::TooManyPhases);
    }
    let added = PhasePlan { title: titled(&phase.title)?, gate: gate(&phase.gate)?, ..phase.clone() };
    if added.closes < state.now {
        return Err(Refusal::DateIsPast);
    }
    let at = process.place(&added);
    if process.phases[at..].iter().any(|later| later.opened.is_some()) {
        return Err(Refusal::DatesNotInOrder);
    }
    let mut dates: Vec<_> =
        process.phases.iter().map(|known| (known.plan.opens, known.plan.closes)).collect();
    dates.insert(at, (added.opens, added.closes));
    in_order(dates.into_iter())?;
    let event = Event::PhaseAdded { plan, planned: added };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

impl Process {
    /// Where a phase stands among the others: before the first that begins later.
    pub(in crate::domain) fn place(&self, phase: &PhasePlan) -> usize {
        self.phases.partition_point(|known| known.plan.opens <= phase.opens)
    }
}

/// Gives a phase another title; and while it has not begun, other rules and another gate.
pub(in crate::domain) fn change(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhaseId,
    (title, kind, roles): (&str, PhaseKind, &[Role]),
) -> Result<Decision, Refusal> {
    let (process, at) = phase_of(plan::with(state, actor, plan, Action::Process)?, phase)?;
    let known = &process.phases[at];
    if known.closed.is_some() {
        return Err(Refusal::PhaseIsOver);
    }
    let gate = gate(roles)?;
    if known.opened.is_some() && (kind, &gate) != (known.plan.kind, &known.plan.gate) {
        return Err(Refusal::PhaseHasBegun);
    }
    let title = titled(title)?;
    if (&title, kind, &gate) == (&known.plan.title, known.plan.kind, &known.plan.gate) {
        return Err(Refusal::NothingChanged);
    }
    if kind != known.plan.kind {
        nobody_is_invited(state, plan, Some(phase))?;
    }
    let event = Event::PhaseChanged { plan, phase: phase.clone(), title, kind, gate };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Takes out a phase that has not begun.
pub(in crate::domain) fn remove(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhaseId,
) -> Result<Decision, Refusal> {
    let (process, at) = phase_of(plan::with(state, actor, plan, Action::Process)?, phase)?;
    if process.phases[at].opened.is_some() {
        return Err(Refusal::PhaseHasBegun);
    }
    if process.phases.len() == 1 {
        return Err(Refusal::LastPhase);
    }
    nobody_is_invited(state, plan, Some(phase))?;
    let mut rest = process.clone();
    rest.phases.remove(at);
    if rest.forgets().is_some_and(|date| date <= state.now) {
        return Err(Refusal::WouldForget);
    }
    let event = Event::PhaseRemoved { plan, phase: phase.clone() };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Takes back a process of which nothing has begun: another can be started in its place.
pub(in crate::domain) fn withdraw(state: &State, actor: &Actor, plan: PlanId) -> Result<Decision, Refusal> {
    let found = plan::with(state, actor, plan, Action::Process)?;
    let process = found.process.as_ref().ok_or(Refusal::NoProcess)?;
    if process.phases.iter().any(|phase| phase.opened.is_some()) {
        return Err(Refusal::PhaseHasBegun);
    }
    nobody_is_invited(state, plan, None)?;
    let event = Event::ProcessWithdrawn { plan };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Whoever holds a link would come to nothing, and be told by nobody. None: to no phase of the plan.
fn nobody_is_invited(state: &State, plan: PlanId, phase: Option<&PhaseId>) -> Result<(), Refusal> {
    let is_to = |one: &Invitation| one.plan == plan && phase.is_none_or(|phase| one.phase == *phase);
    let holds = |one: &Invitation| !one.revoked && state.now < one.until;
    match state.guests.invitations.values().any(|one| is_to(one) && holds(one)) {
        true => Err(Refusal::GuestsInvited),
        false => Ok(()),
    }
}

fn titled(title: &str) -> Result<String, Refusal> {
    text("title of a phase", title, limits::TITLE)
}

fn gate(roles: &[Role]) -> Result<Vec<Role>, Refusal> {
    if !roles.iter().all(|role| role.approves()) {
        return Err(Refusal::RoleAtNoGate);
    }
    let mut gate = roles.to_vec();
    gate.sort();
    gate.dedup();
    Ok(gate)
}

/// Each phase lasts some time, and begins when the one before it has ended or later.
fn in_order(dates: impl Iterator<Item = (Timestamp, Timestamp)>) -> Result<(), Refusal> {
    let mut before = Timestamp(i64::MIN);
    for (opens, closes) in dates {
        if opens < before || closes <= opens {
            return Err(Refusal::DatesNotInOrder);
        }
        // The record writes a year in four digits: what lay beyond could not be read back.
        if closes > limits::LATEST {
            return Err(Refusal::DateTooFar);
        }
        before = closes;
    }
    Ok(())
}
