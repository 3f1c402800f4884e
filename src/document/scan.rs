//! The byte scan: what a change is, checked without decoding its operations.
//!
//! It comes first in every way of admission, because some bytes abort the process before any check of the
//! document crate is reached: 69 bytes can declare 33 million rows, and 583 kB can inflate to 2 GB.

use std::io::Read;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Refused;
use super::columns::{Column, Reader, count_booleans, descriptions, walk};
use crate::domain::{ActorId, Change, ChangeHash, limits};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
pub(super) const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
const DEFLATED_CHANGE: u8 = 2;

/// The columns of a change, by specification (`id << 4 | kind`).
pub(super) mod column {
    pub(in crate::document) const OBJECT_ACTOR: u32 = 0x01;
    pub(in crate::document) const OBJECT_COUNTER: u32 = 0x02;
    pub(in crate::document) const KEY_ACTOR: u32 = 0x11;
    pub(in crate::document) const KEY_COUNTER: u32 = 0x13;
    pub(in crate::document) const KEY_TEXT: u32 = 0x15;
    pub(in crate::document) const INSERT: u32 = 0x34;
    pub(in crate::document) const ACTION: u32 = 0x42;
    pub(in crate::document) const VALUE_META: u32 = 0x56;
    pub(in crate::document) const VALUE: u32 = 0x57;
    pub(in crate::document) const PREDECESSORS: u32 = 0x70;
    pub(in crate::document) const PREDECESSOR_ACTOR: u32 = 0x71;
    pub(in crate::document) const PREDECESSOR_COUNTER: u32 = 0x73;
    pub(in crate::document) const EXPAND: u32 = 0x94;
    pub(in crate::document) const MARK_NAME: u32 = 0xa5;
    pub(in crate::document) const COUNT: u64 = 14;
}

/// One piece of a stream of concatenated chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// To be handed to [`scan`].
    Change(Bytes),
    /// A whole saved document, to be handed to [`super::import`].
    Document(Bytes),
}

/// Cuts concatenated chunks apart. Looks at their headers only.
pub fn split(bytes: &Bytes) -> Result<Vec<Chunk>, Refused> {
    let mut chunks = Vec::new();
    let mut rest = bytes.clone();
    while !rest.is_empty() {
        let header = Header::read(&rest)?;
        let chunk = rest.split_to(header.end);
        chunks.push(match header.kind {
            DOCUMENT => Chunk::Document(chunk),
            _ => Chunk::Change(chunk),
        });
    }
    Ok(chunks)
}

/// Reads one change chunk (as it is, or deflated) and checks every declared size, the checksum and the
/// ranges of its fields. The operations are counted, not decoded: whether they make sense is admission's.
pub fn scan(chunk: &[u8]) -> Result<Change, Refused> {
    let header = Header::read(chunk)?;
    if header.end != chunk.len() {
        return Err(Refused::malformed("bytes follow its end"));
    }
    let data = &chunk[header.start..];
    match header.kind {
        CHANGE => scan_body(header.checksum, data, || Bytes::copy_from_slice(chunk)),
        DEFLATED_CHANGE => {
            let body = inflate(data, limits::CHANGE_BYTES)?;
            scan_body(header.checksum, &body, || change_chunk(header.checksum, &body))
        }
        _ => Err(Refused::new("change_expected", "A change was expected, not a whole document.")),
    }
}

/// The front of a chunk: magic, checksum, kind, length.
pub(super) struct Header {
    pub(super) checksum: [u8; 4],
    pub(super) kind: u8,
    /// Where the data begins and ends, in bytes from the chunk's first.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let mut reader = Reader::new(bytes);
        if reader.take(4)? != MAGIC {
            return Err(Refused::malformed("it does not begin with Automerge's magic bytes"));
        }
        let checksum = reader.take(4)?.try_into().expect("four bytes were taken");
        let kind = reader.byte()?;
        if !matches!(kind, DOCUMENT | CHANGE | DEFLATED_CHANGE) {
            return Err(Refused::new(
                "chunk_kind",
                "Only changes and saved documents are taken, no bundles or other chunks.",
            ));
        }
        let length = reader.unsigned()?;
        let start = bytes.len() - reader.rest().len();
        reader.take(length)?;
        Ok(Self { checksum, kind, start, end: start + length as usize })
    }
}

/// A chunk's hash: over its kind, its length and its data.
pub(super) fn hash(kind: u8, data: &[u8]) -> [u8; 32] {
    let mut front = vec![kind];
    write_unsigned(&mut front, data.len() as u64);
    Sha256::new().chain_update(front).chain_update(data).finalize().into()
}

fn change_chunk(checksum: [u8; 4], data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(data.len() + 14);
    out.extend(MAGIC);
    out.extend(checksum);
    out.push(CHANGE);
    write_unsigned(&mut out, data.len() as u64);
    out.extend(data);
    out.into()
}

fn write_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Inflates at most `most` bytes, and nothing may follow the stream's end.
pub(super) fn inflate(data: &[u8], most: u64) -> Result<Vec<u8>, Refused> {
    let mut decoder = flate2::bufread::DeflateDecoder::new(data);
    let mut out = Vec::new();
    decoder
        .by_ref()
        .take(most + 1)
        .read_to_end(&mut out)
        .map_err(|_| Refused::malformed("its compressed part is damaged"))?;
    if out.len() as u64 > most {
        return Err(Refused::too_large("bytes once inflated", most));
    }
    if !decoder.into_inner().is_empty() {
        return Err(Refused::malformed("bytes follow its compressed part"));
    }
    Ok(out)
}

/// Reads a change that is in the log, and was scanned on its way there: its front and its checksum, not its
/// operations again. Shares the bytes.
pub fn reread(chunk: &Bytes) -> Result<Change, Refused> {
    let header = Header::read(chunk)?;
    if header.kind != CHANGE || header.end != chunk.len() {
        return Err(Refused::new("change_expected", "One uncompressed change was expected."));
    }
    let (front, _) = front(header.checksum, &chunk[header.start..])?;
    Ok(front.with(chunk.clone()))
}

/// What stands before the operations.
struct Front {
    hash: ChangeHash,
    deps: Vec<ChangeHash>,
    actor: ActorId,
    seq: u64,
    start_op: u64,
    time: i64,
}

impl Front {
    fn with(self, raw: Bytes) -> Change {
        let Self { hash, deps, actor, seq, start_op, time } = self;
        Change { hash, deps: deps.into(), actor, seq, start_op, time, raw }
    }
}

fn front(checksum: [u8; 4], body: &[u8]) -> Result<(Front, Reader<'_>), Refused> {
    if body.len() as u64 > limits::CHANGE_BYTES {
        return Err(Refused::too_large("bytes", limits::CHANGE_BYTES));
    }
    let hash = ChangeHash(hash(CHANGE, body));
    if hash.0[..4] != checksum {
        return Err(Refused::new("change_checksum", "The change is damaged: its checksum does not fit."));
    }
    let mut reader = Reader::new(body);
    let deps = dependencies(&mut reader)?;
    let actor = actor(&mut reader)?;
    let seq = reader.unsigned()?;
    let start_op = reader.unsigned()?;
    if !(1..limits::COUNTER).contains(&seq) || !(1..limits::COUNTER).contains(&start_op) {
        return Err(Refused::new(
            "change_counter",
            "The change's sequence or operation number is out of range.",
        ));
    }
    let time = reader.signed()?;
    if !(0..limits::TIME).contains(&time) {
        return Err(Refused::new("change_time", "The change's time is out of range."));
    }
    Ok((Front { hash, deps, actor, seq, start_op, time }, reader))
}

fn scan_body(checksum: [u8; 4], body: &[u8], raw: impl FnOnce() -> Bytes) -> Result<Change, Refused> {
    let (front, mut reader) = front(checksum, body)?;
    let message = reader.prefixed()?;
    if message.len() as u64 > limits::MESSAGE_BYTES {
        return Err(Refused::too_large("bytes of message", limits::MESSAGE_BYTES));
    }
    if std::str::from_utf8(message).is_err() {
        return Err(Refused::malformed("its message is not UTF-8"));
    }
    let others = reader.unsigned()?;
    if others > limits::ACTORS {
        return Err(Refused::too_large("actors", limits::ACTORS));
    }
    for _ in 0..others {
        self::actor(&mut reader)?;
    }
    let columns = descriptions(&mut reader, column::COUNT)?
        .into_iter()
        .map(|(spec, length)| Ok(Column { spec, data: reader.take(length)? }))
        .collect::<Result<Vec<_>, Refused>>()?;
    Operations { columns: &columns, actors: others + 1 }.check(front.start_op)?;
    check_footer(front.seq, reader.rest())?;
    Ok(front.with(raw()))
}

fn dependencies(reader: &mut Reader<'_>) -> Result<Vec<ChangeHash>, Refused> {
    let count = reader.unsigned()?;
    if count > limits::DEPENDENCIES {
        return Err(Refused::too_large("dependencies", limits::DEPENDENCIES));
    }
    let deps = (0..count)
        .map(|_| Ok(ChangeHash(reader.take(32)?.try_into().expect("32 bytes were taken"))))
        .collect::<Result<Vec<_>, Refused>>()?;
    if !deps.is_sorted_by(|a, b| a < b) {
        return Err(Refused::malformed("its dependencies are out of order"));
    }
    Ok(deps)
}

fn actor(reader: &mut Reader<'_>) -> Result<ActorId, Refused> {
    let bytes = reader.prefixed()?;
    ActorId::new(bytes).map_err(|_| Refused::new("change_actor", "An actor id must have 1 to 64 bytes."))
}

/// What may follow the columns: nothing, or on an actor's first change the author footer. On a later
/// change the footer makes the document crate panic.
fn check_footer(seq: u64, footer: &[u8]) -> Result<(), Refused> {
    const AUTHOR: u64 = 1;
    if footer.is_empty() {
        return Ok(());
    }
    let refused =
        || Refused::new("change_footer", "The change carries data that is not taken after its end.");
    let mut reader = Reader::new(footer);
    let kind = reader.unsigned().map_err(|_| refused())?;
    reader.prefixed().map_err(|_| refused())?;
    let allowed =
        seq == 1 && kind == AUTHOR && reader.is_empty() && footer.len() as u64 <= limits::FOOTER_BYTES;
    if allowed { Ok(()) } else { Err(refused()) }
}

/// The operations of a change, as columns that nobody has decoded yet.
struct Operations<'a> {
    columns: &'a [Column<'a>],
    /// How many actors the change names, its own included.
    actors: u64,
}

impl<'a> Operations<'a> {
    fn check(&self, start_op: u64) -> Result<(), Refused> {
        let mut rows = 0;
        let mut predecessors = 0;
        let mut predecessor_rows = [0, 0];
        let mut value_bytes = 0;
        for Column { spec, data } in self.columns {
            let count = match *spec {
                column::OBJECT_ACTOR | column::KEY_ACTOR => self.actor_rows(data, limits::ROWS)?,
                column::OBJECT_COUNTER => counter_rows(data)?,
                column::KEY_COUNTER => delta_rows(data, limits::ROWS)?,
                column::KEY_TEXT => text_rows(data, limits::KEY_BYTES)?,
                column::MARK_NAME => text_rows(data, limits::MARK_NAME_BYTES)?,
                column::INSERT | column::EXPAND => count_booleans(data, limits::ROWS)?,
                column::ACTION => action_rows(data)?,
                column::VALUE_META => {
                    let (count, bytes) = value_rows(data)?;
                    value_bytes = bytes;
                    count
                }
                column::VALUE => continue,
                column::PREDECESSORS => {
                    let (count, sum) = group_rows(data)?;
                    predecessors = sum;
                    count
                }
                column::PREDECESSOR_ACTOR => {
                    predecessor_rows[0] = self.actor_rows(data, limits::PREDECESSORS)?;
                    continue;
                }
                column::PREDECESSOR_COUNTER => {
                    predecessor_rows[1] = delta_rows(data, limits::PREDECESSORS)?;
                    continue;
                }
                _ => return Err(Refused::new("change_column", "The change has a column that is not known.")),
            };
            rows = rows.max(count);
        }
        if predecessor_rows != [predecessors; 2] {
            return Err(Refused::malformed("its list of replaced operations does not add up"));
        }
        let stored = self.columns.iter().find(|c| c.spec == column::VALUE).map_or(0, |c| c.data.len() as u64);
        if value_bytes != stored {
            return Err(Refused::malformed("its values do not add up"));
        }
        if start_op + rows > limits::COUNTER {
            return Err(Refused::new("change_counter", "The change's operation numbers are out of range."));
        }
        Ok(())
    }

    /// An index beyond the change's actors makes the document crate panic.
    fn actor_rows(&self, data: &'a [u8], most: u64) -> Result<u64, Refused> {
        walk(data, most, Reader::unsigned, |run| match run.value {
            Some(index) if index >= self.actors => {
                Err(Refused::malformed("it names an actor that it does not list"))
            }
            _ => Ok(()),
        })
    }
}

fn counter_rows(data: &[u8]) -> Result<u64, Refused> {
    walk(data, limits::ROWS, Reader::unsigned, |run| check_counter(run.value.unwrap_or(0)))
}

fn check_counter(counter: u64) -> Result<(), Refused> {
    if counter < limits::COUNTER {
        return Ok(());
    }
    Err(Refused::new("change_counter", "The change names an operation number that is out of range."))
}

/// Differences to the row before: the sums must stay in range too.
fn delta_rows(data: &[u8], most: u64) -> Result<u64, Refused> {
    let mut sum = 0_i64;
    walk(data, most, Reader::signed, |run| {
        let rows = i64::try_from(run.rows).unwrap_or(i64::MAX);
        sum = run.value.unwrap_or(0).saturating_mul(rows).saturating_add(sum);
        check_counter(u64::try_from(sum).unwrap_or(u64::MAX))
    })
}

fn text_rows(data: &[u8], longest: u64) -> Result<u64, Refused> {
    walk(data, limits::ROWS, Reader::prefixed, |run| {
        let text = run.value.unwrap_or_default();
        if text.len() as u64 > longest {
            return Err(Refused::too_large("bytes in a key or a name of a mark", longest));
        }
        std::str::from_utf8(text).map(|_| ()).map_err(|_| Refused::malformed("a key is not UTF-8"))
    })
}

fn action_rows(data: &[u8]) -> Result<u64, Refused> {
    const LAST_KNOWN: u64 = 7;
    walk(data, limits::ROWS, Reader::unsigned, |run| match run.value {
        Some(action) if action <= LAST_KNOWN => Ok(()),
        _ => Err(Refused::malformed("it has an operation of an unknown kind")),
    })
}

/// The number of values, and the bytes that they take in the column beside: `length << 4 | type`.
fn value_rows(data: &[u8]) -> Result<(u64, u64), Refused> {
    const LAST_KNOWN_TYPE: u64 = 9;
    let mut bytes = 0_u64;
    let rows = walk(data, limits::ROWS, Reader::unsigned, |run| {
        let meta = run.value.ok_or(Refused::malformed("a value is missing"))?;
        if meta & 0xf > LAST_KNOWN_TYPE {
            return Err(Refused::malformed("a value is of an unknown type"));
        }
        bytes = bytes.saturating_add((meta >> 4).saturating_mul(run.rows));
        Ok(())
    })?;
    Ok((rows, bytes))
}

/// The number of rows, and of the entries that they hold together.
fn group_rows(data: &[u8]) -> Result<(u64, u64), Refused> {
    let mut sum = 0_u64;
    let rows = walk(data, limits::ROWS, Reader::unsigned, |run| {
        sum = run.value.unwrap_or(0).saturating_mul(run.rows).saturating_add(sum);
        if sum > limits::PREDECESSORS {
            return Err(Refused::too_large("replaced operations", limits::PREDECESSORS));
        }
        Ok(())
    })?;
    Ok((rows, sum))
}
