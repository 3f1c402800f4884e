//! Tickets: each opens one connection, within seconds. They are in memory alone, since none outlives a restart.

use std::collections::HashMap;
use std::time::Duration;

use super::Pass;
use super::secret::Digest;
use crate::domain::{Timestamp, limits};

#[derive(Debug, Default)]
pub(super) struct Tickets(HashMap<Digest, (Pass, Timestamp)>);

impl Tickets {
    /// One more ticket; the person's oldest goes where too many wait.
    pub(super) fn put(&mut self, ticket: Digest, pass: Pass, now: Timestamp) {
        self.0.retain(|_, (_, made)| is_fresh(*made, now));
        let own = self.0.iter().filter(|(_, (other, _))| other.person == pass.person);
        let mut own: Vec<_> = own.map(|(digest, (_, made))| (*made, *digest)).collect();
        own.sort_unstable();
        for (_, digest) in own.iter().take((own.len() + 1).saturating_sub(limits::TICKETS_WAITING)) {
            self.0.remove(digest);
        }
        self.0.insert(ticket, (pass, now));
    }

    /// Uses a ticket up.
    pub(super) fn take(&mut self, ticket: &Digest, now: Timestamp) -> Option<Pass> {
        let (pass, made) = self.0.remove(ticket)?;
        is_fresh(made, now).then_some(pass)
    }
}

fn is_fresh(made: Timestamp, now: Timestamp) -> bool {
    const WITHIN: Duration = limits::TICKET_WITHIN;
    now.0 - made.0 < WITHIN.as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::super::{Holder, Scope};
    use super::*;
    use crate::domain::PersonId;

    fn pass(person: &str) -> Pass {
        let person = PersonId::new(person).unwrap();
        Pass { person, holder: Holder::Session(Digest([0; 32])), scope: Scope::Write }
    }

    #[test]
    fn a_ticket_is_used_once_and_soon() {
        let mut tickets = Tickets::default();
        let digest = |number| Digest([number; 32]);
        tickets.put(digest(1), pass("member-1"), Timestamp(0));
        assert_eq!(tickets.take(&digest(2), Timestamp(0)), None);
        assert_eq!(tickets.take(&digest(1), Timestamp(29_999)), Some(pass("member-1")));
        assert_eq!(tickets.take(&digest(1), Timestamp(29_999)), None);
        tickets.put(digest(1), pass("member-1"), Timestamp(0));
        let end = Timestamp(limits::TICKET_WITHIN.as_millis() as i64);
        assert_eq!(tickets.take(&digest(1), end), None);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut tickets = Tickets::default();
        tickets.put(Digest([255; 32]), pass("member-2"), Timestamp(0));
        for number in 0..=limits::TICKETS_WAITING as u8 {
            tickets.put(Digest([number; 32]), pass("member-1"), Timestamp(i64::from(number)));
        }
        assert_eq!(tickets.0.len(), limits::TICKETS_WAITING + 1);
        assert_eq!(tickets.take(&Digest([0; 32]), Timestamp(100)), None, "the oldest has gone");
        assert!(tickets.take(&Digest([1; 32]), Timestamp(100)).is_some());
        assert!(tickets.take(&Digest([255; 32]), Timestamp(100)).is_some(), "another's stays");
    }
}
