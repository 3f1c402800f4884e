//! What honest clients write is never refused.

use super::super::super::{Admission, Proof, Verdict};
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
    for seed in 0..40 {
        let (changes, document) = history(seed, 4, 26);
        total += changes.len();
        let proof = admit_all(&changes, seed);
        assert_eq!(proof.heads(), crate::document::Reading::of(document).heads());
    }
    println!("{total} honest changes of random work: 0 refused");
}
