//! Everyone of the network by id, with the number that gives each a colour and a manner of underlining.

use super::{library::Person, words};
use crate::{domain::PersonId, export::Names};

/// How many colours the style sheet has.
const COLOURS: usize = 8;

#[derive(Debug, Clone, Default)]
pub(crate) struct People(Vec<Person>);

impl People {
    /// The order of ids is the order of colours: the workspace counts the same way.
    pub(crate) fn of(mut people: Vec<Person>) -> Self {
        people.sort_by(|a, b| a.id.cmp(&b.id));
        Self(people)
    }

    /// Whoever has a part, as a network would introduce itself, then by id.
    pub(super) fn by_part(&self) -> Vec<&Person> {
        let mut people: Vec<&Person> = self.0.iter().filter(|person| !person.roles.is_empty()).collect();
        people.sort_by_key(|person| person.roles.first().copied());
        people
    }

    pub(super) fn get(&self, id: &PersonId) -> Option<&Person> {
        self.0.binary_search_by(|person| person.id.cmp(id)).ok().map(|index| &self.0[index])
    }

    /// Who did something: where no person did, the program itself.
    pub(super) fn actor(&self, id: Option<&PersonId>) -> &str {
        if id.is_none() { words::PROGRAM } else { self.name(id) }
    }

    /// The class that carries the person's colours.
    pub(super) fn class(&self, id: &PersonId) -> String {
        format!("person-{}", self.number(id))
    }
}

impl Names for People {
    fn name(&self, id: Option<&PersonId>) -> &str {
        id.and_then(|id| self.get(id)).map_or(words::SOMEONE, |person| &person.name)
    }

    fn number(&self, id: &PersonId) -> usize {
        self.0.binary_search_by(|person| person.id.cmp(id)).map_or(COLOURS, |index| index % COLOURS + 1)
    }
}
