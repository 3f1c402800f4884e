//! Guests: the links by which they come to a consultation, and come back to what they had begun to write.
//!
//! An invitation's link may be passed on inside the body that got it; each who opens it and says who they are has a
//! link of their own from then on. Either lasts as long as the invitation does.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::secret::{Digest, Secret};
use super::{Error, Refused, entries, person_of};
use crate::domain::{
    Command, EventId, InvitationId, Joining, PersonId, PlanId, ProvisionId, Refusal, Request, limits,
};
use crate::engine::Engine;
use crate::log::{AccessChange, Failure};

/// How the keys of these entries begin.
const PREFIX: &[u8] = b"guest/";

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Invitation { invitation: InvitationId },
    Guest { guest: PersonId, draft: Option<Draft> },
}

/// A comment that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub provision: ProvisionId,
    pub text: String,
}

/// A guest who has come back, with what they had begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    pub guest: PersonId,
    pub plan: PlanId,
    pub draft: Option<Draft>,
}

/// Lets guests in. Whatever changes here is on disk before it counts.
pub struct Guests {
    engine: Engine,
    /// Without a slash at its end.
    public_url: String,
    held: RwLock<HashMap<Digest, Entry>>,
    /// Held while something is decided and recorded.
    writing: Mutex<()>,
}

impl Guests {
    /// Reads all links.
    pub fn open(engine: Engine, public_url: &str) -> Result<Self, Failure> {
        let held = entries::read(&**engine.log(), PREFIX)?;
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self { engine, public_url, held: RwLock::new(held), writing: Mutex::default() })
    }

    fn put(&self, digest: Digest, entry: Entry) -> Result<(), Failure> {
        let value = serde_json::to_vec(&entry).expect("an entry is always JSON");
        let key = entries::key(PREFIX, &digest);
        self.engine.log().change_access(&[AccessChange { key, value: Some(value.into()) }])?;
        self.held.write().insert(digest, entry);
        Ok(())
    }

    /// Removes links, with what was begun by them, of guests who were forgotten or whose invitation ended long ago:
    /// at once and every hour. Never done.
    pub async fn follow(self: Arc<Self>) {
        let mut moved = self.engine.watch();
        let mut hours = tokio::time::interval(super::SWEEP_EVERY);
        let mut seen = None;
        loop {
            tokio::select! {
                _ = hours.tick() => seen = None,
                changed = moved.changed() => if changed.is_err() { return },
            }
            let forgotten = self.engine.views().state.guests.forgotten;
            if seen.replace(forgotten) == Some(forgotten) {
                continue;
            }
            let guests = self.clone();
            let swept = tokio::task::spawn_blocking(move || guests.sweep()).await;
            if let Ok(Err(failure)) = swept {
                seen = None;
                tracing::error!("links of guests who are gone were not removed: {failure}");
            }
        }
    }

    pub(super) fn sweep(&self) -> Result<(), Failure> {
        let _alone = self.writing.lock();
        let gone: Vec<Digest> = {
            let views = self.engine.views();
            let (state, now) = (&views.state.guests, (self.engine.clock())());
            let is_over = |invitation: &InvitationId| {
                let kept = i64::try_from(limits::GUEST_LINK_KEPT.as_secs()).unwrap_or(i64::MAX);
                let known = state.invitations.get(invitation);
                known.is_none_or(|invitation| invitation.until.plus_seconds(kept) < now)
            };
            let is_gone = |entry: &Entry| match entry {
                Entry::Invitation { invitation } => is_over(invitation),
                Entry::Guest { guest, .. } => {
                    let known = state.people.get(guest);
                    known.is_none_or(|guest| guest.erased || is_over(&guest.invitation))
                }
            };
            self.held.read().iter().filter(|(_, entry)| is_gone(entry)).map(|(digest, _)| *digest).collect()
        };
        if gone.is_empty() {
            return Ok(());
        }
        let remove = |digest: &Digest| AccessChange { key: entries::key(PREFIX, digest), value: None };
        self.engine.log().change_access(&gone.iter().map(remove).collect::<Vec<_>>())?;
        self.held.write().retain(|digest, _| !gone.contains(digest));
        Ok(())
    }

    fn find(&self, link: &str) -> Option<(Digest, Entry)> {
        let digest = Secret::read(link)?.digest();
        let entry = self.held.read().get(&digest).cloned()?;
        Some((digest, entry))
    }

    /// A link for an invitation that is in the record. An earlier one goes on to hold.
    pub fn link(&self, invitation: InvitationId) -> Result<String, Failure> {
        let secret = Secret::draw()?;
        self.put(secret.digest(), Entry::Invitation { invitation })?;
        Ok(format!("{}/guest/{}", self.public_url, secret.text()))
    }

    /// The address under which a guest comes back.
    pub fn address(&self, own: &str) -> String {
        format!("{}/guest/own/{own}", self.public_url)
    }

    /// Which invitation a link is for, while it holds.
    pub fn invitation(&self, link: &str) -> Result<InvitationId, Refused> {
        match self.find(link) {
            Some((_, Entry::Invitation { invitation })) if self.holds(invitation) => Ok(invitation),
            _ => Err(Refused::GuestLinkVoid),
        }
    }

    /// Somebody joins by a link. `own` was drawn for their form: by it they come back, and the form that is sent twice
    /// makes one guest of them. The answer is whether they are new.
    pub async fn join(
        self: &Arc<Self>,
        link: &str,
        own: &Secret,
        joining: Joining,
        name: String,
    ) -> Result<bool, Error> {
        let invitation = self.invitation(link)?;
        let digest = own.digest();
        match self.held.read().get(&digest) {
            Some(Entry::Guest { .. }) => return Ok(false),
            Some(Entry::Invitation { .. }) => return Err(Refused::GuestLinkVoid.into()),
            None => {}
        }
        // Both follow from the secret, and it from neither.
        let guest = person_of(EventId::of_digest(&own.digest_with("guest").0).0)?;
        let id = EventId::of_digest(&own.digest_with("joining").0);
        let request = Request { id, command: Command::GuestJoin { invitation, joining, name } };
        let receipt = self.engine.command(guest.clone(), request, None, None).await?;
        let guests = self.clone();
        let put = move || {
            let _alone = guests.writing.lock();
            // What they have begun meanwhile stays.
            if guests.held.read().contains_key(&digest) {
                return Ok(());
            }
            guests.put(digest, Entry::Guest { guest, draft: None })
        };
        let done = tokio::task::spawn_blocking(put).await;
        done.unwrap_or_else(|stopped| Err(Failure::Write(stopped.to_string())))?;
        Ok(!receipt.repeated)
    }

    /// Who comes back by their own link, while their invitation holds.
    pub fn returned(&self, own: &str) -> Result<Returned, Refused> {
        let Some((_, Entry::Guest { guest, draft })) = self.find(own) else {
            return Err(Refused::GuestLinkVoid);
        };
        let plan = {
            let views = self.engine.views();
            let known = views.state.guests.people.get(&guest).map(|guest| guest.invitation);
            let invitation = known.and_then(|id| views.state.guests.invitations.get(&id));
            invitation.map(|invitation| (invitation.plan, known))
        };
        match plan {
            Some((plan, Some(invitation))) if self.holds(invitation) => Ok(Returned { guest, plan, draft }),
            _ => Err(Refused::GuestLinkVoid),
        }
    }

    /// Keeps a comment that was begun; none: there is nothing left to keep.
    pub fn keep_draft(&self, own: &str, draft: Option<Draft>) -> Result<(), Error> {
        let too_long = draft.as_ref().is_some_and(|draft| draft.text.chars().count() > limits::TEXT);
        if too_long {
            return Err(Refusal::TooLong { field: "comment", limit: limits::TEXT }.into());
        }
        let _alone = self.writing.lock();
        let Some((digest, Entry::Guest { guest, .. })) = self.find(own) else {
            return Err(Refused::GuestLinkVoid.into());
        };
        Ok(self.put(digest, Entry::Guest { guest, draft })?)
    }

    fn holds(&self, invitation: InvitationId) -> bool {
        let now = (self.engine.clock())();
        let views = self.engine.views();
        let known = views.state.guests.invitations.get(&invitation);
        known.is_some_and(|known| !known.revoked && now < known.until)
    }
}
