//! What was begun and is to be finished soon, once, by whoever holds the secret of it. It is in memory alone: after a
//! restart people begin anew.

use std::collections::HashMap;
use std::time::Duration;

use super::held::is_within;
use super::secret::Digest;
use crate::domain::Timestamp;

#[derive(Debug)]
pub(super) struct Waiting<T> {
    begun: HashMap<Digest, (Timestamp, T)>,
    within: Duration,
    at_most: usize,
}

impl<T> Waiting<T> {
    pub(super) fn new(within: Duration, at_most: usize) -> Self {
        Self { begun: HashMap::new(), within, at_most }
    }

    /// One more; the oldest goes where too many wait.
    pub(super) fn put(&mut self, key: Digest, what: T, now: Timestamp) {
        let within = self.within;
        self.begun.retain(|_, (made, _)| is_within(*made, within, now));
        if self.begun.len() >= self.at_most {
            let oldest = self.begun.iter().min_by_key(|(key, (made, _))| (*made, **key)).map(|(key, _)| *key);
            oldest.map(|key| self.begun.remove(&key));
        }
        self.begun.insert(key, (now, what));
    }

    /// Uses it up; none where it has had its time.
    pub(super) fn take(&mut self, key: &Digest, now: Timestamp) -> Option<T> {
        let (made, what) = self.begun.remove(key)?;
        is_within(made, self.within, now).then_some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_taken_once_and_in_time_and_is_bounded() {
        let mut waiting = Waiting::new(Duration::from_secs(1), 2);
        let key = |number| Digest([number; 32]);
        for number in 0..3 {
            waiting.put(key(number), number, Timestamp(i64::from(number)));
        }
        assert_eq!(waiting.take(&key(0), Timestamp(3)), None, "the oldest has gone");
        assert_eq!(waiting.take(&key(1), Timestamp(1000)), Some(1));
        assert_eq!(waiting.take(&key(1), Timestamp(1000)), None, "once");
        assert_eq!(waiting.take(&key(2), Timestamp(1002)), None, "in time");
        assert!(waiting.begun.is_empty());
    }
}
