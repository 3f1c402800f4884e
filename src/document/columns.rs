//! Reading Automerge's bytes without building anything from them.
//!
//! A column is run-length encoded: a few bytes can declare millions of rows. So the rows are counted here,
//! in time proportional to the bytes, before the document crate is allowed to decode a column.

use super::Refused;

/// A cursor over bytes that came from outside.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn take(&mut self, count: u64) -> Result<&'a [u8], Refused> {
        let Some((head, tail)) = usize::try_from(count).ok().and_then(|n| self.bytes.split_at_checked(n))
        else {
            return Err(Refused::malformed("it ends too early"));
        };
        self.bytes = tail;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Refused> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned LEB128 number in its shortest form: a longer one would be a second spelling of the same
    /// change, with another hash.
    pub(crate) fn unsigned(&mut self) -> Result<u64, Refused> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(Refused::malformed("a number is written longer than needed"));
                }
                return Ok(value);
            }
        }
        Err(Refused::malformed("a number does not fit 64 bits"))
    }

    /// A signed LEB128 number in its shortest form.
    pub(crate) fn signed(&mut self) -> Result<i64, Refused> {
        let mut value = 0_i64;
        let mut previous = 0_u8;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            if shift == 63 && !(bits == 0 || bits == 0x7f) {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0;
                let sign_only = (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if shift > 0 && sign_only {
                    return Err(Refused::malformed("a number is written longer than needed"));
                }
                if negative && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
            previous = byte;
        }
        Err(Refused::malformed("a number does not fit 64 bits"))
    }

    /// A length and as many bytes.
    pub(crate) fn prefixed(&mut self) -> Result<&'a [u8], Refused> {
        let length = self.unsigned()?;
        self.take(length)
    }
}

/// One column of a chunk: what its rows are, and its bytes.
pub(crate) struct Column<'a> {
    pub(crate) spec: u32,
    pub(crate) data: &'a [u8],
}

/// The low four bits of a column's specification.
pub(crate) mod kind {
    pub(crate) const GROUP: u32 = 0;
    pub(crate) const ACTOR: u32 = 1;
    pub(crate) const INTEGER: u32 = 2;
    pub(crate) const DELTA: u32 = 3;
    pub(crate) const BOOLEAN: u32 = 4;
    pub(crate) const STRING: u32 = 5;
    pub(crate) const VALUE_META: u32 = 6;
    pub(crate) const DEFLATED: u32 = 8;
}

/// The column descriptions, in strictly ascending order: `(specification, length of the data)`.
pub(crate) fn descriptions(reader: &mut Reader<'_>, most: u64) -> Result<Vec<(u32, u64)>, Refused> {
    let count = reader.unsigned()?;
    if count > most {
        return Err(Refused::too_large("columns", most));
    }
    let mut columns: Vec<(u32, u64)> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let spec = u32::try_from(reader.unsigned()?)
            .map_err(|_| Refused::malformed("a column specification is out of range"))?;
        let length = reader.unsigned()?;
        if columns.last().is_some_and(|(last, _)| last & !kind::DEFLATED >= spec & !kind::DEFLATED) {
            return Err(Refused::malformed("the columns are out of order"));
        }
        columns.push((spec, length));
    }
    Ok(columns)
}

/// A run of equal rows (`None`: null), or one row of a literal run.
pub(crate) struct Run<T> {
    pub(crate) rows: u64,
    pub(crate) value: Option<T>,
}

/// Walks a run-length column and returns how many rows it declares, at most `most`.
pub(crate) fn walk<'a, T>(
    data: &'a [u8],
    most: u64,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Refused>,
    mut visit: impl FnMut(Run<T>) -> Result<(), Refused>,
) -> Result<u64, Refused> {
    let mut reader = Reader::new(data);
    let mut total = 0_u64;
    while !reader.is_empty() {
        let length = reader.signed()?;
        let rows = if length == 0 { reader.unsigned()? } else { length.unsigned_abs() };
        total = total.saturating_add(rows);
        if rows == 0 {
            return Err(Refused::malformed("a run of no rows"));
        }
        if total > most {
            return Err(Refused::too_large("rows", most));
        }
        match length {
            0 => visit(Run { rows, value: None })?,
            1.. => {
                let value = Some(read(&mut reader)?);
                visit(Run { rows, value })?;
            }
            _ => {
                for _ in 0..rows {
                    let value = Some(read(&mut reader)?);
                    visit(Run { rows: 1, value })?;
                }
            }
        }
    }
    Ok(total)
}

/// The number of rows of a column of booleans, which is a list of alternating run lengths.
pub(crate) fn count_booleans(data: &[u8], most: u64) -> Result<u64, Refused> {
    let mut reader = Reader::new(data);
    let mut total = 0_u64;
    while !reader.is_empty() {
        total = total.saturating_add(reader.unsigned()?);
        if total > most {
            return Err(Refused::too_large("rows", most));
        }
    }
    Ok(total)
}
