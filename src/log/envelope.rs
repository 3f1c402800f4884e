//! What the Merkle tree and the checkpoints vouch for: the digest of a payload, and the bytes of an
//! envelope. Both can be computed again without this software.
//!
//! **Digest of a payload**: SHA-256 over a salt of 16 random bytes followed by the payload. The salt
//! keeps a short payload from being guessed after it was erased.
//!
//! **Leaf**: RFC 6962 leaf hash, SHA-256 over the byte 0x00 followed by the envelope, which is:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | 0x01, the version of this encoding |
//! | 8 | position |
//! | 2, then n | length of the stream's name, the name in UTF-8 |
//! | 8 | version in the stream |
//! | 16 | event id |
//! | 2, then n | length of the kind, the kind in UTF-8 |
//! | 2 | version of the payload's shape |
//! | 8 | time: milliseconds since 1970-01-01T00:00:00Z, two's complement |
//! | 1, then 2, then n | 0x00: no actor; 0x01: length of the person id, the id in UTF-8 |
//! | 1, then 16 | 0x00: no plan; 0x01: plan id |
//! | 1, then 16 | 0x00: no cause; 0x01: id of the cause |
//! | 1 | 0x00: the payload is kept; 0x01: it can be erased |
//! | 32 | digest of the payload |
//!
//! All numbers are big-endian. The leaf of position p is leaf number p - 1 of the tree.

use sha2::{Digest as _, Sha256};
use tlog_tiles::tlog::{Hash, record_hash};

use super::Recorded;

pub(super) const SALT: usize = 16;

/// SHA-256 over salt and payload.
pub fn payload_digest(salt: &[u8; SALT], payload: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(payload).finalize().into()
}

/// The bytes of the envelope, as the module's table says.
pub fn envelope(event: &Recorded, erasable: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.push(1);
    out.extend(event.position.to_be_bytes());
    text(&mut out, event.stream.as_str());
    out.extend(event.version.to_be_bytes());
    out.extend(event.id.0.as_bytes());
    text(&mut out, &event.kind);
    out.extend(event.schema.to_be_bytes());
    out.extend(event.at.0.to_be_bytes());
    match &event.actor {
        None => out.push(0),
        Some(person) => {
            out.push(1);
            text(&mut out, person.as_str());
        }
    }
    optional(&mut out, event.plan.map(|plan| plan.0));
    optional(&mut out, event.cause.map(|cause| cause.0));
    out.push(erasable.into());
    out.extend(event.digest);
    out
}

pub(super) fn leaf(event: &Recorded, erasable: bool) -> Hash {
    record_hash(&envelope(event, erasable))
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Names are short: `Names::number` refuses longer ones before they come here.
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}

fn optional(out: &mut Vec<u8>, id: Option<uuid::Uuid>) {
    match id {
        None => out.push(0),
        Some(id) => {
            out.push(1);
            out.extend(id.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventId, PersonId, PlanId, Timestamp};
    use crate::log::Stream;
    use uuid::Uuid;

    /// The bytes are fixed for ever: whoever checks a record years from now builds them from the table.
    #[test]
    fn the_encoding_is_what_the_table_says() {
        let event = Recorded {
            position: 7,
            stream: Stream::new("s"),
            version: 2,
            id: EventId(Uuid::from_bytes([0xaa; 16])),
            kind: "a.b".into(),
            schema: 3,
            at: Timestamp(-1),
            actor: Some(PersonId::new("p-1").unwrap()),
            plan: Some(PlanId(Uuid::from_bytes([0xbb; 16]))),
            cause: None,
            digest: [0xcc; 32],
            payload: None,
        };
        let mut expected = vec![1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, b's', 0, 0, 0, 0, 0, 0, 0, 2];
        expected.extend([0xaa; 16]);
        expected.extend([0, 3, b'a', b'.', b'b', 0, 3]);
        expected.extend([0xff; 8]);
        expected.extend([1, 0, 3, b'p', b'-', b'1', 1]);
        expected.extend([0xbb; 16]);
        expected.extend([0, 1]);
        expected.extend([0xcc; 32]);
        assert_eq!(envelope(&event, true), expected);
    }

    #[test]
    fn the_digest_covers_the_salt() {
        assert_ne!(payload_digest(&[0; 16], b"a"), payload_digest(&[1; 16], b"a"));
    }
}
