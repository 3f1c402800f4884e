//! The rules: nouns, commands, events, who may do what. Pure: no clock, no randomness, no I/O.

mod change;
mod command;
mod event;
mod id;
mod time;

pub use change::{Change, sole_heads};
pub use command::{Command, Request};
pub use event::{Anchor, Event, Role};
pub use id::{
    ActorId, BadId, ChangeHash, DocumentId, EventId, Heads, PersonId, PlanId, Position, ProvisionId,
    SectionId, ThreadId,
};
pub use time::Timestamp;
