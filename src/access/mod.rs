//! Who is let in: by a link or a code in a mail, for a session; by a token, for a tool; by a ticket, for one
//! connection. What lets somebody in lies beside the record, as digests (`log`, table `access`), and is gone when
//! it has had its time or is taken back.

mod about;
mod address;
mod directory;
mod entries;
mod follow;
mod guests;
mod held;
mod journal;
mod own;
mod passkeys;
mod refused;
mod secret;
#[cfg(test)]
mod tests;
mod tickets;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};
use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{Command, Email, Office, PersonId, Refusal, Request as Asked, Role, Timestamp, limits};
use crate::engine::{self, Engine};
use crate::log::{AccessChange, Failure};
use crate::mail::{self, Outbox};

pub use crate::mail::words::Invited;
pub use about::about;
pub use directory::{Answer, Ask, Directory, Settings as DirectorySettings};
pub use guests::{Draft, Guests, Returned};
pub use held::{Scope, Session, Token};
pub use journal::{Entry, What};
pub use passkeys::{Asked as PasskeysAsked, Kept as KeptPasskey, Passkeys};
pub use refused::{Error, Refused};
pub use secret::{Digest, Secret};

use held::{Held, Kind, Request, Typed, is_worth_noting, put, remove};
use tickets::Tickets;
use waiting::Waiting;

/// By what somebody has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    Session(Digest),
    Token(Digest),
}

/// Somebody who was let in: who, by what, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    pub person: PersonId,
    pub holder: Holder,
    pub scope: Scope,
}

/// How often what has had its time is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// A token begins with it, so that people and programs that search for secrets know one when they see it.
const TOKEN_MARK: &str = "quorate_";

/// Lets people in. Whatever changes here is on disk before it counts; asking reads memory alone.
pub struct Access {
    engine: Engine,
    outbox: Outbox,
    /// Some people are let in by these alone.
    passkeys: Arc<Passkeys>,
    /// Without a slash at its end.
    public_url: String,
    held: RwLock<Held>,
    /// The newest time that was seen here or is in the record, in milliseconds.
    latest: AtomicI64,
    /// Held while something is decided and recorded.
    writing: Mutex<()>,
    tickets: Mutex<Tickets>,
    /// The addresses that people have asked to be reached at.
    moving: Mutex<Waiting<(PersonId, Email)>>,
    /// Moves whenever something may have been taken back.
    taken_back: watch::Sender<u64>,
}

impl Access {
    /// Reads all entries, and removes those that have had their time.
    pub fn open(
        engine: Engine,
        outbox: Outbox,
        passkeys: Arc<Passkeys>,
        public_url: &str,
    ) -> Result<Self, Failure> {
        let mut held = Held::default();
        for prefix in Held::prefixes() {
            for (key, value) in engine.log().list_access(prefix)? {
                held.apply(&key, Some(&value))?;
            }
        }
        let latest = AtomicI64::new(engine.views().state.now.0);
        let access = Self {
            engine,
            outbox,
            passkeys,
            public_url: public_url.trim_end_matches('/').to_owned(),
            held: RwLock::new(held),
            latest,
            writing: Mutex::default(),
            tickets: Mutex::default(),
            moving: Mutex::new(Waiting::new(limits::SIGN_IN_WITHIN, limits::MAILS_WAITING)),
            taken_back: watch::Sender::new(0),
        };
        access.sweep()?;
        Ok(access)
    }

    /// Does what may wait for a disk, off the async threads.
    pub async fn blocking<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let access = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&access)).await;
        // Only a panic in the work itself gets here, and its hook has told the operator.
        done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string()).into()))
    }

    /// A clock that is set back gives no link and no session its time back.
    fn now(&self) -> Timestamp {
        let now = (self.engine.clock())().0;
        Timestamp(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read()
    }

    pub fn passkeys(&self) -> &Arc<Passkeys> {
        &self.passkeys
    }

    /// From here on nobody else decides anything, until what is answered is dropped.
    fn alone(&self) -> MutexGuard<'_, ()> {
        self.writing.lock()
    }

    /// Records changes, then lets them count.
    fn commit(&self, alone: &MutexGuard<'_, ()>, changes: &[AccessChange]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        let noted = journal::follow(&self.held(), changes, self.now());
        self.commit_as(alone, changes, noted)
    }

    /// Records changes under what the log of access is to say of them.
    fn commit_as(
        &self,
        _alone: &MutexGuard<'_, ()>,
        changes: &[AccessChange],
        noted: Vec<Entry>,
    ) -> Result<(), Failure> {
        let mut all = changes.to_vec();
        for entry in noted {
            all.push(entry.put()?);
        }
        self.engine.log().change_access(&all)?;
        let mut held = self.held.write();
        for AccessChange { key, value } in changes {
            held.apply(key, value.as_deref())?;
        }
        drop(held);
        if changes.iter().any(|change| change.value.is_none()) {
            self.taken_back.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    /// The log of access, the newest first; of one person, or of all.
    pub fn journal(&self, of: Option<&PersonId>, most: usize) -> Result<Vec<Entry>, Failure> {
        journal::list(&**self.engine.log(), of, most)
    }

    /// Notes what somebody did that concerns a person's access, or what is held about them.
    pub fn log(&self, person: &PersonId, what: What, by: Option<&PersonId>) -> Result<(), Failure> {
        let by = by.filter(|by| *by != person).cloned();
        let entry = Entry { by, ..Entry::new(self.now(), person, what) };
        self.engine.log().change_access(&[entry.put()?])
    }

    /// Ends all that lets a person in, but their passkeys: whoever is in by it is out within seconds. It is one act of
    /// whoever did it, however much there was.
    pub fn end_all(&self, person: &PersonId, by: &PersonId) -> Result<(), Failure> {
        let alone = self.alone();
        let changes = self.held().all_of(person);
        let by = Some(by).filter(|by| *by != person).cloned();
        let entry = Entry { by, ..Entry::new(self.now(), person, What::AllEnded) };
        self.commit_as(&alone, &changes, vec![entry])?;
        // Also where nothing was left to be removed: a ticket may have opened a connection.
        self.taken_back.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Whether a person is of the network: who has left it is let in no more.
    fn is_known(&self, person: &PersonId) -> bool {
        self.engine.views().state.people.get(person).is_some_and(|person| !person.left)
    }

    // The first person.

    /// A link by which the first person comes in; none where somebody is there. An earlier link is void.
    pub fn first_link(&self) -> Result<Option<String>, Failure> {
        let alone = self.alone();
        let earlier = self.held().first;
        let mut changes: Vec<_> = earlier.iter().map(|digest| remove(Kind::First, digest)).collect();
        let link = if self.engine.views().state.people.is_empty() {
            let secret = Secret::draw()?;
            changes.push(put(Kind::First, &secret.digest(), &()));
            Some(format!("{}/first/{}", self.public_url, secret.text()))
        } else {
            None
        };
        self.commit(&alone, &changes)?;
        Ok(link)
    }

    /// Whether the link is the one by which the first person may come in.
    pub fn is_first(&self, link: &str) -> bool {
        let digest = Secret::read(link).map(|secret| secret.digest());
        digest.is_some() && self.held().first == digest && self.engine.views().state.people.is_empty()
    }

    /// The first person comes in, to keep the system and the process.
    pub async fn first(
        self: &Arc<Self>,
        link: &str,
        name: String,
        email: String,
        agent: String,
    ) -> Result<Secret, Error> {
        if !self.is_first(link) {
            return Err(Refused::FirstVoid.into());
        }
        let person = new_person()?;
        let roles = vec![Role::Administrator, Role::Secretariat];
        let office = Office { roles, ..Office::default() };
        let command = Command::PersonAdd { person: person.clone(), office, name, email: Some(email) };
        match self.command(&person, command).await {
            // Somebody was faster.
            Err(engine::Error::Refused(Refusal::NotPermitted { .. })) => {
                return Err(Refused::FirstVoid.into());
            }
            done => done?,
        }
        let begun = person.clone();
        let begin = move |access: &Self| {
            let alone = access.alone();
            let used = access.held().first.iter().map(|digest| remove(Kind::First, digest)).collect();
            access.begin(&alone, &begun, &agent, used)
        };
        let session = self.blocking(begin).await?;
        self.joined(&person).await;
        Ok(session)
    }

    // Signing in.

    /// Sends a mail to whoever has this address, if anybody has. `page` is the secret of the page on which it was
    /// asked for, where the code is to be typed. What becomes of it is not for the asker to know.
    pub fn ask(&self, email: &Email, page: &Secret) -> Result<(), Failure> {
        let Some(person) = self.engine.person_at(email).filter(|person| self.is_known(person)) else {
            return Ok(());
        };
        // The address as the network has it, not as it was typed.
        let Some(about) = self.engine.about(&person) else { return Ok(()) };
        let Some(to) = about.email else { return Ok(()) };
        if self.passkeys.alone_let_in(&person) {
            let page = format!("{}/sign-in", self.public_url);
            self.outbox.post(mail::words::by_passkey(to, &about.name, self.host(), &page));
            return Ok(());
        }
        let (link, code) = (Secret::draw()?, secret::draw_code()?);
        let request = Request {
            person,
            made: self.now(),
            page: page.digest(),
            code: page.digest_with(&code),
            wrong: 0,
            handed: false,
        };
        {
            let alone = self.alone();
            let mut changes = self.held().swept(self.now());
            changes.extend(self.held().asked(&link.digest(), &request));
            self.commit(&alone, &changes)?;
        }
        let address = format!("{}/sign-in/{}", self.public_url, link.text());
        self.outbox.post(mail::words::sign_in(to, &about.name, self.host(), &address, &code));
        Ok(())
    }

    /// A link to sign in as somebody, for whoever runs the server to hand to them: an administrator without a mail box
    /// comes in by it, and so does whoever has lost their passkey: from then on a mail lets them in again, if they had
    /// chosen that none does. It holds as long and as often as one that was sent, and voids those.
    pub fn hand_link(&self, person: &PersonId) -> Result<String, Error> {
        if !self.is_known(person) {
            return Err(Refusal::PersonUnknown.into());
        }
        let (link, page, code) = (Secret::draw()?, Secret::draw()?, secret::draw_code()?);
        // Its code is on no page.
        let code = page.digest_with(&code);
        let request = Request {
            person: person.clone(),
            made: self.now(),
            page: page.digest(),
            code,
            wrong: 0,
            handed: true,
        };
        self.passkeys.set_alone(person, false)?;
        let alone = self.alone();
        let mut changes = self.held().swept(self.now());
        changes.extend(self.held().asked(&link.digest(), &request));
        self.commit(&alone, &changes)?;
        self.log(person, What::LinkHanded, None)?;
        tracing::warn!("a link to sign in as {person} was handed to whoever runs this server");
        Ok(format!("{}/sign-in/{}", self.public_url, link.text()))
    }

    /// Sends the link of a guests' invitation. The address is kept nowhere else.
    pub fn send_invitation(&self, email: Email, invited: &Invited<'_>, link: &str) {
        self.outbox.post(mail::words::invitation(email, invited, self.host(), link));
    }

    /// Sends a guest their own link. The address is kept nowhere else.
    pub fn send_guest_link(&self, email: Email, plan: &str, until: &str, link: &str) {
        self.outbox.post(mail::words::guest_link(email, plan, until, self.host(), link));
    }

    /// Tells a person that a passkey was added in their name: if it was not them, they hear of it.
    pub fn tell_of_passkey(&self, person: &PersonId) {
        if let Some(about) = self.engine.about(person)
            && let Some(to) = about.email
        {
            let page = format!("{}/me/passkeys", self.public_url);
            self.outbox.post(mail::words::passkey_added(to, &about.name, self.host(), &page));
        }
    }

    fn host(&self) -> &str {
        self.public_url.split_once("://").map_or(&*self.public_url, |(_, host)| host)
    }

    /// Whom a link lets in. Looking at it does not use it up: programs that read mail do so too.
    pub fn linked(&self, link: &str) -> Result<PersonId, Refused> {
        let digest = Secret::read(link).map(|secret| secret.digest()).ok_or(Refused::LinkVoid)?;
        self.holds(&digest).ok_or(Refused::LinkVoid)
    }

    /// Whom a request lets in now: one that was mailed lets in nobody whom a passkey alone lets in.
    fn holds(&self, link: &Digest) -> Option<PersonId> {
        let request = self.held().linked(link, self.now()).cloned()?;
        let is_enough = request.handed || !self.passkeys.alone_let_in(&request.person);
        Some(request.person).filter(|person| is_enough && self.is_known(person))
    }

    /// Uses a link up: a session begins.
    pub async fn use_link(self: &Arc<Self>, link: &str, agent: String) -> Result<Secret, Error> {
        let digest = Secret::read(link).map(|secret| secret.digest()).ok_or(Refused::LinkVoid)?;
        let (person, session) = self.blocking(move |access| access.use_request(&digest, &agent)).await?;
        self.joined(&person).await;
        Ok(session)
    }

    /// Uses up the code that was sent together with a link.
    pub async fn use_code(self: &Arc<Self>, page: &str, code: &str, agent: String) -> Result<Secret, Error> {
        let page = Secret::read(page).ok_or(Refused::CodeVoid)?;
        let code = page.digest_with(&secret::code_of(code));
        let used = self.blocking(move |access| access.use_typed(&page.digest(), &code, &agent)).await;
        let (person, session) = used?;
        self.joined(&person).await;
        Ok(session)
    }

    fn use_typed(&self, page: &Digest, code: &Digest, agent: &str) -> Result<(PersonId, Secret), Error> {
        let link = {
            let alone = self.alone();
            let typed = self.held().typed(page, code, self.now());
            match typed {
                Typed::Void => return Err(Refused::CodeVoid.into()),
                Typed::Wrong(change) => {
                    let whose = self.held().asker(page);
                    self.commit(&alone, &[change])?;
                    if let Some(person) = whose {
                        self.log(&person, What::CodeWrong, None)?;
                    }
                    return Err(Refused::CodeWrong.into());
                }
                Typed::Right(link) => link,
            }
        };
        self.use_request(&link, agent)
    }

    fn use_request(&self, link: &Digest, agent: &str) -> Result<(PersonId, Secret), Error> {
        let alone = self.alone();
        let person = self.holds(link).ok_or(Refused::LinkVoid)?;
        let used = vec![remove(Kind::Request, link)];
        let session = self.begin(&alone, &person, agent, used)?;
        Ok((person, session))
    }

    /// Somebody who has shown elsewhere who they are comes in: a session begins.
    pub async fn enter(self: &Arc<Self>, person: &PersonId, agent: String) -> Result<Secret, Error> {
        let begun = person.clone();
        let begin = move |access: &Self| {
            let alone = access.alone();
            access.begin(&alone, &begun, &agent, Vec::new())
        };
        let session = self.blocking(begin).await?;
        self.joined(person).await;
        Ok(session)
    }

    /// A session begins, in one commit with what it was begun by being used up.
    fn begin(
        &self,
        alone: &MutexGuard<'_, ()>,
        person: &PersonId,
        agent: &str,
        used: Vec<AccessChange>,
    ) -> Result<Secret, Failure> {
        let (secret, now) = (Secret::draw()?, self.now());
        let agent = agent.chars().filter(|letter| !letter.is_control()).take(limits::AGENT).collect();
        let version = self.version(person);
        let session =
            Session { person: person.clone(), made: now, seen: now, agent, version, replaced: None };
        let mut changes = used;
        changes.extend(self.held().began(&secret.digest(), &session));
        self.commit(alone, &changes)?;
        Ok(secret)
    }

    /// Records the first sign-in of somebody. Where that fails, the next sign-in tries again.
    async fn joined(&self, person: &PersonId) {
        if self.engine.views().state.people.get(person).is_none_or(|person| person.joined) {
            return;
        }
        match self.command(person, Command::PersonJoin { person: person.clone() }).await {
            Ok(()) | Err(engine::Error::Refused(_)) => {}
            Err(engine::Error::Failed(failure)) => {
                tracing::error!("a first sign-in was not recorded: {failure}")
            }
        }
    }

    async fn command(&self, person: &PersonId, asked: Command) -> Result<(), engine::Error> {
        command(&self.engine, person, asked).await
    }

    // Who asks.

    /// Whose session this is, by what its cookie holds.
    pub fn session(&self, cookie: &str) -> Option<Pass> {
        let digest = Secret::read(cookie)?.digest();
        let person = {
            let held = self.held();
            let session = held.sessions.get(&digest).filter(|session| session.stands(self.now()))?;
            session.person.clone()
        };
        let pass = Pass { person, holder: Holder::Session(digest), scope: Scope::Write };
        self.is_known(&pass.person).then_some(pass)
    }

    /// For whom a tool asks, by its token.
    pub fn token(&self, text: &str) -> Option<Pass> {
        let digest = Secret::read(text.strip_prefix(TOKEN_MARK)?)?.digest();
        let (person, scope) = {
            let held = self.held();
            let token = held.tokens.get(&digest).filter(|token| token.stands(self.now()))?;
            (token.person.clone(), token.scope)
        };
        let pass = Pass { person, holder: Holder::Token(digest), scope };
        self.is_known(&pass.person).then_some(pass)
    }

    /// For whom a connection is opened, by a ticket, which is used up.
    pub fn ticket(&self, text: &str) -> Option<Pass> {
        let pass = self.tickets.lock().take(&Secret::read(text)?.digest(), self.now())?;
        self.stands(&pass).then_some(pass)
    }

    /// A ticket for one connection.
    pub fn make_ticket(&self, pass: &Pass) -> Result<Secret, Failure> {
        let ticket = Secret::draw()?;
        self.tickets.lock().put(ticket.digest(), pass.clone(), self.now());
        Ok(ticket)
    }

    /// How often a person's part has changed.
    fn version(&self, person: &PersonId) -> u64 {
        self.engine.views().state.people.get(person).map_or(0, |person| person.version)
    }

    /// Whether the id of a session is older than its person's part: it is to be renewed.
    pub fn is_stale(&self, pass: &Pass) -> bool {
        let Holder::Session(digest) = &pass.holder else { return false };
        let version = self.version(&pass.person);
        let held = self.held();
        held.sessions.get(digest).is_some_and(|own| own.replaced.is_none() && own.version < version)
    }

    /// Whether its person has shown who they are a short while ago.
    pub fn is_fresh(&self, pass: &Pass) -> bool {
        let Holder::Session(digest) = &pass.holder else { return false };
        let (held, now) = (self.held(), self.now());
        held.sessions.get(digest).is_some_and(|own| held::is_within(own.made, limits::SIGN_IN_FRESH, now))
    }

    /// Gives a stale session another id, once: whatever else comes under the old one meanwhile is let in by it for
    /// a moment more. What is answered is for the browser's cookie.
    pub fn renew(&self, pass: &Pass) -> Result<Option<(Secret, Pass)>, Failure> {
        let alone = self.alone();
        let Holder::Session(old) = &pass.holder else { return Ok(None) };
        if !self.is_stale(pass) {
            return Ok(None);
        }
        let secret = Secret::draw()?;
        let new = secret.digest();
        let changes = self.held().renewed(old, &new, self.version(&pass.person), self.now());
        self.commit(&alone, &changes)?;
        self.part_changed();
        Ok(Some((secret, Pass { holder: Holder::Session(new), ..pass.clone() })))
    }

    /// Has all connections look anew whether what they came in by still holds.
    pub fn part_changed(&self) {
        self.taken_back.send_modify(|count| *count += 1);
    }

    /// Whether what somebody came in by still holds, under its newest id.
    pub fn stands(&self, pass: &Pass) -> bool {
        if !self.is_known(&pass.person) || self.is_stale(pass) {
            return false;
        }
        let (held, now) = (self.held(), self.now());
        match &pass.holder {
            Holder::Session(digest) => {
                let session = held.sessions.get(digest);
                session.is_some_and(|session| session.replaced.is_none() && session.stands(now))
            }
            Holder::Token(digest) => held.tokens.get(digest).is_some_and(|token| token.stands(now)),
        }
    }

    /// Wakes whenever something may have been taken back.
    pub fn taken_back(&self) -> watch::Receiver<u64> {
        self.taken_back.subscribe()
    }

    /// Whether a use of this is worth being noted now.
    pub fn is_to_note(&self, pass: &Pass) -> bool {
        let (held, now) = (self.held(), self.now());
        match &pass.holder {
            Holder::Session(digest) => {
                held.sessions.get(digest).is_some_and(|session| is_worth_noting(session.seen, now))
            }
            Holder::Token(digest) => held
                .tokens
                .get(digest)
                .is_some_and(|token| token.used.is_none_or(|used| is_worth_noting(used, now))),
        }
    }

    /// Notes a use, once an hour at most.
    pub fn note(&self, pass: &Pass) -> Result<(), Failure> {
        let alone = self.alone();
        if !self.is_to_note(pass) {
            return Ok(());
        }
        let now = self.now();
        let change = match &pass.holder {
            Holder::Session(digest) => {
                let session = self.held().sessions.get(digest).cloned();
                session.map(|session| put(Kind::Session, digest, &Session { seen: now, ..session }))
            }
            Holder::Token(digest) => {
                let token = self.held().tokens.get(digest).cloned();
                token.map(|token| put(Kind::Token, digest, &Token { used: Some(now), ..token }))
            }
        };
        self.commit(&alone, change.as_slice())
    }
}

/// Asks for something in somebody's name, once.
async fn command(engine: &Engine, person: &PersonId, command: Command) -> Result<(), engine::Error> {
    let asked = Asked { id: engine::fresh_id(), command };
    engine.command(person.clone(), asked, None, None).await.map(drop)
}

/// An id that says nothing of whom it is.
fn new_person() -> Result<PersonId, Failure> {
    let mut bytes = [0; 16];
    secret::random(&mut bytes)?;
    person_of(Uuid::from_bytes(bytes))
}

fn person_of(id: Uuid) -> Result<PersonId, Failure> {
    let id = format!("p-{}", id.simple());
    PersonId::new(id).map_err(|error| Failure::Read(error.to_string()))
}
