//! A room in memory: a host that keeps changes in an Automerge document, and clients on
//! `automerge::sync::State` that behave as the stock JavaScript client does (answer every message at
//! once, send local edits when their time comes).

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use automerge::{
    ActorId, AutoCommit, Automerge, ReadDoc as _,
    sync::{self, SyncDoc as _},
    transaction::Transactable as _,
};
use bytes::Bytes;
use minicbor::{Decoder, Encoder};
use parking_lot::Mutex;
use quorate::{
    domain::{self, ChangeHash, DocumentId},
    session::{Access, Config, ConnectionId, Output, Room, Session, Shared, Snapshot, Ticket, Verdict},
};

pub(crate) const DOCUMENT: DocumentId = DocumentId(*b"one plan, 16 byt");

/// What a frame to a client says, as far as the tests look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) kind: String,
    pub(crate) keys: Vec<String>,
    pub(crate) data: Vec<u8>,
    pub(crate) message: String,
    pub(crate) sender: String,
    pub(crate) target: String,
}

impl Frame {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut from = Decoder::new(bytes);
        let mut frame = Self::default();
        for _ in 0..from.map().unwrap().expect("a length") {
            let key = from.str().unwrap().to_owned();
            match key.as_str() {
                "type" => frame.kind = from.str().unwrap().into(),
                "message" => frame.message = from.str().unwrap().into(),
                "senderId" => frame.sender = from.str().unwrap().into(),
                "targetId" => frame.target = from.str().unwrap().into(),
                "data" => frame.data = from.bytes().unwrap().to_vec(),
                _ => from.skip().unwrap(),
            }
            frame.keys.push(key);
        }
        assert_eq!(from.position(), bytes.len(), "nothing follows the map");
        frame
    }

    pub(crate) fn sync(&self) -> sync::Message {
        assert_eq!(self.kind, "sync");
        self.sync_or_request()
    }

    fn sync_or_request(&self) -> sync::Message {
        sync::Message::decode(&self.data).unwrap()
    }
}

pub(crate) fn join_frame(sender: &str) -> Bytes {
    let mut to = Encoder::new(Vec::new());
    to.map(4).unwrap().str("type").unwrap().str("join").unwrap();
    to.str("senderId").unwrap().str(sender).unwrap();
    to.str("peerMetadata").unwrap().map(0).unwrap();
    to.str("supportedProtocolVersions").unwrap().array(1).unwrap().str("1").unwrap();
    to.into_writer().into()
}

pub(crate) fn sync_frame(kind: &str, sender: &str, document: DocumentId, data: &[u8]) -> Bytes {
    let mut to = Encoder::new(Vec::new());
    to.map(5).unwrap().str("type").unwrap().str(kind).unwrap();
    to.str("senderId").unwrap().str(sender).unwrap();
    to.str("targetId").unwrap().str("server").unwrap();
    to.str("documentId").unwrap().str(&document.to_string()).unwrap();
    to.str("data").unwrap().bytes(data).unwrap();
    to.into_writer().into()
}

pub(crate) fn session(connection: u64) -> Session {
    Session::new(Config {
        peer: "server".into(),
        storage: "storage-of-the-server".into(),
        connection: ConnectionId(connection),
    })
}

pub(crate) fn to_domain(change: &automerge::Change) -> domain::Change {
    let mut deps: Vec<_> = change.deps().iter().map(|dep| ChangeHash(dep.0)).collect();
    deps.sort_unstable();
    domain::Change {
        hash: ChangeHash(change.hash().0),
        deps: deps.into(),
        actor: domain::ActorId::new(change.actor_id().to_bytes()).unwrap(),
        seq: change.seq(),
        start_op: change.start_op().get(),
        time: change.timestamp(),
        raw: Bytes::copy_from_slice(change.raw_bytes()),
    }
}

/// Keeps one document, with everything that is durable.
pub(crate) struct Host {
    pub(crate) doc: Automerge,
    pub(crate) room: Room,
    pub(crate) position: u64,
    /// What the last call recorded.
    recorded: Vec<automerge::ChangeHash>,
}

impl Host {
    pub(crate) fn new() -> Self {
        let room = Arc::new(Mutex::new(Shared::new(DOCUMENT)));
        Self { doc: Automerge::new(), room, position: 0, recorded: Vec::new() }
    }

    /// One that starts with what `doc` holds; `whole`: as a snapshot.
    pub(crate) fn with(doc: Automerge, whole: bool) -> Self {
        let mut host = Self::new();
        let changes = doc.get_changes(&[]);
        host.record(&changes, None);
        if whole {
            host.snapshot();
        }
        host
    }

    pub(crate) fn snapshot(&mut self) {
        let bytes = self.doc.save().into();
        let mut room = self.room.lock();
        let len = room.len();
        room.set_snapshot(Snapshot { bytes, len });
    }

    pub(crate) fn record(&mut self, changes: &[automerge::Change], origin: Option<ConnectionId>) {
        let mut room = self.room.lock();
        for change in changes {
            self.position += 1;
            room.publish(&to_domain(change), self.position, origin).unwrap();
        }
        drop(room);
        self.recorded = changes.iter().map(automerge::Change::hash).collect();
        self.doc.apply_changes(changes.iter().cloned()).unwrap();
    }

    pub(crate) fn admit(&mut self, chunks: &[Bytes], origin: ConnectionId) -> Verdict {
        let before = self.doc.get_heads();
        let mut trial = self.doc.clone();
        for chunk in chunks {
            if trial.load_incremental(chunk).is_err() {
                return Verdict::Refused;
            }
        }
        let missing = trial.get_missing_deps(&[]);
        let new: Vec<_> = trial.get_changes(&before);
        self.record(&new, Some(origin));
        if missing.is_empty() {
            return Verdict::Kept;
        }
        let chunks = chunks
            .iter()
            .filter(|chunk| {
                // A whole document has all that it builds on.
                single(chunk).is_some_and(|change| trial.get_change_by_hash(&change.hash()).is_none())
            })
            .cloned()
            .collect();
        Verdict::Missing { deps: missing.iter().map(|hash| ChangeHash(hash.0)).collect(), chunks }
    }

    /// Without the changes after the first `len`.
    pub(crate) fn cut_back(&mut self, len: usize) {
        let changes = self.doc.get_changes(&[]);
        *self = Self::new();
        self.record(&changes[..len], None);
    }
}

/// A stock client and the server's end of its connection.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) doc: AutoCommit,
    pub(crate) state: sync::State,
    pub(crate) session: Session,
    pub(crate) connection: ConnectionId,
    pub(crate) up: VecDeque<Bytes>,
    pub(crate) down: VecDeque<Bytes>,
    pub(crate) submitted: VecDeque<(Ticket, Vec<Bytes>)>,
    pub(crate) received: Vec<Frame>,
    pub(crate) closed: Option<String>,
    /// What went over this connection, to see that nothing goes twice.
    gone: Gone,
}

/// The changes that one connection has carried.
#[derive(Default)]
struct Gone {
    /// What was recorded because it came this way.
    brought: BTreeSet<automerge::ChangeHash>,
    down: HashSet<automerge::ChangeHash>,
    /// The server has said, in its last message, that the client has exactly what it has been sent, and the
    /// client has neither begun anew nor asked for anything since. Otherwise what crosses may go twice.
    in_step: bool,
}

impl Client {
    pub(crate) fn new(number: u8) -> Self {
        let mut client = Self {
            name: format!("client-{number}"),
            doc: AutoCommit::new().with_actor(ActorId::from([number + 1; 16])),
            state: sync::State::new(),
            session: session(0),
            connection: ConnectionId(0),
            up: VecDeque::new(),
            down: VecDeque::new(),
            submitted: VecDeque::new(),
            received: Vec::new(),
            closed: None,
            gone: Gone::default(),
        };
        client.connect(u64::from(number));
        client
    }

    /// A new connection; what was under way on the old one is lost. The stock client keeps only what
    /// `encode` keeps of its sync state.
    pub(crate) fn connect(&mut self, connection: u64) {
        self.connection = ConnectionId(connection);
        self.session = session(connection);
        self.state = sync::State::decode(&self.state.encode()).unwrap();
        self.up.clear();
        self.down.clear();
        self.submitted.clear();
        self.closed = None;
        self.gone = Gone::default();
        self.up.push_back(join_frame(&self.name));
        self.say();
    }

    pub(crate) fn edit(&mut self, key: &str, value: i64) {
        self.doc.put(automerge::ROOT, key, value).unwrap();
        self.doc.commit();
    }

    /// Sends what there is to send.
    pub(crate) fn say(&mut self) {
        let message = self.doc.sync().generate_sync_message(&mut self.state);
        if let Some(message) = message {
            let kind = if self.doc.get_heads().is_empty() { "request" } else { "sync" };
            self.up.push_back(sync_frame(kind, &self.name, DOCUMENT, &message.encode()));
        }
    }

    /// Takes one frame from the server, and answers it at once.
    pub(crate) fn hear(&mut self) {
        let Some(bytes) = self.down.pop_front() else { return };
        let frame = Frame::read(&bytes);
        if frame.kind == "sync" {
            assert_eq!((frame.sender.as_str(), frame.target.as_str()), ("server", self.name.as_str()));
            let message = frame.sync();
            self.must_know_what_is_named(&message);
            self.doc.sync().receive_sync_message(&mut self.state, message).unwrap();
            self.say();
        }
        self.received.push(frame);
    }

    /// What a summary names must be here once the message is taken in: otherwise the stock code takes the
    /// sender for one that has lost its state, and both begin anew.
    fn must_know_what_is_named(&mut self, message: &sync::Message) {
        let mut after = self.doc.document().clone();
        for chunk in message.changes.iter() {
            after.load_incremental(chunk).unwrap();
        }
        for hash in message.have.iter().flat_map(|have| &have.last_sync) {
            assert!(after.get_change_by_hash(hash).is_some(), "{} is named a change it has not", self.name);
        }
    }

    /// What the server says is true, needed, and said once.
    fn must_be_worth_saying(&mut self, message: &sync::Message, room: &Room) {
        let shared = room.lock();
        let durable: Vec<_> = shared.history().heads().iter().map(|hash| hash.0).collect();
        assert_eq!(
            message.heads.iter().map(|hash| hash.0).collect::<Vec<_>>(),
            durable,
            "heads are durable ones"
        );
        for hash in &message.need {
            assert!(!shared.history().contains(&ChangeHash(hash.0)), "what is here is asked for");
        }
        let changes = message.changes.iter().filter_map(single).collect::<Vec<_>>();
        for change in changes {
            let hash = change.hash();
            assert!(shared.history().contains(&ChangeHash(hash.0)), "only durable changes are shown");
            if self.gone.in_step {
                assert!(!self.gone.brought.contains(&hash), "{} gets back what it brought", self.name);
                assert!(!self.gone.down.contains(&hash), "{} gets a change twice", self.name);
            }
            self.gone.down.insert(hash);
        }
        self.gone.in_step = message.need.is_empty()
            && message.have.iter().all(|have| have.last_sync == message.heads)
            && !message.have.is_empty();
    }

    /// The server's end does what the session says.
    pub(crate) fn act(&mut self, outputs: Vec<Output>, room: &Room, access: Access) {
        for output in outputs {
            match output {
                Output::Send(frame) => {
                    let bytes = frame.to_bytes();
                    let read = Frame::read(&bytes);
                    if read.kind == "sync" {
                        self.must_be_worth_saying(&read.sync(), room);
                    }
                    self.down.push_back(bytes);
                }
                Output::Open { document } => {
                    assert_eq!(document, DOCUMENT);
                    let outputs = self.session.opened(document, room.clone(), access);
                    self.act(outputs, room, access);
                }
                Output::Submit { document, ticket, chunks } => {
                    assert_eq!(document, DOCUMENT);
                    self.submitted.push_back((ticket, chunks));
                }
                Output::Close { reason, .. } => self.closed = Some(reason),
                Output::Joined { .. }
                | Output::Ephemeral { .. }
                | Output::WaitUntil(_)
                | Output::Count(_) => {}
            }
        }
    }

    pub(crate) fn serve(&mut self, room: &Room, access: Access) {
        let Some(frame) = self.up.pop_front() else { return };
        let read = Frame::read(&frame);
        if !read.data.is_empty() {
            let message = read.sync_or_request();
            let reset = message.flags.is_some_and(|flags| flags.contains(sync::MessageFlags::SYNC_RESET));
            let void = message.have.first().is_some_and(|have| have.last_sync.is_empty());
            self.gone.in_step &= !reset && !void && message.need.is_empty();
        }
        let outputs = self.session.frame(frame);
        self.act(outputs, room, access);
    }

    pub(crate) fn commit(&mut self, host: &mut Host, access: Access) {
        let Some((ticket, chunks)) = self.submitted.pop_front() else { return };
        let verdict = match access {
            Access::ReadWrite => {
                let verdict = host.admit(&chunks, self.connection);
                self.gone.brought.extend(host.recorded.drain(..));
                verdict
            }
            Access::ReadOnly => Verdict::Refused,
        };
        let outputs = self.session.submitted(DOCUMENT, ticket, verdict);
        self.act(outputs, &host.room, access);
    }

    pub(crate) fn advance(&mut self, room: &Room, access: Access) {
        let outputs = self.session.advanced(DOCUMENT);
        self.act(outputs, room, access);
    }
}

/// A chunk that is one change; none for a whole document.
fn single(chunk: &[u8]) -> Option<automerge::Change> {
    automerge::Change::from_bytes(chunk.to_vec()).ok()
}

/// The host and its clients, with one access for all.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) clients: Vec<Client>,
    pub(crate) access: Access,
}

impl World {
    pub(crate) fn around(host: Host, clients: u8) -> Self {
        Self { host, clients: (0..clients).map(Client::new).collect(), access: Access::ReadWrite }
    }

    pub(crate) fn set_access(&mut self, access: Access) {
        self.access = access;
        for client in &mut self.clients {
            let outputs = client.session.access(DOCUMENT, access);
            client.act(outputs, &self.host.room, access);
        }
    }

    /// Delivers and commits until nothing moves; answers how many sync messages that took.
    pub(crate) fn quiet(&mut self) -> usize {
        let mut messages = 0;
        loop {
            let mut moved = false;
            for client in &mut self.clients {
                client.say();
                while !client.up.is_empty() || !client.down.is_empty() || !client.submitted.is_empty() {
                    moved = true;
                    messages += 1;
                    client.serve(&self.host.room, self.access);
                    client.commit(&mut self.host, self.access);
                    client.hear();
                    assert!(messages < 2_000, "the peers do not come to rest");
                }
            }
            for client in &mut self.clients {
                client.advance(&self.host.room, self.access);
                moved |= !client.down.is_empty();
            }
            if !moved {
                return messages;
            }
        }
    }

    /// One edit costs one message to each client, and one from each, when all are in step; then all is silent.
    pub(crate) fn assert_in_step(&mut self, key: &str, value: i64) {
        let received =
            |world: &Self| world.clients.iter().map(|client| client.received.len()).collect::<Vec<_>>();
        let before = received(self);
        self.clients[0].edit(key, value);
        self.quiet();
        self.assert_equal();
        let each: Vec<usize> = received(self).iter().zip(before).map(|(now, before)| now - before).collect();
        assert_eq!(each, vec![1; each.len()], "messages to each client for one edit");
    }

    pub(crate) fn assert_equal(&mut self) {
        let heads = self.host.doc.get_heads();
        let durable: Vec<_> = self.host.room.lock().history().heads();
        assert_eq!(durable, heads.iter().map(|head| ChangeHash(head.0)).collect::<Vec<_>>());
        for client in &mut self.clients {
            assert_eq!(client.doc.get_heads(), heads, "{} has what the server has", client.name);
        }
    }
}
