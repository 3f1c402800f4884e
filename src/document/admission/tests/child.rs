//! A process of its own for what could abort, take all memory, or never come to an end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::super::proof::tests::campaign;

/// What the child may take, in KiB of address space: several times what any honest work in it needs.
const MEMORY: u64 = 1 << 20;

/// Runs the named test again in a process of its own, under a limit of memory and of time. What the child writes to
/// its standard output comes here when it has ended.
pub(super) fn in_child(module: &str, name: &str, work: fn()) {
    let within = Duration::from_secs(campaign(180, 3_600) as u64);
    child(module, name, within, work).unwrap_or_else(|how| panic!("{name} in a child process: {how}"));
}

/// How it failed, if it did.
fn child(module: &str, name: &str, within: Duration, work: fn()) -> Result<(), String> {
    const VARIABLE: &str = "QUORATE_TEST_CHILD";
    if std::env::var(VARIABLE).is_ok_and(|child| child == name) {
        work();
        return Ok(());
    }
    let path = format!("{}::{name}", module.split_once("::").unwrap().1);
    let limit = format!("ulimit -v {MEMORY} && exec \"$@\"");
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", &limit, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([&path, "--exact", "--quiet", "--nocapture"])
        .env(VARIABLE, name)
        .stdin(Stdio::null())
        .stdout(output.reopen().unwrap())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > within {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!("it takes longer than {within:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    print!("{}", std::fs::read_to_string(output.path()).unwrap());
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

#[test]
fn too_much_memory_shows() {
    let work = || {
        let mut bytes = vec![0_u8; 4 << 30];
        bytes[1] = 1;
        println!("{}", std::hint::black_box(bytes).len());
    };
    let how = child(module_path!(), "too_much_memory_shows", Duration::from_secs(60), work).unwrap_err();
    assert!(how.contains("SIGABRT"), "{how}");
}

#[test]
fn work_without_an_end_shows() {
    let work = || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    let how =
        child(module_path!(), "work_without_an_end_shows", Duration::from_millis(300), work).unwrap_err();
    assert!(how.contains("longer"), "{how}");
}
