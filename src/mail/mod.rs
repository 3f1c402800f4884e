//! Mail that the program sends: off the path of whoever asked for it, tried again while that can help.

mod transport;
pub mod words;

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::domain::{Email, limits};
use transport::{Failed, Transport};

/// How long after the first failure it is tried again; each time after that it is twice as long.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// One mail to one person. What it says is secret: it is in no log.
pub struct Mail {
    pub to: Email,
    pub subject: String,
    pub text: String,
    /// Empty: the mail is plain text alone.
    pub html: String,
    /// The address by which whoever gets it ends mails of this kind, by one press (RFC 8058).
    pub unsubscribe: Option<String>,
    /// For how long it is worth being sent, a day at most.
    pub within: Duration,
}

/// Where mail is handed in.
#[derive(Clone)]
pub struct Outbox(mpsc::Sender<Handed>);

/// What is handed in.
enum Handed {
    /// To be tried again while that can help.
    Post(Mail),
    /// To be tried once: whoever handed it in keeps it.
    Try(Mail, oneshot::Sender<Tried>),
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    Sent,
    /// Another try may go well.
    NotNow,
    Never,
}

impl Outbox {
    /// `way`: `print`, or the address of a mail server; `from`: who the mail says it is from. What is given
    /// beside the outbox does the sending: it is to be run for as long as the outbox is used.
    pub fn open(way: &str, from: &str) -> Result<(Self, Postman), String> {
        let transport = Transport::open(way, from)?;
        let (send, waiting) = mpsc::channel(limits::MAILS_WAITING);
        Ok((Self(send), Postman { transport, waiting, later: Vec::new() }))
    }

    /// Hands a mail in and does not wait for it.
    pub fn post(&self, mail: Mail) {
        if self.0.try_send(Handed::Post(mail)).is_err() {
            error!("a mail was not sent: {} wait already", limits::MAILS_WAITING);
        }
    }

    /// Tries once to send a mail, after those that were handed in before, and tells what became of it.
    pub async fn deliver(&self, mail: Mail) -> Tried {
        let (tell, hear) = oneshot::channel();
        match self.0.send(Handed::Try(mail, tell)).await {
            Ok(()) => hear.await.unwrap_or(Tried::NotNow),
            Err(_) => Tried::NotNow,
        }
    }
}

/// A mail that could not be sent at once.
struct Later {
    mail: Mail,
    given_in: Instant,
    at: Instant,
    pause: Duration,
}

/// What wakes the postman.
enum Woken {
    Posted(Handed),
    Due,
    Closed,
}

/// Sends what is handed in, one after the other.
pub struct Postman {
    transport: Transport,
    waiting: mpsc::Receiver<Handed>,
    later: Vec<Later>,
}

impl Postman {
    /// What waits to be sent, for those who look at it instead.
    #[cfg(test)]
    pub(crate) fn take(&mut self) -> Option<Mail> {
        match self.waiting.try_recv().ok()? {
            Handed::Post(mail) => Some(mail),
            Handed::Try(mail, tell) => {
                // Whoever handed it in may have gone.
                let _ = tell.send(Tried::Sent);
                Some(mail)
            }
        }
    }

    /// Works until every outbox is gone.
    pub async fn run(mut self) {
        loop {
            let due = self.later.iter().map(|later| later.at).min();
            let woken = tokio::select! {
                // While many wait for another try, new ones stay in the queue, which is bounded.
                posted = self.waiting.recv(), if self.later.len() < limits::MAILS_WAITING =>
                    posted.map_or(Woken::Closed, Woken::Posted),
                () = until(due), if due.is_some() => Woken::Due,
            };
            match woken {
                Woken::Posted(Handed::Try(mail, tell)) => {
                    // Whoever handed it in may have gone.
                    let _ = tell.send(self.try_once(&mail).await);
                }
                Woken::Posted(Handed::Post(mail)) => {
                    let now = Instant::now();
                    self.send(Later { mail, given_in: now, at: now, pause: PAUSE }).await;
                }
                Woken::Due => {
                    let now = Instant::now();
                    let (due, later) = self.later.drain(..).partition(|later| later.at <= now);
                    self.later = later;
                    for mail in due {
                        self.send(mail).await;
                    }
                }
                Woken::Closed => return,
            }
        }
    }

    async fn try_once(&self, mail: &Mail) -> Tried {
        match self.transport.send(mail).await {
            Ok(()) => {
                info!("a mail was sent");
                Tried::Sent
            }
            Err(Failed::Now(why)) => {
                warn!("a mail was not sent, and is tried again: {why}");
                Tried::NotNow
            }
            Err(Failed::ForGood(why)) => {
                error!("a mail was not sent and will not be: {why}");
                Tried::Never
            }
        }
    }

    /// The operator hears what went wrong, and neither for whom nor what.
    async fn send(&mut self, later: Later) {
        let why = match self.transport.send(&later.mail).await {
            Ok(()) => {
                info!("a mail was sent");
                return;
            }
            Err(Failed::Now(why)) => why,
            Err(Failed::ForGood(why)) => {
                error!("a mail was not sent and will not be: {why}");
                return;
            }
        };
        let at = Instant::now() + later.pause;
        if at.duration_since(later.given_in) > later.mail.within.min(limits::MAIL_WITHIN) {
            error!("a mail was not sent in time and will not be: {why}");
            return;
        }
        warn!("a mail was not sent, and is tried again in {} s: {why}", later.pause.as_secs());
        self.later.push(Later { at, pause: (later.pause * 2).min(LONGEST_PAUSE), ..later });
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    fn mail(within: Duration) -> Mail {
        let to = Email::new("ada@example.org").unwrap();
        let [subject, text, html] = ["A subject", "Some words", "<p>Some words"].map(str::to_owned);
        Mail { to, subject, text, html, within, unsubscribe: None }
    }

    /// A server that greets with one line, and how often it was asked.
    async fn refusing(greeting: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (asked, hear) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                asked.send(()).unwrap();
                let _ = stream.write_all(greeting.as_bytes()).await;
                let _ = BufReader::new(stream).read_line(&mut String::new()).await;
            }
        });
        (at, hear)
    }

    async fn asked_how_often(greeting: &'static str, within: Duration) -> usize {
        let (at, mut asked) = refusing(greeting).await;
        let (outbox, postman) = Outbox::open(&format!("smtp://{at}"), "quorate@example.org").unwrap();
        let running = tokio::spawn(postman.run());
        outbox.post(mail(within));
        // Longer than any mail is kept; the clock is the test's.
        tokio::time::sleep(2 * limits::MAIL_WITHIN).await;
        running.abort();
        let mut count = 0;
        while asked.try_recv().is_ok() {
            count += 1;
        }
        count
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_go_well_later_is_tried_again_with_growing_pauses_and_given_up_in_time() {
        let busy = "421 busy\r\n";
        // After 0, 5, 15, 35, … s: the pauses double until they are an hour.
        let tries = asked_how_often(busy, 10 * limits::MAIL_WITHIN).await;
        assert!((30..40).contains(&tries), "{tries}");
        let tries = asked_how_often(busy, Duration::from_secs(60)).await;
        assert_eq!(tries, 4);
        assert_eq!(asked_how_often("554 never\r\n", limits::MAIL_WITHIN).await, 1, "a no is a no");
    }

    #[tokio::test]
    async fn no_more_wait_than_may() {
        let (outbox, mut postman) = Outbox::open("print", "quorate@example.org").unwrap();
        for _ in 0..limits::MAILS_WAITING + 10 {
            outbox.post(mail(limits::MAIL_WITHIN));
        }
        let waiting = std::iter::from_fn(|| postman.take()).count();
        assert_eq!(waiting, limits::MAILS_WAITING);
    }
}
