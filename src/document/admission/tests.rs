//! Admission as its callers use it: honest histories pass, hostile ones are refused, nothing is damaged.

mod child;
mod chunks;
pub(in crate::document) mod damage;
pub(in crate::document) mod honest;
mod hostile;
mod limits;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjType, ROOT, ReadDoc};
use bytes::Bytes;

use super::super::{Admission, Chunk, Copy, Verdict, import, scan, split, text_encoding};
use crate::domain::Change;

/// A plan's document with one section, made by the actor 0.
pub(in crate::document) fn plan() -> Automerge {
    let mut document =
        Automerge::new_with_encoding(text_encoding()).with_actor(ActorId::from(&[0_u8; 16][..]));
    document
        .transact_with::<_, _, automerge::AutomergeError, _>(
            |_| CommitOptions::default().with_time(1),
            |tx| {
                tx.put(ROOT, "schema", 1)?;
                tx.put(ROOT, "title", "A plan")?;
                let sections = tx.put_object(ROOT, "sections", ObjType::Map)?;
                let section = tx.put_object(&sections, "s1", ObjType::Map)?;
                tx.put(&section, "order", "a0")?;
                tx.put(&section, "parent", "")?;
                let text = tx.put_object(&section, "text", ObjType::Text)?;
                tx.splice_text(&text, 0, 0, "one two three")
            },
        )
        .expect("the plan can be made");
    document
}

pub(in crate::document) fn text_of(document: &Automerge) -> automerge::ObjId {
    let mut at = ROOT;
    for key in ["sections", "s1", "text"] {
        at = document.get(&at, key).unwrap().unwrap().1;
    }
    at
}

pub(in crate::document) fn scanned(document: &Automerge) -> Vec<Change> {
    document.get_changes(&[]).iter().map(|change| scan(change.raw_bytes()).unwrap()).collect()
}

pub(super) fn edit(document: &mut Automerge, at: usize, delete: isize, insert: &str) {
    let text = text_of(document);
    document
        .transact_with::<_, _, automerge::AutomergeError, _>(
            |_| CommitOptions::default().with_time(2),
            |tx| tx.splice_text(&text, at, delete, insert),
        )
        .unwrap();
}

#[test]
fn an_honest_history_is_admitted_and_saved_and_loaded() {
    let mut document = plan();
    edit(&mut document, 3, 0, "!");
    edit(&mut document, 0, 1, "O");
    let changes = scanned(&document);
    let mut copy = Copy::empty();
    assert_eq!(copy.admit(&changes), vec![Verdict::Admitted; 3]);
    copy.confirm();
    assert_eq!(copy.admit(&changes), vec![Verdict::Known; 3]);
    let copy = Copy::load(copy.save(), []).unwrap();
    assert_eq!(copy.heads(), super::super::Reading::of(document).heads());
    assert_eq!(copy.changes(), 3);
}

#[test]
fn what_is_rolled_back_did_not_happen() {
    let mut document = plan();
    let mut copy = Copy::empty();
    copy.admit(&scanned(&document));
    copy.confirm();
    let heads = copy.heads();
    edit(&mut document, 0, 1, "");
    let changes = scanned(&document);
    assert_eq!(copy.admit(&changes), [Verdict::Known, Verdict::Admitted]);
    assert_eq!(copy.reader().heads(), heads, "a reader sees only what is confirmed");
    copy.rollback();
    assert_eq!(copy.heads(), heads);
    assert_eq!(copy.admit(&changes), [Verdict::Known, Verdict::Admitted]);
}

#[test]
fn a_change_whose_dependencies_are_not_here_names_them() {
    let mut document = plan();
    edit(&mut document, 0, 1, "");
    let changes = scanned(&document);
    let mut copy = Copy::empty();
    assert_eq!(copy.admit(&changes[1..]), [Verdict::MissingDeps(changes[1].deps.to_vec())]);
    assert_eq!(copy.admit(&changes), [Verdict::Admitted, Verdict::Admitted]);
}

#[test]
fn a_saved_document_gives_its_changes_in_order() {
    let mut document = plan();
    for at in 0..50 {
        edit(&mut document, at, 0, "x");
    }
    let saved = Bytes::from(document.save());
    let chunks = split(&saved).unwrap();
    let [Chunk::Document(chunk)] = &chunks[..] else { panic!("one document chunk: {chunks:?}") };
    let (whole, imported) = import(chunk).unwrap();
    let changes = scanned(&document);
    assert_eq!(imported, changes);
    let admitted = vec![Verdict::Admitted; 51];
    let mut copy = Copy::empty();
    assert_eq!(copy.admit(&imported), admitted);
    // Taken over as a whole: into nothing, into a part of it, beside something else.
    let mut copy = Copy::empty();
    assert_eq!(copy.admit_imported(&whole, &imported), admitted);
    let mut copy = Copy::empty();
    copy.admit(&changes[..20]);
    let verdicts = copy.admit_imported(&whole, &imported);
    assert_eq!(verdicts, [vec![Verdict::Known; 20], vec![Verdict::Admitted; 31]].concat());
    copy.rollback();
    assert_eq!(copy.heads(), []);
    let mut aside = plan().fork().with_actor(ActorId::from(&[5_u8; 16][..]));
    edit(&mut aside, 0, 0, "aside");
    copy.admit(&scanned(&aside));
    copy.confirm();
    assert_eq!(
        copy.admit_imported(&whole, &imported),
        [vec![Verdict::Known], vec![Verdict::Admitted; 50]].concat()
    );
    copy.confirm();
    assert_eq!(copy.heads().len(), 2);
    assert_eq!(Copy::load(copy.save(), []).unwrap().heads(), copy.heads());
}
