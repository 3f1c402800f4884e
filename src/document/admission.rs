//! Admission: no change reaches the log before it is shown to apply and to rebuild to its own hash.
//!
//! The byte scan ([`super::scan()`]) comes first, always. Behind it stands one interface with two ways: by
//! proof ([`super::Proof`]), which holds a change against an index of what was admitted before; and by copy
//! ([`super::Copy`]), which applies it and looks whether the document is still sound.

use std::sync::Arc;

use bytes::Bytes;

use super::{Reading, Refused};
use crate::domain::{ActorId, Change, ChangeHash, Heads};

/// The answer for one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// May be written to the log; holds once [`Admission::confirm`] was called.
    Admitted,
    /// It is in the history already (or stands earlier in the batch): acknowledge, write nothing.
    Known,
    /// These changes must come first. Keep the change and offer it again with them.
    MissingDeps(Vec<ChangeHash>),
    /// It will never be taken.
    Refused(Refused),
}

/// By which way changes are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// By the index alone; the document is applied and compared afterwards.
    #[default]
    Proof,
    /// By applying to a copy of the document. For the day on which a client writes changes in another form.
    Copy,
}

/// Decides which changes may become part of one document.
///
/// A batch is open from [`admit`](Self::admit) until [`confirm`](Self::confirm) (the log has it) or
/// [`rollback`](Self::rollback) (the log refused it). Further calls of `admit` extend the open batch.
pub trait Admission: Send {
    /// One verdict for each change, in the same order. A change may depend on earlier ones of the batch;
    /// one refused change does not touch the others, except those that build on it (`MissingDeps`).
    fn admit(&mut self, batch: &[Change]) -> Vec<Verdict>;
    /// What was admitted is durable.
    fn confirm(&mut self);
    /// What was admitted since the last `confirm` did not happen.
    fn rollback(&mut self);
    /// Whether a change is in the history, confirmed or not.
    fn contains(&self, hash: &ChangeHash) -> bool;
    /// The heads of all that is admitted, confirmed or not, in ascending order.
    fn heads(&self) -> Heads;
    /// Like [`admit`](Self::admit), for the changes of a whole document.
    fn admit_imported(&mut self, _whole: &Reading, changes: &[Change]) -> Vec<Verdict> {
        self.admit(changes)
    }
    /// Whether the element of a text with this name is a block marker; none where this way does not know.
    fn is_block(&self, _counter: u64, _actor: &ActorId) -> Option<bool> {
        None
    }
    /// The confirmed document and how many changes it holds, from a way that keeps one itself.
    fn document(&mut self) -> Option<(Arc<Reading>, usize)> {
        None
    }
    /// What it takes to admit changes, as a cache; none where it is nothing but the document, or a batch is open.
    fn cache(&mut self) -> Option<Vec<u8>> {
        None
    }
    /// A snapshot of the first `changes` changes was made: whatever is held to build them again may go.
    fn take_snapshot(&mut self, _snapshot: &Bytes, _changes: usize) {}
}

#[cfg(test)]
pub(in crate::document) mod tests;
