//! What can have happened. Events are facts: never refused, never changed, read for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActorId, Ask, ChangeHash, DocumentId, EventId, Group, Heads, InvitationId, Invite, Joining, Measure,
    Office, OrganisationId, PersonId, PhaseId, PhaseKind, PhasePlan, Place, PlanId, Position, Profile,
    ProvisionId, SectionId, Settled, TaskId, ThreadId, Timestamp,
};

/// What someone does in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Secretariat,
    Representative,
    Consultant,
    Board,
    Chair,
    ChiefExecutive,
    Administrator,
    Teller,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Secretariat,
        Self::Representative,
        Self::Consultant,
        Self::Board,
        Self::Chair,
        Self::ChiefExecutive,
        Self::Administrator,
        Self::Teller,
    ];

    /// The word by which the interfaces call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Secretariat => "secretariat",
            Self::Representative => "representative",
            Self::Consultant => "consultant",
            Self::Board => "board",
            Self::Chair => "chair",
            Self::ChiefExecutive => "chief-executive",
            Self::Administrator => "administrator",
            Self::Teller => "teller",
        }
    }
}

/// The words that a comment is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Anchor {
    pub section: SectionId,
    /// Automerge cursor of the first character.
    pub start: String,
    /// Automerge cursor of the last character.
    pub end: String,
    /// The state of the document in which the words were selected.
    pub heads: Heads,
    /// The words, as they stood then.
    pub quote: String,
}

/// The state of the log in which an epoch began that is not the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Continued {
    /// The origin of the epoch before.
    pub origin: String,
    /// How many events there were.
    pub size: Position,
    /// The Merkle root over them (RFC 6962), in base64.
    pub root: Base64,
}

/// One fact, without its envelope. The tag is the event's type: `noun.verbed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Event {
    /// The log was made, or restored: who signs its checkpoints from here on.
    #[serde(rename = "epoch.began")]
    EpochBegan {
        epoch: u64,
        /// The verifier key of the checkpoints (C2SP `signed-note`).
        verifier_key: String,
        /// The first line of the checkpoints: no two epochs share one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        /// What a restored log goes on from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<Continued>,
    },
    #[serde(rename = "person.added")]
    PersonAdded {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
    },
    #[serde(rename = "person.changed")]
    PersonChanged {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
    },
    /// Their name is another from here on: which, is kept beside the record.
    #[serde(rename = "person.renamed")]
    PersonRenamed { person: PersonId },
    /// Somebody acts in the network no more. What they did stays theirs.
    #[serde(rename = "person.left")]
    PersonLeft {
        person: PersonId,
        /// To whom they handed over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        successor: Option<PersonId>,
    },
    /// Somebody who had left acts in the network again.
    #[serde(rename = "person.returned")]
    PersonReturned {
        person: PersonId,
        #[serde(flatten)]
        office: Office,
    },
    /// What is known of them beside the record is forgotten, and the words of their comments.
    #[serde(rename = "person.erased")]
    PersonErased { person: PersonId },
    #[serde(rename = "organisation.added")]
    OrganisationAdded {
        organisation: OrganisationId,
        #[serde(flatten)]
        profile: Profile,
    },
    #[serde(rename = "organisation.changed")]
    OrganisationChanged {
        organisation: OrganisationId,
        #[serde(flatten)]
        profile: Profile,
    },
    /// It had been entered by mistake: nothing else in the record speaks of it.
    #[serde(rename = "organisation.removed")]
    OrganisationRemoved { organisation: OrganisationId },
    /// Who writes a section; nobody named: all who may edit the plan.
    #[serde(rename = "section.assigned")]
    SectionAssigned {
        plan: PlanId,
        section: SectionId,
        #[serde(flatten)]
        group: Group,
    },
    /// A plan has a process from here on.
    #[serde(rename = "process.started")]
    ProcessStarted {
        plan: PlanId,
        /// The template from which it was made.
        template: String,
        phases: Vec<PhasePlan>,
        /// For how many days after its last phase what people said is kept; none: for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep_days: Option<u32>,
    },
    #[serde(rename = "retention.set")]
    RetentionSet { plan: PlanId, days: Option<u32> },
    /// Its time has come: comments' words and the guests of the plan are forgotten. Recorded in nobody's name.
    #[serde(rename = "retention.passed")]
    RetentionPassed { plan: PlanId },
    #[serde(rename = "phase.rescheduled")]
    PhaseRescheduled { plan: PlanId, phase: PhaseId, opens: Timestamp, closes: Timestamp },
    /// Its date has come: recorded by the program, in nobody's name.
    #[serde(rename = "phase.opened")]
    PhaseOpened { plan: PlanId, phase: PhaseId },
    #[serde(rename = "phase.closed")]
    PhaseClosed { plan: PlanId, phase: PhaseId },
    #[serde(rename = "phase.added")]
    PhaseAdded {
        plan: PlanId,
        #[serde(flatten)]
        planned: PhasePlan,
    },
    #[serde(rename = "phase.changed")]
    PhaseChanged {
        plan: PlanId,
        phase: PhaseId,
        title: String,
        kind: PhaseKind,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gate: Vec<Role>,
    },
    #[serde(rename = "phase.removed")]
    PhaseRemoved { plan: PlanId, phase: PhaseId },
    /// Nothing of it had begun: the plan has none again.
    #[serde(rename = "process.withdrawn")]
    ProcessWithdrawn { plan: PlanId },
    /// A body outside the network is asked to be heard. Who has its link may join as a guest.
    #[serde(rename = "guest.invited")]
    GuestInvited {
        invitation: InvitationId,
        #[serde(flatten)]
        invite: Invite,
    },
    #[serde(rename = "guest.revoked")]
    GuestRevoked { plan: PlanId, invitation: InvitationId },
    /// Somebody came by an invitation, and said in which capacity.
    #[serde(rename = "guest.joined")]
    GuestJoined {
        plan: PlanId,
        invitation: InvitationId,
        guest: PersonId,
        #[serde(flatten)]
        joining: Joining,
    },
    #[serde(rename = "gate.approved")]
    GateApproved { plan: PlanId, phase: PhaseId, role: Role },
    /// An approval was taken back.
    #[serde(rename = "gate.withdrawn")]
    GateWithdrawn { plan: PlanId, phase: PhaseId, role: Role },
    /// Somebody who was added signed in for the first time.
    #[serde(rename = "person.joined")]
    PersonJoined { person: PersonId },
    #[serde(rename = "plan.created")]
    PlanCreated { plan: PlanId, title: String, document: DocumentId },
    #[serde(rename = "plan.renamed")]
    PlanRenamed { plan: PlanId, title: String },
    #[serde(rename = "plan.frozen")]
    PlanFrozen { plan: PlanId, reason: String },
    #[serde(rename = "plan.unfrozen")]
    PlanUnfrozen { plan: PlanId, reason: String },
    /// An actor id was used for the first time: from here on it stands for this person in this plan.
    #[serde(rename = "actor.bound")]
    ActorBound { plan: PlanId, actor_id: ActorId, person: PersonId },
    /// One change of a document.
    #[serde(rename = "document.changed")]
    DocumentChanged {
        plan: PlanId,
        document: DocumentId,
        hash: ChangeHash,
        actor_id: ActorId,
        /// The document's heads after this change.
        heads: Heads,
        /// The Automerge change, uncompressed, in base64.
        change: Base64,
    },
    /// Words that were typed in a paragraph that somebody else deleted meanwhile were set in a provision of
    /// their own. Which words, the document says.
    #[serde(rename = "stray.found")]
    StrayFound {
        plan: PlanId,
        section: SectionId,
        /// The provision in which they stand now.
        provision: ProvisionId,
        /// The one in which they were typed.
        was: Option<ProvisionId>,
        /// Who typed them.
        people: Vec<PersonId>,
        /// The position of the change that deleted the paragraph.
        removed: Position,
    },
    #[serde(rename = "stray.settled")]
    StraySettled { plan: PlanId, provision: ProvisionId, settled: Settled },
    #[serde(rename = "thread.opened")]
    ThreadOpened { plan: PlanId, thread: ThreadId, anchor: Anchor, text: String },
    #[serde(rename = "thread.replied")]
    ThreadReplied { plan: PlanId, thread: ThreadId, reply: EventId, text: String },
    #[serde(rename = "thread.resolved")]
    ThreadResolved { plan: PlanId, thread: ThreadId },
    #[serde(rename = "thread.reopened")]
    ThreadReopened { plan: PlanId, thread: ThreadId },
    /// A comment is not shown any more, for a reason that everybody sees.
    #[serde(rename = "comment.withheld")]
    CommentWithheld {
        #[serde(flatten)]
        place: Place,
        measure: Measure,
        reason: String,
    },
    #[serde(rename = "comment.shown")]
    CommentShown {
        #[serde(flatten)]
        place: Place,
        reason: String,
    },
    /// Its author asks for a comment to be looked at again.
    #[serde(rename = "comment.disputed")]
    CommentDisputed {
        #[serde(flatten)]
        place: Place,
        text: String,
    },
    /// What holds for everybody who comments, and who decides disputes.
    #[serde(rename = "conduct.set")]
    ConductSet { rules: Option<String>, contact: Option<PersonId> },
    /// Something is asked of somebody. In which words, `task.worded` says.
    #[serde(rename = "task.asked")]
    TaskAsked {
        task: TaskId,
        #[serde(flatten)]
        ask: Ask,
    },
    /// By itself, since words can be erased: what is asked of whom stands all the same.
    #[serde(rename = "task.worded")]
    TaskWorded { task: TaskId, text: String },
    #[serde(rename = "task.done")]
    TaskDone { task: TaskId },
    #[serde(rename = "task.withdrawn")]
    TaskWithdrawn { task: TaskId },
}

/// Bytes, written as base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64(pub bytes::Bytes);

impl Serialize for Base64 {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        to.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(from)?;
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

impl JsonSchema for Base64 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Base64".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}
