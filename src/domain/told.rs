//! What somebody wishes to be sent, and what they were told already. It lies in their row beside the record, so that
//! it goes with them, and comes back with a backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Position;

/// How often somebody is sent what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digest {
    Off,
    Day,
    #[default]
    Week,
}

impl Digest {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Off];
}

/// A reminder that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// How many days before the date it was to come.
    pub ahead: u8,
    /// The day on which it was sent, counted from 1970-01-01.
    pub day: i64,
}

/// What one person was told, and wishes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    pub digest: Digest,
    /// They wish no reminders.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unreminded: bool,
    /// Up to which event they have seen on their page what is new.
    pub seen: Position,
    /// Up to which event they were sent what is new.
    pub sent: Position,
    /// The reminders that were sent, by what they were about.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reminded: BTreeMap<String, Reminded>,
    /// Stands in the address by which they end all this without signing in. Nobody comes in by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
}

impl Told {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
