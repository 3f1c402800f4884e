//! What differs between two states of a plan, from the identity of the elements: never by comparing words. So
//! words that were typed anew are new, even where they read the same.

use std::collections::HashSet;

use automerge::ROOT;
use serde::Serialize;

use super::blocks::{Attrs, Block, BlockType, Marks, Run, read_blocks};
use super::element::{self, Actors, At};
use super::outline::{Entry, outline};
use super::sequence::{Atom, Holds, Sequence};
use super::state::SectionText;
use super::text::is_hidden;
use super::touched::touched;
use super::{Reading, UnknownHeads};
use crate::domain::{ActorId, Heads, PersonId, SectionId};

/// The difference of two states. What is the same is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanDiff {
    pub from: Heads,
    pub to: Heads,
    /// The plan's title, before and after, where it differs.
    pub title: Option<(String, String)>,
    /// The sections in which something differs: those that are there after, in reading order, with removed
    /// ones behind the section that they followed.
    pub sections: Vec<SectionDiff>,
}

/// What became of a section or a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// There before and after, and the same.
    Kept,
    Added,
    Removed,
    /// There before and after, and not the same.
    Changed,
}

/// One section in which something differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionDiff {
    pub id: SectionId,
    /// Kept: it was only moved.
    pub fate: Fate,
    /// It has another parent or order than before.
    pub moved: bool,
    /// The heading before and after, where it differs.
    pub renamed: Option<(String, String)>,
    /// The heading after; of a removed section before.
    pub heading: String,
    /// How many sections are above it, after; of a removed section before.
    pub depth: usize,
    /// Of a removed section: the one that it followed in reading order; none if it was the first.
    pub after: Option<SectionId>,
    /// All blocks, kept ones too, in the order of the text: what is gone stands where it was.
    pub blocks: Vec<BlockDiff>,
}

/// One block. Its fate is that of the block as such: of a paragraph that was split in two, the second part is an
/// added block with kept words, and when both are joined again it is a removed block with kept words, which
/// are then part of the block before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockDiff {
    /// The provision's id. Where it occurs twice in a section, the second has `~2` behind it.
    pub id: String,
    pub fate: Fate,
    #[serde(rename = "type")]
    pub kind: BlockType,
    pub attrs: Attrs,
    /// What it was before, where its type, level or indent differ.
    pub was: Option<(BlockType, Attrs)>,
    pub segments: Vec<Segment>,
}

/// What became of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Keep,
    Ins,
    Del,
    /// Kept, with other marks than before.
    Format,
}

/// Words of one fate by one person. Kept, formatted and deleted ones together are the words before; kept,
/// formatted and inserted ones the words after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub op: Op,
    pub text: String,
    /// The words with their marks: as they are after; of deleted words before.
    pub runs: Vec<Run>,
    /// Of [`Op::Format`]: the words with the marks that they had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<Run>,
    /// Who wrote the words, of deleted ones too. None: nobody that is known.
    pub person: Option<PersonId>,
}

/// Compares the states at two heads; which of them is older does not matter. Between states that are few changes
/// apart only the sections that those changes touch are read, twice each.
pub fn diff(
    reading: &Reading,
    from: &Heads,
    to: &Heads,
    authors: &dyn Fn(&ActorId) -> Option<PersonId>,
) -> Result<PlanDiff, UnknownHeads> {
    if !reading.contains(from) || !reading.contains(to) {
        return Err(UnknownHeads);
    }
    let document = reading.automerge();
    let (old, new) = (element::hashes(from), element::hashes(to));
    let (old, new): (At<'_>, At<'_>) = (Some(&old), Some(&new));
    let title = |at| element::string(document, &ROOT, "title", at).unwrap_or_default();
    let (title_old, title_new) = (title(old), title(new));
    let mut actors = Actors::new(authors);
    let (before, after) = (outline(document, old), outline(document, new));
    let written = touched(document, from, to, before.iter().chain(&after))
        .or_else(|| touched(document, to, from, before.iter().chain(&after)));
    let visible = |entries: Vec<Entry>| entries.into_iter().filter(|entry| !entry.hidden).collect::<Vec<_>>();
    let (before, after) = (visible(before), visible(after));
    let mut sections: Vec<SectionDiff> = Vec::new();
    let find = |entries: &[Entry], id: &SectionId| entries.iter().position(|entry| entry.id == *id);
    for entry in &after {
        let was = find(&before, &entry.id).map(|at| &before[at]);
        let moved = was.is_some_and(|was| (&was.parent, &was.order) != (&entry.parent, &entry.order));
        let untouched = written.as_ref().is_some_and(|written| !written.contains(&entry.id));
        if was.is_some() && untouched && !moved {
            continue;
        }
        let old_side = was.map(|was| Side::read(reading, was, old, &mut actors)).unwrap_or_default();
        let new_side = Side::read(reading, entry, new, &mut actors);
        let same = was.is_some() && old_side.text.same(&new_side.text);
        if same && !moved {
            continue;
        }
        let renamed = was.is_some() && old_side.heading() != new_side.heading();
        sections.push(SectionDiff {
            id: entry.id.clone(),
            fate: if was.is_none() {
                Fate::Added
            } else if same {
                Fate::Kept
            } else {
                Fate::Changed
            },
            moved,
            renamed: renamed.then(|| (old_side.heading(), new_side.heading())),
            heading: new_side.heading(),
            depth: entry.depth,
            after: None,
            blocks: blocks(&old_side, &new_side, &actors),
        });
    }
    for (at, entry) in before.iter().enumerate() {
        if find(&after, &entry.id).is_some() {
            continue;
        }
        let old_side = Side::read(reading, entry, old, &mut actors);
        let follows = at.checked_sub(1).map(|at| before[at].id.clone());
        let removed = SectionDiff {
            id: entry.id.clone(),
            fate: Fate::Removed,
            moved: false,
            renamed: None,
            heading: old_side.heading(),
            depth: entry.depth,
            after: follows.clone(),
            blocks: blocks(&old_side, &Side::default(), &actors),
        };
        // Behind the last one listed that stood before it.
        let earlier: HashSet<&SectionId> = before[..at].iter().map(|entry| &entry.id).collect();
        let place = sections.iter().rposition(|section| earlier.contains(&section.id)).map_or(0, |at| at + 1);
        sections.insert(place, removed);
    }
    let title = (title_old != title_new).then_some((title_old, title_new));
    Ok(PlanDiff { from: from.clone(), to: to.clone(), title, sections })
}

/// A section in one state. Empty where it is not there.
#[derive(Default)]
struct Side {
    text: SectionText,
    sequence: Sequence,
    blocks: Vec<Block>,
}

impl Side {
    fn read(reading: &Reading, entry: &Entry, at: At<'_>, actors: &mut Actors<'_>) -> Self {
        let text = SectionText::read(reading, entry, at, actors);
        let sequence = Sequence::new(&text.spans, &text.elements);
        let mut blocks = read_blocks(entry.id.as_str(), &text.spans);
        super::Duplicates::default().rename(&mut blocks);
        Self { text, sequence, blocks }
    }

    fn heading(&self) -> String {
        self.blocks.first().map_or_else(String::new, |heading| heading.text.clone())
    }

    /// The block whose marker is at this place.
    fn block_of(&self, marker: &Atom) -> Option<&Block> {
        self.blocks.iter().find(|block| !block.implied && block.start == marker.at + 1)
    }

    /// The block of the text before the first marker.
    fn lead(&self) -> Option<&Block> {
        self.blocks.iter().find(|block| block.implied && block.kind == BlockType::Paragraph)
    }
}

/// One element of either state, in the order of the text.
#[derive(Clone, Copy)]
enum Step<'a> {
    Keep(&'a Atom, &'a Atom),
    Ins(&'a Atom),
    Del(&'a Atom),
}

/// Both states are parts of one order of elements, so walking both side by side finds all that are in both.
fn steps<'a>(old: &'a [Atom], new: &'a [Atom]) -> Vec<Step<'a>> {
    let mut steps = Vec::with_capacity(old.len().max(new.len()));
    // Most differences are small: what is the same before and behind them is not looked up.
    let before = old.iter().zip(new).take_while(|(a, b)| a.name == b.name).count();
    let (old_rest, new_rest) = (&old[before..], &new[before..]);
    let behind =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a.name == b.name).count();
    let (old_part, old_end) = old_rest.split_at(old_rest.len() - behind);
    let (new_part, new_end) = new_rest.split_at(new_rest.len() - behind);

    let keep = |(a, b): (&'a Atom, &'a Atom)| Step::Keep(a, b);
    steps.extend(old.iter().zip(new).take(before).map(keep));
    let names = |atoms: &[Atom]| atoms.iter().map(|atom| atom.name).collect::<HashSet<_>>();
    let (in_old, in_new) = (names(old_part), names(new_part));
    let mut rest = new_part.iter().peekable();
    for atom in old_part {
        if !in_new.contains(&atom.name) {
            steps.push(Step::Del(atom));
            continue;
        }
        while let Some(other) = rest.next_if(|other| !in_old.contains(&other.name)) {
            steps.push(Step::Ins(other));
        }
        match rest.next_if(|other| other.name == atom.name) {
            Some(other) => steps.push(Step::Keep(atom, other)),
            None => steps.push(Step::Del(atom)),
        }
    }
    steps.extend(rest.map(Step::Ins));
    steps.extend(old_end.iter().zip(new_end).map(keep));
    steps
}

fn blocks(old: &Side, new: &Side, actors: &Actors<'_>) -> Vec<BlockDiff> {
    let mut blocks: Vec<BlockDiff> = Vec::new();
    for step in steps(&old.sequence.atoms, &new.sequence.atoms) {
        if let Some(block) = opened(old, new, step) {
            blocks.push(block);
            continue;
        }
        if blocks.is_empty() {
            blocks.extend(lead(old, new));
        }
        if let Some(block) = blocks.last_mut() {
            add(&mut block.segments, old, new, step, actors);
        }
    }
    for block in &mut blocks {
        if block.fate == Fate::Kept && block.segments.iter().any(|segment| segment.op != Op::Keep) {
            block.fate = Fate::Changed;
        }
    }
    join_remade(blocks)
}

/// The block that begins here, if the element is a marker.
fn opened(old: &Side, new: &Side, step: Step<'_>) -> Option<BlockDiff> {
    let (Step::Keep(atom, _) | Step::Ins(atom) | Step::Del(atom)) = step;
    if atom.holds != Holds::Marker {
        return None;
    }
    let (fate, was, block) = match step {
        Step::Keep(before, after) => (Fate::Kept, old.block_of(before), new.block_of(after)?),
        Step::Ins(atom) => (Fate::Added, None, new.block_of(atom)?),
        Step::Del(atom) => (Fate::Removed, None, old.block_of(atom)?),
    };
    let was = was.filter(|was| (was.kind, was.attrs) != (block.kind, block.attrs));
    Some(BlockDiff {
        id: block.id.clone(),
        fate: if was.is_some() { Fate::Changed } else { fate },
        kind: block.kind,
        attrs: block.attrs,
        was: was.map(|was| (was.kind, was.attrs)),
        segments: Vec::new(),
    })
}

fn lead(old: &Side, new: &Side) -> Option<BlockDiff> {
    let fate = match (old.lead(), new.lead()) {
        (Some(_), Some(_)) => Fate::Kept,
        (Some(_), None) => Fate::Removed,
        (None, _) => Fate::Added,
    };
    let block = new.lead().or(old.lead())?;
    let (id, kind, attrs) = (block.id.clone(), block.kind, block.attrs);
    Some(BlockDiff { id, fate, kind, attrs, was: None, segments: Vec::new() })
}

fn add(segments: &mut Vec<Segment>, old: &Side, new: &Side, step: Step<'_>, actors: &Actors<'_>) {
    let (mut op, side, atom) = match step {
        Step::Keep(_, after) => (Op::Keep, new, after),
        Step::Ins(atom) => (Op::Ins, new, atom),
        Step::Del(atom) => (Op::Del, old, atom),
    };
    let Some(marks) = marks_of(side, atom) else { return };
    let before = match step {
        Step::Keep(before, _) => marks_of(old, before),
        Step::Ins(_) | Step::Del(_) => None,
    };
    let before = before.filter(|before| *before != marks);
    if before.is_some() {
        op = Op::Format;
    }
    let text = side.sequence.text(atom);
    let shown: String;
    let text = if text.contains(is_hidden) {
        shown = text.chars().filter(|c| !is_hidden(*c)).collect();
        &shown
    } else {
        text
    };
    if text.is_empty() {
        return;
    }
    let person = actors.person(atom.name.1);
    let segment = match segments.last_mut() {
        Some(last) if last.op == op && last.person.as_ref() == person => last,
        _ => {
            let person = person.cloned();
            segments.push(Segment { op, text: String::new(), runs: Vec::new(), was: Vec::new(), person });
            let last = segments.len() - 1;
            &mut segments[last]
        }
    };
    segment.text.push_str(text);
    push(&mut segment.runs, text, marks);
    if let Some(before) = before {
        push(&mut segment.was, text, before);
    }
}

fn marks_of<'a>(side: &'a Side, atom: &Atom) -> Option<&'a Marks> {
    match atom.holds {
        Holds::Text(number) => side.sequence.marks.get(number),
        Holds::Marker => None,
    }
}

fn push(runs: &mut Vec<Run>, text: &str, marks: &Marks) {
    match runs.last_mut() {
        Some(last) if last.marks == *marks => last.text.push_str(text),
        _ => runs.push(Run { text: text.into(), marks: marks.clone() }),
    }
}

/// Some clients make a block anew to change it: the old marker goes, one with the same id comes beside it. That
/// is one block, changed, unless words are between the two.
fn join_remade(blocks: Vec<BlockDiff>) -> Vec<BlockDiff> {
    let mut joined: Vec<BlockDiff> = Vec::new();
    for mut block in blocks {
        if let Some(last) = joined.last()
            && last.id == block.id
            && last.segments.is_empty()
            && matches!((last.fate, block.fate), (Fate::Removed, Fate::Added) | (Fate::Added, Fate::Removed))
        {
            let (old, new) = if last.fate == Fate::Removed { (last, &block) } else { (&block, last) };
            let (kind, attrs) = (new.kind, new.attrs);
            let was = (old.kind, old.attrs);
            block.was = (was != (kind, attrs)).then_some(was);
            (block.kind, block.attrs) = (kind, attrs);
            let same = block.was.is_none() && block.segments.iter().all(|segment| segment.op == Op::Keep);
            block.fate = if same { Fate::Kept } else { Fate::Changed };
            joined.pop();
        }
        joined.push(block);
    }
    joined
}

#[cfg(test)]
mod tests;
