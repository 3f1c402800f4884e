//! `quorate tasks`: who has answered a consultation, and reminding who has not.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::control::{self, Ask};
use super::{By, Outcome, refused};
use crate::domain::PlanId;
use crate::http::App;
use crate::notify;

#[derive(Args)]
pub(super) struct Tasks {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(super) enum Verb {
    /// Print which organisations have not answered the consultation that is open
    Silent {
        /// The id of the plan
        plan: PlanId,
        #[command(flatten)]
        by: By,
    },
    /// Remind by mail who has not answered the consultation that is open, once a day at most
    Remind {
        /// The id of the plan
        plan: PlanId,
        #[command(flatten)]
        by: By,
    },
}

impl Tasks {
    pub(super) fn run(self) -> Outcome {
        let (Verb::Silent { by, .. } | Verb::Remind { by, .. }) = &self.verb;
        let data = by.data.clone();
        control::administer(&data, &Ask::Tasks(self.verb))
    }
}

/// On a thread that may wait.
pub(super) fn give(app: &Arc<App>, verb: Verb) -> Result<Value, String> {
    match verb {
        Verb::Silent { plan, by } => match app.heard(&by.person(app)?, plan).map_err(refused)? {
            Some(heard) => Ok(json!(heard)),
            None => Err(notify::Refused::NoConsultation.sentence().into()),
        },
        Verb::Remind { plan, by } => {
            let done = Handle::current().block_on(app.remind(&by.person(app)?, plan));
            let mails = done.map_err(refused)?.map_err(|why| match why {
                notify::Refused::Failed(failure) => failure.to_string(),
                why => why.sentence().to_owned(),
            })?;
            Ok(json!({ "mails": mails }))
        }
    }
}
