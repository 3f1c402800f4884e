//! A section's text as a sequence of elements, each with what it holds: for comparing two states, and for
//! finding words again.

use super::blocks::{Marks, read_marks};
use super::element::Element;
use super::text::{Span, is_hidden};

/// The elements of one state of a text.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// All characters, with a placeholder for each block marker.
    text: String,
    pub(super) atoms: Vec<Atom>,
    pub(super) marks: Vec<Marks>,
}

/// One element with its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Atom {
    /// What [`Element::name`] says.
    pub(super) name: (u64, u32),
    /// Its place in the section's text, in UTF-16 code units.
    pub(super) at: usize,
    pub(super) width: usize,
    /// Bytes of `text`.
    from: usize,
    to: usize,
    pub(super) holds: Holds,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Marker,
    /// A character, with the number of its marks in [`Sequence::marks`].
    Text(usize),
}

impl Sequence {
    /// Spans and elements of the same text.
    pub(super) fn new(spans: &[Span], elements: &[Element]) -> Self {
        let mut sequence = Self::default();
        let mut rest = elements.iter();
        let mut at = 0;
        for span in spans {
            match span {
                Span::Block { .. } => {
                    let Some(element) = rest.next() else { return sequence };
                    sequence.push(element, at, "\u{FFFC}", Holds::Marker);
                    at += 1;
                }
                Span::Text { value, marks } => {
                    let number = sequence.marks.len();
                    sequence.marks.push(read_marks(marks));
                    let mut text = value.as_str();
                    while !text.is_empty() {
                        let Some(element) = rest.next() else { return sequence };
                        let (own, others) = text.split_at(bytes_of(text, element.width as usize));
                        sequence.push(element, at, own, Holds::Text(number));
                        at += element.width as usize;
                        text = others;
                    }
                }
            }
        }
        sequence
    }

    fn push(&mut self, element: &Element, at: usize, text: &str, holds: Holds) {
        let from = self.text.len();
        self.text.push_str(text);
        let (name, width) = (element.name(), element.width as usize);
        self.atoms.push(Atom { name, at, width, from, to: self.text.len(), holds });
    }

    /// The characters of an element.
    pub(super) fn text(&self, atom: &Atom) -> &str {
        &self.text[atom.from..atom.to]
    }

    /// The words of a stretch of elements as they are shown: a line break for each block marker inside it.
    pub(super) fn words(&self, atoms: &[Atom]) -> String {
        let mut words = String::new();
        for (number, atom) in atoms.iter().enumerate() {
            match atom.holds {
                Holds::Marker if number > 0 => words.push('\n'),
                Holds::Marker => {}
                Holds::Text(_) => words.extend(self.text(atom).chars().filter(|c| !is_hidden(*c))),
            }
        }
        words
    }
}

/// How many bytes take up this many UTF-16 code units: at least one character.
fn bytes_of(text: &str, width: usize) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= width && at > 0 {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}
