//! A crowd of wire-level clients on one thread: hand-made frames over non-blocking sockets, so that what is
//! measured is the server and not its measurer. No client applies a change.

mod crowd;
mod plain;
mod repo;
mod socket;
mod yjs;

pub(crate) use crowd::{Crowd, Run, Shape};
pub(crate) use plain::{Plain, serve as serve_plain};
pub(crate) use repo::Repo;
pub(crate) use yjs::Yjs;

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// One kind of server, as its clients see it. Clients are numbered from 0.
pub(crate) trait Protocol {
    /// Where to connect: the path and query of the WebSocket.
    fn path(&self, client: usize) -> String;
    /// What a client says first, once the WebSocket stands.
    fn greet(&mut self, client: usize, out: &mut Vec<Vec<u8>>);
    /// Takes in a message; answers go to `out`, edits that were seen to `seen`.
    fn hear(&mut self, client: usize, message: &[u8], out: &mut Vec<Vec<u8>>, seen: &mut Vec<u64>);
    /// Whether this client has the document and may begin.
    fn is_ready(&self, client: usize) -> bool;
    /// The next edit of a client, and the key by which others will see it.
    fn edit(&mut self, client: usize) -> (u64, Vec<u8>);
}

/// When each edit was sent, by its key.
#[derive(Default)]
pub(crate) struct Sent(HashMap<u64, Instant>);

impl Sent {
    fn note(&mut self, key: u64) {
        let before = self.0.insert(key, Instant::now());
        assert!(before.is_none(), "two edits with one key");
    }

    fn since(&self, key: u64, now: Instant) -> Option<Duration> {
        self.0.get(&key).map(|at| now - *at)
    }
}
