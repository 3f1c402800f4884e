//! The log on a disk that fails or loses power: whatever was acknowledged is there afterwards, whole
//! batches only.

use std::{io, sync::Arc};

use parking_lot::Mutex;
use redb::StorageBackend;

use super::{
    Append, Failure, Log, Options, Outcome, RedbLog,
    contract::{one, proposed},
};
use crate::domain::Position;

/// What a disk has, what it was only told, and when it stops.
#[derive(Debug, Default)]
struct Disk {
    synced: Vec<u8>,
    now: Vec<u8>,
    /// Since the last sync; `None` data sets the length.
    told: Vec<(u64, Option<Vec<u8>>)>,
    /// Writes and syncs so far.
    steps: u64,
    /// The step that fails.
    fails_at: u64,
    /// After the failing step all fail.
    for_good: bool,
}

#[derive(Debug, Clone, Default)]
struct Storage(Arc<Mutex<Disk>>);

impl Storage {
    fn with(image: Vec<u8>) -> Self {
        let disk = Disk { synced: image.clone(), now: image, fails_at: u64::MAX, ..Disk::default() };
        Self(Arc::new(Mutex::new(disk)))
    }

    fn step(&self) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.steps += 1;
        if disk.steps == disk.fails_at || disk.for_good && disk.steps > disk.fails_at {
            return Err(io::Error::other("the disk does not answer"));
        }
        Ok(())
    }

    /// The disk after a power cut: of what was written since the last sync, any part may be there.
    fn cut(&self, dice: &mut Dice) -> Vec<u8> {
        let disk = self.0.lock();
        let mut image = disk.synced.clone();
        for (offset, data) in &disk.told {
            match data {
                None if dice.roll(2) == 0 => image.resize(*offset as usize, 0),
                None => {}
                Some(data) => {
                    let mut at = *offset as usize;
                    for sector in data.chunks(512) {
                        let end = at + sector.len();
                        if dice.roll(3) > 0 && end <= image.len() {
                            image[at..end].copy_from_slice(sector);
                        }
                        at = end;
                    }
                }
            }
        }
        image
    }
}

impl StorageBackend for Storage {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().now.len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let disk = self.0.lock();
        let from = offset as usize;
        let bytes = disk.now.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step()?;
        let mut disk = self.0.lock();
        disk.now.resize(len as usize, 0);
        disk.told.push((len, None));
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        self.step()?;
        let mut disk = self.0.lock();
        disk.synced = disk.now.clone();
        disk.told.clear();
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step()?;
        let mut disk = self.0.lock();
        let from = offset as usize;
        disk.now[from..from + data.len()].copy_from_slice(data);
        disk.told.push((offset, Some(data.to_vec())));
        Ok(())
    }
}

/// Numbers that only look random, so that a failing run can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

fn open(storage: Storage) -> RedbLog {
    RedbLog::with_backend(storage, &Options { cache_bytes: 1 << 20, ..Options::default() }).unwrap()
}

/// The image of an empty log.
fn empty_log() -> Vec<u8> {
    let storage = Storage::with(Vec::new());
    drop(open(storage.clone()));
    storage.0.lock().now.clone()
}

/// A batch of 1 to 5 events; their ids are their positions.
fn batch(head: Position, dice: &mut Dice) -> Vec<Append> {
    let size = 1 + dice.roll(5);
    let payload = vec![dice.roll(256) as u8; dice.roll(3000) as usize];
    (head + 1..=head + size)
        .map(|id| one(proposed(id.into(), ["a", "b"][id as usize % 2], &payload)))
        .collect()
}

/// Appends until the disk fails. Returns the head after each acknowledged batch, and the head that the
/// batch which was not acknowledged would have made.
fn append_until_failure(log: &RedbLog, dice: &mut Dice) -> (Vec<Position>, Position) {
    let mut acknowledged = vec![0];
    loop {
        let head = *acknowledged.last().unwrap();
        let batch = batch(head, dice);
        let wanted = head + batch.len() as u64;
        match log.append(batch) {
            Ok(durable) => {
                assert!(durable.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Appended { .. })));
                acknowledged.push(wanted);
            }
            Err(Failure::Write(_)) => {
                assert_eq!(log.head(), head, "nothing is shown that was not acknowledged");
                return (acknowledged, wanted);
            }
            Err(failure) => panic!("not a failure to write: {failure}"),
        }
    }
}

/// All acknowledged events are there, the last batch wholly or not at all, and the log goes on.
fn recovers(image: Vec<u8>, acknowledged: Position, wanted: Position, dice: &mut Dice) {
    let log = open(Storage::with(image));
    let head = log.head();
    assert!(head == acknowledged || head == wanted, "head {head}, acknowledged {acknowledged}");
    let events = log.read(0, usize::MAX).unwrap();
    assert!(events.iter().map(|event| event.position).eq(1..=head));
    for event in &events {
        assert_eq!(log.position_of(event.id).unwrap(), Some(event.position));
    }
    let size = batch(head, dice).len() as u64;
    let more = (head + 1..=head + size).map(|id| one(proposed(id.into(), "a", b"")));
    assert_eq!(log.append(more.collect()).unwrap().recorded.len() as u64, size);
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let image = empty_log();
    for seed in 1..=300 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let storage = Storage::with(image.clone());
        let log = open(storage.clone());
        {
            let mut disk = storage.0.lock();
            (disk.fails_at, disk.for_good) = (disk.steps + 1 + dice.roll(250), true);
        }
        let (acknowledged, wanted) = append_until_failure(&log, &mut dice);
        let after = storage.cut(&mut dice);
        recovers(after, *acknowledged.last().unwrap(), wanted, &mut dice);
    }
}

#[test]
fn after_one_failed_write_or_sync_nothing_more_is_taken() {
    let image = empty_log();
    for step in 1..=60 {
        let mut dice = Dice(step * 0x9e37_79b9);
        let storage = Storage::with(image.clone());
        let log = open(storage.clone());
        {
            let mut disk = storage.0.lock();
            disk.fails_at = disk.steps + step;
        }
        let (acknowledged, wanted) = append_until_failure(&log, &mut dice);
        // The disk is well again, but what it has is unknown.
        let refusal = log.append(batch(wanted, &mut dice)).unwrap_err().to_string();
        assert!(refusal.contains("started again"), "{refusal}");
        assert!(log.put_person(&crate::domain::PersonId::new("p").unwrap(), b"{}").is_err());
        // Reading goes on where the store allows it, and shows no more than was acknowledged.
        if let Ok(events) = log.read(0, usize::MAX) {
            assert_eq!(events.len() as u64, *acknowledged.last().unwrap());
        }
        drop(log);
        let after = storage.0.lock().now.clone();
        recovers(after, *acknowledged.last().unwrap(), wanted, &mut dice);
    }
}

#[test]
fn a_file_that_was_cut_off_while_it_was_made_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("log.new"), b"redb\x1a\x0a, and then the power was cut").unwrap();
    let log = RedbLog::open(dir.path(), &Options::default()).unwrap();
    assert_eq!(log.append(vec![one(proposed(1, "s", b""))]).unwrap().recorded.len(), 1);
}
