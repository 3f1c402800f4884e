//! People write for an hour, 200 edits a second; a line a minute says what the server holds.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use automerge::ChangeHash;
use tokio::time::{MissedTickBehavior, interval};

use super::{all_are_let_go, resident};
use crate::kill::{spawn, verifies};
use crate::wire::{Client, Heard, Server, Writer};

const PLANS: usize = 10;
/// In each plan, each in a section of their own.
const WRITERS: usize = 2;
/// In each plan.
const READERS: usize = 3;
/// Of each writer: 200 edits a second together.
const EVERY: Duration = Duration::from_millis(100);

/// What became of one person's work: edits, and how long each waited for its acknowledgement.
type Waited = Vec<Duration>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_writing_leaves_nothing_behind_but_documents() {
    let Some(seconds) = std::env::var("QUORATE_SOAK").ok().and_then(|seconds| seconds.parse().ok()) else {
        println!("SKIPPED: QUORATE_SOAK=3600 runs it for an hour");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&spawn(folder.path())).await;
    let token = server.sign_in("member-1").await;
    let before = resident(&server);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut writers, mut readers, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for plan in 0..PLANS {
        let (_, document) = server.new_plan(WRITERS).await;
        for number in 0..WRITERS + READERS {
            let mut client = Client::join(&server.sync_url(&token), &format!("{plan}-{number}")).await;
            let opened = client.open(&document).await;
            if number < WRITERS {
                let writer = Writer::new(&opened, &format!("part-{number}"));
                writers.push(tokio::spawn(write(client, writer, until)));
            } else {
                readers.push(tokio::spawn(read(client)));
            }
        }
        documents.push(document);
    }
    println!("| minute | events | resident, MiB | log, MB | CPU, s |\n| --- | --- | --- | --- | --- |");
    let mut minutes = interval(Duration::from_secs(60));
    minutes.tick().await;
    let mut minute = 0;
    line(&server, folder.path(), minute).await;
    while Instant::now() + Duration::from_secs(1) < until {
        tokio::select! {
            _ = minutes.tick() => {}
            () = tokio::time::sleep_until(until.into()) => {}
        }
        minute += 1;
        line(&server, folder.path(), minute).await;
    }
    let mut waited: Waited = Vec::new();
    for writer in writers {
        waited.extend(writer.await.unwrap());
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    waited.sort_unstable();
    let at = |part: f64| waited[((waited.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    let rate = waited.len() as f64 / seconds as f64;
    println!(
        "| {} edits acknowledged, {rate:.0} a second | p50 {:.1} ms | p99 {:.1} ms |",
        waited.len(),
        at(0.5),
        at(0.99)
    );
    all_are_let_go(&server).await;
    println!(
        "| resident before anything, and after all have left | {before:.1} | {:.1} MiB |",
        resident(&server)
    );
    let mut client = Client::join(&server.sync_url(&token), "again").await;
    for document in &documents {
        client.open(document).await;
    }
    println!("| resident with all {PLANS} plans open again | {:.1} MiB |", resident(&server));
    server.stop();
    verifies(folder.path());
}

async fn line(server: &Server, data: &Path, minute: u64) {
    let log = std::fs::metadata(data.join("log.redb")).unwrap().len() as f64 / 1e6;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process())).unwrap();
    // Behind the name, which may hold anything: hundredths of a second.
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    let cpu = (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0;
    let head = server.metric("quorate_log_head").await;
    println!("| {minute} | {head} | {:.1} | {log:.1} | {cpu:.0} |", resident(server));
}

/// Writes at its rate until the time is over and all is acknowledged.
async fn write(mut client: Client, mut writer: Writer, until: Instant) -> Waited {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut waiting: HashMap<ChangeHash, Instant> = HashMap::new();
    let mut order: Vec<ChangeHash> = Vec::new();
    let mut waited = Vec::new();
    loop {
        let writes = Instant::now() < until;
        if !writes && order.is_empty() {
            return waited;
        }
        tokio::select! {
            heard = client.next() => match heard {
                Heard::Sync { heads, changes } => {
                    writer.heard(&changes);
                    let durable: Vec<ChangeHash> =
                        changes.iter().flat_map(|change| change.deps().iter().copied()).chain(heads).collect();
                    if let Some(newest) = order.iter().rposition(|hash| durable.contains(hash)) {
                        let sent = order.drain(..=newest).filter_map(|hash| waiting.remove(&hash));
                        waited.extend(sent.map(|at| at.elapsed()));
                    }
                }
                Heard::Other => {}
                other => panic!("not expected while writing: {other:?}"),
            },
            _ = tick.tick(), if writes => {
                let change = writer.write("x", client.heads.iter().copied());
                waiting.insert(change.hash(), Instant::now());
                order.push(change.hash());
                client.send(&[change]).await;
            }
        }
    }
}

async fn read(mut client: Client) {
    loop {
        if let Heard::Closed(reason) = client.next().await {
            panic!("a reader was cut off: {reason}");
        }
    }
}
