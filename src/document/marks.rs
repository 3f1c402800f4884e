//! Whether a mark ends after it begins, in the order of the text's elements.
//!
//! One that ends before it begins is taken by the document crate, and the saved document then cannot be
//! loaded. Both ends are inserted after an element that the author knew, and a newer element stands before
//! its older siblings; so the mark is in order when its end follows a later element than its beginning does,
//! or follows the beginning itself.

use std::cmp::Ordering;

use automerge::legacy::{ElementId, OpId};
use automerge::{Automerge, ChangeHash, Cursor, LoadOptions, ObjId, ReadDoc};

use super::{copy::guard, rules::Mark, text_encoding};

/// True when the mark is in order, in a document that holds the change which makes it.
pub(crate) fn in_order(document: &Automerge, mark: &Mark, change: ChangeHash) -> bool {
    let (begin, end) = match (&mark.begin_after, &mark.end_after) {
        (_, ElementId::Id(end)) if *end == mark.begin => return true,
        (begin, end) if begin == end => return false,
        (_, ElementId::Head) => return false,
        (ElementId::Head, _) => return true,
        (ElementId::Id(begin), ElementId::Id(end)) => (begin, end),
    };
    let text = object(&mark.text);
    // Two elements that cannot be told apart now, since what lay between was deleted, usually can be as their
    // author saw them (the crate's debug build panics on some). Where not even that helps, only loading what would be saved shows it.
    let own = [change];
    [None, Some(own.as_slice())]
        .into_iter()
        .find_map(|at| guard(|| compare(document, &text, begin, end, at)).flatten())
        .map_or_else(|| loads(document), |order| order == Ordering::Less)
}

pub(crate) fn object(id: &OpId) -> ObjId {
    // The index is a hint to where the actor stands; it is looked up when it does not fit.
    ObjId::Id(id.0, id.1.clone(), usize::MAX)
}

fn compare(
    document: &Automerge,
    text: &ObjId,
    a: &OpId,
    b: &OpId,
    at: Option<&[ChangeHash]>,
) -> Option<Ordering> {
    let (a_at, a_visible) = place(document, text, a, at)?;
    let (b_at, b_visible) = place(document, text, b, at)?;
    match a_at.cmp(&b_at) {
        // A visible element is the last of those that share its position.
        Ordering::Equal if b_visible => Some(Ordering::Less),
        Ordering::Equal if a_visible => Some(Ordering::Greater),
        Ordering::Equal => None,
        order => Some(order),
    }
}

/// How much visible text stands before an element, and whether the element itself is visible.
pub(crate) fn place(
    document: &Automerge,
    text: &ObjId,
    id: &OpId,
    at: Option<&[ChangeHash]>,
) -> Option<(usize, bool)> {
    let cursor = Cursor::try_from(format!("{}@{}", id.0, id.1)).ok()?;
    let position = document.get_cursor_position(text, &cursor, at).ok()?;
    let visible = document.get_cursor(text, position, at).is_ok_and(|there| there == cursor);
    Some((position, visible))
}

fn loads(document: &Automerge) -> bool {
    Automerge::load_with_options(&document.save(), LoadOptions::new().text_encoding(text_encoding())).is_ok()
}
