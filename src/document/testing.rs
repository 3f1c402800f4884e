//! A small plan to test with.

use std::collections::BTreeMap;

use super::{Attrs, Author, BlockState, BlockType, Edit, PlanState, Reading, state_at};
use crate::domain::{ActorId, PersonId, ProvisionId, SectionId};

pub(super) fn actor(number: u8) -> ActorId {
    ActorId::new(&[number; 16]).unwrap()
}

/// Actor 1 is `member-1`, actor 2 `member-2`; nobody knows the others.
pub(super) fn person(actor: &ActorId) -> Option<PersonId> {
    match actor.as_bytes()[0] {
        number @ (1 | 2) => Some(PersonId::new(format!("member-{number}")).unwrap()),
        _ => None,
    }
}

pub(super) fn section(id: &str) -> SectionId {
    SectionId::new(id).unwrap()
}

/// A plan with one section `aims`: its heading, and the paragraph `p1`.
pub(super) fn plan() -> Author {
    let mut author = Author::new(Reading::default(), &actor(1));
    author.change(0, &[Edit::CreatePlan { title: "Plan".into() }]).unwrap();
    let id = |id: &str| ProvisionId::new(id).unwrap();
    let heading = Edit::AddSection {
        section: section("aims"),
        block: id("aims"),
        heading: "Aims".into(),
        parent: None,
        after: None,
    };
    let paragraph = Edit::AddBlock {
        section: section("aims"),
        after: None,
        id: id("p1"),
        kind: BlockType::Paragraph,
        attrs: Attrs::default(),
        text: "Equal treatment for all.".into(),
    };
    author.change(0, &[heading, paragraph]).unwrap();
    author
}

pub(super) fn insert(in_section: &str, block: &str, at: usize, text: &str) -> Edit {
    Edit::InsertText { section: section(in_section), block: block.into(), at, text: text.into() }
}

/// Each section's blocks, with `|` between.
pub(super) fn texts(reading: &Reading) -> BTreeMap<String, String> {
    let state = state_at(reading, &reading.heads(), &|_| None).unwrap();
    let text = |blocks: &[BlockState]| {
        blocks.iter().map(|state| state.block.text.as_str()).collect::<Vec<_>>().join("|")
    };
    state.sections.iter().map(|section| (section.id.to_string(), text(&section.blocks))).collect()
}

pub(super) fn block<'a>(state: &'a PlanState, id: &str) -> &'a BlockState {
    state.sections.iter().flat_map(|section| &section.blocks).find(|state| state.block.id == id).unwrap()
}
