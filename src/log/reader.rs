//! Reading events by position, stream and plan, up to the head.

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction};

use super::{
    Failure, Recorded, Stream,
    envelope::SALT,
    names::{Name, Names},
    row::{Stored, unpack},
    store::RedbLog,
    tables::{ACCESS, CACHE, EVENTS, IDS, PAYLOADS, PEOPLE, PLANS, STREAMS, get_cache, unreadable},
};
use crate::domain::{EventId, PersonId, PlanId, Position};

/// Finds events by position; keeps the row that it unpacked last, since the next is mostly in it too.
pub(super) struct Cursor<'a> {
    events: ReadOnlyTable<(u64, u32), &'static [u8]>,
    payloads: ReadOnlyTable<u64, &'static [u8]>,
    names: &'a Names,
    row: Vec<Stored>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(read: &ReadTransaction, names: &'a Names) -> Result<Self, Failure> {
        Ok(Self {
            events: read.open_table(EVENTS).map_err(unreadable)?,
            payloads: read.open_table(PAYLOADS).map_err(unreadable)?,
            names,
            row: Vec::new(),
        })
    }

    /// The event at a position that the log has.
    pub(super) fn get(&mut self, position: Position) -> Result<Stored, Failure> {
        if self.in_row(position).is_none() {
            let before = self.events.range(..=(position, u32::MAX)).map_err(unreadable)?.next_back();
            let first = match before {
                Some(entry) => entry.map_err(unreadable)?.0.value().0,
                None => return Err(missing(position)),
            };
            self.load_row(first)?;
        }
        let at = self.in_row(position).ok_or_else(|| missing(position))?;
        self.complete(self.row[at].clone())
    }

    /// The position of the last event of the row that starts at `first`.
    pub(super) fn last_of_row(&mut self, first: Position) -> Result<Position, Failure> {
        self.load_row(first)?;
        Ok(first + self.row.len() as u64 - 1)
    }

    fn in_row(&self, position: Position) -> Option<usize> {
        let first = self.row.first()?.event.position;
        let at = usize::try_from(position.checked_sub(first)?).ok()?;
        (at < self.row.len()).then_some(at)
    }

    fn load_row(&mut self, first: Position) -> Result<(), Failure> {
        let mut packed = Vec::new();
        for (expected, entry) in
            self.events.range((first, 0)..=(first, u32::MAX)).map_err(unreadable)?.enumerate()
        {
            let (key, piece) = entry.map_err(unreadable)?;
            if u64::from(key.value().1) != expected as u64 {
                return Err(Failure::Damaged(format!(
                    "piece {expected} of the row at position {first} is missing"
                )));
            }
            packed.extend_from_slice(piece.value());
        }
        self.row = unpack(first, &packed, self.names).map_err(|why| {
            Failure::Damaged(format!("the row at position {first} cannot be read: {}", why.0))
        })?;
        Ok(())
    }

    /// Adds an erasable payload, unless it was erased.
    fn complete(&self, mut stored: Stored) -> Result<Stored, Failure> {
        if stored.erasable {
            let position = stored.event.position;
            if let Some(entry) = self.payloads.get(position).map_err(unreadable)? {
                let short = || Failure::Damaged(format!("the payload of position {position} has no salt"));
                let (salt, payload) = entry.value().split_first_chunk::<SALT>().ok_or_else(short)?;
                stored.salt = Some(*salt);
                stored.event.payload = Some(Bytes::copy_from_slice(payload));
            }
        }
        Ok(stored)
    }
}

fn missing(position: Position) -> Failure {
    Failure::Damaged(format!("the event at position {position} is missing"))
}

impl RedbLog {
    /// Events with their salts, for a record that is handed out: at most `limit` above `after`.
    pub fn read_stored(&self, after: Position, limit: usize) -> Result<Vec<Stored>, Failure> {
        let head = *self.head.borrow();
        let last = head.min(after.saturating_add(limit as u64));
        self.with_cursor(|cursor, _| (after.saturating_add(1)..=last).map(|at| cursor.get(at)).collect())
    }

    fn with_cursor<T>(
        &self,
        mut work: impl FnMut(&mut Cursor<'_>, &ReadTransaction) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.reading(|read| {
            // A row that the transaction shows uses only names that were there before it.
            let shared = self.shared.read();
            work(&mut Cursor::new(read, &shared.names)?, read)
        })
    }

    pub(super) fn read_positions(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        Ok(self.read_stored(after, limit)?.into_iter().map(|stored| stored.event).collect())
    }

    pub(super) fn read_stream_after(
        &self,
        stream: &Stream,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Recorded>, Failure> {
        let head = *self.head.borrow();
        let Some(number) = self.shared.read().names.number(&Name::Stream(stream.clone())) else {
            return Ok(Vec::new());
        };
        self.with_cursor(|cursor, read| {
            let streams = read.open_table(STREAMS).map_err(unreadable)?;
            let start = streams.range((number, 0)..=(number, after.saturating_add(1))).map_err(unreadable)?;
            let start = start.last().transpose().map_err(unreadable)?.map_or(0, |(key, _)| key.value().1);
            let mut events = Vec::new();
            for entry in streams.range((number, start)..=(number, u64::MAX)).map_err(unreadable)? {
                let (key, range) = entry.map_err(unreadable)?;
                let (first_version, (first, count)) = (key.value().1, range.value());
                let skip = after.saturating_add(1).saturating_sub(first_version);
                for position in (first + skip)..(first + count) {
                    if events.len() == limit || position > head {
                        return Ok(events);
                    }
                    events.push(cursor.get(position)?.event);
                }
            }
            Ok(events)
        })
    }

    pub(super) fn read_plan_after(
        &self,
        plan: PlanId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, Failure> {
        let head = *self.head.borrow();
        let Some(number) = self.shared.read().names.number(&Name::Plan(plan)) else { return Ok(Vec::new()) };
        self.with_cursor(|cursor, read| {
            let plans = read.open_table(PLANS).map_err(unreadable)?;
            let start = plans.range((number, 0)..=(number, after.saturating_add(1))).map_err(unreadable)?;
            let start = start.last().transpose().map_err(unreadable)?.map_or(0, |(key, _)| key.value().1);
            let mut events = Vec::new();
            for entry in plans.range((number, start)..=(number, u64::MAX)).map_err(unreadable)? {
                let (key, count) = entry.map_err(unreadable)?;
                let first = key.value().1;
                for position in first.max(after.saturating_add(1))..(first + count.value()) {
                    if events.len() == limit || position > head {
                        return Ok(events);
                    }
                    events.push(cursor.get(position)?.event);
                }
            }
            Ok(events)
        })
    }

    pub(super) fn find(&self, id: EventId) -> Result<Option<Position>, Failure> {
        let head = *self.head.borrow();
        let position = self.reading(|read| {
            let ids = read.open_table(IDS).map_err(unreadable)?;
            Ok(ids.get(id.0.as_bytes()).map_err(unreadable)?.map(|position| position.value()))
        })?;
        Ok(position.filter(|position| *position <= head))
    }

    pub(super) fn cached(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        if let Some(value) = self.waiting.lock().get(key) {
            return Ok(Some(value.clone()));
        }
        self.reading(|read| {
            let cache = read.open_table(CACHE).map_err(unreadable)?;
            Ok(get_cache(&cache, key).map_err(unreadable)?.map(Bytes::from))
        })
    }

    pub(super) fn person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure> {
        self.reading(|read| {
            let people = read.open_table(PEOPLE).map_err(unreadable)?;
            let about = people.get(person.as_str()).map_err(unreadable)?;
            Ok(about.map(|about| Bytes::copy_from_slice(about.value())))
        })
    }

    pub(super) fn access_under(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure> {
        self.reading(|read| {
            let access = read.open_table(ACCESS).map_err(unreadable)?;
            let mut entries = Vec::new();
            for entry in access.range(prefix..).map_err(unreadable)? {
                let (key, value) = entry.map_err(unreadable)?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                entries.push((Bytes::copy_from_slice(key.value()), Bytes::copy_from_slice(value.value())));
            }
            Ok(entries)
        })
    }
}
