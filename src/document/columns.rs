//! Reading Automerge's bytes without building anything from them.
//!
//! A column is run-length encoded: a few bytes can declare millions of rows. So the rows are counted here,
//! in time proportional to the bytes, before the document crate is allowed to decode a column. What was counted
//! can be read row by row: [`Runs`], [`Sums`], [`Booleans`].

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

/// In which form a column that is read row by row must be written. What is in another is refused as not canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The one in which the document crate writes it: runs as long as they can be, no run of one, and as many rows
    /// as are asked for. A column that is not there holds nothing but nulls.
    Canonical,
    /// Any that can be read. Behind the last row there are nulls.
    Any,
}

pub(crate) fn not_canonical() -> Refused {
    Refused::new("change_not_canonical", "The change is not written in the one valid form.")
}

/// A run-length column, row by row.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a, T> {
    form: Form,
    read: fn(&mut Reader<'a>) -> Result<T, Refused>,
    reader: Reader<'a>,
    there: bool,
    piece: Piece,
    /// Rows of this piece that are still to come.
    left: u64,
    /// The value of this piece, or the last one read of a literal piece.
    value: Option<T>,
    /// Some row was not null.
    any: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Before the first.
    None,
    Nulls,
    Run,
    Literal,
}

impl<'a, T: Copy + PartialEq> Runs<'a, T> {
    /// A column that is not there, unless it is opened.
    pub(crate) fn none(form: Form, read: fn(&mut Reader<'a>) -> Result<T, Refused>) -> Self {
        let reader = Reader::new(&[]);
        Self { form, read, reader, there: false, piece: Piece::None, left: 0, value: None, any: false }
    }

    pub(crate) fn open(&mut self, data: &'a [u8]) {
        self.reader = Reader::new(data);
        self.there = true;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.left == 0 && self.reader.is_empty()
    }

    /// It ended with the rows, and was worth writing.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_done() && self.there == self.any
    }

    pub(crate) fn some(&mut self) -> Result<T, Refused> {
        self.next()?.ok_or_else(not_canonical)
    }

    pub(crate) fn next(&mut self) -> Result<Option<T>, Refused> {
        if !self.there || self.form == Form::Any && self.is_done() {
            return Ok(None);
        }
        if self.left == 0 {
            self.begin()?;
        } else if self.piece == Piece::Literal {
            self.literal()?;
        }
        self.left -= 1;
        Ok(self.value)
    }

    /// Begins the next piece. In the canonical form it is none that could have been part of the one before.
    fn begin(&mut self) -> Result<(), Refused> {
        let before = self.piece;
        let length = self.reader.signed()?;
        let could_be_shorter = match length {
            0 => {
                self.left = self.reader.unsigned()?;
                self.piece = Piece::Nulls;
                self.value = None;
                before == Piece::Nulls
            }
            1.. => {
                let value = Some((self.read)(&mut self.reader)?);
                let same = std::mem::replace(&mut self.value, value) == value;
                self.left = length.unsigned_abs();
                self.piece = Piece::Run;
                self.any = true;
                same || length == 1
            }
            _ => {
                self.left = length.unsigned_abs();
                self.piece = Piece::Literal;
                self.any = true;
                self.literal()?;
                before == Piece::Literal
            }
        };
        if could_be_shorter && self.form == Form::Canonical {
            return Err(not_canonical());
        }
        if self.left == 0 { Err(Refused::malformed("a run of no rows")) } else { Ok(()) }
    }

    /// Reads the next value of a literal piece: two equal ones would be a run.
    fn literal(&mut self) -> Result<(), Refused> {
        let value = Some((self.read)(&mut self.reader)?);
        if self.value == value && self.form == Form::Canonical {
            return Err(not_canonical());
        }
        self.value = value;
        Ok(())
    }
}

/// A column of differences to the last row that was not null. A sum that is too large stays at the largest number.
pub(crate) struct Sums<'a> {
    pub(crate) runs: Runs<'a, i64>,
    sum: i64,
}

impl Sums<'_> {
    pub(crate) fn none(form: Form) -> Self {
        Self { runs: Runs::none(form, Reader::signed), sum: 0 }
    }

    pub(crate) fn next(&mut self) -> Result<Option<i64>, Refused> {
        let Some(difference) = self.runs.next()? else { return Ok(None) };
        self.sum = self.sum.saturating_add(difference);
        Ok(Some(self.sum))
    }
}

/// A column of booleans: the lengths of runs, in turn of `false` and of `true`.
pub(crate) struct Booleans<'a> {
    form: Form,
    reader: Reader<'a>,
    there: bool,
    value: bool,
    first: bool,
    left: u64,
    any: bool,
}

impl<'a> Booleans<'a> {
    /// A column that is not there, unless it is opened: nothing but `false`.
    pub(crate) fn none(form: Form) -> Self {
        let reader = Reader::new(&[]);
        Self { form, reader, there: false, value: true, first: true, left: 0, any: false }
    }

    pub(crate) fn open(&mut self, data: &'a [u8]) {
        self.reader = Reader::new(data);
        self.there = true;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.left == 0 && self.reader.is_empty()
    }

    /// It ended with the rows, and was worth writing: only `false` is not written at all.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_done() && self.there == self.any
    }

    pub(crate) fn some(&mut self) -> Result<bool, Refused> {
        if self.there { self.next() } else { Err(not_canonical()) }
    }

    pub(crate) fn next(&mut self) -> Result<bool, Refused> {
        if !self.there {
            return Ok(false);
        }
        while self.left == 0 {
            if self.form == Form::Any && self.reader.is_empty() {
                return Ok(false);
            }
            self.left = self.reader.unsigned()?;
            if self.left == 0 && !self.first && self.form == Form::Canonical {
                return Err(not_canonical());
            }
            self.first = false;
            self.value = !self.value;
        }
        self.left -= 1;
        self.any |= self.value;
        Ok(self.value)
    }
}
