//! What holds for the whole file: its layout, which log it is, and which epoch of it.

use redb::{Database, ReadTransaction, ReadableTable, Table, TableHandle as _, WriteTransaction};

use super::{
    Failure,
    folder::Folder,
    tables::{ACCESS, META, make_all, unreadable, unwritable},
};

/// The version of the layout, under `format`.
///
/// | | since |
/// | --- | --- |
/// | 1 | the first |
/// | 2 | an epoch can have an id of its own; a program that knows only 1 would sign under the old name |
const FORMAT: &[u8] = b"2";
const FORMAT_WITHOUT_EPOCHS: &[u8] = b"1";

/// All entries that there can be: the layout, the log's id, the id of a restored log's epoch, and whether
/// the file is a backup.
pub(super) const ENTRIES: [&str; 4] = ["format", "log", "epoch", "backup"];

/// Under which names a log signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `quorate/<log id>`: the origin of the first epoch.
    pub log: String,
    /// The origin of this epoch: `quorate/<log id>`, after a restore `quorate/<log id>/<epoch id>`.
    pub origin: String,
}

type Entries<'a> = Table<'a, &'static str, &'static [u8]>;

/// Makes the tables of an empty file and gives the log its id.
pub(super) fn prepare(folder: &dyn Folder, db: &Database) -> Result<(), Failure> {
    let write = db.begin_write().map_err(unwritable)?;
    make_all(&write).map_err(unwritable)?;
    write.commit().map_err(unwritable)?;
    change(db, |meta| {
        meta.insert("format", FORMAT).map_err(unwritable)?;
        meta.insert("log", random_id(folder)?.as_slice()).map(drop).map_err(unwritable)
    })
}

/// Brings a file that an earlier version wrote to this layout.
pub(super) fn upgrade(db: &Database) -> Result<(), Failure> {
    let read = redb::ReadableDatabase::begin_read(db).map_err(unreadable)?;
    let format = get(&read.open_table(META).map_err(unreadable)?, "format")?;
    let has_access = has(&read, ACCESS.name())?;
    drop(read);
    if !has_access {
        // It came after the others; it holds nothing that the record needs.
        let write = db.begin_write().map_err(unwritable)?;
        write.open_table(ACCESS).map_err(unwritable)?;
        write.commit().map_err(unwritable)?;
    }
    if format.as_deref() != Some(FORMAT_WITHOUT_EPOCHS) {
        return Ok(());
    }
    change(db, |meta| meta.insert("format", FORMAT).map(drop).map_err(unwritable))
}

/// Marks a copy, so that it is not taken for the log itself: both would be signed under one name.
pub(super) fn mark_backup(write: &WriteTransaction) -> Result<(), Failure> {
    let mut meta = write.open_table(META).map_err(unwritable)?;
    meta.insert("backup", [].as_slice()).map(drop).map_err(unwritable)
}

/// Gives the copy of a log a name of its own to sign under.
pub(super) fn begin_epoch(folder: &dyn Folder, db: &Database) -> Result<(), Failure> {
    upgrade(db)?;
    change(db, |meta| {
        meta.remove("backup").map_err(unwritable)?;
        meta.insert("epoch", random_id(folder)?.as_slice()).map(drop).map_err(unwritable)
    })
}

/// Who the log is. Fails on a layout that this program does not know.
pub(super) fn identity(read: &ReadTransaction) -> Result<Identity, Failure> {
    let meta = read.open_table(META).map_err(unreadable)?;
    let format = get(&meta, "format")?;
    if ![Some(FORMAT), Some(FORMAT_WITHOUT_EPOCHS)].contains(&format.as_deref()) {
        return Err(Failure::Read("the file was written by another version of this program".into()));
    }
    let id = get(&meta, "log")?.ok_or_else(|| Failure::Damaged("the log has no id".into()))?;
    let log = format!("quorate/{}", hex(&id));
    let origin = match get(&meta, "epoch")? {
        Some(epoch) => format!("{log}/{}", hex(&epoch)),
        None => log.clone(),
    };
    Ok(Identity { log, origin })
}

pub(super) fn is_backup(read: &ReadTransaction) -> Result<bool, Failure> {
    Ok(get(&read.open_table(META).map_err(unreadable)?, "backup")?.is_some())
}

/// Whether the file has a table.
pub(super) fn has(read: &ReadTransaction, table: &str) -> Result<bool, Failure> {
    Ok(read.list_tables().map_err(unreadable)?.any(|one| one.name() == table))
}

fn change(db: &Database, work: impl FnOnce(&mut Entries<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    let write = db.begin_write().map_err(unwritable)?;
    let mut meta = write.open_table(META).map_err(unwritable)?;
    work(&mut meta)?;
    drop(meta);
    write.commit().map_err(unwritable)
}

fn get(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    entry: &'static str,
) -> Result<Option<Vec<u8>>, Failure> {
    Ok(meta.get(entry).map_err(unreadable)?.map(|value| value.value().to_vec()))
}

fn random_id(folder: &dyn Folder) -> Result<[u8; 8], Failure> {
    let mut id = [0; 8];
    folder.random(&mut id).map_err(|error| Failure::Write(format!("no randomness: {error}")))?;
    Ok(id)
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
