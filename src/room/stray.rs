//! Stray words are set apart as soon as they are there: after each batch, before the next one.
//!
//! Nothing of it need be remembered: what was set apart is in the log, and what was not is found again when the room
//! opens. While the text is frozen nothing may be written, so the words wait for its end.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tracing::{error, info};

use super::work::{Worker, at_length};
use super::{Rooms, store};
use crate::document::{self, Earlier, Found, Traces};
use crate::domain::{
    self, Actor, ActorId, Command, EventId, PersonId, PlanId, ProvisionId, Refusal, Request,
};
use crate::engine::Error;
use crate::log::Failure;
use crate::projection;

/// So far behind the newest snapshot a room that opens looks again. What came before was looked at by the room that
/// took the snapshot.
const AGAIN: u32 = 1_000;
/// At most so many are set apart after one batch; the rest follows the next.
const AT_ONCE: usize = 64;

/// How much of a history was looked at.
pub(super) struct Looked(u32);

impl Worker {
    /// Where a room begins to look when it opens.
    pub(super) fn looked(&self) -> Looked {
        let shared = self.room.shared();
        Looked(shared.len().saturating_sub(shared.beyond_snapshot()).saturating_sub(AGAIN))
    }

    /// Sets apart what has become stray since the last time.
    pub(super) async fn set_strays_apart(&self, looked: &mut Looked) {
        let len = self.room.shared().len();
        for _ in 0..AT_ONCE {
            match self.set_one_apart(looked.0).await {
                Ok(true) => {}
                Ok(false) => {
                    looked.0 = len;
                    return;
                }
                // The end of the freeze has the room look again.
                Err(Error::Refused(Refusal::Frozen { .. })) => return,
                Err(Error::Refused(refusal)) => {
                    return error!(document = %self.room.document, "stray words stay where they are: {refusal:?}");
                }
                Err(Error::Failed(why)) => {
                    return error!(document = %self.room.document, "stray words stay where they are: {why}");
                }
            }
        }
    }

    /// False when there are none.
    async fn set_one_apart(&self, from: u32) -> Result<bool, Error> {
        let earlier = self.set_apart_before();
        let lowest = document::beside(self.room.shared().history(), from, &earlier);
        let Some(lowest) = lowest else { return Ok(false) };
        let deletions = at_length(|| self.suspects(from, lowest, &earlier))?;
        if deletions.is_empty() {
            return Ok(false);
        }
        let Some((person, stray)) = at_length(|| self.first_stray(&deletions, &earlier))? else {
            return Ok(false);
        };
        let id = id(self.room.plan, &stray.provision);
        let command = Command::StrayFind { plan: self.room.plan, stray };
        let actor = Actor { person: person.clone() };
        let decision = domain::decide(&self.engine.views().state, &actor, id, &command)?;
        let write = decision.write.ok_or_else(|| Error::Failed("nothing is to be written".into()))?;
        info!(document = %self.room.document, "words of a deleted paragraph are set apart");
        self.written(person, Request { id, command }, &write, None).await?;
        Ok(true)
    }

    /// All that were set apart in this plan.
    fn set_apart_before(&self) -> Vec<Earlier> {
        let found = self.engine.views().strays.of(self.room.plan).to_vec();
        let shared = self.room.shared();
        let earlier = |stray: projection::Stray| Earlier {
            provision: stray.provision,
            // The change that set them apart comes right behind its event.
            by: shared.history().len_at(stray.position),
            removed: shared.history().len_at(stray.removed).saturating_sub(1),
        };
        found.into_iter().map(earlier).collect()
    }

    /// The deletions that may have left some.
    fn suspects(&self, from: u32, lowest: u32, earlier: &[Earlier]) -> Result<BTreeSet<u32>, Failure> {
        let (len, kept) = {
            let shared = self.room.shared();
            let kept: Option<Vec<Bytes>> = (lowest..shared.len()).map(|at| shared.raw(at)).collect();
            (shared.len(), kept)
        };
        let changes = match kept {
            Some(changes) => changes,
            // What a long absence lies beside is in the log alone.
            None => store::changes(&**self.engine.log(), self.room.document, lowest)?,
        };
        let reading = OnceCell::new();
        let is_block = |counter, actor: &ActorId| {
            let told = self.room.proving.with(|admission| admission.is_block(counter, actor)).ok().flatten();
            told.unwrap_or_else(|| {
                let reading = reading.get_or_init(|| self.room.reading().ok());
                reading.as_ref().is_some_and(|reading| reading.is_block(counter, actor))
            })
        };
        let traces = Traces::of((lowest..len).zip(changes), is_block);
        Ok(document::suspects(self.room.shared().history(), from, &traces, earlier))
    }

    fn first_stray(
        &self,
        deletions: &BTreeSet<u32>,
        earlier: &[Earlier],
    ) -> Result<Option<(PersonId, domain::Stray)>, Failure> {
        let reading = self.room.reading()?;
        let shared = self.room.shared();
        let history = shared.history();
        let strays = document::strays(&reading, history, deletions, earlier);
        // Only now, and briefly: the writer waits for whoever holds the views.
        let views = self.engine.views();
        let by = |found: &Found| -> Vec<PersonId> {
            let mut people: Vec<PersonId> = Vec::new();
            for person in found.actors.iter().filter_map(|actor| views.state.person_of(actor)) {
                if !people.contains(person) {
                    people.push(person.clone());
                }
            }
            people
        };
        // What nobody is known for stays where it is: there is nobody in whose name it could be moved.
        Ok(strays.into_iter().find_map(|found| {
            let people = by(&found);
            let person = people.first()?.clone();
            let rest = found.runs_on.then(|| Some((found.to, rest_of(&found.provision)?)));
            let stray = domain::Stray {
                section: found.section,
                provision: found.provision,
                was: found.was,
                people,
                removed: history.position(found.removed),
                at: found.from,
                rest: rest.flatten(),
            };
            Some((person, stray))
        }))
    }
}

impl Rooms {
    /// What stray words were when they were set apart, and what they are now: none where they are gone. May block.
    pub fn stray_words(
        &self,
        plan: PlanId,
        stray: &projection::Stray,
    ) -> Result<(String, Option<String>), Error> {
        let room = self.of_plan(plan)?;
        let (then, now) = {
            let shared = room.shared();
            let history = shared.history();
            // The change that set them apart comes right behind its event.
            (history.heads_at(history.len_at(stray.position) + 1), history.heads())
        };
        let reading = room.reading()?;
        let words = |heads| document::words(&reading, &stray.section, &stray.provision, heads);
        Ok((words(&then).unwrap_or_default(), words(&now)))
    }
}

/// The same for the same words, so that they are set apart once.
fn id(plan: PlanId, provision: &ProvisionId) -> EventId {
    let mut digest = Sha256::new();
    digest.update(b"stray");
    digest.update(plan.0.as_bytes());
    digest.update(provision.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn rest_of(provision: &ProvisionId) -> Option<ProvisionId> {
    ProvisionId::new(format!("{provision}-rest")).ok()
}
