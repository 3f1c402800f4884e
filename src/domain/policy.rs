//! Who may do what: one table.

use super::{Refusal, Role};

/// What a person can want to do in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Comment,
    Edit,
    Freeze,
    CreatePlan,
    AddPerson,
}

impl Action {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Comment, Self::Edit, Self::Freeze, Self::CreatePlan, Self::AddPerson];

    /// The word by which the interfaces call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Comment => "comment",
            Self::Edit => "edit",
            Self::Freeze => "freeze",
            Self::CreatePlan => "create",
            Self::AddPerson => "add-person",
        }
    }

    /// Completes "Your part in the network does not let you …".
    fn phrase(self) -> &'static str {
        match self {
            Self::Read => "read this plan",
            Self::Comment => "comment on this plan",
            Self::Edit => "edit this plan",
            Self::Freeze => "freeze or reopen this plan",
            Self::CreatePlan => "start a plan",
            Self::AddPerson => "add people",
        }
    }
}

/// The table. A role has what its row lists, and nothing else.
const fn granted(role: Role) -> &'static [Action] {
    use Action::{AddPerson, Comment, CreatePlan, Edit, Freeze, Read};
    match role {
        Role::Secretariat => &[Read, Comment, Edit, Freeze, CreatePlan, AddPerson],
        Role::Representative | Role::Consultant => &[Read, Comment, Edit],
        Role::Board | Role::Chair => &[Read, Comment],
        Role::Administrator => &[Read, AddPerson],
    }
}

/// Whether one of the roles lets a person do it.
pub fn may(roles: &[Role], action: Action) -> bool {
    roles.iter().any(|role| granted(*role).contains(&action))
}

pub(super) fn require(roles: &[Role], action: Action) -> Result<(), Refusal> {
    if may(roles, action) { Ok(()) } else { Err(Refusal::NotPermitted { what: action.phrase() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_cell_by_cell() {
        let roles = [
            Role::Secretariat,
            Role::Representative,
            Role::Consultant,
            Role::Board,
            Role::Chair,
            Role::Administrator,
        ];
        let rows = [
            (Action::Read, [true, true, true, true, true, true]),
            (Action::Comment, [true, true, true, true, true, false]),
            (Action::Edit, [true, true, true, false, false, false]),
            (Action::Freeze, [true, false, false, false, false, false]),
            (Action::CreatePlan, [true, false, false, false, false, false]),
            (Action::AddPerson, [true, false, false, false, false, true]),
        ];
        assert_eq!(rows.map(|(action, _)| action), Action::ALL);
        for (action, expected) in rows {
            assert_eq!(roles.map(|role| may(&[role], action)), expected, "{action:?}");
        }
        assert!(!may(&[], Action::Read));
    }
}
