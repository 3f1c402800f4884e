//! The six people of the demonstration, by their part in the network, and the bodies around them. All are invented.

use crate::domain::{Office, OrganisationId, PersonId, Profile, Role, Standing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Secretariat,
    Member1,
    Member2,
    Consultant,
    Chair,
    Administrator,
}

impl Part {
    /// In the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::Secretariat, Self::Member1, Self::Member2, Self::Consultant, Self::Chair, Self::Administrator];

    pub fn id(self) -> &'static str {
        match self {
            Self::Secretariat => "secretariat",
            Self::Member1 => "member-1",
            Self::Member2 => "member-2",
            Self::Consultant => "consultant",
            Self::Chair => "chair",
            Self::Administrator => "administrator",
        }
    }

    pub fn person(self) -> PersonId {
        PersonId::new(self.id()).expect("the ids above are letters, digits and -")
    }

    /// Given names only, so that no one can be meant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secretariat => "Ilse",
            Self::Member1 => "Eleni",
            Self::Member2 => "Petar",
            Self::Consultant => "Noor",
            Self::Chair => "Maud",
            Self::Administrator => "Jonas",
        }
    }

    fn roles(self) -> Vec<Role> {
        match self {
            Self::Secretariat => vec![Role::Secretariat],
            Self::Member1 | Self::Member2 => vec![Role::Representative],
            Self::Consultant => vec![Role::Consultant],
            // Who presides over the board sits on it.
            Self::Chair => vec![Role::Board, Role::Chair],
            Self::Administrator => vec![Role::Administrator],
        }
    }

    /// Their roles, and for whom they act.
    pub fn office(self) -> Office {
        let organisation = match self {
            Self::Member1 => Some(organisation("athens")),
            Self::Member2 => Some(organisation("sofia")),
            Self::Secretariat | Self::Consultant | Self::Chair | Self::Administrator => None,
        };
        Office { roles: self.roles(), seat: organisation.is_some(), organisation }
    }
}

/// The organisations: id, name, standing, votes, seats.
const ORGANISATIONS: [(&str, &str, Standing, u32, u32); 5] = [
    ("athens", "Equal Rights Office, Athens", Standing::Member, 2, 2),
    ("sofia", "Equal Rights Office, Sofia", Standing::Member, 2, 2),
    ("valletta", "Equal Rights Office, Valletta", Standing::Member, 1, 1),
    ("tirana", "Equal Rights Office, Tirana", Standing::Observer, 0, 0),
    ("forum", "Forum of Disability Associations", Standing::Stakeholder, 0, 0),
];

pub(super) fn organisation(id: &str) -> OrganisationId {
    OrganisationId::new(id).expect("the ids above are letters")
}

pub(super) fn organisations() -> impl Iterator<Item = (OrganisationId, Profile)> {
    ORGANISATIONS.into_iter().map(|(id, name, standing, weight, seats)| {
        (organisation(id), Profile { name: name.into(), standing, weight, seats })
    })
}
