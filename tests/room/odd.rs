//! A peer that is no stock client: it sends what it likes, when it likes, and answers nothing.

use std::collections::VecDeque;

use automerge::sync::{self, SyncDoc as _};
use automerge::transaction::Transactable as _;
use automerge::{ActorId, AutoCommit, ROOT};
use bytes::Bytes;
use quorate::document::text_encoding;
use quorate::domain::{ChangeHash, DocumentId};

use crate::session::world::{Frame, join_frame, sync_frame};

const NAME: &str = "odd";

pub(super) struct Odd {
    doc: AutoCommit,
    state: sync::State,
    document: DocumentId,
    pub(super) up: VecDeque<Bytes>,
    /// The changes that it sent in its own name on any connection, in the order of writing.
    sent: Vec<automerge::Change>,
    /// What it sent in the name of others.
    pub(super) forged: Vec<ChangeHash>,
    writes: i64,
}

impl Odd {
    pub(super) fn new(document: DocumentId) -> Self {
        Self {
            doc: AutoCommit::new_with_encoding(text_encoding()).with_actor(ActorId::from([99; 16])),
            state: sync::State::new(),
            document,
            up: VecDeque::new(),
            sent: Vec::new(),
            forged: Vec::new(),
            writes: 0,
        }
    }

    pub(super) fn connect(&mut self) {
        self.state = sync::State::new();
        self.up = VecDeque::from([join_frame(NAME)]);
        let hello = self.doc.sync().generate_sync_message(&mut self.state);
        let kind = if self.doc.get_heads().is_empty() { "request" } else { "sync" };
        self.up.extend(hello.map(|hello| sync_frame(kind, NAME, self.document, &hello.encode())));
    }

    /// Takes what it is sent, and says nothing to it.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let frame = Frame::read(bytes);
        if frame.kind == "sync" {
            // It has asked for everything, and so it is sent everything that it lacks.
            let _ = self.doc.sync().receive_sync_message(&mut self.state, frame.sync());
        }
    }

    fn ready(&mut self) -> bool {
        self.doc.get_heads().len() == 1 || !self.sent.is_empty()
    }

    fn write(&mut self) -> automerge::Change {
        self.writes += 1;
        self.doc.put(ROOT, "title", format!("Odd {}", self.writes)).unwrap();
        self.doc.commit();
        self.doc.get_last_local_change().unwrap()
    }

    fn send(&mut self, changes: &[&automerge::Change]) {
        let message = sync::Message {
            heads: self.doc.get_heads(),
            need: Vec::new(),
            have: Vec::new(),
            changes: changes.iter().map(|change| change.raw_bytes().to_vec()).collect::<Vec<_>>().into(),
            flags: None,
            version: sync::MessageVersion::V1,
        };
        self.up.push_back(sync_frame("sync", NAME, self.document, &message.encode()));
    }

    /// Two changes in two messages, the later one first.
    pub(super) fn reversed(&mut self) -> bool {
        if !self.ready() {
            return false;
        }
        let (first, second) = (self.write(), self.write());
        self.send(&[&second]);
        self.send(&[&first]);
        self.sent.extend([first, second]);
        true
    }

    /// A change in the name of an actor that stands for somebody else.
    pub(super) fn forged(&mut self, whose: impl Fn(&ActorId) -> bool) -> bool {
        let changes = self.doc.get_changes(&[]);
        let Some(actor) = changes.iter().map(|change| change.actor_id()).find(|actor| whose(actor)) else {
            return false;
        };
        let mut theirs = self.doc.fork();
        theirs.set_actor(actor.clone());
        self.writes += 1;
        theirs.put(ROOT, "title", format!("Forged {}", self.writes)).unwrap();
        theirs.commit();
        let change = theirs.get_last_local_change().unwrap();
        self.forged.push(ChangeHash(change.hash().0));
        self.send(&[&change]);
        true
    }

    /// All that it has ever sent in its own name.
    pub(super) fn again(&mut self) -> bool {
        let sent = std::mem::take(&mut self.sent);
        for change in &sent {
            self.send(&[change]);
        }
        self.sent = sent;
        !self.sent.is_empty()
    }

    pub(super) fn garbage(&mut self) {
        self.up.push_back(Bytes::from_static(&[0xA3, 0x64, b't', b'y', b'p']));
    }

    pub(super) fn sent(&self) -> impl Iterator<Item = ChangeHash> {
        self.sent.iter().map(|change| ChangeHash(change.hash().0))
    }
}
