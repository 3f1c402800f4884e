//! Faults that are put into the program on purpose, to see that they are noticed. Each is a file of this folder:
//! what is wrong, the suites of which one must fail, and what is to stand where.
//!
//! `tests/faults/run` puts them into a copy of the tree under `target/faults`, one after the other, and tells for
//! each which suite has caught it. One that nothing catches says that a test is missing.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const ENDING: &str = "fault";

struct Fault {
    name: String,
    what: String,
    /// Arguments of `cargo test`.
    suites: Vec<String>,
    places: Vec<Place>,
}

struct Place {
    file: String,
    find: String,
    becomes: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn faults() -> Vec<Fault> {
    let folder = root().join("tests/faults");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Fault {
    let text = fs::read_to_string(path).unwrap();
    let mut parts = text.split("=== ");
    let head = parts.next().unwrap();
    let suites = head.lines().filter_map(|line| line.strip_prefix("suite: ").map(str::to_owned)).collect();
    let places = parts.map(|part| {
        let (file, rest) = part.split_once('\n').unwrap();
        let (find, becomes) = rest.split_once("--- becomes\n").expect("what a place becomes");
        Place { file: file.to_owned(), find: find.to_owned(), becomes: becomes.to_owned() }
    });
    Fault {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        what: head.lines().next().unwrap().to_owned(),
        suites,
        places: places.collect(),
    }
}

impl Fault {
    /// The files with the fault in them.
    fn put_in(&self) -> Result<HashMap<String, String>, String> {
        let mut files: HashMap<String, String> = HashMap::new();
        for Place { file, find, becomes } in &self.places {
            let text = match files.remove(file) {
                Some(text) => text,
                None => fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?,
            };
            match text.matches(find).count() {
                1 => files.insert(file.clone(), text.replacen(find, becomes, 1)),
                0 => return Err(format!("{}: no longer to be found in {file}:\n{find}", self.name)),
                count => return Err(format!("{}: found {count} times in {file}:\n{find}", self.name)),
            };
        }
        Ok(files)
    }
}

#[test]
fn every_place_is_found() {
    let faults = faults();
    assert!(faults.len() >= 10, "{} faults", faults.len());
    for fault in faults {
        assert!(!fault.suites.is_empty() && !fault.places.is_empty(), "{}: what, and where?", fault.name);
        if let Err(why) = fault.put_in() {
            panic!("{why}");
        }
    }
}

/// The copy in which faults are put: sources that have not changed keep their times, so that little is built anew.
fn copy(to: &Path) {
    let mut git = Command::new("git");
    let listed = git.args(["ls-files", "-co", "--exclude-standard"]).current_dir(root()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for file in listed.lines() {
        put(to, file, &fs::read(root().join(file)).unwrap_or_default());
    }
    // What was left there by an earlier run, and is no longer part of the tree.
    for folder in ["src", "tests", "benches"] {
        remove_others(to, &to.join(folder), &listed.lines().collect());
    }
    // The web client, as far as it is built: nothing here looks at it.
    fs::create_dir_all(to.join("web/dist")).unwrap();
}

fn remove_others(tree: &Path, folder: &Path, listed: &HashSet<&str>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            remove_others(tree, &path, listed);
        } else if !path.strip_prefix(tree).unwrap().to_str().is_some_and(|file| listed.contains(file)) {
            fs::remove_file(path).unwrap();
        }
    }
}

fn put(to: &Path, file: &str, bytes: &[u8]) {
    let path = to.join(file);
    if fs::read(&path).is_ok_and(|there| there == bytes) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Whether the suite passes, and what cargo said.
fn cargo(tree: &Path, suite: &str, more: &[&str]) -> (bool, String) {
    let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.arg("test").arg("--quiet").args(more).args(suite.split(' ')).current_dir(tree);
    cargo.env("CARGO_TARGET_DIR", tree.join("target")).env_remove("QUORATE_CAMPAIGN");
    let ended = cargo.stdin(Stdio::null()).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Takes minutes: `tests/faults/run`, with the names of some faults behind it or none for all of them.
#[test]
#[ignore = "builds the program once for each fault"]
fn each_is_caught() {
    let tree = root().join("target/faults");
    let only = std::env::var("QUORATE_FAULTS").unwrap_or_default();
    let mut faults = faults();
    faults.retain(|fault| only.is_empty() || only.split(' ').any(|name| name == fault.name));
    copy(&tree);
    let mut suites: Vec<&String> = faults.iter().flat_map(|fault| &fault.suites).collect();
    suites.sort();
    suites.dedup();
    for suite in suites {
        let (passes, said) = cargo(&tree, suite, &[]);
        assert!(passes, "cargo test {suite} fails without any fault:\n{said}");
    }
    let mut missed = Vec::new();
    for fault in &faults {
        let began = Instant::now();
        let files = fault.put_in().unwrap();
        for (file, text) in &files {
            put(&tree, file, text.as_bytes());
        }
        let (builds, said) = cargo(&tree, &fault.suites[0], &["--no-run"]);
        assert!(builds, "{} cannot be built:\n{said}", fault.name);
        let caught = fault.suites.iter().find(|suite| !cargo(&tree, suite, &[]).0);
        for file in files.keys() {
            put(&tree, file, &fs::read(root().join(file)).unwrap());
        }
        let seconds = began.elapsed().as_secs();
        match caught {
            Some(suite) => println!("caught in {seconds:>3} s by {suite}: {} ({})", fault.name, fault.what),
            None => {
                println!("NOT CAUGHT in {seconds} s: {} ({})", fault.name, fault.what);
                missed.push(&fault.name);
            }
        }
    }
    assert!(missed.is_empty(), "nothing catches {missed:?}: a test is missing");
}
