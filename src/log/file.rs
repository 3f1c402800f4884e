//! The store's file: made whole or not at all, and opened again after a fault.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::RwLock;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};

use super::{
    Failure,
    folder::{Faults, Folder, Watched},
    meta,
    tables::{unreadable, unwritable},
};

/// The redb database in one file of a folder.
#[derive(Debug)]
pub(super) struct Store {
    folder: Arc<dyn Folder>,
    name: &'static str,
    cache_bytes: usize,
    /// None while it could not be opened again.
    open: RwLock<Option<Open>>,
    /// How often it was opened.
    generation: AtomicU64,
}

#[derive(Debug)]
struct Open {
    db: Database,
    faults: Arc<Faults>,
}

impl Store {
    /// Opens the file, or makes it and opens it. What a creation left that was cut short goes.
    pub(super) fn open_or_make(
        folder: Arc<dyn Folder>,
        name: &'static str,
        cache_bytes: usize,
    ) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::Read(format!("{}: {error}", folder.place(name)));
        if !folder.exists(name).map_err(failed)? {
            super::restore::refuse_unfinished(&*folder)?;
            make(&*folder, name)?;
        }
        // The start before this one may have ended between giving the file its name and hearing from the
        // disk that it has it: nothing is acknowledged in a file that a power cut could take away.
        folder.sync().map_err(failed)?;
        let db = open_file(&*folder, name, cache_bytes)?;
        if meta::is_backup(&db.db.begin_read().map_err(unreadable)?)? {
            return Err(Failure::Read(format!(
                "{} is a backup: run `quorate restore`, which makes a log of it",
                folder.place(name)
            )));
        }
        meta::upgrade(&db.db)?;
        let open = RwLock::new(Some(db));
        Ok(Self { folder, name, cache_bytes, open, generation: AtomicU64::new(1) })
    }

    /// A transaction that reads what is committed now, and which opening of the file it reads.
    pub(super) fn read(&self) -> Result<(ReadTransaction, u64), Failure> {
        let open = self.open.read();
        let db = &open.as_ref().ok_or_else(closed)?.db;
        Ok((db.begin_read().map_err(unreadable)?, self.generation()))
    }

    pub(super) fn write(&self) -> Result<WriteTransaction, Failure> {
        let open = self.open.read();
        open.as_ref().ok_or_else(closed)?.db.begin_write().map_err(unwritable)
    }

    pub(super) fn random(&self, out: &mut [u8]) -> Result<(), Failure> {
        self.folder.random(out).map_err(|error| Failure::Write(format!("no randomness: {error}")))
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether an operation on the file has failed, so that it must be opened again.
    pub(super) fn is_broken(&self) -> bool {
        self.open.read().as_ref().is_none_or(|open| open.faults.any())
    }

    /// Has the file opened again before it is used.
    pub(super) fn distrust(&self) {
        if let Some(open) = self.open.read().as_ref() {
            open.faults.distrust();
        }
    }

    /// Whether the disk failed to confirm what was written.
    pub(super) fn sync_failed(&self) -> bool {
        self.open.read().as_ref().is_some_and(|open| open.faults.sync())
    }

    /// Closes the file and opens it again. `load` reads what its user needs to know before anybody else reads.
    pub(super) fn reopen<T>(
        &self,
        load: impl FnOnce(&ReadTransaction) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut open = self.open.write();
        // Closed first: the file is locked to one opening.
        drop(open.take());
        let fresh = open_file(&*self.folder, self.name, self.cache_bytes)?;
        let loaded = load(&fresh.db.begin_read().map_err(unreadable)?)?;
        *open = Some(fresh);
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(loaded)
    }
}

fn closed() -> Failure {
    Failure::Read("its file could not be opened again after an error".into())
}

fn open_file(folder: &dyn Folder, name: &str, cache_bytes: usize) -> Result<Open, Failure> {
    let failed = |error: std::io::Error| Failure::Read(format!("{}: {error}", folder.place(name)));
    let (file, faults) = Watched::new(folder.open(name).map_err(failed)?);
    // redb would make a new database of it.
    if redb::StorageBackend::len(&file).map_err(failed)? == 0 {
        return Err(Failure::Damaged(format!("{} is empty: restore a backup", folder.place(name))));
    }
    let db = Builder::new().set_cache_size(cache_bytes).create_with_backend(file);
    match db {
        Ok(db) => Ok(Open { db, faults }),
        Err(_) if faults.sync() => {
            Err(Failure::Unknown("the disk did not confirm what was written to it".into()))
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// A power cut while redb lays out a new file leaves one that never opens. So the file is made under
/// another name, and gets its own only once the disk has all of it.
fn make(folder: &dyn Folder, name: &str) -> Result<(), Failure> {
    let new = format!("{name}.new");
    write_new(folder, &new, |db| meta::prepare(folder, db))?;
    publish(folder, &new, name)
}

/// Makes a database under a name that stands for nothing yet, and closes it once the disk has it.
pub(super) fn write_new(
    folder: &dyn Folder,
    name: &str,
    fill: impl FnOnce(&Database) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Write(format!("{}: {error}", folder.place(name)));
    folder.remove(name).map_err(failed)?;
    let (file, _) = Watched::new(folder.create(name).map_err(failed)?);
    let db = Builder::new().set_cache_size(FILL_CACHE).create_with_backend(file).map_err(unwritable)?;
    fill(&db)?;
    db.close().map_err(unwritable)
}

/// Gives a whole file the name under which it counts.
pub(super) fn publish(folder: &dyn Folder, from: &str, to: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Write(format!("{}: {error}", folder.place(to)));
    let file = folder.open(from).map_err(failed)?;
    file.sync_data().and_then(|()| file.close()).map_err(failed)?;
    folder.rename(from, to).and_then(|()| folder.sync()).map_err(failed)
}

/// Memory for pages while a file is filled, in bytes.
const FILL_CACHE: usize = 8 << 20;
