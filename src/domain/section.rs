//! Sections by command, for scripts. In the browser they are made, moved and removed in the document
//! itself, so that it works offline; both end as changes of the document.

use super::decide::{Decision, Write, text};
use super::limits;
use super::plan::editable;
use super::{Actor, Command, EventId, PlanId, Refusal, SectionId, State};

pub(super) fn decide(
    state: &State,
    actor: &Actor,
    id: EventId,
    command: &Command,
) -> Result<Decision, Refusal> {
    let (plan, write) = match command {
        Command::SectionCreate { plan, section, heading, parent, after } => {
            let section = match section {
                Some(section) => section.clone(),
                None => SectionId::new(id.0.simple().to_string()).map_err(|_| Refusal::SectionUnknown)?,
            };
            let heading = text("heading", heading, limits::TITLE)?;
            (*plan, Write::SectionCreate { section, heading, parent: parent.clone(), after: after.clone() })
        }
        Command::SectionRename { plan, section, heading } => {
            let heading = text("heading", heading, limits::TITLE)?;
            (*plan, Write::SectionRename { section: section.clone(), heading })
        }
        Command::SectionMove { plan, section, parent, after } => {
            if parent.as_ref() == Some(section) || after.as_ref() == Some(section) {
                return Err(Refusal::SectionInsideItself);
            }
            let (section, parent, after) = (section.clone(), parent.clone(), after.clone());
            (*plan, Write::SectionMove { section, parent, after })
        }
        Command::SectionRemove { plan, section } => {
            (*plan, Write::SectionRemove { section: section.clone() })
        }
        Command::SectionRestore { plan, section } => {
            (*plan, Write::SectionRestore { section: section.clone() })
        }
        Command::PersonAdd { .. }
        | Command::PersonChange { .. }
        | Command::PersonLeave { .. }
        | Command::PersonReturn { .. }
        | Command::PersonRename { .. }
        | Command::OrganisationAdd { .. }
        | Command::OrganisationChange { .. }
        | Command::OrganisationRemove { .. }
        | Command::ProcessStart { .. }
        | Command::PhaseReschedule { .. }
        | Command::PhaseAdd { .. }
        | Command::PhaseChange { .. }
        | Command::PhaseRemove { .. }
        | Command::ProcessWithdraw { .. }
        | Command::GateApprove { .. }
        | Command::GateWithdraw { .. }
        | Command::PersonJoin { .. }
        | Command::GuestInvite { .. }
        | Command::GuestRevoke { .. }
        | Command::GuestJoin { .. }
        | Command::PlanCreate { .. }
        | Command::PlanRename { .. }
        | Command::PlanFreeze { .. }
        | Command::PlanUnfreeze { .. }
        | Command::StrayFind { .. }
        | Command::StraySettle { .. }
        | Command::ThreadOpen { .. }
        | Command::ThreadReply { .. }
        | Command::ThreadResolve { .. }
        | Command::ThreadReopen { .. }
        | Command::PersonErase { .. }
        | Command::RetentionSet { .. }
        | Command::CommentWithhold { .. }
        | Command::CommentShow { .. }
        | Command::CommentDispute { .. }
        | Command::ConductSet { .. }
        | Command::SectionAssign { .. }
        | Command::TaskAsk { .. }
        | Command::TaskDone { .. }
        | Command::TaskWithdraw { .. } => return Err(Refusal::SectionUnknown),
    };
    write_to(state, actor, plan, write)
}

fn write_to(state: &State, actor: &Actor, plan: PlanId, write: Write) -> Result<Decision, Refusal> {
    editable(state, actor, plan)?;
    let (of, parent) = match &write {
        Write::SectionCreate { section, parent, .. } | Write::SectionMove { section, parent, .. } => {
            (Some(section), parent.as_ref())
        }
        Write::SectionRename { section, .. }
        | Write::SectionRemove { section }
        | Write::SectionRestore { section } => (Some(section), None),
        _ => (None, None),
    };
    if [of, parent].into_iter().flatten().any(|section| !state.writes(&actor.person, plan, section)) {
        return Err(Refusal::SectionOfOthers);
    }
    Ok(Decision { write: Some(write), plan: Some(plan), ..Decision::default() })
}
