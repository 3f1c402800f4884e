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
use crate::log::{Failure, Recorded};

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
    let Page { events, head, .. } = page(&app, &person, plan.id, after)?;
    Ok(Json(json!({ "events": events, "head": head })).into_response())
}

/// Some events, oldest first.
struct Page {
    events: Vec<EventView>,
    /// The log's head when they were read.
    head: Position,
    /// Up to where there are no others: what is not shown to the reader is not read twice.
    to: Position,
}

/// The events after a position that the reader is shown. Words that are withheld from them are left out.
fn page(app: &App, reader: &PersonId, plan: PlanId, after: Position) -> Result<Page, Failure> {
    let (head, from) = {
        let views = app.engine.views();
        (views.head, views.state.reads_from(reader, plan))
    };
    let mut to = after.max(from.saturating_sub(1));
    loop {
        let recorded = app.engine.log().read_plan(plan, to, PAGE)?;
        let visible: Vec<_> = recorded.iter().filter(|event| event.position <= head).collect();
        let Some(last) = visible.last() else { return Ok(Page { events: Vec::new(), head, to }) };
        to = last.position;
        let mut events: Vec<EventView> = {
            let views = app.engine.views();
            let is_shown = |event: &&&Recorded| is_shown(&views.state, reader, plan, event);
            visible.iter().filter(is_shown).map(|event| EventView::of(event)).collect::<Result<_, _>>()?
        };
        // None left would be read as the end.
        if events.is_empty() {
            continue;
        }
        let views = app.engine.views();
        for event in &mut events {
            withhold(&views.state, reader, plan, event);
        }
        return Ok(Page { events, head, to });
    }
}

/// Whether an event is not of a thread that is kept from this reader.
fn is_shown(state: &Rules, reader: &PersonId, plan: PlanId, event: &Recorded) -> bool {
    let of_thread = event.stream.as_str().strip_prefix("thread/");
    let thread = of_thread.and_then(|rest| rest.split('/').next()?.parse().ok());
    thread.is_none_or(|thread| state.reads_thread(reader, plan, thread))
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
                let page = page(app, reader, plan, *after).ok()?;
                if page.events.is_empty() {
                    *after = page.to;
                    moved.changed().await.ok()?;
                }
                state.4 = page.events.into_iter();
            }
        },
    )
}
