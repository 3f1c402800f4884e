//! What became different, in words: one line for each person and section, before the marked text.

use maud::{Markup, html};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    Names,
    html::{heading_or_placeholder, provision_anchor, section_anchor},
    passage::{Fate, Part, Piece},
};
use crate::domain::PersonId;

/// One person's doing in one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// None: not known who.
    pub(super) person: Option<PersonId>,
    pub(super) deed: Deed,
    /// What the section is called.
    pub(super) section: String,
    /// The element where it is seen.
    pub(super) anchor: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    SectionAdded,
    SectionRemoved,
    SectionMoved,
    /// In words, as Unicode parts them.
    Words {
        added: usize,
        removed: usize,
    },
    /// Not the words, but the kind of a block, its level, or the marks of words.
    Form,
}

/// In reading order; in a section, in the order in which people are first met.
/// `by`: the only person who wrote between the two states, where it was only one.
pub(super) fn changes(parts: &[Part], by: Option<&PersonId>) -> Vec<Change> {
    let mut changes = Vec::new();
    for part in parts {
        let section = heading_or_placeholder(part);
        let mut push = |person: Option<PersonId>, deed: Deed, anchor: String| {
            changes.push(Change { person, deed, section: section.clone(), anchor });
        };
        let here = section_anchor(part.id.as_str());
        match part.fate {
            Fate::Inserted => push(by.cloned().or(part.person()), Deed::SectionAdded, here),
            Fate::Deleted => {
                // That its words went with it goes without saying.
                push(by.cloned(), Deed::SectionRemoved, here);
                continue;
            }
            Fate::Kept if part.moved => push(by.cloned(), Deed::SectionMoved, here),
            Fate::Kept => {}
        }
        for (person, added, removed, provision) in words_by_person(part) {
            push(person, Deed::Words { added, removed }, provision_anchor(&provision));
        }
        if let Some(passage) = part.passages.iter().find(|passage| passage.reshaped) {
            push(by.cloned(), Deed::Form, provision_anchor(&passage.id));
        }
    }
    changes
}

/// Who, words added, words removed, and the id of the first provision touched.
fn words_by_person(part: &Part) -> Vec<(Option<PersonId>, usize, usize, String)> {
    let mut found: Vec<(Option<PersonId>, usize, usize, String)> = Vec::new();
    for passage in &part.passages {
        // Words next to each other with one fate and one person are one stretch, however they are set.
        for stretch in passage.pieces.chunk_by(|a, b| a.fate == b.fate && a.person == b.person) {
            let Piece { fate, person, .. } = &stretch[0];
            if *fate == Fate::Kept {
                continue;
            }
            let text: String = stretch.iter().map(|piece| piece.text.as_str()).collect();
            let index = found.iter().position(|(known, ..)| known == person).unwrap_or_else(|| {
                found.push((person.clone(), 0, 0, passage.id.clone()));
                found.len() - 1
            });
            let (_, added, removed, _) = &mut found[index];
            *if *fate == Fate::Inserted { added } else { removed } += count_words(&text);
        }
    }
    found
}

/// Part of a word, or a sign alone, counts as one: something did change.
fn count_words(text: &str) -> usize {
    match text.unicode_words().count() {
        0 if !text.trim().is_empty() => 1,
        words => words,
    }
}

/// As an ordered list of sentences, each with a link to its place. Nothing where nothing changed.
pub(super) fn list(changes: &[Change], names: &dyn Names) -> Markup {
    html! {
        @if !changes.is_empty() {
            ol.changes { @for change in changes { li { (sentence(change, names)) } } }
        }
    }
}

/// `Member 1 added 12 words and removed 3 in Members`
fn sentence(change: &Change, names: &dyn Names) -> Markup {
    let section = html! { a href={ "#" (change.anchor) } { (change.section) } };
    let who = change.person.as_ref().map(|person| {
        let class = format!("person person-{}", names.number(person));
        html! { span class=(class) { (names.name(Some(person))) } " " }
    });
    // Without a person the sentence is about the thing.
    let Some(who) = who else {
        return match change.deed {
            Deed::SectionAdded => html! { "New section: " (section) },
            Deed::SectionRemoved => html! { "Section removed: " (section) },
            Deed::SectionMoved => html! { "Section moved: " (section) },
            Deed::Words { added, removed } => html! { (count(added, removed)) " in " (section) },
            Deed::Form => html! { "The form of some words changed in " (section) },
        };
    };
    match change.deed {
        Deed::SectionAdded => html! { (who) "added the section " (section) },
        Deed::SectionRemoved => html! { (who) "removed the section " (section) },
        Deed::SectionMoved => html! { (who) "moved the section " (section) },
        Deed::Words { added, removed: 0 } => html! { (who) "added " (words(added)) " in " (section) },
        Deed::Words { added: 0, removed } => html! { (who) "removed " (words(removed)) " in " (section) },
        Deed::Words { added, removed } => {
            html! { (who) "added " (words(added)) " and removed " (removed) " in " (section) }
        }
        Deed::Form => html! { (who) "changed the form of some words in " (section) },
    }
}

fn count(added: usize, removed: usize) -> String {
    match (added, removed) {
        (added, 0) => format!("{} added", words(added)),
        (0, removed) => format!("{} removed", words(removed)),
        (added, removed) => format!("{} added and {removed} removed", words(added)),
    }
}

fn words(count: usize) -> String {
    match count {
        0 => "only white space".to_owned(),
        1 => "1 word".to_owned(),
        count => format!("{count} words"),
    }
}
