//! Another address for somebody: asked for by themselves and shown by a link that goes there, or set by who keeps people.
//! No event has it, and what is asked for lies in memory until the link is pressed.

use std::sync::Arc;

use super::secret::Secret;
use super::{Access, Error, Kind, Pass, Refused, What, mail, remove};
use crate::domain::{Email, PersonId};
use crate::log::Failure;

impl Access {
    /// Sends a link to the address that somebody wants to be reached at. Where it is another person's no mail goes out, and
    /// the answer is the same: nobody learns who is known.
    pub fn ask_address(&self, pass: &Pass, email: Email) -> Result<(), Error> {
        if !self.is_fresh(pass) {
            return Err(Refused::SignInAnew.into());
        }
        let person = &pass.person;
        if self.engine.person_at(&email).is_some_and(|whose| whose != *person) {
            return Ok(());
        }
        let Some(about) = self.engine.about(person) else { return Ok(()) };
        let link = Secret::draw()?;
        self.void_links(person);
        self.moving.lock().put(link.digest(), (person.clone(), email.clone()), self.now());
        let address = format!("{}/me/address/{}", self.public_url, link.text());
        self.outbox.post(mail::words::new_address(email, &about.name, self.host(), &address));
        Ok(())
    }

    /// The address that a link was sent to, for whoever asked for it. Looking uses nothing up.
    pub fn asked_address(&self, person: &PersonId, link: &str) -> Result<Email, Refused> {
        let digest = Secret::read(link).ok_or(Refused::LinkVoid)?.digest();
        let moving = self.moving.lock();
        let asked = moving.look(&digest, self.now()).filter(|(whose, _)| whose == person);
        asked.map(|(_, email)| email.clone()).ok_or(Refused::LinkVoid)
    }

    /// Uses the link up: the person is reached there from now on. They alone can, signed in: whoever got a mail that was
    /// typed wrongly cannot.
    pub async fn use_address(self: &Arc<Self>, person: &PersonId, link: &str) -> Result<(), Error> {
        let email = self.asked_address(person, link)?;
        let digest = Secret::read(link).ok_or(Refused::LinkVoid)?.digest();
        self.moving.lock().take(&digest, self.now()).ok_or(Refused::LinkVoid)?;
        self.set_address(person, email).await
    }

    /// Sets a person's address. What was mailed to the old one lets nobody in any more, and a note goes there.
    pub async fn set_address(self: &Arc<Self>, person: &PersonId, email: Email) -> Result<(), Error> {
        let old = self.engine.set_address(person.clone(), email.clone()).await?;
        self.void_links(person);
        let whose = person.clone();
        let void = move |access: &Self| {
            access.log(&whose, What::AddressChanged, None)?;
            access.void_requests(&whose)
        };
        self.blocking(void).await.map_err(Error::from)?;
        let Some(old) = old.filter(|old| old.key() != email.key()) else { return Ok(()) };
        if let Some(about) = self.engine.about(person) {
            self.outbox.post(mail::words::address_changed(old, &about.name, self.host(), &self.public_url));
        }
        Ok(())
    }

    /// Of the links to new addresses, only the newest holds, and none once there is an address.
    fn void_links(&self, person: &PersonId) {
        self.moving.lock().drop_all(|(whose, _)| whose == person);
    }

    fn void_requests(&self, person: &PersonId) -> Result<(), Failure> {
        let alone = self.alone();
        let gone: Vec<_> = {
            let held = self.held();
            let own = held.requests.iter().filter(|(_, request)| request.person == *person);
            own.map(|(digest, _)| remove(Kind::Request, digest)).collect()
        };
        self.commit(&alone, &gone)
    }
}
