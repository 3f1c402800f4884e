//! The way from a verb to the running server: a Unix socket in the data folder, since the log is open in
//! one process only. One line of JSON each way.

use std::fs::{self, Permissions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tracing::error;

use super::verify::check_copy;
use super::{Data, Outcome, access, backup, command, guests, people, tasks, templates};
use crate::http::App;
use crate::log::RedbLog;

/// What can be asked of a running server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub(super) enum Ask {
    Verify,
    /// Into this file, whose path is absolute.
    Backup {
        file: PathBuf,
    },
    PeopleImport(people::Task),
    Command(command::Task),
    PeopleLink(people::Whose),
    People(people::Running),
    Guests(guests::Verb),
    Templates(templates::Verb),
    Tasks(tasks::Verb),
    Access(access::Verb),
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Asks the server that has the folder open; none when no server runs.
pub(super) fn ask<T: DeserializeOwned>(data: &Path, ask: &Ask) -> io::Result<Option<T>> {
    let mut stream = match UnixStream::connect(socket(data)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    writeln!(stream, "{}", serde_json::to_string(ask)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::other("the server ended before it was done"));
    }
    let answer: Result<T, String> = serde_json::from_str(&line)?;
    answer.map(Some).map_err(io::Error::other)
}

/// Asks the server that has the folder open, and prints its answer: a list as JSON, one entry a line; words as they are.
pub(super) fn administer(data: &Data, asked: &Ask) -> Outcome {
    let folder = data.data.display();
    let answer = ask(&data.data, asked).map_err(|error| error.to_string())?.ok_or_else(|| {
        format!(
            "no server runs on {folder}, and this is asked of a running one: start it with \
             quorate serve --data {folder}, or name the folder of the one that runs with --data"
        )
    })?;
    match answer {
        Value::Array(entries) => entries.iter().for_each(|entry| println!("{entry}")),
        Value::String(text) => println!("{text}"),
        answer => println!("{answer}"),
    }
    Ok(())
}

/// Whether a server has the folder open.
pub(super) fn is_running(data: &Path) -> bool {
    UnixStream::connect(socket(data)).is_ok()
}

/// Answers verbs for as long as the server runs.
pub(super) fn listen(data: &Path, log: Arc<RedbLog>, app: Arc<App>) -> io::Result<()> {
    let path = socket(data);
    // The folder is locked by this process: a socket that is there is one that a killed server left.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    let data = data.to_owned();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let known = (log.clone(), app.clone());
            tokio::spawn(answer(stream, data.clone(), known));
        }
    });
    Ok(())
}

/// What verbs are about.
type Known = (Arc<RedbLog>, Arc<App>);

async fn answer(stream: tokio::net::UnixStream, data: PathBuf, (log, app): Known) {
    let mut stream = tokio::io::BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.is_err() {
        return;
    }
    let work = tokio::task::spawn_blocking(move || match serde_json::from_str(&line) {
        Ok(Ask::Verify) => told(check_copy(&data, &log)),
        Ok(Ask::Backup { file }) => told(backup::write(&log, &file)),
        Ok(Ask::PeopleImport(task)) => told(people::import(&app.engine, &task)),
        Ok(Ask::PeopleLink(whose)) => {
            told(people::link(&app.engine, app.access().map(|access| &**access), &whose))
        }
        Ok(Ask::Command(task)) => told(command::give(&app.rooms, &task)),
        Ok(Ask::People(verb)) => people::give(&app, verb),
        Ok(Ask::Guests(verb)) => guests::give(&app, verb),
        Ok(Ask::Templates(verb)) => templates::give(&app, verb),
        Ok(Ask::Tasks(verb)) => tasks::give(&app, verb),
        Ok(Ask::Access(verb)) => access::give(&app, verb),
        Err(error) => Err(format!("the server does not understand the verb: {error}")),
    });
    let answer: Result<Value, String> = work.await.unwrap_or_else(|stopped| Err(stopped.to_string()));
    match serde_json::to_string(&answer) {
        // Whoever asked may have gone.
        Ok(text) => drop(stream.write_all(format!("{text}\n").as_bytes()).await),
        Err(error) => error!("an answer could not be written: {error}"),
    }
}

/// What was found, as it goes over the socket.
fn told(found: Result<impl Serialize, String>) -> Result<Value, String> {
    serde_json::to_value(found?).map_err(|error| error.to_string())
}
