//! One Automerge change, as far as the record needs to know it.

use std::sync::Arc;

use bytes::Bytes;

use super::{ActorId, ChangeHash};

/// What one keystroke or action of one person did to the document. Cheap to clone: a whole history of them
/// goes through several hands. Made by the byte scan, which has checked that the fields are what the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub hash: ChangeHash,
    /// The changes that its author had seen, in ascending order.
    pub deps: Arc<[ChangeHash]>,
    pub actor: ActorId,
    /// 1 for an actor's first change, then one more each.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// Seconds since 1970, as the author's device says.
    pub time: i64,
    /// The chunk, uncompressed.
    pub raw: Bytes,
}
