//! The plan as files that others can read: one file a format.

mod changes;
pub mod html;
pub mod markdown;
mod passage;

use crate::domain::PersonId;

/// Who is who: names to read, and the numbers from 1 to 8 that the style sheet has colours for.
pub trait Names {
    /// None: an author who is not known.
    fn name(&self, person: Option<&PersonId>) -> &str;
    fn number(&self, person: &PersonId) -> usize;
}
