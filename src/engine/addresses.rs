//! What is known of people beside the record, and by which address each is found.

use std::collections::{HashMap, HashSet};

use parking_lot::{Mutex, RwLock};

use super::Error;
use crate::domain::{About, Email, Learned, PersonId, Refusal, State};
use crate::log::{Failure, Log};

/// The rows of people, told of each that is put or erased: a page names everybody, and asks for no row of the disk.
#[derive(Debug, Default)]
pub(super) struct Addresses(
    RwLock<Rows>,
    /// Held from reading rows until they are put or erased: what two change at once, both change.
    Mutex<()>,
);

#[derive(Debug, Default)]
struct Rows {
    rows: HashMap<PersonId, About>,
    /// Whose each address is.
    people: HashMap<String, PersonId>,
}

impl Rows {
    fn put(&mut self, person: &PersonId, about: &About) {
        self.forget(person);
        if let Some(email) = &about.email {
            self.people.insert(email.key(), person.clone());
        }
        self.rows.insert(person.clone(), about.clone());
    }

    fn forget(&mut self, person: &PersonId) {
        let before = self.rows.remove(person).and_then(|about| about.email);
        if let Some(key) = before.map(|email| email.key())
            && self.people.get(&key) == Some(person)
        {
            self.people.remove(&key);
        }
    }
}

fn folded(name: &str) -> String {
    let seen = name.chars().filter(|letter| letter.is_alphanumeric());
    seen.flat_map(char::to_lowercase).collect()
}

fn read(log: &dyn Log, person: &PersonId) -> Result<Option<About>, Failure> {
    let Some(row) = log.get_person(person)? else { return Ok(None) };
    let about = serde_json::from_slice(&row);
    about.map(Some).map_err(|error| Failure::Damaged(format!("what is known of {person}: {error}")))
}

impl Addresses {
    /// Those of all these people.
    pub(super) fn read<'a>(
        log: &dyn Log,
        people: impl Iterator<Item = &'a PersonId>,
    ) -> Result<Self, Failure> {
        let addresses = Self::default();
        let mut known = addresses.0.write();
        for person in people {
            if let Some(about) = read(log, person)? {
                known.put(person, &about);
            }
        }
        drop(known);
        Ok(addresses)
    }

    /// What is known of a person; none once erased.
    pub(super) fn about(&self, person: &PersonId) -> Option<About> {
        self.0.read().rows.get(person).cloned()
    }

    pub(super) fn person(&self, email: &Email) -> Option<PersonId> {
        self.0.read().people.get(&email.key()).cloned()
    }

    /// Refused where an address is that of anybody else, or of two of these.
    pub(super) fn free(&self, people: &[(PersonId, Learned)]) -> Result<(), Refusal> {
        let mut seen = HashSet::new();
        for (person, known) in people {
            let Learned::About(About { email: Some(email), .. }) = known else { continue };
            let taken = self.person(email).is_some_and(|whose| whose != *person);
            if taken || !seen.insert(email.key()) {
                return Err(Refusal::EmailTaken);
            }
        }
        Ok(())
    }

    /// Whether anybody else has this name, whatever is not seen of it.
    pub(super) fn is_named(&self, name: &str, except: &PersonId) -> bool {
        let name = folded(name);
        self.0.read().rows.iter().any(|(person, about)| person != except && folded(&about.name) == name)
    }

    /// Sets an address that nobody else has; the answer is the one before.
    pub(super) fn reach(
        &self,
        log: &dyn Log,
        state: &State,
        person: &PersonId,
        email: Email,
    ) -> Result<Option<Email>, Error> {
        match state.people.get(person) {
            None => return Err(Error::Refused(Refusal::PersonUnknown)),
            Some(known) if known.left => return Err(Error::Refused(Refusal::PersonHasLeft)),
            Some(_) => {}
        }
        let known = self.about(person).ok_or(Error::Refused(Refusal::PersonUnknown))?;
        let row = [(person.clone(), Learned::About(About { email: Some(email), ..known.clone() }))];
        self.free(&row).map_err(Error::Refused)?;
        self.learn(log, &row)?;
        Ok(known.email)
    }

    /// Removes the rows of people; nobody is found by their addresses any more.
    pub(super) fn forget(&self, log: &dyn Log, people: &[PersonId]) -> Result<(), Failure> {
        let _alone = self.1.lock();
        for person in people {
            log.erase_person(person)?;
        }
        let mut known = self.0.write();
        people.iter().for_each(|person| known.forget(person));
        Ok(())
    }

    /// Changes the rows of people in one commit; who has none any more is passed over.
    pub(super) fn revise(
        &self,
        log: &dyn Log,
        people: &[PersonId],
        mut change: impl FnMut(&PersonId, &mut About),
    ) -> Result<(), Failure> {
        let _alone = self.1.lock();
        let mut changed = Vec::with_capacity(people.len());
        for person in people {
            let Some(before) = self.about(person) else { continue };
            let mut after = before.clone();
            change(person, &mut after);
            if after != before {
                changed.push((person.clone(), after));
            }
        }
        if changed.is_empty() { Ok(()) } else { self.put(log, &changed) }
    }

    /// Keeps what became known of people, and knows each by their address from then on instead of an earlier one.
    pub(super) fn learn(&self, log: &dyn Log, people: &[(PersonId, Learned)]) -> Result<(), Failure> {
        let _alone = self.1.lock();
        let row = |(person, known): &(PersonId, Learned)| {
            let about = match known {
                Learned::About(about) => Some(about.clone()),
                // Who was forgotten meanwhile stays forgotten.
                Learned::Name(name) => self.about(person).map(|about| About { name: name.clone(), ..about }),
            };
            Some((person.clone(), about?))
        };
        self.put(log, &people.iter().filter_map(row).collect::<Vec<_>>())
    }

    fn put(&self, log: &dyn Log, people: &[(PersonId, About)]) -> Result<(), Failure> {
        let mut rows = Vec::with_capacity(people.len());
        for (person, about) in people {
            let row = serde_json::to_vec(about).map_err(|error| Failure::Write(error.to_string()))?;
            rows.push((person.clone(), row));
        }
        log.put_people(&rows)?;
        let mut known = self.0.write();
        people.iter().for_each(|(person, about)| known.put(person, about));
        Ok(())
    }
}
