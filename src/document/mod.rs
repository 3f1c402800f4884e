//! The plan as an Automerge document. Nothing outside this module meets the crate `automerge`.

mod blocks;
mod history;
mod reading;
mod text;
mod tree;

use automerge::TextEncoding;

pub use blocks::{Attrs, Block, BlockType, Duplicates, Link, Marks, Run, normalise};
pub use history::{Ancestors, History, MissingDeps};
pub use reading::{Reading, Unreadable};
pub use text::{Span, utf16_len};
pub use tree::{Item, List, Node, tree};

/// Every document is opened with it, so that Rust and JavaScript count alike: in UTF-16 code units.
pub fn text_encoding() -> TextEncoding {
    TextEncoding::Utf16CodeUnit
}
