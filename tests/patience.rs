//! How long the server bears with a peer: one that says nothing, one that takes nothing for a while, one that
//! asks for what it may not have.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::{Automerge, Change, ChangeHash, ReadDoc as _};
use futures_util::{SinkExt as _, StreamExt as _};
use quorate::domain::{Command, DocumentId, EventId, PersonId, PlanId, Request, Role, Timestamp, limits};
use quorate::engine::{self, Engine};
use quorate::http::{self, App, Entrance};
use quorate::log::{Append, Log as _, Options, Payload, Proposed, RedbLog, Stream};
use quorate::room::Rooms;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::{pause, sleep, timeout};
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message as Ws;
use uuid::Uuid;

use super::house::{SOON, acknowledged, house, writer};
use super::memory::resident;
use super::wire::{Client, Heard, Server, Writer, frame};

/// A server in this process, with one plan: its clock can be moved, and its log can hold what no command makes.
struct Inside {
    place: String,
    document: DocumentId,
    _folder: TempDir,
}

/// Who has no part in the network: nobody can be added as such, but a log may come to say so one day.
const GUEST: &str = "guest";

impl Inside {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secretary = PersonId::new("secretariat").unwrap();
        let rooms = Rooms::new(engine(folder.path(), &[(&secretary, &[Role::Secretariat])]));
        let plan = PlanId(Uuid::from_u128(1));
        let create = Command::PlanCreate { plan: Some(plan), title: "A plan".into() };
        let request = Request { id: EventId(Uuid::from_u128(2)), command: create };
        rooms.command(secretary, request, None).await.unwrap();
        let document = rooms.of_plan(plan).unwrap().document;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let app = App::new(
            rooms,
            folder.path(),
            format!("http://{place}"),
            Entrance::demonstration(folder.path()).unwrap(),
        )
        .unwrap();
        tokio::spawn(http::serve(listener, app, std::future::pending()));
        Self { place, document, _folder: folder }
    }

    async fn sync_url(&self, person: &str) -> String {
        let asked = reqwest::Client::new()
            .post(format!("http://{}/api/demo/sign-in", self.place))
            .json(&json!({ "person": person }));
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        format!("ws://{}/sync?access_token={}", self.place, answer["token"].as_str().unwrap())
    }
}

/// Over a log in which these people and the guest are known.
fn engine(folder: &Path, people: &[(&PersonId, &[Role])]) -> Engine {
    let log = RedbLog::open(folder, &Options::default()).unwrap();
    let guest = PersonId::new(GUEST).unwrap();
    let guest: (&PersonId, &[Role]) = (&guest, &[]);
    for (number, (person, roles)) in people.iter().copied().chain([guest]).enumerate() {
        let added = Proposed {
            id: EventId(Uuid::from_u128(1_000 + number as u128)),
            stream: Stream::new("people"),
            kind: "person.added",
            schema: 1,
            at: Timestamp(1_700_000_000_000),
            actor: None,
            plan: None,
            cause: None,
            payload: Payload::Kept(json!({ "person": person, "roles": roles }).to_string().into()),
        };
        drop(log.append(vec![Append { events: vec![added], checks: Vec::new() }]).unwrap());
    }
    Engine::open(Arc::new(log), engine::system()).unwrap()
}

/// Otherwise it could be told from outside which documents there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_hears_the_same_as_of_a_document_that_is_not_there() {
    let inside = Inside::start().await;
    let elsewhere = DocumentId([7; 16]);
    for (person, document) in [(GUEST, inside.document), (GUEST, elsewhere), ("secretariat", elsewhere)] {
        let mut client = Client::join(&inside.sync_url(person).await, person).await;
        let asked = Instant::now();
        client.request(&document.to_string()).await;
        let heard = timeout(SOON, client.next()).await.unwrap();
        let after = asked.elapsed();
        assert!(matches!(heard, Heard::Unavailable), "{person} hears {heard:?}");
        assert!(after >= limits::UNAVAILABLE_AFTER, "{person} hears it after {after:?}");
    }
    let mut client = Client::join(&inside.sync_url("secretariat").await, "may-read").await;
    let opened = timeout(SOON, client.open(&inside.document.to_string())).await.unwrap();
    assert!(!opened.get_heads().is_empty(), "who may read is given it");
}

#[tokio::test]
async fn who_is_silent_is_let_go_and_who_answers_stays() {
    const PINGED: Duration = Duration::from_secs(20);
    const PING: [u8; 2] = [0x89, 0];
    let inside = Inside::start().await;
    let url = inside.sync_url("secretariat").await;
    let mut answers = Client::join(&url, "answers").await;
    let (mut silent, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    silent.send(Ws::Binary(frame::join("silent").into())).await.unwrap();
    assert!(silent.next().await.unwrap().unwrap().is_binary(), "it has joined");
    let MaybeTlsStream::Plain(silent) = silent.get_mut() else { panic!("a plain socket") };

    // From here on hours pass as soon as nobody has anything to do.
    pause();
    let began = tokio::time::Instant::now();
    // Whoever reads a WebSocket answers pings.
    let answering = tokio::spawn(async move { answers.next().await });
    let mut heard = Vec::new();
    let ended = timeout(10 * limits::SILENCE, silent.read_to_end(&mut heard)).await;
    ended.expect("who is silent is let go").unwrap();
    let after = began.elapsed();
    let bounds: Range<Duration> = limits::SILENCE..limits::SILENCE + PINGED;
    assert!(bounds.contains(&after), "it ended after {after:?}");
    assert_eq!(heard, PING.repeat(3), "it was asked three times before");
    sleep(3 * limits::SILENCE).await;
    assert!(!answering.is_finished(), "who answers is let go: {:?}", answering.await);
}

/// Edits that are acknowledged together.
const ROUND: usize = 50;
/// Rounds that the slow readers miss.
const MISSED: usize = 60;
/// Together they would cost much if something were kept for each.
const READERS: usize = 16;
/// Rounds after which a queue that has not grown is taken for full.
const STANDS: usize = 10;

/// Writes edits of about a kilobyte each that put one character into the document, until they are on disk.
async fn round(client: &mut Client, pen: &mut Writer) {
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..ROUND {
        let heads = match changes.last() {
            Some(last) => vec![last.hash()],
            None => client.heads.iter().copied().collect(),
        };
        let mut change = pen.write("x", heads).decode();
        change.message = Some("m".repeat(limits::MESSAGE_BYTES as usize));
        changes.push(change.into());
    }
    client.send(&changes).await;
    acknowledged(client, changes[ROUND - 1].hash()).await;
}

/// What waits in the system's queues of the server's connections, where it is much, in bytes.
fn queues(server: &Server) -> Vec<usize> {
    const MUCH: usize = 100_000;
    let number = |text: &str| usize::from_str_radix(text, 16).unwrap();
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let waiting = sockets.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let own = number(fields[1].split_once(':').unwrap().1) == usize::from(server.address().1);
        own.then(|| number(fields[4].split_once(':').unwrap().0))
    });
    let mut waiting: Vec<usize> = waiting.filter(|bytes| *bytes > MUCH).collect();
    waiting.sort_unstable();
    waiting
}

/// Memory that was needed for a moment goes back to the system a second after.
async fn settled(server: &Server) -> f64 {
    sleep(Duration::from_secs(3)).await;
    resident(server)
}

fn text(document: &Automerge) -> String {
    let path = ["sections", "part-0", "text"];
    let text = path.iter().fold(automerge::ROOT, |at, key| document.get(&at, *key).unwrap().unwrap().1);
    document.text(text).unwrap()
}

/// It gets what was on its way when it stopped, and then all it has missed at once. For what it misses nothing is
/// kept: what all have is read again when it takes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_slowly_catches_up_at_once_and_costs_nothing_meanwhile() {
    let house = house().await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let before = settled(&house.server).await;
    for _ in 0..MISSED {
        round(&mut client, &mut pen).await;
    }
    let alone = settled(&house.server).await - before;

    let mut slow = Vec::new();
    for number in 0..READERS {
        slow.push(house.enter("member-2", &format!("slow-{number}")).await);
    }
    let closed = house.server.metric("quorate_connections_closed_total").await;
    let (mut standing, mut seen, mut stood_at) = (0, Vec::new(), 0);
    while standing < STANDS {
        round(&mut client, &mut pen).await;
        let now = queues(&house.server);
        if now.len() == READERS && now == seen {
            standing += 1;
        } else {
            (standing, seen, stood_at) = (0, now, pen.written());
        }
        assert!(pen.written() < 50_000, "the system's queues never fill: {seen:?}");
    }
    let stopped = Instant::now();
    let before = settled(&house.server).await;
    for _ in 0..MISSED {
        round(&mut client, &mut pen).await;
    }
    let beside_slow_ones = settled(&house.server).await - before;
    assert_eq!(queues(&house.server), seen, "nobody has read meanwhile");

    let heads: Vec<_> = client.heads.iter().copied().collect();
    let (_reader, whole) = house.enter("chair", "reader").await;
    assert_eq!(whole.get_heads(), heads);
    let mut most = 0;
    for (client, document) in &mut slow {
        let messages =
            timeout(SOON, catch_up(client, document, &heads, stood_at)).await.expect("it catches up");
        most = most.max(messages);
        assert!(messages <= 2, "{messages} messages for what it has missed");
        assert_eq!(text(document), text(&whole));
    }
    println!(
        "{} edits missed in {:?} come in {most} messages; memory grew by {alone:.1} MiB before, and by \
         {beside_slow_ones:.1} MiB beside {READERS} slow readers",
        pen.written() - stood_at,
        stopped.elapsed(),
    );
    assert_eq!(house.server.metric("quorate_connections_closed_total").await, closed, "all are there still");
    let grown = beside_slow_ones - alone.max(0.0);
    assert!(grown < 10.0, "{READERS} slow readers cost {grown:.1} MiB");
}

/// Reads until the document is as told. Answers how many messages held what was written after the first `upto` edits.
async fn catch_up(client: &mut Client, document: &mut Automerge, told: &[ChangeHash], upto: u64) -> usize {
    let mut later = 0;
    while document.get_heads() != told {
        match client.next().await {
            Heard::Sync { changes, .. } => {
                later += usize::from(changes.iter().any(|change| change.seq() > upto));
                document.apply_changes(changes).unwrap();
            }
            Heard::Document { chunk, .. } => {
                later += 1;
                document.load_incremental(&chunk).unwrap();
            }
            Heard::Other => {}
            other => panic!("the connection does not go on: {other:?}"),
        }
    }
    later
}
