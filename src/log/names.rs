//! The names that repeat in every event (streams, kinds, persons, plans), each written once and
//! numbered from 0, so that an event holds a byte or two instead.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use super::Stream;
use crate::domain::{PersonId, PlanId};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Stream(Stream),
    Kind(Arc<str>),
    Person(PersonId),
    Plan(PlanId),
}

impl Name {
    /// A letter for the sort, then the name itself.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (sort, name) = match self {
            Self::Stream(stream) => (b's', stream.as_str().as_bytes()),
            Self::Kind(kind) => (b'k', kind.as_bytes()),
            Self::Person(person) => (b'p', person.as_str().as_bytes()),
            Self::Plan(plan) => (b'l', plan.0.as_bytes().as_slice()),
        };
        let mut out = vec![sort];
        out.extend(name);
        out
    }

    /// None for bytes that no name has.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sort, name) = bytes.split_first()?;
        let text = || std::str::from_utf8(name).ok();
        Some(match sort {
            b's' => Self::Stream(Stream::new(text()?)),
            b'k' => Self::Kind(text()?.into()),
            b'p' => Self::Person(PersonId::new(text()?).ok()?),
            b'l' => Self::Plan(PlanId(Uuid::from_slice(name).ok()?)),
            _ => return None,
        })
    }
}

/// All names of the log. Numbers are given once and stay.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    names: Vec<Name>,
    numbers: HashMap<Name, u32>,
}

impl Names {
    /// False when the log has the name already.
    pub(super) fn push(&mut self, name: Name) -> bool {
        let number = self.names.len() as u32;
        self.names.push(name.clone());
        self.numbers.insert(name, number).is_none()
    }
    pub(super) fn len(&self) -> u32 {
        self.names.len() as u32
    }
    pub(super) fn number(&self, name: &Name) -> Option<u32> {
        self.numbers.get(name).copied()
    }
    pub(super) fn stream(&self, number: u64) -> Option<Stream> {
        match self.at(number)? {
            Name::Stream(stream) => Some(stream.clone()),
            Name::Kind(_) | Name::Person(_) | Name::Plan(_) => None,
        }
    }
    pub(super) fn kind(&self, number: u64) -> Option<Arc<str>> {
        match self.at(number)? {
            Name::Kind(kind) => Some(kind.clone()),
            Name::Stream(_) | Name::Person(_) | Name::Plan(_) => None,
        }
    }
    pub(super) fn person(&self, number: u64) -> Option<PersonId> {
        match self.at(number)? {
            Name::Person(person) => Some(person.clone()),
            Name::Stream(_) | Name::Kind(_) | Name::Plan(_) => None,
        }
    }
    pub(super) fn plan(&self, number: u64) -> Option<PlanId> {
        match self.at(number)? {
            Name::Plan(plan) => Some(*plan),
            Name::Stream(_) | Name::Kind(_) | Name::Person(_) => None,
        }
    }
    pub(super) fn at(&self, number: u64) -> Option<&Name> {
        self.names.get(usize::try_from(number).ok()?)
    }
}
