//! The write path: drains its inbox, decides, appends once, applies, makes visible, replies.

mod addresses;
mod checks;
mod clock;
mod forgetting;
pub mod record;
mod together;
mod writer;

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::sync::{oneshot, watch};

use crate::domain::{
    About, Base64, Change, Continued, DocumentId, Email, Event, EventId, Heads, PersonId, PlanId, Position,
    Refusal, Request, SectionId, Timestamp,
};
use crate::log::{Append, Failure, Log, Recorded};
use crate::projection::Views;

use addresses::Addresses;
pub use clock::{Clock, fresh_id, system};
use writer::Job;

/// How many events are read at once when the log is folded.
const PAGE: usize = 4096;

/// Why something was not recorded.
#[derive(Debug, Clone)]
pub enum Error {
    /// A rule says no.
    Refused(Refusal),
    /// The log could not do its work: nothing is acknowledged, the operator is told.
    Failed(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

/// A change that was shown to be harmless, with the document's heads after it.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub change: Change,
    pub heads: Heads,
}

/// Changes of one document, to be recorded together or not at all.
#[derive(Debug, Clone)]
pub struct Edit {
    pub plan: PlanId,
    pub document: DocumentId,
    pub parts: Vec<Part>,
}

/// Changes that one person made.
#[derive(Debug, Clone)]
pub struct Part {
    pub person: PersonId,
    pub changes: Arc<[Prepared]>,
    /// The sections that they write in; none: nobody asked, since every section was for all.
    pub sections: Option<BTreeSet<SectionId>>,
    /// The time to record; none: now.
    pub at: Option<Timestamp>,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The position of the first event, also when the command is repeated.
    pub position: Position,
    pub repeated: bool,
    /// The positions of the changes that were recorded, in their order.
    pub changes: Vec<Position>,
}

/// The one writer. Cheap to clone; dropped with its last clone.
#[derive(Clone)]
pub struct Engine {
    log: Arc<dyn Log>,
    views: Arc<RwLock<Views>>,
    addresses: Arc<Addresses>,
    inbox: mpsc::Sender<Job>,
    visible: watch::Receiver<Position>,
    clock: Clock,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Engine {
    /// Folds the log, begins its first epoch where it is empty, and starts the writer.
    pub fn open(log: Arc<dyn Log>, clock: Clock) -> Result<Self, Failure> {
        let mut views = Views::default();
        fold(&*log, &mut views)?;
        begin_epoch(&*log, &views, &clock)?;
        fold(&*log, &mut views)?;
        let everybody = views.state.people.keys().chain(views.state.guests.people.keys());
        let addresses = Arc::new(Addresses::read(&*log, everybody)?);
        forgetting::Forgotten::so_far(&views).erase(&*log, &addresses)?;
        let head = views.head;
        let views = Arc::new(RwLock::new(views));
        let (inbox, jobs) = mpsc::channel();
        let (show, visible) = watch::channel(head);
        let writer = writer::start(log.clone(), views.clone(), addresses.clone(), clock.clone(), jobs, show)?;
        Ok(Self { log, views, addresses, inbox, visible, clock, writer: Arc::new(Mutex::new(Some(writer))) })
    }

    /// What is visible: all of it is on disk. Hold it briefly, the writer waits for it.
    pub fn views(&self) -> RwLockReadGuard<'_, Views> {
        self.views.read()
    }

    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// What is known of a person beside the record; none once erased.
    pub fn about(&self, person: &PersonId) -> Option<About> {
        self.addresses.about(person)
    }

    /// Changes what is known of people beside the record, but for their addresses: all in one commit. Who was
    /// erased stays so.
    pub fn revise(
        &self,
        people: &[PersonId],
        change: impl FnMut(&PersonId, &mut About),
    ) -> Result<(), Failure> {
        self.addresses.revise(&*self.log, people, change)
    }

    /// Whose address this is.
    pub fn person_at(&self, email: &Email) -> Option<PersonId> {
        self.addresses.person(email)
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Wakes a reader whenever something new is visible.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.visible.clone()
    }

    /// Done when it is unknown what the disk has: the process must end, and says this.
    pub async fn lost(&self) -> String {
        match self.log.lost().wait_for(Option::is_some).await.map(|why| why.clone()) {
            Ok(Some(why)) => Failure::Unknown(why).to_string(),
            // Nothing of the kind can happen any more.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Decides and records a command; `written` is what the program wrote into the document for it.
    pub async fn command(
        &self,
        person: PersonId,
        request: Request,
        written: Option<(DocumentId, Vec<Prepared>)>,
        at: Option<Timestamp>,
    ) -> Result<Receipt, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Command { person, request: Box::new(request), written, at, reply })?;
        answer.await.map_err(|_| stopped())?
    }

    /// Decides and records new people and organisations, each on what those before it make: all of them or none.
    pub async fn together(&self, person: PersonId, requests: Vec<Request>) -> Result<Receipt, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Together { person, requests, reply })?;
        answer.await.map_err(|_| stopped())?
    }

    /// Sets where somebody is reached, an address that nobody else has; answers with the one before. No event has it.
    pub async fn set_address(&self, person: PersonId, email: Email) -> Result<Option<Email>, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Address { person, email, reply })?;
        answer.await.map_err(|_| stopped())?
    }

    /// Decides and records changes of a document.
    pub async fn edit(&self, edit: Edit) -> Result<Receipt, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Edit { edit, reply })?;
        answer.await.map_err(|_| stopped())?
    }

    /// Done when the writer has come to whatever waited before this was asked; false when it has stopped.
    pub async fn answers(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Look { reply }).is_ok() && answer.await.is_ok()
    }

    /// Signs what is new since the last checkpoint.
    pub fn checkpoint(&self) {
        // A writer that has stopped has nothing left to sign.
        let _ = self.inbox.send(Job::Checkpoint);
    }

    /// Freezes a plan in the program's own name, and does not wait for it.
    pub fn stop(&self, plan: PlanId, reason: String) {
        // A writer that has stopped takes no edits either.
        let _ = self.inbox.send(Job::Stop { plan, reason });
    }

    /// Lets the writer finish what waits and sign the end, and waits for it. Nothing is recorded afterwards.
    pub fn close(&self) {
        if let Some(writer) = self.writer.lock().take() {
            let _ = self.inbox.send(Job::Close);
            if writer.join().is_err() {
                tracing::error!("the writer had stopped before it was asked to");
            }
        }
    }

    /// The answer that a command was given before, if it was. An id that stands for anything else is refused.
    pub fn repeated(&self, person: &PersonId, request: &Request) -> Result<Option<Receipt>, Error> {
        writer::repeated(&*self.log, person, request).map(|position| {
            position.map(|position| Receipt { position, repeated: true, changes: Vec::new() })
        })
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        self.inbox.send(job).map_err(|_| stopped())
    }
}

fn stopped() -> Error {
    Error::Failed("the writer has stopped".into())
}

/// Announces who signs from here on, unless the log has said so: in an empty log, in one that was restored,
/// and where the key is another one.
fn begin_epoch(log: &dyn Log, views: &Views, clock: &Clock) -> Result<(), Failure> {
    let (identity, verifier_key) = (log.identity(), log.verifier_key());
    let before =
        views.state.signer.as_ref().map(|(key, origin)| (key, origin.as_ref().unwrap_or(&identity.log)));
    if before == Some((&verifier_key, &identity.origin)) {
        return Ok(());
    }
    let (size, root) = log.root();
    let continues = before.map(|(_, origin)| Continued {
        origin: origin.clone(),
        size,
        root: Base64(root.to_vec().into()),
    });
    let epoch = views.state.epoch + 1;
    let event = Event::EpochBegan { epoch, verifier_key, origin: Some(identity.origin), continues };
    let at = clock().max(views.state.now);
    let source = record::Source { at, person: None, cause: None };
    let id = record::derived_id(EventId(uuid::Uuid::nil()), u32::try_from(epoch).unwrap_or(u32::MAX));
    let events = vec![record::propose(&event, id, &source)];
    let durable = log.append(vec![Append { events, checks: Vec::new() }])?;
    drop(durable);
    log.checkpoint(at)
}

fn fold(log: &dyn Log, views: &mut Views) -> Result<(), Failure> {
    loop {
        let page = log.read(views.head, PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        for recorded in &page {
            apply(views, recorded)?;
        }
    }
}

/// Makes one recorded event visible.
fn apply(views: &mut Views, recorded: &Recorded) -> Result<(), Failure> {
    if &*recorded.kind == record::CHANGED {
        views.changed(recorded.position, recorded.at);
    } else {
        views.apply(&record::fact(recorded)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::domain::limits;
    use crate::log::{Options, RedbLog};

    #[tokio::test]
    async fn a_writer_that_is_stuck_answers_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(RedbLog::open(folder.path(), &Options::default()).unwrap());
        let stuck = Arc::new(AtomicBool::new(false));
        let is_stuck = stuck.clone();
        // What the writer asks before whatever it does.
        let clock: Clock = Arc::new(move || {
            while is_stuck.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Timestamp(1_700_000_000_000)
        });
        let engine = Engine::open(log, clock).unwrap();
        assert!(engine.answers().await);
        stuck.store(true, Ordering::Relaxed);
        let waited = tokio::time::timeout(limits::READY_WITHIN / 100, engine.answers()).await;
        assert!(waited.is_err(), "nothing is answered");
        stuck.store(false, Ordering::Relaxed);
        assert!(engine.answers().await);
        engine.close();
        assert!(!engine.answers().await, "it has stopped");
    }
}
