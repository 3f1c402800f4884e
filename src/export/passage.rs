//! The text as the formats set it: parts (sections), passages (blocks), and pieces of words, each with one
//! set of marks, one author and one fate. A state and a difference both come to this form.

use crate::{
    document::{
        self, Attrs, Authored, Block, BlockDiff, BlockState, BlockType, Marks, Node, Op, PlanDiff, PlanState,
        Run, tree,
    },
    domain::{PersonId, SectionId},
};

/// A section with its own blocks, without those of the sections below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: SectionId,
    /// How many sections are above it.
    pub(super) depth: usize,
    pub(super) fate: Fate,
    /// It stands elsewhere among the sections than before.
    pub(super) moved: bool,
    pub(super) passages: Vec<Passage>,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) id: String,
    pub(super) kind: BlockType,
    pub(super) attrs: Attrs,
    pub(super) fate: Fate,
    /// Its kind, its level or the marks of its words are not what they were.
    pub(super) reshaped: bool,
    pub(super) pieces: Vec<Piece>,
}

impl Passage {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}

impl Part {
    /// What its heading says; of a deleted section: what it said.
    pub(super) fn heading(&self) -> String {
        let gone = |piece: &&Piece| self.fate != Fate::Deleted && piece.fate == Fate::Deleted;
        let pieces = self.passages.first().map_or(&[][..], |first| &first.pieces);
        pieces.iter().filter(|piece| !gone(piece)).map(|piece| piece.text.as_str()).collect()
    }

    /// Who a section's coming or going is put down to: the first whose words came or went with it.
    pub(super) fn person(&self) -> Option<PersonId> {
        let mut pieces = self.passages.iter().flat_map(|passage| &passage.pieces);
        pieces.find(|piece| piece.fate != Fate::Kept)?.person.clone()
    }

    /// The nested form, by the rule that holds for reading and editor alike; ids lead back to passages.
    pub(super) fn tree(&self) -> Vec<Node> {
        let bare = |passage: &Passage| Block {
            id: passage.id.clone(),
            kind: passage.kind,
            attrs: passage.attrs,
            text: String::new(),
            runs: Vec::new(),
            implied: false,
            derived: false,
            start: 0,
            len: 0,
        };
        tree(&self.passages.iter().map(bare).collect::<Vec<_>>())
    }
}

/// A plan as it stands.
pub(super) fn parts(state: &PlanState) -> Vec<Part> {
    let passage = |block: &BlockState| Passage {
        id: block.block.id.clone(),
        kind: block.block.kind,
        attrs: block.block.attrs,
        fate: Fate::Kept,
        reshaped: false,
        pieces: pieces(block),
    };
    (state.sections.iter())
        .map(|section| Part {
            id: section.id.clone(),
            depth: section.depth,
            fate: Fate::Kept,
            moved: false,
            passages: section.blocks.iter().map(passage).collect(),
        })
        .collect()
}

/// What became of words between two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Inserted,
    Deleted,
}

impl Fate {
    /// What is changed inside is kept as such.
    fn of(fate: document::Fate) -> Self {
        match fate {
            document::Fate::Kept | document::Fate::Changed => Self::Kept,
            document::Fate::Added => Self::Inserted,
            document::Fate::Removed => Self::Deleted,
        }
    }
}

/// Words that are set alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) marks: Marks,
    /// Who wrote them; of deleted words: who deleted them. None: not known.
    pub(super) person: Option<PersonId>,
    pub(super) fate: Fate,
}

/// A plan as it stands, with what came and what went since another state. `by`: the only person who wrote
/// between the two, if it was only one; what went is put down to that person, or to nobody.
pub(super) fn diff_parts(state: &PlanState, diff: &PlanDiff, by: Option<&PersonId>) -> Vec<Part> {
    let mut all = parts(state);
    for section in &diff.sections {
        let part = Part {
            id: section.id.clone(),
            depth: section.depth,
            fate: Fate::of(section.fate),
            moved: section.moved,
            passages: section.blocks.iter().map(|block| diff_passage(block, by)).collect(),
        };
        let place = |id: &SectionId| all.iter().position(|part| part.id == *id);
        match (place(&section.id), &section.after) {
            (Some(here), _) => all[here] = part,
            (None, Some(after)) => {
                let behind = place(after).map_or(all.len(), |index| index + 1);
                all.insert(behind, part);
            }
            (None, None) => all.insert(0, part),
        }
    }
    all
}

fn diff_passage(block: &BlockDiff, by: Option<&PersonId>) -> Passage {
    let piece = |op: Op, person: &Option<PersonId>, run: &Run| {
        let (fate, person) = match op {
            Op::Keep | Op::Format => (Fate::Kept, person.clone()),
            Op::Ins => (Fate::Inserted, person.clone()),
            Op::Del => (Fate::Deleted, by.cloned()),
        };
        Piece { text: run.text.clone(), marks: run.marks.clone(), person, fate }
    };
    let pieces = block
        .segments
        .iter()
        .flat_map(|segment| segment.runs.iter().map(move |run| piece(segment.op, &segment.person, run)));
    let any = |op: Op| block.segments.iter().any(|segment| segment.op == op);
    let fate = Fate::of(block.fate);
    // A block that came or went while its words stayed was parted from another, or joined to it.
    let reshaped = block.was.is_some() || any(Op::Format) || (fate != Fate::Kept && any(Op::Keep));
    Passage {
        id: block.id.clone(),
        kind: block.kind,
        attrs: block.attrs,
        fate,
        reshaped,
        pieces: pieces.collect(),
    }
}

/// The pieces of a block, in order: its runs cut where the author changes.
pub(super) fn pieces(state: &BlockState) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut authors = Cutter::new(&state.authors);
    for run in &state.block.runs {
        authors.cut(run, &mut pieces);
    }
    pieces
}

/// Walks runs and authors side by side. Authors count in UTF-16 code units.
struct Cutter<'a> {
    authors: &'a [Authored],
    /// Where the walk stands in the block's text.
    at: usize,
}

impl<'a> Cutter<'a> {
    fn new(authors: &'a [Authored]) -> Self {
        Self { authors, at: 0 }
    }

    fn cut(&mut self, run: &Run, pieces: &mut Vec<Piece>) {
        let mut piece = String::new();
        let mut person = self.person();
        for c in run.text.chars() {
            let now = self.person();
            if now != person && !piece.is_empty() {
                pieces.push(piece_of(std::mem::take(&mut piece), run, person));
            }
            person = now;
            piece.push(c);
            self.at += c.len_utf16();
        }
        if !piece.is_empty() {
            pieces.push(piece_of(piece, run, person));
        }
    }

    /// The author of the character at which the walk stands.
    fn person(&mut self) -> Option<&'a PersonId> {
        while let Some((first, rest)) = self.authors.split_first()
            && first.to <= self.at
        {
            self.authors = rest;
        }
        self.authors.first().filter(|authored| authored.from <= self.at)?.person.as_ref()
    }
}

fn piece_of(text: String, run: &Run, person: Option<&PersonId>) -> Piece {
    Piece { text, marks: run.marks.clone(), person: person.cloned(), fate: Fate::Kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::new(id).unwrap()
    }

    #[test]
    fn runs_are_cut_where_the_author_changes() {
        let strong = Marks { strong: true, ..Marks::default() };
        let runs = vec![
            Run { text: "a😀b".into(), marks: Marks::default() },
            Run { text: "cd".into(), marks: strong.clone() },
            Run { text: "e".into(), marks: Marks::default() },
        ];
        let block = Block {
            id: "p".into(),
            kind: BlockType::Paragraph,
            attrs: Attrs::default(),
            text: "a😀bcde".into(),
            runs,
            implied: false,
            derived: false,
            start: 1,
            len: 7,
        };
        let authors = vec![
            Authored { from: 0, to: 3, person: Some(person("ann")) },
            Authored { from: 3, to: 5, person: None },
            Authored { from: 5, to: 7, person: Some(person("bob")) },
        ];
        let cut: Vec<(String, bool, Option<String>)> = pieces(&BlockState { block, authors })
            .into_iter()
            .map(|p| (p.text, p.marks == strong, p.person.map(|p| p.to_string())))
            .collect();
        let ann = Some("ann".to_owned());
        let bob = Some("bob".to_owned());
        assert_eq!(
            cut,
            [
                ("a😀".into(), false, ann),
                ("b".into(), false, None),
                ("c".into(), true, None),
                ("d".into(), true, bob.clone()),
                ("e".into(), false, bob),
            ]
        );
    }
}
