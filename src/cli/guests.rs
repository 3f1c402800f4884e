//! `quorate guests`: links for bodies outside the network, by which they comment on a consultation.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::{self, Ask};
use super::{By, Outcome, refused, waited};
use crate::domain::{Email, Invite, OrganisationId, PhaseId, PlanId, Refusal, Timestamp};
use crate::engine;
use crate::http::App;

#[derive(Args)]
pub(super) struct Guests {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(super) enum Verb {
    /// Print who was invited to comment on a plan and who came, one invitation a line
    List {
        /// The id of the plan
        plan: PlanId,
        #[command(flatten)]
        by: By,
    },
    /// Make a link by which a body comments without an account, and print it: it is shown this once
    Invite(New),
    /// Take a link back: whoever has it comes in by it no more
    Revoke {
        /// The id of the plan
        plan: PlanId,
        /// The id of the invitation, as `guests list` prints it
        invitation: crate::domain::InvitationId,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Debug, Args, Serialize, Deserialize)]
pub(super) struct New {
    /// The id of the plan
    plan: PlanId,
    /// Whom the link is for: the name of a body
    #[arg(required_unless_present = "organisation", default_value = "", hide_default_value = true)]
    to: String,
    /// Instead of a name: the id of an organisation of the network that is no member
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    organisation: Option<OrganisationId>,
    /// The id of the consultation [default: the first that is not over]
    #[arg(long, value_name = "ID")]
    phase: Option<PhaseId>,
    /// Until when the link holds, for example 2027-03-14T09:30, in UTC [default: the end of the consultation]
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Send the link to this address, too
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    #[command(flatten)]
    by: By,
}

impl Guests {
    pub(super) fn run(self) -> Outcome {
        let data = match &self.verb {
            Verb::List { by, .. } | Verb::Revoke { by, .. } => by.data.clone(),
            Verb::Invite(new) => new.by.data.clone(),
        };
        control::administer(&data, &Ask::Guests(self.verb))
    }
}

/// On a thread that may wait.
pub(super) fn give(app: &Arc<App>, verb: Verb) -> Result<Value, String> {
    match verb {
        Verb::List { plan, by } => {
            let all = app.invitations(&by.person(app)?, plan).map_err(refused)?;
            let row = |one: crate::http::administration::Invited| {
                json!({
                    "invitation": one.id, "to": one.invitation.to, "organisation": one.invitation.organisation,
                    "phase": one.invitation.phase, "until": one.invitation.until,
                    "revoked": one.invitation.revoked, "holds": one.holds,
                    "guests": one.guests.into_iter().map(|(id, name)| json!({ "id": id, "name": name }))
                        .collect::<Vec<_>>(),
                    "comments": one.comments,
                })
            };
            Ok(all.invited.into_iter().map(row).collect())
        }
        Verb::Invite(new) => invite(app, new),
        Verb::Revoke { plan, invitation, by } => {
            let command = crate::domain::Command::GuestRevoke { plan, invitation };
            super::command::ask(&app.rooms, by.person(app)?, command)
        }
    }
}

fn invite(app: &Arc<App>, new: New) -> Result<Value, String> {
    let person = new.by.person(app)?;
    let consultations = app.invitations(&person, new.plan).map_err(refused)?.consultations;
    let found = match &new.phase {
        Some(phase) => consultations.iter().find(|one| one.phase == *phase),
        None => consultations.first(),
    };
    let Some(found) = found else {
        let open: Vec<_> = consultations.iter().map(|one| one.phase.as_str()).collect();
        return Err(match open.as_slice() {
            [] => "The plan has no consultation to which anybody can be invited still. \
                   Begin a process that has one: quorate templates start."
                .into(),
            open => format!(
                "{} Consultations that are not over: {}.",
                Refusal::PhaseUnknown.sentence(),
                open.join(", ")
            ),
        });
    };
    let email = new.email.as_deref().map(Email::new).transpose().map_err(refused)?;
    let invite = Invite {
        plan: new.plan,
        phase: found.phase.clone(),
        to: new.to,
        organisation: new.organisation,
        until: new.until.unwrap_or(found.closes),
    };
    let made = waited(app.invite(&person, engine::fresh_id(), invite, email))?;
    Ok(json!(made))
}
