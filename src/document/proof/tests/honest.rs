//! What honest clients write is never refused.

use super::super::super::{Admission, Proof, Verdict, scan};
use super::campaign;
use crate::document::admission::tests::honest::{Dice, history};
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
