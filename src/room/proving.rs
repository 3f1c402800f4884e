//! What admits a room's changes, and the document for whoever reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::readers::{Alarm, Readers};
use super::store;
use crate::document::{Admission, Places, Reading, Way, Written};
use crate::domain::{DocumentId, SectionId};
use crate::engine::Prepared;
use crate::log::{Failure, Log};
use crate::session;

/// What admits changes, loaded when it is first needed and dropped with the room; and the document for readers.
pub(super) struct Proving {
    log: Arc<dyn Log>,
    document: DocumentId,
    way: Way,
    shared: session::Room,
    admission: Mutex<Option<Box<dyn Admission>>>,
    pub(super) readers: Readers,
    /// Asked only while a section is for some people alone.
    places: Mutex<Places>,
}

impl Proving {
    pub(super) fn new(
        log: Arc<dyn Log>,
        document: DocumentId,
        way: Way,
        shared: session::Room,
        alarm: Alarm,
    ) -> Self {
        let readers = Readers::new(log.clone(), document, shared.clone(), alarm);
        Self { log, document, way, shared, admission: Mutex::new(None), readers, places: Mutex::default() }
    }

    pub(super) fn changes(&self) -> Result<Vec<Bytes>, Failure> {
        store::changes(&*self.log, self.document, 0)
    }

    /// Whether a few changes are admitted in less time than it takes to move other work out of the way.
    pub(super) fn is_quick(&self) -> bool {
        self.way == Way::Proof && self.admission.try_lock().is_some_and(|admission| admission.is_some())
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut dyn Admission) -> T) -> Result<T, Failure> {
        let mut slot = self.admission.lock();
        let admission = match &mut *slot {
            Some(admission) => admission,
            empty => empty.insert(store::admission(&*self.log, self.document, self.way, &self.shared)?),
        };
        Ok(work(&mut **admission))
    }

    /// What was admitted since the last `confirm` did not happen.
    pub(super) fn rollback(&self) -> Result<(), Failure> {
        self.with(|admission| admission.rollback())
    }

    /// The newest durable document and how many changes it holds.
    pub(super) fn reading(&self) -> Result<(Arc<Reading>, u32), Failure> {
        match self.own_document() {
            Some(own) => Ok(own),
            None => self.readers.newest(),
        }
    }

    /// The document of a way of admission that keeps one; none is loaded for the asking.
    fn own_document(&self) -> Option<(Arc<Reading>, u32)> {
        let (reading, len) = self.admission.lock().as_mut()?.document()?;
        Some((reading, u32::try_from(len).unwrap_or(u32::MAX)))
    }

    pub(super) fn ahead(
        &self,
        changes: &[Bytes],
        whole: Option<Reading>,
    ) -> Result<(Arc<Reading>, u32), Failure> {
        match self.own_document() {
            Some(own) => Ok(own),
            None => self.readers.ahead(changes, whole),
        }
    }

    /// The sections that changes write in, which were just admitted.
    pub(super) fn sections(&self, admitted: &[Prepared]) -> Result<BTreeSet<SectionId>, Failure> {
        let mut places = self.places.lock();
        let mut sections = BTreeSet::new();
        for prepared in admitted {
            let written = Written::read(&prepared.change)
                .map_err(|error| Failure::Damaged(format!("an admitted change: {error}")))?;
            sections.extend(places.of(&written, || self.reading().map(|(reading, _)| reading))?);
        }
        Ok(sections)
    }

    pub(super) fn forget_reading(&self) {
        self.readers.forget();
    }

    /// Whether something was admitted by proof alone, so far. A way that keeps the document has applied it.
    pub(super) fn is_behind(&self) -> bool {
        self.way == Way::Proof && self.readers.is_behind()
    }

    pub(super) fn is_audit_due(&self) -> bool {
        self.way == Way::Proof && self.readers.is_audit_due()
    }

    pub(super) fn audit(&self) -> Result<(), Failure> {
        self.readers.audit()
    }
}
