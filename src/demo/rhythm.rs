//! How people type: in words, phrases or characters, with slips, second thoughts and pauses. The same every
//! time, since the only chance in it is a generator with a fixed seed.

use super::diary::{Session, Task};
use super::people::Part;
use super::text::{Atom, Kind, Mark, Revision, utf16_len};
use crate::document::BlockType;

/// SplitMix64: small, and good enough for pauses.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to and without `high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low).max(1) as u64) as i64
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}

/// One movement of a hand, about atoms rather than places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// Take in what the others have written.
    Pull,
    Lay {
        parent: Option<usize>,
        after: Option<usize>,
    },
    Place {
        parent: Option<usize>,
        after: Option<usize>,
    },
    Remove,
    /// The atom grows to `to` units: `text` is what is added.
    Grow {
        atom: usize,
        text: String,
    },
    /// Something that should not be there is typed behind the atom.
    Slip {
        atom: usize,
        text: String,
    },
    /// And taken away again.
    Mend {
        atom: usize,
    },
    /// The atom shrinks by so many units.
    Shrink {
        atom: usize,
        by: usize,
    },
    Set {
        atom: usize,
        mark: Mark,
    },
}

/// A deed with its time, in milliseconds since the beginning of day 0.
#[derive(Debug, Clone)]
pub(super) struct Stroke {
    pub(super) at: i64,
    pub(super) by: Part,
    /// Which session, by its place in the diary.
    pub(super) session: usize,
    pub(super) section: usize,
    pub(super) deed: Deed,
}

/// Small things that are begun and taken back.
const SECOND_THOUGHTS: [&str; 6] =
    ["in order to ", "and also ", "as we know, ", "very ", "it should ", "which "];

/// The hand of one person in one session.
pub(super) struct Hand<'a> {
    session: usize,
    by: Part,
    now: i64,
    chance: Chance,
    texts: &'a [Vec<Atom>],
    index_of: &'a dyn Fn(&str) -> usize,
    strokes: Vec<Stroke>,
}

/// Everything done in one session, in order.
pub(super) fn session(
    number: usize,
    session: &Session,
    texts: &[Vec<Atom>],
    index_of: &dyn Fn(&str) -> usize,
) -> Vec<Stroke> {
    let mut hand = Hand {
        session: number,
        by: session.by,
        now: session.at.seconds() * 1000,
        chance: Chance::new(number as u64 + 1),
        texts,
        index_of,
        strokes: Vec::new(),
    };
    hand.now += hand.chance.between(3_000, 50_000);
    hand.push(0, Deed::Pull);
    for task in session.tasks {
        hand.task(*task);
    }
    hand.strokes
}

impl Hand<'_> {
    fn push(&mut self, section: usize, deed: Deed) {
        self.strokes.push(Stroke { at: self.now, by: self.by, session: self.session, section, deed });
    }

    fn pause(&mut self, low: i64, high: i64) {
        self.now += self.chance.between(low, high);
    }

    fn task(&mut self, task: Task) {
        let find = |id: &str| (!id.is_empty()).then(|| (self.index_of)(id));
        self.now += 2_000;
        match task {
            Task::Lay(id, parent, after) => {
                let deed = Deed::Lay { parent: find(parent), after: find(after) };
                let section = (self.index_of)(id);
                self.pause(4_000, 15_000);
                self.push(section, deed);
                self.write(section, 0);
            }
            Task::Write(id, revision) => self.write((self.index_of)(id), revision),
            Task::Place(id, parent, after) => {
                let deed = Deed::Place { parent: find(parent), after: find(after) };
                let section = (self.index_of)(id);
                self.pause(5_000, 20_000);
                self.push(section, deed);
            }
            Task::Remove(id) => {
                let section = (self.index_of)(id);
                self.pause(5_000, 20_000);
                self.push(section, Deed::Remove);
            }
        }
    }

    /// Goes through the section's file from the top and does what the revision asks for.
    fn write(&mut self, section: usize, revision: Revision) {
        let texts = self.texts;
        let atoms = &texts[section];
        // The marker of a block that goes is taken out after its words, or they would be glued to the block
        // before.
        let mut going: Option<usize> = None;
        // Marks are set when the next block was begun: a bold end grows with what is typed behind it.
        let mut to_set: Vec<(usize, Mark)> = Vec::new();
        let mut last_touched = None;
        for (number, atom) in atoms.iter().enumerate() {
            if atom.is_block() {
                if let Some(marker) = going.take() {
                    self.pause(400, 1_500);
                    self.push(section, Deed::Shrink { atom: marker, by: 1 });
                }
                if atom.dies == Some(revision) {
                    going = Some(number);
                }
            }
            if atom.dies == Some(revision) && !atom.is_block() {
                self.look_for(&mut last_touched, number);
                self.erase(section, number, atom.len());
            }
            if atom.born == revision {
                self.look_for(&mut last_touched, number);
                self.grow(section, number, atom);
                if atom.is_block() {
                    self.set(section, &mut to_set);
                }
            }
            let due = atom.marks.iter().filter(|(when, _)| *when == revision);
            to_set.extend(due.map(|(_, mark)| (number, mark.clone())));
        }
        if let Some(marker) = going {
            self.push(section, Deed::Shrink { atom: marker, by: 1 });
        }
        self.set(section, &mut to_set);
    }

    /// Going on where one was takes a moment; going elsewhere in the text takes reading.
    fn look_for(&mut self, last: &mut Option<usize>, atom: usize) {
        match last.replace(atom) {
            Some(last) if last + 1 == atom => self.pause(500, 2_500),
            _ => self.pause(6_000, 45_000),
        }
    }

    fn set(&mut self, section: usize, marks: &mut Vec<(usize, Mark)>) {
        for (atom, mark) in marks.drain(..) {
            self.pause(1_200, 4_000);
            self.push(section, Deed::Set { atom, mark });
        }
    }

    /// A selection is deleted at once; a few words at the end are often eaten up one by one.
    fn erase(&mut self, section: usize, atom: usize, len: usize) {
        let Kind::Words(words) = &self.texts[section][atom].kind else { return };
        if len > 40 || self.chance.one_in(3) {
            self.pause(800, 3_000);
            self.push(section, Deed::Shrink { atom, by: len });
            return;
        }
        for word in words.split_inclusive(' ').rev() {
            self.pause(250, 700);
            self.push(section, Deed::Shrink { atom, by: utf16_len(word) });
        }
    }

    fn grow(&mut self, section: usize, atom: usize, what: &Atom) {
        match &what.kind {
            // A section comes with its heading's block.
            Kind::Block(block) if block.kind == BlockType::SectionHeading => {}
            Kind::Block(_) => {
                self.pause(2_000, 14_000);
                self.push(section, Deed::Grow { atom, text: String::new() });
            }
            Kind::Words(words) => self.type_words(section, atom, words),
        }
    }

    fn type_words(&mut self, section: usize, atom: usize, words: &str) {
        let mut rest = words;
        while !rest.is_empty() {
            let spelled = match self.by {
                Part::Member2 => self.chance.one_in(9),
                Part::Member1 => self.chance.one_in(14),
                _ => self.chance.one_in(24),
            };
            let many = match self.by {
                Part::Secretariat => self.chance.between(1, 4),
                Part::Consultant => self.chance.between(1, 3),
                _ => 1,
            };
            let (piece, after) = split_words(rest, if spelled { 2 } else { many });
            rest = after;
            if spelled {
                self.spell(section, atom, piece);
            } else {
                self.slip(section, atom, piece);
                self.pause(330, 700);
                self.now += 110 * utf16_len(piece) as i64;
                self.push(section, Deed::Grow { atom, text: piece.to_owned() });
            }
            if piece.ends_with([',', ';']) || piece.ends_with(", ") {
                self.pause(300, 1_800);
            } else if piece.trim_end().ends_with(['.', '?', ':']) {
                self.pause(1_500, 11_000);
                if self.chance.one_in(12) {
                    self.pause(20_000, 90_000);
                }
            }
        }
    }

    /// Character by character.
    fn spell(&mut self, section: usize, atom: usize, piece: &str) {
        for c in piece.chars() {
            self.pause(90, 330);
            self.push(section, Deed::Grow { atom, text: c.to_string() });
        }
    }

    /// Now and then the wrong letters, or a thought that is dropped.
    fn slip(&mut self, section: usize, atom: usize, piece: &str) {
        let wrong = if self.chance.one_in(34) {
            let thought = self.chance.between(0, SECOND_THOUGHTS.len() as i64) as usize;
            SECOND_THOUGHTS[thought].to_owned()
        } else if self.chance.one_in(17) {
            let Some(wrong) = swapped(piece) else { return };
            wrong
        } else {
            return;
        };
        self.pause(400, 1_300);
        self.push(section, Deed::Slip { atom, text: wrong });
        self.pause(500, 2_600);
        self.push(section, Deed::Mend { atom });
    }
}

/// The first `many` words with the space behind them, and the rest.
fn split_words(text: &str, many: i64) -> (&str, &str) {
    let mut left = many;
    let mut end = text.len();
    let mut seen_letter = false;
    for (at, c) in text.char_indices() {
        if c != ' ' {
            seen_letter = true;
        } else if seen_letter {
            left -= 1;
            if left == 0 {
                end = at + 1;
                break;
            }
        }
    }
    text.split_at(end)
}

/// The piece with its second and third letter in the wrong order.
fn swapped(piece: &str) -> Option<String> {
    let mut letters: Vec<char> = piece.trim_end().chars().collect();
    if letters.len() < 4 || !letters[..3].iter().all(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    letters.swap(1, 2);
    Some(letters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        assert_eq!(split_words("one two three", 2), ("one two ", "three"));
        assert_eq!(split_words(", and", 1), (", ", "and"));
        assert_eq!(split_words(" and so", 1), (" and ", "so"));
        assert_eq!(split_words("end.", 3), ("end.", ""));
        assert_eq!(swapped("their ").as_deref(), Some("tehir"));
        assert_eq!(swapped("The"), None);
    }
}
