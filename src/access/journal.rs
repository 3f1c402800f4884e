//! The log of access: who was let in and when, and what was made or ended that lets somebody in. For administrators; kept
//! beside the record, for a time, and in no backup.

use std::collections::HashSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::held::{Held, Kind, Session, Token};
use super::secret::{self, Digest};
use crate::domain::{PersonId, Timestamp, limits};
use crate::log::{AccessChange, Failure, Log};

/// How the keys of these entries begin; then the time, so that they lie in its order.
const PREFIX: &[u8] = b"journal/";

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// Whom it lets in, or did.
    pub person: PersonId,
    pub what: What,
    /// Who did it, where that was somebody else; none also for whoever runs the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// What the browser said of itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    SignedIn,
    /// Signed out, on one device, or ended from elsewhere.
    Ended,
    /// All sign-ins and tokens, by somebody who keeps people.
    AllEnded,
    TokenMade,
    TokenEnded,
    /// A wrong code was typed.
    CodeWrong,
    /// A link to sign in was handed to whoever runs the server.
    LinkHanded,
    PasskeyAdded,
    PasskeyRemoved,
    /// From then on a mail lets them in no more, or does again.
    PasskeysAlone,
    PasskeysNotAlone,
    AddressChanged,
    /// A copy of all that is held about them was taken.
    Copied,
}

impl Entry {
    pub(super) fn new(at: Timestamp, person: &PersonId, what: What) -> Self {
        Self { at, person: person.clone(), what, by: None, agent: String::new() }
    }

    pub(super) fn put(&self) -> Result<AccessChange, Failure> {
        let mut random = [0; 8];
        secret::random(&mut random)?;
        let value = serde_json::to_vec(self).map_err(|error| Failure::Write(error.to_string()))?;
        let key: Bytes = [PREFIX, &self.at.0.to_be_bytes(), &random].concat().into();
        Ok(AccessChange { key, value: Some(value.into()) })
    }
}

/// What changes of the table mean to the log of access, in their words.
pub(super) fn follow(held: &Held, changes: &[AccessChange], now: Timestamp) -> Vec<Entry> {
    changes.iter().filter_map(|change| entry(held, change, now)).collect()
}

fn entry(held: &Held, change: &AccessChange, now: Timestamp) -> Option<Entry> {
    let (kind, digest) = Kind::of(&change.key)?;
    let new = |person: &PersonId, what| Some(Entry::new(now, person, what));
    match (kind, &change.value) {
        (Kind::Session, Some(value)) if !held.sessions.contains_key(&digest) => {
            let session: Session = serde_json::from_slice(value).ok()?;
            // One that goes on under another id began before.
            let begins = session.made == now;
            begins.then(|| Entry { agent: session.agent, ..Entry::new(now, &session.person, What::SignedIn) })
        }
        // What has had its time ends by itself, and so does an id that was replaced.
        (Kind::Session, None) => {
            let session = held.sessions.get(&digest)?;
            let ended = session.stands(now) && session.replaced.is_none();
            if ended { new(&session.person, What::Ended) } else { None }
        }
        (Kind::Token, Some(value)) if !held.tokens.contains_key(&digest) => {
            let token: Token = serde_json::from_slice(value).ok()?;
            new(&token.person, What::TokenMade)
        }
        (Kind::Token, None) => {
            let token = held.tokens.get(&digest).filter(|token| token.stands(now))?;
            new(&token.person, What::TokenEnded)
        }
        _ => None,
    }
}

/// The newest entries first; of one person, or of all.
pub(super) fn list(log: &dyn Log, of: Option<&PersonId>, most: usize) -> Result<Vec<Entry>, Failure> {
    let all = log.list_access(PREFIX)?;
    let read = all.iter().rev().filter_map(|(_, value)| serde_json::from_slice::<Entry>(value).ok());
    Ok(read.filter(|entry| of.is_none_or(|person| entry.person == *person)).take(most).collect())
}

/// What has been kept for long enough, what is more than is kept, and what is of people who were forgotten.
pub(super) fn swept(
    log: &dyn Log,
    now: Timestamp,
    forgotten: &HashSet<PersonId>,
) -> Result<Vec<AccessChange>, Failure> {
    let all = log.list_access(PREFIX)?;
    let more = all.len().saturating_sub(limits::JOURNAL);
    let kept = i64::try_from(limits::JOURNAL_KEPT.as_secs()).unwrap_or(i64::MAX);
    let goes = |at: usize, value: &Bytes| {
        let entry = serde_json::from_slice::<Entry>(value);
        at < more
            || entry
                .is_ok_and(|entry| entry.at.plus_seconds(kept) <= now || forgotten.contains(&entry.person))
    };
    let gone = all.into_iter().enumerate().filter(|(at, (_, value))| goes(*at, value));
    Ok(gone.map(|(_, (key, _))| AccessChange { key, value: None }).collect())
}

/// The key of an entry, as `Held` has it.
impl Kind {
    fn of(key: &[u8]) -> Option<(Self, Digest)> {
        [Self::Session, Self::Token].into_iter().find_map(|kind| {
            let digest = key.strip_prefix(kind.prefix())?.try_into().ok()?;
            Some((kind, Digest(digest)))
        })
    }
}
