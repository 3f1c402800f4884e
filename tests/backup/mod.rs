//! `quorate backup` and `quorate restore`, as an operator meets them, and what people meet afterwards.

mod bad_input;
mod coming_back;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::kill::crew::Crew;
use crate::kill::table::Dice;
use crate::kill::{spawn, verifies};
use crate::wire::{Server, binary};

/// What a verb answered: whether it did its work, and its words.
struct Answer {
    done: bool,
    words: String,
}

/// Runs a verb of the binary.
fn quorate(words: &[&str], paths: &[(&str, &Path)]) -> Answer {
    let mut command = Command::new(binary());
    command.args(words);
    for (option, path) in paths {
        if !option.is_empty() {
            command.arg(option);
        }
        command.arg(path);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let words = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {words}");
    Answer { done: status.success(), words }
}

fn back_up(file: &Path, data: &Path) {
    let answer = quorate(&["backup"], &[("", file), ("--data", data)]);
    assert!(answer.done, "{}", answer.words);
}

fn restore(file: &Path, data: &Path) {
    let answer = quorate(&["restore"], &[("", file), ("--data", data)]);
    assert!(answer.done, "{}", answer.words);
}

/// The last position of the log.
async fn head(server: &Server) -> u64 {
    let token = server.sign_in("chair").await;
    server.get(&token, "/api/plans").await.1[0]["head"].as_u64().unwrap()
}

/// What can be read of everything: each plan with its threads, and its text at every hundredth position.
async fn all_that_can_be_read(server: &Server, head: u64) -> Value {
    let token = server.sign_in("chair").await;
    let get = async |path: String| {
        let (status, answer) = server.get(&token, &path).await;
        if status == 404 { Value::Null } else { answer }
    };
    let mut plans = Vec::new();
    for plan in get("/api/plans".into()).await.as_array().unwrap() {
        let plan = plan["id"].as_str().unwrap();
        let mut states = Vec::new();
        for position in (100..head).step_by(100).chain([head]) {
            states.push(get(format!("/api/plans/{plan}/at/{position}")).await);
        }
        let threads = get(format!("/api/plans/{plan}/threads")).await["threads"].clone();
        plans.push(json!({ "plan": plan, "states": states, "threads": threads }));
    }
    json!({ "plans": plans, "people": get("/api/people".into()).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_at_work_reads_as_the_log_did_then() {
    let folder = tempfile::tempdir().unwrap();
    let [data, restored] = ["data", "restored"].map(|name| folder.path().join(name));
    let mut server = Server::start(&spawn(&data)).await;
    let mut crew = Crew::new(&server, folder.path()).await;
    let mut work = crew.begin(&server, 0, &mut Dice::new()).await;
    work.acknowledged(30).await;

    let file = folder.path().join("first.backup");
    let before = head(&server).await;
    let answer = quorate(&["backup"], &[("", &file), ("--data", &data)]);
    assert!(answer.done && answer.words.contains("events"), "{}", answer.words);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    work.acknowledged(60).await;
    server.kill();
    crew.back_from(work).await;

    restore(&file, &restored);
    verifies(&restored);
    let mut server = Server::start(&spawn(&data)).await;
    let again = Server::start(&spawn(&restored)).await;
    // The last event of the restored log is the one that begins its epoch.
    let head = head(&again).await - 1;
    assert!(head >= before, "all that was there before is in the backup: {head} of {before}");
    let (then, now) = (all_that_can_be_read(&server, head).await, all_that_can_be_read(&again, head).await);
    let compared: usize =
        then["plans"].as_array().unwrap().iter().map(|plan| plan["states"].as_array().unwrap().len()).sum();
    // Threads are as of now, in both: nobody has commented since.
    assert_eq!(then, now);
    println!("{compared} states compared, {head} events");

    // Offline it is the same verb.
    server.stop();
    let file = folder.path().join("second.backup");
    back_up(&file, &data);
    let later = folder.path().join("later");
    restore(&file, &later);
    verifies(&later);
}
