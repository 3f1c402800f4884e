//! What an operator can get wrong, and what a disk can: each is a sentence, and nothing is overwritten.

use std::fs;
use std::path::Path;

use super::{back_up, quorate, restore};
use crate::kill::{is_campaign, spawn, verifies};
use crate::wire::{Server, binary, demonstration};

/// The verb does nothing and says why.
fn refuses(verb: &str, file: &Path, data: &Path, why: &str) {
    let answer = quorate(&[verb], &[("", file), ("--data", data)]);
    assert!(!answer.done, "{verb} was done: {}", answer.words);
    let last = answer.words.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("quorate: ") && last.contains(why), "{verb}, not {why:?} but: {}", answer.words);
    assert!(!answer.words.contains("panicked"), "{}", answer.words);
    println!("{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_replaces_nothing_and_needs_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&spawn(&data)).await;
    let taken = folder.path().join("taken");
    fs::write(&taken, "mine").unwrap();
    // The same sentences from the running server and without one.
    for is_running in [true, false] {
        refuses("backup", &taken, &data, "is there already");
        assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
        refuses("backup", &folder.path().join("no folder/file"), &data, "No such file or directory");
        refuses("backup", &taken.join("file"), &data, "Not a directory");
        refuses("backup", Path::new("/proc/backup"), &data, "/proc");
        if is_running {
            server.stop();
        }
    }
    let empty = folder.path().join("empty");
    refuses("backup", &folder.path().join("file"), &empty, "there is no log in");
    assert!(!empty.exists(), "and none is begun");
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_whole_backup_is_restored_and_only_into_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    demonstration(binary(), &data);
    back_up(&at("backup"), &data);
    let whole = fs::read(at("backup")).unwrap();

    let target = at("target");
    let bad = at("bad");
    let refuse = |bytes: &[u8], why: &str| {
        fs::write(&bad, bytes).unwrap();
        refuses("restore", &bad, &target, why);
        assert!(!target.join("log.redb").exists(), "no log is made of it");
        fs::remove_file(&bad).unwrap();
    };
    refuse(b"", "is not whole");
    refuse(b"The minutes of the last meeting.", "is not whole");
    refuse(&whole[..whole.len() / 2], "is not whole");
    refuse(&whole[..whole.len() - 1], "is not whole");
    refuse(&vec![0; 8192], "is not whole");
    refuses("restore", &bad, &target, "No such file or directory");
    refuses("restore", folder.path(), &target, "it is not a file");

    // A flipped bit is found, or lies where nothing is kept.
    let flips = if is_campaign() { 100 } else { 10 };
    let mut found = 0;
    for part in 0..flips {
        let mut flipped = whole.clone();
        let byte = whole.len() * part / flips + 17;
        flipped[byte] ^= 1 << (part % 8);
        fs::write(&bad, &flipped).unwrap();
        let into = at(&format!("flipped-{part}"));
        let answer = quorate(&["restore"], &[("", &bad), ("--data", &into)]);
        assert!(!answer.words.contains("panicked"), "{}", answer.words);
        if answer.done {
            verifies(&into);
        } else {
            found += 1;
            assert!(!into.join("log.redb").exists(), "byte {byte}: no log is made of it");
        }
    }
    assert!(found > flips / 2, "{found} of {flips} flipped bits were found");

    // Nothing of what is in the folder is touched.
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("letter.txt"), "dear").unwrap();
    refuses("restore", &at("backup"), &target, "letter.txt");
    refuses("restore", &at("backup"), &data, "is not empty");
    let mut server = Server::start(&spawn(&data)).await;
    refuses("restore", &at("backup"), &data, "a server has");
    server.stop();
    verifies(&data);
    fs::remove_file(target.join("letter.txt")).unwrap();
    restore(&at("backup"), &target);
    verifies(&target);
    refuses("restore", &at("backup"), &target, "is not empty");
}
