//! Stray words: a paragraph is deleted by one person while another types in it. The paragraph's marker and the
//! characters that the first one saw are gone; what the other one typed is still there, and would be read as part
//! of the paragraph before.
//!
//! Words are stray where all of this holds:
//! - their paragraph's marker was deleted by somebody who had not seen them;
//! - whoever deleted it left nothing of the paragraph: otherwise two paragraphs were joined on purpose, and words
//!   that come late belong to the joined one;
//! - nobody who had seen both has put a marker before them since, and the program has not set them apart before.
//!
//! In which paragraph were they typed? In the state that holds everything but the deletion and what builds on it: that
//! of the nearest marker before them that was known to whoever typed them. Another one may have been begun there since.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use automerge::legacy::{ElementId, Key, ObjectId, OpType};
use automerge::{Change, ObjId, ReadDoc as _, ScalarValue};
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::element::{self, Actors, At};
use super::outline::outline;
use super::sequence::{Atom, Holds, Sequence};
use super::text::Span;
use super::{History, Reading, normalise};
use crate::domain::{ActorId, Heads, ProvisionId, SectionId};

/// An operation's name: its counter and its actor.
type Name = (u64, ActorId);

/// Words that are to be set apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub section: SectionId,
    /// The provision that they are to become.
    pub provision: ProvisionId,
    /// The provision in which they were typed.
    pub was: Option<ProvisionId>,
    /// Who typed them, each once.
    pub actors: Vec<ActorId>,
    /// The change that deleted their paragraph, by its place in the history.
    pub removed: u32,
    /// Where they begin and end in the section's text, in UTF-16 code units.
    pub from: usize,
    pub to: usize,
    /// Behind them, without a marker, goes on what belongs to another provision.
    pub runs_on: bool,
}

/// Words that were set apart before: under which id, by which change, and which change had deleted their paragraph.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub provision: ProvisionId,
    pub by: u32,
    pub removed: u32,
}

/// What one change does to one text.
#[derive(Debug, Default)]
struct Trace {
    types: bool,
    /// It begins a block.
    begins: bool,
    deletes: Vec<Name>,
}

/// What a change does to texts, by the name of each.
fn traces(raw: &[u8]) -> HashMap<Name, Trace> {
    let mut traces: HashMap<Name, Trace> = HashMap::new();
    let Ok(change) = Change::from_bytes(raw.to_vec()) else { return traces };
    for op in change.decode().operations {
        let (ObjectId::Id(text), Key::Seq(element)) = (&op.obj, &op.key) else { continue };
        let name = |counter: u64, actor: &automerge::ActorId| {
            ActorId::new(actor.to_bytes()).ok().map(|actor| (counter, actor))
        };
        let Some(text) = name(text.0, &text.1) else { continue };
        match (&op.action, element) {
            (OpType::Put(ScalarValue::Str(_)), _) if op.insert => {
                traces.entry(text).or_default().types = true
            }
            (OpType::Make(_), _) if op.insert => traces.entry(text).or_default().begins = true,
            (OpType::Delete, ElementId::Id(id)) => {
                if let Some(id) = name(id.0, &id.1) {
                    traces.entry(text).or_default().deletes.push(id);
                }
            }
            _ => {}
        }
    }
    traces
}

/// From where on changes are to be looked into, so that all are seen that stand beside one of those from `from` on.
/// None, and nearly always: each of these has seen all before it.
pub fn beside(history: &History, from: u32, earlier: &[Earlier]) -> Option<u32> {
    let mut lowest = None;
    for at in (from..history.len()).filter(|&at| !history.has_seen_all(at)) {
        // What builds on others of these has seen at least what they have.
        let enters = history.deps(at).iter().any(|dep| *dep < from);
        let first = enters.then(|| history.ancestors(&[at]).missing(at).next()).flatten().unwrap_or(from);
        lowest = Some(lowest.map_or(first, |lowest: u32| lowest.min(first)).min(from));
        // What was set apart may have to be set apart again, and then its deletion is looked into again.
        for one in disturbed(history, at, earlier) {
            lowest = lowest.min(Some(one.removed));
        }
    }
    lowest
}

/// The words set apart before a change to which it may do something that its author does not know of: it has not
/// seen that they were, or not the last that were typed in the deleted paragraph and have joined them.
fn disturbed<'a>(history: &History, at: u32, earlier: &'a [Earlier]) -> Vec<&'a Earlier> {
    let mut before: Vec<&Earlier> = earlier.iter().filter(|one| one.by < at).collect();
    if before.is_empty() || history.has_seen_all(at) {
        return Vec::new();
    }
    let seen = history.ancestors(&[at]);
    let unseen: Vec<u32> = seen.missing(at).collect();
    before.retain(|one| !seen.contains(one.by) || !all_know(history, &unseen, one.removed));
    before
}

/// Have all of these changes, in their order, seen another?
fn all_know(history: &History, changes: &[u32], other: u32) -> bool {
    let mut knowing: HashSet<u32> = HashSet::new();
    changes.iter().all(|&at| {
        // Most build on one that was asked already.
        let knows = at == other
            || history.deps(at).iter().any(|dep| knowing.contains(dep))
            || history.ancestors(&[at]).contains(other);
        knows && knowing.insert(at)
    })
}

/// What some changes do to texts.
#[derive(Debug, Default)]
pub struct Traces(BTreeMap<u32, HashMap<Name, Trace>>);

impl Traces {
    /// Looks into changes; `is_block` tells whether the element with this name is a block marker.
    pub fn of(
        changes: impl IntoIterator<Item = (u32, Bytes)>,
        is_block: impl Fn(u64, &ActorId) -> bool,
    ) -> Self {
        let mut all = Self::default();
        for (at, raw) in changes {
            let mut traces = traces(&raw);
            for trace in traces.values_mut() {
                trace.deletes.retain(|(counter, actor)| is_block(*counter, actor));
            }
            traces.retain(|_, trace| trace.types || trace.begins || !trace.deletes.is_empty());
            if !traces.is_empty() {
                all.0.insert(at, traces);
            }
        }
        all
    }

    /// The changes that delete a block.
    fn deletions(&self) -> impl Iterator<Item = (u32, &HashMap<Name, Trace>)> {
        let deletes = |traces: &HashMap<Name, Trace>| traces.values().any(|trace| !trace.deletes.is_empty());
        self.0.iter().filter(move |(_, traces)| deletes(traces)).map(|(at, traces)| (*at, traces))
    }
}

/// The changes that deleted a block beside somebody's typing in the same text, or beside another deletion there (a
/// paragraph that is joined to one that somebody deletes), where one of the two is among the changes from `from` on.
/// And those whose words were set apart, when a change from `from` on begins a block whose author does not know of all
/// of them.
pub fn suspects(history: &History, from: u32, traces: &Traces, earlier: &[Earlier]) -> BTreeSet<u32> {
    let mut suspects = BTreeSet::new();
    for (deletion, deleted) in traces.deletions() {
        let seen = history.ancestors(&[deletion]);
        // What builds on the deletion.
        let mut later = BTreeSet::from([deletion]);
        for at in deletion + 1..history.len() {
            if history.deps(at).iter().any(|dep| later.contains(dep)) {
                later.insert(at);
            }
        }
        let is_in_it = |typed: &HashMap<Name, Trace>| {
            let texts = deleted.iter().filter(|(_, trace)| !trace.deletes.is_empty());
            texts.into_iter().any(|(text, _)| typed.contains_key(text))
        };
        let mut beside = traces.0.iter().filter(|(at, _)| {
            (**at >= from || deletion >= from) && !later.contains(at) && !seen.contains(**at)
        });
        if beside.any(|(_, typed)| is_in_it(typed)) {
            suspects.insert(deletion);
        }
    }
    for (at, traces) in traces.0.range(from..) {
        if traces.values().any(|trace| trace.begins) {
            suspects.extend(disturbed(history, *at, earlier).iter().map(|one| one.removed));
        }
    }
    // Whoever deleted the same block beside it, too: without all of them the block is there.
    let blocks = |of: &HashMap<Name, Trace>| -> Vec<Name> {
        of.values().flat_map(|trace| trace.deletes.iter().cloned()).collect()
    };
    let gone: HashSet<Name> = suspects.iter().filter_map(|at| traces.0.get(at)).flat_map(blocks).collect();
    let others =
        traces.deletions().filter(|(_, traces)| blocks(traces).iter().any(|name| gone.contains(name)));
    suspects.extend(others.map(|(at, _)| at));
    suspects
}

/// The stray words that these deletions have left, in no particular order. To be asked again after some of them
/// were set apart, since all places have moved then. `earlier` are all that were set apart before.
pub fn strays(
    reading: &Reading,
    history: &History,
    deletions: &BTreeSet<u32>,
    earlier: &[Earlier],
) -> Vec<Found> {
    let search = Search { reading, history, deletions, earlier };
    let mut found: BTreeMap<ProvisionId, Found> = BTreeMap::new();
    for &deletion in deletions {
        for stray in search.left_by(deletion) {
            found.entry(stray.provision.clone()).or_insert(stray);
        }
    }
    found.into_values().collect()
}

/// The words of a provision at some heads; none where it is not there.
pub fn words(
    reading: &Reading,
    section: &SectionId,
    provision: &ProvisionId,
    heads: &Heads,
) -> Option<String> {
    if !reading.contains(heads) {
        return None;
    }
    let document = reading.automerge();
    let hashes = element::hashes(heads);
    let entry = outline(document, Some(&hashes)).into_iter().find(|entry| entry.id == *section)?;
    let spans = element::spans(document, &entry.text?, Some(&hashes));
    let blocks = normalise(section.as_str(), &spans);
    blocks.into_iter().find(|block| block.id == provision.as_str()).map(|block| block.text)
}

struct Search<'a> {
    reading: &'a Reading,
    history: &'a History,
    deletions: &'a BTreeSet<u32>,
    earlier: &'a [Earlier],
}

/// A section's text in one state.
struct Text {
    sequence: Sequence,
    /// The id of each marker, in their order.
    ids: Vec<Option<ProvisionId>>,
    actors: Actors<'static>,
}

impl Text {
    fn read(reading: &Reading, text: &ObjId, at: At<'_>) -> Self {
        let document = reading.automerge();
        let spans = element::spans(document, text, at);
        let mut actors = Actors::new(&|_| None);
        let elements = element::elements(document, text, at, &spans, &mut actors);
        let ids = spans.iter().filter_map(|span| match span {
            Span::Block { value } => Some(id_of(value)),
            Span::Text { .. } => None,
        });
        Self { ids: ids.collect(), sequence: Sequence::new(&spans, &elements), actors }
    }

    fn atoms(&self) -> &[Atom] {
        &self.sequence.atoms
    }

    fn names(&self) -> HashMap<(u64, u32), usize> {
        self.atoms().iter().enumerate().map(|(at, atom)| (atom.name, at)).collect()
    }

    /// What stands between a marker and the next.
    fn block(&self, marker: usize) -> &[Atom] {
        let rest = &self.atoms()[marker + 1..];
        let len = rest.iter().position(|atom| atom.holds == Holds::Marker).unwrap_or(rest.len());
        &rest[..len]
    }

    /// The marker to whose block an element belongs.
    fn marker_of(&self, at: usize) -> Option<usize> {
        self.atoms()[..at].iter().rposition(|atom| atom.holds == Holds::Marker)
    }

    fn id(&self, marker: usize) -> Option<&ProvisionId> {
        let ordinal = self.atoms()[..marker].iter().filter(|atom| atom.holds == Holds::Marker).count();
        self.ids.get(ordinal)?.as_ref()
    }

    fn is_word(&self, atom: &Atom) -> bool {
        matches!(atom.holds, Holds::Text(_)) && !self.sequence.text(atom).trim().is_empty()
    }
}

fn id_of(marker: &Value) -> Option<ProvisionId> {
    marker.get("attrs")?.get("id")?.as_str().and_then(|id| ProvisionId::new(id).ok())
}

impl Search<'_> {
    fn left_by(&self, deletion: u32) -> Vec<Found> {
        let document = self.reading.automerge();
        let (before, after) = (self.hashes(self.history.deps(deletion)), self.hashes(&[deletion]));
        let mut found = Vec::new();
        for entry in outline(document, None) {
            let Some(id) = entry.text else { continue };
            let before = Text::read(self.reading, &id, Some(&before));
            let after = Text::read(self.reading, &id, Some(&after)).names();
            let gone = |at: &usize| {
                let atom = &before.atoms()[*at];
                // The first marker is the heading's.
                *at > 0 && atom.holds == Holds::Marker && !after.contains_key(&atom.name)
            };
            for marker in (0..before.atoms().len()).filter(gone) {
                if before.block(marker).iter().any(|atom| after.contains_key(&atom.name)) {
                    continue; // joined to the paragraph before
                }
                let block = Block { section: &entry.id, text: &id, known: &before, marker, deletion };
                found.extend(self.typed_beside(&block));
            }
        }
        found
    }

    /// What was typed in a block by those who had not seen its deletion, and is still there without it.
    fn typed_beside(&self, block: &Block<'_>) -> Vec<Found> {
        let marker = block.known.atoms()[block.marker].name;
        let Some(name) = name_of(marker, &block.known.actors) else { return Vec::new() };
        let base = provision(&name);
        let earlier: Vec<&Earlier> =
            self.earlier.iter().filter(|earlier| is_of(&earlier.provision, &base)).collect();
        let heads = self.heads_without(&self.deleters(&name));
        let then = Text::read(self.reading, block.text, Some(&heads));
        let Some(place) = then.atoms().iter().position(|atom| atom.name == marker) else { return Vec::new() };
        let now = Text::read(self.reading, block.text, None);
        let names = now.names();
        let typed_here = self.typed_behind(&then, place, &block.known.names());
        // They were set apart, or came late to words that were and have been joined to other words since.
        let there = now.ids.iter().flatten().any(|id| is_of(id, &base));
        let were_joined = !there
            && typed_here
                .iter()
                .filter(|(atom, _)| names.contains_key(&atom.name))
                .any(|(_, typed)| earlier.iter().any(|earlier| self.has_seen(earlier.by, *typed)));
        let stands_apart = |now: &Text, at: usize, typed: u32| {
            let own = now.marker_of(at).and_then(|marker| now.id(marker));
            let were =
                |earlier: &Earlier| self.has_seen(earlier.by, typed) && !self.came_between(now, at, earlier);
            own.is_some_and(|id| is_of(id, &base))
                || earlier.iter().any(|earlier| were(earlier))
                || were_joined
        };
        let mut places: Vec<usize> = Vec::new();
        for (atom, typed) in typed_here {
            let Some(&at) = names.get(&atom.name) else { continue };
            if !stands_apart(&now, at, typed) && !self.is_settled(&now, at, typed, block.deletion) {
                places.push(at);
            }
        }
        places.sort_unstable();
        self.runs(block, then.id(place), &now, &places, (&base, earlier.len()))
    }

    /// What was typed in the block of a marker and is not known, with the change that typed it.
    fn typed_behind<'t>(
        &self,
        text: &'t Text,
        marker: usize,
        known: &HashMap<(u64, u32), usize>,
    ) -> Vec<(&'t Atom, u32)> {
        let mut typed_here = Vec::new();
        // The markers behind it, each with the change that made it.
        let mut others: Vec<u32> = Vec::new();
        // Which of a change's atoms are of the block: those before the first marker that it has seen.
        let mut reach: HashMap<u32, usize> = HashMap::new();
        for atom in &text.atoms()[marker + 1..] {
            if atom.holds == Holds::Marker {
                others.extend(self.maker(atom.name, &text.actors));
                continue;
            }
            if known.contains_key(&atom.name) {
                continue;
            }
            let Some(typed) = self.maker(atom.name, &text.actors) else { continue };
            let upto = reach.entry(typed).or_insert(0);
            while others.get(*upto).is_some_and(|other| !self.has_seen(typed, *other)) {
                *upto += 1;
            }
            if *upto == others.len() {
                typed_here.push((atom, typed));
            }
        }
        typed_here
    }

    fn has_seen(&self, change: u32, other: u32) -> bool {
        self.history.ancestors(&[change]).contains(other)
    }

    /// Is the element in a block that somebody began who had not heard that it was set apart? Whoever deletes a
    /// paragraph and begins another in its place may put that between the words and their new marker.
    fn came_between(&self, now: &Text, at: usize, earlier: &Earlier) -> bool {
        let Some(marker) = now.marker_of(at) else { return false };
        let Some(maker) = self.maker(now.atoms()[marker].name, &now.actors) else { return false };
        now.ids.iter().flatten().any(|id| *id == earlier.provision) && !self.has_seen(maker, earlier.by)
    }

    /// Is the element in a block that was made by somebody who had seen it without its own?
    fn is_settled(&self, now: &Text, at: usize, typed: u32, deletion: u32) -> bool {
        let Some(marker) = now.marker_of(at) else { return false };
        let Some(maker) = self.maker(now.atoms()[marker].name, &now.actors) else { return false };
        let seen = self.history.ancestors(&[maker]);
        seen.contains(typed) && seen.contains(deletion)
    }

    /// One for each stretch of these places without a marker in it.
    fn runs(
        &self,
        block: &Block<'_>,
        was: Option<&ProvisionId>,
        now: &Text,
        places: &[usize],
        (base, earlier): (&ProvisionId, usize),
    ) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for run in places.chunk_by(|a, b| now.marker_of(*a) == now.marker_of(*b)) {
            let (first, last) = (run[0], run[run.len() - 1]);
            if !run.iter().any(|at| now.is_word(&now.atoms()[*at])) {
                continue;
            }
            let mut actors: Vec<ActorId> = Vec::new();
            for at in run {
                if let Some((_, actor)) = name_of(now.atoms()[*at].name, &now.actors)
                    && !actors.contains(&actor)
                {
                    actors.push(actor);
                }
            }
            let Some(provision) = numbered(base, 1 + earlier + found.len()) else { continue };
            let behind = now.atoms().get(last + 1);
            found.push(Found {
                section: block.section.clone(),
                provision,
                was: was.cloned(),
                actors,
                removed: block.deletion,
                from: now.atoms()[first].at,
                to: now.atoms()[last].at + now.atoms()[last].width,
                runs_on: behind.is_some_and(|atom| atom.holds != Holds::Marker),
            });
        }
        found
    }

    /// All suspected changes that delete this marker.
    fn deleters(&self, marker: &Name) -> Vec<u32> {
        let document = self.reading.automerge();
        let deletes = |at: &u32| {
            let hash = automerge::ChangeHash(self.history.hash(*at).0);
            let change = document.get_change_by_hash(&hash);
            change.is_some_and(|change| {
                traces(change.raw_bytes()).values().any(|trace| trace.deletes.contains(marker))
            })
        };
        self.deletions.iter().copied().filter(deletes).collect()
    }

    /// The heads of everything but some changes and what builds on them.
    fn heads_without(&self, changes: &[u32]) -> Vec<automerge::ChangeHash> {
        let len = self.history.len() as usize;
        let mut out = vec![false; len];
        let mut covered = vec![false; len];
        for at in 0..len {
            let deps = self.history.deps(at as u32);
            out[at] = changes.contains(&(at as u32)) || deps.iter().any(|dep| out[*dep as usize]);
            if !out[at] {
                deps.iter().for_each(|dep| covered[*dep as usize] = true);
            }
        }
        let heads: Vec<u32> = (0..len).filter(|at| !out[*at] && !covered[*at]).map(|at| at as u32).collect();
        self.hashes(&heads)
    }

    fn hashes(&self, changes: &[u32]) -> Vec<automerge::ChangeHash> {
        changes.iter().map(|at| automerge::ChangeHash(self.history.hash(*at).0)).collect()
    }

    /// The change that made an element.
    fn maker(&self, name: (u64, u32), actors: &Actors<'_>) -> Option<u32> {
        let (counter, actor) = name_of(name, actors)?;
        let id = ObjId::Id(counter, automerge::ActorId::from(actor.as_bytes()), name.1 as usize);
        let hash = self.reading.automerge().hash_for_opid(&id)?;
        self.history.index_of(&crate::domain::ChangeHash(hash.0))
    }
}

/// A block that somebody deleted, in the state that they knew.
struct Block<'a> {
    section: &'a SectionId,
    text: &'a ObjId,
    known: &'a Text,
    /// Which of its atoms is the block's marker.
    marker: usize,
    deletion: u32,
}

fn name_of((counter, actor): (u64, u32), actors: &Actors<'_>) -> Option<Name> {
    Some((counter, actors.id(actor)?.clone()))
}

/// The id under which words from the block with this marker are set apart: the same whenever they are found.
fn provision(marker: &Name) -> ProvisionId {
    let mut digest = Sha256::new();
    digest.update(marker.0.to_be_bytes());
    digest.update(marker.1.as_bytes());
    let text: String = digest.finalize()[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    ProvisionId::new(format!("stray-{text}")).expect("letters, digits and a hyphen")
}

/// The second and later ones of one block have a number.
fn numbered(base: &ProvisionId, number: usize) -> Option<ProvisionId> {
    if number == 1 { Some(base.clone()) } else { ProvisionId::new(format!("{base}-{number}")).ok() }
}

/// Whether a provision's words are from the block of this base.
fn is_of(provision: &ProvisionId, base: &ProvisionId) -> bool {
    let rest = provision.as_str().strip_prefix(base.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests;
