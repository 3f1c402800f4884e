//! How much a change adds and removes, for those who draw when a plan was worked on.

use automerge::{Change, legacy::OpType};

/// Characters and block markers that a change inserts and deletes; zeros when it cannot be read.
pub fn extent(raw: &[u8]) -> (u32, u32) {
    let Ok(change) = Change::from_bytes(raw.to_vec()) else { return (0, 0) };
    let (mut added, mut removed) = (0, 0);
    for op in change.decode().operations {
        match op.action {
            OpType::Put(_) if op.insert => added += 1,
            OpType::Delete => removed += 1,
            _ => {}
        }
    }
    (added, removed)
}
