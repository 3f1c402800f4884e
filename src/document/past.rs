//! Which change came after which: the graph of a document's changes, by number.
//!
//! Numbers are given in the order of admission, so a change's dependencies always have smaller ones.

use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use hashbrown::HashTable;

use super::history::key;
use crate::domain::{ActorId, ChangeHash, Heads};

type Number = u32;

/// All admitted changes of one document.
#[derive(Default)]
pub(crate) struct Past {
    /// By hash; the hashes themselves stand in `changes` only.
    numbers: HashTable<Number>,
    changes: Vec<Entry>,
    actors: HashMap<Box<[u8]>, usize>,
    /// The changes of each actor, in order of their sequence numbers from 1.
    by_actor: Vec<Vec<Number>>,
    heads: BTreeSet<Number>,
    /// What lies outside the past of one change; the next in a chain of changes has the same outside.
    outside: Option<(Number, Outside)>,
}

struct Entry {
    hash: ChangeHash,
    actor: u32,
    max_op: u32,
    deps: Deps,
    /// It had seen everything admitted before it: whatever sees it has seen all of that.
    complete: bool,
}

enum Deps {
    One(Number),
    Several(Box<[Number]>),
}

impl Deps {
    fn as_slice(&self) -> &[Number] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Several(numbers) => numbers,
        }
    }
}

/// The admitted changes that some change has not seen.
#[derive(Clone, Default)]
pub(crate) struct Outside(Arc<HashSet<Number>>);

/// A change to be appended.
pub(crate) struct Next<'a> {
    pub(crate) hash: ChangeHash,
    pub(crate) actor: &'a ActorId,
    pub(crate) max_op: u64,
    pub(crate) deps: &'a [ChangeHash],
}

impl Past {
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn contains(&self, hash: &ChangeHash) -> bool {
        self.number(hash).is_some()
    }

    pub(crate) fn heads(&self) -> Heads {
        let mut heads: Heads = self.heads.iter().map(|&n| self.changes[n as usize].hash).collect();
        heads.sort_unstable();
        heads
    }

    /// How many changes of this actor are here: the next one's sequence number is one more.
    pub(crate) fn last_seq(&self, actor: &ActorId) -> u64 {
        self.actors.get(actor.as_bytes()).map_or(0, |&at| self.by_actor[at].len() as u64)
    }

    /// The largest operation counter among these changes, which are all here.
    pub(crate) fn max_op(&self, deps: &[ChangeHash]) -> u64 {
        deps.iter().filter_map(|hash| self.entry(hash)).map(|e| u64::from(e.max_op)).max().unwrap_or(0)
    }

    fn entry(&self, hash: &ChangeHash) -> Option<&Entry> {
        self.number(hash).map(|n| &self.changes[n as usize])
    }

    fn number(&self, hash: &ChangeHash) -> Option<Number> {
        self.numbers.find(key(hash), |&n| self.changes[n as usize].hash == *hash).copied()
    }

    /// The number of the change that holds this operation.
    fn holder(&self, actor: &[u8], counter: u64) -> Option<Number> {
        let numbers = &self.by_actor[*self.actors.get(actor)?];
        let at = numbers.partition_point(|&n| u64::from(self.changes[n as usize].max_op) < counter);
        numbers.get(at).copied()
    }

    /// The change that holds this operation, if any of the first `count` changes does.
    pub(crate) fn holder_among(&self, count: usize, actor: &[u8], counter: u64) -> Option<ChangeHash> {
        let number = self.holder(actor, counter)? as usize;
        (number < count).then(|| self.changes[number].hash)
    }

    /// Whether a change with this outside has seen the operation (or would have, did it exist: operation
    /// numbers between two changes of an actor count for the later one).
    pub(crate) fn has_seen(&self, outside: &Outside, actor: &[u8], counter: u64) -> bool {
        if outside.0.is_empty() {
            let last = self.actors.get(actor).and_then(|&at| self.by_actor[at].last());
            return last.is_some_and(|&number| u64::from(self.changes[number as usize].max_op) >= counter);
        }
        self.holder(actor, counter).is_some_and(|number| !outside.0.contains(&number))
    }

    /// Whether a change with this outside has seen the actor's newest change.
    pub(crate) fn has_seen_last(&self, outside: &Outside, actor: &ActorId) -> bool {
        let last = self.actors.get(actor.as_bytes()).and_then(|&at| self.by_actor[at].last());
        last.is_none_or(|number| !outside.0.contains(number))
    }

    /// What a change with these dependencies, all here, has not seen.
    pub(crate) fn outside(&self, deps: &[ChangeHash]) -> Outside {
        let deps: Vec<Number> = deps.iter().filter_map(|hash| self.number(hash)).collect();
        if self.heads.len() == deps.len() && deps.iter().all(|n| self.heads.contains(n)) {
            return Outside::default();
        }
        if let (Some((known, outside)), [only]) = (&self.outside, deps.as_slice())
            && known == only
            && *only as usize + 1 == self.changes.len()
        {
            return outside.clone();
        }
        // Walk back from the dependencies, newest first; everything passed over was not seen. Once the
        // walk stands on one complete change, all before it has been seen.
        let mut ahead: BinaryHeap<Number> = deps.into_iter().collect();
        let mut outside = HashSet::new();
        let mut expected = self.changes.len() as Number;
        while let Some(number) = ahead.pop() {
            if number >= expected {
                continue;
            }
            outside.extend(number + 1..expected);
            expected = number;
            let entry = &self.changes[number as usize];
            if entry.complete {
                return Outside(outside.into());
            }
            ahead.extend(entry.deps.as_slice());
        }
        outside.extend(0..expected);
        Outside(outside.into())
    }

    /// Adds a change whose dependencies are here and whose sequence number was checked.
    pub(crate) fn append(&mut self, next: Next<'_>, outside: Outside) {
        let number = self.changes.len() as Number;
        let deps: Vec<Number> = next.deps.iter().filter_map(|hash| self.number(hash)).collect();
        let complete = outside.0.is_empty();
        for dep in &deps {
            self.heads.remove(dep);
        }
        self.heads.insert(number);
        let actor = match self.actors.get(next.actor.as_bytes()) {
            Some(&actor) => actor,
            None => {
                self.by_actor.push(Vec::new());
                self.actors.insert(next.actor.as_bytes().into(), self.by_actor.len() - 1);
                self.by_actor.len() - 1
            }
        };
        self.by_actor[actor].push(number);
        let deps = match deps[..] {
            [only] => Deps::One(only),
            _ => Deps::Several(deps.into()),
        };
        let max_op = u32::try_from(next.max_op).expect("the scan keeps counters below 2^31");
        self.changes.push(Entry { hash: next.hash, actor: actor as u32, max_op, deps, complete });
        let changes = &self.changes;
        self.numbers.insert_unique(key(&next.hash), number, |&n| key(&changes[n as usize].hash));
        self.outside = Some((number, outside));
    }

    /// Adds a change that was admitted at an earlier time, where its outside is of no further use.
    pub(crate) fn append_known(&mut self, next: Next<'_>) {
        let outside = self.outside(next.deps);
        self.append(next, outside);
    }

    /// Forgets all but the first `count` changes.
    pub(crate) fn truncate(&mut self, count: usize) {
        while self.changes.len() > count {
            let last = (self.changes.len() - 1) as Number;
            let entry = self.changes.pop().expect("the loop's condition");
            if let Ok(found) = self.numbers.find_entry(key(&entry.hash), |&n| n == last) {
                found.remove();
            }
            self.heads.remove(&(self.changes.len() as Number));
            // Removed newest first, so it is its actor's last. The actor's empty list may stay: an empty
            // list and no list say the same.
            self.by_actor[entry.actor as usize].pop();
        }
        self.outside = None;
        self.heads = self.recompute_heads();
    }

    fn recompute_heads(&self) -> BTreeSet<Number> {
        let mut heads: BTreeSet<Number> = BTreeSet::new();
        for (number, entry) in self.changes.iter().enumerate() {
            for dep in entry.deps.as_slice() {
                heads.remove(dep);
            }
            heads.insert(number as Number);
        }
        heads
    }
}
