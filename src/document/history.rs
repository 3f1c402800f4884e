//! The order and ancestry of one document's changes, without their bytes.
//!
//! Changes stand in the order of the log, which is a topological order: a change comes after all that
//! it depends on. So a change is named by its index (0 is the first), and "everything below `n`" is
//! a state of the document. 260,000 changes take about 15 MB.

use std::collections::HashMap;

use hashbrown::HashTable;

use super::kept::{Page, Pen};
use crate::domain::{ActorId, Change, ChangeHash, Heads, Position};

/// A change whose dependencies are not in the history, so that it has no place in it yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} changes that this one depends on are not known", .0.len())]
pub struct MissingDeps(pub Vec<ChangeHash>);

/// The changes of one document in log order. Only grows.
#[derive(Debug, Default, Clone)]
pub struct History {
    hashes: Vec<ChangeHash>,
    /// Index of the one dependency; or `NO_DEPS`; or `MANY` plus an index into `many`.
    deps: Vec<u32>,
    many: Vec<Box<[u32]>>,
    actors: Vec<ActorId>,
    actor_index: HashMap<ActorId, u32>,
    /// By actor: the seq of its last change.
    last_seq: Vec<u64>,
    /// By change: its actor's index, and its seq.
    authors: Vec<(u32, u32)>,
    /// By change: everything below this index lies in its past. Walks to the ancestors stop here, so their length
    /// is that of what was written side by side, however long the history is.
    seen: Vec<u32>,
    /// Where a run of changes at successive positions begins: (index, position).
    runs: Vec<(u32, Position)>,
    index: HashTable<u32>,
    /// Ascending.
    heads: Vec<u32>,
}

/// The format of a kept history, and its version.
const KEPT: &[u8; 8] = b"history1";

const NO_DEPS: u32 = u32::MAX;
const MANY: u32 = 1 << 31;

impl History {
    pub fn new() -> Self {
        Self::default()
    }

    /// How many changes there are.
    pub fn len(&self) -> u32 {
        self.hashes.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Adds one change that stands in the log at `position`, which must be above all earlier ones.
    /// Answers its index; for a change that is here already, the index that it has.
    pub fn append(&mut self, change: &Change, position: Position) -> Result<u32, MissingDeps> {
        if let Some(known) = self.index_of(&change.hash) {
            return Ok(known);
        }
        let mut deps = Vec::with_capacity(change.deps.len());
        let mut missing = Vec::new();
        for dep in change.deps.iter() {
            match self.index_of(dep) {
                Some(at) => deps.push(at),
                None => missing.push(*dep),
            }
        }
        if !missing.is_empty() {
            return Err(MissingDeps(missing));
        }
        Ok(self.add(change.hash, deps, &change.actor, change.seq, position))
    }

    /// Adds a change whose dependencies are here. Answers its index.
    fn add(
        &mut self,
        hash: ChangeHash,
        deps: Vec<u32>,
        actor: &ActorId,
        seq: u64,
        position: Position,
    ) -> u32 {
        let at = self.len();
        debug_assert!(at < MANY, "a document holds at most 2^31 changes");
        debug_assert!(at == 0 || self.position(at - 1) < position, "positions ascend");

        self.heads.retain(|head| !deps.contains(head));
        self.heads.push(at);
        let seen = self.seen_with(&deps);
        push(&mut self.seen, seen);
        let dep = match deps.as_slice() {
            [] => NO_DEPS,
            [one] => *one,
            _ => {
                self.many.push(deps.into_boxed_slice());
                MANY | (self.many.len() - 1) as u32
            }
        };
        push(&mut self.deps, dep);
        push(&mut self.hashes, hash);
        let actor = self.intern(actor);
        self.last_seq[actor as usize] = seq;
        push(&mut self.authors, (actor, seq as u32));
        match self.runs.last() {
            Some(&(from, first)) if first + u64::from(at - from) == position => {}
            _ => self.runs.push((at, position)),
        }
        let hashes = &self.hashes;
        self.index.insert_unique(key(&hash), at, |&at| key(&hashes[at as usize]));
        at
    }

    /// The first `len` changes, as a cache from which [`load`](Self::load) makes them again without their bytes:
    /// little more than their hashes.
    pub fn save(&self, len: u32) -> Vec<u8> {
        let mut pen = Pen::new(KEPT);
        pen.number(len);
        self.hashes[..len as usize].iter().for_each(|hash| pen.raw(&hash.0));
        // In the order in which they first wrote, so that those who came later change nothing of it.
        let actors = self.authors[..len as usize].iter().map(|(actor, _)| actor + 1).max().unwrap_or(0);
        pen.number(actors);
        self.actors[..actors as usize].iter().for_each(|actor| pen.bytes(actor.as_bytes()));
        let runs = self.runs.partition_point(|&(from, _)| from < len);
        pen.number(runs as u64);
        for (from, position) in &self.runs[..runs] {
            pen.number(*from);
            pen.number(*position);
        }
        // Mostly an actor goes on where it was: only how often is written.
        let mut at = 0;
        while at < len {
            let (actor, seq) = self.authors[at as usize];
            pen.number(actor);
            pen.number(seq);
            let deps = self.deps(at);
            pen.number(deps.len() as u64);
            deps.iter().for_each(|dep| pen.number(at - dep));
            let goes_on = |next: &u32| {
                self.deps(*next) == [*next - 1] && self.authors[*next as usize] == (actor, seq + (next - at))
            };
            let more = (at + 1..len).take_while(goes_on).count() as u32;
            pen.number(more);
            at += 1 + more;
        }
        pen.finish()
    }

    /// A history that was saved; none when it is anything else.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let mut page = Page::open(KEPT, bytes)?;
        let len = page.small()?;
        let mut hashes = page.raw(len as usize * 32)?.chunks_exact(32);
        let mut history = Self::default();
        history.hashes.reserve_exact(len as usize);
        history.deps.reserve_exact(len as usize);
        history.authors.reserve_exact(len as usize);
        history.index.reserve(len as usize, |_| 0);
        for _ in 0..page.number()? {
            history.intern(&ActorId::new(page.bytes()?).ok()?);
        }
        let mut runs = Vec::new();
        for _ in 0..page.number()? {
            runs.push((page.small()?, page.number()?));
        }
        let actors = history.actors.clone();
        let mut run = 0;
        while history.len() < len {
            let actor = actors.get(page.small()? as usize)?;
            let seq = page.number()?;
            let count = page.small()?;
            let first = history.len();
            let mut deps = Vec::new();
            for _ in 0..count {
                deps.push(page.small().filter(|back| (1..=first).contains(back)).map(|back| first - back)?);
            }
            for step in 0..=page.number()? {
                let at = history.len();
                while runs.get(run + 1).is_some_and(|(from, _)| *from <= at) {
                    run += 1;
                }
                let (from, position) = *runs.get(run)?;
                let position = position + u64::from(at.checked_sub(from)?);
                let deps = if step == 0 { std::mem::take(&mut deps) } else { vec![at - 1] };
                let hash = ChangeHash(hashes.next()?.try_into().ok()?);
                history.add(hash, deps, actor, seq + step, position);
            }
        }
        (page.is_read() && history.len() == len).then_some(history)
    }

    pub fn index_of(&self, hash: &ChangeHash) -> Option<u32> {
        self.index.find(key(hash), |&at| self.hashes[at as usize] == *hash).copied()
    }

    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.index_of(hash).is_some()
    }

    /// The hash of the change at `at`, which must be below [`len`](Self::len).
    pub fn hash(&self, at: u32) -> ChangeHash {
        self.hashes[at as usize]
    }

    /// The changes that the one at `at` depends on.
    pub fn deps(&self, at: u32) -> &[u32] {
        let dep = &self.deps[at as usize];
        match *dep {
            NO_DEPS => &[],
            many if many & MANY != 0 => &self.many[(many & !MANY) as usize],
            _ => std::slice::from_ref(dep),
        }
    }

    /// Who wrote the change at `at`, and its number among that actor's changes.
    pub fn author(&self, at: u32) -> (&ActorId, u64) {
        let (actor, seq) = self.authors[at as usize];
        (&self.actors[actor as usize], u64::from(seq))
    }

    /// The seq of the actor's last change; none for an actor without a change.
    pub fn last_seq(&self, actor: &ActorId) -> Option<u64> {
        self.actor_index.get(actor).map(|&at| self.last_seq[at as usize])
    }

    /// The position in the log of the change at `at`.
    pub fn position(&self, at: u32) -> Position {
        let run = self.runs.partition_point(|&(from, _)| from <= at) - 1;
        let (from, first) = self.runs[run];
        first + u64::from(at - from)
    }

    /// How many changes stand in the log at or before `position`.
    pub fn len_at(&self, position: Position) -> u32 {
        let run = self.runs.partition_point(|&(_, first)| first <= position);
        if run == 0 {
            return 0;
        }
        let (from, first) = self.runs[run - 1];
        let end = self.runs.get(run).map_or(self.len(), |&(next, _)| next);
        end.min((u64::from(from) + (position - first) + 1).min(u64::from(u32::MAX)) as u32)
    }

    /// The heads of the whole history.
    pub fn heads(&self) -> Heads {
        self.to_hashes(&self.heads)
    }

    pub fn head_indexes(&self) -> &[u32] {
        &self.heads
    }

    /// The heads after the first `len` changes.
    pub fn heads_at(&self, len: u32) -> Heads {
        self.to_hashes(&self.head_indexes_at(len))
    }

    fn head_indexes_at(&self, len: u32) -> Vec<u32> {
        let Some(last) = len.checked_sub(1) else { return Vec::new() };
        if len == self.len() {
            return self.heads.clone();
        }
        let from = self.seen[last as usize];
        let mut is_head = vec![true; (len - from) as usize];
        for at in from..len {
            for &dep in self.deps(at) {
                if dep >= from {
                    is_head[(dep - from) as usize] = false;
                }
            }
        }
        (from..len).filter(|at| is_head[(at - from) as usize]).collect()
    }

    /// All that is below `heads`, with them.
    pub fn ancestors(&self, heads: &[u32]) -> Ancestors {
        let Some(&top) = heads.iter().max() else { return Ancestors::default() };
        let full = heads.iter().map(|&head| self.seen_from(head)).max().unwrap_or_default();
        let above = (top + 1).saturating_sub(full);
        let mut seen = Ancestors { full, bits: vec![0; above.div_ceil(64) as usize] };
        heads.iter().for_each(|&head| seen.insert(head));
        for at in (full..=top).rev() {
            if seen.contains(at) {
                self.deps(at).iter().for_each(|&dep| seen.insert(dep));
            }
        }
        seen
    }

    /// Everything below is seen by whoever has seen the change at `at`.
    fn seen_from(&self, at: u32) -> u32 {
        let seen = self.seen[at as usize];
        if seen == at { at + 1 } else { seen }
    }

    /// The same for a change that builds on these.
    fn seen_with(&self, deps: &[u32]) -> u32 {
        match deps {
            [] => 0,
            [one] => self.seen_from(*one),
            _ => {
                let past = self.ancestors(deps);
                (past.full..self.len()).find(|&at| !past.contains(at)).unwrap_or(self.len())
            }
        }
    }

    /// Sorted hashes of some changes.
    pub fn to_hashes(&self, indexes: &[u32]) -> Heads {
        let mut hashes: Heads = indexes.iter().map(|&at| self.hash(at)).collect();
        hashes.sort_unstable();
        hashes
    }

    /// Whether a change has seen all that stand before it.
    pub fn has_seen_all(&self, at: u32) -> bool {
        self.seen[at as usize] == at
    }

    fn intern(&mut self, actor: &ActorId) -> u32 {
        if let Some(&at) = self.actor_index.get(actor) {
            return at;
        }
        let at = self.actors.len() as u32;
        self.actors.push(actor.clone());
        self.last_seq.push(0);
        self.actor_index.insert(actor.clone(), at);
        at
    }
}

/// A set of changes that holds, with each one, all that it depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ancestors {
    /// Everything below is in the set.
    full: u32,
    /// From `full` on, one bit each.
    bits: Vec<u64>,
}

impl Ancestors {
    pub fn contains(&self, at: u32) -> bool {
        let Some(bit) = at.checked_sub(self.full) else { return true };
        self.bits.get(bit as usize / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    /// Those of the first `len` changes that are not in the set, in log order.
    pub fn missing(&self, len: u32) -> impl Iterator<Item = u32> + '_ {
        (self.full..len).filter(|&at| !self.contains(at))
    }

    fn insert(&mut self, at: u32) {
        if let Some(bit) = at.checked_sub(self.full) {
            self.bits[bit as usize / 64] |= 1 << (bit % 64);
        }
    }
}

/// A change hash is as good as random: its first bytes spread well.
pub(super) fn key(hash: &ChangeHash) -> u64 {
    u64::from_le_bytes(hash.0[..8].try_into().expect("8 of 32 bytes"))
}

/// Grows by an eighth: doubling would leave half of a long history's memory unused.
pub(super) fn push<T>(to: &mut Vec<T>, value: T) {
    if to.len() == to.capacity() {
        to.reserve_exact((to.len() / 8).max(16));
    }
    to.push(value);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn hash(n: u32) -> ChangeHash {
        use sha2::Digest as _;
        ChangeHash(sha2::Sha256::digest(n.to_le_bytes()).into())
    }

    fn change(n: u32, deps: &[u32]) -> Change {
        Change {
            hash: hash(n),
            deps: deps.iter().map(|&n| hash(n)).collect(),
            actor: ActorId::new(&[(n % 3 + n / 30) as u8 + 1]).unwrap(),
            seq: u64::from(n / 3) + 1,
            start_op: 1,
            time: 0,
            raw: Bytes::new(),
        }
    }

    /// 0 ← 1 ← {2, 3} ← 4, then 5 beside 4.
    fn forked() -> History {
        let mut history = History::new();
        for (n, deps) in [(0, &[][..]), (1, &[0]), (2, &[1]), (3, &[1]), (4, &[2, 3]), (5, &[3])] {
            history.append(&change(n, deps), 10 + u64::from(n) * if n < 3 { 1 } else { 2 }).unwrap();
        }
        history
    }

    #[test]
    fn heads_are_what_nothing_depends_on() {
        let history = forked();
        assert_eq!(history.heads(), history.to_hashes(&[4, 5]));
        for (len, heads) in [(0, &[][..]), (1, &[0]), (3, &[2]), (4, &[2, 3]), (5, &[4]), (6, &[4, 5])] {
            assert_eq!(history.heads_at(len), history.to_hashes(heads), "after {len} changes");
        }
    }

    #[test]
    fn a_change_without_its_deps_is_not_taken() {
        let mut history = forked();
        let refused = history.append(&change(9, &[8, 4]), 99).unwrap_err();
        assert_eq!(refused, MissingDeps(vec![hash(8)]));
        assert_eq!(history.len(), 6);
    }

    #[test]
    fn a_known_change_keeps_its_place() {
        let mut history = forked();
        assert_eq!(history.append(&change(2, &[1]), 99), Ok(2));
        assert_eq!(history.len(), 6);
    }

    #[test]
    fn positions_with_gaps() {
        let history = forked(); // 10, 11, 12, 16, 18, 20
        let positions: Vec<_> = (0..6).map(|at| history.position(at)).collect();
        assert_eq!(positions, [10, 11, 12, 16, 18, 20]);
        for (position, len) in [(0, 0), (9, 0), (10, 1), (12, 3), (15, 3), (16, 4), (19, 5), (20, 6), (99, 6)]
        {
            assert_eq!(history.len_at(position), len, "at {position}");
        }
    }

    #[test]
    fn last_seq_by_actor() {
        let history = forked();
        assert_eq!(history.last_seq(&ActorId::new(&[1]).unwrap()), Some(2));
        assert_eq!(history.last_seq(&ActorId::new(&[9]).unwrap()), None);
        assert_eq!(history.author(4), (&ActorId::new(&[2]).unwrap(), 2));
    }

    proptest! {
        /// Against the plain definition, on random graphs.
        #[test]
        fn ancestors_and_heads_as_defined(
            graph in prop::collection::vec(prop::collection::vec(0..6u32, 0..3), 1..150),
            tops in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut history = History::new();
            let mut deps_of: Vec<Vec<u32>> = Vec::new();
            let mut half = Vec::new();
            for (n, back) in graph.iter().enumerate() {
                let n = n as u32;
                if n == graph.len() as u32 / 2 {
                    half = history.save(n);
                }
                let mut deps: Vec<u32> = back.iter().filter(|b| **b < n).map(|b| n - 1 - b).collect();
                deps.sort_unstable();
                deps.dedup();
                history.append(&change(n, &deps), u64::from(n) + 1).unwrap();
                deps_of.push(deps);
            }
            let tops: Vec<u32> = tops.iter().map(|i| i.index(graph.len()) as u32).collect();
            let mut expected = std::collections::BTreeSet::new();
            let mut stack = tops.clone();
            while let Some(at) = stack.pop() {
                if expected.insert(at) {
                    stack.extend(&deps_of[at as usize]);
                }
            }
            let found = history.ancestors(&tops);
            for at in 0..history.len() {
                prop_assert_eq!(found.contains(at), expected.contains(&at), "change {}", at);
            }
            let missing: Vec<u32> = found.missing(history.len()).collect();
            prop_assert_eq!(missing, (0..history.len()).filter(|at| !expected.contains(at)).collect::<Vec<_>>());
            prop_assert_eq!(history.save(history.len() / 2), half, "what came later changes nothing of it");
            for len in [0, history.len() / 2, history.len()] {
                let kept = History::load(&history.save(len)).unwrap();
                prop_assert_eq!(kept.len(), len);
                prop_assert_eq!(kept.heads(), history.heads_at(len));
                prop_assert_eq!(kept.save(len), history.save(len));
                for at in 0..len {
                    prop_assert_eq!(kept.deps(at), history.deps(at));
                    prop_assert_eq!(kept.author(at), history.author(at));
                    prop_assert_eq!(kept.position(at), history.position(at));
                    prop_assert_eq!(kept.index_of(&history.hash(at)), Some(at));
                    prop_assert_eq!(kept.has_seen_all(at), history.has_seen_all(at));
                }
            }
            for at in 0..history.len() {
                let below = history.ancestors(&[at]);
                prop_assert_eq!(history.has_seen_all(at), (0..at).all(|n| below.contains(n)), "change {}", at);
            }
            for len in 0..=history.len() {
                let heads: Vec<u32> = (0..len)
                    .filter(|at| !(0..len).any(|later| deps_of[later as usize].contains(at)))
                    .collect();
                prop_assert_eq!(history.heads_at(len), history.to_hashes(&heads));
            }
        }
    }
}
