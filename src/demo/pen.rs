//! One writer's copy of the document, written in as the script says.

use bytes::Bytes;

use super::script::Edit;
use super::text::Mark;
use crate::document::{self, Author, Reading};
use crate::domain::{ActorId, Anchor, ProvisionId, SectionId, Timestamp};

/// The script's places and texts are part of the program, and its tests play all of them.
const FITS: &str = "the script fits the document that it has made";

#[derive(Clone)]
pub(super) struct Pen(Author);

impl Default for Pen {
    fn default() -> Self {
        let nobody = ActorId::new(&[0]).expect("one byte is an actor id");
        Self(Author::new(Reading::default(), &nobody))
    }
}

impl Pen {
    pub(super) fn take_in<'a>(&mut self, raw: impl Iterator<Item = &'a Bytes>) {
        self.0.hear(raw).expect(FITS);
    }

    pub(super) fn write_as(&mut self, actor: &ActorId) {
        self.0.write_as(actor);
    }

    /// One change: what the edit does, as an uncompressed chunk.
    pub(super) fn write(&mut self, at: Timestamp, section: SectionId, edit: Edit) -> Bytes {
        let edit = match edit {
            Edit::Lay { heading, parent, after } => document::Edit::AddSection {
                section,
                block: provision(heading),
                heading: String::new(),
                parent,
                after,
            },
            Edit::Place { parent, after } => document::Edit::MoveSection { section, parent, after },
            Edit::Remove => document::Edit::RemoveSection { section },
            Edit::Block { at, block } => document::Edit::PutMarker {
                section,
                at,
                id: provision(block.id),
                kind: block.kind,
                attrs: block.attrs,
            },
            Edit::Insert { at, text } => document::Edit::Splice { section, at, delete: 0, text },
            Edit::Delete { at, count } => {
                document::Edit::Splice { section, at, delete: count, text: String::new() }
            }
            Edit::Mark { start, end, mark } => {
                let mark = match mark {
                    Mark::Strong => document::Mark::Strong,
                    Mark::Emphasis => document::Mark::Em,
                    Mark::Link(href) => document::Mark::Link(document::Link { href, title: None }),
                };
                document::Edit::MarkStretch { section, from: start, to: end, mark }
            }
        };
        self.0.change(at.0 / 1000, &[edit]).expect(FITS).expect("every edit of the script changes something")
    }

    /// An anchor on these words, in the copy as it is.
    pub(super) fn anchor(&self, section: &SectionId, from: usize, to: usize) -> Anchor {
        let reading = self.0.reading();
        document::anchor(reading, section, from, to, &reading.heads()).expect(FITS)
    }
}

fn provision(id: String) -> ProvisionId {
    ProvisionId::new(id).expect("a section's id and a number are a provision's id")
}
