//! What is asked of the one who asks, and what is new to them.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{PersonId, PlanId, Position, TaskId, Timestamp, Wanted};
use crate::http::Shared;
use crate::http::auth::SignedIn;
use crate::notify::{self, words};
use crate::projection::News;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/me/tasks", get(tasks)).route("/api/me/notices", get(notices))
}

/// Something that is asked of the one who asks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Task")]
pub(super) struct TaskView {
    /// `approve`, `answer`, `decide`, `settle`, `unblock`: asked by a plan's process; `task`: by a person.
    kind: &'static str,
    /// Of a task: `task.done` names it.
    task: Option<TaskId>,
    plan: Option<PlanId>,
    /// What is to be done, in a sentence.
    sentence: String,
    since: Timestamp,
    /// By when; none: there is no date.
    due: Option<Timestamp>,
    overdue: bool,
    asked_by: Option<PersonId>,
    /// Where it is done.
    path: Option<String>,
}

async fn tasks(State(app): State<Shared>, SignedIn(person): SignedIn) -> Json<Vec<TaskView>> {
    let now = (app.engine.clock())();
    let todos = notify::mine(&app.engine, &person).todos;
    let view = |todo: &notify::Todo| {
        let (kind, task) = match &todo.due.wanted {
            Wanted::Approve { .. } => ("approve", None),
            Wanted::Answer { .. } => ("answer", None),
            Wanted::Decide { .. } => ("decide", None),
            Wanted::Settle { .. } => ("settle", None),
            Wanted::Judge { .. } => ("judge", None),
            Wanted::Unblock { .. } => ("unblock", None),
            Wanted::Task { task } => ("task", Some(*task)),
        };
        TaskView {
            kind,
            task,
            plan: todo.plan.as_ref().map(|(plan, _)| *plan),
            sentence: words::todo(todo),
            since: todo.due.since,
            due: todo.due.by,
            overdue: todo.due.by.is_some_and(|by| by < now),
            asked_by: todo.asker.clone(),
            path: words::todo_path(todo),
        }
    };
    Json(todos.iter().map(view).collect())
}

/// Something that happened and concerns the one who asks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Notice")]
struct NoticeView {
    /// The event.
    position: Position,
    at: Timestamp,
    /// None: it happened by itself, as on a date.
    by: Option<PersonId>,
    plan: Option<PlanId>,
    /// For example `replied` or `moved`.
    kind: &'static str,
    sentence: String,
    /// What was said, while those words stand.
    words: Option<String>,
    /// Where it can be looked at.
    path: Option<String>,
}

/// What is new, the newest first, and how much of it was not seen yet.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Notices")]
pub(super) struct NoticesView {
    unseen: usize,
    /// Up to which event all was seen.
    seen: Position,
    notices: Vec<NoticeView>,
}

fn kind(news: &News) -> &'static str {
    match news {
        News::Scheduled => "scheduled",
        News::Replanned => "replanned",
        News::Moved { .. } => "moved",
        News::Opened { .. } => "opened",
        News::Closed { .. } => "closed",
        News::Approved { .. } => "approved",
        News::Disapproved { .. } => "disapproved",
        News::Frozen { .. } => "frozen",
        News::Unfrozen { .. } => "unfrozen",
        News::Replied { .. } => "replied",
        News::Resolved { .. } => "resolved",
        News::Reopened { .. } => "reopened",
        News::Asked { .. } => "asked",
        News::Done { .. } => "done",
        News::Withdrawn { .. } => "withdrawn",
        News::Ruled { withheld: true, .. } => "withheld",
        News::Ruled { withheld: false, .. } => "shown",
        News::Assigned { .. } => "assigned",
        News::Stray { .. } => "stray",
        News::Joined { .. } => "joined",
        News::Part => "part",
        News::Renamed => "renamed",
        News::Organisation => "organisation",
        News::Follows { .. } => "follows",
    }
}

async fn notices(State(app): State<Shared>, SignedIn(person): SignedIn) -> Json<NoticesView> {
    let mine = notify::mine(&app.engine, &person);
    let name = |one: &PersonId| words::name(&app.engine, &person, one);
    let view = |item: &notify::Item| NoticeView {
        position: item.notice.position,
        at: item.notice.at,
        by: item.notice.by.clone(),
        plan: item.plan.as_ref().map(|(plan, _)| *plan),
        kind: kind(&item.notice.news),
        sentence: words::item(item, &name),
        words: item.words.clone(),
        path: words::item_path(item),
    };
    Json(NoticesView { unseen: mine.unseen, seen: mine.seen, notices: mine.items.iter().map(view).collect() })
}
