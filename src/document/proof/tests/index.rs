//! The index itself: the order of elements, the same from the log as kept live, nothing left of what was refused.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, ObjectId, OpId};

use super::super::rows::{Action, Body};
use super::super::{Admission, Proof, Verdict};
use super::campaign;
use crate::document::admission::tests::damage::damaged;
use crate::document::admission::tests::honest::{Dice, history};
use crate::document::{History, scan};
use crate::domain::{Change, ChangeHash};

/// Whether all operations of a change are read, whatever they say.
pub(super) fn reads(chunk: &[u8]) -> bool {
    let Ok(Body { mut rows, .. }) = Body::read(chunk) else { return false };
    let mut preds = Vec::new();
    loop {
        match rows.next(&mut preds) {
            // Some of these the document crate does not read; the rules refuse all.
            Ok(Some(row)) if matches!(row.action, Action::Increment | Action::MakeTable) => return false,
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// All elements of all texts, each text walked from its head: what follows what is on the page.
fn walked(changes: &[automerge::Change]) -> Vec<Vec<OpId>> {
    let mut below: HashMap<(OpId, Option<OpId>), Vec<OpId>> = HashMap::new();
    let mut texts = Vec::new();
    for change in changes {
        for (at, op) in change.decode().operations.into_iter().enumerate() {
            let id = OpId(change.start_op().get() + at as u64, change.actor_id().clone());
            let (ObjectId::Id(text), Key::Seq(after), true) = (op.obj, op.key, op.insert) else { continue };
            let after = match after {
                ElementId::Head => None,
                ElementId::Id(after) => Some(after),
            };
            if !texts.contains(&text) {
                texts.push(text.clone());
            }
            below.entry((text, after)).or_default().push(id);
        }
    }
    let walk = |text: OpId| {
        let mut all = Vec::new();
        let mut ahead = vec![None];
        while let Some(id) = ahead.pop() {
            all.extend(id.clone());
            let mut next = below.get(&(text.clone(), id)).cloned().unwrap_or_default();
            // The newest first, so it is put on the pile last.
            next.sort_by(|a, b| (a.0, a.1.to_bytes()).cmp(&(b.0, b.1.to_bytes())));
            ahead.extend(next.into_iter().map(Some));
        }
        all
    };
    texts.into_iter().map(walk).collect()
}

#[test]
fn the_order_of_elements_is_that_of_a_plain_walk() {
    let mut dice = Dice(31);
    let mut compared = 0;
    for seed in 0..campaign(12, 200) as u64 {
        let (honest, document) = history(2_000 + seed, 4, 20);
        let mut proof = Proof::empty(Arc::new(()));
        proof.admit(&honest);
        for elements in walked(&document.get_changes(&[])) {
            let places: Vec<_> = elements
                .iter()
                .map(|id| {
                    let actor = proof.index.actors.number(id.1.to_bytes()).unwrap();
                    proof.index.find(actor, id.0 as u32).unwrap()
                })
                .collect();
            for _ in 0..20 * places.len() {
                let (a, b) = (dice.roll(places.len()), dice.roll(places.len()));
                assert_eq!(proof.index.order(places[a], places[b]), a.cmp(&b), "seed {seed}: {a}, {b}");
                compared += usize::from(a.cmp(&b) != Ordering::Equal);
            }
        }
    }
    println!("{compared} pairs of elements stand as in a plain walk");
}

#[test]
fn kept_live_it_is_the_same_as_made_from_the_log() {
    let mut dice = Dice(32);
    for seed in 0..campaign(10, 100) as u64 {
        let (honest, _) = history(3_000 + seed, 4, 20);
        let log = Arc::new(parking_lot::Mutex::<History>::default());
        let mut live = Proof::empty(log.clone());
        let mut rest = &honest[..];
        let mut position = 0;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at((1 + dice.roll(9)).min(rest.len()));
            // Refused ones in between, then the batch, sometimes for nothing at first, sometimes in two goes.
            let before = live.all();
            for _ in 0..6 {
                let Ok(mutant) = scan(&damaged(&batch[0].raw, &mut dice)) else { continue };
                if live.admit(&[mutant]) == [Verdict::Admitted] {
                    live.rollback();
                }
                assert_eq!(live.all(), before, "seed {seed}: a refused change leaves nothing behind");
            }
            if dice.roll(3) == 0 {
                live.admit(batch);
                live.rollback();
                assert_eq!(live.all(), before, "seed {seed}: nor does one that is taken back");
            }
            let (first, second) = batch.split_at(dice.roll(batch.len() + 1));
            let verdicts = [live.admit(first), live.admit(second)].concat();
            assert!(
                verdicts.iter().all(|verdict| *verdict == Verdict::Admitted),
                "seed {seed}: {verdicts:?}"
            );
            live.confirm();
            for change in batch {
                position += 1;
                log.lock().append(change, position).unwrap();
            }
            rest = after;
        }
        let mut again = Proof::empty(log);
        assert!(again.admit(&honest).iter().all(|verdict| *verdict == Verdict::Admitted));
        assert_eq!(again.all(), live.all(), "seed {seed}");
        let kept = live.save().unwrap();
        let mut loaded = Proof::load(live.published.clone(), &kept).unwrap();
        assert_eq!(loaded.all(), live.all(), "seed {seed}: as it was kept");
        assert_eq!(loaded.save().unwrap(), kept);
        assert!(loaded.admit(&honest).iter().all(|verdict| *verdict == Verdict::Known));
        let mut damaged = kept.clone();
        damaged[kept.len() / 2] ^= 1;
        assert!(Proof::load(live.published.clone(), &damaged).is_none());
        assert!(Proof::load(Arc::new(()), &kept).is_none(), "of another log");
        assert!(live.admit(&honest).iter().all(|verdict| *verdict == Verdict::Known));
    }
}

/// Who has seen what, against the plain definition.
#[test]
fn what_was_seen_is_what_lies_behind() {
    let mut dice = Dice(33);
    for seed in 0..campaign(6, 60) as u64 {
        let (honest, _) = history(4_000 + seed, 5, 30);
        let mut proof = Proof::empty(Arc::new(()));
        proof.admit(&honest);
        let numbers: HashMap<ChangeHash, usize> =
            honest.iter().enumerate().map(|(at, change)| (change.hash, at)).collect();
        let behind = |deps: &[u32]| {
            let mut seen = vec![false; honest.len()];
            let mut ahead: Vec<usize> = deps.iter().map(|&dep| dep as usize).collect();
            while let Some(at) = ahead.pop() {
                if !std::mem::replace(&mut seen[at], true) {
                    ahead.extend(honest[at].deps.iter().map(|dep| numbers[dep]));
                }
            }
            seen
        };
        for _ in 0..100 {
            let mut deps: Vec<u32> = (0..=dice.roll(3)).map(|_| dice.roll(honest.len()) as u32).collect();
            deps.sort_unstable();
            deps.dedup();
            let sight = proof.changes.sight(&deps);
            let seen = behind(&deps);
            for (change, seen) in honest.iter().zip(&seen) {
                let Change { actor, start_op, .. } = change;
                let actor = proof.index.actors.number(actor.as_bytes()).unwrap();
                // An empty change has no operation to be seen.
                if !automerge::Change::from_bytes(change.raw.to_vec()).unwrap().is_empty() {
                    let found = proof.changes.has_seen(&sight, actor, *start_op as u32);
                    assert_eq!(found, *seen, "seed {seed}: {change:?} from {deps:?}");
                }
            }
        }
    }
}
