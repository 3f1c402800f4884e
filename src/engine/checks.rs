//! What must still hold when something is recorded: the versions of the streams that its decision rests on.

use super::record;
use crate::domain::{Command, PlanId, State, TaskId, ThreadId};
use crate::log::Check;

pub(super) fn governance(state: &State, plan: PlanId) -> Option<Check> {
    let version = state.plans.get(&plan)?.governance;
    Some(Check { stream: record::governance(plan), version })
}

pub(super) fn people(state: &State) -> Check {
    Check { stream: record::people(), version: state.people_version }
}

fn guests(state: &State) -> Check {
    Check { stream: record::guests(), version: state.guests.version }
}

fn thread_of(state: &State, plan: PlanId, thread: ThreadId) -> Check {
    let known = state.plans.get(&plan).and_then(|plan| plan.threads.get(&thread));
    Check { stream: record::thread(thread), version: known.map_or(0, |thread| thread.version) }
}

pub(super) fn organisations(state: &State) -> Check {
    Check { stream: record::organisations(), version: state.organisations_version }
}

/// What must still hold when the command is recorded: another command of the same commit may come first.
pub(super) fn of(state: &State, command: &Command, plan: Option<PlanId>) -> Vec<Check> {
    match command {
        Command::PersonAdd { .. }
        | Command::PersonChange { .. }
        | Command::PersonLeave { .. }
        | Command::PersonReturn { .. } => {
            vec![people(state), organisations(state)]
        }
        Command::PersonRename { .. } => vec![people(state)],
        Command::PersonErase { .. } => vec![people(state), guests(state)],
        Command::ConductSet { .. } => {
            vec![Check { stream: record::conduct(), version: state.conduct.version }, people(state)]
        }
        Command::PhaseChange { .. }
        | Command::PhaseRemove { .. }
        | Command::ProcessWithdraw { .. }
        | Command::GuestInvite { .. }
        | Command::GuestRevoke { .. }
        | Command::GuestJoin { .. } => {
            let others = [guests(state), organisations(state)];
            plan.and_then(|plan| governance(state, plan)).into_iter().chain(others).collect()
        }
        Command::OrganisationAdd { .. } | Command::OrganisationChange { .. } => {
            vec![organisations(state), people(state)]
        }
        // Whatever could name it meanwhile looks at the organisations too.
        Command::OrganisationRemove { .. } => vec![organisations(state), people(state), guests(state)],
        Command::PersonJoin { person } => vec![Check { stream: record::joining(person), version: 0 }],
        Command::PlanCreate { .. } => {
            plan.map(|plan| Check { stream: record::plan(plan), version: 0 }).into_iter().collect()
        }
        Command::PlanRename { plan, .. }
        | Command::PlanFreeze { plan, .. }
        | Command::PlanUnfreeze { plan, .. }
        | Command::ProcessStart { plan, .. }
        | Command::PhaseReschedule { plan, .. }
        | Command::PhaseAdd { plan, .. }
        | Command::GateApprove { plan, .. }
        | Command::GateWithdraw { plan, .. }
        | Command::RetentionSet { plan, .. }
        | Command::SectionCreate { plan, .. }
        | Command::SectionRename { plan, .. }
        | Command::SectionMove { plan, .. }
        | Command::SectionRemove { plan, .. }
        | Command::SectionRestore { plan, .. } => governance(state, *plan).into_iter().collect(),
        Command::SectionAssign { plan, .. } => {
            governance(state, *plan).into_iter().chain([organisations(state)]).collect()
        }
        Command::StrayFind { plan, .. } | Command::StraySettle { plan, .. } => {
            let known = state.plans.get(plan);
            let version = known.map_or(0, |plan| plan.strays.version);
            let strays = Check { stream: record::strays(*plan), version };
            governance(state, *plan).into_iter().chain([strays]).collect()
        }
        Command::TaskAsk { task, .. } | Command::TaskDone { task } | Command::TaskWithdraw { task } => {
            of_task(state, command, *task)
        }
        Command::ThreadOpen { plan, thread, .. }
        | Command::ThreadReply { plan, thread, .. }
        | Command::ThreadResolve { plan, thread }
        | Command::ThreadReopen { plan, thread } => {
            governance(state, *plan).into_iter().chain([thread_of(state, *plan, *thread)]).collect()
        }
        Command::CommentWithhold { place, .. }
        | Command::CommentShow { place, .. }
        | Command::CommentDispute { place, .. } => {
            let version = state.comment(place).map_or(0, |comment| comment.disputes);
            let disputes = Check { stream: record::disputes(place), version };
            vec![thread_of(state, place.plan, place.thread), disputes]
        }
    }
}

/// The task as it is, and for a new one all as they are: nobody goes while something is asked of them.
fn of_task(state: &State, command: &Command, task: TaskId) -> Vec<Check> {
    let version = state.tasks.get(task).map_or(0, |task| task.version);
    let own = Check { stream: record::task(task), version };
    let asks = matches!(command, Command::TaskAsk { .. });
    let of_whom = asks.then(|| [people(state), organisations(state)]);
    of_whom.into_iter().flatten().chain([own]).collect()
}
