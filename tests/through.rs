//! A log in front of another: what a test does to appends, with all the rest as it is behind.

use std::sync::Arc;

use bytes::Bytes;
use quorate::domain::{EventId, PersonId, PlanId, Position, Timestamp};
use quorate::log::{AccessChange, Append, Durable, Failure, Identity, Log, Recorded, RedbLog, Stream};
use tokio::sync::watch;

/// What stands in front.
pub(crate) trait Front: Send + Sync {
    fn behind(&self) -> &RedbLog;
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure>;
    fn writable(&self) -> Result<(), Failure> {
        self.behind().writable()
    }
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure> {
        self.behind().checkpoint(at)
    }
}

/// The log as its users have it; the test keeps a hand on the front.
pub(crate) struct Through<F>(pub(crate) Arc<F>);

impl<F: Front> Log for Through<F> {
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        self.0.append(batch)
    }
    fn writable(&self) -> Result<(), Failure> {
        self.0.writable()
    }
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure> {
        self.0.checkpoint(at)
    }
    fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.0.behind().read(after, limit)
    }
    fn read_stream(&self, stream: &Stream, after: u64, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.0.behind().read_stream(stream, after, limit)
    }
    fn read_plan(&self, plan: PlanId, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.0.behind().read_plan(plan, after, limit)
    }
    fn version(&self, stream: &Stream) -> Result<u64, Failure> {
        self.0.behind().version(stream)
    }
    fn position_of(&self, id: EventId) -> Result<Option<Position>, Failure> {
        self.0.behind().position_of(id)
    }
    fn head(&self) -> Position {
        self.0.behind().head()
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.0.behind().watch()
    }
    fn lost(&self) -> watch::Receiver<Option<String>> {
        self.0.behind().lost()
    }
    fn verifier_key(&self) -> String {
        self.0.behind().verifier_key()
    }
    fn identity(&self) -> Identity {
        self.0.behind().identity()
    }
    fn root(&self) -> (Position, [u8; 32]) {
        self.0.behind().root()
    }
    fn erase(&self, position: Position) -> Result<bool, Failure> {
        self.0.behind().erase(position)
    }
    fn erase_person(&self, person: &PersonId) -> Result<bool, Failure> {
        self.0.behind().erase_person(person)
    }
    fn put_cache(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.0.behind().put_cache(key, value)
    }
    fn get_cache(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.0.behind().get_cache(key)
    }
    fn put_person(&self, person: &PersonId, about: &[u8]) -> Result<(), Failure> {
        self.0.behind().put_person(person, about)
    }
    fn get_person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure> {
        self.0.behind().get_person(person)
    }
    fn change_access(&self, changes: &[AccessChange]) -> Result<(), Failure> {
        self.0.behind().change_access(changes)
    }
    fn list_access(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure> {
        self.0.behind().list_access(prefix)
    }
}
