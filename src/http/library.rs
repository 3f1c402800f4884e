//! The engine's reading side, as the pages ask for it.

use std::sync::Arc;

use axum::http::HeaderMap;
use tokio::runtime::Handle;

use super::pages::{Comment, Denied, Frozen, Library, Person, PlanCard, Thread, Unavailable};
use super::{Shared, api, auth};
use crate::access;
use crate::document::{PlanDiff, PlanState};
use crate::domain::{
    Action, Email, EventId, InHand, PersonId, PhaseId, PlanId, Position, Refusal, Request, State, Template,
    Timestamp,
};
use crate::engine::{Engine, Error, Receipt, fresh_id, record};
use crate::notify::{self, Waiting};
use crate::replay::Timeline;

pub(super) struct Reader {
    app: Shared,
}

impl Reader {
    pub(super) fn new(app: Shared) -> Self {
        Self { app }
    }

    fn card(&self, viewer: &PersonId, id: PlanId) -> Result<Option<PlanCard>, Unavailable> {
        let Some(mut card) = self.card_of(viewer, id) else { return Ok(None) };
        if let Some(timeline) = self.app.rooms.timeline_for(id, viewer).map_err(unavailable)? {
            card.changed = (timeline.to, last_person(&timeline));
        }
        Ok(Some(card))
    }

    fn card_of(&self, viewer: &PersonId, id: PlanId) -> Option<PlanCard> {
        card_of(&self.app.engine, viewer, id)
    }
}

/// A plan as its pages name it, without looking when it was changed last; none where the viewer may not read it.
pub(super) fn card_of(engine: &Engine, viewer: &PersonId, id: PlanId) -> Option<PlanCard> {
    let views = engine.views();
    let may = |action| views.state.may(viewer, id, action);
    let plan = views.state.plans.get(&id).filter(|_| may(Action::Read))?;
    Some(PlanCard {
        id,
        title: plan.title.clone(),
        frozen: plan.frozen.as_ref().map(|frozen| Frozen {
            reason: frozen.reason.clone(),
            by: frozen.by.clone(),
            at: frozen.at,
        }),
        may_edit: may(Action::Edit) && plan.frozen.is_none(),
        may_process: may(Action::Process),
        may_ask: may(Action::Ask),
        process: plan.process.clone(),
        assigned: plan.assigned.clone(),
        first: views.state.reads_from(viewer, id),
        head: views.head,
        changed: (plan.created_at, None),
    })
}

/// Who did the newest thing that a reader can stop at.
fn last_person(timeline: &Timeline) -> Option<PersonId> {
    let bursts = timeline.bursts.iter().map(|burst| (burst.last, &burst.person));
    let comments = timeline.comments.iter().map(|mark| (mark.position, &mark.person));
    let decisions = timeline.decisions.iter().map(|mark| (mark.position, &mark.person));
    let newest = bursts.chain(comments).chain(decisions).max_by_key(|(position, _)| *position);
    newest.and_then(|(_, person)| person.clone())
}

/// Waits until it is recorded, on a thread that may.
fn done(asked: impl Future<Output = Result<Receipt, Error>>) -> Result<(), Denied> {
    match Handle::current().block_on(asked) {
        Ok(_) => Ok(()),
        Err(Error::Refused(refusal)) => Err(Denied::Refused(refusal)),
        Err(error) => {
            unavailable(error);
            Err(Denied::Unavailable)
        }
    }
}

fn unavailable(error: Error) -> Unavailable {
    tracing::error!("a page cannot be made: {error:?}");
    Unavailable
}

fn denied(error: access::Error) -> Denied {
    match error {
        access::Error::Ruled(refusal) => Denied::Refused(refusal),
        error => {
            tracing::error!("something administered was not done: {error:?}");
            Denied::Unavailable
        }
    }
}

impl Library for Reader {
    fn demonstration(&self) -> bool {
        self.app.is_demonstration()
    }

    fn passkeys(&self) -> Option<&str> {
        self.app.passkeys.origin()
    }

    fn viewer(&self, headers: &HeaderMap) -> Option<PersonId> {
        auth::asker(&self.app, headers, None).map(|(person, _)| person)
    }

    fn people(&self, viewer: Option<&PersonId>) -> Vec<Person> {
        let waits = viewer.map(|viewer| notify::waiting(&self.app.engine, viewer)).unwrap_or_default();
        let picked = self.app.is_demonstration();
        let state = &self.app.engine.views().state;
        let person = |(id, name): (&PersonId, String)| {
            let is_viewer = viewer == Some(id);
            let has_part = is_viewer || picked;
            Person {
                keeps_people: state.may_always(id, Action::People),
                waiting: if is_viewer { waits } else { Waiting::default() },
                parties: if has_part { state.parties(id).collect() } else { Vec::new() },
                part: if has_part { api::session::part_of(state, id) } else { String::new() },
                roles: state.roles(id).to_vec(),
                id: id.clone(),
                name,
                picked,
            }
        };
        api::session::names(&self.app, state, viewer).map(person).collect()
    }

    fn plans(&self, viewer: &PersonId) -> Result<Vec<PlanCard>, Unavailable> {
        let ids = self.app.engine.views().state.order.clone();
        ids.into_iter().filter_map(|id| self.card(viewer, id).transpose()).collect()
    }

    fn plan(&self, viewer: &PersonId, plan: PlanId) -> Result<Option<PlanCard>, Unavailable> {
        self.card(viewer, plan)
    }

    fn timeline(&self, viewer: &PersonId, plan: PlanId) -> Result<Arc<Timeline>, Unavailable> {
        self.app.rooms.timeline_for(plan, viewer).map_err(unavailable)?.ok_or(Unavailable)
    }

    fn state_at(&self, plan: PlanId, position: Position) -> Result<Arc<PlanState>, Unavailable> {
        self.app.rooms.state_at(plan, position).map(Arc::new).map_err(unavailable)
    }

    fn templates(&self) -> Vec<Template> {
        self.app.templates()
    }

    fn keep_template(&self, viewer: &PersonId, template: Template) -> Result<(), Denied> {
        self.app.keep_template(viewer, template).map(drop).map_err(denied)
    }

    fn remove_template(&self, viewer: &PersonId, template: &PhaseId) -> Result<(), Denied> {
        self.app.remove_template(viewer, template).map_err(denied)
    }

    fn now(&self) -> Timestamp {
        (self.app.engine.clock())()
    }

    fn may_start_plans(&self, viewer: &PersonId) -> bool {
        self.app.engine.views().state.may_always(viewer, Action::CreatePlan)
    }

    fn in_hand(&self, person: &PersonId) -> InHand {
        self.app.engine.views().state.in_hand(person)
    }

    fn fresh_id(&self) -> EventId {
        fresh_id()
    }

    fn command(&self, viewer: &PersonId, request: Request) -> Result<(), Denied> {
        done(self.app.rooms.command(viewer.clone(), request, None))
    }

    fn together(&self, viewer: &PersonId, requests: Vec<Request>) -> Result<(), Denied> {
        if requests.iter().any(|request| record::is_derived(request.id)) {
            return Err(Denied::Refused(Refusal::IdReserved));
        }
        done(self.app.engine.together(viewer.clone(), requests))
    }

    fn network(&self) -> State {
        self.app.engine.views().state.network()
    }

    fn address(&self, person: &PersonId) -> Option<Email> {
        self.app.engine.about(person).and_then(|about| about.email)
    }

    fn is_fresh(&self, headers: &HeaderMap) -> bool {
        auth::asker(&self.app, headers, None).is_some_and(|(_, shown)| auth::is_fresh(&self.app, &shown))
    }

    fn set_address(&self, viewer: &PersonId, person: &PersonId, email: &str) -> Result<(), Denied> {
        Handle::current().block_on(self.app.set_address(viewer, person, email)).map_err(denied)
    }

    fn person_at(&self, email: &Email) -> Option<PersonId> {
        self.app.engine.person_at(email)
    }

    fn diff(&self, plan: PlanId, from: Position, to: Position) -> Result<PlanDiff, Unavailable> {
        self.app.rooms.diff(plan, from, to).map_err(unavailable)
    }

    fn threads_at(
        &self,
        viewer: &PersonId,
        plan: PlanId,
        position: Position,
    ) -> Result<Vec<Thread>, Unavailable> {
        let then: Vec<_> = {
            let views = self.app.engine.views();
            let shown = views.threads.shown(&views.state, plan, viewer);
            let then = shown.filter_map(|thread| thread.at(position));
            then.map(|thread| thread.for_reader(&views.state, plan, viewer)).collect()
        };
        if then.is_empty() {
            return Ok(Vec::new());
        }
        Ok(then
            .into_iter()
            .map(|thread| {
                let resolved = thread.resolved().map(|resolution| (resolution.at, resolution.by.clone()));
                Thread {
                    id: thread.id,
                    provision: None,
                    resolved,
                    comments: thread
                        .comments
                        .into_iter()
                        .map(|comment| Comment {
                            by: comment.by,
                            at: comment.at,
                            position: comment.position,
                            text: (!comment.text.is_empty()).then_some(comment.text),
                            withheld: comment.withheld,
                        })
                        .collect(),
                    quote: thread.anchor.quote,
                }
            })
            .collect())
    }
}
