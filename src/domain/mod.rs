//! The rules: nouns, commands, events, who may do what. Pure: no clock, no randomness, no I/O.

mod asked;
pub mod assignment;
mod change;
mod command;
mod decide;
mod event;
mod forgetting;
mod guest;
mod id;
#[cfg(test)]
mod ladder;
pub mod limits;
mod moderation;
mod organisation;
mod outside;
mod person;
pub mod plan;
mod policy;
pub mod process;
mod refusal;
mod section;
mod state;
mod stray;
mod task;
mod template;
mod thread;
mod time;
mod told;

pub use asked::{Due, Wanted, asked, asked_in, is_silent};
pub use assignment::Group;
pub use change::Change;
pub use command::{Command, Request};
pub use decide::{Decision, Learned, Write, decide};
pub use event::{Anchor, Base64, Continued, Event, Role};
pub use guest::{Capacity, Guest, Guests, Invitation, Invite, Joining};
pub use id::{
    ActorId, BadId, ChangeHash, DocumentId, EventId, Heads, InvitationId, OrganisationId, PersonId, PhaseId,
    PlanId, Position, ProvisionId, SectionId, TaskId, ThreadId,
};
pub use moderation::{Comment, Conduct, Measure, Place, Ruling};
pub use organisation::{Organisation, Profile, Standing};
pub use person::{About, Email, InHand, Office, Person};
pub use policy::{Action, Party, Stage, always_granted, granted};
pub use process::{Phase, PhaseKind, PhasePlan, Process};
pub use refusal::Refusal;
pub use state::{Actor, Answers, Fact, Freeze, Plan, Restored, State, Thread};
pub use stray::{Known, Settled, Stray, Strays};
pub use task::{Ask, Of, Task, Tasks};
pub use template::{BadTemplate, Template, TemplatePhase};
pub use time::Timestamp;
pub use told::{Digest, Reminded, Told};
