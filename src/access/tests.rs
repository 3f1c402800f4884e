//! Everything that ends, at the moment at which it ends: with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::domain::{
    Capacity, InvitationId, Invite, Joining, PhaseId, PhaseKind, PhasePlan, PlanId, ProvisionId,
};
use crate::log::{Options, RedbLog};
use crate::mail::Postman;

const DAY: u64 = 24 * 3600;

struct Tried {
    folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    access: Arc<Access>,
    postman: Postman,
}

impl Tried {
    /// A network in which `ada` is known by an address.
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(1_700_000_000_000)));
        let (access, postman) = open(folder.path(), &clock);
        let person = PersonId::new("ada").unwrap();
        let email = Some("ada@example.org".into());
        let add = Command::PersonAdd {
            person: person.clone(),
            office: Office { roles: vec![Role::Secretariat], ..Office::default() },
            name: "Ada".into(),
            email,
        };
        access.command(&person, add).await.unwrap();
        Self { folder, clock, access, postman }
    }

    /// A stop and a start: what is in memory alone is gone.
    fn restart(self) -> Self {
        let Self { folder, clock, access, .. } = self;
        access.engine.close();
        drop(access);
        let (access, postman) = open(folder.path(), &clock);
        Self { folder, clock, access, postman }
    }

    fn passes(&self, time: Duration) {
        self.clock.fetch_add(time.as_millis() as i64, Ordering::Relaxed);
    }

    /// Somebody asks for a mail: the page, the link and the code.
    fn ask(&mut self) -> (String, String, String) {
        let page = Secret::draw().unwrap();
        self.access.ask(&Email::new("ada@example.org").unwrap(), &page).unwrap();
        let text = self.postman.take().expect("a mail is on its way").text;
        let link = text.split("/sign-in/").nth(1).unwrap()[..43].to_owned();
        let code = text.lines().find(|line| line.len() == 9 && !line.contains(',')).unwrap().to_owned();
        (page.text(), link, code)
    }

    async fn sign_in(&mut self) -> Secret {
        let (_, link, _) = self.ask();
        self.access.use_link(&link, "a browser".into()).await.unwrap()
    }
}

fn open(folder: &std::path::Path, clock: &Arc<AtomicI64>) -> (Arc<Access>, Postman) {
    let log = Arc::new(RedbLog::open(folder, &Options::default()).unwrap());
    let time = clock.clone();
    let engine = Engine::open(log, Arc::new(move || Timestamp(time.load(Ordering::Relaxed)))).unwrap();
    let (outbox, postman) = Outbox::open("print", "quorate@example.org").unwrap();
    let url = "https://plan.example.org/";
    let passkeys = Arc::new(Passkeys::open(engine.clone(), url).unwrap());
    (Arc::new(Access::open(engine, outbox, passkeys, url).unwrap()), postman)
}

/// Just before and at the end of a time.
fn around(time: Duration) -> [Duration; 2] {
    [time - Duration::from_millis(1), Duration::from_millis(1)]
}

fn refused<T: std::fmt::Debug>(done: Result<T, Error>) -> &'static str {
    match done {
        Err(Error::Refused(refused)) => refused.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_link_and_a_code_hold_for_a_while() {
    let mut tried = Tried::new().await;
    let [before, end] = around(limits::SIGN_IN_WITHIN);
    let (page, link, code) = tried.ask();
    tried.passes(before);
    assert_eq!(tried.access.linked(&link).unwrap().as_str(), "ada");
    tried.passes(end);
    assert_eq!(tried.access.linked(&link), Err(Refused::LinkVoid));
    assert_eq!(refused(tried.access.use_link(&link, String::new()).await), "link_void");
    assert_eq!(refused(tried.access.use_code(&page, &code, String::new()).await), "code_void");
    // Across a restart too.
    let (page, link, code) = tried.ask();
    let tried = tried.restart();
    assert!(tried.access.linked(&link).is_ok());
    tried.access.use_code(&page, &code, String::new()).await.unwrap();
    assert_eq!(refused(tried.access.use_link(&link, String::new()).await), "link_void");
    tried.access.sweep().unwrap();
    assert!(tried.access.held().requests.is_empty());
}

#[tokio::test]
async fn a_guesser_has_so_many_tries() {
    let mut tried = Tried::new().await;
    let (page, _, code) = tried.ask();
    let wrong = if code == "0000 0000" { "0000 0001" } else { "0000 0000" };
    for _ in 1..limits::CODE_TRIES {
        assert_eq!(refused(tried.access.use_code(&page, wrong, String::new()).await), "code_wrong");
    }
    // The count is on disk: a restart gives no new tries.
    let tried = tried.restart();
    assert_eq!(refused(tried.access.use_code(&page, wrong, String::new()).await), "code_wrong");
    assert_eq!(refused(tried.access.use_code(&page, &code, String::new()).await), "code_void");
}

#[tokio::test]
async fn a_session_ends_unused_and_in_the_end_used_or_not() {
    let mut tried = Tried::new().await;
    let session = tried.sign_in().await.text();
    let [before, end] = around(limits::SESSION_IDLE);
    tried.passes(before);
    let pass = tried.access.session(&session).expect("it holds until then");
    assert!(tried.access.stands(&pass));
    tried.passes(end);
    assert_eq!((tried.access.session(&session), tried.access.stands(&pass)), (None, false));

    let session = tried.sign_in().await.text();
    let begun = tried.clock.load(Ordering::Relaxed);
    let life = limits::SESSION_LIFE.as_millis() as i64;
    while tried.clock.load(Ordering::Relaxed) + 3 * DAY as i64 * 1000 < begun + life {
        tried.passes(Duration::from_secs(3 * DAY));
        let pass = tried.access.session(&session).expect("it is in use");
        tried.access.note(&pass).unwrap();
    }
    let tried = tried.restart();
    tried.clock.store(begun + life - 1, Ordering::Relaxed);
    assert!(tried.access.session(&session).is_some());
    tried.clock.store(begun + life, Ordering::Relaxed);
    assert_eq!(tried.access.session(&session), None);
    tried.access.sweep().unwrap();
    assert!(tried.access.held().sessions.is_empty(), "what is over does not stay on disk");
}

#[tokio::test]
async fn what_lets_somebody_in_is_changed_soon_after_a_sign_in_alone() {
    let mut tried = Tried::new().await;
    let session = tried.sign_in().await.text();
    let pass = tried.access.session(&session).unwrap();
    let [before, end] = around(limits::SIGN_IN_FRESH);
    let email = || Email::new("ada@new.example").unwrap();
    tried.passes(before);
    tried.access.ask_address(&pass, email()).unwrap();
    assert_eq!(tried.postman.take().expect("a mail is on its way").to, email());
    tried.passes(end);
    assert!(!tried.access.is_fresh(&pass));
    assert_eq!(refused(tried.access.ask_address(&pass, email())), "sign_in_anew");
    assert!(tried.postman.take().is_none());
}

#[tokio::test]
async fn a_use_is_noted_to_the_hour() {
    let mut tried = Tried::new().await;
    let session = tried.sign_in().await.text();
    let pass = tried.access.session(&session).unwrap();
    let seen = |access: &Access| access.sessions(&pass.person)[0].1.seen;
    let first = seen(&tried.access);
    tried.passes(Duration::from_secs(3599));
    assert!(!tried.access.is_to_note(&pass));
    tried.access.note(&pass).unwrap();
    assert_eq!(seen(&tried.access), first);
    tried.passes(Duration::from_secs(1));
    assert!(tried.access.is_to_note(&pass));
    tried.access.note(&pass).unwrap();
    assert_eq!(seen(&tried.access), first.plus_seconds(3600));
}

#[tokio::test]
async fn so_many_sessions_and_the_least_used_one_goes() {
    let mut tried = Tried::new().await;
    let mut sessions = Vec::new();
    for _ in 0..limits::SESSIONS_PER_PERSON {
        sessions.push(tried.sign_in().await.text());
        tried.passes(Duration::from_secs(3600));
    }
    let first = tried.access.session(&sessions[0]).expect("so many there may be");
    tried.access.note(&first).unwrap();
    let mut watch = tried.access.taken_back();
    watch.mark_unchanged();
    sessions.push(tried.sign_in().await.text());
    assert!(watch.has_changed().unwrap(), "its connections hear of it");
    let standing: Vec<bool> =
        sessions.iter().map(|session| tried.access.session(session).is_some()).collect();
    assert_eq!(standing.iter().filter(|stands| **stands).count(), limits::SESSIONS_PER_PERSON);
    assert!(standing[0] && !standing[1], "the one that was used stays");
    let agent = "x".repeat(2 * limits::AGENT);
    tried.passes(Duration::from_secs(1));
    let (_, link, _) = tried.ask();
    tried.access.use_link(&link, format!("\u{7}{agent}")).await.unwrap();
    assert_eq!(tried.access.sessions(&first.person)[0].1.agent, agent[..limits::AGENT]);
}

#[tokio::test]
async fn a_change_of_part_renews_the_ids_of_a_persons_sessions() {
    let mut tried = Tried::new().await;
    let (session, other) = (tried.sign_in().await.text(), tried.sign_in().await.text());
    let old = tried.access.session(&session).unwrap();
    assert!(!tried.access.is_stale(&old) && tried.access.renew(&old).unwrap().is_none());
    let ada = old.person.clone();
    let office = Office { roles: vec![Role::Chair, Role::Administrator], ..Office::default() };
    tried
        .access
        .command(&ada, Command::PersonChange { person: ada.clone(), office, version: 1 })
        .await
        .unwrap();
    // What is open ends; what comes next is given another id, once.
    assert!(tried.access.is_stale(&old) && !tried.access.stands(&old));
    let (secret, new) = tried.access.renew(&old).unwrap().expect("another id");
    assert!(tried.access.stands(&new) && !tried.access.stands(&old) && !tried.access.is_stale(&old));
    assert!(tried.access.renew(&old).unwrap().is_none(), "once");
    assert_eq!(tried.access.sessions(&ada).len(), 2, "each is listed once");
    let [before, end] = around(limits::SESSION_OVERLAP);
    tried.passes(before);
    assert!(tried.access.session(&session).is_some(), "other tabs ask at the same time");
    tried.passes(end);
    assert_eq!(tried.access.session(&session), None);
    assert_eq!(tried.access.session(&secret.text()).as_ref(), Some(&new));
    // Signing out ends it under both of its ids, whichever it is asked for with.
    let old = tried.access.session(&other).unwrap();
    let (secret, _) = tried.access.renew(&old).unwrap().expect("the other one is as old");
    tried.access.leave(&old).unwrap();
    assert_eq!((tried.access.session(&other), tried.access.session(&secret.text())), (None, None));
    let tried = tried.restart();
    assert!(!tried.access.is_stale(&new) && tried.access.stands(&new));
}

#[tokio::test]
async fn tokens_hold_as_long_as_they_were_made_for() {
    let tried = Tried::new().await;
    let ada = PersonId::new("ada").unwrap();
    let make = |name: &str, days| tried.access.make_token(&ada, name, Scope::Read, days);
    let longest = (limits::TOKEN_LIFE.as_secs() / DAY) as u32;
    for (name, days, heard) in [
        ("", 1, "token_name_not_valid"),
        (&*"é".repeat(limits::TITLE + 1), 1, "token_name_not_valid"),
        ("A tool", 0, "token_life_not_valid"),
        ("A tool", longest + 1, "token_life_not_valid"),
    ] {
        assert_eq!(refused(make(name, days)), heard);
    }
    let (short, long) = (make("A tool", 1).unwrap(), make("Another", longest).unwrap());
    for _ in 2..limits::TOKENS_PER_PERSON {
        make("One more", longest).unwrap();
    }
    assert_eq!(refused(make("Too many", 1)), "too_many_tokens");
    assert_eq!(tried.access.token(&short).unwrap().scope, Scope::Read);
    assert_eq!(tried.access.token(&short.replace("quorate_", "")), None);
    assert_eq!(tried.access.session(&short.replace("quorate_", "")), None, "a token is no session");
    tried.passes(Duration::from_secs(DAY));
    assert_eq!(tried.access.token(&short), None);
    make("There is room again", 1).unwrap();
    tried.passes(limits::TOKEN_LIFE - Duration::from_secs(DAY) - Duration::from_millis(1));
    let pass = tried.access.token(&long).unwrap();
    tried.access.note(&pass).unwrap();
    assert!(
        tried.access.tokens(&ada).iter().any(|(_, token)| token.name == "Another" && token.used.is_some())
    );
    tried.passes(Duration::from_millis(1));
    assert_eq!(tried.access.token(&long), None);
}

#[tokio::test]
async fn a_ticket_opens_nothing_for_whom_the_session_is_over() {
    let mut tried = Tried::new().await;
    let session = tried.sign_in().await.text();
    let pass = tried.access.session(&session).unwrap();
    let [ticket, late] = [(); 2].map(|()| tried.access.make_ticket(&pass).unwrap().text());
    assert_eq!(tried.access.ticket(&ticket), Some(pass.clone()));
    assert_eq!(tried.access.ticket(&ticket), None);
    tried.access.leave(&pass).unwrap();
    assert_eq!(tried.access.ticket(&late), None);
    assert_eq!(refused(tried.access.end_session(&pass.person, "0000000000000000")), "entry_unknown");
}

#[test]
fn every_refusal_has_a_code_a_sentence_and_a_way_on() {
    let all = [
        Refused::LinkVoid,
        Refused::CodeWrong,
        Refused::CodeVoid,
        Refused::FirstVoid,
        Refused::TokenNameNotValid,
        Refused::TokenLifeNotValid,
        Refused::TooManyTokens,
        Refused::EntryUnknown,
        Refused::PasskeysNotHere,
        Refused::PasskeyTooLate,
        Refused::PasskeyVoid,
        Refused::PasskeyElsewhere,
        Refused::PasskeyNotVerified,
        Refused::PasskeyCopied,
        Refused::PasskeyNotValid,
        Refused::PasskeyNotFound,
        Refused::PasskeyNameNotValid,
        Refused::TooManyPasskeys,
        Refused::SignInAnew,
        Refused::DirectoryAway,
        Refused::DirectoryTooLate,
        Refused::DirectoryUnknown,
        Refused::DirectoryDenied,
    ];
    let codes: std::collections::HashSet<_> = all.iter().map(|refused| refused.code()).collect();
    assert_eq!(codes.len(), all.len());
    assert!(all.iter().all(|refused| refused.sentence().ends_with('.') && refused.hint().ends_with('.')));
}

/// A consultation that is open for an hour, and a guest's link to it with a comment that was begun.
async fn guest(tried: &Tried) -> (Arc<Guests>, String) {
    let engine = tried.access.engine.clone();
    let (keeper, plan) = (PersonId::new("ada").unwrap(), PlanId(Uuid::from_u128(1)));
    let phase = PhaseId::new("consultation").unwrap();
    let now = tried.access.now();
    let planned = PhasePlan {
        phase: phase.clone(),
        kind: PhaseKind::Consultation,
        title: "Consultation".into(),
        opens: now,
        closes: now.plus_seconds(3_600),
        gate: Vec::new(),
    };
    let invitation = InvitationId(Uuid::from_u128(2));
    let invite =
        Invite { plan, phase, to: "A forum".into(), organisation: None, until: now.plus_seconds(3_600) };
    for asked in [
        Command::PlanCreate { plan: Some(plan), title: "A plan".into() },
        Command::ProcessStart { plan, template: "own".into(), phases: vec![planned], keep_days: None },
        Command::GuestInvite { invitation, invite },
    ] {
        command(&engine, &keeper, asked).await.unwrap();
    }
    let guests = Arc::new(Guests::open(engine, "https://plan.example.org").unwrap());
    let link = guests.link(invitation).unwrap();
    let joining = Joining { capacity: Capacity::Personal, named: false, published: false };
    let (link, own) = (link.rsplit('/').next().unwrap(), Secret::draw().unwrap());
    assert!(guests.join(link, &own, joining.clone(), "Grace".into()).await.unwrap());
    assert!(!guests.join(link, &own, joining.clone(), "Grace".into()).await.unwrap(), "once");
    let taken = Secret::read(link).unwrap();
    assert!(guests.join(link, &taken, joining, "Eve".into()).await.is_err(), "it is the invitation's");
    let own = own.text();
    let draft = Draft { provision: ProvisionId::new("p1").unwrap(), text: "I begin".into() };
    guests.keep_draft(&own, Some(draft)).unwrap();
    (guests, own)
}

/// What lies on the disk of guests' links.
fn links(tried: &Tried) -> usize {
    tried.access.engine.log().list_access(b"guest/").unwrap().len()
}

#[tokio::test]
async fn guests_links_go_a_month_after_the_invitation() {
    let tried = Tried::new().await;
    let (guests, own) = guest(&tried).await;
    tried.passes(Duration::from_secs(3_600));
    guests.sweep().unwrap();
    assert!(guests.returned(&own).is_err() && links(&tried) == 2, "over, and kept");
    tried.passes(limits::GUEST_LINK_KEPT);
    guests.sweep().unwrap();
    assert_eq!(links(&tried), 2, "to the last moment");
    tried.passes(Duration::from_millis(1));
    guests.sweep().unwrap();
    assert_eq!(links(&tried), 0);
}

#[tokio::test]
async fn a_guest_who_is_forgotten_leaves_nothing_behind() {
    let tried = Tried::new().await;
    let (guests, own) = guest(&tried).await;
    let person = guests.returned(&own).unwrap().guest;
    let engine = &tried.access.engine;
    let copy = about(engine, &person, &person).unwrap();
    assert!(copy.contains("Grace") && copy.contains("I begin"), "{copy}");
    let by_another = about(engine, &person, &PersonId::new("ada").unwrap()).unwrap();
    assert!(by_another.contains("Grace") && !by_another.contains("I begin"), "{by_another}");
    let following = tokio::spawn(guests.clone().follow());
    let erase = Command::PersonErase { person: person.clone() };
    command(engine, &PersonId::new("ada").unwrap(), erase).await.unwrap();
    while links(&tried) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    following.abort();
    assert!(guests.returned(&own).is_err() && engine.about(&person).is_none());
    let copy = about(engine, &person, &person).unwrap();
    assert!(!copy.contains("Grace") && !copy.contains("I begin"), "{copy}");
}

#[tokio::test]
async fn the_log_of_access_says_who_came_in_and_what_was_ended() {
    let mut tried = Tried::new().await;
    let ada = PersonId::new("ada").unwrap();
    let session = tried.sign_in().await;
    tried.access.make_token(&ada, "A tool", Scope::Read, 1).unwrap();
    let (page, _, _) = tried.ask();
    assert!(tried.access.use_code(&page, "00000000", String::new()).await.is_err());
    let pass = tried.access.session(&session.text()).unwrap();
    tried.access.leave(&pass).unwrap();
    tried.sign_in().await;
    tried.access.end_all(&ada, &PersonId::new("eve").unwrap()).unwrap();
    let ended = tried.access.journal(Some(&ada), 99).unwrap();
    let ended = ended.iter().find(|entry| entry.what == What::AllEnded).unwrap();
    assert_eq!(ended.by.as_ref().map(PersonId::as_str), Some("eve"), "one act, one line");
    assert!(tried.access.sessions(&ada).is_empty() && tried.access.tokens(&ada).is_empty());
    let what = |tried: &Tried| -> Vec<What> {
        let mut all: Vec<_> = tried.access.journal(Some(&ada), 99).unwrap();
        all.reverse();
        all.iter().map(|entry| entry.what).collect()
    };
    let mut found = what(&tried);
    found.sort_by_key(|what| *what as u8);
    let expected =
        [What::SignedIn, What::SignedIn, What::Ended, What::AllEnded, What::TokenMade, What::CodeWrong];
    assert_eq!(found, expected);
    let entry = &tried.access.journal(None, 1).unwrap()[0];
    assert_eq!(entry.person, ada);
    let nobody = PersonId::new("eve").unwrap();
    assert!(tried.access.journal(Some(&nobody), 99).unwrap().is_empty());
    // What ends by itself is none of it, and nothing is kept for longer than is said.
    tried.sign_in().await;
    let [before, end] = around(limits::JOURNAL_KEPT);
    let tried = tried.restart();
    tried.passes(before);
    tried.access.sweep().unwrap();
    assert_eq!(what(&tried).len(), expected.len() + 1);
    tried.passes(end);
    tried.access.sweep().unwrap();
    assert!(what(&tried).is_empty());
}

#[tokio::test]
async fn so_many_entries_of_the_log_of_access_and_the_oldest_goes() {
    let tried = Tried::new().await;
    let ada = PersonId::new("ada").unwrap();
    let many: Vec<_> = (0..=limits::JOURNAL)
        .map(|n| Entry::new(Timestamp(tried.access.now().0 - n as i64), &ada, What::SignedIn).put().unwrap())
        .collect();
    tried.access.engine.log().change_access(&many).unwrap();
    tried.access.sweep().unwrap();
    let kept = tried.access.journal(None, usize::MAX).unwrap();
    assert_eq!(kept.len(), limits::JOURNAL);
    assert_eq!(kept[0].at, tried.access.now(), "the newest first");
}

#[tokio::test]
async fn a_clock_that_is_set_back_gives_nothing_its_time_back() {
    let mut tried = Tried::new().await;
    let (_, link, _) = tried.ask();
    tried.passes(limits::SIGN_IN_WITHIN);
    assert!(tried.access.linked(&link).is_err());
    tried.clock.fetch_sub(limits::SIGN_IN_WITHIN.as_millis() as i64, Ordering::Relaxed);
    assert!(tried.access.linked(&link).is_err(), "it has been over");
}
