//! What a room costs and how fast it is, with the server as a process of its own on one core and wire-level
//! clients on the other: `make bench`, or `cargo bench --bench room -- [trace.json.gz]`.
//!
//! The machine's own `fdatasync` is measured in the same run, since nothing can be faster: an edit is shown to
//! nobody before it is on disk. Prints a table and writes `target/bench/latest.json`.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on should stop there")]
#![allow(clippy::disallowed_methods, reason = "a measurement is where time and chance come in")]

#[path = "../tests/wire/mod.rs"]
mod wire;

mod driver;
mod history;
mod live;
mod network;
mod proof;
mod report;
mod yardsticks;

use std::path::{Path, PathBuf};

use report::Report;
use wire::{Server, Spawn};
use yardsticks::Yardstick;

/// The server's core, and the driver's.
const SERVER_CORE: &str = "0";
const DRIVER_CORE: &str = "1";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == yardsticks::SERVE_PLAIN) {
        driver::serve_plain();
    }
    let trace = arguments.iter().find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    // `--only live,history`: to measure a part while working on it.
    let only = arguments.iter().find_map(|argument| argument.strip_prefix("--only=")).unwrap_or("");
    pin_driver();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut report = Report::default();
    // On the runtime's own thread, where it may block.
    runtime.block_on(async {
        run(trace.as_deref(), |part| only.is_empty() || only.split(',').any(|one| one == part), &mut report)
            .await;
    });
    report.finish(Path::new("target/bench/latest.json"));
}

fn pin_driver() {
    let id = std::process::id().to_string();
    let pinned = std::process::Command::new("taskset").args(["-cp", DRIVER_CORE, &id]).output();
    if !pinned.is_ok_and(|output| output.status.success()) {
        eprintln!("taskset is missing or there is one core only: server and driver share what there is");
    }
}

async fn run(trace: Option<&Path>, part: impl Fn(&str) -> bool, report: &mut Report) {
    if part("proof") {
        proof::run(report);
    }
    let binary = std::env::var_os("QUORATE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_quorate").into());
    if part("network") {
        network::run(Path::new(&binary), SERVER_CORE, report).await;
    }
    let folder = tempfile::tempdir_in("target").unwrap();
    let [_, sync] = report::fdatasync(folder.path(), report);
    let spawn =
        Spawn { binary: Path::new(&binary), data: folder.path(), through: &["taskset", "-c", SERVER_CORE] };
    let server = Server::start(&spawn).await;
    if part("connections") {
        live::connections(&server, report).await;
    }
    if part("live") {
        let mut yardsticks = if part("beside") { Yardstick::start_all(SERVER_CORE) } else { Vec::new() };
        let mut empty = Vec::new();
        for (name, case) in [("few", &live::FEW), ("many", &live::MANY), ("full", &live::FULL)] {
            if !part(name) {
                continue;
            }
            empty.push((case, live::case(&server, case, sync, &mut yardsticks, report).await));
        }
        drop(yardsticks);
        if part("long") {
            live::long_history(&server, &empty, report).await;
        }
    }
    drop(server);
    match trace {
        Some(trace) if part("history") => history::run(&spawn, trace, report).await,
        Some(_) => {}
        None => println!("no trace was given: the rows of a real history are left out"),
    }
}
