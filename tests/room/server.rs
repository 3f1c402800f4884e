//! The server's process: the real engine and rooms over a disk, and for each connection what the socket's pump
//! does with its session, one thing at a time.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Waker};
use std::thread;

use bytes::Bytes;
use quorate::document::Way;
use quorate::domain::{Actor, Command, DocumentId, EventId, PersonId, PlanId, Request, Timestamp, plan};
use quorate::engine::{Engine, Error, Receipt};
use quorate::room::{Member, Room, Rooms, Submitted, Wake};
use quorate::session::{Access, Config, ConnectionId, Output, Session, Ticket, Verdict};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, unconstrained};
use uuid::Uuid;

use super::disk::{Memory, Slow};
use crate::through::Through;

/// A process, from its start to its end.
pub(super) struct Process {
    pub(super) log: Arc<Slow>,
    pub(super) rooms: Rooms,
    keeper: JoinHandle<()>,
}

impl Process {
    pub(super) fn start(disk: &Memory, time: &Arc<AtomicI64>, way: Way) -> Self {
        let log = Arc::new(Slow::on(disk));
        log.set_open(true);
        let time = time.clone();
        let clock = Arc::new(move || Timestamp(time.load(Ordering::Relaxed)));
        let engine = Engine::open(Arc::new(Through(log.clone())), clock).unwrap();
        log.set_open(false);
        let rooms = Rooms::admitting_by(way, engine);
        let keeper = tokio::spawn(rooms.clone().keep());
        Self { log, rooms, keeper }
    }

    /// Lets go of what is left of it, when its disk is out of its reach.
    pub(super) fn end(self) {
        self.log.die();
        self.keeper.abort();
    }

    pub(super) fn access(&self, room: &Room, person: &PersonId) -> Access {
        let views = self.rooms.engine().views();
        match plan::editable(&views.state, &Actor { person: person.clone() }, room.plan) {
            Ok(_) => Access::ReadWrite,
            Err(_) => Access::ReadOnly,
        }
    }

    /// Waits until the writer has told everybody what became of its last commit, and has taken what came meanwhile.
    /// Nobody else moves until then: what they do next is none of that.
    pub(super) fn writer_rests(&self) {
        // The plan is nobody's, so that it is refused, and refused when all before it is done.
        let plan = PlanId(Uuid::nil());
        let command = Command::PlanFreeze { plan, reason: "Nothing waits.".into() };
        let request = Request { id: EventId(Uuid::nil()), command };
        let nobody = PersonId::new("nobody").unwrap();
        let mut asked = pin!(unconstrained(self.rooms.engine().command(nobody, request, None, None)));
        let mut context = Context::from_waker(Waker::noop());
        while asked.as_mut().poll(&mut context).is_pending() && !self.log.waits() {
            thread::yield_now();
        }
    }

    pub(super) fn command(&self, person: PersonId, request: Request) -> JoinHandle<Result<Receipt, Error>> {
        let rooms = self.rooms.clone();
        tokio::spawn(async move { rooms.command(person, request, None).await })
    }
}

/// Something handed in that is not answered yet, or not heard of yet.
struct Submission {
    ticket: Ticket,
    answer: Result<Submitted, oneshot::Receiver<Submitted>>,
}

/// The server's end of a link.
pub(super) struct Connection {
    id: ConnectionId,
    person: PersonId,
    session: Session,
    wake: Arc<Wake>,
    open: Option<(DocumentId, Arc<Room>)>,
    submissions: VecDeque<Submission>,
    /// What goes to the peer.
    pub(super) out: VecDeque<Bytes>,
    /// Why the server has closed it.
    pub(super) closed: Option<String>,
    /// The refusals that its person was given.
    pub(super) refused: Vec<String>,
    /// The log could not take edits: nobody writes until it can again.
    unwritten: bool,
}

impl Connection {
    pub(super) fn new(process: &Process, person: &PersonId) -> Self {
        let id = process.rooms.next_connection();
        let config = Config { peer: "server".into(), storage: "storage".into(), connection: id };
        Self {
            id,
            person: person.clone(),
            session: Session::new(config),
            wake: Arc::default(),
            open: None,
            submissions: VecDeque::new(),
            out: VecDeque::new(),
            closed: None,
            refused: Vec::new(),
            unwritten: false,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) async fn frame(&mut self, process: &Process, bytes: Bytes) {
        let outputs = self.session.frame(bytes);
        self.act(process, outputs).await;
    }

    /// Is something new to be looked at?
    pub(super) async fn woken(&mut self, process: &Process) {
        let Some((document, room)) = self.open.clone() else { return };
        for moved in self.wake.moved() {
            assert_eq!(moved, document);
            let mut outputs = self.access(process, document, &room);
            outputs.extend(self.session.advanced(document));
            self.act(process, outputs).await;
        }
        // It is asked from time to time whether the log can be written again.
        if std::mem::take(&mut self.unwritten) {
            let outputs = self.access(process, document, &room);
            self.act(process, outputs).await;
        }
    }

    fn access(&mut self, process: &Process, document: DocumentId, room: &Room) -> Vec<Output> {
        let access = if self.unwritten { Access::ReadOnly } else { process.access(room, &self.person) };
        self.session.access(document, access)
    }

    /// Takes note of answers that have come; are there submissions without one?
    pub(super) fn waits(&mut self) -> bool {
        for submission in &mut self.submissions {
            if let Err(answer) = &mut submission.answer {
                match answer.try_recv() {
                    Ok(submitted) => submission.answer = Ok(submitted),
                    Err(oneshot::error::TryRecvError::Closed) => submission.answer = Ok(Submitted::Failed),
                    Err(oneshot::error::TryRecvError::Empty) => {}
                }
            }
        }
        self.submissions.iter().any(|submission| submission.answer.is_err())
    }

    /// The first answer, if it has come, is told to the session.
    pub(super) async fn answered(&mut self, process: &Process) -> bool {
        self.waits();
        if self.submissions.front().is_none_or(|submission| submission.answer.is_err()) {
            return false;
        }
        let Some(Submission { ticket, answer: Ok(submitted) }) = self.submissions.pop_front() else {
            return false;
        };
        let Some((document, room)) = self.open.clone() else { return false };
        let mut outputs = Vec::new();
        let verdict = match submitted {
            Submitted::Kept => Verdict::Kept,
            Submitted::Missing { deps, chunks } => Verdict::Missing { deps, chunks },
            Submitted::Refused(notice) => {
                // The freeze may be over before its news came: so that both its ends are noticed.
                if notice.is_of_the_rules() {
                    outputs.extend(self.session.access(document, Access::ReadOnly));
                }
                self.refused.push(notice.code);
                Verdict::Refused
            }
            Submitted::Failed => {
                self.unwritten = true;
                outputs.extend(self.session.access(document, Access::ReadOnly));
                Verdict::Refused
            }
        };
        outputs.extend(self.session.submitted(document, ticket, verdict));
        outputs.extend(self.access(process, document, &room));
        self.act(process, outputs).await;
        true
    }

    async fn act(&mut self, process: &Process, outputs: Vec<Output>) {
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send(frame) => self.out.push_back(frame.to_bytes()),
                Output::Open { document } => {
                    let room = process.rooms.open(document).unwrap().expect("the plan is there");
                    let access = process.access(&room, &self.person);
                    let peer = format!("peer-{}", self.id.0).into();
                    let member = Member { peer, person: self.person.clone(), wake: self.wake.clone() };
                    room.members.enter(self.id, member);
                    outputs.extend(self.session.opened(document, room.shared.clone(), access));
                    self.open = Some((document, room));
                }
                Output::Submit { ticket, chunks, .. } => {
                    let Some((_, room)) = &self.open else { continue };
                    let answer = room.hand_in(Some(self.id), self.person.clone(), chunks, None).await;
                    self.submissions.push_back(Submission { ticket, answer: Err(answer) });
                }
                Output::Close { reason, .. } => self.closed = Some(reason),
                Output::Joined { .. }
                | Output::Ephemeral { .. }
                | Output::WaitUntil(_)
                | Output::Count(_) => {}
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some((_, room)) = &self.open {
            room.members.leave(self.id);
        }
    }
}
