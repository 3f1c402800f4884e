//! What can be asked for. A command is decided against the state: events, or a named refusal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Anchor, Ask, EventId, Group, InvitationId, Invite, Joining, Measure, Office, OrganisationId, PersonId,
    PhaseId, PhaseKind, PhasePlan, Place, PlanId, Profile, ProvisionId, Role, SectionId, Settled, Stray,
    TaskId, ThreadId, Timestamp,
};

/// A command with the id under which it can be repeated without being done twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    pub id: EventId,
    #[serde(flatten)]
    pub command: Command,
}

/// The tag is the command's type: `noun.verb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Command {
    #[serde(rename = "person.add")]
    PersonAdd {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
        name: String,
        /// Where the person is sent a link to sign in; kept beside the record, never in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
    },
    /// Corrects a name: one's own, or by who keeps people. It is kept beside the record, never in it.
    #[serde(rename = "person.rename")]
    PersonRename { person: PersonId, name: String },
    /// By that person alone: at the first sign-in.
    #[serde(rename = "person.join")]
    PersonJoin { person: PersonId },
    #[serde(rename = "person.change")]
    PersonChange {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
        /// The version that the asker has seen.
        version: u64,
    },
    #[serde(rename = "person.leave")]
    PersonLeave {
        person: PersonId,
        /// To whom they hand over: somebody of the same organisation.
        successor: Option<PersonId>,
        /// The version that the asker has seen.
        version: u64,
    },
    /// Somebody who has left acts in the network again, in this part.
    #[serde(rename = "person.return")]
    PersonReturn {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
        /// The version that the asker has seen.
        version: u64,
    },
    /// Somebody who has left, or a guest.
    #[serde(rename = "person.erase")]
    PersonErase { person: PersonId },
    #[serde(rename = "organisation.add")]
    OrganisationAdd {
        organisation: OrganisationId,
        #[serde(flatten)]
        profile: Profile,
    },
    #[serde(rename = "organisation.change")]
    OrganisationChange {
        organisation: OrganisationId,
        #[serde(flatten)]
        profile: Profile,
        /// The version that the asker has seen.
        version: u64,
    },
    /// One that was entered by mistake: nobody ever acted for it, and it was never asked anything.
    #[serde(rename = "organisation.remove")]
    OrganisationRemove {
        organisation: OrganisationId,
        /// The version that the asker has seen.
        version: u64,
    },
    #[serde(rename = "process.start")]
    ProcessStart {
        plan: PlanId,
        template: String,
        /// In the order of their dates.
        phases: Vec<PhasePlan>,
        /// For how many days after its last phase what people said is kept; none: for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep_days: Option<u32>,
    },
    #[serde(rename = "retention.set")]
    RetentionSet { plan: PlanId, days: Option<u32> },
    #[serde(rename = "phase.reschedule")]
    PhaseReschedule { plan: PlanId, phase: PhaseId, opens: Timestamp, closes: Timestamp },
    #[serde(rename = "phase.add")]
    PhaseAdd {
        plan: PlanId,
        #[serde(flatten)]
        planned: PhasePlan,
    },
    /// The title until it is over; the rest until it has begun.
    #[serde(rename = "phase.change")]
    PhaseChange {
        plan: PlanId,
        phase: PhaseId,
        title: String,
        kind: PhaseKind,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gate: Vec<Role>,
    },
    /// One that has not begun.
    #[serde(rename = "phase.remove")]
    PhaseRemove { plan: PlanId, phase: PhaseId },
    /// The whole of a process of which no phase has begun.
    #[serde(rename = "process.withdraw")]
    ProcessWithdraw { plan: PlanId },
    #[serde(rename = "guest.invite")]
    GuestInvite {
        /// Chosen by the asker.
        invitation: InvitationId,
        #[serde(flatten)]
        invite: Invite,
    },
    #[serde(rename = "guest.revoke")]
    GuestRevoke { plan: PlanId, invitation: InvitationId },
    /// What a guest says on coming in: no request of a program is read as it.
    #[serde(skip)]
    GuestJoin { invitation: InvitationId, joining: Joining, name: String },
    #[serde(rename = "gate.approve")]
    GateApprove {
        plan: PlanId,
        phase: PhaseId,
        /// In which of the asker's roles.
        role: Role,
    },
    /// Takes an approval back, while the next phase has not begun.
    #[serde(rename = "gate.withdraw")]
    GateWithdraw {
        plan: PlanId,
        phase: PhaseId,
        /// In which of the asker's roles.
        role: Role,
    },
    #[serde(rename = "plan.create")]
    PlanCreate {
        /// Chosen by the asker, or made from the command's id.
        plan: Option<PlanId>,
        title: String,
    },
    #[serde(rename = "plan.rename")]
    PlanRename { plan: PlanId, title: String },
    #[serde(rename = "plan.freeze")]
    PlanFreeze { plan: PlanId, reason: String },
    #[serde(rename = "plan.unfreeze")]
    PlanUnfreeze { plan: PlanId, reason: String },
    #[serde(rename = "section.create")]
    SectionCreate {
        plan: PlanId,
        /// Chosen by the asker, or made from the command's id.
        section: Option<SectionId>,
        heading: String,
        /// None: at the top level.
        parent: Option<SectionId>,
        /// The sibling it follows; none: before all siblings.
        after: Option<SectionId>,
    },
    #[serde(rename = "section.rename")]
    SectionRename { plan: PlanId, section: SectionId, heading: String },
    #[serde(rename = "section.move")]
    SectionMove { plan: PlanId, section: SectionId, parent: Option<SectionId>, after: Option<SectionId> },
    #[serde(rename = "section.remove")]
    SectionRemove { plan: PlanId, section: SectionId },
    #[serde(rename = "section.restore")]
    SectionRestore { plan: PlanId, section: SectionId },
    /// Says who writes a section; nobody named: all who may edit the plan.
    #[serde(rename = "section.assign")]
    SectionAssign {
        plan: PlanId,
        section: SectionId,
        #[serde(flatten)]
        group: Group,
    },
    /// What the program itself asks for: no request is read as it.
    #[serde(skip)]
    StrayFind { plan: PlanId, stray: Stray },
    #[serde(rename = "stray.settle")]
    StraySettle {
        plan: PlanId,
        /// The provision in which the words stand.
        provision: ProvisionId,
        settled: Settled,
    },
    #[serde(rename = "thread.open")]
    ThreadOpen { plan: PlanId, thread: ThreadId, anchor: Anchor, text: String },
    #[serde(rename = "thread.reply")]
    ThreadReply { plan: PlanId, thread: ThreadId, text: String },
    #[serde(rename = "thread.resolve")]
    ThreadResolve { plan: PlanId, thread: ThreadId },
    #[serde(rename = "thread.reopen")]
    ThreadReopen { plan: PlanId, thread: ThreadId },
    #[serde(rename = "comment.withhold")]
    CommentWithhold {
        #[serde(flatten)]
        place: Place,
        measure: Measure,
        /// Everybody sees it, for ever: it names nobody.
        reason: String,
    },
    #[serde(rename = "comment.show")]
    CommentShow {
        #[serde(flatten)]
        place: Place,
        reason: String,
    },
    #[serde(rename = "comment.dispute")]
    CommentDispute {
        #[serde(flatten)]
        place: Place,
        text: String,
    },
    #[serde(rename = "conduct.set")]
    ConductSet {
        /// None: the rules that the program brings along.
        rules: Option<String>,
        /// Who decides disputes; none: whoever moderates.
        contact: Option<PersonId>,
        /// The version that the asker has seen.
        version: u64,
    },
    #[serde(rename = "task.ask")]
    TaskAsk {
        /// Chosen by the asker.
        task: TaskId,
        #[serde(flatten)]
        ask: Ask,
        text: String,
    },
    #[serde(rename = "task.done")]
    TaskDone { task: TaskId },
    #[serde(rename = "task.withdraw")]
    TaskWithdraw { task: TaskId },
}
