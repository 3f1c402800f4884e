//! Random damage to the bytes of honest changes and of saved documents, with the checksum that fits the damage, before
//! and behind compression: nothing breaks, and the honest work in between is admitted.

use std::io::Read as _;
use std::sync::Arc;

use automerge::{ActorId, Automerge};
use flate2::Compression;

use super::super::super::proof::tests::{campaign, oracle};
use super::super::super::{Admission, Chunk, Copy, Proof, Verdict, import, scan, split, text_encoding};
use super::child::in_child;
use super::chunks::{chunk, data, deflated};
use super::honest::{Dice, history};
use super::{edit, plan, scanned};
use crate::domain::Change;

/// A byte or two changed, taken out or put in.
fn damage(data: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..1 + dice.roll(2) {
        let at = dice.roll(data.len());
        match dice.roll(6) {
            0 => data[at] = dice.roll(256) as u8,
            1 => data[at] ^= 1 << dice.roll(8),
            2 => data[at] = data[at].wrapping_add(1),
            3 => data[at] = data[at].wrapping_sub(1),
            4 => {
                data.remove(at);
            }
            _ => data.insert(at, dice.roll(256) as u8),
        }
        if data.is_empty() {
            data.push(0);
        }
    }
}

/// A chunk of a change whose data was damaged, with a checksum that fits the damage.
pub(in crate::document) fn damaged(raw: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut body = data(raw).to_vec();
    damage(&mut body, dice);
    chunk(1, &body, &body)
}

/// What is damaged of a change.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain,
    /// It is compressed after the damage.
    BeforeDeflate,
    /// Its compressed bytes; the checksum is that of whatever they inflate to.
    AfterDeflate,
}

const FORMS: [Form; 3] = [Form::Plain, Form::BeforeDeflate, Form::AfterDeflate];

fn mutant(raw: &[u8], form: Form, dice: &mut Dice) -> Vec<u8> {
    let mut body = data(raw).to_vec();
    let level = [Compression::none(), Compression::fast(), Compression::best()][dice.roll(3)];
    match form {
        Form::Plain => damaged(raw, dice),
        Form::BeforeDeflate => {
            damage(&mut body, dice);
            chunk(2, &deflated(&body, level), &body)
        }
        Form::AfterDeflate => {
            let mut stored = deflated(&body, level);
            damage(&mut stored, dice);
            let mut inflated = Vec::new();
            let mut decoder = flate2::bufread::DeflateDecoder::new(&stored[..]).take(16 << 20);
            // Where it breaks off, the checksum is that of what came before.
            let _ = decoder.read_to_end(&mut inflated);
            chunk(2, &stored, &inflated)
        }
    }
}

/// Both ways of admission, which hold the same.
struct Both {
    copy: Copy,
    proof: Proof,
}

/// What became of mutants.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    tried: usize,
    /// Stopped by the byte scan, by both ways, by the proof alone, and as known or without its past.
    scan: usize,
    both: usize,
    strict: usize,
    other: usize,
    admitted: usize,
}

impl Both {
    fn new() -> Self {
        Self { copy: Copy::empty(), proof: Proof::empty(Arc::new(())) }
    }

    fn honest(&mut self, changes: &[Change]) {
        for way in [&mut self.copy as &mut dyn Admission, &mut self.proof] {
            assert_eq!(way.admit(changes), vec![Verdict::Admitted; changes.len()], "honest: {changes:?}");
            way.confirm();
        }
    }

    fn offer(&mut self, bytes: &[u8], dice: &mut Dice, count: &mut Count) {
        count.tried += 1;
        let Ok(mutant) = scan(bytes) else { return count.scan += 1 };
        let heads = self.proof.heads();
        assert_eq!(self.copy.heads(), heads);
        let all = (dice.roll(8) == 0).then(|| self.proof.all());
        let proven = self.proof.admit(std::slice::from_ref(&mutant)).remove(0);
        if proven == Verdict::Admitted {
            let parsed = automerge::Change::from_bytes(mutant.raw.to_vec()).unwrap();
            let harm = oracle::harmless(self.copy.inner(), &parsed, dice.roll(8) == 0);
            assert_eq!(harm, Ok(()), "an escape: {mutant:?}");
            self.proof.rollback();
        }
        assert_eq!(self.proof.heads(), heads, "a mutant leaves nothing behind");
        assert!(all.is_none_or(|all| all == self.proof.all()), "a mutant leaves nothing behind");

        let copied = self.copy.admit(std::slice::from_ref(&mutant)).remove(0);
        match (&proven, &copied) {
            (Verdict::Admitted, Verdict::Admitted) => count.admitted += 1,
            (Verdict::Admitted, _) => {
                panic!("the proof admits what the copy does not: {copied:?}, {mutant:?}")
            }
            (_, Verdict::Admitted) => count.strict += 1,
            (Verdict::Refused(_), Verdict::Refused(_)) => count.both += 1,
            (a, b) => {
                assert_eq!(a, b, "{mutant:?}");
                count.other += 1;
            }
        }
        if copied == Verdict::Admitted {
            self.copy.confirm();
            reloads(&mut self.copy);
            self.copy.unconfirm(1);
        }
        assert_eq!(self.copy.heads(), heads);
    }
}

/// Saved and loaded, it is the same.
fn reloads(copy: &mut Copy) {
    let saved = copy.reader().save();
    let again = Copy::load(saved.into(), []).unwrap_or_else(|error| panic!("it does not load: {error}"));
    assert_eq!(again.heads(), copy.heads());
    assert_eq!(oracle::content(again.inner()), oracle::content(copy.inner()));
}

#[test]
fn damaged_changes_never_break_the_document() {
    in_child(module_path!(), "damaged_changes_never_break_the_document", || {
        let (goal, goal_honest) = (campaign(10_000, 100_000), campaign(300, 3_000));
        let mut dice = Dice(7);
        let mut counts = [Count::default(); 3];
        let (mut tried, mut honest, mut seed) = (0, 0, 100);
        while tried < goal || honest < goal_honest {
            seed += 1;
            let (changes, _) = history(seed, 3, 10);
            let mut both = Both::new();
            both.honest(&changes[..1]);
            for change in &changes[1..] {
                both.copy.save();
                for (form, count) in FORMS.into_iter().zip(&mut counts) {
                    for _ in 0..9 {
                        both.offer(&mutant(&change.raw, form, &mut dice), &mut dice, count);
                        tried += 1;
                    }
                }
                both.honest(std::slice::from_ref(change));
                honest += 1;
            }
            reloads(&mut both.copy);
        }
        for (form, count) in FORMS.into_iter().zip(&counts) {
            println!("{form:?}: {count:?}");
            assert!(count.scan > 0 && count.both > 0 && count.admitted > 0, "{form:?}: {count:?}");
        }
        println!("{tried} byte mutants of changes, {honest} honest changes in between: 0 refused");
    });
}

/// Offers a whole document to both ways, which know the first of the honest changes.
fn offer_document(bytes: Vec<u8>, honest: &[Change], known: usize, count: &mut Count) {
    count.tried += 1;
    let chunks = split(&bytes.into()).unwrap();
    let [Chunk::Document(chunk)] = &chunks[..] else { panic!("one document: {chunks:?}") };
    let Ok((whole, changes)) = import(chunk) else {
        return count.scan += 1;
    };
    let mut both = Both::new();
    both.honest(&honest[..known]);
    let heads = both.proof.heads();
    let proven = both.proof.admit_imported(&whole, &changes);
    let copied = both.copy.admit_imported(&whole, &changes);
    both.copy.confirm();
    reloads(&mut both.copy);
    let mut replayed = Automerge::new_with_encoding(text_encoding());
    let parsed = |change: &Change| automerge::Change::from_bytes(change.raw.to_vec()).unwrap();
    replayed.apply_changes(honest[..known].iter().map(parsed)).unwrap();
    for (change, verdict) in changes.iter().zip(&proven) {
        if *verdict == Verdict::Admitted {
            let parsed = parsed(change);
            if honest.iter().all(|known| known.hash != change.hash) {
                assert_eq!(oracle::harmless(&replayed, &parsed, false), Ok(()), "an escape: {change:?}");
            }
            replayed.apply_changes([parsed]).unwrap();
        }
    }
    both.proof.confirm();
    // What holds all there is, is shown to others as it came.
    let of_copy = both.copy.reader();
    for (way, shown) in [(&both.proof as &dyn Admission, &whole), (&both.copy, &*of_copy)] {
        if shown.heads() == way.heads() && way.heads() == both.proof.heads() {
            let same = oracle::content(shown.automerge()) == oracle::content(&replayed);
            assert!(same, "the document is not what its changes say");
        }
    }
    let admitted = |verdicts: &[Verdict]| verdicts.contains(&Verdict::Admitted);
    match (admitted(&proven), admitted(&copied)) {
        (true, _) => count.admitted += 1,
        (false, true) => count.strict += 1,
        _ if proven.iter().any(|verdict| matches!(verdict, Verdict::Refused(_))) => count.both += 1,
        _ => count.other += 1,
    }
    if !admitted(&proven) {
        assert_eq!(both.proof.heads(), heads, "a mutant leaves nothing behind");
    }
}

#[test]
fn damaged_documents_never_break_the_document() {
    in_child(module_path!(), "damaged_documents_never_break_the_document", || {
        let goal = campaign(3_000, 30_000);
        let mut dice = Dice(8);
        let mut counts = [Count::default(); 2];
        let mut seed = 300;
        while counts.iter().map(|count| count.tried).sum::<usize>() < goal {
            seed += 1;
            let (honest, document) = history(seed, 3, 2 + dice.roll(5));
            let forms = [document.save_nocompress(), document.save()];
            for (saved, count) in forms.iter().zip(&mut counts) {
                for _ in 0..60 {
                    let mut body = data(saved).to_vec();
                    damage(&mut body, &mut dice);
                    let known = [0, honest.len() / 2, honest.len()][dice.roll(3)];
                    offer_document(chunk(0, &body, &body), &honest, known, count);
                }
                let mut both = Both::new();
                let (whole, changes) = import(saved).unwrap();
                for way in [&mut both.copy as &mut dyn Admission, &mut both.proof] {
                    let verdicts = way.admit_imported(&whole, &changes);
                    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Admitted), "{verdicts:?}");
                }
            }
        }
        for (form, count) in ["as it is", "compressed"].into_iter().zip(&counts) {
            println!("documents {form}: {count:?}");
            assert!(count.scan > 0 && count.tried > count.scan, "{form}: {count:?}");
        }
    });
}

/// The order of a saved text is not part of any hash: written in another than the changes make, it would be shown to
/// others as it came, and differ from what everybody else has.
#[test]
fn a_saved_document_in_another_order_than_its_changes_make() {
    let origin = plan();
    let mut documents = [1_u8, 2].map(|actor| origin.fork().with_actor(ActorId::from(&[actor; 16][..])));
    for (document, letter) in documents.iter_mut().zip(["X", "Y"]) {
        edit(document, 0, 0, letter);
    }
    let [mut document, mut other] = documents;
    document.merge(&mut other).unwrap();
    let honest = scanned(&document);
    let saved = document.save_nocompress();
    let body = data(&saved);
    let (mut tried, mut in_another_order) = (Count::default(), 0);
    // Every two pairs of neighbouring bytes exchanged: among them the letters, and who typed them.
    for first in 0..body.len() - 1 {
        for second in first + 1..body.len() - 1 {
            let mut body = body.to_vec();
            body.swap(first, first + 1);
            body.swap(second, second + 1);
            let bytes = chunk(0, &body, &body);
            match import(&bytes) {
                Err(refused) if refused.code == "document_order" => in_another_order += 1,
                Err(_) => {}
                Ok(_) => offer_document(bytes, &honest, 0, &mut tried),
            }
        }
    }
    println!("{in_another_order} in another order; {tried:?}");
    assert!(in_another_order > 100 && tried.tried > 0, "{in_another_order}, {tried:?}");
}
