use proptest::prelude::*;

use super::super::testing::{actor, insert, person, plan, section};
use super::super::{Author, Edit, Link, Mark, PlanState, state_at};
use super::*;
use crate::domain::ProvisionId;

/// Some edit of the plan, whatever state it is in: numbers choose sections, blocks and places.
fn edit(state: &PlanState, choice: (u8, u8, u8, u8, u8), number: usize) -> Edit {
    let (what, which, block, from, to) = choice;
    if state.sections.is_empty() {
        return Edit::RenamePlan { title: format!("Plan {number}") };
    }
    let chosen = &state.sections[usize::from(which) % state.sections.len()];
    let (id, any) = (chosen.id.clone(), usize::from(block) % chosen.blocks.len());
    let found = &chosen.blocks[any].block;
    let block = found.id.clone();
    let place = |at: u8| {
        let places: Vec<usize> =
            found.text.char_indices().map(|(byte, _)| byte).chain([found.text.len()]).collect();
        super::super::utf16_len(&found.text[..places[usize::from(at) % places.len()]])
    };
    let (from, to) = (place(from).min(place(to)), place(from).max(place(to)));
    let new = ProvisionId::new(format!("n{number}")).unwrap();
    let on = what % 2 == 0;
    let mark = match what % 3 {
        0 => Mark::Strong,
        1 => Mark::Em,
        _ => Mark::Link(Link { href: format!("https://example.org/{number}"), title: None }),
    };
    let other = state.sections[usize::from(to as u8) % state.sections.len()].id.clone();
    match what % 13 {
        0..3 => Edit::InsertText {
            section: id,
            block,
            at: from,
            text: ["w", "🙂x", "a\u{1}b\n"][usize::from(what % 3)].into(),
        },
        3 | 4 => Edit::DeleteText { section: id, block, from, to },
        5 => Edit::SplitBlock { section: id, block, at: from, id: new },
        6 if any > 0 => Edit::JoinBlock { section: id, block },
        7 if any > 0 => Edit::RemoveBlock { section: id, block },
        8 => Edit::Mark { section: id, block, from, to, mark, on },
        9 if any > 0 => Edit::SetBlock {
            section: id,
            block,
            kind: BlockType::UnorderedListItem,
            attrs: Attrs { level: None, indent: Some(which % 3) },
        },
        10 => Edit::AddSection {
            section: SectionId::new(format!("s{number}")).unwrap(),
            block: new,
            heading: format!("Section {number}"),
            parent: on.then_some(id),
            after: None,
        },
        11 if state.sections.len() > 1 => Edit::RemoveSection { section: id },
        12 => Edit::MoveSection { section: id, parent: on.then_some(other), after: None },
        _ => Edit::RenamePlan { title: format!("Plan {number}") },
    }
}

/// A section's blocks in the order of its text, as the difference has them before or after.
fn side(section: &SectionDiff, left_out: Fate, op: Op) -> Vec<(String, BlockType, Attrs, String)> {
    let mut blocks: Vec<(String, BlockType, Attrs, String)> = Vec::new();
    for block in &section.blocks {
        let words: String = {
            let segments = block.segments.iter().filter(|segment| segment.op != op);
            segments.map(|segment| segment.text.as_str()).collect()
        };
        match blocks.last_mut() {
            Some((.., text)) if block.fate == left_out => text.push_str(&words),
            None if block.fate == left_out => {}
            _ => {
                let now = (block.kind, block.attrs);
                let (kind, attrs) = if op == Op::Ins { block.was.unwrap_or(now) } else { now };
                blocks.push((block.id.clone(), kind, attrs, words));
            }
        }
    }
    blocks
}

fn expected(state: &PlanState, id: &SectionId) -> Vec<(String, BlockType, Attrs, String)> {
    let blocks = state.sections.iter().find(|section| section.id == *id).map(|section| &section.blocks);
    let blocks = blocks.into_iter().flatten().map(|state| &state.block);
    blocks.map(|block| (block.id.clone(), block.kind, block.attrs, block.text.clone())).collect()
}

fn check(author: &Author, from: &Heads, to: &Heads) -> Result<(), TestCaseError> {
    let states = [from, to].map(|heads| state_at(author.reading(), heads, &person).unwrap());
    let found = diff(author.reading(), from, to, &person).unwrap();
    for section in &found.sections {
        prop_assert_eq!(side(section, Fate::Added, Op::Ins), expected(&states[0], &section.id), "before");
        prop_assert_eq!(side(section, Fate::Removed, Op::Del), expected(&states[1], &section.id), "after");
    }
    for section in states.iter().flat_map(|state| &state.sections) {
        if !found.sections.iter().any(|listed| listed.id == section.id) {
            prop_assert_eq!(expected(&states[0], &section.id), expected(&states[1], &section.id));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn a_difference_holds_both_states(
        edits in prop::collection::vec((any::<bool>(), any::<(u8, u8, u8, u8, u8)>()), 1..40)
    ) {
        let mut authors = [plan(), plan()];
        authors[1] = authors[0].clone();
        authors[1].write_as(&actor(2));
        let mut heads = vec![authors[0].reading().heads()];
        for (number, (second, choice)) in edits.into_iter().enumerate() {
            let author = &mut authors[usize::from(second)];
            let state = state_at(author.reading(), &author.reading().heads(), &person).unwrap();
            if let Ok(Some(raw)) = author.change(1, &[edit(&state, choice, number)]) {
                heads.push(author.reading().heads());
                if number % 5 == 4 {
                    authors[usize::from(!second)].hear([raw]).unwrap();
                }
            }
        }
        let [first, second] = &mut authors;
        let all = |author: &Author| -> Vec<Vec<u8>> {
            author.reading().automerge().get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect()
        };
        let others = all(second);
        first.hear(others).unwrap();
        heads.push(first.reading().heads());
        for (a, b) in heads.iter().zip(heads.iter().skip(1)).chain([(&heads[0], &heads[heads.len() - 1])]) {
            check(first, a, b)?;
            check(first, b, a)?;
            prop_assert!(diff(first.reading(), a, a, &person).unwrap().sections.is_empty());
        }
    }
}

/// The blocks after one change, as `fate id: words`, with `-`, `+` and `~` for what is not just kept.
fn after(edits: &[Edit]) -> Vec<String> {
    let mut author = plan();
    let from = author.reading().heads();
    author.write_as(&actor(2));
    author.change(1, edits).unwrap();
    let found = diff(author.reading(), &from, &author.reading().heads(), &person).unwrap();
    let sections = found.sections.iter().flat_map(|section| &section.blocks);
    sections
        .map(|block| {
            let words: String = block
                .segments
                .iter()
                .map(|segment| match segment.op {
                    Op::Keep => segment.text.clone(),
                    Op::Ins => format!("[+{}]", segment.text),
                    Op::Del => format!("[-{}]", segment.text),
                    Op::Format => format!("[~{}]", segment.text),
                })
                .collect();
            format!("{:?} {}: {words}", block.fate, block.id)
        })
        .collect()
}

#[test]
fn what_happened_to_blocks_and_words_is_said() {
    let p = |id: &str| ProvisionId::new(id).unwrap();
    let s = || section("aims");
    let delete = |from, to| Edit::DeleteText { section: s(), block: "p1".into(), from, to };
    let split = Edit::SplitBlock { section: s(), block: "p1".into(), at: 15, id: p("p2") };
    let bold = Edit::Mark { section: s(), block: "p1".into(), from: 0, to: 5, mark: Mark::Strong, on: true };
    let heading = BlockType::Heading;
    let attrs = Attrs { level: Some(2), indent: None };
    let quote = Edit::SetBlock { section: s(), block: "p1".into(), kind: heading, attrs };
    for (edits, expected) in [
        (
            vec![insert("aims", "p1", 5, " and fair")],
            vec!["Kept aims: Aims", "Changed p1: Equal[+ and fair] treatment for all."],
        ),
        (vec![delete(5, 15)], vec!["Kept aims: Aims", "Changed p1: Equal[- treatment] for all."]),
        // Written anew is new, even when it reads the same.
        (
            vec![delete(0, 5), insert("aims", "p1", 0, "Equal")],
            vec!["Kept aims: Aims", "Changed p1: [-Equal][+Equal] treatment for all."],
        ),
        (vec![split], vec!["Kept aims: Aims", "Kept p1: Equal treatment", "Added p2:  for all."]),
        (vec![bold], vec!["Kept aims: Aims", "Changed p1: [~Equal] treatment for all."]),
        (vec![quote], vec!["Kept aims: Aims", "Changed p1: Equal treatment for all."]),
        (
            vec![Edit::RemoveBlock { section: s(), block: "p1".into() }],
            vec!["Kept aims: Aims", "Removed p1: [-Equal treatment for all.]"],
        ),
        (
            vec![Edit::JoinBlock { section: s(), block: "p1".into() }],
            vec!["Kept aims: Aims", "Removed p1: Equal treatment for all."],
        ),
        (vec![Edit::RenamePlan { title: "Other".into() }], vec![]),
    ] {
        assert_eq!(after(&edits), expected, "{edits:?}");
    }
}

#[test]
fn sections_added_moved_renamed_and_removed_are_told_apart() {
    let mut author = plan();
    let add = |id: &str, after: Option<&str>| Edit::AddSection {
        section: section(id),
        block: ProvisionId::new(format!("h-{id}")).unwrap(),
        heading: id.to_uppercase(),
        parent: None,
        after: after.map(section),
    };
    author.change(1, &[add("b", Some("aims")), add("c", Some("b")), add("d", Some("c"))]).unwrap();
    let from = author.reading().heads();
    author
        .change(
            1,
            &[
                Edit::RenameSection { section: section("aims"), heading: "Our aims".into() },
                Edit::RemoveSection { section: section("b") },
                Edit::MoveSection { section: section("d"), parent: Some(section("c")), after: None },
                add("e", Some("c")),
                Edit::RenamePlan { title: "Other".into() },
            ],
        )
        .unwrap();
    let found = diff(author.reading(), &from, &author.reading().heads(), &person).unwrap();
    let told: Vec<String> = found
        .sections
        .iter()
        .map(|s| {
            format!(
                "{} {:?} moved {} {:?} after {:?}",
                s.id,
                s.fate,
                s.moved,
                s.renamed,
                s.after.as_ref().map(|id| id.as_str())
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "aims Changed moved false Some((\"Aims\", \"Our aims\")) after None",
            "b Removed moved false None after Some(\"aims\")",
            "d Kept moved true None after None",
            "e Added moved false None after None",
        ]
    );
    assert_eq!(found.title, Some(("Plan".into(), "Other".into())));
}
