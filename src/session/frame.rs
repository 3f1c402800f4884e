//! The frames of the automerge-repo protocol: CBOR maps, one a WebSocket message.
//!
//! Clients differ: unknown keys are skipped, `undefined` and `null` are missing, a whole number may come
//! as a float, a document id as text or as 16 bytes, the list of versions as one text.

use bytes::Bytes;
use minicbor::{Decoder, Encoder, data::Type};

use super::Presence;
use crate::domain::{DocumentId, limits};

/// The version of the protocol that is spoken here.
pub(super) const VERSION: &str = "1";

/// Why a frame cannot be read. The sentence goes to the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this frame cannot be read: {0}")]
pub(super) struct Malformed(pub String);

impl From<minicbor::decode::Error> for Malformed {
    fn from(error: minicbor::decode::Error) -> Self {
        Self(error.to_string())
    }
}

/// A frame from a peer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Incoming {
    Join {
        sender: String,
        /// None: not said, which means the first version.
        versions: Option<Vec<String>>,
    },
    /// `sync`, and `request`, which is the same from a peer that lacks the document.
    Sync {
        sender: String,
        document: DocumentId,
        data: Bytes,
        request: bool,
    },
    Ephemeral {
        sender: String,
        document: DocumentId,
        presence: Presence,
    },
    Leave,
    /// The peer says that it has not got a document, or tells of storages elsewhere, or has an error to
    /// report, or speaks of something newer than this program. Nothing hangs on it.
    Ignored,
}

/// The keys of a frame that mean something here, whatever its type.
#[derive(Default)]
struct Fields {
    kind: Option<String>,
    sender: Option<String>,
    document: Option<DocumentId>,
    versions: Option<Vec<String>>,
    data: Option<Bytes>,
    count: Option<u64>,
    session: Option<String>,
}

/// The name of a document that was read last: the next frame most likely has the same, and to check a name
/// costs more than to compare it.
#[derive(Debug, Default)]
pub(super) struct LastName(Option<(Box<str>, DocumentId)>);

impl LastName {
    fn read(&mut self, text: &str) -> Result<DocumentId, Malformed> {
        match &self.0 {
            Some((name, id)) if **name == *text => Ok(*id),
            _ => {
                let id = text.parse().map_err(|_| bad_document_id())?;
                self.0 = Some((text.into(), id));
                Ok(id)
            }
        }
    }
}

impl Incoming {
    pub(super) fn decode(frame: &Bytes, last: &mut LastName) -> Result<Self, Malformed> {
        let fields = Fields::read(frame, last)?;
        let missing = |key: &str| Malformed(format!("the key {key:?} is missing"));
        let sender = || fields.sender.clone().ok_or_else(|| missing("senderId"));
        let document = || fields.document.ok_or_else(|| missing("documentId"));
        let data = || fields.data.clone().ok_or_else(|| missing("data"));
        match fields.kind.as_deref().ok_or_else(|| missing("type"))? {
            "join" => Ok(Self::Join { sender: sender()?, versions: fields.versions }),
            kind @ ("sync" | "request") => Ok(Self::Sync {
                sender: sender()?,
                document: document()?,
                data: data()?,
                request: kind == "request",
            }),
            "ephemeral" => {
                let (sender, document, data) = (sender()?, document()?, data()?);
                if data.len() > limits::EPHEMERAL_BYTES {
                    return Err(Malformed(format!(
                        "a presence message has {} bytes, at most {} are taken",
                        data.len(),
                        limits::EPHEMERAL_BYTES
                    )));
                }
                let count = fields.count.ok_or_else(|| missing("count"))?;
                let session = fields.session.as_deref().ok_or_else(|| missing("sessionId"))?;
                let presence = Presence(rest_of_ephemeral(&sender, document, count, session, &data));
                Ok(Self::Ephemeral { sender, document, presence })
            }
            "leave" => Ok(Self::Leave),
            _ => Ok(Self::Ignored),
        }
    }
}

impl Fields {
    fn read(frame: &Bytes, last: &mut LastName) -> Result<Self, Malformed> {
        let mut from = Decoder::new(frame);
        let mut fields = Self::default();
        let mut left = from.map()?;
        loop {
            match left.as_mut() {
                Some(0) => break,
                Some(left) => *left -= 1,
                None if from.datatype()? == Type::Break => break,
                None => {}
            }
            let key = match from.datatype()? {
                Type::String => from.str()?,
                _ => {
                    skip(&mut from, 0)?;
                    ""
                }
            };
            if matches!(from.datatype()?, Type::Null | Type::Undefined) {
                from.skip()?;
                continue;
            }
            match key {
                "type" => fields.kind = Some(name(&mut from)?),
                "senderId" => fields.sender = Some(name(&mut from)?),
                "sessionId" => fields.session = Some(name(&mut from)?),
                "documentId" => fields.document = Some(document_id(&mut from, last)?),
                "supportedProtocolVersions" => fields.versions = Some(versions(&mut from)?),
                "count" => fields.count = Some(whole_number(&mut from)?),
                "data" => fields.data = Some(frame.slice_ref(byte_string(&mut from)?)),
                _ => skip(&mut from, 0)?,
            }
        }
        Ok(fields)
    }
}

fn name(from: &mut Decoder<'_>) -> Result<String, Malformed> {
    let text = from.str()?;
    if text.len() > limits::NAME_BYTES {
        return Err(Malformed(format!("a name is longer than {} bytes", limits::NAME_BYTES)));
    }
    Ok(text.to_owned())
}

fn document_id(from: &mut Decoder<'_>, last: &mut LastName) -> Result<DocumentId, Malformed> {
    match from.datatype()? {
        Type::String => last.read(from.str()?),
        _ => Ok(DocumentId(byte_string(from)?.try_into().map_err(|_| bad_document_id())?)),
    }
}

fn bad_document_id() -> Malformed {
    Malformed("the document id is neither base58 with a checksum nor 16 bytes".into())
}

fn versions(from: &mut Decoder<'_>) -> Result<Vec<String>, Malformed> {
    if from.datatype()? == Type::String {
        return Ok(vec![name(from)?]);
    }
    let count = from.array()?.ok_or_else(|| Malformed("a list of versions needs a length".into()))?;
    (0..count).map(|_| name(from)).collect()
}

/// A byte string, bare or marked as a typed array.
fn byte_string<'b>(from: &mut Decoder<'b>) -> Result<&'b [u8], Malformed> {
    if from.datatype()? == Type::Tag {
        from.tag()?;
    }
    Ok(from.bytes()?)
}

/// JavaScript writes numbers above 2^32 as floats.
fn whole_number(from: &mut Decoder<'_>) -> Result<u64, Malformed> {
    if !matches!(from.datatype()?, Type::F16 | Type::F32 | Type::F64) {
        return Ok(from.u64()?);
    }
    let number = from.f64()?;
    if number.fract() != 0.0 || !(0.0..=9_007_199_254_740_992.0).contains(&number) {
        return Err(Malformed(format!("{number} is not a whole number")));
    }
    Ok(number as u64)
}

/// Skips one item. The decoder's own `skip` has no bound on how deep items lie in each other.
fn skip(from: &mut Decoder<'_>, depth: usize) -> Result<(), Malformed> {
    if depth > limits::FRAME_DEPTH {
        return Err(Malformed(format!("more than {} levels of arrays and maps", limits::FRAME_DEPTH)));
    }
    let (items, a_pair) = match from.datatype()? {
        Type::Array | Type::ArrayIndef => (from.array()?, 1),
        Type::Map | Type::MapIndef => (from.map()?, 2),
        Type::Tag => {
            from.tag()?;
            return skip(from, depth + 1);
        }
        Type::BytesIndef | Type::StringIndef => return Ok(from.skip()?),
        _ => return Ok(from.skip()?),
    };
    let mut left = items.map(|items| items.saturating_mul(a_pair));
    loop {
        match left.as_mut() {
            Some(0) => return Ok(()),
            Some(left) => *left -= 1,
            None if from.datatype()? == Type::Break => return Ok(from.skip()?),
            None => {}
        }
        skip(from, depth + 1)?;
    }
}

/// Writing to a `Vec` cannot fail.
const INTO_VEC: &str = "a Vec takes all that is written to it";

/// A binary message to one peer: whom it is to, and what it says. The latter is shared by all that get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    address: Bytes,
    rest: Bytes,
}

impl Frame {
    /// In bytes.
    pub fn len(&self) -> usize {
        self.address.len() + self.rest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What comes first.
    pub fn address(&self) -> &[u8] {
        &self.address
    }

    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// All of it in one piece.
    pub fn to_bytes(&self) -> Bytes {
        [self.address(), self.rest()].concat().into()
    }

    fn whole(rest: Bytes) -> Self {
        Self { address: Bytes::new(), rest }
    }
}

/// How the messages to one peer begin: kept with the connection, since every message needs it.
#[derive(Debug, Clone)]
pub(super) struct Address {
    sync: Bytes,
    ephemeral: Bytes,
}

impl Address {
    pub(super) fn of(target: &str) -> Self {
        let begin = |keys: u64| {
            let mut map = Map::rest(target.len() + 16);
            map.0.map(keys).expect(INTO_VEC);
            map.text("targetId", target).done()
        };
        // One allocation for both: 1,000 connections have one each.
        let (sync, ephemeral) = (begin(5), begin(7));
        let both: Bytes = [&sync[..], &ephemeral[..]].concat().into();
        Self { sync: both.slice(..sync.len()), ephemeral: both.slice(sync.len()..) }
    }

    pub(super) fn sync(&self, rest: Bytes) -> Frame {
        Frame { address: self.sync.clone(), rest }
    }

    pub(super) fn ephemeral(&self, presence: &Presence) -> Frame {
        Frame { address: self.ephemeral.clone(), rest: presence.0.clone() }
    }
}

/// Builds a CBOR map, or the later part of one.
struct Map(Encoder<Vec<u8>>);

impl Map {
    fn rest(capacity: usize) -> Self {
        Self(Encoder::new(Vec::with_capacity(capacity)))
    }
    fn new(keys: u64) -> Self {
        let mut map = Self::rest(128);
        map.0.map(keys).expect(INTO_VEC);
        map
    }
    fn text(mut self, key: &str, value: &str) -> Self {
        self.0.str(key).expect(INTO_VEC).str(value).expect(INTO_VEC);
        self
    }
    fn bytes(mut self, key: &str, value: &[u8]) -> Self {
        self.0.str(key).expect(INTO_VEC).bytes(value).expect(INTO_VEC);
        self
    }
    fn number(mut self, key: &str, value: u64) -> Self {
        self.0.str(key).expect(INTO_VEC).u64(value).expect(INTO_VEC);
        self
    }
    fn done(self) -> Bytes {
        self.0.into_writer().into()
    }
}

pub(super) fn peer(sender: &str, target: &str, storage: &str) -> Frame {
    let mut map = Map::new(5)
        .text("type", "peer")
        .text("senderId", sender)
        .text("targetId", target)
        .text("selectedProtocolVersion", VERSION);
    map.0.str("peerMetadata").expect(INTO_VEC).map(2).expect(INTO_VEC);
    map.0.str("storageId").expect(INTO_VEC).str(storage).expect(INTO_VEC);
    map.0.str("isEphemeral").expect(INTO_VEC).bool(false).expect(INTO_VEC);
    Frame::whole(map.done())
}

pub(super) fn error(sender: &str, target: &str, message: &str) -> Frame {
    let map = Map::new(4)
        .text("type", "error")
        .text("senderId", sender)
        .text("targetId", target)
        .text("message", message);
    Frame::whole(map.done())
}

/// Has no `data` key: stock clients throw on one, whatever its value.
pub(super) fn doc_unavailable(sender: &str, target: &str, document: DocumentId) -> Frame {
    let map = Map::new(4)
        .text("type", "doc-unavailable")
        .text("senderId", sender)
        .text("targetId", target)
        .text("documentId", &document.to_string());
    Frame::whole(map.done())
}

/// All of a `sync` frame except for whom it is: the same for every peer that gets this message.
pub(super) fn rest_of_sync(sender: &str, document: &str, message: &[u8]) -> Bytes {
    Map::rest(message.len() + 128)
        .text("type", "sync")
        .text("senderId", sender)
        .text("documentId", document)
        .bytes("data", message)
        .done()
}

fn rest_of_ephemeral(sender: &str, document: DocumentId, count: u64, session: &str, data: &[u8]) -> Bytes {
    Map::rest(data.len() + 192)
        .text("type", "ephemeral")
        .text("senderId", sender)
        .text("documentId", &document.to_string())
        .number("count", count)
        .text("sessionId", session)
        .bytes("data", data)
        .done()
}
