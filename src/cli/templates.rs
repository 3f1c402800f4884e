//! `quorate templates`: from what the process of a plan is made.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::{self, Ask};
use super::{By, Outcome, refused, said};
use crate::domain::{PhaseId, PlanId, Refusal, Template, Timestamp};
use crate::http::App;

#[derive(Args)]
pub(super) struct Templates {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(super) enum Verb {
    /// Print all templates, one a line: the program's and the network's own
    List {
        #[command(flatten)]
        by: By,
    },
    /// Print one template, in the form in which `templates keep` takes it
    Show {
        /// Its id, as `templates list` prints it
        template: PhaseId,
        #[command(flatten)]
        by: By,
    },
    /// Keep a template of the network's own, from a file, and print the id that it got
    Keep {
        /// The file, in JSON: `templates show` prints one to begin with
        #[serde(skip)]
        file: PathBuf,
        #[arg(skip)]
        json: String,
        #[command(flatten)]
        by: By,
    },
    /// Remove a template of the network's own. Plans that were made from it stay as they are
    Remove {
        /// Its id, as `templates list` prints it
        template: PhaseId,
        #[command(flatten)]
        by: By,
    },
    /// Begin the process of a plan: its phases, dated, from a template
    Start {
        /// The template's id, as `templates list` prints it
        template: PhaseId,
        /// The id of the plan
        plan: PlanId,
        /// When its first phase opens, for example 2027-03-14T09:30, in UTC
        #[arg(long, value_name = "TIME")]
        begins: Timestamp,
        /// For a plan that is on its way already: the id of the phase in which it is
        #[arg(long, value_name = "PHASE")]
        from: Option<PhaseId>,
        #[command(flatten)]
        by: By,
    },
}

impl Templates {
    pub(super) fn run(mut self) -> Outcome {
        if let Verb::Keep { file, json, .. } = &mut self.verb {
            *json = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let data = match &self.verb {
            Verb::List { by }
            | Verb::Show { by, .. }
            | Verb::Keep { by, .. }
            | Verb::Remove { by, .. }
            | Verb::Start { by, .. } => by.data.clone(),
        };
        control::administer(&data, &Ask::Templates(self.verb))
    }
}

/// On a thread that may wait.
pub(super) fn give(app: &Arc<App>, verb: Verb) -> Result<Value, String> {
    let find = |id: &PhaseId| {
        let found = app.templates().into_iter().find(|one| one.template == *id);
        found.ok_or_else(|| {
            format!("{} quorate templates list prints them.", Refusal::TemplateUnknown.sentence())
        })
    };
    match verb {
        // Everybody may see them.
        Verb::List { .. } => {
            let built_in = Template::built_in();
            let row = |one: Template| {
                let phases: Vec<_> = one.phases.iter().map(|phase| &phase.phase).collect();
                json!({
                    "template": one.template, "title": one.title, "own": !built_in.contains(&one),
                    "phases": phases,
                })
            };
            Ok(app.templates().into_iter().map(row).collect())
        }
        Verb::Show { template, .. } => {
            let text = serde_json::to_string_pretty(&find(&template)?);
            text.map(Value::String).map_err(|error| error.to_string())
        }
        Verb::Keep { json, by, .. } => {
            let template = Template::read(&json)
                .map_err(|error| refused(Refusal::TemplateNotRead { why: error.to_string() }))?;
            let kept = app.keep_template(&by.person(app)?, template).map_err(said)?;
            Ok(json!({ "template": kept }))
        }
        Verb::Remove { template, by } => {
            app.remove_template(&by.person(app)?, &template).map_err(said)?;
            Ok(json!({ "removed": template }))
        }
        Verb::Start { template, plan, begins, from, by } => {
            let from = from.as_ref().map_or("", |phase| phase.as_str());
            let command = find(&template)?.start(plan, from, begins).map_err(refused)?;
            super::command::ask(&app.rooms, by.person(app)?, command)
        }
    }
}
