//! A consistent copy of the log's file, while the log is in use.

use std::{fs, io, path::Path};

use super::{Failure, store::RedbLog};

impl RedbLog {
    /// Copies the file as of the newest commit to `path`, which must not exist. Appends wait meanwhile,
    /// reads go on. The copy is a file that was not cleanly closed: [`super::verify_file`] reads it, and
    /// opening it repairs it.
    pub fn copy_to(&self, path: &Path) -> Result<(), Failure> {
        let Some(file) = &self.path else {
            return Err(Failure::Read("this log is not in a file, so there is nothing to copy".into()));
        };
        let failed = |error: io::Error| Failure::Write(format!("{}: {error}", path.display()));
        let mut to = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        // Between two commits the file is what a reader of the newest one sees.
        let _writer = self.writer.lock();
        let mut from = fs::File::open(file).map_err(failed)?;
        io::copy(&mut from, &mut to).map_err(failed)?;
        to.sync_all().map_err(failed)
    }
}
