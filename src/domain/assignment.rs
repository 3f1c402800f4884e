//! A section for some people alone: one working group drafts one section.
//!
//! It narrows the policy and never widens it: whoever may not edit the plan may not edit the section either. The
//! secretariat and the consultant go on writing everywhere.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::Decision;
use super::limits;
use super::plan;
use super::policy::{Action, Party};
use super::{Actor, Event, OrganisationId, PersonId, PlanId, Refusal, SectionId, State};

/// Who writes a section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonId>,
    /// All who act for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<OrganisationId>,
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.organisations.is_empty()
    }
}

/// Says who writes a section; nobody: all who may edit the plan.
pub(super) fn assign(
    state: &State,
    actor: &Actor,
    id: PlanId,
    section: &SectionId,
    group: &Group,
) -> Result<Decision, Refusal> {
    let found = plan::with(state, actor, id, Action::Process)?;
    let is_here = |person: &PersonId| state.people.get(person).is_some_and(|person| !person.left);
    if !group.people.iter().all(is_here) {
        return Err(Refusal::PersonUnknown);
    }
    if !group.organisations.iter().all(|organisation| state.organisations.contains_key(organisation)) {
        return Err(Refusal::OrganisationUnknown);
    }
    let is_new = !found.assigned.contains_key(section);
    if group.people.len() + group.organisations.len() > limits::GROUP
        || (is_new && found.assigned.len() >= limits::ASSIGNED)
    {
        return Err(Refusal::GroupTooLarge);
    }
    let event = Event::SectionAssigned { plan: id, section: section.clone(), group: group.clone() };
    Ok(Decision { events: vec![event], plan: Some(id), ..Decision::default() })
}

/// Whether a person may write in these sections, as far as that hangs on who a section is for. None: it is not known
/// which they are, since nobody had been named when they were looked at.
pub fn written(
    state: &State,
    person: &PersonId,
    plan: PlanId,
    sections: Option<&BTreeSet<SectionId>>,
) -> Result<(), Refusal> {
    let assigned = state.plans.get(&plan).map(|plan| &plan.assigned);
    if assigned.is_none_or(|assigned| assigned.is_empty()) {
        return Ok(());
    }
    let Some(sections) = sections else { return Err(Refusal::ChangedMeanwhile) };
    match sections.iter().all(|section| state.writes(person, plan, section)) {
        true => Ok(()),
        false => Err(Refusal::SectionOfOthers),
    }
}

impl State {
    /// Whether a section is for this person, among others, to write. Whether they may edit the plan is another question.
    pub fn writes(&self, person: &PersonId, plan: PlanId, section: &SectionId) -> bool {
        let group = self.plans.get(&plan).and_then(|plan| plan.assigned.get(section));
        let Some(group) = group else { return true };
        let acts_for = || {
            let office = self.people.get(person).filter(|person| !person.left).map(|person| &person.office);
            office.and_then(|office| office.organisation.as_ref())
        };
        group.people.contains(person)
            || acts_for().is_some_and(|organisation| group.organisations.contains(organisation))
            || self.parties(person).any(|party| matches!(party, Party::Secretariat | Party::Consultant))
    }
}
