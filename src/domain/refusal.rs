//! Why a command is refused: a stable code for programs, a sentence and a hint for people.

use super::{PersonId, Timestamp};

/// A command broke a rule. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    PersonUnknown,
    PersonExists,
    EmailNotValid,
    EmailTaken,
    AlreadyJoined,
    PlanUnknown,
    PlanExists,
    NotPermitted {
        what: &'static str,
    },
    /// Their part would let them, were it not for the phase; or nobody may do it in this phase.
    NotInThisPhase {
        what: &'static str,
        phase: String,
    },
    Frozen {
        reason: String,
        by: Option<PersonId>,
        at: Timestamp,
    },
    AlreadyFrozen,
    NotFrozen,
    OrganisationUnknown,
    OrganisationExists,
    OrganisationNameTaken,
    OrganisationMissing,
    OrganisationChanged,
    OrganisationInUse,
    WeightNotValid,
    SeatsNotValid,
    SeatsTaken,
    PersonHasLeft,
    HasNotLeft,
    PersonChanged,
    SuccessorOfAnother,
    LastAdministrator,
    ProcessRuns,
    NoProcess,
    TooManyPhases,
    PhaseTwice,
    PhaseOfAnother,
    PhaseHasBegun,
    LastPhase,
    RoleAtNoGate,
    WouldForget,
    NothingChanged,
    ConsultantHasNoVote,
    ContactOutside,
    NameTaken,
    GuestsInvited,
    PhaseUnknown,
    PhaseIsOver,
    PhaseHasNotBegun,
    DatesNotInOrder,
    DateIsPast,
    DateTooFar,
    DateNotRead,
    TemplateUnknown,
    TooManyTemplates,
    TemplateNotRead {
        why: String,
    },
    NotAtThisGate,
    ApprovedAlready,
    NotApproved,
    GateIsPassed,
    InvitationUnknown,
    InvitationExists,
    InvitationRevoked,
    InvitationIsOver,
    TooManyGuests,
    NoConsultation,
    InvitedIsMember,
    TaskUnknown,
    TaskExists,
    /// It was done, or taken back.
    TaskIsOver,
    TooManyTasks,
    Empty {
        field: &'static str,
    },
    TooLong {
        field: &'static str,
        limit: usize,
    },
    ThreadUnknown,
    ThreadExists,
    ThreadResolved,
    ThreadOpen,
    /// The words that a comment is about are not in the document.
    AnchorUnknown,
    CommentUnknown,
    CommentOfAnother,
    WithheldAlready,
    NotWithheld,
    DisputedAlready,
    DisputeOfAnother,
    ConductChanged,
    StillInNetwork,
    ErasedAlready,
    RetentionIsOver,
    RetentionNotValid,
    SectionUnknown,
    SectionExists,
    /// A working group writes it.
    SectionOfOthers,
    GroupTooLarge,
    SectionInsideItself,
    NotRemoved,
    StrayUnknown,
    StraySettled,
    /// An actor id that stands for somebody else, or for another plan.
    ActorOfAnother,
    /// The id stands for something else already.
    IdTaken,
    /// Ids of this form are made by the program.
    IdReserved,
    /// More changes side by side than the next one could name.
    TooManyHeads,
    /// The document moved while the command was on its way, more often than is tried again.
    ChangedMeanwhile,
}

impl Refusal {
    /// The stable code: snake case, never changed once published.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PersonUnknown => "person_unknown",
            Self::PersonExists => "person_exists",
            Self::EmailNotValid => "email_not_valid",
            Self::EmailTaken => "email_taken",
            Self::AlreadyJoined => "already_joined",
            Self::PlanUnknown => "plan_unknown",
            Self::PlanExists => "plan_exists",
            Self::NotPermitted { .. } => "not_permitted",
            Self::NotInThisPhase { .. } => "not_in_this_phase",
            Self::Frozen { .. } => "plan_is_frozen",
            Self::AlreadyFrozen => "already_frozen",
            Self::NotFrozen => "not_frozen",
            Self::OrganisationUnknown => "organisation_unknown",
            Self::OrganisationExists => "organisation_exists",
            Self::OrganisationNameTaken => "organisation_name_taken",
            Self::OrganisationMissing => "organisation_missing",
            Self::OrganisationChanged => "organisation_changed",
            Self::OrganisationInUse => "organisation_in_use",
            Self::WeightNotValid => "weight_not_valid",
            Self::SeatsNotValid => "seats_not_valid",
            Self::SeatsTaken => "seats_taken",
            Self::PersonHasLeft => "person_has_left",
            Self::HasNotLeft => "has_not_left",
            Self::PersonChanged => "person_changed",
            Self::SuccessorOfAnother => "successor_of_another",
            Self::LastAdministrator => "last_administrator",
            Self::ProcessRuns => "process_runs",
            Self::NoProcess => "no_process",
            Self::TooManyPhases => "too_many_phases",
            Self::PhaseTwice => "phase_twice",
            Self::PhaseOfAnother => "phase_of_another",
            Self::PhaseHasBegun => "phase_has_begun",
            Self::LastPhase => "last_phase",
            Self::RoleAtNoGate => "role_at_no_gate",
            Self::WouldForget => "would_forget",
            Self::NothingChanged => "nothing_changed",
            Self::ConsultantHasNoVote => "consultant_has_no_vote",
            Self::ContactOutside => "contact_outside",
            Self::NameTaken => "name_taken",
            Self::GuestsInvited => "guests_invited",
            Self::PhaseUnknown => "phase_unknown",
            Self::PhaseIsOver => "phase_is_over",
            Self::PhaseHasNotBegun => "phase_has_not_begun",
            Self::DatesNotInOrder => "dates_not_in_order",
            Self::DateIsPast => "date_is_past",
            Self::DateTooFar => "date_too_far",
            Self::DateNotRead => "date_not_read",
            Self::TemplateUnknown => "template_unknown",
            Self::TooManyTemplates => "too_many_templates",
            Self::TemplateNotRead { .. } => "template_not_read",
            Self::NotAtThisGate => "not_at_this_gate",
            Self::ApprovedAlready => "approved_already",
            Self::NotApproved => "not_approved",
            Self::GateIsPassed => "gate_is_passed",
            Self::InvitationUnknown => "invitation_unknown",
            Self::InvitationExists => "invitation_exists",
            Self::InvitationRevoked => "invitation_revoked",
            Self::InvitationIsOver => "invitation_is_over",
            Self::TooManyGuests => "too_many_guests",
            Self::NoConsultation => "no_consultation",
            Self::InvitedIsMember => "invited_is_member",
            Self::TaskUnknown => "task_unknown",
            Self::TaskExists => "task_exists",
            Self::TaskIsOver => "task_is_over",
            Self::TooManyTasks => "too_many_tasks",
            Self::Empty { .. } => "field_empty",
            Self::TooLong { .. } => "field_too_long",
            Self::ThreadUnknown => "thread_unknown",
            Self::ThreadExists => "thread_exists",
            Self::ThreadResolved => "thread_is_resolved",
            Self::ThreadOpen => "thread_is_open",
            Self::AnchorUnknown => "anchor_unknown",
            Self::CommentUnknown => "comment_unknown",
            Self::CommentOfAnother => "comment_of_another",
            Self::WithheldAlready => "withheld_already",
            Self::NotWithheld => "not_withheld",
            Self::DisputedAlready => "disputed_already",
            Self::DisputeOfAnother => "dispute_of_another",
            Self::ConductChanged => "conduct_changed",
            Self::StillInNetwork => "still_in_network",
            Self::ErasedAlready => "erased_already",
            Self::RetentionIsOver => "retention_is_over",
            Self::RetentionNotValid => "retention_not_valid",
            Self::SectionUnknown => "section_unknown",
            Self::SectionExists => "section_exists",
            Self::SectionOfOthers => "section_of_others",
            Self::GroupTooLarge => "group_too_large",
            Self::SectionInsideItself => "section_inside_itself",
            Self::NotRemoved => "section_not_removed",
            Self::StrayUnknown => "stray_unknown",
            Self::StraySettled => "stray_is_settled",
            Self::ActorOfAnother => "actor_of_another",
            Self::IdTaken => "id_taken",
            Self::IdReserved => "id_reserved",
            Self::TooManyHeads => "too_many_heads",
            Self::ChangedMeanwhile => "changed_meanwhile",
        }
    }

    /// What is wrong, for the person who asked.
    pub fn sentence(&self) -> String {
        match self {
            Self::PersonUnknown => "Nobody in this network has that id.".into(),
            Self::PersonExists => "Somebody in this network has that id already.".into(),
            Self::EmailNotValid => "This is no e-mail address that mail could be sent to.".into(),
            Self::EmailTaken => "Somebody in this network has that e-mail address already.".into(),
            Self::AlreadyJoined => "This person has signed in before.".into(),
            Self::PlanUnknown => "There is no such plan, or you may not read it.".into(),
            Self::PlanExists => "A plan with that id exists already.".into(),
            Self::NotPermitted { what } => format!("Your part in the network does not let you {what}."),
            Self::Frozen { reason, at, .. } => format!("The text was frozen on {at}: {reason}"),
            Self::AlreadyFrozen => "The text is frozen already.".into(),
            Self::NotFrozen => "The text is not frozen.".into(),
            Self::NotInThisPhase { what, phase } => {
                format!("In the present phase, “{phase}”, your part in the network does not let you {what}.")
            }
            Self::OrganisationUnknown => "There is no such organisation in this network.".into(),
            Self::OrganisationExists => "An organisation with that id exists already.".into(),
            Self::OrganisationNameTaken => "Another organisation has that name already.".into(),
            Self::OrganisationMissing => {
                "A representative acts for an organisation, and none is chosen.".into()
            }
            Self::OrganisationChanged => "Somebody else has changed this organisation meanwhile.".into(),
            Self::OrganisationInUse => {
                "Somebody acts or has acted for this organisation, or something was asked of it.".into()
            }
            Self::WeightNotValid => {
                "A member has 1 to 1000 votes, an observer or a stakeholder has none.".into()
            }
            Self::SeatsNotValid => "An organisation has at most 100 seats.".into(),
            Self::SeatsTaken => "More people would hold a seat than the organisation has seats.".into(),
            Self::PersonHasLeft => "This person has left the network.".into(),
            Self::HasNotLeft => "This person has not left the network.".into(),
            Self::PersonChanged => {
                "Somebody else has changed this person's part in the network meanwhile.".into()
            }
            Self::SuccessorOfAnother => "A successor is somebody else, of the same organisation.".into(),
            Self::LastAdministrator => "Nobody would be left who can add or change people.".into(),
            Self::ProcessRuns => "This plan has a process already.".into(),
            Self::NoProcess => "This plan has no process.".into(),
            Self::TooManyPhases => "A process has at most 40 phases.".into(),
            Self::PhaseTwice => "Two phases have the same id.".into(),
            Self::PhaseOfAnother => "The phase to begin with is of another template.".into(),
            Self::PhaseHasBegun => "A phase has begun.".into(),
            Self::LastPhase => "It is the only phase.".into(),
            Self::RoleAtNoGate => "A gate asks for a role that approves nothing.".into(),
            Self::WouldForget => {
                "What people said would be forgotten at once: all phases before this one are over.".into()
            }
            Self::NothingChanged => "Nothing would change.".into(),
            Self::ConsultantHasNoVote => "The consultant holds the pen and has no vote.".into(),
            Self::ContactOutside => "Disputes are not decided by an outside body.".into(),
            Self::NameTaken => "Somebody else here has that name.".into(),
            Self::GuestsInvited => "Guests are invited to it, and their links would lead nowhere.".into(),
            Self::PhaseUnknown => "There is no such phase in this plan's process.".into(),
            Self::PhaseIsOver => "The phase is over.".into(),
            Self::PhaseHasNotBegun => "The phase has not begun.".into(),
            Self::DatesNotInOrder => {
                "Each phase must end after it begins, and begin when the one before it has ended or later."
                    .into()
            }
            Self::DateNotRead => "That is not a date with a time.".into(),
            Self::TemplateUnknown => "There is no such template.".into(),
            Self::TooManyTemplates => {
                format!("The network has {} templates of its own already.", super::limits::TEMPLATES)
            }
            Self::TemplateNotRead { why } => format!("The file is no template: {why}."),
            Self::DateIsPast => "The end of the phase lies in the past.".into(),
            Self::DateTooFar => "A phase would end after the year 2199.".into(),
            Self::NotAtThisGate => "This gate does not ask for your approval in that role.".into(),
            Self::ApprovedAlready => "It has been approved in that role already.".into(),
            Self::NotApproved => "It has not been approved in that role.".into(),
            Self::GateIsPassed => "The next phase has begun: the approval has had its effect.".into(),
            Self::InvitationUnknown => "There is no such invitation.".into(),
            Self::InvitationExists => "An invitation with that id exists already.".into(),
            Self::InvitationRevoked => "The invitation has been taken back.".into(),
            Self::InvitationIsOver => "The invitation has had its time.".into(),
            Self::TooManyGuests => "As many have joined by this invitation as may.".into(),
            Self::InvitedIsMember => "This organisation is a member: no guests come for it.".into(),
            Self::NoConsultation => "Guests are invited to a consultation, and this phase is none.".into(),
            Self::TaskUnknown => "There is no such task, or it is not yours.".into(),
            Self::TaskExists => "A task with that id exists already.".into(),
            Self::TaskIsOver => "This task was done or taken back already.".into(),
            Self::TooManyTasks => {
                format!("At most {} tasks are open for one person or organisation.", super::limits::TASKS)
            }
            Self::Empty { field } => format!("The {field} is empty."),
            Self::TooLong { field, limit } => format!("The {field} is longer than {limit} characters."),
            Self::ThreadUnknown => "There is no such thread of comments in this plan.".into(),
            Self::ThreadExists => "A thread with that id exists already.".into(),
            Self::ThreadResolved => "The thread is resolved.".into(),
            Self::ThreadOpen => "The thread is open.".into(),
            Self::AnchorUnknown => "The words that the comment is about are not in the plan.".into(),
            Self::CommentUnknown => "There is no such comment in this thread.".into(),
            Self::CommentOfAnother => "Only who wrote a comment can ask for it to be looked at again.".into(),
            Self::WithheldAlready => "The comment is withheld in that way already.".into(),
            Self::NotWithheld => "The comment is shown.".into(),
            Self::DisputedAlready => "You have asked for this comment to be looked at again already.".into(),
            Self::DisputeOfAnother => "The author disputes it, and another person decides disputes.".into(),
            Self::ConductChanged => "Somebody else has changed the rules of conduct meanwhile.".into(),
            Self::StillInNetwork => "This person is still in the network.".into(),
            Self::ErasedAlready => "What was known of this person has been erased already.".into(),
            Self::RetentionIsOver => "What people said in this process has been erased already.".into(),
            Self::RetentionNotValid => "Comments are kept for 1 to 18,262 days, or for ever.".into(),
            Self::SectionUnknown => "There is no such section in this plan.".into(),
            Self::SectionExists => "A section with that id exists already.".into(),
            Self::SectionOfOthers => {
                "This section is written by a working group that you are not part of.".into()
            }
            Self::GroupTooLarge => {
                "At most 100 people and organisations write one section, in at most 500 sections.".into()
            }
            Self::SectionInsideItself => "A section cannot be put inside itself.".into(),
            Self::NotRemoved => "The section is not removed.".into(),
            Self::StrayUnknown => "There is no such provision of stray words in this plan.".into(),
            Self::StraySettled => "Somebody has decided over these words already.".into(),
            Self::ActorOfAnother => "These edits carry the mark of another person's editing session.".into(),
            Self::IdTaken => "This id stands for something else in the record already.".into(),
            Self::IdReserved => "Ids of this form (UUID version 8) are made by the program.".into(),
            Self::TooManyHeads => {
                "Too many edits stand side by side without any that has seen the others.".into()
            }
            Self::ChangedMeanwhile => "The plan changed while this was on its way.".into(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::PersonUnknown => "Check the id.",
            Self::PersonExists | Self::PlanExists | Self::ThreadExists | Self::SectionExists => {
                "Choose another id."
            }
            Self::EmailNotValid => {
                "Write it as name@example.org, without spaces and without the person's name before it."
            }
            Self::EmailTaken => "Each person signs in with an address of their own: use another one.",
            Self::AlreadyJoined => "Nothing is to be done.",
            Self::PlanUnknown => "Open the list of plans and choose one from there.",
            Self::NotPermitted { .. } => "Ask the secretariat if you think that you should be able to.",
            Self::Frozen { .. } => {
                "Reading and comments go on. What you have typed stays on your device until the text is open again."
            }
            Self::AlreadyFrozen | Self::NotFrozen => "Reload the page to see the present state.",
            Self::NotInThisPhase { .. } => "The calendar shows when it will be possible.",
            Self::OrganisationUnknown => "Reload the list of organisations and choose one from there.",
            Self::OrganisationExists => "Choose another id.",
            Self::OrganisationNameTaken => {
                "Choose the organisation from the list, or give this one a name that tells them apart."
            }
            Self::OrganisationMissing => "Choose the organisation.",
            Self::OrganisationChanged => {
                "Reload the page, look at what they changed, then change it again if need be."
            }
            Self::OrganisationInUse => {
                "It stays, since the record speaks of it. Give it another name or standing if need be."
            }
            Self::WeightNotValid => "Correct the number of votes or the standing.",
            Self::SeatsNotValid => "Correct the number of seats.",
            Self::SeatsTaken => "Take a seat from somebody first, or give the organisation another one.",
            Self::PersonHasLeft => "Say first that they have come back.",
            Self::HasNotLeft => "Nothing is to be done.",
            Self::PersonChanged => {
                "Reload the page, look at what they changed, then change it again if need be."
            }
            Self::SuccessorOfAnother => "Choose somebody of the same organisation, or add them first.",
            Self::LastAdministrator => "Let somebody else be administrator or secretariat first.",
            Self::ProcessRuns => "Move the dates of its phases instead.",
            Self::NoProcess => "Start one first.",
            Self::TooManyPhases => "Join some of them.",
            Self::PhaseTwice => "Give each an id of its own.",
            Self::PhaseOfAnother => "Choose a phase of the template that you have chosen, or the first.",
            Self::PhaseHasBegun => {
                "Its title and its end can be changed still; what holds in it, and who approves, stay."
            }
            Self::GuestsInvited => "Take back their invitations first, or move the dates of the phase.",
            Self::RoleAtNoGate => "Choose among secretariat, board, chair and chief executive.",
            Self::WouldForget => "Say first for how long comments are kept, or move the dates of the phase.",
            Self::NothingChanged => "Change something, or leave it as it is.",
            Self::ConsultantHasNoVote => {
                "Take away the seat and the roles of board, chair and chief executive, or the role of consultant."
            }
            Self::ContactOutside => "Name somebody who acts for the network or for one of its members.",
            Self::NameTaken => {
                "Add what tells you from them. If it is your name, ask the secretariat to set it."
            }
            Self::LastPhase => "Add another first, or take back the whole process.",
            Self::PhaseUnknown => "Reload the calendar and choose from there.",
            Self::PhaseIsOver => "What is over cannot be moved. Move a later phase.",
            Self::PhaseHasNotBegun => "Approve once it is open.",
            Self::DatesNotInOrder => "Correct the dates; move later phases first.",
            Self::DateIsPast => "Choose a later time.",
            Self::DateTooFar => "Look at the year that was typed, and at how long the phases last.",
            Self::DateNotRead => "Write it as 2026-03-14T09:30, in UTC.",
            Self::TemplateUnknown => "Choose one from the list.",
            Self::TooManyTemplates => "Remove one that nobody needs any more.",
            Self::TemplateNotRead { .. } => "Mend the file, or begin with a copy of one that is here.",
            Self::NotAtThisGate => "See on the calendar who is to approve.",
            Self::ApprovedAlready | Self::NotApproved => "Nothing is to be done.",
            Self::GateIsPassed => "Ask the secretariat to freeze the plan if something has to be stopped.",
            Self::InvitationUnknown => "Ask whoever sent it for a new one.",
            Self::InvitationExists => "Choose another id.",
            Self::InvitationRevoked => "Ask whoever sent it if you think that this is a mistake.",
            Self::InvitationIsOver => "Ask whoever sent it for a new one.",
            Self::TooManyGuests => {
                "Come back by the link that you were given when you joined, or ask for a new invitation."
            }
            Self::InvitedIsMember => "Add those who act for it as people: they have accounts.",
            Self::NoConsultation => "Choose a phase in which the text is commented on.",
            Self::TaskUnknown | Self::TaskIsOver => "Reload the page to see what is open now.",
            Self::TaskExists => "Choose another id.",
            Self::TooManyTasks => "Take back what is settled, or ask for several things in one task.",
            Self::Empty { .. } => "Write something, then send again.",
            Self::TooLong { .. } => "Shorten it, then send again.",
            Self::ThreadUnknown => "It may belong to another plan. Open it from the list of comments.",
            Self::ThreadResolved => "Reopen it to go on with the discussion.",
            Self::ThreadOpen => "Nothing is to be done.",
            Self::AnchorUnknown => "Wait until your edits are saved, select the words again, then comment.",
            Self::CommentUnknown | Self::WithheldAlready | Self::NotWithheld => {
                "Reload the page to see the present state."
            }
            Self::CommentOfAnother => "Write to the secretariat if you think that it should be shown.",
            Self::DisputedAlready => "Wait for the answer; it will be on your page.",
            Self::DisputeOfAnother => "The rules of conduct name who decides.",
            Self::ConductChanged => {
                "Reload the page, look at what they changed, then change it again if need be."
            }
            Self::StillInNetwork => "Let them leave first, and hand over to somebody.",
            Self::ErasedAlready | Self::RetentionIsOver => "Nothing is to be done.",
            Self::RetentionNotValid => "Choose another number of days.",
            Self::SectionUnknown => "Reload the outline and choose from there.",
            Self::SectionOfOthers => {
                "Comment on it instead. What you have typed stays on your device; undo it to go on elsewhere."
            }
            Self::GroupTooLarge => "Name organisations instead of each of their people.",
            Self::SectionInsideItself => "Choose a place outside the section and its sub-sections.",
            Self::NotRemoved => "Reload the outline to see the present state.",
            Self::StrayUnknown | Self::StraySettled => "Reload the page to see the plan as it is now.",
            Self::ActorOfAnother => "Reload the page. If it happens again, tell the administrator.",
            Self::IdTaken | Self::IdReserved => "Choose a new id: a UUID of version 7 or 4.",
            Self::TooManyHeads => "Take in what others have written, then send again.",
            Self::ChangedMeanwhile => "Look at the plan as it is now, then try again.",
        }
    }
}
