//! Events as the log keeps them, and back.
//!
//! A payload is the event in JSON, without its tag. One kind is packed, since there are hundreds of
//! thousands of it: `document.changed` is `n ‖ n × 32 bytes of heads ‖ the Automerge change`, where
//! n = 0 says that the change itself is the only head. Plan, document, hash and actor id follow from
//! the envelope and from the change.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::document;
use crate::domain::{
    ActorId, Anchor, Base64, Change, ChangeHash, Command, DocumentId, Event, EventId, Fact, Heads, PersonId,
    Place, PlanId, Position, SectionId, TaskId, ThreadId, Timestamp,
};
use crate::log::{Continues, Epoch, Failure, Payload, Proposed, Recorded, Stream};

/// The kind under which a change is recorded.
pub const CHANGED: &str = "document.changed";

const DISPUTED: &str = "comment.disputed";

const EPOCH: &str = "epoch.began";

/// What the events of one decision share.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub at: Timestamp,
    pub person: Option<PersonId>,
    pub cause: Option<EventId>,
}

/// The stream on which freezing and phases are recorded, and every edit is checked.
pub fn governance(plan: PlanId) -> Stream {
    Stream::new(format!("plan/{plan}/governance"))
}

/// The stream of a document's changes.
pub fn changes(document: DocumentId) -> Stream {
    Stream::new(format!("document/{document}"))
}

pub(super) fn thread(thread: ThreadId) -> Stream {
    Stream::new(format!("thread/{thread}"))
}

/// Of its own for each comment: its name says which, also once the words are erased.
pub(super) fn disputes(place: &Place) -> Stream {
    Stream::new(format!("thread/{}/disputes/{}", place.thread, place.comment))
}

pub(super) fn conduct() -> Stream {
    Stream::new("conduct")
}

pub(super) fn task(task: TaskId) -> Stream {
    Stream::new(format!("task/{task}"))
}

pub(super) fn strays(plan: PlanId) -> Stream {
    Stream::new(format!("plan/{plan}/strays"))
}

pub(super) fn people() -> Stream {
    Stream::new("people")
}

pub(super) fn guests() -> Stream {
    Stream::new("guests")
}

pub(super) fn organisations() -> Stream {
    Stream::new("organisations")
}

/// Of its own: to come in changes nothing that decisions about people rest on.
pub(super) fn joining(person: &PersonId) -> Stream {
    Stream::new(format!("person/{person}/joining"))
}

pub(super) fn plan(plan: PlanId) -> Stream {
    Stream::new(format!("plan/{plan}"))
}

/// An event that is about to be recorded.
pub(super) fn propose(event: &Event, id: EventId, source: &Source) -> Proposed {
    let (kind, stream, plan, erasable) = match event {
        Event::EpochBegan { .. } => (EPOCH, Stream::new("network"), None, false),
        Event::PersonAdded { .. } => ("person.added", people(), None, false),
        Event::PersonChanged { .. } => ("person.changed", people(), None, false),
        Event::PersonRenamed { .. } => ("person.renamed", people(), None, false),
        Event::PersonLeft { .. } => ("person.left", people(), None, false),
        Event::PersonReturned { .. } => ("person.returned", people(), None, false),
        Event::PersonErased { .. } => ("person.erased", people(), None, false),
        Event::OrganisationAdded { .. } => ("organisation.added", organisations(), None, false),
        Event::OrganisationChanged { .. } => ("organisation.changed", organisations(), None, false),
        Event::OrganisationRemoved { .. } => ("organisation.removed", organisations(), None, false),
        Event::ProcessStarted { plan, .. } => ("process.started", governance(*plan), Some(*plan), false),
        Event::SectionAssigned { plan, .. } => ("section.assigned", governance(*plan), Some(*plan), false),
        Event::RetentionSet { plan, .. } => ("retention.set", governance(*plan), Some(*plan), false),
        Event::RetentionPassed { plan } => ("retention.passed", governance(*plan), Some(*plan), false),
        Event::PhaseRescheduled { plan, .. } => ("phase.rescheduled", governance(*plan), Some(*plan), false),
        Event::PhaseAdded { plan, .. } => ("phase.added", governance(*plan), Some(*plan), false),
        Event::PhaseChanged { plan, .. } => ("phase.changed", governance(*plan), Some(*plan), false),
        Event::PhaseRemoved { plan, .. } => ("phase.removed", governance(*plan), Some(*plan), false),
        Event::ProcessWithdrawn { plan } => ("process.withdrawn", governance(*plan), Some(*plan), false),
        Event::PhaseOpened { plan, .. } => ("phase.opened", governance(*plan), Some(*plan), false),
        Event::PhaseClosed { plan, .. } => ("phase.closed", governance(*plan), Some(*plan), false),
        Event::GuestInvited { invite, .. } => ("guest.invited", guests(), Some(invite.plan), false),
        Event::GuestRevoked { plan, .. } => ("guest.revoked", guests(), Some(*plan), false),
        Event::GuestJoined { plan, .. } => ("guest.joined", guests(), Some(*plan), false),
        Event::GateApproved { plan, .. } => ("gate.approved", governance(*plan), Some(*plan), false),
        Event::GateWithdrawn { plan, .. } => ("gate.withdrawn", governance(*plan), Some(*plan), false),
        Event::PersonJoined { person } => ("person.joined", joining(person), None, false),
        Event::PlanCreated { plan: id, .. } => ("plan.created", plan(*id), Some(*id), false),
        Event::PlanRenamed { plan: id, .. } => ("plan.renamed", plan(*id), Some(*id), false),
        Event::PlanFrozen { plan, .. } => ("plan.frozen", governance(*plan), Some(*plan), false),
        Event::PlanUnfrozen { plan, .. } => ("plan.unfrozen", governance(*plan), Some(*plan), false),
        Event::ActorBound { plan, .. } => {
            ("actor.bound", Stream::new(format!("plan/{plan}/actors")), Some(*plan), false)
        }
        Event::DocumentChanged { plan, document, .. } => (CHANGED, changes(*document), Some(*plan), false),
        Event::StrayFound { plan, .. } => ("stray.found", strays(*plan), Some(*plan), false),
        Event::StraySettled { plan, .. } => ("stray.settled", strays(*plan), Some(*plan), false),
        Event::ThreadOpened { plan, thread: id, .. } => ("thread.opened", thread(*id), Some(*plan), true),
        Event::ThreadReplied { plan, thread: id, .. } => ("thread.replied", thread(*id), Some(*plan), true),
        Event::ThreadResolved { plan, thread: id } => ("thread.resolved", thread(*id), Some(*plan), false),
        Event::ThreadReopened { plan, thread: id } => ("thread.reopened", thread(*id), Some(*plan), false),
        Event::CommentWithheld { place, .. } => {
            ("comment.withheld", thread(place.thread), Some(place.plan), false)
        }
        Event::CommentShown { place, .. } => ("comment.shown", thread(place.thread), Some(place.plan), false),
        Event::CommentDisputed { place, .. } => (DISPUTED, disputes(place), Some(place.plan), true),
        Event::ConductSet { .. } => ("conduct.set", conduct(), None, false),
        // Of no plan: whoever reads a plan's events need not read what was asked of whom.
        Event::TaskAsked { task: id, .. } => ("task.asked", task(*id), None, false),
        Event::TaskWorded { task: id, .. } => ("task.worded", task(*id), None, true),
        Event::TaskDone { task: id } => ("task.done", task(*id), None, false),
        Event::TaskWithdrawn { task: id } => ("task.withdrawn", task(*id), None, false),
    };
    let bytes = match event {
        Event::DocumentChanged { heads, change, hash, .. } => pack(heads, *hash, &change.0),
        _ => untagged(event),
    };
    Proposed {
        id,
        stream,
        kind,
        schema: 1,
        at: source.at,
        actor: source.person.clone(),
        plan,
        cause: source.cause,
        payload: if erasable { Payload::Erasable(bytes) } else { Payload::Kept(bytes) },
    }
}

/// Whether an event that is about to be recorded can be read back: what cannot would stop every start from then on.
pub(super) fn is_readable(proposed: &Proposed) -> bool {
    let (Payload::Kept(bytes) | Payload::Erasable(bytes)) = &proposed.payload;
    proposed.kind == CHANGED || tagged(proposed.kind, bytes).is_ok()
}

/// A change that is about to be recorded.
pub(super) fn propose_change(
    change: &Change,
    heads: &Heads,
    plan: PlanId,
    stream: &Stream,
    id: EventId,
    source: &Source,
) -> Proposed {
    Proposed {
        id,
        stream: stream.clone(),
        kind: CHANGED,
        schema: 1,
        at: source.at,
        actor: source.person.clone(),
        plan: Some(plan),
        cause: source.cause,
        payload: Payload::Kept(pack(heads, change.hash, &change.raw)),
    }
}

fn untagged(event: &Event) -> Bytes {
    let mut value = serde_json::to_value(event).expect("an event is always JSON");
    if let Some(fields) = value.as_object_mut() {
        fields.remove("type");
    }
    value.to_string().into()
}

fn pack(heads: &Heads, hash: ChangeHash, raw: &Bytes) -> Bytes {
    let heads: &[ChangeHash] = if heads.as_slice() == [hash] { &[] } else { heads };
    let count = u8::try_from(heads.len()).unwrap_or(u8::MAX);
    let mut bytes = Vec::with_capacity(1 + 32 * usize::from(count) + raw.len());
    bytes.push(count);
    for head in heads.iter().take(usize::from(count)) {
        bytes.extend_from_slice(&head.0);
    }
    bytes.extend_from_slice(raw);
    bytes.into()
}

/// The Automerge change of a `document.changed` payload.
pub fn change_bytes(payload: &Bytes) -> Result<Bytes, Failure> {
    let count = usize::from(*payload.first().ok_or_else(|| damaged("an empty change"))?);
    let start = 1 + 32 * count;
    if payload.len() < start {
        return Err(damaged("a change that is cut short"));
    }
    Ok(payload.slice(start..))
}

fn damaged(what: &str) -> Failure {
    Failure::Damaged(what.to_owned())
}

/// An event of the log, read.
pub fn fact(recorded: &Recorded) -> Result<Fact, Failure> {
    let event = match (&recorded.payload, &*recorded.kind) {
        (Some(payload), CHANGED) => changed(recorded, payload)?,
        (Some(payload), kind) => tagged(kind, payload)
            .map_err(|error| damaged(&format!("event {}: {error}", recorded.position)))?,
        (None, _) => erased(recorded)?,
    };
    Ok(Fact { position: recorded.position, at: recorded.at, actor: recorded.actor.clone(), event })
}

/// Whether events of a kind say that something is to be forgotten.
pub(super) fn forgets(kind: &str) -> bool {
    matches!(kind, "person.erased" | "retention.passed")
}

/// The epoch that begins with an event.
pub fn epoch(recorded: &Recorded) -> Option<Epoch> {
    // Every event of the log passes here: only these few are worth reading.
    if &*recorded.kind != EPOCH {
        return None;
    }
    let Event::EpochBegan { verifier_key, origin, continues, .. } = fact(recorded).ok()?.event else {
        return None;
    };
    let continues = continues.map(|continued| Continues {
        origin: continued.origin,
        size: continued.size,
        // A root of another length is that of no log.
        root: continued.root.0.as_ref().try_into().unwrap_or_default(),
    });
    Some(Epoch { verifier_key, origin, continues })
}

/// An event as it is shown: its envelope, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EventView {
    pub position: Position,
    pub id: EventId,
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the payload's shape.
    pub schema: u16,
    pub at: Timestamp,
    /// The person; none where the program itself acted.
    pub actor: Option<PersonId>,
    pub plan: Option<PlanId>,
    pub stream: String,
    /// The event's place in its stream, from 1.
    pub version: u64,
    /// The command that it follows from.
    pub cause: Option<EventId>,
    /// SHA-256 over the salt and the payload, in hexadecimal.
    pub digest: String,
    /// Whether the words were erased; their place in the record stays.
    pub erased: bool,
    /// Whether the words were withheld from the one who asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
    /// The event's own fields: see `schema/events/`.
    pub payload: serde_json::Map<String, serde_json::Value>,
}

impl EventView {
    pub fn of(recorded: &Recorded) -> Result<Self, Failure> {
        let damaged =
            |error: serde_json::Error| Failure::Damaged(format!("event {}: {error}", recorded.position));
        let mut payload = match serde_json::to_value(fact(recorded)?.event).map_err(damaged)? {
            serde_json::Value::Object(payload) => payload,
            _ => serde_json::Map::new(),
        };
        payload.remove("type");
        payload.remove("plan");
        Ok(Self {
            position: recorded.position,
            id: recorded.id,
            kind: recorded.kind.to_string(),
            schema: recorded.schema,
            at: recorded.at,
            actor: recorded.actor.clone(),
            plan: recorded.plan,
            stream: recorded.stream.as_str().to_owned(),
            version: recorded.version,
            cause: recorded.cause,
            digest: recorded.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            erased: recorded.payload.is_none(),
            withheld: false,
            payload,
        })
    }
}

fn tagged(kind: &str, payload: &Bytes) -> Result<Event, serde_json::Error> {
    let mut value: serde_json::Value = serde_json::from_slice(payload)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("type".into(), kind.into());
    }
    serde_json::from_value(value)
}

fn changed(recorded: &Recorded, payload: &Bytes) -> Result<Event, Failure> {
    let raw = change_bytes(payload)?;
    let change = document::reread(&raw)
        .map_err(|refused| damaged(&format!("event {}: {refused}", recorded.position)))?;
    let heads = match payload[0] {
        0 => vec![change.hash],
        _ => payload[1..payload.len() - raw.len()]
            .chunks_exact(32)
            .map(|head| ChangeHash(head.try_into().expect("chunks of 32")))
            .collect(),
    };
    let document = recorded.stream.as_str().strip_prefix("document/").unwrap_or_default();
    Ok(Event::DocumentChanged {
        plan: recorded.plan.ok_or_else(|| damaged("a change without its plan"))?,
        document: document.parse().map_err(|_| damaged("a change on a stream that is no document"))?,
        hash: change.hash,
        actor_id: change.actor,
        heads,
        change: Base64(raw),
    })
}

/// What is left of an event whose words were erased: its place in the record.
fn erased(recorded: &Recorded) -> Result<Event, Failure> {
    if let Some(task) = recorded.stream.as_str().strip_prefix("task/") {
        let task = task.parse().map_err(|_| damaged("an erased event of a task without its id"))?;
        return Ok(Event::TaskWorded { task, text: String::new() });
    }
    let plan = recorded.plan.ok_or_else(|| damaged("an erased event without its plan"))?;
    let not_of_a_thread = || damaged("an erased event that is not of a thread");
    let name = recorded.stream.as_str().strip_prefix("thread/").ok_or_else(not_of_a_thread)?;
    let (thread, comment) = match name.split_once("/disputes/") {
        Some((thread, comment)) => (thread, comment.parse().ok()),
        None => (name, None),
    };
    let thread = thread.parse().map_err(|_| not_of_a_thread())?;
    let section = SectionId::new("erased").map_err(|_| damaged("a section id"))?;
    let anchor =
        Anchor { section, start: String::new(), end: String::new(), heads: Vec::new(), quote: String::new() };
    Ok(match &*recorded.kind {
        "thread.opened" => Event::ThreadOpened { plan, thread, anchor, text: String::new() },
        DISPUTED => {
            let comment = comment.ok_or_else(|| damaged("an erased dispute that is of no comment"))?;
            Event::CommentDisputed { place: Place { plan, thread, comment }, text: String::new() }
        }
        _ => Event::ThreadReplied { plan, thread, reply: recorded.id, text: String::new() },
    })
}

/// Whether an event can be the first that a command led to.
pub(super) fn follows(kind: &str, command: &Command) -> bool {
    match command {
        Command::PersonAdd { .. } => kind == "person.added",
        Command::PersonChange { .. } => kind == "person.changed",
        Command::PersonRename { .. } => kind == "person.renamed",
        Command::PersonLeave { .. } => kind == "person.left",
        Command::PersonReturn { .. } => kind == "person.returned",
        Command::OrganisationAdd { .. } => kind == "organisation.added",
        Command::OrganisationChange { .. } => kind == "organisation.changed",
        Command::OrganisationRemove { .. } => kind == "organisation.removed",
        Command::ProcessStart { .. } => kind == "process.started",
        Command::PhaseReschedule { .. } => kind == "phase.rescheduled",
        Command::PhaseAdd { .. } => kind == "phase.added",
        Command::PhaseChange { .. } => kind == "phase.changed",
        Command::PhaseRemove { .. } => kind == "phase.removed",
        Command::ProcessWithdraw { .. } => kind == "process.withdrawn",
        Command::GateApprove { .. } => kind == "gate.approved",
        Command::GateWithdraw { .. } => kind == "gate.withdrawn",
        Command::PersonJoin { .. } => kind == "person.joined",
        Command::GuestInvite { .. } => kind == "guest.invited",
        Command::GuestRevoke { .. } => kind == "guest.revoked",
        Command::GuestJoin { .. } => kind == "guest.joined",
        Command::PlanCreate { .. } => kind == "plan.created",
        Command::PlanRename { .. } => kind == "plan.renamed",
        Command::PlanFreeze { .. } => kind == "plan.frozen",
        Command::PlanUnfreeze { .. } => kind == "plan.unfrozen",
        Command::SectionCreate { .. }
        | Command::SectionRename { .. }
        | Command::SectionMove { .. }
        | Command::SectionRemove { .. }
        | Command::SectionRestore { .. } => kind == "actor.bound" || kind == CHANGED,
        Command::StrayFind { .. } => kind == "stray.found",
        Command::StraySettle { .. } => kind == "stray.settled",
        Command::ThreadOpen { .. } => kind == "thread.opened",
        Command::ThreadReply { .. } => kind == "thread.replied",
        Command::ThreadResolve { .. } => kind == "thread.resolved",
        Command::ThreadReopen { .. } => kind == "thread.reopened",
        Command::PersonErase { .. } => kind == "person.erased",
        Command::SectionAssign { .. } => kind == "section.assigned",
        Command::RetentionSet { .. } => kind == "retention.set",
        Command::CommentWithhold { .. } => kind == "comment.withheld",
        Command::CommentShow { .. } => kind == "comment.shown",
        Command::CommentDispute { .. } => kind == DISPUTED,
        Command::ConductSet { .. } => kind == "conduct.set",
        Command::TaskAsk { .. } => kind == "task.asked",
        Command::TaskDone { .. } => kind == "task.done",
        Command::TaskWithdraw { .. } => kind == "task.withdrawn",
    }
}

/// The id of a change's event: the same for the same change of the same document, so that a change that
/// is sent twice is recorded once. Begins with the change's own time, as a UUIDv7 does, to keep the index in order.
pub(super) fn change_id(document: DocumentId, change: &Change) -> EventId {
    let mut digest = Sha256::new();
    digest.update(document.0);
    digest.update(change.hash.0);
    time_ordered(change.time.max(0).saturating_mul(1000), &digest.finalize().into())
}

/// The id of the event that binds an actor.
pub(super) fn binding_id(plan: PlanId, actor: &ActorId) -> EventId {
    let mut digest = Sha256::new();
    digest.update(plan.0.as_bytes());
    digest.update(actor.as_bytes());
    time_ordered(0, &digest.finalize().into())
}

/// The id of the n-th event that follows from a command.
pub(super) fn derived_id(from: EventId, n: u32) -> EventId {
    let mut digest = Sha256::new();
    digest.update(from.0.as_bytes());
    digest.update(n.to_be_bytes());
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&from.0.as_bytes()[..6]);
    time_ordered(i64::from_be_bytes(millis), &digest.finalize().into())
}

/// Whether ids of this form are made here, so that no command may bring one.
pub fn is_derived(id: EventId) -> bool {
    id.0.get_version_num() == 8
}

fn time_ordered(millis: i64, digest: &[u8; 32]) -> EventId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&digest[..10]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EventId(Uuid::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PhaseId;

    #[test]
    fn what_could_not_be_read_back_is_known_before_it_is_recorded() {
        let (plan, id) = (PlanId(Uuid::from_u128(1)), EventId(Uuid::from_u128(2)));
        let moved = |closes| Event::PhaseRescheduled {
            plan,
            phase: PhaseId::new("review").unwrap(),
            opens: Timestamp(0),
            closes,
        };
        let source = Source { at: Timestamp(0), person: None, cause: None };
        let is_readable = |closes| is_readable(&propose(&moved(closes), id, &source));
        assert!(is_readable(Timestamp(253_402_000_000_000)));
        assert!(!is_readable(Timestamp(253_500_000_000_000)), "after the year 9999");
    }
}
