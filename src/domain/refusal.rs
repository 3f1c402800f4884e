//! Why a command is refused: a stable code for programs, a sentence and a hint for people.

use super::{PersonId, Timestamp};

/// A command broke a rule. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    PersonUnknown,
    PersonExists,
    PlanUnknown,
    PlanExists,
    NotPermitted {
        what: &'static str,
    },
    Frozen {
        reason: String,
        by: Option<PersonId>,
        at: Timestamp,
    },
    AlreadyFrozen,
    NotFrozen,
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
    SectionUnknown,
    SectionExists,
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
            Self::PlanUnknown => "plan_unknown",
            Self::PlanExists => "plan_exists",
            Self::NotPermitted { .. } => "not_permitted",
            Self::Frozen { .. } => "plan_is_frozen",
            Self::AlreadyFrozen => "already_frozen",
            Self::NotFrozen => "not_frozen",
            Self::Empty { .. } => "field_empty",
            Self::TooLong { .. } => "field_too_long",
            Self::ThreadUnknown => "thread_unknown",
            Self::ThreadExists => "thread_exists",
            Self::ThreadResolved => "thread_is_resolved",
            Self::ThreadOpen => "thread_is_open",
            Self::AnchorUnknown => "anchor_unknown",
            Self::SectionUnknown => "section_unknown",
            Self::SectionExists => "section_exists",
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
            Self::PlanUnknown => "There is no such plan, or you may not read it.".into(),
            Self::PlanExists => "A plan with that id exists already.".into(),
            Self::NotPermitted { what } => format!("Your part in the network does not let you {what}."),
            Self::Frozen { reason, at, .. } => format!("The text was frozen on {at}: {reason}"),
            Self::AlreadyFrozen => "The text is frozen already.".into(),
            Self::NotFrozen => "The text is not frozen.".into(),
            Self::Empty { field } => format!("The {field} is empty."),
            Self::TooLong { field, limit } => format!("The {field} is longer than {limit} characters."),
            Self::ThreadUnknown => "There is no such thread of comments in this plan.".into(),
            Self::ThreadExists => "A thread with that id exists already.".into(),
            Self::ThreadResolved => "The thread is resolved.".into(),
            Self::ThreadOpen => "The thread is open.".into(),
            Self::AnchorUnknown => "The words that the comment is about are not in the plan.".into(),
            Self::SectionUnknown => "There is no such section in this plan.".into(),
            Self::SectionExists => "A section with that id exists already.".into(),
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
            Self::PlanUnknown => "Open the list of plans and choose one from there.",
            Self::NotPermitted { .. } => "Ask the secretariat if you think that you should be able to.",
            Self::Frozen { .. } => {
                "Reading and comments go on. What you have typed stays on your device until the text is open again."
            }
            Self::AlreadyFrozen | Self::NotFrozen => "Reload the page to see the present state.",
            Self::Empty { .. } => "Write something, then send again.",
            Self::TooLong { .. } => "Shorten it, then send again.",
            Self::ThreadUnknown => "It may belong to another plan. Open it from the list of comments.",
            Self::ThreadResolved => "Reopen it to go on with the discussion.",
            Self::ThreadOpen => "Nothing is to be done.",
            Self::AnchorUnknown => "Wait until your edits are saved, select the words again, then comment.",
            Self::SectionUnknown => "Reload the outline and choose from there.",
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
