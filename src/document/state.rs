//! A plan as it stands at some heads: sections in reading order, their blocks, and who wrote each character.

use serde::Serialize;

use automerge::ROOT;

use super::Reading;
use super::blocks::{Block, Duplicates, read_blocks};
use super::element::{self, Actors, At, Element};
use super::outline::{Entry, outline};
use super::text::{Span, is_hidden};
use super::tree::{Node, tree};
use crate::domain::{ActorId, Heads, PersonId, SectionId};

/// A change hash that is not one of the document's. Answering anyway would show another state than was asked
/// for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this document has no state with these heads")]
pub struct UnknownHeads;

/// The plan at some heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanState {
    pub heads: Heads,
    pub title: String,
    /// In reading order: each section before those below it.
    pub sections: Vec<SectionState>,
    /// The sections that were removed and can be restored; those below them are not listed.
    pub removed: Vec<RemovedSection>,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionState {
    pub id: SectionId,
    /// The section above; empty at the top level.
    pub parent: String,
    /// Among its siblings: compared byte by byte.
    pub order: String,
    /// How many sections are above it.
    pub depth: usize,
    /// The section heading first. Never empty.
    pub blocks: Vec<BlockState>,
}

/// One provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockState {
    #[serde(flatten)]
    pub block: Block,
    /// Who wrote what: without gaps from 0 to the end of the block's text.
    pub authors: Vec<Authored>,
}

/// A stretch of a block's text by one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authored {
    /// UTF-16 code units from the beginning of the block's text.
    pub from: usize,
    pub to: usize,
    /// None: written by an actor that nobody is known for.
    pub person: Option<PersonId>,
}

/// A section that is left out of reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemovedSection {
    pub id: SectionId,
    pub heading: String,
}

impl SectionState {
    /// What its first block says.
    pub fn heading(&self) -> &str {
        self.blocks.first().map_or("", |first| &first.block.text)
    }

    pub fn tree(&self) -> Vec<Node> {
        tree(&self.blocks.iter().map(|state| state.block.clone()).collect::<Vec<_>>())
    }
}

/// The plan at these heads. Takes time in proportion to the plan's text and the operations behind it.
pub fn state_at(
    reading: &Reading,
    heads: &Heads,
    authors: &dyn Fn(&ActorId) -> Option<PersonId>,
) -> Result<PlanState, UnknownHeads> {
    if !reading.contains(heads) {
        return Err(UnknownHeads);
    }
    let document = reading.automerge();
    let hashes = element::hashes(heads);
    let at = Some(hashes.as_slice());
    let mut actors = Actors::new(authors);
    let mut duplicates = Duplicates::default();
    let mut state = PlanState {
        heads: heads.clone(),
        title: element::string(document, &ROOT, "title", at).unwrap_or_default(),
        sections: Vec::new(),
        removed: Vec::new(),
    };
    for entry in outline(document, at) {
        if entry.hidden {
            if entry.removed {
                let text = SectionText::read(reading, &entry, at, &mut actors);
                let heading = read_blocks(entry.id.as_str(), &text.spans).swap_remove(0).text;
                state.removed.push(RemovedSection { id: entry.id, heading });
            }
            continue;
        }
        let text = SectionText::read(reading, &entry, at, &mut actors);
        let mut blocks = read_blocks(entry.id.as_str(), &text.spans);
        duplicates.rename(&mut blocks);
        state.sections.push(SectionState {
            id: entry.id,
            parent: entry.parent.map_or_else(String::new, |parent| parent.to_string()),
            order: entry.order,
            depth: entry.depth,
            blocks: text.with_authors(blocks, &actors),
        });
    }
    Ok(state)
}

/// A section's text, as spans and as elements.
#[derive(Default)]
pub(super) struct SectionText {
    pub(super) spans: Vec<Span>,
    pub(super) elements: Vec<Element>,
    /// Where characters stand that are never shown, in ascending order. Nearly always none.
    hidden: Vec<usize>,
}

impl SectionText {
    pub(super) fn read(reading: &Reading, entry: &Entry, at: At<'_>, actors: &mut Actors<'_>) -> Self {
        let document = reading.automerge();
        let (spans, elements) = entry.text.as_ref().map_or_else(Default::default, |text| {
            let spans = element::spans(document, text, at);
            let elements = element::elements(document, text, at, &spans, actors);
            (spans, elements)
        });
        let hidden = hidden(&spans);
        Self { spans, elements, hidden }
    }

    /// Are both the same text, element by element and mark by mark?
    pub(super) fn same(&self, other: &Self) -> bool {
        self.elements == other.elements && self.spans == other.spans
    }

    /// The place in a block's shown text of a place in the section's text.
    fn shown(&self, block: &Block, offset: usize) -> usize {
        let before = |at| self.hidden.partition_point(|hidden| *hidden < at);
        offset - block.start - (before(offset) - before(block.start))
    }

    fn with_authors(&self, blocks: Vec<Block>, actors: &Actors<'_>) -> Vec<BlockState> {
        let stretches = self.stretches();
        blocks
            .into_iter()
            .map(|block| {
                let mut authors: Vec<Authored> = Vec::new();
                let end = block.start + block.len;
                let first = stretches.partition_point(|stretch| stretch.to <= block.start);
                for stretch in stretches[first..].iter().take_while(|stretch| stretch.from < end) {
                    let from = self.shown(&block, stretch.from.max(block.start));
                    let to = self.shown(&block, stretch.to.min(end));
                    let person = actors.person(stretch.actor);
                    match authors.last_mut() {
                        _ if from == to => {}
                        Some(last) if last.person.as_ref() == person => last.to = to,
                        _ => authors.push(Authored { from, to, person: person.cloned() }),
                    }
                }
                BlockState { block, authors }
            })
            .collect()
    }

    /// Neighbouring elements of one actor, joined.
    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut from = 0;
        for element in &self.elements {
            let to = from + element.width as usize;
            match stretches.last_mut() {
                Some(last) if last.actor == element.actor => last.to = to,
                _ => stretches.push(Stretch { from, to, actor: element.actor }),
            }
            from = to;
        }
        stretches
    }
}

struct Stretch {
    from: usize,
    to: usize,
    actor: u32,
}

fn hidden(spans: &[Span]) -> Vec<usize> {
    let mut hidden = Vec::new();
    let mut offset = 0;
    for span in spans {
        if let Span::Text { value, .. } = span
            && value.contains(is_hidden)
        {
            let mut at = offset;
            for c in value.chars() {
                if is_hidden(c) {
                    hidden.push(at);
                }
                at += c.len_utf16();
            }
        }
        offset += span.width();
    }
    hidden
}
