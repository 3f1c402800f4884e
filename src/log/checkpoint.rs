//! Checkpoints: signed statements of the log's size and Merkle root (C2SP `tlog-checkpoint`).
//!
//! A checkpoint is three lines (origin, size, root in base64), a line `at <time>`, an empty line and the
//! signature, as `signed-note` has it.

use redb::{ReadTransaction, ReadableTable as _};
use signed_note::Note;
use tlog_tiles::checkpoint::Checkpoint as Statement;

use super::{
    Failure,
    store::RedbLog,
    tables::{CHECKPOINTS, unreadable, unwritable},
};
use crate::domain::{Position, Timestamp};

/// A signed statement of the log's size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of events that it covers.
    pub size: Position,
    /// The signed note, UTF-8.
    pub note: Vec<u8>,
}

impl RedbLog {
    /// Signs and keeps a checkpoint of all events so far. None when the newest one covers them already.
    pub fn sign_checkpoint(&self, at: Timestamp) -> Result<Option<Checkpoint>, Failure> {
        let mut writer = self.writer.lock();
        let size = writer.tree.size();
        if size == 0 || newest(&self.store.read()?.0)?.is_some_and(|newest| newest.size == size) {
            return Ok(None);
        }
        let malformed =
            |error: &dyn std::fmt::Display| Failure::Write(format!("no checkpoint could be signed: {error}"));
        let statement = Statement::new(self.origin(), size, writer.tree.root(), &format!("at {at}\n"))
            .map_err(|error| malformed(&error))?;
        let mut note = Note::new(&statement.to_bytes(), &[]).map_err(|error| malformed(&error))?;
        note.add_sigs(&[self.keys.signer()]).map_err(|error| malformed(&error))?;
        let note = note.to_bytes();
        self.commit_or_recover(&mut writer, |write, _| {
            let mut checkpoints = write.open_table(CHECKPOINTS).map_err(unwritable)?;
            checkpoints.insert(size, note.as_slice()).map_err(unwritable)?;
            Ok(true)
        })?;
        Ok(Some(Checkpoint { size, note }))
    }

    pub fn newest_checkpoint(&self) -> Result<Option<Checkpoint>, Failure> {
        self.reading(newest)
    }
}

fn newest(read: &ReadTransaction) -> Result<Option<Checkpoint>, Failure> {
    let checkpoints = read.open_table(CHECKPOINTS).map_err(unreadable)?;
    let newest = checkpoints.last().map_err(unreadable)?;
    Ok(newest.map(|(size, note)| Checkpoint { size: size.value(), note: note.value().to_vec() }))
}
