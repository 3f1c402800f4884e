//! A real history, keystroke by keystroke, sent by one client as a whole.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{ActorId, Automerge, AutomergeError, ObjId, ROOT, ReadDoc as _};

use super::live::acknowledged;
use super::report::{Report, cpu, milliseconds, percentile, resident};
use super::wire::{Client, Heard, Server, Spawn};

pub(crate) async fn run(spawn: &Spawn<'_>, trace: &Path, report: &mut Report) {
    let folder = tempfile::tempdir_in("target").unwrap();
    let spawn = Spawn { data: folder.path(), ..*spawn };
    let mut server = Server::start(&spawn).await;
    let (plan, document) = server.new_plan(1).await;
    let token = server.sign_in("member-1").await;
    let mut sender = Client::join(&server.sync_url(&token), "sender").await;
    let mut typed = sender.open(&document).await.with_actor(ActorId::random());
    let edits = type_all(&mut typed, trace);
    let saved = typed.save();
    let head = typed.get_heads()[0];
    let mut observer = Client::join(&server.sync_url(&token), "observer").await;
    observer.open(&document).await;
    let name = format!("a history of {edits} edits");

    let before = cpu(server.process());
    let began = Instant::now();
    sender.heads = [head].into();
    sender.send_raw(vec![saved]).await;
    acknowledged(&mut observer, head).await;
    let used = cpu(server.process()) - before;
    report.row(format!("{name}: until another has it"), "CPU s", used.as_secs_f64(), Some(1.5), "");
    report.row(format!("{name}: until another has it"), "s", began.elapsed().as_secs_f64(), None, "");
    // What is made beside the work (the snapshot) belongs to it.
    tokio::time::sleep(Duration::from_secs(5)).await;
    report.row(format!("{name}: memory after"), "MiB", resident(server.process()), Some(60.0), "");
    let (_, about) = server.get(&token, &format!("/api/plans/{plan}")).await;
    let newest = about["head"].as_u64().unwrap();
    server.stop();
    let disk = folder_size(folder.path()) as f64 / f64::from(1 << 20);
    report.row(format!("{name}: on disk after a stop"), "MiB", disk, Some(60e6 / f64::from(1 << 20)), "");
    drop(server);

    let began = Instant::now();
    let server = Server::start(&spawn).await;
    report.row(format!("{name}: start to ready"), "s", began.elapsed().as_secs_f64(), None, "");
    let token = server.sign_in("member-1").await;
    let began = Instant::now();
    let mut client = Client::join(&server.sync_url(&token), "newcomer").await;
    client.request(&document).await;
    loop {
        match client.next().await {
            Heard::Document { .. } => break,
            Heard::Sync { changes, .. } if !changes.is_empty() => break,
            Heard::Closed(reason) => panic!("a connection was lost: {reason}"),
            _ => {}
        }
    }
    report.row(
        format!("{name}: first document message after a restart"),
        "ms",
        milliseconds(began.elapsed()),
        Some(70.0),
        "",
    );

    let first = newest - edits as u64 + 1;
    let mut times = Vec::new();
    for number in 0..100_u64 {
        // Spread over the history in an order that jumps about.
        let position = first + (number * 7_919 + 13) % 100 * (newest - first) / 100;
        let began = Instant::now();
        let (status, answer) = server.get(&token, &format!("/api/plans/{plan}/at/{position}")).await;
        assert_eq!(status, 200, "{answer}");
        times.push(began.elapsed());
    }
    let p95 = milliseconds(percentile(&mut times, 0.95));
    report.row(
        format!("{name}: a random past state, p50"),
        "ms",
        milliseconds(percentile(&mut times, 0.5)),
        None,
        "",
    );
    report.row(format!("{name}: a random past state, p95"), "ms", p95, Some(50.0), "");
}

/// Types the trace into the first section, a change for each edit, and says how many there were.
fn type_all(document: &mut Automerge, trace: &Path) -> usize {
    let mut json = String::new();
    let file = std::fs::File::open(trace).unwrap_or_else(|error| panic!("{}: {error}", trace.display()));
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&json).unwrap();
    let text = text(document);
    let start = document.length(&text);
    let mut edits = 0;
    for transaction in trace["txns"].as_array().unwrap() {
        for patch in transaction["patches"].as_array().unwrap() {
            let (at, deleted) = (patch[0].as_u64().unwrap() as usize, patch[1].as_i64().unwrap() as isize);
            document
                .transact_with::<_, _, AutomergeError, _>(
                    |()| CommitOptions::default().with_time(1_700_000_000),
                    |tx| tx.splice_text(&text, start + at, deleted, patch[2].as_str().unwrap()),
                )
                .unwrap();
            edits += 1;
        }
    }
    edits
}

fn text(document: &Automerge) -> ObjId {
    ["sections", "part-0", "text"]
        .into_iter()
        .fold(ROOT, |at, key| document.get(&at, key).unwrap().expect("the plan has one section").1)
}

/// What the disk holds of it: the file grows by doubling, and what was never written takes up nothing.
fn folder_size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.metadata().unwrap() {
            about if about.is_dir() => folder_size(&entry.path()),
            about => about.blocks() * 512,
        })
        .sum()
}
