//! The words of the pages, kept together so that they can be translated.

use crate::domain::{Measure, Party};

pub(super) mod access;
pub(super) mod conduct;
pub(super) mod groups;
pub(super) mod mine;
pub(super) mod network;
pub(super) mod passkeys;
pub(super) mod planning;

pub(super) const PRODUCT: &str = "Quorate";
pub(super) const SKIP: &str = "Skip to the content";
pub(super) const VIEWS: &str = "Views of this plan";
/// The pages around a plan's calendar.
pub(super) const AROUND: &str = "Keeping this plan";
pub(super) const PHASES: &str = "Phases";
pub(super) const SECTIONS: &str = "Sections";
pub(super) const SIGNED_IN_AS: &str = "You are";
pub(super) const CHANGE_PERSON: &str = "Change person";
pub(super) const SIGN_OUT: &str = "Sign out";
pub(super) const ACCOUNT: &str = "My account";
pub(super) const WRITE: &str = "Write";
/// The workspace, for those who may not edit.
pub(super) const WORKSPACE: &str = "Discuss";
pub(super) const READ: &str = "Read";
pub(super) const REPLAY: &str = "Replay";
pub(super) const CALENDAR: &str = "Calendar";
/// The pages for those who may change people.
/// All that one may read.
pub(super) const PLANS: &str = "Plans";
pub(super) const NETWORK: &str = "Network";
/// In place of a person where the program itself acted.
pub(super) const PROGRAM: &str = "The system";
/// In place of a person whose name has been erased or is not known.
pub(super) const SOMEONE: &str = "Someone";

/// Before whoever withheld a comment.
pub(super) fn withheld(measure: Measure) -> &'static str {
    match measure {
        Measure::HeldBack => "Held back by",
        Measure::Hidden => "Hidden by",
    }
}

pub(super) mod home {
    use crate::domain::{Party, Role};

    pub(in super::super) const PICK_TITLE: &str = "Who would you like to be?";
    pub(in super::super) const PICK_LEAD: &str = "This is a demonstration: an invented network writes its strategic plan. Choose one of its people and \
        write, comment and look back as that person would. There is no password.";
    pub(in super::super) const PICK_TIP: &str = "To see people work together, open this page in a second browser or a private window and choose \
        someone else there.";
    pub(in super::super) const PICK_AS: &str = "Enter as";
    pub(in super::super) const NO_PICK: &str = "Here a network writes its strategic plan. To go on, sign in. If you have no access yet, ask your network's \
        secretariat.";
    pub(in super::super) const PLANS_TITLE: &str = "Plans";
    pub(in super::super) const START: &str = "Start a plan";
    pub(in super::super) const START_HINT: &str =
        "Its title can be changed later. Next, set its dates in the calendar.";
    pub(in super::super) const TITLE: &str = "Title of the plan";
    pub(in super::super) const NO_PLANS: &str = "There is no plan yet that you can read.";
    pub(in super::super) const OPEN: &str = "Open for writing";
    pub(in super::super) const FROZEN: &str = "Closed for writing";
    pub(in super::super) const LAST_CHANGED: &str = "Last changed";
    pub(in super::super) const BY: &str = "by";

    /// What a role is called where an approval is asked for.
    pub(in super::super) fn role(role: Role) -> &'static str {
        match role {
            Role::Representative => "A representative",
            Role::Secretariat => "Secretariat",
            Role::Consultant => "Consultant",
            Role::Board => "Board",
            Role::Chair => "Chair of the board",
            Role::ChiefExecutive => "Chief executive",
            Role::Administrator => "Administrator",
            Role::Teller => "Teller",
        }
    }

    /// What somebody may do here, in each stage of a plan taken together.
    pub(in super::super) fn may(party: Party) -> &'static str {
        match party {
            Party::Secretariat => {
                "Keeps the process: sets the dates, writes, comments, closes plans for writing."
            }
            Party::Consultant => "Holds the pen: writes and comments.",
            Party::Member => "Writes and comments for a member organisation.",
            Party::Observer => "Reads and comments for an observer.",
            Party::Stakeholder => "Reads and comments for a stakeholder, when a plan is in consultation.",
            Party::Guest => "Reads and comments in one consultation.",
            Party::Board => "Reads and comments, and decides on plans.",
            Party::Chair => "Reads and comments, and decides on plans with the board.",
            Party::ChiefExecutive => "Heads the office: reads and comments, and decides on plans.",
            Party::Administrator => "Reads, and keeps people and organisations.",
            Party::Teller => "Reads, and confirms counts.",
        }
    }
}

/// What somebody is in the network, role by role; for representatives, of which organisation where that is known.
pub(crate) fn part(parties: &[Party], organisation: Option<&str>) -> String {
    let name = |party: &Party| match (party, organisation) {
        (Party::Member, Some(name)) => format!("Representative of {name} (member)"),
        (Party::Observer, Some(name)) => format!("Representative of {name} (observer)"),
        (Party::Stakeholder, Some(name)) => format!("Representative of {name} (stakeholder)"),
        (party, _) => network::party(*party).to_owned(),
    };
    match parties {
        [] => network::party(Party::Guest).to_owned(),
        parties => parties.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

pub(super) mod guest {
    pub(in super::super) const VOID: &str = "This link opens nothing";
    pub(in super::super) const INVITED: &str = "You are invited to comment";
    pub(in super::super) const TO: &str = "An invitation to";
    pub(in super::super) const OPEN_UNTIL: &str = "You can read the text and comment on it until";
    pub(in super::super) const NAME: &str = "Your name";
    pub(in super::super) const CAPACITY: &str = "In which capacity do you comment?";
    pub(in super::super) const FOR: &str = "For";
    pub(in super::super) const PERSONAL: &str = "For myself";
    pub(in super::super) const CONSENT: &str = "What may be published?";
    pub(in super::super) const PUBLISHED: &str =
        "My comments may be published outside this consultation, for example in a report about it.";
    pub(in super::super) const NAMED: &str =
        "My name may be shown to others beside them. The secretariat sees it in any case.";
    pub(in super::super) const KEPT: &str = "Those who take part in this consultation read what you write, and afterwards those who decide over the plan and carry it out. Your name is kept apart from the record of the plan and can be erased from it at any time. No account is made.";
    pub(in super::super) const BEGIN: &str = "Open the text";
    pub(in super::super) const BEFORE: &str = "Have you been here before? Use the link that you were given then: it leads back to what you have said. By this page you would come as somebody else.";
    pub(in super::super) const OWN_MAIL: &str = "Send me my link by mail (if you like)";
    pub(in super::super) const OWN_MAIL_HINT: &str = "You get a link of your own, by which you come back. The address is kept only until the mail has left.";
    pub(in super::super) const OWN_MAILED: &str = "It is on its way to you by mail too.";
    pub(in super::super) const OWN_NOT_MAILED: &str =
        "It was not sent by mail, since many mails have gone to this address. Keep it yourself.";
    pub(in super::super) const NOT_HANDED_IN: &str =
        "What you wrote was not handed in. It is only here: copy it if you want to keep it.";
    pub(in super::super) const WELCOME: &str = "Keep this link: it is yours alone";
    pub(in super::super) const YOUR_LINK: &str = "Your link";
    pub(in super::super) const LINK_LEAD: &str = "By this link you come back to this page and to what you have begun, until the consultation ends. Do not pass it on.";
    pub(in super::super) const DRAFT_WAITS: &str = "You have begun a comment.";
    pub(in super::super) const GO_ON: &str = "Go on with it";
    pub(in super::super) const OWN: &str = "What you have said";
    pub(in super::super) const YOU: &str = "You";
    /// Of whom is not told to guests.
    pub(in super::super) const ANSWER: &str = "An answer from the network";
    pub(in super::super) const RESOLVED: &str = "Settled on";
    pub(in super::super) const COMMENT_ON: &str = "Comment on this section";
    pub(in super::super) const ABOUT: &str = "Which words is it about?";
    pub(in super::super) const YOUR_COMMENT: &str = "Your comment";
    pub(in super::super) const SEND: &str = "Send the comment";
    pub(in super::super) const KEEP: &str = "Keep it for later";
    pub(in super::super) const SENT: &str = "Your comment has been handed in.";
    pub(in super::super) const DRAFT_KEPT: &str = "What you have written is kept. Nobody else sees it.";
    pub(in super::super) const CLOSED: &str = "The consultation is not open";
    pub(in super::super) const CLOSED_LEAD: &str = "The text can be read and commented on only while its consultation is open. What you have handed in is kept.";
    pub(in super::super) const SOMEBODY: &str = "Somebody";

    // For who invites.
    pub(in super::super) const GUESTS: &str = "Guests";
    pub(in super::super) const GUESTS_LEAD: &str = "A guest reads the text and comments on it in one consultation, without an account. Whoever has the link can use it: send \
        it to the organisation that is to be heard, and to nobody else.";
    pub(in super::super) const NO_CONSULTATION: &str =
        "Guests are invited to a consultation. The calendar of this plan has none that is still to end.";
    pub(in super::super) const INVITE: &str = "Make the link";
    pub(in super::super) const INVITE_TO: &str = "Which organisation is invited?";
    pub(in super::super) const INVITE_WHOM: &str = "Which organisation is invited?";
    pub(in super::super) const INVITE_ANOTHER: &str = "Another one (write its name)";
    pub(in super::super) const INVITE_ANOTHER_NAME: &str = "The name of another organisation";
    pub(in super::super) const INVITE_ANOTHER_HINT: &str = "Only where it is not in the list above.";
    pub(in super::super) const PHASE: &str = "Consultation";
    pub(in super::super) const UNTIL: &str = "The link holds until";
    pub(in super::super) const MAIL_TO: &str = "Send it by mail to (if you like)";
    pub(in super::super) const MAIL_TO_HINT: &str =
        "The link is shown to you in any case. The address is kept only until the mail has left.";
    pub(in super::super) const MAILED: &str = "It is on its way by mail too.";
    pub(in super::super) const NOT_MAILED: &str =
        "It was not sent by mail, since many mails have gone to this address. Send it yourself.";
    pub(in super::super) const COPY: &str = "Copy the link";
    pub(in super::super) const LINK_MADE: &str = "Send this link. It is shown only once:";
    pub(in super::super) const REVOKE: &str = "Take back";
    pub(in super::super) const REVOKE_WHAT: &str =
        "The link stops working at once, for all who came by it. What they have said stays.";
    pub(in super::super) const REVOKE_SURE: &str = "Yes, take it back";
    pub(in super::super) const REVOKE_DONE: &str = "It is taken back: the link opens nothing any more.";
    pub(in super::super) const REVOKED: &str = "Taken back";
    pub(in super::super) const OVER: &str = "Over";
    pub(in super::super) const HOLDS: &str = "Holds";
    pub(in super::super) const INVITED_ALL: &str = "Who has been invited";
    pub(in super::super) const ORGANISATION: &str = "Organisation";
    pub(in super::super) const STATE: &str = "State";
    pub(in super::super) const CAME: &str = "People who came";
    pub(in super::super) const CAME_AS: &str = "Came as a guest.";
    pub(in super::super) const NAME_PUBLIC: &str = "Their name may be shown to others beside what they say.";
    pub(in super::super) const NAME_PRIVATE: &str =
        "Their name is not to be shown to others: only those who keep the process and people see it.";
    pub(in super::super) const WORDS_PUBLIC: &str =
        "What they say may be published outside the consultation.";
    pub(in super::super) const WORDS_PRIVATE: &str =
        "What they say is not to be published outside the consultation.";
    pub(in super::super) const CONDUCT: &str = "How we discuss: the rules for comments";
    /// Names are not told to guests.
    pub(in super::super) const MODERATORS: &str = "those who keep the discussion";
    pub(in super::super) const DISPUTE: &str = "Ask for it to be looked at again";
    pub(in super::super) const DISPUTE_WHY: &str = "Why it should be shown";
    pub(in super::super) const DISPUTED: &str = "You have asked for it to be looked at again.";
    pub(in super::super) const DISPUTE_SENT: &str = "It will be looked at again.";
    pub(in super::super) const COMMENTS: &str = "Comments";
}

pub(super) mod phases {
    use crate::domain::{PhaseKind, Role};

    pub(in super::super) const TITLE: &str = "Calendar";
    pub(in super::super) const BAR: &str = "The phases of this plan";
    pub(in super::super) const NO_PROCESS: &str =
        "No dates have been set for this plan. It is open for writing until the secretariat closes it.";
    pub(in super::super) const WAITS_FOR: &str = "Waits for the approval of";
    pub(in super::super) const NONE_OPEN: &str = "No phase is open now.";
    pub(in super::super) const NEXT: &str = "Next:";
    pub(in super::super) const UNTIL: &str = "is open until";
    pub(in super::super) const NOW_UNTIL: &str = "now, until";
    pub(in super::super) const CLOSED_ON: &str = "closed on";
    pub(in super::super) const OVER: &str = "Over";
    pub(in super::super) const OPEN: &str = "Open now";
    pub(in super::super) const COMING: &str = "To come";
    pub(in super::super) const GATE: &str = "Before the next phase opens, these approve";
    pub(in super::super) const APPROVED_BY: &str = "approved by";
    pub(in super::super) const NOT_APPROVED: &str = "not yet";
    pub(in super::super) const APPROVE: &str = "Approve";
    pub(in super::super) const DISAPPROVE: &str = "Take the approval back";
    pub(in super::super) const WHO_ANSWERED: &str = "Who has answered, and who has not";
    pub(in super::super) const MOVE: &str = "Move the dates";
    pub(in super::super) const OPENS: &str = "Opens";
    pub(in super::super) const CLOSES: &str = "Closes";
    pub(in super::super) const SAVE: &str = "Save the dates";
    pub(in super::super) const START_LEAD: &str = "Set the way of this plan from here to its adoption: choose a template and the first day. Every date can be \
        moved afterwards. Phases open and close by themselves.";
    pub(in super::super) const TEMPLATE: &str = "Template";
    pub(in super::super) const FROM: &str = "Which phase does it begin with? Those before it are left out.";
    pub(in super::super) const FROM_FIRST: &str = "The first";
    pub(in super::super) const BEGINS: &str = "The first phase opens";
    pub(in super::super) const START: &str = "Set the dates";

    /// After something was done.
    pub(in super::super) fn done(what: &str) -> Option<&'static str> {
        match what {
            "started" => Some("The dates are set."),
            "moved" => Some("The dates are moved."),
            "approved" => Some("Your approval is recorded."),
            "disapproved" => Some("Your approval is taken back."),
            "kept" => Some(super::conduct::KEEP_SAVED),
            "withdrawn" => super::planning::done("withdrawn"),
            _ => None,
        }
    }

    pub(in super::super) fn over(count: usize) -> String {
        format!("Phases that are over ({count})")
    }

    /// Of a gate, when nobody has the role that approves at it.
    pub(in super::super) fn nobody_approves(role: Role) -> String {
        let nobody = match role {
            Role::Representative => "Nobody acts for an organisation",
            Role::Secretariat => "Nobody is the secretariat",
            Role::Consultant => "Nobody is the consultant",
            Role::Board => "Nobody is on the board",
            Role::Chair => "Nobody is chair of the board",
            Role::ChiefExecutive => "Nobody is chief executive",
            Role::Administrator => "Nobody is administrator",
            Role::Teller => "Nobody is teller",
        };
        format!("{nobody} at present: this gate cannot open.")
    }
    pub(in super::super) const ADD_SOMEBODY: &str = "Add somebody under Network.";

    /// What is done in a phase.
    pub(in super::super) fn kind(kind: PhaseKind) -> &'static str {
        match kind {
            PhaseKind::Gathering => {
                "The network looks back and collects. The secretariat and the consultant write; all others read and comment."
            }
            PhaseKind::Drafting => "Members write. Observers and the board read and comment.",
            PhaseKind::Consultation => {
                "The text stands still. Members, observers, stakeholders and guests read it and comment on it."
            }
            PhaseKind::Confidential => {
                "Only the secretariat and the consultant work here, in confidence; the chair reads along. Comments stay with them; what is written into the text itself is part of its history."
            }
            PhaseKind::Decision => {
                "The text stands still. Board, chair and chief executive read it, comment and decide."
            }
            PhaseKind::FollowUp => "The plan is adopted and carried out. All members read and comment.",
        }
    }
}

pub(super) mod form {
    /// Beside a date in a form, where no script runs.
    pub(in super::super) const UTC: &str = "(UTC)";
    /// Where one does; the name of the reader's zone follows.
    pub(in super::super) const YOUR_TIME: &str = "your time";
    pub(in super::super) const COPIED: &str = "It is copied.";
    pub(in super::super) const NOT_COPIED: &str =
        "This browser did not copy it. It is selected now: copy it with the keyboard or the menu.";
    pub(in super::super) const LEAPT: &str =
        "There is no such time on that day: the clocks go forward over it. Choose an earlier or a later one.";
}

pub(super) mod sign_in {
    pub(in super::super) const TITLE: &str = "Sign in";
    pub(in super::super) const LEAD: &str =
        "There is no password. Type your e-mail address, and a mail with a link and a code comes to you.";
    pub(in super::super) const ADDRESS: &str = "Your e-mail address";
    pub(in super::super) const ADDRESS_HINT: &str =
        "The one under which your network's secretariat knows you.";
    pub(in super::super) const SEND: &str = "Send me a mail";
    pub(in super::super) const SENT_TITLE: &str = "Look into your mail";
    pub(in super::super) const SENT: &str =
        "If this address is known here, a mail is on its way. Open the link in it, or type its code here.";
    /// The address as it was typed follows.
    pub(in super::super) const TYPED: &str = "You typed";
    pub(in super::super) const NOTHING_CAME: &str = "Nothing came? Look among unwanted mail, check that the address is the one that the secretariat has, \
        and then ask again. A newer mail makes the older ones void.";
    pub(in super::super) const CODE: &str = "The code from the mail";
    pub(in super::super) const CODE_HINT: &str = "8 digits. The space between them does not matter.";
    pub(in super::super) const USE_CODE: &str = "Sign in with this code";
    pub(in super::super) const AGAIN: &str = "Ask for a new mail";
    pub(in super::super) const LINK_TITLE: &str = "Welcome";
    pub(in super::super) const LINK_LEAD: &str = "One press, and you are signed in on this device.";
    pub(in super::super) const DIRECTORY_TITLE: &str = "With an account that you have";
    pub(in super::super) const DIRECTORY_WRONG: &str = "You are not signed in";
    pub(in super::super) const VOID_TITLE: &str = "This link is over";
    pub(in super::super) const CODE_VOID_TITLE: &str = "This code is over";
    pub(in super::super) const TOO_OFTEN: (&str, &str) = (
        "Too many attempts",
        "From where you are, too many attempts have come in a short time. Wait a minute, then try again.",
    );

    pub(in super::super) fn by_directory(name: &str) -> String {
        format!("Sign in with {name}")
    }

    pub(in super::super) fn as_person(name: &str) -> String {
        format!("Sign in as {name}")
    }
}

pub(super) mod address {
    pub(in super::super) const TITLE: &str = "Your e-mail address";
    pub(in super::super) const NOW: &str = "Mails come to";
    pub(in super::super) const LEAD: &str = "To be reached elsewhere, type the new address. A mail with a link goes there; when you press it, the \
        new address counts, and a note goes to the old one. Until then nothing changes.";
    pub(in super::super) const NEW: &str = "New e-mail address";
    pub(in super::super) const SEND: &str = "Send the link there";
    pub(in super::super) const ANEW: &str = "Sign in anew";
    pub(in super::super) const SENT_TITLE: &str = "Look into the new mail box";
    pub(in super::super) const SENT: &str = "If this address is free here, a mail with a link is on its way to it. Open it in this browser, where you are \
        signed in.";
    pub(in super::super) const NOTHING_CAME: &str = "Nothing came? Look among unwanted mail, and check the address. If somebody else here has it, no mail is sent.";
    pub(in super::super) const CONFIRM_TITLE: &str = "Is this your address?";
    pub(in super::super) const CONFIRM: &str =
        "From now on all mail to you, links to sign in among it, goes to";
    pub(in super::super) const USE: &str = "Yes, use it from now on";
}

pub(super) mod first {
    pub(in super::super) const TITLE: &str = "The first person";
    pub(in super::super) const LEAD: &str = "Nobody is here yet. Whoever fills this in becomes the administrator and the secretariat of this \
        network: adds people and organisations, starts plans, and can give these parts to others later.";
    pub(in super::super) const NAME: &str = "Your name";
    pub(in super::super) const NAME_HINT: &str = "As others are to read it beside what you do.";
    pub(in super::super) const ADDRESS_HINT: &str =
        "Mails with links to sign in come to it. It is kept beside the record, never in it.";
    pub(in super::super) const BEGIN: &str = "Begin";
    pub(in super::super) const VOID_TITLE: &str = "This link is over";
}

pub(super) mod me {
    pub(in super::super) const SESSIONS_TITLE: &str = "Where you are signed in";
    pub(in super::super) const SESSIONS_LEAD: &str = "Each device on which you signed in stays signed in for a while. If one of them is not yours or not with you \
        any more, end it here: it is signed out at once.";
    pub(in super::super) const DEVICE: &str = "Device";
    pub(in super::super) const SINCE: &str = "Signed in";
    pub(in super::super) const SEEN: &str = "Last used (to the hour)";
    pub(in super::super) const DO: &str = "What you can do";
    pub(in super::super) const THIS_ONE: &str = "this device, now";
    pub(in super::super) const END: &str = "Sign it out";
    pub(in super::super) const END_THIS: &str = "Sign out here";
    pub(in super::super) const END_OTHERS: &str = "Sign out everywhere else";
    pub(in super::super) const TO_TOKENS: &str = "Tokens for tools";
    pub(in super::super) const TO_PASSKEYS: &str = "Your passkeys";
    pub(in super::super) const TO_SESSIONS: &str = "Where you are signed in";
    pub(in super::super) const TOKENS_TITLE: &str = "Tokens for tools";
    pub(in super::super) const TOKENS_LEAD: &str = "A token lets a program of yours act here in your name, without a browser; the program sends it in the header \
        Authorization: Bearer. Whoever has it can do what you can: give each tool its own, and take it back when the tool is gone.";
    pub(in super::super) const NO_TOKENS: &str = "You have made none.";
    pub(in super::super) const NEW_TITLE: &str = "Make a token";
    pub(in super::super) const NAME: &str = "What is it for?";
    pub(in super::super) const SCOPE: &str = "What may the tool do?";
    pub(in super::super) const READ: &str = "Read";
    pub(in super::super) const WRITE: &str = "Read and write, as you may";
    pub(in super::super) const DAYS: &str = "For how many days?";
    pub(in super::super) const DAYS_HINT: &str = "At most 366.";
    pub(in super::super) const MAKE: &str = "Make the token";
    pub(in super::super) const MADE_TITLE: &str = "Your new token";
    pub(in super::super) const MADE_LEAD: &str = "Copy it now: it is shown this once and kept nowhere.";
    pub(in super::super) const FOR: &str = "For";
    pub(in super::super) const MAY: &str = "May";
    pub(in super::super) const UNTIL: &str = "Until";
    pub(in super::super) const USED: &str = "Last used (to the hour)";
    pub(in super::super) const NEVER: &str = "never";
    pub(in super::super) const TAKE_BACK: &str = "Take it back";
    pub(in super::super) const TAKE_ALL_BACK: &str = "Take all tokens back";
    pub(in super::super) const TOKENS_STAY: &str =
        "Signing out, here or everywhere else, does not end what your tools come in by.";
    pub(in super::super) const BACK: &str = "Go on";
    pub(in super::super) const UNKNOWN_DEVICE: &str = "A device that does not say what it is";

    pub(in super::super) fn on(browser: &str, system: &str) -> String {
        format!("{browser} on {system}")
    }
}

pub(super) mod shell {
    pub(in super::super) const LOADING: &str = "Opening the plan…";
    pub(in super::super) const NO_SCRIPT: &str = "Writing together needs JavaScript, which is switched off in this browser. Reading and replay work without it.";
    pub(in super::super) const READ_INSTEAD: &str = "Read the plan";
    pub(in super::super) const REPLAY_INSTEAD: &str = "Replay its history";
}

pub(super) mod read {
    pub(in super::super) const CONTENTS: &str = "Contents";
    pub(in super::super) const AS_IT_STOOD: &str = "As it stood on";
    pub(in super::super) const HOW_IT_CAME: &str = "See how it came about";
    pub(in super::super) const EMPTY: &str = "Nothing has been written yet.";
    pub(in super::super) const DOWNLOAD: &str = "As a text file (Markdown)";
}

pub(super) mod replay {
    use crate::replay::{CommentKind, Decision};

    pub(in super::super) const LEAD: &str = "How this plan came about, from its first note until now. Slide along the strip, go step by step, or \
        let it play.";
    pub(in super::super) const TIMELINE: &str = "Timeline";
    pub(in super::super) const SLIDER: &str = "Moment";
    pub(in super::super) const GO: &str = "Go";
    pub(in super::super) const WALK: &str = "Walk through the history";
    pub(in super::super) const FIRST: &str = "First";
    pub(in super::super) const PREVIOUS: &str = "Previous";
    pub(in super::super) const NEXT: &str = "Next";
    pub(in super::super) const LAST: &str = "Newest";
    pub(in super::super) const PLAY: &str = "Play";
    pub(in super::super) const STEP_BY: &str = "Step by";
    pub(in super::super) const BY_BURST: &str = "burst of work";
    pub(in super::super) const BY_EVENT: &str = "single change";
    pub(in super::super) const LINK: &str = "Link to this moment";
    pub(in super::super) const CHANGED: &str = "What changed in this step";
    pub(in super::super) const NOTHING: &str = "No words changed in this step.";
    pub(in super::super) const TEXT: &str = "The plan as it stood";
    pub(in super::super) const SHOW_AUTHORS: &str = "Show who wrote each passage";
    pub(in super::super) const HIDE_AUTHORS: &str = "Hide who wrote each passage";
    pub(in super::super) const COMMENTS: &str = "Comments at this moment";
    pub(in super::super) const NO_COMMENTS: &str = "None yet.";
    pub(in super::super) const ABOUT: &str = "About";
    pub(in super::super) const RESOLVED: &str = "Resolved";
    pub(in super::super) const NEW: &str = "New in this step";
    pub(in super::super) const ERASED: &str = "The words of this comment have been erased.";
    pub(in super::super) const LANE_COMMENTS: &str = "Comments";
    pub(in super::super) const LANE_DECISIONS: &str = "Decisions";
    pub(in super::super) const TABLE: &str = "The whole history as a table";
    pub(in super::super) const WHEN: &str = "When";
    pub(in super::super) const WHO: &str = "Who";
    pub(in super::super) const WHAT: &str = "What";

    pub(in super::super) fn step(number: usize, of: usize) -> String {
        format!("Step {number} of {of}")
    }

    /// In the table: `wrote (214 changes: 1,020 characters added, 13 removed)`
    pub(in super::super) fn wrote(changes: u64, added: u64, removed: u64) -> String {
        let changes = if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") };
        format!("Wrote: {changes}, {added} characters added, {removed} removed")
    }

    pub(in super::super) fn comment(kind: CommentKind) -> &'static str {
        match kind {
            CommentKind::Opened => "Comment",
            CommentKind::Replied => "Reply",
            CommentKind::Resolved => "Comment resolved",
            CommentKind::Reopened => "Comment reopened",
        }
    }

    /// After a name; the words that it is about follow.
    pub(in super::super) fn commented(kind: CommentKind) -> &'static str {
        match kind {
            CommentKind::Opened => "commented on",
            CommentKind::Replied => "replied to a comment on",
            CommentKind::Resolved => "resolved the comment on",
            CommentKind::Reopened => "reopened the comment on",
        }
    }

    pub(in super::super) fn decision(kind: Decision) -> &'static str {
        match kind {
            Decision::Created => "Plan created",
            Decision::Renamed => "Plan renamed",
            Decision::Frozen => "Closed for writing",
            Decision::Unfrozen => "Opened for writing again",
            Decision::Scheduled => "Dates set",
            Decision::Rescheduled => "Dates moved",
            Decision::Replanned => "Phases changed",
            Decision::PhaseOpened => "A phase opened",
            Decision::PhaseClosed => "A phase closed",
            Decision::Approved => "Approved at a gate",
            Decision::Disapproved => "Approval taken back",
        }
    }

    /// After a name.
    pub(in super::super) fn decided(kind: Decision) -> &'static str {
        match kind {
            Decision::Created => "created the plan",
            Decision::Renamed => "renamed the plan",
            Decision::Frozen => "closed the plan for writing",
            Decision::Unfrozen => "opened the plan for writing again",
            Decision::Scheduled => "set the dates of the plan",
            Decision::Rescheduled => "moved the dates of a phase",
            Decision::Replanned => "changed the phases of the plan",
            Decision::PhaseOpened => "opened a phase on its date",
            Decision::PhaseClosed => "closed a phase on its date",
            Decision::Approved => "approved at a gate",
            Decision::Disapproved => "took back an approval at a gate",
        }
    }
}

pub(super) mod problem {
    pub(in super::super) const NOT_FOUND: (&str, &str) = (
        "This page is not here",
        "Either there is no such page, or it is not open to you. If you followed a link, ask whoever sent it to \
         check it.",
    );
    pub(in super::super) const NO_MOMENT: (&str, &str) = (
        "There is no such moment",
        "The link names a moment that is not part of this plan's history. You can start from its newest moment.",
    );
    pub(in super::super) const NOT_UNDERSTOOD: (&str, &str) = (
        "This form was not understood",
        "It did not come whole, or not from one of these pages. Go back, reload the page and send it again.",
    );
    pub(in super::super) const TOO_LARGE: (&str, &str) =
        ("This is too much at once", "Nothing of it was taken. Go back and send it in parts.");
    pub(in super::super) const UNAVAILABLE: (&str, &str) = (
        "This cannot be shown just now",
        "The record could not be read. What has been saved is safe; whoever runs this server has been told. \
         Please try again in a little while.",
    );
    pub(in super::super) const TO_PLANS: &str = "Go to the plans";
    pub(in super::super) const TO_NEWEST: &str = "Go to the newest moment";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Stage, granted};

    #[test]
    fn what_is_said_of_a_part_is_what_the_table_grants() {
        for party in Party::ALL {
            let ever = |action| Stage::ALL.iter().any(|stage| granted(party, *stage).contains(&action));
            let says = |word: &str| home::may(party).to_lowercase().contains(word);
            assert_eq!(says("writes"), ever(Action::Edit), "{party:?}");
            assert_eq!(says("comments"), ever(Action::Comment), "{party:?}");
            assert_eq!(says("decides"), ever(Action::Decide), "{party:?}");
        }
    }

    #[test]
    fn a_part_names_the_organisation_and_what_it_is() {
        assert_eq!(part(&[Party::Observer], Some("Forum")), "Representative of Forum (observer)");
        assert_eq!(part(&[Party::Stakeholder], None), "Representative of a stakeholder");
        assert_eq!(
            part(&[Party::Member, Party::Board], Some("Forum")),
            "Representative of Forum (member), Board"
        );
        assert_eq!(part(&[], None), "Guest");
    }
}
