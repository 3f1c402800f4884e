//! What happens around a plan just now: who is here, what one may do, why edits were not taken. Not part
//! of the record, and gone when nobody listens.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::routing::get;
use futures_util::Stream;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, watch};

use super::plans::{PlanView, plan_view, readable};
use crate::domain::{PersonId, PlanId, Position, limits};
use crate::http::Shared;
use crate::http::auth::{self, Shown, SignedIn};
use crate::http::bounds::{Entered, Kind};
use crate::http::problem::Problem;
use crate::projection::{Stray, Thread, Views};
use crate::room::{Notice, Room};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/plans/{plan}/live", get(live))
}

async fn live(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    shown: Shown,
    Path(plan): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, Problem> {
    let plan = readable(&app, &person, &plan)?;
    let entered = app.bounds.enter(&person, Kind::Stream)?;
    let id = plan.id;
    let room = app.rooms.blocking(move |rooms| rooms.of_plan(id)).await?;
    let (listener, receive) = Listener::of(app, room, person, entered);
    let signed_out = auth::ended(listener.app.clone(), shown);
    tokio::spawn(async move {
        tokio::select! {
            () = listener.run(plan) => {}
            () = signed_out => {}
        }
    });
    let messages = tokio_stream::wrappers::ReceiverStream::new(receive);
    Ok(Sse::new(tokio_stream::StreamExt::map(messages, Ok)).keep_alive(KeepAlive::default()))
}

struct Listener {
    app: Shared,
    room: Arc<Room>,
    person: PersonId,
    plan: PlanId,
    here: watch::Receiver<u64>,
    notices: broadcast::Receiver<(PersonId, Notice)>,
    moved: watch::Receiver<Position>,
    threads_at: Position,
    strays_at: Position,
    send: mpsc::Sender<Message>,
    _entered: Entered,
}

/// The listener has gone.
struct Gone;

impl Listener {
    /// One for this person, and what it says.
    fn of(
        app: Shared,
        room: Arc<Room>,
        person: PersonId,
        entered: Entered,
    ) -> (Self, mpsc::Receiver<Message>) {
        let (send, receive) = mpsc::channel(limits::STREAM_WAITING);
        let plan = room.plan;
        let (threads_at, strays_at) = {
            let views = app.engine.views();
            (newest_thread(&views, plan, &person), newest_stray(&views, plan, &person))
        };
        let listener = Self {
            here: room.members.watch(),
            notices: room.members.notices(),
            moved: app.engine.watch(),
            threads_at,
            strays_at,
            room,
            app,
            person,
            plan,
            send,
            _entered: entered,
        };
        (listener, receive)
    }

    async fn run(mut self, plan: PlanView) {
        let mut access = access_of(&plan);
        if self.say("access", &access).await.is_err() || self.say_here().await.is_err() {
            return;
        }
        loop {
            let said = tokio::select! {
                () = self.send.closed() => return,
                changed = self.here.changed() => match changed {
                    Ok(()) => self.say_here().await,
                    Err(_) => return,
                },
                notice = self.notices.recv() => match notice {
                    Ok((person, notice)) if person == self.person => self.say("refused", &json!(notice)).await,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                moved = self.moved.changed() => match moved {
                    Ok(()) => self.say_moved(&mut access).await,
                    Err(_) => return,
                },
            };
            if said.is_err() {
                return;
            }
        }
    }

    async fn say_moved(&mut self, access: &mut Value) -> Result<(), Gone> {
        let (threads, strays, now) = {
            let views = self.app.engine.views();
            (
                newest_thread(&views, self.plan, &self.person),
                newest_stray(&views, self.plan, &self.person),
                plan_view(&views.state, views.head, &self.person, self.plan),
            )
        };
        if threads > self.threads_at {
            self.threads_at = threads;
            self.say("threads", &json!({ "position": threads })).await?;
        }
        if strays > self.strays_at {
            self.strays_at = strays;
            self.say("strays", &json!({ "position": strays })).await?;
        }
        let Some(plan) = now else { return Err(Gone) };
        let now = access_of(&plan);
        if now != *access {
            *access = now;
            self.say("access", access).await?;
        }
        Ok(())
    }

    async fn say_here(&self) -> Result<(), Gone> {
        self.say("here", &json!({ "people": self.room.members.list() })).await
    }

    async fn say(&self, what: &str, data: &Value) -> Result<(), Gone> {
        let message = Message::default().event(what).data(data.to_string());
        self.send.send(message).await.map_err(|_| Gone)
    }
}

fn access_of(plan: &PlanView) -> Value {
    json!({ "may": plan.may, "frozen": plan.frozen, "phase": plan.phase, "sections": plan.sections })
}

/// The position of the newest event of the plan's threads, as far as somebody is shown them.
fn newest_thread(views: &Views, plan: PlanId, person: &PersonId) -> Position {
    views.threads.shown(&views.state, plan, person).map(Thread::newest).max().unwrap_or_default()
}

fn newest_stray(views: &Views, plan: PlanId, person: &PersonId) -> Position {
    views.strays.shown(&views.state, plan, person).map(Stray::newest).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Command, EventId, Office, Request, Role, Timestamp};
    use crate::engine::Engine;
    use crate::http::{App, Entrance};
    use crate::log::{Options, RedbLog};
    use crate::room::{Member, Rooms};
    use crate::session::ConnectionId;

    async fn app(folder: &std::path::Path, person: &PersonId, plan: PlanId) -> Shared {
        let log = RedbLog::open(folder, &Options::default()).unwrap();
        let engine = Engine::open(Arc::new(log), Arc::new(|| Timestamp(1_700_000_000_000))).unwrap();
        let rooms = Rooms::new(engine);
        let (roles, name) = (vec![Role::Secretariat], "Secretariat".into());
        let add = Command::PersonAdd {
            person: person.clone(),
            office: Office { roles, ..Office::default() },
            name,
            email: None,
        };
        let create = Command::PlanCreate { plan: Some(plan), title: "A plan".into() };
        for (number, command) in [add, create].into_iter().enumerate() {
            let request = Request { id: EventId(Uuid::from_u128(number as u128 + 1)), command };
            rooms.command(person.clone(), request, None).await.unwrap();
        }
        Arc::new(App::new(rooms, folder, String::new(), Entrance::demonstration(folder).unwrap()).unwrap())
    }

    #[tokio::test]
    async fn a_stream_that_is_not_read_misses_states_and_never_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let (person, plan) = (PersonId::new("secretariat").unwrap(), PlanId(Uuid::from_u128(1 << 64)));
        let app = app(folder.path(), &person, plan).await;
        let view = readable(&app, &person, &plan.to_string()).unwrap_or_else(|_| panic!("it may be read"));
        let room = app.rooms.of_plan(plan).unwrap();
        let entered = app.bounds.enter(&person, Kind::Stream).unwrap_or_else(|_| panic!("there is room"));
        let (listener, mut messages) = Listener::of(app.clone(), room.clone(), person.clone(), entered);
        tokio::spawn(listener.run(view));
        let states = 3 * limits::STREAM_WAITING;
        for number in 0..states {
            let peer = format!("peer-{number}.").into();
            let member = Member { peer, person: person.clone(), wake: Arc::default() };
            room.members.enter(ConnectionId(number as u64), member);
            // The listener says it, while it can.
            tokio::task::yield_now().await;
        }
        assert_eq!(messages.len(), limits::STREAM_WAITING, "no more wait for who does not read");
        let mut read = 0;
        let newest = format!("peer-{}.", states - 1);
        while !format!("{:?}", messages.recv().await.unwrap()).contains(&newest) {
            read += 1;
        }
        // Those that waited, and the one that was about to.
        assert_eq!(read, limits::STREAM_WAITING + 1);
    }
}
