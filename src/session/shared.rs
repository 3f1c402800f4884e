//! What all connections of one document share: its durable changes, and the messages that carry them.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{
    ConnectionId, frame,
    message::{self, Carried, Flags, Have},
};
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
    /// As frames name it.
    name: Box<str>,
    history: History,
    snapshot: Option<Snapshot>,
    /// The changes from `tail_from` on. Never begins above the end of the snapshot.
    tail: Vec<Entry>,
    tail_from: u32,
    /// Messages to peers in step, ready but for whom they are to: by the index of the first change, and
    /// whether the peer only reads. Emptied when the history grows.
    encoded: HashMap<(u32, bool), Bytes>,
}

/// After a snapshot this many changes before it are still kept raw, for peers that lag a little.
const KEPT_BEHIND_SNAPSHOT: u32 = 1_000;

impl Shared {
    pub fn new(document: DocumentId) -> Self {
        Self::restored(document, History::new(), None, Vec::new())
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
        Self {
            document,
            name: document.to_string().into(),
            history,
            snapshot,
            tail,
            tail_from,
            encoded: HashMap::new(),
        }
    }

    pub fn document(&self) -> DocumentId {
        self.document
    }

    pub(super) fn name(&self) -> &str {
        &self.name
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
            self.encoded.clear();
        }
        Ok(())
    }

    /// A change's bytes, where they are kept here.
    pub fn raw(&self, at: u32) -> Option<Bytes> {
        self.tail.get(at.checked_sub(self.tail_from)? as usize).map(|entry| entry.raw.clone())
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

    /// The connection that brought the change at `at`, as far as it is still known.
    pub(super) fn origin(&self, at: u32) -> Option<ConnectionId> {
        self.tail.get(at.checked_sub(self.tail_from)? as usize)?.origin
    }

    /// Packs changes (ascending) for a peer: one by one, or the whole document where that is more than a
    /// third of it and smaller, or where their raw bytes are not kept. None: they are not kept, and the
    /// peer does not read documents.
    pub(super) fn pack(&self, wanted: &[u32], reads_documents: bool) -> Option<Carried> {
        let Some(&first) = wanted.first() else { return Some(Carried::default()) };
        let kept = first >= self.tail_from;
        let raw = |at: u32| &self.tail[(at - self.tail_from) as usize].raw;
        if let Some(snapshot) = self.snapshot.as_ref().filter(|_| reads_documents) {
            let after = || (snapshot.len..self.len()).map(raw);
            let many = wanted.len() as u32 > self.len() / 3;
            let smaller = || {
                let whole = snapshot.bytes.len() + after().map(Bytes::len).sum::<usize>();
                whole < wanted.iter().map(|&at| raw(at).len()).sum()
            };
            if !kept || many && smaller() {
                let chunks = std::iter::once(&snapshot.bytes).chain(after()).cloned().collect();
                return Some(Carried::Document(chunks));
            }
        }
        kept.then(|| Carried::Changes(wanted.iter().map(|&at| raw(at).clone()).collect()))
    }

    /// The message that brings a peer who has the first `from` changes up to date: encoded once for all.
    pub(super) fn message_in_step(&mut self, from: u32, read_only: bool, sender: &str) -> Bytes {
        if let Some(ready) = self.encoded.get(&(from, read_only)) {
            return ready.clone();
        }
        let wanted: Vec<u32> = (from..self.len()).collect();
        let carried = self.pack(&wanted, true).expect("what is not kept raw is in the snapshot");
        let heads = self.history.heads();
        let flags = Flags { sync_reset: false, read_only, knows_reset: true };
        let message = message::encode(&heads, &[], &[Have::exactly(heads.clone())], &carried, flags);
        let rest = frame::rest_of_sync(sender, &self.name, &message);
        self.encoded.insert((from, read_only), rest.clone());
        rest
    }
}
