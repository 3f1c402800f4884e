//! The document as readers need it: made when it is asked for, brought up to date by the changes since, and
//! let go when nobody has asked for a while. Taking edits does not need it.
//!
//! Whenever it is brought up to date, what was admitted by proof is applied and compared: that is the audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::store;
use crate::document::{Reading, Unreadable};
use crate::domain::{DocumentId, Heads};
use crate::log::{Failure, Log};
use crate::session;

/// For so long after it was last asked for, the document stays in memory.
const KEPT: Duration = Duration::from_secs(60);
/// For so long at most, what was admitted waits to be applied and compared.
const AUDIT_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Readers {
    log: Arc<dyn Log>,
    document: DocumentId,
    shared: session::Room,
    held: Mutex<Option<Held>>,
    audited: Mutex<Audited>,
    alarm: Alarm,
    /// The alarm was raised: once is enough.
    alarmed: AtomicBool,
}

/// Told when the document is not what was admitted: it stops everything.
pub(super) type Alarm = Box<dyn Fn(&Unreadable) + Send + Sync>;

/// How many changes were applied and compared, and when last.
struct Audited {
    len: u32,
    at: Instant,
}

struct Held {
    reading: Arc<Reading>,
    /// How many changes it holds: the first so many of the log.
    len: u32,
    used: Instant,
}

impl Readers {
    pub(super) fn new(log: Arc<dyn Log>, document: DocumentId, shared: session::Room, alarm: Alarm) -> Self {
        // What was there before this room begins with a snapshot, whose tail every reader compares anew.
        let audited = Mutex::new(Audited { len: shared.lock().len(), at: Instant::now() });
        Self {
            log,
            document,
            shared,
            held: Mutex::new(None),
            audited,
            alarm,
            alarmed: AtomicBool::new(false),
        }
    }

    /// The document with all that is published, and how many changes that is.
    pub(super) fn newest(&self) -> Result<(Arc<Reading>, u32), Failure> {
        let mut slot = self.held.lock();
        let held = self.hold(&mut slot)?;
        let len = self.shared.lock().len();
        if held.len < len {
            let mut changes = store::changes(&*self.log, self.document, held.len)?;
            changes.truncate((len - held.len) as usize);
            self.extend(&mut slot, &changes)?;
        }
        self.passed(len);
        Ok(used(&mut slot))
    }

    /// Whether anything was admitted that is not applied and compared yet.
    pub(super) fn is_behind(&self) -> bool {
        !self.alarmed.load(Ordering::Relaxed) && self.shared.lock().len() > self.audited.lock().len
    }

    pub(super) fn is_audit_due(&self) -> bool {
        self.audited.lock().at.elapsed() > AUDIT_EVERY && self.is_behind()
    }

    /// Applies and compares what was admitted since the last time. What it needs in memory for that goes again
    /// if nobody reads it.
    pub(super) fn audit(&self) -> Result<(), Failure> {
        let was_held = self.held.lock().is_some();
        self.newest()?;
        if !was_held {
            *self.held.lock() = None;
        }
        Ok(())
    }

    fn passed(&self, len: u32) {
        let mut audited = self.audited.lock();
        audited.len = audited.len.max(len);
        audited.at = Instant::now();
    }

    /// Applies and compares. What does not come out as it was admitted is let go, and raises the alarm.
    fn extend(&self, slot: &mut Option<Held>, changes: &[Bytes]) -> Result<(), Failure> {
        let Some(held) = slot else { return Ok(()) };
        let applied = Arc::make_mut(&mut held.reading).apply_and_compare(changes);
        held.len += changes.len() as u32;
        applied.map_err(|error| {
            *slot = None;
            self.raise(&error)
        })
    }

    fn raise(&self, error: &Unreadable) -> Failure {
        if !self.alarmed.swap(true, Ordering::Relaxed) {
            (self.alarm)(error);
        }
        Failure::Damaged(format!("document {}: {error}", self.document))
    }

    /// Whether what was saved can be loaded again, to the same heads.
    pub(super) fn check_saved(&self, saved: &[u8], heads: &Heads) -> Result<(), Failure> {
        let loaded = Reading::load_and_verify(saved).and_then(|loaded| {
            let same = loaded.heads() == *heads;
            if same { Ok(()) } else { Err(Unreadable::because("what is saved of it has other heads")) }
        });
        loaded.map_err(|error| self.raise(&error))
    }

    /// The document with changes that are durable and about to be published; `whole` is that very document,
    /// where somebody has it already.
    pub(super) fn ahead(
        &self,
        changes: &[Bytes],
        whole: Option<Reading>,
    ) -> Result<(Arc<Reading>, u32), Failure> {
        let Some(whole) = whole else {
            self.newest()?;
            let mut slot = self.held.lock();
            self.extend(&mut slot, changes)?;
            return Ok(used(&mut slot));
        };
        // Whoever handed it in has loaded it, and so compared it.
        let len = self.shared.lock().len() + changes.len() as u32;
        self.passed(len);
        // Whoever reads next loads it from the snapshot that is made of it: who hands in a whole history has it.
        *self.held.lock() = None;
        Ok((Arc::new(whole), len))
    }

    /// Lets the document go when nobody has asked for it for a while.
    pub(super) fn forget(&self) {
        let mut slot = self.held.lock();
        if slot.as_ref().is_some_and(|held| held.used.elapsed() > KEPT) {
            *slot = None;
        }
    }

    fn hold<'a>(&self, slot: &'a mut Option<Held>) -> Result<&'a Held, Failure> {
        match slot {
            Some(held) => Ok(held),
            empty => {
                let (reading, len) = store::reading(&*self.log, self.document)?;
                Ok(empty.insert(Held { reading: Arc::new(reading), len, used: Instant::now() }))
            }
        }
    }
}

fn used(slot: &mut Option<Held>) -> (Arc<Reading>, u32) {
    let held = slot.as_mut().expect("it was just put there");
    held.used = Instant::now();
    (held.reading.clone(), held.len)
}
