//! One change or document chunk: what admission takes never makes a document unloadable, and what it refuses
//! leaves no trace.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quorate::document::{self, Admission, Chunk, Copy, Proof, Reading, Verdict};
use sha2::{Digest as _, Sha256};

#[path = "../support.rs"]
mod support;

/// The first byte chooses: as it is, or as the body of a change whose magic, checksum and length are right. The
/// fuzzer would never guess a checksum.
fn chunk(data: &[u8]) -> Option<Bytes> {
    let (choice, rest) = data.split_first()?;
    if choice & 1 == 0 {
        return Some(Bytes::copy_from_slice(rest));
    }
    let mut length = Vec::new();
    let mut left = rest.len();
    while left >= 0x80 {
        length.push(left as u8 | 0x80);
        left >>= 7;
    }
    length.push(left as u8);
    let digest = Sha256::new().chain_update([1]).chain_update(&length).chain_update(rest).finalize();
    Some([&[0x85, 0x6f, 0x4a, 0x83][..], &digest[..4], &[1], &length, rest].concat().into())
}

/// The index of the plan.
fn proof() -> Proof {
    let mut proof = Proof::empty(Arc::new(()));
    let plan: Vec<_> =
        support::plan().iter().map(|raw| document::scan(raw).expect("an honest change")).collect();
    assert!(proof.admit(&plan).iter().all(|verdict| *verdict == Verdict::Admitted), "an honest plan");
    proof.confirm();
    proof
}

fuzz_target!(|data: &[u8]| {
    let Some(bytes) = chunk(data) else { return };
    let Ok(chunks) = document::split(&bytes) else { return };
    for chunk in chunks {
        let (changes, whole) = match chunk {
            Chunk::Change(raw) => (document::scan(&raw).map(|change| vec![change]), false),
            Chunk::Document(raw) => (document::import(&raw).map(|(_, changes)| changes), true),
        };
        let Ok(changes) = changes else { continue };
        let mut copy = Copy::load(Bytes::new(), support::plan()).expect("an honest plan");
        let (mut proof, heads) = (proof(), copy.heads());
        let (proven, copied) = (proof.admit(&changes), copy.admit(&changes));
        assert_eq!(proven.len(), changes.len(), "one verdict for each");
        for (proven, copied) in proven.iter().zip(&copied) {
            let escaped = *proven == Verdict::Admitted && *copied != Verdict::Admitted;
            assert!(whole || !escaped, "the proof admits what cannot be applied: {copied:?}");
        }
        if !proven.contains(&Verdict::Admitted) {
            proof.rollback();
            assert_eq!(proof.heads(), heads, "what is refused leaves no trace");
        }
        if !copied.contains(&Verdict::Admitted) {
            continue;
        }
        copy.confirm();
        let saved = copy.reader().save();
        let loaded = Reading::load(&saved).expect("what was admitted can be loaded");
        assert_eq!(loaded.heads(), copy.heads(), "the same document");
        document::state_at(&loaded, &loaded.heads(), &|_| None).expect("it can be read");
    }
});
