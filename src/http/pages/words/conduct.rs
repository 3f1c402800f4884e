//! The words around the rules of conduct, and of what is kept about people.

pub(in crate::http::pages) const TITLE: &str = "How we discuss";
pub(in crate::http::pages) const LEAD: &str = "These rules hold for everybody who comments on a plan.";
/// For a network that has not written its own: a paragraph a line.
pub(in crate::http::pages) const RULES: &str = "Speak about the text, not about the people who wrote it.
Say what you would change, and why.
Leave out what others have not made public about themselves: names, health, faith, origin and the like.
No insults, no threats, no hatred.";
pub(in crate::http::pages) const MEASURES_TITLE: &str = "When a comment breaks the rules";
pub(in crate::http::pages) const MEASURES: &str = "It can be held back until somebody has looked at it, or hidden. Everybody goes on seeing that a comment stands \
     there, who withheld it and why. Its author reads it as before.";
pub(in crate::http::pages) const DISPUTES_TITLE: &str = "If you think that this was wrong";
pub(in crate::http::pages) const DISPUTES: &str =
    "Ask for your comment to be looked at again, at the comment itself. It is decided by";
pub(in crate::http::pages) const DISPUTES_NOBODY: &str = "the secretariat.";
pub(in crate::http::pages) const DISPUTES_SOMEBODY: &str = "one person whom the network has named.";
pub(in crate::http::pages) const CHANGE: &str = "Change these rules";
pub(in crate::http::pages) const OWN: &str = "Rules of this network";
pub(in crate::http::pages) const OWN_HINT: &str = "The rules that hold now. Each line becomes a paragraph. Leave it empty to go back to those that come with the program.";
pub(in crate::http::pages) const CONTACT: &str = "Who decides disputes";
pub(in crate::http::pages) const CONTACT_HINT: &str =
    "They read withheld comments and can show them. Best somebody who does not moderate otherwise.";
pub(in crate::http::pages) const NOBODY: &str = "Nobody is named";
pub(in crate::http::pages) const SAVE: &str = "Save";
pub(in crate::http::pages) const SAVED: &str = "The rules are saved.";

pub(in crate::http::pages) const HELD_TITLE: &str = "What is kept about you";
pub(in crate::http::pages) const HELD_LEAD: &str =
    "Three kinds of things are kept about you, in three places.";
pub(in crate::http::pages) const HELD_ROW: &str = "Your name and your e-mail address lie beside the record. They can be erased without leaving a gap in it.";
pub(in crate::http::pages) const HELD_RECORD: &str = "What you wrote, commented and decided is in the record, under a mark that is not your name. The words of your \
     comments can be erased; what you wrote into a plan is part of the plan and stays, and so does what was counted.";
pub(in crate::http::pages) const HELD_ACCESS: &str =
    "By what you sign in, and when you last came, is kept for as long as it lets you in.";
pub(in crate::http::pages) const NAME_TITLE: &str = "Your name";
pub(in crate::http::pages) const NAME: &str = "As others read it beside what you do";
pub(in crate::http::pages) const NAME_HINT: &str = "That it was corrected is in the record; what it was and is, is not. It changes beside all that you have done.";
pub(in crate::http::pages) const NAME_SAVE: &str = "Save the name";
pub(in crate::http::pages) const NAME_SAVED: &str = "Your name is saved.";
pub(in crate::http::pages) const COPY_TITLE: &str = "A copy for you";
pub(in crate::http::pages) const COPY_LEAD: &str = "One file with all of it, in a form that other programs can read (JSON). For a long history it takes some seconds.";
pub(in crate::http::pages) const COPY: &str = "Download the copy";
pub(in crate::http::pages) const ERASE_TITLE: &str = "To be forgotten";
pub(in crate::http::pages) const ERASE_LEAD: &str = "Write to the secretariat of the network. When you have left, they can erase your name, your address and the words \
     of your comments. They cannot undo it.";

pub(in crate::http::pages) const ABOUT_PERSON: &str = "What is kept about this person";
pub(in crate::http::pages) const ABOUT_COPY: &str = "Download a copy of it";
pub(in crate::http::pages) const FORGET: &str = "Erase this person";
pub(in crate::http::pages) const FORGET_LEAD: &str = "Their name, their address and the words of their comments are erased for good. Their mark stays in the record, and \
     with it what they wrote into plans, approved and voted.";
pub(in crate::http::pages) const FORGET_SURE: &str = "Yes, erase it. I know that this cannot be undone.";
pub(in crate::http::pages) const FORGET_SURE_MISSING: &str = "Tick the box if this is meant.";
pub(in crate::http::pages) const FORGOTTEN: &str = "What was known of this person has been erased.";

pub(in crate::http::pages) const KEEP_TITLE: &str = "How long comments are kept";
pub(in crate::http::pages) const KEEP_FOR_EVER: &str = "For ever.";
pub(in crate::http::pages) const KEEP_GONE: &str =
    "The words of all comments and tasks and the names of guests have been erased, as was set.";
pub(in crate::http::pages) const KEEP_DAYS: &str = "Days after the last phase";
pub(in crate::http::pages) const KEEP_HINT: &str = "Then the words of comments and tasks and the names of guests are erased by themselves; the plan's text and all decisions \
     stay. Leave it empty to keep them for ever.";
pub(in crate::http::pages) const KEEP_CHANGE: &str = "Change it";
pub(in crate::http::pages) const KEEP_SAVED: &str = "How long comments are kept is set.";
pub(in crate::http::pages) fn keep_for(days: u32) -> String {
    format!("For {} after the last phase has ended; then they are erased.", super::planning::days(days))
}
