//! Clients of the automerge-repo protocol, frames and sync messages made by hand. Each acknowledges what it
//! hears, as stock clients do.

use std::collections::BTreeSet;

use automerge::{Automerge, ChangeHash};
use sha2::{Digest as _, Sha256};

use super::Protocol;
use crate::wire::{Writer, frame as cbor};

const DOCUMENT: u8 = 0x43;
/// "I read documents, and know SYNC_RESET", as the last bytes of a message.
const FLAGS: [u8; 3] = [2, 2, 0x84];

/// What all clients of a run say and hear.
pub(crate) struct Repo {
    /// Whether clients ask for the document, or only join.
    pub(crate) opens: bool,
    /// Of one person or of several: a person has so many connections at most.
    tokens: Vec<String>,
    document: String,
    people: Vec<Person>,
    /// What a message that was just read says: all clients in step get the same bytes.
    last: Read,
    last_data: Vec<u8>,
}

struct Person {
    name: String,
    server: String,
    ready: bool,
    /// A frame up to the length of its data.
    prefix: Vec<u8>,
    heads: BTreeSet<[u8; 32]>,
    writer: Option<Writer>,
}

/// A sync message, as far as it matters here.
#[derive(Default)]
struct Read {
    heads: Vec<[u8; 32]>,
    changes: Vec<Change>,
    document: bool,
    /// An acknowledgement of it.
    answer: Vec<u8>,
}

struct Change {
    key: u64,
    hash: [u8; 32],
    deps: Vec<[u8; 32]>,
    start_op: u64,
}

impl Repo {
    /// `opened` is the document as it is; the first `writers` clients write, each in a section of its own.
    pub(crate) fn new(
        tokens: &[String],
        document: &str,
        opened: &Automerge,
        clients: usize,
        writers: usize,
        sections: usize,
    ) -> Self {
        let people = (0..clients).map(|number| Person {
            name: format!("client-{number}"),
            server: String::new(),
            ready: false,
            prefix: Vec::new(),
            heads: BTreeSet::new(),
            writer: (number < writers).then(|| Writer::new(opened, &format!("part-{}", number % sections))),
        });
        Self {
            opens: true,
            tokens: tokens.to_vec(),
            document: document.to_owned(),
            people: people.collect(),
            last: Read::default(),
            last_data: Vec::new(),
        }
    }

    /// What the server has told this client to be the newest state.
    pub(crate) fn heads(&self, client: usize) -> Vec<ChangeHash> {
        self.people[client].heads.iter().map(|hash| ChangeHash(*hash)).collect()
    }
}

impl Protocol for Repo {
    fn path(&self, client: usize) -> String {
        format!("/sync?access_token={}", self.tokens[client % self.tokens.len()])
    }

    fn greet(&mut self, client: usize, out: &mut Vec<Vec<u8>>) {
        out.push(cbor::join(&self.people[client].name));
    }

    fn hear(&mut self, client: usize, message: &[u8], out: &mut Vec<Vec<u8>>, seen: &mut Vec<u64>) {
        let person = &mut self.people[client];
        let (kind, data) = fields(message);
        match kind {
            "peer" => {
                person.server = cbor::Frame::read(message).sender;
                if !self.opens {
                    person.ready = true;
                    return;
                }
                // What anyone says who knows nothing yet: no heads, an empty summary.
                let first = [&[0x42, 0, 0, 1, 0, 0, 0][..], &FLAGS].concat();
                out.push(cbor::envelope("request", &person.name, &person.server, &self.document, &first));
                let whole = cbor::envelope("sync", &person.name, &person.server, &self.document, &[]);
                // The last byte is the length of nothing.
                person.prefix = whole[..whole.len() - 1].to_vec();
                return;
            }
            "sync" => {}
            "ephemeral" => return,
            other => panic!("the server says {other}: {}", cbor::Frame::read(message).message),
        }
        if self.last_data != data {
            self.last = read(data);
            data.clone_into(&mut self.last_data);
        }
        let read = &self.last;
        if read.document || person.writer.is_none() || !person.ready {
            person.heads = read.heads.iter().copied().collect();
            person.ready |= !read.heads.is_empty();
        }
        if read.document || !read.changes.is_empty() {
            for change in &read.changes {
                seen.push(change.key);
                if person.writer.is_some() && !read.document {
                    person.heads.retain(|head| !change.deps.contains(head));
                    person.heads.insert(change.hash);
                }
                if let Some(writer) = &mut person.writer {
                    writer.heard_of(change.start_op);
                }
            }
            out.push(match person.writer {
                None => framed(&person.prefix, &read.answer),
                Some(_) => framed(&person.prefix, &say(person.heads.iter(), &[])),
            });
        }
    }

    fn is_ready(&self, client: usize) -> bool {
        self.people[client].ready
    }

    fn edit(&mut self, client: usize) -> (u64, Vec<u8>) {
        let person = &mut self.people[client];
        let writer = person.writer.as_mut().expect("only writers write");
        let change = writer.write("x", person.heads.iter().map(|hash| ChangeHash(*hash)));
        let raw = change.raw_bytes();
        let key = key(&change.hash().0);
        person.heads.clear();
        person.heads.insert(change.hash().0);
        (key, framed(&person.prefix, &say(person.heads.iter(), raw)))
    }
}

/// The beginning of a change's hash.
fn key(hash: &[u8; 32]) -> u64 {
    u64::from_le_bytes(hash[..8].try_into().unwrap())
}

/// The type and the data of a frame from the server: CBOR maps of texts and byte strings.
fn fields(message: &[u8]) -> (&str, &[u8]) {
    let mut from = minicbor::Decoder::new(message);
    let (mut kind, mut data) = ("", &[][..]);
    for _ in 0..from.map().unwrap().unwrap() {
        match from.str().unwrap() {
            "type" => kind = from.str().unwrap(),
            "data" => data = from.bytes().unwrap(),
            _ => from.skip().unwrap(),
        }
    }
    (kind, data)
}

fn framed(prefix: &[u8], data: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(prefix.len() + data.len() + 5);
    frame.extend_from_slice(prefix);
    // A byte string whose length takes four bytes.
    frame.push(0x5a);
    frame.extend_from_slice(&(data.len() as u32).to_be_bytes());
    frame.extend_from_slice(data);
    frame
}

/// A message of a peer in step, with one change or none.
fn say<'a>(heads: impl ExactSizeIterator<Item = &'a [u8; 32]> + Clone, change: &[u8]) -> Vec<u8> {
    let mut to = Vec::with_capacity(80 + heads.len() * 64 + change.len());
    let hashes = |to: &mut Vec<u8>| {
        write_number(to, heads.len() as u64);
        heads.clone().for_each(|hash| to.extend_from_slice(hash));
    };
    to.push(0x42);
    hashes(&mut to);
    to.extend_from_slice(&[0, 1]);
    hashes(&mut to);
    to.push(0);
    to.push(u8::from(!change.is_empty()));
    if !change.is_empty() {
        write_number(&mut to, change.len() as u64);
        to.extend_from_slice(change);
    }
    to.extend_from_slice(&FLAGS);
    to
}

fn read(data: &[u8]) -> Read {
    let mut from = Cursor(data);
    let document = from.take(1)[0] == DOCUMENT;
    let heads = from.hashes();
    from.hashes();
    for _ in 0..from.number() {
        from.hashes();
        let len = from.number();
        from.take(len as usize);
    }
    let mut changes = Vec::new();
    for _ in 0..from.number() {
        let len = from.number() as usize;
        let mut entry = Cursor(from.take(len));
        while !entry.0.is_empty() {
            changes.extend(entry.chunk());
        }
    }
    let answer = say(heads.iter(), &[]);
    Read { heads, changes, document, answer }
}

struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn take(&mut self, len: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn hashes(&mut self) -> Vec<[u8; 32]> {
        let count = self.number() as usize;
        self.take(count * 32).chunks_exact(32).map(|hash| hash.try_into().unwrap()).collect()
    }

    /// One chunk; none for what is not an uncompressed change (the changes of a crowd are all too short to
    /// be compressed).
    fn chunk(&mut self) -> Option<Change> {
        self.take(8);
        let hashed = self.0;
        let kind = self.take(1)[0];
        let len = self.number() as usize;
        let mut body = Cursor(self.take(len));
        if kind != 1 {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(&hashed[..hashed.len() - self.0.len()]).into();
        let deps = body.hashes();
        let actor = body.number() as usize;
        body.take(actor);
        body.number();
        let start_op = body.number();
        Some(Change { key: key(&hash), hash, deps, start_op })
    }
}

fn write_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
