//! `quorate demo`: serves the demonstration network, and builds it at the first start.

use std::path::PathBuf;
use std::{fs, io};

use clap::Args;
use tracing::info;

use super::{Outcome, Place, serve};

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

async fn build(engine: &crate::engine::Engine) -> Outcome {
    use crate::domain::{Command, EventId, PersonId, Request, Role};
    let people = [
        ("secretariat", Role::Secretariat, "Secretariat"),
        ("member-1", Role::Representative, "Member 1"),
        ("member-2", Role::Representative, "Member 2"),
        ("consultant", Role::Consultant, "Consultant"),
        ("chair", Role::Chair, "Chair"),
        ("administrator", Role::Administrator, "Administrator"),
    ];
    let rooms = crate::room::Rooms::new(engine.clone());
    let secretariat = PersonId::new("secretariat").map_err(|error| error.to_string())?;
    for (n, (id, role, name)) in people.into_iter().enumerate() {
        let person = PersonId::new(id).map_err(|error| error.to_string())?;
        let command = Command::PersonAdd { person, roles: vec![role], name: name.into() };
        let request = Request { id: EventId(uuid::Uuid::from_u128(n as u128 + 1)), command };
        rooms.command(secretariat.clone(), request, None).await.map_err(|error| format!("{error:?}"))?;
    }
    let command = Command::PlanCreate { plan: None, title: "Strategic plan".into() };
    let request = Request { id: EventId(uuid::Uuid::from_u128(100)), command };
    rooms.command(secretariat.clone(), request, None).await.map_err(|error| format!("{error:?}"))?;
    info!("the demonstration network is built");
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
