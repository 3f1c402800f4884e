//! The log: one append-only sequence of events, on disk before anyone sees them.
//!
//! It is met through the trait [`Log`], so that another engine can hold it; [`RedbLog`] is the embedded
//! default. The log knows streams, versions, positions and bytes; what an event means is the domain's.

mod backup;
mod checkpoint;
#[cfg(test)]
mod contract;
mod copy;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
mod envelope;
#[cfg(test)]
mod faults;
mod file;
mod folder;
mod keys;
#[cfg(test)]
mod machine;
mod meta;
#[cfg(test)]
mod model;
mod names;
#[cfg(test)]
mod oracle;
mod overlay;
mod pages;
mod reader;
mod restore;
mod row;
#[cfg(test)]
mod state_machine;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod tree;
mod verify;
mod writer;

pub use backup::backup;
pub use checkpoint::Checkpoint;
pub use envelope::{envelope, payload_digest};
pub use keys::Keys;
pub use meta::Identity;
pub use restore::{RESTORING, restore};
pub use row::Stored;
pub use store::{FILE, Options, RedbLog};
pub use verify::{Continues, Epoch, Problem, Report, Witness, verify, verify_file};

use bytes::Bytes;
use tokio::sync::watch;

use crate::domain::{EventId, PersonId, PlanId, Position, Timestamp};

/// The name of a stream, for example `plan/<uuid>/governance`. Its events have versions 1, 2, 3, …
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream(std::sync::Arc<str>);

impl Stream {
    pub fn new(name: impl Into<std::sync::Arc<str>>) -> Self {
        Self(name.into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an event says, as bytes. The digest in its envelope covers them with a salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Stands for ever.
    Kept(Bytes),
    /// Holds personal words: can be erased, its digest stays.
    Erasable(Bytes),
}

/// An event that is not yet in the log.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Repeating an id returns the position of its first event, for ever.
    pub id: EventId,
    pub stream: Stream,
    /// `noun.verbed`, for example `plan.created`.
    pub kind: &'static str,
    /// The version of the payload's shape, from 1.
    pub schema: u16,
    pub at: Timestamp,
    /// The person; none where the program itself acts.
    pub actor: Option<PersonId>,
    /// The plan whose feed shows this event.
    pub plan: Option<PlanId>,
    /// The command or event that this one follows from.
    pub cause: Option<EventId>,
    pub payload: Payload,
}

/// The stream must still be at this version (0: it must not exist) when the append is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub stream: Stream,
    pub version: u64,
}

/// Events that are recorded together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Append {
    pub events: Vec<Proposed>,
    pub checks: Vec<Check>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub position: Position,
    pub stream: Stream,
    pub version: u64,
    pub id: EventId,
    pub kind: std::sync::Arc<str>,
    pub schema: u16,
    pub at: Timestamp,
    pub actor: Option<PersonId>,
    pub plan: Option<PlanId>,
    pub cause: Option<EventId>,
    /// SHA-256 over the salt and the payload.
    pub digest: [u8; 32],
    /// None once erased.
    pub payload: Option<Bytes>,
}

/// What became of one [`Append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Appended {
        first: Position,
        last: Position,
    },
    /// The first event's id is in the log already: nothing was written.
    Repeated {
        position: Position,
    },
    /// A check failed: nothing was written.
    Conflict {
        stream: Stream,
        expected: u64,
        actual: u64,
    },
}

/// An entry of what lets people in, put under a key, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    pub key: Bytes,
    /// None: the entry goes.
    pub value: Option<Bytes>,
}

/// Proof that a commit has returned from the disk. Only what it holds may be shown or acknowledged.
#[must_use = "what was committed is to be published and acknowledged"]
#[derive(Debug)]
pub struct Durable {
    /// One for each append, in order.
    pub outcomes: Vec<Outcome>,
    /// The events that were written, in the order of their positions.
    pub recorded: Vec<Recorded>,
}

/// The log could not do its work. The operator is told; nobody is given an acknowledgement.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The disk refused: nothing of the batch is acknowledged. Trying again may go well.
    #[error("the log cannot be written: {0}")]
    Write(String),
    #[error("the log cannot be read: {0}")]
    Read(String),
    /// What is on disk contradicts itself.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// What the disk has is not known any more. The program must end: only a start finds out.
    #[error("it is unknown what is on disk: {0}; check the disk, then start again")]
    Unknown(String),
}

/// A log of events.
pub trait Log: Send + Sync {
    /// Writes the batch in one commit, each append by itself recorded or not. Returns after the disk has it.
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure>;
    /// At most `limit` events with positions above `after`, oldest first.
    fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure>;
    /// At most `limit` events of a stream with versions above `after`, oldest first.
    fn read_stream(&self, stream: &Stream, after: u64, limit: usize) -> Result<Vec<Recorded>, Failure>;
    /// At most `limit` events of a plan with positions above `after`, oldest first.
    fn read_plan(&self, plan: PlanId, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure>;
    /// The version of a stream; 0 when it has no event.
    fn version(&self, stream: &Stream) -> Result<u64, Failure>;
    /// The position of the event with this id.
    fn position_of(&self, id: EventId) -> Result<Option<Position>, Failure>;
    /// Whether the log can be written; otherwise why not, for the operator.
    fn writable(&self) -> Result<(), Failure>;
    /// The position of the newest durable event.
    fn head(&self) -> Position;
    /// Wakes a reader whenever the head has moved; the reader then reads for itself.
    fn watch(&self) -> watch::Receiver<Position>;
    /// Says why once it is unknown what the disk has ([`Failure::Unknown`]), whichever write found it out.
    fn lost(&self) -> watch::Receiver<Option<String>>;
    /// Signs the log's size and root as they are now, and keeps the statement. Nothing new: nothing is written.
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure>;
    /// The key that verifies its checkpoints (C2SP `signed-note`).
    fn verifier_key(&self) -> String;
    /// Under which names it signs.
    fn identity(&self) -> Identity;
    /// Its size and its Merkle root (RFC 6962), of everything that is durable.
    fn root(&self) -> (Position, [u8; 32]);
    /// Forgets an erasable payload; false when there was none. The shell and the digest stay.
    fn erase(&self, position: Position) -> Result<bool, Failure>;
    /// Forgets several: where a log can, in one commit. Answers how many there were.
    fn erase_all(&self, positions: &[Position]) -> Result<usize, Failure> {
        positions.iter().try_fold(0, |count, position| Ok(count + usize::from(self.erase(*position)?)))
    }
    /// A cache entry, written with the next commit or at once; never the truth.
    fn put_cache(&self, key: &str, value: &[u8]) -> Result<(), Failure>;
    fn get_cache(&self, key: &str) -> Result<Option<Bytes>, Failure>;
    /// Name and address of a person, apart from the log and erasable (JSON).
    fn put_person(&self, person: &PersonId, about: &[u8]) -> Result<(), Failure>;
    /// Several at once: where a log can, in one commit.
    fn put_people(&self, rows: &[(PersonId, Vec<u8>)]) -> Result<(), Failure> {
        rows.iter().try_for_each(|(person, about)| self.put_person(person, about))
    }
    fn get_person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure>;
    /// Forgets name and address of a person; false when there was no entry.
    fn erase_person(&self, person: &PersonId) -> Result<bool, Failure>;
    /// Puts and removes entries of what lets people in, in one commit. Apart from the record: a backup has none
    /// of them, so that what was taken back stays taken back.
    fn change_access(&self, changes: &[AccessChange]) -> Result<(), Failure>;
    /// The entries whose keys begin with this, in the order of their keys.
    fn list_access(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure>;
}

impl Log for RedbLog {
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        self.append_batch(batch)
    }
    fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.read_positions(after, limit)
    }
    fn read_stream(&self, stream: &Stream, after: u64, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.read_stream_after(stream, after, limit)
    }
    fn read_plan(&self, plan: PlanId, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.read_plan_after(plan, after, limit)
    }
    fn version(&self, stream: &Stream) -> Result<u64, Failure> {
        Ok(self.shared.read().version(stream))
    }
    fn position_of(&self, id: EventId) -> Result<Option<Position>, Failure> {
        self.find(id)
    }
    fn writable(&self) -> Result<(), Failure> {
        self.writable()
    }
    fn head(&self) -> Position {
        *self.head.borrow()
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }
    fn lost(&self) -> watch::Receiver<Option<String>> {
        self.lost.subscribe()
    }
    fn erase(&self, position: Position) -> Result<bool, Failure> {
        self.erase_payloads(&[position]).map(|count| count > 0)
    }
    fn erase_all(&self, positions: &[Position]) -> Result<usize, Failure> {
        self.erase_payloads(positions)
    }
    fn erase_person(&self, person: &PersonId) -> Result<bool, Failure> {
        self.forget_person(person)
    }
    fn put_cache(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.cache(key, value)
    }
    fn get_cache(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.cached(key)
    }
    fn put_person(&self, person: &PersonId, about: &[u8]) -> Result<(), Failure> {
        self.write_people(&[(person.clone(), about.to_vec())])
    }
    fn put_people(&self, rows: &[(PersonId, Vec<u8>)]) -> Result<(), Failure> {
        self.write_people(rows)
    }
    fn get_person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure> {
        self.person(person)
    }
    fn change_access(&self, changes: &[AccessChange]) -> Result<(), Failure> {
        self.write_access(changes)
    }
    fn list_access(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure> {
        self.access_under(prefix)
    }
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure> {
        self.sign_checkpoint(at).map(drop)
    }
    fn verifier_key(&self) -> String {
        self.keys.verifier_key().to_owned()
    }
    fn identity(&self) -> Identity {
        self.identity.clone()
    }
    fn root(&self) -> (Position, [u8; 32]) {
        let writer = self.writer.lock();
        (writer.tree.size(), writer.tree.root().0)
    }
}
