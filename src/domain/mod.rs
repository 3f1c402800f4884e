//! The rules: nouns, commands, events, who may do what. Pure: no clock, no randomness, no I/O.

mod change;
mod command;
mod decide;
mod event;
mod id;
#[cfg(test)]
mod ladder;
pub mod limits;
mod person;
pub mod plan;
mod policy;
mod refusal;
mod section;
mod state;
mod stray;
mod thread;
mod time;

pub use change::Change;
pub use command::{Command, Request};
pub use decide::{Decision, Write, decide};
pub use event::{Anchor, Base64, Continued, Event, Role};
pub use id::{
    ActorId, BadId, ChangeHash, DocumentId, EventId, Heads, PersonId, PlanId, Position, ProvisionId,
    SectionId, ThreadId,
};
pub use policy::{Action, may};
pub use refusal::Refusal;
pub use state::{Actor, Fact, Freeze, Person, Plan, Restored, State, Thread};
pub use stray::{Known, Settled, Stray, Strays};
pub use time::Timestamp;
