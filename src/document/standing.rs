//! Whether the operations of a saved document stand in the order that its changes make.
//!
//! No hash says where they stand: every change is rebuilt from its operations wherever these are, and the document
//! crate takes them as they come. In another order the text would read otherwise than for everybody who has applied
//! the changes. So the order is looked through here, once, from the front to the back.

use std::borrow::Cow;

use super::Refused;
use super::columns::{Booleans, Form, Reader, Runs, Sums, kind};
use super::scan::column;

/// The columns of a saved document's operations that those of a change do not have.
mod saved {
    pub(super) const ID_ACTOR: u32 = 0x21;
    pub(super) const ID_COUNTER: u32 = 0x23;
    pub(super) const SUCCESSORS: u32 = 0x80;
    pub(super) const SUCCESSOR_ACTOR: u32 = 0x81;
    pub(super) const SUCCESSOR_COUNTER: u32 = 0x83;
}

/// An operation's name; of two, the one that is newer for the document crate is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    counter: u64,
    /// By the document's actors, which are in order themselves.
    actor: u64,
}

/// Columns by their specifications, inflated.
pub(super) type Columns<'a> = Vec<(u32, Cow<'a, [u8]>)>;

enum Key<'a> {
    Name(&'a [u8]),
    /// None: before all elements.
    Element(Option<Id>),
}

fn out_of_order() -> Refused {
    Refused::new(
        "document_order",
        "The saved document's operations stand in another order than they were made.",
    )
}

/// Looks through the columns of a document's operations, which are inflated and counted. Its actors are in order.
pub(super) fn check(columns: &[(u32, Cow<'_, [u8]>)]) -> Result<(), Refused> {
    let data = |spec| {
        let column = columns.iter().find(|(known, _)| known & !kind::DEFLATED == spec);
        column.map_or(&[][..], |(_, data)| data)
    };
    let numbers = |spec| {
        let mut runs = Runs::none(Form::Any, Reader::unsigned);
        runs.open(data(spec));
        runs
    };
    let sums = |spec| {
        let mut sums = Sums::none(Form::Any);
        sums.runs.open(data(spec));
        sums
    };
    let mut objects = (numbers(column::OBJECT_ACTOR), numbers(column::OBJECT_COUNTER));
    let mut keys = (numbers(column::KEY_ACTOR), sums(column::KEY_COUNTER));
    let mut names = Runs::none(Form::Any, Reader::prefixed);
    names.open(data(column::KEY_TEXT));
    let mut ids = (numbers(saved::ID_ACTOR), sums(saved::ID_COUNTER));
    let mut inserts = Booleans::none(Form::Any);
    inserts.open(data(column::INSERT));
    let mut counts = numbers(saved::SUCCESSORS);
    let mut successors = (numbers(saved::SUCCESSOR_ACTOR), sums(saved::SUCCESSOR_COUNTER));
    let mut place = Place::default();
    while !ids.0.is_done() {
        let object = id(objects.0.next()?, objects.1.next()?);
        let element = id(keys.0.next()?, counter(&mut keys.1)?);
        let key = names.next()?.map_or(Key::Element(element), Key::Name);
        let id_of_it = id(ids.0.next()?, counter(&mut ids.1)?).ok_or_else(out_of_order)?;
        place.pass(object, &key, id_of_it, inserts.next()?)?;
        let mut last = None;
        for _ in 0..counts.next()?.unwrap_or(0) {
            let successor = id(successors.0.next()?, counter(&mut successors.1)?);
            if successor <= last {
                return Err(out_of_order());
            }
            last = successor;
        }
    }
    Ok(())
}

fn counter(sums: &mut Sums<'_>) -> Result<Option<u64>, Refused> {
    sums.next()?.map(u64::try_from).transpose().map_err(|_| out_of_order())
}

fn id(actor: Option<u64>, counter: Option<u64>) -> Option<Id> {
    Some(Id { counter: counter?, actor: actor? })
}

/// What was passed last.
#[derive(Default)]
struct Place<'a> {
    object: Option<Id>,
    /// In a map: the last key, and the last operation under it.
    name: Option<(&'a [u8], Id)>,
    /// In a text or a list: the last element, before it what it was inserted after, and so on. With each, the last
    /// of those that were inserted after it; first that which comes before all elements.
    path: Vec<(Option<Id>, Option<Id>)>,
    /// The last operation on the last element.
    last: Option<Id>,
}

impl<'a> Place<'a> {
    fn pass(&mut self, object: Option<Id>, key: &Key<'a>, id: Id, insert: bool) -> Result<(), Refused> {
        if object != self.object {
            if object < self.object {
                return Err(out_of_order());
            }
            *self = Self { object, ..Self::default() };
        }
        let goes_on = match key {
            Key::Name(name) => {
                let last = self.name.replace((name, id));
                last.is_none_or(|last| last < (name, id))
            }
            Key::Element(after) if insert => self.inserts(*after, id),
            Key::Element(of) => {
                let of_the_last = of.is_some() && self.path.last().is_some_and(|(last, _)| last == of);
                of_the_last && self.last.replace(id).is_some_and(|last| last < id)
            }
        };
        if goes_on { Ok(()) } else { Err(out_of_order()) }
    }

    /// Elements follow what they were inserted after, with all that follows them before their next of kin; of those
    /// that were inserted after the same, the newest comes first.
    fn inserts(&mut self, after: Option<Id>, id: Id) -> bool {
        if self.path.is_empty() {
            self.path.push((None, None));
        }
        while self.path.last().is_some_and(|(element, _)| *element != after) {
            self.path.pop();
        }
        let Some((_, newest)) = self.path.last_mut() else { return false };
        let goes_on = newest.is_none_or(|newest| id < newest);
        *newest = Some(id);
        self.path.push((Some(id), None));
        self.last = Some(id);
        goes_on
    }
}
