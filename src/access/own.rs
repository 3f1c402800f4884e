//! What somebody sees and takes back of their own: sessions, and tokens for tools.

use super::secret::{Digest, Secret};
use super::{Access, Error, Holder, Kind, Pass, Refused, Scope, Session, TOKEN_MARK, Token, put, remove};
use crate::domain::{PersonId, limits};
use crate::log::Failure;

impl Access {
    pub fn sessions(&self, person: &PersonId) -> Vec<(Digest, Session)> {
        self.held().sessions_of(person, self.now())
    }

    pub fn tokens(&self, person: &PersonId) -> Vec<(Digest, Token)> {
        self.held().tokens_of(person, self.now())
    }

    /// Ends the session of which one has the pass.
    pub fn leave(&self, pass: &Pass) -> Result<(), Failure> {
        let alone = self.alone();
        match &pass.holder {
            Holder::Session(digest) => {
                let ended = self.held().ended(digest);
                self.commit(&alone, &ended)
            }
            Holder::Token(_) => Ok(()),
        }
    }

    /// Ends one of a person's sessions, named as in the list of them.
    pub fn end_session(&self, person: &PersonId, short: &str) -> Result<(), Error> {
        let alone = self.alone();
        let own = self.sessions(person);
        let (digest, _) =
            own.iter().find(|(digest, _)| digest.short() == short).ok_or(Refused::EntryUnknown)?;
        let ended = self.held().ended(digest);
        Ok(self.commit(&alone, &ended)?)
    }

    /// Ends all of a person's sessions but the one that asks for it.
    pub fn end_others(&self, pass: &Pass) -> Result<(), Failure> {
        let alone = self.alone();
        let own = self.sessions(&pass.person).into_iter();
        let others = own.filter(|(digest, _)| Holder::Session(*digest) != pass.holder);
        let changes: Vec<_> = others.flat_map(|(digest, _)| self.held().ended(&digest)).collect();
        self.commit(&alone, &changes)
    }

    /// A new token. It is shown once: here is only its digest.
    pub fn make_token(
        &self,
        person: &PersonId,
        name: &str,
        scope: Scope,
        days: u32,
    ) -> Result<String, Error> {
        const DAY: u64 = 24 * 3600;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > limits::TITLE {
            return Err(Refused::TokenNameNotValid.into());
        }
        if days == 0 || u64::from(days) > limits::TOKEN_LIFE.as_secs() / DAY {
            return Err(Refused::TokenLifeNotValid.into());
        }
        let alone = self.alone();
        if self.tokens(person).len() >= limits::TOKENS_PER_PERSON {
            return Err(Refused::TooManyTokens.into());
        }
        let (secret, now) = (Secret::draw()?, self.now());
        let token = Token {
            person: person.clone(),
            name: name.to_owned(),
            scope,
            made: now,
            until: now.plus_seconds(i64::from(days) * DAY as i64),
            used: None,
        };
        self.commit(&alone, &[put(Kind::Token, &secret.digest(), &token)])?;
        Ok(format!("{TOKEN_MARK}{}", secret.text()))
    }

    /// Takes back all of a person's tokens.
    pub fn end_tokens(&self, person: &PersonId) -> Result<(), Failure> {
        let alone = self.alone();
        let own = self.tokens(person);
        let changes: Vec<_> = own.iter().map(|(digest, _)| remove(Kind::Token, digest)).collect();
        self.commit(&alone, &changes)
    }

    /// Takes back one of a person's tokens, named as in the list of them.
    pub fn end_token(&self, person: &PersonId, short: &str) -> Result<(), Error> {
        let alone = self.alone();
        let own = self.tokens(person);
        let (digest, _) =
            own.iter().find(|(digest, _)| digest.short() == short).ok_or(Refused::EntryUnknown)?;
        Ok(self.commit(&alone, &[remove(Kind::Token, digest)])?)
    }
}
