//! What the program itself, and the people of the demonstration, can do to a plan's document.

use crate::domain::{ProvisionId, Refusal, SectionId, Write};

use super::blocks::{Attrs, BlockType, Link};

/// One thing to do. Offsets are UTF-16 code units from the beginning of the block, as [`super::Block::len`]
/// counts; `block` is a block's id as [`super::normalise`] gives it for the section alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The first change of a document.
    CreatePlan {
        title: String,
    },
    RenamePlan {
        title: String,
    },
    AddSection {
        section: SectionId,
        /// The id of the heading's block.
        block: ProvisionId,
        heading: String,
        /// None: at the top level.
        parent: Option<SectionId>,
        /// The sibling it follows; none: before all of them.
        after: Option<SectionId>,
    },
    RenameSection {
        section: SectionId,
        heading: String,
    },
    MoveSection {
        section: SectionId,
        parent: Option<SectionId>,
        after: Option<SectionId>,
    },
    /// Its text stays and is edited on by those who have not heard yet.
    RemoveSection {
        section: SectionId,
    },
    RestoreSection {
        section: SectionId,
    },
    InsertText {
        section: SectionId,
        block: String,
        at: usize,
        text: String,
    },
    DeleteText {
        section: SectionId,
        block: String,
        from: usize,
        to: usize,
    },
    /// A new block behind another, or behind the section's heading.
    AddBlock {
        section: SectionId,
        after: Option<String>,
        id: ProvisionId,
        kind: BlockType,
        attrs: Attrs,
        text: String,
    },
    RemoveBlock {
        section: SectionId,
        block: String,
    },
    /// Words of the section's whole text become a paragraph of their own, and what goes on behind them, if
    /// anything does, another.
    SetApart {
        section: SectionId,
        at: usize,
        id: ProvisionId,
        rest: Option<(usize, ProvisionId)>,
    },
    /// What follows `at` becomes a block of the same kind (of a heading: a paragraph).
    SplitBlock {
        section: SectionId,
        block: String,
        at: usize,
        id: ProvisionId,
    },
    /// Joins the block to the one before it.
    JoinBlock {
        section: SectionId,
        block: String,
    },
    SetBlock {
        section: SectionId,
        block: String,
        kind: BlockType,
        attrs: Attrs,
    },
    /// In the section's whole text, where a marker counts one: for a writer who knows its places without
    /// reading the blocks anew for every word.
    Splice {
        section: SectionId,
        at: usize,
        delete: usize,
        text: String,
    },
    /// A marker at a place in the section's whole text.
    PutMarker {
        section: SectionId,
        at: usize,
        id: ProvisionId,
        kind: BlockType,
        attrs: Attrs,
    },
    /// Puts a mark on a stretch of the section's whole text.
    MarkStretch {
        section: SectionId,
        from: usize,
        to: usize,
        mark: Mark,
    },
    /// Puts a mark on a stretch of a block, or takes it off.
    Mark {
        section: SectionId,
        block: String,
        from: usize,
        to: usize,
        mark: Mark,
        on: bool,
    },
}

/// What a stretch of text can bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    Strong,
    Em,
    Link(Link),
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotWrite {
    #[error("there is no section {0} in this plan")]
    SectionUnknown(SectionId),
    #[error("there is a section {0} in this plan already")]
    SectionExists(SectionId),
    #[error("section {0} cannot be put inside itself")]
    SectionInsideItself(SectionId),
    #[error("section {0} is not beside the place, so nothing can be put behind it there")]
    SiblingUnknown(SectionId),
    #[error("section {0} is not removed")]
    NotRemoved(SectionId),
    #[error("there is no block {block} in section {section}")]
    BlockUnknown { section: SectionId, block: String },
    #[error("block {block} has {len} code units: {from} to {to} is not a stretch of it")]
    OutOfRange { block: String, from: usize, to: usize, len: usize },
    #[error("the document does not take the edit: {0}")]
    Document(String),
}

impl CannotWrite {
    /// What the person who asked is told; none where it is not their doing.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::SectionUnknown(_) | Self::SiblingUnknown(_) => Some(Refusal::SectionUnknown),
            Self::SectionExists(_) => Some(Refusal::SectionExists),
            Self::SectionInsideItself(_) => Some(Refusal::SectionInsideItself),
            Self::NotRemoved(_) => Some(Refusal::NotRemoved),
            Self::BlockUnknown { .. } => Some(Refusal::StrayUnknown),
            Self::OutOfRange { .. } | Self::Document(_) => None,
        }
    }
}

impl From<automerge::AutomergeError> for CannotWrite {
    fn from(cause: automerge::AutomergeError) -> Self {
        Self::Document(cause.to_string())
    }
}

impl From<&Write> for Edit {
    /// A section made by a command has its own id for its heading's block, since nothing here may be chosen at
    /// random.
    fn from(write: &Write) -> Self {
        match write.clone() {
            Write::Create { title } => Self::CreatePlan { title },
            Write::Rename { title } => Self::RenamePlan { title },
            Write::SectionCreate { section, heading, parent, after } => {
                let block = ProvisionId::new(section.as_str()).expect("both ids are written alike");
                Self::AddSection { section, block, heading, parent, after }
            }
            Write::SectionRename { section, heading } => Self::RenameSection { section, heading },
            Write::SectionMove { section, parent, after } => Self::MoveSection { section, parent, after },
            Write::SectionRemove { section } => Self::RemoveSection { section },
            Write::SectionRestore { section } => Self::RestoreSection { section },
            Write::SetApart { section, provision, at, rest } => {
                Self::SetApart { section, at, id: provision, rest }
            }
            Write::RemoveBlock { section, block } => Self::RemoveBlock { section, block: block.to_string() },
        }
    }
}
