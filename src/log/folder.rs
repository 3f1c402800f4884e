//! The few things that the log wants of the machine, behind one trait, so that a test can cut the power
//! or let the disk fail between any two of them, and do it again.

use std::{
    fmt, fs, io,
    ops::Bound,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

/// A folder with files in it, by name.
pub(super) trait Folder: fmt::Debug + Send + Sync {
    fn exists(&self, name: &str) -> io::Result<bool>;
    /// An empty new file, for its owner alone. Fails when there is one of that name.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;
    /// True when there was one.
    fn remove(&self, name: &str) -> io::Result<bool>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Returns once the disk knows which names there are.
    fn sync(&self) -> io::Result<()>;
    /// How the place of a file is told to the operator.
    fn place(&self, name: &str) -> String;
    /// Numbers that nobody can guess.
    fn random(&self, out: &mut [u8]) -> io::Result<()>;
}

/// A folder of this machine.
#[derive(Debug)]
pub(super) struct OnDisk(PathBuf);

impl OnDisk {
    /// The folder, made for its owner alone when it is not there yet.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(path.to_owned()))
    }

    /// The folder that a file lies in or is to lie in, and the file's name there.
    pub(super) fn of(file: &Path) -> io::Result<(Self, String)> {
        let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "a file has a name in UTF-8");
        let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(no_name)?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok((Self(parent.unwrap_or(Path::new(".")).to_owned()), name.to_owned()))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Folder for OnDisk {
    fn exists(&self, name: &str) -> io::Result<bool> {
        self.path(name).try_exists()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let mut options = fs::OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(self.path(name))?;
        backend(file)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let file = fs::OpenOptions::new().read(true).write(true).open(self.path(name))?;
        // A log that was made by hand or by an earlier version may be open to others.
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(mode & 0o700))?;
        }
        backend(file)
    }
    fn remove(&self, name: &str) -> io::Result<bool> {
        match fs::remove_file(self.path(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }
    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.0)?.sync_all()
    }
    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
    fn random(&self, out: &mut [u8]) -> io::Result<()> {
        getrandom::fill(out).map_err(io::Error::other)
    }
}

/// A single file on any storage, whatever name it is asked for by: nothing can be cut between its names.
#[derive(Debug)]
pub(super) struct Single<B>(pub(super) B);

impl<B: StorageBackend + Clone> Folder for Single<B> {
    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(name == super::store::FILE && self.0.len()? > 0)
    }
    fn create(&self, _: &str) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.0.clone()))
    }
    fn open(&self, _: &str) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.0.clone()))
    }
    fn remove(&self, _: &str) -> io::Result<bool> {
        Ok(false)
    }
    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
    fn random(&self, out: &mut [u8]) -> io::Result<()> {
        getrandom::fill(out).map_err(io::Error::other)
    }
}

fn backend(file: fs::File) -> io::Result<Box<dyn StorageBackend>> {
    Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
}

/// What went wrong with a file since it was opened. redb remembers only that something did.
#[derive(Debug, Default)]
pub(super) struct Faults {
    any: AtomicBool,
    sync: AtomicBool,
}

impl Faults {
    /// Some operation failed: redb refuses everything that it does not hold in memory.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }
    pub(super) fn distrust(&self) {
        self.any.store(true, Ordering::Release);
    }
    /// A sync failed: what the disk has of what was written before is unknown, and asking again does
    /// not help, since the system may have dropped the pages and call the next sync a success.
    pub(super) fn sync(&self) -> bool {
        self.sync.load(Ordering::Acquire)
    }
}

/// A file as redb is given it: notes what fails.
#[derive(Debug)]
pub(super) struct Watched {
    file: Box<dyn StorageBackend>,
    faults: Arc<Faults>,
}

impl Watched {
    pub(super) fn new(file: Box<dyn StorageBackend>) -> (Self, Arc<Faults>) {
        let faults = Arc::<Faults>::default();
        (Self { file, faults: faults.clone() }, faults)
    }

    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if outcome.is_err() {
            self.faults.any.store(true, Ordering::Release);
        }
        outcome
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.note(self.file.len())
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.note(self.file.read(offset, out))
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note(self.file.set_len(len))
    }
    fn sync_data(&self) -> io::Result<()> {
        let outcome = self.note(self.file.sync_data());
        if outcome.is_err() {
            self.faults.sync.store(true, Ordering::Release);
        }
        outcome
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(self.file.write(offset, data))
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }
    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }
    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }
    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }
    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
