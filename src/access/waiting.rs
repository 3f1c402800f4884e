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

    /// What waits, without using it up.
    pub(super) fn look(&self, key: &Digest, now: Timestamp) -> Option<&T> {
        let (made, what) = self.begun.get(key)?;
        is_within(*made, self.within, now).then_some(what)
    }

    /// All of these go.
    pub(super) fn drop_all(&mut self, of: impl Fn(&T) -> bool) {
        self.begun.retain(|_, (_, what)| !of(what));
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

    use crate::domain::limits;

    #[test]
    fn what_waits_is_taken_once_and_in_time_and_is_bounded() {
        for (within, at_most) in [
            (limits::PASSKEY_WITHIN, limits::PASSKEYS_BEGUN),
            (limits::DIRECTORY_WITHIN, limits::DIRECTORY_BEGUN),
        ] {
            let mut waiting = Waiting::new(within, at_most);
            let key = |number: usize| {
                let mut bytes = [0; 32];
                bytes[..8].copy_from_slice(&number.to_be_bytes());
                Digest(bytes)
            };
            // Put in as many as there may be, for the size alone; then one more.
            for number in 0..at_most {
                waiting.begun.insert(key(number), (Timestamp(if number == 0 { 0 } else { 1 }), number));
            }
            waiting.put(key(at_most), at_most, Timestamp(2));
            assert_eq!(waiting.begun.len(), at_most);
            assert_eq!(waiting.take(&key(0), Timestamp(2)), None, "the oldest has gone");
            let end = within.as_millis() as i64;
            assert_eq!(waiting.take(&key(1), Timestamp(end)), Some(1));
            assert_eq!(waiting.take(&key(1), Timestamp(end)), None, "once");
            assert_eq!(waiting.take(&key(2), Timestamp(end + 1)), None, "in time");
            waiting.put(key(1), 1, Timestamp(end + 2));
            assert_eq!(waiting.begun.len(), 1, "what has had its time is not kept");
        }
    }
}
