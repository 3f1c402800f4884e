//! Text as spans: what Automerge (and its JavaScript binding's `spans`) says is in a section's text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stretch of a section's text, in order: a block marker, or characters that bear the same marks. Its JSON
/// is that of `Automerge.spans` in JavaScript. Nothing in it is trusted: any peer may have written it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Span {
    /// Counts as one code unit in the text.
    Block { value: Value },
    Text {
        value: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        marks: BTreeMap<String, Value>,
    },
}

impl Span {
    /// How many UTF-16 code units it takes in the section's text.
    pub fn width(&self) -> usize {
        match self {
            Self::Block { .. } => 1,
            Self::Text { value, .. } => utf16_len(value),
        }
    }
}

/// The length of a text in UTF-16 code units, the unit of every offset.
pub fn utf16_len(text: &str) -> usize {
    // Of the bytes of UTF-8, each that starts a character counts one, and each that starts one outside the
    // basic plane counts two. Written so that it is a plain sum over bytes.
    text.bytes().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)).sum()
}

/// Is this character left out where text is shown? It still counts in the document's offsets.
pub(super) fn is_hidden(c: char) -> bool {
    (c < '\u{20}' && c != '\t' && c != '\n') || c == '\u{FFFC}'
}
