//! `quorate demo`: serves the demonstration network, and builds it at the first start.

use std::path::PathBuf;
use std::{fs, io};

use bytes::Bytes;
use clap::Args;
use tokio::runtime::Handle;
use tracing::info;

use super::{Outcome, Place, serve};
use crate::demo::{self, Stage, Written};
use crate::domain::{PersonId, PlanId, Request, Timestamp};
use crate::engine::{Engine, Error};
use crate::room::{Rooms, Submitted};

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
            let engine = serve::open(&self.data)?;
            if engine.views().state.people.is_empty() {
                build(&engine).await?;
            }
            if self.reset {
                return Ok(());
            }
            serve::serve(engine, &self.data, &self.place, true).await
        })
    }
}

/// Plays the script through the same commands and rooms as any user's.
async fn build(engine: &Engine) -> Outcome {
    let begun = (engine.clock())();
    let stage = Playing { rooms: Rooms::new(engine.clone()), runtime: Handle::current() };
    let played = tokio::task::spawn_blocking(move || {
        let mut stage = stage;
        demo::build(&mut stage, begun)
    });
    played
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("the demonstration was not built: {error:?}"))?;
    engine.checkpoint();
    let took = (engine.clock())().0 - begun.0;
    info!("the demonstration network was built in {took} ms: {} events", engine.views().head);
    Ok(())
}

/// The engine as the stage of the demonstration.
struct Playing {
    rooms: Rooms,
    runtime: Handle,
}

impl Stage for Playing {
    type Error = Error;

    fn command(&mut self, at: Timestamp, person: &PersonId, request: Request) -> Result<(), Error> {
        self.runtime.block_on(self.rooms.command(person.clone(), request, Some(at))).map(drop)
    }

    fn document(&mut self, plan: PlanId) -> Result<Vec<Bytes>, Error> {
        Ok(self.rooms.of_plan(plan)?.changes()?)
    }

    fn changes(&mut self, plan: PlanId, written: Vec<Written>) -> Result<(), Error> {
        let room = self.rooms.of_plan(plan)?;
        self.runtime.block_on(async {
            let mut answers = Vec::with_capacity(written.len());
            for Written { at, person, raw } in written {
                answers.push(room.hand_in(None, person, vec![raw], Some(at)).await);
            }
            for answer in answers {
                match answer.await {
                    Ok(Submitted::Kept) => {}
                    other => return Err(Error::Failed(format!("an edit was not taken: {other:?}"))),
                }
            }
            Ok(())
        })
    }
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
