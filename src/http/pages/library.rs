//! What the pages need from the engine's reading side, and nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderMap;

use crate::{
    document::{PlanDiff, PlanState},
    domain::{
        Email, EventId, Group, InHand, Party, PersonId, PhaseId, PlanId, Position, Process, Refusal, Request,
        Role, Ruling, SectionId, State, Template, ThreadId, Timestamp,
    },
    notify::Waiting,
    replay::Timeline,
};

/// A person as pages name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    /// For the erased: a word that says so.
    pub name: String,
    pub roles: Vec<Role>,
    /// As what they come, one for each role; none for guests and for who has left. Of the one who looks alone, and of
    /// all where people are picked.
    pub parties: Vec<Party>,
    /// The same in words, with the organisation of a representative.
    pub part: String,
    /// In the demonstration: nobody signed in, somebody was chosen.
    pub picked: bool,
    /// Whether they may change people and organisations.
    pub keeps_people: bool,
    /// What waits on their page; of the one who looks alone.
    pub waiting: Waiting,
}

/// A plan as the list of plans shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCard {
    pub id: PlanId,
    pub title: String,
    pub frozen: Option<Frozen>,
    pub may_edit: bool,
    /// Whether the one who looks sets its dates.
    pub may_process: bool,
    /// Whether they may ask something of others about it.
    pub may_ask: bool,
    /// Its phases, where it has any.
    pub process: Option<Process>,
    /// Sections that are for some people alone.
    pub assigned: BTreeMap<SectionId, Group>,
    /// The positions of the plan's first and newest events.
    pub first: Position,
    pub head: Position,
    /// The newest event: when, and by whom.
    pub changed: (Timestamp, Option<PersonId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    pub reason: String,
    pub by: Option<PersonId>,
    pub at: Timestamp,
}

/// A thread of comments as it stood at some position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub id: ThreadId,
    /// The words that it is about, as they stood when it was opened.
    pub quote: String,
    /// The provision in which they stand, where they still do.
    pub provision: Option<String>,
    /// Oldest first; the text is none once erased.
    pub comments: Vec<Comment>,
    pub resolved: Option<(Timestamp, Option<PersonId>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub by: Option<PersonId>,
    pub at: Timestamp,
    pub position: Position,
    pub text: Option<String>,
    /// Why it is not shown.
    pub withheld: Option<Ruling>,
}

/// The log or the document could not be read: the operator was told why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    Refused(Refusal),
    Unavailable,
}

/// The network's plans, as one reads them. Calls may take as long as a disk or a long history needs: pages
/// make them off the async threads.
pub trait Library: Send + Sync + 'static {
    /// Is this the demonstration, where people are picked and not asked for a proof?
    fn demonstration(&self) -> bool;
    /// The address at which passkeys hold; none where there can be none.
    fn passkeys(&self) -> Option<&str>;
    /// Who asks, by the session cookie or a token.
    fn viewer(&self, headers: &HeaderMap) -> Option<PersonId>;
    /// Everyone of the network, ordered by id, by the names that the viewer may know them by.
    fn people(&self, viewer: Option<&PersonId>) -> Vec<Person>;
    /// The plans that the person may read, the one in drafting first.
    fn plans(&self, viewer: &PersonId) -> Result<Vec<PlanCard>, Unavailable>;
    /// None where there is no such plan or the person may not read it: one answer for both.
    fn plan(&self, viewer: &PersonId, plan: PlanId) -> Result<Option<PlanCard>, Unavailable>;
    fn timeline(&self, viewer: &PersonId, plan: PlanId) -> Result<Arc<Timeline>, Unavailable>;
    /// The text after the event at a position, which lies between the plan's first and newest.
    fn state_at(&self, plan: PlanId, position: Position) -> Result<Arc<PlanState>, Unavailable>;
    /// The templates of processes, those of the program first.
    fn templates(&self) -> Vec<Template>;
    /// Keeps one for the network, under a name that is free.
    fn keep_template(&self, viewer: &PersonId, template: Template) -> Result<(), Denied>;
    fn remove_template(&self, viewer: &PersonId, template: &PhaseId) -> Result<(), Denied>;
    fn now(&self) -> Timestamp;
    /// Whether this person may start a plan.
    fn may_start_plans(&self, viewer: &PersonId) -> bool;
    /// What somebody would hand over.
    fn in_hand(&self, person: &PersonId) -> InHand;
    /// An id that nothing has.
    fn fresh_id(&self) -> EventId;
    /// Asks for something in somebody's name.
    fn command(&self, viewer: &PersonId, request: Request) -> Result<(), Denied>;
    /// Asks for new people and organisations: all of them or none.
    fn together(&self, viewer: &PersonId, requests: Vec<Request>) -> Result<(), Denied>;
    /// The rules' memory as it is now, of people, organisations and guests alone.
    fn network(&self) -> State;
    /// Where a person is reached by mail.
    fn address(&self, person: &PersonId) -> Option<Email>;
    /// Whether who asks has shown who they are a short while ago, at a browser.
    fn is_fresh(&self, headers: &HeaderMap) -> bool;
    /// Sets where a person is reached, for somebody who may.
    fn set_address(&self, viewer: &PersonId, person: &PersonId, email: &str) -> Result<(), Denied>;
    /// Whose address this is.
    fn person_at(&self, email: &Email) -> Option<PersonId>;
    /// From one position to a later one.
    fn diff(&self, plan: PlanId, from: Position, to: Position) -> Result<PlanDiff, Unavailable>;
    /// The threads that were open or resolved at a position, oldest first, without what is withheld from the viewer.
    fn threads_at(
        &self,
        viewer: &PersonId,
        plan: PlanId,
        position: Position,
    ) -> Result<Vec<Thread>, Unavailable>;
}
