//! How much one connection may ask of the server. A peer over a limit learns which one, then is cut off.

use std::time::Duration;

/// Bytes of one frame. A whole history of 260,000 keystrokes is 0.5 MB; as single changes, 29 MB, which
/// clients send only to servers that they take for very old.
pub const FRAME_BYTES: usize = 16 << 20;

/// Changes and documents in one sync message.
pub const CHUNKS_PER_MESSAGE: usize = 100_000;

/// Hashes in one list of a sync message: heads, needs, or the heads of the last sync.
pub const HASHES_PER_LIST: usize = 4_096;

/// Summaries of what a peer has. The protocol knows one; older clients may send more.
pub const HAVES_PER_MESSAGE: usize = 8;

/// Documents that one connection has open or waits for.
pub const DOCUMENTS_PER_CONNECTION: usize = 256;

/// Bytes of one presence message. The host counts how many come.
pub const EPHEMERAL_BYTES: usize = 8 << 10;

/// Arrays and maps within each other in one frame, unknown keys included.
pub const FRAME_DEPTH: usize = 16;

/// Bytes of a peer id or a session id.
pub const NAME_BYTES: usize = 256;

/// Bytes of all messages of a connection that wait until the host has opened their documents.
pub const WAITING_BYTES: usize = 2 * FRAME_BYTES;

/// Messages for one document that wait until the host has opened it.
pub const WAITING_MESSAGES: usize = 16;

/// Changes whose dependencies have not come yet are kept up to this size. Beyond it they are dropped,
/// and the peer is asked to begin anew.
pub const ORPHAN_BYTES: usize = 1 << 20;

/// How often a peer that has told of heads is asked for them without giving them, before it is left be.
pub const ASKS: u8 = 3;

/// How long a request for a document that is not there (or not for this peer) waits before the answer:
/// its creator's first message may be on its way, since clients hold theirs back for 100 ms.
pub const UNAVAILABLE_AFTER: Duration = Duration::from_millis(500);
