//! What those who keep people do about one of them: address, sign-ins, log of access, the copy of what is held.

use std::sync::Arc;

use serde::Serialize;

use super::{App, Error};
use crate::access::{self, Access, Digest, Entry, Session, Token};
use crate::domain::{Action, Email, Office, PersonId, Refusal};
use crate::log::Failure;

/// Somebody of the network, as those who keep people see them.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    pub id: PersonId,
    pub name: String,
    pub email: Option<Email>,
    #[serde(flatten)]
    pub office: Office,
    /// Whether they have ever signed in.
    pub joined: bool,
    pub left: bool,
    /// What `person.change` and `person.leave` name.
    pub version: u64,
}

/// What lets somebody in now.
pub struct Holds {
    pub sessions: Vec<(Digest, Session)>,
    pub tokens: Vec<(Digest, Token)>,
}

impl App {
    /// Everybody, those who have left included, by id.
    pub fn members(&self, by: &PersonId) -> Result<Vec<Member>, Refusal> {
        self.permits(by, Action::People)?;
        let views = self.engine.views();
        let member = |(id, known): (&PersonId, &crate::domain::Person)| {
            let about = self.engine.about(id);
            Member {
                id: id.clone(),
                email: about.as_ref().and_then(|about| about.email.clone()),
                name: about.map(|about| about.name).unwrap_or_default(),
                office: known.office.clone(),
                joined: known.joined,
                left: known.left,
                version: known.version,
            }
        };
        Ok(views.state.people.iter().map(member).collect())
    }

    /// Sets where somebody is reached. That who asks is there themselves is the asker's door to see to: the page wants a
    /// sign-in that is fresh, a verb the data folder.
    pub async fn set_address(&self, by: &PersonId, person: &PersonId, email: &str) -> Result<(), Error> {
        self.permits(by, Action::People)?;
        let email = Email::new(email)?;
        match self.access() {
            Some(access) => access.set_address(person, email).await?,
            // Where people are picked, nobody is told by mail.
            None => drop(self.engine.set_address(person.clone(), email).await?),
        }
        Ok(self.directory.as_ref().map_or(Ok(()), |directory| directory.unbind(person))?)
    }

    /// All that is held about somebody, for themselves and for who keeps people. That it was taken is in the log of access.
    pub async fn copy(self: &Arc<Self>, by: &PersonId, person: &PersonId) -> Result<String, Error> {
        if by != person {
            let may = self.permits(by, Action::People);
            may.map_err(|_| Refusal::NotPermitted { what: "see what is held about others" })?;
        }
        let is_known = {
            let state = &self.engine.views().state;
            state.people.contains_key(person) || state.guests.people.contains_key(person)
        };
        if !is_known {
            return Err(Refusal::PersonUnknown.into());
        }
        let (app, by, person) = (self.clone(), by.clone(), person.clone());
        let made = tokio::task::spawn_blocking(move || {
            if let Some(access) = app.access() {
                access.log(&person, access::What::Copied, Some(&by))?;
            }
            access::about(&app.engine, &person, &by)
        });
        Ok(made.await.unwrap_or_else(|stopped| Err(Failure::Read(stopped.to_string())))?)
    }

    /// The newest entries of the log of access; none where people are picked.
    pub async fn journal(
        &self,
        by: &PersonId,
        of: Option<&PersonId>,
        most: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.permits(by, Action::People)?;
        let Some(access) = self.access() else { return Ok(Vec::new()) };
        let of = of.cloned();
        Ok(access.blocking(move |access| access.journal(of.as_ref(), most)).await?)
    }

    pub fn holds(&self, by: &PersonId, person: &PersonId) -> Result<Holds, Error> {
        let access = self.letting_in(by, person)?;
        Ok(Holds { sessions: access.sessions(person), tokens: access.tokens(person) })
    }

    /// Ends all sign-ins and tokens of somebody.
    pub async fn end_all(&self, by: &PersonId, person: &PersonId) -> Result<(), Error> {
        let access = self.letting_in(by, person)?;
        let (by, person) = (by.clone(), person.clone());
        Ok(access.blocking(move |access| access.end_all(&person, &by)).await?)
    }

    /// What lets somebody in, for who keeps people.
    fn letting_in(&self, by: &PersonId, person: &PersonId) -> Result<&Arc<Access>, Refusal> {
        self.permits(by, Action::People)?;
        let is_known = self.engine.views().state.people.contains_key(person);
        // Where people are picked, nothing lets anybody in.
        self.access().filter(|_| is_known).ok_or(Refusal::PersonUnknown)
    }
}
