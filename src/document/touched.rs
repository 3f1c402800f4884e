//! Which sections a few changes touch, so that the others need not be read.

use std::collections::{BTreeSet, HashMap, HashSet};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{Automerge, ChangeHash, ObjId, ReadDoc};

use super::element::hashes;
use super::outline::Entry;
use crate::domain::{Heads, SectionId};

/// With more changes than this between two states, reading every section is quicker than looking into each.
const MOST_CHANGES: usize = 64;

/// The sections in which the changes since `from` up to `to` did anything. `entries` are the sections of both
/// states. None where `to` does not build on `from`, the way is long, or one of the changes wrote to something
/// that cannot be placed without reading: for instance the kind of a block that was there before.
pub(super) fn touched<'a>(
    document: &Automerge,
    from: &Heads,
    to: &Heads,
    entries: impl Iterator<Item = &'a Entry>,
) -> Option<HashSet<SectionId>> {
    let mut places: HashMap<OpId, SectionId> = HashMap::new();
    for entry in entries {
        for object in [Some(&entry.object), entry.text.as_ref()].into_iter().flatten() {
            if let ObjId::Id(counter, actor, _) = object {
                places.insert(OpId(*counter, actor.clone()), entry.id.clone());
            }
        }
    }
    let mut sections = HashSet::new();
    for hash in between(document, from, to)? {
        let change = document.get_change_by_hash(&hash)?.decode();
        for (at, op) in change.operations.iter().enumerate() {
            let section = match &op.obj {
                // The title, or a map that holds no words.
                ObjectId::Root => continue,
                ObjectId::Id(object) => match places.get(object) {
                    Some(section) => section.clone(),
                    // A section's own map, come into `sections`: it is one of the entries, or not shown.
                    None => match &op.key {
                        Key::Map(_)
                            if made(op, at, &change).is_some_and(|made| places.contains_key(&made)) =>
                        {
                            continue;
                        }
                        Key::Map(_) | Key::Seq(_) => return None,
                    },
                },
            };
            if let Some(made) = made(op, at, &change) {
                places.insert(made, section.clone());
            }
            sections.insert(section);
        }
    }
    Some(sections)
}

/// The object that an operation makes.
fn made(op: &automerge::legacy::Op, at: usize, change: &automerge::ExpandedChange) -> Option<OpId> {
    let counter = change.start_op.get() + at as u64;
    matches!(op.action, OpType::Make(_)).then(|| OpId(counter, change.actor_id.clone()))
}

/// The changes that `to` has and `from` has not, the oldest first, if they are few and `to` has all of `from`.
fn between(document: &Automerge, from: &Heads, to: &Heads) -> Option<Vec<ChangeHash>> {
    let start: BTreeSet<ChangeHash> = hashes(from).into_iter().collect();
    let mut met = BTreeSet::new();
    let mut found: HashMap<ChangeHash, u64> = HashMap::new();
    let mut waiting = hashes(to);
    while let Some(hash) = waiting.pop() {
        if start.contains(&hash) {
            met.insert(hash);
        } else if !found.contains_key(&hash) {
            if found.len() == MOST_CHANGES {
                return None;
            }
            let change = document.get_change_meta_by_hash(&hash)?;
            found.insert(hash, change.start_op);
            waiting.extend(change.deps);
        }
    }
    let mut between: Vec<(u64, ChangeHash)> = found.into_iter().map(|(hash, start)| (start, hash)).collect();
    between.sort_unstable();
    (met == start).then(|| between.into_iter().map(|(_, hash)| hash).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Edit;
    use super::super::outline::outline;
    use super::super::testing::{actor, insert, plan, section};
    use super::*;
    use crate::domain::ProvisionId;

    #[test]
    fn the_sections_of_each_kind_of_edit_are_found() {
        let add = |id: &str| Edit::AddSection {
            section: section(id),
            block: ProvisionId::new(format!("h-{id}")).unwrap(),
            heading: String::new(),
            parent: None,
            after: None,
        };
        let mut author = plan();
        author.change(0, &[add("b"), add("c")]).unwrap();
        author.write_as(&actor(2));
        let attrs = super::super::Attrs { level: Some(2), indent: None };
        let kind = super::super::BlockType::Heading;
        for (edits, expected) in [
            (vec![insert("aims", "p1", 0, "x")], Some("aims")),
            (vec![Edit::SetBlock { section: section("aims"), block: "p1".into(), kind, attrs }], None),
            (vec![insert("b", "h-b", 0, "x"), Edit::RemoveSection { section: section("c") }], Some("b c")),
            (vec![Edit::RemoveBlock { section: section("aims"), block: "p1".into() }], Some("aims")),
            (vec![add("d")], Some("d")),
            (vec![Edit::RenamePlan { title: "Other".into() }], Some("")),
        ] {
            let from = author.reading().heads();
            author.change(1, &edits).unwrap();
            let to = author.reading().heads();
            let document = author.reading().automerge();
            let entries = [&from, &to].map(|heads| outline(document, Some(&hashes(heads))));
            let found = |from, to| touched(document, from, to, entries.iter().flatten());
            let names = found(&from, &to).map(|found| {
                let mut names: Vec<String> = found.into_iter().map(|id| id.to_string()).collect();
                names.sort();
                names.join(" ")
            });
            assert_eq!(names.as_deref(), expected, "{edits:?}");
            assert_eq!(found(&to, &from), None, "against the order of time");
        }
    }
}
