//! The sync session against clients that nobody here wrote: `automerge::sync`, as automerge-repo uses it.

mod random;
mod world;
