//! From a file to rows of cells, each with the number of its line.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Column;
use crate::domain::limits;

/// Why nothing in a list could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    TooLarge,
    NotText,
    Empty,
    NoColumns,
    ColumnTwice(Column),
    TooManyRows,
}

/// A row with what it says in each column that is read.
pub(super) struct Row {
    pub(super) line: u64,
    cells: Vec<(Column, String)>,
    pub(super) too_long: bool,
}

impl Row {
    /// Empty where nothing is said.
    pub(super) fn cell(&self, column: Column) -> &str {
        self.cells.iter().find(|(one, _)| *one == column).map_or("", |(_, said)| said)
    }
}

pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) ignored: Vec<String>,
}

/// The text of a list, if it is one and not too large. Line ends are those of any system: a form sends other ones
/// than the file had.
pub fn within(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Before anything is made of it; what only its line ends make too large is seen below.
    if bytes.len() > 2 * limits::LIST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    // A workbook, or another encoding with two bytes a letter.
    if text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    let text = match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    };
    if text.len() > limits::LIST_BYTES { Err(Unreadable::TooLarge) } else { Ok(text) }
}

pub(super) fn rows(text: &str) -> Result<Rows, Unreadable> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut columns = None;
    let mut rows = Vec::new();
    let mut ignored = Vec::new();
    let mut record = StringRecord::new();
    // Text in UTF-8 with rows of any length: nothing is left that the reader could find wrong.
    while reader.read_record(&mut record).map_err(|_| Unreadable::NotText)? {
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(header(&record, &mut ignored)?);
            continue;
        };
        if rows.len() == limits::LIST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        rows.push(row(text, columns, &record));
    }
    if columns.is_none() || rows.is_empty() { Err(Unreadable::Empty) } else { Ok(Rows { rows, ignored }) }
}

fn row(text: &str, columns: &[Option<Column>], record: &StringRecord) -> Row {
    let said = record.iter().zip(columns).filter_map(|(cell, column)| Some(((*column)?, cell)));
    let line = record.position().map_or(0, |position| {
        // Empty lines before a row are counted with it.
        let at = usize::try_from(position.byte()).unwrap_or(0);
        let empty = text[at..].bytes().take_while(|byte| *byte == b'\n').count();
        position.line() + empty as u64
    });
    Row {
        line,
        cells: said.map(|(column, cell)| (column, cell.to_owned())).collect(),
        too_long: record.iter().skip(columns.len()).any(|cell| !cell.is_empty()),
    }
}

/// What parts the cells: what the first line has most of. Cells that are pasted from a spreadsheet come with tabs.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // The last of several that are the same in number wins.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// Which column stands where; none where one is not read.
fn header(record: &StringRecord, ignored: &mut Vec<String>) -> Result<Vec<Option<Column>>, Unreadable> {
    let mut columns = Vec::with_capacity(record.len());
    for name in record {
        let column = column(name);
        match column {
            Some(known) if columns.contains(&Some(known)) => return Err(Unreadable::ColumnTwice(known)),
            Some(_) => {}
            None if name.is_empty() => {}
            None => ignored.push(name.to_owned()),
        }
        columns.push(column);
    }
    let names_something =
        [Column::Organisation, Column::Name].iter().any(|one| columns.contains(&Some(*one)));
    if names_something { Ok(columns) } else { Err(Unreadable::NoColumns) }
}

fn column(name: &str) -> Option<Column> {
    let name = name.to_lowercase();
    let name = match name.as_str() {
        "email" => Column::Email.word(),
        "organization" => Column::Organisation.word(),
        "votes" => Column::Weight.word(),
        name => name,
    };
    Column::ALL.into_iter().find(|column| column.word() == name)
}
