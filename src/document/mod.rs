//! The plan as an Automerge document. Nothing outside this module meets the crate `automerge`.
//!
//! # The document
//! One document a plan, of this shape:
//!
//! ```text
//! { schema: 1,
//!   title: "…",
//!   sections: { <section id>: { parent: <section id, or "">, order: "a0", removed?: true, text: Text } },
//!   tables: {} }
//! ```
//!
//! - `title`, `parent` and `order` are plain strings: replaced as a whole, never merged letter by letter.
//! - Siblings stand by `order`, compared byte by byte ([`between`] makes the keys), then by section id. A parent
//!   that is not there counts as none; of a cycle the section with the smallest id is put at the top level. A
//!   removed section is left out of reading with all that is below it, and keeps its text.
//! - A section's `text` holds its heading and all its blocks. A block begins with a block marker, which takes
//!   up one place in the text and is the map `{ type, parents: [], attrs: { id, level?, indent? }, isEmbed: false }`;
//!   its text goes on to the next marker.
//! - Marks: `strong` and `em` (value `true`, what is typed at their end bears them too), and `link` (a text of
//!   JSON, `{"href": "…", "title": "…"}`, which does not grow).
//!
//! Every place and length is in UTF-16 code units, as in JavaScript ([`text_encoding`]). Block markers and marks
//! are those of Automerge's rich text; how marks grow and overlap is told in "Peritext" (Ink & Switch, 2021).
//!
//! # Reading and writing
//! A peer can write anything into the shape. [`normalise`] and [`tree`] make blocks and a tree of whatever is
//! there, without losing a character; admission ([`Admission`]) keeps out what would break a document.
//! [`state_at`] reads the plan at any heads, [`diff`] compares two states and [`resolve`] finds quoted words again,
//! all three from the identity of the elements: each character and marker is named by the operation that put it
//! there, whose actor stands for a person. [`write`] and [`Author`] make the changes that come from here.

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
mod kept;
mod marks;
mod order;
mod outline;
mod past;
mod places;
mod proof;
mod reading;
mod refused;
mod rules;
mod scan;
mod sequence;
mod standing;
mod state;
mod stray;
#[cfg(test)]
mod testing;
mod text;
mod touched;
mod tree;
mod write;

use automerge::TextEncoding;

pub use admission::{Admission, Verdict, Way};
pub use anchor::{AnchorState, CannotAnchor, Resolved, Resolver, anchor, quote, resolve};
pub use blocks::{Attrs, Block, BlockType, Duplicates, Link, Marks, Run, normalise};
pub use copy::Copy;
pub use diff::{BlockDiff, Fate, Op, PlanDiff, SectionDiff, Segment, diff};
pub use edit::{CannotWrite, Edit, Mark};
pub use extent::extent;
pub use history::{Ancestors, History, MissingDeps};
pub use import::import;
pub use order::between;
pub use places::{Places, Written};
pub use proof::{Proof, Published};
pub use reading::{Reading, Unreadable};
pub use refused::Refused;
pub use scan::{Chunk, reread, scan, split};
pub use state::{Authored, BlockState, PlanState, RemovedSection, SectionState, UnknownHeads, state_at};
pub use stray::{Earlier, Found, Traces, beside, strays, suspects, words};
#[cfg(test)]
pub(crate) use testing::unsound;
pub use text::{Span, utf16_len};
pub use tree::{Item, List, Node, tree};
pub use write::{Author, write};

/// Every document is opened with it, so that Rust and JavaScript count alike: in UTF-16 code units.
pub fn text_encoding() -> TextEncoding {
    TextEncoding::Utf16CodeUnit
}
