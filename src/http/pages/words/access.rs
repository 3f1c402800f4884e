//! The words of the log of access.

use crate::access::What;

pub(in crate::http::pages) const TITLE: &str = "Who came in";
pub(in crate::http::pages) const BACK: &str = "Back to the network";
pub(in crate::http::pages) const LEAD: &str =
    "When people signed in, and what was made or ended that lets them in. It is kept for 180 days.";
pub(in crate::http::pages) const PICKED: &str = "In the demonstration people are picked, and nobody signs in but with a passkey: there is nothing to show.";
pub(in crate::http::pages) const ALL: &str = "Show everybody";
pub(in crate::http::pages) const NOTHING: &str = "Nothing yet.";
pub(in crate::http::pages) const WHEN: &str = "When";
pub(in crate::http::pages) const WHO: &str = "Who";
pub(in crate::http::pages) const WHAT: &str = "What";
pub(in crate::http::pages) const BY: &str = "by";
pub(in crate::http::pages) const END: &str = "End all their sign-ins and tokens";
pub(in crate::http::pages) const ENDED: &str = "All of it is ended. They can sign in anew.";
pub(in crate::http::pages) const SEE: &str = "When this person came in, and by what";

pub(in crate::http::pages) fn holds(sessions: usize, tokens: usize) -> String {
    let count = |count: usize, one: &str, many: &str| {
        if count == 1 { format!("{count} {one}") } else { format!("{count} {many}") }
    };
    format!(
        "Open now: {}, {}.",
        count(sessions, "sign-in", "sign-ins"),
        count(tokens, "token for a tool", "tokens for tools")
    )
}

pub(in crate::http::pages) fn what(what: What) -> &'static str {
    match what {
        What::SignedIn => "signed in",
        What::Ended => "signed out",
        What::AllEnded => "all sign-ins and tokens were ended",
        What::TokenMade => "made a token for a tool",
        What::TokenEnded => "a token for a tool was ended",
        What::CodeWrong => "a wrong code was typed",
        What::LinkHanded => "a link to sign in was handed to whoever runs the server",
        What::PasskeyAdded => "added a passkey",
        What::PasskeyRemoved => "removed a passkey",
        What::PasskeysAlone => "a mail alone lets them in no more",
        What::PasskeysNotAlone => "a mail lets them in again",
        What::AddressChanged => "the e-mail address was changed",
        What::Copied => "a copy of what is held about them was taken",
    }
}
