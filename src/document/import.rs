//! A whole saved document, as a stock client sends it when it has much to say: taken apart into changes, which
//! are then admitted like any others.

use std::borrow::Cow;

use automerge::{Automerge, LoadOptions, VerificationMode};

use super::columns::{Column, Reader, count_booleans, descriptions, kind, walk};
use super::copy::guard;
use super::scan::{DOCUMENT, Header, hash, inflate};
use super::{Reading, Refused, scan, standing, text_encoding};
use crate::domain::{Change, limits};

/// Reads a document chunk: the document, sound in itself, of which nothing is admitted yet; and all its changes,
/// each after those it builds on. Orphans behind the chunk are not looked at: [`super::split`] cuts them off.
pub fn import(chunk: &[u8]) -> Result<(Reading, Vec<Change>), Refused> {
    check(chunk)?;
    let document = guard(|| {
        let options =
            LoadOptions::new().text_encoding(text_encoding()).verification_mode(VerificationMode::Check);
        Automerge::load_with_options(chunk, options).ok()
    });
    let document = document.flatten().ok_or_else(unreadable)?;
    let built = guard(|| document.get_changes(&[])).ok_or_else(unreadable)?;
    // What was built of each goes with the reading of it: all of them take several times the document's memory.
    let changes = built.into_iter().map(|change| scan(change.raw_bytes())).collect::<Result<_, _>>()?;
    Ok((Reading::of(document), changes))
}

fn unreadable() -> Refused {
    Refused::new("document_unreadable", "The saved document is damaged or contradicts itself.")
}

/// Inflates and counts, under caps, what the document crate would build, and looks whether it is in order.
fn check(chunk: &[u8]) -> Result<(), Refused> {
    let header = Header::read(chunk)?;
    if header.kind != DOCUMENT || header.end != chunk.len() {
        return Err(Refused::new("document_expected", "One whole saved document was expected."));
    }
    let data = &chunk[header.start..];
    if hash(DOCUMENT, data)[..4] != header.checksum {
        return Err(Refused::new("document_checksum", "The document is damaged: its checksum does not fit."));
    }
    let mut reader = Reader::new(data);
    let actors = reader.unsigned()?;
    if actors > limits::DOCUMENT_ACTORS {
        return Err(Refused::too_large("actors", limits::DOCUMENT_ACTORS));
    }
    let mut last: &[u8] = &[];
    for _ in 0..actors {
        let actor = reader.prefixed()?;
        if !(1..=limits::ACTOR_BYTES).contains(&(actor.len() as u64)) {
            return Err(Refused::new("change_actor", "An actor id must have 1 to 64 bytes."));
        }
        if actor <= last {
            return Err(Refused::malformed("its actors are out of order"));
        }
        last = actor;
    }
    let heads = reader.unsigned()?;
    if heads > limits::DOCUMENT_ACTORS {
        return Err(Refused::too_large("heads", limits::DOCUMENT_ACTORS));
    }
    reader.take(heads * 32)?;
    let changes = descriptions(&mut reader, limits::DOCUMENT_COLUMNS)?;
    let operations = descriptions(&mut reader, limits::DOCUMENT_COLUMNS)?;
    let mut room = limits::DOCUMENT_BYTES;
    columns(&mut reader, changes, actors, &mut room)?;
    standing::check(&columns(&mut reader, operations, actors, &mut room)?)
}

/// Inflates columns and counts their rows.
fn columns<'a>(
    reader: &mut Reader<'a>,
    descriptions: Vec<(u32, u64)>,
    actors: u64,
    room: &mut u64,
) -> Result<standing::Columns<'a>, Refused> {
    let mut columns = Vec::with_capacity(descriptions.len());
    for (spec, length) in descriptions {
        let stored = reader.take(length)?;
        let data = match spec & kind::DEFLATED {
            0 => Cow::Borrowed(stored),
            _ => Cow::Owned(inflate(stored, *room)?),
        };
        *room = room
            .checked_sub(data.len() as u64)
            .ok_or(Refused::too_large("bytes once inflated", limits::DOCUMENT_BYTES))?;
        check_column(&Column { spec, data: &data }, actors)?;
        columns.push((spec, data));
    }
    Ok(columns)
}

fn check_column(column: &Column<'_>, actors: u64) -> Result<(), Refused> {
    const ROWS: u64 = limits::DOCUMENT_ROWS;
    let Column { spec, data } = column;
    match spec & 0x7 {
        kind::ACTOR => walk(data, ROWS, Reader::unsigned, |run| match run.value {
            Some(index) if index >= actors => {
                Err(Refused::malformed("it names an actor that it does not list"))
            }
            _ => Ok(()),
        }),
        kind::GROUP => {
            let mut sum = 0_u64;
            walk(data, ROWS, Reader::unsigned, |run| {
                sum = run.value.unwrap_or(0).saturating_mul(run.rows).saturating_add(sum);
                if sum > ROWS { Err(Refused::too_large("rows", ROWS)) } else { Ok(()) }
            })
        }
        kind::INTEGER | kind::VALUE_META => walk(data, ROWS, Reader::unsigned, |_| Ok(())),
        kind::DELTA => walk(data, ROWS, Reader::signed, |_| Ok(())),
        kind::BOOLEAN => count_booleans(data, ROWS),
        kind::STRING => walk(data, ROWS, Reader::prefixed, |run| {
            let longest = limits::MESSAGE_BYTES;
            if run.value.is_some_and(|text| text.len() as u64 > longest) {
                return Err(Refused::too_large("bytes in a text of the document's columns", longest));
            }
            Ok(())
        }),
        _ => Ok(0),
    }
    .map(|_| ())
}
