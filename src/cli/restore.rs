//! `quorate restore`: makes a data folder from a backup.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::verify::checking;
use super::{Data, Outcome, control};
use crate::log;

/// What a folder may hold before: keys to go on with, and what an earlier attempt left that was cut short.
const MAY_BE_THERE: [&str; 2] = ["keys", log::RESTORING];

#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

impl Restore {
    pub(super) fn run(self) -> Outcome {
        let Self { file, data: Data { data } } = self;
        if control::is_running(&data) {
            return Err(format!("a server has {} open: give an empty folder with --data", data.display()));
        }
        refuse_full(&data)?;
        let failed = |why: String| format!("nothing was restored from {}: {why}", file.display());
        match fs::metadata(&file) {
            Ok(about) if about.is_file() => {}
            Ok(_) => return Err(failed("it is not a file".into())),
            Err(error) => return Err(failed(error.to_string())),
        }
        let findings = checking(|meaning| log::restore(&file, &data, meaning)).map_err(failed)?;
        findings.print_checked();
        println!("{} holds the {} events of the backup.", data.display(), findings.events);
        println!(
            "It goes on as a new epoch, with checkpoints of its own: start it, and let the server that was \
             backed up not go on beside it."
        );
        Ok(())
    }
}

/// Nothing that somebody may still need is mixed with a restored log.
fn refuse_full(data: &Path) -> Outcome {
    let failed = |error: io::Error| format!("{}: {error}", data.display());
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if !MAY_BE_THERE.iter().any(|may| name == *may) {
            return Err(format!(
                "{} is not empty (it holds {}): give an empty folder with --data",
                data.display(),
                name.display()
            ));
        }
    }
    Ok(())
}
