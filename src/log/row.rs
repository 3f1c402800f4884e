//! A row: the events of one commit (at most [`ROW_EVENTS`]), packed column by column and compressed.
//!
//! Layout before compression: the count, then for each event its numbers as LEB128 varints (stream,
//! version, kind, schema, time since the event before, actor + 1, plan + 1, flags, payload length);
//! then all ids; all causes; all secrets (the salt of a kept payload, the digest of an erasable one);
//! all kept payloads. Numbers of names are those of [`Names`]. A kept payload's digest is not stored:
//! it follows from salt and payload.

use std::io;

use bytes::Bytes;
use uuid::Uuid;

use super::{
    Recorded,
    envelope::{SALT, payload_digest},
    names::{Name, Names},
};
use crate::domain::{EventId, Position, Timestamp};

/// So that reading one event does not unpack a whole day.
pub(super) const ROW_EVENTS: usize = 512;
/// A row is closed when its payloads reach this many bytes.
pub(super) const ROW_BYTES: usize = 256 * 1024;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Beyond level 1 the bytes hardly shrink: most of what is left is ids, salts and hashes.
pub(super) const ZSTD_LEVEL: i32 = 1;

const HAS_CAUSE: u64 = 1;
const ERASABLE: u64 = 2;

/// An event as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub event: Recorded,
    pub erasable: bool,
    /// None once the payload is erased: the salt of an erasable payload lies beside it and goes with it.
    pub salt: Option<[u8; SALT]>,
}

/// What is wrong with a row; the caller knows which one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRow(pub(super) &'static str);

/// Packs events whose names are all numbered.
pub(super) fn pack(
    events: &[Stored],
    names: &Names,
    zstd: &mut zstd::bulk::Compressor<'_>,
) -> io::Result<Vec<u8>> {
    let plain = pack_plain(events, names);
    let packed = zstd.compress(&plain)?;
    let mut row = Vec::with_capacity(packed.len().min(plain.len()) + 6);
    // One event alone often does not shrink.
    if packed.len() + 4 < plain.len() {
        row.push(ZSTD);
        varint(&mut row, plain.len() as u64);
        row.extend(packed);
    } else {
        row.push(PLAIN);
        row.extend(plain);
    }
    Ok(row)
}

fn pack_plain(events: &[Stored], names: &Names) -> Vec<u8> {
    let number = |name: &Name| u64::from(names.number(name).expect("the writer numbered every name"));
    let mut out = Vec::with_capacity(events.len() * 200);
    varint(&mut out, events.len() as u64);
    let mut before = 0;
    for Stored { event, erasable, .. } in events {
        varint(&mut out, number(&Name::Stream(event.stream.clone())));
        varint(&mut out, event.version);
        varint(&mut out, number(&Name::Kind(event.kind.clone())));
        varint(&mut out, event.schema.into());
        let step = event.at.0.wrapping_sub(before);
        varint(&mut out, ((step << 1) ^ (step >> 63)) as u64);
        before = event.at.0;
        varint(&mut out, event.actor.as_ref().map_or(0, |actor| number(&Name::Person(actor.clone())) + 1));
        varint(&mut out, event.plan.map_or(0, |plan| number(&Name::Plan(plan)) + 1));
        let cause = if event.cause.is_some() { HAS_CAUSE } else { 0 };
        varint(&mut out, cause | if *erasable { ERASABLE } else { 0 });
        varint(&mut out, kept(event, *erasable).len() as u64);
    }
    events.iter().for_each(|stored| out.extend(stored.event.id.0.as_bytes()));
    events.iter().filter_map(|stored| stored.event.cause).for_each(|cause| out.extend(cause.0.as_bytes()));
    for stored in events {
        match &stored.salt {
            Some(salt) if !stored.erasable => out.extend(salt),
            Some(_) | None => out.extend(stored.event.digest),
        }
    }
    events.iter().for_each(|stored| out.extend(kept(&stored.event, stored.erasable)));
    out
}

fn kept(event: &Recorded, erasable: bool) -> &[u8] {
    match &event.payload {
        Some(payload) if !erasable => payload,
        Some(_) | None => &[],
    }
}

/// Unpacks a row whose first event is at `first`. Erasable payloads are left out: they lie elsewhere.
pub(super) fn unpack(first: Position, row: &[u8], names: &Names) -> Result<Vec<Stored>, BadRow> {
    let (&form, rest) = row.split_first().ok_or(BadRow("it is empty"))?;
    let plain = match form {
        PLAIN => Bytes::copy_from_slice(rest),
        ZSTD => {
            let mut rest = rest;
            let length =
                usize::try_from(read_varint(&mut rest)?).map_err(|_| BadRow("its length is wrong"))?;
            // A damaged length must not ask for all memory: nothing packs better than this.
            if length > rest.len().saturating_mul(1 << 15) {
                return Err(BadRow("its length is wrong"));
            }
            let plain = zstd::bulk::decompress(rest, length).map_err(|_| BadRow("it does not decompress"))?;
            if plain.len() != length {
                return Err(BadRow("its length is wrong"));
            }
            Bytes::from(plain)
        }
        _ => return Err(BadRow("its form is unknown")),
    };
    unpack_plain(first, plain, names)
}

fn unpack_plain(first: Position, plain: Bytes, names: &Names) -> Result<Vec<Stored>, BadRow> {
    let mut heads = plain.as_ref();
    let count = read_varint(&mut heads)?;
    if count == 0 || count > ROW_EVENTS as u64 {
        return Err(BadRow("its count is wrong"));
    }
    let unknown = BadRow("it uses a name that is not in the log");
    let mut events = Vec::with_capacity(count as usize);
    let mut lengths = Vec::with_capacity(count as usize);
    let mut before = 0i64;
    for ordinal in 0..count {
        let stream = names.stream(read_varint(&mut heads)?);
        let version = read_varint(&mut heads)?;
        let kind = names.kind(read_varint(&mut heads)?);
        let schema =
            u16::try_from(read_varint(&mut heads)?).map_err(|_| BadRow("a schema version is wrong"))?;
        let step = read_varint(&mut heads)?;
        let at = before.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
        before = at;
        let actor = match read_varint(&mut heads)? {
            0 => None,
            number => {
                Some(names.person(number - 1).ok_or(BadRow("it uses a person that is not in the log"))?)
            }
        };
        let plan = match read_varint(&mut heads)? {
            0 => None,
            number => Some(names.plan(number - 1).ok_or(BadRow("it uses a plan that is not in the log"))?),
        };
        let flags = read_varint(&mut heads)?;
        if flags > (HAS_CAUSE | ERASABLE) {
            return Err(BadRow("a flag is unknown"));
        }
        lengths.push(usize::try_from(read_varint(&mut heads)?).map_err(|_| BadRow("a length is wrong"))?);
        let (Some(stream), Some(kind)) = (stream, kind) else { return Err(unknown) };
        let erasable = flags & ERASABLE != 0;
        events.push(Stored {
            event: Recorded {
                position: first + ordinal,
                stream,
                version,
                id: EventId(Uuid::nil()),
                kind,
                schema,
                at: Timestamp(at),
                actor,
                plan,
                cause: (flags & HAS_CAUSE != 0).then_some(EventId(Uuid::nil())),
                digest: [0; 32],
                payload: None,
            },
            erasable,
            salt: (!erasable).then_some([0; SALT]),
        });
    }
    let mut at = plain.len() - heads.len();
    let mut take = |length: usize| {
        let end =
            at.checked_add(length).filter(|end| *end <= plain.len()).ok_or(BadRow("it is cut short"))?;
        let part = at..end;
        at = end;
        Ok(part)
    };
    for stored in &mut events {
        stored.event.id = EventId(Uuid::from_bytes(array(&plain[take(16)?])));
    }
    for cause in events.iter_mut().filter_map(|stored| stored.event.cause.as_mut()) {
        *cause = EventId(Uuid::from_bytes(array(&plain[take(16)?])));
    }
    for stored in &mut events {
        match &mut stored.salt {
            Some(salt) => *salt = array(&plain[take(SALT)?]),
            None => stored.event.digest = array(&plain[take(32)?]),
        }
    }
    for (stored, length) in events.iter_mut().zip(lengths) {
        if let Some(salt) = &stored.salt {
            let payload = plain.slice(take(length)?);
            stored.event.digest = payload_digest(salt, &payload);
            stored.event.payload = Some(payload);
        } else if length != 0 {
            return Err(BadRow("an erasable payload lies in it"));
        }
    }
    if at != plain.len() {
        return Err(BadRow("it is too long"));
    }
    Ok(events)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the slice was taken with this length")
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(from: &mut &[u8]) -> Result<u64, BadRow> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first().ok_or(BadRow("it is cut short"))?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(BadRow("a number is too long"))
}
