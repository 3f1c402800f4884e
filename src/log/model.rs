//! The simplest log there is: a list in memory. It shows what the contract asks of any engine, and runs the
//! same tests.

use std::collections::BTreeMap;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{
    AccessChange, Append, Durable, Failure, Identity, Log, Outcome, Payload, Recorded, Stream,
    envelope::leaf, payload_digest, tree::Tree,
};
use crate::domain::{EventId, PersonId, PlanId, Position, Timestamp};

/// Forgets everything when it is dropped.
#[derive(Debug)]
pub(super) struct MemoryLog {
    list: Mutex<List>,
    head: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct List {
    /// With whether the payload can be erased.
    events: Vec<(Recorded, bool)>,
    people: BTreeMap<PersonId, Bytes>,
    cache: BTreeMap<String, Bytes>,
    access: BTreeMap<Bytes, Bytes>,
}

impl List {
    fn version(&self, stream: &Stream) -> u64 {
        self.events.iter().filter(|(event, _)| event.stream == *stream).count() as u64
    }

    fn position_of(&self, id: EventId) -> Option<Position> {
        self.events.iter().find(|(event, _)| event.id == id).map(|(event, _)| event.position)
    }

    fn append(&mut self, append: Append) -> Outcome {
        if let Some(position) = append.events.iter().find_map(|event| self.position_of(event.id)) {
            return Outcome::Repeated { position };
        }
        for check in append.checks {
            let actual = self.version(&check.stream);
            if actual != check.version {
                return Outcome::Conflict { stream: check.stream, expected: check.version, actual };
            }
        }
        let first = self.events.len() as u64 + 1;
        for asked in append.events {
            let (payload, erasable) = match asked.payload {
                Payload::Kept(payload) => (payload, false),
                Payload::Erasable(payload) => (payload, true),
            };
            // The salt is drawn at random and kept with the payload; here the position will do.
            let salt = (u128::from(first) << 64 | self.events.len() as u128 | 1 << 127).to_be_bytes();
            let recorded = Recorded {
                position: self.events.len() as u64 + 1,
                version: self.version(&asked.stream) + 1,
                stream: asked.stream,
                id: asked.id,
                kind: asked.kind.into(),
                schema: asked.schema,
                at: asked.at,
                actor: asked.actor,
                plan: asked.plan,
                cause: asked.cause,
                digest: payload_digest(&salt, &payload),
                payload: Some(payload),
            };
            self.events.push((recorded, erasable));
        }
        Outcome::Appended { first, last: self.events.len() as u64 }
    }

    fn page(&self, limit: usize, of: impl Fn(&Recorded) -> bool) -> Vec<Recorded> {
        self.events.iter().map(|(event, _)| event).filter(|event| of(event)).take(limit).cloned().collect()
    }
}

impl MemoryLog {
    pub(super) fn new() -> Self {
        Self { list: Mutex::default(), head: watch::Sender::new(0) }
    }
}

impl Log for MemoryLog {
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        for append in &batch {
            let ids: std::collections::HashSet<_> = append.events.iter().map(|event| event.id).collect();
            if ids.len() < append.events.len() {
                return Err(Failure::Write("one append has two events with one id".into()));
            }
        }
        let mut list = self.list.lock();
        let before = list.events.len();
        let outcomes = batch.into_iter().map(|append| list.append(append)).collect();
        let recorded: Vec<Recorded> = list.events[before..].iter().map(|(event, _)| event.clone()).collect();
        if !recorded.is_empty() {
            self.head.send_replace(list.events.len() as u64);
        }
        Ok(Durable { outcomes, recorded })
    }
    fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        Ok(self.list.lock().page(limit, |event| event.position > after))
    }
    fn read_stream(&self, stream: &Stream, after: u64, limit: usize) -> Result<Vec<Recorded>, Failure> {
        Ok(self.list.lock().page(limit, |event| event.stream == *stream && event.version > after))
    }
    fn read_plan(&self, plan: PlanId, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        Ok(self.list.lock().page(limit, |event| event.plan == Some(plan) && event.position > after))
    }
    fn version(&self, stream: &Stream) -> Result<u64, Failure> {
        Ok(self.list.lock().version(stream))
    }
    fn position_of(&self, id: EventId) -> Result<Option<Position>, Failure> {
        Ok(self.list.lock().position_of(id))
    }
    fn writable(&self) -> Result<(), Failure> {
        Ok(())
    }
    fn head(&self) -> Position {
        *self.head.borrow()
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }
    fn lost(&self) -> watch::Receiver<Option<String>> {
        watch::channel(None).1
    }
    fn checkpoint(&self, _: Timestamp) -> Result<(), Failure> {
        Ok(())
    }
    fn verifier_key(&self) -> String {
        String::new()
    }
    fn identity(&self) -> Identity {
        Identity { log: "quorate/memory".into(), origin: "quorate/memory".into() }
    }
    fn root(&self) -> (Position, [u8; 32]) {
        let mut tree = Tree::default();
        for (event, erasable) in &self.list.lock().events {
            tree.push(leaf(event, *erasable));
        }
        (tree.size(), tree.root().0)
    }
    fn erase_person(&self, person: &PersonId) -> Result<bool, Failure> {
        Ok(self.list.lock().people.remove(person).is_some())
    }
    fn erase(&self, position: Position) -> Result<bool, Failure> {
        let mut list = self.list.lock();
        let at = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let found = at.and_then(|at| list.events.get_mut(at)).filter(|(_, erasable)| *erasable);
        Ok(found.is_some_and(|(event, _)| event.payload.take().is_some()))
    }
    fn put_cache(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.list.lock().cache.insert(key.to_owned(), Bytes::copy_from_slice(value));
        Ok(())
    }
    fn get_cache(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        Ok(self.list.lock().cache.get(key).cloned())
    }
    fn put_person(&self, person: &PersonId, about: &[u8]) -> Result<(), Failure> {
        self.list.lock().people.insert(person.clone(), Bytes::copy_from_slice(about));
        Ok(())
    }
    fn get_person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure> {
        Ok(self.list.lock().people.get(person).cloned())
    }
    fn change_access(&self, changes: &[AccessChange]) -> Result<(), Failure> {
        let mut list = self.list.lock();
        for AccessChange { key, value } in changes.iter().cloned() {
            match value {
                Some(value) => drop(list.access.insert(key, value)),
                None => drop(list.access.remove(&key)),
            }
        }
        Ok(())
    }
    fn list_access(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure> {
        let list = self.list.lock();
        let under = list.access.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(under.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}
