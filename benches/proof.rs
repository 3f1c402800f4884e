//! What it costs to show that one change is harmless, at any length of history: the byte scan and the proof,
//! without the log. The histories are crafted: bursts of 25 characters by four people, each somewhere else; and the
//! worst, two people who type in turn, each one character behind the other's last.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange, ObjType, ScalarValue};
use parking_lot::Mutex;
use quorate::document::{Admission as _, History, Proof, Verdict, scan};

use super::report::{Report, percentile};

const PEOPLE: usize = 4;
const BURST: usize = 25;
/// How often each kind of change is measured.
const TRIES: usize = 200;

/// What is written, its goal in microseconds, and how it is written.
type Kind = (&'static str, Option<f64>, fn(&mut Plan) -> Vec<Op>);

pub(crate) fn run(report: &mut Report) {
    for edits in [1_000, 10_000, 100_000, 300_000] {
        let mut plan = Plan::new();
        plan.type_bursts(edits);
        let goal = (edits == 100_000).then_some(4.0);
        let mebibytes = plan.proof.bytes() as f64 / f64::from(1 << 20);
        let nodes = format!("{} nodes; hashes are the room's", plan.proof.nodes());
        report.row(format!("proof: index of {edits} edits"), "MiB", mebibytes, goal, nodes);
        let kinds: [Kind; 5] = [
            ("a keystroke", Some(10.0), Plan::keystroke),
            ("one deleted", Some(10.0), Plan::delete),
            ("120 pasted", None, Plan::paste),
            ("a mark", Some(15.0), Plan::mark),
            ("a block split", Some(15.0), Plan::split),
        ];
        for (name, goal, make) in kinds {
            let (mut scans, mut proofs) = (Vec::new(), Vec::new());
            for _ in 0..TRIES {
                let operations = make(&mut plan);
                let [scan, proof] = plan.write(operations);
                scans.push(scan);
                proofs.push(proof);
            }
            let [scan, proof] = [scans, proofs].map(|mut times| microseconds(percentile(&mut times, 0.5)));
            let both = format!("scan {scan:.1}, proof {proof:.1}");
            report.row(format!("proof: {name}, behind {edits} edits, p50"), "µs", scan + proof, goal, both);
        }
    }
    for edits in [1_000, 100_000] {
        let mut plan = Plan::new();
        plan.type_in_turn(edits);
        let (mut scans, mut proofs) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            let operations = mark_over(&plan.elements[0], plan.elements.last().unwrap());
            let [scan, proof] = plan.write_as(0, operations);
            scans.push(scan);
            proofs.push(proof);
        }
        let [scan, proof] = [scans, proofs].map(|mut times| microseconds(percentile(&mut times, 0.5)));
        let both = format!("scan {scan:.1}, proof {proof:.1}; {} nodes", plan.proof.nodes());
        let name = format!("proof: a mark over {edits} characters that two typed in turn, p50");
        report.row(name, "µs", scan + proof, (edits == 100_000).then_some(15.0), both);
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

/// A document that is only ever written to, and what admits it.
struct Plan {
    proof: Proof,
    /// The hashes, as a room keeps them.
    published: Arc<Mutex<History>>,
    head: Vec<ChangeHash>,
    max_op: u64,
    seqs: [u64; PEOPLE],
    /// All characters that were typed.
    elements: Vec<OpId>,
    dice: u64,
}

fn actor(person: usize) -> ActorId {
    ActorId::from(&[person as u8 + 1; 16][..])
}

impl Plan {
    fn new() -> Self {
        let published = Arc::new(Mutex::<History>::default());
        let mut plan = Self {
            proof: Proof::empty(published.clone()),
            published,
            head: Vec::new(),
            max_op: 0,
            seqs: [0; PEOPLE],
            elements: Vec::new(),
            dice: 1,
        };
        let inside = |counter| ObjectId::Id(OpId(counter, actor(0)));
        let made = [
            (ObjectId::Root, "schema", OpType::Put(1.into())),
            (ObjectId::Root, "sections", OpType::Make(ObjType::Map)),
            (inside(2), "aims", OpType::Make(ObjType::Map)),
            (inside(3), "text", OpType::Make(ObjType::Text)),
        ];
        plan.write(made.into_iter().map(|(obj, key, action)| in_map(obj, key, action)).collect());
        let first = insert(ElementId::Head, "A");
        plan.elements.push(OpId(5, actor(0)));
        plan.write(vec![first]);
        plan
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize % sides
    }

    fn person(&self) -> usize {
        // Whoever typed the last burst goes on: the next one is another's.
        self.elements.len() / BURST % PEOPLE
    }

    fn element(&mut self) -> OpId {
        let at = self.roll(self.elements.len());
        self.elements[at].clone()
    }

    fn type_bursts(&mut self, edits: usize) {
        for _ in 0..edits / BURST {
            let mut after = self.element();
            for _ in 0..BURST {
                let id = OpId(self.max_op + 1, actor(self.person()));
                self.write(vec![insert(ElementId::Id(after), "x")]);
                after = id.clone();
                self.elements.push(id);
            }
        }
    }

    /// No two characters are one run, and each hangs on the one before.
    fn type_in_turn(&mut self, edits: usize) {
        for number in 0..edits {
            let person = number % 2;
            let after = self.elements[self.elements.len() - 1].clone();
            self.elements.push(OpId(self.max_op + 1, actor(person)));
            self.write_as(person, vec![insert(ElementId::Id(after), "x")]);
        }
    }

    fn keystroke(&mut self) -> Vec<Op> {
        vec![insert(ElementId::Id(self.element()), "y")]
    }

    fn delete(&mut self) -> Vec<Op> {
        let id = self.element();
        let key = Key::Seq(ElementId::Id(id.clone()));
        vec![Op { action: OpType::Delete, obj: text(), key, pred: vec![id].into(), insert: false }]
    }

    fn paste(&mut self) -> Vec<Op> {
        let (first, person) = (self.max_op + 1, self.person());
        let mut after = self.element();
        (0..120)
            .map(|at| {
                insert(ElementId::Id(std::mem::replace(&mut after, OpId(first + at, actor(person)))), "z")
            })
            .collect()
    }

    fn mark(&mut self) -> Vec<Op> {
        // Each burst is in order; of two characters of one, the earlier stands before.
        let at = self.roll(self.elements.len() / BURST - 1) * BURST + 1;
        mark_over(&self.elements[at], &self.elements[at + 10])
    }

    fn split(&mut self) -> Vec<Op> {
        let marker = self.max_op + 1;
        let person = self.person();
        let inside = |by| ObjectId::Id(OpId(marker + by, actor(person)));
        let block = Op { action: OpType::Make(ObjType::Map), ..insert(ElementId::Id(self.element()), "") };
        vec![
            block,
            in_map(inside(0), "type", OpType::Put("paragraph".into())),
            in_map(inside(0), "parents", OpType::Make(ObjType::List)),
            in_map(inside(0), "attrs", OpType::Make(ObjType::Map)),
            in_map(inside(3), "id", OpType::Put("p1".into())),
            in_map(inside(0), "isEmbed", OpType::Put(false.into())),
        ]
    }

    /// Writes one change, and says how long the scan and the proof took.
    fn write(&mut self, operations: Vec<Op>) -> [Duration; 2] {
        self.write_as(self.person(), operations)
    }

    fn write_as(&mut self, person: usize, operations: Vec<Op>) -> [Duration; 2] {
        self.seqs[person] += 1;
        let count = operations.len() as u64;
        let change = Change::from(ExpandedChange {
            operations,
            actor_id: actor(person),
            hash: None,
            seq: self.seqs[person],
            start_op: NonZeroU64::new(self.max_op + 1).unwrap(),
            time: 1_700_000_000,
            message: None,
            deps: self.head.clone(),
            extra_bytes: Vec::new(),
            author: None,
        });
        self.head = vec![change.hash()];
        self.max_op += count;
        let began = Instant::now();
        let scanned = scan(change.raw_bytes()).unwrap();
        let scan = began.elapsed();
        let began = Instant::now();
        let verdict = self.proof.admit(std::slice::from_ref(&scanned)).remove(0);
        self.proof.confirm();
        let proof = began.elapsed();
        assert_eq!(verdict, Verdict::Admitted);
        let position = u64::from(self.published.lock().len()) + 1;
        self.published.lock().append(&scanned, position).unwrap();
        [scan, proof]
    }
}

fn text() -> ObjectId {
    ObjectId::Id(OpId(4, actor(0)))
}

fn insert(after: ElementId, text_: &str) -> Op {
    let action = OpType::Put(text_.into());
    Op { action, obj: text(), key: Key::Seq(after), pred: SortedVec::new(), insert: true }
}

fn mark_over(from: &OpId, to: &OpId) -> Vec<Op> {
    let data = MarkData { name: "strong".into(), value: ScalarValue::Boolean(true), expand: true };
    [OpType::MarkBegin(data), OpType::MarkEnd(true)]
        .into_iter()
        .zip([from, to])
        .map(|(action, after)| Op { action, ..insert(ElementId::Id(after.clone()), "") })
        .collect()
}

fn in_map(obj: ObjectId, key: &str, action: OpType) -> Op {
    Op { action, obj, key: Key::Map(key.into()), pred: SortedVec::new(), insert: false }
}
