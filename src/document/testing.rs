//! A small plan to test with.

use std::collections::BTreeMap;

use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{Change as Parsed, ExpandedChange};

use super::{Attrs, Author, BlockState, BlockType, Edit, PlanState, Reading, scan, state_at};
use crate::domain::{ActorId, Change, PersonId, ProvisionId, SectionId};

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

/// A change on all of this document that no admission takes: it inserts into nothing, behind nothing.
pub(crate) fn unsound(reading: &Reading, actor: &ActorId) -> Change {
    let document = reading.automerge();
    let nobody = OpId(1, automerge::ActorId::from(&[0xee_u8; 16][..]));
    let operation = Op {
        action: OpType::Put("x".into()),
        obj: ObjectId::Id(nobody.clone()),
        key: Key::Seq(ElementId::Id(nobody)),
        pred: SortedVec::new(),
        insert: true,
    };
    let max_op = document.get_changes(&[]).iter().map(Parsed::max_op).max().unwrap_or(0);
    let change = Parsed::from(ExpandedChange {
        operations: vec![operation],
        actor_id: automerge::ActorId::from(actor.as_bytes()),
        hash: None,
        seq: 1,
        start_op: NonZeroU64::new(max_op + 1).unwrap(),
        time: 0,
        message: None,
        deps: document.get_heads(),
        extra_bytes: Vec::new(),
        author: None,
    });
    scan(change.raw_bytes()).unwrap()
}
