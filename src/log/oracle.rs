//! What a log must say after whatever happened to it: all that was acknowledged, what was in flight wholly
//! or not at all, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use tlog_tiles::tlog::Hash;
use uuid::Uuid;

use super::{
    AccessChange, Append, Checkpoint, Durable, Epoch, Failure, Identity, Log, Outcome, Payload, Proposed,
    Recorded, RedbLog, Report, Stream, Witness, contract::proposed, envelope::leaf, machine::Dice,
    payload_digest, row::Stored, tree::Tree, verify::walk,
};
use crate::domain::{EventId, PersonId, PlanId, Position, Timestamp};

/// Returns early with what is wrong, in words.
macro_rules! must {
    ($holds:expr, $($what:tt)*) => {
        if !$holds {
            return Err(format!($($what)*));
        }
    };
}

const STREAMS: [&str; 3] = ["a", "b", "c"];

/// An event as it was asked for, and, once acknowledged or found, as it was recorded.
#[derive(Debug, Clone)]
struct Known {
    asked: Proposed,
    recorded: Recorded,
    leaf: Hash,
}

/// All that is known from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct Oracle {
    events: Vec<Known>,
    erased: BTreeSet<Position>,
    people: BTreeMap<PersonId, Vec<u8>>,
    access: BTreeMap<Bytes, Bytes>,
    /// How many events the newest acknowledged checkpoint covers.
    signed: Position,
    pub(super) identity: Option<Identity>,
    next_id: u128,
    // What was asked for and not answered.
    flight: Vec<Proposed>,
    erasing: Option<Position>,
    naming: Option<(PersonId, Vec<u8>)>,
    letting: Option<Vec<AccessChange>>,
}

/// What became of what was in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flight {
    None,
    Landed,
    Lost,
}

impl Oracle {
    pub(super) fn head(&self) -> Position {
        self.events.len() as u64
    }

    /// Appends a batch of new events, and knows what was acknowledged.
    pub(super) fn append(&mut self, log: &dyn Log, dice: &mut Dice) -> Result<(), Failure> {
        self.flight = self.batch(dice);
        self.send(log).map(drop)
    }

    /// Asks once more for what was in flight, as a client does that had no answer.
    pub(super) fn retry(&mut self, log: &dyn Log) -> Result<(), Failure> {
        if self.flight.is_empty() {
            return Ok(());
        }
        self.send(log).map(drop)
    }

    /// Gives up the batch that was in flight, as a client does that was told that it failed. An erasure or a
    /// name of which that was said may have been made all the same.
    pub(super) fn forget_flight(&mut self) -> Vec<Proposed> {
        std::mem::take(&mut self.flight)
    }

    /// This may be there as well, and nothing else.
    pub(super) fn with_flight(&self, flight: Vec<Proposed>) -> Self {
        Self { flight, ..self.clone() }
    }

    fn send(&mut self, log: &dyn Log) -> Result<Vec<Outcome>, Failure> {
        let appends =
            self.flight.iter().map(|event| Append { events: vec![event.clone()], checks: Vec::new() });
        let durable = log.append(appends.collect())?;
        let outcomes = durable.outcomes.clone();
        self.take(durable);
        Ok(outcomes)
    }

    fn take(&mut self, durable: Durable) {
        let mut asked = std::mem::take(&mut self.flight).into_iter();
        for recorded in durable.recorded {
            let asked = asked.find(|asked| asked.id == recorded.id).expect("only what was asked is recorded");
            self.know(asked, recorded);
        }
    }

    fn know(&mut self, asked: Proposed, recorded: Recorded) {
        let leaf = leaf(&recorded, is_erasable(&asked));
        self.events.push(Known { asked, recorded, leaf });
    }

    pub(super) fn erase(&mut self, log: &dyn Log, dice: &mut Dice) -> Result<(), Failure> {
        if self.events.is_empty() {
            return Ok(());
        }
        let position = 1 + dice.roll(self.head());
        self.erasing = is_erasable(&self.events[position as usize - 1].asked).then_some(position);
        log.erase(position)?;
        self.erased.extend(self.erasing.take());
        Ok(())
    }

    pub(super) fn name(&mut self, log: &dyn Log, dice: &mut Dice) -> Result<(), Failure> {
        let person = PersonId::new(format!("person-{}", dice.roll(3))).expect("it is an id");
        let about = vec![b'x'; dice.roll(300) as usize];
        self.naming = Some((person.clone(), about.clone()));
        log.put_person(&person, &about)?;
        self.people.extend(self.naming.take());
        Ok(())
    }

    /// Puts and removes some of what lets people in, together.
    pub(super) fn let_in(&mut self, log: &dyn Log, dice: &mut Dice) -> Result<(), Failure> {
        // What is not known of an earlier one is found out first.
        if self.letting.is_some() {
            return Ok(());
        }
        let change = |dice: &mut Dice| AccessChange {
            key: format!("session/{}", dice.roll(4)).into(),
            value: (dice.roll(3) > 0).then(|| vec![b'x'; dice.roll(300) as usize].into()),
        };
        let changes: Vec<_> = (0..1 + dice.roll(3)).map(|_| change(dice)).collect();
        self.letting = Some(changes.clone());
        log.change_access(&changes)?;
        self.letting = None;
        self.access = self.access_after(&changes);
        Ok(())
    }

    fn access_after(&self, changes: &[AccessChange]) -> BTreeMap<Bytes, Bytes> {
        let mut access = self.access.clone();
        for AccessChange { key, value } in changes.iter().cloned() {
            match value {
                Some(value) => drop(access.insert(key, value)),
                None => drop(access.remove(&key)),
            }
        }
        access
    }

    /// What a backup is known by: it lets nobody in, and what is restored from it is another epoch.
    pub(super) fn as_backup(&self) -> Self {
        Self { identity: None, access: BTreeMap::new(), letting: None, ..self.clone() }
    }

    pub(super) fn sign(&mut self, log: &dyn Log) -> Result<(), Failure> {
        log.checkpoint(Timestamp(self.head() as i64))?;
        self.signed = self.head();
        Ok(())
    }

    fn batch(&mut self, dice: &mut Dice) -> Vec<Proposed> {
        let size = if dice.roll(8) == 0 { 20 + dice.roll(40) } else { 1 + dice.roll(4) };
        (0..size).map(|_| self.event(dice)).collect()
    }

    fn event(&mut self, dice: &mut Dice) -> Proposed {
        self.next_id += 1;
        let length = if dice.roll(6) == 0 { dice.roll(3000) } else { dice.roll(120) } as usize;
        let words: Vec<u8> = (0..length).map(|_| dice.roll(64) as u8).collect();
        let payload = match dice.roll(6) {
            0 => Payload::Erasable(words.into()),
            _ => Payload::Kept(words.into()),
        };
        // Beginning with the time, as real ids do, and in order only mostly.
        let id =
            u128::from(self.next_id as u64 / 8) << 80 | u128::from(dice.roll(1 << 40)) << 32 | self.next_id;
        Proposed {
            id: EventId(Uuid::from_u128(id)),
            actor: (dice.roll(2) == 0).then(|| PersonId::new("member-1").expect("it is an id")),
            plan: (dice.roll(3) > 0).then(|| PlanId(Uuid::from_u128(u128::from(dice.roll(2))))),
            cause: (dice.roll(4) == 0).then(|| EventId(Uuid::from_u128(7))),
            payload,
            ..proposed(self.next_id, STREAMS[dice.roll(3) as usize], b"")
        }
    }

    /// Compares the log with what is known. From here on, what was in flight is known too.
    pub(super) fn compare(&mut self, log: &RedbLog) -> Result<Flight, String> {
        let said = |failure: Failure| format!("it cannot be read: {failure}");
        let found = log.read_stored(0, usize::MAX).map_err(said)?;
        let (known, head) = (self.events.len(), found.len());
        must!(log.head() == head as u64, "the head is {}, there are {head} events", log.head());
        must!(head >= known, "LOST: {known} events were acknowledged, {head} are there");
        let flight = match head - known {
            0 if self.flight.is_empty() => Flight::None,
            0 => Flight::Lost,
            more => {
                must!(
                    more == self.flight.len(),
                    "TORN or PHANTOM: {more} events more than acknowledged, {} were in flight",
                    self.flight.len()
                );
                Flight::Landed
            }
        };
        for (known, stored) in self.events.iter().zip(&found) {
            self.compare_event(&known.asked, Some(&known.recorded), stored)?;
        }
        for (asked, stored) in self.flight.iter().zip(&found[known..]) {
            self.compare_event(asked, None, stored)?;
        }
        let mut tree = Tree::default();
        let new = found[known..].iter().map(|stored| leaf(&stored.event, stored.erasable));
        for leaf in self.events.iter().map(|known| known.leaf).chain(new) {
            tree.push(leaf);
        }
        must!(log.root() == (head as u64, tree.root().0), "the Merkle root is not that of the events");
        if flight == Flight::Landed {
            for (asked, stored) in
                std::mem::take(&mut self.flight).into_iter().zip(found.into_iter().skip(known))
            {
                self.know(asked, stored.event);
            }
        }
        self.compare_indexes(log)?;
        self.compare_beside(log)?;
        Ok(flight)
    }

    fn compare_event(
        &self,
        asked: &Proposed,
        recorded: Option<&Recorded>,
        stored: &Stored,
    ) -> Result<(), String> {
        let (event, position) = (&stored.event, stored.event.position);
        let erasable = is_erasable(asked);
        let (Payload::Kept(words) | Payload::Erasable(words)) = &asked.payload;
        let gone = erasable && (self.erased.contains(&position) || self.erasing == Some(position));
        let there = !self.erased.contains(&position);
        let payload = match &event.payload {
            None => gone,
            Some(payload) => there && payload == words,
        };
        must!(payload, "event {position}: its payload is another, or stands though erased, or is gone");
        let same = event.id == asked.id
            && event.stream == asked.stream
            && *event.kind == *asked.kind
            && event.schema == asked.schema
            && event.at == asked.at
            && event.actor == asked.actor
            && event.plan == asked.plan
            && event.cause == asked.cause
            && stored.erasable == erasable;
        must!(same, "event {position} is not what was asked for");
        let digest = match (stored.salt, &event.payload) {
            (Some(salt), Some(payload)) => payload_digest(&salt, payload) == event.digest && salt != [0; 16],
            (None, None) => true,
            _ => false,
        };
        must!(digest, "event {position}: salt, payload and digest do not go together");
        if let Some(recorded) = recorded {
            let as_now = Recorded { payload: event.payload.clone(), ..recorded.clone() };
            must!(*event == as_now, "event {position} is not what was acknowledged");
        }
        Ok(())
    }

    fn compare_indexes(&self, log: &RedbLog) -> Result<(), String> {
        let said = |failure: Failure| format!("an index cannot be read: {failure}");
        // Each lookup unpacks nothing, but all of them for each cut would be most of the work.
        for known in self.events.iter().rev().take(80).chain(self.events.iter().step_by(97)) {
            let at = log.position_of(known.asked.id).map_err(said)?;
            must!(
                at == Some(known.recorded.position),
                "event {} is not found by its id",
                known.recorded.position
            );
        }
        for asked in &self.flight {
            must!(
                log.position_of(asked.id).map_err(said)?.is_none(),
                "an event that is not there has a position"
            );
        }
        for name in STREAMS {
            let stream = Stream::new(name);
            let of: Vec<&Known> = self.events.iter().filter(|known| known.asked.stream == stream).collect();
            must!(log.version(&stream).map_err(said)? == of.len() as u64, "the version of {name} is wrong");
            let after = of.len().saturating_sub(20);
            let read = log.read_stream(&stream, after as u64, 100).map_err(said)?;
            let same = read.iter().map(|event| event.id).eq(of[after..].iter().map(|known| known.asked.id));
            must!(same, "stream {name} has other events");
        }
        for number in 0..2 {
            let plan = PlanId(Uuid::from_u128(number));
            let of: Vec<&Known> = self.events.iter().filter(|known| known.asked.plan == Some(plan)).collect();
            let after = of.len().saturating_sub(20);
            let from = if after == 0 { 0 } else { of[after - 1].recorded.position };
            let read = log.read_plan(plan, from, 100).map_err(said)?;
            let same = read.iter().map(|event| event.id).eq(of[after..].iter().map(|known| known.asked.id));
            must!(same, "a plan has other events");
        }
        Ok(())
    }

    fn compare_beside(&mut self, log: &RedbLog) -> Result<(), String> {
        let said = |failure: Failure| format!("what lies beside the events cannot be read: {failure}");
        if let Some((person, about)) = self.naming.take() {
            let found = log.get_person(&person).map_err(said)?;
            if found.as_deref() == Some(&about[..]) {
                self.people.insert(person, about);
            }
        }
        for (person, about) in &self.people {
            let found = log.get_person(person).map_err(said)?;
            must!(found.as_deref() == Some(&about[..]), "LOST: what is known of {person}");
        }
        let found: BTreeMap<_, _> = log.list_access(b"").map_err(said)?.into_iter().collect();
        if let Some(changes) = self.letting.take() {
            let after = self.access_after(&changes);
            if found == after {
                self.access = after;
            }
        }
        must!(found == self.access, "LOST or TORN: what lets people in");
        if let Some(position) = self.erasing.take() {
            let stored = log.read_stored(position - 1, 1).map_err(said)?;
            if stored[0].event.payload.is_none() {
                self.erased.insert(position);
            }
        }
        let signed = log.newest_checkpoint().map_err(said)?.map_or(0, |Checkpoint { size, .. }| size);
        must!(signed >= self.signed && signed <= self.head(), "LOST: a checkpoint of {} events", self.signed);
        match &self.identity {
            None => self.identity = Some(log.identity()),
            Some(identity) => must!(*identity == log.identity(), "LOST: it is another log"),
        }
        Ok(())
    }
}

fn is_erasable(asked: &Proposed) -> bool {
    matches!(asked.payload, Payload::Erasable(_))
}

/// Takes the first event for the announcement of a key.
pub(super) struct Signer(pub(super) String);

impl Witness for Signer {
    fn epoch(&self, event: &Recorded) -> Option<Epoch> {
        (event.position == 1).then(|| Epoch { verifier_key: self.0.clone(), origin: None, continues: None })
    }
}

/// Everything that `quorate verify` checks above the pages.
pub(super) fn verified(read: &redb::ReadTransaction, key: String) -> Result<Report, Failure> {
    let mut report = Report::default();
    walk(read, &mut report, &mut Signer(key))?;
    Ok(report)
}
