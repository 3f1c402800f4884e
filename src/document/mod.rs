//! The plan as an Automerge document. Nothing outside this module meets the crate `automerge`.

mod admission;
mod anchor;
mod blocks;
mod columns;
mod copy;
mod diff;
mod edit;
mod element;
mod extent;
mod history;
mod import;
mod marks;
mod order;
mod outline;
mod past;
mod reading;
mod refused;
mod rules;
mod scan;
mod sequence;
mod state;
#[cfg(test)]
mod testing;
mod text;
mod tree;
mod write;

use automerge::TextEncoding;

pub use admission::{Admission, Verdict};
pub use anchor::{AnchorState, CannotAnchor, Resolved, Resolver, anchor, quote, resolve};
pub use blocks::{Attrs, Block, BlockType, Duplicates, Link, Marks, Run, normalise};
pub use copy::Copy;
pub use diff::{BlockDiff, Fate, Op, PlanDiff, SectionDiff, Segment, diff};
pub use edit::{CannotWrite, Edit, Mark};
pub use extent::extent;
pub use history::{Ancestors, History, MissingDeps};
pub use import::{Imported, import};
pub use order::between;
pub use reading::{Reading, Unreadable};
pub use refused::Refused;
pub use scan::{Chunk, limits, scan, split};
pub use state::{Authored, BlockState, PlanState, RemovedSection, SectionState, UnknownHeads, state_at};
pub use text::{Span, utf16_len};
pub use tree::{Item, List, Node, tree};
pub use write::{Author, write};

/// Every document is opened with it, so that Rust and JavaScript count alike: in UTF-16 code units.
pub fn text_encoding() -> TextEncoding {
    TextEncoding::Utf16CodeUnit
}
