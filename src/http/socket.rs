//! The WebSocket of `/sync`: pumps frames between a socket and its session, and wakes it when there is more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Interval, MissedTickBehavior, sleep_until, timeout};
use tracing::debug;

use super::auth::SignedIn;
use super::bounds::{Entered, Kind, PresenceRate};
use super::problem::Problem;
use super::{App, Shared};
use crate::domain::{Action, Actor, DocumentId, PersonId, limits, may, plan};
use crate::room::{Member, Room, Submitted, Wake};
use crate::session::{Access, Config, ConnectionId, Output, Session, Ticket, Verdict};

/// How often the server asks whether the peer is still there. The browser's client never asks.
const PING: Duration = Duration::from_secs(20);
/// The close code for a message that is too large (RFC 6455, 7.4.1).
const TOO_LARGE: u16 = 1009;
/// What a socket reads at once: the default of 128 KiB would cost 128 MiB a thousand connections.
const READ_BUFFER: usize = 8 * 1024;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/sync", get(upgrade))
}

async fn upgrade(
    State(app): State<Shared>,
    SignedIn(person): SignedIn,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    if !is_own_origin(&app, &headers) {
        return Problem::foreign_origin().into_response();
    }
    let entered = match app.bounds.enter(&person, Kind::Sync) {
        Ok(entered) => entered,
        Err(problem) => return problem.into_response(),
    };
    socket
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        // Twice what a session takes: what is somewhat too large is refused there, with a reason.
        .max_message_size(2 * limits::FRAME_BYTES)
        .max_frame_size(2 * limits::FRAME_BYTES)
        .on_upgrade(move |socket| async move {
            let connection = Connection::new(app, person, entered);
            connection.run(socket).await;
        })
}

/// A browser says which page opens the socket: only pages of this server may, since the cookie comes along.
fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    origin == app.public_url.trim_end_matches('/') || text(header::HOST) == Some(authority)
}

/// What can wake a connection.
enum Woken {
    Frame(Option<Result<Message, axum::Error>>),
    Moved,
    Submitted(DocumentId, Ticket, Submitted),
    Tick,
    Ping,
}

/// A document that the peer has open here.
struct OpenDocument {
    document: DocumentId,
    room: Arc<Room>,
}

struct Connection {
    app: Shared,
    person: PersonId,
    id: ConnectionId,
    session: Session,
    wake: Arc<Wake>,
    open: Vec<OpenDocument>,
    tick_at: Option<Instant>,
    peer: String,
    presence: PresenceRate,
    /// Counts among its person's connections for as long as it is there.
    _entered: Entered,
}

/// The connection is over; what is left is to say so.
struct Over;

type Submissions =
    FuturesUnordered<std::pin::Pin<Box<dyn Future<Output = (DocumentId, Ticket, Submitted)> + Send>>>;

impl Connection {
    fn new(app: Shared, person: PersonId, entered: Entered) -> Self {
        let id = app.rooms.next_connection();
        let config =
            Config { peer: format!("quorate-{}", app.storage), storage: app.storage.clone(), connection: id };
        app.metrics.add("connections_opened", 1);
        Self {
            app,
            person,
            id,
            session: Session::new(config),
            wake: Arc::default(),
            open: Vec::new(),
            tick_at: None,
            peer: String::new(),
            presence: PresenceRate::default(),
            _entered: entered,
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let mut submissions: Submissions = FuturesUnordered::new();
        let mut ping: Interval = tokio::time::interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let woken = self.next(&mut socket, &mut submissions, &mut ping).await;
            let outputs = match woken {
                Woken::Frame(None | Some(Ok(Message::Close(_)))) => break,
                Woken::Frame(Some(Err(error))) => {
                    debug!(connection = self.id.0, "{error}");
                    self.app.metrics.add("frames_not_taken", 1);
                    let reason = "the frame is broken or larger than is taken".into();
                    let frame = CloseFrame { code: TOO_LARGE, reason };
                    // The peer may have gone already.
                    let _ = timeout(limits::SLOW, socket.send(Message::Close(Some(frame)))).await;
                    break;
                }
                Woken::Frame(Some(Ok(message))) => {
                    heard = Instant::now();
                    match message {
                        Message::Binary(bytes) => self.session.frame(bytes),
                        Message::Text(text) => self.session.frame(text.into()),
                        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Vec::new(),
                    }
                }
                Woken::Moved => self.moved(),
                Woken::Submitted(document, ticket, submitted) => self.submitted(document, ticket, submitted),
                Woken::Tick => {
                    self.tick_at = None;
                    self.session.tick(Instant::now())
                }
                Woken::Ping if heard.elapsed() > limits::SILENCE => break,
                Woken::Ping => {
                    match timeout(limits::SLOW, socket.send(Message::Ping(Default::default()))).await {
                        Ok(Ok(())) => Vec::new(),
                        Ok(Err(_)) | Err(_) => break,
                    }
                }
            };
            if self.act(outputs, &mut socket, &mut submissions).await.is_err() {
                break;
            }
        }
        for open in &self.open {
            open.room.members.leave(self.id);
        }
        self.app.metrics.add("connections_closed", 1);
        debug!(connection = self.id.0, "closed");
    }

    async fn next(
        &self,
        socket: &mut WebSocket,
        submissions: &mut Submissions,
        ping: &mut Interval,
    ) -> Woken {
        let tick_at = self.tick_at;
        tokio::select! {
            message = socket.recv() => Woken::Frame(message),
            () = self.wake.woken() => Woken::Moved,
            Some((document, ticket, submitted)) = submissions.next(), if !submissions.is_empty() =>
                Woken::Submitted(document, ticket, submitted),
            () = sleep_until(tick_at.unwrap_or_else(Instant::now).into()), if tick_at.is_some() => Woken::Tick,
            _ = ping.tick() => Woken::Ping,
        }
    }

    /// Does what the session asks for, in its order; what follows from that comes after.
    async fn act(
        &mut self,
        outputs: Vec<Output>,
        socket: &mut WebSocket,
        submissions: &mut Submissions,
    ) -> Result<(), Over> {
        let mut outputs = std::collections::VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send(frame) => {
                    let sent = timeout(limits::SLOW, socket.send(Message::Binary(frame))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return Err(Over);
                    }
                }
                Output::Joined { peer } => self.peer = peer,
                Output::Open { document } => outputs.extend(self.look_up(document).await),
                Output::Submit { document, ticket, chunks } => {
                    self.submit(document, ticket, chunks, submissions).await;
                }
                Output::Ephemeral { document, presence } => {
                    if !self.presence.passes() {
                        self.app.metrics.add("presence_dropped", 1);
                    } else if let Some(open) = self.open.iter().find(|open| open.document == document) {
                        open.room.members.tell_others(self.id, document, &presence);
                    }
                }
                Output::WaitUntil(at) => self.tick_at = Some(at),
                Output::Count(what) => self.app.metrics.add(what, 1),
                Output::Close { code, reason } => {
                    self.app.metrics.add("connections_refused", 1);
                    let frame = CloseFrame { code, reason: reason.into() };
                    // It is over either way.
                    let _ = timeout(limits::SLOW, socket.send(Message::Close(Some(frame)))).await;
                    return Err(Over);
                }
            }
        }
        Ok(())
    }

    async fn look_up(&mut self, document: DocumentId) -> Vec<Output> {
        let found = self.app.rooms.blocking(move |rooms| Ok(rooms.open(document)?)).await;
        let room = match found {
            Ok(Some(room)) if self.may(Action::Read) => room,
            Ok(_) => return self.session.unavailable(document, Instant::now()),
            Err(error) => {
                tracing::error!(%document, "a document cannot be opened: {error:?}");
                return self.session.unavailable(document, Instant::now());
            }
        };
        let access = self.access(&room);
        let member = Member { peer: self.peer.clone(), person: self.person.clone(), wake: self.wake.clone() };
        room.members.enter(self.id, member);
        let outputs = self.session.opened(document, room.shared.clone(), access);
        self.open.push(OpenDocument { document, room });
        outputs
    }

    fn may(&self, action: Action) -> bool {
        may(self.app.engine.views().state.roles(&self.person), action)
    }

    /// What this person may do with the room's document now.
    fn access(&self, room: &Room) -> Access {
        let views = self.app.engine.views();
        match plan::editable(&views.state, &Actor { person: self.person.clone() }, room.plan) {
            Ok(_) => Access::ReadWrite,
            Err(_) => Access::ReadOnly,
        }
    }

    fn moved(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        for document in self.wake.moved() {
            let Some(open) = self.open.iter().find(|open| open.document == document) else { continue };
            let access = self.access(&open.room);
            outputs.extend(self.session.access(document, access));
            outputs.extend(self.session.advanced(document));
        }
        for (document, presence) in self.wake.presence() {
            outputs.extend(self.session.ephemeral(document, &presence));
        }
        outputs
    }

    /// Hands the chunks in at once, so that they come in their order; the answer comes when it comes.
    async fn submit(
        &self,
        document: DocumentId,
        ticket: Ticket,
        chunks: Vec<bytes::Bytes>,
        submissions: &mut Submissions,
    ) {
        let Some(open) = self.open.iter().find(|open| open.document == document) else { return };
        let answer = open.room.hand_in(Some(self.id), self.person.clone(), chunks, None).await;
        submissions
            .push(Box::pin(async move { (document, ticket, answer.await.unwrap_or(Submitted::Failed)) }));
    }

    fn submitted(&mut self, document: DocumentId, ticket: Ticket, submitted: Submitted) -> Vec<Output> {
        let verdict = match submitted {
            Submitted::Kept => Verdict::Kept,
            Submitted::Missing { deps, chunks } => Verdict::Missing { deps, chunks },
            Submitted::Refused(notice) => {
                debug!(connection = self.id.0, code = %notice.code, "edits were refused");
                self.app.metrics.add("submissions_refused", 1);
                Verdict::Refused
            }
            // Nothing is acknowledged: the peer keeps its edits and sends them again when it reconnects.
            Submitted::Failed => {
                self.app.metrics.add("submissions_failed", 1);
                return Vec::new();
            }
        };
        // A freeze may be what refused it, before its news came: so that the end of it is noticed too.
        let mut outputs = match self.open.iter().find(|open| open.document == document) {
            Some(open) if verdict == Verdict::Refused => {
                self.session.access(document, self.access(&open.room))
            }
            _ => Vec::new(),
        };
        outputs.extend(self.session.submitted(document, ticket, verdict));
        outputs
    }
}
