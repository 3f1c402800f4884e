//! A backup: all that the log holds as of one moment, in one file, written while the log works.

use std::path::Path;

use redb::{Key, ReadTransaction, TableDefinition, Value, WriteTransaction};

use super::{
    Failure, Report, Witness,
    file::{publish, write_new},
    folder::{Folder, OnDisk},
    meta,
    store::RedbLog,
    tables::{
        CHECKPOINTS, EVENTS, IDS, MERKLE, META, NAMES, PAYLOADS, PEOPLE, PLANS, STREAMS, make_all,
        unreadable, unwritable,
    },
    verify_file,
};

/// Writes all that the log holds now to `file`, which must not exist: events, erasable payloads and people,
/// but no cache, no signing key, and nothing that lets people in: what was taken back would come back with it. The log goes on meanwhile. The file gets its name only after it was
/// verified and the disk has it; it is for its owner alone.
pub fn backup(log: &RedbLog, file: &Path, witness: &mut dyn Witness) -> Result<Report, Failure> {
    let (folder, name) =
        OnDisk::of(file).map_err(|error| Failure::Write(format!("{}: {error}", file.display())))?;
    log.back_up(&folder, &name, |part| verify_file(&folder.path(part), witness))
}

impl RedbLog {
    pub(super) fn back_up(
        &self,
        folder: &dyn Folder,
        name: &str,
        check: impl FnOnce(&str) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let place = folder.place(name);
        let failed = |error: std::io::Error| Failure::Write(format!("{place}: {error}"));
        let Some(_one) = self.backing_up.try_lock() else {
            return Err(Failure::Write("another backup is being written: wait for it".into()));
        };
        if folder.exists(name).map_err(failed)? {
            return Err(Failure::Write(format!("{place} is there already: a backup replaces nothing")));
        }
        let part = format!(".{name}.part");
        let made = write_new(folder, &part, |db| {
            self.reading(|read| {
                let write = db.begin_write().map_err(unwritable)?;
                copy_all(read, &write)?;
                write.commit().map_err(unwritable)
            })
        });
        let made = made.and_then(|()| sound(check(&part)?, "the backup"));
        let made = made.and_then(|report| publish(folder, &part, name).map(|()| report));
        if made.is_err() {
            // What is left over under the first name is not taken for a backup, and goes with the next one;
            // the second one is there when the disk did not confirm it.
            let _ = folder.remove(&part);
            let _ = folder.remove(name);
        }
        made
    }
}

/// A report without problems, or what they are.
pub(super) fn sound(report: Report, what: &str) -> Result<Report, Failure> {
    match report.problems.first() {
        None => Ok(report),
        Some(first) => Err(Failure::Damaged(format!(
            "{what} is not whole ({} problems, the first: {})",
            report.problems.len(),
            first.what
        ))),
    }
}

fn copy_all(read: &ReadTransaction, write: &WriteTransaction) -> Result<(), Failure> {
    make_all(write).map_err(unwritable)?;
    copy(read, write, EVENTS)?;
    copy(read, write, STREAMS)?;
    copy(read, write, PLANS)?;
    copy(read, write, IDS)?;
    copy(read, write, NAMES)?;
    copy(read, write, MERKLE)?;
    copy(read, write, CHECKPOINTS)?;
    copy(read, write, PAYLOADS)?;
    copy(read, write, PEOPLE)?;
    copy(read, write, META)?;
    meta::mark_backup(write)
}

fn copy<K: Key + 'static, V: Value + 'static>(
    read: &ReadTransaction,
    write: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
) -> Result<(), Failure> {
    use redb::ReadableTable as _;
    let mut to = write.open_table(table).map_err(unwritable)?;
    for entry in read.open_table(table).map_err(unreadable)?.iter().map_err(unreadable)? {
        let (key, value) = entry.map_err(unreadable)?;
        to.insert(key.value(), value.value()).map_err(unwritable)?;
    }
    Ok(())
}
