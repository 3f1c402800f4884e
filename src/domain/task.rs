//! A task: what one person asked of another, or of an organisation, perhaps by a date. What the process itself asks
//! for is in [`super::asked`]: it follows from where a plan is, and is recorded nowhere.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, text};
use super::limits;
use super::plan;
use super::policy::{Action, require};
use super::{
    Actor, Event, Fact, OrganisationId, PersonId, PlanId, Position, Refusal, SectionId, State, TaskId,
    Timestamp,
};

/// Of whom something is asked. What is asked of an organisation, each who acts for it can do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    Person(PersonId),
    Organisation(OrganisationId),
}

/// What is asked, but for the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// The plan that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// The section of that plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    pub of: Of,
    /// By when; none: there is no hurry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// A task as the rules know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub ask: Ask,
    pub by: Option<PersonId>,
    pub at: Timestamp,
    /// When it was done or taken back.
    pub over: Option<Timestamp>,
    /// The version of its stream.
    pub version: u64,
}

/// All tasks, and those that are open by whom they are asked of and by plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tasks {
    all: BTreeMap<TaskId, Task>,
    open: BTreeMap<Of, BTreeSet<TaskId>>,
    /// In the order in which they were asked.
    by_plan: BTreeMap<PlanId, Vec<(Position, TaskId)>>,
}

impl Tasks {
    pub fn get(&self, task: TaskId) -> Option<&Task> {
        self.all.get(&task)
    }

    /// What is open for one person or organisation.
    pub fn open(&self, of: &Of) -> impl Iterator<Item = (TaskId, &Task)> {
        let open = self.open.get(of).into_iter().flatten();
        open.filter_map(|id| Some((*id, self.all.get(id)?)))
    }

    /// All that was ever asked about a plan, oldest first.
    pub fn of_plan(&self, plan: PlanId) -> impl Iterator<Item = (TaskId, &Task)> {
        let all = self.by_plan.get(&plan).into_iter().flatten();
        all.filter_map(|(_, id)| Some((*id, self.all.get(id)?)))
    }

    /// Whether anything was ever asked of an organisation.
    pub(super) fn concern(&self, organisation: &OrganisationId) -> bool {
        self.all.values().any(|task| matches!(&task.ask.of, Of::Organisation(of) if of == organisation))
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        match &fact.event {
            Event::TaskAsked { task, ask } => {
                self.open.entry(ask.of.clone()).or_default().insert(*task);
                if let Some(plan) = ask.plan {
                    self.by_plan.entry(plan).or_default().push((fact.position, *task));
                }
                let new =
                    Task { ask: ask.clone(), by: fact.actor.clone(), at: fact.at, over: None, version: 1 };
                self.all.insert(*task, new);
            }
            Event::TaskWorded { task, .. } => {
                if let Some(known) = self.all.get_mut(task) {
                    known.version += 1;
                }
            }
            Event::TaskDone { task } | Event::TaskWithdrawn { task } => {
                let Some(known) = self.all.get_mut(task) else { return };
                known.version += 1;
                known.over = Some(fact.at);
                if let Some(open) = self.open.get_mut(&known.ask.of) {
                    open.remove(task);
                }
            }
            _ => {}
        }
    }

    /// What is open for somebody who leaves is asked of their successor from then on.
    pub(super) fn hand_over(&mut self, from: &PersonId, to: &PersonId) {
        let moved = self.open.remove(&Of::Person(from.clone())).unwrap_or_default();
        for task in &moved {
            if let Some(known) = self.all.get_mut(task) {
                known.ask.of = Of::Person(to.clone());
            }
        }
        if !moved.is_empty() {
            self.open.entry(Of::Person(to.clone())).or_default().extend(moved);
        }
    }
}

impl State {
    /// Whether a task is asked of this person, by themselves or by whom they act for.
    pub fn is_asked(&self, person: &PersonId, of: &Of) -> bool {
        match of {
            Of::Person(asked) => asked == person,
            Of::Organisation(asked) => self
                .people
                .get(person)
                .is_some_and(|known| !known.left && known.office.organisation.as_ref() == Some(asked)),
        }
    }
}

pub(super) fn ask(
    state: &State,
    actor: &Actor,
    task: TaskId,
    ask: &Ask,
    words: &str,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::Ask)?;
    if let Some(plan) = ask.plan {
        plan::with(state, actor, plan, Action::Read)?;
    }
    if state.tasks.get(task).is_some() {
        return Err(Refusal::TaskExists);
    }
    match &ask.of {
        Of::Person(person) => {
            if state.people.get(person).ok_or(Refusal::PersonUnknown)?.left {
                return Err(Refusal::PersonHasLeft);
            }
        }
        Of::Organisation(organisation) => {
            state.organisations.get(organisation).ok_or(Refusal::OrganisationUnknown)?;
        }
    }
    if ask.section.is_some() && ask.plan.is_none() {
        return Err(Refusal::SectionUnknown);
    }
    let text = text("task", words, limits::TEXT)?;
    if state.tasks.open(&ask.of).count() >= limits::TASKS {
        return Err(Refusal::TooManyTasks);
    }
    let asked = Event::TaskAsked { task, ask: ask.clone() };
    let events = vec![asked, Event::TaskWorded { task, text }];
    Ok(Decision { events, plan: ask.plan, ..Decision::default() })
}

/// By whom it is asked of, or by those who ask.
pub(super) fn done(state: &State, actor: &Actor, task: TaskId) -> Result<Decision, Refusal> {
    let known = of_concern(state, actor, task, true)?;
    let events = vec![Event::TaskDone { task }];
    Ok(Decision { events, plan: known.ask.plan, ..Decision::default() })
}

pub(super) fn withdraw(state: &State, actor: &Actor, task: TaskId) -> Result<Decision, Refusal> {
    let known = of_concern(state, actor, task, false)?;
    let events = vec![Event::TaskWithdrawn { task }];
    Ok(Decision { events, plan: known.ask.plan, ..Decision::default() })
}

/// An open task, if the asker asked it or may ask; `asked`: or if it is asked of them. To others there is none.
fn of_concern<'a>(state: &'a State, actor: &Actor, task: TaskId, asked: bool) -> Result<&'a Task, Refusal> {
    let known = state.tasks.get(task).ok_or(Refusal::TaskUnknown)?;
    let is_here = state.people.get(&actor.person).is_some_and(|person| !person.left);
    let is_theirs = state.is_asked(&actor.person, &known.ask.of);
    let asks = known.by.as_ref() == Some(&actor.person) || state.may_always(&actor.person, Action::Ask);
    if !is_here || !(is_theirs || asks) {
        return Err(Refusal::TaskUnknown);
    }
    if !asks && !asked {
        return Err(Refusal::NotPermitted { what: Action::Ask.phrase() });
    }
    if known.over.is_some() {
        return Err(Refusal::TaskIsOver);
    }
    Ok(known)
}

#[cfg(test)]
mod tests;
