//! What all connections of one document share: its durable changes, and the messages that carry them.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::ConnectionId;
use crate::{
    document::{History, MissingDeps},
    domain::{Change, DocumentId, Position},
};

/// A document's shared state, as its connections and its host hold it.
pub type Room = Arc<Mutex<Shared>>;

/// The whole document up to a point, as one Automerge document chunk (what `save` writes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub bytes: Bytes,
    /// It covers exactly the first `len` changes of the history.
    pub len: u32,
}

/// One durable change, and the connection that brought it.
#[derive(Debug, Clone)]
struct Entry {
    raw: Bytes,
    origin: Option<ConnectionId>,
}

/// Only durable changes come in here, so whatever a session reads from it may be shown to anyone who
/// may read the document.
#[derive(Debug)]
pub struct Shared {
    document: DocumentId,
    history: History,
    snapshot: Option<Snapshot>,
    /// The changes from `tail_from` on. Never begins above the end of the snapshot.
    tail: Vec<Entry>,
    tail_from: u32,
}

/// After a snapshot this many changes before it are still kept raw, for peers that lag a little.
const KEPT_BEHIND_SNAPSHOT: u32 = 1_000;

impl Shared {
    pub fn new(document: DocumentId) -> Self {
        Self { document, history: History::new(), snapshot: None, tail: Vec::new(), tail_from: 0 }
    }

    /// A document as it was kept: `history` whole, a snapshot of its first changes, and the raw bytes of
    /// those after it (`snapshot.len` up to `history.len`, in order).
    pub fn restored(
        document: DocumentId,
        history: History,
        snapshot: Option<Snapshot>,
        tail: Vec<Bytes>,
    ) -> Self {
        let tail_from = history.len() - tail.len() as u32;
        debug_assert!(
            tail_from <= snapshot.as_ref().map_or(0, |snapshot| snapshot.len),
            "no change is left out"
        );
        let tail = tail.into_iter().map(|raw| Entry { raw, origin: None }).collect();
        Self { document, history, snapshot, tail, tail_from }
    }

    pub fn document(&self) -> DocumentId {
        self.document
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// How many durable changes there are: what the host's watch carries.
    pub fn len(&self) -> u32 {
        self.history.len()
    }

    pub fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    /// Adds a change that has become durable at `position`, brought by `origin` (none: the server itself).
    pub fn publish(
        &mut self,
        change: &Change,
        position: Position,
        origin: Option<ConnectionId>,
    ) -> Result<(), MissingDeps> {
        let before = self.history.len();
        let at = self.history.append(change, position)?;
        if at == before {
            self.tail.push(Entry { raw: change.raw.clone(), origin });
        }
        Ok(())
    }

    /// How many changes are kept raw beyond the snapshot: when it is many, a new snapshot pays.
    pub fn beyond_snapshot(&self) -> u32 {
        self.len() - self.snapshot.as_ref().map_or(0, |snapshot| snapshot.len)
    }

    /// Takes a newer snapshot and lets go of the raw bytes that it stands for. An older one is ignored.
    pub fn set_snapshot(&mut self, snapshot: Snapshot) {
        if snapshot.len > self.len() || self.snapshot.as_ref().is_some_and(|old| old.len >= snapshot.len) {
            return;
        }
        let keep_from = snapshot.len.saturating_sub(KEPT_BEHIND_SNAPSHOT).max(self.tail_from);
        self.tail.drain(..(keep_from - self.tail_from) as usize);
        self.tail.shrink_to(self.tail.len() * 2);
        self.tail_from = keep_from;
        self.snapshot = Some(snapshot);
    }
}
