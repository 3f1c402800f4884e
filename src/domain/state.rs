//! What the rules need to remember: a fold of all events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    ActorId, Change, Comment, Conduct, DocumentId, Event, EventId, Group, Guests, Known, Office,
    Organisation, OrganisationId, Person, PersonId, Phase, PhaseId, PhaseKind, PlanId, Position, Process,
    Role, Ruling, SectionId, Strays, Tasks, ThreadId, Timestamp, process,
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
    /// Its phases, where it has any.
    pub process: Option<Process>,
    /// Where the first phase opened in which outside bodies read the text.
    pub outside_from: Option<Position>,
    pub strays: Strays,
    /// Withheld comments whose authors ask for them to be looked at again, since when.
    pub disputed: BTreeMap<EventId, (ThreadId, Timestamp)>,
    /// Sections that are for some people alone.
    pub assigned: BTreeMap<SectionId, Group>,
    /// Whether each thread is resolved.
    pub threads: BTreeMap<ThreadId, Thread>,
    /// Who has said something in each of its consultations.
    pub answers: BTreeMap<PhaseId, Answers>,
}

/// Who has said something in a consultation, and for which organisations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    pub people: BTreeSet<PersonId>,
    pub organisations: BTreeSet<OrganisationId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    pub resolved: bool,
    /// The version of the thread's stream.
    pub version: u64,
    /// The first has the thread's own id.
    pub comments: BTreeMap<EventId, Comment>,
    /// Whether it was opened while outside bodies were asked for comments.
    pub outside: bool,
    /// Whether it was opened in a phase in confidence.
    pub confidential: bool,
}

/// The epoch that began when a log was made from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    pub epoch: u64,
    pub at: Timestamp,
}

/// The fold. Equal logs give equal states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    pub people: BTreeMap<PersonId, Person>,
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    /// By name in small letters: no two have the same, and a long list asks for each of its lines.
    pub organisation_names: HashMap<String, OrganisationId>,
    /// How often anybody was added, changed or left: the version of the stream in which that is recorded.
    pub people_version: u64,
    pub organisations_version: u64,
    pub guests: Guests,
    pub conduct: Conduct,
    pub tasks: Tasks,
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
    /// None where the log was never made from a backup; otherwise the last time.
    pub restored: Option<Restored>,
}

impl State {
    /// Takes in a fact. Cannot fail: what names something unknown changes nothing.
    pub fn apply(&mut self, fact: &Fact) {
        self.now = self.now.max(fact.at);
        match &fact.event {
            Event::EpochBegan { epoch, verifier_key, origin, continues } => {
                self.epoch = *epoch;
                // With another key alone, an epoch begins under the same origin.
                if continues.as_ref().is_some_and(|before| Some(&before.origin) != origin.as_ref()) {
                    self.restored = Some(Restored { epoch: *epoch, at: fact.at });
                }
                self.signer = Some((verifier_key.clone(), origin.clone()));
            }
            Event::PersonAdded { person, office } => {
                self.people_version += 1;
                let new =
                    Person { office: office.clone(), left: false, erased: false, joined: false, version: 1 };
                self.people.insert(person.clone(), new);
            }
            Event::PersonJoined { person } => {
                if let Some(person) = self.people.get_mut(person) {
                    person.joined = true;
                }
            }
            Event::PersonRenamed { .. } => self.people_version += 1,
            Event::PersonChanged { person, office } => {
                self.people_version += 1;
                self.change_person(person, |known| known.office = office.clone());
            }
            Event::PersonLeft { person, successor } => {
                self.people_version += 1;
                if let Some(successor) = successor {
                    self.tasks.hand_over(person, successor);
                    self.hand_over(person, successor);
                }
                self.change_person(person, |known| {
                    known.left = true;
                    known.office =
                        Office { organisation: known.office.organisation.take(), ..Office::default() };
                });
            }
            Event::PersonReturned { person, office } => {
                self.people_version += 1;
                self.change_person(person, |known| {
                    known.left = false;
                    known.office = office.clone();
                });
            }
            Event::OrganisationAdded { organisation, profile } => {
                self.organisations_version += 1;
                self.organisation_names.insert(profile.name.to_lowercase(), organisation.clone());
                let made = Organisation { profile: profile.clone(), version: 1 };
                self.organisations.insert(organisation.clone(), made);
            }
            Event::OrganisationChanged { organisation, profile } => {
                self.organisations_version += 1;
                if let Some(known) = self.organisations.get_mut(organisation) {
                    self.organisation_names.remove(&known.profile.name.to_lowercase());
                    self.organisation_names.insert(profile.name.to_lowercase(), organisation.clone());
                    known.profile = profile.clone();
                    known.version += 1;
                }
            }
            Event::OrganisationRemoved { organisation } => {
                self.organisations_version += 1;
                if let Some(known) = self.organisations.remove(organisation) {
                    self.organisation_names.remove(&known.profile.name.to_lowercase());
                }
            }
            Event::PersonErased { person } => {
                self.people_version += 1;
                if let Some(guest) = self.guests.people.get_mut(person) {
                    guest.erased = true;
                    self.guests.forgotten += 1;
                }
                self.change_person(person, |known| known.erased = true);
            }
            Event::ProcessStarted { plan, template, phases, keep_days } => self.govern(plan, |plan| {
                let phases = phases.iter().map(|planned| Phase::new(planned.clone(), fact.at));
                plan.process = Some(Process {
                    template: template.clone(),
                    phases: phases.collect(),
                    keep_days: *keep_days,
                    forgotten: None,
                });
            }),
            Event::SectionAssigned { plan, section, group } => self.govern(plan, |plan| {
                match group.is_empty() {
                    true => plan.assigned.remove(section),
                    false => plan.assigned.insert(section.clone(), group.clone()),
                };
            }),
            Event::RetentionSet { plan, days } => {
                self.govern_process(plan, |process| process.keep_days = *days);
            }
            Event::RetentionPassed { plan } => {
                for guest in self.guests.people_of(*plan) {
                    guest.erased = true;
                }
                self.guests.forgotten += 1;
                self.govern_process(plan, |process| process.forgotten = Some(fact.at));
            }
            Event::PhaseRescheduled { plan, phase, opens, closes } => {
                self.govern_phase(plan, phase, |phase| {
                    (phase.plan.opens, phase.plan.closes, phase.set) = (*opens, *closes, fact.at);
                });
            }
            Event::PhaseAdded { plan, planned } => self.govern_process(plan, |process| {
                process.phases.insert(process.place(planned), Phase::new(planned.clone(), fact.at));
            }),
            Event::PhaseChanged { plan, phase, title, kind, gate } => {
                self.govern_phase(plan, phase, |phase| {
                    phase.plan.title.clone_from(title);
                    phase.plan.kind = *kind;
                    phase.plan.gate.clone_from(gate);
                });
            }
            Event::PhaseRemoved { plan, phase } => self.govern_process(plan, |process| {
                process.phases.retain(|known| known.plan.phase != *phase);
            }),
            Event::ProcessWithdrawn { plan } => self.govern(plan, |plan| plan.process = None),
            Event::PhaseOpened { plan, phase } => {
                self.govern_phase(plan, phase, |phase| phase.opened = Some(fact.at));
                if let Some(plan) = self.plans.get_mut(plan).filter(|plan| plan.stage().opens_outside()) {
                    plan.outside_from.get_or_insert(fact.position);
                }
            }
            Event::PhaseClosed { plan, phase } => {
                self.govern_phase(plan, phase, |phase| phase.closed = Some(fact.at));
            }
            Event::GuestInvited { .. } | Event::GuestRevoked { .. } | Event::GuestJoined { .. } => {
                self.guests.apply(&fact.event);
            }
            Event::GateApproved { plan, phase, role } => self.govern_phase(plan, phase, |phase| {
                if let Some(person) = &fact.actor {
                    phase.approved.insert(*role, (person.clone(), fact.at));
                }
            }),
            Event::GateWithdrawn { plan, phase, role } => self.govern_phase(plan, phase, |phase| {
                phase.approved.remove(role);
            }),
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
                        process: None,
                        outside_from: None,
                        strays: Strays::default(),
                        disputed: BTreeMap::new(),
                        assigned: BTreeMap::new(),
                        threads: BTreeMap::new(),
                        answers: BTreeMap::new(),
                    },
                );
            }
            Event::PlanRenamed { plan, title } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    plan.title.clone_from(title);
                }
            }
            Event::PlanFrozen { plan, reason } => self.govern(plan, |plan| {
                plan.frozen = Some(Freeze { reason: reason.clone(), by: fact.actor.clone(), at: fact.at });
            }),
            Event::PlanUnfrozen { plan, .. } => self.govern(plan, |plan| plan.frozen = None),
            Event::ActorBound { plan, actor_id, person } => {
                self.actors.entry(actor_id.clone()).or_insert_with(|| (*plan, person.clone()));
            }
            Event::DocumentChanged { .. } => {}
            Event::StrayFound { plan, section, provision, people, .. } => {
                if let Some(plan) = self.plans.get_mut(plan) {
                    let known = Known { section: section.clone(), people: people.clone(), settled: false };
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
                self.answer(plan, fact.actor.as_ref());
                if let Some(plan) = self.plans.get_mut(plan) {
                    let first = Comment { by: fact.actor.clone(), ..Comment::default() };
                    let comments = BTreeMap::from([(EventId(thread.0), first)]);
                    let outside = plan.stage().hears_outside();
                    let confidential = plan.stage() == super::Stage::Phase(PhaseKind::Confidential);
                    let new = Thread { resolved: false, version: 1, comments, outside, confidential };
                    plan.threads.insert(*thread, new);
                }
            }
            Event::ThreadReplied { plan, thread, reply, .. } => {
                self.answer(plan, fact.actor.as_ref());
                self.touch(plan, thread, None);
                let thread = self.plans.get_mut(plan).and_then(|plan| plan.threads.get_mut(thread));
                if let Some(thread) = thread {
                    let comment = Comment { by: fact.actor.clone(), ..Comment::default() };
                    thread.comments.entry(*reply).or_insert(comment);
                }
            }
            Event::ThreadResolved { plan, thread } => self.touch(plan, thread, Some(true)),
            Event::ThreadReopened { plan, thread } => self.touch(plan, thread, Some(false)),
            Event::CommentWithheld { place, measure, reason } => {
                self.set_disputed(place, None);
                self.rule(place, |thread, comment| {
                    thread.version += 1;
                    comment.ruling = Some(Ruling {
                        measure: *measure,
                        reason: reason.clone(),
                        by: fact.actor.clone(),
                        at: fact.at,
                        disputed: false,
                    });
                });
            }
            Event::CommentShown { place, .. } => {
                self.set_disputed(place, None);
                self.rule(place, |thread, comment| {
                    thread.version += 1;
                    comment.ruling = None;
                });
            }
            Event::CommentDisputed { place, .. } => {
                self.set_disputed(place, Some(fact.at));
                self.rule(place, |_, comment| {
                    comment.disputes += 1;
                    if let Some(ruling) = &mut comment.ruling {
                        ruling.disputed = true;
                    }
                });
            }
            Event::ConductSet { rules, contact } => {
                let version = self.conduct.version + 1;
                self.conduct = Conduct { rules: rules.clone(), contact: contact.clone(), version };
            }
            Event::TaskAsked { .. }
            | Event::TaskWorded { .. }
            | Event::TaskDone { .. }
            | Event::TaskWithdrawn { .. } => self.tasks.apply(fact),
        }
    }

    /// Somebody says something: where a consultation is open, they have answered it.
    fn answer(&mut self, plan: &PlanId, person: Option<&PersonId>) {
        let Some(person) = person else { return };
        let guest_of = self.guest_speaks_for(person);
        let organisation = self.people.get(person).and_then(|known| known.office.organisation.clone());
        let organisation = organisation.or_else(|| guest_of.clone());
        let Some(plan) = self.plans.get_mut(plan) else { return };
        let open = plan.process.as_ref().and_then(Process::open).map(|phase| &phase.plan);
        if let Some(open) = open.filter(|open| open.kind == PhaseKind::Consultation) {
            let answers = plan.answers.entry(open.phase.clone()).or_default();
            answers.people.insert(person.clone());
            answers.organisations.extend(organisation);
            self.guests.heard.extend(guest_of);
        }
    }

    /// What edits are checked against: each such event counts.
    fn govern(&mut self, plan: &PlanId, change: impl FnOnce(&mut Plan)) {
        if let Some(plan) = self.plans.get_mut(plan) {
            change(plan);
            plan.governance += 1;
        }
    }

    fn govern_process(&mut self, plan: &PlanId, change: impl FnOnce(&mut Process)) {
        self.govern(plan, |plan| {
            if let Some(process) = &mut plan.process {
                change(process);
            }
        });
    }

    fn govern_phase(&mut self, plan: &PlanId, phase: &PhaseId, change: impl FnOnce(&mut Phase)) {
        self.govern_process(plan, |process| process::apply(process, phase, change));
    }

    /// Whoever follows takes the place in working groups, settles what was set apart, and decides disputes where that was theirs.
    fn hand_over(&mut self, person: &PersonId, successor: &PersonId) {
        for plan in self.plans.values_mut() {
            for stray in plan.strays.found.values_mut().filter(|stray| stray.people.contains(person)) {
                stray.people.retain(|one| one != person && one != successor);
                stray.people.push(successor.clone());
            }
            for group in plan.assigned.values_mut().filter(|group| group.people.contains(person)) {
                group.people.retain(|one| one != person && one != successor);
                group.people.push(successor.clone());
            }
        }
        if self.conduct.contact.as_ref() == Some(person) {
            self.conduct.contact = Some(successor.clone());
        }
    }

    fn change_person(&mut self, person: &PersonId, change: impl FnOnce(&mut Person)) {
        if let Some(known) = self.people.get_mut(person) {
            change(known);
            known.version += 1;
        }
    }

    fn touch(&mut self, plan: &PlanId, thread: &ThreadId, resolved: Option<bool>) {
        let thread = self.plans.get_mut(plan).and_then(|plan| plan.threads.get_mut(thread));
        if let Some(thread) = thread {
            thread.version += 1;
            thread.resolved = resolved.unwrap_or(thread.resolved);
        }
    }

    /// People, organisations and guests alone: what is needed to decide over them, to try out what a list would do.
    pub fn network(&self) -> Self {
        Self {
            people: self.people.clone(),
            organisations: self.organisations.clone(),
            organisation_names: self.organisation_names.clone(),
            guests: self.guests.clone(),
            ..Self::default()
        }
    }

    /// The roles of a person; none for somebody unknown.
    pub fn roles(&self, person: &PersonId) -> &[Role] {
        self.people.get(person).map_or(&[], |person| &person.office.roles)
    }

    /// Whether a change was made before the log was made from a backup, as its author's device says, in whole
    /// seconds: what was made in that very second may have been made before it. Then
    /// whoever holds it may bring it back, and the record says who did; whose it is, it says only where the
    /// actor is known. Otherwise nobody could bring what they wrote on top of others' words.
    pub fn came_back(&self, change: &Change) -> bool {
        self.restored.is_some_and(|restored| (1..=restored.at.0 / 1000).contains(&change.time))
    }

    /// Whom an actor id stands for.
    pub fn person_of(&self, actor: &ActorId) -> Option<&PersonId> {
        self.actors.get(actor).map(|(_, person)| person)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{Base64, ChangeHash, Continued};
    use super::*;

    fn epoch(epoch: u64, origin: &str, before: Option<&str>) -> Event {
        let continues = before.map(|origin| Continued {
            origin: origin.into(),
            size: 7,
            root: Base64(Bytes::from_static(&[0; 32])),
        });
        Event::EpochBegan { epoch, verifier_key: "key".into(), origin: Some(origin.into()), continues }
    }

    fn made_at(time: i64) -> Change {
        Change {
            hash: ChangeHash([1; 32]),
            deps: [].into(),
            actor: ActorId::new(&[1]).unwrap(),
            seq: 1,
            start_op: 1,
            time,
            raw: Bytes::new(),
        }
    }

    #[test]
    fn only_what_was_made_before_a_restore_comes_back() {
        let mut state = State::default();
        let mut begin = |event, at| {
            state.apply(&Fact { position: 1, at: Timestamp(at), actor: None, event });
            state.clone()
        };
        let first = begin(epoch(1, "a", None), 1_000_000);
        let other_key = begin(epoch(2, "a", Some("a")), 2_000_000);
        for never in [first, other_key] {
            assert!(!never.came_back(&made_at(500)) && never.restored.is_none());
        }
        let restored = begin(epoch(3, "b", Some("a")), 3_000_500);
        assert_eq!(restored.restored, Some(Restored { epoch: 3, at: Timestamp(3_000_500) }));
        for (time, came_back) in [(2_999, true), (3_000, true), (3_001, false), (0, false), (-5, false)] {
            assert_eq!(restored.came_back(&made_at(time)), came_back, "{time}");
        }
        // A new key later changes nothing about it.
        assert!(begin(epoch(4, "b", Some("b")), 4_000_000).came_back(&made_at(2_999)));
    }
}
