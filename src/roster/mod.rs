//! A network's people and organisations as a spreadsheet saves them (CSV): read, and checked line by line against
//! the rules before anything is asked for.
//!
//! Pure: what a line would make is found by deciding its commands against a copy of what the rules know, with the
//! lines before it applied. So no rule stands here a second time.

mod check;
mod read;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use crate::domain::{Command, Email, PersonId, Refusal, Request, State};

pub use check::check;
pub use read::{Unreadable, within};

/// What is known before a list is taken in.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// People and organisations.
    pub rules: &'a State,
    pub names: &'a BTreeMap<PersonId, String>,
    /// Whose address one is.
    pub person_at: &'a dyn Fn(&Email) -> Option<PersonId>,
}

/// What a list would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// A line each, in their order.
    pub lines: Vec<Line>,
    /// Columns that are not read.
    pub ignored: Vec<String>,
    /// What would be asked for, for all lines that are right.
    pub requests: Vec<Request>,
}

/// A line of the list: its number in the file, counted from 1, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub organisation: String,
    pub name: String,
    pub found: Found,
}

impl Line {
    /// Whom it names.
    pub fn about(&self) -> String {
        let parts =
            [self.name.as_str(), self.organisation.as_str()].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Right(Makes),
    /// Everything in it is known already.
    Unchanged,
    Wrong(Vec<Trouble>),
}

/// What a line would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Makes {
    pub organisation: bool,
    pub person: bool,
    /// The person would hold one of the organisation's seats.
    pub seat: bool,
}

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Neither an organisation nor a name.
    Nothing,
    /// More cells than the first line names columns.
    TooManyCells,
    StandingUnknown(String),
    StandingMissing,
    NotANumber(Column, String),
    RoleUnknown(String),
    /// Something is said of an organisation that is not named, or of a person who is not.
    Unnamed(Column),
    /// The organisation is there, and this is otherwise there.
    OrganisationDiffers(Column),
    /// The person is there, with other roles.
    RolesDiffer,
    /// The person is there, with another e-mail address or none.
    EmailDiffers,
    /// Somebody of this name has the address.
    AddressOf(String),
    /// The address stands in an earlier line already.
    EmailTwice(u64),
    /// The person stands in an earlier line already.
    Twice(u64),
    /// A rule says no.
    Refused(Refusal),
}

/// What a list may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Organisation,
    Standing,
    Weight,
    Seats,
    Name,
    Email,
    Roles,
}

impl Report {
    pub fn right(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.found, Found::Right(_))).count()
    }

    pub fn unchanged(&self) -> usize {
        self.lines.iter().filter(|line| line.found == Found::Unchanged).count()
    }

    pub fn wrong(&self) -> impl Iterator<Item = (&Line, &[Trouble])> {
        self.lines.iter().filter_map(|line| match &line.found {
            Found::Wrong(troubles) => Some((line, troubles.as_slice())),
            Found::Right(_) | Found::Unchanged => None,
        })
    }

    /// How many of the people who would be new have an address.
    pub fn reached(&self) -> usize {
        let has_address = |one: &&Request| matches!(&one.command, Command::PersonAdd { email: Some(_), .. });
        self.requests.iter().filter(has_address).count()
    }

    /// How many people and organisations would be new.
    pub fn made(&self) -> (usize, usize) {
        let count = |of: fn(&Makes) -> bool| {
            let is = |line: &&Line| matches!(&line.found, Found::Right(makes) if of(makes));
            self.lines.iter().filter(is).count()
        };
        (count(|makes| makes.person), count(|makes| makes.organisation))
    }
}
