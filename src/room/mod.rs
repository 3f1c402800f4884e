//! A room: one document with all who have it open. Edits come in, are shown to be harmless, are
//! recorded, and only then reach the others.

mod aside;
mod members;
mod notice;
mod opening;
mod past;
mod proving;
mod readers;
mod store;
mod stray;
mod witness;
mod work;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

pub use members::{Here, Member, Wake};
pub use notice::Notice;
pub use past::Past;
pub use witness::Meaning;

use crate::document::{self, Way};
use crate::domain::{
    self, Actor, ChangeHash, Command, DocumentId, PersonId, PlanId, Refusal, Request, Timestamp, Write,
    limits,
};
use crate::engine::{Engine, Error, Prepared, Receipt, record};
use crate::log::Failure;
use crate::session::{self, ConnectionId, Greeting, Shared};
use aside::aside;
use opening::Opening;
use proving::Proving;
use work::Job;

/// A room that nobody has used for this long lets go of what it holds in memory.
const IDLE: Duration = Duration::from_secs(60);
/// How long a comment waits for the edits that it was made beside.
const ANCHOR_WAIT: Duration = Duration::from_secs(3);

/// All rooms that are open, and the way into them.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    engine: Engine,
    way: Way,
    open: Opening<DocumentId, Room>,
    /// How long a room is kept that nobody uses.
    idle: Duration,
    connections: AtomicU64,
    /// How often a document was found to be other than it was admitted.
    alarms: Arc<AtomicU64>,
    timelines: past::Timelines,
}

/// What became of the chunks that a connection handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// All of it is durable and in the room, or was before.
    Kept,
    /// These chunks build on changes that are not here; the others are durable and in the room.
    Missing { deps: Vec<ChangeHash>, chunks: Vec<Bytes> },
    /// Some of it was refused; what was not is durable and in the room.
    Refused(Notice),
    /// The log could not do its work: nothing is acknowledged.
    Failed,
}

/// One document, its durable changes, what admits new ones, and those who have it open.
pub struct Room {
    pub document: DocumentId,
    pub plan: PlanId,
    /// What sessions read: durable changes only.
    pub shared: session::Room,
    pub members: members::Members,
    inbox: mpsc::Sender<Job>,
    proving: Arc<Proving>,
    used: Mutex<Instant>,
    /// Held while a snapshot is being made; when the last one was.
    snapshots: Arc<Mutex<Option<Instant>>>,
}

impl Rooms {
    pub fn new(engine: Engine) -> Self {
        Self::admitting_by(Way::default(), engine)
    }

    pub fn admitting_by(way: Way, engine: Engine) -> Self {
        Self::made(way, engine, IDLE)
    }

    fn made(way: Way, engine: Engine, idle: Duration) -> Self {
        let inner = Inner {
            engine,
            way,
            open: Opening::new(),
            idle,
            connections: AtomicU64::new(1),
            alarms: Arc::default(),
            timelines: past::Timelines::default(),
        };
        Self(Arc::new(inner))
    }

    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.0.connections.fetch_add(1, Ordering::Relaxed))
    }

    /// How often a document was found to be other than it was admitted: its plan is frozen since.
    pub fn alarms(&self) -> u64 {
        self.0.alarms.load(Ordering::Relaxed)
    }

    /// How many rooms are open.
    pub fn count(&self) -> usize {
        self.0.open.list().len()
    }

    /// The room of a document; none when no plan has it. Reads the log the first time, while others open other
    /// documents: call it where blocking is allowed.
    pub fn open(&self, document: DocumentId) -> Result<Option<Arc<Room>>, Failure> {
        let Some(plan) = self.0.engine.views().state.documents.get(&document).copied() else {
            return Ok(None);
        };
        let room = self.0.open.get_or_make(document, || Room::start(&self.0, plan, document))?;
        *room.used.lock() = Instant::now();
        Ok(Some(room))
    }

    /// What a peer that has nothing of a document can be sent before its room is open: none when it is open, or
    /// when no plan has it, or there is no snapshot of it. Reads the log.
    pub fn greeting(&self, document: DocumentId) -> Result<Option<Greeting>, Failure> {
        if self.0.open.contains(&document) || !self.0.engine.views().state.documents.contains_key(&document) {
            return Ok(None);
        }
        store::greeting(&**self.0.engine.log(), document)
    }

    /// The room of a plan.
    pub fn of_plan(&self, plan: PlanId) -> Result<Arc<Room>, Error> {
        let document = self.0.engine.views().state.plans.get(&plan).map(|plan| plan.document);
        let document = document.ok_or(domain::Refusal::PlanUnknown)?;
        Ok(self.open(document)?.ok_or(domain::Refusal::PlanUnknown)?)
    }

    /// Decides a command; what it writes into a document goes through that document's room.
    pub async fn command(
        &self,
        person: PersonId,
        request: Request,
        at: Option<Timestamp>,
    ) -> Result<Receipt, Error> {
        // Whoever took an id that the program makes later would have stopped the program from doing what it is for.
        if record::is_derived(request.id) {
            return Err(Refusal::IdReserved.into());
        }
        let engine = &self.0.engine;
        if let Some(receipt) = engine.repeated(&person, &request)? {
            return Ok(receipt);
        }
        let request = self.with_true_quote(request).await?;
        let actor = Actor { person: person.clone() };
        let decision = domain::decide(&engine.views().state, &actor, request.id, &request.command)?;
        match (decision.write, decision.plan) {
            (None, _) | (_, None) => engine.command(person, request, None, at).await,
            (Some(Write::Create { title }), Some(plan)) => {
                let prepared = work::first_change(plan, &person, &title)?;
                let document = DocumentId(*plan.0.as_bytes());
                engine.command(person, request, Some((document, vec![prepared])), at).await
            }
            (Some(write), Some(plan)) => {
                let room = self.blocking(move |rooms| rooms.of_plan(plan)).await?;
                room.write(person, request, write, at).await
            }
        }
    }

    /// What a comment quotes is what stood there, whatever its sender says. The state in which the words were
    /// selected may still be on its way: it is waited for.
    async fn with_true_quote(&self, mut request: Request) -> Result<Request, Error> {
        let Command::ThreadOpen { plan, anchor, .. } = &mut request.command else { return Ok(request) };
        let plan = *plan;
        anchor.heads.sort_unstable();
        anchor.heads.dedup();
        let mut moved = self.0.engine.watch();
        let deadline = tokio::time::Instant::now() + ANCHOR_WAIT;
        loop {
            let asked = anchor.clone();
            let found = self.blocking(move |rooms| {
                let reading = rooms.of_plan(plan)?.reading()?;
                Ok(document::quote(&reading, &asked))
            });
            match found.await? {
                Ok(Some(quote)) => {
                    anchor.quote = quote;
                    return Ok(request);
                }
                Ok(None) => return Err(domain::Refusal::AnchorUnknown.into()),
                Err(document::UnknownHeads) => {
                    let waited = tokio::time::timeout_at(deadline, moved.changed()).await;
                    if !matches!(waited, Ok(Ok(()))) {
                        return Err(domain::Refusal::AnchorUnknown.into());
                    }
                }
            }
        }
    }

    /// Runs what may block off the async threads.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let rooms = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&rooms)).await;
        done.unwrap_or_else(|stopped| Err(Error::Failed(format!("a reader stopped: {stopped}"))))
    }

    /// Watches the log for freezes, phases and changes of who may do what, and lets rooms go that nobody uses. Runs as long as there are rooms.
    pub async fn keep(self) {
        let mut visible = self.0.engine.watch();
        let weak = Arc::downgrade(&self.0);
        drop(self);
        let mut seen: HashMap<PlanId, u64> = HashMap::new();
        let mut sweep = tokio::time::interval(IDLE / 4);
        loop {
            tokio::select! {
                moved = visible.changed() => if moved.is_err() { return },
                _ = sweep.tick() => {
                    let Some(rooms) = Weak::upgrade(&weak) else { return };
                    rooms.sweep();
                    continue;
                }
            }
            let Some(rooms) = Weak::upgrade(&weak) else { return };
            // One that is being opened just now asks the rules after this, and hears of the freeze from them.
            for room in rooms.open.list() {
                let version = rooms.engine.views().state.permissions(room.plan);
                // A room that is met for the first time is woken as well: it may have opened before a freeze.
                if seen.insert(room.plan, version) != Some(version) {
                    room.members.wake_all(room.document);
                    room.members.announce();
                    room.look();
                }
            }
        }
    }
}

impl Inner {
    /// Lets go of what nobody uses: all of it can be read from the log again.
    fn sweep(&self) {
        self.open.retain(|room| !room.is_idle(self.idle) || room.proving.is_behind());
        for room in self.open.list() {
            room.proving.forget_reading();
            let last_of_an_idle_room = room.proving.is_behind() && room.members.is_empty();
            if room.proving.is_audit_due() || last_of_an_idle_room {
                let proving = room.proving.clone();
                aside(move || {
                    if let Err(failure) = proving.audit() {
                        error!("no audit: {failure}");
                    }
                });
            }
        }
        self.timelines.forget();
    }
}

impl Room {
    fn start(rooms: &Inner, plan: PlanId, document: DocumentId) -> Result<Arc<Self>, Failure> {
        let engine = &rooms.engine;
        let shared = Arc::new(Mutex::new(store::restore(&**engine.log(), document)?));
        let (inbox, jobs) = mpsc::channel(limits::SUBMISSIONS_WAITING);
        let alarm = alarm(rooms, plan, document);
        let proving =
            Arc::new(Proving::new(engine.log().clone(), document, rooms.way, shared.clone(), alarm));
        let members = members::Members::default();
        let room = Arc::new(Self {
            document,
            plan,
            shared,
            members,
            inbox,
            proving,
            used: Mutex::new(Instant::now()),
            snapshots: Arc::default(),
        });
        tokio::spawn(work::run(Arc::downgrade(&room), engine.clone(), jobs));
        room.look();
        Ok(room)
    }

    /// Has stray words looked for, though nobody has written: what is there to do is done when there is time.
    fn look(&self) {
        // An inbox that is full brings the worker to it anyhow.
        let _ = self.inbox.try_send(Job::Look);
    }

    fn is_idle(self: &Arc<Self>, after: Duration) -> bool {
        self.members.is_empty() && Arc::strong_count(self) == 1 && self.used.lock().elapsed() > after
    }

    /// Hands in chunks; the answer comes later. What is handed in first is recorded first.
    pub async fn hand_in(
        &self,
        origin: Option<ConnectionId>,
        person: PersonId,
        chunks: Vec<Bytes>,
        at: Option<Timestamp>,
    ) -> oneshot::Receiver<Submitted> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Submit(work::Submission { origin, person, chunks, at, reply });
        // A room that has closed drops the job, and with it the answer.
        let _ = self.inbox.send(job).await;
        answer
    }

    async fn write(
        &self,
        person: PersonId,
        request: Request,
        write: Write,
        at: Option<Timestamp>,
    ) -> Result<Receipt, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Write(Box::new(work::Writing { person, request, write, at, reply }));
        self.inbox.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The newest durable document, for reading. Loads it when it is not in memory.
    pub fn reading(&self) -> Result<Arc<document::Reading>, Failure> {
        *self.used.lock() = Instant::now();
        Ok(self.proving.reading()?.0)
    }

    /// All durable changes, each uncompressed, in the order of the log.
    pub fn changes(&self) -> Result<Vec<Bytes>, Failure> {
        self.proving.changes()
    }

    /// What sessions read, locked.
    pub fn shared(&self) -> parking_lot::MutexGuard<'_, Shared> {
        self.shared.lock()
    }
}

/// What happens when a document is other than it was admitted: nobody writes on before a person has looked.
fn alarm(rooms: &Inner, plan: PlanId, document: DocumentId) -> readers::Alarm {
    let (engine, alarms) = (rooms.engine.clone(), rooms.alarms.clone());
    Box::new(move |cause| {
        error!(%plan, %document, "a document is not what was admitted, its plan is frozen: {cause}");
        alarms.fetch_add(1, Ordering::Relaxed);
        let reason = "The document is not what the record says it should be. Nobody can write until it is looked into.";
        engine.stop(plan, reason.to_owned());
    })
}

fn closed() -> Error {
    Error::Failed("the room has closed".into())
}

/// A change with the heads after it, given the heads before.
fn prepare(heads: &mut Vec<ChangeHash>, change: domain::Change) -> Prepared {
    heads.retain(|head| change.deps.binary_search(head).is_err());
    if let Err(place) = heads.binary_search(&change.hash) {
        heads.insert(place, change.hash);
    }
    Prepared { heads: heads.clone(), change }
}

#[cfg(test)]
mod tests;
