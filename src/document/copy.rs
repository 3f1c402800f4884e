//! Admission by copy: a change is applied to a proving copy of the document, then the copy is asked whether it
//! is still sound.
//!
//! Simple and independent of how a client encodes its changes. What it costs grows with the text that is
//! touched, once a batch. The copy is changed in place, since cloning it first would cost more than applying;
//! when a change breaks it, it is built again from the last snapshot and the changes since.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use automerge::legacy::{OpId, OpType};
use automerge::{
    Automerge, Change as Parsed, ExpandedChange, LoadOptions, ObjType, ReadDoc, VerificationMode,
};
use bytes::Bytes;

use super::marks;
use super::past::{Next, Outside, Past};
use super::rules::{self, Findings, Surroundings};
use super::{Admission, Reading, Refused, Unreadable, Verdict, text_encoding};
use crate::domain::{Change, ChangeHash, Heads};

/// The proving copy of one document.
pub struct Copy {
    /// With all that is admitted, confirmed or not. Readers share it; it is cloned only when a change comes
    /// while one of them still holds it.
    document: Arc<Reading>,
    past: Past,
    /// How many changes of the past are confirmed.
    confirmed: usize,
    snapshot: Bytes,
    /// All changes since the snapshot, in order; the last ones may be unconfirmed.
    tail: Vec<Bytes>,
    /// How many changes the snapshot holds.
    snapshot_changes: usize,
}

/// A change that passed all checks that need no applying.
struct Candidate {
    parsed: Parsed,
    raw: Bytes,
    marks: Vec<rules::Mark>,
}

impl Copy {
    /// The copy of a document without any change.
    pub fn empty() -> Self {
        Self {
            document: Arc::default(),
            past: Past::default(),
            confirmed: 0,
            snapshot: Bytes::new(),
            tail: Vec::new(),
            snapshot_changes: 0,
        }
    }

    /// From a snapshot (none: empty bytes) and the raw changes since, all of them admitted before.
    pub fn load(snapshot: Bytes, tail: impl IntoIterator<Item = Bytes>) -> Result<Self, Unreadable> {
        let tail: Vec<Bytes> = tail.into_iter().collect();
        let document = rebuild(&snapshot, &tail)?;
        let mut past = Past::default();
        for meta in document.automerge().get_changes_meta(&[]) {
            let deps: Vec<ChangeHash> = meta.deps.iter().map(|hash| ChangeHash(hash.0)).collect();
            let actor = crate::domain::ActorId::new(meta.actor.to_bytes())
                .map_err(|cause| Unreadable::because(cause.to_string()))?;
            let next =
                Next { hash: ChangeHash(meta.hash.0), actor: &actor, max_op: meta.max_op, deps: &deps };
            past.append_known(next);
        }
        let confirmed = past.len();
        let snapshot_changes = confirmed.saturating_sub(tail.len());
        Ok(Self { document: Arc::new(document), past, confirmed, snapshot, tail, snapshot_changes })
    }

    /// How many changes came since the snapshot that a broken copy is built again from.
    pub fn tail_len(&self) -> usize {
        self.tail.len()
    }

    /// How many changes are confirmed.
    pub fn changes(&self) -> usize {
        self.confirmed
    }

    /// Takes the last confirmed changes back, for tests that try many.
    #[cfg(test)]
    pub(super) fn unconfirm(&mut self, count: usize) {
        self.confirmed -= count;
        self.rollback();
    }

    /// The confirmed document, for readers.
    pub fn reader(&mut self) -> Arc<Reading> {
        if self.confirmed == self.past.len() {
            return Arc::clone(&self.document);
        }
        // Asked in the middle of a commit: rare, so it may cost a load.
        let tail = &self.tail[..self.confirmed - self.snapshot_changes];
        Arc::new(rebuild(&self.snapshot, tail).expect("these changes were applied before"))
    }

    #[cfg(test)]
    pub(super) fn save(&mut self) -> Bytes {
        let snapshot = Bytes::from(self.reader().save());
        self.take_snapshot(&snapshot, self.confirmed);
        snapshot
    }

    #[cfg(test)]
    pub(super) fn inner(&self) -> &Automerge {
        self.document.automerge()
    }

    fn automerge(&self) -> &Automerge {
        self.document.automerge()
    }

    /// Everything that can be said of a change before applying it. The change is then counted into the past.
    fn examine(&mut self, change: &Change, made: &Made) -> Result<(Parsed, Findings), Verdict> {
        if self.past.contains(&change.hash) {
            return Err(Verdict::Known);
        }
        let missing: Vec<_> = change.deps.iter().filter(|dep| !self.past.contains(dep)).copied().collect();
        if !missing.is_empty() {
            return Err(Verdict::MissingDeps(missing));
        }
        let refuse = |code, sentence: &'static str| Err(Verdict::Refused(Refused::new(code, sentence)));
        if change.deps.is_empty() && self.past.len() > 0 {
            return refuse("change_root", "The change does not build on this document's history.");
        }
        if change.seq != self.past.last_seq(&change.actor) + 1 {
            return refuse("change_sequence", "The change is not the next one of its actor.");
        }
        let outside = self.past.outside(&change.deps);
        if !self.past.has_seen_last(&outside, &change.actor) {
            return refuse(
                "change_sequence",
                "The change does not build on its actor's own previous change.",
            );
        }
        if change.start_op != self.past.max_op(&change.deps) + 1 {
            return refuse(
                "change_counter",
                "The change's operations are not numbered on from what it builds on.",
            );
        }
        let (parsed, expanded) = decode(change).map_err(Verdict::Refused)?;
        let around = Around {
            past: &self.past,
            outside: &outside,
            document: self.automerge(),
            in_document: made.before,
            made,
        };
        let findings = guard(|| rules::check(&expanded, &around))
            .unwrap_or_else(|| Err(unsound()))
            .map_err(Verdict::Refused)?;
        let max_op = change.start_op + expanded.operations.len() as u64 - 1;
        let next = Next { hash: change.hash, actor: &change.actor, max_op, deps: &change.deps };
        self.past.append(next, outside);
        Ok((parsed, findings))
    }

    /// Applies candidates in place. False: the document is broken, or a candidate is not sound in it.
    fn apply(&mut self, candidates: &[Candidate]) -> bool {
        let before = self.automerge().get_heads();
        let document = Arc::make_mut(&mut self.document).automerge_mut();
        guard(|| {
            let changes: Vec<Parsed> = candidates.iter().map(|candidate| candidate.parsed.clone()).collect();
            document.apply_changes(changes).is_ok() && sound(document, &before, candidates)
        })
        .unwrap_or(false)
    }

    /// The document as it was with the changes of the tail, and nothing of the rest.
    fn restore(&mut self) {
        self.document =
            Arc::new(rebuild(&self.snapshot, &self.tail).expect("these changes were applied before"));
    }

    /// One by one, after a batch failed as a whole: the innocent are admitted, the others named.
    fn admit_singly(&mut self, batch: &[Change], verdicts: &mut [Verdict]) {
        for (change, verdict) in batch.iter().zip(verdicts) {
            let count = self.past.len();
            let sound_so_far = Arc::clone(&self.document);
            *verdict = match self.examine(change, &Made::after(&self.past)) {
                Err(verdict) => verdict,
                Ok((parsed, findings)) => {
                    let candidate = Candidate { parsed, raw: change.raw.clone(), marks: findings.marks };
                    if self.apply(std::slice::from_ref(&candidate)) {
                        self.tail.push(candidate.raw);
                        Verdict::Admitted
                    } else {
                        self.document = sound_so_far;
                        self.past.truncate(count);
                        Verdict::Refused(unsound())
                    }
                }
            };
        }
    }
}

impl Admission for Copy {
    fn admit(&mut self, batch: &[Change]) -> Vec<Verdict> {
        let count = self.past.len();
        let mut made = Made::after(&self.past);
        let mut candidates = Vec::new();
        let mut verdicts: Vec<Verdict> = batch
            .iter()
            .map(|change| match self.examine(change, &made) {
                Err(verdict) => verdict,
                Ok((parsed, findings)) => {
                    made.add(&findings);
                    candidates.push(Candidate { parsed, raw: change.raw.clone(), marks: findings.marks });
                    Verdict::Admitted
                }
            })
            .collect();
        if candidates.is_empty() {
            return verdicts;
        }
        if self.apply(&candidates) {
            self.tail.extend(candidates.into_iter().map(|candidate| candidate.raw));
        } else {
            self.past.truncate(count);
            self.restore();
            self.admit_singly(batch, &mut verdicts);
        }
        verdicts
    }

    fn confirm(&mut self) {
        self.confirmed = self.past.len();
    }

    fn rollback(&mut self) {
        if self.confirmed < self.past.len() {
            self.past.truncate(self.confirmed);
            self.tail.truncate(self.confirmed - self.snapshot_changes);
            self.restore();
        }
    }

    fn contains(&self, hash: &ChangeHash) -> bool {
        self.past.contains(hash)
    }

    fn heads(&self) -> Heads {
        self.past.heads()
    }

    /// Where it holds all that is here, it is taken over as it is instead of applying change after change.
    fn admit_imported(&mut self, whole: &Reading, changes: &[Change]) -> Vec<Verdict> {
        let count = self.past.len();
        if !whole.contains(&self.past.heads()) {
            return self.admit(changes);
        }
        let mut made = Made::after(&self.past);
        let mut raw = Vec::new();
        let verdicts: Vec<Verdict> = changes
            .iter()
            .map(|change| match self.examine(change, &made) {
                Err(verdict) => verdict,
                Ok((_, findings)) => {
                    made.add(&findings);
                    raw.push(change.raw.clone());
                    Verdict::Admitted
                }
            })
            .collect();
        if verdicts.iter().all(|verdict| matches!(verdict, Verdict::Admitted | Verdict::Known)) {
            // Loading it has rebuilt every change and checked the order of every mark.
            self.document = Arc::new(whole.clone());
            self.tail.extend(raw);
            return verdicts;
        }
        self.past.truncate(count);
        self.admit(changes)
    }

    fn document(&mut self) -> Option<(Arc<Reading>, usize)> {
        Some((self.reader(), self.confirmed))
    }

    fn take_snapshot(&mut self, snapshot: &Bytes, changes: usize) {
        if changes > self.snapshot_changes && changes <= self.confirmed {
            self.tail.drain(..changes - self.snapshot_changes);
            self.tail.shrink_to(self.tail.len() * 2);
            self.snapshot_changes = changes;
            self.snapshot = snapshot.clone();
        }
    }
}

/// What the rules ask about, when a change is looked at.
struct Around<'a> {
    past: &'a Past,
    outside: &'a Outside,
    document: &'a Automerge,
    /// How many changes of the past the document holds.
    in_document: usize,
    made: &'a Made,
}

/// What earlier changes of the batch made, which the document does not hold yet.
#[derive(Default)]
struct Made {
    /// How many changes there were before the batch.
    before: usize,
    objects: HashMap<OpId, ObjType>,
    /// The operations that begin and end marks.
    marks: HashSet<OpId>,
}

impl Made {
    fn after(past: &Past) -> Self {
        Self { before: past.len(), ..Self::default() }
    }

    fn add(&mut self, findings: &Findings) {
        self.objects.extend(findings.objects.iter().cloned());
        self.marks.extend(findings.marks.iter().flat_map(rules::Mark::halves));
    }
}

impl Surroundings for Around<'_> {
    fn object(&self, id: &OpId) -> Option<ObjType> {
        self.made.objects.get(id).copied().or_else(|| self.document.object_type(marks::object(id)).ok())
    }

    fn seen(&self, id: &OpId) -> bool {
        self.past.has_seen(self.outside, id.1.to_bytes(), id.0)
    }

    fn is_mark(&self, text: &OpId, element: &OpId) -> bool {
        if self.made.marks.contains(element) {
            return true;
        }
        // Made by an earlier change of the batch, whose marks are known.
        let Some(maker) = self.past.holder_among(self.in_document, element.1.to_bytes(), element.0) else {
            return false;
        };
        // What is visible is no mark; what somebody else has deleted meanwhile is looked up where it was made.
        let text = marks::object(text);
        let visible = guard(|| marks::place(self.document, &text, element, None)).flatten();
        if visible.is_some_and(|(_, visible)| visible) {
            return false;
        }
        let maker = self.document.get_change_by_hash(&automerge::ChangeHash(maker.0));
        maker.is_some_and(|change| {
            let at = element.0.checked_sub(change.start_op().get()).map(|at| at as usize);
            let change = change.decode();
            at.and_then(|at| change.operations.get(at))
                .is_none_or(|op| matches!(op.action, OpType::MarkBegin(_) | OpType::MarkEnd(_)))
        })
    }
}

fn unsound() -> Refused {
    Refused::new("change_unsound", "The change cannot be applied without damage to the document.")
}

/// The change as the document crate reads it. Its own writing of it must give the same bytes: that leaves no
/// room for a second spelling, unknown columns or values where none belong.
fn decode(change: &Change) -> Result<(Parsed, ExpandedChange), Refused> {
    guard(|| {
        let parsed = Parsed::from_bytes(change.raw.to_vec()).ok()?;
        let expanded = parsed.decode();
        let again = Parsed::from(expanded.clone());
        (again.raw_bytes() == change.raw).then_some((parsed, expanded))
    })
    .flatten()
    .ok_or_else(|| Refused::new("change_not_canonical", "The change is not written in the one valid form."))
}

/// After applying: every new change is in the document and is given back byte for byte, nothing waits for
/// something missing, every mark ends after it begins.
fn sound(document: &Automerge, before: &[automerge::ChangeHash], candidates: &[Candidate]) -> bool {
    let rebuilt = document.get_changes(before);
    if rebuilt.len() != candidates.len() {
        return false;
    }
    let by_hash: HashMap<_, _> = rebuilt.iter().map(|change| (change.hash(), change)).collect();
    candidates.iter().all(|candidate| {
        let hash = candidate.parsed.hash();
        by_hash.get(&hash).is_some_and(|change| change.raw_bytes() == candidate.raw)
            && candidate.marks.iter().all(|mark| marks::in_order(document, mark, hash))
    })
}

fn rebuild(snapshot: &[u8], tail: &[Bytes]) -> Result<Reading, Unreadable> {
    let mut reading = if snapshot.is_empty() {
        Reading::default()
    } else {
        let options =
            LoadOptions::new().text_encoding(text_encoding()).verification_mode(VerificationMode::Check);
        Reading::of(Automerge::load_with_options(snapshot, options)?)
    };
    reading.apply(tail)?;
    Ok(reading)
}

thread_local! {
    /// A panic on this thread is about to be caught and is somebody's bad change, not a fault of the program.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something of the document crate that a hostile change may make panic. None: it did.
pub(super) fn guard<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                loud(info);
            }
        }));
    });
    let outer = EXPECTED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    EXPECTED.set(outer);
    result
}
