//! What Automerge holds at some heads: scalars of maps, and the text of a section with the identity of each
//! of its elements.

use std::collections::{BTreeMap, HashSet};

use automerge::{ChangeHash, ObjId, ObjType, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef};
use serde_json::Value as Json;

use super::text::{Span, utf16_len};
use crate::domain::{ActorId, Heads, PersonId};

/// Which state is read: that at some heads, or the newest, with what a transaction has done so far.
pub(super) type At<'a> = Option<&'a [ChangeHash]>;

/// The heads in Automerge's own type.
pub(super) fn hashes(heads: &Heads) -> Vec<ChangeHash> {
    heads.iter().map(|hash| ChangeHash(hash.0)).collect()
}

/// One element of a text: a character or a block marker. Its name is that of the operation that put it there,
/// so it stays the same for as long as the element is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) counter: u64,
    /// Which of the document's actors; a number that holds for one [`Automerge`](automerge::Automerge) as long as it is not changed.
    pub(super) actor: u32,
    /// UTF-16 code units.
    pub(super) width: u32,
}

impl Element {
    pub(super) fn name(&self) -> (u64, u32) {
        (self.counter, self.actor)
    }
}

/// The elements of a text, in order: as wide, together, as its spans. Deleted ones are not among them.
pub(super) fn elements(
    document: &impl ReadDoc,
    text: &ObjId,
    at: At<'_>,
    spans: &[Span],
    actors: &mut Actors<'_>,
) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut nulls = Vec::new();
    let range = match at {
        Some(heads) => document.list_range_at(text, .., heads),
        None => document.list_range(text, ..),
    };
    for item in range {
        let ObjId::Id(counter, actor, index) = item.id() else { continue };
        let width = match &item.value {
            ValueRef::Scalar(ScalarValueRef::Str(text)) => utf16_len(text),
            ValueRef::Scalar(ScalarValueRef::Null) => {
                nulls.push((counter, index as u32));
                1
            }
            // Anything else is one placeholder character.
            ValueRef::Scalar(_) | ValueRef::Object(_) => 1,
        };
        actors.meet(index, &actor);
        elements.push(Element { counter, actor: index as u32, width: width as u32 });
    }
    let marks = mark_operations(nulls);
    if !marks.is_empty() {
        elements.retain(|element| !marks.contains(&element.name()));
    }
    let width: usize = elements.iter().map(|element| element.width as usize).sum();
    if width == spans.iter().map(Span::width).sum::<usize>() { elements } else { nameless(spans) }
}

/// Automerge lists the two operations of a mark among the elements, where they look like any value: the
/// mark's own, then null for its end, whose counter is one more. A mark that takes another away has null as
/// its value too. So the pairs are found from the highest counter down: the topmost null of a row is an end.
fn mark_operations(mut nulls: Vec<(u64, u32)>) -> HashSet<(u64, u32)> {
    nulls.sort_unstable();
    let mut marks = HashSet::new();
    for end in nulls.into_iter().rev() {
        if !marks.contains(&end) {
            marks.insert(end);
            marks.insert((end.0.saturating_sub(1), end.1));
        }
    }
    marks
}

/// Stand-ins, for a text into which a hostile client has put values that cannot be told from marks. Its
/// characters are then nobody's.
fn nameless(spans: &[Span]) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut add = |width: usize| {
        elements.push(Element { counter: elements.len() as u64, actor: u32::MAX, width: width as u32 });
    };
    for span in spans {
        match span {
            Span::Block { .. } => add(1),
            Span::Text { value, .. } => value.chars().for_each(|c| add(c.len_utf16())),
        }
    }
    elements
}

/// The people behind a document's actors, each asked for once.
pub(super) struct Actors<'a> {
    person: &'a dyn Fn(&ActorId) -> Option<PersonId>,
    known: Vec<Option<(ActorId, Option<PersonId>)>>,
}

impl<'a> Actors<'a> {
    pub(super) fn new(person: &'a dyn Fn(&ActorId) -> Option<PersonId>) -> Self {
        Self { person, known: Vec::new() }
    }

    fn meet(&mut self, index: usize, actor: &automerge::ActorId) {
        if index >= self.known.len() {
            self.known.resize(index + 1, None);
        }
        if self.known[index].is_none() {
            self.known[index] = ActorId::new(actor.to_bytes()).ok().map(|actor| {
                let person = (self.person)(&actor);
                (actor, person)
            });
        }
    }

    /// Who is behind an actor of [`Element::actor`].
    pub(super) fn person(&self, actor: u32) -> Option<&PersonId> {
        self.known.get(actor as usize)?.as_ref()?.1.as_ref()
    }

    /// The actor itself.
    pub(super) fn id(&self, actor: u32) -> Option<&ActorId> {
        self.known.get(actor as usize)?.as_ref().map(|(id, _)| id)
    }

    /// The number that stands for an actor in [`Element::actor`]; none if none of the elements read is its.
    pub(super) fn number(&self, actor: &ActorId) -> Option<u32> {
        let is_it = |known: &Option<(ActorId, _)>| known.as_ref().is_some_and(|(id, _)| id == actor);
        self.known.iter().position(is_it).map(|index| index as u32)
    }
}

/// The text with its marks and block markers.
pub(super) fn spans(document: &impl ReadDoc, text: &ObjId, at: At<'_>) -> Vec<Span> {
    let spans = match at {
        Some(heads) => document.spans_at(text, heads),
        None => document.spans(text),
    };
    let Ok(spans) = spans else { return Vec::new() };
    spans
        .map(|span| match span {
            automerge::Span::Text { text, marks } => Span::Text {
                value: text,
                marks: marks.map_or_else(BTreeMap::new, |marks| {
                    marks.iter().map(|(name, value)| (name.to_owned(), scalar(value))).collect()
                }),
            },
            automerge::Span::Block(map) => Span::Block { value: map_to_json(&map, 0) },
        })
        .collect()
}

/// How deep a block marker is looked into: its attributes are at depth 1.
const DEEPEST: usize = 4;

fn map_to_json(map: &automerge::hydrate::Map, depth: usize) -> Json {
    Json::Object(map.iter().map(|(key, entry)| (key.clone(), to_json(&entry.value, depth + 1))).collect())
}

fn to_json(value: &automerge::hydrate::Value, depth: usize) -> Json {
    use automerge::hydrate::Value;
    match value {
        Value::Scalar(value) => scalar(value),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Map(map) if depth < DEEPEST => map_to_json(map, depth),
        // No attribute is a list, and none lies this deep.
        Value::Map(_) | Value::List(_) => Json::Null,
    }
}

fn scalar(value: &ScalarValue) -> Json {
    match value {
        ScalarValue::Str(text) => Json::String(text.to_string()),
        ScalarValue::Int(number) => (*number).into(),
        ScalarValue::Uint(number) => (*number).into(),
        ScalarValue::F64(number) => (*number).into(),
        ScalarValue::Boolean(value) => (*value).into(),
        ScalarValue::Null
        | ScalarValue::Bytes(_)
        | ScalarValue::Counter(_)
        | ScalarValue::Timestamp(_)
        | ScalarValue::Unknown { .. } => Json::Null,
    }
}

fn get<'a>(document: &'a impl ReadDoc, map: &ObjId, key: &str, at: At<'_>) -> Option<(Value<'a>, ObjId)> {
    match at {
        Some(heads) => document.get_at(map, key, heads).ok()?,
        None => document.get(map, key).ok()?,
    }
}

/// A map, list or text in a map.
pub(super) fn object(
    document: &impl ReadDoc,
    map: &ObjId,
    key: &str,
    kind: ObjType,
    at: At<'_>,
) -> Option<ObjId> {
    match get(document, map, key, at)? {
        (Value::Object(found), id) if found == kind => Some(id),
        _ => None,
    }
}

/// A string in a map, whether a plain one or a text object; anything else is none.
pub(super) fn string(document: &impl ReadDoc, map: &ObjId, key: &str, at: At<'_>) -> Option<String> {
    match get(document, map, key, at)? {
        (Value::Scalar(value), _) => match value.as_ref() {
            ScalarValue::Str(text) => Some(text.to_string()),
            _ => None,
        },
        (Value::Object(ObjType::Text), id) => match at {
            Some(heads) => document.text_at(id, heads).ok(),
            None => document.text(id).ok(),
        },
        (Value::Object(_), _) => None,
    }
}

/// Is a value in a map `true`?
pub(super) fn is_true(document: &impl ReadDoc, map: &ObjId, key: &str, at: At<'_>) -> bool {
    let value = get(document, map, key, at);
    matches!(value, Some((Value::Scalar(value), _)) if *value == ScalarValue::Boolean(true))
}
