//! Mails that wait to be sent, on disk beside the record (table `access`, of which no backup has anything). What
//! waits is whom to tell and up to where, not what: it is put into words when it is sent, so that nothing is sent
//! that was erased, done or seen meanwhile. One of each kind waits for a person at most.

use std::collections::BTreeMap;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::domain::{PersonId, Position, Timestamp, limits};
use crate::engine::Engine;
use crate::log::{AccessChange, Failure};

/// How the keys of these entries begin.
const PREFIX: &[u8] = b"mail/wait/";
/// How long after a first failure it is tried again, in seconds; twice as long each time after that.
const PAUSE: i64 = 60;
const LONGEST_PAUSE: i64 = 3_600;

/// What a mail is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// What came after one event and up to another.
    News { from: Position, to: Position },
    /// That dates are near, by the keys under which they are known (`days::subject`).
    Reminder { subjects: Vec<String> },
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub person: PersonId,
    pub what: What,
    pub made: Timestamp,
    /// Not to be tried before.
    again: Timestamp,
    pause: i64,
    /// It is on its way: after a crash nobody knows whether it left, and it is not sent again.
    leaving: bool,
}

impl Entry {
    pub(super) fn new(person: PersonId, what: What, made: Timestamp) -> Self {
        Self { person, what, made, again: made, pause: PAUSE, leaving: false }
    }

    pub(super) fn key(&self) -> Bytes {
        let kind: &[u8] = match self.what {
            What::News { .. } => b"news/",
            What::Reminder { .. } => b"reminder/",
        };
        [PREFIX, kind, self.person.as_str().as_bytes()].concat().into()
    }

    /// With what waited for the same person before.
    fn with(mut self, before: Option<&Self>) -> Self {
        match (&mut self.what, before.map(|before| &before.what)) {
            (What::News { from, .. }, Some(What::News { from: earlier, .. })) => {
                *from = (*from).min(*earlier)
            }
            (What::Reminder { subjects }, Some(What::Reminder { subjects: earlier })) => {
                subjects.extend(earlier.iter().cloned());
                subjects.sort();
                subjects.dedup();
            }
            _ => {}
        }
        self
    }
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    /// It left, or there is nothing to say any more, or it never will.
    Over,
    /// It is to be tried again.
    Waits,
}

pub(super) struct Queue {
    engine: Engine,
    waiting: Mutex<BTreeMap<Bytes, Entry>>,
}

impl Queue {
    /// Reads what waits. What was on its way when the process ended is not sent again; `known` gives as much of a
    /// mail as the person's row knows of: the rest is made anew.
    pub(super) fn open(engine: Engine, known: impl Fn(Entry) -> Option<Entry>) -> Result<Self, Failure> {
        let mut waiting = BTreeMap::new();
        let mut changes = Vec::new();
        for (key, value) in engine.log().list_access(PREFIX)? {
            let damaged = |_| Failure::Damaged("a mail that waits cannot be read".into());
            let entry: Entry = serde_json::from_slice(&value).map_err(damaged)?;
            if entry.leaving {
                tracing::warn!("a mail was on its way when the server ended; it is not sent again");
            }
            let found = entry.clone();
            match Some(entry).filter(|entry| !entry.leaving).and_then(&known) {
                None => changes.push(AccessChange { key, value: None }),
                Some(entry) => {
                    if entry != found {
                        changes.push(put(&entry));
                    }
                    waiting.insert(key, entry);
                }
            }
        }
        if !changes.is_empty() {
            engine.log().change_access(&changes)?;
        }
        Ok(Self { engine, waiting: Mutex::new(waiting) })
    }

    /// Puts mails on disk. They are not sent before [`Queue::release`] is given them.
    pub(super) fn put(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, Failure> {
        let waiting = self.waiting.lock();
        let entries: Vec<Entry> = entries.into_iter().map(|entry| entry_with(&waiting, entry)).collect();
        let changes: Vec<AccessChange> = entries.iter().map(put).collect();
        self.engine.log().change_access(&changes)?;
        Ok(entries)
    }

    /// From here on they may be sent: whoever they are for is known to have been told.
    pub(super) fn release(&self, entries: Vec<Entry>) {
        self.waiting.lock().extend(entries.into_iter().map(|entry| (entry.key(), entry)));
    }

    /// The next mail that is due, marked as leaving.
    pub(super) fn take(&self, now: Timestamp) -> Result<Option<Entry>, Failure> {
        let mut waiting = self.waiting.lock();
        let due = waiting.values_mut().find(|entry| !entry.leaving && entry.again <= now);
        let Some(entry) = due else { return Ok(None) };
        let taken = Entry { leaving: true, ..entry.clone() };
        self.engine.log().change_access(&[put(&taken)])?;
        *entry = taken.clone();
        Ok(Some(taken))
    }

    pub(super) fn settle(&self, taken: &Entry, became: Became, now: Timestamp) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock();
        let key = taken.key();
        // What came for the same person meanwhile stays.
        if waiting.get(&key) != Some(taken) {
            return Ok(());
        }
        let within = i64::try_from(limits::MAIL_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let is_late = now.0 - taken.made.0 > within;
        if became == Became::Over || is_late {
            if became == Became::Waits {
                tracing::error!("a mail was not sent in time and will not be");
            }
            self.engine.log().change_access(&[AccessChange { key: key.clone(), value: None }])?;
            waiting.remove(&key);
            return Ok(());
        }
        let again = now.plus_seconds(taken.pause);
        let pause = (taken.pause * 2).min(LONGEST_PAUSE);
        let later = Entry { leaving: false, again, pause, ..taken.clone() };
        self.engine.log().change_access(&[put(&later)])?;
        waiting.insert(key, later);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().len()
    }
}

/// What is leaving is as good as gone: only what waits is taken along.
fn entry_with(waiting: &BTreeMap<Bytes, Entry>, entry: Entry) -> Entry {
    let before = waiting.get(&entry.key()).filter(|before| !before.leaving);
    let before = before.cloned();
    entry.with(before.as_ref())
}

fn put(entry: &Entry) -> AccessChange {
    let value = serde_json::to_vec(entry).expect("an entry is always JSON");
    AccessChange { key: entry.key(), value: Some(value.into()) }
}
