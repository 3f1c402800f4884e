//! Playing the script: every writer has a copy of the document and writes in it; what was written goes to the
//! stage in the order of time.

use std::collections::BTreeMap;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::pen::Pen;
use super::script::{Act, What, plan, script};
use super::text::utf16_len;
use crate::domain::{ActorId, Anchor, Command, PersonId, PlanId, Request, SectionId, Timestamp};

/// One change of a document, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub at: Timestamp,
    pub person: PersonId,
    /// The Automerge change, uncompressed.
    pub raw: Bytes,
}

/// Where the demonstration is played: the engine, or a stand-in for it.
pub trait Stage {
    type Error;
    fn command(&mut self, at: Timestamp, person: &PersonId, request: Request) -> Result<(), Self::Error>;
    /// All changes of the plan's document, in an order in which they can be applied. Asked for once, when the
    /// plan was created.
    fn document(&mut self, plan: PlanId) -> Result<Vec<Bytes>, Self::Error>;
    /// Records changes of several people, oldest first. Before the next command, and in batches of at most
    /// [`BATCH`].
    fn changes(&mut self, plan: PlanId, written: Vec<Written>) -> Result<(), Self::Error>;
}

/// The most changes that are handed over at once.
pub const BATCH: usize = 1_000;

/// Plays all of it, as if it had just ended.
pub fn build<S: Stage>(stage: &mut S, now: Timestamp) -> Result<(), S::Error> {
    let acts = script(now);
    let mut play = Play::default();
    let mut last_of = BTreeMap::new();
    for (number, act) in acts.iter().enumerate() {
        if let Some(session) = act.session() {
            last_of.insert(session, number);
        }
    }
    for (number, act) in acts.into_iter().enumerate() {
        let session = act.session();
        play.act(stage, act)?;
        if let Some(session) = session
            && last_of[&session] == number
        {
            play.leave(session);
        }
    }
    play.hand_over(stage)
}

/// The copies of the document, and what was written in them. There are as many copies as people ever write at
/// once: whoever begins takes the first if it is free, or a duplicate of it, and brings it up to date. One copy
/// a person would take in everything once more for each of them, and that is the dear part.
#[derive(Default)]
struct Play {
    /// All changes, the document's first ones included.
    all: Vec<Bytes>,
    copies: Vec<OwnCopy>,
    waiting: Vec<Written>,
}

#[derive(Clone, Default)]
struct OwnCopy {
    pen: Pen,
    /// Which of all changes it has.
    has: Vec<bool>,
    /// Who is writing in it.
    session: Option<usize>,
}

impl OwnCopy {
    /// Takes in what it does not have.
    fn pull(&mut self, all: &[Bytes]) {
        self.has.resize(all.len(), false);
        let new = all
            .iter()
            .zip(&mut self.has)
            .filter_map(|(raw, has)| (!std::mem::replace(has, true)).then_some(raw));
        self.pen.take_in(new);
    }
}

impl Play {
    fn act<S: Stage>(&mut self, stage: &mut S, act: Act) -> Result<(), S::Error> {
        let Act { at, person, what } = act;
        match what {
            What::Pull { session } => {
                let copy = self.copy_of(session, &person);
                self.copies[copy].pull(&self.all);
                Ok(())
            }
            What::Edit { session, section, edit } => {
                let copy = self.copy_of(session, &person);
                let copy = &mut self.copies[copy];
                let raw = copy.pen.write(at, section, edit);
                copy.has.resize(self.all.len(), false);
                copy.has.push(true);
                self.all.push(raw.clone());
                self.waiting.push(Written { at, person, raw });
                if self.waiting.len() == BATCH { self.hand_over(stage) } else { Ok(()) }
            }
            What::Command(request) => {
                self.hand_over(stage)?;
                let created = matches!(request.command, Command::PlanCreate { .. });
                stage.command(at, &person, request)?;
                if created {
                    self.all = stage.document(plan())?;
                }
                Ok(())
            }
            What::Open { request, thread, section, start, words, text } => {
                self.hand_over(stage)?;
                let anchor = self.anchor(section, start, words);
                let command = Command::ThreadOpen { plan: plan(), thread, anchor, text };
                stage.command(at, &person, Request { id: request, command })
            }
        }
    }

    fn hand_over<S: Stage>(&mut self, stage: &mut S) -> Result<(), S::Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        stage.changes(plan(), std::mem::take(&mut self.waiting))
    }

    /// The copy in which this session writes.
    fn copy_of(&mut self, session: usize, person: &PersonId) -> usize {
        let written_in = |by| self.copies.iter().position(|copy| copy.session == by);
        if let Some(copy) = written_in(Some(session)) {
            return copy;
        }
        let free = written_in(None).unwrap_or(self.copies.len());
        if free == self.copies.len() {
            self.copies.push(OwnCopy::default());
        }
        if free > 0 {
            self.copies[free] = self.copies[0].clone();
        }
        let copy = &mut self.copies[free];
        copy.session = Some(session);
        copy.pen.write_as(&actor(person, session));
        free
    }

    fn leave(&mut self, session: usize) {
        for copy in self.copies.iter_mut().filter(|copy| copy.session == Some(session)) {
            copy.session = None;
        }
    }

    fn anchor(&mut self, section: SectionId, start: usize, words: String) -> Anchor {
        // Nobody's copy may change under their hands.
        let mut reader = self.copies.first().cloned().unwrap_or_default();
        reader.pull(&self.all);
        let anchor = reader.pen.anchor(&section, start, start + utf16_len(&words));
        debug_assert_eq!(anchor.quote, words);
        anchor
    }
}

/// One session of one person writes under one actor id, the same every time.
fn actor(person: &PersonId, session: usize) -> ActorId {
    let digest = Sha256::digest(format!("quorate demonstration actor {person} {session}"));
    ActorId::new(&digest[..16]).expect("16 bytes are an actor id")
}
