//! The plan as an Automerge document. Nothing outside this module meets the crate `automerge`.

use automerge::TextEncoding;

/// Every document is opened with it, so that Rust and JavaScript count alike: in UTF-16 code units.
pub fn text_encoding() -> TextEncoding {
    TextEncoding::Utf16CodeUnit
}
