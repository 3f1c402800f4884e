//! `quorate command`: commands for scripts, one JSON object a line, in the name of a person.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;

use super::control::{self, Ask};
use super::{Data, Outcome, people, serve};
use crate::domain::{self, PersonId, Request};
use crate::engine::{self, Error};
use crate::room::Rooms;

#[derive(Args)]
pub(super) struct Command {
    /// The commands, one JSON object a line, as `POST /api/commands` takes them; `-`: from standard input. An `id` that
    /// is missing is made
    #[arg(default_value = "-")]
    file: PathBuf,
    /// In whose name: the id or the e-mail address of a person
    #[arg(long = "as", value_name = "PERSON")]
    asker: String,
    #[command(flatten)]
    data: Data,
}

/// What is asked of whoever has the log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    asker: String,
    command: Value,
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        let Self { file, asker, data } = self;
        let text = read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let mut alone = None;
        for (at, line) in lines {
            // What came before it in the list is done, and its answers are printed.
            let failed = |why: String| format!("line {}: {why}", at + 1);
            let command = serde_json::from_str(line).map_err(|error| failed(error.to_string()))?;
            let task = Task { asker: asker.clone(), command };
            let ask = Ask::Command(task);
            let answer: Option<Value> =
                control::ask(&data.data, &ask).map_err(|error| failed(error.to_string()))?;
            let answer = match (answer, ask) {
                (Some(answer), _) => answer,
                (None, Ask::Command(task)) => {
                    let alone = match &mut alone {
                        Some(alone) => alone,
                        empty => empty.insert(Alone::open(&data)?),
                    };
                    alone.give(&task).map_err(failed)?
                }
                (None, _) => return Err(failed("the verb is another one".into())),
            };
            println!("{answer}");
        }
        if let Some(alone) = alone {
            alone.rooms.engine().close();
        }
        Ok(())
    }
}

fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

/// Where no server has the folder open.
struct Alone {
    runtime: tokio::runtime::Runtime,
    rooms: Rooms,
}

impl Alone {
    fn open(data: &Data) -> Result<Self, String> {
        drop(serve::existing(&data.data)?);
        let (engine, _) = serve::open(&data.data, engine::system())?;
        let runtime = serve::runtime()?;
        let inside = runtime.enter();
        let rooms = Rooms::new(engine);
        drop(inside);
        Ok(Self { runtime, rooms })
    }

    fn give(&self, task: &Task) -> Result<Value, String> {
        let _inside = self.runtime.enter();
        give(&self.rooms, task)
    }
}

/// Gives one command. On a thread that may wait.
pub(super) fn give(rooms: &Rooms, task: &Task) -> Result<Value, String> {
    let mut command = task.command.clone();
    let fields = command.as_object_mut().ok_or("a command is a JSON object")?;
    if !fields.contains_key("id") {
        let id = engine::fresh_id();
        fields.insert("id".into(), id.to_string().into());
    }
    let request: Request = serde_json::from_value(command).map_err(|error| error.to_string())?;
    record(rooms, people::known_by(rooms.engine(), &task.asker)?, request)
}

/// Asks for something in somebody's name, once. On a thread that may wait.
pub(super) fn ask(rooms: &Rooms, asker: PersonId, command: domain::Command) -> Result<Value, String> {
    record(rooms, asker, Request { id: engine::fresh_id(), command })
}

fn record(rooms: &Rooms, asker: PersonId, request: Request) -> Result<Value, String> {
    let id = request.id;
    let done = Handle::current().block_on(rooms.command(asker, request, None));
    let receipt = done.map_err(|error| match error {
        Error::Refused(refusal) => super::refused(refusal),
        Error::Failed(why) => why,
    })?;
    Ok(serde_json::json!({ "id": id, "position": receipt.position }))
}
