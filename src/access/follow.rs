//! What happens by itself: what has had its time goes, who has left is let in no more, who was added is told.

use std::sync::Arc;

use super::{Access, SWEEP_EVERY, journal};
use crate::domain::{Event, PersonId, Position};
use crate::engine::record;
use crate::log::Failure;
use crate::mail::{self, Tried};

/// How many events are read at once.
const PAGE: usize = 500;
/// The kinds of those that say that somebody was added, or came back.
const ADDED: [&str; 2] = ["person.added", "person.returned"];

impl Access {
    /// Removes what has had its time.
    pub fn sweep(&self) -> Result<(), Failure> {
        let alone = self.alone();
        let changes = self.held().swept(self.now());
        self.commit(&alone, &changes)?;
        self.sweep_journal()
    }

    fn sweep_journal(&self) -> Result<(), Failure> {
        let forgotten = {
            let views = self.engine.views();
            let erased = views.state.people.iter().filter(|(_, person)| person.erased);
            erased.map(|(id, _)| id.clone()).collect()
        };
        let log = self.engine.log();
        let gone = journal::swept(&**log, self.now(), &forgotten)?;
        if gone.is_empty() { Ok(()) } else { log.change_access(&gone) }
    }

    /// Removes what has had its time, every hour; and ends all that lets somebody in as soon as they have left, however
    /// that was asked for. Never done.
    pub async fn follow(self: Arc<Self>) {
        let mut moved = self.engine.watch();
        let mut hours = tokio::time::interval(SWEEP_EVERY);
        let mut seen = None;
        loop {
            tokio::select! {
                _ = hours.tick() => {
                    if let Err(failure) = self.blocking(Self::sweep).await {
                        tracing::error!("what has had its time was not removed: {failure}");
                    }
                }
                changed = moved.changed() => if changed.is_err() { return },
            }
            let version = self.engine.views().state.people_version;
            if seen.replace(version) != Some(version)
                && let Err(failure) = self.blocking(Self::end_those_who_left).await
            {
                seen = None;
                tracing::error!("what lets in who has left was not removed: {failure}");
            }
        }
    }

    /// Tells whoever is added, by mail, by whom and where to sign in, one after the other. Not the first person, who is
    /// there. Never done.
    pub async fn welcome(self: Arc<Self>) {
        let mut moved = self.engine.watch();
        let now = |access: &Self| {
            let views = access.engine.views();
            (views.state.people_version, views.head)
        };
        let (mut version, mut head) = now(&self);
        while moved.changed().await.is_ok() {
            let before = (version, head);
            (version, head) = now(&self);
            if version == before.0 {
                continue;
            }
            match self.blocking(move |access| access.added(before.1, head)).await {
                Ok(added) => {
                    for (person, by) in added {
                        self.tell_added(&person, &by).await;
                    }
                }
                Err(failure) => tracing::error!("who was added is not told so: {failure}"),
            }
        }
    }

    /// Who was added between two positions, and by whom.
    fn added(&self, after: Position, to: Position) -> Result<Vec<(PersonId, PersonId)>, Failure> {
        let (mut at, mut added) = (after, Vec::new());
        while at < to {
            let page = self.engine.log().read(at, PAGE)?;
            let Some(last) = page.last() else { break };
            at = last.position;
            for recorded in page.iter().filter(|one| one.position <= to && ADDED.contains(&&*one.kind)) {
                if let Event::PersonAdded { person, .. } | Event::PersonReturned { person, .. } =
                    record::fact(recorded)?.event
                    && let Some(by) = recorded.actor.clone().filter(|by| *by != person)
                {
                    added.push((person, by));
                }
            }
        }
        Ok(added)
    }

    async fn tell_added(&self, person: &PersonId, by: &PersonId) {
        let Some(about) = self.engine.about(person) else { return };
        let Some(to) = about.email else { return };
        let by = self.engine.about(by).map(|by| by.name);
        let page = format!("{}/sign-in", self.public_url);
        let mail = || mail::words::added(to.clone(), &about.name, by.as_deref(), self.host(), &page);
        if self.outbox.deliver(mail()).await == Tried::NotNow {
            self.outbox.post(mail());
        }
    }

    fn end_those_who_left(&self) -> Result<(), Failure> {
        let alone = self.alone();
        let gone = self.held().people();
        let gone: Vec<PersonId> = gone.into_iter().filter(|person| !self.is_known(person)).collect();
        let changes: Vec<_> = gone.iter().flat_map(|person| self.held().all_of(person)).collect();
        self.commit(&alone, &changes)?;
        // Also where nothing was left to be removed: a ticket may have opened a connection.
        self.taken_back.send_modify(|count| *count += 1);
        self.sweep_journal()
    }
}
