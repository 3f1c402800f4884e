//! `quorate backup`: writes all that the log holds into one file, also beside a running server.

use std::path::{Path, PathBuf};

use clap::Args;

use super::control::{self, Ask};
use super::verify::{Findings, checking};
use super::{Data, Outcome, serve};
use crate::log::{self, RedbLog};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; nothing that is there is replaced
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

impl Backup {
    pub(super) fn run(self) -> Outcome {
        let data = &self.data.data;
        // The server has a working folder of its own.
        let file =
            std::path::absolute(&self.file).map_err(|error| format!("{}: {error}", self.file.display()))?;
        let failed = |why: String| format!("no backup was written: {why}");
        let running = control::ask(data, &Ask::Backup { file: file.clone() });
        let findings = match running.map_err(|error| failed(error.to_string()))? {
            Some(findings) => findings,
            None => write(&*serve::existing(data)?, &file).map_err(failed)?,
        };
        findings.print_checked();
        println!(
            "{}: {} events, with the names and comments that belong to them.",
            file.display(),
            findings.events
        );
        println!("Keep it as you keep the data folder. The key that signs checkpoints is not in it.");
        Ok(())
    }
}

/// Writes a backup that was verified before it got its name.
pub(super) fn write(log: &RedbLog, file: &Path) -> Result<Findings, String> {
    checking(|meaning| log::backup(log, file, meaning))
}
