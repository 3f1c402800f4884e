//! Telling people what is asked of them and what is new: what their page shows, and the mails that say it where they
//! do not look.
//!
//! Once a day (`days::HOUR`) a round goes over everybody: who wishes it is sent what is new, and who has not answered
//! is reminded of a date that is near. What somebody was told is on disk, in their row beside the record, before the
//! mail can leave: nobody is told the same thing twice, also where the server ends in between. Where it stood still
//! for days, one round makes up for them.

pub mod days;
mod mine;
mod queue;
mod round;
pub mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tracing::error;

use crate::access::Secret;
use crate::domain::{Digest, PersonId, Position, Timestamp, limits};
use crate::engine::Engine;
use crate::log::Failure;
use crate::mail::{Mail, Outbox, Tried};

pub use mine::{Item, Mine, Todo, Waiting, mine, waiting};
pub use round::Refused;

use queue::{Became, Entry, Queue, What};
use words::Letter;

/// How long the clock is trusted: it may be set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Tells people.
pub struct Notifier {
    engine: Engine,
    /// Without a slash at its end.
    public_url: String,
    queue: Queue,
    /// Held while a round is made, or somebody has others reminded.
    alone: Mutex<()>,
    /// Whether mails go out at all: in the demonstration they do not.
    sends: AtomicBool,
}

impl Notifier {
    pub fn open(engine: Engine, public_url: &str) -> Result<Self, Failure> {
        let known = |mut entry: Entry| {
            let told = engine.about(&entry.person)?.told;
            let is_left = match &mut entry.what {
                What::News { from, to } => {
                    *to = (*to).min(told.sent);
                    *from < *to
                }
                What::Reminder { subjects } => {
                    subjects.retain(|one| told.reminded.contains_key(one));
                    !subjects.is_empty()
                }
            };
            is_left.then_some(entry)
        };
        let queue = Queue::open(engine.clone(), known)?;
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self { engine, public_url, queue, alone: Mutex::default(), sends: AtomicBool::new(false) })
    }

    /// Whether mails go out.
    pub fn sends(&self) -> bool {
        self.sends.load(Ordering::Relaxed)
    }

    /// Works for as long as the process does.
    pub async fn run(self: Arc<Self>, outbox: Outbox) {
        self.sends.store(true, Ordering::Relaxed);
        loop {
            self.look(&outbox).await;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Makes a round if one is due, then sends what is due to be sent.
    pub async fn look(self: &Arc<Self>, outbox: &Outbox) {
        let notifier = self.clone();
        if let Err(failure) = blocking(move || notifier.round()).await {
            error!("people were not told what is new: {failure}");
            return;
        }
        loop {
            let notifier = self.clone();
            let taken = blocking(move || notifier.next()).await;
            let (entry, mail) = match taken {
                Ok(Some(taken)) => taken,
                Ok(None) => return,
                Err(failure) => {
                    error!("a mail that waits was not sent: {failure}");
                    return;
                }
            };
            let became = match mail {
                None => Became::Over,
                Some(mail) => match outbox.deliver(mail).await {
                    Tried::Sent | Tried::Never => Became::Over,
                    Tried::NotNow => Became::Waits,
                },
            };
            let notifier = self.clone();
            let settled = blocking(move || notifier.queue.settle(&entry, became, notifier.now())).await;
            if let Err(failure) = settled {
                error!("it was not noted what became of a mail: {failure}");
                return;
            }
            // Where the mail server does not answer, each try takes long: the next round is not to wait for all.
            if became == Became::Waits {
                return;
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.engine.clock())()
    }

    /// The next mail that is due, with its words; none where there is nothing left to say.
    fn next(&self) -> Result<Option<(Entry, Option<Mail>)>, Failure> {
        let taken = self.queue.take(self.now())?;
        Ok(taken.map(|entry| {
            let mail = self.mail(&entry);
            (entry, mail)
        }))
    }

    fn mail(&self, entry: &Entry) -> Option<Mail> {
        let person = &entry.person;
        let about = self.engine.about(person)?;
        let told = about.told;
        let secret = told.unsubscribe?;
        let letter = Letter {
            to: about.email?,
            name: &about.name,
            public_url: &self.public_url,
            unsubscribe: &format!("{person}.{secret}"),
            digest: told.digest,
        };
        let now = self.now();
        let name = |one: &PersonId| words::name(&self.engine, person, one);
        match &entry.what {
            What::News { .. } if told.digest == Digest::Off => None,
            What::News { from, to } => {
                let (items, more, mut todos) = {
                    let views = self.engine.views();
                    let notices = views.notices.of(&views.state, person, (*from).max(told.seen));
                    let new: Vec<_> = notices.into_iter().filter(|one| one.position <= *to).collect();
                    let more = new.len().saturating_sub(limits::NOTICES);
                    let shown = new.into_iter().take(limits::NOTICES);
                    let items: Vec<_> = shown.map(|one| mine::item(&views, person, one)).collect();
                    (items, more, mine::todos(&views, person, now))
                };
                // What was asked before the mail before was in that one; what has no beginning is among the news.
                let before = self.time_of(*from);
                todos.retain(|one| before < one.due.since && one.due.since < now);
                (!items.is_empty()).then(|| letter.news(&items, more, &todos, now, &name))
            }
            What::Reminder { .. } if told.unreminded => None,
            What::Reminder { subjects } => {
                let mut todos = mine::todos(&self.engine.views(), person, now);
                // Who has answered meanwhile is not asked again.
                todos.retain(|one| days::subject(&one.due).is_some_and(|one| subjects.contains(&one)));
                (!todos.is_empty()).then(|| letter.reminder(&todos, now))
            }
        }
    }

    /// When an event was recorded; of none, before all.
    fn time_of(&self, position: Position) -> Timestamp {
        let read = position.checked_sub(1).map(|before| self.engine.log().read(before, 1));
        let event = read.and_then(|read| read.ok()?.into_iter().next());
        event.map_or(Timestamp(i64::MIN), |event| event.at)
    }

    // What people do about it.

    /// Somebody has seen all that came up to an event.
    pub fn seen(&self, person: &PersonId, upto: Position) -> Result<(), Failure> {
        let upto = upto.min(self.engine.views().head);
        self.engine.revise(std::slice::from_ref(person), |_, about| {
            about.told.seen = about.told.seen.max(upto);
        })
    }

    /// What somebody wishes to be sent.
    pub fn wish(&self, person: &PersonId, digest: Digest, reminders: bool) -> Result<(), Failure> {
        let head = self.engine.views().head;
        self.engine.revise(std::slice::from_ref(person), |_, about| {
            let told = &mut about.told;
            // What came while they wished none is not sent afterwards.
            if told.digest == Digest::Off && digest != Digest::Off {
                told.sent = told.sent.max(head);
            }
            (told.digest, told.unreminded) = (digest, !reminders);
        })
    }

    /// Whose address to end all mails this is; none for what was cut short, made up, or of somebody who was erased.
    pub fn subscriber(&self, secret: &str) -> Option<PersonId> {
        let (person, secret) = secret.rsplit_once('.')?;
        let person = PersonId::new(person).ok()?;
        let kept = self.engine.about(&person)?.told.unsubscribe?;
        let [shown, kept] = [secret, &kept].map(Secret::read);
        // Digests are compared: how far two secrets are alike shows in no time.
        (shown?.digest() == kept?.digest()).then_some(person)
    }

    /// Ends all mails but those by which they sign in.
    pub fn unsubscribe(&self, person: &PersonId) -> Result<(), Failure> {
        self.wish(person, Digest::Off, false)
    }
}

/// Does what may wait for a disk, off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    // Only a panic in the work itself gets here, and its hook has told the operator.
    done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string())))
}

#[cfg(test)]
mod tests;
