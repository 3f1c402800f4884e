//! [`RedbLog`]: the log in one file of the embedded store redb.
//!
//! One process has the file, one thread at a time writes, any number read. What a reader sees never goes
//! beyond the head, and the head moves only after the disk has the commit.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use redb::{ReadTransaction, ReadableTable as _, StorageBackend};
use tlog_tiles::tlog::{Hash, stored_hash_count};
use tokio::sync::watch;

use super::{
    Failure, Stream,
    file::Store,
    folder::{Folder, OnDisk, Single},
    keys::Keys,
    meta,
    names::{Name, Names},
    reader::Cursor,
    row::ZSTD_LEVEL,
    tables::{EVENTS, MERKLE, NAMES, PLANS, STREAMS, unreadable},
    tree::{ROW_HASHES, Tree},
};
use crate::domain::Position;

/// The log in its data folder.
pub const FILE: &str = "log.redb";
/// How long a reader that met a fault waits for the writer before it gives up opening the file again.
const PATIENCE: Duration = Duration::from_secs(2);

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
    pub(super) store: Store,
    /// Changed by the writer alone.
    pub(super) shared: RwLock<Shared>,
    pub(super) writer: Mutex<Writer>,
    pub(super) head: watch::Sender<Position>,
    /// Why nothing is written any more until the program is started again.
    pub(super) lost: watch::Sender<Option<String>>,
    /// Cache entries that the next commit takes along.
    pub(super) waiting: Mutex<BTreeMap<String, Bytes>>,
    pub(super) keys: Keys,
    pub(super) identity: meta::Identity,
    pub(super) path: Option<PathBuf>,
    /// Held while a backup is written.
    pub(super) backing_up: Mutex<()>,
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
    /// Why the last commit failed; none after one that went well.
    pub(super) failed: Option<String>,
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
        let failed = |error: io::Error| Failure::Read(format!("{}: {error}", dir.display()));
        let folder = OnDisk::make(dir).map_err(failed)?;
        let lock = lock_folder(dir)?;
        let path = folder.path(FILE);
        let keys = |origin: &str| match &options.signing_key {
            Some(text) => Keys::from_text(text),
            None => Keys::open(&dir.join("keys"), origin),
        };
        let mut log = Self::open_in(Arc::new(folder), options.cache_bytes, keys)?;
        (log.path, log._folder) = (Some(path), Some(lock));
        Ok(log)
    }

    /// A log on any storage, whose clones are the same storage. An empty one is made into an empty log. The
    /// key is not kept unless one is handed in.
    pub fn with_backend(backend: impl StorageBackend + Clone, options: &Options) -> Result<Self, Failure> {
        let keys = |origin: &str| match &options.signing_key {
            Some(text) => Keys::from_text(text),
            None => Ok(Keys::generate(origin)?.0),
        };
        Self::open_in(Arc::new(Single(backend)), options.cache_bytes, keys)
    }

    /// The log of any folder that nobody else has open.
    pub(super) fn open_in(
        folder: Arc<dyn Folder>,
        cache_bytes: usize,
        keys: impl FnOnce(&str) -> Result<Keys, Failure>,
    ) -> Result<Self, Failure> {
        let store = Store::open_or_make(folder, FILE, cache_bytes)?;
        let (read, _) = store.read()?;
        let identity = meta::identity(&read)?;
        let keys = keys(&identity.origin)?;
        let (shared, tree) = load(&read)?;
        drop(read);
        let zstd =
            zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|error| Failure::Write(error.to_string()))?;
        Ok(Self {
            store,
            head: watch::Sender::new(tree.size()),
            lost: watch::Sender::new(None),
            shared: RwLock::new(shared),
            writer: Mutex::new(Writer { failed: None, tree, zstd }),
            waiting: Mutex::default(),
            keys,
            identity,
            path: None,
            backing_up: Mutex::default(),
            _folder: None,
        })
    }

    /// Reads in one transaction. Where the file has failed, it is opened again and the work is tried once more.
    pub(super) fn reading<T>(
        &self,
        mut work: impl FnMut(&ReadTransaction) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (failure, generation) = match self.store.read() {
                Ok((read, generation)) => match work(&read) {
                    Err(failure @ Failure::Read(_)) => (failure, Some(generation)),
                    done => return done,
                },
                Err(failure) => (failure, None),
            };
            // Another one may have opened the file again under this reader's feet.
            let moved = generation.is_some_and(|generation| generation != self.store.generation());
            if tries == 3 || !(moved || self.store.is_broken()) {
                return Err(failure);
            }
            if self.store.is_broken() {
                let Some(mut writer) = self.writer.try_lock_for(PATIENCE) else { return Err(failure) };
                self.recover(&mut writer, None)?;
            }
        }
    }

    /// Opens the file again after a fault, and compares it with what was acknowledged. True when it has the
    /// batch that was `wanted` and not acknowledged yet. Does nothing to a file that is well.
    pub(super) fn recover(&self, writer: &mut Writer, wanted: Option<&Tree>) -> Result<bool, Failure> {
        const NOT_CONFIRMED: &str = "the disk did not confirm what was written to it";
        if let Some(why) = &*self.lost.borrow() {
            return Err(Failure::Unknown(why.clone()));
        }
        if !self.store.is_broken() {
            return Ok(false);
        }
        if self.store.sync_failed() {
            return Err(self.give_up(NOT_CONFIRMED));
        }
        let (shared, found) = match self.store.reopen(load) {
            Ok(found) => found,
            Err(Failure::Unknown(why)) => return Err(self.give_up(&why)),
            Err(failure) => return Err(failure),
        };
        let landed = wanted.is_some_and(|wanted| *wanted == found) && found != writer.tree;
        if !landed && found != writer.tree {
            let (known, found) = (writer.tree.size(), found.size());
            let why = format!("{known} events were acknowledged, and after an error {found} are found");
            return Err(self.give_up(&why));
        }
        *self.shared.write() = shared;
        Ok(landed)
    }

    /// From here on nothing is answered: what the disk has is known only after a start.
    fn give_up(&self, why: &str) -> Failure {
        self.lost.send_replace(Some(why.to_owned()));
        Failure::Unknown(why.to_owned())
    }

    /// The first line of every checkpoint: `quorate/<log id>`, after a restore `quorate/<log id>/<epoch id>`.
    pub fn origin(&self) -> &str {
        &self.identity.origin
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

/// Reads what is held in memory: names, the end of each stream and plan, the tree's edge.
fn load(read: &ReadTransaction) -> Result<(Shared, Tree), Failure> {
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
            Cursor::new(read, &names)?.last_of_row(first)?
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
