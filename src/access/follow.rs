//! What happens by itself: what has had its time goes, who has left is let in no more, who was added is told.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Access, SWEEP_EVERY, journal};
use crate::domain::PersonId;
use crate::log::Failure;
use crate::mail::{self, Tried};

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

    /// Tells whoever is added, by mail, where to sign in, one after the other. Not the first person, who is there. Never
    /// done.
    pub async fn welcome(self: Arc<Self>) {
        let mut moved = self.engine.watch();
        let everybody = |access: &Self| -> HashSet<PersonId> {
            access.engine.views().state.people.keys().cloned().collect()
        };
        let (mut known, mut seen) = (everybody(&self), self.engine.views().state.people_version);
        while moved.changed().await.is_ok() {
            let version = self.engine.views().state.people_version;
            if std::mem::replace(&mut seen, version) == version {
                continue;
            }
            let now = everybody(&self);
            let new: Vec<PersonId> = now.difference(&known).cloned().collect();
            let is_first = known.is_empty();
            known = now;
            for person in new.into_iter().filter(|_| !is_first) {
                self.tell_added(&person).await;
            }
        }
    }

    async fn tell_added(&self, person: &PersonId) {
        let Some(about) = self.engine.about(person) else { return };
        let Some(to) = about.email else { return };
        let page = format!("{}/sign-in", self.public_url);
        let mail = || mail::words::added(to.clone(), &about.name, self.host(), &page);
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
