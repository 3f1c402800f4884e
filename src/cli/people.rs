//! `quorate people`: what an administrator does with many people at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::{self, Ask};
use super::{By, Data, Outcome, said, serve, waited};
use crate::access::{Access, Passkeys};
use crate::domain::{Action, Email, PersonId};
use crate::engine::{self, Engine, Error};
use crate::http::App;
use crate::mail::Outbox;
use crate::roster::{self, Found, Known, Report};

#[derive(Args)]
pub(super) struct People {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Take in a list of people and organisations (CSV): all of it, or nothing where a line is wrong
    Import(Import),
    /// Print a link by which somebody signs in, once and within minutes: for who has no mail box, or while mail is down
    Link(Link),
    #[command(flatten)]
    Running(Running),
}

/// What the running server alone can be asked.
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(super) enum Running {
    /// Print everybody of the network, one a line: ids, addresses, roles, organisations, who has signed in
    List {
        #[command(flatten)]
        by: By,
    },
    /// Change the e-mail address at which somebody is reached and signs in. The old one gets a note
    Address {
        /// Who: the id of a person, or their e-mail address
        person: String,
        /// The new address
        email: String,
        #[command(flatten)]
        by: By,
    },
    /// Print a copy of all that is held about somebody, in JSON
    Copy {
        /// Who: the id of a person or a guest, or an e-mail address
        person: String,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Args)]
struct Link {
    /// Who: the id of a person, or their e-mail address
    person: String,
    /// The address under which people reach the server, where none runs [default: http://localhost:8400]
    #[arg(long, env = "QUORATE_PUBLIC_URL")]
    public_url: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Who is meant, by id or address.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Whose {
    whose: String,
}

#[derive(Args)]
struct Import {
    /// The list; its first line names the columns: organisation, standing, weight, seats, name, e-mail, roles
    file: PathBuf,
    /// In whose name: the id or the e-mail address of a person who may add people
    #[arg(long = "as", value_name = "PERSON")]
    asker: String,
    /// Say what the list would do, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Take the lines that are right, also where others are wrong
    #[arg(long, conflicts_with = "dry_run")]
    take_right: bool,
    #[command(flatten)]
    data: Data,
}

/// What is asked of whoever has the log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    list: Vec<u8>,
    asker: String,
    dry_run: bool,
    take_right: bool,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    /// What each line would make, or what is wrong with it.
    lines: Vec<String>,
    right: usize,
    unchanged: usize,
    wrong: usize,
    people: usize,
    organisations: usize,
    ignored: Vec<String>,
    taken: bool,
}

impl People {
    pub(super) fn run(self) -> Outcome {
        let import = match self.verb {
            Verb::Import(import) => import,
            Verb::Link(link) => return link.run(),
            Verb::Running(verb) => return verb.run(),
        };
        let list = fs::read(&import.file).map_err(|error| format!("{}: {error}", import.file.display()))?;
        let Import { asker, dry_run, take_right, data, .. } = import;
        let task = Task { list, asker, dry_run, take_right };
        let failed = |why: String| format!("nothing was taken in: {why}");
        let ask = Ask::PeopleImport(task);
        let running = control::ask(&data.data, &ask).map_err(|error| failed(error.to_string()))?;
        let done: Done = match (running, ask) {
            (Some(done), _) => done,
            (None, Ask::PeopleImport(task)) => alone(&data, &task).map_err(failed)?,
            (None, _) => return Err(failed("the verb is another one".into())),
        };
        done.print();
        match done {
            Done { taken: true, .. } => Ok(()),
            Done { wrong: 0, .. } if dry_run => Ok(()),
            Done { wrong: 0, right: 0, .. } => Ok(()),
            Done { wrong, .. } => Err(failed(format!(
                "{wrong} of the lines are wrong{}",
                if dry_run { "" } else { "; --take-right takes the others" }
            ))),
        }
    }
}

impl Running {
    fn run(self) -> Outcome {
        let (Self::List { by } | Self::Address { by, .. } | Self::Copy { by, .. }) = &self;
        let data = by.data.clone();
        control::administer(&data, &Ask::People(self))
    }
}

/// On a thread that may wait.
pub(super) fn give(app: &Arc<App>, verb: Running) -> Result<Value, String> {
    let who = |person: &str| known_by(&app.engine, person);
    match verb {
        Running::List { by } => Ok(json!(app.members(&by.person(app)?).map_err(super::refused)?)),
        Running::Address { person, email, by } => {
            let person = who(&person)?;
            waited(app.set_address(&by.person(app)?, &person, &email))?;
            Ok(json!({ "person": person, "email": email }))
        }
        Running::Copy { person, by } => waited(app.copy(&by.person(app)?, &who(&person)?)).map(Value::String),
    }
}

impl Link {
    fn run(self) -> Outcome {
        let ask = Ask::PeopleLink(Whose { whose: self.person.clone() });
        let failed = |why: String| format!("no link was made: {why}");
        let running = control::ask(&self.data.data, &ask).map_err(|error| failed(error.to_string()))?;
        let link: String = match running {
            Some(link) => link,
            None => self.alone().map_err(failed)?,
        };
        println!("{link}");
        Ok(())
    }

    /// Where no server runs: the link holds when one does, if that is soon.
    fn alone(&self) -> Result<String, String> {
        drop(serve::existing(&self.data.data)?);
        let (engine, _) = serve::open(&self.data.data, engine::system())?;
        let public_url = self.public_url.as_deref().unwrap_or("http://localhost:8400");
        // No mail is sent.
        let (outbox, _) = Outbox::open("print", "quorate@localhost")?;
        let failed = |failure: crate::log::Failure| failure.to_string();
        let passkeys = Arc::new(Passkeys::open(engine.clone(), public_url).map_err(failed)?);
        let access = Access::open(engine.clone(), outbox, passkeys, public_url).map_err(failed)?;
        let link = link(&engine, Some(&access), &Whose { whose: self.person.clone() });
        engine.close();
        link
    }
}

/// Who is meant by an id, or by an e-mail address.
pub(super) fn known_by(engine: &Engine, whose: &str) -> Result<PersonId, String> {
    let by_address = Email::new(whose).ok().and_then(|email| engine.person_at(&email));
    let person = by_address.or_else(|| PersonId::new(whose).ok());
    person.ok_or_else(|| format!("nobody is known by {whose}"))
}

/// A link to sign in as somebody.
pub(super) fn link(
    engine: &Engine,
    access: Option<&Access>,
    Whose { whose }: &Whose,
) -> Result<String, String> {
    let access = access.ok_or("in the demonstration nobody signs in: people are picked")?;
    let person = known_by(engine, whose)?;
    access.hand_link(&person).map_err(said)
}

/// Where no server has the folder open.
fn alone(data: &Data, task: &Task) -> Result<Done, String> {
    drop(serve::existing(&data.data)?);
    let (engine, _) = serve::open(&data.data, engine::system())?;
    let runtime = serve::runtime()?;
    let _inside = runtime.enter();
    let done = import(&engine, task);
    engine.close();
    done
}

/// Checks a list, and takes it in where that was asked for. On a thread that may wait.
pub(super) fn import(engine: &Engine, task: &Task) -> Result<Done, String> {
    let asker = known_by(engine, &task.asker)?;
    let rules = {
        let views = engine.views();
        if !views.state.may_always(&asker, Action::People) {
            return Err(format!("{} is nobody who may add people and organisations", task.asker));
        }
        views.state.network()
    };
    let mut names = BTreeMap::new();
    for id in rules.people.keys() {
        if let Some(about) = engine.about(id) {
            names.insert(id.clone(), about.name);
        }
    }
    let text = roster::within(&task.list).map_err(|unreadable| unreadable.to_string())?;
    // What is there already is not made again: each time may ask for ids of its own.
    let seed = engine.views().head.to_be_bytes();
    let person_at = |email: &Email| engine.person_at(email);
    let known = Known { rules: &rules, names: &names, person_at: &person_at };
    let report = roster::check(&text, known, &asker, &seed).map_err(|unreadable| unreadable.to_string())?;
    let mut done = Done::of(&report);
    let is_wanted = !task.dry_run && (done.wrong == 0 || task.take_right);
    if is_wanted && !report.requests.is_empty() {
        let asked = engine.together(asker, report.requests);
        tokio::runtime::Handle::current().block_on(asked).map_err(|error| match error {
            Error::Refused(refusal) => format!("{} {}", refusal.sentence(), refusal.hint()),
            Error::Failed(why) => why,
        })?;
        done.taken = true;
    }
    Ok(done)
}

impl Done {
    fn of(report: &Report) -> Self {
        let lines = report.lines.iter().filter_map(|line| {
            let about = line.about();
            let said = match &line.found {
                Found::Unchanged => return None,
                Found::Right(makes) => format!("new      {makes}"),
                Found::Wrong(troubles) => {
                    let troubles: Vec<String> = troubles.iter().map(ToString::to_string).collect();
                    format!("WRONG    {}", troubles.join(" "))
                }
            };
            Some(format!("line {:<5} {said}  ({about})", line.number))
        });
        let (people, organisations) = report.made();
        Self {
            lines: lines.collect(),
            right: report.right(),
            unchanged: report.unchanged(),
            wrong: report.wrong().count(),
            people,
            organisations,
            ignored: report.ignored.clone(),
            taken: false,
        }
    }

    fn print(&self) {
        for line in &self.lines {
            println!("{line}");
        }
        for column in &self.ignored {
            println!("The column “{column}” is not read.");
        }
        let Self { right, unchanged, wrong, people, organisations, .. } = self;
        println!("Lines that are right: {right}; there already: {unchanged}; wrong: {wrong}.");
        let makes = format!("new organisations: {organisations}; new people: {people}");
        match self.taken {
            true => println!("Taken in: {makes}."),
            false => println!("Nothing was taken in. The right lines would make: {makes}."),
        }
    }
}
