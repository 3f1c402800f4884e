//! Appending: a batch in one commit, each append of it by itself recorded or not.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use redb::{ReadableTable as _, Table, WriteTransaction};
use tlog_tiles::tlog::Hash;

use super::{
    AccessChange, Append, Durable, Failure, Outcome, Payload, Proposed, Recorded, Stream,
    envelope::{SALT, leaf, payload_digest},
    file::Store,
    names::Name,
    row::{ROW_BYTES, ROW_EVENTS, Stored, pack},
    store::{PlanEnd, RedbLog, StreamEnd, Writer},
    tables::{
        ACCESS, CACHE, EVENTS, IDS, MERKLE, META, NAMES, PAYLOADS, PEOPLE, PLANS, ROW_PIECE, STREAMS,
        put_cache, unreadable, unwritable,
    },
    tree::{ROW_HASHES, Tree},
};
use crate::domain::{PersonId, Position};

/// Cache entries wait for the next commit until they are this many bytes.
const CACHE_WAITS: usize = 1 << 20;

/// A batch while it is decided: what will be in the tables once it is committed.
struct Staging<'a> {
    log: &'a RedbLog,
    tree: Tree,
    first: Position,
    events: Vec<Stored>,
    hashes: Vec<Hash>,
    new_names: Vec<(u32, Name)>,
    streams: HashMap<u32, StreamEnd>,
    stream_ranges: BTreeMap<(u32, u64), (u64, u64)>,
    plans: HashMap<u32, PlanEnd>,
    plan_ranges: BTreeMap<(u32, u64), u64>,
    salts: Vec<[u8; SALT]>,
}

impl RedbLog {
    pub(super) fn append_batch(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        refuse_malformed(&batch)?;
        let mut writer = self.writer.lock();
        let waiting = self.waiting.lock().clone();
        let mut outcomes = Vec::with_capacity(batch.len());
        let count = batch.iter().map(|append| append.events.len()).sum();
        let mut staging = Staging::new(self, writer.tree.clone(), random_salts(&self.store, count)?);
        let done = self.commit(&mut writer, |write, writer| {
            {
                let mut ids = write.open_table(IDS).map_err(unwritable)?;
                for append in batch {
                    outcomes.push(staging.decide(append, &mut ids)?);
                }
            }
            if staging.events.is_empty() {
                return Ok(false);
            }
            staging.write(write, writer)?;
            write_cache(write, &waiting)?;
            Ok(true)
        });
        if let Err(failure) = done {
            // What failed may have come after the commit itself: then the opened file has the batch.
            self.recovered(&mut writer, failure, Some(&staging.tree))?;
        }

        if staging.events.is_empty() {
            return Ok(Durable { outcomes, recorded: Vec::new() });
        }
        let Staging { tree, events, streams, plans, .. } = staging;
        let head = tree.size();
        {
            let mut shared = self.shared.write();
            shared.streams.extend(streams);
            shared.plans.extend(plans);
        }
        writer.tree = tree;
        self.forget_waiting(&waiting);
        self.head.send_replace(head);
        Ok(Durable { outcomes, recorded: events.into_iter().map(|stored| stored.event).collect() })
    }

    /// Whether a commit goes well: after one that failed, one is tried.
    pub(super) fn writable(&self) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        if writer.failed.is_none() && !self.store.is_broken() {
            return Ok(());
        }
        self.commit_or_recover(&mut writer, |write, _| {
            let mut meta = write.open_table(META).map_err(unwritable)?;
            let format = meta.get("format").map_err(unreadable)?.map(|format| format.value().to_vec());
            meta.insert("format", format.unwrap_or_default().as_slice()).map_err(unwritable)?;
            Ok(true)
        })
    }

    /// Does the work in a transaction and syncs it, when the work says so. What may be left of it after a
    /// failure is for [`Self::recovered`] to find out.
    fn commit(
        &self,
        writer: &mut Writer,
        work: impl FnOnce(&WriteTransaction, &mut Writer) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        // A reader may have met the fault.
        self.recover(writer, None)?;
        let done = (|| {
            let write = self.store.write()?;
            match work(&write, writer)? {
                true => write.commit().map_err(unwritable),
                false => write.abort().map_err(unwritable),
            }
        })();
        writer.failed = done.as_ref().err().map(Failure::to_string);
        if done.is_err() {
            // Names were numbered that the disk does not have: the file is read anew, whatever the cause.
            self.store.distrust();
        }
        done
    }

    /// A commit of something else than events.
    pub(super) fn commit_or_recover(
        &self,
        writer: &mut Writer,
        work: impl FnOnce(&WriteTransaction, &mut Writer) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        match self.commit(writer, work) {
            Ok(()) => Ok(()),
            Err(failure) => self.recovered(writer, failure, None),
        }
    }

    /// After a failed commit: opens the file again, so that reading goes on. Ok when the disk has what was
    /// to be committed (`wanted`) all the same; otherwise the failure, with everything as it was before.
    fn recovered(&self, writer: &mut Writer, failure: Failure, wanted: Option<&Tree>) -> Result<(), Failure> {
        match self.recover(writer, wanted) {
            Ok(true) => Ok(()),
            Err(unknown @ Failure::Unknown(_)) => Err(unknown),
            // What cannot be opened now, the next who reads or writes opens.
            Ok(false) | Err(_) => Err(failure),
        }
    }

    /// Erases payloads: how many there were.
    pub(super) fn erase_payloads(&self, positions: &[Position]) -> Result<usize, Failure> {
        let mut writer = self.writer.lock();
        let mut erased = 0;
        self.commit_or_recover(&mut writer, |write, _| {
            let mut payloads = write.open_table(PAYLOADS).map_err(unwritable)?;
            for position in positions {
                erased += usize::from(payloads.remove(position).map_err(unwritable)?.is_some());
            }
            Ok(erased > 0)
        })?;
        Ok(erased)
    }

    pub(super) fn write_people(&self, rows: &[(PersonId, Vec<u8>)]) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        self.commit_or_recover(&mut writer, |write, _| {
            let mut people = write.open_table(PEOPLE).map_err(unwritable)?;
            for (person, about) in rows {
                people.insert(person.as_str(), about.as_slice()).map_err(unwritable)?;
            }
            Ok(true)
        })
    }

    /// Forgets name and address of a person: true when there was an entry.
    pub(super) fn forget_person(&self, person: &PersonId) -> Result<bool, Failure> {
        let mut writer = self.writer.lock();
        let mut erased = false;
        self.commit_or_recover(&mut writer, |write, _| {
            let mut people = write.open_table(PEOPLE).map_err(unwritable)?;
            erased = people.remove(person.as_str()).map_err(unwritable)?.is_some();
            Ok(erased)
        })?;
        Ok(erased)
    }

    pub(super) fn write_access(&self, changes: &[AccessChange]) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        self.commit_or_recover(&mut writer, |write, _| {
            let mut access = write.open_table(ACCESS).map_err(unwritable)?;
            for AccessChange { key, value } in changes {
                match value {
                    Some(value) => access.insert(&**key, &**value).map_err(unwritable)?,
                    None => access.remove(&**key).map_err(unwritable)?,
                };
            }
            Ok(!changes.is_empty())
        })
    }

    pub(super) fn cache(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let bytes = {
            let mut waiting = self.waiting.lock();
            waiting.insert(key.to_owned(), Bytes::copy_from_slice(value));
            waiting.values().map(Bytes::len).sum::<usize>()
        };
        if bytes > CACHE_WAITS { self.flush() } else { Ok(()) }
    }

    /// Writes the cache entries that wait, in a commit of their own.
    pub fn flush(&self) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        let waiting = self.waiting.lock().clone();
        if waiting.is_empty() {
            return Ok(());
        }
        self.commit_or_recover(&mut writer, |write, _| {
            write_cache(write, &waiting)?;
            Ok(true)
        })?;
        self.forget_waiting(&waiting);
        Ok(())
    }

    /// Drops what was written, unless it was replaced in the meantime.
    fn forget_waiting(&self, written: &BTreeMap<String, Bytes>) {
        let mut waiting = self.waiting.lock();
        for (key, value) in written {
            if waiting.get(key).is_some_and(|now| now.as_ptr() == value.as_ptr() && now.len() == value.len())
            {
                waiting.remove(key);
            }
        }
    }
}

impl<'a> Staging<'a> {
    fn new(log: &'a RedbLog, tree: Tree, salts: Vec<[u8; SALT]>) -> Self {
        Self {
            log,
            first: tree.size() + 1,
            tree,
            salts,
            events: Vec::new(),
            hashes: Vec::new(),
            new_names: Vec::new(),
            streams: HashMap::new(),
            stream_ranges: BTreeMap::new(),
            plans: HashMap::new(),
            plan_ranges: BTreeMap::new(),
        }
    }

    /// The ladder of one append: known already, or a check fails, or it is recorded.
    fn decide(
        &mut self,
        append: Append,
        ids: &mut Table<'_, &'static [u8; 16], u64>,
    ) -> Result<Outcome, Failure> {
        for event in &append.events {
            if let Some(position) = ids.get(event.id.0.as_bytes()).map_err(unreadable)? {
                return Ok(Outcome::Repeated { position: position.value() });
            }
        }
        for check in append.checks {
            let actual = self.version(&check.stream);
            if actual != check.version {
                return Ok(Outcome::Conflict { stream: check.stream, expected: check.version, actual });
            }
        }
        let first = self.tree.size() + 1;
        let mut given = Vec::with_capacity(append.events.len());
        for event in append.events {
            let id = event.id;
            given.push((id, self.add(event)?));
        }
        // In their order: a whole history at random places would touch every page of the index many times.
        given.sort_unstable();
        for (id, position) in given {
            ids.insert(id.0.as_bytes(), position).map_err(unwritable)?;
        }
        Ok(Outcome::Appended { first, last: self.tree.size() })
    }

    fn version(&self, stream: &Stream) -> u64 {
        let shared = self.log.shared.read();
        let number = shared.names.number(&Name::Stream(stream.clone()));
        let end = number.and_then(|number| self.streams.get(&number).or_else(|| shared.streams.get(&number)));
        end.map_or(0, StreamEnd::version)
    }

    fn add(&mut self, event: Proposed) -> Result<Position, Failure> {
        let position = self.tree.size() + 1;
        let stream = self.number(Name::Stream(event.stream.clone()));
        let kind: std::sync::Arc<str> = event.kind.into();
        self.number(Name::Kind(kind.clone()));
        if let Some(actor) = &event.actor {
            self.number(Name::Person(actor.clone()));
        }
        let version = self.extend_stream(stream, position);
        if let Some(plan) = event.plan {
            let plan = self.number(Name::Plan(plan));
            self.extend_plan(plan, position);
        }
        let salt = self.salts.pop().ok_or_else(|| Failure::Write("too few salts were drawn".into()))?;
        let (payload, erasable) = match event.payload {
            Payload::Kept(bytes) => (bytes, false),
            Payload::Erasable(bytes) => (bytes, true),
        };
        let recorded = Recorded {
            position,
            stream: event.stream,
            version,
            id: event.id,
            kind,
            schema: event.schema,
            at: event.at,
            actor: event.actor,
            plan: event.plan,
            cause: event.cause,
            digest: payload_digest(&salt, &payload),
            payload: Some(payload),
        };
        self.hashes.extend(self.tree.push(leaf(&recorded, erasable)));
        self.events.push(Stored { event: recorded, erasable, salt: Some(salt) });
        Ok(position)
    }

    /// The number of a name, given now if it has none. Readers may know a name early: nothing uses it yet.
    fn number(&mut self, name: Name) -> u32 {
        if let Some(number) = self.log.shared.read().names.number(&name) {
            return number;
        }
        let mut shared = self.log.shared.write();
        let number = shared.names.len();
        shared.names.push(name.clone());
        self.new_names.push((number, name));
        number
    }

    /// The version that the event at this position gets in its stream.
    fn extend_stream(&mut self, stream: u32, position: Position) -> u64 {
        let end = self
            .streams
            .get(&stream)
            .copied()
            .or_else(|| self.log.shared.read().streams.get(&stream).copied());
        let end = match end {
            Some(end) if end.first_position + end.count == position => {
                StreamEnd { count: end.count + 1, ..end }
            }
            Some(end) => StreamEnd { first_version: end.version() + 1, first_position: position, count: 1 },
            None => StreamEnd { first_version: 1, first_position: position, count: 1 },
        };
        self.streams.insert(stream, end);
        self.stream_ranges.insert((stream, end.first_version), (end.first_position, end.count));
        end.version()
    }

    fn extend_plan(&mut self, plan: u32, position: Position) {
        let end = self.plans.get(&plan).copied().or_else(|| self.log.shared.read().plans.get(&plan).copied());
        let end = match end {
            Some(end) if end.first_position + end.count == position => {
                PlanEnd { count: end.count + 1, ..end }
            }
            Some(_) | None => PlanEnd { first_position: position, count: 1 },
        };
        self.plans.insert(plan, end);
        self.plan_ranges.insert((plan, end.first_position), end.count);
    }

    fn write(&self, write: &WriteTransaction, writer: &mut Writer) -> Result<(), Failure> {
        self.write_events(write, writer)?;
        let mut names = write.open_table(NAMES).map_err(unwritable)?;
        for (number, name) in &self.new_names {
            names.insert(number, name.to_bytes().as_slice()).map_err(unwritable)?;
        }
        let mut streams = write.open_table(STREAMS).map_err(unwritable)?;
        for (key, range) in &self.stream_ranges {
            streams.insert(key, range).map_err(unwritable)?;
        }
        let mut plans = write.open_table(PLANS).map_err(unwritable)?;
        for (key, count) in &self.plan_ranges {
            plans.insert(key, count).map_err(unwritable)?;
        }
        write_hashes(write, writer.tree.stored(), &self.hashes)
    }

    fn write_events(&self, write: &WriteTransaction, writer: &mut Writer) -> Result<(), Failure> {
        let mut payloads = write.open_table(PAYLOADS).map_err(unwritable)?;
        for stored in self.events.iter().filter(|stored| stored.erasable) {
            let mut value = stored.salt.map(Vec::from).unwrap_or_default();
            value.extend(stored.event.payload.iter().flatten());
            payloads.insert(stored.event.position, value.as_slice()).map_err(unwritable)?;
        }
        let shared = self.log.shared.read();
        let mut table = write.open_table(EVENTS).map_err(unwritable)?;
        let mut first = self.first;
        for events in rows(&self.events) {
            let row = pack(events, &shared.names, &mut writer.zstd)
                .map_err(|error| Failure::Write(error.to_string()))?;
            for (piece, bytes) in row.chunks(ROW_PIECE).enumerate() {
                table.insert((first, piece as u32), bytes).map_err(unwritable)?;
            }
            first += events.len() as u64;
        }
        Ok(())
    }
}

/// Cuts events into rows, none larger than allowed unless one event alone is.
fn rows(mut events: &[Stored]) -> impl Iterator<Item = &[Stored]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fit = events.iter().take(ROW_EVENTS).take_while(|stored| {
            let before = bytes;
            bytes += stored.event.payload.as_ref().map_or(0, Bytes::len);
            before == 0 || bytes <= ROW_BYTES
        });
        let count = fit.count();
        let (row, rest) = events.split_at(count);
        events = rest;
        (!row.is_empty()).then_some(row)
    })
}

/// Stores hashes from index `start` on; the row that `start` falls into is completed.
fn write_hashes(write: &WriteTransaction, start: u64, hashes: &[Hash]) -> Result<(), Failure> {
    let mut merkle = write.open_table(MERKLE).map_err(unwritable)?;
    let mut row = start / ROW_HASHES;
    let mut bytes = match merkle.get(row).map_err(unreadable)? {
        Some(begun) => begun.value().to_vec(),
        None => Vec::new(),
    };
    for hash in hashes {
        if bytes.len() as u64 == ROW_HASHES * 32 {
            merkle.insert(row, bytes.as_slice()).map_err(unwritable)?;
            row += 1;
            bytes.clear();
        }
        bytes.extend(hash.0);
    }
    merkle.insert(row, bytes.as_slice()).map_err(unwritable)?;
    Ok(())
}

fn write_cache(write: &WriteTransaction, waiting: &BTreeMap<String, Bytes>) -> Result<(), Failure> {
    if waiting.is_empty() {
        return Ok(());
    }
    let mut cache = write.open_table(CACHE).map_err(unwritable)?;
    waiting.iter().try_for_each(|(key, value)| put_cache(&mut cache, key, value)).map_err(unwritable)
}

fn random_salts(store: &Store, count: usize) -> Result<Vec<[u8; SALT]>, Failure> {
    let mut bytes = vec![0; count * SALT];
    store.random(&mut bytes)?;
    Ok(bytes.as_chunks().0.to_vec())
}

/// Faults of the caller, found before anything is touched: the log goes on.
fn refuse_malformed(batch: &[Append]) -> Result<(), Failure> {
    for append in batch {
        let mut ids = std::collections::HashSet::new();
        for event in &append.events {
            if !ids.insert(event.id) {
                return Err(Failure::Write(format!("one append has two events with the id {}", event.id)));
            }
            if event.stream.as_str().len() > 1000 || event.kind.len() > 1000 {
                return Err(Failure::Write(format!("the stream or kind of event {} is too long", event.id)));
            }
        }
    }
    Ok(())
}
