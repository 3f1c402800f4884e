//! What is wrong with a list, in words: the same on the page and at the terminal.

use std::fmt;

use super::{Column, Makes, Trouble, Unreadable};
use crate::domain::limits;

impl Column {
    pub const ALL: [Self; 7] =
        [Self::Organisation, Self::Standing, Self::Weight, Self::Seats, Self::Name, Self::Email, Self::Roles];

    /// As the first line of a list names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Standing => "standing",
            Self::Weight => "weight",
            Self::Seats => "seats",
            Self::Name => "name",
            Self::Email => "e-mail",
            Self::Roles => "roles",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(
                f,
                "The list is larger than {} MB. Take it in in parts.",
                limits::LIST_BYTES >> 20
            ),
            Self::NotText => f.write_str(
                "This is not a text in UTF-8. In the spreadsheet, save the list as “CSV UTF-8”, not as a workbook.",
            ),
            Self::Empty => f.write_str("There is nothing in this list."),
            Self::NoColumns => f.write_str(
                "The first line names neither the column “organisation” nor the column “name”. It has to say what \
                 stands in each column.",
            ),
            Self::ColumnTwice(column) => write!(f, "The column “{}” stands there twice.", column.word()),
            Self::TooManyRows => {
                write!(f, "The list has more than {} lines. Take it in in parts.", limits::LIST_ROWS)
            }
        }
    }
}

impl fmt::Display for Makes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let organisation = self.organisation.then_some("a new organisation");
        let person =
            self.person.then_some(if self.seat { "a new person with a seat" } else { "a new person" });
        f.write_str(&organisation.into_iter().chain(person).collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("It names neither an organisation nor a person."),
            Self::TooManyCells => f.write_str(
                "It has more cells than there are columns. A cell with the separator in it needs quotes around it.",
            ),
            Self::StandingUnknown(said) => {
                write!(f, "“{said}” is no standing: write member, observer or stakeholder.")
            }
            Self::StandingMissing => f.write_str(
                "The organisation is new, and its standing is not said here: member, observer or stakeholder.",
            ),
            Self::NotANumber(column, said) => {
                write!(f, "“{said}” in the column “{}” is not a whole number.", column.word())
            }
            Self::RoleUnknown(said) => write!(
                f,
                "“{said}” is no role: write secretariat, representative, consultant, board, chair, chief-executive, \
                 administrator or teller."
            ),
            Self::Unnamed(column) => match column {
                Column::Roles | Column::Email => {
                    write!(f, "It says something in the column “{}”, and names no person.", column.word())
                }
                column => write!(
                    f,
                    "It says something in the column “{}”, and names no organisation.",
                    column.word()
                ),
            },
            Self::OrganisationDiffers(column) => write!(
                f,
                "The organisation is there already with another {}. A list changes nothing that is there: correct \
                 the line, or change the organisation by hand.",
                column.word()
            ),
            Self::RolesDiffer => f.write_str(
                "The person is there already with other roles. A list changes nothing that is there: correct the \
                 line, or change the person by hand.",
            ),
            Self::EmailDiffers => f.write_str(
                "The person is there already with another e-mail address, or none. A list changes nothing that is there.",
            ),
            Self::AddressOf(name) => write!(
                f,
                "Somebody is there already with this address: {name}. A list changes nothing that is there: correct \
                 the line, or change the person by hand."
            ),
            Self::EmailTwice(line) => write!(f, "The same e-mail address stands in line {line} already."),
            Self::Twice(line) => write!(f, "The same person stands in line {line} already."),
            Self::Refused(refusal) => f.write_str(&refusal.sentence()),
        }
    }
}
