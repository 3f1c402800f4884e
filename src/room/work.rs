//! A room's work, one batch after the other: all that came while the last batch was at work.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::error;

use super::stray::Looked;
use super::{Notice, Room, Submitted, aside::aside, prepare, store};
use crate::document::{self, Admission, CannotWrite, Chunk, Reading, Refused, Verdict};
use crate::domain::{
    self, ActorId, Change, ChangeHash, PersonId, PlanId, Position, Refusal, Request, Restored, SectionId,
    Timestamp, Write, limits,
};
use crate::engine::{Edit, Engine, Error, Part, Prepared, Receipt};
use crate::log::{Failure, Log};
use crate::session::{ConnectionId, Shared, Snapshot};

/// How many submissions are admitted and recorded together at most.
const BATCH: usize = 256;
/// Submissions of so many bytes together are admitted where they are met: to move the other work of the thread
/// elsewhere, and back, would cost more than the proof.
const BRIEF: usize = 32 * 1024;
/// Batches begin at least so far apart. Every batch costs a message to and from each peer: under load a few edits
/// more in each make room for all of them. Who writes alone does not notice.
const APART: Duration = Duration::from_millis(2);
/// A snapshot is made when this many changes came since the last one, and an eighth of the history.
const SNAPSHOT_AFTER: u32 = 2_000;
/// At least so long after the last one: one costs with the document, and what waits for it is a few MB at the most.
const SNAPSHOTS_APART: Duration = Duration::from_secs(10);

pub(super) enum Job {
    Submit(Submission),
    Write(Box<Writing>),
    /// Look for stray words, though nobody has written.
    Look,
}

pub(super) struct Submission {
    pub origin: Option<ConnectionId>,
    pub person: PersonId,
    pub chunks: Vec<Bytes>,
    pub at: Option<Timestamp>,
    pub reply: oneshot::Sender<Submitted>,
}

pub(super) struct Writing {
    pub person: PersonId,
    pub request: Request,
    pub write: Write,
    pub at: Option<Timestamp>,
    pub reply: oneshot::Sender<Result<Receipt, Error>>,
}

/// Computes for long: off the async threads where there are several, in place where there is one, as in a test.
pub(super) fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => work(),
        _ => tokio::task::block_in_place(work),
    }
}

/// Works until the room is gone.
pub(super) async fn run(room: Weak<Room>, engine: Engine, mut jobs: mpsc::Receiver<Job>) {
    let mut looked: Option<Looked> = None;
    let mut next_at = Instant::now();
    while let Some(first) = jobs.recv().await {
        sleep_until(next_at).await;
        next_at = Instant::now() + APART;
        let Some(room) = room.upgrade() else { return };
        let worker = Worker { room, engine: engine.clone() };
        let mut submissions = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Submit(submission) => submissions.push(submission),
                Job::Write(writing) => {
                    worker.submissions(std::mem::take(&mut submissions)).await;
                    worker.write(*writing).await;
                }
                Job::Look => {}
            }
            next = if submissions.len() < BATCH { jobs.try_recv().ok() } else { None };
        }
        worker.submissions(submissions).await;
        worker.set_strays_apart(looked.get_or_insert_with(|| worker.looked())).await;
        worker.snapshot_if_due();
    }
}

pub(super) struct Worker {
    pub(super) room: Arc<Room>,
    pub(super) engine: Engine,
}

/// A submission whose chunks were read.
struct Read {
    submission: Submission,
    /// The whole document that it began with; so many changes, the first in `changes`, are its.
    imported: Option<(Reading, usize)>,
    /// That document, once it is known to be all there is.
    whole: Option<Reading>,
    changes: Vec<Change>,
    refused: Option<Refused>,
    missing: Vec<(Vec<ChangeHash>, Bytes)>,
    /// What was admitted of it, in order.
    admitted: Arc<[Prepared]>,
}

impl Worker {
    async fn submissions(&self, submissions: Vec<Submission>) {
        if submissions.is_empty() {
            return;
        }
        let several = submissions.len() > 1;
        let bytes: usize = submissions.iter().flat_map(|one| &one.chunks).map(Bytes::len).sum();
        let is_brief = bytes <= BRIEF && self.room.proving.is_quick();
        let mut read = if is_brief { read_all(submissions) } else { at_length(|| read_all(submissions)) };
        match self.recorded(&mut read, is_brief).await {
            // One of them was refused by a rule: each is to be judged by itself.
            Err(Error::Refused(_)) if several => {
                for mut one in read {
                    let outcome = self.recorded(std::slice::from_mut(&mut one), is_brief).await;
                    self.answer(one, outcome);
                }
            }
            outcome => {
                for one in read {
                    self.answer(one, outcome.clone());
                }
            }
        }
    }

    /// As `together`; once more where the rules have moved on to something that was not asked for.
    async fn recorded(&self, read: &mut [Read], is_brief: bool) -> Result<(), Error> {
        match self.together(read, is_brief).await {
            Err(Error::Refused(Refusal::ChangedMeanwhile)) => self.together(read, is_brief).await,
            outcome => outcome,
        }
    }

    /// Admits and records all of them, or none.
    async fn together(&self, read: &mut [Read], is_brief: bool) -> Result<(), Error> {
        let parts = if is_brief { self.admit(read)? } else { at_length(|| self.admit(read))? };
        let count: usize = parts.iter().map(|part| part.changes.len()).sum();
        if count == 0 {
            return Ok(());
        }
        let edit = Edit { plan: self.room.plan, document: self.room.document, parts };
        match self.engine.edit(edit).await {
            // An id of theirs was taken before by something else: nothing was recorded.
            Ok(receipt) if receipt.changes.len() != count => {
                self.room.proving.rollback()?;
                Err(domain::Refusal::IdTaken.into())
            }
            Ok(receipt) => self.publish(read, &receipt.changes),
            Err(error) => {
                self.room.proving.rollback()?;
                Err(error)
            }
        }
    }

    /// Shows which changes are harmless. The rules are asked first: they cost less than the proof.
    fn admit(&self, read: &mut [Read]) -> Result<Vec<Part>, Error> {
        for one in read.iter() {
            let views = self.engine.views();
            // A whole document holds what others wrote and everybody knows: nobody is asked about that.
            let shared = self.room.shared();
            // Nor about what was lost with a disk and comes back by whoever holds it.
            let known =
                |change: &Change| shared.history().contains(&change.hash) || views.state.came_back(change);
            let new = one.changes.iter().filter(|change| !known(change));
            let actors: Vec<&ActorId> = new.map(|change| &change.actor).collect();
            self.refuse_stewards(&views.state, &actors)?;
            domain::plan::edit(&views.state, &one.submission.person, self.room.plan, actors)?;
        }
        let mut verdicts = self.room.proving.with(|admission| verdicts(admission, read))?.into_iter();
        let mut heads = self.room.shared().history().heads();
        let mut parts = Vec::with_capacity(read.len());
        for one in read.iter_mut() {
            let mut admitted = Vec::with_capacity(one.changes.len());
            one.missing.clear();
            for (change, verdict) in one.changes.iter().zip(&mut verdicts) {
                match verdict {
                    Verdict::Admitted => admitted.push(prepare(&mut heads, change.clone())),
                    Verdict::Known => {}
                    Verdict::MissingDeps(deps) => one.missing.push((deps, change.raw.clone())),
                    Verdict::Refused(refused) => one.refused = Some(refused),
                }
            }
            if heads.len() > limits::HEADS && !admitted.is_empty() {
                self.room.proving.rollback()?;
                return Err(domain::Refusal::TooManyHeads.into());
            }
            let Submission { person, at, .. } = &one.submission;
            one.admitted = admitted.into();
            if !one.admitted.is_empty() {
                let sections = self.sections(person, &one.admitted)?;
                let (person, changes) = (person.clone(), one.admitted.clone());
                parts.push(Part { person, changes, sections, at: *at });
            }
        }
        Ok(parts)
    }

    /// The sections that admitted changes write in, where one is for some people alone: then the rules are asked, and
    /// what was admitted is taken back where they refuse.
    fn sections(
        &self,
        person: &PersonId,
        admitted: &[Prepared],
    ) -> Result<Option<BTreeSet<SectionId>>, Error> {
        let asked: Vec<Prepared> = {
            let state = &self.engine.views().state;
            if state.plans.get(&self.room.plan).is_none_or(|plan| plan.assigned.is_empty()) {
                return Ok(None);
            }
            admitted.iter().filter(|prepared| !state.came_back(&prepared.change)).cloned().collect()
        };
        let sections = at_length(|| self.room.proving.sections(&asked));
        let allowed = sections.map_err(Error::from).and_then(|sections| {
            let state = &self.engine.views().state;
            domain::assignment::written(state, person, self.room.plan, Some(&sections))?;
            Ok(Some(sections))
        });
        if allowed.is_err() {
            self.room.proving.rollback()?;
        }
        allowed
    }

    /// The actors in whose name the program writes are not for anybody else to take before it does.
    fn refuse_stewards(&self, state: &domain::State, actors: &[&ActorId]) -> Result<(), Error> {
        let new: HashSet<&ActorId> =
            actors.iter().copied().filter(|actor| !state.actors.contains_key(*actor)).collect();
        let is_stewards = |person| {
            [None, state.restored].iter().any(|made| new.contains(&steward(self.room.plan, person, *made)))
        };
        if !new.is_empty() && state.people.keys().any(is_stewards) {
            return Err(domain::Refusal::ActorOfAnother.into());
        }
        Ok(())
    }

    /// What the log has on disk may be seen.
    fn publish(&self, read: &mut [Read], positions: &[Position]) -> Result<(), Error> {
        let whole = read.iter_mut().find_map(|one| one.whole.take());
        let changes = read
            .iter()
            .flat_map(|one| one.admitted.iter().map(|prepared| (&prepared.change, one.submission.origin)));
        self.show(changes.collect(), positions, whole)
    }

    /// `whole` is the document with these changes, where somebody has handed it in.
    fn show(
        &self,
        changes: Vec<(&Change, Option<ConnectionId>)>,
        positions: &[Position],
        whole: Option<Reading>,
    ) -> Result<(), Error> {
        self.room.proving.with(|admission| admission.confirm())?;
        // A whole history at once goes out as a snapshot, not as raw changes a hundred times its size.
        let many = positions.len() > SNAPSHOT_AFTER as usize;
        let snapshot = many.then(|| {
            let raw: Vec<Bytes> = changes.iter().map(|(change, _)| change.raw.clone()).collect();
            at_length(|| {
                let verified = whole.is_some();
                let made = self.room.proving.ahead(&raw, whole)?;
                take_snapshot(&self.room, &**self.engine.log(), made, verified)
            })
        });
        let mut shared = self.room.shared();
        for ((change, origin), position) in changes.into_iter().zip(positions) {
            if shared.publish(change, *position, origin).is_err() {
                error!(document = %self.room.document, "a durable change builds on what is not in the room");
            }
        }
        let history = snapshot.transpose()?.map(|snapshot| take_over(&mut shared, snapshot));
        drop(shared);
        if let Some(history) = history {
            let log = &**self.engine.log();
            at_length(|| store::keep_beside(log, self.room.document, &history, self.index()?.as_deref()))?;
        }
        self.room.members.wake_all(self.room.document);
        Ok(())
    }

    fn answer(&self, read: Read, outcome: Result<(), Error>) {
        let Read { submission, refused, missing, .. } = read;
        let submitted = match (outcome, refused) {
            (Err(Error::Refused(refusal)), _) => Submitted::Refused(Notice::from(&refusal)),
            (Err(Error::Failed(_)), _) => Submitted::Failed,
            (Ok(()), Some(refused)) => Submitted::Refused(Notice::from(&refused)),
            (Ok(()), None) if missing.is_empty() => Submitted::Kept,
            (Ok(()), None) => {
                let (deps, chunks): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
                Submitted::Missing { deps: deps.into_iter().flatten().collect(), chunks }
            }
        };
        match &submitted {
            Submitted::Refused(notice) => self.room.members.notify(&submission.person, notice.clone()),
            Submitted::Failed => self.room.members.notify(&submission.person, Notice::not_recorded()),
            Submitted::Kept | Submitted::Missing { .. } => {}
        }
        // A connection that has gone needs no answer; what is recorded stands.
        let _ = submission.reply.send(submitted);
    }

    async fn write(&self, writing: Writing) {
        let Writing { person, request, write, at, reply } = writing;
        let outcome = self.written(person, request, &write, at).await;
        let _ = reply.send(outcome);
    }

    pub(super) async fn written(
        &self,
        person: PersonId,
        request: Request,
        write: &Write,
        at: Option<Timestamp>,
    ) -> Result<Receipt, Error> {
        let time = at.unwrap_or_else(|| (self.engine.clock())()).0 / 1000;
        let prepared = at_length(|| self.author(&person, write, time))?;
        let written = Some((self.room.document, vec![prepared.clone()]));
        match self.engine.command(person, request, written, at).await {
            Ok(receipt) if receipt.repeated => {
                self.room.proving.rollback()?;
                Ok(receipt)
            }
            Ok(receipt) => {
                self.show(vec![(&prepared.change, None)], &receipt.changes, None)?;
                Ok(receipt)
            }
            Err(error) => {
                self.room.proving.rollback()?;
                Err(error)
            }
        }
    }

    /// Makes the change that a command asks for, and admits it like any other.
    fn author(&self, person: &PersonId, write: &Write, time: i64) -> Result<Prepared, Error> {
        let actor = steward(self.room.plan, person, self.engine.views().state.restored);
        let reading = self.room.reading()?;
        let raw = document::write(&reading, &actor, time, write).map_err(unwritten)?;
        drop(reading);
        let change = document::scan(&raw).map_err(unsound)?;
        let mut heads = self.room.shared().history().heads();
        let verdicts = self.room.proving.with(|admission| admission.admit(std::slice::from_ref(&change)))?;
        match verdicts.as_slice() {
            [Verdict::Admitted] => Ok(prepare(&mut heads, change)),
            _ => {
                self.room.proving.rollback()?;
                Err(Error::Failed(format!("the program's own change was not admitted: {verdicts:?}")))
            }
        }
    }

    /// What admits changes, to be kept. No batch is open between two batches.
    fn index(&self) -> Result<Option<Vec<u8>>, Failure> {
        self.room.proving.with(|admission| admission.cache())
    }

    /// Makes a snapshot beside the work when many changes came since the last one.
    fn snapshot_if_due(&self) {
        let due = {
            let shared = self.room.shared();
            shared.beyond_snapshot() > SNAPSHOT_AFTER.max(shared.len() / 8)
        };
        if due
            && let Some(mut last) = self.room.snapshots.try_lock_arc()
            && last.is_none_or(|last| last.elapsed() > SNAPSHOTS_APART)
        {
            let (room, log) = (self.room.clone(), self.engine.log().clone());
            let index = self.index();
            aside(move || {
                if let Err(failure) = index.and_then(|index| snapshot(&room, &*log, index)) {
                    error!(document = %room.document, "no snapshot: {failure}");
                }
                *last = Some(Instant::now().into_std());
            });
        }
    }
}

/// Makes a snapshot of the newest durable document, for the room and as a cache, so that it opens at once.
fn snapshot(room: &Room, log: &dyn Log, index: Option<Vec<u8>>) -> Result<(), Failure> {
    let snapshot = take_snapshot(room, log, room.proving.reading()?, false)?;
    let history = take_over(&mut room.shared(), snapshot);
    store::keep_beside(log, room.document, &history, index.as_deref())
}

/// Gives sessions the snapshot, and answers the history of its changes, to be kept beside it.
fn take_over(shared: &mut Shared, snapshot: Snapshot) -> Vec<u8> {
    let len = snapshot.len.min(shared.len());
    shared.set_snapshot(snapshot);
    shared.history().save(len)
}

fn take_snapshot(
    room: &Room,
    log: &dyn Log,
    (reading, len): (Arc<Reading>, u32),
    verified: bool,
) -> Result<Snapshot, Failure> {
    let bytes = Bytes::from(reading.save());
    let heads = reading.heads();
    drop(reading);
    // Nobody is to be sent what cannot be loaded.
    if !verified {
        room.proving.readers.check_saved(&bytes, &heads)?;
    }
    let snapshot = Snapshot { bytes: bytes.clone(), len };
    store::keep(log, room.document, &snapshot, &heads)?;
    room.proving.with(|admission| admission.take_snapshot(&bytes, len as usize))?;
    Ok(snapshot)
}

/// One for each change of each submission, in order.
fn verdicts(admission: &mut dyn Admission, read: &mut [Read]) -> Vec<Verdict> {
    if read.iter().all(|one| one.imported.is_none()) {
        // One question for all of them: a copy asks about the same for one change as for many.
        let asked: Vec<Change> = read.iter().flat_map(|one| one.changes.iter().cloned()).collect();
        return admission.admit(&asked);
    }
    let mut verdicts = Vec::new();
    for one in read.iter_mut() {
        let (whole, count) = one.imported.take().unzip();
        let (first, after) = one.changes.split_at(count.unwrap_or_default());
        if let Some(whole) = &whole {
            verdicts.extend(admission.admit_imported(whole, first));
        }
        verdicts.extend(admission.admit(after));
        one.whole = whole;
    }
    // Only a document that holds all there is now is worth keeping.
    let heads = admission.heads();
    for one in read {
        one.whole = one.whole.take().filter(|whole| whole.heads() == heads);
    }
    verdicts
}

fn read_all(submissions: Vec<Submission>) -> Vec<Read> {
    submissions.into_iter().map(read).collect()
}

fn read(submission: Submission) -> Read {
    let mut read = Read {
        submission,
        imported: None,
        whole: None,
        changes: Vec::new(),
        refused: None,
        missing: Vec::new(),
        admitted: Arc::default(),
    };
    let chunks = std::mem::take(&mut read.submission.chunks);
    for chunk in chunks {
        if let Err(refused) = read_chunk(&chunk, &mut read.changes, &mut read.imported) {
            read.refused = Some(refused);
            break;
        }
    }
    read
}

fn read_chunk(
    bytes: &Bytes,
    changes: &mut Vec<Change>,
    imported: &mut Option<(Reading, usize)>,
) -> Result<(), Refused> {
    for chunk in document::split(bytes)? {
        match chunk {
            Chunk::Change(bytes) => changes.push(document::scan(&bytes)?),
            Chunk::Document(bytes) => {
                let (whole, its) = document::import(&bytes)?;
                if changes.is_empty() {
                    *imported = Some((whole, its.len()));
                    *changes = its;
                } else {
                    changes.extend(its);
                }
            }
        }
    }
    Ok(())
}

/// The actor in whose name the program writes for a person: one a plan and person, and a new one in each log
/// made from a backup: what the old one wrote after the backup is with people, and its numbers are taken.
fn steward(plan: PlanId, person: &PersonId, made: Option<Restored>) -> ActorId {
    let mut digest = Sha256::new();
    digest.update(b"steward");
    digest.update(plan.0.as_bytes());
    digest.update(person.as_str().as_bytes());
    if let Some(made) = made {
        digest.update(made.epoch.to_be_bytes());
        digest.update(made.at.0.to_be_bytes());
    }
    ActorId::new(&digest.finalize()[..16]).expect("16 bytes are an actor id")
}

/// The first change of a new plan's document.
pub(super) fn first_change(plan: PlanId, person: &PersonId, title: &str) -> Result<Prepared, Error> {
    let create = Write::Create { title: title.to_owned() };
    let raw =
        document::write(&Reading::default(), &steward(plan, person, None), 0, &create).map_err(unwritten)?;
    let change = document::scan(&raw).map_err(unsound)?;
    Ok(prepare(&mut Vec::new(), change))
}

fn unwritten(cause: CannotWrite) -> Error {
    cause.refusal().map_or_else(|| Error::Failed(cause.to_string()), Error::Refused)
}

fn unsound(refused: Refused) -> Error {
    Error::Failed(format!("the program's own change cannot be read: {refused}"))
}
