//! The rules for each operation of a change: what it refers to is there, was seen by its author and is of the
//! right kind, and what it puts has a place in a plan.
//!
//! What a change puts goes into the index at once, since its later operations may refer to it; whoever calls
//! takes it out again when the change is refused.

use std::cmp::Ordering;

use super::super::Refused;
use super::actors::Actor;
use super::changes::{Changes, Sight};
use super::index::{Index, Object, Place, Role};
use super::rows::{Action, Body, Id, Key, Row, Value};
use super::schema::{self, Kind};
use crate::domain::limits;

const UNKNOWN: Actor = u32::MAX;

/// A change under examination.
pub(super) struct Author<'a> {
    pub(super) changes: &'a Changes,
    pub(super) sight: &'a Sight,
    pub(super) actor: Actor,
    pub(super) start_op: u32,
    /// It is the first of the document.
    pub(super) first: bool,
}

struct Checker<'a> {
    index: &'a mut Index,
    author: &'a Author<'a>,
    /// The document's numbers for the change's actors.
    actors: Vec<Actor>,
    /// The counter of the operation that is looked at.
    counter: u32,
    /// The object that the last operation wrote to: mostly the next one's too.
    last: Option<(Id, Object)>,
    /// The beginning of a mark whose end must be the next operation.
    open: Option<(Object, Place)>,
    marks: u32,
    /// Sections that this change makes, and whether they have their text yet.
    sections: Vec<(Object, bool)>,
}

fn refused(code: &'static str, sentence: &'static str) -> Refused {
    Refused::new(code, sentence)
}

/// Checks every operation and puts what it makes into the index. Answers how many there are.
pub(super) fn check(index: &mut Index, author: &Author<'_>, chunk: &[u8]) -> Result<u32, Refused> {
    let Body { others, mut rows } = Body::read(chunk)?;
    let number = |id: &[u8]| index.actors.number(id).unwrap_or(UNKNOWN);
    let actors = std::iter::once(author.actor).chain(others.into_iter().map(number)).collect();
    let mut checker = Checker {
        index,
        author,
        actors,
        counter: author.start_op,
        last: None,
        open: None,
        marks: 0,
        sections: Vec::new(),
    };
    let mut preds = Vec::new();
    while let Some(row) = rows.next(&mut preds)? {
        checker.operation(&row, &preds)?;
        checker.counter += 1;
    }
    checker.finish()?;
    Ok(checker.counter - author.start_op)
}

impl Checker<'_> {
    /// An operation that the author knows: an earlier one of the change, or one that was seen.
    fn known(&self, id: Id) -> Option<Place> {
        let actor = self.actors[id.actor as usize];
        let place = self.index.find(actor, id.counter)?;
        let own = actor == self.author.actor && id.counter >= self.author.start_op;
        (own || self.author.changes.has_seen(self.author.sight, actor, id.counter)).then_some(place)
    }

    fn object(&mut self, id: Option<Id>) -> Result<Object, Refused> {
        let Some(id) = id else { return Ok(0) };
        if let Some((last, object)) = self.last
            && last == id
        {
            return Ok(object);
        }
        let object = self.known(id).and_then(|place| self.index.made(place)).ok_or_else(|| {
            refused("object_unknown", "The change writes to an object that its author cannot know.")
        })?;
        self.last = Some((id, object));
        Ok(object)
    }

    fn operation(&mut self, row: &Row<'_>, preds: &[Id]) -> Result<(), Refused> {
        let object = self.object(row.object)?;
        if matches!(row.action, Action::Increment | Action::MakeTable) {
            let sentence = "Counters and database tables have no place in a plan.";
            return Err(refused("operation_unsupported", sentence));
        }
        let kind = self.index.kind(object);
        if self.open.is_some() && (row.action != Action::Mark || row.mark.is_some()) {
            return Err(unpaired());
        }
        match (kind, row.key) {
            (Kind::Text, Key::Head | Key::Element(_)) => self.in_text(object, row, preds),
            (Kind::Parents, Key::Head | Key::Element(_)) => self.in_list(object, row, preds),
            (Kind::Text | Kind::Parents, Key::Name(_)) | (_, Key::Head | Key::Element(_)) => {
                let sentence = "The change does not fit the kind of the object it writes to.";
                Err(refused("object_kind", sentence))
            }
            (_, Key::Name(key)) => self.in_map(object, kind, key, row, preds),
        }
    }

    /// The element of a text or a list that an operation names; none: the head.
    fn element(&self, object: Object, key: Key<'_>) -> Result<Option<Place>, Refused> {
        let Key::Element(id) = key else { return Ok(None) };
        let place = self.known(id).ok_or_else(|| {
            refused("element_unknown", "The change refers to a place in a text that its author cannot know.")
        })?;
        let is_element =
            matches!(self.index.role(place), Role::Characters | Role::Block | Role::Mark | Role::Item);
        if !is_element || self.index.holder(place) != object {
            return Err(unsound("The change refers to something else than an element of its text."));
        }
        Ok(Some(place))
    }

    fn in_text(&mut self, text: Object, row: &Row<'_>, preds: &[Id]) -> Result<(), Refused> {
        let element = self.element(text, row.key)?;
        if !row.insert {
            return self.delete_in_text(row, element, preds);
        }
        if !preds.is_empty() {
            return Err(insert_invalid());
        }
        match (row.action, row.value) {
            (Action::Put, Value::Text(value)) if value.chars().count() == 1 => {
                self.insert(text, Role::Characters, element);
                Ok(())
            }
            (Action::MakeMap, _) => {
                let place = self.insert(text, Role::Block, element);
                self.index.make(place, Kind::Block);
                Ok(())
            }
            (Action::Mark, value) => self.mark(text, row.mark, value, element),
            _ => Err(refused("text_element", "A text holds characters and blocks, nothing else.")),
        }
    }

    fn insert(&mut self, text: Object, role: Role, after: Option<Place>) -> Place {
        self.index.insert(self.author.actor, self.counter, text, role, after)
    }

    /// A mark's end must directly follow its beginning, and stand behind it: anything else makes the saved
    /// document unloadable.
    fn mark(
        &mut self,
        text: Object,
        name: Option<&str>,
        value: Value<'_>,
        after: Option<Place>,
    ) -> Result<(), Refused> {
        match (self.open.take(), name) {
            (None, Some(name)) => {
                schema::check_mark(name, value)?;
                self.marks += 1;
                if self.marks > limits::MARKS {
                    return Err(Refused::too_large("marks", limits::MARKS.into()));
                }
                let begin = self.insert(text, Role::Mark, after);
                self.open = Some((text, begin));
                Ok(())
            }
            (Some((of, begin)), None) if of == text => {
                let end = self.insert(text, Role::Mark, after);
                if self.index.order(begin, end) == Ordering::Less {
                    return Ok(());
                }
                Err(unsound("A mark of the change ends before it begins."))
            }
            _ => Err(unpaired()),
        }
    }

    /// Elements of a text are inserted and deleted, never replaced, and marks stay: half of one is no mark.
    fn delete_in_text(&self, row: &Row<'_>, element: Option<Place>, preds: &[Id]) -> Result<(), Refused> {
        if row.action == Action::Mark {
            return Err(unpaired());
        }
        let deletes = row.action == Action::Delete
            && matches!((row.key, preds), (Key::Element(id), [pred]) if id == *pred)
            && element.is_some_and(|element| self.index.role(element) != Role::Mark);
        if deletes {
            return Ok(());
        }
        Err(refused("delete_invalid", "The change deletes something else than characters of a text."))
    }

    fn in_list(&mut self, list: Object, row: &Row<'_>, preds: &[Id]) -> Result<(), Refused> {
        let element = self.element(list, row.key)?;
        let actor = self.author.actor;
        if row.insert {
            if !preds.is_empty() {
                return Err(insert_invalid());
            }
            if row.action != Action::Put {
                return Err(refused(
                    "value_invalid",
                    "A list of a block holds short texts and nothing else.",
                ));
            }
            schema::check_item(row.value)?;
            self.index.put(actor, self.counter, list, Role::Item, 0);
            return Ok(());
        }
        let element = element.ok_or_else(insert_invalid)?;
        self.replaces(preds, |index, pred| {
            pred == element || index.role(pred) == Role::ItemPut && index.key(pred) == element.node
        })?;
        if preds.is_empty() {
            return Err(delete_nothing());
        }
        match row.action {
            Action::Delete => Ok(()),
            Action::Put => {
                schema::check_item(row.value)?;
                self.index.put(actor, self.counter, list, Role::ItemPut, element.node);
                Ok(())
            }
            _ => Err(refused("value_invalid", "A list of a block holds short texts and nothing else.")),
        }
    }

    fn in_map(
        &mut self,
        map: Object,
        kind: Kind,
        key: &str,
        row: &Row<'_>,
        preds: &[Id],
    ) -> Result<(), Refused> {
        schema::check_key(key)?;
        if row.insert {
            return Err(insert_invalid());
        }
        if row.action == Action::Mark {
            return Err(unpaired());
        }
        schema::check_value(row.value)?;
        let name = self.index.name(key);
        self.replaces(preds, |index, pred| {
            matches!(index.role(pred), Role::Put | Role::Make)
                && index.holder(pred) == map
                && index.key(pred) == name
        })?;
        let actor = self.author.actor;
        match row.action {
            Action::Delete if preds.is_empty() => Err(delete_nothing()),
            // Of several values put at once, a client that puts the same as stands there deletes the others.
            Action::Delete => self.frame_stays(kind, key, preds),
            Action::Put => {
                self.frame_stays(kind, key, preds)?;
                schema::check_put(kind, key, row.value)?;
                self.index.put(actor, self.counter, map, Role::Put, name);
                Ok(())
            }
            action => {
                let made = schema::made(kind, key, action)?;
                if schema::is_frame(made) {
                    self.frame_stays(kind, key, preds)?;
                    self.made_together(map, made)?;
                }
                let place = self.index.put(actor, self.counter, map, Role::Make, name);
                let object = self.index.make(place, made);
                if made == Kind::Section {
                    self.sections.push((object, false));
                }
                Ok(())
            }
        }
    }

    /// What the plan hangs on is made once and never replaced: the root's own entries by the first change, and
    /// no object of a map except a block's attributes.
    fn frame_stays(&self, kind: Kind, key: &str, preds: &[Id]) -> Result<(), Refused> {
        let of_the_first = kind == Kind::Root && key != "title";
        let replaces = preds
            .iter()
            .any(|pred| self.known(*pred).is_some_and(|place| self.index.role(place) == Role::Make));
        if replaces || of_the_first && !self.author.first { Err(frame_fixed()) } else { Ok(()) }
    }

    /// A section's text comes with the section, and only one.
    fn made_together(&mut self, map: Object, made: Kind) -> Result<(), Refused> {
        if made != Kind::Text {
            return Ok(());
        }
        let section = self.sections.iter_mut().find(|(section, _)| *section == map);
        match section {
            Some((_, has_text @ false)) => {
                *has_text = true;
                Ok(())
            }
            _ => Err(frame_fixed()),
        }
    }

    /// All that is replaced was seen and is of the same place.
    fn replaces(&self, preds: &[Id], fits: impl Fn(&Index, Place) -> bool) -> Result<(), Refused> {
        for pred in preds {
            let place = self.known(*pred).ok_or_else(|| {
                refused(
                    "predecessor_unknown",
                    "The change replaces an operation that its author cannot know.",
                )
            })?;
            if !fits(self.index, place) {
                return Err(unsound("The change replaces a value of another place."));
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), Refused> {
        if self.open.is_some() {
            return Err(unpaired());
        }
        if self.sections.iter().any(|(_, has_text)| !has_text) {
            return Err(refused("section_incomplete", "The change makes a section without a text."));
        }
        Ok(())
    }
}

fn unpaired() -> Refused {
    refused("mark_unpaired", "A mark begins or ends without its other half.")
}

fn insert_invalid() -> Refused {
    refused("insert_invalid", "The change inserts where nothing can be inserted.")
}

fn delete_nothing() -> Refused {
    refused("delete_nothing", "The change deletes or replaces without saying what.")
}

fn frame_fixed() -> Refused {
    refused(
        "frame_fixed",
        "The change replaces what the plan's sections hang on. Sections are marked as removed instead.",
    )
}

/// The document would be damaged by it.
fn unsound(sentence: &'static str) -> Refused {
    refused("change_unsound", sentence)
}
