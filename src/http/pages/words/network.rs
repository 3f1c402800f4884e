//! The words of the pages on which the network is kept.

use serde::Deserialize;

use crate::domain::{Action, InHand, Party, PhaseKind, Role, Stage, Standing};
use crate::roster::Column;

pub(in crate::http::pages) const TITLE: &str = "Network";
pub(in crate::http::pages) const LEAD: &str =
    "Who belongs to this network, for which organisation each person acts, and who still needs somebody.";
pub(in crate::http::pages) const BACK: &str = "Back to the network";

pub(in crate::http::pages) const COUNT_MEMBERS: &str = "Members";
pub(in crate::http::pages) const COUNT_OBSERVERS: &str = "Observers";
pub(in crate::http::pages) const COUNT_STAKEHOLDERS: &str = "Stakeholders";
pub(in crate::http::pages) const COUNT_PEOPLE: &str = "People";
pub(in crate::http::pages) const COUNT_THIN: &str = "Organisations with one to three people";
pub(in crate::http::pages) const COUNT_EMPTY: &str = "Organisations for which nobody acts";
pub(in crate::http::pages) const COUNT_SILENT: &str =
    "Organisations from which nobody has signed in or spoken as a guest";

pub(in crate::http::pages) const NO_ORGANISATIONS: &str = "No organisation has been entered yet. Add them one by one, or import them from a spreadsheet. Until then every \
     representative counts as one of a member.";
pub(in crate::http::pages) const WITHOUT_ORGANISATION: &str = "Without an organisation";
pub(in crate::http::pages) const WITHOUT_ORGANISATION_LEAD: &str =
    "They work for the network itself, or nobody has said yet for whom they act.";
pub(in crate::http::pages) const HEARD: &str = "Heard by guests";
pub(in crate::http::pages) const NOBODY: &str = "Nobody acts for it yet";
pub(in crate::http::pages) const SEAT: &str = "holds a seat";
pub(in crate::http::pages) const REACHED: &str = "has signed in";
pub(in crate::http::pages) const SILENT: &str = "has not signed in yet";

pub(in crate::http::pages) const ADD_PERSON: &str = "Add a person";
pub(in crate::http::pages) const ADD_PERSON_HERE: &str = "Add a person here";
pub(in crate::http::pages) const ADD_ORGANISATION: &str = "Add an organisation";
pub(in crate::http::pages) const IMPORT: &str = "Import a list";
pub(in crate::http::pages) const POLICY: &str = "Who can do what, now";

pub(in crate::http::pages) const NOT_SAVED: &str = "This was not saved";
pub(in crate::http::pages) const CHANGED_MEANWHILE_HINT: &str = "Below is what you typed; what stands now is told here. Save again to put yours in its place, or leave the page to \
     keep theirs.";
pub(in crate::http::pages) const STANDS_NOW: &str = "What stands now:";
pub(in crate::http::pages) const SAVE: &str = "Save";
pub(in crate::http::pages) const WHOLE_NUMBER: &str = "Write a whole number, in digits.";

pub(in crate::http::pages) const NAME: &str = "Name";
pub(in crate::http::pages) const STANDING: &str = "Standing";
pub(in crate::http::pages) const STANDING_MISSING: &str = "Choose what the organisation is to the network.";
pub(in crate::http::pages) const WEIGHT: &str = "Votes";
pub(in crate::http::pages) const WEIGHT_HINT: &str =
    "How many votes a member has in an assembly. Observers and stakeholders have none: leave it empty.";
pub(in crate::http::pages) const SEATS: &str = "Seats";
pub(in crate::http::pages) const SEATS_HINT: &str =
    "How many of its people may hold a seat. Others may act for it as well, without one.";
pub(in crate::http::pages) const ITS_PEOPLE: &str = "Its people";
pub(in crate::http::pages) const CHANGE_ORGANISATION: &str = "Change the organisation";

pub(in crate::http::pages) const REMOVE_ORGANISATION: &str = "Take it out";
pub(in crate::http::pages) const REMOVE_ORGANISATION_LEAD: &str = "For an organisation that was entered by mistake. It can be taken out for as long as nobody has acted for it and \
     nothing was asked of it.";

pub(in crate::http::pages) const PERSON_NAME_HINT: &str = "As others should see it.";
pub(in crate::http::pages) const EMAIL: &str = "E-mail address";
pub(in crate::http::pages) const ADDRESS: &str = "Where mails go";
pub(in crate::http::pages) const ADDRESS_HINT: &str = "Links to sign in go there. Whoever reads this mail box can sign in as this person: be sure that it is theirs.";
pub(in crate::http::pages) const SET_ADDRESS: &str = "Set the address";
pub(in crate::http::pages) const EMAIL_HINT: &str = "Where the person is sent a link to sign in.";
pub(in crate::http::pages) const ROLES: &str = "Roles";
pub(in crate::http::pages) const ROLES_HINT: &str =
    "What the person does in the network. At least one; several are possible.";
pub(in crate::http::pages) const ORGANISATION: &str = "Organisation";
pub(in crate::http::pages) const ORGANISATION_HINT: &str =
    "For whom the person acts. A representative always acts for one.";
pub(in crate::http::pages) const NO_ORGANISATION: &str = "None";
pub(in crate::http::pages) const HOLDS_SEAT: &str = "Holds one of the organisation's seats";
pub(in crate::http::pages) const NO_SEAT: &str = "without a seat";
pub(in crate::http::pages) const CHANGE_PERSON: &str = "Change what this person does";
pub(in crate::http::pages) const RENAME: &str = "Correct the name";
pub(in crate::http::pages) const RENAME_HINT: &str =
    "It changes beside all that this person has done. That it was corrected, and by whom, is in the record.";
pub(in crate::http::pages) const SAVE_NAME: &str = "Save the name";
pub(in crate::http::pages) const LEAVE: &str = "Has left the network";
pub(in crate::http::pages) const LEAVE_LEAD: &str = "From then on this person can do nothing here any more. What they wrote and decided stays, under their name.";
pub(in crate::http::pages) const SUCCESSOR: &str = "Who follows";
pub(in crate::http::pages) const SUCCESSOR_HINT: &str =
    "Somebody of the same organisation. The seat goes over to them.";
pub(in crate::http::pages) const NO_SUCCESSOR: &str = "Nobody yet";
pub(in crate::http::pages) const SURE: &str = "Yes, this person has left";
pub(in crate::http::pages) const SURE_MISSING: &str = "Say that you are sure: tick the box above the button.";
pub(in crate::http::pages) const HAS_LEFT: &str = "This person has left the network.";
pub(in crate::http::pages) const RETURN: &str = "Has come back";
pub(in crate::http::pages) const RETURN_LEAD: &str = "Say what this person does from now on. They sign in by the same address as before, which gets a mail, and what \
     they did before they left is theirs still. What was handed over stays with whoever has it.";

/// What goes over to a successor; none where there is nothing.
pub(in crate::http::pages) fn in_hand(has: InHand) -> Option<String> {
    let InHand { tasks, sections, strays } = has;
    let parts = [
        (tasks, "open task", "open tasks"),
        (sections, "section that is theirs to write", "sections that are theirs to write"),
        (strays, "passage set apart", "passages set apart"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, one, many)| count(number, one, many)).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "They have in hand: {}. It goes over to whoever follows; to nobody, where nobody does.",
            parts.join(", ")
        )
    })
}

/// What was done on the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http::pages) enum Done {
    OrganisationAdded,
    OrganisationChanged,
    OrganisationRemoved,
    PersonAdded,
    PersonChanged,
    PersonRenamed,
    PersonLeft,
    PersonReturned,
    PersonErased,
    AddressSet,
    Imported,
    AllThere,
}

impl Done {
    /// As it stands in an address.
    pub(in crate::http::pages) fn code(self) -> &'static str {
        match self {
            Self::OrganisationAdded => "organisation-added",
            Self::OrganisationChanged => "organisation-changed",
            Self::OrganisationRemoved => "organisation-removed",
            Self::PersonAdded => "person-added",
            Self::PersonChanged => "person-changed",
            Self::PersonRenamed => "person-renamed",
            Self::PersonLeft => "person-left",
            Self::PersonReturned => "person-returned",
            Self::PersonErased => "person-erased",
            Self::AddressSet => "address-set",
            Self::Imported => "imported",
            Self::AllThere => "all-there",
        }
    }
}

pub(in crate::http::pages) fn done(done: Done, people: usize, organisations: usize) -> String {
    match done {
        Done::OrganisationAdded => "The organisation was added.".into(),
        Done::OrganisationChanged => "The organisation was changed.".into(),
        Done::OrganisationRemoved => "The organisation was taken out.".into(),
        Done::PersonAdded => "The person was added.".into(),
        Done::PersonChanged => "What this person does was changed.".into(),
        Done::PersonRenamed => "The name was corrected.".into(),
        Done::PersonLeft => "It is recorded that this person has left.".into(),
        Done::PersonReturned => "This person is back in the network.".into(),
        Done::AddressSet => {
            "Mails to this person go to the new address. A note has gone to the old one.".into()
        }
        Done::PersonErased => "What was known of this person has been erased.".into(),
        Done::AllThere => "What is right in the list is in the network.".into(),
        Done::Imported => format!("The list is imported: {}.", made(people, organisations)),
    }
}

/// `3 new organisations, 1 new person`
pub(in crate::http::pages) fn made(people: usize, organisations: usize) -> String {
    let organisations = count(organisations, "new organisation", "new organisations");
    format!("{organisations}, {}", count(people, "new person", "new people"))
}

pub(in crate::http::pages) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How many of an organisation's people are reached.
pub(in crate::http::pages) fn reached(reached: usize, of: usize) -> String {
    format!("{reached} of {} reached", count(of, "person", "people"))
}

pub(in crate::http::pages) fn left(number: usize) -> String {
    format!("{} left the network", count(number, "person has", "people have"))
}

pub(in crate::http::pages) fn votes(weight: u32) -> String {
    count(weight as usize, "vote", "votes")
}

pub(in crate::http::pages) fn seats(taken: usize, all: u32) -> String {
    match all {
        0 => "no seats".into(),
        all => format!("{taken} of {} taken", count(all as usize, "seat", "seats")),
    }
}

/// Several of a standing, and what they are to the network.
pub(in crate::http::pages) fn standings(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Member => ("Members", "They belong to the network, write in its plans and vote."),
        Standing::Observer => {
            ("Observers", "They belong to the network, comment on its plans and have no vote.")
        }
        Standing::Stakeholder => {
            ("Stakeholders", "Outside bodies. They are asked in a consultation, and read what became of it.")
        }
    }
}

/// One of a standing, in a list to choose from.
pub(in crate::http::pages) fn standing(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Member => ("Member", "belongs to the network, writes and votes"),
        Standing::Observer => ("Observer", "belongs to the network, comments, has no vote"),
        Standing::Stakeholder => ("Stakeholder", "an outside body that is asked in consultations"),
    }
}

/// A role, and what it is for.
pub(in crate::http::pages) fn role(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Secretariat => ("Secretariat", "keeps the process, and people and organisations"),
        Role::Representative => ("Representative", "acts for an organisation"),
        Role::Consultant => ("Consultant", "holds the pen; no vote"),
        Role::Board => ("Board", "adopts"),
        Role::Chair => ("Chair of the board", "presides over the board"),
        Role::ChiefExecutive => ("Chief executive", "heads the office; approves where a gate asks for it"),
        Role::Administrator => ("Administrator", "keeps the system, and people and organisations"),
        Role::Teller => ("Teller", "confirms counts"),
    }
}

pub(in crate::http::pages) const POLICY_LEAD: &str =
    "Quorate itself decides by this table. Somebody with several roles may do all that any of them may.";
pub(in crate::http::pages) const IN_A_PLAN: &str = "In a plan, phase by phase";
pub(in crate::http::pages) const IN_A_PLAN_LEAD: &str = "Where each plan is now is marked. While a plan is frozen nobody edits it, in no phase. Suggesting wording comes \
     later: the table says who will be able to.";
pub(in crate::http::pages) const IN_A_PLAN_CAPTION: &str =
    "What each part in the network may do with a plan: a row for each part, a column for each phase.";
pub(in crate::http::pages) const NARROWED: &str = "In single plans, besides";
pub(in crate::http::pages) const NARROWED_LEAD: &str = "Who has to approve before the next phase opens, which sections are for some people alone, and what is frozen.";
pub(in crate::http::pages) const NOT_NARROWED: &str =
    "Nothing at present: no gate waits, nothing is frozen, and no section is for some people alone.";
pub(in crate::http::pages) const FROZEN: &str = "Frozen; nobody edits it:";
pub(in crate::http::pages) const AT_GATE: &str = "The gate of";
pub(in crate::http::pages) const HAS_APPROVED: &str = "(has approved)";
pub(in crate::http::pages) const HAS_NOT_APPROVED: &str = "(has not approved yet)";
pub(in crate::http::pages) const ALWAYS: &str = "In every phase";
pub(in crate::http::pages) const ALWAYS_LEAD: &str = "What does not depend on where a plan is.";
pub(in crate::http::pages) const ALWAYS_CAPTION: &str =
    "What each part in the network may do at any time: a row for each part, a column for each kind of thing.";
pub(in crate::http::pages) const WHO: &str = "Who";
pub(in crate::http::pages) const NOW: &str = "now";
pub(in crate::http::pages) const YES: &str = "yes";
pub(in crate::http::pages) const NO: &str = "no";
pub(in crate::http::pages) const NOTHING: &str = "nothing";

pub(in crate::http::pages) fn action(action: Action) -> &'static str {
    match action {
        Action::Read => "read",
        Action::Comment => "comment",
        Action::Suggest => "suggest",
        Action::Edit => "edit",
        Action::Decide => "decide",
        Action::Freeze => "freeze a plan and reopen it",
        Action::CreatePlan => "start a plan",
        Action::Process => "set the dates of a process",
        Action::People => "add and change people and organisations",
        Action::Moderate => "hold back or hide comments",
        Action::Ask => "ask something of others",
        Action::Approve => "approve, where a gate asks for them",
    }
}

pub(in crate::http::pages) fn party(party: Party) -> &'static str {
    match party {
        Party::Secretariat => "Secretariat",
        Party::Consultant => "Consultant",
        Party::Member => "Representative of a member",
        Party::Observer => "Representative of an observer",
        Party::Stakeholder => "Representative of a stakeholder",
        Party::Guest => "Guest",
        Party::Board => "Board",
        Party::Chair => "Chair of the board",
        Party::ChiefExecutive => "Chief executive",
        Party::Teller => "Teller",
        Party::Administrator => "Administrator",
    }
}

/// Where a plan is, and what that means.
pub(in crate::http::pages) fn stage(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Unscheduled => ("No process", "no dates are set"),
        Stage::Between => ("Between phases", "one is over, the next has not begun"),
        Stage::Phase(PhaseKind::Gathering) => ("Gathering", "looking back and collecting"),
        Stage::Phase(PhaseKind::Drafting) => ("Drafting", "members write"),
        Stage::Phase(PhaseKind::Consultation) => ("Consultation", "the text stands still and is asked about"),
        Stage::Phase(PhaseKind::Confidential) => ("Confidential", "interviews and the like"),
        Stage::Phase(PhaseKind::Decision) => ("Decision", "board or assembly decide"),
        Stage::Phase(PhaseKind::FollowUp) => ("Follow-up", "adopted, and carried out"),
    }
}

pub(in crate::http::pages) const IMPORT_LEAD: &str = "Many people and organisations at once, from a spreadsheet. First you see what the list would do and what is wrong in \
     it; nothing is imported before you say so.";
pub(in crate::http::pages) const FILE: &str = "The list as a file";
pub(in crate::http::pages) const FILE_HINT: &str = "Save the spreadsheet as CSV (“CSV UTF-8”).";
pub(in crate::http::pages) const TEXT: &str = "Or pasted here";
pub(in crate::http::pages) const TEXT_HINT: &str =
    "The first line names the columns. Cells that you copy from a spreadsheet can be pasted as they are.";
pub(in crate::http::pages) const FILE_AND_TEXT: &str = "Choose a file or paste a list, not both.";
pub(in crate::http::pages) const CHECK: &str = "See what it would do";
pub(in crate::http::pages) const CHECK_AGAIN: &str = "Check again";
pub(in crate::http::pages) const COLUMNS: &str = "The columns";
pub(in crate::http::pages) const COLUMNS_LEAD: &str = "In any order; those that you do not need may be missing. A list adds, it changes nothing that is there. Several people of \
     one organisation stand in a line each; what the organisation is need be said in its first line only.";
pub(in crate::http::pages) const COLUMN: &str = "Column";
pub(in crate::http::pages) const WHAT_IT_SAYS: &str = "What it says";
pub(in crate::http::pages) const REPORT: &str = "What this list would do";
pub(in crate::http::pages) const ALL_THERE: &str =
    "Everything in this list is there already: there is nothing to import.";
pub(in crate::http::pages) const TAKE: &str = "Import the list";
pub(in crate::http::pages) const TAKE_NOTHING: &str = "Import nothing";
pub(in crate::http::pages) const CORRECT: &str = "Correct the list here";
pub(in crate::http::pages) const THE_LIST: &str = "The list";
pub(in crate::http::pages) const ABOUT: &str = "About";
pub(in crate::http::pages) const LINE: &str = "Line";
pub(in crate::http::pages) const WHAT_IS_WRONG: &str = "What is wrong";
pub(in crate::http::pages) const WHAT_IT_MAKES: &str = "What it would make";
pub(in crate::http::pages) const LIST_LOOKS_OTHERWISE: &str =
    "The network has changed since you looked: this list would now do something else.";
pub(in crate::http::pages) const LIST_NOT_TAKEN: &str = "This list cannot be imported as it is.";
pub(in crate::http::pages) const LIST_LOOK_AGAIN: &str =
    "Nothing was imported. Look at what it would do now, then say so again.";

pub(in crate::http::pages) fn report(right: usize, unchanged: usize, wrong: usize) -> String {
    let is = |number: usize, what: &str| match number {
        1 => format!("1 line {what}"),
        number => format!("{number} lines {what}"),
    };
    let mut parts = vec![if right == 1 { is(1, "is right") } else { is(right, "are right") }];
    if unchanged > 0 {
        parts.push(if unchanged == 1 {
            is(1, "is there already")
        } else {
            is(unchanged, "are there already")
        });
    }
    parts.push(if wrong == 1 { is(1, "is wrong") } else { is(wrong, "are wrong") });
    format!("{}.", parts.join(", "))
}

pub(in crate::http::pages) fn nothing_yet(people: usize, organisations: usize) -> String {
    format!("The right lines would make {}. Nothing is imported yet.", made(people, organisations))
}

pub(in crate::http::pages) fn mailed(people: usize) -> String {
    match people {
        1 => "Once it is imported, 1 person is told so by mail.".into(),
        people => format!("Once it is imported, {people} people are told so by mail."),
    }
}

pub(in crate::http::pages) fn ignored(columns: &[String]) -> String {
    format!("Not read, since no such column is known: {}.", columns.join(", "))
}

pub(in crate::http::pages) fn take_right(right: usize) -> String {
    match right {
        1 => "Import the 1 line that is right".into(),
        right => format!("Import the {right} lines that are right"),
    }
}

pub(in crate::http::pages) fn wrong_lines(number: usize) -> String {
    format!("{} wrong", count(number, "line is", "lines are"))
}

pub(in crate::http::pages) fn right_lines(number: usize) -> String {
    format!("{} right", count(number, "line is", "lines are"))
}

/// What a column of a list says.
pub(in crate::http::pages) fn column(column: Column) -> &'static str {
    match column {
        Column::Organisation => "Its name. Left empty for somebody who acts for none.",
        Column::Standing => "member, observer or stakeholder. Needed where the organisation is new.",
        Column::Weight => "How many votes a member has; left empty: 1. Observers and stakeholders have 0.",
        Column::Seats => {
            "How many seats the organisation has; left empty: 1. Its representatives take them in the order of the lines."
        }
        Column::Name => "The person's name. Left empty in a line that is about an organisation alone.",
        Column::Email => "Where the person is sent a link to sign in.",
        Column::Roles => {
            "One or several, with commas or semicolons between them: representative, secretariat, consultant, board, chair, \
             chief-executive, administrator, teller."
        }
    }
}
