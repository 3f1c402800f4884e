//! Changes that are made here and not by a client: commands on sections, and the demonstration's people.
//!
//! What is written has exactly the shape that the web client writes: see [`super`].

use automerge::marks::{ExpandMark, Mark as AutomergeMark};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ChangeHash, ObjId, ObjType, ROOT, ReadDoc, Value};
use bytes::Bytes;

use super::blocks::{Attrs, Block, BlockType, normalise};
use super::edit::{CannotWrite, Edit, Mark};
use super::order::between;
use super::outline::{Entry, outline};
use super::{Reading, Unreadable, element};
use crate::domain::{ActorId, SectionId, Write};

/// The version of the document's shape, in its `schema`.
const SCHEMA: i64 = 1;

type Done = Result<(), CannotWrite>;

/// Someone's working copy of a document.
#[derive(Debug, Clone)]
pub struct Author(Reading);

impl Author {
    /// `actor` must be this copy's alone: two copies that write under one id contradict each other.
    pub fn new(reading: Reading, actor: &ActorId) -> Self {
        let mut author = Self(reading);
        author.write_as(actor);
        author
    }

    /// Writes under another id from now on.
    pub fn write_as(&mut self, actor: &ActorId) {
        self.0.automerge_mut().set_actor(automerge::ActorId::from(actor.as_bytes()));
    }

    /// Takes in what others have written, each change an uncompressed chunk.
    pub fn hear<B: AsRef<[u8]>>(&mut self, changes: impl IntoIterator<Item = B>) -> Result<(), Unreadable> {
        self.0.apply(changes)
    }

    /// The copy as it is.
    pub fn reading(&self) -> &Reading {
        &self.0
    }

    /// Makes one change of these edits, in this order: all of them or none. `seconds` since 1970. Answers the
    /// raw change, or none where the document is already as the edits would have it.
    pub fn change(&mut self, seconds: i64, edits: &[Edit]) -> Result<Option<Bytes>, CannotWrite> {
        let mut draft = self.0.automerge_mut().transaction();
        for edit in edits {
            if let Err(cause) = make(&mut draft, edit) {
                draft.rollback();
                return Err(cause);
            }
        }
        let (made, _) = draft.commit_with(CommitOptions::default().with_time(seconds));
        let Some(hash) = made else { return Ok(None) };
        self.raw(&hash).map(Some)
    }

    fn raw(&self, hash: &ChangeHash) -> Result<Bytes, CannotWrite> {
        let change = self.0.automerge().get_change_by_hash(hash);
        let change = change.ok_or_else(|| CannotWrite::Document("the change is not there".into()))?;
        Ok(Bytes::copy_from_slice(change.raw_bytes()))
    }
}

/// Makes the change of a command on a document: always one, if only an empty one, so that the command leaves
/// its trace. `seconds` since 1970.
pub fn write(reading: &Reading, actor: &ActorId, seconds: i64, write: &Write) -> Result<Bytes, CannotWrite> {
    let mut author = Author::new(reading.clone(), actor);
    if let Some(change) = author.change(seconds, &[Edit::from(write)])? {
        return Ok(change);
    }
    let hash = author.0.automerge_mut().empty_commit(CommitOptions::default().with_time(seconds));
    author.raw(&hash)
}

fn make(draft: &mut Transaction<'_>, edit: &Edit) -> Done {
    match edit {
        Edit::CreatePlan { title } => create_plan(draft, title),
        Edit::RenamePlan { title } => Ok(draft.put(ROOT, "title", title.as_str())?),
        Edit::AddSection { section, block, heading, parent, after } => {
            if entry_object(draft, section).is_ok() {
                return Err(CannotWrite::SectionExists(section.clone()));
            }
            let order = place(draft, section, parent.as_ref(), after.as_ref())?;
            let sections = sections(draft).ok_or_else(|| CannotWrite::Document("no sections".into()))?;
            let entry = draft.put_object(&sections, section.as_str(), ObjType::Map)?;
            draft.put(&entry, "parent", parent.as_ref().map_or("", SectionId::as_str))?;
            draft.put(&entry, "order", order)?;
            let text = draft.put_object(&entry, "text", ObjType::Text)?;
            let attrs = Attrs::default();
            put_marker(draft, &text, 0, block.as_str(), BlockType::SectionHeading, attrs)?;
            Ok(draft.splice_text(&text, 1, 0, heading)?)
        }
        Edit::RenameSection { section, heading } => rename_section(draft, section, heading),
        Edit::MoveSection { section, parent, after } => {
            let entry = entry_object(draft, section)?;
            let order = place(draft, section, parent.as_ref(), after.as_ref())?;
            draft.put(&entry, "parent", parent.as_ref().map_or("", SectionId::as_str))?;
            Ok(draft.put(&entry, "order", order)?)
        }
        Edit::RemoveSection { section } => {
            let entry = entry_object(draft, section)?;
            Ok(draft.put(&entry, "removed", true)?)
        }
        Edit::RestoreSection { section } => {
            let entry = entry_object(draft, section)?;
            if !element::is_true(draft, &entry, "removed", None) {
                return Err(CannotWrite::NotRemoved(section.clone()));
            }
            Ok(draft.put(&entry, "removed", false)?)
        }
        Edit::InsertText { section, block, at, text } => {
            let found = Found::block(draft, section, block)?;
            let (at, _) = found.stretch(*at, *at)?;
            Ok(draft.splice_text(&found.text, at, 0, text)?)
        }
        Edit::DeleteText { section, block, from, to } => {
            let found = Found::block(draft, section, block)?;
            let (from, to) = found.stretch(*from, *to)?;
            Ok(draft.splice_text(&found.text, from, (to - from) as isize, "")?)
        }
        Edit::AddBlock { section, after, id, kind, attrs, text } => {
            let found = match after {
                Some(after) => Found::block(draft, section, after)?,
                None => Found::heading(draft, section)?,
            };
            let at = found.block.start + found.block.len;
            put_marker(draft, &found.text, at, id.as_str(), *kind, *attrs)?;
            Ok(draft.splice_text(&found.text, at + 1, 0, text)?)
        }
        Edit::RemoveBlock { section, block } => {
            let found = Found::block(draft, section, block)?;
            let marker = usize::from(!found.block.implied);
            let length = marker + found.block.len;
            Ok(draft.splice_text(&found.text, found.block.start - marker, length as isize, "")?)
        }
        Edit::SetApart { section, at, id, rest } => {
            let text = section_text(draft, section)?;
            let (kind, attrs) = (BlockType::Paragraph, Attrs::default());
            // From behind, so that the first place still holds.
            if let Some((at, id)) = rest {
                put_marker(draft, &text, *at, id.as_str(), kind, attrs)?;
            }
            put_marker(draft, &text, *at, id.as_str(), kind, attrs)
        }
        Edit::SplitBlock { section, block, at, id } => {
            let found = Found::block(draft, section, block)?;
            let (at, _) = found.stretch(*at, *at)?;
            let (kind, attrs) = match found.block.kind {
                BlockType::SectionHeading | BlockType::Heading => (BlockType::Paragraph, Attrs::default()),
                kind => (kind, found.block.attrs),
            };
            put_marker(draft, &found.text, at, id.as_str(), kind, attrs)
        }
        Edit::JoinBlock { section, block } => {
            let found = Found::block(draft, section, block)?;
            match found.marker() {
                Some(marker) => Ok(draft.join_block(&found.text, marker)?),
                None => Err(found.unknown()),
            }
        }
        Edit::SetBlock { section, block, kind, attrs } => {
            let found = Found::block(draft, section, block)?;
            let marker = found.marker().ok_or_else(|| found.unknown())?;
            set_marker(draft, &found.text, marker, *kind, *attrs)
        }
        Edit::Splice { section, at, delete, text } => {
            Ok(draft.splice_text(&section_text(draft, section)?, *at, *delete as isize, text)?)
        }
        Edit::PutMarker { section, at, id, kind, attrs } => {
            let text = section_text(draft, section)?;
            put_marker(draft, &text, *at, id.as_str(), *kind, *attrs)
        }
        Edit::MarkStretch { section, from, to, mark } => {
            let text = section_text(draft, section)?;
            put_mark(draft, &text, *from, *to, mark, true)
        }
        Edit::Mark { section, block, from, to, mark, on } => {
            let found = Found::block(draft, section, block)?;
            let (from, to) = found.stretch(*from, *to)?;
            put_mark(draft, &found.text, from, to, mark, *on)
        }
    }
}

fn create_plan(draft: &mut Transaction<'_>, title: &str) -> Done {
    draft.put(ROOT, "schema", SCHEMA)?;
    draft.put(ROOT, "title", title)?;
    draft.put_object(ROOT, "sections", ObjType::Map)?;
    draft.put_object(ROOT, "tables", ObjType::Map)?;
    Ok(())
}

fn sections(document: &impl ReadDoc) -> Option<ObjId> {
    element::object(document, &ROOT, "sections", ObjType::Map, None)
}

fn entry_object(document: &impl ReadDoc, section: &SectionId) -> Result<ObjId, CannotWrite> {
    sections(document)
        .and_then(|sections| element::object(document, &sections, section.as_str(), ObjType::Map, None))
        .ok_or_else(|| CannotWrite::SectionUnknown(section.clone()))
}

fn section_text(document: &impl ReadDoc, section: &SectionId) -> Result<ObjId, CannotWrite> {
    let entry = entry_object(document, section)?;
    element::object(document, &entry, "text", ObjType::Text, None)
        .ok_or_else(|| CannotWrite::SectionUnknown(section.clone()))
}

/// The order key that puts a section below `parent` and behind `after`. Removed siblings keep their places.
fn place(
    document: &impl ReadDoc,
    section: &SectionId,
    parent: Option<&SectionId>,
    after: Option<&SectionId>,
) -> Result<String, CannotWrite> {
    let entries = outline(document, None);
    let find = |id: &SectionId| entries.iter().find(|entry| entry.id == *id);
    let mut above = parent;
    while let Some(id) = above {
        if id == section {
            return Err(CannotWrite::SectionInsideItself(section.clone()));
        }
        above = find(id).ok_or_else(|| CannotWrite::SectionUnknown(id.clone()))?.parent.as_ref();
    }
    let siblings: Vec<&Entry> =
        entries.iter().filter(|entry| entry.parent.as_ref() == parent && entry.id != *section).collect();
    let low = match after {
        None => None,
        Some(after) => {
            let sibling = siblings.iter().find(|sibling| sibling.id == *after);
            Some(sibling.ok_or_else(|| CannotWrite::SiblingUnknown(after.clone()))?.order.as_str())
        }
    };
    // Two siblings may have one key, when two people put sections in one place: behind both, then.
    let high = siblings
        .iter()
        .map(|sibling| sibling.order.as_str())
        .find(|order| low.is_none_or(|low| *order > low));
    // A key that some other program has written may be none of ours: then behind or before all keys that are.
    let key = between(low, high).or_else(|| between(low, None)).or_else(|| between(None, high));
    Ok(key.unwrap_or_else(|| "a0".into()))
}

/// A block of a section, found in its text.
struct Found {
    section: SectionId,
    text: ObjId,
    block: Block,
}

impl Found {
    fn block(draft: &Transaction<'_>, section: &SectionId, id: &str) -> Result<Self, CannotWrite> {
        let unknown = || CannotWrite::BlockUnknown { section: section.clone(), block: id.into() };
        Self::first(draft, section, |block| block.id == id)?.ok_or_else(unknown)
    }

    /// The section's heading, which is put into the document where it is only implied.
    fn heading(draft: &mut Transaction<'_>, section: &SectionId) -> Result<Self, CannotWrite> {
        let lacking = || CannotWrite::BlockUnknown { section: section.clone(), block: "heading".into() };
        let mut heading = Self::first(draft, section, |_| true)?.ok_or_else(lacking)?;
        if heading.block.implied {
            let lead =
                Self::first(draft, section, |block| block.implied && block.kind == BlockType::Paragraph)?;
            if let Some(lead) = lead {
                // The text before the first marker would become the heading's.
                put_marker(draft, &lead.text, 0, &lead.block.id, BlockType::Paragraph, Attrs::default())?;
            }
            let attrs = Attrs::default();
            put_marker(draft, &heading.text, 0, &heading.block.id, BlockType::SectionHeading, attrs)?;
            heading.block.implied = false;
            heading.block.start = 1;
        }
        Ok(heading)
    }

    fn first(
        draft: &Transaction<'_>,
        section: &SectionId,
        is_it: impl Fn(&Block) -> bool,
    ) -> Result<Option<Self>, CannotWrite> {
        let entry = entry_object(draft, section)?;
        let Some(text) = element::object(draft, &entry, "text", ObjType::Text, None) else { return Ok(None) };
        let mut blocks = normalise(section.as_str(), &element::spans(draft, &text, None)).into_iter();
        Ok(blocks.find(is_it).map(|block| Self { section: section.clone(), text, block }))
    }

    /// Offsets in the section's text for offsets in the block.
    fn stretch(&self, from: usize, to: usize) -> Result<(usize, usize), CannotWrite> {
        let len = self.block.len;
        // An implied heading has no place in the text where it could be written to.
        let placeless = self.block.implied && self.block.kind == BlockType::SectionHeading;
        if from > to || to > len || placeless {
            return Err(CannotWrite::OutOfRange { block: self.block.id.clone(), from, to, len });
        }
        Ok((self.block.start + from, self.block.start + to))
    }

    /// Where its marker is, if it has one.
    fn marker(&self) -> Option<usize> {
        if self.block.implied { None } else { self.block.start.checked_sub(1) }
    }

    fn unknown(&self) -> CannotWrite {
        CannotWrite::BlockUnknown { section: self.section.clone(), block: self.block.id.clone() }
    }
}

/// Replaces what differs, so that the words that stay keep their authors and anchors.
fn rename_section(draft: &mut Transaction<'_>, section: &SectionId, heading: &str) -> Done {
    let found = Found::heading(draft, section)?;
    let old: Vec<char> = found.block.text.chars().collect();
    let new: Vec<char> = heading.chars().collect();
    let same = |pairs: &mut dyn Iterator<Item = (&char, &char)>| pairs.take_while(|(a, b)| a == b).count();
    let before = same(&mut old.iter().zip(&new));
    let behind = same(&mut old[before..].iter().rev().zip(new[before..].iter().rev()));
    let width = |chars: &[char]| chars.iter().map(|c| c.len_utf16()).sum::<usize>();
    let gone = &old[before..old.len() - behind];
    let put: String = new[before..new.len() - behind].iter().collect();
    let mut at = found.block.start + width(&old[..before]);
    let mut length = width(gone);
    if found.block.len != width(&old) {
        // Characters that are not shown stand in between: the whole heading is replaced.
        (at, length) = (found.block.start, found.block.len);
        return Ok(draft.splice_text(&found.text, at, length as isize, heading)?);
    }
    if length == 0 && put.is_empty() {
        return Ok(());
    }
    Ok(draft.splice_text(&found.text, at, length as isize, &put)?)
}

fn put_marker(
    draft: &mut Transaction<'_>,
    text: &ObjId,
    at: usize,
    id: &str,
    kind: BlockType,
    attrs: Attrs,
) -> Done {
    let marker = draft.split_block(text, at)?;
    draft.put(&marker, "type", kind.as_str())?;
    draft.put_object(&marker, "parents", ObjType::List)?;
    let map = draft.put_object(&marker, "attrs", ObjType::Map)?;
    draft.put(&map, "id", id)?;
    put_attrs(draft, &map, attrs)?;
    Ok(draft.put(&marker, "isEmbed", false)?)
}

fn set_marker(draft: &mut Transaction<'_>, text: &ObjId, at: usize, kind: BlockType, attrs: Attrs) -> Done {
    let Some((Value::Object(ObjType::Map), marker)) = draft.get(text, at)? else {
        return Err(CannotWrite::Document("the block has no marker".into()));
    };
    draft.put(&marker, "type", kind.as_str())?;
    let map = match element::object(draft, &marker, "attrs", ObjType::Map, None) {
        Some(map) => map,
        None => draft.put_object(&marker, "attrs", ObjType::Map)?,
    };
    put_attrs(draft, &map, attrs)
}

fn put_attrs(draft: &mut Transaction<'_>, map: &ObjId, attrs: Attrs) -> Done {
    for (name, value) in [("level", attrs.level), ("indent", attrs.indent)] {
        match value {
            Some(value) => draft.put(map, name, i64::from(value))?,
            None if draft.get(map, name)?.is_some() => draft.delete(map, name)?,
            None => {}
        }
    }
    Ok(())
}

fn put_mark(
    draft: &mut Transaction<'_>,
    text: &ObjId,
    from: usize,
    to: usize,
    mark: &Mark,
    on: bool,
) -> Done {
    if from == to {
        return Ok(());
    }
    // What is typed at the end of strong words is strong; what is typed behind a link is not in it.
    let (name, value, expand) = match mark {
        Mark::Strong => ("strong", automerge::ScalarValue::Boolean(true), ExpandMark::After),
        Mark::Em => ("em", automerge::ScalarValue::Boolean(true), ExpandMark::After),
        Mark::Link(link) => {
            let value =
                serde_json::to_string(link).map_err(|cause| CannotWrite::Document(cause.to_string()))?;
            ("link", value.into(), ExpandMark::None)
        }
    };
    if on {
        Ok(draft.mark(text, AutomergeMark::new(name.to_owned(), value, from, to), expand)?)
    } else {
        Ok(draft.unmark(text, name, from, to, expand)?)
    }
}

#[cfg(test)]
mod tests;
