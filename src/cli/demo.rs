//! `quorate demo`: serves the demonstration network, and builds it at the first start.

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

use clap::Args;
use tracing::info;

use super::{Outcome, Place, control, serve};
use crate::demo::{self, HeldClock};
use crate::engine;
use crate::log;

/// Beside the log in a data folder.
const KEYS: &str = "keys";

#[derive(Args)]
pub(super) struct Demo {
    /// The data folder of the demonstration
    #[arg(long, env = "QUORATE_DATA", default_value = "data/demo")]
    data: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Throw away what was done in the demonstration and build it anew, then end
    #[arg(long)]
    reset: bool,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        if self.reset {
            reset(&self.data)?;
        }
        if !self.data.join(log::FILE).exists() {
            build(&self.data)?;
        }
        if self.reset { Ok(()) } else { serve::serve(&self.data, &self.place, &serve::Door::Demonstration) }
    }
}

/// Plays the script at the times that it tells of. A build that is cut short leaves nothing behind that
/// could be taken for a whole one.
fn build(data: &Path) -> Outcome {
    let staging = data.join("building");
    let failed = |error: io::Error| format!("{}: {error}", staging.display());
    remove(&staging).map_err(failed)?;
    fs::create_dir_all(&staging).map_err(failed)?;
    let begun = Instant::now();
    // Time begins with the first act: an epoch begun today would leave no past to put it in.
    let clock = HeldClock::new(engine::system());
    let (engine, log) = serve::open(&staging, clock.clock())?;
    let runtime = serve::runtime()?;
    let filled = runtime.block_on(demo::fill(&engine, &clock));
    drop(runtime);
    engine.close();
    let events = engine.views().head;
    drop((engine, log));
    filled.map_err(|error| format!("the demonstration was not built: {error:?}"))?;
    remove(&data.join(KEYS)).map_err(failed)?;
    for name in [KEYS, log::FILE] {
        fs::rename(staging.join(name), data.join(name)).map_err(failed)?;
    }
    fs::remove_dir_all(&staging).map_err(failed)?;
    info!("the demonstration network was built in {} ms: {events} events", begun.elapsed().as_millis());
    Ok(())
}

/// Removes the demonstration's own files, and nothing else.
fn reset(data: &Path) -> Outcome {
    if control::is_running(data) {
        return Err(format!("a server has {} open: stop it first", data.display()));
    }
    for name in [log::FILE, KEYS] {
        remove(&data.join(name)).map_err(|error| format!("{name} cannot be removed: {error}"))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
