//! One sync connection as a machine without I/O: bytes in, actions out.
//!
//! It speaks the automerge-repo protocol, version 1: CBOR maps in binary WebSocket frames that carry
//! Automerge sync messages. The host (whoever has the socket) owns one [`Session`] a connection, feeds
//! it what happens, and does what each call answers, in that order. All that a session says of a
//! document it reads from the document's [`Room`], which holds durable changes only.

pub mod limits;
mod shared;

use std::time::Instant;

use bytes::Bytes;

pub use shared::{Room, Shared, Snapshot};

use crate::domain::{ChangeHash, DocumentId};

/// Names one connection for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Names one submission of a connection; each is answered once by [`Session::submitted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the server says of itself, and which connection this is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server's peer id.
    pub peer: String,
    /// Stable for a data folder: a client may take what it says of this storage as "on disk".
    pub storage: String,
    pub connection: ConnectionId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    /// The peer receives, and keeps what it writes to itself until it may write again.
    ReadOnly,
}

/// A presence message on its way from one connection to the others of its document: opaque to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence(Bytes);

/// What the host is to do. Each call answers with any number of them, to be done in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Write this binary frame. Frames are written in the order in which they are handed out.
    Send(Bytes),
    /// The peer has introduced itself. The name is the peer's own choice and proves nothing.
    Joined { peer: String },
    /// Look up the document and what this connection's person may do with it, then call
    /// [`Session::opened`] or [`Session::unavailable`] (the same for "none" and "not for you").
    Open { document: DocumentId },
    /// Admit and record these chunks (single changes, perhaps deflated, or whole documents, in the
    /// peer's order; not yet scanned). Publish to the room what became durable, and only then call
    /// [`Session::submitted`].
    Submit { document: DocumentId, ticket: Ticket, chunks: Vec<Bytes> },
    /// Hand this to [`Session::ephemeral`] of every other connection that has the document open.
    Ephemeral { document: DocumentId, presence: Presence },
    /// Call [`Session::tick`] at this time, or later. Only the last one counts.
    WaitUntil(Instant),
    /// Count this by its name.
    Count(&'static str),
    /// Close the WebSocket with this code, after what was to be sent. No further call has an effect.
    Close { code: u16, reason: String },
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is durable and in the room, or was before.
    Kept,
    /// These chunks have no place yet, because changes that they depend on are neither in the document
    /// nor in the submission. What else was in it is durable and in the room.
    Missing { deps: Vec<ChangeHash>, chunks: Vec<Bytes> },
    /// Some of it was refused. From here on the connection only reads, until the host says otherwise by
    /// [`Session::access`]; the peer keeps its edits. Why, the host tells the person.
    Refused,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    config: Config,
}

impl Session {
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// The name under which the peer joined.
    pub fn peer(&self) -> Option<&str> {
        None
    }

    /// A binary frame has come.
    pub fn frame(&mut self, _bytes: Bytes) -> Vec<Output> {
        let _ = &self.config;
        Vec::new()
    }

    /// Answers [`Output::Open`], or comes later, when a document that was not available has become so.
    pub fn opened(&mut self, _document: DocumentId, _room: Room, _access: Access) -> Vec<Output> {
        Vec::new()
    }

    /// Answers [`Output::Open`]: no such document, or not for this person. The peer hears of it after
    /// [`limits::UNAVAILABLE_AFTER`], if the document has not been opened by then.
    pub fn unavailable(&mut self, _document: DocumentId, _now: Instant) -> Vec<Output> {
        Vec::new()
    }

    /// The room has grown: sends what the peer has not got, in one message. For an author, that is the
    /// acknowledgement. May be called at any time and at any rate.
    pub fn advanced(&mut self, _document: DocumentId) -> Vec<Output> {
        Vec::new()
    }

    /// Answers [`Output::Submit`].
    pub fn submitted(&mut self, _document: DocumentId, _ticket: Ticket, _verdict: Verdict) -> Vec<Output> {
        Vec::new()
    }

    /// What the person may do with an open document has changed. Saying the same twice does nothing.
    pub fn access(&mut self, _document: DocumentId, _access: Access) -> Vec<Output> {
        Vec::new()
    }

    /// Another connection's [`Output::Ephemeral`].
    pub fn ephemeral(&mut self, _document: DocumentId, _presence: &Presence) -> Vec<Output> {
        Vec::new()
    }

    /// The time for which [`Output::WaitUntil`] asked has come.
    pub fn tick(&mut self, _now: Instant) -> Vec<Output> {
        Vec::new()
    }
}
