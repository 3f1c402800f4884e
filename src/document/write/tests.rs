use super::super::testing::{actor, block, insert, person, plan, section, texts};
use super::super::{Admission, Copy, Link, Verdict, scan, state_at};
use super::*;
use crate::domain::ProvisionId;

#[test]
fn every_edit_makes_the_shape_that_readers_know_and_admission_takes_it() {
    let mut author = plan();
    let mut copy = Copy::empty();
    let mut admit = |raw: &Bytes| {
        let verdicts = copy.admit(&[scan(raw).unwrap()]);
        assert!(matches!(verdicts[..], [Verdict::Admitted]), "{verdicts:?}");
        copy.confirm();
    };
    for raw in author.reading().automerge().get_changes(&[]) {
        admit(&Bytes::copy_from_slice(raw.raw_bytes()));
    }
    let s = || section("aims");
    let p = |id: &str| ProvisionId::new(id).unwrap();
    let block = |after: &str, id: &str, kind, attrs, text: &str| Edit::AddBlock {
        section: s(),
        after: Some(after.into()),
        id: p(id),
        kind,
        attrs,
        text: text.into(),
    };
    let level = Attrs { level: Some(3), indent: None };
    let indent = Attrs { level: None, indent: Some(1) };
    let link = Link { href: "https://example.org/".into(), title: Some("An example".into()) };
    let mark = |from, to, mark, on| Edit::Mark { section: s(), block: "p1".into(), from, to, mark, on };
    let steps = [
        (
            vec![block("p1", "h2", BlockType::Heading, level, "Second")],
            "Aims|Equal treatment for all.|Second",
        ),
        (
            vec![block("h2", "u1", BlockType::UnorderedListItem, indent, "first 🙂 item")],
            "Aims|Equal treatment for all.|Second|first 🙂 item",
        ),
        (
            vec![Edit::SplitBlock { section: s(), block: "u1".into(), at: 8, id: p("u2") }],
            "Aims|Equal treatment for all.|Second|first 🙂| item",
        ),
        (
            vec![Edit::JoinBlock { section: s(), block: "u2".into() }],
            "Aims|Equal treatment for all.|Second|first 🙂 item",
        ),
        (
            vec![Edit::SetBlock {
                section: s(),
                block: "u1".into(),
                kind: BlockType::Paragraph,
                attrs: Attrs::default(),
            }],
            "Aims|Equal treatment for all.|Second|first 🙂 item",
        ),
        (
            vec![Edit::RemoveBlock { section: s(), block: "h2".into() }],
            "Aims|Equal treatment for all.|first 🙂 item",
        ),
        (
            vec![
                Edit::DeleteText { section: s(), block: "p1".into(), from: 0, to: 6 },
                insert("aims", "p1", 0, "Same "),
            ],
            "Aims|Same treatment for all.|first 🙂 item",
        ),
        (
            vec![
                mark(0, 4, Mark::Strong, true),
                mark(2, 8, Mark::Em, true),
                mark(5, 9, Mark::Link(link.clone()), true),
            ],
            "Aims|Same treatment for all.|first 🙂 item",
        ),
        (vec![mark(3, 8, Mark::Em, false)], "Aims|Same treatment for all.|first 🙂 item"),
        (
            vec![Edit::RenameSection { section: s(), heading: "Our aims".into() }],
            "Our aims|Same treatment for all.|first 🙂 item",
        ),
    ];
    for (edits, expected) in steps {
        let raw = author.change(1_000, &edits).unwrap().unwrap();
        admit(&raw);
        assert_eq!(texts(author.reading())["aims"], expected);
    }
    let state = state_at(author.reading(), &author.reading().heads(), &|_| None).unwrap();
    let runs = serde_json::to_value(&state.sections[0].blocks[1].block.runs).unwrap();
    assert_eq!(
        runs,
        serde_json::json!([
            {"text": "Sa", "strong": true},
            {"text": "m", "strong": true, "em": true},
            {"text": "e", "strong": true},
            {"text": " "},
            {"text": "trea", "link": {"href": "https://example.org/", "title": "An example"}},
            {"text": "tment for all."},
        ])
    );
    assert_eq!(state.sections[0].blocks[2].block.kind, BlockType::Paragraph);
    assert_eq!(author.change(1_001, &[Edit::RenamePlan { title: "Plan".into() }]), Ok(None));
    admit(
        &super::write(author.reading(), &actor(3), 1_002, &Write::Rename { title: "Plan".into() }).unwrap(),
    );
}

#[test]
fn sections_are_made_moved_removed_and_restored() {
    let mut author = plan();
    let add = |id: &str, parent: Option<&str>, after: Option<&str>| {
        Edit::from(&Write::SectionCreate {
            section: section(id),
            heading: id.to_uppercase(),
            parent: parent.map(section),
            after: after.map(section),
        })
    };
    let shift = |id: &str, parent: Option<&str>, after: Option<&str>| Edit::MoveSection {
        section: section(id),
        parent: parent.map(section),
        after: after.map(section),
    };
    let remove = |id| Edit::RemoveSection { section: section(id) };
    let restore = |id| Edit::RestoreSection { section: section(id) };
    for (edit, expected) in [
        (add("b", None, Some("aims")), Ok("aims 0, b 0")),
        (add("c", None, None), Ok("c 0, aims 0, b 0")),
        (add("d", Some("aims"), None), Ok("c 0, aims 0, d 1, b 0")),
        (add("e", Some("aims"), Some("d")), Ok("c 0, aims 0, d 1, e 1, b 0")),
        (shift("c", Some("d"), None), Ok("aims 0, d 1, c 2, e 1, b 0")),
        (shift("d", None, Some("b")), Ok("aims 0, e 1, b 0, d 0, c 1")),
        (shift("b", None, None), Ok("b 0, aims 0, e 1, d 0, c 1")),
        (remove("d"), Ok("b 0, aims 0, e 1; removed D")),
        (restore("d"), Ok("b 0, aims 0, e 1, d 0, c 1")),
        (shift("d", Some("c"), None), Err(CannotWrite::SectionInsideItself(section("d")))),
        (shift("d", Some("x"), None), Err(CannotWrite::SectionUnknown(section("x")))),
        (shift("d", None, Some("c")), Err(CannotWrite::SiblingUnknown(section("c")))),
        (add("b", None, None), Err(CannotWrite::SectionExists(section("b")))),
        (restore("d"), Err(CannotWrite::NotRemoved(section("d")))),
        (remove("x"), Err(CannotWrite::SectionUnknown(section("x")))),
        (
            insert("b", "x", 0, "t"),
            Err(CannotWrite::BlockUnknown { section: section("b"), block: "x".into() }),
        ),
        (
            insert("b", "b", 2, "t"),
            Err(CannotWrite::OutOfRange { block: "b".into(), from: 2, to: 2, len: 1 }),
        ),
    ] {
        let before = author.reading().heads();
        let made = author.change(1_000, std::slice::from_ref(&edit));
        match expected {
            Err(cause) => {
                assert_eq!(made, Err(cause));
                assert_eq!(author.reading().heads(), before, "nothing is left of {edit:?}");
            }
            Ok(expected) => {
                assert!(made.unwrap().is_some(), "{edit:?}");
                let state = state_at(author.reading(), &author.reading().heads(), &|_| None).unwrap();
                let shown: Vec<String> = state
                    .sections
                    .iter()
                    .map(|section| format!("{} {}", section.id, section.depth))
                    .collect();
                let removed: String =
                    state.removed.iter().map(|section| format!("; removed {}", section.heading)).collect();
                assert_eq!(format!("{}{removed}", shown.join(", ")), expected, "{edit:?}");
            }
        }
    }
}

#[test]
fn an_implied_heading_becomes_a_real_one_when_it_is_written_to() {
    let mut author = plan();
    let found = entry_object(author.0.automerge(), &section("aims")).unwrap();
    let text = element::object(author.0.automerge(), &found, "text", ObjType::Text, None).unwrap();
    let mut draft = author.0.automerge_mut().transaction();
    let length = draft.length(&text);
    draft.splice_text(&text, 0, length as isize, "bare words").unwrap();
    draft.commit();
    assert_eq!(texts(author.reading())["aims"], "|bare words");
    author.change(1, &[Edit::RenameSection { section: section("aims"), heading: "Aims".into() }]).unwrap();
    assert_eq!(texts(author.reading())["aims"], "Aims|bare words");
    author.change(1, &[insert("aims", "aims-lead", 0, "Some ")]).unwrap();
    assert_eq!(texts(author.reading())["aims"], "Aims|Some bare words");
}

#[test]
fn who_wrote_each_character_follows_from_its_element() {
    let mut author = plan();
    author.write_as(&actor(2));
    author.change(1, &[insert("aims", "p1", 5, "🙂 and\u{1} fair")]).unwrap();
    author.write_as(&actor(9));
    author.change(1, &[insert("aims", "p1", 0, "?")]).unwrap();
    author.write_as(&actor(1));
    let strong = |from, to, on| Edit::Mark {
        section: section("aims"),
        block: "p1".into(),
        from,
        to,
        mark: Mark::Strong,
        on,
    };
    author.change(1, &[insert("aims", "p1", 1, "z"), strong(2, 12, true)]).unwrap();
    author.change(1, &[insert("aims", "p1", 1, "y"), strong(4, 7, false)]).unwrap();
    let state = state_at(author.reading(), &author.reading().heads(), &person).unwrap();
    let first = block(&state, "p1");
    assert_eq!(first.block.text, "?yzEqual🙂 and fair treatment for all.");
    assert_eq!(
        serde_json::to_value(&first.authors).unwrap(),
        serde_json::json!([
            {"from": 0, "to": 1, "person": null},
            {"from": 1, "to": 8, "person": "member-1"},
            {"from": 8, "to": 19, "person": "member-2"},
            {"from": 19, "to": 38, "person": "member-1"},
        ])
    );
}

#[test]
fn a_past_state_is_as_it_was_and_unknown_heads_are_an_error() {
    let mut author = plan();
    let then = author.reading().heads();
    let was = state_at(author.reading(), &then, &person).unwrap();
    author.change(1, &[insert("aims", "p1", 0, "Now "), Edit::RenamePlan { title: "Other".into() }]).unwrap();
    assert_eq!(state_at(author.reading(), &then, &person).unwrap(), was);
    assert_eq!(was.title, "Plan");
    let unknown = vec![crate::domain::ChangeHash([7; 32])];
    assert_eq!(state_at(author.reading(), &unknown, &person), Err(super::super::UnknownHeads));
}
