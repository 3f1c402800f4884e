//! What a room costs and how fast it is, with the server as a process of its own on one core and wire-level
//! clients on the other: `make bench`, or `cargo bench --bench room -- [trace.json.gz]`.
//!
//! The machine's own `fdatasync` is measured in the same run, since nothing can be faster: an edit is shown to
//! nobody before it is on disk. Prints a table and writes `target/bench/latest.json`.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on should stop there")]
#![allow(clippy::disallowed_methods, reason = "a measurement is where time and chance come in")]

#[path = "../tests/wire/mod.rs"]
mod wire;

mod history;
mod live;
mod report;

use std::path::{Path, PathBuf};

use report::Report;
use wire::{Server, Spawn};

/// The server's core, and the driver's.
const SERVER_CORE: &str = "0";
const DRIVER_CORE: &str = "1";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let trace = arguments.iter().find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let live = !arguments.iter().any(|argument| argument == "--only-history");
    pin_driver();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut report = Report::default();
    runtime.block_on(run(trace.as_deref(), live, &mut report));
    report.finish(Path::new("target/bench/latest.json"));
}

fn pin_driver() {
    let id = std::process::id().to_string();
    let pinned = std::process::Command::new("taskset").args(["-cp", DRIVER_CORE, &id]).output();
    if !pinned.is_ok_and(|output| output.status.success()) {
        eprintln!("taskset is missing or there is one core only: server and driver share what there is");
    }
}

async fn run(trace: Option<&Path>, live: bool, report: &mut Report) {
    let folder = tempfile::tempdir_in("target").unwrap();
    let sync = report::fdatasync(folder.path(), report);
    let spawn = Spawn {
        binary: Path::new(env!("CARGO_BIN_EXE_quorate")),
        data: folder.path(),
        through: &["taskset", "-c", SERVER_CORE],
    };
    if live {
        let server = Server::start(&spawn).await;
        live::people(&server, 50, sync, report).await;
        live::people(&server, 200, sync, report).await;
        for rate in [850, 1_600, 3_200] {
            live::saturation(&server, rate, report).await;
        }
        live::long_history(&server, report).await;
    }
    match trace {
        Some(trace) => history::run(&spawn, trace, report).await,
        None => println!("no trace was given: the rows of a real history are left out"),
    }
}
