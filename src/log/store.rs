//! [`RedbLog`]: the log in one file of the embedded store redb.
//!
//! One process has the file, one thread at a time writes, any number read. What a reader sees never goes
//! beyond the head, and the head moves only after the disk has the commit.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use redb::{Builder, Database, ReadableDatabase as _, ReadableTable as _, StorageBackend};
use tlog_tiles::tlog::{Hash, stored_hash_count};
use tokio::sync::watch;

use super::{
    Failure, Stream,
    keys::Keys,
    names::{Name, Names},
    reader::Cursor,
    row::ZSTD_LEVEL,
    tables::{EVENTS, FORMAT, MERKLE, META, NAMES, PLANS, STREAMS, make_all, unreadable, unwritable},
    tree::{ROW_HASHES, Tree},
};
use crate::domain::Position;

pub(super) const FILE: &str = "log.redb";

/// How a log is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// The signing key as text; none: the file `keys/checkpoint.key`, made at the first start.
    pub signing_key: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 6 << 20, signing_key: None }
    }
}

/// The log in one file. See [`super::Log`] for what it does; what is here is what only this engine does.
pub struct RedbLog {
    pub(super) db: Database,
    /// Changed by the writer alone.
    pub(super) shared: RwLock<Shared>,
    pub(super) writer: Mutex<Writer>,
    pub(super) head: watch::Sender<Position>,
    /// Cache entries that the next commit takes along.
    pub(super) waiting: Mutex<BTreeMap<String, Bytes>>,
    pub(super) keys: Keys,
    pub(super) origin: String,
    pub(super) path: Option<PathBuf>,
    /// Held for as long as the log is open; keeps a second process out, during creation too.
    _folder: Option<fs::File>,
}

/// What readers and the writer know without looking at the disk.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) names: Names,
    /// By the stream's number.
    pub(super) streams: HashMap<u32, StreamEnd>,
    /// By the plan's number: the last range of the plan's events.
    pub(super) plans: HashMap<u32, PlanEnd>,
}

/// The last range of a stream's events.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamEnd {
    pub(super) first_version: u64,
    pub(super) first_position: Position,
    pub(super) count: u64,
}

impl StreamEnd {
    pub(super) fn version(&self) -> u64 {
        self.first_version + self.count - 1
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PlanEnd {
    pub(super) first_position: Position,
    pub(super) count: u64,
}

/// What only the writer needs.
pub(super) struct Writer {
    /// Why no more is written until a restart.
    pub(super) refusing: Option<String>,
    pub(super) tree: Tree,
    pub(super) zstd: zstd::bulk::Compressor<'static>,
}

impl fmt::Debug for RedbLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbLog").field("path", &self.path).field("head", &*self.head.borrow()).finish()
    }
}

impl RedbLog {
    /// Opens the log of a data folder, or makes it. Fails when another process has it open, when the disk
    /// cannot be read, and when the file contradicts itself.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, Failure> {
        let failed = |what: &Path, error: io::Error| Failure::Read(format!("{}: {error}", what.display()));
        fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
        let folder = lock_folder(dir)?;
        let path = dir.join(FILE);
        if !path.try_exists().map_err(|error| failed(&path, error))? {
            create(dir, &path)?;
        }
        let db = Builder::new().set_cache_size(options.cache_bytes).open(&path).map_err(unreadable)?;
        let origin = read_origin(&db)?;
        let keys = match &options.signing_key {
            Some(text) => Keys::from_text(text)?,
            None => Keys::open(&dir.join("keys"), &origin)?,
        };
        Self::start(db, keys, origin, Some(path), Some(folder))
    }

    /// A log on any storage, with a key that is not kept unless one is handed in. An empty storage is
    /// made into an empty log.
    pub fn with_backend(backend: impl StorageBackend, options: &Options) -> Result<Self, Failure> {
        let db = Builder::new()
            .set_cache_size(options.cache_bytes)
            .create_with_backend(backend)
            .map_err(unreadable)?;
        prepare(&db)?;
        let origin = read_origin(&db)?;
        let keys = match &options.signing_key {
            Some(text) => Keys::from_text(text)?,
            None => Keys::generate(&origin)?.0,
        };
        Self::start(db, keys, origin, None, None)
    }

    fn start(
        db: Database,
        keys: Keys,
        origin: String,
        path: Option<PathBuf>,
        folder: Option<fs::File>,
    ) -> Result<Self, Failure> {
        let (shared, tree) = load(&db)?;
        let zstd =
            zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|error| Failure::Write(error.to_string()))?;
        Ok(Self {
            head: watch::Sender::new(tree.size()),
            shared: RwLock::new(shared),
            writer: Mutex::new(Writer { refusing: None, tree, zstd }),
            waiting: Mutex::default(),
            db,
            keys,
            origin,
            path,
            _folder: folder,
        })
    }

    /// The first line of every checkpoint: `quorate/<log id>`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Writes what waits in the cache, and closes the file so that the next start is quick.
    pub fn close(self) -> Result<(), Failure> {
        self.flush()
    }
}

impl Drop for RedbLog {
    fn drop(&mut self) {
        // The cache is never the truth: what cannot be written is built again.
        let _ = self.flush();
    }
}

/// Keeps a second process out for as long as the file is held.
pub(super) fn lock_folder(dir: &Path) -> Result<fs::File, Failure> {
    let folder = fs::File::open(dir).map_err(|error| Failure::Read(format!("{}: {error}", dir.display())))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(fs::TryLockError::WouldBlock) => Err(Failure::Read(format!(
            "another process has {} open; stop it first, or give another folder with --data",
            dir.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(Failure::Read(format!("{}: {error}", dir.display()))),
    }
}

/// A power cut while redb lays out a new file leaves one that never opens. So the file is made under
/// another name, and gets its own only once the disk has all of it.
fn create(dir: &Path, path: &Path) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let failed = |error: io::Error| Failure::Write(format!("{}: {error}", new.display()));
    match fs::remove_file(&new) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let db = Builder::new().set_cache_size(1 << 20).create(&new).map_err(unwritable)?;
    prepare(&db)?;
    db.close().map_err(unwritable)?;
    fs::File::open(&new).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// Makes the tables and gives the log its id, unless it has them.
fn prepare(db: &Database) -> Result<(), Failure> {
    let write = db.begin_write().map_err(unwritable)?;
    make_all(&write).map_err(unwritable)?;
    {
        let mut meta = write.open_table(META).map_err(unwritable)?;
        if meta.get("format").map_err(unreadable)?.is_none() {
            let mut id = [0; 8];
            getrandom::fill(&mut id).map_err(|error| Failure::Write(format!("no randomness: {error}")))?;
            meta.insert("format", FORMAT).map_err(unwritable)?;
            meta.insert("log", id.as_slice()).map_err(unwritable)?;
        }
    }
    write.commit().map_err(unwritable)
}

pub(super) fn read_origin(db: &impl redb::ReadableDatabase) -> Result<String, Failure> {
    let read = db.begin_read().map_err(unreadable)?;
    let meta = read.open_table(META).map_err(unreadable)?;
    let format = meta.get("format").map_err(unreadable)?;
    if format.as_ref().map(|format| format.value()) != Some(FORMAT) {
        return Err(Failure::Read("the file was written by another version of this program".into()));
    }
    let id = meta.get("log").map_err(unreadable)?;
    let id = id.ok_or_else(|| Failure::Damaged("the log has no id".into()))?;
    let hex: String = id.value().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("quorate/{hex}"))
}

/// Reads what is held in memory: names, the end of each stream and plan, the tree's edge.
fn load(db: &Database) -> Result<(Shared, Tree), Failure> {
    let read = db.begin_read().map_err(unreadable)?;
    let names = load_names(&read.open_table(NAMES).map_err(unreadable)?)?;

    let streams_table = read.open_table(STREAMS).map_err(unreadable)?;
    let plans_table = read.open_table(PLANS).map_err(unreadable)?;
    let (mut streams, mut plans) = (HashMap::new(), HashMap::new());
    for number in 0..names.len() {
        match names.at(number.into()) {
            Some(Name::Stream(_)) => {
                let last =
                    streams_table.range((number, 0)..=(number, u64::MAX)).map_err(unreadable)?.next_back();
                if let Some(last) = last {
                    let (key, value) = last.map_err(unreadable)?;
                    let (first_position, count) = value.value();
                    let end = StreamEnd { first_version: key.value().1, first_position, count };
                    streams.insert(number, end);
                }
            }
            Some(Name::Plan(_)) => {
                let last =
                    plans_table.range((number, 0)..=(number, u64::MAX)).map_err(unreadable)?.next_back();
                if let Some(last) = last {
                    let (key, count) = last.map_err(unreadable)?;
                    plans.insert(number, PlanEnd { first_position: key.value().1, count: count.value() });
                }
            }
            Some(Name::Kind(_) | Name::Person(_)) | None => {}
        }
    }

    let events = read.open_table(EVENTS).map_err(unreadable)?;
    let head = match events.last().map_err(unreadable)? {
        None => 0,
        Some((key, _)) => {
            let first = key.value().0;
            Cursor::new(&read, &names)?.last_of_row(first)?
        }
    };
    let merkle = read.open_table(MERKLE).map_err(unreadable)?;
    let tree = Tree::load(head, |index| stored_hash(&merkle, index))?;
    let rows = stored_hash_count(head).div_ceil(ROW_HASHES);
    let last_row = merkle.last().map_err(unreadable)?.map_or(0, |(row, _)| row.value() + 1);
    if last_row != rows {
        return Err(Failure::Damaged(format!(
            "there are {head} events, but the Merkle tree has {last_row} rows where {rows} belong"
        )));
    }
    Ok((Shared { names, streams, plans }, tree))
}

pub(super) fn load_names(table: &redb::ReadOnlyTable<u32, &'static [u8]>) -> Result<Names, Failure> {
    let mut names = Names::default();
    for entry in table.iter().map_err(unreadable)? {
        let (number, name) = entry.map_err(unreadable)?;
        let name = Name::from_bytes(name.value());
        let in_order = number.value() == names.len();
        if !(in_order && name.is_some_and(|name| names.push(name))) {
            return Err(Failure::Damaged(format!("entry {} of the names is not a new name", number.value())));
        }
    }
    Ok(names)
}

pub(super) fn stored_hash(
    merkle: &redb::ReadOnlyTable<u64, &'static [u8]>,
    index: u64,
) -> Result<Hash, Failure> {
    let missing = || Failure::Damaged(format!("hash {index} of the Merkle tree is missing"));
    let row = merkle.get(index / ROW_HASHES).map_err(unreadable)?.ok_or_else(missing)?;
    let at = (index % ROW_HASHES) as usize * 32;
    let hash = row.value().get(at..at + 32).and_then(|bytes| bytes.try_into().ok());
    Ok(Hash(hash.ok_or_else(missing)?))
}

impl Shared {
    pub(super) fn version(&self, stream: &Stream) -> u64 {
        let end =
            self.names.number(&Name::Stream(stream.clone())).and_then(|number| self.streams.get(&number));
        end.map_or(0, StreamEnd::version)
    }
}
