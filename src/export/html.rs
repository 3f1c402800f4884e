//! The plan as HTML: headings by the depth of sections, lists as lists, and what must not hang on colour
//! said in words: who wrote what, and what was inserted or deleted.

use std::collections::HashMap;

use maud::{DOCTYPE, Markup, html};

use super::{
    Names, changes,
    passage::{Fate, Part, Passage, Piece, diff_parts, parts},
};
use crate::{
    document::{Item, List, Node, PlanDiff, PlanState},
    domain::PersonId,
};

/// How a text is to be shown.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub names: &'a dyn Names,
    /// Say who wrote each passage.
    pub authors: bool,
}

/// In place of the heading of a section that has none: a heading must not be empty.
const NO_HEADING: &str = "Section without a heading";
/// Shorter stretches of one author among another's words are named for ears only: a label would be longer
/// than the words.
const LABEL_FROM: usize = 12;

/// The sections of a plan, each after the one above it. The headings start at level 2.
pub fn plan(state: &PlanState, look: &Look<'_>) -> Markup {
    sections(&parts(state), look)
}

/// What became different between two states.
pub struct Difference {
    /// In sentences, with links to the places; none where nothing did.
    pub changes: Option<Markup>,
    /// The later text, with what came and what went marked.
    pub text: Markup,
}

/// The later state, and its difference from the earlier. `by`: the only person who wrote between the two, where
/// it was only one.
pub fn difference(state: &PlanState, diff: &PlanDiff, by: Option<&PersonId>, look: &Look<'_>) -> Difference {
    let parts = diff_parts(state, diff, by);
    let found = changes::changes(&parts, by);
    let changes = (!found.is_empty()).then(|| changes::list(&found, look.names));
    Difference { changes, text: sections(&parts, look) }
}

/// Links to the sections, nested as these are. Empty where the plan is.
pub fn outline(state: &PlanState) -> Markup {
    let parts = parts(state);
    html! { @if !parts.is_empty() { (outline_at(&parts, 0)) } }
}

/// A whole document for keeping or sending on. `styles`: addresses of style sheets.
pub fn document(title: &str, styles: &[String], body: &Markup) -> Markup {
    let body = html! { main.page { article.reading { h1 { (title) } (body) } } };
    page(title, styles, None, &body)
}

/// What every page has around its body. `styles`, `script`: addresses.
pub fn page(title: &str, styles: &[String], script: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                @for style in styles { link rel="stylesheet" href=(style); }
                @if let Some(script) = script { script type="module" src=(script) {} }
            }
            body { (body) }
        }
    }
}

/// The element id of a section.
pub fn section_anchor(section: &str) -> String {
    format!("s-{section}")
}

/// The element id of a provision.
pub fn provision_anchor(provision: &str) -> String {
    format!("p-{provision}")
}

/// `depth` is that of the list, which may be more than one below the first part where a parent is removed.
fn outline_at(parts: &[Part], depth: usize) -> Markup {
    html! {
        ol {
            @for (part, below) in siblings(parts, depth) {
                li {
                    a href={ "#" (section_anchor(part.id.as_str())) } { (heading_or_placeholder(part)) }
                    @if !below.is_empty() { (outline_at(below, depth + 1)) }
                }
            }
        }
    }
}

/// Each part of the depth (or less) with the deeper ones that follow it.
fn siblings(parts: &[Part], depth: usize) -> Vec<(&Part, &[Part])> {
    let mut siblings = Vec::new();
    let mut rest = parts;
    while let Some((part, after)) = rest.split_first() {
        let below = after.iter().position(|next| next.depth <= depth).unwrap_or(after.len());
        siblings.push((part, &after[..below]));
        rest = &after[below..];
    }
    siblings
}

pub(super) fn heading_or_placeholder(part: &Part) -> String {
    let heading = part.heading();
    if heading.trim().is_empty() { NO_HEADING.to_owned() } else { heading }
}

pub(super) fn sections(parts: &[Part], look: &Look<'_>) -> Markup {
    html! {
        @for part in parts {
            section.plan-section id=(section_anchor(part.id.as_str()))
                data-fate=[fate_name(part.fate)] { (Setter::new(part, look).nodes(&part.tree())) }
        }
    }
}

fn fate_name(fate: Fate) -> Option<&'static str> {
    match fate {
        Fate::Kept => None,
        Fate::Inserted => Some("inserted"),
        Fate::Deleted => Some("deleted"),
    }
}

/// Sets one section.
struct Setter<'a> {
    part: &'a Part,
    look: &'a Look<'a>,
    passages: HashMap<&'a str, &'a Passage>,
    /// The author who was named last: named again only when another has come between.
    named: std::cell::RefCell<Named>,
}

#[derive(Default)]
struct Named {
    /// For ears.
    said: Option<Option<PersonId>>,
    /// For eyes.
    shown: Option<Option<PersonId>>,
}

impl<'a> Setter<'a> {
    fn new(part: &'a Part, look: &'a Look<'a>) -> Self {
        let passages = part.passages.iter().map(|passage| (passage.id.as_str(), passage)).collect();
        Self { part, look, passages, named: Default::default() }
    }

    fn nodes(&self, nodes: &[Node]) -> Markup {
        html! { @for node in nodes { (self.node(node)) } }
    }

    fn node(&self, node: &Node) -> Markup {
        match node {
            Node::SectionHeading { id, .. } => self.heading(self.part.depth + 2, id, Some(NO_HEADING)),
            Node::Heading { level, id, .. } => {
                self.heading(self.part.depth + 1 + usize::from(*level), id, None)
            }
            Node::Paragraph { id, .. } | Node::Table { id, .. } => self.filled(id, |id, fate, words| {
                html! { p id=(id) data-fate=[fate] { (words) } }
            }),
            Node::Blockquote { id, .. } => self.filled(id, |id, fate, words| {
                html! { blockquote id=(id) data-fate=[fate] { p { (words) } } }
            }),
            Node::List(list) => self.list(list),
        }
    }

    /// The levels of headings end at 6, the depth of sections does not.
    fn heading(&self, level: usize, id: &str, placeholder: Option<&str>) -> Markup {
        let Some(passage) = self.passages.get(id) else { return Markup::default() };
        if passage.pieces.iter().all(|piece| piece.text.trim().is_empty()) && placeholder.is_none() {
            return Markup::default();
        }
        let words = self.words(passage);
        let words = match placeholder {
            Some(placeholder) if passage.is_empty() => html! { span.soft { (placeholder) } },
            _ => words,
        };
        let (id, fate) = (provision_anchor(id), fate_name(passage.fate));
        match level {
            ..=2 => html! { h2 id=(id) data-fate=[fate] { (words) } },
            3 => html! { h3 id=(id) data-fate=[fate] { (words) } },
            4 => html! { h4 id=(id) data-fate=[fate] { (words) } },
            5 => html! { h5 id=(id) data-fate=[fate] { (words) } },
            _ => html! { h6 id=(id) data-fate=[fate] { (words) } },
        }
    }

    /// Nothing for an empty block: it is white space while writing, and only noise in reading.
    fn filled(&self, id: &str, set: impl Fn(&str, Option<&'static str>, Markup) -> Markup) -> Markup {
        match self.passages.get(id) {
            Some(passage) if !passage.is_empty() => {
                set(&provision_anchor(id), fate_name(passage.fate), self.words(passage))
            }
            _ => Markup::default(),
        }
    }

    fn list(&self, list: &List) -> Markup {
        let items = html! { @for item in &list.items { (self.item(item)) } };
        if list.ordered {
            html! { ol { (items) } }
        } else {
            html! { ul { (items) } }
        }
    }

    fn item(&self, item: &Item) -> Markup {
        let Some(passage) = self.passages.get(item.id.as_str()) else { return Markup::default() };
        html! {
            li id=(provision_anchor(&item.id)) data-fate=[fate_name(passage.fate)] {
                (self.words(passage))
                (self.nodes(&item.children))
            }
        }
    }

    fn words(&self, passage: &Passage) -> Markup {
        let alike = |a: &Piece, b: &Piece| {
            a.fate == b.fate && (a.person == b.person || (a.fate == Fate::Kept && !self.look.authors))
        };
        html! {
            (seam(passage))
            @for stretch in passage.pieces.chunk_by(alike) { (self.stretch(stretch)) }
        }
    }

    /// Pieces of one fate and one person; never empty.
    fn stretch(&self, pieces: &[Piece]) -> Markup {
        let links = pieces.chunk_by(|a, b| a.marks.link == b.marks.link);
        let words = html! { @for pieces in links { (set_link(pieces)) } };
        let person = pieces[0].person.as_ref();
        let class = person.map(|person| format!("person-{}", self.look.names.number(person)));
        let class = class.as_deref().unwrap_or("person-unknown");
        let by = |done: &str| match person {
            Some(_) => format!("[{done} by {}: ", self.look.names.name(person)),
            None => format!("[{done}: "),
        };
        match pieces[0].fate {
            Fate::Inserted => html! {
                ins class=(class) {
                    span.visually-hidden { (by("inserted")) } (words) span.visually-hidden { "]" }
                }
            },
            Fate::Deleted => html! {
                del class=(class) {
                    span.visually-hidden { (by("deleted")) } (words) span.visually-hidden { "]" }
                }
            },
            Fate::Kept if self.look.authors => {
                let length = pieces.iter().map(|piece| piece.text.len()).sum();
                html! { span class={ "by " (class) } { (self.label(person, length)) (words) } }
            }
            Fate::Kept => words,
        }
    }

    fn label(&self, person: Option<&PersonId>, length: usize) -> Markup {
        let mut named = self.named.borrow_mut();
        let name = self.look.names.name(person);
        let person = Some(person.cloned());
        if named.shown != person && length >= LABEL_FROM {
            *named = Named { said: person.clone(), shown: person };
            html! { span.by-name { (name) span.visually-hidden { ": " } } }
        } else if named.said != person {
            named.said = person;
            html! { span.visually-hidden { "[" (name) "] " } }
        } else {
            Markup::default()
        }
    }
}

/// Where a block was split from the one before it, or joined to it, its words are kept and only the seam is new.
fn seam(passage: &Passage) -> Markup {
    if !passage.pieces.iter().any(|piece| piece.fate == Fate::Kept) {
        return Markup::default();
    }
    match passage.fate {
        Fate::Kept => Markup::default(),
        Fate::Inserted => html! {
            ins.seam { span.visually-hidden { "[parted from the words before] " } span aria-hidden="true" { "¶" } } " "
        },
        Fate::Deleted => html! {
            del.seam { span.visually-hidden { "[joined to the words before] " } span aria-hidden="true" { "¶" } } " "
        },
    }
}

/// Pieces with one link, or with none.
fn set_link(pieces: &[Piece]) -> Markup {
    let alike = pieces.chunk_by(|a, b| a.marks == b.marks);
    let words = html! { @for pieces in alike { (set_marks(pieces)) } };
    match &pieces[0].marks.link {
        Some(link) => html! {
            a href=(link.href) title=[link.title.as_deref()] rel="noopener noreferrer" { (words) }
        },
        None => words,
    }
}

/// Pieces with the same marks. A line feed is a line break.
fn set_marks(pieces: &[Piece]) -> Markup {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let words = html! {
        @for (index, line) in text.split('\n').enumerate() {
            @if index > 0 { br; }
            (line)
        }
    };
    let marks = &pieces[0].marks;
    let words = if marks.em {
        html! { em { (words) } }
    } else {
        words
    };
    if marks.strong {
        html! { strong { (words) } }
    } else {
        words
    }
}
