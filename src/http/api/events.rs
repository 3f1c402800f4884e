//! The event feed of a plan: pages of JSON, or server-sent events.

use std::convert::Infallible;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::json;

use super::plans::readable;
use crate::domain::{Action, EventId, PersonId, Place, PlanId, Position, State as Rules, ThreadId};
use crate::engine::record::EventView;
use crate::http::auth::{self, Shown, SignedIn};
use crate::http::bounds::{Entered, Kind};
use crate::http::problem::Problem;
use crate::http::{App, Shared};
use crate::log::Failure;

/// How many events a page holds at most.
const PAGE: usize = 500;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/plans/{plan}/events", get(feed))
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn feed(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    shown: Shown,
    Path(plan): Path<String>,
    Query(query): Query<After>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let after = match last.or(query.after) {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            Problem::bad_request("after_not_understood", "`after` is a position: a whole number.")
        })?,
    };
    let streams = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kinds| kinds.contains("text/event-stream"));
    if streams {
        let entered = app.bounds.enter(&person, Kind::Stream)?;
        let signed_out = auth::ended(app.clone(), shown);
        let messages = stream(app, person, plan.id, after, entered).take_until(Box::pin(signed_out));
        return Ok(Sse::new(messages).keep_alive(KeepAlive::default()).into_response());
    }
    let (events, head) = page(&app, &person, plan.id, after)?;
    Ok(Json(json!({ "events": events, "head": head })).into_response())
}

/// The events after a position that are visible, and the head that they were read at. Words that are withheld from the
/// reader are left out.
fn page(
    app: &App,
    reader: &PersonId,
    plan: PlanId,
    after: Position,
) -> Result<(Vec<EventView>, Position), Failure> {
    let head = app.engine.views().head;
    let recorded = app.engine.log().read_plan(plan, after, PAGE)?;
    let visible = recorded.iter().filter(|event| event.position <= head);
    let mut events = visible.map(EventView::of).collect::<Result<Vec<_>, _>>()?;
    let views = app.engine.views();
    for event in &mut events {
        withhold(&views.state, reader, plan, event);
    }
    Ok((events, head))
}

/// Takes words out of an event that are not for this reader.
fn withhold(state: &Rules, reader: &PersonId, plan: PlanId, event: &mut EventView) {
    let id = |field: &str| event.payload.get(field)?.as_str()?.parse::<EventId>().ok();
    let comment = match &*event.kind {
        "thread.opened" => id("thread"),
        "thread.replied" => id("reply"),
        "comment.disputed" => id("comment"),
        _ => return,
    };
    let place = id("thread").zip(comment).map(|(EventId(thread), comment)| Place {
        plan,
        thread: ThreadId(thread),
        comment,
    });
    let is_for_reader = place.is_some_and(|place| match &*event.kind {
        "comment.disputed" => state.moderates(reader) || event.actor.as_ref() == Some(reader),
        _ => state.reads_comment(reader, &place),
    });
    if !is_for_reader {
        event.payload.remove("text");
        event.withheld = true;
    }
}

/// Sends what there is, then waits for the head to move. A reader that is slow is simply not asked.
fn stream(
    app: Shared,
    reader: PersonId,
    plan: PlanId,
    after: Position,
    entered: Entered,
) -> impl Stream<Item = Result<Message, Infallible>> {
    let mut moved = app.engine.watch();
    moved.mark_changed();
    futures_util::stream::unfold(
        (app, reader, moved, after, Vec::new().into_iter(), entered),
        move |mut state| async move {
            loop {
                let (app, reader, moved, after, ready, _) = &mut state;
                if let Some(event) = Iterator::next(ready) {
                    let event: EventView = event;
                    *after = event.position;
                    let Ok(data) = serde_json::to_string(&event) else { return None };
                    let message =
                        Message::default().id(event.position.to_string()).event(&*event.kind).data(data);
                    return Some((Ok(message), state));
                }
                // Who may not read the plan any more is sent nothing of it.
                if !app.engine.views().state.may(reader, plan, Action::Read) {
                    return None;
                }
                let (events, _) = page(app, reader, plan, *after).ok()?;
                if events.is_empty() {
                    moved.changed().await.ok()?;
                }
                state.4 = events.into_iter();
            }
        },
    )
}
