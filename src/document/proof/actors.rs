//! The actors of a document, each with a number: the order in which they were met.

use std::cmp::Ordering;
use std::collections::HashMap;

pub(super) type Actor = u32;

#[derive(Default)]
pub(super) struct Actors {
    numbers: HashMap<Box<[u8]>, Actor>,
    ids: Vec<Box<[u8]>>,
}

impl Actors {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn number(&self, id: &[u8]) -> Option<Actor> {
        self.numbers.get(id).copied()
    }

    pub(super) fn meet(&mut self, id: &[u8]) -> Actor {
        if let Some(number) = self.number(id) {
            return number;
        }
        let number = self.ids.len() as Actor;
        self.numbers.insert(id.into(), number);
        self.ids.push(id.into());
        number
    }

    pub(super) fn id(&self, actor: Actor) -> &[u8] {
        &self.ids[actor as usize]
    }

    pub(super) fn truncate(&mut self, count: usize) {
        for id in self.ids.drain(count..) {
            self.numbers.remove(&id);
        }
    }

    /// The order of two operations that the whole document has: by counter, then by actor.
    pub(super) fn order(&self, a: (u32, Actor), b: (u32, Actor)) -> Ordering {
        a.0.cmp(&b.0).then_with(|| if a.1 == b.1 { Ordering::Equal } else { self.id(a.1).cmp(self.id(b.1)) })
    }

    pub(super) fn bytes(&self) -> usize {
        self.ids.iter().map(|id| 2 * (id.len() + 16) + 8).sum()
    }
}
