//! Does the log say what was recorded, all of it, and nothing else? Reads everything, changes nothing.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    panic,
    path::Path,
    sync::Arc,
};

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableHandle as _,
};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint as Statement;

use super::{
    Failure, Recorded,
    envelope::{SALT, leaf, payload_digest},
    meta::{self, Identity},
    names::{Name, Names},
    pages,
    row::{Stored, unpack},
    store::{FILE, load_names, lock_folder, stored_hash},
    tables::{
        ACCESS, CACHE, CHECKPOINTS, EVENTS, IDS, MERKLE, META, NAMES, PAYLOADS, PEOPLE, PLANS, ROW_PIECE,
        STREAMS, unreadable,
    },
    tree::{ROW_HASHES, Tree},
};
use crate::domain::{PersonId, Position};

/// What a caller adds to the check, since the log does not know what its events mean.
pub trait Witness {
    /// How far it has come.
    fn progress(&mut self, _events: u64, _of: u64) {}
    /// The epoch that begins with this event.
    fn epoch(&self, event: &Recorded) -> Option<Epoch>;
    /// Every event in order. What is wrong with its meaning becomes a problem at its position.
    fn event(&mut self, _event: &Recorded) -> Result<(), String> {
        Ok(())
    }
    /// Every cache entry, after all events: it must be what the events say.
    fn cache(&mut self, _key: &str, _value: &[u8]) -> Result<(), String> {
        Ok(())
    }
    /// After all that: what only shows in the whole.
    fn end(&mut self, _report: &mut Report) {}
}

/// Who signs from an event on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The key of its checkpoints (C2SP `signed-note`).
    pub verifier_key: String,
    /// Their origin line; none in a first epoch of before there were others: the log's id.
    pub origin: Option<String>,
    /// What it goes on from; none in a first epoch.
    pub continues: Option<Continues>,
}

/// The state of the log in which an epoch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continues {
    /// The origin of the epoch before.
    pub origin: String,
    /// How many events there were.
    pub size: Position,
    /// The Merkle root over them.
    pub root: [u8; 32],
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The event that it concerns; none where it is about the file or a table.
    pub position: Option<Position>,
    pub what: String,
}

/// What was checked, in sentences, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub checked: Vec<String>,
    pub problems: Vec<Problem>,
    pub events: u64,
    /// The events that the newest checkpoint covers.
    pub covered: u64,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
    fn problem(&mut self, position: Option<Position>, what: impl Into<String>) {
        self.problems.push(Problem { position, what: what.into() });
    }
}

/// Checks the log of a data folder that no process has open.
pub fn verify(dir: &Path, witness: &mut dyn Witness) -> Result<Report, Failure> {
    let _folder = lock_folder(dir)?;
    verify_file(&dir.join(FILE), witness)
}

/// Checks one file, for example a copy made by [`super::RedbLog::copy_to`].
pub fn verify_file(path: &Path, witness: &mut dyn Witness) -> Result<Report, Failure> {
    let failed = |error: std::io::Error| Failure::Read(format!("{}: {error}", path.display()));
    let file = Arc::new(File::open(path).map_err(failed)?);
    let pages = pages::check(&file).map_err(failed)?;
    let mut report = Report::default();
    report.checked.push(format!(
        "The file ({} bytes, {}): its header and the checksum of every page in use.",
        pages.bytes,
        if pages.clean { "cleanly closed" } else { "not cleanly closed, or a copy of one in use" }
    ));
    for problem in pages.problems {
        report.problem(None, problem);
    }
    let Some(db) = pages.db else {
        report.checked.push("The events were not checked: the file must be whole for that.".into());
        return Ok(report);
    };
    let walked = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        walk(&db.begin_read().map_err(unreadable)?, &mut report, witness)
    }));
    match walked {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => report.problem(None, failure.to_string()),
        Err(_) => report.problem(None, "the store stopped while its tables were read"),
    }
    Ok(report)
}

/// Everything above the pages: what the tables say.
pub(super) fn walk(
    read: &ReadTransaction,
    report: &mut Report,
    witness: &mut dyn Witness,
) -> Result<(), Failure> {
    let identity = meta::identity(read)?;
    check_tables(read, report)?;
    let names = load_names(&read.open_table(NAMES).map_err(unreadable)?)?;
    let mut walk = Walk::new(read, &names, report, witness, identity)?;
    walk.events()?;
    walk.indexes()?;
    walk.merkle_rows()?;
    walk.checkpoints()?;
    walk.epochs();
    walk.beside()?;
    walk.witness.end(walk.report);
    Ok(())
}

/// The tables are those of the log, no more.
fn check_tables(read: &ReadTransaction, report: &mut Report) -> Result<(), Failure> {
    let known: HashSet<&str> = [
        EVENTS.name(),
        STREAMS.name(),
        PLANS.name(),
        IDS.name(),
        NAMES.name(),
        MERKLE.name(),
        CHECKPOINTS.name(),
        PAYLOADS.name(),
        PEOPLE.name(),
        ACCESS.name(),
        CACHE.name(),
        META.name(),
    ]
    .into();
    for table in read.list_tables().map_err(unreadable)? {
        if !known.contains(table.name()) {
            report.problem(None, format!("there is a table that is not the log's: {}", table.name()));
        }
    }
    if read.list_multimap_tables().map_err(unreadable)?.next().is_some() {
        report.problem(None, "there is a table that is not the log's");
    }
    for entry in read.open_table(META).map_err(unreadable)?.iter().map_err(unreadable)? {
        if !meta::ENTRIES.contains(&entry.map_err(unreadable)?.0.value()) {
            report.problem(None, "the table `meta` has entries that are not the log's");
        }
    }
    Ok(())
}

/// All that is gathered on the way through the events, to be compared with the other tables.
struct Walk<'a> {
    read: &'a ReadTransaction,
    names: &'a Names,
    report: &'a mut Report,
    witness: &'a mut dyn Witness,
    identity: Identity,
    /// The origin of the epoch so far.
    origin: String,
    epochs: u64,
    ids: ReadOnlyTable<&'static [u8; 16], u64>,
    payloads: ReadOnlyTable<u64, &'static [u8]>,
    merkle: ReadOnlyTable<u64, &'static [u8]>,
    /// None once an event could not be read: the hashes after it cannot be rebuilt.
    tree: Option<Tree>,
    next: Position,
    of: u64,
    used: HashSet<Name>,
    versions: HashMap<u32, u64>,
    stream_ranges: BTreeMap<(u32, u64), (u64, u64)>,
    last_stream_range: HashMap<u32, (u64, u64, u64)>,
    plan_ranges: BTreeMap<(u32, u64), u64>,
    last_plan_range: HashMap<u32, (u64, u64)>,
    erasable: u64,
    erased: u64,
    /// Announced keys, with the position from which each holds.
    keys: Vec<(Position, String)>,
    waiting: BTreeMap<Position, Vec<u8>>,
    checkpoints: u64,
}

impl<'a> Walk<'a> {
    fn new(
        read: &'a ReadTransaction,
        names: &'a Names,
        report: &'a mut Report,
        witness: &'a mut dyn Witness,
        identity: Identity,
    ) -> Result<Self, Failure> {
        let checkpoints = read.open_table(CHECKPOINTS).map_err(unreadable)?;
        let mut waiting = BTreeMap::new();
        for entry in checkpoints.iter().map_err(unreadable)? {
            let (size, note) = entry.map_err(unreadable)?;
            waiting.insert(size.value(), note.value().to_vec());
        }
        let ids = read.open_table(IDS).map_err(unreadable)?;
        Ok(Self {
            of: ids.len().map_err(unreadable)?,
            ids,
            payloads: read.open_table(PAYLOADS).map_err(unreadable)?,
            merkle: read.open_table(MERKLE).map_err(unreadable)?,
            read,
            names,
            report,
            witness,
            origin: identity.log.clone(),
            identity,
            epochs: 0,
            tree: Some(Tree::default()),
            next: 1,
            used: HashSet::new(),
            versions: HashMap::new(),
            stream_ranges: BTreeMap::new(),
            last_stream_range: HashMap::new(),
            plan_ranges: BTreeMap::new(),
            last_plan_range: HashMap::new(),
            erasable: 0,
            erased: 0,
            keys: Vec::new(),
            waiting,
            checkpoints: 0,
        })
    }

    /// Every row in order: no gap, no overlap, each readable.
    fn events(&mut self) -> Result<(), Failure> {
        let table = self.read.open_table(EVENTS).map_err(unreadable)?;
        let mut row: Option<(Position, Vec<u8>)> = None;
        let mut piece_expected = 0;
        for entry in table.iter().map_err(unreadable)? {
            let (key, piece) = entry.map_err(unreadable)?;
            let (first, number) = key.value();
            if number == 0 {
                if let Some((first, packed)) = row.take() {
                    self.row(first, &packed)?;
                }
                row = Some((first, Vec::new()));
                piece_expected = 0;
            }
            match &mut row {
                Some((begun, packed))
                    if *begun == first
                        && number == piece_expected
                        && packed.len() == number as usize * ROW_PIECE =>
                {
                    packed.extend(piece.value());
                    piece_expected += 1;
                }
                Some(_) | None => {
                    self.report
                        .problem(Some(first), "a piece of the row that starts here is missing or misplaced");
                }
            }
        }
        if let Some((first, packed)) = row {
            self.row(first, &packed)?;
        }
        self.report.events = self.next - 1;
        self.report.checked.push(format!(
            "{} events: positions without a gap, versions in {} streams, payload digests ({} erasable, {} of them \
             erased), the Merkle tree rebuilt and compared hash by hash.",
            self.report.events,
            self.versions.len(),
            self.erasable,
            self.erased
        ));
        Ok(())
    }

    fn row(&mut self, first: Position, packed: &[u8]) -> Result<(), Failure> {
        if first != self.next {
            self.tree = None;
            let what = format!("position {} was expected here", self.next);
            self.report.problem(Some(first), what);
            self.next = first;
        }
        match unpack(first, packed, self.names) {
            Ok(events) => {
                self.next = first + events.len() as u64;
                self.witness.progress(self.next - 1, self.of);
                events.into_iter().try_for_each(|stored| self.event(stored))
            }
            Err(bad) => {
                self.tree = None;
                self.report
                    .problem(Some(first), format!("the row that starts here cannot be read: {}", bad.0));
                Ok(())
            }
        }
    }

    fn event(&mut self, mut stored: Stored) -> Result<(), Failure> {
        let position = stored.event.position;
        let at = self.ids.get(stored.event.id.0.as_bytes()).map_err(unreadable)?.map(|at| at.value());
        if at != Some(position) {
            self.report
                .problem(Some(position), "its id is not in the index of ids, or stands for another event");
        }
        self.payload(&mut stored)?;
        self.ranges(&stored.event);
        if let Some(epoch) = self.witness.epoch(&stored.event) {
            self.epoch(position, epoch);
        }
        if let Some(mut tree) = self.tree.take() {
            let start = tree.stored();
            let hashes = tree.push(leaf(&stored.event, stored.erasable));
            let mut same = true;
            for (index, hash) in (start..).zip(hashes) {
                same &= matches!(stored_hash(&self.merkle, index), Ok(stored) if stored == hash);
            }
            if same {
                self.tree = Some(tree);
            } else {
                let what = "the Merkle tree does not have the hash of this event as it stands";
                self.report.problem(Some(position), what);
            }
        }
        if let Err(what) = self.witness.event(&stored.event) {
            self.report.problem(Some(position), what);
        }
        if let Some(note) = self.waiting.remove(&position) {
            self.checkpoint(position, &note);
        }
        Ok(())
    }

    /// An epoch goes on from exactly what the log was before it.
    fn epoch(&mut self, position: Position, epoch: Epoch) {
        self.epochs += 1;
        let wrong = match &epoch.continues {
            None => self.epochs > 1,
            Some(continues) => {
                let before = self.tree.as_ref().map(|tree| tree.root().0);
                continues.origin != self.origin
                    || continues.size != position - 1
                    || before.is_some_and(|root| root != continues.root)
            }
        };
        if wrong {
            self.report
                .problem(Some(position), "the epoch that begins here does not go on from the one before");
        }
        self.origin = epoch.origin.unwrap_or_else(|| self.identity.log.clone());
        self.keys.push((position, epoch.verifier_key));
    }

    fn epochs(&mut self) {
        let begun = if self.origin == self.identity.origin { "" } else { ", restored and not started since" };
        self.report.checked.push(format!(
            "{} epochs: each goes on from the one before; the newest signs as {}{begun}.",
            self.epochs, self.identity.origin
        ));
    }

    fn payload(&mut self, stored: &mut Stored) -> Result<(), Failure> {
        if !stored.erasable {
            return Ok(());
        }
        self.erasable += 1;
        let position = stored.event.position;
        match self.payloads.get(position).map_err(unreadable)? {
            None => self.erased += 1,
            Some(entry) => match entry.value().split_first_chunk::<SALT>() {
                Some((salt, payload)) if payload_digest(salt, payload) == stored.event.digest => {
                    stored.event.payload = Some(bytes::Bytes::copy_from_slice(payload));
                }
                Some(_) | None => self.report.problem(Some(position), "its payload does not have its digest"),
            },
        }
        Ok(())
    }

    /// Builds the ranges that the indexes must hold.
    fn ranges(&mut self, event: &Recorded) {
        let position = event.position;
        let stream_name = Name::Stream(event.stream.clone());
        if let Some(stream) = self.names.number(&stream_name) {
            let version = self.versions.entry(stream).or_default();
            *version += 1;
            if event.version != *version {
                let what =
                    format!("its version in {} is {}, not {version}", event.stream.as_str(), event.version);
                self.report.problem(Some(position), what);
            }
            let range = match self.last_stream_range.get(&stream) {
                Some((first_version, first, count)) if first + count == position => {
                    (*first_version, *first, count + 1)
                }
                Some(_) | None => (*version, position, 1),
            };
            self.last_stream_range.insert(stream, range);
            self.stream_ranges.insert((stream, range.0), (range.1, range.2));
        }
        self.used.insert(stream_name);
        self.used.insert(Name::Kind(event.kind.clone()));
        self.used.extend(event.actor.clone().map(Name::Person));
        if let Some(number) = event.plan.and_then(|plan| self.names.number(&Name::Plan(plan))) {
            let range = match self.last_plan_range.get(&number) {
                Some((first, count)) if first + count == position => (*first, count + 1),
                Some(_) | None => (position, 1),
            };
            self.last_plan_range.insert(number, range);
            self.plan_ranges.insert((number, range.0), range.1);
        }
        self.used.extend(event.plan.map(Name::Plan));
    }

    /// The indexes hold what the events say, and nothing else.
    fn indexes(&mut self) -> Result<(), Failure> {
        let mut streams = BTreeMap::new();
        for entry in self.read.open_table(STREAMS).map_err(unreadable)?.iter().map_err(unreadable)? {
            let (key, range) = entry.map_err(unreadable)?;
            streams.insert(key.value(), range.value());
        }
        if streams != self.stream_ranges {
            self.report.problem(None, "the index of streams is not what the events say");
        }
        let mut plans = BTreeMap::new();
        for entry in self.read.open_table(PLANS).map_err(unreadable)?.iter().map_err(unreadable)? {
            let (key, count) = entry.map_err(unreadable)?;
            plans.insert(key.value(), count.value());
        }
        if plans != self.plan_ranges {
            self.report.problem(None, "the index of plans is not what the events say");
        }
        if self.of != self.report.events {
            let what = format!("the index of ids has {} entries for {} events", self.of, self.report.events);
            self.report.problem(None, what);
        }
        if self.names.len() as usize != self.used.len() {
            self.report.problem(None, "the table of names has one that no event uses");
        }
        let payloads = self.payloads.len().map_err(unreadable)?;
        if payloads != self.erasable - self.erased {
            self.report.problem(None, "there are payloads that belong to no event");
        }
        self.report.checked.push(format!(
            "The indexes: {} ids, {} ranges of streams, {} ranges of plans, {} names, {payloads} erasable payloads.",
            self.of,
            streams.len(),
            plans.len(),
            self.names.len()
        ));
        Ok(())
    }

    /// No hash beyond those of the events.
    fn merkle_rows(&mut self) -> Result<(), Failure> {
        let Some(tree) = &self.tree else { return Ok(()) };
        let last = self.merkle.last().map_err(unreadable)?;
        let last = last.map(|(row, bytes)| row.value() * ROW_HASHES + bytes.value().len() as u64 / 32);
        let rows = self.merkle.len().map_err(unreadable)?;
        if last.unwrap_or(0) != tree.stored() || rows != tree.stored().div_ceil(ROW_HASHES) {
            self.report.problem(None, "the Merkle tree has hashes that belong to no event");
        }
        Ok(())
    }

    /// A checkpoint of `size` events, met right after the last of them.
    fn checkpoint(&mut self, size: Position, note: &[u8]) {
        self.checkpoints += 1;
        self.report.covered = size;
        match self.checkpoint_problem(size, note) {
            None => {}
            Some(what) => self.report.problem(Some(size), format!("the checkpoint of {size} events {what}")),
        }
    }

    fn checkpoint_problem(&self, size: Position, note: &[u8]) -> Option<String> {
        let Ok(note) = Note::from_bytes(note) else { return Some("is not a signed note".into()) };
        let Ok(statement) = Statement::from_bytes(note.text()) else {
            return Some("does not state a size and a root".into());
        };
        if statement.origin() != self.origin || statement.size() != size {
            return Some(format!("is of {} events of {}", statement.size(), statement.origin()));
        }
        let verifiers = self.keys.iter().filter_map(|(_, key)| StandardVerifier::new(key).ok());
        let mut seen = HashSet::new();
        let verifiers: Vec<Box<dyn Verifier>> = verifiers
            .filter(|key| seen.insert((key.name().to_owned(), key.key_id())))
            .map(|key| Box::new(key) as Box<dyn Verifier>)
            .collect();
        if verifiers.is_empty() {
            return Some("cannot be checked: no event before it announces a key".into());
        }
        match note.verify(&VerifierList::new(verifiers)) {
            Ok((verified, _)) if !verified.is_empty() => {}
            Ok(_) | Err(_) => return Some("is not signed by a key that the log announces".into()),
        }
        let tree = self.tree.as_ref()?;
        (tree.root() != *statement.hash()).then(|| "states another Merkle root than the events have".into())
    }

    fn checkpoints(&mut self) -> Result<(), Failure> {
        for size in std::mem::take(&mut self.waiting).into_keys() {
            let what =
                format!("there is a checkpoint of {size} events, but there are {}", self.report.events);
            self.report.problem(None, what);
        }
        let uncovered = self.report.events - self.report.covered.min(self.report.events);
        self.report.checked.push(format!(
            "{} checkpoints: size, root and signature; the newest {uncovered} events are not covered by one yet.",
            self.checkpoints
        ));
        Ok(())
    }

    /// What lies beside the events: people, what lets them in, and caches.
    fn beside(&mut self) -> Result<(), Failure> {
        let people = self.read.open_table(PEOPLE).map_err(unreadable)?;
        let mut count = 0;
        for entry in people.iter().map_err(unreadable)? {
            let (person, _) = entry.map_err(unreadable)?;
            count += 1;
            if PersonId::new(person.value()).is_err() {
                self.report
                    .problem(None, format!("the table `people` has an entry for {:?}", person.value()));
            }
        }
        // Files of before there was sign-in have no such table. What its entries mean is not the record's.
        let mut access = 0;
        if meta::has(self.read, ACCESS.name())? {
            for entry in self.read.open_table(ACCESS).map_err(unreadable)?.iter().map_err(unreadable)? {
                entry.map_err(unreadable)?;
                access += 1;
            }
        }
        let mut caches: Vec<(String, Vec<u8>)> = Vec::new();
        let mut expected = 0;
        for entry in self.read.open_table(CACHE).map_err(unreadable)?.iter().map_err(unreadable)? {
            let (key, piece) = entry.map_err(unreadable)?;
            let (key, number) = key.value();
            if number == 0 {
                self.hand_over(caches.pop());
                caches.push((key.to_owned(), Vec::new()));
                expected = 0;
            }
            match caches.last_mut() {
                Some((begun, value)) if begun == key && number == expected => value.extend(piece.value()),
                Some(_) | None => {
                    self.report.problem(None, format!("a piece of the cache entry {key} is missing"));
                }
            }
            expected += 1;
        }
        self.hand_over(caches.pop());
        self.report.checked.push(format!(
            "{count} entries of people, {access} of what lets them in, and every cache entry."
        ));
        Ok(())
    }

    fn hand_over(&mut self, entry: Option<(String, Vec<u8>)>) {
        if let Some((key, value)) = entry
            && let Err(what) = self.witness.cache(&key, &value)
        {
            self.report.problem(None, format!("the cache entry {key} is wrong: {what}"));
        }
    }
}
