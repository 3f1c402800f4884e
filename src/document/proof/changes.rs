//! Who has seen what: the admitted changes by number, and for each set of them the past that it stands on.
//!
//! A number is a change's place in the order of admission, which is that of the log. Its hash is not kept here.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::super::history::push;
use super::super::kept::{Page, Pen};
use super::actors::Actor;

pub(super) type Number = u32;

/// Along each way back from a change, a clock or a change that had seen everything comes within so many steps.
const STEPS: u8 = 64;

const NONE: Number = u32::MAX;
const MANY: Number = 1 << 31;

#[derive(Default)]
pub(super) struct Changes {
    entries: Vec<Entry>,
    /// How many steps it is to the next clock; 0 for a change that has one or needs none.
    steps: Vec<u8>,
    many: Vec<Box<[Number]>>,
    /// The changes of each actor, in order of their sequence numbers from 1.
    by_actor: Vec<Vec<Number>>,
    /// Ascending.
    heads: Vec<Number>,
    /// Of the heads that have not seen everything, and of some changes along long ways.
    clocks: HashMap<Number, Clock>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    actor: Actor,
    seq: u32,
    max_op: u32,
    /// The one dependency; or `NONE`; or `MANY` plus an index into `many`.
    dep: Number,
}

/// By actor: how many of its changes were seen. Actors beyond its end: none.
type Clock = Arc<[u32]>;

/// What some change has seen.
#[derive(Clone, Debug)]
pub(super) enum Sight {
    /// All that was admitted so far.
    All,
    Some(Clock),
}

/// How far the table was filled at some moment.
#[derive(Clone, Default)]
pub(super) struct Mark {
    changes: usize,
    many: usize,
    heads: Vec<Number>,
}

impl Mark {
    pub(super) fn len(&self) -> usize {
        self.changes
    }
}

impl Changes {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn heads(&self) -> &[Number] {
        &self.heads
    }

    pub(super) fn max_op(&self, number: Number) -> u32 {
        self.entries[number as usize].max_op
    }

    /// How many changes of this actor are here.
    pub(super) fn count(&self, actor: Actor) -> u32 {
        self.by_actor.get(actor as usize).map_or(0, |numbers| numbers.len() as u32)
    }

    fn deps(&self, number: Number) -> &[Number] {
        let dep = &self.entries[number as usize].dep;
        match *dep {
            NONE => &[],
            many if many & MANY != 0 => &self.many[(many & !MANY) as usize],
            _ => std::slice::from_ref(dep),
        }
    }

    /// What a change with these dependencies (ascending) has seen.
    pub(super) fn sight(&self, deps: &[Number]) -> Sight {
        if deps == self.heads {
            return Sight::All;
        }
        if let [only] = deps
            && let Some(clock) = self.clocks.get(only)
        {
            return Sight::Some(clock.clone());
        }
        // What clocks say was seen, with all that lies behind it; and what the walk passed over besides.
        let mut seen = vec![0; self.by_actor.len()];
        let mut passed: Vec<Number> = Vec::new();
        let mut ahead: BinaryHeap<Number> = deps.iter().copied().collect();
        while let Some(number) = ahead.pop() {
            let entry = self.entries[number as usize];
            if passed.last() == Some(&number) || seen[entry.actor as usize] >= entry.seq {
                continue;
            }
            if let Some(clock) = self.clocks.get(&number) {
                for (seen, known) in seen.iter_mut().zip(clock.iter()) {
                    *seen = (*seen).max(*known);
                }
            } else if self.steps[number as usize] == 0 {
                // It had seen everything before it, and so all that is still ahead was seen.
                for (seen, numbers) in seen.iter_mut().zip(&self.by_actor) {
                    *seen = (*seen).max(numbers.partition_point(|&before| before <= number) as u32);
                }
                break;
            } else {
                passed.push(number);
                ahead.extend(self.deps(number));
            }
        }
        for number in passed {
            let Entry { actor, seq, .. } = self.entries[number as usize];
            seen[actor as usize] = seen[actor as usize].max(seq);
        }
        Sight::Some(seen.into())
    }

    /// Whether an operation that is in the index was seen.
    pub(super) fn has_seen(&self, sight: &Sight, actor: Actor, counter: u32) -> bool {
        let Sight::Some(clock) = sight else { return true };
        let seen = clock.get(actor as usize).copied().unwrap_or(0) as usize;
        seen > 0 && self.max_op(self.by_actor[actor as usize][seen - 1]) >= counter
    }

    /// Whether the actor's newest change was seen.
    pub(super) fn has_seen_last(&self, sight: &Sight, actor: Actor) -> bool {
        let Sight::Some(clock) = sight else { return true };
        clock.get(actor as usize).copied().unwrap_or(0) >= self.count(actor)
    }

    /// Adds the actor's next change. `deps` ascend and are here, `sight` is theirs.
    pub(super) fn append(&mut self, actor: Actor, max_op: u32, deps: &[Number], sight: &Sight) {
        let number = self.entries.len() as Number;
        if actor as usize >= self.by_actor.len() {
            self.by_actor.resize_with(actor as usize + 1, Vec::new);
        }
        push(&mut self.by_actor[actor as usize], number);
        let seq = self.count(actor);
        let dep = match deps {
            [] => NONE,
            [only] => *only,
            _ => {
                self.many.push(deps.into());
                MANY | (self.many.len() - 1) as Number
            }
        };
        push(&mut self.entries, Entry { actor, seq, max_op, dep });
        for dep in deps {
            if let Ok(at) = self.heads.binary_search(dep) {
                self.heads.remove(at);
                if self.steps[*dep as usize] != 0 {
                    self.clocks.remove(dep);
                }
            }
        }
        self.heads.push(number);
        let steps = match sight {
            Sight::All => 0,
            Sight::Some(clock) => {
                let mut own = clock.to_vec();
                own.resize(own.len().max(actor as usize + 1), 0);
                own[actor as usize] = seq;
                self.clocks.insert(number, own.into());
                let steps = deps.iter().map(|dep| self.steps[*dep as usize]).max().unwrap_or(0) + 1;
                // The clock of a change at the limit stays when it is no head any more.
                if steps < STEPS { steps } else { 0 }
            }
        };
        push(&mut self.steps, steps);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { changes: self.len(), many: self.many.len(), heads: self.heads.clone() }
    }

    /// Forgets all changes since.
    pub(super) fn back_to(&mut self, mark: &Mark) {
        for entry in self.entries.drain(mark.changes..) {
            self.by_actor[entry.actor as usize].pop();
        }
        self.steps.truncate(mark.changes);
        self.many.truncate(mark.many);
        self.heads.clone_from(&mark.heads);
        // The clock of what is a head again is found anew when it is needed.
        self.clocks.retain(|number, _| (*number as usize) < mark.changes);
    }

    pub(super) fn save(&self, pen: &mut Pen) {
        pen.number(self.len() as u64);
        let operations = |number: Number| {
            let before = self.deps(number).iter().map(|&dep| self.max_op(dep)).max().unwrap_or(0);
            self.max_op(number) - before
        };
        let mut at = 0;
        while (at as usize) < self.len() {
            let (actor, count) = (self.entries[at as usize].actor, operations(at));
            pen.number(actor);
            pen.number(count);
            let deps = self.deps(at);
            pen.number(deps.len() as u64);
            deps.iter().for_each(|dep| pen.number(at - dep));
            // Mostly an actor goes on in the same way: only how often is written.
            let goes_on = |next: &Number| {
                self.entries[*next as usize].actor == actor
                    && self.deps(*next) == [*next - 1]
                    && operations(*next) == count
            };
            let more = (at + 1..self.len() as Number).take_while(goes_on).count() as Number;
            pen.number(more);
            at += 1 + more;
        }
    }

    /// Into an empty table.
    pub(super) fn load(&mut self, page: &mut Page<'_>) -> Option<()> {
        let len = page.small()? as usize;
        self.entries.reserve_exact(len);
        self.steps.reserve_exact(len);
        while self.len() < len {
            let (actor, count) = (page.small()?, page.small()?);
            let first = self.len() as Number;
            let mut deps = Vec::new();
            for _ in 0..page.number()? {
                deps.push(page.small().filter(|back| (1..=first).contains(back)).map(|back| first - back)?);
            }
            for step in 0..=page.small()? {
                if step > 0 {
                    deps = vec![self.len() as Number - 1];
                }
                let before = deps.iter().map(|&dep| self.max_op(dep)).max().unwrap_or(0);
                let sight = self.sight(&deps);
                self.append(actor, before.checked_add(count)?, &deps, &sight);
            }
        }
        (self.len() == len).then_some(())
    }

    /// All that it says, to be compared. Clocks can be found anew, and are left out.
    #[cfg(test)]
    pub(super) fn all(&self) -> String {
        let Self { entries, steps, many, by_actor, heads, .. } = self;
        let by_actor: Vec<_> = by_actor.iter().filter(|numbers| !numbers.is_empty()).collect();
        format!("{entries:?} {steps:?} {many:?} {by_actor:?} {heads:?}")
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let numbers: usize = self.by_actor.iter().map(|numbers| numbers.capacity() * 4 + 24).sum();
        let many: usize = self.many.iter().map(|deps| deps.len() * 4 + 16).sum();
        let clocks: usize = self.clocks.values().map(|clock| clock.len() * 4 + 40).sum();
        self.entries.capacity() * size_of::<Entry>() + self.steps.capacity() + numbers + many + clocks
    }
}
