//! The process of a plan: its phases with their dates, and the gates between them.
//!
//! A phase opens and closes by itself, by the log's time: [`due`] says what has become due, and the engine records it
//! before anything that comes later. So the rules need no clock, and the record shows when each phase was open.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::Decision;
use super::plan;
use super::policy::{Action, Stage};
use super::state::Plan;
use super::{Actor, Event, PersonId, PhaseId, PlanId, Refusal, Role, State, Timestamp};

mod planning;

pub(super) use planning::{add, change, remove, reschedule, start, withdraw};

/// What is done in a phase, and so who may do what in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// The network looks back and collects; the secretariat and the consultant write it down.
    Gathering,
    /// Members write.
    Drafting,
    /// The text stands still; members, observers, stakeholders and guests comment on it.
    Consultation,
    /// Interviews and the like: for the secretariat and the consultant; the chair reads along.
    Confidential,
    /// The board, or the assembly, decides over the text.
    Decision,
    /// The plan is adopted, carried out and watched.
    FollowUp,
}

impl PhaseKind {
    pub const ALL: [Self; 6] = [
        Self::Gathering,
        Self::Drafting,
        Self::Consultation,
        Self::Confidential,
        Self::Decision,
        Self::FollowUp,
    ];
}

/// A phase as it is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhasePlan {
    pub phase: PhaseId,
    pub kind: PhaseKind,
    pub title: String,
    pub opens: Timestamp,
    pub closes: Timestamp,
    /// The roles of which each has to approve before the next phase opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<Role>,
}

/// A phase as it went so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    pub plan: PhasePlan,
    /// When its dates were set, or moved.
    pub set: Timestamp,
    pub opened: Option<Timestamp>,
    pub closed: Option<Timestamp>,
    /// Who approved, in which of the gate's roles.
    pub approved: BTreeMap<Role, (PersonId, Timestamp)>,
}

impl Phase {
    /// As it is when it was planned, at a time.
    pub(super) fn new(plan: PhasePlan, set: Timestamp) -> Self {
        Self { plan, set, opened: None, closed: None, approved: BTreeMap::new() }
    }

    pub fn is_open(&self) -> bool {
        self.opened.is_some() && self.closed.is_none()
    }

    /// The roles whose approval is still missing.
    pub fn missing(&self) -> impl Iterator<Item = Role> {
        self.plan.gate.iter().copied().filter(|role| !self.approved.contains_key(role))
    }
}

/// One planning cycle of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The template from which it was made.
    pub template: String,
    /// In the order of their dates; none overlaps the next.
    pub phases: Vec<Phase>,
    /// For how many days after the last phase what people said is kept; none: for ever.
    pub keep_days: Option<u32>,
    /// When it was forgotten.
    pub forgotten: Option<Timestamp>,
}

impl Process {
    pub fn open(&self) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.is_open())
    }

    /// The phases that have begun and whose gates have not had their effect yet.
    pub fn at_gates(&self) -> impl Iterator<Item = &Phase> {
        let begun = self.phases.iter().enumerate().filter(|(_, phase)| phase.opened.is_some());
        let gated = begun.filter(|(at, phase)| !phase.plan.gate.is_empty() && !self.is_passed(*at));
        gated.map(|(_, phase)| phase)
    }

    /// Whether a phase behind this one has begun, so that its gate has had its effect.
    pub fn is_passed(&self, at: usize) -> bool {
        self.phases.iter().skip(at + 1).any(|later| later.opened.is_some())
    }

    /// What happens by itself next, and when.
    fn upcoming(&self, now: Timestamp) -> Option<(Timestamp, Turn<'_>)> {
        if let Some(open) = self.open() {
            return Some((open.plan.closes, Turn::Closes(&open.plan.phase)));
        }
        let Some(at) = self.phases.iter().position(|phase| phase.opened.is_none()) else {
            return self.forgets().map(|date| (date, Turn::Forgets));
        };
        let phase = &self.phases[at];
        let next = &phase.plan;
        let waits = self.phases[..at].iter().any(|phase| phase.missing().next().is_some());
        // Where its whole time went by while an approval was missing, it is for people to set new dates. What was over
        // when its dates were set has been: it opens and closes at once.
        let missed = (phase.set.0 + 1..=now.0).contains(&next.closes.0);
        (!waits && !missed).then_some((next.opens, Turn::Opens(&next.phase)))
    }
}

/// What a phase does by itself.
enum Turn<'a> {
    Opens(&'a PhaseId),
    Closes(&'a PhaseId),
    /// What people said has been kept for long enough.
    Forgets,
}

impl Stage {
    /// Of a plan with this process, or with none.
    pub fn of(process: Option<&Process>) -> Self {
        match process {
            None => Self::Unscheduled,
            Some(process) => process.open().map_or(Self::Between, |phase| Self::Phase(phase.plan.kind)),
        }
    }
}

impl Plan {
    pub fn stage(&self) -> Stage {
        Stage::of(self.process.as_ref())
    }
}

/// The next thing that has become due in a plan by this time. To be asked again after it was applied.
pub fn due(state: &State, plan: PlanId, now: Timestamp) -> Option<Event> {
    let process = state.plans.get(&plan)?.process.as_ref()?;
    let (_, turn) = process.upcoming(now).filter(|(date, _)| *date <= now)?;
    Some(match turn {
        Turn::Closes(phase) => Event::PhaseClosed { plan, phase: phase.clone() },
        Turn::Opens(phase) => Event::PhaseOpened { plan, phase: phase.clone() },
        Turn::Forgets => Event::RetentionPassed { plan },
    })
}

/// When something becomes due next, and in which plan.
pub fn next_due(state: &State, now: Timestamp) -> Option<(Timestamp, PlanId)> {
    let next = |plan: &Plan| plan.process.as_ref()?.upcoming(now).map(|(date, _)| date);
    state.plans.iter().filter_map(|(id, plan)| Some((next(plan)?, *id))).min()
}

/// Approves at the gate of a phase, in a role that the gate asks for.
pub(super) fn approve(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhaseId,
    role: Role,
) -> Result<Decision, Refusal> {
    let (process, at) = phase_of(plan::with(state, actor, plan, Action::Read)?, phase)?;
    let known = &process.phases[at];
    let person = state.people.get(&actor.person).filter(|person| person.office.roles.contains(&role));
    if person.is_none() || !known.plan.gate.contains(&role) || !role.approves() {
        return Err(Refusal::NotAtThisGate);
    }
    if known.opened.is_none() {
        return Err(Refusal::PhaseHasNotBegun);
    }
    if known.approved.contains_key(&role) {
        return Err(Refusal::ApprovedAlready);
    }
    let event = Event::GateApproved { plan, phase: phase.clone(), role };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

/// Takes an approval back, for whoever has the role in which it was given; once the next phase has begun it stands.
pub(super) fn disapprove(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    phase: &PhaseId,
    role: Role,
) -> Result<Decision, Refusal> {
    let (process, at) = phase_of(plan::with(state, actor, plan, Action::Read)?, phase)?;
    let person = state.people.get(&actor.person).filter(|person| person.office.roles.contains(&role));
    if person.is_none() {
        return Err(Refusal::NotAtThisGate);
    }
    if !process.phases[at].approved.contains_key(&role) {
        return Err(Refusal::NotApproved);
    }
    if process.is_passed(at) {
        return Err(Refusal::GateIsPassed);
    }
    let event = Event::GateWithdrawn { plan, phase: phase.clone(), role };
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}

fn phase_of<'a>(plan: &'a Plan, phase: &PhaseId) -> Result<(&'a Process, usize), Refusal> {
    let process = plan.process.as_ref().ok_or(Refusal::NoProcess)?;
    let at = process.phases.iter().position(|known| known.plan.phase == *phase);
    Ok((process, at.ok_or(Refusal::PhaseUnknown)?))
}

pub(super) fn apply(process: &mut Process, phase: &PhaseId, change: impl FnOnce(&mut Phase)) {
    if let Some(found) = process.phases.iter_mut().find(|known| known.plan.phase == *phase) {
        change(found);
    }
}

#[cfg(test)]
mod tests;
