//! Real changes without a document behind them: one character after the other, on the heads last heard.

use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Automerge, Change, ChangeHash, ExpandedChange, ObjId, ROOT, ReadDoc, ScalarValue};

/// Types in one section of a plan.
pub(crate) struct Writer {
    actor: ActorId,
    text: OpId,
    seq: u64,
    /// The largest operation number that it has heard of.
    max_op: u64,
    last: Option<OpId>,
}

impl Writer {
    /// A new actor in the text of a section, knowing the document as it is.
    pub(crate) fn new(document: &Automerge, section: &str) -> Self {
        let mut at = ROOT;
        for key in ["sections", section, "text"] {
            let found = document.get(&at, key).unwrap();
            at = found.unwrap_or_else(|| panic!("{key} is missing")).1;
        }
        let ObjId::Id(counter, actor, _) = at else { panic!("a text is not the root") };
        let heads = document.get_heads();
        let max_op = heads.iter().map(|hash| document.get_change_meta_by_hash(hash).unwrap().max_op);
        Self {
            actor: ActorId::random(),
            text: OpId(counter, actor),
            seq: 0,
            max_op: max_op.max().unwrap_or(0),
            last: None,
        }
    }

    /// The text in which it writes.
    pub(crate) fn text(&self) -> ObjId {
        ObjId::Id(self.text.0, self.text.1.clone(), 0)
    }

    /// Takes note of changes from others, on which the next own one will build.
    pub(crate) fn heard(&mut self, changes: &[Change]) {
        let max_op = changes.iter().filter(|change| !change.is_empty()).map(Change::max_op).max();
        self.max_op = self.max_op.max(max_op.unwrap_or(0));
    }

    /// Takes note of an operation number that somebody has used.
    pub(crate) fn heard_of(&mut self, op: u64) {
        self.max_op = self.max_op.max(op);
    }

    /// How many changes it has made.
    pub(crate) fn written(&self) -> u64 {
        self.seq
    }

    /// The next change: `what` is typed after what this writer typed last, or at the text's beginning.
    pub(crate) fn write(&mut self, what: &str, heads: impl IntoIterator<Item = ChangeHash>) -> Change {
        let mut operations = Vec::new();
        for character in what.chars() {
            self.max_op += 1;
            let after = self.last.take().map_or(ElementId::Head, ElementId::Id);
            operations.push(Op {
                action: OpType::Put(ScalarValue::Str(character.to_string().into())),
                obj: ObjectId::Id(self.text.clone()),
                key: Key::Seq(after),
                pred: SortedVec::new(),
                insert: true,
            });
            self.last = Some(OpId(self.max_op, self.actor.clone()));
        }
        self.seq += 1;
        let start_op = self.max_op + 1 - operations.len() as u64;
        ExpandedChange {
            operations,
            actor_id: self.actor.clone(),
            hash: None,
            seq: self.seq,
            start_op: NonZeroU64::new(start_op).expect("operations are counted from 1"),
            time: 1_700_000_000,
            message: None,
            deps: heads.into_iter().collect(),
            extra_bytes: Vec::new(),
            author: None,
        }
        .into()
    }
}
