//! What the rules need to remember: a fold of all events.

use std::collections::{BTreeMap, HashMap};

use super::{
    ActorId, DocumentId, Event, Known, PersonId, PlanId, Position, Role, Strays, ThreadId, Timestamp,
};

/// An event with the part of its envelope that rules and views look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub position: Position,
    pub at: Timestamp,
    pub actor: Option<PersonId>,
    pub event: Event,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub person: PersonId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub roles: Vec<Role>,
}

/// A document that is closed to edits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Freeze {
    pub reason: String,
    /// None: the program itself, when it found the document to be other than it was admitted.
    pub by: Option<PersonId>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub title: String,
    pub document: DocumentId,
    pub first: Position,
    pub created_at: Timestamp,
    pub frozen: Option<Freeze>,
    /// The version of the governance stream: an edit is recorded only while it stands.
    pub governance: u64,
    pub strays: Strays,
    /// Whether each thread is resolved.
    pub threads: BTreeMap<ThreadId, Thread>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    pub resolved: bool,
    /// The version of the thread's stream.
    pub version: u64,
}

/// The fold. Equal logs give equal states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    pub people: BTreeMap<PersonId, Person>,
    pub plans: BTreeMap<PlanId, Plan>,
    /// Plans in the order in which they were created.
    pub order: Vec<PlanId>,
    pub documents: HashMap<DocumentId, PlanId>,
    /// Whom an actor id stands for, and in which plan.
    pub actors: HashMap<ActorId, (PlanId, PersonId)>,
    /// The newest time in the log: time never runs backwards in it.
    pub now: Timestamp,
    pub epoch: u64,
    /// With which key the checkpoints of this epoch are signed, and under which origin line.
    pub signer: Option<(String, Option<String>)>,
}

impl State {
    /// Takes in a fact. Cannot fail: what names something unknown changes nothing.
    pub fn apply(&mut self, fact: &Fact) {
        self.now = self.now.max(fact.at);
        match &fact.event {
            Event::EpochBegan { epoch, verifier_key, origin, .. } => {
                self.epoch = *epoch;
                self.signer = Some((verifier_key.clone(), origin.clone()));
            }
            Event::PersonAdded { person, roles } => {
                self.people.insert(person.clone(), Person { roles: roles.clone() });
            }
            Event::PlanCreated { plan, title, document } => {
                self.order.push(*plan);
                self.documents.insert(*document, *plan);
                self.plans.insert(
                    *plan,
                    Plan {
                        title: title.clone(),
                        document: *document,
                        first: fact.position,
                        created_at: fact.at,
                        frozen: None,
                        governance: 0,
                        strays: Strays::default(),
                        threads: BTreeMap::new(),
                    },
                );
            }
            Event::PlanRenamed { plan, title } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.title.clone_from(title);
                }
            }
            Event::PlanFrozen { plan, reason } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.frozen =
                        Some(Freeze { reason: reason.clone(), by: fact.actor.clone(), at: fact.at });
                    plan.governance += 1;
                }
            }
            Event::PlanUnfrozen { plan, .. } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.frozen = None;
                    plan.governance += 1;
                }
            }
            Event::ActorBound { plan, actor_id, person } => {
                self.actors.entry(actor_id.clone()).or_insert_with(|| (*plan, person.clone()));
            }
            Event::DocumentChanged { .. } => {}
            Event::StrayFound { plan, section, provision, .. } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    let known = Known { section: section.clone(), settled: false };
                    plan.strays.found.insert(provision.clone(), known);
                    plan.strays.version += 1;
                }
            }
            Event::StraySettled { plan, provision, .. } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.strays.version += 1;
                    if let Some(known) = plan.strays.found.get_mut(provision) {
                        known.settled = true;
                    }
                }
            }
            Event::ThreadOpened { plan, thread, .. } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.threads.insert(*thread, Thread { resolved: false, version: 1 });
                }
            }
            Event::ThreadReplied { plan, thread, .. } => self.touch(plan, thread, None),
            Event::ThreadResolved { plan, thread } => self.touch(plan, thread, Some(true)),
            Event::ThreadReopened { plan, thread } => self.touch(plan, thread, Some(false)),
        }
    }

    fn touch(&mut self, plan: &PlanId, thread: &ThreadId, resolved: Option<bool>) {
        let thread = self.plans.get_mut(plan).and_then(|plan| plan.threads.get_mut(thread));
        if let Some(thread) = thread {
            thread.version += 1;
            thread.resolved = resolved.unwrap_or(thread.resolved);
        }
    }

    /// The roles of a person; none for somebody unknown.
    pub fn roles(&self, person: &PersonId) -> &[Role] {
        self.people.get(person).map_or(&[], |person| &person.roles)
    }

    /// Whom an actor id stands for.
    pub fn person_of(&self, actor: &ActorId) -> Option<&PersonId> {
        self.actors.get(actor).map(|(_, person)| person)
    }
}
