//! The bounds of a change and of a saved document: at the bound it is taken, one above it is refused, and the
//! refusal names the bound.

use std::io::Write as _;
use std::sync::Arc;

use automerge::legacy::{ElementId, OpType};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::{Transactable as _, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ROOT, ReadDoc as _, ScalarValue};

use super::super::super::{Admission, Copy, Proof, Refused, Verdict, import, scan};
use super::child::in_child;
use super::chunks::{chunk, leb, run};
use super::hostile::{begin, room, text};
use super::{plan, scanned};
use crate::domain::limits;

/// A change before it is bytes: an actor's first, without operations.
struct Body {
    dependencies: u64,
    actor: usize,
    seq: u64,
    time: u64,
    message: usize,
    others: u64,
    columns: Vec<(u32, Vec<u8>)>,
    footer: Vec<u8>,
}

fn empty() -> Body {
    Body {
        dependencies: 0,
        actor: 1,
        seq: 1,
        time: 0,
        message: 0,
        others: 0,
        columns: Vec::new(),
        footer: Vec::new(),
    }
}

fn with(columns: &[(u32, Vec<u8>)]) -> Body {
    Body { columns: columns.to_vec(), ..empty() }
}

/// Behind its length.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    leb(&mut out, bytes.len() as u64);
    out.extend(bytes);
    out
}

/// Different, and each above the one before.
fn numbered(count: u64, bytes: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(move |number| {
        let mut one = vec![0; bytes];
        one[..4].copy_from_slice(&(number as u32).to_be_bytes());
        one
    })
}

impl Body {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        leb(&mut out, self.dependencies);
        numbered(self.dependencies, 32).for_each(|hash| out.extend(hash));
        out.extend(prefixed(&vec![7; self.actor]));
        leb(&mut out, self.seq);
        leb(&mut out, 1);
        signed(&mut out, self.time);
        out.extend(prefixed(&vec![b'm'; self.message]));
        leb(&mut out, self.others);
        numbered(self.others, 4).for_each(|actor| out.extend(prefixed(&actor)));
        leb(&mut out, self.columns.len() as u64);
        for (spec, data) in &self.columns {
            leb(&mut out, u64::from(*spec));
            leb(&mut out, data.len() as u64);
        }
        self.columns.iter().for_each(|(_, data)| out.extend(data));
        out.extend(&self.footer);
        out
    }

    fn scanned(&self) -> Result<(), Refused> {
        let bytes = self.bytes();
        scan(&chunk(1, &bytes, &bytes)).map(drop)
    }
}

/// A number that is not negative, as signed ones are written.
fn signed(out: &mut Vec<u8>, number: u64) {
    out.extend(run(number as i64, &[]));
}

fn unsigned(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    leb(&mut out, number);
    out
}

/// One row with one value of so many bytes.
fn value(bytes: usize) -> Vec<(u32, Vec<u8>)> {
    const BYTES: u64 = 7;
    let meta = run(1, &unsigned((bytes as u64) << 4 | BYTES));
    vec![(0x42, run(1, &[1])), (0x56, meta), (0x57, vec![0; bytes])]
}

/// A change of exactly so many bytes.
fn of_bytes(bytes: u64) -> Body {
    let around = with(&value(1 << 20)).bytes().len() as u64 - (1 << 20);
    let body = with(&value((bytes - around) as usize));
    // The lengths of large values are written in as many bytes as that of a megabyte, or in one more.
    let over = body.bytes().len() as u64 - bytes;
    let body = with(&value((bytes - around - over) as usize));
    assert_eq!(body.bytes().len() as u64, bytes);
    body
}

fn replacing(operations: u64) -> Body {
    let many = |value: u8| run(operations as i64, &[value]);
    with(&[
        (0x42, run(1, &[3])),
        (0x70, run(1, &unsigned(operations))),
        (0x71, many(0)),
        (0x73, [run(1, &[1]), run(operations as i64 - 1, &[0])].concat()),
    ])
}

/// One text of so many bytes in a column of texts.
fn texts(spec: u32, bytes: u64) -> Body {
    let one = [run(1, &[]), prefixed(&vec![b'k'; bytes as usize])].concat();
    let mut columns = vec![(spec, one), (0x42, run(1, &[1]))];
    columns.sort();
    with(&columns)
}

/// On an actor's first change: who it is, in so many bytes with what stands around it.
fn footer(bytes: u64) -> Body {
    Body { footer: [vec![1], prefixed(&vec![b'a'; bytes as usize - 3])].concat(), ..empty() }
}

#[test]
fn each_bound_of_a_change_is_met_and_named() {
    let rows = |rows: u64| with(&[(0x42, run(rows as i64, &[1]))]);
    type Make<'a> = &'a dyn Fn(u64) -> Body;
    let cases: [(&str, u64, Make<'_>); 8] = [
        ("dependencies", limits::DEPENDENCIES, &|dependencies| Body { dependencies, ..empty() }),
        ("actors", limits::ACTORS, &|others| Body { others, ..empty() }),
        ("bytes of message", limits::MESSAGE_BYTES, &|bytes| Body { message: bytes as usize, ..empty() }),
        ("bytes in a key", limits::KEY_BYTES, &|bytes| texts(0x15, bytes)),
        ("a name of a mark", limits::MARK_NAME_BYTES, &|bytes| texts(0xa5, bytes)),
        ("rows", limits::ROWS, &rows),
        ("replaced operations", limits::PREDECESSORS, &replacing),
        ("bytes", limits::CHANGE_BYTES, &of_bytes),
    ];
    for (what, limit, make) in cases {
        assert_eq!(make(limit).scanned(), Ok(()), "{limit} {what}");
        let refused = make(limit + 1).scanned().unwrap_err();
        assert_eq!(refused.code, "change_too_large", "{refused}");
        let named = refused.sentence.contains(&format!("more than {limit} "));
        assert!(named && refused.sentence.contains(what), "{what}: {refused}");
    }
    let cases: [(&str, u64, Make<'_>); 4] = [
        ("change_actor", limits::ACTOR_BYTES, &|bytes| Body { actor: bytes as usize, ..empty() }),
        ("change_footer", limits::FOOTER_BYTES, &footer),
        ("change_counter", limits::COUNTER - 1, &|seq| Body { seq, ..empty() }),
        ("change_time", limits::TIME as u64 - 1, &|time| Body { time, ..empty() }),
    ];
    for (code, limit, make) in cases {
        assert_eq!(make(limit).scanned(), Ok(()), "{limit}: {code}");
        assert_eq!(make(limit + 1).scanned().unwrap_err().code, code);
    }
}

/// What both ways of admission say of one more change, by the actor that made the plan.
fn verdicts(change: &crate::domain::Change) -> [Verdict; 2] {
    let document = plan();
    let mut proof = Proof::empty(Arc::new(()));
    let mut copy = Copy::empty();
    let mut ways: [&mut dyn Admission; 2] = [&mut proof, &mut copy];
    ways.each_mut().map(|way| {
        assert_eq!(way.admit(&scanned(&document)), [Verdict::Admitted]);
        way.confirm();
        way.admit(std::slice::from_ref(change)).remove(0)
    })
}

fn refusal(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn marks_of_one_change_are_counted() {
    let many = |marks: u32| {
        let room = room();
        let (from, to) = (room.element(0), room.element(3));
        let pair = || {
            let begin = room.insert(ElementId::Id(from.clone()), begin());
            [begin, room.insert(ElementId::Id(to.clone()), OpType::MarkEnd(true))]
        };
        let change = room.with((0..marks).flat_map(|_| pair()).collect());
        let change = scan(automerge::Change::from(change).raw_bytes()).unwrap();
        let mut proof = room.proof;
        proof.admit(&[change]).remove(0)
    };
    assert_eq!(many(limits::MARKS), Verdict::Admitted);
    let Verdict::Refused(refused) = many(limits::MARKS + 1) else { panic!("taken") };
    assert_eq!(refused, Refused::too_large("marks", limits::MARKS.into()));
}

#[test]
fn an_element_of_a_text_is_short() {
    let of = |bytes: usize| {
        let room = room();
        let op = room.insert(ElementId::Head, OpType::Put(text(&"x".repeat(bytes))));
        let change = scan(automerge::Change::from(room.with(vec![op])).raw_bytes()).unwrap();
        let (mut proof, mut copy) = (room.proof, room.copy);
        [proof.admit(std::slice::from_ref(&change)).remove(0), copy.admit(&[change]).remove(0)]
    };
    // By proof, one character; by copy, which asks no more than that the document stays sound, a few bytes.
    assert_eq!(of(1), [Verdict::Admitted, Verdict::Admitted]);
    let [proof, copy] = of(limits::ELEMENT_BYTES);
    assert_eq!((refusal(&proof), copy), ("text_element", Verdict::Admitted));
    assert_eq!(of(limits::ELEMENT_BYTES + 1).each_ref().map(refusal), ["text_element"; 2]);
}

type Write = fn(&mut Transaction<'_>, usize);

fn words(bytes: usize) -> ScalarValue {
    text(&"x".repeat(bytes))
}

fn found(to: &Transaction<'_>, path: &[&str]) -> ObjId {
    path.iter().fold(ROOT, |at, key| to.get(&at, *key).unwrap().unwrap().1)
}

fn block(to: &mut Transaction<'_>) -> ObjId {
    let text = found(to, &["sections", "s1", "text"]);
    to.split_block(&text, 3).unwrap()
}

fn attributes(to: &mut Transaction<'_>) -> ObjId {
    let block = block(to);
    to.put_object(&block, "attrs", ObjType::Map).unwrap()
}

fn link(to: &mut Transaction<'_>, address: &str) {
    let text = found(to, &["sections", "s1", "text"]);
    to.mark(&text, Mark::new("link".into(), address, 1, 4), ExpandMark::None).unwrap();
}

#[test]
fn each_bound_of_a_value_is_met_and_named() {
    let cases: [(&str, usize, &str, Write); 11] = [
        ("a title", limits::TITLE_BYTES, "value_invalid", |to, n| to.put(ROOT, "title", words(n)).unwrap()),
        ("a place", limits::ORDER_BYTES, "value_invalid", |to, n| {
            to.put(found(to, &["sections", "s1"]), "order", words(n)).unwrap();
        }),
        ("a parent", limits::ID_BYTES, "value_invalid", |to, n| {
            to.put(found(to, &["sections", "s1"]), "parent", words(n)).unwrap();
        }),
        ("a section's id", limits::ID_BYTES, "shape_unknown", |to, n| {
            let section = to.put_object(found(to, &["sections"]), "x".repeat(n), ObjType::Map).unwrap();
            to.put_object(&section, "text", ObjType::Text).unwrap();
        }),
        ("a kind", limits::ID_BYTES, "value_invalid", |to, n| {
            let block = block(to);
            to.put(&block, "type", words(n)).unwrap();
        }),
        ("an id", limits::ID_BYTES, "value_invalid", |to, n| {
            let attributes = attributes(to);
            to.put(&attributes, "id", words(n)).unwrap();
        }),
        ("an attribute's name", limits::ID_BYTES, "value_invalid", |to, n| {
            let attributes = attributes(to);
            to.put(&attributes, "x".repeat(n), words(1)).unwrap();
        }),
        ("an attribute", limits::ATTRIBUTE_BYTES, "value_invalid", |to, n| {
            let attributes = attributes(to);
            to.put(&attributes, "later", words(n)).unwrap();
        }),
        ("an item", limits::ID_BYTES, "value_invalid", |to, n| {
            let block = block(to);
            let parents = to.put_object(&block, "parents", ObjType::List).unwrap();
            to.insert(&parents, 0, words(n)).unwrap();
        }),
        ("a link", limits::LINK_BYTES, "mark_unknown", |to, n| link(to, &"x".repeat(n))),
        ("a number", limits::INTEGER as usize, "value_unsafe", |to, n| {
            let attributes = attributes(to);
            to.put(&attributes, "level", ScalarValue::Int(n as i64)).unwrap();
        }),
    ];
    for (what, limit, code, write) in cases {
        let verdicts = |count: usize| {
            let mut document = plan();
            let written = document.transact::<_, _, AutomergeError>(|to| {
                write(to, count);
                Ok(())
            });
            written.unwrap();
            verdicts(scanned(&document).last().unwrap())
        };
        assert_eq!(verdicts(limit), [Verdict::Admitted, Verdict::Admitted], "{what} at its bound");
        let [proof, copy] = verdicts(limit + 1);
        assert_eq!(refusal(&proof), code, "{what} above its bound");
        // The copy knows no shape, only what JavaScript cannot hold.
        assert_eq!(copy == Verdict::Admitted, code != "value_unsafe", "{what}: {copy:?}");
    }
}

/// A saved document with so many of each; its columns come as they are, or deflated.
#[derive(Default)]
struct Saved {
    actors: u64,
    actor: usize,
    heads: u64,
    changes: Vec<(u32, Vec<u8>)>,
    operations: Vec<(u32, Vec<u8>)>,
}

impl Saved {
    fn refused(&self) -> Option<Refused> {
        let mut data = unsigned(self.actors);
        numbered(self.actors, self.actor).for_each(|actor| data.extend(prefixed(&actor)));
        data.extend(unsigned(self.heads));
        numbered(self.heads, 32).for_each(|head| data.extend(head));
        for columns in [&self.changes, &self.operations] {
            data.extend(unsigned(columns.len() as u64));
            for (spec, column) in columns {
                data.extend(unsigned(u64::from(*spec)));
                data.extend(unsigned(column.len() as u64));
            }
        }
        self.changes.iter().chain(&self.operations).for_each(|(_, column)| data.extend(column));
        import(&chunk(0, &data, &data)).err()
    }
}

fn deflated(bytes: u64) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; bytes as usize]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_bound_of_a_saved_document_is_met_and_named() {
    in_child(module_path!(), "each_bound_of_a_saved_document_is_met_and_named", || {
        const DEFLATED_VALUES: u32 = 0x57 | 8;
        let saved = || Saved { actors: 1, actor: 4, ..Saved::default() };
        type Make = fn(&dyn Fn() -> Saved, u64) -> Saved;
        let cases: [(&str, u64, Make); 8] = [
            ("actors", limits::DOCUMENT_ACTORS, |saved, actors| Saved { actors, ..saved() }),
            ("heads", limits::DOCUMENT_ACTORS, |saved, heads| Saved { heads, ..saved() }),
            ("columns", limits::DOCUMENT_COLUMNS, |saved, count| {
                let columns = (1..=count as u32).map(|number| (number << 4 | 7, Vec::new()));
                Saved { operations: columns.collect(), ..saved() }
            }),
            ("rows", limits::DOCUMENT_ROWS, |saved, rows| Saved {
                operations: vec![(0x42, run(rows as i64, &[1]))],
                ..saved()
            }),
            ("rows", limits::DOCUMENT_ROWS, |saved, rows| Saved {
                changes: vec![(0x34, unsigned(rows))],
                ..saved()
            }),
            ("bytes once inflated", limits::DOCUMENT_BYTES, |saved, bytes| Saved {
                operations: vec![(DEFLATED_VALUES, deflated(bytes))],
                ..saved()
            }),
            // All columns together: here it is the second that goes over.
            ("bytes once inflated", limits::DOCUMENT_BYTES, |saved, bytes| {
                let half = bytes / 2;
                let columns = |bytes| vec![(DEFLATED_VALUES, deflated(bytes))];
                Saved { changes: columns(half), operations: columns(bytes - half), ..saved() }
            }),
            ("bytes in a text of the document's columns", limits::MESSAGE_BYTES, |saved, bytes| {
                let one = [run(1, &[]), prefixed(&vec![b'k'; bytes as usize])].concat();
                Saved { operations: vec![(0x15, one)], ..saved() }
            }),
        ];
        for (what, limit, make) in cases {
            // What is within bounds may contradict itself all the same: then that is what it is refused for.
            let at = make(&saved, limit).refused();
            assert!(at.is_none_or(|refused| refused.code == "document_unreadable"), "{limit} {what}");
            let above = make(&saved, limit + 1).refused().unwrap();
            assert_eq!(above.code, "change_too_large", "{what}: {above}");
            let named = above.sentence.contains(what) && above.sentence.contains("more than");
            assert!(named, "{what}: {above}");
        }
        let long = Saved { actors: 1, actor: limits::ACTOR_BYTES as usize + 1, ..Saved::default() };
        assert_eq!(long.refused().unwrap().code, "change_actor");
    });
}
