//! `quorate serve`: serves a network from its data folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tracing::info;

use super::{Data, Outcome, Place, control};
use crate::engine::{self, Clock, Engine};
use crate::http::{self, App};
use crate::log::{self, Options, RedbLog};
use crate::room::Rooms;

/// How long what still runs at the end may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// The exit code when the disk failed to confirm what was written (EX_IOERR of sysexits.h).
const LOST: i32 = 74;
/// How often what is new is signed.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    place: Place,
}

impl Serve {
    #[cfg(test)]
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn run(self) -> Outcome {
        serve(&self.data.data, &self.place, false)
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())
}

/// Opens the log of a data folder, or makes it.
fn open_log(data: &Path) -> Result<Arc<RedbLog>, String> {
    let options = Options { signing_key: std::env::var("QUORATE_SIGNING_KEY").ok(), ..Options::default() };
    RedbLog::open(data, &options).map(Arc::new).map_err(|failure| failure.to_string())
}

/// Opens the log of a data folder that has one.
pub(super) fn existing(data: &Path) -> Result<Arc<RedbLog>, String> {
    if data.join(log::FILE).exists() {
        open_log(data)
    } else {
        Err(format!("there is no log in {}: name the data folder with --data", data.display()))
    }
}

/// Opens the log of a data folder and folds it.
pub(super) fn open(data: &Path, clock: Clock) -> Result<(Engine, Arc<RedbLog>), String> {
    let log = open_log(data)?;
    let engine = Engine::open(log.clone(), clock).map_err(|failure| failure.to_string())?;
    Ok((engine, log))
}

/// Serves a data folder until the process is asked to stop, then closes the log cleanly.
pub(super) fn serve(data: &Path, place: &Place, demonstration: bool) -> Outcome {
    let (engine, log) = open(data, engine::system())?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        control::listen(data, log).map_err(|error| format!("the socket for verbs: {error}"))?;
        let rooms = Rooms::admitting_by(place.admission.into(), engine.clone());
        tokio::spawn(rooms.clone().keep());
        tokio::spawn(sign(engine.clone()));
        tokio::spawn(end_when_lost(engine.clone()));
        let app =
            App::new(rooms, data, place.public_url(), demonstration).map_err(|error| error.to_string())?;
        let listener = TcpListener::bind(place.listen).await.map_err(|error| {
            format!("cannot listen on {}: {error}; another can be named: --listen", place.listen)
        })?;
        info!("open {} in a browser (listening on {})", place.public_url(), place.listen);
        http::serve(listener, app, stop()).await.map_err(|error| error.to_string())
    });
    // Whoever still waits for an answer has gone; the writer finishes what it has.
    runtime.shutdown_timeout(FAREWELL);
    engine.close();
    served
}

/// Ends the process at once, with nothing that could still write: what the disk has, only a start finds out.
async fn end_when_lost(engine: Engine) {
    let why = engine.lost().await;
    eprintln!("quorate: the process ends: {why}");
    std::process::exit(LOST);
}

async fn sign(engine: Engine) {
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    loop {
        ticks.tick().await;
        engine.checkpoint();
    }
}

/// Done when the process is asked to stop (SIGINT, SIGTERM).
async fn stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!("no signal can be awaited: {error}");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    info!("stopping");
}
