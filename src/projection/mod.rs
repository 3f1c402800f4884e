//! Read models, folded from events: caches that can be thrown away and made again.

mod notices;
mod strays;
mod threads;

pub use notices::{End, News, Notice, Notices};
pub use strays::{Decision, Stray, Strays};
pub use threads::{Comment, Dispute, Resolution, Thread, Threads};

use crate::domain::{Fact, Position, State, Timestamp};

/// All that is folded from the log: the state that rules look at, and what the pages show.
#[derive(Debug, Default)]
pub struct Views {
    pub state: State,
    pub threads: Threads,
    pub strays: Strays,
    pub notices: Notices,
    pub head: Position,
}

impl Views {
    /// Takes in an event that is not a change of a document.
    pub fn apply(&mut self, fact: &Fact) {
        self.head = fact.position;
        self.state.apply(fact);
        self.threads.apply(fact);
        self.strays.apply(fact);
        self.notices.apply(fact, &self.state);
    }

    /// Takes in a change of a document: there are many, and no rule looks inside them.
    pub fn changed(&mut self, position: Position, at: Timestamp) {
        self.head = position;
        self.state.now = self.state.now.max(at);
    }
}
