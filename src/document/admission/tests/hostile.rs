//! Changes that were found to do harm, each refused by name, with the document untouched by it.

use std::io::Write as _;
use std::num::NonZeroU64;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, ExpandedChange, ObjType, ROOT, ReadDoc, ScalarValue};
use sha2::{Digest, Sha256};

use super::super::super::{Admission, Copy, Proof, Refused, Verdict, import, scan};
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

// From here on: bytes that no encoder writes.

/// A change chunk around any body, with the checksum that fits it.
pub(super) fn chunk(kind: u8, data: &[u8], checked: &[u8]) -> Vec<u8> {
    let mut front = vec![1];
    leb(&mut front, checked.len() as u64);
    let hash = Sha256::new().chain_update(&front).chain_update(checked).finalize();
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83];
    out.extend(&hash[..4]);
    out.push(kind);
    leb(&mut out, data.len() as u64);
    out.extend(data);
    out
}

pub(super) fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The body of an actor's first change, with these columns.
fn body(columns: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = vec![0, 1, 0xaa, 1, 1, 1, 0, 0];
    leb(&mut out, columns.len() as u64);
    for (spec, data) in columns {
        leb(&mut out, u64::from(*spec));
        leb(&mut out, data.len() as u64);
    }
    columns.iter().for_each(|(_, data)| out.extend(*data));
    out
}

pub(super) fn run(length: i64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = length;
    loop {
        let byte = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 && byte & 0x40 == 0 {
            out.push(byte);
            break;
        }
        out.push(byte | 0x80);
    }
    out.extend(value);
    out
}

fn code(bytes: &[u8]) -> &'static str {
    scan(bytes).map(|change| panic!("taken: {change:?}")).unwrap_err().code
}

/// Runs the named test again in a process of its own: what it does could abort the process.
pub(super) fn in_child(module: &str, name: &str, work: fn()) {
    const VARIABLE: &str = "QUORATE_TEST_CHILD";
    if std::env::var(VARIABLE).is_ok_and(|child| child == name) {
        return work();
    }
    let path = format!("{}::{name}", module.split_once("::").unwrap().1);
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&path, "--exact", "--quiet"])
        .env(VARIABLE, name)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{name} in a child process: {status}");
}

#[test]
fn a_bomb_of_run_lengths() {
    in_child(module_path!(), "a_bomb_of_run_lengths", || {
        let rows = 1 << 25;
        let bomb = body(&[
            (0x15, &run(rows, b"\x01k")),
            (0x34, &{
                let mut out = Vec::new();
                leb(&mut out, rows as u64);
                out
            }),
            (0x42, &run(rows, &[1])),
            (0x56, &run(rows, &[0])),
            (0x70, &run(rows, &[0])),
        ]);
        let bomb = chunk(1, &bomb, &bomb);
        assert!(bomb.len() < 80, "{}", bomb.len());
        assert_eq!(code(&bomb), "change_too_large");
    });
}

#[test]
fn a_bomb_of_predecessors() {
    in_child(module_path!(), "a_bomb_of_predecessors", || {
        let many = run(1, &[0x80, 0x80, 0x80, 0x80, 0x01]);
        let bomb = body(&[(0x15, b"\x01\x01k"), (0x42, &run(1, &[1])), (0x70, &many)]);
        assert_eq!(code(&chunk(1, &bomb, &bomb)), "change_too_large");
    });
}

#[test]
fn a_bomb_of_deflate() {
    in_child(module_path!(), "a_bomb_of_deflate", || {
        let zeros = vec![0; 64 << 20];
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&zeros).unwrap();
        assert_eq!(code(&chunk(2, &encoder.finish().unwrap(), &zeros)), "change_too_large");
    });
}

#[test]
fn a_bomb_in_a_saved_document() {
    in_child(module_path!(), "a_bomb_in_a_saved_document", || {
        // One actor, no heads, no change columns, one operation column that declares 2^40 rows.
        let mut data = vec![1, 1, 0xaa, 0, 0, 1, 0x42];
        let bomb = run(1 << 40, &[1]);
        leb(&mut data, bomb.len() as u64);
        data.extend(&bomb);
        let mut front = vec![0];
        leb(&mut front, data.len() as u64);
        let hash = Sha256::new().chain_update(&front).chain_update(&data).finalize();
        let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83];
        chunk.extend(&hash[..4]);
        chunk.extend(front);
        chunk.extend(data);
        assert_eq!(import(&chunk).unwrap_err().code, "change_too_large");
    });
}

#[test]
fn deflated_and_plain_are_the_same_change() {
    let mut document = plan();
    edit(&mut document, 0, 0, &"many words ".repeat(100));
    let change = document.get_last_local_change().unwrap();
    let plain = scan(change.raw_bytes()).unwrap();
    let deflated = change.clone().bytes().to_vec();
    assert_eq!(deflated[8], 2, "long enough to be deflated");
    assert_eq!(scan(&deflated).unwrap(), plain);
    let mut trailing = change.raw_bytes()[..9].to_vec();
    trailing[8] = 2;
    let mut inner = deflated[deflated.len() - 20..].to_vec();
    inner.push(0);
    leb(&mut trailing, inner.len() as u64);
    trailing.extend(inner);
    assert_eq!(code(&trailing), "change_malformed");
}

#[test]
fn bytes_that_are_not_what_they_say() {
    let good =
        body(&[(0x15, b"\x01\x01k"), (0x42, &run(1, &[1])), (0x56, &run(1, &[0])), (0x70, &run(1, &[0]))]);
    let whole = chunk(1, &good, &good);
    assert!(scan(&whole).is_ok());
    let broken = |data: &[u8]| code(&chunk(1, data, data));
    let with = |columns: &[(u32, &[u8])]| broken(&body(columns));

    assert_eq!(code(&whole[..whole.len() - 1]), "change_malformed");
    assert_eq!(code(&[&whole[..], &[0]].concat()), "change_malformed");
    assert_eq!(code(&chunk(1, &good, b"something else")), "change_checksum");
    assert_eq!(code(&chunk(3, &good, &good)), "chunk_kind");
    assert_eq!(code(b""), "change_malformed");
    // An actor that the change does not list: the index is 1, the only one is 0.
    assert_eq!(
        with(&[(0x01, &run(1, &[1])), (0x02, &run(1, &[1])), (0x42, &run(1, &[1]))]),
        "change_malformed"
    );
    assert_eq!(with(&[(0x42, &run(1, &[8]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x15, b"\x01\x01k")]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x4a, &run(1, &[1]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0xf2, &run(1, &[1]))]), "change_column");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x56, &run(1, &[0x16])), (0x57, b"ab")]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x56, &run(1, &[0x0a]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x70, &run(1, &[1]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x15, &[0x01, 0x81, 0x00, b'k'])]), "change_malformed");
    let key = [&[0x01, 0x81, 0x02][..], &[b'k'; 257]].concat();
    assert_eq!(with(&[(0x15, &key), (0x42, &run(1, &[1]))]), "change_too_large");
    // An operation number above all others, reached by adding up differences.
    assert_eq!(
        with(&[(0x13, &run(2, &[0x80, 0x80, 0x80, 0x80, 0x08])), (0x42, &run(2, &[1]))]),
        "change_counter"
    );
    // Numbers written longer than needed: the number of dependencies; the time.
    assert_eq!(broken(&[&[0x80, 0x00][..], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&good[..5], &[0x81, 0x00], &good[6..]].concat()), "change_malformed");
    // Dependencies that are declared and not there; out of order; twice.
    assert_eq!(broken(&[&[0x02][..], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&[0x02][..], &[7; 64], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&[0x81, 0x02][..], &[7; 64], &good[1..]].concat()), "change_too_large");
}
