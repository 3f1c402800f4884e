//! Identifiers. All are opaque: nothing in them names a person or a place.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use super::limits;

/// A position in the log: 1 is the first event, no gaps. 0 means "before the first".
pub type Position = u64;

/// Why a text is not an identifier of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: {reason}")]
pub struct BadId {
    pub kind: &'static str,
    pub reason: &'static str,
}

/// Declares a newtype over a short text: letters, digits, `-`, `_`, at most 64 of them.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"))] String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                check_text_id(&text).map_err(|reason| BadId { kind: $kind, reason })?;
                Ok(Self(text))
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(from)?).map_err(D::Error::custom)
            }
        }
    };
}

fn check_text_id(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > limits::ID_BYTES {
        return Err("1 to 64 characters are needed");
    }
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err("it must start with a letter or a digit");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err("only letters, digits, - and _ are allowed");
    }
    Ok(())
}

text_id!(
    /// Someone who signs in. The name and the address live apart from the log and can be erased.
    PersonId, "person id"
);
text_id!(
    /// A body in or around the network.
    OrganisationId, "organisation id"
);
text_id!(
    /// A phase of a plan's process.
    PhaseId, "phase id"
);
text_id!(
    /// A section of a plan: the key of its entry in the document's `sections`.
    SectionId, "section id"
);
text_id!(
    /// A provision (one block of a section): the block's `attrs.id`.
    ProvisionId, "provision id"
);

/// Declares a newtype over a UUID.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| BadId { kind: stringify!($name), reason: "a UUID is needed" })
            }
        }
    };
}

uuid_id!(
    /// One plan and its whole history.
    PlanId
);
uuid_id!(
    /// An invitation of guests to one consultation.
    InvitationId
);
uuid_id!(
    /// One thread of comments on some words of a plan.
    ThreadId
);
uuid_id!(
    /// Something that a person asked of another, or of an organisation.
    TaskId
);
uuid_id!(
    /// A command or an event. Repeating one returns its first answer, for ever.
    EventId
);

impl EventId {
    /// The same for the same digest: its first 16 bytes, as a random id has them.
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// An Automerge document: 16 bytes, written as base58 with a checksum behind `automerge:`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub [u8; 16]);

impl DocumentId {
    /// The form that automerge-repo calls a document URL.
    pub fn url(&self) -> String {
        format!("automerge:{self}")
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).with_check().into_string())
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({self})")
    }
}

impl FromStr for DocumentId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = |reason| BadId { kind: "document id", reason };
        let text = text.strip_prefix("automerge:").unwrap_or(text);
        let bytes = bs58::decode(text)
            .with_check(None)
            .into_vec()
            .map_err(|_| bad("base58 with a checksum is needed"))?;
        Ok(Self(bytes.try_into().map_err(|_| bad("16 bytes are needed"))?))
    }
}

/// Declares a newtype over bytes that is written as lower-case hexadecimal.
macro_rules! hex_serde {
    ($name:ident, $pattern:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(D::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

hex_serde!(DocumentId, "^[1-9A-HJ-NP-Za-km-z]{20,40}$");
hex_serde!(ChangeHash, "^[0-9a-f]{64}$");
hex_serde!(ActorId, "^([0-9a-f]{2}){1,64}$");

/// The SHA-256 of one Automerge change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeHash(pub [u8; 32]);

/// The set of change hashes that names one exact state of a document, in ascending order.
pub type Heads = Vec<ChangeHash>;

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0[..6])
    }
}

impl FromStr for ChangeHash {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bytes = from_hex(text).ok_or(BadId { kind: "change hash", reason: "hexadecimal is needed" })?;
        Ok(Self(bytes.try_into().map_err(|_| BadId { kind: "change hash", reason: "32 bytes are needed" })?))
    }
}

/// Who wrote an operation, as Automerge names it: one editing session of one person in one plan.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(std::sync::Arc<[u8]>);

impl ActorId {
    /// 1 to 64 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, BadId> {
        if bytes.is_empty() || bytes.len() as u64 > limits::ACTOR_BYTES {
            return Err(BadId { kind: "actor id", reason: "1 to 64 bytes are needed" });
        }
        Ok(Self(bytes.into()))
    }
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for ActorId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(&from_hex(text).ok_or(BadId { kind: "actor id", reason: "hexadecimal is needed" })?)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
