//! A machine for tests: a folder of files in memory, whose power can be cut at any operation and whose
//! disk can fail at any. Everything that happens on it follows from a seed.

use std::{collections::BTreeMap, io, mem, sync::Arc};

use parking_lot::Mutex;
use redb::StorageBackend;

use super::folder::Folder;

const PAGE: usize = 4096;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Numbers that only look random, so that a failing run can be run again.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.number() % sides
    }
}

/// What can be asked of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Op {
    Read,
    Write,
    Sync,
    SetLen,
    /// Making, renaming and removing files, and making that durable.
    Names,
}

/// What goes wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// The power goes at this step (an operation that changes something), in the middle of it.
    Cut {
        step: u64,
    },
    /// Operations of one kind fail, from the n-th on, so many of them.
    Fail {
        op: Op,
        from: u64,
        count: u64,
        how: How,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Full,
    Input,
    /// Half of it is written before the failure.
    Short,
}

/// Which of what was written since the last sync a cut leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survives {
    Nothing,
    Everything,
    /// Each sector by itself, so many times of 16.
    Sectors(u64),
    /// All writes but one.
    AllBut,
    /// One write alone.
    Only,
    /// The first writes, the next one torn.
    Prefix,
}

impl Survives {
    pub(super) fn any(dice: &mut Dice) -> Self {
        match dice.roll(8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2 => Self::AllBut,
            3 => Self::Only,
            4 => Self::Prefix,
            _ => Self::Sectors(1 + dice.roll(15)),
        }
    }
}

/// A file's bytes, in pages that copies of the machine share.
#[derive(Debug, Clone, Default)]
struct Bytes {
    len: usize,
    pages: Vec<Arc<[u8; PAGE]>>,
}

impl Bytes {
    fn read(&self, at: usize, out: &mut [u8]) -> io::Result<()> {
        if at + out.len() > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < out.len() {
            let (page, from) = ((at + done) / PAGE, (at + done) % PAGE);
            let count = (PAGE - from).min(out.len() - done);
            out[done..done + count].copy_from_slice(&self.pages[page][from..from + count]);
            done += count;
        }
        Ok(())
    }

    /// What lies behind the end is lost.
    fn write(&mut self, at: usize, data: &[u8]) {
        let data = &data[..data.len().min(self.len.saturating_sub(at))];
        let mut done = 0;
        while done < data.len() {
            let (page, from) = ((at + done) / PAGE, (at + done) % PAGE);
            let count = (PAGE - from).min(data.len() - done);
            Arc::make_mut(&mut self.pages[page])[from..from + count]
                .copy_from_slice(&data[done..done + count]);
            done += count;
        }
    }

    fn resize(&mut self, len: usize) {
        if len < self.len && !len.is_multiple_of(PAGE) {
            Arc::make_mut(&mut self.pages[len / PAGE])[len % PAGE..].fill(0);
        }
        self.pages.resize_with(len.div_ceil(PAGE), || Arc::new([0; PAGE]));
        self.len = len;
    }
}

#[derive(Debug, Clone)]
enum Pending {
    Len(usize),
    Data(usize, Arc<[u8]>),
}

#[derive(Debug, Clone, Default)]
struct File {
    durable: Bytes,
    now: Bytes,
    /// Since the last sync.
    pending: Vec<Pending>,
}

#[derive(Debug, Clone)]
struct State {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// The names after each change since the folder was last synced.
    pending_names: Vec<BTreeMap<String, usize>>,
    trouble: Trouble,
    off: bool,
    /// Says that it synced, and did not.
    lies: bool,
    steps: u64,
    counts: BTreeMap<Op, u64>,
    dice: Dice,
}

/// A handle on the machine; clones are handles on the same one.
#[derive(Debug, Clone)]
pub(super) struct Machine(Arc<Mutex<State>>);

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            trouble: Trouble::None,
            off: false,
            lies: false,
            steps: 0,
            counts: BTreeMap::new(),
            dice: Dice::new(seed),
        })))
    }

    /// Another machine that has the same on its disk, with dice of its own.
    pub(super) fn twin(&self, seed: u64) -> Self {
        let mut state = self.0.lock().clone();
        state.dice = Dice::new(seed);
        Self(Arc::new(Mutex::new(state)))
    }

    /// From now on; steps and operations are counted anew.
    pub(super) fn set_trouble(&self, trouble: Trouble) {
        let mut state = self.0.lock();
        (state.trouble, state.steps) = (trouble, 0);
        state.counts.clear();
    }

    pub(super) fn lie(&self) {
        self.0.lock().lies = true;
    }

    pub(super) fn is_off(&self) -> bool {
        self.0.lock().off
    }

    pub(super) fn steps(&self) -> u64 {
        self.0.lock().steps
    }

    pub(super) fn count(&self, op: Op) -> u64 {
        self.0.lock().counts.get(&op).copied().unwrap_or(0)
    }

    /// The power goes, if it has not gone yet, and comes back.
    pub(super) fn reboot(&self, survives: Survives) {
        let mut state = self.0.lock();
        let State { files, dice, .. } = &mut *state;
        for file in files.iter_mut() {
            file.durable = file.after_cut(survives, dice);
            file.now = file.durable.clone();
            file.pending.clear();
        }
        // A folder is a journal: its changes survive in their order.
        let changes = mem::take(&mut state.pending_names);
        let kept = state.dice.roll(changes.len() as u64 + 1) as usize;
        if let Some(names) = changes.into_iter().take(kept).next_back() {
            state.durable_names = names;
        }
        state.names = state.durable_names.clone();
        (state.off, state.trouble, state.steps) = (false, Trouble::None, 0);
        state.counts.clear();
    }

    /// Counts an operation; says whether it is to be done, and how it ends.
    fn begin(&self, op: Op, step: bool) -> (bool, io::Result<()>) {
        let mut state = self.0.lock();
        if state.off {
            return (false, Err(io::Error::other("the power is off")));
        }
        let count = {
            let count = state.counts.entry(op).or_default();
            *count += 1;
            *count
        };
        state.steps += u64::from(step);
        match &state.trouble {
            Trouble::Cut { step: at } if step && state.steps == *at => {
                state.off = true;
                (true, Err(io::Error::other("the power went")))
            }
            Trouble::Fail { op: failing, from, count: number, how }
                if *failing == op && count >= *from && count - from < *number =>
            {
                match how {
                    How::Full => (false, Err(io::ErrorKind::StorageFull.into())),
                    How::Input => (false, Err(io::Error::other("input/output error"))),
                    How::Short => (true, Err(io::ErrorKind::WriteZero.into())),
                }
            }
            Trouble::Cut { .. } | Trouble::Fail { .. } | Trouble::None => (true, Ok(())),
        }
    }

    fn change_names<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let (done, outcome) = self.begin(Op::Names, true);
        let mut state = self.0.lock();
        let made = if done {
            let made = work(&mut state)?;
            let names = state.names.clone();
            state.pending_names.push(names);
            Some(made)
        } else {
            None
        };
        outcome?;
        Ok(made.expect("what is not done fails"))
    }
}

impl File {
    fn after_cut(&self, survives: Survives, dice: &mut Dice) -> Bytes {
        let mut bytes = self.durable.clone();
        let chosen = dice.roll(self.pending.len().max(1) as u64) as usize;
        for (number, pending) in self.pending.iter().enumerate() {
            let whole = match survives {
                Survives::Nothing => false,
                Survives::Everything => true,
                Survives::Sectors(of_16) => match pending {
                    Pending::Len(_) => dice.roll(16) < of_16,
                    Pending::Data(at, data) => {
                        for (sector, part) in data.chunks(SECTOR).enumerate() {
                            if dice.roll(16) < of_16 {
                                bytes.write(at + sector * SECTOR, part);
                            }
                        }
                        continue;
                    }
                },
                Survives::AllBut => number != chosen,
                Survives::Only => number == chosen,
                Survives::Prefix if number == chosen => {
                    if let Pending::Data(at, data) = pending {
                        let sectors = dice.roll(data.len().div_ceil(SECTOR) as u64 + 1) as usize;
                        bytes.write(*at, &data[..data.len().min(sectors * SECTOR)]);
                    }
                    false
                }
                Survives::Prefix => number < chosen,
            };
            match pending {
                _ if !whole => {}
                Pending::Len(len) => bytes.resize(*len),
                Pending::Data(at, data) => bytes.write(*at, data),
            }
        }
        bytes
    }
}

impl Folder for Machine {
    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(self.0.lock().names.contains_key(name))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let file = self.change_names(|state| {
            if state.names.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.files.push(File::default());
            let file = state.files.len() - 1;
            state.names.insert(name.to_owned(), file);
            Ok(file)
        })?;
        Ok(Box::new(Handle { machine: self.clone(), file }))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let file = self.0.lock().names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Handle { machine: self.clone(), file }))
    }
    fn remove(&self, name: &str) -> io::Result<bool> {
        if !self.exists(name)? {
            return Ok(false);
        }
        self.change_names(|state| Ok(state.names.remove(name).is_some()))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change_names(|state| {
            let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.to_owned(), file);
            Ok(())
        })
    }
    fn sync(&self) -> io::Result<()> {
        let (_, outcome) = self.begin(Op::Names, true);
        outcome?;
        let mut state = self.0.lock();
        if !state.lies {
            state.durable_names = state.names.clone();
            state.pending_names.clear();
        }
        Ok(())
    }
    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
    fn random(&self, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        for part in out.chunks_mut(8) {
            part.copy_from_slice(&state.dice.number().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

/// An open file of the machine.
#[derive(Debug)]
struct Handle {
    machine: Machine,
    file: usize,
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.machine.0.lock().files[self.file].now.len as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.machine.begin(Op::Read, false).1?;
        self.machine.0.lock().files[self.file].now.read(offset as usize, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        let (done, outcome) = self.machine.begin(Op::SetLen, true);
        if done {
            let file = &mut self.machine.0.lock().files[self.file];
            file.now.resize(len as usize);
            file.pending.push(Pending::Len(len as usize));
        }
        outcome
    }
    fn sync_data(&self) -> io::Result<()> {
        // The power goes before anything of it is done, or it fails without saying what it did.
        self.machine.begin(Op::Sync, true).1?;
        let mut state = self.machine.0.lock();
        if !state.lies {
            let file = &mut state.files[self.file];
            file.durable = file.now.clone();
            file.pending.clear();
        }
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (done, outcome) = self.machine.begin(Op::Write, true);
        if done {
            let cut = self.machine.is_off();
            let data = if outcome.is_err() && !cut { &data[..data.len() / 2] } else { data };
            let file = &mut self.machine.0.lock().files[self.file];
            file.now.write(offset as usize, data);
            file.pending.push(Pending::Data(offset as usize, data.into()));
        }
        outcome
    }
}
