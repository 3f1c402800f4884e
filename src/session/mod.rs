//! One sync connection as a machine without I/O: bytes in, actions out.
//!
//! It speaks the automerge-repo protocol, version 1: CBOR maps in binary WebSocket frames that carry
//! Automerge sync messages. The host (whoever has the socket) owns one [`Session`] a connection, feeds
//! it what happens, and does what each call answers, in that order. All that a session says of a
//! document it reads from the document's [`Room`], which holds durable changes only.

mod bloom;
mod frame;
mod greeting;
mod message;
mod peer;
mod shared;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;

pub use frame::Frame;
pub use greeting::Greeting;
pub use shared::{Room, Shared, Snapshot};

use self::{
    frame::{Address, Incoming, LastName},
    greeting::Greeted,
    message::Message,
    peer::{Peer, Step},
};
use crate::domain::{ChangeHash, DocumentId, limits};

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
    pub peer: Arc<str>,
    /// Stable for a data folder: a client may take what it says of this storage as "on disk".
    pub storage: Arc<str>,
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

#[cfg(test)]
impl Presence {
    /// Any, for tests of what becomes of it.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// What the host is to do. Each call answers with any number of them, to be done in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Write this as one binary message. They are written in the order in which they are handed out.
    Send(Frame),
    /// The peer has introduced itself. The name is the peer's own choice and proves nothing.
    Joined { peer: Arc<str> },
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
    /// Some of it was refused. From here on the connection only reads, until the host has said by
    /// [`Session::access`] that it may only read, and then that it may write again; the peer keeps its
    /// edits, and offers them again then or on its next connection. Why, the host tells the person.
    Refused,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    config: Config,
    /// None: the peer has not joined yet.
    peer: Option<Joined>,
    documents: HashMap<DocumentId, Document>,
    last_name: LastName,
    next_ticket: u64,
    closed: bool,
}

/// Who is at the other end.
#[derive(Debug)]
struct Joined {
    name: Arc<str>,
    address: Address,
}

/// A document that the peer has asked for.
#[derive(Debug)]
enum Document {
    /// The host is looking for it, or has not found it. Messages wait.
    Awaited {
        waiting: VecDeque<(Message, bool)>,
        unavailable: Unavailable,
        greeted: Option<Greeted>,
    },
    Open(Box<Peer>),
}

/// Where the answer "unavailable" stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unavailable {
    /// The host has not answered.
    Unknown,
    /// The peer hears of it then.
    At(Instant),
    Said,
}

/// WebSocket close codes (RFC 6455, 7.4.1).
mod code {
    pub(super) const NORMAL: u16 = 1000;
    pub(super) const PROTOCOL_ERROR: u16 = 1002;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const TOO_BIG: u16 = 1009;
}

/// Why a connection ends. The sentence goes to the peer.
struct Fatal {
    code: u16,
    count: &'static str,
    reason: String,
}

impl From<frame::Malformed> for Fatal {
    fn from(malformed: frame::Malformed) -> Self {
        Self { code: code::PROTOCOL_ERROR, count: "sync.malformed_frame", reason: malformed.to_string() }
    }
}

impl From<message::Malformed> for Fatal {
    fn from(malformed: message::Malformed) -> Self {
        Self { code: code::PROTOCOL_ERROR, count: "sync.malformed_message", reason: malformed.to_string() }
    }
}

impl Fatal {
    fn protocol(reason: impl Into<String>) -> Self {
        Self { code: code::PROTOCOL_ERROR, count: "sync.protocol_error", reason: reason.into() }
    }
    fn limit(code: u16, reason: String) -> Self {
        Self { code, count: "sync.over_limit", reason }
    }
}

impl Session {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            peer: None,
            documents: HashMap::new(),
            last_name: LastName::default(),
            next_ticket: 0,
            closed: false,
        }
    }

    /// The name under which the peer joined.
    pub fn peer(&self) -> Option<&str> {
        self.peer.as_ref().map(|peer| &*peer.name)
    }

    /// A binary frame has come.
    pub fn frame(&mut self, bytes: Bytes) -> Vec<Output> {
        if self.closed {
            return Vec::new();
        }
        let mut out = Vec::new();
        if let Err(fatal) = self.read(&bytes, &mut out) {
            self.end(fatal, &mut out);
        }
        out
    }

    fn read(&mut self, bytes: &Bytes, out: &mut Vec<Output>) -> Result<(), Fatal> {
        if bytes.len() > limits::FRAME_BYTES {
            let reason =
                format!("a frame of {} bytes: at most {} are taken", bytes.len(), limits::FRAME_BYTES);
            return Err(Fatal::limit(code::TOO_BIG, reason));
        }
        match (Incoming::decode(bytes, &mut self.last_name)?, &self.peer) {
            (Incoming::Join { .. }, Some(_)) => Err(Fatal::protocol("this connection has joined already")),
            (Incoming::Join { sender, versions }, None) => {
                if versions.is_some_and(|versions| !versions.iter().any(|version| version == frame::VERSION))
                {
                    return Err(Fatal::protocol(format!(
                        "unsupported protocol version: this server speaks version {}",
                        frame::VERSION
                    )));
                }
                out.push(Output::Send(frame::peer(&self.config.peer, &sender, &self.config.storage)));
                let name: Arc<str> = sender.into();
                out.push(Output::Joined { peer: name.clone() });
                self.peer = Some(Joined { address: Address::of(&name), name });
                Ok(())
            }
            (Incoming::Leave, _) => {
                self.closed = true;
                out.push(Output::Close { code: code::NORMAL, reason: "the peer has left".into() });
                Ok(())
            }
            (_, None) => Err(Fatal::protocol("the first message must be \"join\"")),
            (Incoming::Sync { sender, document, data, request }, Some(peer)) => {
                if *sender != *peer.name {
                    return Err(Fatal::protocol("senderId is not the one that joined"));
                }
                let message = Message::decode(&data)?;
                self.sync(document, message, request, out)
            }
            (Incoming::Ephemeral { sender, document, presence }, Some(peer)) => {
                // Stock clients send others' presence back to where it came from: no fault of theirs.
                if *sender != *peer.name {
                    out.push(Output::Count("sync.ephemeral_of_another"));
                } else if let Some(Document::Open(_)) = self.documents.get(&document) {
                    out.push(Output::Ephemeral { document, presence });
                }
                Ok(())
            }
            (Incoming::Ignored, Some(_)) => Ok(()),
        }
    }

    /// What waits for documents that are not open is bounded over all of them.
    fn room_to_wait(&self, message: &Message) -> Result<(), Fatal> {
        let size = |message: &Message| message.chunks.iter().map(Bytes::len).sum::<usize>();
        let waiting: usize = self
            .documents
            .values()
            .map(|document| match document {
                Document::Awaited { waiting, .. } => waiting.iter().map(|(message, _)| size(message)).sum(),
                Document::Open(_) => 0,
            })
            .sum();
        if waiting + size(message) > limits::WAITING_BYTES {
            let reason = format!("more than {} bytes for documents that are not open", limits::WAITING_BYTES);
            return Err(Fatal::limit(code::POLICY, reason));
        }
        Ok(())
    }

    fn sync(
        &mut self,
        document: DocumentId,
        message: Message,
        request: bool,
        out: &mut Vec<Output>,
    ) -> Result<(), Fatal> {
        if !matches!(self.documents.get(&document), Some(Document::Open(_))) {
            self.room_to_wait(&message)?;
        }
        match self.documents.get_mut(&document) {
            None => {
                if self.documents.len() >= limits::DOCUMENTS_PER_CONNECTION {
                    let reason = format!("more than {} documents", limits::DOCUMENTS_PER_CONNECTION);
                    return Err(Fatal::limit(code::POLICY, reason));
                }
                let waiting = VecDeque::from([(message, request)]);
                let unavailable = Unavailable::Unknown;
                let awaited = Document::Awaited { waiting, unavailable, greeted: None };
                self.documents.insert(document, awaited);
                out.push(Output::Open { document });
            }
            Some(Document::Awaited { waiting, unavailable, .. }) => {
                if waiting.len() >= limits::WAITING_MESSAGES {
                    // Only the last says what the peer has now; what the others brought, it can send again.
                    waiting.pop_front();
                    out.push(Output::Count("sync.waiting_message_dropped"));
                }
                waiting.push_back((message, request));
                // It asks again: so the answer comes again, or the document does.
                if request && *unavailable == Unavailable::Said {
                    *unavailable = Unavailable::Unknown;
                    out.push(Output::Open { document });
                }
            }
            Some(Document::Open(peer)) => {
                let steps = peer.receive(message, request, &self.config);
                self.take(document, steps, out)?;
            }
        }
        Ok(())
    }

    /// Whether the peer waits for all of a document, so that [`greet`](Self::greet) can serve it at once.
    pub fn calls_for_all(&self, document: DocumentId) -> bool {
        let Some(Document::Awaited { waiting, greeted: None, .. }) = self.documents.get(&document) else {
            return false;
        };
        waiting.len() == 1 && waiting.iter().all(|(message, _)| greeting::calls_for_all(message))
    }

    /// Sends a peer that [`calls_for_all`](Self::calls_for_all) what it calls for. [`opened`](Self::opened) comes
    /// after it, with a room that holds at least as much.
    pub fn greet(&mut self, document: DocumentId, greeting: &Greeting, access: Access) -> Vec<Output> {
        if self.closed || !self.calls_for_all(document) {
            return Vec::new();
        }
        let Some(peer) = &self.peer else { return Vec::new() };
        let Some(Document::Awaited { waiting, greeted, .. }) = self.documents.get_mut(&document) else {
            return Vec::new();
        };
        let flags = waiting.pop_front().and_then(|(message, _)| message.flags).unwrap_or_default();
        *greeted = Some(Greeted { len: greeting.len, flags, access });
        let rest = greeting::encode(document, greeting, access, &self.config);
        vec![Output::Send(peer.address.sync(rest))]
    }

    /// Answers [`Output::Open`], or comes later, when a document that was not available has become so.
    /// Does nothing for a document that the peer has not asked for, or that is open.
    pub fn opened(&mut self, document: DocumentId, room: Room, access: Access) -> Vec<Output> {
        let mut out = Vec::new();
        if self.closed {
            return out;
        }
        let Some(Document::Awaited { waiting, greeted, .. }) = self.documents.get_mut(&document) else {
            return out;
        };
        let waiting = std::mem::take(waiting);
        let mut steps = Vec::new();
        let mut peer = match greeted {
            None => Peer::new(room, access),
            Some(greeted) => {
                let mut peer = Peer::greeted(room, *greeted);
                steps.extend(peer.access(access, &self.config));
                peer
            }
        };
        for (message, request) in waiting {
            steps.extend(peer.receive(message, request, &self.config));
        }
        steps.extend(peer.advanced(&self.config));
        self.documents.insert(document, Document::Open(Box::new(peer)));
        if let Err(fatal) = self.take(document, steps, &mut out) {
            self.end(fatal, &mut out);
        }
        out
    }

    /// Answers [`Output::Open`]: no such document, or not for this person. The peer hears of it after
    /// [`limits::UNAVAILABLE_AFTER`], if the document has not been opened by then.
    pub fn unavailable(&mut self, document: DocumentId, now: Instant) -> Vec<Output> {
        match self.documents.get_mut(&document) {
            Some(Document::Awaited { unavailable, .. }) if *unavailable == Unavailable::Unknown => {
                *unavailable = Unavailable::At(now + limits::UNAVAILABLE_AFTER);
                self.wait().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The room has grown: sends what the peer has not got, in one message. For an author, that is the
    /// acknowledgement. May be called at any time and at any rate.
    pub fn advanced(&mut self, document: DocumentId) -> Vec<Output> {
        self.with_peer(document, |peer, config| peer.advanced(config))
    }

    /// Answers [`Output::Submit`].
    pub fn submitted(&mut self, document: DocumentId, _ticket: Ticket, verdict: Verdict) -> Vec<Output> {
        self.with_peer(document, |peer, config| peer.submitted(verdict, config))
    }

    /// What the person may do with an open document. Saying the same twice does nothing.
    pub fn access(&mut self, document: DocumentId, access: Access) -> Vec<Output> {
        self.with_peer(document, |peer, config| peer.access(access, config))
    }

    /// Another connection's [`Output::Ephemeral`].
    pub fn ephemeral(&mut self, document: DocumentId, presence: &Presence) -> Vec<Output> {
        match (&self.peer, self.documents.get(&document)) {
            (Some(peer), Some(Document::Open(_))) if !self.closed => {
                vec![Output::Send(peer.address.ephemeral(presence))]
            }
            _ => Vec::new(),
        }
    }

    /// The time for which [`Output::WaitUntil`] asked has come.
    pub fn tick(&mut self, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        let Some(peer) = self.peer.as_ref().filter(|_| !self.closed) else { return out };
        for (id, document) in &mut self.documents {
            let Document::Awaited { unavailable, .. } = document else { continue };
            if matches!(unavailable, Unavailable::At(at) if *at <= now) {
                *unavailable = Unavailable::Said;
                out.push(Output::Send(frame::doc_unavailable(&self.config.peer, &peer.name, *id)));
            }
        }
        out.extend(self.wait());
        out
    }

    fn wait(&self) -> Option<Output> {
        let at = self.documents.values().filter_map(|document| match document {
            Document::Awaited { unavailable: Unavailable::At(at), .. } => Some(*at),
            Document::Awaited { .. } | Document::Open(_) => None,
        });
        at.min().map(Output::WaitUntil)
    }

    fn with_peer(
        &mut self,
        document: DocumentId,
        act: impl FnOnce(&mut Peer, &Config) -> Vec<Step>,
    ) -> Vec<Output> {
        let mut out = Vec::new();
        if self.closed {
            return out;
        }
        let Some(Document::Open(peer)) = self.documents.get_mut(&document) else { return out };
        let steps = act(peer, &self.config);
        if let Err(fatal) = self.take(document, steps, &mut out) {
            self.end(fatal, &mut out);
        }
        out
    }

    fn take(&mut self, document: DocumentId, steps: Vec<Step>, out: &mut Vec<Output>) -> Result<(), Fatal> {
        let Some(peer) = &self.peer else { return Ok(()) };
        for step in steps {
            out.push(match step {
                Step::Send(rest) => Output::Send(peer.address.sync(rest)),
                Step::Submit(chunks) => {
                    self.next_ticket += 1;
                    Output::Submit { document, ticket: Ticket(self.next_ticket), chunks }
                }
                Step::Count(what) => Output::Count(what),
                Step::TooOld => {
                    return Err(Fatal {
                        code: code::POLICY,
                        count: "sync.peer_too_old",
                        reason: "this client reads single changes only; the document is kept as a whole: \
                                 a client with Automerge 0.5 or later is needed"
                            .into(),
                    });
                }
            });
        }
        Ok(())
    }

    fn end(&mut self, fatal: Fatal, out: &mut Vec<Output>) {
        self.closed = true;
        let target = self.peer().unwrap_or_default().to_owned();
        out.push(Output::Count(fatal.count));
        out.push(Output::Send(frame::error(&self.config.peer, &target, &fatal.reason)));
        out.push(Output::Close { code: fatal.code, reason: fatal.reason });
    }
}
