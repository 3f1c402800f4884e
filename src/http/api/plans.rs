//! The list of plans, one plan, and its threads and stray words.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::document::{AnchorState, Resolved};
use crate::domain::{
    Action, Freeze, Group, PersonId, Phase, PhaseId, PhaseKind, PlanId, Position, Process, Refusal, Role,
    SectionId, State as Rules, Template, Timestamp,
};
use crate::engine::Error;
use crate::http::auth::SignedIn;
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::projection::{Stray, Thread};
use crate::replay::Timeline;
use crate::room::Rooms;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/plans", get(list))
        .route("/api/plans/{plan}", get(one))
        .route("/api/plans/{plan}/process", get(process))
        .route("/api/templates", get(templates))
        .route("/api/plans/{plan}/threads", get(threads))
        .route("/api/plans/{plan}/strays", get(strays))
        .route("/api/plans/{plan}/timeline", get(timeline))
}

#[derive(Serialize)]
pub(crate) struct PlanView {
    pub id: PlanId,
    pub title: String,
    /// The plan's document, as automerge-repo addresses it.
    pub document: String,
    /// The log's head.
    pub head: Position,
    pub frozen: Option<Freeze>,
    /// The phase that is open, where the plan has a process.
    pub phase: Option<PhaseView>,
    /// What the one who asks may do with it: `read`, `comment`, `edit`, `decide`, `freeze`, `process`, `moderate`.
    pub may: Vec<&'static str>,
    /// The sections that are for some people alone.
    pub sections: Vec<AssignedView>,
}

/// A section that a working group writes.
#[derive(Serialize)]
pub(crate) struct AssignedView {
    pub section: SectionId,
    pub people: Vec<PersonId>,
    /// By name.
    pub organisations: Vec<String>,
    /// Whether the one who asks is of them.
    pub may: bool,
}

/// A phase with its dates, as they are planned or as they came.
#[derive(Serialize)]
pub(crate) struct PhaseView {
    pub phase: PhaseId,
    pub kind: PhaseKind,
    pub title: String,
    pub opens: Timestamp,
    pub closes: Timestamp,
    /// `coming`, `open` or `over`.
    pub state: &'static str,
    /// The roles that approve before the next phase opens, with who has.
    pub gate: Vec<Approval>,
}

#[derive(Serialize)]
pub(crate) struct Approval {
    pub role: Role,
    pub by: Option<PersonId>,
    pub at: Option<Timestamp>,
}

impl PhaseView {
    fn of(phase: &Phase) -> Self {
        let approval = |role: &Role| {
            let approved = phase.approved.get(role);
            Approval { role: *role, by: approved.map(|(by, _)| by.clone()), at: approved.map(|(_, at)| *at) }
        };
        Self {
            phase: phase.plan.phase.clone(),
            kind: phase.plan.kind,
            title: phase.plan.title.clone(),
            opens: phase.opened.unwrap_or(phase.plan.opens),
            closes: phase.closed.unwrap_or(phase.plan.closes),
            state: match (phase.opened, phase.closed) {
                (_, Some(_)) => "over",
                (Some(_), None) => "open",
                (None, None) => "coming",
            },
            gate: phase.plan.gate.iter().map(approval).collect(),
        }
    }
}

/// The plans that a person may read, in the order in which they were created.
pub(crate) fn plans_of(app: &App, person: &PersonId) -> Vec<PlanView> {
    let views = app.engine.views();
    let ids = views.state.order.iter();
    ids.filter_map(|id| plan_view(&views.state, views.head, person, *id)).collect()
}

/// A plan as a person sees it; none where it may not be read.
pub(crate) fn plan_view(state: &Rules, head: Position, person: &PersonId, id: PlanId) -> Option<PlanView> {
    let may = |action| state.may(person, id, action);
    let plan = state.plans.get(&id).filter(|_| may(Action::Read))?;
    let may_do =
        [Action::Read, Action::Comment, Action::Edit, Action::Decide, Action::Freeze, Action::Process];
    Some(PlanView {
        id,
        title: plan.title.clone(),
        document: plan.document.url(),
        head,
        frozen: plan.frozen.clone(),
        phase: plan.process.as_ref().and_then(Process::open).map(PhaseView::of),
        sections: plan
            .assigned
            .iter()
            .map(|(section, group)| assigned(state, person, id, section, group))
            .collect(),
        may: may_do
            .into_iter()
            .filter(|action| may(*action))
            .chain(state.moderates(person).then_some(Action::Moderate))
            .map(Action::word)
            .collect(),
    })
}

fn assigned(
    state: &Rules,
    person: &PersonId,
    plan: PlanId,
    section: &SectionId,
    group: &Group,
) -> AssignedView {
    let named = group.organisations.iter().filter_map(|id| state.organisations.get(id));
    AssignedView {
        section: section.clone(),
        people: group.people.clone(),
        organisations: named.map(|organisation| organisation.profile.name.clone()).collect(),
        may: state.writes(person, plan, section),
    }
}

/// The plan named in a path, if this person may read it.
pub(crate) fn readable(app: &App, person: &PersonId, id: &str) -> Result<PlanView, Problem> {
    let id = id.parse().map_err(|_| Refusal::PlanUnknown)?;
    let views = app.engine.views();
    Ok(plan_view(&views.state, views.head, person, id).ok_or(Refusal::PlanUnknown)?)
}

async fn list(State(app): State<Shared>, SignedIn(person): SignedIn) -> Json<Vec<PlanView>> {
    Json(plans_of(&app, &person))
}

async fn one(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path(plan): Path<String>,
) -> Result<Json<PlanView>, Problem> {
    readable(&app, &person, &plan).map(Json)
}

/// The phases of a plan; none where it has no process.
async fn process(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path(plan): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let process = app.engine.views().state.plans.get(&plan.id).and_then(|plan| plan.process.clone());
    let phases = process.iter().flat_map(|process| &process.phases).map(PhaseView::of).collect::<Vec<_>>();
    let template = process.as_ref().map(|process| process.template.clone());
    Ok(Json(serde_json::json!({ "template": template, "phases": phases, "head": plan.head })))
}

async fn templates(State(app): State<Shared>) -> Json<Vec<Template>> {
    Json(app.templates.all())
}

/// A thread with what has become of the words that it is about.
#[derive(Serialize)]
pub(crate) struct ThreadView {
    #[serde(flatten)]
    pub thread: Thread,
    pub state: &'static str,
    #[serde(rename = "anchorState")]
    pub anchor_state: &'static str,
    /// The words as they are now; none when they are gone.
    pub now: Option<String>,
    pub resolved: Option<crate::projection::Resolution>,
}

/// The threads of a plan as they stood at a position, with the words as they stood there; without what is withheld
/// from the reader.
pub(crate) async fn threads_at(
    app: &App,
    reader: &PersonId,
    plan: PlanId,
    position: Position,
) -> Result<Vec<ThreadView>, Problem> {
    let then: Vec<Thread> = {
        let views = app.engine.views();
        let shown = views.threads.shown(&views.state, plan, reader);
        let then = shown.filter_map(|thread| thread.at(position));
        then.map(|thread| thread.for_reader(&views.state, plan, reader)).collect()
    };
    if then.is_empty() {
        return Ok(Vec::new());
    }
    let found = app.rooms.blocking(move |rooms| {
        let past = rooms.past(plan, position)?;
        let anchors: Vec<_> = then.iter().map(|thread| thread.anchor.clone()).collect();
        Ok(then.into_iter().zip(past.resolve(&anchors)?))
    });
    Ok(found.await?.map(|(thread, found)| view(thread, found)).collect())
}

fn view(thread: Thread, found: Resolved) -> ThreadView {
    ThreadView {
        state: if thread.resolved().is_some() { "resolved" } else { "open" },
        anchor_state: match found.state {
            AnchorState::Exact => "exact",
            AnchorState::Edited => "edited",
            AnchorState::Deleted => "deleted",
        },
        now: found.now,
        resolved: thread.resolved().cloned(),
        thread,
    }
}

async fn threads(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path(plan): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let threads = threads_at(&app, &person, plan.id, plan.head).await?;
    Ok(Json(serde_json::json!({ "threads": threads, "head": plan.head })))
}

/// Stray words with what they were when they were found, and what they are now.
#[derive(Serialize)]
pub(crate) struct StrayView {
    #[serde(flatten)]
    pub stray: Stray,
    pub quote: String,
    /// None: the provision is not there any more.
    pub now: Option<String>,
    /// Whether somebody is still to decide over them.
    pub open: bool,
}

async fn strays(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path(plan): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let found: Vec<Stray> = {
        let views = app.engine.views();
        views.strays.shown(&views.state, plan.id, &person).cloned().collect()
    };
    let id = plan.id;
    let strays = app.rooms.blocking(move |rooms| {
        found.into_iter().map(|stray| stray_view(rooms, id, stray)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(serde_json::json!({ "strays": strays.await?, "head": plan.head })))
}

fn stray_view(rooms: &Rooms, plan: PlanId, stray: Stray) -> Result<StrayView, Error> {
    let (quote, now) = rooms.stray_words(plan, &stray)?;
    let open = stray.settled.is_none() && now.is_some();
    Ok(StrayView { stray, quote, now, open })
}

async fn timeline(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    Path(plan): Path<String>,
) -> Result<Json<Timeline>, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let id = plan.id;
    let timeline = app
        .rooms
        .blocking(move |rooms| rooms.timeline_for(id, &person))
        .await?
        .ok_or(Refusal::PlanUnknown)?;
    Ok(Json((*timeline).clone()))
}
