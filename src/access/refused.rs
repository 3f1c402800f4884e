//! Why somebody is not let in, or a secret is not made: a stable code, a sentence and a hint.

use crate::domain::{Refusal, limits};
use crate::engine;
use crate::log::Failure;

/// Nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Used, too old, replaced by a newer one, cut short, or never made: nobody learns which.
    LinkVoid,
    CodeWrong,
    /// A guest's link that was taken back, has had its time, was cut short, or was never made.
    GuestLinkVoid,
    /// Its request is over, or there was none.
    CodeVoid,
    /// Somebody is there already, or the link is not the newest.
    FirstVoid,
    TokenNameNotValid,
    TokenLifeNotValid,
    TooManyTokens,
    /// No session or token of this person.
    EntryUnknown,
}

impl Refused {
    /// The stable code: snake case, never changed once published.
    pub fn code(self) -> &'static str {
        match self {
            Self::LinkVoid => "link_void",
            Self::CodeWrong => "code_wrong",
            Self::GuestLinkVoid => "guest_link_void",
            Self::CodeVoid => "code_void",
            Self::FirstVoid => "first_link_void",
            Self::TokenNameNotValid => "token_name_not_valid",
            Self::TokenLifeNotValid => "token_life_not_valid",
            Self::TooManyTokens => "too_many_tokens",
            Self::EntryUnknown => "entry_unknown",
        }
    }

    /// What is wrong, for the person who asked.
    pub fn sentence(self) -> String {
        match self {
            Self::LinkVoid => "This link does not let anybody in any more.".into(),
            Self::GuestLinkVoid => "This link opens no consultation, or not any more.".into(),
            Self::CodeWrong => "This is not the code from the mail.".into(),
            Self::CodeVoid => "No code is waited for here any more.".into(),
            Self::FirstVoid => "The first person has come in already, or this link has been replaced.".into(),
            Self::TokenNameNotValid => {
                format!("A token has a name of 1 to {} characters.", limits::TITLE)
            }
            Self::TokenLifeNotValid => {
                format!("A token holds for 1 to {} days.", limits::TOKEN_LIFE.as_secs() / (24 * 3600))
            }
            Self::TooManyTokens => {
                format!("One person has {} tokens at most.", limits::TOKENS_PER_PERSON)
            }
            Self::EntryUnknown => "There is nothing here to take back: it may have ended already.".into(),
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::LinkVoid => {
                "Each link works once and for a short time, and a newer mail makes it void. Ask for a new one."
            }
            Self::GuestLinkVoid => {
                "See that it was copied whole. If it was, ask whoever sent it for a new one."
            }
            Self::CodeWrong => "Look at the newest mail, then type its code again.",
            Self::CodeVoid => "It was used, too old, or mistyped too often. Ask for a new mail.",
            Self::FirstVoid => {
                "Sign in by mail. While nobody has come in, each start of the server prints a new link."
            }
            Self::TokenNameNotValid => "Name the tool that will use it.",
            Self::TokenLifeNotValid => "Choose a number of days in between.",
            Self::TooManyTokens => "Take back one that is not used any more.",
            Self::EntryUnknown => "Reload the page to see what there is.",
        }
    }
}

/// Why something was not done.
#[derive(Debug, Clone)]
pub enum Error {
    Refused(Refused),
    /// The network's rules say no.
    Ruled(Refusal),
    /// The log could not do its work: the operator is told.
    Failed(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Ruled(refusal)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Refused(refusal) => Self::Ruled(refusal),
            engine::Error::Failed(failure) => Self::Failed(failure),
        }
    }
}
