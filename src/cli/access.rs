//! `quorate access`: who came in and when, what lets them in, and ending it.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::{self, Ask};
use super::{By, Outcome, people, said, waited};
use crate::http::App;

#[derive(Args)]
pub(super) struct Access {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(super) enum Verb {
    /// Print the log of access, one entry a line, the newest first: who signed in or out, and what else changed what lets
    /// somebody in
    Log {
        /// Of one person alone: their id or e-mail address
        #[arg(long, value_name = "PERSON")]
        of: Option<String>,
        /// How many entries at most
        #[arg(long, value_name = "NUMBER", default_value_t = 200)]
        most: usize,
        #[command(flatten)]
        by: By,
    },
    /// Print where somebody is signed in and which tokens for tools they have, one a line
    List {
        /// Who: the id of a person, or their e-mail address
        person: String,
        #[command(flatten)]
        by: By,
    },
    /// End all sign-ins and tokens of somebody: within seconds they are out everywhere. Their passkeys stay
    End {
        /// Who: the id of a person, or their e-mail address
        person: String,
        #[command(flatten)]
        by: By,
    },
}

impl Access {
    pub(super) fn run(self) -> Outcome {
        let (Verb::Log { by, .. } | Verb::List { by, .. } | Verb::End { by, .. }) = &self.verb;
        let data = by.data.clone();
        control::administer(&data, &Ask::Access(self.verb))
    }
}

/// On a thread that may wait.
pub(super) fn give(app: &Arc<App>, verb: Verb) -> Result<Value, String> {
    let who = |person: &str| people::known_by(&app.engine, person);
    if app.access().is_none() {
        return Err("in the demonstration nobody signs in: people are picked".into());
    }
    match verb {
        Verb::Log { of, most, by } => {
            let of = of.as_deref().map(who).transpose()?;
            Ok(json!(waited(app.journal(&by.person(app)?, of.as_ref(), most))?))
        }
        Verb::List { person, by } => {
            let held = app.holds(&by.person(app)?, &who(&person)?).map_err(said)?;
            let sessions = held.sessions.into_iter().map(|(_, one)| {
                json!({ "kind": "sign-in", "made": one.made, "seen": one.seen, "agent": one.agent })
            });
            let tokens = held.tokens.into_iter().map(|(_, one)| {
                json!({
                    "kind": "token", "made": one.made, "used": one.used, "until": one.until, "name": one.name,
                    "scope": one.scope,
                })
            });
            Ok(sessions.chain(tokens).collect())
        }
        Verb::End { person, by } => {
            let person = who(&person)?;
            let by = by.person(app)?;
            let held = app.holds(&by, &person).map_err(said)?;
            waited(app.end_all(&by, &person))?;
            Ok(json!({ "person": person, "sessions": held.sessions.len(), "tokens": held.tokens.len() }))
        }
    }
}
