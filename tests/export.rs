//! The formats, against files kept beside them. `UPDATE_GOLDEN=1` writes them anew: read the difference.

use std::{collections::HashMap, fs, path::PathBuf};

use quorate::{
    document::{
        Authored, BlockDiff, BlockState, BlockType, Fate, Marks, Op, PlanDiff, PlanState, Run, SectionDiff,
        SectionState, Segment, Span, normalise, utf16_len,
    },
    domain::{PersonId, SectionId},
    export::{Names, html, markdown},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Plan {
    title: String,
    sections: Vec<Section>,
}

#[derive(Deserialize)]
struct Section {
    id: SectionId,
    depth: usize,
    spans: Vec<Span>,
    /// By block: where each stretch ends (cut at the block's end), and whose it is.
    authors: HashMap<String, Vec<(usize, PersonId)>>,
}

struct Two;

impl Names for Two {
    fn name(&self, person: Option<&PersonId>) -> &str {
        match person.map(PersonId::as_str) {
            Some("ann") => "Ann",
            Some("bob") => "Bob",
            _ => "Someone",
        }
    }
    fn number(&self, person: &PersonId) -> usize {
        if person.as_str() == "ann" { 1 } else { 2 }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/export")
}

fn state() -> PlanState {
    let plan: Plan = serde_json::from_slice(&fs::read(folder().join("plan.json")).unwrap()).unwrap();
    let section = |section: Section| {
        let block = |block: quorate::document::Block| {
            let end = utf16_len(&block.text);
            let mut from = 0;
            let stretches = section.authors.get(&block.id).into_iter().flatten();
            let mut authors: Vec<Authored> = stretches
                .map(|(to, person)| {
                    let to = (*to).min(end);
                    let authored = Authored { from, to, person: Some(person.clone()) };
                    from = to;
                    authored
                })
                .collect();
            if from < end {
                authors.push(Authored { from, to: end, person: None });
            }
            BlockState { block, authors }
        };
        SectionState {
            blocks: normalise(section.id.as_str(), &section.spans).into_iter().map(block).collect(),
            id: section.id,
            parent: String::new(),
            order: "a0".into(),
            depth: section.depth,
        }
    };
    PlanState {
        heads: Vec::new(),
        title: plan.title,
        sections: plan.sections.into_iter().map(section).collect(),
        removed: Vec::new(),
    }
}

fn check(name: &str, found: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name} differs");
}

/// An element a line, so that a difference can be read.
fn lines(html: &str) -> String {
    html.replace("><", ">\n<") + "\n"
}

#[test]
fn html_as_kept() {
    let look = html::Look { names: &Two, authors: false };
    check("plan.html", &lines(&html::plan(&state(), &look).into_string()));
    let look = html::Look { names: &Two, authors: true };
    check("authors.html", &lines(&html::plan(&state(), &look).into_string()));
    check("outline.html", &lines(&html::outline(&state()).into_string()));
}

/// One block of a difference, from `op words by` each.
fn block(id: &str, fate: Fate, kind: BlockType, segments: &[(Op, &str, &str)]) -> BlockDiff {
    let segment = |(op, text, by): &(Op, &str, &str)| Segment {
        op: *op,
        text: (*text).into(),
        runs: vec![Run { text: (*text).into(), marks: Marks::default() }],
        was: Vec::new(),
        person: Some(PersonId::new(*by).unwrap()),
    };
    let segments = segments.iter().map(segment).collect();
    BlockDiff { id: id.into(), fate, kind, attrs: Default::default(), was: None, segments }
}

#[test]
fn difference_as_kept() {
    use BlockType::{Paragraph, SectionHeading};
    let section = |id: &str, fate, after: Option<&str>, blocks| SectionDiff {
        id: SectionId::new(id).unwrap(),
        fate,
        moved: fate == Fate::Kept,
        renamed: None,
        heading: String::new(),
        depth: 0,
        after: after.map(|id| SectionId::new(id).unwrap()),
        blocks,
    };
    let diff = PlanDiff {
        from: Vec::new(),
        to: Vec::new(),
        title: None,
        sections: vec![
            section(
                "aims",
                Fate::Changed,
                None,
                vec![
                    block("aims-h", Fate::Kept, SectionHeading, &[(Op::Keep, "Aims", "ann")]),
                    block(
                        "p1",
                        Fate::Changed,
                        Paragraph,
                        &[
                            (Op::Keep, "Words ", "ann"),
                            (Op::Ins, "of one more ", "ann"),
                            (Op::Ins, "and one ", "bob"),
                            (Op::Del, "by one", "ann"),
                        ],
                    ),
                    block("p9", Fate::Added, Paragraph, &[(Op::Keep, "Parted off.", "bob")]),
                    block("p8", Fate::Removed, Paragraph, &[(Op::Keep, "Joined on.", "bob")]),
                    block("p7", Fate::Changed, Paragraph, &[(Op::Format, "Set otherwise.", "bob")]),
                ],
            ),
            section(
                "gone",
                Fate::Removed,
                Some("aims"),
                vec![
                    block("gone-h", Fate::Removed, SectionHeading, &[(Op::Del, "Gone", "ann")]),
                    block("gone-p", Fate::Removed, Paragraph, &[(Op::Del, "With all its words.", "bob")]),
                ],
            ),
            section(
                "last",
                Fate::Kept,
                None,
                vec![block("last-h", Fate::Kept, SectionHeading, &[(Op::Keep, "Last", "ann")])],
            ),
        ],
    };
    let look = html::Look { names: &Two, authors: false };
    for (name, by) in [("difference.html", None), ("difference-by.html", Some(PersonId::new("ann").unwrap()))]
    {
        let found = html::difference(&state(), &diff, by.as_ref(), &look);
        let changes = found.changes.unwrap().into_string();
        check(name, &lines(&(changes + &found.text.into_string())));
    }
}

#[test]
fn markdown_as_kept() {
    check("plan.md", &markdown::plan(&state()));
}

/// Who wrote what may be told or not: the words stay the same.
#[test]
fn authors_change_no_words() {
    let words = |authors| {
        let html = html::plan(&state(), &html::Look { names: &Two, authors }).into_string();
        let html = without(&without(&html, "<span class=\"visually-hidden\">"), "<span class=\"by-name\">");
        let mut in_tag = false;
        let shown = html.chars().filter(|c| {
            let tag = in_tag || *c == '<';
            in_tag = tag && *c != '>';
            !tag
        });
        shown.collect::<String>()
    };
    assert_eq!(words(true), words(false));
}

/// Takes out every span that starts so, none of which has another in it.
fn without(html: &str, start: &str) -> String {
    let mut parts = html.split(start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once("</span>").unwrap().1)
}
