//! `quorate demo`: serves the demonstration network, and builds it at the first start.

use std::path::PathBuf;
use std::{fs, io};

use clap::Args;
use tracing::info;

use super::{Outcome, Place, serve};
use crate::demo::{self, HeldClock};
use crate::engine::{self, Engine};

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
        serve::runtime()?.block_on(async {
            // Time begins with the first act: an epoch begun today would leave no past to put it in.
            let clock = HeldClock::new(engine::system());
            let engine = serve::open(&self.data, clock.clock())?;
            if engine.views().state.people.is_empty() {
                build(&engine, &clock).await?;
            }
            clock.release();
            if self.reset {
                return Ok(());
            }
            serve::serve(engine, &self.data, &self.place, true).await
        })
    }
}

/// Plays the script at the times that it tells of.
async fn build(engine: &Engine, clock: &HeldClock) -> Outcome {
    let system = engine::system();
    let begun = system();
    demo::fill(engine, clock).await.map_err(|error| format!("the demonstration was not built: {error:?}"))?;
    engine.checkpoint();
    let took = system().0 - begun.0;
    info!("the demonstration network was built in {took} ms: {} events", engine.views().head);
    Ok(())
}

/// Removes the demonstration's own files, and nothing else.
fn reset(data: &std::path::Path) -> Outcome {
    for name in ["log.redb", "keys"] {
        let path = data.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("{} cannot be removed: {error}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
