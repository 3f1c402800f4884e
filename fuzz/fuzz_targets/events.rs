//! The payload of an event as the log gives it back: damaged or of a later version, it is an error, not an end.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quorate::domain::{EventId, PersonId, PlanId, Timestamp};
use quorate::engine::record::{self, EventView};
use quorate::log::{Recorded, Stream};

const KINDS: &[&str] = &[
    "document.changed",
    "epoch.began",
    "person.added",
    "person.joined",
    "plan.created",
    "plan.renamed",
    "plan.frozen",
    "plan.unfrozen",
    "actor.bound",
    "thread.opened",
    "thread.replied",
    "thread.resolved",
    "thread.reopened",
    "from.a.later.version",
    "stray.found",
    "stray.settled",
    "gate.approved",
    "gate.withdrawn",
    "guest.invited",
    "guest.joined",
    "guest.revoked",
    "organisation.added",
    "organisation.changed",
    "organisation.removed",
    "person.changed",
    "person.left",
    "person.returned",
    "phase.closed",
    "phase.opened",
    "phase.rescheduled",
    "phase.added",
    "phase.changed",
    "phase.removed",
    "process.withdrawn",
    "person.renamed",
    "process.started",
    "person.erased",
    "retention.set",
    "retention.passed",
    "comment.withheld",
    "comment.shown",
    "comment.disputed",
    "conduct.set",
    "section.assigned",
    "task.asked",
    "task.worded",
    "task.done",
    "task.withdrawn",
];

fuzz_target!(|data: &[u8]| {
    let Some((kind, payload)) = data.split_first() else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let id = [3; 16];
    let document = uuid_text(id);
    let recorded = Recorded {
        position: 1,
        stream: Stream::new(format!("document/{document}")),
        version: 1,
        id: document.parse::<EventId>().expect("a UUID"),
        kind: kind.into(),
        schema: 1,
        at: Timestamp(0),
        actor: PersonId::new("member-1").ok(),
        plan: document.parse::<PlanId>().ok(),
        cause: None,
        digest: [0; 32],
        payload: Some(Bytes::copy_from_slice(payload)),
    };
    // What can be folded can be shown, and the other way round.
    let (fact, view) = (record::fact(&recorded), EventView::of(&recorded));
    assert_eq!(fact.is_ok(), view.is_ok(), "{fact:?} {view:?}");
});

fn uuid_text(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
