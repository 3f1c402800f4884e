//! Hostile histories that grow: plausible operations on any past, and each change that is admitted stays in, so
//! that oddities pile up.

use std::num::NonZeroU64;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, MarkData, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Automerge, Change, ChangeHash, ExpandedChange, ObjType, ScalarValue};

use super::super::super::copy::guard;
use super::super::super::{Admission, Proof, Verdict, scan};
use super::campaign;
use super::oracle::{self, Second};
use crate::document::admission::tests::honest::{Dice, act};
use crate::document::admission::tests::plan;

const ACTORS: usize = 5;

struct World {
    document: Automerge,
    proof: Proof,
    changes: Vec<Change>,
    operations: Vec<(OpId, Op)>,
}

impl World {
    fn new() -> Self {
        let document = plan();
        let mut world = Self {
            proof: Proof::empty(Arc::new(())),
            changes: Vec::new(),
            operations: Vec::new(),
            document: Automerge::new_with_encoding(super::super::super::text_encoding()),
        };
        for change in document.get_changes(&[]) {
            world.take(change);
        }
        world
    }

    fn take(&mut self, change: Change) {
        self.document.apply_changes([change.clone()]).unwrap();
        if self.changes.iter().all(|known| known.hash() != change.hash()) {
            let known = scan(change.raw_bytes()).unwrap();
            let verdict = self.proof.admit(&[known]).remove(0);
            assert!(matches!(verdict, Verdict::Admitted | Verdict::Known), "{verdict:?}");
            self.proof.confirm();
        }
        for (at, op) in change.decode().operations.into_iter().enumerate() {
            let id = OpId(change.start_op().get() + at as u64, change.actor_id().clone());
            self.operations.push((id, op));
        }
        self.changes.push(change);
    }

    /// An earlier operation; mostly a recent one, and mostly one that `fits`.
    fn operation(&self, dice: &mut Dice, own: &[(OpId, Op)], fits: impl Fn(&Op) -> bool) -> (OpId, Op) {
        for _ in 0..8 {
            let all = self.operations.len() + own.len();
            let reach = if dice.roll(3) == 0 { all } else { all.min(40) };
            let at = all - 1 - dice.roll(reach);
            let found = self.operations.get(at).unwrap_or_else(|| &own[at - self.operations.len()]);
            if fits(&found.1) || dice.roll(30) == 0 {
                return found.clone();
            }
        }
        self.operations[dice.roll(self.operations.len())].clone()
    }

    fn change(&self, dice: &mut Dice) -> ExpandedChange {
        let actor = ActorId::from(&[1 + dice.roll(ACTORS) as u8; 16][..]);
        let own: Vec<&Change> = self.changes.iter().filter(|change| *change.actor_id() == actor).collect();
        let mut deps: Vec<ChangeHash> = match dice.roll(4) {
            0 | 1 => self.document.get_heads(),
            2 => vec![self.changes[dice.roll(self.changes.len())].hash()],
            _ => Vec::new(),
        };
        if let Some(last) = own.last()
            && dice.roll(40) != 0
            && !deps.contains(&last.hash())
            && deps != self.document.get_heads()
        {
            deps.push(last.hash());
        }
        if deps.is_empty() {
            deps.push(self.changes[0].hash());
        }
        deps.sort();
        let max_op = |hash: &ChangeHash| {
            self.changes.iter().find(|change| change.hash() == *hash).map_or(0, Change::max_op)
        };
        let gap = u64::from(dice.roll(40) == 0);
        let start_op = deps.iter().map(max_op).max().unwrap_or(0) + 1 + gap;
        let mut made: Vec<(OpId, Op)> = Vec::new();
        for _ in 0..[0, 1, 1, 1, 2, 2, 3, 6][dice.roll(8)] {
            for op in self.plausible(dice, &made) {
                let id = OpId(start_op + made.len() as u64, actor.clone());
                made.push((id, op));
            }
        }
        ExpandedChange {
            operations: made.into_iter().map(|(_, op)| op).collect(),
            seq: own.len() as u64 + 1,
            actor_id: actor,
            hash: None,
            start_op: NonZeroU64::new(start_op).unwrap(),
            time: 5,
            message: None,
            deps,
            extra_bytes: Vec::new(),
            author: None,
        }
    }

    /// One operation, or the two of a mark, as a client that went wrong could write them.
    fn plausible(&self, dice: &mut Dice, own: &[(OpId, Op)]) -> Vec<Op> {
        let in_text = |op: &Op| op.insert && matches!(op.key, Key::Seq(_));
        let (id, element) = self.operation(dice, own, in_text);
        let obj = element.obj.clone();
        let after =
            |id: OpId| Key::Seq(if id.0.is_multiple_of(17) { ElementId::Head } else { ElementId::Id(id) });
        let op = |action, key, insert, pred: Vec<OpId>| Op {
            action,
            obj: obj.clone(),
            key,
            pred: pred.into(),
            insert,
        };
        match dice.roll(14) {
            0..4 => {
                let text: ScalarValue = ["a", "é", "🦊"][dice.roll(3)].into();
                vec![op(OpType::Put(text), after(id), true, vec![])]
            }
            4..6 => vec![op(OpType::Delete, Key::Seq(ElementId::Id(id.clone())), false, vec![id])],
            6 => vec![op(OpType::Make(ObjType::Map), after(id), true, vec![])],
            7..9 => {
                let (other, _) = self.operation(dice, own, |op| in_text(op) && op.obj == element.obj);
                let name = ["strong", "em", "link"][dice.roll(3)];
                let value = match (dice.roll(4), name) {
                    (0, _) => ScalarValue::Null,
                    (_, "link") => "{}".into(),
                    _ => true.into(),
                };
                let begin =
                    OpType::MarkBegin(MarkData { name: name.into(), value, expand: dice.roll(2) == 0 });
                let end = OpType::MarkEnd(dice.roll(2) == 0);
                vec![op(begin, after(id), true, vec![]), op(end, after(other), true, vec![])]
            }
            9..12 => {
                // A value or an object of a map, put again, taken away, or put beside.
                let (id, old) = self.operation(dice, own, |op| matches!(op.key, Key::Map(_)));
                let (other, _) = self.operation(dice, own, |op| op.obj == old.obj && op.key == old.key);
                let pred =
                    [vec![id.clone()], vec![], vec![other.clone()], vec![other, id]][dice.roll(4)].clone();
                let action = match dice.roll(5) {
                    0 => OpType::Delete,
                    1 => OpType::Put(["", "paragraph", "a1"][dice.roll(3)].into()),
                    2 => OpType::Put(ScalarValue::Boolean(dice.roll(2) == 0)),
                    3 => OpType::Make([ObjType::Map, ObjType::List, ObjType::Text][dice.roll(3)]),
                    _ => old.action.clone(),
                };
                vec![Op { action, pred: pred.into(), ..old }]
            }
            12 => {
                // Something inside of what was made.
                let (id, made) = self.operation(dice, own, |op| matches!(op.action, OpType::Make(_)));
                let (key, action) = match (dice.roll(5), made.action) {
                    (_, OpType::Make(ObjType::Text | ObjType::List)) => {
                        let insert = Op {
                            action: OpType::Put("q".into()),
                            obj: ObjectId::Id(id),
                            key: Key::Seq(ElementId::Head),
                            pred: SortedVec::new(),
                            insert: true,
                        };
                        return vec![insert];
                    }
                    (0, _) => ("attrs", OpType::Make(ObjType::Map)),
                    (1, _) => ("parents", OpType::Make(ObjType::List)),
                    (2, _) => ("type", OpType::Put("heading".into())),
                    (3, _) => ("level", OpType::Put(2.into())),
                    _ => ("order", OpType::Put("a5".into())),
                };
                let key = Key::Map(key.into());
                vec![Op { action, obj: ObjectId::Id(id), key, pred: SortedVec::new(), insert: false }]
            }
            _ => vec![self.operation(dice, own, |_| true).1],
        }
    }
}

#[test]
fn histories_that_grow_by_what_is_admitted() {
    let goal = campaign(2_500, 50_000);
    let mut dice = Dice(21);
    let (mut tried, mut admitted, mut histories, mut longest) = (0, 0, 0, 0);
    let mut second = Second::default();
    while tried < goal {
        histories += 1;
        let mut world = World::new();
        // Something honest to begin with: blocks, marks, sections.
        let mut honest = world.document.fork().with_actor(ActorId::from(&[9_u8; 16][..]));
        for _ in 0..30 {
            act(&mut honest, &mut dice);
        }
        let known = world.document.get_heads();
        honest.get_changes(&known).into_iter().for_each(|change| world.take(change));
        for _ in 0..160 {
            let Some(change) = guard(|| Change::from(world.change(&mut dice))) else { continue };
            tried += 1;
            let heads = world.proof.heads();
            let verdict = scan(change.raw_bytes()).map(|known| world.proof.admit(&[known]).remove(0));
            if !matches!(verdict, Ok(Verdict::Admitted)) {
                assert_eq!(world.proof.heads(), heads);
                continue;
            }
            world.proof.rollback();
            admitted += 1;
            let deep = dice.roll(7) == 0;
            if let Err(harm) = oracle::harmless(&world.document, &change, deep) {
                panic!("an escape in history {histories}: {harm}: {:#?}", change.decode());
            }
            if admitted % 10 == 0 {
                second.ask(&world.document, &change);
            }
            world.take(change);
        }
        longest = longest.max(world.changes.len());
    }
    println!(
        "{tried} changes on {histories} hostile histories (up to {longest} changes): {admitted} admitted, \
         0 escapes by the Rust judge"
    );
    assert!(admitted * 4 > tried, "too few are admitted to say much");
    match second.answer() {
        None => println!("left out: the stock client as second judge is missing"),
        Some((asked, failures)) => {
            println!("{asked} of the admitted by the stock client: {} escapes", failures.len());
            assert!(failures.is_empty(), "{failures:#?}");
        }
    }
}
