//! Killed in the middle of its work, and started again: every acknowledged edit is there, once.

use std::collections::VecDeque;
use std::path::Path;

use automerge::{Automerge, ChangeHash, ReadDoc};

use super::wire::{Client, Heard, Server, Spawn, Writer};

const KILLS: usize = 20;
const WRITERS: usize = 4;

/// What one writer did in one life of the server.
struct Work {
    /// In order of writing.
    written: Vec<ChangeHash>,
    /// How many of them, from the first, the server has acknowledged.
    acknowledged: usize,
}

/// Writes until the connection breaks, and notes what was acknowledged: the server's heads, or what others
/// built on, hold the change.
async fn work(url: String, name: String, document: String, section: String) -> Work {
    let mut client = Client::join(&url, &name).await;
    let opened = client.open(&document).await;
    let mut writer = Writer::new(&opened, &section);
    let mut work = Work { written: Vec::new(), acknowledged: 0 };
    let mut pending: VecDeque<(usize, ChangeHash)> = VecDeque::new();
    loop {
        // A few edits are always under way, so that the kill meets some.
        while pending.len() < 3 {
            let change = writer.write("x", client.heads.iter().copied());
            work.written.push(change.hash());
            pending.push_back((work.written.len(), change.hash()));
            client.send(&[change]).await;
        }
        match client.next().await {
            Heard::Sync { heads, changes } => {
                writer.heard(&changes);
                let durable: Vec<ChangeHash> =
                    changes.iter().flat_map(|change| change.deps().iter().copied()).chain(heads).collect();
                let newest = pending.iter().rev().find(|(_, hash)| durable.contains(hash)).map(|(at, _)| *at);
                if let Some(newest) = newest {
                    work.acknowledged = newest;
                    pending.retain(|(at, _)| *at > newest);
                }
            }
            Heard::Closed(_) => return work,
            Heard::Other => {}
            other => panic!("not expected while writing: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_twenty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let spawn = Spawn { binary: Path::new(env!("CARGO_BIN_EXE_quorate")), data: folder.path(), through: &[] };
    let mut server = Server::start(&spawn).await;
    let (plan, document) = server.new_plan(WRITERS).await;
    let mut acknowledged: Vec<ChangeHash> = Vec::new();
    let mut written: Vec<ChangeHash> = Vec::new();
    for round in 0..KILLS {
        let token = server.sign_in("member-1").await;
        let work: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let name = format!("writer-{round}-{writer}");
                tokio::spawn(work(server.sync_url(&token), name, document.clone(), format!("part-{writer}")))
            })
            .collect();
        // An observer tells when to strike: after a number of edits that differs from round to round.
        let mut observer = Client::join(&server.sync_url(&token), &format!("observer-{round}")).await;
        observer.open(&document).await;
        let mut seen = 0;
        while seen < 5 + round * 3 {
            match observer.next().await {
                Heard::Sync { changes, .. } => seen += changes.len(),
                Heard::Other => {}
                other => panic!("not expected while observing: {other:?}"),
            }
        }
        server.kill();
        for work in work {
            let work = work.await.unwrap();
            acknowledged.extend(&work.written[..work.acknowledged]);
            written.extend(work.written);
        }
        server = Server::start(&spawn).await;
        let token = server.sign_in("member-1").await;
        let mut reader = Client::join(&server.sync_url(&token), &format!("reader-{round}")).await;
        let there = reader.open(&document).await;
        check(&there, &acknowledged, &written, round);
        reader.leave().await;
    }
    assert!(acknowledged.len() > KILLS * WRITERS, "{} acknowledged edits say little", acknowledged.len());
    // The record agrees: each change is one event, once.
    let token = server.sign_in("secretariat").await;
    let mut events: Vec<String> = Vec::new();
    let mut after = 0;
    loop {
        let (_, page) = server.get(&token, &format!("/api/plans/{plan}/events?after={after}")).await;
        let page = page["events"].as_array().unwrap();
        let Some(last) = page.last() else { break };
        after = last["position"].as_u64().unwrap();
        let changed = page.iter().filter(|event| event["type"] == "document.changed");
        events.extend(changed.map(|event| event["payload"]["hash"].as_str().unwrap_or_default().to_owned()));
    }
    let count = events.len();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), count, "a change is recorded twice");
    for hash in &acknowledged {
        assert!(events.binary_search(&hash.to_string()).is_ok(), "{hash} is not in the record");
    }
}

/// Everything acknowledged is there; every change that is there stands once in the text.
fn check(there: &Automerge, acknowledged: &[ChangeHash], written: &[ChangeHash], round: usize) {
    let lost = acknowledged.iter().filter(|hash| there.get_change_by_hash(hash).is_none()).count();
    assert_eq!(lost, 0, "round {round}: acknowledged edits were lost");
    let kept = written.iter().filter(|hash| there.get_change_by_hash(hash).is_some()).count();
    let sections = there.get(automerge::ROOT, "sections").unwrap().unwrap().1;
    let typed: usize = (0..WRITERS)
        .map(|writer| {
            let section = there.get(&sections, format!("part-{writer}")).unwrap().unwrap().1;
            let text = there.get(&section, "text").unwrap().unwrap().1;
            there.text(&text).unwrap().matches('x').count()
        })
        .sum();
    assert_eq!(typed, kept, "round {round}: each edit that is there stands in the text once");
}
