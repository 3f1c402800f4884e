//! How much work the worst shapes make: a mark costs a few steps in the tree of a text however deep it is, and all of
//! it together never the square of what was typed.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Change as Parsed, ChangeHash, ExpandedChange, ObjId, ScalarValue};

use super::super::super::{Admission, Proof, Verdict, scan};
use crate::document::admission::tests::{plan, scanned, text_of};

/// A text that two people write in turn.
struct Page {
    proof: Proof,
    text: ObjectId,
    head: Vec<ChangeHash>,
    max_op: u64,
    seqs: [u64; 2],
    /// What was typed, in the order in which it stands.
    elements: Vec<OpId>,
}

fn actor(person: usize) -> ActorId {
    ActorId::from(&[person as u8 + 1; 16][..])
}

impl Page {
    /// Each types one character behind the other's last: no two characters are a run, and the tree is as deep as it
    /// can be.
    fn alternating(characters: usize) -> Self {
        let document = plan();
        let ObjId::Id(counter, maker, _) = text_of(&document) else { panic!("a text is not the root") };
        let mut proof = Proof::empty(Arc::new(()));
        assert_eq!(proof.admit(&scanned(&document)), [Verdict::Admitted]);
        proof.confirm();
        let mut page = Self {
            proof,
            text: ObjectId::Id(OpId(counter, maker)),
            head: document.get_heads(),
            max_op: document.get_changes(&[])[0].max_op(),
            seqs: [0; 2],
            elements: Vec::new(),
        };
        for number in 0..characters {
            let after = page.elements.last().cloned().map_or(ElementId::Head, ElementId::Id);
            let typed = page.insert(after, OpType::Put("x".into()));
            page.elements.push(OpId(page.max_op + 1, actor(number % 2)));
            page.write(number % 2, vec![typed]);
        }
        page
    }

    fn insert(&self, after: ElementId, action: OpType) -> Op {
        Op { action, obj: self.text.clone(), key: Key::Seq(after), pred: SortedVec::new(), insert: true }
    }

    /// From behind one element to behind another.
    fn mark(&self, from: OpId, to: OpId) -> [Op; 2] {
        let data = MarkData { name: "strong".into(), value: ScalarValue::Boolean(true), expand: false };
        [
            self.insert(ElementId::Id(from), OpType::MarkBegin(data)),
            self.insert(ElementId::Id(to), OpType::MarkEnd(false)),
        ]
    }

    /// One change; it is admitted. Answers what that took: steps in the tree, and time.
    fn write(&mut self, person: usize, operations: Vec<Op>) -> (u64, Duration) {
        self.seqs[person] += 1;
        let count = operations.len() as u64;
        let change = Parsed::from(ExpandedChange {
            operations,
            actor_id: actor(person),
            hash: None,
            seq: self.seqs[person],
            start_op: NonZeroU64::new(self.max_op + 1).unwrap(),
            time: 1,
            message: None,
            deps: self.head.clone(),
            extra_bytes: Vec::new(),
            author: None,
        });
        self.head = vec![change.hash()];
        self.max_op += count;
        let change = scan(change.raw_bytes()).unwrap();
        let before = self.proof.index.steps();
        let began = Instant::now();
        let verdict = self.proof.admit(std::slice::from_ref(&change)).remove(0);
        self.proof.confirm();
        let took = began.elapsed();
        assert_eq!(verdict, Verdict::Admitted);
        (self.proof.index.steps() - before, took)
    }

    /// Marks over parts of all sizes, the last over everything.
    fn marks(&self, count: usize) -> Vec<Op> {
        let last = self.elements.len() - 1;
        let mark = |number: usize| {
            let from = last / 2 * number / count;
            self.mark(self.elements[last / 2 - from].clone(), self.elements[last - from / 2].clone())
        };
        (1..=count).flat_map(mark).collect()
    }
}

const SOME: usize = 2_000;

/// A mark over everything that two people have typed in turn.
#[test]
fn a_mark_over_everything_costs_a_few_steps_however_deep_the_text() {
    let steps = |characters| {
        let mut page = Page::alternating(characters);
        let all = page.mark(page.elements[0].clone(), page.elements[characters - 1].clone());
        page.write(0, all.into()).0
    };
    let (some, many) = (steps(SOME), steps(16 * SOME));
    println!("a mark over {SOME} characters: {some} steps; over 16 times as many: {many}");
    assert!(some > 0 && many < 2 * some, "{some} steps, {many} for 16 times the text");
    assert!(many < 200, "{many}");
}

#[test]
fn many_marks_in_a_deep_text_cost_as_much_as_they_are() {
    const MARKS: usize = 500;
    let steps = |characters, marks| {
        let mut page = Page::alternating(characters);
        let marks = page.marks(marks);
        page.write(1, marks).0
    };
    let (some, deeper, more) = (steps(SOME, MARKS), steps(16 * SOME, MARKS), steps(SOME, 4 * MARKS));
    println!("{MARKS} marks: {some} steps; in 16 times the text {deeper}; four times the marks {more}");
    assert!(deeper < 2 * some, "{some} steps, {deeper} in 16 times the text");
    assert!(more < 6 * some, "{some} steps, {more} for four times the marks");
    assert!(some < 200 * MARKS as u64, "{some}");
}

/// Each mark begins behind the beginning of the one before: the marks themselves are what makes the tree deep.
#[test]
fn marks_that_hang_on_marks_cost_as_much_as_they_are() {
    let steps = |changes: usize| {
        let mut page = Page::alternating(10);
        let (mut from, to) = (page.elements[0].clone(), page.elements[9].clone());
        let mut steps = 0;
        for _ in 0..changes {
            let mut operations = Vec::new();
            for _ in 0..100 {
                let begin = OpId(page.max_op + 1 + operations.len() as u64, actor(0));
                operations.extend(page.mark(std::mem::replace(&mut from, begin), to.clone()));
            }
            steps += page.write(0, operations).0;
        }
        steps
    };
    let (some, more) = (steps(10), steps(40));
    println!("1,000 marks, each on the one before: {some} steps; 4,000: {more}");
    assert!(more < 8 * some, "{some} steps, {more} for four times the marks");
}

/// Counted steps are not all there is: the time of everything together, for four times of everything.
#[test]
fn four_times_the_worst_takes_no_more_than_a_few_times_as_long() {
    let time = |characters: usize, marks: usize| {
        let once = || {
            let mut page = Page::alternating(characters);
            let typed: Duration = (0..characters / 4)
                .map(|number| {
                    let after = ElementId::Id(page.elements[number * 4].clone());
                    let typed = page.insert(after, OpType::Put("y".into()));
                    page.write(number % 2, vec![typed]).1
                })
                .sum();
            let marks = page.marks(marks);
            typed + page.write(0, marks).1
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    let (some, more) = (time(SOME, 250), time(4 * SOME, 1_000));
    println!("{SOME} characters and 250 marks: {some:?}; four times of both: {more:?}");
    assert!(more < 10 * some, "{some:?}, {more:?} for four times as much");
}
