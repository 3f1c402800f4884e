//! A whole document for a peer that has nothing, before its history is in memory.
//!
//! All that such a peer needs is the newest snapshot and the changes after it: milliseconds, where a long
//! history takes most of a second to read. What the peer says next waits until the document is open.

use bytes::Bytes;

use super::message::{self, Carried, Flags, Have, Message};
use super::{Access, Config, frame};
use crate::domain::{DocumentId, Heads};

/// A document as it is on disk.
#[derive(Debug, Clone)]
pub struct Greeting {
    pub heads: Heads,
    /// How many changes it holds.
    pub len: u32,
    /// A snapshot, and the changes after it.
    pub chunks: Vec<Bytes>,
}

/// What was sent to a peer before its document was open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Greeted {
    pub(super) len: u32,
    pub(super) flags: Flags,
    pub(super) access: Access,
}

/// Whether this is what a peer says that has nothing, wants all, and reads whole documents.
pub(super) fn calls_for_all(message: &Message) -> bool {
    message.heads.is_empty()
        && message.need.is_empty()
        && message.chunks.is_empty()
        && message.flags.is_some_and(|flags| !flags.read_only)
}

/// All but whom it is to.
pub(super) fn encode(document: DocumentId, greeting: &Greeting, access: Access, config: &Config) -> Bytes {
    let flags = Flags { sync_reset: false, read_only: access == Access::ReadOnly, knows_reset: true };
    let have = [Have::exactly(greeting.heads.clone())];
    let carried = Carried::Document(greeting.chunks.clone());
    let message = message::encode(&greeting.heads, &[], &have, &carried, flags);
    frame::rest_of_sync(&config.peer, &document.to_string(), &message)
}
