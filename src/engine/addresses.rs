//! What is known of people beside the record, and by which address each is found.

use std::collections::{HashMap, HashSet};

use parking_lot::RwLock;

use crate::domain::{About, Email, PersonId, Refusal};
use crate::log::{Failure, Log};

/// Every address that somebody can be reached at, with whose it is. A cache of the rows of people, told of each
/// row that is put.
#[derive(Debug, Default)]
pub(super) struct Addresses(RwLock<HashMap<String, PersonId>>);

/// The row of a person; none once erased.
pub(super) fn about(log: &dyn Log, person: &PersonId) -> Result<Option<About>, Failure> {
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
        for person in people {
            if let Some(About { email: Some(email), .. }) = about(log, person)? {
                addresses.0.write().insert(email.key(), person.clone());
            }
        }
        Ok(addresses)
    }

    pub(super) fn person(&self, email: &Email) -> Option<PersonId> {
        self.0.read().get(&email.key()).cloned()
    }

    /// Refused where an address is that of anybody else, or of two of these.
    pub(super) fn free(&self, people: &[(PersonId, About)]) -> Result<(), Refusal> {
        let mut seen = HashSet::new();
        for (person, about) in people {
            let Some(email) = &about.email else { continue };
            let taken = self.person(email).is_some_and(|whose| whose != *person);
            if taken || !seen.insert(email.key()) {
                return Err(Refusal::EmailTaken);
            }
        }
        Ok(())
    }

    /// Puts the rows of people, and knows each by their address from then on instead of an earlier one.
    pub(super) fn keep(&self, log: &dyn Log, people: &[(PersonId, About)]) -> Result<(), Failure> {
        let mut rows = Vec::with_capacity(people.len());
        for (person, about) in people {
            let row = serde_json::to_vec(about).map_err(|error| Failure::Write(error.to_string()))?;
            rows.push((person.clone(), row));
        }
        log.put_people(&rows)?;
        let changed: HashSet<&PersonId> = people.iter().map(|(person, _)| person).collect();
        let mut addresses = self.0.write();
        addresses.retain(|_, whose| !changed.contains(whose));
        let emails = people.iter().filter_map(|(person, about)| Some((about.email.as_ref()?, person)));
        addresses.extend(emails.map(|(email, person)| (email.key(), person.clone())));
        Ok(())
    }
}
