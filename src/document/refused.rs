//! Why bytes or a change were not taken: a stable code for machines, a sentence for people.

use std::borrow::Cow;

/// A refusal is vocabulary, not an incident: whoever sent the change is told, nothing else happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// Stable, for example `change_checksum`.
    pub code: &'static str,
    pub sentence: Cow<'static, str>,
}

impl Refused {
    pub fn new(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { code, sentence: sentence.into() }
    }

    /// The bytes do not follow the format at all.
    pub(crate) fn malformed(what: &'static str) -> Self {
        Self::new("change_malformed", format!("The change cannot be read: {what}."))
    }

    /// Something is larger than what is taken; the limits stand in [`crate::domain::limits`].
    pub(crate) fn too_large(what: &'static str, limit: u64) -> Self {
        Self::new("change_too_large", format!("The change is too large: more than {limit} {what}."))
    }
}
