//! What lets people in, as it lies in the log's table of access, and what follows from it at a time.
//!
//! Rules read [`Held`] and answer with the changes that are to be recorded; what was recorded is taken in by
//! [`Held::apply`], the same way as everything is at the start.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::secret::Digest;
use crate::domain::{PersonId, Timestamp, limits};
use crate::log::{AccessChange, Failure};

/// The time between two notes of when a session or a token was last used, in milliseconds.
const COARSE: i64 = 3_600_000;

/// One sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub person: PersonId,
    pub made: Timestamp,
    /// When it was last used, to the hour.
    pub seen: Timestamp,
    /// What the browser said of itself.
    pub agent: String,
    /// The version of the person's part when its id was drawn: an older one is replaced.
    #[serde(default)]
    pub(super) version: u64,
    /// When another id took its place, and which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced: Option<(Timestamp, Digest)>,
}

impl Session {
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        let overlaps = |(at, _): &(Timestamp, Digest)| is_within(*at, limits::SESSION_OVERLAP, now);
        is_within(self.made, limits::SESSION_LIFE, now)
            && is_within(self.seen, limits::SESSION_IDLE, now)
            && self.replaced.as_ref().is_none_or(overlaps)
    }
}

/// What a token for tools is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Reading alone.
    Read,
    /// All that its person may do.
    Write,
}

/// A token by which a tool acts for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub person: PersonId,
    pub name: String,
    pub scope: Scope,
    pub made: Timestamp,
    pub until: Timestamp,
    /// When it was last used, to the hour.
    pub used: Option<Timestamp>,
}

impl Token {
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// A request to sign in, by the link that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) person: PersonId,
    pub(super) made: Timestamp,
    /// Of the secret that the page has on which the mail was asked for.
    pub(super) page: Digest,
    /// Of that secret and the code.
    pub(super) code: Digest,
    /// How often a wrong code was typed.
    pub(super) wrong: u32,
    /// Whoever runs the server was given the link; it was not mailed.
    #[serde(default)]
    pub(super) handed: bool,
}

impl Request {
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        is_within(self.made, limits::SIGN_IN_WITHIN, now)
    }
}

pub(super) fn is_within(from: Timestamp, span: std::time::Duration, now: Timestamp) -> bool {
    now.0 - from.0 < i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Whether a use is to be noted that comes so long after the last one that was.
pub(super) fn is_worth_noting(last: Timestamp, now: Timestamp) -> bool {
    now.0 - last.0 >= COARSE
}

/// The kinds of entries, by how their keys begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Session,
    Token,
    Request,
    /// The link by which the first person comes in.
    First,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Session, Self::Token, Self::Request, Self::First];

    pub(super) fn prefix(self) -> &'static [u8] {
        match self {
            Self::Session => b"session/",
            Self::Token => b"token/",
            Self::Request => b"sign-in/",
            Self::First => b"first/",
        }
    }

    fn key(self, digest: &Digest) -> Bytes {
        [self.prefix(), &digest.0].concat().into()
    }
}

pub(super) fn put(kind: Kind, digest: &Digest, entry: &impl Serialize) -> AccessChange {
    let value = serde_json::to_vec(entry).expect("an entry is always JSON");
    AccessChange { key: kind.key(digest), value: Some(value.into()) }
}

pub(super) fn remove(kind: Kind, digest: &Digest) -> AccessChange {
    AccessChange { key: kind.key(digest), value: None }
}

/// All entries, in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) sessions: HashMap<Digest, Session>,
    pub(super) tokens: HashMap<Digest, Token>,
    pub(super) requests: HashMap<Digest, Request>,
    pub(super) first: Option<Digest>,
}

impl Held {
    /// How the keys of its entries begin.
    pub(super) fn prefixes() -> impl Iterator<Item = &'static [u8]> {
        Kind::ALL.into_iter().map(Kind::prefix)
    }

    /// Takes in what was recorded.
    pub(super) fn apply(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Failure> {
        let damaged = || Failure::Damaged("an entry of the table of access cannot be read".into());
        let (kind, digest) = Kind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, key.strip_prefix(kind.prefix())?)))
            .ok_or_else(damaged)?;
        let digest = Digest(digest.try_into().map_err(|_| damaged())?);
        fn set<T: DeserializeOwned>(
            entries: &mut HashMap<Digest, T>,
            digest: Digest,
            value: Option<&[u8]>,
        ) -> Option<()> {
            match value {
                Some(value) => drop(entries.insert(digest, serde_json::from_slice(value).ok()?)),
                None => drop(entries.remove(&digest)),
            }
            Some(())
        }
        match kind {
            Kind::Session => set(&mut self.sessions, digest, value),
            Kind::Token => set(&mut self.tokens, digest, value),
            Kind::Request => set(&mut self.requests, digest, value),
            Kind::First => {
                self.first = value.map(|_| digest);
                Some(())
            }
        }
        .ok_or_else(damaged)
    }

    /// What has had its time goes.
    pub(super) fn swept(&self, now: Timestamp) -> Vec<AccessChange> {
        let sessions = self.sessions.iter().filter(|(_, session)| !session.stands(now));
        let tokens = self.tokens.iter().filter(|(_, token)| !token.stands(now));
        let requests = self.requests.iter().filter(|(_, request)| !request.stands(now));
        sessions
            .map(|(digest, _)| remove(Kind::Session, digest))
            .chain(tokens.map(|(digest, _)| remove(Kind::Token, digest)))
            .chain(requests.map(|(digest, _)| remove(Kind::Request, digest)))
            .collect()
    }

    /// A person's own, the one that was used last first. An id that another has replaced is none of its own.
    pub(super) fn sessions_of(&self, person: &PersonId, now: Timestamp) -> Vec<(Digest, Session)> {
        let is_own = |session: &Session| session.person == *person && session.replaced.is_none();
        let own = self.sessions.iter().filter(|(_, session)| is_own(session) && session.stands(now));
        let mut own: Vec<_> = own.map(|(digest, session)| (*digest, session.clone())).collect();
        own.sort_by_key(|(digest, session)| (std::cmp::Reverse((session.seen, session.made)), *digest));
        own
    }

    /// A session ends, under whichever of its ids it is known.
    pub(super) fn ended(&self, digest: &Digest) -> Vec<AccessChange> {
        let by = |session: &Session| session.replaced.as_ref().map(|(_, by)| *by);
        let newer = self.sessions.get(digest).and_then(by);
        let is_one = |other: &Digest, session: &Session| {
            other == digest || Some(*other) == newer || by(session).is_some_and(|by| by == *digest)
        };
        let all = self.sessions.iter().filter(|(other, session)| is_one(other, session));
        all.map(|(other, _)| remove(Kind::Session, other)).collect()
    }

    /// A session goes on under another id; the old one counts for a moment more, since requests are on their way.
    pub(super) fn renewed(
        &self,
        old: &Digest,
        new: &Digest,
        version: u64,
        now: Timestamp,
    ) -> Vec<AccessChange> {
        let Some(session) = self.sessions.get(old).filter(|session| session.replaced.is_none()) else {
            return Vec::new();
        };
        let replaced = Session { replaced: Some((now, *new)), ..session.clone() };
        let goes_on = Session { version, seen: now, ..session.clone() };
        vec![put(Kind::Session, new, &goes_on), put(Kind::Session, old, &replaced)]
    }

    /// A person's own, the newest first.
    pub(super) fn tokens_of(&self, person: &PersonId, now: Timestamp) -> Vec<(Digest, Token)> {
        let own = self.tokens.iter().filter(|(_, token)| token.person == *person && token.stands(now));
        let mut own: Vec<_> = own.map(|(digest, token)| (*digest, token.clone())).collect();
        own.sort_by_key(|(digest, token)| (std::cmp::Reverse(token.made), *digest));
        own
    }

    /// Everything that lets a person in.
    pub(super) fn all_of(&self, person: &PersonId) -> Vec<AccessChange> {
        let sessions = self.sessions.iter().filter(|(_, session)| session.person == *person);
        let tokens = self.tokens.iter().filter(|(_, token)| token.person == *person);
        let requests = self.requests.iter().filter(|(_, request)| request.person == *person);
        sessions
            .map(|(digest, _)| remove(Kind::Session, digest))
            .chain(tokens.map(|(digest, _)| remove(Kind::Token, digest)))
            .chain(requests.map(|(digest, _)| remove(Kind::Request, digest)))
            .collect()
    }

    /// For whom a mail was asked on a page.
    pub(super) fn asker(&self, page: &Digest) -> Option<PersonId> {
        self.requests.values().find(|request| request.page == *page).map(|request| request.person.clone())
    }

    /// Whoever is let in by anything here.
    pub(super) fn people(&self) -> HashSet<PersonId> {
        let sessions = self.sessions.values().map(|session| &session.person);
        let tokens = self.tokens.values().map(|token| &token.person);
        sessions.chain(tokens).chain(self.requests.values().map(|request| &request.person)).cloned().collect()
    }

    /// A new request voids the older ones of its person.
    pub(super) fn asked(&self, link: &Digest, request: &Request) -> Vec<AccessChange> {
        let older = self.requests.iter().filter(|(_, older)| older.person == request.person);
        let mut changes: Vec<_> = older.map(|(digest, _)| remove(Kind::Request, digest)).collect();
        changes.push(put(Kind::Request, link, request));
        changes
    }

    /// The request that a link stands for.
    pub(super) fn linked(&self, link: &Digest, now: Timestamp) -> Option<&Request> {
        self.requests.get(link).filter(|request| request.stands(now))
    }

    /// What follows from a code that was typed on a page: the link that stands for it, or the changes that a
    /// wrong one makes.
    pub(super) fn typed(&self, page: &Digest, code: &Digest, now: Timestamp) -> Typed {
        let Some((link, request)) =
            self.requests.iter().find(|(_, request)| request.page == *page && request.stands(now))
        else {
            return Typed::Void;
        };
        if request.code == *code {
            return Typed::Right(*link);
        }
        let wrong = request.wrong + 1;
        Typed::Wrong(if wrong >= limits::CODE_TRIES {
            remove(Kind::Request, link)
        } else {
            put(Kind::Request, link, &Request { wrong, ..request.clone() })
        })
    }

    /// A session begins; a person's least used ones end where there are too many.
    pub(super) fn began(&self, digest: &Digest, session: &Session) -> Vec<AccessChange> {
        let own = self.sessions_of(&session.person, session.made);
        let too_many = own.iter().skip(limits::SESSIONS_PER_PERSON - 1);
        let mut changes: Vec<_> = too_many.map(|(digest, _)| remove(Kind::Session, digest)).collect();
        changes.push(put(Kind::Session, digest, session));
        changes
    }
}

/// What became of a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Right(Digest),
    Wrong(AccessChange),
    Void,
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        to.serialize_str(&base64::engine::general_purpose::STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        use serde::de::Error as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(String::deserialize(from)?);
        let bytes = bytes.map_err(D::Error::custom)?.try_into();
        bytes.map(Self).map_err(|_| D::Error::custom("32 bytes are needed"))
    }
}
