//! What the operations of a change may say, beyond what the document crate itself demands.
//!
//! Each rule closes a hole: the crate takes such an operation, and then the saved document cannot be loaded,
//! or a client that holds only part of the history panics, or JavaScript reads something else than Rust.

use std::collections::HashMap;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{ExpandedChange, ObjType, ScalarValue};

use super::Refused;
use crate::domain::limits;

/// What the rules need to know of the document that the change is for.
pub(crate) trait Surroundings {
    /// The kind of an object of the document.
    fn object(&self, id: &OpId) -> Option<ObjType>;
    /// Whether the change's author had seen the operation.
    fn seen(&self, id: &OpId) -> bool;
    /// Whether an element of a text, one that the author had seen, is half of a mark.
    fn is_mark(&self, text: &OpId, element: &OpId) -> bool;
}

/// A mark that a change adds: to be checked in the document for its order.
pub(crate) struct Mark {
    pub(crate) text: OpId,
    /// The operation that begins it.
    pub(crate) begin: OpId,
    /// The elements that its two ends follow.
    pub(crate) begin_after: ElementId,
    pub(crate) end_after: ElementId,
}

/// What a change adds, as far as later changes of the same batch and the checks after applying need it.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) objects: Vec<(OpId, ObjType)>,
    pub(crate) marks: Vec<Mark>,
}

impl Mark {
    /// Its two operations.
    pub(crate) fn halves(&self) -> [OpId; 2] {
        [self.begin.clone(), self.begin.increment_by(1)]
    }
}

fn refused(code: &'static str, sentence: &'static str) -> Refused {
    Refused::new(code, sentence)
}

/// Checks every operation of a change against the rules.
pub(crate) fn check(change: &ExpandedChange, around: &impl Surroundings) -> Result<Findings, Refused> {
    let mut checker =
        Checker { around, change, made: HashMap::new(), findings: Findings::default(), open: None };
    for (at, op) in change.operations.iter().enumerate() {
        checker.operation(at as u64, op)?;
    }
    if checker.open.is_some() {
        return Err(refused("mark_unpaired", "A mark begins and does not end."));
    }
    Ok(checker.findings)
}

struct Checker<'a, S> {
    around: &'a S,
    change: &'a ExpandedChange,
    /// The objects that this change made so far.
    made: HashMap<u64, ObjType>,
    findings: Findings,
    /// A mark's beginning whose end must be the next operation.
    open: Option<(&'a Op, u64)>,
}

impl<'a, S: Surroundings> Checker<'a, S> {
    /// Whether the operation is known to the change's author: seen, or an earlier one of the change.
    fn known(&self, id: &OpId, own_count: u64) -> bool {
        let first = self.change.start_op.get();
        if id.1 == self.change.actor_id && id.0 >= first {
            return id.0 < first + own_count;
        }
        self.around.seen(id)
    }

    fn object(&self, id: &ObjectId, own_count: u64) -> Result<ObjType, Refused> {
        let ObjectId::Id(id) = id else { return Ok(ObjType::Map) };
        let unknown =
            || refused("object_unknown", "The change writes to an object that its author cannot know.");
        if !self.known(id, own_count) {
            return Err(unknown());
        }
        let own = if id.1 == self.change.actor_id { self.made.get(&id.0).copied() } else { None };
        own.or_else(|| self.around.object(id)).ok_or_else(unknown)
    }

    /// What a plan hangs on is made once and never replaced: the root's own entries by the first change, and
    /// objects inside them. Otherwise one put would take every section away from everybody. Only a block's
    /// own `attrs` and `parents` may be put anew.
    fn frame(&self, op: &Op) -> Result<(), Refused> {
        let Key::Map(key) = &op.key else { return Ok(()) };
        // Refused below, for what it is.
        if matches!(op.action, OpType::Increment(_)) {
            return Ok(());
        }
        let at_root =
            matches!(op.obj, ObjectId::Root) && ["schema", "sections", "tables"].contains(&key.as_str());
        let is_object = |id: &OpId| {
            let own = id.1 == self.change.actor_id && self.made.contains_key(&id.0);
            own || self.around.object(id).is_some()
        };
        let replaces = !["attrs", "parents"].contains(&key.as_str()) && op.pred.iter().any(is_object);
        if (at_root && !self.change.deps.is_empty()) || replaces {
            return Err(refused(
                "frame_fixed",
                "The change replaces what the plan's sections hang on. Sections are marked as removed instead.",
            ));
        }
        Ok(())
    }

    fn operation(&mut self, at: u64, op: &'a Op) -> Result<(), Refused> {
        let kind = self.object(&op.obj, at)?;
        match (&op.key, kind) {
            (Key::Map(key), ObjType::Map) => check_key(key)?,
            (Key::Seq(ElementId::Head), ObjType::Text | ObjType::List) if op.insert => {}
            (Key::Seq(ElementId::Id(element)), ObjType::Text | ObjType::List) => {
                if !self.known(element, at) {
                    return Err(refused(
                        "element_unknown",
                        "The change refers to a place in a text that its author cannot know.",
                    ));
                }
            }
            _ => {
                return Err(refused(
                    "object_kind",
                    "The change does not fit the kind of the object it writes to.",
                ));
            }
        }
        if op.pred.iter().any(|id| !self.known(id, at)) {
            return Err(refused(
                "predecessor_unknown",
                "The change replaces an operation that its author cannot know.",
            ));
        }
        if op.insert && (matches!(op.key, Key::Map(_)) || !op.pred.is_empty()) {
            return Err(refused("insert_invalid", "The change inserts where nothing can be inserted."));
        }
        self.frame(op)?;
        self.mark_order(at, op, kind)?;
        if kind == ObjType::Text && !op.insert {
            return self.delete_in_text(op);
        }
        match &op.action {
            OpType::Make(made @ (ObjType::Map | ObjType::List | ObjType::Text)) => {
                let id = self.change.start_op.get() + at;
                self.made.insert(id, *made);
                self.findings.objects.push((OpId(id, self.change.actor_id.clone()), *made));
                Ok(())
            }
            OpType::Put(value) => {
                let long = matches!(value, ScalarValue::Str(text) if text.len() > limits::ELEMENT_BYTES);
                if kind == ObjType::Text && (long || !matches!(value, ScalarValue::Str(_))) {
                    return Err(refused("text_element", "A text holds characters and blocks, nothing else."));
                }
                check_value(value)
            }
            OpType::Delete if op.pred.is_empty() => {
                Err(refused("delete_nothing", "The change deletes without saying what."))
            }
            OpType::Delete => Ok(()),
            OpType::MarkBegin(mark) => check_value(&mark.value),
            OpType::MarkEnd(_) => Ok(()),
            OpType::Make(ObjType::Table) | OpType::Increment(_) => {
                Err(refused("operation_unsupported", "Counters and database tables have no place in a plan."))
            }
        }
    }

    /// Elements of a text are inserted and deleted, never replaced, and marks stay: half of one is no mark.
    fn delete_in_text(&self, op: &Op) -> Result<(), Refused> {
        let invalid =
            || refused("delete_invalid", "The change deletes something else than characters of a text.");
        let (ObjectId::Id(text), Key::Seq(ElementId::Id(element)), OpType::Delete) =
            (&op.obj, &op.key, &op.action)
        else {
            return Err(invalid());
        };
        let own = self.findings.marks.iter().any(|mark| mark.halves().contains(element));
        if op.pred.len() != 1 || op.pred.get(0) != Some(element) || own || self.is_others_mark(text, element)
        {
            return Err(invalid());
        }
        Ok(())
    }

    fn is_others_mark(&self, text: &OpId, element: &OpId) -> bool {
        let own = element.1 == self.change.actor_id && element.0 >= self.change.start_op.get();
        !own && self.around.is_mark(text, element)
    }

    /// A mark's end must directly follow its beginning: one without the other makes the saved document
    /// unloadable.
    fn mark_order(&mut self, at: u64, op: &'a Op, kind: ObjType) -> Result<(), Refused> {
        let unpaired = || refused("mark_unpaired", "A mark begins or ends without its other half.");
        let is_mark = matches!(op.action, OpType::MarkBegin(_) | OpType::MarkEnd(_));
        if is_mark && (!op.insert || kind != ObjType::Text) {
            return Err(unpaired());
        }
        match (self.open.take(), &op.action) {
            (None, OpType::MarkBegin(_)) => self.open = Some((op, self.change.start_op.get() + at)),
            (Some((begin, counter)), OpType::MarkEnd(_)) if begin.obj == op.obj => {
                let (ObjectId::Id(text), Key::Seq(begin_after), Key::Seq(end_after)) =
                    (&op.obj, &begin.key, &op.key)
                else {
                    return Err(unpaired());
                };
                self.findings.marks.push(Mark {
                    text: text.clone(),
                    begin: OpId(counter, self.change.actor_id.clone()),
                    begin_after: begin_after.clone(),
                    end_after: end_after.clone(),
                });
            }
            (Some(_), _) | (None, OpType::MarkEnd(_)) => return Err(unpaired()),
            (None, _) => {}
        }
        Ok(())
    }
}

/// `__proto__` would replace the prototype of the map as JavaScript sees it.
fn check_key(key: &str) -> Result<(), Refused> {
    if key.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(refused("key_invalid", "A key must start with a letter or a digit."))
}

fn check_value(value: &ScalarValue) -> Result<(), Refused> {
    let safe = match value {
        ScalarValue::Int(number) | ScalarValue::Timestamp(number) => {
            (-limits::INTEGER..=limits::INTEGER).contains(number)
        }
        ScalarValue::Uint(number) => *number <= limits::INTEGER as u64,
        ScalarValue::Str(_)
        | ScalarValue::Bytes(_)
        | ScalarValue::F64(_)
        | ScalarValue::Boolean(_)
        | ScalarValue::Null => true,
        ScalarValue::Counter(_) | ScalarValue::Unknown { .. } => false,
    };
    if safe { Ok(()) } else { Err(refused("value_unsafe", "A value cannot be read alike by every client.")) }
}
