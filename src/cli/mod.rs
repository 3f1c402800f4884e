//! The command line: one file a verb, or a noun with its verbs.

mod access;
mod backup;
mod command;
mod control;
mod demo;
mod guests;
mod people;
mod restore;
mod serve;
mod tasks;
mod templates;
mod verify;

use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::access::Error;
use crate::document::Way;
use crate::domain::{PersonId, Refusal};
use crate::http::App;

/// Drafting a plan together, and standing by it.
#[derive(Parser)]
#[command(name = "quorate", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the demonstration network, building it at the first start
    Demo(demo::Demo),
    /// Serve a network
    Serve(serve::Serve),
    /// Check that the record is whole: every page, event, version, digest and signature
    Verify(verify::Verify),
    /// Write all that the log holds into one file, also while the server works
    Backup(backup::Backup),
    /// Make a data folder from a backup
    Restore(restore::Restore),
    /// People of the network: list them, add many at once, change an address, copy what is held about one
    People(people::People),
    /// Links by which bodies outside the network comment on a consultation
    Guests(guests::Guests),
    /// Templates of processes, and beginning the process of a plan
    Templates(templates::Templates),
    /// Who has answered a consultation, and reminding who has not
    Tasks(tasks::Tasks),
    /// Who came in and when, and ending what lets somebody in
    Access(access::Access),
    /// Give commands, one JSON object a line, in the name of a person
    Command(command::Command),
}

/// Where a server listens, and where it keeps its data.
#[derive(Args, Clone)]
struct Place {
    /// The address to listen on
    #[arg(long, env = "QUORATE_LISTEN", default_value = "127.0.0.1:8400")]
    listen: SocketAddr,
    /// The address under which people reach it [default: http://localhost and the port listened on]
    #[arg(long, env = "QUORATE_PUBLIC_URL")]
    public_url: Option<String>,
    /// The addresses of reverse proxies before it, with commas between: what they say in X-Forwarded-For of where a
    /// request comes from is believed, and nobody else's word
    #[arg(long = "proxy", env = "QUORATE_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    proxies: Vec<IpAddr>,
    /// How changes of documents are shown to be harmless before they are recorded
    #[arg(long, env = "QUORATE_ADMISSION", value_enum, default_value_t)]
    admission: Admission,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Admission {
    /// Held against an index of what was admitted before: as fast in a long history as in a short one
    #[default]
    Proof,
    /// Applied to a copy of the document: slower; for clients that write changes in a form the proof refuses
    Copy,
}

impl From<Admission> for Way {
    fn from(admission: Admission) -> Self {
        match admission {
            Admission::Proof => Self::Proof,
            Admission::Copy => Self::Copy,
        }
    }
}

impl Place {
    /// A name, not an address, where nothing else is said: passkeys need one.
    fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", self.listen.port()))
    }
}

/// The data folder of a verb that has no other default.
#[derive(Debug, Default, Args, Clone)]
struct Data {
    /// The data folder
    #[arg(long, env = "QUORATE_DATA", default_value = "data/network")]
    data: PathBuf,
}

/// In whose name the running server is asked, and which one.
#[derive(Debug, Args, Serialize, Deserialize)]
struct By {
    /// In whose name: the id or the e-mail address of a person, who needs the right to it as in the browser
    #[arg(long = "as", value_name = "PERSON")]
    asker: String,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

impl By {
    fn person(&self, app: &App) -> Result<PersonId, String> {
        people::known_by(&app.engine, &self.asker)
    }
}

/// A refusal for the person at the terminal.
fn refused(refusal: Refusal) -> String {
    format!("{} ({}) {}", refusal.sentence(), refusal.code(), refusal.hint())
}

/// The same of what is not only of the rules.
fn said(error: Error) -> String {
    match error {
        Error::Ruled(refusal) => refused(refusal),
        Error::Refused(refused) => format!("{} {}", refused.sentence(), refused.hint()),
        Error::Failed(why) => why,
    }
}

/// Waits for something that is asked of the server, on a thread that may.
fn waited<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    Handle::current().block_on(asked).map_err(said)
}

/// Why a verb did not do its work: a sentence for the person at the terminal.
type Outcome = Result<(), String>;

/// Runs the verb that the arguments name.
pub fn run() -> ExitCode {
    // Of a document that it loads, the document crate would write out the whole history for a span nobody reads.
    let level = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,automerge=warn"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).with_ansi(colours).init();
    let outcome = match Cli::parse().verb {
        Verb::Demo(demo) => demo.run(),
        Verb::Serve(serve) => serve.run(),
        Verb::Verify(verify) => verify.run(),
        Verb::Backup(backup) => backup.run(),
        Verb::Restore(restore) => restore.run(),
        Verb::People(people) => people.run(),
        Verb::Guests(guests) => guests.run(),
        Verb::Templates(templates) => templates.run(),
        Verb::Tasks(tasks) => tasks.run(),
        Verb::Access(access) => access.run(),
        Verb::Command(command) => command.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("quorate: {sentence}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_in_the_browser_follows_the_port() {
        let place = |arguments: &[&str]| {
            let all = ["quorate", "serve"].iter().chain(arguments);
            match Cli::try_parse_from(all).unwrap().verb {
                Verb::Serve(serve) => serve.place().public_url(),
                _ => unreachable!("serve was asked for"),
            }
        };
        assert_eq!(place(&[]), "http://localhost:8400");
        assert_eq!(place(&["--listen", "127.0.0.1:8401"]), "http://localhost:8401");
        let named = ["--listen", "0.0.0.0:80", "--public-url", "https://plan.example.org"];
        assert_eq!(place(&named), "https://plan.example.org");
    }
}
