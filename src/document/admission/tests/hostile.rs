//! Changes that were found to do harm, each refused by name, with the document untouched by it.

use std::num::NonZeroU64;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, ExpandedChange, ObjType, ROOT, ReadDoc, ScalarValue};

use super::super::super::{Admission, Copy, Proof, Refused, Verdict, scan};
use super::{edit, plan, scanned, text_of};

/// A room with a plan in it: three words, one of them bold.
pub(super) struct Room {
    document: Automerge,
    pub(super) copy: Copy,
    pub(super) proof: Proof,
}

pub(super) fn room() -> Room {
    let mut document = plan();
    mark(&mut document, 4, 7);
    let mut copy = Copy::empty();
    assert_eq!(copy.admit(&scanned(&document)), vec![Verdict::Admitted; 2]);
    copy.confirm();
    let mut proof = Proof::empty(Arc::new(()));
    assert_eq!(proof.admit(&scanned(&document)), vec![Verdict::Admitted; 2]);
    proof.confirm();
    Room { document, copy, proof }
}

fn mark(document: &mut Automerge, from: usize, to: usize) {
    let text = text_of(document);
    document
        .transact::<_, _, automerge::AutomergeError>(|tx| {
            tx.mark(&text, Mark::new("strong".into(), true, from, to), ExpandMark::After)
        })
        .unwrap();
}

fn id(object: &automerge::ObjId) -> OpId {
    let automerge::ObjId::Id(counter, actor, _) = object else { panic!("not the root") };
    OpId(*counter, actor.clone())
}

fn no_preds() -> SortedVec<OpId> {
    SortedVec::new()
}

impl Room {
    /// What an honest change of the actor that made the plan would begin with, without operations.
    fn next(&self) -> ExpandedChange {
        let last = self.document.get_last_local_change().unwrap();
        ExpandedChange {
            operations: Vec::new(),
            actor_id: last.actor_id().clone(),
            hash: None,
            seq: last.seq() + 1,
            start_op: NonZeroU64::new(last.max_op() + 1).unwrap(),
            time: 3,
            message: None,
            deps: self.document.get_heads(),
            extra_bytes: Vec::new(),
            author: None,
        }
    }

    pub(super) fn with(&self, operations: Vec<Op>) -> ExpandedChange {
        ExpandedChange { operations, ..self.next() }
    }

    fn text(&self) -> ObjectId {
        ObjectId::Id(id(&text_of(&self.document)))
    }

    /// The id of the visible element at an index.
    pub(super) fn element(&self, at: usize) -> OpId {
        let cursor = self.document.get_cursor(text_of(&self.document), at, None).unwrap().to_string();
        let (counter, actor) = cursor.split_once('@').unwrap();
        OpId(counter.parse().unwrap(), ActorId::try_from(actor).unwrap())
    }

    pub(super) fn insert(&self, after: ElementId, action: OpType) -> Op {
        Op { action, obj: self.text(), key: Key::Seq(after), pred: no_preds(), insert: true }
    }

    fn put(&self, key: &str, value: ScalarValue) -> Op {
        Op {
            action: OpType::Put(value),
            obj: ObjectId::Root,
            key: Key::Map(key.into()),
            pred: no_preds(),
            insert: false,
        }
    }

    /// The change is refused with the code; the document is as before and takes an honest change.
    fn refuses(mut self, change: ExpandedChange, code: &str) {
        let heads = self.copy.heads();
        match scan(automerge::Change::from(change).raw_bytes()) {
            Err(refused) => assert_eq!(refused.code, code, "by the scan: {refused}"),
            Ok(change) => {
                for way in [&mut self.copy as &mut dyn Admission, &mut self.proof] {
                    let verdicts = way.admit(std::slice::from_ref(&change));
                    let [Verdict::Refused(refused)] = &verdicts[..] else { panic!("{verdicts:?}") };
                    assert_eq!(refused.code, code, "{refused}");
                }
            }
        }
        assert_eq!(self.copy.heads(), heads);
        assert_eq!(self.proof.heads(), heads);
        self.goes_on();
    }

    /// Both ways take these changes, or know them.
    fn admit(&mut self, changes: &[crate::domain::Change]) {
        for way in [&mut self.copy as &mut dyn Admission, &mut self.proof] {
            let verdicts = way.admit(changes);
            let taken = |verdict: &Verdict| matches!(verdict, Verdict::Admitted | Verdict::Known);
            assert!(verdicts.iter().all(taken), "{verdicts:?}");
            way.confirm();
        }
    }

    /// The next honest change is admitted, and what is saved can be loaded.
    fn goes_on(&mut self) {
        edit(&mut self.document, 0, 0, "x");
        let honest = scanned(&self.document).pop().unwrap();
        self.admit(&[honest]);
        let again = Copy::load(self.copy.save(), []).unwrap();
        assert_eq!(again.heads(), self.copy.heads());
    }
}

pub(super) fn text(value: &str) -> ScalarValue {
    ScalarValue::Str(value.into())
}

fn unknown() -> OpId {
    OpId(1, ActorId::from(&[9_u8; 16][..]))
}

pub(super) fn begin() -> OpType {
    OpType::MarkBegin(MarkData { name: "em".into(), value: ScalarValue::Boolean(true), expand: true })
}

#[test]
fn an_author_footer_on_a_later_change() {
    let room = room();
    let change = ExpandedChange { extra_bytes: vec![1, 1, b'a'], ..room.next() };
    room.refuses(change, "change_footer");
}

#[test]
fn an_insertion_after_an_unknown_element() {
    let room = room();
    let op = room.insert(ElementId::Id(unknown()), OpType::Put(text("x")));
    let change = room.with(vec![op]);
    room.refuses(change, "element_unknown");
}

#[test]
fn an_insertion_after_an_element_of_another_text() {
    let room = room();
    // Operation 1 exists, but it put the schema into the root.
    let op = room.insert(ElementId::Id(OpId(1, room.next().actor_id)), OpType::Put(text("x")));
    let change = room.with(vec![op]);
    room.refuses(change, "change_unsound");
}

#[test]
fn a_gap_in_an_actors_sequence() {
    let room = room();
    let change = ExpandedChange { seq: 9, ..room.with(vec![room.put("title", text("x"))]) };
    room.refuses(change, "change_sequence");
}

#[test]
fn an_actors_sequence_number_used_twice() {
    let room = room();
    let change = ExpandedChange { seq: 2, ..room.with(vec![room.put("note", text("x"))]) };
    room.refuses(change, "change_sequence");
}

#[test]
fn an_unknown_predecessor() {
    let room = room();
    let op = Op { pred: vec![unknown()].into(), ..room.put("title", text("x")) };
    let change = room.with(vec![op]);
    room.refuses(change, "predecessor_unknown");
}

#[test]
fn a_predecessor_of_another_key() {
    let room = room();
    let op = Op { pred: vec![OpId(1, room.next().actor_id)].into(), ..room.put("title", text("x")) };
    let change = room.with(vec![op]);
    room.refuses(change, "change_unsound");
}

#[test]
fn an_unknown_object() {
    let room = room();
    let op = Op { obj: ObjectId::Id(unknown()), ..room.put("title", text("x")) };
    let change = room.with(vec![op]);
    room.refuses(change, "object_unknown");
}

#[test]
fn an_object_that_is_none() {
    let room = room();
    let op = Op { obj: ObjectId::Id(OpId(1, room.next().actor_id)), ..room.put("title", text("x")) };
    let change = room.with(vec![op]);
    room.refuses(change, "object_unknown");
}

#[test]
fn a_map_key_in_a_text() {
    let room = room();
    let op = Op { obj: room.text(), ..room.put("title", text("x")) };
    let change = room.with(vec![op]);
    room.refuses(change, "object_kind");
}

#[test]
fn an_element_key_in_a_map() {
    let room = room();
    let op = Op { obj: ObjectId::Root, ..room.insert(ElementId::Head, OpType::Put(text("x"))) };
    let change = room.with(vec![op]);
    room.refuses(change, "object_kind");
}

#[test]
fn an_increment_of_what_is_no_counter() {
    let room = room();
    let op = Op { action: OpType::Increment(1), ..room.put("schema", text("")) };
    let change = room.with(vec![op]);
    room.refuses(change, "operation_unsupported");
}

#[test]
fn an_operation_number_not_above_the_dependencies() {
    let room = room();
    let change = ExpandedChange {
        start_op: NonZeroU64::new(3).unwrap(),
        ..room.with(vec![room.put("note", text("x"))])
    };
    room.refuses(change, "change_counter");
}

#[test]
fn a_jump_of_operation_numbers() {
    let room = room();
    let change = ExpandedChange {
        start_op: NonZeroU64::new(1 << 26).unwrap(),
        ..room.with(vec![room.put("note", text("x"))])
    };
    room.refuses(change, "change_counter");
}

#[test]
fn an_operation_number_out_of_range() {
    let room = room();
    let change = ExpandedChange {
        start_op: NonZeroU64::new(u64::from(u32::MAX)).unwrap(),
        ..room.with(vec![room.put("note", text("x"))])
    };
    room.refuses(change, "change_counter");
}

#[test]
fn an_empty_change_behind_a_gap() {
    let room = room();
    let next = room.next();
    let change = ExpandedChange { start_op: NonZeroU64::new(next.start_op.get() + 5).unwrap(), ..next };
    room.refuses(change, "change_counter");
}

#[test]
fn times_out_of_range() {
    for time in [i64::MIN, -1, 1 << 40, i64::MAX] {
        let room = room();
        let change = ExpandedChange { time, ..room.with(vec![room.put("note", text("x"))]) };
        room.refuses(change, "change_time");
    }
}

#[test]
fn a_mark_that_does_not_end() {
    let room = room();
    let change = room.with(vec![room.insert(ElementId::Head, begin())]);
    room.refuses(change, "mark_unpaired");
}

#[test]
fn a_mark_that_does_not_begin() {
    let room = room();
    let change = room.with(vec![room.insert(ElementId::Id(room.element(2)), OpType::MarkEnd(true))]);
    room.refuses(change, "mark_unpaired");
}

#[test]
fn a_mark_that_ends_before_it_begins() {
    let places = |room: &Room| {
        let at = |index| ElementId::Id(room.element(index));
        [(at(5), at(2)), (at(5), at(5)), (at(5), ElementId::Head), (ElementId::Head, ElementId::Head)]
    };
    for pair in 0..4 {
        let room = room();
        let (from, to) = places(&room)[pair].clone();
        let change = room.with(vec![room.insert(from, begin()), room.insert(to, OpType::MarkEnd(true))]);
        room.refuses(change, "change_unsound");
    }
}

#[test]
fn a_mark_that_ends_before_it_begins_among_deleted_characters() {
    for (from, to, sound) in [(5, 2, false), (2, 5, true)] {
        let mut room = room();
        let (from, to) = (room.element(from), room.element(to));
        edit(&mut room.document, 0, 13, "");
        let deleted = scanned(&room.document).pop().unwrap();
        room.admit(&[deleted]);
        let change = room.with(vec![
            room.insert(ElementId::Id(from), begin()),
            room.insert(ElementId::Id(to), OpType::MarkEnd(true)),
        ]);
        if sound {
            let change = scan(automerge::Change::from(change).raw_bytes()).unwrap();
            room.admit(&[change]);
        } else {
            room.refuses(change, "change_unsound");
        }
    }
}

#[test]
fn half_of_a_mark_deleted() {
    let room = room();
    // The change before made the mark: its first operation begins it, its second ends it.
    let last = room.document.get_last_local_change().unwrap();
    let half = OpId(last.start_op().get(), last.actor_id().clone());
    let op = Op {
        action: OpType::Delete,
        obj: room.text(),
        key: Key::Seq(ElementId::Id(half.clone())),
        pred: vec![half].into(),
        insert: false,
    };
    let change = room.with(vec![op]);
    room.refuses(change, "delete_invalid");
}

#[test]
fn values_that_javascript_cannot_hold() {
    let values = [
        ScalarValue::Int(i64::MIN),
        ScalarValue::Int(1 << 53),
        ScalarValue::Uint(1 << 53),
        ScalarValue::Timestamp(i64::MIN),
        ScalarValue::Counter(1.into()),
    ];
    for value in values {
        let room = room();
        let change = room.with(vec![room.put("note", value)]);
        room.refuses(change, "value_unsafe");
    }
}

#[test]
fn a_mark_with_a_value_that_javascript_cannot_hold() {
    let room = room();
    let value = ScalarValue::Int(i64::MIN);
    let begin = OpType::MarkBegin(MarkData { name: "em".into(), value, expand: true });
    let end = OpType::MarkEnd(true);
    let change = room
        .with(vec![room.insert(ElementId::Head, begin), room.insert(ElementId::Id(room.element(3)), end)]);
    room.refuses(change, "value_unsafe");
}

#[test]
fn keys_that_change_the_map_in_javascript() {
    for key in ["__proto__", "", "\u{0}", ".a"] {
        let room = room();
        let change = room.with(vec![room.put(key, text("x"))]);
        room.refuses(change, "key_invalid");
    }
}

#[test]
fn a_change_without_the_documents_history() {
    let room = room();
    let change = ExpandedChange {
        actor_id: ActorId::from(&[7_u8; 16][..]),
        seq: 1,
        start_op: NonZeroU64::new(1).unwrap(),
        deps: Vec::new(),
        ..room.with(vec![room.put("title", text("x"))])
    };
    room.refuses(change, "change_root");
}

/// A client that holds only the author's past would panic on such a change, although the server knows all.
#[test]
fn references_outside_of_the_authors_past() {
    let concurrent = |operation: fn(&Room, OpId) -> Op, code: &str| {
        let mut room = room();
        let past = room.document.get_heads();
        edit(&mut room.document, 0, 0, "y");
        let section = room
            .document
            .transact::<_, _, automerge::AutomergeError>(|tx| {
                let (_, sections) = tx.get(ROOT, "sections")?.expect("made first");
                let section = tx.put_object(&sections, "another", ObjType::Map)?;
                tx.put_object(&section, "text", ObjType::Text)?;
                Ok(section)
            })
            .unwrap()
            .result;
        room.admit(&scanned(&room.document));
        let newest = if code == "object_unknown" { id(&section) } else { room.element(0) };
        let next = room.next();
        let op = operation(&room, newest);
        let change = ExpandedChange {
            operations: vec![op],
            actor_id: ActorId::from(&[7_u8; 16][..]),
            seq: 1,
            start_op: NonZeroU64::new(next.start_op.get() - 3).unwrap(),
            deps: past,
            ..next
        };
        room.refuses(change, code);
    };
    concurrent(|room, id| room.insert(ElementId::Id(id), OpType::Put(text("x"))), "element_unknown");
    concurrent(
        |room, id| Op { pred: vec![id].into(), ..room.put("title", text("x")) },
        "predecessor_unknown",
    );
    concurrent(|room, id| Op { obj: ObjectId::Id(id), ..room.put("title", text("x")) }, "object_unknown");
}

#[test]
fn a_mark_at_what_its_author_had_not_seen() {
    for half in 0..2 {
        let mut room = room();
        let (past, start_op) = (room.document.get_heads(), room.next().start_op);
        let mut ends = [2, 5].map(|at| room.element(at));
        edit(&mut room.document, 3, 0, "y");
        room.admit(&scanned(&room.document));
        ends[half] = room.element(3);
        let [from, to] = ends.map(ElementId::Id);
        let change = ExpandedChange {
            actor_id: ActorId::from(&[7_u8; 16][..]),
            seq: 1,
            start_op,
            deps: past,
            ..room.with(vec![room.insert(from, begin()), room.insert(to, OpType::MarkEnd(true))])
        };
        room.refuses(change, "element_unknown");
    }
}

/// `changeAt` of the stock client, and `isolate` of the document crate, write in the past and still choose a mark's
/// operation of the present to insert after: who holds only that past panics.
#[test]
fn a_change_of_an_isolated_client_beside_a_mark() {
    let mut beside_a_mark = 0;
    // At a mark's beginning that grows, at its end that does not.
    for (at, expand) in [(2, ExpandMark::Before), (9, ExpandMark::None), (5, ExpandMark::After)] {
        for renumbered in [false, true] {
            let mut room = room();
            let first = room.document.get_changes(&[]).swap_remove(0);
            let text = text_of(&room.document);
            room.document
                .transact::<_, _, automerge::AutomergeError>(|tx| {
                    tx.mark(&text, Mark::new("em".into(), true, 2, 9), expand)
                })
                .unwrap();
            room.admit(&scanned(&room.document));
            let options = automerge::LoadOptions::new().text_encoding(crate::document::text_encoding());
            let client = automerge::AutoCommit::load_with_options(&room.document.save(), options).unwrap();
            let mut client = client.with_actor(ActorId::from(&[7_u8; 16][..]));
            client.isolate(&[first.hash()]);
            client.splice_text(&text, at, 0, "x").unwrap();
            let change = client.get_last_local_change().unwrap();
            assert_eq!(change.deps(), [first.hash()]);
            let mut change = ExpandedChange { hash: None, ..change.decode() };
            let Key::Seq(ElementId::Id(after)) = &change.operations[0].key else { panic!("it inserts") };
            let unseen = after.0 > first.max_op();
            beside_a_mark += usize::from(unseen);
            // As it comes, it is numbered on from the present as well.
            if !renumbered {
                room.refuses(change, "change_counter");
                continue;
            }
            change.start_op = NonZeroU64::new(first.max_op() + 1).unwrap();
            if unseen {
                room.refuses(change, "element_unknown");
            } else {
                room.admit(&[scan(automerge::Change::from(change).raw_bytes()).unwrap()]);
            }
        }
    }
    assert_eq!(beside_a_mark, 4, "it no longer chooses what is not of the past");
}

#[test]
fn an_actor_that_does_not_build_on_its_own_last_change() {
    let mut room = room();
    let past = room.document.get_heads();
    let before = room.next();
    edit(&mut room.document, 0, 0, "y");
    let changes = scanned(&room.document);
    room.admit(&changes);
    let change = ExpandedChange {
        seq: before.seq + 1,
        deps: past,
        start_op: before.start_op,
        ..room.with(vec![room.put("note", text("x"))])
    };
    room.refuses(change, "change_sequence");
}

#[test]
fn one_hostile_change_among_innocent_ones() {
    let Room { mut document, mut copy, .. } = room();
    let mut other = document.fork();
    edit(&mut document, 0, 0, "a");
    edit(&mut other, 3, 0, "b");
    let [innocent, second] = [&document, &other].map(|d| scanned(d).pop().unwrap());
    let document_8 = document.fork().with_actor(ActorId::from(&[8_u8; 16][..]));
    let room = Room { document: document_8, copy: Copy::empty(), proof: Proof::empty(Arc::new(())) };
    let hostile = ExpandedChange {
        actor_id: ActorId::from(&[8_u8; 16][..]),
        seq: 1,
        start_op: NonZeroU64::new(innocent.start_op + 1).unwrap(),
        deps: vec![automerge::ChangeHash(innocent.hash.0)],
        operations: vec![
            room.insert(ElementId::Id(room.element(5)), begin()),
            room.insert(ElementId::Id(room.element(2)), OpType::MarkEnd(true)),
        ],
        hash: None,
        time: 3,
        message: None,
        extra_bytes: Vec::new(),
        author: None,
    };
    let hostile = scan(automerge::Change::from(hostile).raw_bytes()).unwrap();
    let follower = ExpandedChange {
        actor_id: ActorId::from(&[8_u8; 16][..]),
        seq: 2,
        start_op: NonZeroU64::new(hostile.start_op + 2).unwrap(),
        deps: vec![automerge::ChangeHash(hostile.hash.0)],
        operations: vec![room.insert(ElementId::Head, OpType::Put(text("z")))],
        hash: None,
        time: 3,
        message: None,
        extra_bytes: Vec::new(),
        author: None,
    };
    let follower = scan(automerge::Change::from(follower).raw_bytes()).unwrap();
    let missing = Verdict::MissingDeps(vec![hostile.hash]);
    let verdicts = copy.admit(&[innocent.clone(), hostile, follower, second]);
    let refused = Verdict::Refused(Refused::new(
        "change_unsound",
        "The change cannot be applied without damage to the document.",
    ));
    assert_eq!(verdicts, [Verdict::Admitted, refused, missing, Verdict::Admitted]);
    copy.confirm();
    assert_eq!(Copy::load(copy.save(), []).unwrap().heads(), copy.heads());
    assert_eq!(copy.changes(), 4);
}
