//! Organisations, and the table of who can do what.

use std::collections::HashMap;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Action, OrganisationId, Party, PlanId, Profile, Stage, always_granted, granted};
use crate::http::Shared;
use crate::http::auth::SignedIn;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/organisations", get(organisations)).route("/api/policy", get(policy))
}

/// An organisation of the network.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Organisation")]
pub(super) struct OrganisationView {
    id: OrganisationId,
    #[serde(flatten)]
    profile: Profile,
    /// How many of its seats are held.
    taken: usize,
    /// How often it was changed, its beginning included: `organisation.change` names it.
    version: u64,
}

async fn organisations(State(app): State<Shared>) -> Json<Vec<OrganisationView>> {
    let views = app.engine.views();
    let all = views.state.organisations.iter();
    let mut taken: HashMap<&OrganisationId, usize> = HashMap::new();
    for person in views.state.people.values().filter(|person| person.office.seat && !person.left) {
        if let Some(organisation) = &person.office.organisation {
            *taken.entry(organisation).or_default() += 1;
        }
    }
    let view = |(id, one): (&OrganisationId, &crate::domain::Organisation)| OrganisationView {
        id: id.clone(),
        profile: one.profile.clone(),
        taken: taken.get(id).copied().unwrap_or(0),
        version: one.version,
    };
    Json(all.map(view).collect())
}

/// What one part in the network may do.
#[derive(Serialize, JsonSchema)]
struct Granted {
    /// For example `member`: a representative of a member.
    party: String,
    actions: Vec<&'static str>,
}

/// A column of the table: a stage in which a plan can be.
#[derive(Serialize, JsonSchema)]
struct Column {
    /// For example `drafting`.
    stage: String,
    granted: Vec<Granted>,
}

/// In which stage a plan is now.
#[derive(Serialize, JsonSchema)]
struct Now {
    plan: PlanId,
    stage: String,
}

/// Who can do what, when: the table by which the server decides.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Policy")]
pub(super) struct PolicyView {
    /// What depends on where a plan is.
    stages: Vec<Column>,
    /// What does not.
    always: Vec<Granted>,
    /// Where the plans are that the one who asks may read.
    now: Vec<Now>,
}

async fn policy(State(app): State<Shared>, SignedIn(person): SignedIn) -> Json<PolicyView> {
    let row = |party: Party, actions: &[Action]| Granted {
        party: word(party),
        actions: actions.iter().map(|action| action.word()).collect(),
    };
    let column = |stage: Stage| Column {
        stage: word(stage),
        granted: Party::ALL.into_iter().map(|party| row(party, granted(party, stage))).collect(),
    };
    let views = app.engine.views();
    let readable = views.state.order.iter().filter(|plan| views.state.may(&person, **plan, Action::Read));
    let now = readable.filter_map(|id| {
        let plan = views.state.plans.get(id)?;
        Some(Now { plan: *id, stage: word(plan.stage()) })
    });
    Json(PolicyView {
        stages: Stage::ALL.into_iter().map(column).collect(),
        always: Party::ALL.into_iter().map(|party| row(party, always_granted(party))).collect(),
        now: now.collect(),
    })
}

/// The word by which the interface calls a party or a stage.
fn word(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
