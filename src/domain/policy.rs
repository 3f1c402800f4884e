//! Who may do what, when: one table.
//!
//! A person's [`Party`]s follow from their roles and, for representatives, from the standing of their
//! organisation; the [`Stage`] follows from the phase in which the plan is. What a cell does not list, nobody may.

use serde::Serialize;

use super::organisation::Standing;
use super::process::PhaseKind;
use super::{PersonId, PlanId, Refusal, Role, State};

/// What a person can want to do in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Comment,
    /// Propose other wording without changing the text.
    Suggest,
    Edit,
    /// Adopt, or refuse to.
    Decide,
    Freeze,
    CreatePlan,
    /// Set and move the dates of a plan's process, invite guests.
    Process,
    /// Add and change people and organisations.
    People,
    /// Withhold comments of others, and show them again.
    Moderate,
    /// Ask something of people and organisations, by a date.
    Ask,
    /// Stand at a gate, where one asks for it.
    Approve,
}

impl Action {
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Comment,
        Self::Suggest,
        Self::Edit,
        Self::Decide,
        Self::Freeze,
        Self::CreatePlan,
        Self::Process,
        Self::People,
        Self::Moderate,
        Self::Ask,
        Self::Approve,
    ];
    /// What depends on the phase.
    pub const IN_A_PLAN: [Self; 5] = [Self::Read, Self::Comment, Self::Suggest, Self::Edit, Self::Decide];

    /// The word by which the interfaces call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Comment => "comment",
            Self::Suggest => "suggest",
            Self::Edit => "edit",
            Self::Decide => "decide",
            Self::Freeze => "freeze",
            Self::CreatePlan => "create",
            Self::Process => "process",
            Self::People => "people",
            Self::Moderate => "moderate",
            Self::Ask => "ask",
            Self::Approve => "approve",
        }
    }

    /// Completes "Your part in the network does not let you …".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Read => "read this plan",
            Self::Comment => "comment on this plan",
            Self::Suggest => "suggest wording for this plan",
            Self::Edit => "edit this plan",
            Self::Decide => "decide on this plan",
            Self::Freeze => "freeze or reopen this plan",
            Self::CreatePlan => "start a plan",
            Self::Process => "set the dates of this plan's process",
            Self::People => "add or change people and organisations",
            Self::Moderate => "hold back, hide or show comments of others",
            Self::Ask => "ask something of others, or take it back",
            Self::Approve => "approve at a gate",
        }
    }
}

/// As what somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Secretariat,
    Consultant,
    /// A representative of a member; of any organisation in a network that has not entered organisations.
    Member,
    Observer,
    Stakeholder,
    Guest,
    Board,
    Chair,
    ChiefExecutive,
    Teller,
    Administrator,
}

impl Party {
    pub const ALL: [Self; 11] = [
        Self::Secretariat,
        Self::Consultant,
        Self::Member,
        Self::Observer,
        Self::Stakeholder,
        Self::Guest,
        Self::Board,
        Self::Chair,
        Self::ChiefExecutive,
        Self::Teller,
        Self::Administrator,
    ];

    fn of(role: Role, standing: Option<Standing>) -> Self {
        match (role, standing) {
            (Role::Secretariat, _) => Self::Secretariat,
            (Role::Consultant, _) => Self::Consultant,
            (Role::Representative, Some(Standing::Member) | None) => Self::Member,
            (Role::Representative, Some(Standing::Observer)) => Self::Observer,
            (Role::Representative, Some(Standing::Stakeholder)) => Self::Stakeholder,
            (Role::Board, _) => Self::Board,
            (Role::Chair, _) => Self::Chair,
            (Role::ChiefExecutive, _) => Self::ChiefExecutive,
            (Role::Teller, _) => Self::Teller,
            (Role::Administrator, _) => Self::Administrator,
        }
    }
}

/// Where a plan is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It has no process: it is written until somebody freezes it.
    Unscheduled,
    /// It has a process, and none of its phases is open.
    Between,
    #[serde(untagged)]
    Phase(PhaseKind),
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Unscheduled,
        Self::Between,
        Self::Phase(PhaseKind::Gathering),
        Self::Phase(PhaseKind::Drafting),
        Self::Phase(PhaseKind::Consultation),
        Self::Phase(PhaseKind::Confidential),
        Self::Phase(PhaseKind::Decision),
        Self::Phase(PhaseKind::FollowUp),
    ];
}

/// The table of what depends on the phase.
pub const fn granted(party: Party, stage: Stage) -> &'static [Action] {
    use Action::{Comment, Decide, Edit, Read, Suggest};
    use Party::{
        Administrator, Board, Chair, ChiefExecutive, Consultant, Guest, Member, Observer, Secretariat,
        Stakeholder, Teller,
    };
    use PhaseKind::{Confidential, Consultation, Decision, Drafting, FollowUp, Gathering};
    use Stage::{Between, Phase, Unscheduled};
    match (stage, party) {
        (Unscheduled | Phase(Drafting), Secretariat | Consultant | Member) => &[Read, Comment, Suggest, Edit],
        (Unscheduled | Phase(Drafting), Observer | Board | Chair | ChiefExecutive) => {
            &[Read, Comment, Suggest]
        }
        // What is not yet meant for them.
        (Unscheduled | Between | Phase(Gathering | Drafting), Stakeholder | Guest) => &[],

        (Between, Secretariat | Consultant) => &[Read, Comment, Suggest, Edit],
        (Between, Member | Observer | Board | Chair | ChiefExecutive) => &[Read],

        (Phase(Gathering), Secretariat | Consultant) => &[Read, Comment, Suggest, Edit],
        (Phase(Gathering), Member | Observer | Board | Chair | ChiefExecutive) => &[Read, Comment, Suggest],

        // The text stands still while it is asked about.
        (
            Phase(Consultation),
            Secretariat | Consultant | Member | Observer | Stakeholder | Guest | Board | Chair
            | ChiefExecutive,
        ) => &[Read, Comment, Suggest],

        (Phase(Confidential), Secretariat | Consultant) => &[Read, Comment, Suggest, Edit],
        (Phase(Confidential), Chair) => &[Read],
        (
            Phase(Confidential),
            Member | Observer | Stakeholder | Guest | Board | ChiefExecutive | Teller | Administrator,
        ) => &[],

        (Phase(Decision), Board | Chair | ChiefExecutive) => &[Read, Comment, Suggest, Decide],
        (Phase(Decision), Secretariat | Consultant) => &[Read, Comment],
        (Phase(Decision), Member | Observer) => &[Read],
        (Phase(Decision), Stakeholder | Guest) => &[],

        (Phase(FollowUp), Secretariat | Consultant | Member | Board | Chair | ChiefExecutive) => {
            &[Read, Comment]
        }
        (Phase(FollowUp), Observer | Stakeholder) => &[Read],
        (Phase(FollowUp), Guest) => &[],

        (_, Teller | Administrator) => &[Read],
    }
}

/// The table of what does not depend on the phase.
pub const fn always_granted(party: Party) -> &'static [Action] {
    use Action::{Approve, Ask, CreatePlan, Freeze, Moderate, People, Process};
    match party {
        Party::Secretariat => &[Freeze, CreatePlan, Process, People, Moderate, Ask, Approve],
        Party::Board | Party::Chair | Party::ChiefExecutive => &[Approve],
        Party::Administrator => &[People],
        Party::Consultant => &[Ask],
        Party::Member | Party::Observer | Party::Stakeholder | Party::Guest | Party::Teller => &[],
    }
}

impl Role {
    pub(super) fn manages_people(self) -> bool {
        always_granted(Party::of(self, None)).contains(&Action::People)
    }

    /// Whether a gate can ask for this role.
    pub fn approves(self) -> bool {
        always_granted(Party::of(self, None)).contains(&Action::Approve)
    }

    /// Whether it decides over plans: the consultant, who holds the pen, has none of these besides.
    pub(super) fn has_a_vote(self) -> bool {
        matches!(self, Self::Board | Self::Chair | Self::ChiefExecutive)
    }

    /// Whose account would do the most harm in other hands: they are asked to add a passkey, which cannot be
    /// coaxed out of anybody.
    pub fn asks_for_passkey(self) -> bool {
        match self {
            Self::Administrator
            | Self::Secretariat
            | Self::Board
            | Self::Chair
            | Self::ChiefExecutive
            | Self::Teller => true,
            Self::Representative | Self::Consultant => false,
        }
    }
}

impl State {
    /// As what a person comes; none for somebody unknown, or who has left.
    pub fn parties(&self, person: &PersonId) -> impl Iterator<Item = Party> {
        let known = self.people.get(person).filter(|known| !known.left);
        let standing = known.and_then(|known| self.standing(known));
        let roles = known.map_or(&[][..], |known| &known.office.roles);
        roles.iter().map(move |role| Party::of(*role, standing))
    }

    /// Moves on whenever anybody may do more or less with a plan than before.
    pub fn permissions(&self, plan: PlanId) -> u64 {
        let governance = self.plans.get(&plan).map_or(0, |plan| plan.governance);
        governance + self.people_version + self.organisations_version + self.guests.version
    }

    /// Whether a person may do something that does not depend on a plan's phase.
    pub fn may_always(&self, person: &PersonId, action: Action) -> bool {
        self.parties(person).any(|party| always_granted(party).contains(&action))
    }

    /// Whether a person may do something with a plan as it is now; false where there is no such plan. A freeze is
    /// not asked for.
    pub fn may(&self, person: &PersonId, id: PlanId, action: Action) -> bool {
        let Some(plan) = self.plans.get(&id) else { return false };
        let stage = plan.stage();
        self.parties(person)
            .chain(self.guest_party(person, id))
            .any(|party| granted(party, stage).contains(&action) || always_granted(party).contains(&action))
    }
}

pub(super) fn require(state: &State, person: &PersonId, action: Action) -> Result<(), Refusal> {
    if state.may_always(person, action) { Ok(()) } else { Err(not_permitted(action)) }
}

pub(super) fn not_permitted(action: Action) -> Refusal {
    Refusal::NotPermitted { what: action.phrase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each party may do, stage by stage, as a network would read it: r(ead), c(omment), s(uggest),
    /// e(dit), d(ecide).
    #[test]
    fn the_table_cell_by_cell() {
        let columns =
            ["", "between", "gathering", "drafting", "consult", "confident", "decision", "follow-up"];
        assert_eq!(columns.len(), Stage::ALL.len());
        let rows = [
            (Party::Secretariat, ["rcse", "rcse", "rcse", "rcse", "rcs", "rcse", "rc", "rc"]),
            (Party::Consultant, ["rcse", "rcse", "rcse", "rcse", "rcs", "rcse", "rc", "rc"]),
            (Party::Member, ["rcse", "r", "rcs", "rcse", "rcs", "", "r", "rc"]),
            (Party::Observer, ["rcs", "r", "rcs", "rcs", "rcs", "", "r", "r"]),
            (Party::Stakeholder, ["", "", "", "", "rcs", "", "", "r"]),
            (Party::Guest, ["", "", "", "", "rcs", "", "", ""]),
            (Party::Board, ["rcs", "r", "rcs", "rcs", "rcs", "", "rcsd", "rc"]),
            (Party::Chair, ["rcs", "r", "rcs", "rcs", "rcs", "r", "rcsd", "rc"]),
            (Party::ChiefExecutive, ["rcs", "r", "rcs", "rcs", "rcs", "", "rcsd", "rc"]),
            (Party::Teller, ["r", "r", "r", "r", "r", "", "r", "r"]),
            (Party::Administrator, ["r", "r", "r", "r", "r", "", "r", "r"]),
        ];
        assert_eq!(rows.map(|(party, _)| party), Party::ALL);
        for (party, row) in rows {
            for (stage, expected) in Stage::ALL.into_iter().zip(row) {
                let may = |action: &Action| granted(party, stage).contains(action);
                let letters: String =
                    Action::IN_A_PLAN.iter().filter(|a| may(a)).map(|a| &a.word()[..1]).collect();
                assert_eq!(letters, expected, "{party:?} in {stage:?}");
            }
        }
    }

    #[test]
    fn what_does_not_depend_on_a_phase() {
        for party in Party::ALL {
            let words: Vec<&str> = always_granted(party).iter().map(|action| action.word()).collect();
            let expected: &[&str] = match party {
                Party::Secretariat => {
                    &["freeze", "create", "process", "people", "moderate", "ask", "approve"]
                }
                Party::Board | Party::Chair | Party::ChiefExecutive => &["approve"],
                Party::Consultant => &["ask"],
                Party::Administrator => &["people"],
                _ => &[],
            };
            assert_eq!(words, expected, "{party:?}");
        }
    }

    #[test]
    fn a_representative_comes_in_the_standing_of_their_organisation() {
        let by_standing = [
            (Some(Standing::Member), Party::Member),
            (Some(Standing::Observer), Party::Observer),
            (Some(Standing::Stakeholder), Party::Stakeholder),
            (None, Party::Member),
        ];
        for (standing, party) in by_standing {
            assert_eq!(Party::of(Role::Representative, standing), party);
        }
        let others = Role::ALL.into_iter().filter(|role| *role != Role::Representative);
        for role in others {
            let all = by_standing.map(|(standing, _)| Party::of(role, standing));
            assert!(all.iter().all(|party| *party == all[0]), "{role:?} does not depend on it");
        }
    }
}
