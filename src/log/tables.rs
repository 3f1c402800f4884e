//! The tables of the log's file, and how long values are laid into them.

use redb::{ReadableTable, Table, TableDefinition, TableError, WriteTransaction};

use super::Failure;

/// (first position, piece) → a piece of a packed row of events.
pub(super) const EVENTS: TableDefinition<(u64, u32), &[u8]> = TableDefinition::new("events");
/// (stream's number, first version) → (first position, count): events that follow each other in both.
pub(super) const STREAMS: TableDefinition<(u32, u64), (u64, u64)> = TableDefinition::new("streams");
/// (plan's number, first position) → count: events that follow each other.
pub(super) const PLANS: TableDefinition<(u32, u64), u64> = TableDefinition::new("plans");
/// Event id → position.
pub(super) const IDS: TableDefinition<&[u8; 16], u64> = TableDefinition::new("ids");
/// Number → name, see `names`.
pub(super) const NAMES: TableDefinition<u32, &[u8]> = TableDefinition::new("names");
/// Row → hashes, see `tree`.
pub(super) const MERKLE: TableDefinition<u64, &[u8]> = TableDefinition::new("merkle");
/// Size of the tree → signed note.
pub(super) const CHECKPOINTS: TableDefinition<u64, &[u8]> = TableDefinition::new("checkpoints");
/// Position → salt and payload, until erased.
pub(super) const PAYLOADS: TableDefinition<u64, &[u8]> = TableDefinition::new("payloads");
/// Person → JSON, until erased.
pub(super) const PEOPLE: TableDefinition<&str, &[u8]> = TableDefinition::new("people");
/// What lets people in → JSON, until it ends or is taken back. Not of the record: no backup holds it.
pub(super) const ACCESS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("access");
/// (key, piece) → a piece of a cache entry.
pub(super) const CACHE: TableDefinition<(&str, u32), &[u8]> = TableDefinition::new("cache");
/// What holds for the whole file, see `meta`.
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// redb gives a value that does not fit a page of 4096 bytes the next power of two: a row is laid
/// down in pieces that fill one page each, so that little is wasted.
pub(super) const ROW_PIECE: usize = 4000;
/// The same for cache entries, which are larger and fewer.
pub(super) const CACHE_PIECE: usize = 65_000;

/// Makes every table, so that a reader finds them all.
pub(super) fn make_all(write: &WriteTransaction) -> Result<(), TableError> {
    write.open_table(EVENTS)?;
    write.open_table(STREAMS)?;
    write.open_table(PLANS)?;
    write.open_table(IDS)?;
    write.open_table(NAMES)?;
    write.open_table(MERKLE)?;
    write.open_table(CHECKPOINTS)?;
    write.open_table(PAYLOADS)?;
    write.open_table(PEOPLE)?;
    write.open_table(ACCESS)?;
    write.open_table(CACHE)?;
    write.open_table(META)?;
    Ok(())
}

pub(super) fn put_cache(
    cache: &mut Table<'_, (&'static str, u32), &'static [u8]>,
    key: &str,
    value: &[u8],
) -> Result<(), redb::StorageError> {
    let mut piece = 0;
    for part in value.chunks(CACHE_PIECE) {
        cache.insert((key, piece), part)?;
        piece += 1;
    }
    if value.is_empty() {
        cache.insert((key, 0), value)?;
        piece = 1;
    }
    while cache.remove((key, piece))?.is_some() {
        piece += 1;
    }
    Ok(())
}

pub(super) fn get_cache(
    cache: &impl ReadableTable<(&'static str, u32), &'static [u8]>,
    key: &str,
) -> Result<Option<Vec<u8>>, redb::StorageError> {
    let mut value = None;
    for entry in cache.range((key, 0)..=(key, u32::MAX))? {
        value.get_or_insert_with(Vec::new).extend(entry?.1.value());
    }
    Ok(value)
}

/// What went wrong when reading.
pub(super) fn unreadable(error: impl Into<redb::Error>) -> Failure {
    match error.into() {
        redb::Error::Corrupted(what) => Failure::Damaged(format!(
            "{what}; run `quorate verify` to see how far the damage goes, and restore a backup"
        )),
        error => Failure::Read(error.to_string()),
    }
}

/// What went wrong when writing.
pub(super) fn unwritable(error: impl Into<redb::Error>) -> Failure {
    Failure::Write(error.into().to_string())
}
