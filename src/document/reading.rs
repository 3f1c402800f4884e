//! A document in memory, for those who read it.

use std::collections::HashSet;

use automerge::{
    Automerge, AutomergeError, Change, LoadOptions, ObjId, ObjType, ReadDoc as _, VerificationMode,
};
use bytes::Bytes;

use super::copy::guard;
use super::text_encoding;
use crate::domain::{ActorId, ChangeHash, Heads};

/// The bytes are not a document, or a change does not apply.
#[derive(Debug, thiserror::Error)]
#[error("the document cannot be read: {0}")]
pub struct Unreadable(String);

impl Unreadable {
    pub fn because(cause: impl Into<String>) -> Self {
        Self(cause.into())
    }
}

impl From<AutomergeError> for Unreadable {
    fn from(cause: AutomergeError) -> Self {
        Self(cause.to_string())
    }
}

/// A document and its whole history, of admitted changes only. It is a cache: the changes in the log are the
/// truth, and this is made from them.
#[derive(Debug, Clone)]
pub struct Reading(Automerge);

impl Default for Reading {
    fn default() -> Self {
        Self(Automerge::new_with_encoding(text_encoding()))
    }
}

impl Reading {
    /// From bytes that [`Reading::save`] made.
    pub fn load(bytes: &[u8]) -> Result<Self, Unreadable> {
        Ok(Self(Automerge::load_with_options(bytes, LoadOptions::new().text_encoding(text_encoding()))?))
    }

    /// Like [`load`](Self::load), and rebuilds every change: each must have its own hash.
    pub fn load_and_verify(bytes: &[u8]) -> Result<Self, Unreadable> {
        let options =
            LoadOptions::new().text_encoding(text_encoding()).verification_mode(VerificationMode::Check);
        let loaded = guard(|| Automerge::load_with_options(bytes, options));
        Ok(Self(loaded.ok_or_else(|| Unreadable::because("loading it panics"))??))
    }

    /// A document that has been brought up elsewhere in this module.
    pub(in crate::document) fn of(document: Automerge) -> Self {
        Self(document)
    }

    /// Adds admitted changes, each one uncompressed chunk. One call with many costs about what one with one
    /// does.
    pub fn apply<B: AsRef<[u8]>>(&mut self, changes: impl IntoIterator<Item = B>) -> Result<(), Unreadable> {
        let changes = changes
            .into_iter()
            .map(|raw| {
                Change::from_bytes(raw.as_ref().to_vec()).map_err(|cause| Unreadable(cause.to_string()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.0.apply_changes(changes)?)
    }

    /// Like [`apply`](Self::apply), and looks whether the document now holds exactly these changes more, each
    /// as it was given, and nothing waits for something missing.
    pub fn apply_and_compare(&mut self, changes: &[Bytes]) -> Result<(), Unreadable> {
        let compared = guard(|| {
            let before = self.0.get_heads();
            self.apply(changes)?;
            let rebuilt = self.0.get_changes(&before);
            let given: HashSet<&[u8]> = changes.iter().map(AsRef::as_ref).collect();
            let same = rebuilt.len() == given.len()
                && rebuilt.iter().all(|change| given.contains(change.raw_bytes()))
                && self.0.get_missing_deps(&[]).is_empty();
            if same { Ok(()) } else { Err(Unreadable::because("it does not hold the changes it was given")) }
        });
        compared.unwrap_or_else(|| Err(Unreadable::because("applying its changes panics")))
    }

    /// The whole document in Automerge's own form, much smaller than its changes.
    pub fn save(&self) -> Vec<u8> {
        self.0.save()
    }

    /// The newest state, in ascending order.
    pub fn heads(&self) -> Heads {
        let mut heads: Heads = self.0.get_heads().into_iter().map(|hash| ChangeHash(hash.0)).collect();
        heads.sort_unstable();
        heads
    }

    /// Are these changes all here? Asked before any question about a past state, since Automerge passes over
    /// hashes that it does not know and then answers about another state.
    pub fn contains(&self, heads: &Heads) -> bool {
        heads.iter().all(|hash| self.0.get_change_meta_by_hash(&automerge::ChangeHash(hash.0)).is_some())
    }

    /// Whether the element of a text with this name is a block marker, still there or not.
    pub fn is_block(&self, counter: u64, actor: &ActorId) -> bool {
        let id = ObjId::Id(counter, automerge::ActorId::from(actor.as_bytes()), 0);
        self.0.object_type(id).is_ok_and(|kind| kind == ObjType::Map)
    }

    pub(in crate::document) fn automerge(&self) -> &Automerge {
        &self.0
    }

    pub(in crate::document) fn automerge_mut(&mut self) -> &mut Automerge {
        &mut self.0
    }
}
