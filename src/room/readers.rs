//! The document as readers need it: made when it is asked for, brought up to date by the changes since, and
//! let go when nobody has asked for a while. Taking edits does not need it.
//!
//! Whenever it is brought up to date, what was admitted by proof is applied and compared: that is the audit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use super::store;
use crate::document::Reading;
use crate::domain::DocumentId;
use crate::log::{Failure, Log};
use crate::session;

/// For so long after it was last asked for, the document stays in memory.
const KEPT: Duration = Duration::from_secs(60);

pub(super) struct Readers {
    log: Arc<dyn Log>,
    document: DocumentId,
    shared: session::Room,
    held: Mutex<Option<Held>>,
}

struct Held {
    reading: Arc<Reading>,
    /// How many changes it holds: the first so many of the log.
    len: u32,
    used: Instant,
}

impl Readers {
    pub(super) fn new(log: Arc<dyn Log>, document: DocumentId, shared: session::Room) -> Self {
        Self { log, document, shared, held: Mutex::new(None) }
    }

    /// The document with all that is published, and how many changes that is.
    pub(super) fn newest(&self) -> Result<(Arc<Reading>, u32), Failure> {
        let mut slot = self.held.lock();
        let held = self.hold(&mut slot)?;
        let len = self.shared.lock().len();
        if held.len < len {
            let mut changes = store::changes(&*self.log, self.document, held.len)?;
            changes.truncate((len - held.len) as usize);
            extend(&mut slot, &changes)?;
        }
        Ok(used(&mut slot))
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
            extend(&mut slot, changes)?;
            return Ok(used(&mut slot));
        };
        let len = self.shared.lock().len() + changes.len() as u32;
        let mut slot = self.held.lock();
        *slot = Some(Held { reading: Arc::new(whole), len, used: Instant::now() });
        Ok(used(&mut slot))
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

/// Applies and compares. What does not come out as it was admitted is let go: the next one to ask begins anew.
fn extend(slot: &mut Option<Held>, changes: &[Bytes]) -> Result<(), Failure> {
    let Some(held) = slot else { return Ok(()) };
    let applied = Arc::make_mut(&mut held.reading).apply_and_compare(changes);
    held.len += changes.len() as u32;
    applied.map_err(|error| {
        *slot = None;
        Failure::Damaged(error.to_string())
    })
}

fn used(slot: &mut Option<Held>) -> (Arc<Reading>, u32) {
    let held = slot.as_mut().expect("it was just put there");
    held.used = Instant::now();
    (held.reading.clone(), held.len)
}
