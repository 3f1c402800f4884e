//! A server, its clients and the links between them; and what must hold.
//!
//! After every step: a room shows nothing that is not on disk, nobody is told or shown what is not on disk, what
//! was acknowledged is on disk, also after a power cut, and no client that keeps to the protocol is refused
//! anything but an edit of a frozen text.
//!
//! At quiet: every text is the same, and the same as the replay at the log's head, before and after one more power
//! cut; every edit is recorded, once; none stands between a freeze and its end; what was written in another's name
//! is not there; a command that was asked twice was done once; and nobody has anything left to say.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use quorate::document::{self, PlanState, Reading, Way};
use quorate::domain::{
    ChangeHash, Command, DocumentId, EventId, Office, PersonId, PlanId, Position, Request, Role, SectionId,
    ThreadId,
};
use quorate::engine::{Error, Receipt, record};
use quorate::log::Log as _;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::advance;
use uuid::Uuid;

use super::client::Client;
use super::disk::{Fate, Memory};
use super::odd::Odd;
use super::plan::{self, CLIENTS, Disk, End, Step};
use super::server::{Connection, Process};
use crate::through::Front as _;

/// Who sits before which client; the last one only reads.
const PEOPLE: [&str; CLIENTS] = ["member-1", "member-2", "member-1", "secretariat", "chair"];
const READER: usize = CLIENTS - 1;
const ODD: &str = "consultant";
const SECTIONS: [&str; 2] = ["part-0", "part-1"];
/// Frames that wait for a slow reader before its server's end waits too.
const PIPE: usize = 4;
/// More than a room leaves between two batches.
const MOMENT: Duration = Duration::from_millis(5);
/// How often a settling world looks whether all is done: minutes of this thread's own work, however little of the
/// machine it is given.
const LOOKS: usize = 5_000_000;

/// A command, and what its asker knows of it.
struct Asked {
    request: Request,
    under_way: Option<JoinHandle<Result<Receipt, Error>>>,
    /// Where it was recorded, or that it was refused.
    answer: Option<Result<Position, String>>,
}

struct World {
    disk: Memory,
    /// What the server's clock says: one moment a step.
    time: Arc<AtomicI64>,
    way: Way,
    process: Process,
    plan: PlanId,
    clients: Vec<(Client, Option<Connection>)>,
    odd: (Odd, Option<Connection>),
    asked: Vec<Asked>,
    ids: u128,
}

fn office(role: Role) -> Office {
    Office { roles: vec![role], ..Office::default() }
}

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn section(id: &str) -> SectionId {
    SectionId::new(id).unwrap()
}

/// Plays a seed, and answers what the log has at the end.
pub(super) async fn play(seed: u64, steps: &[Step]) -> Vec<String> {
    let mut world = World::new(seed).await;
    for step in steps {
        world.step(*step).await;
        world.check();
    }
    world.quiet().await;
    world.compare();
    // Once more, from the disk alone.
    let before = world.replay();
    world.end(End::Before).await;
    assert!(world.replay() == before, "the text is another one after a restart");
    world.compare_record()
}

impl World {
    async fn new(seed: u64) -> Self {
        let (disk, time) = (Memory::default(), Arc::new(AtomicI64::new(1_790_000_000_000)));
        let way = if seed % 4 == 3 { Way::Copy } else { Way::Proof };
        let process = Process::start(&disk, &time, way);
        let plan = PlanId(Uuid::from_u128(u128::from(seed) + 1));
        let document = DocumentId(*plan.0.as_bytes());
        let clients = (0..CLIENTS).map(|number| (Client::new(number, document), None)).collect();
        let odd = (Odd::new(document), None);
        let mut world = Self { disk, time, way, process, plan, clients, odd, asked: Vec::new(), ids: 0 };
        world.process.log.set_open(true);
        let roles = [
            ("secretariat", Role::Secretariat),
            ("member-1", Role::Representative),
            ("member-2", Role::Representative),
            ("chair", Role::Chair),
            (ODD, Role::Consultant),
        ];
        for (id, role) in roles {
            let command =
                Command::PersonAdd { person: person(id), office: office(role), name: id.into(), email: None };
            world.done(command).await;
        }
        world.done(Command::PlanCreate { plan: Some(plan), title: "A plan".into() }).await;
        for id in SECTIONS {
            let command = Command::SectionCreate {
                plan,
                section: Some(section(id)),
                heading: id.into(),
                parent: None,
                after: None,
            };
            world.done(command).await;
        }
        world.process.log.set_open(false);
        world
    }

    /// A command of the beginning, which goes through.
    async fn done(&mut self, command: Command) {
        self.ask(command);
        self.settle().await;
        let asked = self.asked.pop().unwrap();
        assert!(matches!(asked.answer, Some(Ok(_))), "{:?} is refused: {:?}", asked.request, asked.answer);
    }

    fn request(&mut self, command: Command) -> Request {
        self.ids += 1;
        let id = uuid::Builder::from_random_bytes((self.ids << 64).to_be_bytes()).into_uuid();
        Request { id: EventId(id), command }
    }

    async fn step(&mut self, step: Step) {
        self.time.fetch_add(1, Ordering::Relaxed);
        let plan = self.plan;
        match step {
            Step::Type { client, place } if client != READER => drop(self.clients[client].0.type_word(place)),
            Step::Delete { client, place } if client != READER => drop(self.clients[client].0.delete(place)),
            Step::Split { client, place } if client != READER => drop(self.clients[client].0.split(place)),
            Step::Remove { client, place } if client != READER => drop(self.clients[client].0.remove(place)),
            Step::Type { .. } | Step::Delete { .. } | Step::Split { .. } | Step::Remove { .. } => {}
            Step::Say { client } => {
                if self.clients[client].1.is_some() {
                    self.clients[client].0.say();
                }
            }
            Step::Up { client } => drop(self.up(client).await),
            Step::Answered { client } => drop(self.answered(client).await),
            Step::Woken { client } => self.woken(client).await,
            Step::Down { client } => drop(self.down(client)),
            Step::Break { client } => {
                let (client, connection) = &mut self.clients[client];
                *connection = None;
                client.up.clear();
            }
            Step::Connect { client } => self.connect(client),
            Step::Commit(fate) => {
                let decided = self.process.log.decide(match fate {
                    Disk::Takes => Fate::Written,
                    Disk::Refuses => Fate::Refused,
                });
                if decided {
                    self.process.writer_rests();
                }
            }
            Step::End(end) => self.end(end).await,
            Step::Freeze => self.ask(Command::PlanFreeze { plan, reason: "The board reads it.".into() }),
            Step::Unfreeze => self.ask(Command::PlanUnfreeze { plan, reason: "It has read it.".into() }),
            Step::Reply => {
                let threads = self.process.rooms.engine().views().threads.of(plan).first().map(|one| one.id);
                if let Some(thread) = threads {
                    self.ask(Command::ThreadReply { plan, thread, text: "Yes.".into() });
                }
            }
            Step::Welcome => {
                let person = person(&format!("guest-{}", self.ids));
                self.ask(Command::PersonAdd {
                    person,
                    office: office(Role::Chair),
                    name: "A guest".into(),
                    email: None,
                });
            }
            Step::Comment { place } => self.comment(place),
            // What takes a thread of its own is begun only when it alone decides what happens next.
            Step::Move { section: number } if !self.process.log.waits() => {
                let [one, other] = [number % 2, 1 - number % 2].map(|at| section(SECTIONS[at]));
                let after = (number / 2 % 2 == 0).then_some(other);
                self.ask(Command::SectionMove { plan, section: one, parent: None, after });
            }
            Step::Move { .. } => {}
            Step::Retry { which } => self.retry(which),
            Step::Odd(what) => self.odd(what).await,
        }
        self.settle().await;
    }

    /// Waits until nothing moves but what the next step moves. No clock runs meanwhile: what the room puts off for
    /// a moment, it does when all else is done.
    async fn settle(&mut self) {
        let (mut looks, mut rests) = (0, false);
        loop {
            for _ in 0..16 {
                yield_now().await;
            }
            let rested = std::mem::replace(&mut rests, !self.works() || self.process.log.waits());
            if rested && rests {
                break;
            }
            advance(MOMENT).await;
            if !rests {
                // The writer is at it, or whoever reads the log.
                thread::yield_now();
            }
            looks += 1;
            assert!(looks < LOOKS, "the server does not answer");
        }
        for asked in &mut self.asked {
            if asked.under_way.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(task) = asked.under_way.take()
            {
                asked.hear(task.await.unwrap());
            }
        }
    }

    /// Whether anybody waits for an answer, or the room has something in hand.
    fn works(&mut self) -> bool {
        let connections = self.clients.iter_mut().map(|(_, connection)| connection);
        let connections = connections.chain([&mut self.odd.1]).flatten();
        let mut waits = self.asked.iter().any(Asked::is_under_way);
        connections.for_each(|connection| waits |= connection.waits());
        waits || self.room_works()
    }

    /// Whether the room has something in hand, beside what its clients wait for.
    fn room_works(&self) -> bool {
        // Before there is a plan, it has no room.
        let Ok(room) = self.process.rooms.of_plan(self.plan) else { return false };
        let connections = self.clients.iter().map(|(_, connection)| connection).chain([&self.odd.1]);
        let open = connections.flatten().filter(|connection| connection.is_open()).count();
        // One is held by all rooms, one here.
        Arc::strong_count(&room) > 2 + open
    }

    fn connect(&mut self, client: usize) {
        let (client, connection) = (&mut self.clients[client], PEOPLE[client]);
        client.1 = Some(Connection::new(&self.process, &person(connection)));
        client.0.connect();
    }

    async fn up(&mut self, client: usize) -> bool {
        let (client, Some(connection)) = &mut self.clients[client] else { return false };
        if connection.out.len() >= PIPE {
            return false;
        }
        let Some(frame) = client.up.pop_front() else { return false };
        connection.frame(&self.process, frame).await;
        assert_eq!(connection.closed, None, "{} is shut out", client.name);
        true
    }

    async fn answered(&mut self, client: usize) -> bool {
        let (client, Some(connection)) = &mut self.clients[client] else { return false };
        if connection.out.len() >= PIPE || !connection.answered(&self.process).await {
            return false;
        }
        assert!(
            connection.refused.iter().all(|code| code == "plan_is_frozen"),
            "{} is refused: {:?}",
            client.name,
            connection.refused
        );
        true
    }

    async fn woken(&mut self, client: usize) {
        if let (_, Some(connection)) = &mut self.clients[client]
            && connection.out.len() < PIPE
        {
            connection.woken(&self.process).await;
        }
    }

    fn down(&mut self, client: usize) -> bool {
        let (client, Some(connection)) = &mut self.clients[client] else { return false };
        let Some(frame) = connection.out.pop_front() else { return false };
        client.hear(&frame, &self.process.log);
        true
    }

    async fn end(&mut self, end: End) {
        for (client, connection) in &mut self.clients {
            *connection = None;
            client.up.clear();
        }
        self.odd.1 = None;
        for asked in &mut self.asked {
            if let Some(task) = asked.under_way.take() {
                task.abort();
            }
        }
        if end == End::After {
            self.process.log.decide(Fate::Unheard);
        }
        self.process.log.die();
        self.disk = self.disk.after_power_cut();
        let next = Process::start(&self.disk, &self.time, self.way);
        std::mem::replace(&mut self.process, next).end();
        self.settle().await;
    }

    fn ask(&mut self, command: Command) {
        let request = self.request(command);
        let task = self.process.command(person("secretariat"), request.clone());
        self.asked.push(Asked { request, under_way: Some(task), answer: None });
    }

    fn comment(&mut self, place: usize) {
        if self.process.log.waits() {
            return;
        }
        let room = self.process.rooms.of_plan(self.plan).unwrap();
        let reading = room.reading().unwrap();
        let (section, heads) = (section(SECTIONS[place % 2]), reading.heads());
        let Ok(anchor) = document::anchor(&reading, &section, 1, 3, &heads) else { return };
        self.ids += 1;
        let thread = ThreadId(uuid::Builder::from_random_bytes((self.ids << 32).to_be_bytes()).into_uuid());
        self.ask(Command::ThreadOpen { plan: self.plan, thread, anchor, text: "Why?".into() });
    }

    fn retry(&mut self, which: usize) {
        if self.process.log.waits() || self.asked.is_empty() {
            return;
        }
        let lost = self.asked.iter().position(|asked| asked.answer.is_none() && asked.under_way.is_none());
        let count = self.asked.len();
        let asked = &mut self.asked[lost.unwrap_or(which % count)];
        // A refusal is not recorded: asked again, it may be granted.
        if asked.under_way.is_none() && !matches!(asked.answer, Some(Err(_))) {
            let again = self.process.command(person("secretariat"), asked.request.clone());
            asked.under_way = Some(again);
        }
    }

    async fn odd(&mut self, what: plan::Odd) {
        let (odd, connection) = &mut self.odd;
        match what {
            plan::Odd::Connect => {
                *connection = Some(Connection::new(&self.process, &person(ODD)));
                odd.connect();
            }
            _ if connection.is_none() => return,
            plan::Odd::Reversed => drop(odd.reversed()),
            plan::Odd::Forged => drop(odd.forged(|actor| actor.to_bytes()[0] as usize <= CLIENTS)),
            plan::Odd::Again => drop(odd.again()),
            plan::Odd::Garbage => odd.garbage(),
        }
        self.odd_moves().await;
    }

    /// All that is on its way between the odd peer and the server arrives, as far as no commit is needed for it.
    async fn odd_moves(&mut self) {
        loop {
            let (odd, Some(connection)) = &mut self.odd else { return };
            let mut moved = connection.answered(&self.process).await;
            connection.woken(&self.process).await;
            if let Some(frame) = connection.out.pop_front() {
                odd.hear(&frame);
                moved = true;
            } else if connection.closed.is_some() {
                self.odd.1 = None;
                return;
            } else if let Some(frame) = odd.up.pop_front() {
                connection.frame(&self.process, frame).await;
                moved = true;
            }
            self.settle().await;
            if !moved {
                return;
            }
        }
    }

    fn check(&self) {
        let room = self.process.rooms.of_plan(self.plan).unwrap();
        let (shown, durable) = (room.shared().len() as usize, self.process.log.changes());
        assert!(shown <= durable, "{shown} changes are shown, {durable} are on disk");
        let (visible, head) = (self.process.rooms.engine().views().head, self.process.log.behind().head());
        assert!(visible <= head, "{visible} events are visible, {head} are on disk");
        for (client, _) in &self.clients {
            for hash in &client.acknowledged {
                let kept = self.process.log.has(&ChangeHash(hash.0));
                assert!(kept, "{} was told that {hash} is kept, and it is lost", client.name);
            }
        }
        for asked in &self.asked {
            if let Some(Ok(position)) = asked.answer {
                assert_eq!(
                    self.process.log.behind().position_of(asked.request.id).unwrap(),
                    Some(position),
                    "a command that was answered is not there: {:?}",
                    asked.request
                );
            }
        }
    }

    /// Lets everything arrive.
    async fn quiet(&mut self) {
        self.process.log.set_open(true);
        self.settle().await;
        for _ in 0..self.asked.len() {
            self.step(Step::Retry { which: 0 }).await;
        }
        let frozen = self.process.rooms.engine().views().state.plans[&self.plan].frozen.is_some();
        if frozen {
            self.step(Step::Unfreeze).await;
        }
        for client in 0..CLIENTS {
            if self.clients[client].1.is_none() {
                self.connect(client);
            }
        }
        self.odd(plan::Odd::Connect).await;
        self.odd(plan::Odd::Again).await;
        self.odd(plan::Odd::Reversed).await;
        self.odd(plan::Odd::Forged).await;
        let mut rounds = 0;
        while self.round().await {
            rounds += 1;
            assert!(rounds < 300, "the peers do not come to rest");
        }
        self.check();
    }

    /// Every client says and hears what there is; false when there is nothing.
    async fn round(&mut self) -> bool {
        let mut moved = false;
        for client in 0..CLIENTS {
            moved |= self.clients[client].0.say();
            while self.up(client).await {
                moved = true;
                self.settle().await;
            }
            while self.answered(client).await {
                moved = true;
            }
            self.woken(client).await;
            while self.down(client) {
                moved = true;
            }
        }
        self.odd_moves().await;
        moved
    }

    fn replay(&self) -> PlanState {
        let head = self.process.rooms.engine().views().head;
        let mut state = self.process.rooms.state_at(self.plan, head).unwrap();
        for section in &mut state.sections {
            for block in &mut section.blocks {
                for stretch in &mut block.authors {
                    assert!(stretch.person.is_some(), "nobody wrote {:?}", block.block.text);
                }
                block.authors.clear();
            }
        }
        state
    }

    fn compare(&mut self) {
        let replay = self.replay();
        for (client, connection) in &mut self.clients {
            let reading: Reading = client.reading();
            let mut own = document::state_at(&reading, &reading.heads(), &|_| None).unwrap();
            for block in own.sections.iter_mut().flat_map(|section| &mut section.blocks) {
                block.authors.clear();
            }
            assert_eq!(own, replay, "{} has another text than the replay", client.name);
            let connection = connection.as_ref().unwrap();
            assert!(connection.out.is_empty() && client.up.is_empty(), "{} is not at rest", client.name);
        }
        self.compare_record();
    }

    /// What the log holds: a line an event, with the moment at which it was decided.
    fn compare_record(&self) -> Vec<String> {
        let events = self.process.log.behind().read(0, usize::MAX).unwrap();
        let (mut frozen, mut changes, mut ids) = (false, BTreeSet::new(), HashMap::new());
        let mut lines = Vec::with_capacity(events.len());
        for event in &events {
            lines.push(format!("{} {} {:?} {}", event.position, event.kind, event.at, event.id));
            match &*event.kind {
                "plan.frozen" => frozen = true,
                "plan.unfrozen" => frozen = false,
                record::CHANGED => {
                    assert!(!frozen, "an edit was accepted after a freeze, at {}", event.position);
                    let raw = record::change_bytes(event.payload.as_ref().unwrap()).unwrap();
                    let hash = document::reread(&raw).unwrap().hash;
                    assert!(changes.insert(hash), "{hash:?} is recorded twice, at {}", event.position);
                }
                _ => {}
            }
            if let Some(cause) = event.cause {
                *ids.entry((cause, event.kind.to_string())).or_insert(0) += 1;
            }
        }
        for (client, _) in &self.clients {
            for hash in client.own() {
                assert!(changes.contains(&ChangeHash(hash.0)), "{hash} of {} is not recorded", client.name);
            }
        }
        for hash in self.odd.0.sent() {
            assert!(
                changes.contains(&hash),
                "{hash:?}, which came before what it builds on, is not recorded"
            );
        }
        for hash in &self.odd.0.forged {
            assert!(!changes.contains(hash), "{hash:?}, which is forged, is recorded");
        }
        for asked in &self.asked {
            let position = self.process.log.behind().position_of(asked.request.id).unwrap();
            match &asked.answer {
                None => panic!("nobody answers {:?}", asked.request),
                Some(Ok(answered)) => assert_eq!(position, Some(*answered)),
                Some(Err(_)) => assert_eq!(position, None),
            }
        }
        for ((command, kind), count) in ids {
            assert_eq!(count, 1, "{command} was done {count} times: {kind}");
        }
        lines
    }
}

impl Asked {
    fn is_under_way(&self) -> bool {
        self.under_way.as_ref().is_some_and(|task| !task.is_finished())
    }

    fn hear(&mut self, answer: Result<Receipt, Error>) {
        let heard = match answer {
            Ok(receipt) => Ok(receipt.position),
            Err(Error::Refused(refusal)) => Err(refusal.code().to_owned()),
            Err(Error::Failed(_)) => return,
        };
        if let Some(before) = &self.answer {
            assert_eq!(*before, heard, "asked again, it is answered otherwise: {:?}", self.request);
        }
        self.answer = Some(heard);
    }
}
