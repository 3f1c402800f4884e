//! Keeping a discussion fair: comments are held back or hidden with a reason, visibly; shown again; and disputed.
//!
//! Words that are withheld are read by who wrote them and by those who moderate; everybody else sees that something
//! was withheld, by whom and why. A dispute is decided by one named person, not by whoever withheld the comment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, text};
use super::limits;
use super::plan;
use super::policy::{Action, Party, not_permitted, require};
use super::state::Thread;
use super::{Actor, Event, EventId, PersonId, PlanId, Refusal, State, ThreadId, Timestamp};

/// In which way a comment is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Until somebody has looked at it.
    HeldBack,
    /// For good, unless a dispute is decided otherwise.
    Hidden,
}

/// Why a comment is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ruling {
    pub measure: Measure,
    pub reason: String,
    /// None: the program itself.
    pub by: Option<PersonId>,
    pub at: Timestamp,
    /// Whether its author asks for it to be looked at again.
    pub disputed: bool,
}

/// A comment as the rules know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comment {
    pub by: Option<PersonId>,
    /// Why it is not shown; none while it is.
    pub ruling: Option<Ruling>,
    /// How often it was disputed: the version of the stream in which that is recorded.
    pub disputes: u64,
}

/// What holds for everybody who comments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conduct {
    /// None: the rules that the program brings along.
    pub rules: Option<String>,
    /// Who decides disputes; none: whoever moderates.
    pub contact: Option<PersonId>,
    pub version: u64,
}

/// A comment, by the plan and the thread in which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub plan: PlanId,
    pub thread: ThreadId,
    /// The id of a reply; the thread's own for its first comment.
    pub comment: EventId,
}

pub(super) fn withhold(
    state: &State,
    actor: &Actor,
    place: &Place,
    measure: Measure,
    reason: &str,
) -> Result<Decision, Refusal> {
    let known = ruled(state, actor, place)?;
    if known.ruling.as_ref().is_some_and(|ruling| ruling.measure == measure && !ruling.disputed) {
        return Err(Refusal::WithheldAlready);
    }
    let reason = text("reason", reason, limits::REASON)?;
    granted(place, Event::CommentWithheld { place: place.clone(), measure, reason })
}

pub(super) fn show(state: &State, actor: &Actor, place: &Place, reason: &str) -> Result<Decision, Refusal> {
    if ruled(state, actor, place)?.ruling.is_none() {
        return Err(Refusal::NotWithheld);
    }
    let reason = text("reason", reason, limits::REASON)?;
    granted(place, Event::CommentShown { place: place.clone(), reason })
}

/// Its author asks for a comment to be looked at again.
pub(super) fn dispute(state: &State, actor: &Actor, place: &Place, words: &str) -> Result<Decision, Refusal> {
    plan::with(state, actor, place.plan, Action::Read)?;
    let known = state.comment(place).ok_or(Refusal::CommentUnknown)?;
    if known.by.as_ref() != Some(&actor.person) {
        return Err(Refusal::CommentOfAnother);
    }
    match &known.ruling {
        None => return Err(Refusal::NotWithheld),
        Some(ruling) if ruling.disputed => return Err(Refusal::DisputedAlready),
        Some(_) => {}
    }
    let text = text("dispute", words, limits::TEXT)?;
    granted(place, Event::CommentDisputed { place: place.clone(), text })
}

/// Sets the rules of conduct, and who decides disputes.
pub(super) fn conduct(
    state: &State,
    actor: &Actor,
    rules: Option<&str>,
    contact: Option<&PersonId>,
    version: u64,
) -> Result<Decision, Refusal> {
    require(state, &actor.person, Action::Moderate)?;
    if state.conduct.version != version {
        return Err(Refusal::ConductChanged);
    }
    if contact.is_some_and(|contact| state.people.get(contact).is_none_or(|person| person.left)) {
        return Err(Refusal::PersonUnknown);
    }
    if contact.is_some_and(|contact| state.parties(contact).all(|party| party == Party::Stakeholder)) {
        return Err(Refusal::ContactOutside);
    }
    let rules = rules.map(|rules| text("rules of conduct", rules, limits::TEXT)).transpose()?;
    let event = Event::ConductSet { rules, contact: contact.cloned() };
    Ok(Decision { events: vec![event], ..Decision::default() })
}

fn granted(place: &Place, event: Event) -> Result<Decision, Refusal> {
    Ok(Decision { events: vec![event], plan: Some(place.plan), ..Decision::default() })
}

/// A comment over which this person may rule now.
fn ruled<'a>(state: &'a State, actor: &Actor, place: &Place) -> Result<&'a Comment, Refusal> {
    plan::with(state, actor, place.plan, Action::Read)?;
    if !state.moderates(&actor.person) {
        return Err(not_permitted(Action::Moderate));
    }
    let known = state.comment(place).ok_or(Refusal::CommentUnknown)?;
    let is_disputed = known.ruling.as_ref().is_some_and(|ruling| ruling.disputed);
    let decides = state.judge(place).is_none_or(|judge| *judge == actor.person);
    if is_disputed && !decides { Err(Refusal::DisputeOfAnother) } else { Ok(known) }
}

impl State {
    /// Who decides disputes, while they are in the network.
    pub fn contact(&self) -> Option<&PersonId> {
        let is_here = |person: &PersonId| self.people.get(person).is_some_and(|person| !person.left);
        self.conduct.contact.as_ref().filter(|person| is_here(person))
    }

    /// Who alone decides over a disputed comment. None: all who moderate, as where whoever is named withheld it or
    /// cannot read the plan now.
    pub fn judge(&self, place: &Place) -> Option<&PersonId> {
        let withheld_by = self.comment(place).and_then(|comment| comment.ruling.as_ref()?.by.as_ref());
        let contact = self.contact().filter(|contact| withheld_by != Some(contact))?;
        self.may(contact, place.plan, Action::Read).then_some(contact)
    }

    /// Whether somebody may withhold comments and show them again, in the plans that they may read.
    pub fn moderates(&self, person: &PersonId) -> bool {
        self.may_always(person, Action::Moderate) || self.contact() == Some(person)
    }

    pub fn comment(&self, place: &Place) -> Option<&Comment> {
        self.plans.get(&place.plan)?.threads.get(&place.thread)?.comments.get(&place.comment)
    }

    /// Whether somebody who may read the plan may read the words of this comment.
    pub fn reads_comment(&self, person: &PersonId, place: &Place) -> bool {
        let Some(known) = self.comment(place) else { return false };
        self.reads_thread(person, place.plan, place.thread)
            && (known.ruling.is_none() || known.by.as_ref() == Some(person) || self.moderates(person))
    }

    /// Since when a comment waits for whoever decides disputes; none: it does not.
    pub(super) fn set_disputed(&mut self, place: &Place, since: Option<Timestamp>) {
        if let Some(plan) = self.plans.get_mut(&place.plan) {
            match since {
                Some(at) => plan.disputed.insert(place.comment, (place.thread, at)),
                None => plan.disputed.remove(&place.comment),
            };
        }
    }

    pub(super) fn rule(&mut self, place: &Place, change: impl FnOnce(&mut Thread, &mut Comment)) {
        let thread = self.plans.get_mut(&place.plan).and_then(|plan| plan.threads.get_mut(&place.thread));
        if let Some(thread) = thread
            && let Some(mut comment) = thread.comments.remove(&place.comment)
        {
            change(thread, &mut comment);
            thread.comments.insert(place.comment, comment);
        }
    }
}
