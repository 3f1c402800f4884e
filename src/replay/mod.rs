//! The walk through a plan's history: when it was worked on and by whom, and where one can stop on the way.
//!
//! Pure over plain inputs: what happened comes in as [`Moment`]s, oldest first. The text at a position and
//! the difference between two positions are the document's business.

mod axis;
mod steps;
mod timeline;

pub use axis::{Axis, Piece};
pub use steps::{Around, Stride};
pub use timeline::{
    Burst, CommentKind, CommentMark, Decision, DecisionMark, Moment, Timeline, What, timeline,
};
