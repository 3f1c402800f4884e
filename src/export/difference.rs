//! What became different between two states of a plan: sections and blocks by their ids, the words inside a
//! block by comparing them.
//!
//! A word that was only lengthened or shortened is marked where it was, not as a whole: at the pace of single
//! keystrokes that is nearly every change.

use std::{collections::HashMap, hash::Hash, ops::Range};

use unicode_segmentation::UnicodeSegmentation as _;

use super::passage::{Fate, Part, Passage, Piece, parts};
use crate::{
    document::{PlanState, SectionState},
    domain::PersonId,
};

/// Two blocks with more pairs of words than this (2,000 words against 2,000) are compared as wholes where
/// their middles differ.
const MOST_PAIRS: usize = 4_000_000;

/// The later state, with what came and went. `by`: the only person who wrote between the two, if it was only
/// one; otherwise what came is put down to who wrote it, and what went to nobody.
pub(super) fn difference(from: &PlanState, to: &PlanState, by: Option<&PersonId>) -> Vec<Part> {
    let moved = moved(from, to);
    let merged = merge(parts(from), parts(to), |part| part.id.clone());
    merged
        .into_iter()
        .map(|pair| match pair {
            Pair::Gone(part) => whole(part, Fate::Deleted, by),
            Pair::Come(part) => whole(part, Fate::Inserted, by),
            Pair::Both(old, new) => {
                let moved = moved.contains(&new.id);
                let passages = merge(old.passages, new.passages, |passage| passage.id.clone());
                let passages = passages.into_iter().map(|pair| passage(pair, by)).collect();
                Part { moved, passages, ..new }
            }
        })
        .collect()
}

/// The sections that were given another parent or another place among their siblings.
fn moved(from: &PlanState, to: &PlanState) -> Vec<crate::domain::SectionId> {
    let place = |section: &SectionState| (section.parent.clone(), section.order.clone());
    let before: HashMap<_, _> = from.sections.iter().map(|section| (&section.id, place(section))).collect();
    let elsewhere =
        |section: &&SectionState| before.get(&section.id).is_some_and(|was| *was != place(section));
    to.sections.iter().filter(elsewhere).map(|section| section.id.clone()).collect()
}

enum Pair<T> {
    Gone(T),
    Come(T),
    Both(T, T),
}

/// The new things in their order; what is gone stands behind what it stood behind.
fn merge<T, K: Eq + Hash>(old: Vec<T>, new: Vec<T>, key: impl Fn(&T) -> K) -> Vec<Pair<T>> {
    let places: HashMap<K, usize> =
        new.iter().enumerate().map(|(index, thing)| (key(thing), index)).collect();
    let mut matched: Vec<Option<T>> = new.iter().map(|_| None).collect();
    // What is gone, by the place of the new thing before it; 0: before all.
    let mut gone: Vec<Vec<T>> = (0..=new.len()).map(|_| Vec::new()).collect();
    let mut behind = 0;
    for thing in old {
        match places.get(&key(&thing)) {
            Some(&place) => {
                behind = place + 1;
                matched[place] = Some(thing);
            }
            None => gone[behind].push(thing),
        }
    }
    let mut gone = gone.into_iter();
    let mut merged: Vec<Pair<T>> = gone.next().into_iter().flatten().map(Pair::Gone).collect();
    for ((thing, was), gone) in new.into_iter().zip(matched).zip(gone) {
        merged.push(match was {
            Some(was) => Pair::Both(was, thing),
            None => Pair::Come(thing),
        });
        merged.extend(gone.into_iter().map(Pair::Gone));
    }
    merged
}

fn whole(mut part: Part, fate: Fate, by: Option<&PersonId>) -> Part {
    part.fate = fate;
    part.passages = part.passages.into_iter().map(|passage| whole_passage(passage, fate, by)).collect();
    part
}

fn whole_passage(mut passage: Passage, fate: Fate, by: Option<&PersonId>) -> Passage {
    passage.fate = fate;
    passage.pieces = passage.pieces.into_iter().map(|piece| fated(piece, fate, by)).collect();
    passage
}

fn fated(piece: Piece, fate: Fate, by: Option<&PersonId>) -> Piece {
    let person = match fate {
        Fate::Kept => piece.person,
        Fate::Inserted => by.cloned().or(piece.person),
        Fate::Deleted => by.cloned(),
    };
    Piece { person, fate, ..piece }
}

fn passage(pair: Pair<Passage>, by: Option<&PersonId>) -> Passage {
    let (old, new) = match pair {
        Pair::Gone(passage) => return whole_passage(passage, Fate::Deleted, by),
        Pair::Come(passage) => return whole_passage(passage, Fate::Inserted, by),
        Pair::Both(old, new) => (old, new),
    };
    let (before, after) = (text(&old.pieces), text(&new.pieces));
    let mut pieces = Vec::new();
    let mut reshaped = old.kind != new.kind || old.attrs != new.attrs;
    for step in steps(&before, &after) {
        match step {
            Step::Kept(was, is) => {
                let kept = slice(&new.pieces, is);
                reshaped |= !alike(&slice(&old.pieces, was), &kept);
                pieces.extend(kept);
            }
            Step::Deleted(was) => {
                pieces.extend(slice(&old.pieces, was).into_iter().map(|p| fated(p, Fate::Deleted, by)));
            }
            Step::Inserted(is) => {
                pieces.extend(slice(&new.pieces, is).into_iter().map(|p| fated(p, Fate::Inserted, by)));
            }
        }
    }
    Passage { pieces, reshaped, ..new }
}

fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Do the same words bear the same marks, wherever their pieces are cut?
fn alike(a: &[Piece], b: &[Piece]) -> bool {
    let marked = |pieces: &[Piece]| -> Vec<(crate::document::Marks, String)> {
        let runs = pieces.chunk_by(|a, b| a.marks == b.marks);
        runs.map(|run| (run[0].marks.clone(), text(run))).collect()
    };
    marked(a) == marked(b)
}

/// The pieces of a range of bytes that begins and ends at characters.
fn slice(pieces: &[Piece], range: Range<usize>) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = 0;
    for piece in pieces {
        let (from, to) = (range.start.max(at), range.end.min(at + piece.text.len()));
        if from < to {
            found.push(Piece { text: piece.text[from - at..to - at].to_owned(), ..piece.clone() });
        }
        at += piece.text.len();
    }
    found
}

/// A step from one text to the other: ranges of bytes in the old, in the new, or in both.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Kept(Range<usize>, Range<usize>),
    Deleted(Range<usize>),
    Inserted(Range<usize>),
}

/// The way from one text to the other, word by word.
fn steps(old: &str, new: &str) -> Vec<Step> {
    let olds: Vec<&str> = old.split_word_bounds().collect();
    let news: Vec<&str> = new.split_word_bounds().collect();
    let start = olds.iter().zip(&news).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&olds[start..], &news[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let mut path = Path::default();
    olds[..start].iter().for_each(|word| path.keep(word.len()));
    path.middle(old_middle, new_middle);
    old_rest[old_rest.len() - end..].iter().for_each(|word| path.keep(word.len()));
    path.close();
    path.steps
}

/// Gathers steps; what goes and what comes at one place is held back until it is known where it ends.
#[derive(Default)]
struct Path {
    steps: Vec<Step>,
    /// Where the walk stands in the old and in the new text.
    old: usize,
    new: usize,
    gone: usize,
    come: usize,
}

impl Path {
    fn keep(&mut self, length: usize) {
        self.close();
        let (was, is) = (self.old..self.old + length, self.new..self.new + length);
        match self.steps.last_mut() {
            Some(Step::Kept(before_was, before_is)) => {
                before_was.end = was.end;
                before_is.end = is.end;
            }
            _ => self.steps.push(Step::Kept(was, is)),
        }
        self.old += length;
        self.new += length;
    }

    /// Writes down what was held back: first what went, then what came.
    fn close(&mut self) {
        let (gone, come) = (std::mem::take(&mut self.gone), std::mem::take(&mut self.come));
        if gone > 0 {
            self.steps.push(Step::Deleted(self.old..self.old + gone));
            self.old += gone;
        }
        if come > 0 {
            self.steps.push(Step::Inserted(self.new..self.new + come));
            self.new += come;
        }
    }

    fn middle(&mut self, old: &[&str], new: &[&str]) {
        if self.lengthened(&old.concat(), &new.concat()) {
            return;
        }
        if old.len() * new.len() > MOST_PAIRS {
            self.gap(old, new);
        } else {
            self.by_words(old, new);
        }
    }

    /// Where one text with a gap in it is the other, a word was lengthened or shortened: true, and written down.
    fn lengthened(&mut self, old: &str, new: &str) -> bool {
        let same = |(a, b): &(char, char)| a == b;
        let bytes =
            |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.map(|(c, _)| c.len_utf8()).sum::<usize>();
        let front = bytes(&mut old.chars().zip(new.chars()).take_while(same));
        let (old_tail, new_tail) = (&old[front..], &new[front..]);
        let back = bytes(&mut old_tail.chars().rev().zip(new_tail.chars().rev()).take_while(same));
        if back < old_tail.len() && back < new_tail.len() {
            return false;
        }
        if front > 0 {
            self.keep(front);
        }
        self.gone += old_tail.len() - back;
        self.come += new_tail.len() - back;
        if back > 0 {
            self.keep(back);
        }
        true
    }

    /// The longest common row of words, by the table of all pairs.
    fn by_words(&mut self, old: &[&str], new: &[&str]) {
        let width = new.len() + 1;
        let mut longest = vec![0u32; (old.len() + 1) * width];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                longest[i * width + j] = if old[i] == new[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        let (mut gap_i, mut gap_j) = (0, 0);
        while i < old.len() && j < new.len() {
            if old[i] == new[j] {
                self.gap(&old[gap_i..i], &new[gap_j..j]);
                self.keep(old[i].len());
                (i, j) = (i + 1, j + 1);
                (gap_i, gap_j) = (i, j);
            } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        self.gap(&old[gap_i..], &new[gap_j..]);
    }

    fn gap(&mut self, old: &[&str], new: &[&str]) {
        let length = |words: &[&str]| words.iter().map(|word| word.len()).sum::<usize>();
        if old.len() == 1 && new.len() == 1 && self.lengthened(old[0], new[0]) {
            return;
        }
        self.gone += length(old);
        self.come += length(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kept[-gone-]{+come+}`
    fn show(old: &str, new: &str) -> String {
        let steps = steps(old, new).into_iter().map(|step| match step {
            Step::Kept(was, is) => {
                assert_eq!(old[was], new[is.clone()]);
                new[is].to_owned()
            }
            Step::Deleted(was) => format!("[-{}-]", &old[was]),
            Step::Inserted(is) => format!("{{+{}+}}", &new[is]),
        });
        steps.collect()
    }

    #[test]
    fn words_are_compared() {
        let table = [
            ("", "", ""),
            ("same words", "same words", "same words"),
            ("", "new words", "{+new words+}"),
            ("old words", "", "[-old words-]"),
            ("one two", "one and two", "one {+and +}two"),
            ("one and two", "one two", "one [-and -]two"),
            ("we support them", "we help them", "we [-support-]{+help+} them"),
            ("a wor", "a word", "a wor{+d+}"),
            ("a word", "a wor", "a wor[-d-]"),
            ("a wrd here", "a word here", "a w{+o+}rd here"),
            ("grün", "grüne", "grün{+e+}"),
            ("a 😀", "a 😀😀", "a 😀{+😀+}"),
            (
                "The office stays small, and open.",
                "An office stays lean, and open to all.",
                "[-The-]{+An+} office stays [-small-]{+lean+}, and open{+ to all+}.",
            ),
        ];
        for (old, new, expected) in table {
            assert_eq!(show(old, new), expected, "{old:?} to {new:?}");
        }
    }

    #[test]
    fn what_is_gone_stands_where_it_stood() {
        let merged = merge(vec![1, 2, 3, 4], vec![5, 2, 6, 4], |thing| *thing);
        let shown: Vec<String> = merged
            .into_iter()
            .map(|pair| match pair {
                Pair::Gone(thing) => format!("-{thing}"),
                Pair::Come(thing) => format!("+{thing}"),
                Pair::Both(_, thing) => thing.to_string(),
            })
            .collect();
        assert_eq!(shown, ["-1", "+5", "2", "-3", "+6", "4"]);
    }
}
