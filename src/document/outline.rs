//! The sections of a plan at some heads, in reading order.

use std::collections::{HashMap, HashSet};

use automerge::{ObjId, ObjType, ROOT, ReadDoc};

use super::element::{self, At};
use crate::domain::SectionId;

/// One section of the outline.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: SectionId,
    /// The section above; none at the top level. Already free of cycles and of parents that are not there.
    pub(super) parent: Option<SectionId>,
    pub(super) order: String,
    /// How many sections are above it.
    pub(super) depth: usize,
    /// It, or one above it, is removed.
    pub(super) hidden: bool,
    /// It is removed itself.
    pub(super) removed: bool,
    /// Its map in the document.
    pub(super) object: ObjId,
    /// Its text, where it has one.
    pub(super) text: Option<ObjId>,
}

/// All sections, hidden ones too, each after the one above it and siblings by `order`, then by id. An entry
/// of the document whose key is not a section id, or that is no map, is no section.
pub(super) fn outline(document: &impl ReadDoc, at: At<'_>) -> Vec<Entry> {
    let Some(sections) = element::object(document, &ROOT, "sections", ObjType::Map, at) else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    let keys = match at {
        Some(heads) => document.keys_at(&sections, heads),
        None => document.keys(&sections),
    };
    for key in keys {
        let Ok(id) = SectionId::new(key.as_str()) else { continue };
        let Some(section) = element::object(document, &sections, &key, ObjType::Map, at) else { continue };
        let parent = element::string(document, &section, "parent", at);
        let removed = element::is_true(document, &section, "removed", at);
        entries.push(Entry {
            id,
            parent: parent.and_then(|parent| SectionId::new(parent).ok()),
            order: element::string(document, &section, "order", at).unwrap_or_default(),
            depth: 0,
            hidden: removed,
            removed,
            text: element::object(document, &section, "text", ObjType::Text, at),
            object: section,
        });
    }
    in_reading_order(entries)
}

fn in_reading_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| (&a.order, &a.id).cmp(&(&b.order, &b.id)));
    make_forest(&mut entries);
    let mut below: HashMap<Option<SectionId>, Vec<Entry>> = HashMap::new();
    for entry in entries {
        below.entry(entry.parent.clone()).or_default().push(entry);
    }
    // By a list and not by calls: sections may be nested as deep as a peer likes.
    let mut waiting = below.remove(&None).unwrap_or_default();
    waiting.reverse();
    let mut ordered = Vec::new();
    while let Some(entry) = waiting.pop() {
        for mut child in below.remove(&Some(entry.id.clone())).unwrap_or_default().into_iter().rev() {
            child.depth = entry.depth + 1;
            child.hidden |= entry.hidden;
            waiting.push(child);
        }
        ordered.push(entry);
    }
    ordered
}

/// Puts at the top level what has a parent that is not there, and of each cycle the section with the smallest
/// id.
fn make_forest(entries: &mut [Entry]) {
    let index: HashMap<SectionId, usize> =
        entries.iter().enumerate().map(|(at, entry)| (entry.id.clone(), at)).collect();
    let parents: Vec<Option<usize>> =
        entries.iter().map(|entry| entry.parent.as_ref().and_then(|id| index.get(id).copied())).collect();
    for (entry, parent) in entries.iter_mut().zip(&parents) {
        if parent.is_none() {
            entry.parent = None;
        }
    }
    let mut done: HashSet<usize> = HashSet::new();
    for start in 0..entries.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut on_path: HashSet<usize> = HashSet::new();
        let mut at = Some(start);
        while let Some(here) = at {
            if done.contains(&here) {
                break;
            }
            if !on_path.insert(here) {
                let from = path.iter().position(|seen| *seen == here).unwrap_or(0);
                if let Some(cut) = path[from..].iter().copied().min_by_key(|seen| entries[*seen].id.clone()) {
                    entries[cut].parent = None;
                }
                break;
            }
            path.push(here);
            at = parents[here];
        }
        done.extend(path);
    }
}
