//! A stock client: `automerge::sync` in the frames of automerge-repo, as the browser's client uses it.

use std::collections::{BTreeSet, VecDeque};

use automerge::sync::{self, SyncDoc as _};
use automerge::transaction::Transactable as _;
use automerge::{ActorId, AutoCommit, ChangeHash, ObjId, ROOT, ReadDoc as _};
use bytes::Bytes;
use quorate::document::{Reading, text_encoding};
use quorate::domain::{self, DocumentId};

use super::disk::Slow;
use crate::session::world::{Frame, join_frame, sync_frame};

pub(super) struct Client {
    pub(super) name: String,
    pub(super) doc: AutoCommit,
    state: sync::State,
    document: DocumentId,
    /// What is on its way to the server.
    pub(super) up: VecDeque<Bytes>,
    /// Its own changes that it knows to be on the server's disk.
    pub(super) acknowledged: BTreeSet<ChangeHash>,
    own: Vec<ChangeHash>,
    words: usize,
    number: usize,
}

impl Client {
    pub(super) fn new(number: usize, document: DocumentId) -> Self {
        let actor = ActorId::from([number as u8 + 1; 16]);
        Self {
            name: format!("client-{number}"),
            doc: AutoCommit::new_with_encoding(text_encoding()).with_actor(actor),
            state: sync::State::new(),
            document,
            up: VecDeque::new(),
            acknowledged: BTreeSet::new(),
            own: Vec::new(),
            words: 0,
            number,
        }
    }

    /// A new link; what was under way on the old one is lost. Of its sync state a stock client keeps what
    /// `encode` keeps.
    pub(super) fn connect(&mut self) {
        self.state = sync::State::decode(&self.state.encode()).unwrap();
        self.up = VecDeque::from([join_frame(&self.name)]);
        self.say();
    }

    /// Says what there is to say.
    pub(super) fn say(&mut self) -> bool {
        let Some(message) = self.doc.sync().generate_sync_message(&mut self.state) else { return false };
        let kind = if self.doc.get_heads().is_empty() { "request" } else { "sync" };
        self.up.push_back(sync_frame(kind, &self.name, self.document, &message.encode()));
        true
    }

    /// Takes one frame, and answers it. Whatever it says must be on the server's disk.
    pub(super) fn hear(&mut self, bytes: &[u8], log: &Slow) {
        let frame = Frame::read(bytes);
        if frame.kind != "sync" {
            assert_eq!(frame.kind, "peer", "{} hears {}", self.name, frame.message);
            return;
        }
        let message = frame.sync();
        for head in &message.heads {
            let durable = log.has(&domain::ChangeHash(head.0));
            assert!(durable, "{} is told of {head}, which is not on disk", self.name);
        }
        let (before, heads) = (self.doc.get_heads(), message.heads.clone());
        self.doc.sync().receive_sync_message(&mut self.state, message).unwrap();
        for change in self.doc.get_changes(&before) {
            let hash = domain::ChangeHash(change.hash().0);
            assert!(log.has(&hash), "{} is shown {hash:?}, which is not on disk", self.name);
        }
        self.acknowledge(&heads);
        self.say();
    }

    /// The server's heads hold the change: it is on disk, and its author has been told.
    fn acknowledge(&mut self, heads: &[ChangeHash]) {
        let known: Vec<ChangeHash> =
            heads.iter().copied().filter(|head| self.doc.get_change_by_hash(head).is_some()).collect();
        if known.is_empty() {
            return;
        }
        let open: BTreeSet<ChangeHash> =
            self.own.iter().copied().filter(|hash| !self.acknowledged.contains(hash)).collect();
        if open.is_empty() {
            return;
        }
        let beyond: BTreeSet<ChangeHash> =
            self.doc.get_changes(&known).iter().map(automerge::Change::hash).collect();
        self.acknowledged.extend(open.difference(&beyond));
    }

    /// The texts of all sections, in the order of their ids.
    fn texts(&mut self) -> Vec<ObjId> {
        let Ok(Some((_, sections))) = self.doc.get(ROOT, "sections") else { return Vec::new() };
        let ids: Vec<String> = self.doc.keys(&sections).collect();
        let mut texts = Vec::new();
        for id in ids {
            if let Ok(Some((_, section))) = self.doc.get(&sections, id)
                && let Ok(Some((_, text))) = self.doc.get(&section, "text")
            {
                texts.push(text);
            }
        }
        texts
    }

    /// A text, and a place in it that is no heading's marker.
    fn place(&mut self, place: usize) -> Option<(ObjId, usize, usize)> {
        let texts = self.texts();
        let text = texts.get(place % texts.len().max(1))?.clone();
        let length = self.doc.length(&text);
        (length > 0).then(|| (text, 1 + place / 7 % length, length))
    }

    /// A word that stands nowhere else. False: there is nothing to type in yet.
    pub(super) fn type_word(&mut self, place: usize) -> bool {
        let Some((text, at, _)) = self.place(place) else { return false };
        self.words += 1;
        let word = format!("<{}.{}>", self.number, self.words);
        self.doc.splice_text(&text, at, 0, &word).unwrap();
        self.commit();
        true
    }

    pub(super) fn delete(&mut self, place: usize) -> bool {
        let Some((text, at, length)) = self.place(place) else { return false };
        let count = (1 + place % 5).min(length - at);
        if count == 0 {
            return false;
        }
        self.doc.splice_text(&text, at, count as isize, "").unwrap();
        self.commit();
        true
    }

    /// A whole paragraph, as one selects and deletes it.
    pub(super) fn remove(&mut self, place: usize) -> bool {
        let Some((text, at, length)) = self.place(place) else { return false };
        let is_marker = |at: &usize| {
            matches!(
                self.doc.get(&text, *at),
                Ok(Some((automerge::Value::Object(automerge::ObjType::Map), _)))
            )
        };
        let Some(from) = (1..at.min(length)).rev().find(is_marker) else { return false };
        let to = (from + 1..length).find(is_marker).unwrap_or(length);
        self.doc.splice_text(&text, from, (to - from) as isize, "").unwrap();
        self.commit();
        true
    }

    /// A new paragraph, as the web client's Enter makes it.
    pub(super) fn split(&mut self, place: usize) -> bool {
        let Some((text, at, _)) = self.place(place) else { return false };
        self.words += 1;
        let block = self.doc.split_block(&text, at).unwrap();
        self.doc.put(&block, "type", "paragraph").unwrap();
        self.doc.put_object(&block, "parents", automerge::ObjType::List).unwrap();
        let attrs = self.doc.put_object(&block, "attrs", automerge::ObjType::Map).unwrap();
        self.doc.put(&attrs, "id", format!("b-{}-{}", self.number, self.words)).unwrap();
        self.doc.put(&block, "isEmbed", false).unwrap();
        self.commit();
        true
    }

    fn commit(&mut self) {
        if let Some(hash) = self.doc.commit() {
            self.own.push(hash);
        }
    }

    pub(super) fn own(&self) -> &[ChangeHash] {
        &self.own
    }

    /// Its document, for comparing.
    pub(super) fn reading(&mut self) -> Reading {
        Reading::load(&self.doc.save()).unwrap()
    }
}
