//! The shape of a plan's document: which keys there are, and what may stand under each.
//!
//! What is not listed here is refused, so that nothing comes in that no reader knows.

use super::super::Refused;
use super::rows::{Action, Value};
use crate::domain::limits;

/// What an object is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Sections,
    Section,
    Tables,
    /// A section's text: heading and blocks.
    Text,
    /// A block marker.
    Block,
    /// Its attributes.
    Attrs,
    /// Its `parents`: a list.
    Parents,
}

impl Kind {
    /// The kind with this number.
    pub(super) fn of(number: u32) -> Option<Self> {
        const ALL: [Kind; 8] = [
            Kind::Root,
            Kind::Sections,
            Kind::Section,
            Kind::Tables,
            Kind::Text,
            Kind::Block,
            Kind::Attrs,
            Kind::Parents,
        ];
        ALL.get(number as usize).copied()
    }
}

/// `__proto__` would replace the prototype of the map as JavaScript sees it.
pub(super) fn check_key(key: &str) -> Result<(), Refused> {
    if key.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Refused::new("key_invalid", "A key must start with a letter or a digit."))
}

pub(super) fn check_value(value: Value<'_>) -> Result<(), Refused> {
    let safe = match value {
        Value::Int(number) => (-limits::INTEGER..=limits::INTEGER).contains(&number),
        Value::Uint(number) => number <= limits::INTEGER as u64,
        Value::Float(number) => number.abs() <= limits::INTEGER as f64,
        Value::Null | Value::Boolean(_) | Value::Text(_) => true,
    };
    if safe {
        return Ok(());
    }
    Err(Refused::new("value_unsafe", "A value cannot be read alike by every client."))
}

/// The kind of the object that may be made under a key.
pub(super) fn made(kind: Kind, key: &str, action: Action) -> Result<Kind, Refused> {
    let (expected, made) = match (kind, key) {
        (Kind::Root, "sections") => (Action::MakeMap, Kind::Sections),
        (Kind::Root, "tables") => (Action::MakeMap, Kind::Tables),
        (Kind::Sections, id) if is_id(id) => (Action::MakeMap, Kind::Section),
        (Kind::Section, "text") => (Action::MakeText, Kind::Text),
        (Kind::Block, "attrs") => (Action::MakeMap, Kind::Attrs),
        (Kind::Block, "parents") => (Action::MakeList, Kind::Parents),
        _ => return Err(unknown()),
    };
    if action == expected { Ok(made) } else { Err(unknown()) }
}

/// Whether an object under this key is there once, made together with what holds it.
pub(super) fn is_frame(kind: Kind) -> bool {
    !matches!(kind, Kind::Attrs | Kind::Parents | Kind::Block)
}

/// Whether a value may be put under a key.
pub(super) fn check_put(kind: Kind, key: &str, value: Value<'_>) -> Result<(), Refused> {
    let fits = match (kind, key, value) {
        (Kind::Root, "schema", Value::Int(_) | Value::Uint(_)) => true,
        (Kind::Root, "title", Value::Text(text)) => text.len() <= limits::TITLE_BYTES,
        (Kind::Section, "parent", Value::Text(text)) => text.is_empty() || is_id(text),
        (Kind::Section, "order", Value::Text(text)) => {
            text.len() <= limits::ORDER_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
        (Kind::Section, "removed", Value::Boolean(_)) => true,
        (Kind::Block, "type", Value::Text(text)) => text.len() <= limits::ID_BYTES,
        (Kind::Block, "isEmbed", Value::Boolean(_)) => true,
        (Kind::Attrs, "id", Value::Text(text)) => text.len() <= limits::ID_BYTES,
        // The stock client writes the numbers of a block as floating-point numbers.
        (Kind::Attrs, "level" | "indent", value) => {
            matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_))
        }
        // Attributes that readers pass over: whoever knows them may use them.
        (Kind::Attrs, key, value) => {
            is_id(key) && !matches!(value, Value::Text(text) if text.len() > limits::ATTRIBUTE_BYTES)
        }
        _ => return Err(unknown()),
    };
    if fits {
        return Ok(());
    }
    Err(Refused::new("value_invalid", "A value is none that may stand where the change puts it."))
}

pub(super) fn check_item(value: Value<'_>) -> Result<(), Refused> {
    match value {
        Value::Text(text) if text.len() <= limits::ID_BYTES => Ok(()),
        _ => Err(Refused::new("value_invalid", "A list of a block holds short texts and nothing else.")),
    }
}

/// A mark: its name, and its value (null takes it off).
pub(super) fn check_mark(name: &str, value: Value<'_>) -> Result<(), Refused> {
    check_value(value)?;
    let fits = match (name, value) {
        ("strong" | "em", Value::Boolean(_)) => true,
        ("link", Value::Text(text)) => text.len() <= limits::LINK_BYTES,
        ("strong" | "em" | "link", Value::Null) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Refused::new("mark_unknown", "A text bears strong, em and link, and no other mark."))
}

fn unknown() -> Refused {
    Refused::new("shape_unknown", "The change writes something that has no place in a plan.")
}

/// As ids of sections and provisions are written.
fn is_id(text: &str) -> bool {
    (1..=limits::ID_BYTES).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
