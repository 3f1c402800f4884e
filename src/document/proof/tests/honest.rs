//! What honest clients write is never refused.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{ActorId, Automerge, Change as Parsed, ReadDoc as _};

use super::super::super::{Admission, Proof, Verdict, scan};
use super::campaign;
use crate::document::admission::tests::honest::{Dice, history};
use crate::document::admission::tests::{plan, scanned, text_of};
use crate::domain::Change;

pub(super) fn admit_all(changes: &[Change], seed: u64) -> Proof {
    let mut proof = Proof::empty(std::sync::Arc::new(()));
    let mut dice = Dice(seed);
    let mut rest = changes;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at((1 + dice.roll(20)).min(rest.len()));
        for (change, verdict) in batch.iter().zip(proof.admit(batch)) {
            assert_eq!(verdict, Verdict::Admitted, "seed {seed}, {change:?}");
        }
        proof.confirm();
        rest = after;
    }
    proof
}

#[test]
fn random_work_of_several_people() {
    let mut total = 0;
    for seed in 0..campaign(10, 200) as u64 {
        let (changes, document) = history(seed, 4, 26);
        total += changes.len();
        let proof = admit_all(&changes, seed);
        assert_eq!(proof.heads(), crate::document::Reading::of(document).heads());
    }
    println!("{total} honest changes of random work: 0 refused");
}

/// The changes that a script of the stock client writes; none where Node.js or the client is not there.
fn stock(seed: usize, histories: usize, changes: usize) -> Option<Vec<Vec<Change>>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stock");
    if !std::path::Path::new(folder).join("node_modules/@automerge/automerge").exists() {
        return None;
    }
    let output = std::process::Command::new("node")
        .current_dir(folder)
        .arg("honest.mjs")
        .args([seed, histories, changes].map(|number| number.to_string()))
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(read_histories(&output.stdout))
}

/// Reads what the script writes: how many changes a history has, then each one's length and bytes.
fn read_histories(mut bytes: &[u8]) -> Vec<Vec<Change>> {
    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (front, rest) = bytes.split_at(count);
        *bytes = rest;
        front
    }
    fn number(bytes: &mut &[u8]) -> usize {
        u32::from_le_bytes(take(bytes, 4).try_into().unwrap()) as usize
    }
    let mut histories = Vec::new();
    while !bytes.is_empty() {
        let count = number(&mut bytes);
        let change = |_| {
            let length = number(&mut bytes);
            scan(take(&mut bytes, length)).unwrap()
        };
        histories.push((0..count).map(change).collect());
    }
    histories
}

#[test]
fn the_stock_client() {
    let (mut total, size) = (0, 300);
    for seed in 0..campaign(2, 100) {
        let Some(histories) = stock(seed, 1, size) else {
            return println!("left out: Node.js or tests/stock/node_modules is missing");
        };
        for changes in histories {
            total += changes.len();
            admit_all(&changes, seed as u64);
        }
    }
    println!("{total} changes of the stock client: 0 refused");
}

/// A real history (a long one wants a release build), as `{ txns: [{ parents?, agent?, patches: [[at, deleted, inserted]] }] }`: each transaction one
/// change, by its agent, on what that agent had seen.
fn trace(path: &Path) -> Vec<Change> {
    let mut json = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut json).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&json).unwrap();
    let agents = trace["numAgents"].as_u64().unwrap_or(1) as usize;
    let origin = plan();
    let text = text_of(&origin);
    let start = origin.length(&text);
    let mut documents: Vec<Automerge> = (0..agents)
        .map(|agent| origin.fork().with_actor(ActorId::from(&[agent as u8 + 1; 16][..])))
        .collect();
    let mut made: Vec<(Parsed, Vec<usize>)> = Vec::new();
    let mut has = vec![HashSet::new(); agents];
    for transaction in trace["txns"].as_array().unwrap() {
        let agent = transaction["agent"].as_u64().unwrap_or(0) as usize;
        let parents: Vec<usize> = match transaction["parents"].as_array() {
            Some(parents) => parents.iter().map(|parent| parent.as_u64().unwrap() as usize).collect(),
            None => made.len().checked_sub(1).into_iter().collect(),
        };
        let mut lacking = Vec::new();
        let mut ahead = parents.clone();
        while let Some(parent) = ahead.pop() {
            if has[agent].insert(parent) {
                lacking.push(parent);
                ahead.extend(&made[parent].1);
            }
        }
        lacking.sort_unstable();
        let document = &mut documents[agent];
        document.apply_changes(lacking.into_iter().map(|at| made[at].0.clone())).unwrap();
        document
            .transact_with::<_, _, automerge::AutomergeError, _>(
                |()| CommitOptions::default().with_time(1),
                |tx| {
                    for patch in transaction["patches"].as_array().unwrap() {
                        let (at, deleted) = (patch[0].as_u64().unwrap() as usize, patch[1].as_i64().unwrap());
                        tx.splice_text(&text, start + at, deleted as isize, patch[2].as_str().unwrap())?;
                    }
                    Ok(())
                },
            )
            .unwrap();
        // One alone needs nobody's changes, and asking for each costs more than making it.
        if agents == 1 {
            continue;
        }
        has[agent].insert(made.len());
        made.push((document.get_last_local_change().unwrap(), parents));
    }
    if agents == 1 {
        return scanned(&documents[0]);
    }
    let first = origin.get_changes(&[]);
    let all = first.iter().chain(made.iter().map(|(change, _)| change));
    all.map(|change| scan(change.raw_bytes()).unwrap()).collect()
}

#[test]
fn real_histories() {
    let Some(folder) = std::env::var_os("QUORATE_TRACES").map(PathBuf::from) else {
        return println!("left out: QUORATE_TRACES names no folder of editing traces");
    };
    for name in ["friendsforever", "automerge-paper"] {
        let changes = trace(&folder.join(format!("{name}.json.gz")));
        let proof = admit_all(&changes, 1);
        let mebibytes = proof.bytes() as f64 / f64::from(1 << 20);
        println!("{name}: {} changes, 0 refused; {} nodes, {mebibytes:.1} MiB", changes.len(), proof.nodes());
    }
}
