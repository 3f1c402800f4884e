//! One connection: pumps frames between a socket and its session, and wakes it when there is more.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::upgrade::Upgraded;
use tokio::time::{self, Interval, MissedTickBehavior, interval_at, sleep_until};
use tracing::debug;

use super::frame::{self, Broken, Heard, code};
use super::wire::{End, Wire};
use crate::access::Scope;
use crate::domain::{Action, Actor, DocumentId, PersonId, PlanId, limits, plan};
use crate::http::Shared;
use crate::http::auth::{self, Shown};
use crate::http::bounds::{Entered, PresenceRate};
use crate::http::listen::Place;
use crate::room::{Member, Room, Submitted, Wake};
use crate::session::{Access, Config, ConnectionId, Frame, Output, Session, Ticket, Verdict};

/// How often the server asks whether the peer is still there. The browser's client never asks.
const PING: Duration = Duration::from_secs(20);
/// How often it is asked whether the log can be written again, after it could not.
const RETRY: Duration = Duration::from_secs(2);

/// What can wake a connection.
enum Woken {
    /// Something was read.
    Heard(Result<(), End>),
    Moved,
    Submitted(DocumentId, Ticket, Submitted),
    Tick,
    Retry,
    Ping,
    /// What the person came in by holds no longer.
    SignedOut,
}

/// A document that the peer has open here.
struct OpenDocument {
    document: DocumentId,
    room: Arc<Room>,
}

pub(super) struct Connection {
    app: Shared,
    person: PersonId,
    id: ConnectionId,
    session: Session,
    wake: Arc<Wake>,
    open: Vec<OpenDocument>,
    tick_at: Option<Instant>,
    /// The log could not take edits: nobody writes until it says that it can again.
    retry_at: Option<Instant>,
    peer: Arc<str>,
    presence: PresenceRate,
    /// Of somebody who may only read here, whatever their part in the network lets them do.
    reads_only: bool,
    /// What the person came in by.
    shown: Shown,
    /// Counts among its person's connections, and among all, for as long as it is there.
    _held: (Entered, Option<Place>),
}

/// The connection is over; what is left is to say so.
struct Over;

impl From<End> for Over {
    fn from(_: End) -> Self {
        Self
    }
}

type Submissions = FuturesUnordered<Pin<Box<dyn Future<Output = (DocumentId, Ticket, Submitted)> + Send>>>;

/// Done when what the person came in by holds no longer.
type SignedOut = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Connection {
    pub(super) fn new(app: Shared, person: PersonId, shown: Shown, held: (Entered, Option<Place>)) -> Self {
        let id = app.rooms.next_connection();
        let config = Config { peer: app.peer.clone(), storage: app.storage.clone(), connection: id };
        app.metrics.add("connections_opened", 1);
        Self {
            app,
            person,
            id,
            session: Session::new(config),
            wake: Arc::default(),
            open: Vec::new(),
            tick_at: None,
            retry_at: None,
            peer: "".into(),
            presence: PresenceRate::default(),
            reads_only: shown.0.as_ref().is_some_and(|pass| pass.scope == Scope::Read),
            shown,
            _held: held,
        }
    }

    pub(super) async fn run(mut self, upgraded: Upgraded) {
        let mut heard = Vec::new();
        match Wire::new(upgraded, limits::SOCKET_BYTES, &mut heard) {
            Ok(mut wire) => {
                // It is over, whoever ended it.
                let _ = self.pump(&mut wire, heard).await;
            }
            Err(broken) => debug!(connection = self.id.0, "{broken}"),
        }
        for open in &self.open {
            open.room.members.leave(self.id);
        }
        self.app.metrics.add("connections_closed", 1);
        debug!(connection = self.id.0, "closed");
    }

    async fn pump(&mut self, wire: &mut Wire, mut heard: Vec<Heard>) -> Result<(), Over> {
        let mut submissions: Submissions = FuturesUnordered::new();
        let mut ping: Interval = interval_at(time::Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_heard = time::Instant::now();
        let mut signed_out: SignedOut = Box::pin(auth::ended(self.app.clone(), self.shown.clone()));
        self.listen(std::mem::take(&mut heard), wire, &mut submissions).await?;
        loop {
            let woken = self.next(wire, &mut heard, &mut submissions, &mut ping, &mut signed_out).await;
            let outputs = match woken {
                Woken::Heard(Ok(())) => {
                    last_heard = time::Instant::now();
                    self.listen(std::mem::take(&mut heard), wire, &mut submissions).await?;
                    continue;
                }
                Woken::Heard(Err(End::Gone)) => return Err(Over),
                Woken::Heard(Err(End::Broken(broken))) => {
                    // What was whole before it counts.
                    self.listen(std::mem::take(&mut heard), wire, &mut submissions).await?;
                    return Err(self.broken(broken, wire).await);
                }
                Woken::Moved => self.moved(),
                Woken::Submitted(document, ticket, submitted) => self.submitted(document, ticket, submitted),
                Woken::Tick => {
                    self.tick_at = None;
                    self.session.tick(Instant::now())
                }
                Woken::Retry => self.retry().await,
                Woken::SignedOut => {
                    // The peer may have gone already.
                    let _ = wire.control(frame::close(code::POLICY, "signed out")).await;
                    return Err(Over);
                }
                Woken::Ping if last_heard.elapsed() > limits::SILENCE => return Err(Over),
                Woken::Ping => {
                    wire.control(frame::ping()).await?;
                    continue;
                }
            };
            self.act(outputs, wire, &mut submissions).await?;
        }
    }

    async fn next(
        &self,
        wire: &mut Wire,
        heard: &mut Vec<Heard>,
        submissions: &mut Submissions,
        ping: &mut Interval,
        signed_out: &mut SignedOut,
    ) -> Woken {
        let (tick_at, retry_at) = (self.tick_at, self.retry_at);
        tokio::select! {
            read = wire.read(heard) => Woken::Heard(read),
            () = self.wake.woken() => Woken::Moved,
            Some((document, ticket, submitted)) = submissions.next(), if !submissions.is_empty() =>
                Woken::Submitted(document, ticket, submitted),
            () = until(tick_at), if tick_at.is_some() => Woken::Tick,
            () = until(retry_at), if retry_at.is_some() => Woken::Retry,
            _ = ping.tick() => Woken::Ping,
            () = signed_out => Woken::SignedOut,
        }
    }

    async fn listen(
        &mut self,
        heard: Vec<Heard>,
        wire: &mut Wire,
        submissions: &mut Submissions,
    ) -> Result<(), Over> {
        for one in heard {
            match one {
                Heard::Message(bytes) => {
                    let outputs = self.session.frame(bytes);
                    self.act(outputs, wire, submissions).await?;
                }
                Heard::Ping(payload) => wire.control(frame::pong(&payload)).await?,
                Heard::Pong => {}
                Heard::Close(code) => {
                    wire.control(frame::close(code.unwrap_or(code::NORMAL), "")).await?;
                    return Err(Over);
                }
            }
        }
        Ok(())
    }

    async fn broken(&self, broken: Broken, wire: &mut Wire) -> Over {
        debug!(connection = self.id.0, "{broken}");
        self.app.metrics.add("frames_not_taken", 1);
        // The peer may have gone already.
        let _ = wire.control(frame::close(broken.code, broken.reason)).await;
        Over
    }

    /// Does what the session asks for, in its order; what follows from that comes after.
    async fn act(
        &mut self,
        outputs: Vec<Output>,
        wire: &mut Wire,
        submissions: &mut Submissions,
    ) -> Result<(), Over> {
        let mut outputs = VecDeque::from(outputs);
        let mut frames: Vec<Frame> = Vec::new();
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send(frame) => {
                    frames.push(frame);
                    // Those that follow each other go out together.
                    if !matches!(outputs.front(), Some(Output::Send(_))) {
                        wire.send(&std::mem::take(&mut frames)).await?;
                    }
                }
                Output::Joined { peer } => self.peer = peer,
                Output::Open { document } => {
                    if let Some(frame) = self.greet(document).await {
                        wire.send(&[frame]).await?;
                    }
                    outputs.extend(self.look_up(document).await);
                }
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
                    wire.control(frame::close(code, &reason)).await?;
                    return Err(Over);
                }
            }
        }
        Ok(())
    }

    /// What a peer that has nothing can be sent before the document is open.
    async fn greet(&mut self, document: DocumentId) -> Option<Frame> {
        if !self.session.calls_for_all(document) {
            return None;
        }
        let plan = self.app.engine.views().state.documents.get(&document).copied()?;
        if !self.may_read(plan) {
            return None;
        }
        // Whatever is wrong with the document, opening it says so.
        let found = self.app.rooms.blocking(move |rooms| Ok(rooms.greeting(document)?)).await;
        let greeting = found.ok().flatten()?;
        match self.session.greet(document, &greeting, self.access(plan)).pop() {
            Some(Output::Send(frame)) => Some(frame),
            _ => None,
        }
    }

    async fn look_up(&mut self, document: DocumentId) -> Vec<Output> {
        let found = self.app.rooms.blocking(move |rooms| Ok(rooms.open(document)?)).await;
        let room = match found {
            Ok(Some(room)) if self.may_read(room.plan) => room,
            Ok(_) => return self.session.unavailable(document, Instant::now()),
            Err(error) => {
                tracing::error!(%document, "a document cannot be opened: {error:?}");
                return self.session.unavailable(document, Instant::now());
            }
        };
        let access = self.access(room.plan);
        let member = Member { peer: self.peer.clone(), person: self.person.clone(), wake: self.wake.clone() };
        room.members.enter(self.id, member);
        let outputs = self.session.opened(document, room.shared.clone(), access);
        self.open.push(OpenDocument { document, room });
        outputs
    }

    fn may_read(&self, plan: PlanId) -> bool {
        self.app.engine.views().state.may(&self.person, plan, Action::Read)
    }

    /// What this person may do with the plan's document now.
    fn access(&self, plan: PlanId) -> Access {
        if self.retry_at.is_some() || self.reads_only {
            return Access::ReadOnly;
        }
        let views = self.app.engine.views();
        match plan::editable(&views.state, &Actor { person: self.person.clone() }, plan) {
            Ok(_) => Access::ReadWrite,
            Err(_) => Access::ReadOnly,
        }
    }

    fn moved(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        for document in self.wake.moved() {
            let Some(open) = self.open.iter().find(|open| open.document == document) else { continue };
            if !self.may_read(open.room.plan) {
                // Whoever comes anew is told that there is no such document.
                return vec![Output::Close {
                    code: code::POLICY,
                    reason: "a plan is no longer open to you".into(),
                }];
            }
            let access = self.access(open.room.plan);
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
        chunks: Vec<Bytes>,
        submissions: &mut Submissions,
    ) {
        let Some(open) = self.open.iter().find(|open| open.document == document) else { return };
        let answer = open.room.hand_in(Some(self.id), self.person.clone(), chunks, None).await;
        submissions
            .push(Box::pin(async move { (document, ticket, answer.await.unwrap_or(Submitted::Failed)) }));
    }

    fn submitted(&mut self, document: DocumentId, ticket: Ticket, submitted: Submitted) -> Vec<Output> {
        let Some(room) =
            self.open.iter().find(|open| open.document == document).map(|open| open.room.clone())
        else {
            return Vec::new();
        };
        let mut then = None;
        let verdict = match submitted {
            Submitted::Kept => Verdict::Kept,
            Submitted::Missing { deps, chunks } => Verdict::Missing { deps, chunks },
            Submitted::Refused(notice) => {
                debug!(connection = self.id.0, code = %notice.code, "edits were refused");
                // A freeze, or the end of a phase, refuses what is honest; anything else should never be refused to
                // a stock client.
                let frozen = notice.is_of_the_rules();
                self.app.metrics.add(if frozen { "submissions_frozen" } else { "submissions_refused" }, 1);
                // The freeze may be over before its news came: so that both its ends are noticed.
                then = Some(if frozen { Access::ReadOnly } else { self.access(room.plan) });
                Verdict::Refused
            }
            // Nothing is acknowledged: the peer keeps its edits, hears that none are taken now, and is asked
            // for them when the log works again.
            Submitted::Failed => {
                self.app.metrics.add("submissions_failed", 1);
                self.retry_at = Some(Instant::now() + RETRY);
                then = Some(Access::ReadOnly);
                Verdict::Refused
            }
        };
        let mut outputs = then.map_or_else(Vec::new, |access| self.session.access(document, access));
        outputs.extend(self.session.submitted(document, ticket, verdict));
        if then.is_some() {
            outputs.extend(self.session.access(document, self.access(room.plan)));
        }
        outputs
    }

    /// Asks whether the log can be written again; if it can, all that was open for writing is so again.
    async fn retry(&mut self) -> Vec<Output> {
        let works = self.app.rooms.blocking(|rooms| Ok(rooms.engine().log().writable()?)).await;
        if works.is_err() {
            self.retry_at = Some(Instant::now() + RETRY);
            return Vec::new();
        }
        self.retry_at = None;
        let mut outputs = Vec::new();
        for open in &self.open {
            outputs.extend(self.session.access(open.document, self.access(open.room.plan)));
        }
        outputs
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
