//! How a mail leaves: by a mail server, or onto the operator's terminal.

use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use tracing::warn;

use super::Mail;

/// How long a mail server may take for one step of the conversation.
const PATIENCE: Duration = Duration::from_secs(30);

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Why a mail did not leave, without what it said and to whom.
pub(super) enum Failed {
    /// Another try may go well.
    Now(String),
    ForGood(String),
}

enum Way {
    /// Onto standard error: for trying out, and for networks of one desk.
    Print,
    Smtp(Box<Smtp>),
}

pub(super) struct Transport {
    way: Way,
    from: Mailbox,
}

impl Transport {
    pub(super) fn open(way: &str, from: &str) -> Result<Self, String> {
        let from = from.parse().map_err(|error| {
            format!(
                "mail cannot be from {from:?} ({error}): write name@example.org, or Name <name@example.org>"
            )
        })?;
        let way = if way == "print" { Way::Print } else { Way::Smtp(Box::new(smtp(way)?)) };
        Ok(Self { way, from })
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<(), Failed> {
        match &self.way {
            Way::Print => {
                eprintln!("To: {}\nSubject: {}\n\n{}", mail.to.as_str(), mail.subject, mail.text);
                Ok(())
            }
            Way::Smtp(server) => {
                let message = self.message(mail).map_err(Failed::ForGood)?;
                match server.send(message).await {
                    Ok(_) => Ok(()),
                    Err(error) if error.is_permanent() => Err(Failed::ForGood(reason(&error))),
                    Err(error) => Err(Failed::Now(reason(&error))),
                }
            }
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to: Address = mail.to.as_str().parse().map_err(|_| "its address is not one".to_owned())?;
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .message_id(None);
        let message = if mail.html.is_empty() {
            builder.singlepart(SinglePart::plain(mail.text.clone()))
        } else {
            builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        };
        let mut message = message.map_err(|error| error.to_string())?;
        let mut header = |name: &'static str, value: String| {
            let name = HeaderName::new_from_ascii_str(name);
            message.headers_mut().insert_raw(HeaderValue::new(name, value));
        };
        // Absence notes do not answer it (RFC 3834).
        header("Auto-Submitted", "auto-generated".into());
        if let Some(address) = &mail.unsubscribe {
            header("List-Unsubscribe", format!("<{address}>"));
            header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into());
        }
        Ok(message)
    }
}

/// In words of ours: what a server says may repeat the address.
fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server did not answer in time".into(),
        None if error.is_tls() => "the mail server's certificate is not one to trust".into(),
        None => "the mail server cannot be reached, or does not speak SMTP".into(),
    }
}

/// `smtp://host:port`, `smtps://…`, `smtp+starttls://…`, each with `user:password@` before the host if need be.
fn smtp(address: &str) -> Result<Smtp, String> {
    const FORMS: &str = "write smtps://user:password@host, smtp+starttls://user:password@host:port or \
        smtp://localhost:25; special characters of a password percent-encoded";
    let (scheme, rest) = address.split_once("://").ok_or_else(|| format!("--mail is no address: {FORMS}"))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (login, host) =
        authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
    let is_here = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|here| host.strip_prefix(here).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    let url = match scheme {
        "smtps" => format!("smtps://{authority}"),
        "smtp+starttls" => format!("smtp://{authority}?tls=required"),
        "smtp" if login.is_some() && !is_here => {
            return Err(
                "--mail would send the password in the clear: use smtps:// or smtp+starttls://".into()
            );
        }
        "smtp" => {
            if !is_here {
                warn!(
                    "mails, with the links in them, travel in the clear to {host}: use smtps:// or smtp+starttls://"
                );
            }
            format!("smtp://{authority}")
        }
        _ => return Err(format!("--mail has a scheme that is not known: {FORMS}")),
    };
    // What the library says of an address could repeat the password.
    let server =
        Smtp::from_url(&url).map_err(|_| format!("--mail is no address of a mail server: {FORMS}"))?;
    Ok(server.timeout(Some(PATIENCE)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mail_servers() {
        for (address, fine) in [
            ("smtps://user:p%40ss@mail.example.org", true),
            ("smtp+starttls://user:pass@mail.example.org:587", true),
            ("smtp://localhost:2525", true),
            ("smtp://user:pass@127.0.0.1:2525", true),
            ("smtp://mail.example.org", true),
            ("smtp://user:secret@mail.example.org", false),
            ("smtp://user:secret@localhost.example.org", false),
            ("imap://user:secret@mail.example.org", false),
            ("user:secret", false),
            ("", false),
        ] {
            match smtp(address) {
                Ok(_) => assert!(fine, "{address}"),
                Err(sentence) => assert!(!fine && !sentence.contains("secret"), "{address}: {sentence}"),
            }
        }
    }

    #[test]
    fn a_mail_is_what_it_should_be() {
        let transport = Transport::open("print", "Quorate <quorate@example.org>").unwrap();
        let mail = Mail {
            to: crate::domain::Email::new("ada@example.org").unwrap(),
            subject: "Zurück".into(),
            text: "Words, plain".into(),
            html: "<p>Words, set</p>".into(),
            unsubscribe: Some("https://plan.example.org/unsubscribe/ada.x".into()),
            within: Duration::ZERO,
        };
        let bytes = transport.message(&mail).unwrap_or_else(|why| panic!("{why}")).formatted();
        let text = String::from_utf8(bytes).unwrap();
        for part in [
            "From: Quorate <quorate@example.org>\r\n",
            "To: ada@example.org\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Message-ID: <",
            "List-Unsubscribe: <https://plan.example.org/unsubscribe/ada.x>\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "Date: ",
            "multipart/alternative",
            "Words, plain",
            "<p>Words, set</p>",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        assert!(Transport::open("print", "nobody").is_err());
    }
}
