//! The operations of a change, read row by row out of its columns.
//!
//! Only the one canonical spelling is taken, that which every client of the document crate writes: runs as long
//! as they can be, no run of one, no column of nothing, actors in order and each one used. A second spelling of
//! the same operations would have another hash than the one that the document rebuilds.
//!
//! The byte scan has been here before: sizes, counts and numbers are within their limits.

use super::super::Refused;
use super::super::columns::{Booleans, Form, Reader, Runs, Sums, descriptions, not_canonical};
use super::super::scan::{Header, column};

/// An operation, named by one of the change's actors (0 is its own) and a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) actor: u32,
    pub(super) counter: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Name(&'a str),
    /// Before all elements of a text or a list.
    Head,
    Element(Id),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Text(&'a str),
    Int(i64),
    Uint(u64),
    Float(f64),
}

/// What an operation does, as the format numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    MakeMap,
    Put,
    MakeList,
    Delete,
    MakeText,
    Increment,
    MakeTable,
    Mark,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// None: the document's root.
    pub(super) object: Option<Id>,
    pub(super) key: Key<'a>,
    pub(super) insert: bool,
    pub(super) action: Action,
    pub(super) value: Value<'a>,
    /// Begins a mark; a mark operation without a name ends one.
    pub(super) mark: Option<&'a str>,
}

/// What follows the front of a change.
pub(super) struct Body<'a> {
    /// The other actors that it names, ascending.
    pub(super) others: Vec<&'a [u8]>,
    pub(super) rows: Rows<'a>,
}

pub(super) struct Rows<'a> {
    object_actor: Runs<'a, u64>,
    object_counter: Runs<'a, u64>,
    key_actor: Runs<'a, u64>,
    key_counter: Sums<'a>,
    key_text: Runs<'a, &'a str>,
    insert: Booleans<'a>,
    action: Runs<'a, u64>,
    value_meta: Runs<'a, u64>,
    value: Reader<'a>,
    pred_count: Runs<'a, u64>,
    pred_actor: Runs<'a, u64>,
    pred_counter: Sums<'a>,
    expand: Booleans<'a>,
    mark: Runs<'a, &'a str>,
    /// The change's actors, and whether an operation names each.
    actors: Vec<(&'a [u8], bool)>,
}

impl<'a> Body<'a> {
    /// Reads a chunk that the scan has passed.
    pub(super) fn read(chunk: &'a [u8]) -> Result<Self, Refused> {
        let header = Header::read(chunk)?;
        let mut reader = Reader::new(&chunk[header.start..header.end]);
        let deps = reader.unsigned()?;
        reader.take(deps * 32)?;
        let actor = reader.prefixed()?;
        reader.unsigned()?;
        reader.unsigned()?;
        reader.signed()?;
        reader.prefixed()?;
        let count = reader.unsigned()?;
        let mut others: Vec<&[u8]> = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let other = reader.prefixed()?;
            if other == actor || others.last().is_some_and(|last| *last >= other) {
                return Err(not_canonical());
            }
            others.push(other);
        }
        let actors = std::iter::once(actor).chain(others.iter().copied()).map(|actor| (actor, false));
        let mut rows = Rows::none(actors.collect());
        let columns = descriptions(&mut reader, column::COUNT)?;
        for (spec, length) in columns {
            let data = reader.take(length)?;
            if data.is_empty() {
                return Err(not_canonical());
            }
            rows.set(spec, data)?;
        }
        if !reader.is_empty() {
            // Who wrote what is in the log, and no client of ours says so here.
            return Err(Refused::new(
                "change_footer",
                "The change carries data that is not taken after its end.",
            ));
        }
        Ok(Self { others, rows })
    }
}

impl<'a> Rows<'a> {
    fn none(actors: Vec<(&'a [u8], bool)>) -> Self {
        const FORM: Form = Form::Canonical;
        let number = Runs::none(FORM, Reader::unsigned);
        let text = Runs::none(FORM, read_text as ReadText<'a>);
        Self {
            object_actor: number,
            object_counter: number,
            key_actor: number,
            key_counter: Sums::none(FORM),
            key_text: text,
            insert: Booleans::none(FORM),
            action: number,
            value_meta: number,
            value: Reader::new(&[]),
            pred_count: number,
            pred_actor: number,
            pred_counter: Sums::none(FORM),
            expand: Booleans::none(FORM),
            mark: text,
            actors,
        }
    }

    fn set(&mut self, spec: u32, data: &'a [u8]) -> Result<(), Refused> {
        match spec {
            column::OBJECT_ACTOR => self.object_actor.open(data),
            column::OBJECT_COUNTER => self.object_counter.open(data),
            column::KEY_ACTOR => self.key_actor.open(data),
            column::KEY_COUNTER => self.key_counter.runs.open(data),
            column::KEY_TEXT => self.key_text.open(data),
            column::INSERT => self.insert.open(data),
            column::ACTION => self.action.open(data),
            column::VALUE_META => self.value_meta.open(data),
            column::VALUE => self.value = Reader::new(data),
            column::PREDECESSORS => self.pred_count.open(data),
            column::PREDECESSOR_ACTOR => self.pred_actor.open(data),
            column::PREDECESSOR_COUNTER => self.pred_counter.runs.open(data),
            column::EXPAND => self.expand.open(data),
            column::MARK_NAME => self.mark.open(data),
            _ => return Err(not_canonical()),
        }
        Ok(())
    }

    /// The next operation, with the operations that it replaces put into `preds`. None after the last.
    pub(super) fn next(&mut self, preds: &mut Vec<Id>) -> Result<Option<Row<'a>>, Refused> {
        preds.clear();
        if self.action.is_done() {
            return self.finish().map(|()| None);
        }
        let action = match self.action.some()? {
            0 => Action::MakeMap,
            1 => Action::Put,
            2 => Action::MakeList,
            3 => Action::Delete,
            4 => Action::MakeText,
            5 => Action::Increment,
            6 => Action::MakeTable,
            7 => Action::Mark,
            _ => return Err(Refused::malformed("it has an operation of an unknown kind")),
        };
        let object = match (self.object_actor.next()?, self.object_counter.next()?) {
            (None, None) => None,
            (Some(actor), Some(counter)) => Some(self.id(actor, counter)?),
            _ => return Err(not_canonical()),
        };
        let key = match (self.key_actor.next()?, self.key_counter.next()?, self.key_text.next()?) {
            (None, None, Some(name)) => Key::Name(name),
            (None, Some(0), None) => Key::Head,
            (Some(actor), Some(counter), None) => Key::Element(self.id(actor, counter)?),
            _ => return Err(not_canonical()),
        };
        let insert = self.insert.some()?;
        let meta = self.value_meta.some()?;
        let value = self.value(meta)?;
        for _ in 0..self.pred_count.some()? {
            let (actor, counter) = (self.pred_actor.some()?, self.pred_counter.next()?);
            let id = self.id(actor, counter.ok_or_else(not_canonical)?)?;
            // Each once, in the document's own order of operations.
            let order = |id: &Id| (id.counter, self.actors[id.actor as usize].0);
            if preds.last().is_some_and(|last| order(last) >= order(&id)) {
                return Err(not_canonical());
            }
            preds.push(id);
        }
        let expand = self.expand.next()?;
        let mark = self.mark.next()?;
        if action != Action::Mark && (expand || mark.is_some()) {
            return Err(not_canonical());
        }
        let has_value = match action {
            Action::Put | Action::Increment => true,
            Action::Mark => mark.is_some(),
            _ => false,
        };
        if !has_value && value != Value::Null {
            return Err(not_canonical());
        }
        Ok(Some(Row { object, key, insert, action, value, mark }))
    }

    fn id(&mut self, actor: u64, counter: impl TryInto<u32>) -> Result<Id, Refused> {
        let (_, used) = self.actors.get_mut(actor as usize).ok_or_else(not_canonical)?;
        *used = true;
        match counter.try_into() {
            Ok(counter) if counter > 0 => Ok(Id { actor: actor as u32, counter }),
            _ => Err(not_canonical()),
        }
    }

    fn value(&mut self, meta: u64) -> Result<Value<'a>, Refused> {
        let bytes = self.value.take(meta >> 4)?;
        let mut reader = Reader::new(bytes);
        let value = match meta & 0xf {
            0 => Value::Null,
            1 => Value::Boolean(false),
            2 => Value::Boolean(true),
            3 => Value::Uint(reader.unsigned()?),
            4 => Value::Int(reader.signed()?),
            5 => {
                let bytes = bytes.try_into().map_err(|_| not_canonical())?;
                return Ok(Value::Float(f64::from_le_bytes(bytes)));
            }
            6 => {
                let text =
                    std::str::from_utf8(bytes).map_err(|_| Refused::malformed("a value is not UTF-8"))?;
                return Ok(Value::Text(text));
            }
            // However it is written: it need not be read.
            _ => return Err(Refused::new("value_unsafe", "A value of this type has no place in a plan.")),
        };
        if reader.is_empty() { Ok(value) } else { Err(not_canonical()) }
    }

    fn finish(&self) -> Result<(), Refused> {
        let ended = self.object_actor.is_whole()
            && self.object_counter.is_whole()
            && self.key_actor.is_whole()
            && self.key_counter.runs.is_whole()
            && self.key_text.is_whole()
            && self.insert.is_done()
            && self.value_meta.is_whole()
            && self.value.is_empty()
            && self.pred_count.is_whole()
            && self.pred_actor.is_whole()
            && self.pred_counter.runs.is_whole()
            && self.expand.is_whole()
            && self.mark.is_whole();
        if ended && self.actors[1..].iter().all(|(_, used)| *used) { Ok(()) } else { Err(not_canonical()) }
    }
}

type ReadText<'a> = fn(&mut Reader<'a>) -> Result<&'a str, Refused>;

fn read_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Refused> {
    std::str::from_utf8(reader.prefixed()?).map_err(|_| Refused::malformed("a key is not UTF-8"))
}
