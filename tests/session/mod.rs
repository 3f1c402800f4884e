//! The sync session against clients that nobody here wrote: `automerge::sync`, as automerge-repo uses it.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod bounds;
mod log_fails;
mod random;
mod rules;
mod wire;
pub(crate) mod world;
