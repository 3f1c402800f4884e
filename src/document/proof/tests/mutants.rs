//! Honest changes, each with one thing in it made wrong: none that is admitted does harm.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Automerge, Change, ExpandedChange, ObjType, ScalarValue};

use super::super::super::copy::guard;
use super::super::super::{Admission, Proof, Verdict, scan, text_encoding};
use super::campaign;
use super::oracle::{self, Second};
use crate::document::admission::tests::damage::damaged;
use crate::document::admission::tests::honest::{Dice, history};

/// Everything in a history that a mutant can refer to.
struct Pool {
    ids: Vec<OpId>,
    operations: Vec<Op>,
    hashes: Vec<automerge::ChangeHash>,
    actors: Vec<ActorId>,
}

impl Pool {
    fn of(changes: &[Change]) -> Self {
        let mut pool =
            Self { ids: Vec::new(), operations: Vec::new(), hashes: Vec::new(), actors: Vec::new() };
        for change in changes {
            let expanded = change.decode();
            for (at, op) in expanded.operations.into_iter().enumerate() {
                pool.ids.push(OpId(change.start_op().get() + at as u64, change.actor_id().clone()));
                pool.operations.push(op);
            }
            pool.hashes.push(change.hash());
            pool.actors.push(change.actor_id().clone());
        }
        pool.actors.sort();
        pool.actors.dedup();
        pool
    }

    fn id(&self, dice: &mut Dice) -> OpId {
        self.ids[dice.roll(self.ids.len())].clone()
    }
}

fn scalar(dice: &mut Dice) -> ScalarValue {
    match dice.roll(14) {
        0 => ScalarValue::Int(i64::MIN),
        1 => ScalarValue::Int(1 << 53),
        2 => ScalarValue::Uint(u64::MAX),
        3 => ScalarValue::F64(f64::NAN),
        4 => ScalarValue::Counter(3.into()),
        5 => ScalarValue::Timestamp(-1),
        6 => ScalarValue::Bytes(vec![1, 2, 3]),
        7 => ScalarValue::Null,
        8 => ScalarValue::Boolean(true),
        9 => "two".into(),
        10 => "x".repeat(5_000).as_str().into(),
        11 => "".into(),
        12 => ScalarValue::F64(2.0),
        _ => ScalarValue::Int(2),
    }
}

fn name(dice: &mut Dice) -> &'static str {
    const NAMES: [&str; 16] = [
        "__proto__",
        "",
        "title",
        "sections",
        "tables",
        "schema",
        "text",
        "order",
        "parent",
        "removed",
        "attrs",
        "parents",
        "type",
        "id",
        "constructor",
        "s1",
    ];
    NAMES[dice.roll(NAMES.len())]
}

fn preds(op: &Op) -> Vec<OpId> {
    (0..op.pred.len()).filter_map(|at| op.pred.get(at).cloned()).collect()
}

const KINDS: usize = 38;

/// One thing made wrong. None: this change has no such thing.
fn mutate(change: &Change, kind: usize, pool: &Pool, dice: &mut Dice) -> Option<ExpandedChange> {
    let mut it = change.decode();
    it.hash = None;
    let next = |number: NonZeroU64, by: i64| NonZeroU64::new(number.get().saturating_add_signed(by));
    match kind {
        0 => it.seq += 1,
        1 => it.seq = it.seq.checked_sub(1)?,
        2 => it.start_op = next(it.start_op, 1)?,
        3 => it.start_op = next(it.start_op, -1)?,
        4 => it.start_op = NonZeroU64::new(1 << (10 + dice.roll(22)))?,
        5 => it.deps.clear(),
        6 => {
            (!it.deps.is_empty()).then_some(())?;
            it.deps.remove(dice.roll(it.deps.len()));
        }
        7 => it.deps.push(pool.hashes[dice.roll(pool.hashes.len())]),
        8 => *it.deps.first_mut()? = pool.hashes[dice.roll(pool.hashes.len())],
        9 => it.actor_id = pool.actors[dice.roll(pool.actors.len())].clone(),
        10 => it.actor_id = ActorId::from(&[0x77_u8; 16][..]),
        11 => it.message = Some("m".repeat(dice.roll(2_000))),
        12 => it.time = [i64::MIN, -1, 1 << 40, i64::MAX][dice.roll(4)],
        13 => it.extra_bytes = vec![1, 1, b'a'],
        14 => {
            let deps = it.deps.clone();
            it.deps.extend(deps);
        }
        15 => {
            it.operations.clear();
        }
        _ => {
            (!it.operations.is_empty()).then_some(())?;
            let at = dice.roll(it.operations.len());
            operation(&mut it, at, kind, pool, dice)?;
        }
    }
    if kind != 14 {
        it.deps.sort();
        it.deps.dedup();
    }
    Some(it)
}

fn operation(it: &mut ExpandedChange, at: usize, kind: usize, pool: &Pool, dice: &mut Dice) -> Option<()> {
    let count = it.operations.len();
    let own = OpId(it.start_op.get() + dice.roll(count + 2) as u64, it.actor_id.clone());
    let op = &mut it.operations[at];
    match kind {
        16 => drop(it.operations.remove(at)),
        17 => {
            let twin = op.clone();
            it.operations.insert(at, twin);
        }
        18 => it.operations.swap(at, dice.roll(count)),
        19 => op.obj = ObjectId::Id(pool.id(dice)),
        20 => op.obj = ObjectId::Root,
        21 => op.obj = pool.operations[dice.roll(pool.operations.len())].obj.clone(),
        22 => op.key = Key::Seq(ElementId::Id(pool.id(dice))),
        23 => op.key = Key::Seq(ElementId::Head),
        24 => op.key = Key::Map(name(dice).into()),
        25 => op.key = Key::Seq(ElementId::Id(own)),
        26 => {
            let mut all = preds(op);
            all.push(if dice.roll(4) == 0 { own } else { pool.id(dice) });
            op.pred = all.into();
        }
        27 => op.pred = SortedVec::new(),
        28 => {
            let mut all = preds(op);
            *all.first_mut()? = pool.id(dice);
            op.pred = all.into();
        }
        29 => op.insert = !op.insert,
        30 => op.action = OpType::Delete,
        31 => op.action = OpType::Put(scalar(dice)),
        32 => {
            let kinds = [ObjType::Map, ObjType::List, ObjType::Text, ObjType::Table];
            op.action = OpType::Make(kinds[dice.roll(4)]);
        }
        33 => op.action = OpType::Increment(1),
        34 => {
            let name = ["strong", "", "other"][dice.roll(3)].into();
            op.action = OpType::MarkBegin(MarkData { name, value: scalar(dice), expand: dice.roll(2) == 0 });
        }
        35 => op.action = OpType::MarkEnd(dice.roll(2) == 0),
        36 => {
            // The two ends of a mark change places; other operations get another's key.
            let other = dice.roll(count);
            let key = op.key.clone();
            let taken = std::mem::replace(&mut it.operations[other].key, key);
            it.operations[at].key = taken;
        }
        _ => {
            let mut other = pool.operations[dice.roll(pool.operations.len())].clone();
            if dice.roll(2) == 0 {
                other.obj = op.obj.clone();
            }
            it.operations.insert(at, other);
        }
    }
    Some(())
}

#[derive(Default, Debug)]
struct Count {
    tried: usize,
    refused: usize,
    /// Refused, though the judge finds no harm.
    strict: usize,
    admitted: usize,
}

#[test]
fn structured_mutants() {
    let goal = campaign(3_000, 50_000);
    let mut dice = Dice(11);
    let mut counts: BTreeMap<usize, Count> = BTreeMap::new();
    let mut second = Second::default();
    let (mut tried, mut seed, mut admitted) = (0, 500, 0);
    while tried < goal {
        seed += 1;
        let (honest, whole) = history(seed, 3, 8);
        let parsed = whole.get_changes(&[]);
        let pool = Pool::of(&parsed);
        let mut proof = Proof::empty(Arc::new(()));
        let mut document = Automerge::new_with_encoding(text_encoding());
        for (change, known) in parsed.iter().zip(&honest) {
            for _ in 0..8 {
                let kind = dice.roll(KINDS);
                let Some(mutant) = mutate(change, kind, &pool, &mut dice) else { continue };
                let Some(mutant) = guard(|| Change::from(mutant)) else { continue };
                if mutant.hash() == change.hash() {
                    continue;
                }
                tried += 1;
                let count = counts.entry(kind).or_default();
                count.tried += 1;
                let heads = proof.heads();
                let verdict = scan(mutant.raw_bytes()).map(|mutant| proof.admit(&[mutant]).remove(0));
                match verdict {
                    Ok(Verdict::Admitted) => {
                        proof.rollback();
                        count.admitted += 1;
                        admitted += 1;
                        let deep = dice.roll(6) == 0;
                        if let Err(harm) = oracle::harmless(&document, &mutant, deep) {
                            panic!("an escape of kind {kind}: {harm}: {:#?}", mutant.decode());
                        }
                        if admitted % 10 == 0 {
                            second.ask(&document, &mutant);
                        }
                    }
                    _ => {
                        count.refused += 1;
                        if dice.roll(8) == 0 && oracle::harmless(&document, &mutant, false).is_ok() {
                            count.strict += 8;
                        }
                    }
                }
                assert_eq!(proof.heads(), heads, "what is refused or taken back leaves nothing behind");
            }
            assert_eq!(proof.admit(std::slice::from_ref(known)), [Verdict::Admitted], "seed {seed}");
            proof.confirm();
            document.apply_changes([change.clone()]).unwrap();
        }
    }
    println!("kind: tried, admitted, refused (of them harmless by the judge, about)");
    for (kind, Count { tried, admitted, refused, strict }) in &counts {
        println!("{kind:4}: {tried}, {admitted}, {refused} ({strict})");
    }
    println!("{tried} structured mutants: {admitted} admitted, 0 escapes by the Rust judge");
    match second.answer() {
        None => println!("left out: the stock client as second judge is missing"),
        Some((asked, failures)) => {
            println!("{asked} of the admitted by the stock client: {} escapes", failures.len());
            assert!(failures.is_empty(), "{failures:#?}");
        }
    }
}

/// What the reader takes as canonical is what the document crate writes.
#[test]
fn canonical_is_what_the_document_rebuilds() {
    let mut dice = Dice(12);
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..campaign(6, 60) as u64 {
        let (honest, _) = history(900 + seed, 3, 8);
        for change in &honest {
            for _ in 0..40 {
                let bytes = damaged(&change.raw, &mut dice);
                let Ok(mutant) = scan(&bytes) else { continue };
                let reads = super::index::reads(&mutant.raw);
                let rebuilds = guard(|| {
                    let parsed = Change::from_bytes(bytes.clone()).ok()?;
                    Some(Change::from(parsed.decode()).raw_bytes() == bytes)
                });
                let rebuilds = rebuilds.flatten() == Some(true);
                assert!(!reads || rebuilds, "read as canonical, but it is not: {mutant:?}");
                taken += usize::from(reads);
                refused += usize::from(!reads);
            }
        }
    }
    println!("{taken} damaged changes are canonical and rebuilt, {refused} are not read");
    assert!(taken > 100 && refused > 100);
}
