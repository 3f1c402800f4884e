//! What is open: each made once, however many ask for it, and nobody waits for what another asked for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// Held while its value is made; empty until then, and when making it failed.
type Slot<V> = Arc<Mutex<Option<Arc<V>>>>;

pub(super) struct Opening<K, V>(Mutex<HashMap<K, Slot<V>>>);

impl<K: Eq + Hash, V> Opening<K, V> {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// What is open under the key. Whoever asks first makes it, and only those who ask for the same wait.
    pub(super) fn get_or_make<E>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<Arc<V>, E>,
    ) -> Result<Arc<V>, E> {
        let slot = self.0.lock().entry(key).or_default().clone();
        let mut slot = slot.lock();
        if let Some(open) = &*slot {
            return Ok(open.clone());
        }
        let made = make()?;
        Ok(slot.insert(made).clone())
    }

    /// Whether it is open, and not only about to be.
    pub(super) fn contains(&self, key: &K) -> bool {
        self.0.lock().get(key).is_some_and(|slot| slot.try_lock().is_some_and(|slot| slot.is_some()))
    }

    /// All that is open. What is being made just now is not.
    pub(super) fn list(&self) -> Vec<Arc<V>> {
        self.0.lock().values().filter_map(|slot| slot.try_lock()?.clone()).collect()
    }

    /// Lets go of what is not to be kept.
    pub(super) fn retain(&self, keep: impl Fn(&Arc<V>) -> bool) {
        self.0.lock().retain(|_, slot| {
            // Somebody is about to look into it: were it dropped now, the same could be made twice.
            if Arc::strong_count(slot) > 1 {
                return true;
            }
            slot.lock().as_ref().is_some_and(&keep)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn one_that_takes_long_holds_up_no_other_and_is_made_once() {
        let opening = Arc::new(Opening::<&str, &str>::new());
        let (begun, has_begun) = channel();
        let (go_on, told) = channel::<()>();
        let slow = thread::spawn({
            let opening = opening.clone();
            move || {
                opening.get_or_make("long", || {
                    begun.send(()).unwrap();
                    told.recv().unwrap();
                    Ok::<_, ()>(Arc::new("read"))
                })
            }
        });
        has_begun.recv().unwrap();
        let short = opening.get_or_make("short", || Ok::<_, ()>(Arc::new("here"))).unwrap();
        assert_eq!(*short, "here");
        assert_eq!(opening.list().len(), 1, "the long one is not open yet");
        opening.retain(|_| false);
        let same = thread::spawn({
            let opening = opening.clone();
            move || opening.get_or_make("long", || Err("made twice"))
        });
        go_on.send(()).unwrap();
        let long = slow.join().unwrap().unwrap();
        assert!(Arc::ptr_eq(&long, &same.join().unwrap().unwrap()));
        assert_eq!(opening.list().len(), 1, "the short one was let go, the long one was in use");
    }

    #[test]
    fn what_could_not_be_made_is_tried_again_and_leaves_nothing() {
        let opening = Opening::<u8, u8>::new();
        assert_eq!(opening.get_or_make(1, || Err("the disk")).unwrap_err(), "the disk");
        opening.retain(|_| true);
        assert!(opening.0.lock().is_empty());
        assert_eq!(*opening.get_or_make(1, || Ok::<_, ()>(Arc::new(7))).unwrap(), 7);
    }
}
