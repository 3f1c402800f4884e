//! A disk that is really full: nothing is acknowledged that is not kept, reading goes on, and when there is
//! room again everything acknowledged is there.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::kill::crew::{Crew, PEOPLE, Work};
use crate::kill::table::Dice;
use crate::kill::{LONG, is_campaign, spawn, verifies};
use crate::wire::{Server, demonstration};

/// How many submissions could not be kept.
const FAILED: &str = "quorate_submissions_failed_total";

/// A file system of its own in memory, of so many MiB; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where none can be mounted: says why.
    fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            Ok(output) => {
                println!(
                    "SKIPPED, a small tmpfs cannot be mounted: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                None
            }
            Err(error) => {
                println!("SKIPPED, the program `mount` is missing: {error}");
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        for piece in [64 * 1024, 4096] {
            while ballast.write_all(&vec![7; piece]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_really_full_loses_nothing() {
    let Some(disk) = SmallDisk::mount(24) else {
        assert!(!is_campaign(), "a campaign needs the right to mount a small disk");
        return;
    };
    let outside = tempfile::tempdir().unwrap();
    let said = outside.path().join("server.log");
    let data = disk.0.path().join("data");
    let spawn = spawn(&data);
    demonstration(spawn.binary, &data);
    let mut server = Server::launch(&spawn, &said);
    server.ready().await;
    let mut crew = Crew::new(&server, outside.path()).await;
    let mut dice = Dice::new();
    let mut work = crew.begin(&server, 0, &mut dice).await;
    work.acknowledged(50).await;

    // With room again, the running program takes what it could not take, and nobody has to do anything.
    disk.fill();
    fails(&server, &mut crew, work).await;
    disk.free();
    let began = Instant::now();
    crew.settle(&server).await;
    println!(
        "| a full disk | |\n| --- | --- |\n| all acknowledged, once there is room | {} ms |",
        began.elapsed().as_millis()
    );
    crew.check(&server, 0).await;

    // Or it is killed while there is none.
    let work = crew.begin(&server, 0, &mut dice).await;
    disk.fill();
    let failed = fails(&server, &mut crew, work).await;
    server.kill();
    starts_full(&mut Server::launch(&spawn, &said)).await;
    disk.free();
    let mut server = Server::launch(&spawn, &said);
    let took = server.ready().await;
    crew.check(&server, 1).await;
    crew.settle(&server).await;
    crew.check(&server, 2).await;
    crew.check_record(&server).await;
    server.stop();
    verifies(&data);
    println!("| killed meanwhile, edits that waited | {failed} |\n| ready again | {} ms |", took.as_millis());
    println!("| acknowledged and lost, recorded twice | 0, 0 |");
}

/// Waits until edits cannot be kept: the operator is told, readers notice nothing, and who wrote still has
/// them. Answers how many.
async fn fails(server: &Server, crew: &mut Crew, work: Work) -> usize {
    // The room that the log has inside its file is used up first.
    let before = server.metric(FAILED).await;
    let failed = async {
        while server.metric(FAILED).await < before + 4 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LONG, failed).await.expect("the disk is full");
    let told = server.said();
    assert!(
        told.contains("nothing of this commit is acknowledged") && told.contains("No space left"),
        "{told}"
    );
    reads(server, crew.plan()).await;
    work.cut_off();
    crew.back_from(work).await;
    let waiting: usize = crew.stocks().iter().map(|stock| stock.pending.len()).sum();
    assert!(waiting > 0, "who was not acknowledged still has it");
    waiting
}

/// Whoever only reads notices nothing.
async fn reads(server: &Server, plan: &str) {
    for person in [PEOPLE[0], "chair"] {
        let token = server.sign_in(person).await;
        let (_, plans) = server.get(&token, "/api/plans").await;
        let head = plans[0]["head"].as_u64().unwrap();
        for plan in [plan, plans[0]["id"].as_str().unwrap()] {
            for path in [
                format!("/api/plans/{plan}/events?after=0"),
                format!("/api/plans/{plan}/threads"),
                format!("/api/plans/{plan}/timeline"),
                format!("/api/plans/{plan}/at/{head}"),
                format!("/api/plans/{plan}/at/{head}.html"),
                format!("/plans/{plan}/read"),
                format!("/plans/{plan}/replay"),
            ] {
                let (status, answer) = server.get(&token, &path).await;
                assert_eq!(status, 200, "{path}: {answer}; {}", server.said());
            }
        }
    }
}

/// Started while the disk is still full, it serves readers or ends with a sentence about the disk.
async fn starts_full(server: &mut Server) {
    timeout(LONG, server.settled()).await.unwrap();
    if server.is_running() {
        println!("started on a full disk: it serves");
        server.kill();
    } else {
        let told = server.said();
        let last = told.lines().last().unwrap_or_default();
        println!("started on a full disk: {last}");
        assert!(last.starts_with("quorate: ") && last.contains("No space left"), "{told}");
    }
}
