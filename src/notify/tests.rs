//! Rounds of mails with a clock of the test's own: over random days, restarts and disks that stop writing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::sync::watch;

use super::*;
use crate::domain::{
    Ask, Command, EventId, Of, Office, PhaseId, PhaseKind, PhasePlan, PlanId, Request, Role, TaskId,
    Timestamp,
};
use crate::engine::Clock;
use crate::log::{AccessChange, Append, Durable, Identity, Log, Options, Recorded, RedbLog, Stream};
use crate::mail::Postman;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A log beside whose record nothing more is written after so many writes, as when the process ends there.
struct Ending {
    log: RedbLog,
    left: AtomicI64,
}

impl Ending {
    fn spend(&self) -> Result<(), Failure> {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            left if left > 0 => Ok(()),
            _ => Err(Failure::Write("the process has ended".into())),
        }
    }
}

impl Log for Ending {
    fn append(&self, batch: Vec<Append>) -> Result<Durable, Failure> {
        self.log.append(batch)
    }
    fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.log.read(after, limit)
    }
    fn read_stream(&self, stream: &Stream, after: u64, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.log.read_stream(stream, after, limit)
    }
    fn read_plan(&self, plan: PlanId, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.log.read_plan(plan, after, limit)
    }
    fn version(&self, stream: &Stream) -> Result<u64, Failure> {
        self.log.version(stream)
    }
    fn position_of(&self, id: EventId) -> Result<Option<Position>, Failure> {
        self.log.position_of(id)
    }
    fn writable(&self) -> Result<(), Failure> {
        Log::writable(&self.log)
    }
    fn head(&self) -> Position {
        self.log.head()
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
    fn lost(&self) -> watch::Receiver<Option<String>> {
        self.log.lost()
    }
    fn erase(&self, position: Position) -> Result<bool, Failure> {
        self.log.erase(position)
    }
    fn erase_all(&self, positions: &[Position]) -> Result<usize, Failure> {
        self.log.erase_all(positions)
    }
    fn checkpoint(&self, at: Timestamp) -> Result<(), Failure> {
        self.log.checkpoint(at)
    }
    fn verifier_key(&self) -> String {
        self.log.verifier_key()
    }
    fn identity(&self) -> Identity {
        self.log.identity()
    }
    fn root(&self) -> (Position, [u8; 32]) {
        self.log.root()
    }
    fn put_cache(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.log.put_cache(key, value)
    }
    fn get_cache(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        self.log.get_cache(key)
    }
    fn put_person(&self, person: &PersonId, about: &[u8]) -> Result<(), Failure> {
        self.spend()?;
        self.log.put_person(person, about)
    }
    fn put_people(&self, rows: &[(PersonId, Vec<u8>)]) -> Result<(), Failure> {
        self.spend()?;
        self.log.put_people(rows)
    }
    fn get_person(&self, person: &PersonId) -> Result<Option<Bytes>, Failure> {
        self.log.get_person(person)
    }
    fn erase_person(&self, person: &PersonId) -> Result<bool, Failure> {
        self.log.erase_person(person)
    }
    fn change_access(&self, changes: &[AccessChange]) -> Result<(), Failure> {
        self.spend()?;
        self.log.change_access(changes)
    }
    fn list_access(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Failure> {
        self.log.list_access(prefix)
    }
}

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

struct World {
    _folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
    log: Arc<Ending>,
    engine: Engine,
    notifier: Arc<Notifier>,
    outbox: Outbox,
    postman: Postman,
    plan: PlanId,
    ids: u128,
    /// All mails so far: to whom, the subject, and what they said.
    mails: Vec<(String, String, String)>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = RedbLog::open(folder.path(), &Options::default()).unwrap();
        let log = Arc::new(Ending { log, left: AtomicI64::new(i64::MAX) });
        // 1970-02-02 was a Monday; it is 8 in the morning.
        let now = Arc::new(AtomicI64::new(32 * DAY + 8 * HOUR));
        let (engine, notifier) = Self::open(&log, &now);
        let (outbox, postman) = Outbox::open("print", "quorate@example.org").unwrap();
        let plan = PlanId(uuid::Uuid::from_u128(77));
        let mut world = Self {
            _folder: folder,
            now,
            log,
            engine,
            notifier,
            outbox,
            postman,
            plan,
            ids: 1_000,
            mails: Vec::new(),
        };
        let people = [
            ("secretariat", Role::Secretariat),
            ("second", Role::Secretariat),
            ("anna", Role::Board),
            ("ben", Role::Board),
        ];
        for (id, role) in people {
            let office = Office { roles: vec![role], ..Office::default() };
            let email = Some(format!("{id}@example.org"));
            let command = Command::PersonAdd { person: person(id), office, name: id.into(), email };
            world.ask("secretariat", command).await;
        }
        let create = Command::PlanCreate { plan: Some(plan), title: "A plan".into() };
        world.ask("secretariat", create).await;
        world.look().await;
        world
    }

    fn open(log: &Arc<Ending>, now: &Arc<AtomicI64>) -> (Engine, Arc<Notifier>) {
        let now = now.clone();
        let clock: Clock = Arc::new(move || Timestamp(now.load(Ordering::SeqCst)));
        let engine = Engine::open(log.clone(), clock).unwrap();
        let notifier = Arc::new(Notifier::open(engine.clone(), "https://plan.example.org").unwrap());
        notifier.sends.store(true, Ordering::Relaxed);
        (engine, notifier)
    }

    /// The process ends and starts again.
    fn restart(&mut self) {
        self.engine.close();
        self.log.left.store(i64::MAX, Ordering::SeqCst);
        (self.engine, self.notifier) = Self::open(&self.log, &self.now);
    }

    async fn ask(&mut self, who: &str, command: Command) {
        self.ids += 1;
        let id = EventId(uuid::Builder::from_random_bytes(self.ids.to_be_bytes()).into_uuid());
        self.engine.command(person(who), Request { id, command }, None, None).await.unwrap();
    }

    fn at(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn wait(&self, hours: i64) {
        self.now.fetch_add(hours * HOUR, Ordering::SeqCst);
    }

    /// Looks as the loop does, with a mail server that takes everything; what came of it.
    async fn look(&mut self) -> Vec<(String, String, String)> {
        let (notifier, outbox) = (self.notifier.clone(), self.outbox.clone());
        let mut looking = tokio::spawn(async move { notifier.look(&outbox).await });
        let before = self.mails.len();
        loop {
            let over = tokio::time::timeout(Duration::from_millis(1), &mut looking).await.is_ok();
            while let Some(mail) = self.postman.take() {
                self.mails.push((mail.to.as_str().to_owned(), mail.subject, mail.text));
            }
            if over {
                return self.mails[before..].to_vec();
            }
        }
    }

    fn wish(&self, who: &str, digest: Digest) {
        self.notifier.wish(&person(who), digest, true).unwrap();
    }

    /// To whom mails went that came of this look.
    async fn reached(&mut self) -> Vec<String> {
        let mut to: Vec<String> = self.look().await.into_iter().map(|(to, ..)| to).collect();
        to.sort();
        to
    }
}

/// The reasons that a mail tells: each stands between quotation marks.
fn reasons(mail: &str) -> Vec<String> {
    let lines = mail.lines().filter_map(|line| line.trim().strip_prefix("“r")?.strip_suffix('”'));
    lines.map(|number| format!("r{number}")).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// Something that concerns everybody happens, by one of two.
    Happens(bool),
    Sees(u8),
    Waits(u8),
    Looks,
    /// It looks, and the process ends after so many writes.
    Ends(u8),
    Wishes(u8, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(Step::Happens),
        1 => (0..4u8).prop_map(Step::Sees),
        3 => (1..60u8).prop_map(Step::Waits),
        3 => Just(Step::Looks),
        3 => (0..9u8).prop_map(Step::Ends),
        1 => (0..4u8, any::<bool>()).prop_map(|(who, daily)| Step::Wishes(who, daily)),
    ];
    proptest::collection::vec(step, 1..40)
}

const EVERYBODY: [&str; 4] = ["secretariat", "second", "anna", "ben"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever happens, whoever looks and wherever the process ends: nobody is told the same thing twice, and
    /// nobody misses what they have not seen.
    #[test]
    fn never_the_same_thing_twice_and_nothing_missed(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            let mut frozen = false;
            let mut count = 0;
            for step in steps {
                match step {
                    Step::Happens(second) => {
                        let who = if second { "second" } else { "secretariat" };
                        count += 1;
                        let (plan, reason) = (world.plan, format!("r{count}"));
                        let command = if frozen {
                            Command::PlanUnfreeze { plan, reason: reason.clone() }
                        } else {
                            Command::PlanFreeze { plan, reason: reason.clone() }
                        };
                        frozen = !frozen;
                        world.ask(who, command).await;
                        for one in EVERYBODY.into_iter().filter(|one| *one != who) {
                            wanted.entry(one).or_default().insert(reason.clone());
                        }
                    }
                    Step::Sees(who) => {
                        let who = EVERYBODY[usize::from(who)];
                        world.notifier.seen(&person(who), u64::MAX).unwrap();
                        // What was seen need not be told; what was told before stays told.
                        let told = told(&world, who);
                        wanted.entry(who).or_default().retain(|reason| told.contains(reason));
                    }
                    Step::Waits(hours) => world.wait(i64::from(hours)),
                    Step::Looks => drop(world.look().await),
                    Step::Ends(writes) => {
                        world.log.left.store(i64::from(writes), Ordering::SeqCst);
                        world.look().await;
                        world.restart();
                    }
                    Step::Wishes(who, daily) => {
                        let digest = if daily { Digest::Day } else { Digest::Week };
                        world.wish(EVERYBODY[usize::from(who)], digest);
                    }
                }
            }
            // A week later everybody was told.
            world.look().await;
            world.wait(24 * 8);
            world.look().await;
            for who in EVERYBODY {
                let all = told(&world, who);
                let once: BTreeSet<String> = all.iter().cloned().collect();
                prop_assert_eq!(all.len(), once.len(), "{} was told twice: {:?}", who, all);
                prop_assert_eq!(&once, &wanted.remove(who).unwrap_or_default(), "{}", who);
            }
            prop_assert_eq!(world.notifier.queue.len(), 0);
            world.look().await;
            world.engine.close();
            Ok(())
        })?;
    }
}

fn told(world: &World, who: &str) -> Vec<String> {
    let address = format!("{who}@example.org");
    let own = world.mails.iter().filter(|(to, ..)| *to == address);
    own.flat_map(|(_, _, text)| reasons(text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_day_or_a_week_and_only_where_there_is_something() {
    let mut world = World::new().await;
    world.wish("anna", Digest::Day);
    world.wish("second", Digest::Off);
    let (plan, reason) = (world.plan, "r1".to_owned());
    world.ask("secretariat", Command::PlanFreeze { plan, reason }).await;
    assert!(world.reached().await.is_empty(), "the next round is tomorrow");
    world.wait(24);
    assert_eq!(world.reached().await, ["anna@example.org"], "Tuesday");
    let mail = world.mails.last().unwrap();
    assert!(mail.1 == "1 new thing at plan.example.org", "{}", mail.1);
    for part in [
        "Hello anna,",
        "secretariat closed the plan for writing.",
        "“r1”",
        "/me/mail\n",
        "/unsubscribe/anna.",
    ] {
        assert!(mail.2.contains(part), "{part:?} is not in {}", mail.2);
    }
    world.wait(24);
    assert!(world.reached().await.is_empty(), "nothing is new");
    // Ben looks for himself.
    world.notifier.seen(&person("ben"), u64::MAX).unwrap();
    world.wait(24 * 5);
    assert!(world.reached().await.is_empty(), "Monday: he has seen it");
    let (plan, reason) = (world.plan, "r2".to_owned());
    world.ask("secretariat", Command::PlanUnfreeze { plan, reason }).await;
    // Three weeks of standing still make one mail.
    world.wait(24 * 21);
    assert_eq!(world.reached().await, ["anna@example.org", "ben@example.org"]);
    // What came while somebody wished no mail is not sent afterwards.
    world.wish("second", Digest::Day);
    world.wait(24);
    assert!(world.reached().await.is_empty());
    let (plan, reason) = (world.plan, "r3".to_owned());
    world.ask("secretariat", Command::PlanFreeze { plan, reason }).await;
    world.wait(24);
    assert_eq!(world.reached().await, ["anna@example.org", "second@example.org"]);

    // Without signing in, and only by the whole secret.
    let (_, _, text) = world.mails.iter().rfind(|(to, ..)| to == "anna@example.org").unwrap();
    let secret = text.split("/unsubscribe/").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(world.notifier.subscriber(&secret), Some(person("anna")));
    let others = secret.replace("anna.", "ben.");
    for wrong in [&secret[..secret.len() - 1], &others, "anna.", "anna", ""] {
        assert_eq!(world.notifier.subscriber(wrong), None, "{wrong}");
    }
    world.notifier.unsubscribe(&person("anna")).unwrap();
    let (plan, reason) = (world.plan, "r4".to_owned());
    world.ask("secretariat", Command::PlanUnfreeze { plan, reason }).await;
    world.wait(24 * 8);
    assert_eq!(world.reached().await, ["ben@example.org", "second@example.org"]);
    // Whoever was erased ends nothing by it any more.
    let leave = Command::PersonLeave { person: person("anna"), successor: None, version: 1 };
    world.ask("secretariat", leave).await;
    world.ask("secretariat", Command::PersonErase { person: person("anna") }).await;
    assert_eq!(world.notifier.subscriber(&secret), None);
    world.engine.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_come_twice_at_most_and_only_to_who_has_not_answered() {
    let mut world = World::new().await;
    EVERYBODY.iter().for_each(|who| world.wish(who, Digest::Off));
    let due = Timestamp(world.at() + 20 * DAY);
    let task = |n: u128, who: &str| {
        let ask = Ask { plan: Some(world.plan), section: None, of: Of::Person(person(who)), due: Some(due) };
        Command::TaskAsk { task: TaskId(uuid::Uuid::from_u128(n)), ask, text: format!("Do {n}") }
    };
    let asks = [task(1, "anna"), task(2, "anna"), task(3, "ben")];
    for ask in asks {
        world.ask("secretariat", ask).await;
    }
    let mut said = Vec::new();
    for day in 0..30 {
        if day == 15 {
            world.ask("ben", Command::TaskDone { task: TaskId(uuid::Uuid::from_u128(3)) }).await;
        }
        world.wait(24);
        for (to, subject, _) in world.look().await {
            said.push((day, to, subject));
        }
        if day % 3 == 0 {
            world.restart();
        }
    }
    let one = |day, to: &str, count: &str| {
        (day, format!("{to}@example.org"), format!("A reminder: {count} asked of you at plan.example.org"))
    };
    // The dates are 20 days after the first day; each look is a day later than its number says.
    let expected =
        [one(12, "anna", "2 things are"), one(12, "ben", "1 thing is"), one(18, "anna", "2 things are")];
    assert_eq!(said, expected);

    // Where the server stood still over both, one mail makes up for them.
    let due = Timestamp(world.at() + 10 * DAY);
    let ask = Ask { plan: None, section: None, of: Of::Person(person("ben")), due: Some(due) };
    let text = "Do 4".to_owned();
    world.ask("secretariat", Command::TaskAsk { task: TaskId(uuid::Uuid::from_u128(4)), ask, text }).await;
    world.wait(24 * 9 + 12);
    assert_eq!(world.reached().await, ["ben@example.org"]);
    world.wait(24);
    assert!(world.reached().await.is_empty());
    world.engine.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_answered_a_consultation_is_reminded_once_a_day() {
    let mut world = World::new().await;
    EVERYBODY.iter().for_each(|who| world.wish(who, Digest::Off));
    assert!(matches!(world.notifier.remind(world.plan), Err(Refused::NoConsultation)));
    let phase = PhasePlan {
        phase: PhaseId::new("consultation").unwrap(),
        kind: PhaseKind::Consultation,
        title: "Consultation".into(),
        opens: Timestamp(world.at()),
        closes: Timestamp(world.at() + 30 * DAY),
        gate: Vec::new(),
    };
    let start = Command::ProcessStart {
        plan: world.plan,
        template: "own".into(),
        phases: vec![phase],
        keep_days: None,
    };
    world.ask("secretariat", start).await;
    world.wait(1);
    // The date is kept before anything that comes after it.
    world.notifier.wish(&person("ben"), Digest::Off, false).unwrap();
    world.ask("secretariat", Command::PlanFreeze { plan: world.plan, reason: "r1".into() }).await;
    assert_eq!(world.notifier.remind(world.plan).unwrap(), 1, "Ben wishes no reminders");
    assert!(matches!(world.notifier.remind(world.plan), Err(Refused::Today)));
    world.restart();
    assert!(matches!(world.notifier.remind(world.plan), Err(Refused::Today)));
    assert_eq!(world.reached().await, ["anna@example.org"]);
    assert!(world.mails.last().unwrap().2.contains("Answer the consultation “Consultation”"));
    world.wait(24);
    assert_eq!(world.notifier.remind(world.plan).unwrap(), 1);
    // Who answers before it leaves is not asked again, whatever else they have to do.
    let ask = Ask { plan: None, section: None, of: Of::Person(person("anna")), due: None };
    let task = TaskId(uuid::Uuid::from_u128(9));
    world.ask("secretariat", Command::TaskAsk { task, ask, text: "Something else".into() }).await;
    let anchor = crate::domain::Anchor {
        section: crate::domain::SectionId::new("s").unwrap(),
        start: "1@aa".into(),
        end: "2@aa".into(),
        heads: Vec::new(),
        quote: "words".into(),
    };
    let thread = crate::domain::ThreadId(uuid::Uuid::from_u128(3));
    let open = Command::ThreadOpen { plan: world.plan, thread, anchor, text: "Why?".into() };
    world.ask("anna", open).await;
    assert!(world.reached().await.is_empty());
    world.engine.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_are_kept_and_listed_and_the_others_counted() {
    let mut world = World::new().await;
    world.wish("anna", Digest::Day);
    let mut known = 0;
    for count in 1..=limits::NOTICES_KEPT + 1 {
        let (plan, reason) = (world.plan, format!("r{count}"));
        let command = match count % 2 {
            1 => Command::PlanFreeze { plan, reason },
            _ => Command::PlanUnfreeze { plan, reason },
        };
        world.ask("secretariat", command).await;
        let views = world.engine.views();
        known = views.notices.of(&views.state, &person("anna"), 0).len();
        assert_eq!(known, count.min(limits::NOTICES_KEPT));
    }
    let all = mine(&world.engine, &person("anna"));
    assert_eq!((all.items.len(), all.unseen), (limits::NOTICES, limits::NOTICES_KEPT));
    assert_eq!(all.items[0].words, Some(format!("r{}", limits::NOTICES_KEPT + 1)), "the newest first");
    world.wait(24);
    assert_eq!(world.reached().await, ["anna@example.org"]);
    let (_, subject, text) = world.mails.last().unwrap();
    assert_eq!(*subject, format!("{known} new things at plan.example.org"));
    assert_eq!(reasons(text).len(), limits::NOTICES);
    assert!(text.contains(&format!("… and {} more", known - limits::NOTICES)), "{text}");
    world.engine.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_row_knows_of_is_not_sent_after_a_start() {
    let mut world = World::new().await;
    world.wish("anna", Digest::Day);
    let (plan, reason) = (world.plan, "r0".to_owned());
    world.ask("secretariat", Command::PlanFreeze { plan, reason }).await;
    world.wait(24);
    assert_eq!(world.reached().await, ["anna@example.org"]);
    let (plan, reason) = (world.plan, "r1".to_owned());
    world.ask("secretariat", Command::PlanUnfreeze { plan, reason }).await;
    world.wait(24);
    // The round is begun and the mail put on disk; that she was told is not.
    world.log.left.store(2, Ordering::SeqCst);
    assert!(world.reached().await.is_empty());
    world.restart();
    // Meanwhile she wishes mails on Mondays alone.
    world.wish("anna", Digest::Week);
    assert!(world.reached().await.is_empty(), "Wednesday");
    world.wait(24 * 5);
    world.reached().await;
    assert_eq!(told(&world, "anna"), ["r0", "r1"], "once each");
    world.engine.close();
}
