//! A document out of the log: its history, its snapshot, its proving copy. All but the log are caches.

use std::sync::Arc;

use bytes::Bytes;
use tracing::warn;

use crate::document::{self, Admission, Copy, History, Proof, Published, Reading, Refused, Verdict, Way};
use crate::domain::{Change, ChangeHash, DocumentId, Heads};
use crate::engine::record;
use crate::log::{Failure, Log, Recorded};
use crate::session::{self, Greeting, Shared, Snapshot};

const PAGE: usize = 4096;

/// What sessions read of a document.
pub(super) fn restore(log: &dyn Log, document: DocumentId) -> Result<Shared, Failure> {
    let kept = snapshot(log, document)?;
    let from = kept.as_ref().map_or(0, |(snapshot, _)| snapshot.len);
    let mut history = kept_history(log, document, kept.as_ref())?.unwrap_or_default();
    let mut tail = Vec::new();
    each_change(log, document, u64::from(history.len()), |recorded, raw| {
        let change = read_again(recorded, &raw)?;
        let at = history.append(&change, recorded.position).map_err(|_| {
            Failure::Damaged(format!("event {} builds on what is not there", recorded.position))
        })?;
        if at >= from {
            tail.push(change.raw);
        }
        Ok(())
    })?;
    if let Some((snapshot, heads)) = kept {
        if snapshot.len <= history.len() && history.heads_at(snapshot.len) == heads {
            return Ok(Shared::restored(document, history, Some(snapshot), tail));
        }
        // The cache is not of this log: make everything from the log alone.
        log.put_cache(&key(SNAPSHOT, document), &[])?;
        return restore(log, document);
    }
    Ok(Shared::restored(document, history, None, tail))
}

/// The history up to a snapshot, without reading a change of it but the last: which is in the log where it
/// should be, and its hash stands for all that it builds on.
fn kept_history(
    log: &dyn Log,
    document: DocumentId,
    snapshot: Option<&(Snapshot, Heads)>,
) -> Result<Option<History>, Failure> {
    let Some((snapshot, heads)) = snapshot else { return Ok(None) };
    let Some(history) = log.get_cache(&key(HISTORY, document))?.and_then(|bytes| History::load(&bytes))
    else {
        return Ok(None);
    };
    let Some(last) = history.len().checked_sub(1) else { return Ok(None) };
    let stream = record::changes(document);
    let recorded = log.read_stream(&stream, u64::from(last), 1)?.pop();
    let is_last = |recorded: &Recorded| {
        let raw = recorded.payload.as_ref().and_then(|payload| record::change_bytes(payload).ok());
        let change = raw.and_then(|raw| document::reread(&raw).ok());
        recorded.position == history.position(last)
            && change.is_some_and(|change| change.hash == history.hash(last))
    };
    let fits =
        history.len() == snapshot.len && history.heads() == *heads && recorded.is_some_and(|r| is_last(&r));
    Ok(fits.then_some(history))
}

/// What admits changes to a document, with all that the log holds of it.
pub(super) fn admission(
    log: &dyn Log,
    document: DocumentId,
    way: Way,
    shared: &session::Room,
) -> Result<Box<dyn Admission>, Failure> {
    if way == Way::Proof {
        match proof(log, document, shared)? {
            Ok(proof) => return Ok(Box::new(proof)),
            Err(refused) => {
                warn!(%document, "admitted by copy, since the log holds what the proof would refuse: {refused}");
            }
        }
    }
    Ok(Box::new(copy(log, document)?))
}

/// The index of a document, made from its changes. What the proof refuses may be in the log when it was admitted
/// by copy.
fn proof(
    log: &dyn Log,
    document: DocumentId,
    shared: &session::Room,
) -> Result<Result<Proof, Refused>, Failure> {
    let hashes: Arc<dyn Published> = Arc::new(Hashes(shared.clone()));
    let kept = log.get_cache(&key(INDEX, document))?.and_then(|bytes| Proof::load(hashes.clone(), &bytes));
    let mut proof = kept.unwrap_or_else(|| Proof::empty(hashes));
    let mut refused = None;
    each_change(log, document, proof.len() as u64, |recorded, raw| {
        if refused.is_some() {
            return Ok(());
        }
        let change = read_again(recorded, &raw)?;
        match proof.admit(std::slice::from_ref(&change)).pop() {
            Some(Verdict::Admitted) => {}
            Some(Verdict::Refused(cause)) => refused = Some(cause),
            _ => {
                let cause = format!("event {} builds on what is not there", recorded.position);
                return Err(Failure::Damaged(cause));
            }
        }
        Ok(())
    })?;
    proof.confirm();
    Ok(refused.map_or(Ok(proof), Err))
}

/// The hashes that sessions read, by their place in the log's order.
struct Hashes(session::Room);

impl Published for Hashes {
    fn len(&self) -> u32 {
        self.0.lock().len()
    }

    fn number(&self, hash: &ChangeHash) -> Option<u32> {
        self.0.lock().history().index_of(hash)
    }

    fn hash(&self, number: u32) -> ChangeHash {
        self.0.lock().history().hash(number)
    }
}

/// The proving copy of a document, from the snapshot where there is one.
fn copy(log: &dyn Log, document: DocumentId) -> Result<Copy, Failure> {
    let (bytes, len) = match snapshot(log, document)? {
        Some((snapshot, _)) => (snapshot.bytes, snapshot.len),
        None => (Bytes::new(), 0),
    };
    let tail = changes(log, document, len)?;
    let last = tail.last().and_then(|raw| document::reread(raw).ok()).map(|change| change.hash);
    let copy = Copy::load(bytes, tail).map_err(|error| Failure::Damaged(error.to_string()))?;
    match last {
        Some(hash) if !copy.contains(&hash) => {
            Err(Failure::Damaged(format!("document {document} is not whole")))
        }
        _ => Ok(copy),
    }
}

/// The document for readers, as far as the newest snapshot holds it, and how many changes that is.
pub(super) fn reading(log: &dyn Log, document: DocumentId) -> Result<(Reading, u32), Failure> {
    let Some((snapshot, heads)) = snapshot(log, document)? else { return Ok(Default::default()) };
    match Reading::load(&snapshot.bytes) {
        Ok(reading) if reading.heads() == heads => Ok((reading, snapshot.len)),
        // The cache is no good: everything comes from the log.
        _ => Ok(Default::default()),
    }
}

/// The changes of a document after the first `after`, in the order of the log.
pub(super) fn changes(log: &dyn Log, document: DocumentId, after: u32) -> Result<Vec<Bytes>, Failure> {
    let mut all = Vec::new();
    each_change(log, document, u64::from(after), |_, raw| {
        all.push(raw);
        Ok(())
    })?;
    Ok(all)
}

/// The whole document without its history, where there is a snapshot of it. Reads no more than that and what came
/// after it.
pub(super) fn greeting(log: &dyn Log, document: DocumentId) -> Result<Option<Greeting>, Failure> {
    let Some((snapshot, mut heads)) = snapshot(log, document)? else { return Ok(None) };
    let Some(before) = snapshot.len.checked_sub(1) else { return Ok(None) };
    let mut chunks = vec![snapshot.bytes];
    let mut len = before;
    let mut fits = true;
    each_change(log, document, u64::from(before), |recorded, raw| {
        let change = read_again(recorded, &raw)?;
        if len == before {
            // The last change that a snapshot holds is one of its heads: otherwise it is not of this log.
            fits = heads.contains(&change.hash);
        } else {
            heads = super::prepare(&mut heads, change).heads;
            chunks.push(raw);
        }
        len += 1;
        Ok(())
    })?;
    Ok((fits && len >= snapshot.len).then_some(Greeting { heads, len, chunks }))
}

/// Keeps the history of a snapshot's changes, and what admits further ones: neither is then read from the log.
pub(super) fn keep_beside(
    log: &dyn Log,
    document: DocumentId,
    history: &[u8],
    index: Option<&[u8]>,
) -> Result<(), Failure> {
    log.put_cache(&key(HISTORY, document), history)?;
    index.map_or(Ok(()), |index| log.put_cache(&key(INDEX, document), index))
}

/// Keeps a snapshot of the first `len` changes.
pub(super) fn keep(
    log: &dyn Log,
    document: DocumentId,
    snapshot: &Snapshot,
    heads: &Heads,
) -> Result<(), Failure> {
    let mut bytes = Vec::with_capacity(8 + 32 * heads.len() + snapshot.bytes.len());
    bytes.extend_from_slice(&snapshot.len.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(heads.len()).unwrap_or_default().to_be_bytes());
    for head in heads {
        bytes.extend_from_slice(&head.0);
    }
    bytes.extend_from_slice(&snapshot.bytes);
    log.put_cache(&key(SNAPSHOT, document), &bytes)
}

fn snapshot(log: &dyn Log, document: DocumentId) -> Result<Option<(Snapshot, Heads)>, Failure> {
    Ok(log.get_cache(&key(SNAPSHOT, document))?.and_then(|bytes| parse(&bytes)))
}

/// Reads what [`keep`] wrote; none when it is anything else.
pub(super) fn parse(bytes: &Bytes) -> Option<(Snapshot, Heads)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (len, count) = (number(0)?, number(4)? as usize);
    let end = 8 + 32 * count;
    let heads =
        bytes.get(8..end)?.chunks_exact(32).map(|head| ChangeHash(head.try_into().expect("32 bytes")));
    Some((Snapshot { bytes: bytes.slice(end..), len }, heads.collect()))
}

/// Under which keys a document's snapshot, history and index are kept, before its id.
pub(super) const SNAPSHOT: &str = "snapshot/";
pub(super) const HISTORY: &str = "history/";
pub(super) const INDEX: &str = "index/";

pub(super) fn key(of: &str, document: DocumentId) -> String {
    format!("{of}{document}")
}

fn read_again(recorded: &Recorded, raw: &Bytes) -> Result<Change, Failure> {
    document::reread(raw)
        .map_err(|refused| Failure::Damaged(format!("event {}: {refused}", recorded.position)))
}

/// Calls with each change after the first `after`, oldest first.
fn each_change(
    log: &dyn Log,
    document: DocumentId,
    after: u64,
    mut each: impl FnMut(&Recorded, Bytes) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stream = record::changes(document);
    let mut version = after;
    loop {
        let page = log.read_stream(&stream, version, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        version = last.version;
        for recorded in &page {
            let payload = recorded
                .payload
                .as_ref()
                .ok_or_else(|| Failure::Damaged(format!("event {} has no change", recorded.position)))?;
            each(recorded, record::change_bytes(payload)?)?;
        }
    }
}
