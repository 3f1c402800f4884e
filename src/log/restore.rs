//! A log made from a backup. It goes on under a new name to sign with: the log that was backed up may have
//! gone on as well, and two histories signed under one name would be a fork.

use std::{fs, io, path::Path};

use redb::{Builder, StorageBackend, backends::FileBackend};

use super::{
    Failure, Report, Witness,
    backup::sound,
    file::publish,
    folder::{Folder, OnDisk, Watched},
    keys, meta,
    store::{FILE, lock_folder},
    tables::unwritable,
    verify_file,
};

/// The log while it is made, in its data folder.
pub const RESTORING: &str = "log.restoring";
/// How much is copied at once, in bytes.
const PIECE: usize = 1 << 20;

/// Makes the log of the data folder `dir`, which must have none, from a backup. What the backup holds is
/// verified before the log gets its name. A signing key that is there is set aside.
pub fn restore(file: &Path, dir: &Path, witness: &mut dyn Witness) -> Result<Report, Failure> {
    let failed = |path: &Path, error: io::Error| Failure::Read(format!("{}: {error}", path.display()));
    let from = fs::File::open(file).map_err(|error| failed(file, error))?;
    let from = FileBackend::new(from).map_err(|error| Failure::Read(error.to_string()))?;
    let folder = OnDisk::make(dir).map_err(|error| failed(dir, error))?;
    let _lock = lock_folder(dir)?;
    let report = restore_into(
        &from,
        &folder,
        |name| verify_file(&folder.path(name), witness),
        || keys::set_aside(&dir.join("keys")).map_err(|error| failed(dir, error)),
    )?;
    Ok(report)
}

/// Fails when a log is there, when a copy is not whole, and when the disk fails.
pub(super) fn restore_into(
    from: &dyn StorageBackend,
    folder: &dyn Folder,
    check: impl FnOnce(&str) -> Result<Report, Failure>,
    set_key_aside: impl FnOnce() -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let failed = |error: io::Error| Failure::Write(format!("{}: {error}", folder.place(RESTORING)));
    if folder.exists(FILE).map_err(failed)? {
        return Err(Failure::Write(format!(
            "{} is there already: restore into an empty folder, or move the log away first",
            folder.place(FILE)
        )));
    }
    folder.remove(RESTORING).map_err(failed)?;
    let made = (|| {
        copy(from, &*folder.create(RESTORING).map_err(failed)?).map_err(failed)?;
        // Before redb may repair anything in it.
        let report = sound(check(RESTORING)?, "the backup")?;
        let (file, _) = Watched::new(folder.open(RESTORING).map_err(failed)?);
        let db = Builder::new().create_with_backend(file).map_err(unwritable)?;
        meta::begin_epoch(folder, &db)?;
        db.close().map_err(unwritable)?;
        set_key_aside()?;
        publish(folder, RESTORING, FILE)?;
        Ok(report)
    })();
    if made.is_err() {
        // A file that is no backup shall not keep a log from being begun in this folder; nor shall a log
        // stay whose name the disk did not confirm.
        let _ = folder.remove(RESTORING);
        let _ = folder.remove(FILE);
    }
    made
}

/// A folder in which a restore was cut short must not begin an empty log in silence.
pub(super) fn refuse_unfinished(folder: &dyn Folder) -> Result<(), Failure> {
    match folder.exists(RESTORING) {
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::Read(format!(
            "a restore was cut short: run `quorate restore` again, or remove {} to begin anew",
            folder.place(RESTORING)
        ))),
        Err(error) => Err(Failure::Read(format!("{}: {error}", folder.place(RESTORING)))),
    }
}

fn copy(from: &dyn StorageBackend, to: &dyn StorageBackend) -> io::Result<()> {
    let len = from.len()?;
    to.set_len(len)?;
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < len {
        let bytes = &mut piece[..PIECE.min((len - at) as usize)];
        from.read(at, bytes)?;
        to.write(at, bytes)?;
        at += bytes.len() as u64;
    }
    to.sync_data()?;
    to.close()
}
