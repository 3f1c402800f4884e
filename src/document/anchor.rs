//! The words that a comment is about: written down as two places in a state, and found again in another.

use std::collections::{HashMap, HashSet};

use automerge::{ObjId, ObjType, ROOT, ReadDoc};
use serde::Serialize;

use super::element::{self, Actors, At};
use super::outline::outline;
use super::sequence::{Atom, Holds, Sequence};
use super::{Reading, UnknownHeads};
use crate::domain::{ActorId, Anchor, Heads, SectionId};

/// How an anchor's words stand now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnchorState {
    /// They stand as they were.
    Exact,
    /// Some of them stand, among others.
    Edited,
    /// None of them is there, or the section is removed.
    Deleted,
}

/// An anchor, found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolved {
    pub state: AnchorState,
    pub section: SectionId,
    /// In UTF-16 code units of the section's text, the end excluded; none where they are deleted.
    pub range: Option<(usize, usize)>,
    /// The words now; none where they are deleted.
    pub now: Option<String>,
}

/// Why words cannot be anchored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAnchor {
    #[error(transparent)]
    UnknownHeads(#[from] UnknownHeads),
    #[error("there is no section {0} with a text in this state of the plan")]
    SectionUnknown(SectionId),
    #[error("{from} to {to} is not a stretch of the section's text")]
    NoWords { from: usize, to: usize },
}

/// Anchors the words at `from..to` of a section's text, in UTF-16 code units, as it stands at these heads.
pub fn anchor(
    reading: &Reading,
    section: &SectionId,
    from: usize,
    to: usize,
    heads: &Heads,
) -> Result<Anchor, CannotAnchor> {
    let then =
        Text::read(reading, section, heads)?.ok_or_else(|| CannotAnchor::SectionUnknown(section.clone()))?;
    let nothing = CannotAnchor::NoWords { from, to };
    let atoms = &then.sequence.atoms;
    let first = atoms.partition_point(|atom| atom.at + atom.width <= from);
    let end = atoms.partition_point(|atom| atom.at < to);
    let (Some(quoted @ [start, ..]), false) = (atoms.get(first..end), from >= to) else {
        return Err(nothing);
    };
    let last = &quoted[quoted.len() - 1];
    let hashes = element::hashes(heads);
    let cursor = |atom: &Atom| {
        let cursor = reading.automerge().get_cursor(&then.id, atom.at, Some(&hashes));
        cursor.map(|cursor| cursor.to_string()).map_err(|_| CannotAnchor::NoWords { from, to })
    };
    Ok(Anchor {
        section: section.clone(),
        start: cursor(start)?,
        end: cursor(last)?,
        heads: heads.clone(),
        quote: then.sequence.words(quoted),
    })
}

/// The words of an anchor, read from the state in which it was made: what its `quote` should be. None where
/// it does not fit that state.
pub fn quote(reading: &Reading, anchor: &Anchor) -> Result<Option<String>, UnknownHeads> {
    let Some(then) = Text::read(reading, &anchor.section, &anchor.heads)? else { return Ok(None) };
    Ok(then.quoted(anchor).map(|(first, last)| then.sequence.words(&then.sequence.atoms[first..=last])))
}

/// Finds an anchor's words again at some heads.
pub fn resolve(reading: &Reading, anchor: &Anchor, at: &Heads) -> Result<Resolved, UnknownHeads> {
    Resolver::new(reading, at)?.resolve(anchor)
}

/// Finds the words of many anchors in one state, reading each section once.
pub struct Resolver<'a> {
    reading: &'a Reading,
    at: &'a Heads,
    hidden: HashSet<SectionId>,
    now: HashMap<SectionId, Option<Text>>,
}

impl<'a> Resolver<'a> {
    pub fn new(reading: &'a Reading, at: &'a Heads) -> Result<Self, UnknownHeads> {
        if !reading.contains(at) {
            return Err(UnknownHeads);
        }
        let hashes = element::hashes(at);
        let entries = outline(reading.automerge(), Some(&hashes)).into_iter();
        let hidden = entries.filter(|entry| entry.hidden).map(|entry| entry.id).collect();
        Ok(Self { reading, at, hidden, now: HashMap::new() })
    }

    pub fn resolve(&mut self, anchor: &Anchor) -> Result<Resolved, UnknownHeads> {
        let section = anchor.section.clone();
        let deleted = Resolved { state: AnchorState::Deleted, section, range: None, now: None };
        if self.hidden.contains(&anchor.section) {
            return Ok(deleted);
        }
        if !self.now.contains_key(&anchor.section) {
            let text = Text::read(self.reading, &anchor.section, self.at)?;
            self.now.insert(anchor.section.clone(), text);
        }
        let Some(Some(now)) = self.now.get(&anchor.section) else { return Ok(deleted) };
        let Some(then) = Text::read(self.reading, &anchor.section, &anchor.heads)? else {
            return Ok(deleted);
        };
        let Some((first, last)) = then.quoted(anchor) else { return Ok(deleted) };
        let Some(found) = find(&then.sequence, first, last, &now.sequence) else { return Ok(deleted) };
        let words = now.sequence.words(found);
        let same = words == then.sequence.words(&then.sequence.atoms[first..=last]);
        let end = &found[found.len() - 1];
        Ok(Resolved {
            state: if same { AnchorState::Exact } else { AnchorState::Edited },
            range: Some((found[0].at, end.at + end.width)),
            now: Some(words),
            ..deleted
        })
    }
}

/// The stretch that the quoted elements are in now: from the first to the last that is still there. Where an
/// end of the quote is gone, what was put in its place belongs to it too, up to the next element that was
/// there before, or the block's end.
fn find<'a>(then: &Sequence, first: usize, last: usize, now: &'a Sequence) -> Option<&'a [Atom]> {
    let quoted = &then.atoms[first..=last];
    let words: HashSet<(u64, u32)> = {
        let text = quoted.iter().filter(|atom| atom.holds != Holds::Marker);
        text.map(|atom| atom.name).collect()
    };
    let stands = |atom: &Atom| words.contains(&atom.name);
    let mut from = now.atoms.iter().position(stands)?;
    let mut to = now.atoms.iter().rposition(stands)?;
    let before: HashSet<(u64, u32)> = then.atoms.iter().map(|atom| atom.name).collect();
    let new = |atom: &Atom| atom.holds != Holds::Marker && !before.contains(&atom.name);
    if now.atoms[from].name != quoted[0].name {
        while from > 0 && new(&now.atoms[from - 1]) {
            from -= 1;
        }
    }
    if now.atoms[to].name != quoted[quoted.len() - 1].name {
        while to + 1 < now.atoms.len() && new(&now.atoms[to + 1]) {
            to += 1;
        }
    }
    Some(&now.atoms[from..=to])
}

/// A section's text in one state.
struct Text {
    id: ObjId,
    sequence: Sequence,
    actors: Actors<'static>,
}

impl Text {
    fn read(reading: &Reading, section: &SectionId, heads: &Heads) -> Result<Option<Self>, UnknownHeads> {
        if !reading.contains(heads) {
            return Err(UnknownHeads);
        }
        let document = reading.automerge();
        let hashes = element::hashes(heads);
        let at: At<'_> = Some(&hashes);
        let id = element::object(document, &ROOT, "sections", ObjType::Map, at)
            .and_then(|sections| element::object(document, &sections, section.as_str(), ObjType::Map, at))
            .and_then(|entry| element::object(document, &entry, "text", ObjType::Text, at));
        Ok(id.map(|id| {
            let spans = element::spans(document, &id, at);
            let mut actors = Actors::new(&|_| None);
            let elements = element::elements(document, &id, at, &spans, &mut actors);
            Self { id, sequence: Sequence::new(&spans, &elements), actors }
        }))
    }

    /// The numbers of the first and the last element that an anchor quotes.
    fn quoted(&self, anchor: &Anchor) -> Option<(usize, usize)> {
        let find = |cursor: &str| {
            let (counter, actor) = parse(cursor)?;
            let name = (counter, self.actors.number(&actor)?);
            self.sequence.atoms.iter().position(|atom| atom.name == name)
        };
        let (first, last) = (find(&anchor.start)?, find(&anchor.end)?);
        (first <= last).then_some((first, last))
    }
}

/// The element's id in a cursor as Automerge writes it: `12@0a0b`, with `-` before it where the cursor moves
/// back when its element is deleted.
fn parse(cursor: &str) -> Option<(u64, ActorId)> {
    let (counter, actor) = cursor.strip_prefix('-').unwrap_or(cursor).split_once('@')?;
    Some((counter.parse().ok()?, actor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{insert, plan, section};
    use super::super::{Attrs, Author, BlockType, Edit};
    use super::*;
    use crate::domain::{ChangeHash, ProvisionId};

    /// Quotes `treatment for`, makes the edits, and says what became of it.
    fn after(edits: &[Edit]) -> (AnchorState, Option<String>) {
        let mut author = plan();
        let anchor = quoting(&author, "treatment for");
        author.change(1, edits).unwrap();
        let resolved = resolve(author.reading(), &anchor, &author.reading().heads()).unwrap();
        if let (Some((from, to)), Some(now)) = (resolved.range, &resolved.now) {
            let again =
                super::anchor(author.reading(), &section("aims"), from, to, &author.reading().heads());
            assert_eq!(&again.unwrap().quote, now, "the range is where the words are");
        }
        (resolved.state, resolved.now)
    }

    fn quoting(author: &Author, words: &str) -> Anchor {
        // The heading's marker and `Aims`, then the paragraph's marker.
        let from = 6 + "Equal treatment for all.".find(words).unwrap();
        let heads = author.reading().heads();
        let anchor =
            super::anchor(author.reading(), &section("aims"), from, from + words.len(), &heads).unwrap();
        assert_eq!(anchor.quote, words);
        assert_eq!(quote(author.reading(), &anchor).unwrap().as_deref(), Some(words));
        anchor
    }

    fn delete(from: usize, to: usize) -> Edit {
        Edit::DeleteText { section: section("aims"), block: "p1".into(), from, to }
    }

    #[test]
    fn words_are_found_again_or_said_to_be_gone() {
        let add = |at, text: &str| insert("aims", "p1", at, text);
        let split = |at| Edit::SplitBlock {
            section: section("aims"),
            block: "p1".into(),
            at,
            id: ProvisionId::new("p2").unwrap(),
        };
        use AnchorState::{Deleted, Edited, Exact};
        for (what, edits, state, now) in [
            ("nothing", vec![], Exact, Some("treatment for")),
            (
                "typing before and behind",
                vec![add(0, "Now "), add(28, " Indeed.")],
                Exact,
                Some("treatment for"),
            ),
            ("typing at both edges", vec![add(6, "fair "), add(24, "ever")], Exact, Some("treatment for")),
            ("typing inside", vec![add(15, " and care")], Edited, Some("treatment and care for")),
            ("deleting inside", vec![delete(10, 16)], Edited, Some("treafor")),
            ("deleting the beginning", vec![delete(0, 16)], Edited, Some("for")),
            ("replacing the first word", vec![delete(6, 15), add(6, "rights")], Edited, Some("rights for")),
            ("replacing the last word", vec![delete(16, 19), add(16, "of")], Edited, Some("treatment of")),
            ("a new block inside", vec![split(15)], Edited, Some("treatment\n for")),
            ("deleting all of it", vec![delete(6, 19)], Deleted, None),
            ("deleting and writing the same", vec![delete(6, 19), add(6, "treatment for")], Deleted, None),
            (
                "deleting the block",
                vec![Edit::RemoveBlock { section: section("aims"), block: "p1".into() }],
                Deleted,
                None,
            ),
            ("removing the section", vec![Edit::RemoveSection { section: section("aims") }], Deleted, None),
        ] {
            assert_eq!(after(&edits), (state, now.map(str::to_owned)), "{what}");
        }
    }

    #[test]
    fn a_block_marker_in_the_quote_is_a_line_break() {
        let mut author = plan();
        let id = ProvisionId::new("p2").unwrap();
        let (kind, attrs) = (BlockType::Paragraph, Attrs::default());
        let text = "Second.".to_owned();
        author
            .change(
                1,
                &[Edit::AddBlock {
                    section: section("aims"),
                    after: Some("p1".into()),
                    id,
                    kind,
                    attrs,
                    text,
                }],
            )
            .unwrap();
        let heads = author.reading().heads();
        let anchor = anchor(author.reading(), &section("aims"), 26, 37, &heads).unwrap();
        assert_eq!(anchor.quote, "all.\nSecond");
        author.change(1, &[Edit::JoinBlock { section: section("aims"), block: "p2".into() }]).unwrap();
        let resolved = resolve(author.reading(), &anchor, &author.reading().heads()).unwrap();
        assert_eq!((resolved.state, resolved.now.as_deref()), (AnchorState::Edited, Some("all.Second")));
        assert_eq!(resolve(author.reading(), &anchor, &heads).unwrap().state, AnchorState::Exact);
    }

    #[test]
    fn anchors_that_make_no_sense_are_told_apart() {
        let author = plan();
        let heads = author.reading().heads();
        let make =
            |id: &str, from, to, heads: &Heads| anchor(author.reading(), &section(id), from, to, heads);
        assert_eq!(make("x", 0, 1, &heads), Err(CannotAnchor::SectionUnknown(section("x"))));
        assert_eq!(make("aims", 9, 9, &heads), Err(CannotAnchor::NoWords { from: 9, to: 9 }));
        assert_eq!(make("aims", 99, 100, &heads), Err(CannotAnchor::NoWords { from: 99, to: 100 }));
        let unknown = vec![ChangeHash([1; 32])];
        assert_eq!(make("aims", 0, 1, &unknown), Err(CannotAnchor::UnknownHeads(UnknownHeads)));
        let good = quoting(&author, "Equal");
        for cursor in ["", "s", "e", "@", "1@", "1@zz", "99@01010101010101010101010101010101", "-1@0", "é@01"]
        {
            let bad = Anchor { start: cursor.into(), ..good.clone() };
            assert_eq!(quote(author.reading(), &bad), Ok(None), "{cursor}");
            assert_eq!(resolve(author.reading(), &bad, &heads).unwrap().state, AnchorState::Deleted);
        }
        let bad = Anchor { start: good.end.clone(), end: good.start.clone(), ..good };
        assert_eq!(quote(author.reading(), &bad), Ok(None), "the end before the start");
    }
}
