//! The words of one's own page, of the settings of one's mail, and of the tasks of a plan.

use crate::domain::Digest;

pub(in crate::http::pages) const TITLE: &str = "My page";
/// Behind a figure, in the head of each page.
pub(in crate::http::pages) const TO_DO: &str = "to do";
pub(in crate::http::pages) const NEW: &str = "new";
pub(in crate::http::pages) const ASKED: &str = "What is asked of me";
pub(in crate::http::pages) const NOTHING_ASKED: &str =
    "Nothing is asked of you at present. When something is, it stands here, with its date.";
pub(in crate::http::pages) const BY: &str = "By";
pub(in crate::http::pages) const OVERDUE: &str = "Overdue";
pub(in crate::http::pages) const WAS_DUE: &str = "it was due on";
pub(in crate::http::pages) const NO_DATE: &str = "Without a date";
pub(in crate::http::pages) const ASKED_BY: &str = "asked by";
pub(in crate::http::pages) const ASKED_OF: &str = "asked of";
pub(in crate::http::pages) const GO: &str = "Go there";
pub(in crate::http::pages) const DONE: &str = "It is done";
pub(in crate::http::pages) const NEWS: &str = "What is new";
pub(in crate::http::pages) const NO_NEWS: &str =
    "Nothing has happened yet that concerns you. Replies to you, dates and decisions will stand here.";
pub(in crate::http::pages) const UNSEEN: &str = "New";
pub(in crate::http::pages) const SEEN_ALL: &str = "I have seen all this";
pub(in crate::http::pages) const LOOK: &str = "Look at it";
pub(in crate::http::pages) const PLANS: &str = "My plans";
pub(in crate::http::pages) const NO_PLANS: &str = "There is no plan that you may read yet.";
pub(in crate::http::pages) const UNSCHEDULED: &str = "No dates are set.";
pub(in crate::http::pages) const TASKS_OF: &str = "Tasks";
pub(in crate::http::pages) const ACCOUNT: &str = "My account";
pub(in crate::http::pages) const ADDRESS: &str = "My e-mail address";
pub(in crate::http::pages) const PASSKEYS: &str = "My passkeys";
pub(in crate::http::pages) const SESSIONS: &str = "Where I am signed in";
pub(in crate::http::pages) const TOKENS: &str = "Tokens for tools";

/// After something was done.
pub(in crate::http::pages) fn done(what: &str) -> Option<&'static str> {
    match what {
        "done" => Some("It is noted that this is done."),
        "asked" => Some("It is asked. It stands on their page now."),
        "withdrawn" => Some("It is taken back."),
        "seen" => Some("Nothing is new any more."),
        "saved" => Some("It is saved."),
        _ => None,
    }
}

// Mail.

pub(in crate::http::pages) const MAIL: &str = "Mail to me";
pub(in crate::http::pages) const MAIL_LEAD: &str = "What is new can come to you by mail, in one mail at a time, early in the morning. What you have seen on your page \
     is not sent, and nothing is sent twice.";
pub(in crate::http::pages) const HOW_OFTEN: &str = "Send me what is new";
pub(in crate::http::pages) const REMINDERS: &str =
    "Remind me seven days and one day before a date, if I have not answered";
pub(in crate::http::pages) const SAVE: &str = "Save";
pub(in crate::http::pages) const NO_MAIL_HERE: &str = "In the demonstration no mails are sent.";

pub(in crate::http::pages) fn digest(digest: Digest) -> &'static str {
    match digest {
        Digest::Day => "every day",
        Digest::Week => "every week, on Mondays",
        Digest::Off => "not at all",
    }
}

pub(in crate::http::pages) const END_TITLE: &str = "End these mails";
pub(in crate::http::pages) const END_LEAD: &str = "One press, and no mails with what is new and no reminders are sent to you any more. What is asked of you still \
     stands on your page. Mails by which you sign in come when you ask for them.";
pub(in crate::http::pages) const END: &str = "End these mails";
pub(in crate::http::pages) const ENDED_TITLE: &str = "These mails have ended";
pub(in crate::http::pages) const ENDED_LEAD: &str = "No mails with what is new and no reminders are sent to you any more. If you change your mind, sign in and look \
     under “Mail to me” on your page.";
pub(in crate::http::pages) const END_VOID: &str = "This link ends nothing";
pub(in crate::http::pages) const END_VOID_LEAD: &str = "It was cut short, or whoever it was for is not known here any more. To see and change what is sent to you, sign in \
     and look under “Mail to me” on your page.";

// The tasks of a plan.

pub(in crate::http::pages) const TASKS_LEAD: &str = "Ask something of a person or an organisation, by a date. It stands on their page until it is done. What is asked of \
     an organisation, each who acts for it sees, until one of them has done it.";
pub(in crate::http::pages) const ASK_TITLE: &str = "Ask for something";
pub(in crate::http::pages) const FIND: &str = "Find a person or an organisation (part of the name)";
pub(in crate::http::pages) const FIND_DO: &str = "Find";
pub(in crate::http::pages) const OF: &str = "Of whom?";
pub(in crate::http::pages) const ORGANISATIONS: &str = "Organisations";
pub(in crate::http::pages) const PEOPLE: &str = "People";
pub(in crate::http::pages) const WHAT: &str = "What is asked?";
pub(in crate::http::pages) const SECTION: &str = "About which section?";
pub(in crate::http::pages) const WHOLE_PLAN: &str = "The whole plan";
pub(in crate::http::pages) const UNTITLED: &str = "Untitled section";
pub(in crate::http::pages) const DUE: &str = "By when?";
pub(in crate::http::pages) const DUE_HINT: &str = "Leave it empty if there is no date.";
pub(in crate::http::pages) const ASK: &str = "Ask";
pub(in crate::http::pages) const OPEN: &str = "Open tasks";
pub(in crate::http::pages) const NONE_OPEN: &str = "Nothing is open.";
pub(in crate::http::pages) const OVER: &str = "Done and taken back";
pub(in crate::http::pages) const WITHDRAW: &str = "Take back";
pub(in crate::http::pages) const WITHDRAW_WHAT: &str =
    "It is not asked any more, and goes from their page. To ask it again, write it anew.";
pub(in crate::http::pages) const WITHDRAW_SURE: &str = "Yes, take it back";
pub(in crate::http::pages) const WHO: &str = "Of whom";
pub(in crate::http::pages) const TASK: &str = "Task";
pub(in crate::http::pages) const BY_WHEN: &str = "By when";
pub(in crate::http::pages) const BECAME: &str = "What became of it";
pub(in crate::http::pages) const DO: &str = "What you can do";
pub(in crate::http::pages) const DONE_BY: &str = "Done by";
pub(in crate::http::pages) const WITHDRAWN_BY: &str = "Taken back by";
pub(in crate::http::pages) const LEFT: &str = "has left the network";
pub(in crate::http::pages) const ERASED: &str = "The words of this task have been erased.";
pub(in crate::http::pages) const CONSULTATION: &str = "Who has answered";
pub(in crate::http::pages) const ALL_ANSWERED: &str = "Every organisation that can be asked has answered.";
pub(in crate::http::pages) const SILENT: &str = "Not heard yet";
pub(in crate::http::pages) const UNREACHED: &str = "Nobody acts for them, and no guest is invited for them";
pub(in crate::http::pages) const UNREACHED_HINT: &str = "They are not counted above, since nobody could answer for them: add somebody at “Network”, or invite a guest.";
pub(in crate::http::pages) const REMIND: &str = "Remind those who have not answered";
pub(in crate::http::pages) const REMIND_HINT: &str = "One mail to each person who may still comment, for themselves and for their organisation, and who wants \
     reminders. Once a day at most.";
pub(in crate::http::pages) const ANYBODY: &str = "Choose";

pub(in crate::http::pages) fn more(count: usize) -> String {
    format!("{count} more are not listed: find them by a part of the name.")
}

pub(in crate::http::pages) fn heard(heard: usize, of: usize) -> String {
    format!("{heard} of {of} organisations that can be asked have been heard.")
}

pub(in crate::http::pages) fn reminded(count: usize) -> String {
    match count {
        0 => "There is nobody whom a reminder could reach.".to_owned(),
        1 => "One mail is on its way.".to_owned(),
        count => format!("{count} mails are on their way."),
    }
}
