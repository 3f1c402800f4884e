//! The demonstration: the plan of an invented network of equality bodies in its third week of drafting.
//!
//! `texts/` holds the sections as Markdown with their revisions, `diary` who worked when and what was said,
//! `rhythm` how people type. From these [`script`] makes acts, each with time, person and place; and [`build`]
//! plays them through the same commands and changes as any user's.

mod diary;
mod pen;
mod people;
mod play;
mod rhythm;
mod script;
mod stage;
mod tasks;
mod text;

pub use diary::TITLE;
pub use people::Part;
pub use play::{BATCH, Stage, Written, build};
pub use script::{Act, Edit, What, intended, plan, script, thread};
pub use stage::{HeldClock, fill};
pub use text::{Block, Mark};
