//! A section's text as flat blocks. The function is total: whatever a peer has put into the document, it
//! yields blocks with which reading, comparing and citing can work. The web client has the same function;
//! `tests/golden/blocks` keeps both in step.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::{Span, is_hidden, utf16_len};
use crate::domain::ProvisionId;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockType {
    SectionHeading,
    Paragraph,
    Heading,
    UnorderedListItem,
    OrderedListItem,
    Blockquote,
    Table,
}

impl BlockType {
    /// The marker's `type`; unknown or none: a paragraph.
    fn of(marker: &Value) -> Self {
        match marker.get("type").and_then(Value::as_str) {
            Some("section-heading") => Self::SectionHeading,
            Some("heading") => Self::Heading,
            Some("unordered-list-item") => Self::UnorderedListItem,
            Some("ordered-list-item") => Self::OrderedListItem,
            Some("blockquote") => Self::Blockquote,
            Some("table") => Self::Table,
            _ => Self::Paragraph,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SectionHeading => "section-heading",
            Self::Paragraph => "paragraph",
            Self::Heading => "heading",
            Self::UnorderedListItem => "unordered-list-item",
            Self::OrderedListItem => "ordered-list-item",
            Self::Blockquote => "blockquote",
            Self::Table => "table",
        }
    }
}

/// What a block has beside its type and its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attrs {
    /// Of a heading: 2 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// Of a list item: 0 to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indent: Option<u8>,
}

/// Where a stretch of text leads to: `http`, `https` or `mailto`, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    pub href: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The marks of a stretch of text, outermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marks {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strong: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub em: bool,
}

/// Characters of a block that bear the same marks: never empty, and never beside a run with the same marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub text: String,
    #[serde(flatten)]
    pub marks: Marks,
}

/// One provision as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The provision's id; with `~2`, `~3`… behind it where an earlier block has the same.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: BlockType,
    pub attrs: Attrs,
    /// What is shown; a line feed is a line break.
    pub text: String,
    pub runs: Vec<Run>,
    /// No marker in the document stands for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied: bool,
    /// Its id is not the one in the document, since an earlier block has that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub derived: bool,
    /// Where its first character stands (or would stand) in the section's text, in UTF-16 code units.
    #[serde(skip)]
    pub start: usize,
    /// How many code units of the section's text are its own. More than `text` has where characters that are
    /// never shown stand in the document.
    #[serde(skip)]
    pub len: usize,
}

/// The blocks of one section: a section heading, then whatever the text holds. Never empty.
pub fn normalise(section: &str, spans: &[Span]) -> Vec<Block> {
    let mut blocks = read_blocks(section, spans);
    Duplicates::default().rename(&mut blocks);
    blocks
}

/// Counts the provision ids of a plan, in reading order, so that each stands for one block only.
#[derive(Debug, Default)]
pub struct Duplicates(HashMap<String, usize>);

impl Duplicates {
    /// Gives the second block of an id `~2` behind it, the third `~3`.
    pub fn rename(&mut self, blocks: &mut [Block]) {
        for block in blocks {
            let count = self.0.entry(block.id.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                block.id = format!("{}~{count}", block.id);
                block.derived = true;
            }
        }
    }
}

/// Like [`normalise`], with ids that may occur more than once.
pub(super) fn read_blocks(section: &str, spans: &[Span]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lead: Option<Block> = None;
    let mut offset = 0;
    for span in spans {
        let width = span.width();
        match span {
            Span::Block { value } => blocks.push(read_marker(section, blocks.len(), value, offset + 1)),
            Span::Text { value, marks } => {
                let block = match blocks.last_mut() {
                    Some(block) => block,
                    None if value.is_empty() => continue,
                    None => lead.get_or_insert_with(|| implied(section, "lead", BlockType::Paragraph)),
                };
                block.len += width;
                push_text(&mut block.runs, value, marks);
            }
        }
        offset += width;
    }
    if blocks.first().is_none_or(|first| first.kind != BlockType::SectionHeading) {
        blocks.insert(0, implied(section, "heading", BlockType::SectionHeading));
    }
    if let Some(lead) = lead {
        blocks.insert(1, lead);
    }
    for block in &mut blocks[1..] {
        if block.kind == BlockType::SectionHeading {
            block.kind = BlockType::Heading;
            block.attrs.level = Some(2);
        }
    }
    for block in &mut blocks {
        block.text = block.runs.iter().map(|run| run.text.as_str()).collect();
    }
    blocks
}

fn implied(section: &str, what: &str, kind: BlockType) -> Block {
    Block {
        id: format!("{section}-{what}"),
        kind,
        attrs: Attrs::default(),
        text: String::new(),
        runs: Vec::new(),
        implied: true,
        derived: false,
        start: 0,
        len: 0,
    }
}

fn read_marker(section: &str, ordinal: usize, marker: &Value, start: usize) -> Block {
    let kind = BlockType::of(marker);
    let attr = |name: &str| marker.get("attrs").and_then(|attrs| attrs.get(name));
    let id = attr("id").and_then(Value::as_str).filter(|id| ProvisionId::new(*id).is_ok());
    let attrs = match kind {
        BlockType::Heading => Attrs { level: Some(whole(attr("level"), 2, 4)), indent: None },
        BlockType::UnorderedListItem | BlockType::OrderedListItem => {
            Attrs { level: None, indent: Some(whole(attr("indent"), 0, 8)) }
        }
        BlockType::SectionHeading | BlockType::Paragraph | BlockType::Blockquote | BlockType::Table => {
            Attrs::default()
        }
    };
    Block {
        id: id.map_or_else(|| format!("{section}-{ordinal}"), str::to_owned),
        kind,
        attrs,
        text: String::new(),
        runs: Vec::new(),
        implied: false,
        derived: false,
        start,
        len: 0,
    }
}

/// A whole number, brought into the range; anything else is the least. JavaScript has but one kind of number,
/// so 3.0 is as whole as 3.
fn whole(value: Option<&Value>, least: u8, most: u8) -> u8 {
    match value.and_then(Value::as_f64) {
        // In range and whole, so the conversion loses nothing.
        Some(number) if number.fract() == 0.0 => number.clamp(f64::from(least), f64::from(most)) as u8,
        _ => least,
    }
}

/// Adds what is shown of a text, joined to the run before it where the marks are the same.
fn push_text(runs: &mut Vec<Run>, value: &str, marks: &BTreeMap<String, Value>) {
    let text: String = if value.contains(is_hidden) {
        value.chars().filter(|c| !is_hidden(*c)).collect()
    } else {
        value.into()
    };
    if text.is_empty() {
        return;
    }
    let marks = read_marks(marks);
    match runs.last_mut() {
        Some(last) if last.marks == marks => last.text.push_str(&text),
        _ => runs.push(Run { text, marks }),
    }
}

pub(super) fn read_marks(marks: &BTreeMap<String, Value>) -> Marks {
    let is_true = |name| marks.get(name).is_some_and(|value| *value == Value::Bool(true));
    Marks { link: marks.get("link").and_then(read_link), strong: is_true("strong"), em: is_true("em") }
}

/// A link that a reader may safely follow, or none.
fn read_link(mark: &Value) -> Option<Link> {
    const SCHEMES: [&str; 3] = ["http:", "https:", "mailto:"];
    let link: Value = serde_json::from_str(mark.as_str()?).ok()?;
    let href = trim(link.get("href")?.as_str()?);
    let safe = SCHEMES
        .iter()
        .any(|scheme| href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if !safe || utf16_len(href) > 2048 {
        return None;
    }
    let title = link.get("title").and_then(Value::as_str).filter(|title| !title.is_empty());
    Some(Link { href: href.into(), title: title.map(str::to_owned) })
}

/// White space off both ends, by JavaScript's list of it: Unicode's, with the byte order mark and without
/// the "next line" character.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{FEFF}')
}
