//! Memory stays bounded, with the real binary. Two take their time, and have to be asked for:
//! `QUORATE_CAMPAIGN=1` opens a thousand plans and leaves them, twice; `QUORATE_SOAK=3600` writes 200 edits a
//! second for so many seconds. Run them with `--nocapture`, and `QUORATE_BIN` naming a release build.

mod soak;

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::kill::{LONG, is_campaign, spawn};
use crate::wire::{Client, Server};

const PLANS: usize = 1_000;
/// A connection may have 256 documents open.
const PER_CONNECTION: usize = 250;

/// What the server holds in memory, in MiB.
pub(crate) fn resident(server: &Server) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// A connection that is quiet holds no buffer: neither for what it may read next nor for what it may be sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_quiet_cost_little() {
    const QUIET: usize = 300;
    const KIB_EACH: f64 = 64.0;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(folder.path())).await;
    let urls = [server.sign_in("member-1").await, server.sign_in("member-2").await]
        .map(|token| server.sync_url(&token));
    let mut quiet = Vec::new();
    // The first ones bring with them what there is once.
    for (number, url) in urls.iter().cycle().enumerate().take(8) {
        quiet.push(Client::join(url, &format!("first-{number}")).await);
    }
    let before = resident(&server);
    for (number, url) in urls.iter().cycle().enumerate().take(QUIET) {
        quiet.push(Client::join(url, &format!("quiet-{number}")).await);
    }
    let each = (resident(&server) - before) * 1024.0 / QUIET as f64;
    println!("a quiet connection costs {each:.1} KiB");
    assert!(each < KIB_EACH, "a quiet connection costs {each:.1} KiB");
    drop(quiet);
}

/// Waits until the server has let go of every plan; memory goes back to the system a second after.
async fn all_are_let_go(server: &Server) {
    let let_go = async {
        while server.metric("quorate_rooms_open").await > 0 {
            sleep(Duration::from_secs(1)).await;
        }
        sleep(Duration::from_secs(3)).await;
    };
    timeout(LONG, let_go).await.expect("plans that nobody has open are let go after a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_plans_that_were_opened_and_left_cost_nothing() {
    if !is_campaign() {
        println!("SKIPPED: it takes three minutes; QUORATE_CAMPAIGN=1 runs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&spawn(folder.path())).await;
    let token = server.sign_in("secretariat").await;
    for number in 0..PLANS {
        let fields = json!({ "plan": uuid::Uuid::now_v7(), "title": format!("Plan {number}") });
        let (status, answer) = server.command(&token, "plan.create", fields).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (_, plans) = server.get(&token, "/api/plans").await;
    let plans: Vec<&str> =
        plans.as_array().unwrap().iter().map(|plan| plan["document"].as_str().unwrap()).collect();
    all_are_let_go(&server).await;
    println!("| {PLANS} plans | MiB |\n| --- | --- |\n| before any was opened | {:.1} |", resident(&server));
    let mut left = Vec::new();
    for _ in 0..2 {
        let mut clients = Vec::new();
        for (number, some) in plans.chunks(PER_CONNECTION).enumerate() {
            let mut client = Client::join(&server.sync_url(&token), &format!("reader-{number}")).await;
            for document in some {
                timeout(LONG, client.open(document)).await.unwrap();
            }
            clients.push(client);
        }
        assert_eq!(server.metric("quorate_rooms_open").await, plans.len() as u64);
        println!("| all open | {:.1} |", resident(&server));
        for client in clients {
            client.leave().await;
        }
        all_are_let_go(&server).await;
        left.push(resident(&server));
        println!("| all left | {:.1} |", resident(&server));
    }
    assert!(left[1] < left[0] * 1.1 + 2.0, "it grows with each plan that was opened once: {left:?} MiB");
}
