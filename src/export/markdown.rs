//! The plan as Markdown (CommonMark), for those who go on with it elsewhere.

use super::passage::{Part, Passage, Piece, parts};
use crate::document::{Item, List, Marks, Node, PlanState};

/// The whole plan. Headings start at level 1, with the title.
pub fn plan(state: &PlanState) -> String {
    let mut blocks = vec![format!("# {}", one_line(&escape(&state.title)))];
    for part in parts(state) {
        let section = Section { part: &part };
        blocks.extend(part.tree().iter().filter_map(|node| section.node(node)));
    }
    blocks.join("\n\n") + "\n"
}

struct Section<'a> {
    part: &'a Part,
}

impl Section<'_> {
    /// None for a block without words.
    fn node(&self, node: &Node) -> Option<String> {
        match node {
            Node::SectionHeading { id, .. } => self.heading(self.part.depth + 2, id),
            Node::Heading { level, id, .. } => self.heading(self.part.depth + 1 + usize::from(*level), id),
            Node::Paragraph { id, .. } | Node::Table { id, .. } => self.words(id).map(|words| guard(&words)),
            Node::Blockquote { id, .. } => Some(prefix(&guard(&self.words(id)?), "> ", "> ")),
            Node::List(list) => Some(self.list(list)),
        }
    }

    fn heading(&self, level: usize, id: &str) -> Option<String> {
        Some(format!("{} {}", "#".repeat(level.min(6)), one_line(&self.words(id)?)))
    }

    fn list(&self, list: &List) -> String {
        let items = list.items.iter().enumerate().map(|(index, item)| {
            let marker = if list.ordered { format!("{}. ", index + 1) } else { "- ".to_owned() };
            let indent = " ".repeat(marker.len());
            prefix(&self.item(item), &marker, &indent)
        });
        items.collect::<Vec<_>>().join("\n")
    }

    fn item(&self, item: &Item) -> String {
        let words = self.words(&item.id).map(|words| guard(&words)).unwrap_or_default();
        let children = item.children.iter().filter_map(|child| self.node(child));
        std::iter::once(words).chain(children).collect::<Vec<_>>().join("\n")
    }

    fn words(&self, id: &str) -> Option<String> {
        let passage: &Passage = self.part.passages.iter().find(|passage| passage.id == id)?;
        let words: String = passage.pieces.chunk_by(|a, b| a.marks == b.marks).map(run).collect();
        (!words.trim().is_empty()).then(|| words.trim().to_owned())
    }
}

/// Pieces with the same marks.
fn run(pieces: &[Piece]) -> String {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    // Emphasis must not begin or end with white space: it stays outside.
    let core = text.trim();
    if core.is_empty() {
        return escape(&text);
    }
    let start = text.len() - text.trim_start().len();
    let (before, after) = (&text[..start], &text[start + core.len()..]);
    let Marks { link, strong, em } = &pieces[0].marks;
    let mut words = escape(core);
    if *em {
        words = format!("*{words}*");
    }
    if *strong {
        words = format!("**{words}**");
    }
    if let Some(link) = link {
        let title = link
            .title
            .as_ref()
            .map(|title| format!(" \"{}\"", title.replace('\\', "\\\\").replace('"', "\\\"")));
        let href = link.href.replace('<', "%3C").replace('>', "%3E").replace('\n', "%0A");
        words = format!("[{words}](<{href}>{})", title.unwrap_or_default());
    }
    format!("{}{words}{}", escape(before), escape(after))
}

/// What would be read as markup, made plain; a line feed becomes a hard break.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' => out.extend(['\\', c]),
            '\n' => out.push_str("\\\n"),
            _ => out.push(c),
        }
    }
    out
}

/// Words at the start of a line that would make it a heading, a list or a rule.
fn guard(words: &str) -> String {
    let guarded = words.split('\n').map(|line| {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        match line.as_bytes().get(digits) {
            Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
            Some(b'#' | b'+' | b'-' | b'=') if digits == 0 => format!("\\{line}"),
            _ => line.trim_start().to_owned(),
        }
    });
    guarded.collect::<Vec<_>>().join("\n")
}

fn one_line(words: &str) -> String {
    words.replace("\\\n", " ")
}

/// Puts one prefix before the first line and another before the rest.
fn prefix(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (index, line) in text.split('\n').enumerate() {
        match index {
            0 => out.push_str(first),
            _ => {
                out.push('\n');
                // No white space at the end of an empty line.
                out.push_str(if line.is_empty() { rest.trim_end() } else { rest });
            }
        }
        out.push_str(line);
    }
    out
}
