//! Who has a document open, and how they are woken.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{Notify, broadcast, watch};

use super::Notice;
use crate::domain::{DocumentId, PersonId, limits};
use crate::session::{ConnectionId, Presence};

/// Wakes one connection; it then reads for itself what is new.
#[derive(Debug, Default)]
pub struct Wake {
    notify: Notify,
    moved: Mutex<Vec<DocumentId>>,
    presence: Mutex<VecDeque<(DocumentId, Presence)>>,
}

impl Wake {
    pub async fn woken(&self) {
        self.notify.notified().await;
    }

    /// The documents that have moved since the last call.
    pub fn moved(&self) -> Vec<DocumentId> {
        std::mem::take(&mut *self.moved.lock())
    }

    /// The presence messages that came since the last call.
    pub fn presence(&self) -> VecDeque<(DocumentId, Presence)> {
        std::mem::take(&mut *self.presence.lock())
    }

    fn wake(&self, document: DocumentId) {
        let mut moved = self.moved.lock();
        if !moved.contains(&document) {
            moved.push(document);
        }
        drop(moved);
        self.notify.notify_one();
    }

    fn tell(&self, document: DocumentId, presence: Presence) {
        let mut waiting = self.presence.lock();
        if waiting.len() == limits::EPHEMERAL_WAITING {
            waiting.pop_front();
        }
        waiting.push_back((document, presence));
        drop(waiting);
        self.notify.notify_one();
    }
}

/// One connection that has the document open.
#[derive(Debug, Clone)]
pub struct Member {
    pub peer: Arc<str>,
    pub person: PersonId,
    pub wake: Arc<Wake>,
}

/// One entry of "who is here".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Here {
    pub peer: Arc<str>,
    pub person: PersonId,
}

#[derive(Debug)]
pub struct Members {
    here: Mutex<HashMap<ConnectionId, Member>>,
    changed: watch::Sender<u64>,
    notices: broadcast::Sender<(PersonId, Notice)>,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            here: Mutex::default(),
            changed: watch::channel(0).0,
            notices: broadcast::channel(limits::NOTICES_WAITING).0,
        }
    }
}

impl Members {
    pub fn enter(&self, connection: ConnectionId, member: Member) {
        self.here.lock().insert(connection, member);
        self.announce();
    }

    pub fn leave(&self, connection: ConnectionId) {
        if self.here.lock().remove(&connection).is_some() {
            self.announce();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.here.lock().is_empty() && self.changed.receiver_count() == 0
    }

    /// Who is here, in the order of their peers.
    pub fn list(&self) -> Vec<Here> {
        let here = self.here.lock();
        let mut members: Vec<_> = here.iter().collect();
        members.sort_by_key(|(connection, _)| connection.0);
        let mut list: Vec<Here> = Vec::with_capacity(members.len());
        for (_, Member { peer, person, .. }) in members {
            // A peer names itself: whoever takes a name that another person holds is not shown under it.
            let taken = list.iter().any(|other| other.peer == *peer && other.person != *person);
            if !taken {
                list.push(Here { peer: peer.clone(), person: person.clone() });
            }
        }
        list.sort();
        list
    }

    /// Wakes whenever somebody comes or goes, or what they may do has changed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn announce(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Wakes all connections: the document has moved, or what they may do with it.
    pub(super) fn wake_all(&self, document: DocumentId) {
        for member in self.here.lock().values() {
            member.wake.wake(document);
        }
    }

    /// Hands a presence message to all others.
    pub fn tell_others(&self, from: ConnectionId, document: DocumentId, presence: &Presence) {
        for (connection, member) in &*self.here.lock() {
            if *connection != from {
                member.wake.tell(document, presence.clone());
            }
        }
    }

    /// Tells one person why edits were not taken.
    pub(super) fn notify(&self, person: &PersonId, notice: Notice) {
        // Nobody listens: then nobody is to be told.
        let _ = self.notices.send((person.clone(), notice));
    }

    pub fn notices(&self) -> broadcast::Receiver<(PersonId, Notice)> {
        self.notices.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: DocumentId = DocumentId([1; 16]);

    #[test]
    fn presence_that_waits_is_bounded_and_the_newest_is_kept() {
        let (members, wake) = (Members::default(), Arc::new(Wake::default()));
        let person = PersonId::new("member-1").unwrap();
        let member = Member { peer: "slow".into(), person, wake: wake.clone() };
        members.enter(ConnectionId(1), member);
        let say = |number: usize| Presence::of(number.to_le_bytes().to_vec());
        for number in 0..limits::EPHEMERAL_WAITING + 3 {
            members.tell_others(ConnectionId(2), DOCUMENT, &say(number));
        }
        let newest = (3..limits::EPHEMERAL_WAITING + 3).map(|number| (DOCUMENT, say(number)));
        assert_eq!(wake.presence(), newest.collect::<VecDeque<_>>());
    }

    #[test]
    fn refusals_that_wait_for_a_stream_are_bounded_and_the_newest_are_kept() {
        let members = Members::default();
        let mut slow = members.notices();
        let person = PersonId::new("member-1").unwrap();
        for number in 0..limits::NOTICES_WAITING + 3 {
            let notice = Notice { code: number.to_string(), ..Notice::not_recorded() };
            members.notify(&person, notice);
        }
        let missed = slow.try_recv().unwrap_err();
        assert_eq!(missed, broadcast::error::TryRecvError::Lagged(3));
        let kept: Vec<_> =
            std::iter::from_fn(|| slow.try_recv().ok()).map(|(_, notice)| notice.code).collect();
        let newest: Vec<_> = (3..limits::NOTICES_WAITING + 3).map(|number| number.to_string()).collect();
        assert_eq!(kept, newest);
    }
}
