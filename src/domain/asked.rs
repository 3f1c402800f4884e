//! What is asked of a person now: by the process of a plan, which follows from where the plan is, and by others
//! ([`super::task`]). A pure function of the state and the time; nothing of it is recorded.

use super::policy::Action;
use super::process::{Phase, PhaseKind, Process};
use super::state::Plan;
use super::{
    EventId, Of, Party, PersonId, PhaseId, PlanId, ProvisionId, Role, SectionId, State, TaskId, ThreadId,
    Timestamp,
};

/// What a person is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Approve at the gate of a phase, in this role.
    Approve { phase: PhaseId, role: Role },
    /// Say something in a consultation.
    Answer { phase: PhaseId },
    /// Decide over the text.
    Decide { phase: PhaseId },
    /// Keep or remove words of theirs that were set apart.
    Settle { section: SectionId, provision: ProvisionId },
    /// See to a phase whose date has come while approvals are missing.
    Unblock { phase: PhaseId, missing: Vec<Role> },
    /// Decide over a comment whose author asks for it to be looked at again.
    Judge { thread: ThreadId, comment: EventId },
    /// What somebody asked.
    Task { task: TaskId },
}

/// Something that is asked, and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub plan: Option<PlanId>,
    pub wanted: Wanted,
    /// Since when.
    pub since: Timestamp,
    /// By when; none: there is no date.
    pub by: Option<Timestamp>,
}

/// All that is asked of somebody, the nearest date first, what has no date last. The cost follows the number of
/// plans and of what is open for this one person, not the size of the network.
pub fn asked(state: &State, person: &PersonId, now: Timestamp) -> Vec<Due> {
    let Some(known) = state.people.get(person).filter(|known| !known.left) else { return Vec::new() };
    let mut all = Vec::new();
    for id in &state.order {
        all.extend(asked_in(state, person, *id, now));
    }
    let own = Of::Person(person.clone());
    let theirs = known.office.organisation.clone().map(Of::Organisation);
    for of in std::iter::once(own).chain(theirs) {
        all.extend(state.tasks.open(&of).map(|(task, open)| Due {
            plan: open.ask.plan,
            wanted: Wanted::Task { task },
            since: open.at,
            by: open.ask.due,
        }));
    }
    // What has no date is not earlier than what has one.
    all.sort_by_key(|due| (due.by.is_none(), due.by, due.since));
    all
}

/// What the process of one plan asks of somebody.
pub fn asked_in(state: &State, person: &PersonId, id: PlanId, now: Timestamp) -> Vec<Due> {
    let may = |action| state.may(person, id, action);
    let Some(plan) = state.plans.get(&id).filter(|_| may(Action::Read)) else { return Vec::new() };
    let due = |wanted, since, by| Due { plan: Some(id), wanted, since, by };
    let mut all = Vec::new();
    let phases = plan.process.as_ref().map_or(&[][..], |process| &process.phases);
    for phase in phases {
        let Some(opened) = phase.opened else { continue };
        let waits = phase.missing().filter(|role| state.roles(person).contains(role));
        all.extend(waits.map(|role| {
            let wanted = Wanted::Approve { phase: phase.plan.phase.clone(), role };
            due(wanted, opened, Some(phase.plan.closes))
        }));
    }
    if let Some(open) = plan.process.as_ref().and_then(Process::open) {
        let (phase, since, by) =
            (open.plan.phase.clone(), open.opened.unwrap_or(open.plan.opens), Some(open.plan.closes));
        if is_silent(state, person, plan, open) && may(Action::Comment) {
            all.push(due(Wanted::Answer { phase }, since, by));
        } else if may(Action::Decide) && !at_gate(state, person, open) {
            all.push(due(Wanted::Decide { phase }, since, by));
        }
    }
    if may(Action::Edit) && plan.frozen.is_none() {
        let strays = plan.strays.found.iter();
        let own = strays.filter(|(_, stray)| !stray.settled && stray.people.contains(person));
        all.extend(own.map(|(provision, stray)| {
            let wanted = Wanted::Settle { section: stray.section.clone(), provision: provision.clone() };
            due(wanted, now, None)
        }));
    }
    all.extend(plan.disputed.iter().filter_map(|(comment, (thread, at))| {
        let place = super::Place { plan: id, thread: *thread, comment: *comment };
        let judges = state.judge(&place).map_or_else(|| state.moderates(person), |judge| judge == person);
        judges.then(|| due(Wanted::Judge { thread: *thread, comment: *comment }, *at, None))
    }));
    if may(Action::Process)
        && let Some((phase, missing)) = plan.process.as_ref().and_then(|process| blocked(process, now))
    {
        let wanted = Wanted::Unblock { phase: phase.plan.phase.clone(), missing };
        all.push(due(wanted, phase.plan.opens, Some(phase.plan.opens)));
    }
    all
}

/// Whether somebody is still to be heard in an open consultation. Where one of an organisation has spoken, it was
/// heard. Who keeps the process or the pen asks, and is not asked.
pub fn is_silent(state: &State, person: &PersonId, plan: &Plan, open: &Phase) -> bool {
    if open.plan.kind != PhaseKind::Consultation || !open.is_open() {
        return false;
    }
    if state.parties(person).any(|party| matches!(party, Party::Secretariat | Party::Consultant)) {
        return false;
    }
    let Some(answers) = plan.answers.get(&open.plan.phase) else { return true };
    let organisation = state.people.get(person).and_then(|known| known.office.organisation.as_ref());
    !answers.people.contains(person)
        && !organisation.is_some_and(|organisation| answers.organisations.contains(organisation))
}

/// Whether the gate of a phase asks for one of this person's roles: then that is what they are asked for.
fn at_gate(state: &State, person: &PersonId, phase: &Phase) -> bool {
    phase.plan.gate.iter().any(|role| state.roles(person).contains(role))
}

/// The phase whose date has come while approvals before it are missing, and whose.
fn blocked(process: &Process, now: Timestamp) -> Option<(&Phase, Vec<Role>)> {
    if process.open().is_some() {
        return None;
    }
    let at = process.phases.iter().position(|phase| phase.opened.is_none())?;
    let mut missing: Vec<Role> = process.phases[..at].iter().flat_map(Phase::missing).collect();
    missing.sort();
    missing.dedup();
    let phase = &process.phases[at];
    (phase.plan.opens <= now && !missing.is_empty()).then_some((phase, missing))
}
