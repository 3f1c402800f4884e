//! The texts of the demonstration: Markdown with the revisions in which each passage came and went.
//!
//! One file is one section. A line is a block: `# ` the section's heading, `## ` and `### ` headings, `- ` and
//! `1. ` list items (two spaces a level), `> ` a quote, anything else a paragraph. `**strong**`, `*emphasis*`
//! and `[words](link)` as usual.
//!
//! `{+2:words}` came with revision 2, `{-3:words}` went with revision 3, and `{+2}` or `{-3}` at the beginning
//! of a line (with a space behind) says so of the whole block. What has no sign came with revision 1; the
//! section's heading with revision 0, when the skeleton was laid out. `{*2:words}` became bold in revision 2.
//!
//! So all words that ever stood in a section stand in its file in one order, and the place of a word at any
//! time is the sum of what stood before it then. Nothing has to be compared to know what a revision did.

use crate::document::{Attrs, BlockType};

/// A revision of one section's text.
pub(super) type Revision = u8;

/// The type and the attributes of a block marker; its id is given by the section and its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockType,
    pub attrs: Attrs,
    pub id: String,
}

/// How words are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    Strong,
    Emphasis,
    Link(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Block(Block),
    Words(String),
}

/// The smallest piece that comes, goes and is set as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub kind: Kind,
    pub born: Revision,
    pub dies: Option<Revision>,
    /// With the revision in which the mark was set.
    pub marks: Vec<(Revision, Mark)>,
}

impl Atom {
    /// UTF-16 code units; a block marker counts one.
    pub(super) fn len(&self) -> usize {
        match &self.kind {
            Kind::Block(_) => 1,
            Kind::Words(words) => utf16_len(words),
        }
    }

    pub(super) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Block(_))
    }

    pub(super) fn stands_at(&self, revision: Revision) -> bool {
        self.born <= revision && self.dies.is_none_or(|dies| revision < dies)
    }
}

pub(super) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// From when to when something stands.
#[derive(Debug, Clone, Copy)]
struct Life {
    born: Revision,
    dies: Option<Revision>,
}

/// Reads a section's file. Block ids are `<section>-b<line>`.
///
/// # Panics
/// On a sign that it does not understand: the files are part of the program.
pub(super) fn parse(section: &str, file: &str) -> Vec<Atom> {
    let mut atoms = Vec::new();
    for (number, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let heading = line.starts_with("# ");
        let mut life = Life { born: Revision::from(!heading), dies: None };
        let mut line = line;
        if let Some((sign, rest)) = line.strip_prefix('{').and_then(|rest| rest.split_once("} "))
            && !sign.contains(':')
        {
            read_sign(sign, &mut life);
            line = rest;
        }
        let (mut block, words) = block(line);
        block.id = format!("{section}-b{}", number + 1);
        atoms.push(Atom { kind: Kind::Block(block), born: life.born, dies: life.dies, marks: Vec::new() });
        Words { life, strong: false, emphasis: false, link: None, atoms: &mut atoms }.read(words);
    }
    atoms
}

/// `+2`, `-3` or `+2-3`.
fn read_sign(sign: &str, life: &mut Life) {
    let mut signs = sign.chars();
    while let (Some(kind), Some(revision)) = (signs.next(), signs.next()) {
        let revision = revision.to_digit(10).map(|digit| digit as Revision);
        match (kind, revision) {
            ('+', Some(revision)) => life.born = revision,
            ('-', Some(revision)) => life.dies = Some(revision),
            _ => panic!("the texts have no sign {sign:?}"),
        }
    }
}

fn block(line: &str) -> (Block, &str) {
    let plain = |kind, level, indent| Block { kind, attrs: Attrs { level, indent }, id: String::new() };
    let trimmed = line.trim_start();
    let indent = Some(((line.len() - trimmed.len()) / 2) as u8);
    if let Some(words) = trimmed.strip_prefix("# ") {
        return (plain(BlockType::SectionHeading, None, None), words);
    }
    for (sign, level) in [("## ", 2), ("### ", 3)] {
        if let Some(words) = trimmed.strip_prefix(sign) {
            return (plain(BlockType::Heading, Some(level), None), words);
        }
    }
    if let Some(words) = trimmed.strip_prefix("- ") {
        return (plain(BlockType::UnorderedListItem, None, indent), words);
    }
    if let Some(words) = trimmed.strip_prefix("> ") {
        return (plain(BlockType::Blockquote, None, None), words);
    }
    if let Some((number, words)) = trimmed.split_once(". ")
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return (plain(BlockType::OrderedListItem, None, indent), words);
    }
    (plain(BlockType::Paragraph, None, None), trimmed)
}

/// The words of one block, read from left to right.
struct Words<'a> {
    life: Life,
    strong: bool,
    emphasis: bool,
    link: Option<String>,
    atoms: &'a mut Vec<Atom>,
}

impl Words<'_> {
    fn read(&mut self, words: &str) {
        let mut rest = words;
        while let Some(at) = rest.find(['{', '*', '[', ']']) {
            self.push(&rest[..at]);
            let here = &rest[at..];
            rest = if let Some(after) = here.strip_prefix("**") {
                self.strong = !self.strong;
                after
            } else if let Some(after) = here.strip_prefix('*') {
                self.emphasis = !self.emphasis;
                after
            } else if let Some(after) = here.strip_prefix('[') {
                let (_, target) = after.split_once("](").expect("a link has its target");
                self.link = target.split_once(')').map(|(target, _)| target.to_owned());
                after
            } else if let Some(after) = here.strip_prefix(']') {
                self.link = None;
                after.split_once(')').expect("a link's target is closed").1
            } else {
                self.signed(&here[1..])
            };
        }
        self.push(rest);
    }

    /// Reads `+2:words}` and gives what follows.
    fn signed<'t>(&mut self, text: &'t str) -> &'t str {
        let (inside, after) = text.split_once('}').expect("a sign is closed");
        let (sign, words) = inside.split_once(':').expect("a sign has words");
        if let Some(revision) = sign.strip_prefix('*') {
            let from = self.atoms.len();
            self.read(words);
            let revision = revision.parse().expect("a revision is a digit");
            self.atoms[from..].iter_mut().for_each(|atom| atom.marks.push((revision, Mark::Strong)));
        } else {
            let outer = self.life;
            read_sign(sign, &mut self.life);
            self.read(words);
            self.life = outer;
        }
        after
    }

    fn push(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let Life { born, dies } = self.life;
        let link = self.link.clone().map(Mark::Link);
        let strong = self.strong.then_some(Mark::Strong);
        let emphasis = self.emphasis.then_some(Mark::Emphasis);
        let marks = link.into_iter().chain(strong).chain(emphasis).map(|mark| (born, mark)).collect();
        self.atoms.push(Atom { kind: Kind::Words(words.to_owned()), born, dies, marks });
    }
}

/// One block of a section at some revision: the marker and its words.
pub(super) fn blocks_at(atoms: &[Atom], revision: Revision) -> Vec<(Block, String)> {
    let mut blocks: Vec<(Block, String)> = Vec::new();
    for atom in atoms.iter().filter(|atom| atom.stands_at(revision)) {
        match &atom.kind {
            Kind::Block(block) => blocks.push((block.clone(), String::new())),
            Kind::Words(words) => blocks.last_mut().expect("a marker comes first").1.push_str(words),
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(file: &str, revision: Revision) -> Vec<String> {
        blocks_at(&parse("s", file), revision).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn words_come_and_go_with_revisions() {
        let file = "# Head\nWe {-2:hope}{+2:expect}{+2-3: firmly} so.\n{+3} - item *one*\n";
        assert_eq!(shown(file, 0), ["Head"]);
        assert_eq!(shown(file, 1), ["Head", "We hope so."]);
        assert_eq!(shown(file, 2), ["Head", "We expect firmly so."]);
        assert_eq!(shown(file, 3), ["Head", "We expect so.", "item one"]);
    }

    #[test]
    fn blocks_and_marks_are_read() {
        let atoms =
            parse("s", "# H\n## Two\n  - in **b** [l](https://x.example/a)\n1. one {*2:late}\n> said\n");
        let kinds: Vec<_> = blocks_at(&atoms, 9)
            .into_iter()
            .map(|(block, _)| (block.id, block.kind.as_str(), block.attrs.level, block.attrs.indent))
            .collect();
        assert_eq!(
            kinds,
            [
                ("s-b1".into(), "section-heading", None, None),
                ("s-b2".into(), "heading", Some(2), None),
                ("s-b3".into(), "unordered-list-item", None, Some(1)),
                ("s-b4".into(), "ordered-list-item", None, Some(0)),
                ("s-b5".into(), "blockquote", None, None),
            ]
        );
        let marked: Vec<_> = atoms.iter().filter(|atom| !atom.marks.is_empty()).collect();
        assert_eq!(marked.len(), 3);
        assert_eq!(marked[0].marks, [(1, Mark::Strong)]);
        assert_eq!(marked[1].marks, [(1, Mark::Link("https://x.example/a".into()))]);
        assert_eq!(marked[2].marks, [(2, Mark::Strong)]);
    }
}
