//! A sync that fails: nobody knows what the disk has, so the process ends at once with a line that says so, and what
//! it had acknowledged is there at the next start.

use std::process::Command;

use crate::kill::crew::Crew;
use crate::kill::is_campaign;
use crate::kill::table::Dice;
use crate::kill::verifies;
use crate::wire::{Server, Spawn, binary};

/// From the hundred and fiftieth on, the system answers each sync with an input/output error. By then it has started,
/// and people write.
const FAILING: [&str; 8] = [
    "strace",
    "-fqq",
    "-o",
    "/dev/null",
    "-e",
    "trace=fdatasync",
    "-e",
    "inject=fdatasync:error=EIO:when=150+",
];
/// EX_IOERR of sysexits.h.
const ENDED: i32 = 74;

fn can_trace() -> bool {
    let tried = Command::new(FAILING[0]).args(&FAILING[1..]).arg("true").output();
    tried.is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_the_process_and_loses_nothing_acknowledged() {
    if !can_trace() {
        assert!(!is_campaign(), "a campaign needs strace, and the right to trace");
        println!("SKIPPED, there is no strace, or no right to trace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let notes = tempfile::tempdir().unwrap();
    let spawn = Spawn { binary: binary(), data: folder.path(), through: &FAILING };
    let mut server = Server::start(&spawn).await;
    let mut crew = Crew::new(&server, notes.path()).await;
    let work = crew.begin(&server, 0, &mut Dice::new()).await;
    // They write until it is gone.
    crew.back_from(work).await;
    assert_eq!(server.ended().code(), Some(ENDED), "{}", server.said());
    let said = server.said();
    let told = |line: &str| line.starts_with("quorate: the process ends: it is unknown what is on disk");
    assert!(said.lines().any(told), "{said}");
    assert!(crew.stocks().iter().any(|stock| !stock.acknowledged().is_empty()), "it came too early");

    let mut server = Server::start(&Spawn { through: &[], ..spawn }).await;
    crew.check(&server, 1).await;
    crew.settle(&server).await;
    crew.check(&server, 2).await;
    crew.check_record(&server).await;
    server.stop();
    verifies(folder.path());
}
