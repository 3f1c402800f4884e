//! What is known of people beside the record, and by which address each is found.

use std::collections::HashMap;

use parking_lot::RwLock;

use crate::domain::{About, Email, PersonId};
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

    /// Whether the address is that of anybody else.
    pub(super) fn taken(&self, email: &Email, by_other_than: &PersonId) -> bool {
        self.person(email).is_some_and(|person| person != *by_other_than)
    }

    /// Puts the row of a person, and knows the address from then on instead of an earlier one.
    pub(super) fn keep(&self, log: &dyn Log, person: &PersonId, about: &About) -> Result<(), Failure> {
        let row = serde_json::to_vec(about).map_err(|error| Failure::Write(error.to_string()))?;
        log.put_person(person, &row)?;
        let mut addresses = self.0.write();
        addresses.retain(|_, whose| whose != person);
        if let Some(email) = &about.email {
            addresses.insert(email.key(), person.clone());
        }
        Ok(())
    }
}
