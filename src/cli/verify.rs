//! `quorate verify`: checks that the record is whole, and says what was checked.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::control::{self, Ask};
use super::{Data, Outcome};
use crate::log::{Failure, RedbLog, Report, verify, verify_file};
use crate::room::Meaning;

#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    data: Data,
}

/// What was checked and what was found, as one process tells another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Findings {
    checked: Vec<String>,
    problems: Vec<String>,
    pub(super) events: u64,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let data = &self.data.data;
        let running =
            control::ask(data, &Ask::Verify).map_err(|error| format!("the running server: {error}"))?;
        let findings = match running {
            Some(findings) => {
                println!("The server is running: a copy of its log was checked.");
                findings
            }
            None => check(|meaning| verify(data, meaning)).map_err(|failure| failure.to_string())?,
        };
        findings.print();
        match findings.problems.len() {
            0 => Ok(()),
            count => Err(format!("the record is not whole: {count} problems, listed above")),
        }
    }
}

impl Findings {
    pub(super) fn print_checked(&self) {
        for line in &self.checked {
            println!("checked  {line}");
        }
    }

    fn print(&self) {
        self.print_checked();
        for line in &self.problems {
            println!("PROBLEM  {line}");
        }
        if self.problems.is_empty() {
            println!("The record is whole: {} events.", self.events);
        }
    }
}

/// Copies the running server's log between two commits, and checks the copy.
pub(super) fn check_copy(data: &Path, log: &RedbLog) -> Result<Findings, String> {
    let copy = data.join(format!("verify-{}.redb", std::process::id()));
    let found = log
        .copy_to(&copy)
        .and_then(|()| check(|meaning| verify_file(&copy, meaning)))
        .map_err(|failure| failure.to_string());
    if let Err(error) = fs::remove_file(&copy) {
        tracing::warn!("{} was left behind: {error}", copy.display());
    }
    found
}

/// Does what ends in a check, and fails where anything is wrong.
pub(super) fn checking(
    work: impl FnOnce(&mut Meaning) -> Result<Report, Failure>,
) -> Result<Findings, String> {
    check(work).map_err(|failure| match failure {
        // The verb says what was not done; what of it failed is in the words.
        Failure::Write(what) | Failure::Read(what) | Failure::Damaged(what) => what,
        failure @ Failure::Unknown(_) => failure.to_string(),
    })
}

fn check(verify: impl FnOnce(&mut Meaning) -> Result<Report, Failure>) -> Result<Findings, Failure> {
    let shown = std::io::stderr().is_terminal();
    let mut meaning = Meaning::new(move |done, of| {
        if shown {
            // Progress that cannot be shown is not worth a word.
            let _ = write!(std::io::stderr(), "\r{done} of {of} events");
        }
    });
    let report = verify(&mut meaning)?;
    if shown {
        eprintln!();
    }
    let problems = report.problems.iter().map(|problem| match problem.position {
        Some(position) => format!("event {position}: {}", problem.what),
        None => problem.what.clone(),
    });
    Ok(Findings { problems: problems.collect(), checked: report.checked, events: report.events })
}
