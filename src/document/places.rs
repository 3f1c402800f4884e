//! In which section an edit is made, without reading the plan: asked only where a section is for some people alone.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{Change as Stored, ExpandedChange, ObjId, ObjType, Prop, ROOT, ReadDoc};

use super::element;
use super::reading::{Reading, Unreadable};
use crate::domain::{Change, SectionId};

/// A change, taken apart.
#[derive(Debug)]
pub struct Written(ExpandedChange);

impl Written {
    /// Of a change that was admitted.
    pub fn read(change: &Change) -> Result<Self, Unreadable> {
        let stored = Stored::from_bytes(change.raw.to_vec());
        stored.map(|stored| Self(stored.decode())).map_err(|error| Unreadable::because(error.to_string()))
    }
}

/// What the objects of a document are that were asked for so far.
#[derive(Debug, Default)]
pub struct Places(HashMap<OpId, Found>);

impl Places {
    /// The sections that a change does anything in, one that it makes or moves included. The changes before it have
    /// been asked for, or are in what `reading` answers with.
    pub fn of<E>(
        &mut self,
        change: &Written,
        reading: impl Fn() -> Result<Arc<Reading>, E>,
    ) -> Result<BTreeSet<SectionId>, E> {
        let Written(change) = change;
        let mut sections = BTreeSet::new();
        for (at, op) in change.operations.iter().enumerate() {
            let place = match &op.obj {
                ObjectId::Root => None,
                ObjectId::Id(object) => match self.0.get(object) {
                    Some(found) => found.place(&op.key),
                    None => {
                        let found = Found::of(reading()?.automerge(), object);
                        let place = found.place(&op.key);
                        self.0.insert(object.clone(), found);
                        place
                    }
                },
            };
            if let OpType::Make(_) = op.action {
                let made = OpId(change.start_op.get() + at as u64, change.actor_id.clone());
                self.0.insert(made, place.clone().map_or(Found::Elsewhere, Found::In));
            }
            sections.extend(place);
        }
        Ok(sections)
    }
}

/// What an object is, seen from the sections.
#[derive(Debug, Clone)]
enum Found {
    /// The map of all sections: each of its keys is one.
    Sections,
    In(SectionId),
    Elsewhere,
}

impl Found {
    fn of(document: &impl ReadDoc, object: &OpId) -> Self {
        let sections = element::object(document, &ROOT, "sections", ObjType::Map, None);
        let Some(sections) = sections else { return Self::Elsewhere };
        let id = ObjId::Id(object.0, object.1.clone(), 0);
        if id == sections {
            return Self::Sections;
        }
        let Ok(parents) = document.parents(&id) else { return Self::Elsewhere };
        for parent in parents {
            if let Prop::Map(key) = &parent.prop
                && parent.obj == sections
            {
                return SectionId::new(key.clone()).map_or(Self::Elsewhere, Self::In);
            }
        }
        Self::Elsewhere
    }

    fn place(&self, key: &Key) -> Option<SectionId> {
        match (self, key) {
            (Self::In(section), _) => Some(section.clone()),
            (Self::Sections, Key::Map(key)) => SectionId::new(key.to_string()).ok(),
            (Self::Sections, Key::Seq(_)) | (Self::Elsewhere, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{actor, insert, plan, section};
    use super::super::{Attrs, BlockType, Edit, scan};
    use super::*;
    use crate::domain::ProvisionId;

    #[test]
    fn every_kind_of_edit_is_placed() {
        let add = |id: &str, parent: Option<&str>| Edit::AddSection {
            section: section(id),
            block: ProvisionId::new(format!("h-{id}")).unwrap(),
            heading: "Words".into(),
            parent: parent.map(section),
            after: None,
        };
        let mut author = plan();
        author.change(0, &[add("b", None), add("c", None)]).unwrap();
        let attrs = Attrs { level: Some(2), indent: None };
        let kind = BlockType::Heading;
        let mut places = Places::default();
        for (who, edits, expected) in [
            (2, vec![insert("aims", "p1", 0, "x")], "aims"),
            (3, vec![insert("aims", "p1", 0, "y")], "aims"),
            // The kind of a block that was there before is a map inside its text.
            (2, vec![Edit::SetBlock { section: section("aims"), block: "p1".into(), kind, attrs }], "aims"),
            (2, vec![insert("b", "h-b", 0, "x"), Edit::RemoveSection { section: section("c") }], "b c"),
            (4, vec![Edit::RemoveBlock { section: section("aims"), block: "p1".into() }], "aims"),
            (2, vec![add("d", Some("aims"))], "d"),
            (3, vec![insert("d", "h-d", 0, "x")], "d"),
            // Each section that is made is one of its own, also beside others of the same change.
            (2, vec![add("e", None), add("f", None)], "e f"),
            (2, vec![add("g", None)], "g"),
            (2, vec![Edit::RenamePlan { title: "Other".into() }], ""),
        ] {
            author.write_as(&actor(who));
            let before = Arc::new(Reading::load(&author.reading().save()).unwrap());
            let raw = author.change(1, &edits).unwrap().unwrap();
            let change = Written::read(&scan(&raw).unwrap()).unwrap();
            let found = places.of(&change, || Ok::<_, Unreadable>(before.clone())).unwrap();
            let fresh = Places::default().of(&change, || Ok::<_, Unreadable>(before.clone())).unwrap();
            assert_eq!(found, fresh, "with and without what was asked before");
            let names: Vec<String> = found.into_iter().map(|id| id.to_string()).collect();
            assert_eq!(names.join(" "), expected, "{edits:?}");
        }
    }

    #[test]
    fn what_stands_only_in_the_changes_before_is_placed_too() {
        let mut author = plan();
        let old = Arc::new(Reading::load(&author.reading().save()).unwrap());
        let mut places = Places::default();
        author.write_as(&actor(2));
        let block = ProvisionId::new("h-new").unwrap();
        let add = Edit::AddSection {
            section: section("new"),
            block,
            heading: "New".into(),
            parent: None,
            after: None,
        };
        for edits in [vec![add], vec![insert("new", "h-new", 0, "x")]] {
            let change = scan(&author.change(1, &edits).unwrap().unwrap()).unwrap();
            let change = Written::read(&change).unwrap();
            let found = places.of(&change, || Ok::<_, Unreadable>(old.clone())).unwrap();
            assert_eq!(found, [section("new")].into());
        }
    }
}
