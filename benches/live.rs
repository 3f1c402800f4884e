//! People at work: some write, all watch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use automerge::ChangeHash;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use super::report::{Report, cpu, milliseconds, percentile};
use super::wire::{Client, Heard, Server, Writer};

const WINDOW: Duration = Duration::from_secs(15);
/// How long after the last edit all must have it.
const SETTLE: Duration = Duration::from_secs(20);
const SECTIONS: usize = 20;

/// When each edit was sent, by its hash.
type Sent = Arc<Mutex<HashMap<ChangeHash, Instant>>>;

struct Run {
    latencies: Vec<Duration>,
    written: usize,
    /// From the first edit until everybody had the last.
    took: Duration,
    cpu: Duration,
    converged: bool,
}

struct Shape {
    clients: usize,
    writers: usize,
    /// Edits a second, of each writer.
    rate: f64,
}

/// One connection: hears everything, writes at its rate until the time is over.
async fn person(
    mut client: Client,
    mut writer: Option<Writer>,
    sent: Sent,
    rate: f64,
    until: Instant,
    total: tokio::sync::watch::Receiver<Option<usize>>,
) -> (Vec<Duration>, usize, Client) {
    let every = Duration::from_secs_f64(1.0 / rate);
    let mut tick = interval_at((Instant::now() + every).into(), every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut latencies = Vec::new();
    let mut seen = 0;
    let mut written = 0;
    let mut total = total;
    loop {
        let writes = writer.is_some() && Instant::now() < until;
        if total.borrow().is_some_and(|total| seen + written >= total) {
            return (latencies, written, client);
        }
        tokio::select! {
            heard = client.next() => match heard {
                Heard::Sync { changes, .. } => {
                    let now = Instant::now();
                    if let Some(writer) = &mut writer {
                        writer.heard(&changes);
                    }
                    let sent = sent.lock().unwrap();
                    for change in &changes {
                        if let Some(at) = sent.get(&change.hash()) {
                            latencies.push(now - *at);
                            seen += 1;
                        }
                    }
                }
                Heard::Closed(reason) => panic!("a connection was lost: {reason}"),
                _ => {}
            },
            _ = tick.tick(), if writes => {
                let writer = writer.as_mut().expect("only writers write");
                let change = writer.write("x", client.heads.iter().copied());
                sent.lock().unwrap().insert(change.hash(), Instant::now());
                written += 1;
                client.send(&[change]).await;
            }
            Ok(()) = total.changed() => {}
        }
    }
}

async fn run(server: &Server, document: &str, shape: &Shape) -> Run {
    let token = server.sign_in("member-1").await;
    let sent = Sent::default();
    let mut people = Vec::new();
    for number in 0..shape.clients {
        let mut client = Client::join(&server.sync_url(&token), &format!("client-{number}")).await;
        let opened = client.open(document).await;
        let writer =
            (number < shape.writers).then(|| Writer::new(&opened, &format!("part-{}", number % SECTIONS)));
        people.push((client, writer));
    }
    let before = cpu(server.process());
    let began = Instant::now();
    let (say_total, total) = tokio::sync::watch::channel(None);
    let tasks: Vec<_> = people
        .into_iter()
        .map(|(client, writer)| {
            let (sent, total) = (sent.clone(), total.clone());
            tokio::spawn(person(client, writer, sent, shape.rate, began + WINDOW, total))
        })
        .collect();
    tokio::time::sleep(WINDOW + Duration::from_millis(500)).await;
    let used = cpu(server.process()) - before;
    let written = sent.lock().unwrap().len();
    // Nobody listens only when everybody is done already.
    let _ = say_total.send(Some(written));
    let all = timeout(SETTLE, futures_util::future::join_all(tasks)).await;
    let converged = all.is_ok();
    let took = began.elapsed();
    let mut latencies = Vec::new();
    for (some, _, client) in all.unwrap_or_default().into_iter().map(Result::unwrap) {
        latencies.extend(some);
        client.leave().await;
    }
    Run { latencies, written, took, cpu: used, converged }
}

/// Ten people write five characters a second each, all the others watch.
pub(crate) async fn people(server: &Server, clients: usize, sync: [Duration; 2], report: &mut Report) {
    let (_, document) = server.new_plan(SECTIONS).await;
    let mut run = run(server, &document, &Shape { clients, writers: 10, rate: 5.0 }).await;
    let name = format!("{clients} clients, 10 writing 50 edits/s");
    let (p50, p95) = (percentile(&mut run.latencies, 0.5), percentile(&mut run.latencies, 0.95));
    let few = clients == 50;
    let [above_p50, above_p95] = sync.map(milliseconds);
    let others = if few { "p50/p95 elsewhere: 46/99, 4.6/6.7, 0.5/1.2" } else { "363/668, fails, 1.2/2.4" };
    report.row(format!("{name}: seen, p50"), "ms", milliseconds(p50), few.then_some(3.0 + above_p50), others);
    let goal = if few { 10.0 } else { 30.0 } + above_p95;
    report.row(format!("{name}: seen, p95"), "ms", milliseconds(p95), Some(goal), others);
    let share = run.cpu.as_secs_f64() / WINDOW.as_secs_f64() * 100.0;
    let others = if few { "elsewhere: 40, 80, 3" } else { "elsewhere: 100, -, 7" };
    report.row(format!("{name}: server"), "% core", share, few.then_some(10.0), others);
    report.row(format!("{name}: all converged"), "yes=1", f64::from(u8::from(run.converged)), Some(1.0), "");
}

/// Four people write as fast as is asked; fifty clients in all.
pub(crate) async fn saturation(server: &Server, rate: u32, report: &mut Report) {
    let (_, document) = server.new_plan(SECTIONS).await;
    let shape = Shape { clients: 50, writers: 4, rate: f64::from(rate) / 4.0 };
    let mut run = run(server, &document, &shape).await;
    let name = format!("{rate} edits/s asked of 50 clients");
    let sustained = run.written as f64 / run.took.as_secs_f64().max(WINDOW.as_secs_f64());
    let goal = (rate == 850).then_some(800.0);
    let others = "elsewhere: 100 to 150, 50, 3,200";
    let sustained = if run.converged { sustained } else { 0.0 };
    report.row(format!("{name}: sustained, all converged"), "edits/s", sustained, goal, others);
    let p95 = percentile(&mut run.latencies, 0.95);
    report.row(format!("{name}: seen, p95"), "ms", milliseconds(p95), None, "");
    let share = run.cpu.as_secs_f64() / WINDOW.as_secs_f64() * 100.0;
    report.row(format!("{name}: server"), "% core", share, None, "");
}

/// The same work in a new plan, and in one with 100,000 edits behind it.
pub(crate) async fn long_history(server: &Server, report: &mut Report) {
    const EDITS: usize = 100_000;
    const AT_ONCE: usize = 2_000;
    let shape = Shape { clients: 50, writers: 10, rate: 5.0 };
    let (_, document) = server.new_plan(SECTIONS).await;
    let mut empty = run(server, &document, &shape).await;

    let (_, document) = server.new_plan(SECTIONS).await;
    let token = server.sign_in("member-1").await;
    let mut client = Client::join(&server.sync_url(&token), "filler").await;
    let mut before = cpu(server.process());
    for section in 0..SECTIONS {
        let opened = client.open(&document).await;
        let mut writer = Writer::new(&opened, &format!("part-{section}"));
        let mut left = EDITS / SECTIONS;
        while left > 0 {
            let mut changes = Vec::new();
            for _ in 0..AT_ONCE.min(left) {
                let heads = changes.last().map_or_else(
                    || client.heads.iter().copied().collect::<Vec<_>>(),
                    |change: &automerge::Change| vec![change.hash()],
                );
                changes.push(writer.write("x", heads));
            }
            left -= changes.len();
            let last = changes.last().unwrap().hash();
            client.send(&changes).await;
            acknowledged(&mut client, last).await;
        }
        client.leave().await;
        client = Client::join(&server.sync_url(&token), &format!("filler-{section}")).await;
    }
    client.leave().await;
    let filled = cpu(server.process()) - std::mem::take(&mut before);
    report.row("100,000 edits in 20 sections: taken in", "CPU s", filled.as_secs_f64(), None, "");
    let mut full = run(server, &document, &shape).await;
    let (empty, p95) = (percentile(&mut empty.latencies, 0.95), percentile(&mut full.latencies, 0.95));
    let goal = 2.0 * milliseconds(empty);
    let yardstick = format!("an empty plan: {:.2}", milliseconds(empty));
    report.row("50 clients after 100,000 edits: seen, p95", "ms", milliseconds(p95), Some(goal), yardstick);
    let share = full.cpu.as_secs_f64() / WINDOW.as_secs_f64() * 100.0;
    report.row("50 clients after 100,000 edits: server", "% core", share, None, "");
}

/// Waits until the server has said that it has a change on disk.
pub(crate) async fn acknowledged(client: &mut Client, change: ChangeHash) {
    const LONGEST: Duration = Duration::from_secs(120);
    timeout(LONGEST, heard_of(client, change)).await.expect("the server takes what it is sent");
}

async fn heard_of(client: &mut Client, change: ChangeHash) {
    loop {
        match client.next().await {
            Heard::Sync { heads, .. } | Heard::Document { heads, .. } if heads.contains(&change) => return,
            Heard::Closed(reason) => panic!("a connection was lost: {reason}"),
            Heard::Error(message) => panic!("the server refuses: {message}"),
            _ => {}
        }
    }
}
