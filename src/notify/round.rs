//! One round over everybody: who is to be told what. It is made once for each day, whatever happens meanwhile.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::queue::{Entry, What};
use super::{Notifier, days};
use crate::access::Secret;
use crate::domain::{
    Action, Digest, Due, PersonId, PlanId, Position, Process, Reminded, Timestamp, Told, asked, asked_in,
    is_silent,
};
use crate::log::{AccessChange, Failure};
use crate::projection::Views;

/// How many people are looked at before others may have the views.
const AT_ONCE: usize = 100;
/// How many people are told in one commit.
const TOGETHER: usize = 500;
/// Where it is kept which round was the last.
const ROUND: &[u8] = b"mail/round";
/// Where it is kept when somebody last had others reminded, by plan and phase.
const ASKED: &[u8] = b"mail/asked/";

/// The newest round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// The day on which the one before it was.
    before: i64,
    day: i64,
    /// Up to which event it tells, also where it had to be begun once more.
    upto: Position,
    done: bool,
}

/// Why nobody was reminded.
#[derive(Debug)]
pub enum Refused {
    /// Mails do not go out here.
    NotSent,
    /// No consultation is open.
    NoConsultation,
    /// It was done today already.
    Today,
    Failed(Failure),
}

impl Refused {
    /// Why nobody was reminded.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::NotSent => "In the demonstration no mails are sent.",
            Self::NoConsultation => "No consultation is open.",
            Self::Today => "They were reminded today already. Try again tomorrow.",
            Self::Failed(_) => {
                "It could not be written down, and nobody was reminded. The server's log says why."
            }
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What one person is to be told.
struct Telling {
    entries: Vec<Entry>,
    /// None: nothing new is sent.
    sent: Option<Position>,
    reminded: BTreeMap<String, Reminded>,
}

impl Notifier {
    /// Makes the round that is due, or finishes one that was cut short. Does nothing where none is.
    pub(super) fn round(&self) -> Result<(), Failure> {
        let _alone = self.alone.lock();
        let today = days::round(self.now());
        let last = self.last_round()?;
        let round = match last {
            // Where nothing is known of earlier rounds, they begin with the next.
            None => {
                return self.keep_round(&Round { before: today, day: today, upto: 0, done: true });
            }
            Some(last) if !last.done => last,
            Some(last) if last.day >= today => return Ok(()),
            Some(last) => {
                let upto = self.engine.views().head;
                Round { before: last.day, day: today, upto, done: false }
            }
        };
        self.keep_round(&round)?;
        let everybody: Vec<PersonId> = self.engine.views().state.people.keys().cloned().collect();
        let mut tellings = Vec::new();
        for some in everybody.chunks(AT_ONCE) {
            {
                let views = self.engine.views();
                tellings.extend(some.iter().filter_map(|person| self.telling(&views, person, &round)));
            }
            if tellings.len() >= TOGETHER {
                self.tell(std::mem::take(&mut tellings))?;
            }
        }
        self.tell(tellings)?;
        self.keep_round(&Round { done: true, ..round })
    }

    fn last_round(&self) -> Result<Option<Round>, Failure> {
        let kept = self.engine.log().list_access(ROUND)?;
        let damaged = |_| Failure::Damaged("the newest round of mails cannot be read".into());
        kept.first().map(|(_, value)| serde_json::from_slice(value).map_err(damaged)).transpose()
    }

    fn keep_round(&self, round: &Round) -> Result<(), Failure> {
        let value = serde_json::to_vec(round).expect("a round is always JSON");
        let key = Bytes::from_static(ROUND);
        self.engine.log().change_access(&[AccessChange { key, value: Some(value.into()) }])
    }

    /// What a round has for somebody; none: nothing.
    fn telling(&self, views: &Views, person: &PersonId, round: &Round) -> Option<Telling> {
        let told = self.reached(views, person)?;
        let now = self.now();
        let mut telling = Telling { entries: Vec::new(), sent: None, reminded: BTreeMap::new() };
        let is_day = match told.digest {
            Digest::Off => false,
            Digest::Day => true,
            Digest::Week => days::is_week_over(round.before, round.day),
        };
        let from = told.sent.max(told.seen);
        let is_new = |one: &&crate::projection::Notice| one.position <= round.upto;
        if is_day && views.notices.of(&views.state, person, from).iter().any(is_new) {
            let what = What::News { from: told.sent, to: round.upto };
            telling.entries.push(Entry::new(person.clone(), what, now));
            telling.sent = Some(round.upto);
        }
        if !told.unreminded {
            telling.reminded = near(&told, &asked(&views.state, person, now), now);
            telling.remind(person, now);
        }
        (!telling.entries.is_empty()).then_some(telling)
    }

    /// What somebody was told, if mail can reach them.
    fn reached(&self, views: &Views, person: &PersonId) -> Option<Told> {
        views.state.people.get(person).filter(|known| !known.left)?;
        let about = self.engine.about(person)?;
        about.email.map(|_| about.told)
    }

    /// On disk first that it waits, then that they were told, and only then may it leave. Where the process ends
    /// before the second, the mail is made anew; after it, the mail goes out at the next start.
    fn tell(&self, tellings: Vec<Telling>) -> Result<(), Failure> {
        if tellings.is_empty() {
            return Ok(());
        }
        let mut waiting = Vec::new();
        let mut told = BTreeMap::new();
        for telling in tellings {
            if let Some(person) = telling.entries.first().map(|entry| entry.person.clone()) {
                told.insert(person, (telling.sent, telling.reminded));
            }
            waiting.extend(telling.entries);
        }
        let waiting = self.queue.put(waiting)?;
        let people: Vec<PersonId> = told.keys().cloned().collect();
        let secrets: Vec<Secret> = people.iter().map(|_| Secret::draw()).collect::<Result<_, _>>()?;
        let mut secrets = people.iter().zip(secrets).collect::<BTreeMap<_, _>>();
        let now = self.now();
        self.engine.revise(&people, |person, about| {
            let Some((sent, reminded)) = told.remove(person) else { return };
            about.told.sent = about.told.sent.max(sent.unwrap_or(0));
            // Of what is over nobody is reminded any more.
            about.told.reminded.retain(|subject, _| days::date_of(subject) > now);
            about.told.reminded.extend(reminded);
            if about.told.unsubscribe.is_none() {
                about.told.unsubscribe = secrets.remove(person).map(|secret| secret.text());
            }
        })?;
        self.queue.release(waiting);
        Ok(())
    }

    /// Who is still to be heard in the consultation of a plan that is open.
    pub fn silent(views: &Views, id: PlanId) -> Vec<PersonId> {
        let state = &views.state;
        let Some(plan) = state.plans.get(&id) else { return Vec::new() };
        let Some(open) = plan.process.as_ref().and_then(Process::open) else { return Vec::new() };
        let people = state.people.iter().filter(|(_, known)| !known.left).map(|(person, _)| person);
        people
            .filter(|person| is_silent(state, person, plan, open) && state.may(person, id, Action::Comment))
            .cloned()
            .collect()
    }

    /// Reminds those of an open consultation who have not answered, once a day at most. Answers with how many mails
    /// that makes.
    pub fn remind(&self, plan: PlanId) -> Result<usize, Refused> {
        if !self.sends() {
            return Err(Refused::NotSent);
        }
        let _alone = self.alone.lock();
        let now = self.now();
        let (phase, silent) = {
            let views = self.engine.views();
            let open = views.state.plans.get(&plan).and_then(|plan| plan.process.as_ref()?.open());
            let open = open.filter(|open| open.plan.kind == crate::domain::PhaseKind::Consultation);
            (open.ok_or(Refused::NoConsultation)?.plan.phase.clone(), Self::silent(&views, plan))
        };
        let key: Bytes = [ASKED, format!("{plan}/{phase}").as_bytes()].concat().into();
        let today = days::day(now).to_string();
        let log = self.engine.log();
        if log.list_access(&key)?.iter().any(|(known, day)| *known == key && *day == today.as_bytes()) {
            return Err(Refused::Today);
        }
        log.change_access(&[AccessChange { key, value: Some(today.into()) }])?;
        let mut tellings = Vec::new();
        for some in silent.chunks(AT_ONCE) {
            let views = self.engine.views();
            tellings.extend(some.iter().filter_map(|person| {
                let told = self.reached(&views, person).filter(|told| !told.unreminded)?;
                let due = asked_in(&views.state, person, plan, now).into_iter();
                let subjects = due.filter(|due| matches!(due.wanted, crate::domain::Wanted::Answer { .. }));
                let subjects = subjects.filter_map(|due| days::subject(&due));
                // The reminders that come by themselves come all the same, but for the same day.
                let reminded = subjects.map(|subject| {
                    let ahead = told.reminded.get(&subject).map_or(u8::MAX, |known| known.ahead);
                    (subject, Reminded { ahead, day: days::day(now) })
                });
                let mut telling = Telling { entries: Vec::new(), sent: None, reminded: reminded.collect() };
                telling.remind(person, now);
                (!telling.entries.is_empty()).then_some(telling)
            }));
        }
        let count = tellings.len();
        self.tell(tellings)?;
        Ok(count)
    }
}

impl Telling {
    fn remind(&mut self, person: &PersonId, now: Timestamp) {
        if !self.reminded.is_empty() {
            let what = What::Reminder { subjects: self.reminded.keys().cloned().collect() };
            self.entries.push(Entry::new(person.clone(), what, now));
        }
    }
}

/// The reminders that are due for somebody and were not sent.
fn near(told: &Told, asked: &[Due], now: Timestamp) -> BTreeMap<String, Reminded> {
    let day = days::day(now);
    let due = asked.iter().filter_map(|due| Some((days::subject(due)?, days::reminder(due, now)?)));
    let new = due.filter(|(subject, ahead)| {
        told.reminded.get(subject).is_none_or(|known| known.ahead > *ahead && known.day != day)
    });
    new.map(|(subject, ahead)| (subject, Reminded { ahead, day })).collect()
}
