//! The demonstration: the plan of an invented network of equality bodies in its third week of drafting.
//!
//! [`texts`](self) as Markdown with revisions, a [`diary`] of who worked when, a [`rhythm`] of typing; from
//! these the [`script`](script()) makes acts with times and places, and [`build`] plays them through the same
//! commands and changes as any user's.

mod diary;
mod people;
mod rhythm;
mod script;
mod text;

pub use diary::TITLE;
pub use people::Part;
pub use script::{Act, Edit, What, intended, plan, script, thread};
pub use text::{Block, Mark};
