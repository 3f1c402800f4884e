//! Every limit that a caller can meet from outside, met: whoever is over it learns which, and others go on.
//! The limits of changes, frames and messages have their tests beside the scan and the session.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use automerge::{ActorId, ExpandedChange};
use futures_util::StreamExt as _;
use quorate::domain::limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message, http};

use super::house::{House, SOON, acknowledged, binary, house, writer};
use super::wire::{Client, Server, Spawn, frame};

/// Sends bytes as they are, and reads what comes back until the connection ends.
async fn raw(house: &House, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(house.server.address()).await.unwrap();
    // The server may have had enough before all is written.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = timeout(SOON, stream.read_to_end(&mut answer)).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer to an attempt to open `/sync`: 101 when it succeeds.
async fn knock(url: &str, origin: Option<&str>) -> (u16, Value) {
    let mut request = url.into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert(http::header::ORIGIN, origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok((_, answer)) => (answer.status().as_u16(), Value::Null),
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            (answer.status().as_u16(), serde_json::from_slice(body).unwrap_or(Value::Null))
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requests_head_is_bounded() {
    let house = house().await;
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(2 * limits::HEAD_BYTES));
    assert!(raw(&house, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let many: String = (0..=limits::HEADERS).map(|n| format!("x-{n}: y\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n");
    assert!(raw(&house, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let fair = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(raw(&house, fair).await.starts_with("HTTP/1.1 200"), "others go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_bounded() {
    let house = house().await;
    let token = house.server.sign_in("secretariat").await;
    let fields = json!({ "plan": house.plan, "title": "x".repeat(limits::BODY_BYTES) });
    let (status, answer) = house.server.command(&token, "plan.rename", fields).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("body_too_large")), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_waits_and_others_do_not() {
    let house = house().await;
    let (hasty, other) = (house.server.sign_in("member-1").await, house.server.sign_in("member-2").await);
    let client = reqwest::Client::new();
    let url = house.server.url("/api/session");
    let ask = async |token: &str| client.get(&url).bearer_auth(token).send().await.unwrap();
    let mut asked = 0;
    let answer = loop {
        let answer = ask(&hasty).await;
        if answer.status() != 200 {
            break answer;
        }
        asked += 1;
        assert!(asked < 20 * limits::REQUESTS.burst, "nobody ever said stop");
    };
    assert!(asked >= limits::REQUESTS.burst, "turned away after {asked}");
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["code"], "too_many_requests", "{answer}");
    assert_eq!(ask(&other).await.status(), 200);
    assert!(house.server.metric("quorate_requests_too_many_total").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn costly_work_is_known_as_such_and_is_done() {
    let house = house().await;
    let token = house.server.sign_in("secretariat").await;
    let (_, about) = house.server.get(&token, &format!("/api/plans/{}", house.plan)).await;
    let (plan, head) = (&house.plan, &about["head"]);
    let client = reqwest::Client::new();
    let ask = async |path: &str| client.get(house.server.url(path)).bearer_auth(&token).send().await.unwrap();
    let costly = [
        format!("/api/plans/{plan}/at/{head}"),
        format!("/api/plans/{plan}/at/{head}.html"),
        format!("/api/plans/{plan}/at/{head}/since/{head}"),
        format!("/plans/{plan}/read"),
        format!("/plans/{plan}/replay"),
        format!("/plans/{plan}/replay/fragment?at={head}"),
    ];
    for path in &costly {
        assert_eq!(ask(path).await.status(), 200, "{path}");
    }
    assert_eq!(ask("/guest/own/nobody").await.status(), 410);
    let counted = house.server.metric("quorate_requests_costly_total").await;
    assert_eq!(counted, costly.len() as u64 + 1);
    ask("/api/plans").await;
    assert_eq!(house.server.metric("quorate_requests_costly_total").await, counted);
    // Many at once are all answered, one after the other.
    let all = (0..20 * limits::COSTLY_AT_ONCE).map(|_| ask(&costly[0]));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|answer| answer.status() == 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_each_visitor_is_counted_alone() {
    let client = reqwest::Client::new();
    // Of proxies that nobody has named, the word does not count.
    for (through, is_known) in [(&["env", "QUORATE_PROXY=192.0.2.7,127.0.0.1"][..], true), (&[], false)] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&Spawn { binary: binary(), data: folder.path(), through }).await;
        let url = server.url("/api/session");
        let ask = async |from: &str| {
            client.get(&url).header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
        };
        // Whatever a visitor puts before it, the proxy has written the last.
        let too_often = async |visitor: &str, most: u32| {
            for asked in 0..most {
                if ask(&format!("10.0.{}.{}, {visitor}", asked >> 8 & 255, asked & 255)).await == 429 {
                    return true;
                }
            }
            false
        };
        assert!(too_often("203.0.113.5", 20 * limits::REQUESTS.burst).await, "nobody ever said stop");
        // Of one allowance that is used up, less than half comes back meanwhile.
        assert_eq!(too_often("203.0.113.6", limits::REQUESTS.burst / 2).await, !is_known);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_so_many_connections() {
    let house = house().await;
    let url = house.server.sync_url(&house.server.sign_in("member-1").await);
    let mut open = Vec::new();
    for number in 0..limits::CONNECTIONS_PER_PERSON {
        open.push(Client::join(&url, &format!("window-{number}")).await);
    }
    let (status, answer) = knock(&url, None).await;
    assert_eq!((status, answer["code"].as_str()), (429, Some("too_many_connections")), "{answer}");
    let other = house.server.sync_url(&house.server.sign_in("member-2").await);
    assert_eq!(knock(&other, None).await.0, 101);

    open.pop().unwrap().leave().await;
    let free = async {
        // The server counts it when it has heard of it.
        while knock(&url, None).await.0 != 101 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, free).await.expect("the place is free again");
}

/// Lets this process, and the servers that it starts, have as many files open as the system allows. How many?
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    limit.maximum.unwrap_or(u64::MAX)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_when_all_places_are_taken_waits() {
    const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    /// Of these others may hold some: whoever has asked whether the server is there.
    const SPARE: usize = 32;
    if open_files() < (limits::CONNECTIONS + 2_000) as u64 {
        println!("SKIPPED: it takes {} open files, more than the system allows", limits::CONNECTIONS + 2_000);
        return;
    }
    let house = house().await;
    let began = Instant::now();
    let mut open = Vec::new();
    for _ in 0..limits::CONNECTIONS {
        open.push(TcpStream::connect(house.server.address()).await.unwrap());
    }
    let ask = async |stream: &mut TcpStream, within: Duration| {
        stream.write_all(HEALTH).await.unwrap();
        timeout(within, stream.read_u8()).await
    };
    let mut last = TcpStream::connect(house.server.address()).await.unwrap();
    let waits = ask(&mut last, Duration::from_secs(1)).await.is_err();
    let mut taken = open.remove(limits::CONNECTIONS - SPARE);
    assert_eq!(ask(&mut taken, SOON).await.unwrap().unwrap(), b'H', "who has a place is served");
    if began.elapsed() >= limits::HEAD_WITHIN {
        println!("SKIPPED: this machine was so slow that the first were let go before the last came");
        return;
    }
    assert!(waits, "one more than {} is served", limits::CONNECTIONS);
    open.truncate(limits::CONNECTIONS / 2);
    assert_eq!(timeout(SOON, last.read_u8()).await.unwrap().unwrap(), b'H', "there is room again");
}

/// Bytes that nobody would take are not read: their announcement is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_announces_too_much_is_not_read() {
    let house = house().await;
    let url = house.server.sync_url(&house.server.sign_in("member-1").await);
    let announce = async |bytes: usize| {
        let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
        let MaybeTlsStream::Plain(stream) = socket.get_mut() else { panic!("a plain socket") };
        let header = [&[0x82, 0xff][..], &(bytes as u64).to_be_bytes(), &[0; 4]].concat();
        stream.write_all(&header).await.unwrap();
        socket
    };
    let mut socket = announce(limits::SOCKET_BYTES + 1).await;
    let heard = timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(close)) = heard else { panic!("{heard:?}") };
    assert_eq!(u16::from(close.code), 1009, "{close:?}");
    assert!(!close.reason.is_empty());
    let mut socket = announce(limits::SOCKET_BYTES).await;
    let heard = timeout(Duration::from_millis(500), socket.next()).await;
    assert!(heard.is_err(), "its bytes are waited for, to say what is too much: {heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_server_opens_no_connection() {
    let house = house().await;
    let url = house.server.sync_url(&house.server.sign_in("member-1").await);
    let (status, answer) = knock(&url, Some("https://elsewhere.example")).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("foreign_origin")), "{answer}");
    let own = house.server.url("");
    assert_eq!(knock(&url, Some(&own)).await.0, 101, "its own pages do");
    assert_eq!(knock(&url, None).await.0, 101, "and programs, which name no page");
}

/// More than that many side by side, and the next honest change could not name them all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_stand_side_by_side_up_to_a_bound() {
    let house = house().await;
    let mut notices = house.notices("member-1").await;
    let (mut client, document) = house.enter("member-1", "forker").await;
    let base = document.get_heads();
    let side = || super::wire::Writer::new(&document, "part-0").write("x", base.iter().copied());
    let within: Vec<_> = (0..limits::HEADS).map(|_| side()).collect();
    client.send(&within).await;
    acknowledged(&mut client, within[0].hash()).await;
    let one_more = side();
    client.send(std::slice::from_ref(&one_more)).await;
    assert_eq!(notices.next("refused").await["code"], "too_many_heads");
    assert!(!house.recorded(one_more.hash()).await);

    // An honest change that has seen them all joins them again.
    let (mut other, mut pen) = writer(&house, "member-2", "part-1").await;
    let join = pen.write("y", other.heads.iter().copied());
    other.send(std::slice::from_ref(&join)).await;
    acknowledged(&mut other, join.hash()).await;
}

/// The program writes in a person's name under an actor that can be computed: nobody takes it first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_own_actors_are_not_to_be_taken() {
    let house = house().await;
    let mut notices = house.notices("member-1").await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let plan: uuid::Uuid = house.plan.parse().unwrap();
    let digest = Sha256::new().chain_update("steward").chain_update(plan).chain_update("chair").finalize();
    let mut taken: ExpandedChange = pen.write("x", client.heads.iter().copied()).decode();
    taken.actor_id = ActorId::from(&digest[..16]);
    let taken = automerge::Change::from(taken);
    client.send(std::slice::from_ref(&taken)).await;
    assert_eq!(notices.next("refused").await["code"], "actor_of_another");
    assert!(!house.recorded(taken.hash()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_over_its_rate_is_dropped() {
    let house = house().await;
    let (mut client, _) = house.enter("member-1", "restless").await;
    for count in 0..3 * u64::from(limits::EPHEMERAL.burst) {
        client.send_frame(frame::ephemeral("restless", &house.document, count, b"\xa0")).await;
    }
    let dropped = async {
        while house.server.metric("quorate_presence_dropped_total").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, dropped).await.expect("what is too much is dropped");
    // The connection is none the worse for it.
    let (_, mut pen) = writer(&house, "member-1", "part-1").await;
    let change = pen.write("x", client.heads.iter().copied());
    client.send(std::slice::from_ref(&change)).await;
    acknowledged(&mut client, change.hash()).await;
}

/// A peer names itself. Whoever takes the name that somebody else goes by is not shown under it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shown_under_anothers_peer_name() {
    let house = house().await;
    let (_first, _) = house.enter("member-1", "the-same").await;
    let (_second, _) = house.enter("member-2", "the-same").await;
    let (_third, _) = house.enter("member-2", "another").await;
    let mut notices = house.notices("chair").await;
    let here = notices.next("here").await;
    let people = json!([
        { "peer": "another", "person": "member-2" },
        { "peer": "the-same", "person": "member-1" },
    ]);
    assert_eq!(here["people"], people, "{here}");
}

/// Beyond what the system keeps for a socket nothing is kept for who does not read; and after a while it is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_reading_costs_a_bounded_buffer_and_then_the_connection() {
    const EDIT: usize = 100_000;
    let house = house().await;
    let (_stuck, _) = house.enter("member-2", "stuck").await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let closed = || house.server.metric("quorate_connections_closed_total");
    let before = closed().await;
    // More than a socket takes on both sides.
    for _ in 0..200 {
        let change = pen.write(&"x".repeat(EDIT), client.heads.iter().copied());
        client.send(std::slice::from_ref(&change)).await;
        acknowledged(&mut client, change.hash()).await;
    }
    let over = async {
        while closed().await == before {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let longest = limits::SLOW + Duration::from_secs((4 * EDIT / limits::SLOWEST) as u64);
    timeout(longest, over).await.expect("who does not read is let go");
    // Others have not noticed.
    let change = pen.write("y", client.heads.iter().copied());
    client.send(std::slice::from_ref(&change)).await;
    acknowledged(&mut client, change.hash()).await;
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The text of all tests: those of this folder, and those beside the code.
fn tests_of(root: &Path) -> String {
    const FOR_TESTS: &str = "#[cfg(test)]\n";
    let mut paths = Vec::new();
    rust_files(&root.join("src"), &mut paths);
    let sources: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    // A module of its own that is there for tests alone: `mod name;`, perhaps for others to see.
    let declared: HashSet<&str> = sources
        .iter()
        .flat_map(|source| source.split(FOR_TESTS).skip(1))
        .filter_map(|after| after.lines().next()?.split_once("mod ")?.1.strip_suffix(';'))
        .collect();
    let mut text = String::new();
    for (path, source) in paths.iter().zip(&sources) {
        let parts = path.with_extension("");
        let is_test = parts.iter().any(|part| part.to_str().is_some_and(|part| declared.contains(part)));
        match source.split_once("#[cfg(test)]\nmod tests {") {
            _ if is_test => text.push_str(source),
            Some((_, tests)) => text.push_str(tests),
            None => {}
        }
    }
    let mut paths = Vec::new();
    rust_files(&root.join("tests"), &mut paths);
    paths.iter().for_each(|path| text.push_str(&fs::read_to_string(path).unwrap()));
    text
}

/// Whoever adds a bound says in the documents what happens at it, and tries it.
#[test]
fn every_limit_stands_in_the_documents_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let limits = fs::read_to_string(root.join("src/domain/limits.rs")).unwrap();
    let documents = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let tests = tests_of(root);
    let tried: HashSet<&str> = tests
        .split("limits::")
        .skip(1)
        .map(|after| after.split_once(|letter: char| !is_name(letter)).map_or(after, |(name, _)| name))
        .collect();
    let names = limits.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let mut wrong = Vec::new();
    for name in names {
        if !documents.contains(&format!("`{name}`")) {
            wrong
                .push(format!("{name} is not in docs/security.md: say there what happens to who is over it"));
        }
        if !tried.contains(name) {
            wrong.push(format!("{name} is in no test: try what is at it, and what is above"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
