//! The Automerge sync message, as it lies in the `data` of a frame. Own code: the crate's decoder
//! divides by zero on a Bloom filter without bits, and copies every change.
//!
//! ```text
//! 0x42 | 0x43, heads, need, have, changes, flags
//! ```
//! Lists have their count before them, byte strings their length, numbers are unsigned LEB128.

use bytes::Bytes;

use super::bloom::Bloom;
use crate::domain::{ChangeHash, Heads, limits};

/// Changes one by one: every version reads it.
const CHANGES: u8 = 0x42;
/// One entry: a document chunk, perhaps with changes after it.
const DOCUMENT: u8 = 0x43;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// Why a message cannot be read. The sentence goes to the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this sync message cannot be read: {0}")]
pub(super) struct Malformed(pub &'static str);

/// What a message says beside its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags {
    /// Forget what you sent to me, and begin anew.
    pub sync_reset: bool,
    /// I take no changes.
    pub read_only: bool,
    /// I know what `sync_reset` means.
    pub knows_reset: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Have {
    pub last_sync: Heads,
    pub bloom: Bloom,
}

impl Have {
    /// "I have all of this, and nothing else that you need to know of."
    pub(super) fn exactly(heads: Heads) -> Self {
        Self { last_sync: heads, bloom: Bloom::default() }
    }

    /// "What I said of the last sync is void."
    pub(super) fn is_reset(&self) -> bool {
        self.last_sync.is_empty() && self.bloom.is_empty()
    }
}

/// A message from a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub heads: Heads,
    pub need: Heads,
    pub have: Vec<Have>,
    /// Changes and documents, one chunk each, in order.
    pub chunks: Vec<Bytes>,
    /// None: a peer so old that it reads only lists of changes.
    pub flags: Option<Flags>,
}

/// What a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Carried {
    Changes(Vec<Bytes>),
    /// A document chunk and the changes after it.
    Document(Vec<Bytes>),
}

impl Default for Carried {
    /// Nothing.
    fn default() -> Self {
        Self::Changes(Vec::new())
    }
}

/// Encodes a message to a peer. The flags always stand at its end: without them a client takes the
/// sender for an old one, to which it sends a whole history change by change.
pub(super) fn encode(
    heads: &[ChangeHash],
    need: &[ChangeHash],
    have: &[Have],
    carried: &Carried,
    flags: Flags,
) -> Vec<u8> {
    let (kind, chunks) = match carried {
        Carried::Changes(chunks) => (CHANGES, chunks),
        Carried::Document(chunks) => (DOCUMENT, chunks),
    };
    let size: usize = chunks.iter().map(|chunk| chunk.len() + 4).sum();
    let mut to = Vec::with_capacity(size + 32 * (heads.len() + need.len() + have.len()) + 64);
    to.push(kind);
    write_hashes(&mut to, heads);
    write_hashes(&mut to, need);
    write_number(&mut to, have.len() as u64);
    for have in have {
        write_hashes(&mut to, &have.last_sync);
        have.bloom.encode(&mut to);
    }
    match carried {
        Carried::Changes(chunks) => {
            write_number(&mut to, chunks.len() as u64);
            for chunk in chunks {
                write_number(&mut to, chunk.len() as u64);
                to.extend_from_slice(chunk);
            }
        }
        Carried::Document(chunks) => {
            write_number(&mut to, 1);
            write_number(&mut to, chunks.iter().map(|chunk| chunk.len() as u64).sum());
            chunks.iter().for_each(|chunk| to.extend_from_slice(chunk));
        }
    }
    // Two bytes: "reads documents" as the oldest clients said it, then the bits of today.
    to.extend_from_slice(&[2, 2, 0x80 | flags.bits()]);
    to
}

impl Flags {
    fn bits(self) -> u8 {
        u8::from(self.sync_reset) | u8::from(self.read_only) << 1 | u8::from(self.knows_reset) << 2
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let bits = bytes.iter().filter(|byte| **byte & 0x80 != 0).fold(0, |all, byte| all | byte);
        Self { sync_reset: bits & 1 != 0, read_only: bits & 2 != 0, knows_reset: bits & 4 != 0 }
    }
}

impl Message {
    pub(super) fn decode(data: &Bytes) -> Result<Self, Malformed> {
        let mut from = Cursor::new(data);
        if !matches!(from.take(1)?, [CHANGES | DOCUMENT]) {
            return Err(Malformed("its first byte is neither 0x42 nor 0x43"));
        }
        let heads = from.hashes()?;
        let need = from.hashes()?;
        let count = from.count(limits::HAVES_PER_MESSAGE, "too many summaries of what the peer has")?;
        let mut have = Vec::with_capacity(count);
        for _ in 0..count {
            let last_sync = from.hashes()?;
            let bloom = from.byte_string()?;
            have.push(Have { last_sync, bloom: Bloom::decode(bloom)? });
        }
        let count = from.count(limits::CHUNKS_PER_MESSAGE, "too many changes")?;
        let mut chunks = Vec::new();
        for _ in 0..count {
            split(data, from.byte_string()?, &mut chunks)?;
        }
        let flags = if from.is_empty() { None } else { Some(Flags::from_bytes(from.byte_string()?)) };
        Ok(Self { heads, need, have, chunks, flags })
    }
}

/// Cuts one entry into its chunks by their headers, without copying.
fn split(data: &Bytes, entry: &[u8], chunks: &mut Vec<Bytes>) -> Result<(), Malformed> {
    let mut from = Cursor::new(entry);
    while !from.is_empty() {
        let before = from.rest();
        if from.take(4)? != MAGIC {
            return Err(Malformed("a change does not begin as one"));
        }
        from.take(5)?; // checksum and type: the scan looks at them
        from.byte_string()?;
        if chunks.len() == limits::CHUNKS_PER_MESSAGE {
            return Err(Malformed("too many changes"));
        }
        chunks.push(data.slice_ref(&before[..before.len() - from.rest().len()]));
    }
    Ok(())
}

fn write_hashes(to: &mut Vec<u8>, hashes: &[ChangeHash]) {
    debug_assert!(hashes.is_sorted(), "lists of hashes ascend");
    write_number(to, hashes.len() as u64);
    hashes.iter().for_each(|hash| to.extend_from_slice(&hash.0));
}

pub(super) fn write_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Reads from the front of some bytes.
pub(super) struct Cursor<'b>(&'b [u8]);

const TOO_SHORT: Malformed = Malformed("it ends too early");

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn rest(&self) -> &'b [u8] {
        self.0
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed("a number is too large"))
    }

    fn count(&mut self, most: usize, otherwise: &'static str) -> Result<usize, Malformed> {
        match self.number()? {
            count if count <= most as u64 => Ok(count as usize),
            _ => Err(Malformed(otherwise)),
        }
    }

    fn byte_string(&mut self) -> Result<&'b [u8], Malformed> {
        let len = self.number()?;
        self.take(usize::try_from(len).map_err(|_| TOO_SHORT)?)
    }

    fn hashes(&mut self) -> Result<Heads, Malformed> {
        let count = self.count(limits::HASHES_PER_LIST, "too many hashes in one list")?;
        let bytes = self.take(count * 32)?;
        Ok(bytes.chunks_exact(32).map(|hash| ChangeHash(hash.try_into().expect("32 bytes"))).collect())
    }
}
