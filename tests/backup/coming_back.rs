//! After a restore: the history that is signed cannot fork, and what people still hold comes back.

use std::path::Path;

use quorate::log::{Log as _, Options, RedbLog};
use serde_json::json;
use tokio::time::timeout;

use super::{back_up, restore};
use crate::kill::crew::{Crew, PEOPLE, section};
use crate::kill::{LONG, spawn, verifies};
use crate::wire::{Server, Stock};

/// The line under which a log's newest checkpoint is signed, the key, and the size.
fn signed(data: &Path) -> (String, String, u64) {
    let log = RedbLog::open(data, &Options::default()).unwrap();
    let newest = log.newest_checkpoint().unwrap().unwrap();
    let origin = String::from_utf8(newest.note).unwrap().lines().next().unwrap().to_owned();
    (origin, log.verifier_key(), newest.size)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_log_and_every_restored_one_sign_under_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut server = Server::start(&spawn(&at("old"))).await;
    back_up(&at("backup"), &at("old"));
    let mut names = Vec::new();
    for data in ["old", "one", "other"].map(at) {
        if data != at("old") {
            restore(&at("backup"), &data);
            server = Server::start(&spawn(&data)).await;
        }
        // Each goes on by itself, and signs.
        server.new_plan(1).await;
        server.stop();
        verifies(&data);
        names.push(signed(&data));
    }
    for (number, (origin, key, _)) in names.iter().enumerate() {
        for (other_origin, other_key, _) in &names[..number] {
            assert_ne!(origin, other_origin, "two logs sign under one name");
            assert_ne!(key, other_key, "two logs sign with one key");
        }
    }
    assert_eq!(names[1].2, names[2].2, "under one name, two statements of one size would be a fork");
    // A second start goes on in the same epoch.
    let mut server = Server::start(&spawn(&at("one"))).await;
    server.new_plan(1).await;
    server.stop();
    assert_eq!(signed(&at("one")).0, names[1].0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_hold_comes_back_into_the_restored_log() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut old = Server::start(&spawn(&at("old"))).await;
    let mut crew = Crew::new(&old, folder.path()).await;
    write_together(&mut crew, &old, 3).await;
    back_up(&at("backup"), &at("old"));
    // After the backup: by the same devices, each on top of what the others wrote, and by the program.
    write_together(&mut crew, &old, 3).await;
    let fields = json!({ "plan": crew.plan(), "section": "late", "heading": "Made after the backup" });
    let answer = old.command(&old.sign_in("secretariat").await, "section.create", fields).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    write_together(&mut crew, &old, 2).await;
    old.kill();
    let lost = at("lost");
    std::fs::rename(at("old"), lost).unwrap();

    restore(&at("backup"), &at("new"));
    let mut new = Server::start(&spawn(&at("new"))).await;
    // Before anybody is back, the program writes in the restored log too.
    let fields = json!({ "plan": crew.plan(), "section": "new", "heading": "Made after the restore" });
    let answer = new.command(&new.sign_in("secretariat").await, "section.create", fields).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    // And while they come back in any order, they write on.
    write_together(&mut crew, &new, 3).await;
    write_together(&mut crew, &new, 1).await;
    for stock in crew.stocks() {
        assert!(!stock.may_only_read(), "nobody is refused");
        assert!(stock.has("late") && stock.has("new"));
    }
    crew.check(&new, 0).await;
    crew.check_record(&new).await;
    // What somebody writes now is theirs.
    let token = new.sign_in("chair").await;
    let (_, feed) = new.get(&token, &format!("/api/plans/{}/events?after=0", crew.plan())).await;
    let last =
        feed["events"].as_array().unwrap().iter().rev().find(|event| event["type"] == "document.changed");
    assert_eq!(last.unwrap()["actor"], PEOPLE[PEOPLE.len() - 1]);
    new.stop();
    verifies(&at("new"));
}

/// Each connects, hears of what is there, writes so many edits and waits until they are acknowledged.
async fn write_together(crew: &mut Crew, server: &Server, edits: usize) {
    for _ in 0..edits {
        for (number, person) in PEOPLE.iter().enumerate() {
            let url = server.sync_url(&server.sign_in(person).await);
            let stock: &mut Stock = &mut crew.stocks_mut()[number];
            stock.connect(&url, number % 2 == 0).await.unwrap();
            stock.write(&section(number), "x");
            stock.tell().await.unwrap();
            while !stock.pending.is_empty() {
                timeout(LONG, stock.hear()).await.expect("the edit is acknowledged").unwrap();
            }
            stock.cut();
        }
    }
}
