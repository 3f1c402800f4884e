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
    /// No session, token or passkey of this person.
    EntryUnknown,
    /// The address under which people come is one that browsers keep no passkeys for.
    PasskeysNotHere,
    /// Nothing was begun, or it was finished already, or too long ago.
    PasskeyTooLate,
    /// It was removed, or its person has left, or it was never one of this network: nobody learns which.
    PasskeyVoid,
    /// It was given for the page of another server.
    PasskeyElsewhere,
    /// The device did not ask who is there.
    PasskeyNotVerified,
    /// It has been used less often than is known here: there may be two of it.
    PasskeyCopied,
    /// What the device sent is no answer to what it was asked.
    PasskeyNotValid,
    /// The device would not find it again by itself.
    PasskeyNotFound,
    PasskeyNameNotValid,
    TooManyPasskeys,
    /// Without it nothing would let its person in any more.
    LastPasskey,
    /// Where there is none, a passkey cannot be all that lets somebody in.
    NoPasskey,
    /// Nothing but a passkey lets this person in.
    PasskeyAlone,
    /// What lets somebody in is changed only soon after they showed who they are.
    SignInAnew,
    /// The directory cannot be reached, or not understood.
    DirectoryAway,
    /// Nobody was sent to the directory from this browser, or too long ago.
    DirectoryTooLate,
    /// Not known here, has left, has no address that the directory vouches for, or is bound to another account: nobody
    /// learns which.
    DirectoryUnknown,
    /// The directory sent somebody back who had not shown who they are.
    DirectoryDenied,
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
            Self::PasskeysNotHere => "passkeys_not_here",
            Self::PasskeyTooLate => "passkey_too_late",
            Self::PasskeyVoid => "passkey_void",
            Self::PasskeyElsewhere => "passkey_elsewhere",
            Self::PasskeyNotVerified => "passkey_not_verified",
            Self::PasskeyCopied => "passkey_copied",
            Self::PasskeyNotValid => "passkey_not_valid",
            Self::PasskeyNotFound => "passkey_not_discoverable",
            Self::PasskeyNameNotValid => "passkey_name_not_valid",
            Self::TooManyPasskeys => "too_many_passkeys",
            Self::LastPasskey => "last_passkey",
            Self::NoPasskey => "no_passkey",
            Self::PasskeyAlone => "passkey_alone",
            Self::SignInAnew => "sign_in_anew",
            Self::DirectoryAway => "directory_away",
            Self::DirectoryTooLate => "directory_too_late",
            Self::DirectoryUnknown => "directory_unknown",
            Self::DirectoryDenied => "directory_denied",
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
            Self::PasskeysNotHere => "There are no passkeys at the address of this server.".into(),
            Self::PasskeyTooLate => "This took too long, or was done already.".into(),
            Self::PasskeyVoid => "This passkey lets nobody in here.".into(),
            Self::PasskeyElsewhere => "This passkey was used on the page of another address.".into(),
            Self::PasskeyNotVerified => "The device did not check that it is you.".into(),
            Self::PasskeyCopied => "There may be a copy of this passkey, so it lets nobody in.".into(),
            Self::PasskeyNotValid => "What the device answered was not understood.".into(),
            Self::LastPasskey => "This is your last passkey, and nothing else lets you in.".into(),
            Self::NoPasskey => "You have no passkey yet.".into(),
            Self::PasskeyAlone => "Only your passkey lets you in.".into(),
            Self::SignInAnew => "To change how you sign in, sign in anew first.".into(),
            Self::DirectoryAway => "The directory does not answer just now.".into(),
            Self::DirectoryTooLate => "This took too long, or was begun in another browser.".into(),
            Self::DirectoryUnknown => "By what the directory says, nobody here is known.".into(),
            Self::DirectoryDenied => "The directory did not sign you in.".into(),
            Self::PasskeyNotFound => "This device cannot keep a passkey for signing in here.".into(),
            Self::PasskeyNameNotValid => {
                format!("A passkey has a name of 1 to {} characters.", limits::TITLE)
            }
            Self::TooManyPasskeys => {
                format!("One person has {} passkeys at most.", limits::PASSKEYS_PER_PERSON)
            }
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
            Self::PasskeysNotHere => {
                "They need a name and https, such as https://plan.example.org, or http://localhost for trying out. Whoever runs the server sets it."
            }
            Self::PasskeyTooLate => "Begin again: press the button once more.",
            Self::PasskeyVoid => {
                "It was removed, or it is from elsewhere. Sign in another way, then add a new one, and delete this one on your device."
            }
            Self::PasskeyElsewhere => "Look at the address in the browser, and open the right one.",
            Self::PasskeyNotVerified => {
                "Set a PIN, a fingerprint or a face on it, or take another device, and try again."
            }
            Self::PasskeyCopied => {
                "Sign in another way, remove this passkey, add a new one, and tell whoever runs the server."
            }
            Self::PasskeyNotValid => "Try again. If it stays so, try another browser or device.",
            Self::PasskeyNotFound => "Take another device, or a password manager.",
            Self::PasskeyNameNotValid => "Name the device or the password manager that keeps it.",
            Self::LastPasskey => {
                "Add another one first. Or let a mail be enough to sign in, where that is yours to choose."
            }
            Self::NoPasskey => "Add one first.",
            Self::PasskeyAlone => {
                "Sign in with it. If you have lost it, whoever runs the server can hand you a link."
            }
            Self::SignInAnew => "Sign in once more, then come back here: for 15 minutes it can be changed.",
            Self::DirectoryAway => "Sign in by mail, or try again in a little while.",
            Self::DirectoryTooLate => "Begin again, and stay in one browser.",
            Self::DirectoryUnknown => {
                "It has to vouch for the e-mail address under which your network's secretariat knows you. Sign in by mail, or ask the secretariat."
            }
            Self::DirectoryDenied => "Begin again, or sign in by mail.",
            Self::TooManyPasskeys => "Remove one that is not used any more.",
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
