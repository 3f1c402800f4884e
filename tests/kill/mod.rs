//! Killed in the middle of its work, and started again: every acknowledged edit is there, once.
//!
//! `cargo test` kills it 20 times; with `QUORATE_CAMPAIGN=1` it is 200 times, and 200 times at once after an
//! acknowledgement. `QUORATE_SEED=n` repeats the moments of a run that printed it.

mod backups;
pub(crate) mod crew;
pub(crate) mod table;

use std::path::Path;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use self::crew::Crew;
use self::table::{Dice, Table};
use super::wire::{Server, Spawn, Stock, binary};

/// How many kills one plan lives through.
const CHAPTER: usize = 20;
/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Whether the long run was asked for.
pub(crate) fn is_campaign() -> bool {
    std::env::var_os("QUORATE_CAMPAIGN").is_some()
}

/// What the server is at when it is killed. The moment within it is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strike {
    /// Edits come in.
    Writing,
    /// It starts again after such a kill; twice in a row.
    Starting,
    /// It makes a snapshot, since a whole history came at once.
    Snapshot,
    /// It writes a backup.
    Backup,
    /// It was asked to stop.
    Stopping,
}

const STRIKES: [Strike; 7] = [
    Strike::Writing,
    Strike::Starting,
    Strike::Snapshot,
    Strike::Backup,
    Strike::Writing,
    Strike::Stopping,
    Strike::Backup,
];

pub(crate) fn spawn(data: &Path) -> Spawn<'_> {
    Spawn { binary: binary(), data, through: &[] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_kills() {
    let kills = if is_campaign() { 200 } else { CHAPTER };
    let folder = tempfile::tempdir().unwrap();
    let spawn = spawn(folder.path());
    let mut dice = Dice::new();
    let mut table = Table::default();
    let mut server = Server::start(&spawn).await;
    let mut round = 0;
    while table.kills() < kills {
        let notes = tempfile::tempdir().unwrap();
        let mut crew = Crew::new(&server, notes.path()).await;
        let until = table.kills() + CHAPTER;
        while table.kills() < until {
            let strike = STRIKES[round % STRIKES.len()];
            round += 1;
            let mut work =
                crew.begin(&server, if strike == Strike::Snapshot { 2_200 } else { 0 }, &mut dice).await;
            work.acknowledged(if strike == Strike::Snapshot { 2_200 } else { 1 + dice.roll(30) }).await;
            let mut backup = None;
            match strike {
                Strike::Backup => {
                    let mut begun = table.backups.begin(folder.path(), notes.path());
                    table.backups.moment(&mut begun, &mut dice).await;
                    backup = Some(begun);
                }
                Strike::Snapshot => sleep(dice.up_to(Duration::from_millis(300))).await,
                Strike::Writing | Strike::Starting => sleep(dice.up_to(Duration::from_millis(10))).await,
                Strike::Stopping => {
                    server.signal("TERM");
                    sleep(dice.up_to(Duration::from_millis(15))).await;
                }
            }
            server.kill();
            table.killed(strike);
            crew.back_from(work).await;
            if let Some(backup) = backup {
                table.backups.end(backup).await;
            }
            if strike == Strike::Starting {
                for _ in 0..2 {
                    let mut short = Server::launch(&spawn, &folder.path().join("server.log"));
                    sleep(dice.up_to(table.usual_start())).await;
                    short.kill();
                    table.killed(strike);
                }
            }
            server = Server::launch(&spawn, &folder.path().join("server.log"));
            table.ready_in(server.ready().await);
            crew.check(&server, round).await;
        }
        crew.settle(&server).await;
        crew.check_record(&server).await;
        table.add(&crew);
    }
    server.stop();
    verifies(folder.path());
    table.print("kill -9 at random moments");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_once_after_the_acknowledgement() {
    const EDITS: usize = 5;
    let kills = if is_campaign() { 200 } else { 5 };
    let folder = tempfile::tempdir().unwrap();
    let spawn = spawn(folder.path());
    let mut table = Table::default();
    let mut server = Server::start(&spawn).await;
    let mut crew = Crew::new(&server, folder.path()).await;
    for round in 0..kills {
        let url = server.sync_url(&server.sign_in("member-1").await);
        let writer: &mut Stock = crew.first();
        writer.connect(&url, round % 2 == 0).await.unwrap();
        for _ in 0..EDITS {
            writer.write(crew::FIRST, "x");
            writer.tell().await.unwrap();
            while !writer.pending.is_empty() {
                timeout(LONG, writer.hear()).await.unwrap().unwrap();
            }
        }
        server.kill();
        writer.cut();
        table.killed(Strike::Writing);
        server = Server::launch(&spawn, &folder.path().join("server.log"));
        table.ready_in(server.ready().await);
        crew.check(&server, round).await;
    }
    crew.check_record(&server).await;
    table.add(&crew);
    table.print("kill -9 at once after the acknowledgement");
}

/// The record that the kills have left is whole.
pub(crate) fn verifies(data: &Path) {
    let done = std::process::Command::new(binary()).arg("verify").arg("--data").arg(data).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}
