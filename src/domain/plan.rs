//! A plan: its title, and whether its text is open or frozen.

use std::collections::HashSet;

use super::decide::{Decision, Write, text};
use super::limits;
use super::policy::{Action, not_permitted, require};
use super::state::Plan;
use super::{Actor, ActorId, DocumentId, Event, PersonId, PlanId, Process, Refusal, State};

pub(super) fn create(state: &State, actor: &Actor, plan: PlanId, title: &str) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::CreatePlan)?;
    if state.plans.contains_key(&plan) {
        return Err(Refusal::PlanExists);
    }
    let title = text("title", title, limits::TITLE)?;
    let document = DocumentId(*plan.0.as_bytes());
    Ok(Decision {
        events: vec![Event::PlanCreated { plan, title: title.clone(), document }],
        write: Some(Write::Create { title }),
        plan: Some(plan),
        ..Decision::default()
    })
}

pub(super) fn rename(state: &State, actor: &Actor, plan: PlanId, title: &str) -> Result<Decision, Refusal> {
    editable(state, actor, plan)?;
    let title = text("title", title, limits::TITLE)?;
    Ok(Decision {
        events: vec![Event::PlanRenamed { plan, title: title.clone() }],
        write: Some(Write::Rename { title }),
        plan: Some(plan),
        ..Decision::default()
    })
}

pub(super) fn freeze(state: &State, actor: &Actor, plan: PlanId, reason: &str) -> Result<Decision, Refusal> {
    let found = with(state, actor, plan, Action::Freeze)?;
    if found.frozen.is_some() {
        return Err(Refusal::AlreadyFrozen);
    }
    let reason = text("reason", reason, limits::TEXT)?;
    Ok(Decision { events: vec![Event::PlanFrozen { plan, reason }], plan: Some(plan), ..Decision::default() })
}

/// Freezes a plan in nobody's name: when its document is found to be other than it was admitted.
pub fn stop(state: &State, plan: PlanId, reason: &str) -> Result<Event, Refusal> {
    match state.plans.get(&plan) {
        None => Err(Refusal::PlanUnknown),
        Some(found) if found.frozen.is_some() => Err(Refusal::AlreadyFrozen),
        Some(_) => Ok(Event::PlanFrozen { plan, reason: reason.to_owned() }),
    }
}

pub(super) fn unfreeze(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    reason: &str,
) -> Result<Decision, Refusal> {
    let found = with(state, actor, plan, Action::Freeze)?;
    if found.frozen.is_none() {
        return Err(Refusal::NotFrozen);
    }
    let reason = text("reason", reason, limits::TEXT)?;
    Ok(Decision {
        events: vec![Event::PlanUnfrozen { plan, reason }],
        plan: Some(plan),
        ..Decision::default()
    })
}

/// The plan, if this person may read it and do this with it. An unreadable plan looks like none.
pub fn with<'a>(state: &'a State, actor: &Actor, plan: PlanId, action: Action) -> Result<&'a Plan, Refusal> {
    let may = |action| state.may(&actor.person, plan, action);
    let found = state.plans.get(&plan).filter(|_| may(Action::Read)).ok_or(Refusal::PlanUnknown)?;
    if may(action) {
        return Ok(found);
    }
    // What nobody may do in this phase is no matter of one's office.
    match found.process.as_ref().and_then(Process::open) {
        Some(phase) => {
            Err(Refusal::NotInThisPhase { what: action.phrase(), phase: phase.plan.title.clone() })
        }
        None => Err(not_permitted(action)),
    }
}

/// The plan, if this person may edit it now.
pub fn editable<'a>(state: &'a State, actor: &Actor, plan: PlanId) -> Result<&'a Plan, Refusal> {
    thawed(with(state, actor, plan, Action::Edit)?)
}

/// The plan, if it is not frozen.
pub(super) fn thawed(plan: &Plan) -> Result<&Plan, Refusal> {
    match &plan.frozen {
        None => Ok(plan),
        Some(frozen) => {
            Err(Refusal::Frozen { reason: frozen.reason.clone(), by: frozen.by.clone(), at: frozen.at })
        }
    }
}

/// Decides over edits that were shown to be harmless: may this person make them, in the name of
/// these actors? Answers with the bindings of the actors that are new.
pub fn edit<'a>(
    state: &State,
    person: &PersonId,
    plan: PlanId,
    actors: impl IntoIterator<Item = &'a ActorId>,
) -> Result<Vec<Event>, Refusal> {
    editable(state, &Actor { person: person.clone() }, plan)?;
    bind(state, person, plan, actors)
}

/// The bindings of the actors that are new; refused when one stands for somebody else or in another plan.
pub fn bind<'a>(
    state: &State,
    person: &PersonId,
    plan: PlanId,
    actors: impl IntoIterator<Item = &'a ActorId>,
) -> Result<Vec<Event>, Refusal> {
    let mut seen = HashSet::new();
    let mut bound = Vec::new();
    for actor in actors {
        if !seen.insert(actor) {
            continue;
        }
        match state.actors.get(actor) {
            Some((of, whose)) if *of == plan && whose == person => {}
            Some(_) => return Err(Refusal::ActorOfAnother),
            None => bound.push(Event::ActorBound { plan, actor_id: actor.clone(), person: person.clone() }),
        }
    }
    Ok(bound)
}
