//! Who has answered a consultation, and reminding who has not.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::App;
use crate::domain::{
    Action, OrganisationId, PersonId, PhaseKind, PlanId, Process, Refusal, Standing, State as Rules,
};
use crate::log::Failure;
use crate::notify::{Notifier, Refused};

/// Who has answered the consultation that is open.
#[derive(Debug, Clone, Serialize)]
pub struct Heard {
    /// The title of the phase.
    pub phase: String,
    /// How many organisations and invited bodies are asked.
    pub of: usize,
    /// How many people can be reminded.
    pub people: usize,
    /// The names of those that have not answered.
    pub silent: Vec<String>,
    /// Those of whom nobody can be asked: nobody acts for them, and no guest is invited for them.
    pub unreached: Vec<String>,
}

impl App {
    /// For who may ask others about the plan; none while no consultation is open.
    pub fn heard(&self, person: &PersonId, id: PlanId) -> Result<Option<Heard>, Refusal> {
        self.permits_in(person, id, Action::Ask)?;
        let views = self.engine.views();
        let state = &views.state;
        let plan = state.plans.get(&id).ok_or(Refusal::PlanUnknown)?;
        let open = plan.process.as_ref().and_then(Process::open);
        let open = open.filter(|open| open.plan.kind == PhaseKind::Consultation);
        Ok(open.map(|open| {
            let answers = plan.answers.get(&open.plan.phase);
            let is_heard =
                |one: &OrganisationId| answers.is_some_and(|answers| answers.organisations.contains(one));
            let mut asked = organisations_that_may_comment(state, id);
            // Who came and said something was heard, also where the link was taken back meanwhile.
            let invited = state.guests.invited(id, &open.plan.phase);
            asked.extend(invited.filter(|one| is_no_member(state, one)));
            asked.extend(answers.into_iter().flat_map(|answers| &answers.organisations));
            let bodies = state.guests.bodies(id, &open.plan.phase, answers);
            let mut silent = names(state, |one| asked.contains(one) && !is_heard(one));
            silent.extend(
                bodies.iter().filter(|(_, is_heard)| !**is_heard).map(|(name, _)| (*name).to_owned()),
            );
            silent.sort_by_cached_key(|name| name.to_lowercase());
            let unreached = names(state, |one| !asked.contains(one));
            let people = Notifier::silent(&views, id).len();
            Heard {
                phase: open.plan.title.clone(),
                of: asked.len() + bodies.len(),
                people,
                silent,
                unreached,
            }
        }))
    }

    /// Reminds who has not answered: with how many mails, or why with none.
    pub async fn remind(&self, person: &PersonId, plan: PlanId) -> Result<Result<usize, Refused>, Refusal> {
        self.permits_in(person, plan, Action::Ask)?;
        let notifier: Arc<Notifier> = self.notifier.clone();
        let done = tokio::task::spawn_blocking(move || notifier.remind(plan)).await;
        // Only a panic in the work itself gets here, and its hook has told the operator.
        Ok(done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()).into())))
    }
}

/// The names of some organisations, in their order.
fn names(state: &Rules, which: impl Fn(&OrganisationId) -> bool) -> Vec<String> {
    let some = state.organisations.iter().filter(|(id, _)| which(id));
    let mut names: Vec<String> = some.map(|(_, one)| one.profile.name.clone()).collect();
    names.sort_by_cached_key(|name| name.to_lowercase());
    names
}

/// The organisations for which somebody acts who may comment.
fn organisations_that_may_comment(state: &Rules, plan: PlanId) -> BTreeSet<&OrganisationId> {
    let there = state.people.iter().filter(|(_, known)| !known.left);
    let may = there.filter(|(person, _)| state.may(person, plan, Action::Comment));
    may.filter_map(|(_, known)| known.office.organisation.as_ref()).collect()
}

/// Whether guests can speak for an organisation.
fn is_no_member(state: &Rules, organisation: &OrganisationId) -> bool {
    state.organisations.get(organisation).is_some_and(|one| one.profile.standing != Standing::Member)
}
