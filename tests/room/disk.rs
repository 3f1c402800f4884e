//! A disk that loses what was not synced, and a log in front of it whose commits wait until they are let through.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, LazyLock};

use parking_lot::{Condvar, Mutex};
use quorate::document;
use quorate::domain::{ChangeHash, Timestamp};
use quorate::engine::record;
use quorate::log::{Append, Durable, Failure, Keys, Log, Options, Recorded, RedbLog};
use redb::StorageBackend;

use crate::through::Front;

/// The bytes that a process writes, and those that are still there when it is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Bits>>);

#[derive(Debug, Default)]
struct Bits {
    synced: Vec<u8>,
    now: Vec<u8>,
    /// Since the last sync; none sets the length.
    told: Vec<(u64, Option<Vec<u8>>)>,
}

impl Memory {
    /// The disk that the next process finds: what was synced, and nothing else.
    pub(super) fn after_power_cut(&self) -> Self {
        let synced = self.0.lock().synced.clone();
        Self(Arc::new(Mutex::new(Bits { now: synced.clone(), synced, told: Vec::new() })))
    }
}

fn put(bytes: &mut Vec<u8>, offset: u64, data: Option<&[u8]>) {
    let from = offset as usize;
    match data {
        Some(data) => bytes[from..from + data.len()].copy_from_slice(data),
        None => bytes.resize(from, 0),
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().now.len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bits = self.0.lock();
        let from = offset as usize;
        out.copy_from_slice(bits.now.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut bits = self.0.lock();
        put(&mut bits.now, len, None);
        bits.told.push((len, None));
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut bits = self.0.lock();
        for (offset, data) in std::mem::take(&mut bits.told) {
            put(&mut bits.synced, offset, data.as_deref());
        }
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bits = self.0.lock();
        put(&mut bits.now, offset, Some(data));
        bits.told.push((offset, Some(data.to_vec())));
        Ok(())
    }
}

/// What is to happen to the commit that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Written,
    Refused,
    /// It is written, and the process dies before anybody hears of it.
    Unheard,
}

#[derive(Debug, Default)]
struct Gate {
    waits: bool,
    fate: Option<Fate>,
    /// The process is gone: nothing is written any more, whoever asks.
    dead: bool,
    /// Commits go through at once.
    open: bool,
}

/// The log, as the server's process has it.
pub(super) struct Slow {
    log: RedbLog,
    gate: Mutex<Gate>,
    moved: Condvar,
    durable: Mutex<HashSet<ChangeHash>>,
}

impl Slow {
    pub(super) fn on(disk: &Memory) -> Self {
        // One key for every start: another one would begin an epoch.
        static KEY: LazyLock<String> = LazyLock::new(|| Keys::generate("quorate/room").unwrap().1);
        let options = Options { cache_bytes: 1 << 20, signing_key: Some(KEY.clone()) };
        let log = RedbLog::with_backend(disk.clone(), &options).unwrap();
        let slow = Self { log, gate: Mutex::default(), moved: Condvar::new(), durable: Mutex::default() };
        let events = slow.log.read(0, usize::MAX).unwrap();
        slow.note(&events);
        slow
    }

    fn note(&self, events: &[Recorded]) {
        let changed = events.iter().filter(|event| &*event.kind == record::CHANGED);
        self.durable.lock().extend(changed.map(hash));
    }

    /// Is this change on the disk?
    pub(super) fn has(&self, hash: &ChangeHash) -> bool {
        self.durable.lock().contains(hash)
    }

    /// How many changes are.
    pub(super) fn changes(&self) -> usize {
        self.durable.lock().len()
    }

    /// Does a commit wait?
    pub(super) fn waits(&self) -> bool {
        self.gate.lock().waits
    }

    /// Says what happens to the commit that waits, if one does; answers once it has happened.
    pub(super) fn decide(&self, fate: Fate) -> bool {
        let mut gate = self.gate.lock();
        if !gate.waits {
            return false;
        }
        gate.fate = Some(fate);
        self.moved.notify_all();
        while gate.fate.is_some() {
            self.moved.wait(&mut gate);
        }
        true
    }

    /// Lets everything through from now on, or holds it.
    pub(super) fn set_open(&self, open: bool) {
        let mut gate = self.gate.lock();
        gate.open = open;
        self.moved.notify_all();
    }

    /// The process is gone.
    pub(super) fn die(&self) {
        self.gate.lock().dead = true;
        self.moved.notify_all();
    }

    fn pass(&self) -> Fate {
        let mut gate = self.gate.lock();
        loop {
            let fate = match gate.fate {
                _ if gate.dead => Some(Fate::Refused),
                None if gate.open => Some(Fate::Written),
                fate => fate,
            };
            gate.waits = fate.is_none();
            match fate {
                Some(fate) => return fate,
                None => self.moved.wait(&mut gate),
            }
        }
    }
}

fn hash(event: &Recorded) -> ChangeHash {
    let raw = record::change_bytes(event.payload.as_ref().unwrap()).unwrap();
    document::reread(&raw).unwrap().hash
}

impl Front for Slow {
    fn behind(&self) -> &RedbLog {
        &self.log
    }
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        let fate = self.pass();
        let done = match fate {
            Fate::Written | Fate::Unheard => self.log.append(batch),
            Fate::Refused => Err(Failure::Write("the disk does not take it".into())),
        };
        if let Ok(durable) = &done {
            self.note(&durable.recorded);
        }
        let mut gate = self.gate.lock();
        gate.fate = None;
        gate.dead |= fate == Fate::Unheard;
        self.moved.notify_all();
        // Whoever has died does not learn what became of it.
        if gate.dead { Err(Failure::Write("the process is gone".into())) } else { done }
    }
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure> {
        if self.gate.lock().dead { Ok(()) } else { self.log.checkpoint(at) }
    }
}
