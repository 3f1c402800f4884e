//! The stray words of a plan: found, and decided over.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::{
    Event, Fact, PersonId, PlanId, Position, ProvisionId, SectionId, Settled, State, Timestamp,
};

/// Words that were typed in a paragraph that somebody else deleted meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stray {
    /// The provision in which they stand now.
    pub provision: ProvisionId,
    /// The one in which they were typed.
    pub was: Option<ProvisionId>,
    pub section: SectionId,
    /// Who typed them.
    pub people: Vec<PersonId>,
    /// The event by which they were set apart.
    pub position: Position,
    pub at: Timestamp,
    /// The event that deleted the paragraph.
    pub removed: Position,
    pub settled: Option<Decision>,
}

impl Stray {
    /// The position of the newest event about it.
    pub fn newest(&self) -> Position {
        self.settled.as_ref().map_or(self.position, |decision| decision.position)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub position: Position,
    pub at: Timestamp,
    pub by: Option<PersonId>,
    pub what: Settled,
}

/// The stray words of all plans, each plan's in the order in which they were found.
#[derive(Debug, Default)]
pub struct Strays {
    plans: HashMap<PlanId, Vec<Stray>>,
}

impl Strays {
    pub fn of(&self, plan: PlanId) -> &[Stray] {
        self.plans.get(&plan).map_or(&[], Vec::as_slice)
    }

    /// Those that somebody is shown who may read the plan.
    pub fn shown(&self, state: &State, plan: PlanId, person: &PersonId) -> impl Iterator<Item = &Stray> {
        let from = state.reads_from(person, plan);
        self.of(plan).iter().filter(move |stray| stray.position >= from)
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        match &fact.event {
            Event::StrayFound { plan, section, provision, was, people, removed } => {
                self.plans.entry(*plan).or_default().push(Stray {
                    provision: provision.clone(),
                    was: was.clone(),
                    section: section.clone(),
                    people: people.clone(),
                    position: fact.position,
                    at: fact.at,
                    removed: *removed,
                    settled: None,
                });
            }
            Event::StraySettled { plan, provision, settled } => {
                let all = self.plans.get_mut(plan).into_iter().flatten();
                for stray in all.filter(|stray| stray.provision == *provision && stray.settled.is_none()) {
                    stray.settled = Some(Decision {
                        position: fact.position,
                        at: fact.at,
                        by: fact.actor.clone(),
                        what: *settled,
                    });
                }
            }
            Event::EpochBegan { .. }
            | Event::PersonAdded { .. }
            | Event::PersonChanged { .. }
            | Event::PersonRenamed { .. }
            | Event::PersonLeft { .. }
            | Event::PersonReturned { .. }
            | Event::OrganisationAdded { .. }
            | Event::OrganisationChanged { .. }
            | Event::OrganisationRemoved { .. }
            | Event::ProcessStarted { .. }
            | Event::PhaseRescheduled { .. }
            | Event::PhaseAdded { .. }
            | Event::PhaseChanged { .. }
            | Event::PhaseRemoved { .. }
            | Event::ProcessWithdrawn { .. }
            | Event::PhaseOpened { .. }
            | Event::PhaseClosed { .. }
            | Event::GateApproved { .. }
            | Event::GateWithdrawn { .. }
            | Event::PersonJoined { .. }
            | Event::GuestInvited { .. }
            | Event::GuestRevoked { .. }
            | Event::GuestJoined { .. }
            | Event::PlanCreated { .. }
            | Event::PlanRenamed { .. }
            | Event::PlanFrozen { .. }
            | Event::PlanUnfrozen { .. }
            | Event::ActorBound { .. }
            | Event::DocumentChanged { .. }
            | Event::ThreadOpened { .. }
            | Event::ThreadReplied { .. }
            | Event::ThreadResolved { .. }
            | Event::ThreadReopened { .. }
            | Event::PersonErased { .. }
            | Event::SectionAssigned { .. }
            | Event::RetentionSet { .. }
            | Event::RetentionPassed { .. }
            | Event::CommentWithheld { .. }
            | Event::CommentShown { .. }
            | Event::CommentDisputed { .. }
            | Event::ConductSet { .. }
            | Event::TaskAsked { .. }
            | Event::TaskWorded { .. }
            | Event::TaskDone { .. }
            | Event::TaskWithdrawn { .. } => {}
        }
    }
}
