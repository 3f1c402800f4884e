//! The index as a cache: written beside a document's snapshot, so that after a restart the first edit does not wait
//! until every change of the log was read. It can be deleted at any time, and is then made from the log.

use std::sync::Arc;

use super::super::kept::{Page, Pen};
use super::changes::Number;
use super::{Proof, Published};

/// The format, and its version: to be counted up whenever what is written or what it means changes.
const KEPT: &[u8; 8] = b"proof-1\0";

impl Proof {
    /// The index of what is confirmed; none while a batch is open.
    pub fn save(&self) -> Option<Vec<u8>> {
        if !self.is_confirmed() {
            return None;
        }
        let mut pen = Pen::new(KEPT);
        let heads = self.changes.heads();
        pen.number(heads.len() as u64);
        for &head in heads {
            pen.number(head);
            pen.raw(&self.hash(head).0);
        }
        self.index.save(&mut pen);
        self.changes.save(&mut pen);
        Some(pen.finish())
    }

    /// An index that was saved for the first changes of what is published; none when it is anything else, and
    /// is to be made from the log.
    pub fn load(published: Arc<dyn Published>, bytes: &[u8]) -> Option<Self> {
        let mut page = Page::open(KEPT, bytes)?;
        let mut heads = Vec::new();
        for _ in 0..page.number()? {
            let head: Number = page.small()?;
            if head >= published.len() || published.hash(head).0 != page.raw(32)? {
                return None;
            }
            heads.push(head);
        }
        let mut proof = Self::empty(published);
        proof.index.load(&mut page)?;
        proof.changes.load(&mut page)?;
        if !page.is_read() || proof.changes.heads() != heads {
            return None;
        }
        proof.recent.from = proof.changes.len() as Number;
        proof.settle();
        Some(proof)
    }
}
