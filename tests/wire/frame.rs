//! Frames as a client writes and reads them: CBOR maps around Automerge's sync messages.

use automerge::ChangeHash;
use automerge::sync::{BloomFilter, Have, Message, MessageFlags, MessageVersion};
use minicbor::{Decoder, Encoder};

/// What a frame from the server says, as far as these clients look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) kind: String,
    pub(crate) sender: String,
    pub(crate) message: String,
    pub(crate) data: Vec<u8>,
}

impl Frame {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut from = Decoder::new(bytes);
        let mut frame = Self::default();
        for _ in 0..from.map().unwrap().expect("a length") {
            match from.str().unwrap() {
                "type" => frame.kind = from.str().unwrap().into(),
                "senderId" => frame.sender = from.str().unwrap().into(),
                "message" => frame.message = from.str().unwrap().into(),
                "data" => frame.data = from.bytes().unwrap().to_vec(),
                _ => from.skip().unwrap(),
            }
        }
        frame
    }
}

pub(crate) fn join(sender: &str) -> Vec<u8> {
    let mut to = Encoder::new(Vec::new());
    to.map(4).unwrap().str("type").unwrap().str("join").unwrap();
    to.str("senderId").unwrap().str(sender).unwrap();
    to.str("peerMetadata").unwrap().map(0).unwrap();
    to.str("supportedProtocolVersions").unwrap().array(1).unwrap().str("1").unwrap();
    to.into_writer()
}

/// A `request` or `sync` frame.
pub(crate) fn envelope(kind: &str, sender: &str, server: &str, document: &str, data: &[u8]) -> Vec<u8> {
    let document = document.strip_prefix("automerge:").unwrap_or(document);
    let mut to = Encoder::new(Vec::with_capacity(data.len() + 256));
    to.map(5).unwrap().str("type").unwrap().str(kind).unwrap();
    to.str("senderId").unwrap().str(sender).unwrap();
    to.str("targetId").unwrap().str(server).unwrap();
    to.str("documentId").unwrap().str(document).unwrap();
    to.str("data").unwrap().bytes(data).unwrap();
    to.into_writer()
}

/// A sync message of a peer in step: its heads, nothing needed, these changes.
pub(crate) fn message(heads: Vec<ChangeHash>, changes: Vec<Vec<u8>>) -> Vec<u8> {
    let mut flags = MessageFlags::new();
    flags.set(MessageFlags::SUPPORTS_SYNC_RESET);
    let have = Have { last_sync: heads.clone(), bloom: BloomFilter::default() };
    Message {
        heads,
        need: Vec::new(),
        have: vec![have],
        changes: changes.into(),
        flags: Some(flags),
        version: MessageVersion::V1,
    }
    .encode()
}

/// What the server says of a document: its heads, and chunks of changes and documents.
pub(crate) fn decode(data: &[u8]) -> Message {
    Message::decode(data).expect("the server's messages can be read")
}

/// A presence message, the `count`-th of its session.
pub(crate) fn ephemeral(sender: &str, document: &str, count: u64, data: &[u8]) -> Vec<u8> {
    let document = document.strip_prefix("automerge:").unwrap_or(document);
    let mut to = Encoder::new(Vec::new());
    to.map(7).unwrap().str("type").unwrap().str("ephemeral").unwrap();
    to.str("senderId").unwrap().str(sender).unwrap();
    to.str("targetId").unwrap().str("").unwrap();
    to.str("documentId").unwrap().str(document).unwrap();
    to.str("sessionId").unwrap().str("session").unwrap();
    to.str("count").unwrap().u64(count).unwrap();
    to.str("data").unwrap().bytes(data).unwrap();
    to.into_writer()
}
