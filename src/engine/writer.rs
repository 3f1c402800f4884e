//! The writer's loop: take what waits, decide each, one commit, then show and reply.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};
use tracing::error;

use super::checks;
use super::forgetting::Forgotten;
use super::record::{self, Source};
use super::{Addresses, Clock, Edit, Error, Prepared, Receipt, apply, together};
use crate::domain::{
    self, Actor, DocumentId, Email, EventId, Learned, PersonId, PlanId, Position, Refusal, Request, State,
    Timestamp, process,
};
use crate::log::{Append, Failure, Log, Outcome, Proposed, Recorded};
use crate::projection::Views;

/// How many jobs one commit takes at most.
const BATCH: usize = 512;
/// How long the clock is trusted for the wait until a phase's date: it may be set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How many other ids are tried for what the program does in its own name.
const DETOURS: u32 = 8;
/// How often a job is decided anew because another one of its commit came first.
const TRIES: u32 = 8;

pub(super) enum Job {
    Command {
        person: PersonId,
        request: Box<Request>,
        written: Option<(DocumentId, Vec<Prepared>)>,
        at: Option<Timestamp>,
        reply: oneshot::Sender<Result<Receipt, Error>>,
    },
    /// People and organisations of a list: all of them or none.
    Together {
        person: PersonId,
        requests: Vec<Request>,
        reply: oneshot::Sender<Result<Receipt, Error>>,
    },
    Edit {
        edit: Edit,
        reply: oneshot::Sender<Result<Receipt, Error>>,
    },
    /// The program freezes a plan.
    Stop {
        plan: PlanId,
        reason: String,
    },
    /// Where somebody is reached from now on; answered with where they were before. It lies beside the record, which
    /// hears nothing of it.
    Address {
        person: PersonId,
        email: Email,
        reply: oneshot::Sender<Result<Option<Email>, Error>>,
    },
    Checkpoint,
    /// Somebody wants to see that it goes on.
    Look {
        reply: oneshot::Sender<()>,
    },
    /// Everything before it is finished, nothing after it is begun.
    Close,
}

pub(super) fn start(
    log: Arc<dyn Log>,
    views: Arc<RwLock<Views>>,
    addresses: Arc<Addresses>,
    clock: Clock,
    jobs: mpsc::Receiver<Job>,
    show: watch::Sender<Position>,
) -> Result<JoinHandle<()>, Failure> {
    let writer = Writer { log, views, addresses, clock, show };
    std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || writer.run(&jobs))
        .map_err(|error| Failure::Write(format!("the writer's thread does not start: {error}")))
}

struct Writer {
    log: Arc<dyn Log>,
    views: Arc<RwLock<Views>>,
    addresses: Arc<Addresses>,
    clock: Clock,
    show: watch::Sender<Position>,
}

/// A job with how often it was decided already.
struct Waiting {
    job: Job,
    tries: u32,
}

/// A job that was granted: which of the append's events are its changes, and whether it rules over edits.
struct Granted {
    waiting: Waiting,
    changes_from: usize,
    changes: usize,
    learned: Vec<(PersonId, Learned)>,
}

impl Writer {
    fn run(&self, jobs: &mpsc::Receiver<Job>) {
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut late = None;
        loop {
            if waiting.is_empty() {
                match self.next(jobs, late.is_some()) {
                    Ok(Some(job)) => waiting.push(Waiting { job, tries: 0 }),
                    Ok(None) => {}
                    Err(_) => break,
                }
            }
            while waiting.len() < BATCH
                && let Ok(job) = jobs.try_recv()
            {
                waiting.push(Waiting { job, tries: 0 });
            }
            let close = waiting.iter().position(|one| matches!(one.job, Job::Close));
            if let Some(close) = close {
                waiting.truncate(close);
            }
            late = self.keep_dates().err();
            if let Some(failure) = &late {
                // Nothing is decided by rules whose time is over.
                waiting.drain(..).for_each(|one| reply(one.job, Err(Error::Failed(failure.to_string()))));
            }
            waiting = self.commit(std::mem::take(&mut waiting));
            while close.is_some() && !waiting.is_empty() {
                waiting = self.commit(std::mem::take(&mut waiting));
            }
            if close.is_some() {
                break;
            }
        }
        if let Err(failure) = self.log.checkpoint((self.clock)()) {
            error!("the last checkpoint was not written: {failure}");
        }
    }

    /// The next job; none when a date has come before one did. `late`: one came, and could not be recorded.
    fn next(&self, jobs: &mpsc::Receiver<Job>, late: bool) -> Result<Option<Job>, mpsc::RecvError> {
        let Some(wait) = self.until_due() else { return jobs.recv().map(Some) };
        let wait = if late { LOOK_AGAIN } else { wait.min(LOOK_AGAIN) };
        match jobs.recv_timeout(wait) {
            Ok(job) => Ok(Some(job)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(mpsc::RecvError),
        }
    }

    /// How long until a phase opens or closes by itself; none where none does.
    fn until_due(&self) -> Option<Duration> {
        let views = self.views.read();
        let now = self.now(&views.state);
        let (date, _) = process::next_due(&views.state, now)?;
        Some(Duration::from_millis(u64::try_from(date.0 - now.0).unwrap_or(0)))
    }

    /// Records what phases have opened and closed by now, before anything that comes after. In nobody's name.
    fn keep_dates(&self) -> Result<(), Failure> {
        // How often the id that follows from the governance stream was taken by something else.
        let mut detour = 0;
        while let Some(append) = self.due(detour) {
            let durable = self.log.append(vec![append]).inspect_err(|failure| {
                error!("a phase does not open or close on its date: {failure}");
            })?;
            if durable.recorded.is_empty() && detour < DETOURS {
                detour += 1;
                continue;
            }
            if durable.recorded.is_empty() {
                return Err(Failure::Damaged("a phase's date is in the record and not in the rules".into()));
            }
            self.show(&durable.recorded);
            self.forget(&durable.recorded);
            if let Err(failure) = self.log.checkpoint((self.clock)()) {
                error!("a checkpoint was not written: {failure}");
            }
        }
        Ok(())
    }

    fn due(&self, detour: u32) -> Option<Append> {
        let views = self.views.read();
        let now = self.now(&views.state);
        let (date, plan) = process::next_due(&views.state, now)?;
        let event = process::due(&views.state, plan, now)?;
        // Whatever was recorded since its date had come was decided by it: it bears its date, or follows at once.
        Some(self.unasked(&views.state, plan, &event, date.max(views.state.now), detour))
    }

    /// What the program does in its own name; its id follows from the version of the governance stream.
    fn unasked(
        &self,
        state: &State,
        plan: PlanId,
        event: &domain::Event,
        at: Timestamp,
        detour: u32,
    ) -> Append {
        let check = checks::governance(state, plan);
        let version = check.as_ref().map_or(0, |check| check.version);
        // Commands count up from 1: this id is none that one of them can take.
        let n = u32::MAX - u32::try_from(version).unwrap_or(u32::MAX);
        let source = Source { at, person: None, cause: None };
        let mut id = record::derived_id(EventId(plan.0), n);
        for number in 0..detour {
            id = record::derived_id(id, number);
        }
        let events = vec![record::propose(event, id, &source)];
        Append { events, checks: check.into_iter().collect() }
    }

    fn show(&self, recorded: &[Recorded]) {
        let mut views = self.views.write();
        for recorded in recorded {
            if let Err(failure) = apply(&mut views, recorded) {
                error!("an event that was just written cannot be read: {failure}");
            }
        }
        self.show.send_replace(views.head);
    }

    /// Forgets what these events say is forgotten. Where that fails, the next start does it.
    fn forget(&self, recorded: &[Recorded]) {
        for recorded in recorded.iter().filter(|event| record::forgets(&event.kind)) {
            let forgotten = record::fact(recorded).and_then(|fact| {
                let forgotten = Forgotten::by(&self.views.read(), &fact);
                forgotten.erase(&*self.log, &self.addresses)
            });
            if let Err(failure) = forgotten {
                error!("what event {} forgets was not erased: {failure}", recorded.position);
            }
        }
    }

    /// A clock that was set back does not make the record run backwards.
    fn now(&self, state: &State) -> Timestamp {
        (self.clock)().max(state.now)
    }

    /// One round. Answers with what has to be decided anew.
    fn commit(&self, waiting: Vec<Waiting>) -> Vec<Waiting> {
        let mut granted = Vec::with_capacity(waiting.len());
        let mut appends = Vec::with_capacity(waiting.len());
        let mut sign = false;
        let (mut moving, mut looking) = (Vec::new(), Vec::new());
        {
            let views = self.views.read();
            for one in waiting {
                if matches!(one.job, Job::Checkpoint) {
                    sign = true;
                    continue;
                }
                if let Job::Look { reply } = one.job {
                    looking.push(reply);
                    continue;
                }
                if let Job::Address { person, email, reply } = one.job {
                    moving.push((person, email, reply));
                    continue;
                }
                match self.decide(&views.state, &one.job) {
                    Ok((append, changes_from, changes, learned)) => {
                        granted.push(Granted { waiting: one, changes_from, changes, learned });
                        appends.push(append);
                    }
                    Err(Decided::Repeated(position)) => {
                        reply(one.job, Ok(Receipt { position, repeated: true, changes: Vec::new() }));
                    }
                    Err(Decided::No(error)) => reply(one.job, Err(error)),
                }
            }
        }
        sign |= appends.iter().flat_map(|append| &append.events).any(|event| governs(event.kind));
        let again = if appends.is_empty() { Vec::new() } else { self.append(granted, appends) };
        // After the others, whose addresses are known by now.
        for (person, email, reply) in moving {
            // Whoever asked may have gone.
            let set = self.addresses.reach(&*self.log, &self.views.read().state, &person, email);
            drop(reply.send(set));
        }
        if sign && let Err(failure) = self.log.checkpoint((self.clock)()) {
            error!("a checkpoint was not written: {failure}");
        }
        // Whoever asked may have gone.
        for reply in looking {
            let _ = reply.send(());
        }
        again
    }

    fn append(&self, granted: Vec<Granted>, appends: Vec<Append>) -> Vec<Waiting> {
        let durable = match self.log.append(appends) {
            Ok(durable) => durable,
            Err(failure) => {
                error!("nothing of this commit is acknowledged: {failure}");
                for one in granted {
                    reply(one.waiting.job, Err(Error::Failed(failure.to_string())));
                }
                return Vec::new();
            }
        };
        // Whoever sees somebody new finds what is known of them.
        for (one, outcome) in granted.iter().zip(&durable.outcomes) {
            if matches!(outcome, Outcome::Appended { .. }) {
                self.learn(&one.learned);
            }
        }
        self.show(&durable.recorded);
        self.forget(&durable.recorded);
        let mut again = Vec::new();
        for (one, outcome) in granted.into_iter().zip(durable.outcomes) {
            match outcome {
                Outcome::Appended { first, .. } => {
                    let from = first + one.changes_from as u64;
                    let changes = (from..from + one.changes as u64).collect();
                    reply(one.waiting.job, Ok(Receipt { position: first, repeated: false, changes }));
                }
                Outcome::Repeated { position } => {
                    reply(one.waiting.job, Ok(Receipt { position, repeated: true, changes: Vec::new() }));
                }
                Outcome::Conflict { .. } if one.waiting.tries < TRIES => {
                    again.push(Waiting { tries: one.waiting.tries + 1, ..one.waiting });
                }
                Outcome::Conflict { .. } => {
                    reply(one.waiting.job, Err(Error::Refused(Refusal::ChangedMeanwhile)));
                }
            }
        }
        again
    }

    fn learn(&self, people: &[(PersonId, Learned)]) {
        if people.is_empty() {
            return;
        }
        if let Err(failure) = self.addresses.learn(&*self.log, people) {
            error!("what is known of {} people was not kept: {failure}", people.len());
        }
    }

    fn decide(&self, state: &State, job: &Job) -> Result<Made, Decided> {
        match job {
            Job::Command { person, request, written, at, .. } => {
                if let Some(position) = repeated(&*self.log, person, request)? {
                    return Err(Decided::Repeated(position));
                }
                let source = self.source(state, person, *at, Some(request.id));
                self.checked(person, command(state, person, request, written.as_ref(), &source)?)
            }
            Job::Together { person, requests, .. } => {
                // They were recorded together: the first stands for all.
                if let Some(first) = requests.first()
                    && let Some(position) = repeated(&*self.log, person, first)?
                {
                    return Err(Decided::Repeated(position));
                }
                self.checked(
                    person,
                    together::decide(state, person, requests, &self.source(state, person, None, None))?,
                )
            }
            Job::Edit { edit, .. } => self.edit(state, edit),
            Job::Stop { plan, reason } => self.stop(state, *plan, reason),
            Job::Address { .. } | Job::Look { .. } | Job::Checkpoint | Job::Close => {
                Err(Decided::No(Error::Refused(Refusal::ChangedMeanwhile)))
            }
        }
    }

    /// What only the writer can say: that addresses and names are free, and that all of it can be read back.
    fn checked(&self, person: &PersonId, made: Made) -> Result<Made, Decided> {
        self.addresses.free(&made.3)?;
        for (whose, learned) in &made.3 {
            // Nobody takes another's name by themselves; who keeps people may have two of one name.
            if let Learned::Name(name) = learned
                && whose == person
                && self.addresses.is_named(name, whose)
            {
                return Err(Refusal::NameTaken.into());
            }
        }
        if made.0.events.iter().all(record::is_readable) {
            return Ok(made);
        }
        Err(Error::Failed("an event that could not be read back was not recorded".into()).into())
    }

    /// The bindings of new actors come first, then the changes of all parts in their order.
    fn edit(&self, state: &State, edit: &Edit) -> Result<Made, Decided> {
        let count = edit.parts.iter().map(|part| part.changes.len()).sum();
        let mut append = Append { events: Vec::with_capacity(count + edit.parts.len()), checks: Vec::new() };
        append.checks.extend(checks::governance(state, edit.plan));
        let mut bound = HashMap::new();
        for part in &edit.parts {
            let source = self.source(state, &part.person, part.at, None);
            let made_now = part.changes.iter().filter(|prepared| !state.came_back(&prepared.change));
            let actors = made_now.map(|prepared| &prepared.change.actor);
            domain::assignment::written(state, &part.person, edit.plan, part.sections.as_ref())?;
            for event in domain::plan::edit(state, &part.person, edit.plan, actors)? {
                let domain::Event::ActorBound { actor_id, .. } = &event else { continue };
                match bound.insert(actor_id.clone(), part.person.clone()) {
                    Some(person) if person != part.person => return Err(Refusal::ActorOfAnother.into()),
                    Some(_) => {}
                    None => append.events.push(record::propose(
                        &event,
                        record::binding_id(edit.plan, actor_id),
                        &source,
                    )),
                }
            }
        }
        let from = append.events.len();
        let stream = record::changes(edit.document);
        for part in &edit.parts {
            let source = self.source(state, &part.person, part.at, None);
            for Prepared { change, heads } in &*part.changes {
                let id = record::change_id(edit.document, change);
                append.events.push(record::propose_change(change, heads, edit.plan, &stream, id, &source));
            }
        }
        Ok((append, from, count, Vec::new()))
    }

    fn stop(&self, state: &State, plan: PlanId, reason: &str) -> Result<Made, Decided> {
        let event = domain::plan::stop(state, plan, reason)?;
        Ok((self.unasked(state, plan, &event, self.now(state), 0), 0, 0, Vec::new()))
    }

    fn source(
        &self,
        state: &State,
        person: &PersonId,
        at: Option<Timestamp>,
        cause: Option<EventId>,
    ) -> Source {
        let at = at.map_or_else(|| self.now(state), |at| at.max(state.now));
        Source { at, person: Some(person.clone()), cause }
    }
}

/// Where a command was recorded before. Its id may not stand for anything else, nor for another's doing.
pub(super) fn repeated(
    log: &dyn Log,
    person: &PersonId,
    request: &Request,
) -> Result<Option<Position>, Error> {
    let Some(position) = log.position_of(request.id)? else { return Ok(None) };
    let event = log.read(position - 1, 1)?.into_iter().next();
    let is_same = event.is_some_and(|event| {
        event.cause == Some(request.id)
            && event.actor.as_ref() == Some(person)
            && record::follows(&event.kind, &request.command)
    });
    if is_same { Ok(Some(position)) } else { Err(Refusal::IdTaken.into()) }
}

/// The append, where its changes begin, how many they are, and what to keep apart of people.
pub(super) type Made = (Append, usize, usize, Vec<(PersonId, Learned)>);

pub(super) enum Decided {
    Repeated(Position),
    No(Error),
}

impl From<Error> for Decided {
    fn from(error: Error) -> Self {
        Self::No(error)
    }
}

impl From<Refusal> for Decided {
    fn from(refusal: Refusal) -> Self {
        Self::No(Error::Refused(refusal))
    }
}

fn command(
    state: &State,
    person: &PersonId,
    request: &Request,
    written: Option<&(DocumentId, Vec<Prepared>)>,
    source: &Source,
) -> Result<Made, Decided> {
    let actor = Actor { person: person.clone() };
    let decision = domain::decide(state, &actor, request.id, &request.command)?;
    let mut append =
        Append { events: Vec::new(), checks: checks::of(state, &request.command, decision.plan) };
    for event in &decision.events {
        push(&mut append, request.id, |id| record::propose(event, id, source));
    }
    let (mut from, mut count) = (0, 0);
    if let (Some(plan), Some((document, changes))) = (decision.plan, written) {
        for event in bindings(state, person, plan, changes)? {
            push(&mut append, request.id, |id| record::propose(&event, id, source));
        }
        from = append.events.len();
        count = changes.len();
        let stream = record::changes(*document);
        for prepared in changes {
            push(&mut append, request.id, |id| {
                record::propose_change(&prepared.change, &prepared.heads, plan, &stream, id, source)
            });
        }
    }
    Ok((append, from, count, decision.learned.into_iter().collect()))
}

/// The first event bears the command's own id, so that repeating the command finds it.
fn push(append: &mut Append, command: EventId, propose: impl FnOnce(EventId) -> Proposed) {
    let n = u32::try_from(append.events.len()).unwrap_or(u32::MAX);
    let id = if n == 0 { command } else { record::derived_id(command, n) };
    append.events.push(propose(id));
}

fn bindings(
    state: &State,
    person: &PersonId,
    plan: PlanId,
    changes: &[Prepared],
) -> Result<Vec<domain::Event>, Refusal> {
    domain::plan::bind(state, person, plan, changes.iter().map(|prepared| &prepared.change.actor))
}

/// Events after which the log is signed at once.
fn governs(kind: &str) -> bool {
    matches!(
        kind,
        "plan.frozen"
            | "plan.unfrozen"
            | "plan.created"
            | "process.started"
            | "process.withdrawn"
            | "phase.rescheduled"
            | "phase.added"
            | "phase.changed"
            | "phase.removed"
            | "person.renamed"
            | "phase.opened"
            | "phase.closed"
            | "gate.approved"
            | "gate.withdrawn"
            | "person.erased"
            | "retention.set"
            | "section.assigned"
            | "retention.passed"
            | "comment.withheld"
            | "comment.shown"
    )
}

fn reply(job: Job, answer: Result<Receipt, Error>) {
    match job {
        // Whoever asked may have gone; the record stands all the same.
        Job::Command { reply, .. } | Job::Together { reply, .. } | Job::Edit { reply, .. } => {
            drop(reply.send(answer));
        }
        Job::Stop { plan, .. } => match answer {
            Ok(_) | Err(Error::Refused(Refusal::AlreadyFrozen)) => {}
            Err(error) => error!("plan {plan} was not frozen: {error:?}"),
        },
        // It is answered with something else.
        Job::Address { reply, .. } => drop(reply.send(answer.map(|_| None))),
        Job::Look { reply } => {
            let _ = reply.send(());
        }
        Job::Checkpoint | Job::Close => {}
    }
}
