//! A thread: comments on some words of a plan.

use super::decide::{Decision, text};
use super::limits;
use super::plan::with;
use super::policy::{Action, Party};
use super::state::Thread;
use super::{Actor, Anchor, Event, EventId, PlanId, Refusal, State, ThreadId};

pub(super) fn open(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    thread: ThreadId,
    anchor: &Anchor,
    words: &str,
) -> Result<Decision, Refusal> {
    let found = with(state, actor, plan, Action::Comment)?;
    if found.threads.contains_key(&thread) {
        return Err(Refusal::ThreadExists);
    }
    let text = text("comment", words, limits::TEXT)?;
    if anchor.quote.is_empty() {
        return Err(Refusal::Empty { field: "selection" });
    }
    if anchor.quote.chars().count() > limits::TEXT {
        return Err(Refusal::TooLong { field: "selection", limit: limits::TEXT });
    }
    granted(plan, Event::ThreadOpened { plan, thread, anchor: anchor.clone(), text })
}

pub(super) fn reply(
    state: &State,
    actor: &Actor,
    id: EventId,
    plan: PlanId,
    thread: ThreadId,
    words: &str,
) -> Result<Decision, Refusal> {
    let found = find(state, actor, plan, thread)?;
    if found.resolved {
        return Err(Refusal::ThreadResolved);
    }
    // A reply bears its command's id: it may not take the place of a comment.
    if found.comments.contains_key(&id) {
        return Err(Refusal::IdTaken);
    }
    let text = text("comment", words, limits::TEXT)?;
    granted(plan, Event::ThreadReplied { plan, thread, reply: id, text })
}

pub(super) fn resolve(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    thread: ThreadId,
) -> Result<Decision, Refusal> {
    let found = settled_by(state, actor, plan, thread)?;
    if found.resolved {
        return Err(Refusal::ThreadResolved);
    }
    granted(plan, Event::ThreadResolved { plan, thread })
}

pub(super) fn reopen(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    thread: ThreadId,
) -> Result<Decision, Refusal> {
    if !settled_by(state, actor, plan, thread)?.resolved {
        return Err(Refusal::ThreadOpen);
    }
    granted(plan, Event::ThreadReopened { plan, thread })
}

/// A thread that this person may resolve and reopen: whoever opened it, and whoever is of the network itself or acts for
/// a member. Those who are heard from outside say when their own question is answered, not that of others.
fn settled_by<'a>(
    state: &'a State,
    actor: &Actor,
    plan: PlanId,
    thread: ThreadId,
) -> Result<&'a Thread, Refusal> {
    let found = find(state, actor, plan, thread)?;
    let opener = found.comments.get(&EventId(thread.0)).and_then(|first| first.by.as_ref());
    let is_inside = state
        .parties(&actor.person)
        .any(|party| !matches!(party, Party::Observer | Party::Stakeholder | Party::Guest));
    match opener == Some(&actor.person) || is_inside {
        true => Ok(found),
        false => Err(Refusal::NotPermitted { what: "resolve or reopen what others began" }),
    }
}

fn find<'a>(state: &'a State, actor: &Actor, plan: PlanId, thread: ThreadId) -> Result<&'a Thread, Refusal> {
    let found = with(state, actor, plan, Action::Comment)?.threads.get(&thread);
    found.filter(|_| state.reads_thread(&actor.person, plan, thread)).ok_or(Refusal::ThreadUnknown)
}

fn granted(plan: PlanId, event: Event) -> Result<Decision, Refusal> {
    Ok(Decision { events: vec![event], plan: Some(plan), ..Decision::default() })
}
