//! What `verify` asks beyond the log itself: that its events mean something, that every document is whole
//! at each of its heads, and that the caches say what the events say.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{prepare, store};
use crate::document::{self, Admission as _, History, Proof, Published, Reading};
use crate::domain::{ActorId, ChangeHash, DocumentId, Event, PersonId, PlanId, State};
use crate::engine::record;
use crate::log::{Epoch, Problem, Recorded, Report, Witness};

/// Folds the log as the server does, and compares.
#[derive(Default)]
pub struct Meaning {
    state: State,
    documents: HashMap<DocumentId, Document>,
    /// How often progress is told, and to whom.
    tell: Option<Box<dyn FnMut(u64, u64) + Send>>,
}

#[derive(Default)]
struct Document {
    history: History,
    heads: Vec<ChangeHash>,
    changes: Vec<Bytes>,
}

impl Meaning {
    /// `tell` hears how many events of how many are done.
    pub fn new(tell: impl FnMut(u64, u64) + Send + 'static) -> Self {
        Self { tell: Some(Box::new(tell)), ..Self::default() }
    }

    /// Rebuilds every document from its changes.
    fn documents(&self) -> (String, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut changes = 0;
        for (id, document) in &self.documents {
            changes += document.changes.len();
            let mut reading = Reading::default();
            let what = match reading.apply(&document.changes) {
                Err(error) => Some(error.to_string()),
                Ok(()) if reading.heads() != document.heads => {
                    Some("rebuilt from its changes, it has other heads than the log says".into())
                }
                Ok(()) => None,
            };
            let problem = |what| Problem { position: None, what: format!("document {id}: {what}") };
            problems.extend(what.map(problem));
        }
        let checked = format!(
            "The documents ({}): each rebuilt from its changes ({changes}), with the heads that the log says.",
            self.documents.len()
        );
        (checked, problems)
    }

    fn changed(
        &mut self,
        event: &Recorded,
        plan: PlanId,
        document: DocumentId,
        actor: &ActorId,
        heads: &[ChangeHash],
    ) -> Result<(), String> {
        if self.state.documents.get(&document) != Some(&plan) {
            return Err("it changes a document that is not this plan's".into());
        }
        let payload = event.payload.as_ref().ok_or("its change is gone")?;
        let raw = record::change_bytes(payload).map_err(|failure| failure.to_string())?;
        let change = document::scan(&raw).map_err(|refused| refused.to_string())?;
        let person: Option<&PersonId> = self.state.person_of(actor);
        if person != event.actor.as_ref() && !self.state.came_back(&change) {
            return Err("its person is not the one for whom its actor stands".into());
        }
        let known = self.documents.entry(document).or_default();
        known
            .history
            .append(&change, event.position)
            .map_err(|_| "it builds on a change that the log does not have before it".to_owned())?;
        known.changes.push(change.raw.clone());
        let after = prepare(&mut known.heads, change).heads;
        if after == heads {
            Ok(())
        } else {
            Err("the document's heads after it are not those that it says".into())
        }
    }

    fn of_document(&self, document: &str) -> Result<&Document, String> {
        let document = document.parse().map_err(|_| "it is a cache of no document")?;
        self.documents
            .get(&document)
            .ok_or_else(|| "it is of a document that the log does not have".to_owned())
    }
}

impl Document {
    /// Makes the document anew, as far as the snapshot goes, and compares.
    fn snapshot(&self, bytes: &Bytes) -> Result<(), String> {
        let (snapshot, heads) = store::parse(bytes).ok_or("the snapshot cannot be read")?;
        if snapshot.len > self.history.len() || self.history.heads_at(snapshot.len) != heads {
            return Err("the snapshot is of a state that the log does not have".into());
        }
        let kept = Reading::load(&snapshot.bytes).map_err(|error| error.to_string())?;
        let mut rebuilt = Reading::default();
        let changes = &self.changes[..snapshot.len as usize];
        rebuilt.apply(changes).map_err(|error| error.to_string())?;
        let state = |reading: &Reading| document::state_at(reading, &heads, &|_| None).ok();
        if kept.heads() == heads && state(&kept) == state(&rebuilt) {
            Ok(())
        } else {
            Err("the snapshot is not what the changes make".into())
        }
    }

    /// Compares the history with one that was kept of its beginning.
    fn history(&self, value: &[u8]) -> Result<(), String> {
        let kept = History::load(value).ok_or("the kept history cannot be read")?;
        let same = kept.len() <= self.history.len() && self.history.save(kept.len()) == value;
        if same { Ok(()) } else { Err("the kept history is not that of the log".into()) }
    }

    /// Makes the index of admission anew, as far as the kept one goes, and compares.
    fn index(&self, value: &[u8]) -> Result<(), String> {
        let published: Arc<dyn Published> = Arc::new(Mutex::new(self.history.clone()));
        let kept = Proof::load(published.clone(), value).ok_or("the kept index is not one of this log")?;
        let mut made = Proof::empty(published);
        for raw in self.changes.iter().take(kept.len()) {
            let change = document::reread(raw).map_err(|refused| refused.to_string())?;
            made.admit(std::slice::from_ref(&change));
        }
        made.confirm();
        let same = made.save().is_some_and(|made| made == value);
        if same { Ok(()) } else { Err("the kept index is not what the changes make".into()) }
    }
}

impl Witness for Meaning {
    fn progress(&mut self, events: u64, of: u64) {
        if let Some(tell) = &mut self.tell {
            tell(events, of);
        }
    }

    fn epoch(&self, event: &Recorded) -> Option<Epoch> {
        record::epoch(event)
    }

    fn event(&mut self, event: &Recorded) -> Result<(), String> {
        let fact = record::fact(event).map_err(|failure| failure.to_string())?;
        let changed = match &fact.event {
            Event::DocumentChanged { plan, document, actor_id, heads, .. } => {
                self.changed(event, *plan, *document, actor_id, heads)
            }
            _ => Ok(()),
        };
        self.state.apply(&fact);
        changed
    }

    fn end(&mut self, report: &mut Report) {
        let (checked, problems) = self.documents();
        report.checked.push(checked);
        report.problems.extend(problems);
    }

    fn cache(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        if let Some(document) = key.strip_prefix(store::HISTORY) {
            return self.of_document(document)?.history(value);
        }
        if let Some(document) = key.strip_prefix(store::INDEX) {
            return self.of_document(document)?.index(value);
        }
        let document =
            key.strip_prefix(store::SNAPSHOT).ok_or("it is a cache of nothing that this program keeps")?;
        if value.is_empty() {
            return Ok(());
        }
        self.of_document(document)?.snapshot(&Bytes::copy_from_slice(value))
    }
}
