//! The words of the mails, kept together so that they can be translated.

use maud::html;

use super::Mail;
use crate::domain::{Email, limits};

const MINUTE: u64 = 60;

/// The mail by which somebody signs in: a link, and a code where the link does not open on the right device.
pub fn sign_in(to: Email, name: &str, host: &str, link: &str, code: &str) -> Mail {
    let minutes = limits::SIGN_IN_WITHIN.as_secs() / MINUTE;
    let subject = format!("Your link to sign in to {host}");
    let greeting = format!("Hello {name},");
    let open = format!("open this link to sign in to Quorate at {host}:");
    let or = "Or type this code on the page on which you asked for this mail:";
    let holds =
        format!("Link and code work once, and for {minutes} minutes. A newer mail makes this one void.");
    let unasked =
        "If you did not ask for this mail, nothing needs to be done: nobody can sign in without it.";
    let spaced = format!("{} {}", &code[..code.len() / 2], &code[code.len() / 2..]);
    let text = format!("{greeting}\n\n{open}\n\n{link}\n\n{or}\n\n{spaced}\n\n{holds}\n\n{unasked}\n");
    let html = html! {
        p { (greeting) }
        p { (open) }
        p { a href=(link) { "Sign in to Quorate" } }
        p { (or) }
        p style="font-size: 1.5em" { (spaced) }
        p { (holds) }
        p { (unasked) }
    };
    Mail { to, subject, text, html: html.into_string(), unsubscribe: None, within: limits::SIGN_IN_WITHIN }
}

/// Answers who asked for a mail to sign in and has chosen that none lets them in. Nothing in it does.
pub fn by_passkey(to: Email, name: &str, host: &str, page: &str) -> Mail {
    let lines = [
        format!("Hello {name},"),
        format!("somebody, probably you, asked for a mail to sign in to Quorate at {host}."),
        "Only your passkey lets you in there, so there is no link and no code in this mail. Open the page below and \
         choose “Sign in with a passkey”. If you have lost it, whoever runs the server can let you in."
            .to_owned(),
        "If you did not ask for this mail, nothing needs to be done.".to_owned(),
    ];
    note(to, format!("Sign in to {host} with your passkey"), &lines, page)
}

/// Says that a passkey was added, to whom it lets in.
pub fn passkey_added(to: Email, name: &str, host: &str, page: &str) -> Mail {
    let subject = format!("A passkey was added at {host}");
    let lines = [
        format!("Hello {name},"),
        format!("a passkey was added in your name at {host}. With it you can sign in without a mail."),
        "If it was you, nothing needs to be done. If it was not, open this page, remove it, and sign out everywhere else:"
            .to_owned(),
    ];
    note(to, subject, &lines, page)
}

/// The link by which somebody shows that an address is theirs.
pub fn new_address(to: Email, name: &str, host: &str, link: &str) -> Mail {
    let minutes = limits::SIGN_IN_WITHIN.as_secs() / MINUTE;
    let lines = [
        format!("Hello {name},"),
        format!(
            "you want mails from {host} to come to this address. Open this link in the browser in which you asked for it:"
        ),
        format!(
            "It works once, and for {minutes} minutes. If you did not ask for it, nothing needs to be done."
        ),
    ];
    Mail {
        within: limits::SIGN_IN_WITHIN,
        ..note(to, format!("Is this your address at {host}?"), &lines, link)
    }
}

/// Says at the old address that there is a new one.
pub fn address_changed(to: Email, name: &str, host: &str, page: &str) -> Mail {
    let lines = [
        format!("Hello {name},"),
        format!(
            "from now on, mails from {host} go to another address of yours, and links to sign in go there alone."
        ),
        "If neither you nor your network's secretariat did this, tell the secretariat at once.".to_owned(),
    ];
    note(to, format!("Your address at {host} was changed"), &lines, page)
}

/// What a mail to a body says of its invitation.
pub struct Invited<'a> {
    pub body: &'a str,
    /// The title of the plan.
    pub plan: &'a str,
    /// Who invites.
    pub by: &'a str,
    /// As it is read.
    pub until: &'a str,
}

/// The link by which guests of a body come to a consultation.
pub fn invitation(to: Email, invited: &Invited<'_>, host: &str, link: &str) -> Mail {
    let Invited { body, plan, by, until } = invited;
    let subject = format!("An invitation to comment, for {body}");
    let lines = [
        "Hello,".to_owned(),
        format!(
            "{by} invites {body} to read the draft “{plan}” at {host} and to comment on it, without an account."
        ),
        format!(
            "The link holds until {until}. Whoever has it can use it: pass it on inside your organisation, and to nobody else."
        ),
        "Open it to begin:".to_owned(),
    ];
    note(to, subject, &lines, link)
}

/// A guest's own link, for whoever wants to find it again. None of its words are theirs: anybody with an invitation can
/// have it sent to any address.
pub fn guest_link(to: Email, plan: &str, until: &str, host: &str, link: &str) -> Mail {
    let subject = format!("Your link to a consultation at {host}");
    let lines = [
        "Hello,".to_owned(),
        format!("by this link you come back to the draft “{plan}” and to what you have said, until {until}."),
        "It is yours alone: do not pass it on. If you did not ask for it, nothing needs to be done."
            .to_owned(),
    ];
    note(to, subject, &lines, link)
}

/// Tells somebody that they were added, and where they sign in: nothing in it lets anybody in.
pub fn added(to: Email, name: &str, by: Option<&str>, host: &str, page: &str) -> Mail {
    let who = match by {
        Some(by) => format!("{by} has added you"),
        None => "you have been added".to_owned(),
    };
    let lines = [
        format!("Hello {name},"),
        format!("{who} to the network at {host}, where plans are drafted and discussed."),
        "Open this page and type this e-mail address to sign in. There is no password; each time a link comes to you by mail:"
            .to_owned(),
    ];
    note(to, format!("You have been added at {host}"), &lines, page)
}

/// A mail of a few sentences with an address at its end.
fn note(to: Email, subject: String, lines: &[String], address: &str) -> Mail {
    let text = format!("{}\n\n{address}\n", lines.join("\n\n"));
    let html = html! {
        @for line in lines { p { (line) } }
        p { a href=(address) { (address) } }
    };
    Mail { to, subject, text, html: html.into_string(), within: limits::MAIL_WITHIN, unsubscribe: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_is_called_is_not_markup() {
        let to = Email::new("ada@example.org").unwrap();
        let mail =
            sign_in(to, "<b>Ada</b>", "plan.example.org", "https://plan.example.org/sign-in/x", "12345678");
        assert!(mail.html.contains("&lt;b&gt;Ada") && !mail.html.contains("<b>"), "{}", mail.html);
        for part in ["Hello <b>Ada</b>,", "https://plan.example.org/sign-in/x\n", "1234 5678", "10 minutes"] {
            assert!(mail.text.contains(part), "{part:?} is not in {}", mail.text);
        }
    }
}
