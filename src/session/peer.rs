//! What one connection knows of its peer's copy of one document, and what it says to it.
//!
//! The log order is a topological order, so one number, `sent_upto`, stands for all that was sent:
//! a peer *in step* has, or is being sent, every change below it. Only a peer whose heads are partly
//! unknown here needs Bloom filters, until it has told what it has.

use bytes::Bytes;

use super::{
    Access, Config, Room, Shared, Verdict,
    bloom::Bloom,
    frame,
    greeting::Greeted,
    message::{self, Carried, Flags, Have, Message},
};
use crate::{
    document::History,
    domain::{Heads, limits},
};

/// What is to be done for this document, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A `sync` frame, complete but for the peer's name.
    Send(Bytes),
    Submit(Vec<Bytes>),
    Count(&'static str),
    /// The peer reads only single changes, and those it lacks are not kept as such.
    TooOld,
}

#[derive(Debug)]
pub(super) struct Peer {
    room: Room,
    /// What the peer may do: what the host said, unless an edit was refused since.
    access: Access,
    host_says: Access,
    /// It has been sent a message on this connection.
    answered: bool,
    /// It has, or is on its way to have, everything below `sent_upto`. Otherwise a Bloom filter may have
    /// hidden something.
    in_step: bool,
    sent_upto: u32,
    /// Where it is not in step: changes that both sides have.
    common: Vec<u32>,
    reads_documents: bool,
    knows_reset: bool,
    takes_no_changes: bool,
    /// Submissions that have not been answered yet. Until then nobody can say which heads are unknown.
    pending: u32,
    /// The last message, to be answered when nothing is pending.
    received: Option<Received>,
    /// Nothing has been sent since changes came: their author waits for an acknowledgement.
    owes_answer: bool,
    /// What the last answer was to (its heads, our length), and how often in a row.
    asked: (Heads, u32),
    asks: u8,
    orphans: Orphans,
}

/// Changes whose dependencies have not come.
#[derive(Debug, Default)]
struct Orphans {
    chunks: Vec<Bytes>,
    missing: Heads,
}

/// A message, without the changes that it brought.
#[derive(Debug)]
struct Received {
    heads: Heads,
    need: Heads,
    have: Vec<Have>,
    /// It asks to begin anew.
    anew: bool,
    brought_changes: bool,
}

impl Peer {
    pub(super) fn new(room: Room, access: Access) -> Self {
        Self {
            room,
            access,
            host_says: access,
            answered: false,
            in_step: false,
            sent_upto: 0,
            common: Vec::new(),
            reads_documents: false,
            knows_reset: false,
            takes_no_changes: false,
            pending: 0,
            received: None,
            owes_answer: false,
            asked: (Heads::new(), 0),
            asks: 0,
            orphans: Orphans::default(),
        }
    }

    /// A peer that has been sent the first `greeted.len` changes already.
    pub(super) fn greeted(room: Room, greeted: Greeted) -> Self {
        let sent_upto = greeted.len.min(room.lock().len());
        Self {
            answered: true,
            in_step: true,
            sent_upto,
            reads_documents: true,
            knows_reset: greeted.flags.knows_reset,
            ..Self::new(room, greeted.access)
        }
    }

    pub(super) fn receive(&mut self, message: Message, request: bool, config: &Config) -> Vec<Step> {
        let mut steps = Vec::new();
        let Message { heads, need, have, chunks, flags } = message;
        if let Some(flags) = flags {
            self.reads_documents = true;
            self.knows_reset = flags.knows_reset;
            self.takes_no_changes = flags.read_only;
        }
        let brought_changes = !chunks.is_empty();
        if brought_changes {
            match self.access {
                Access::ReadWrite => self.submit(chunks, &mut steps),
                // It had not heard yet. What it wrote stays with it, until SYNC_RESET calls for it.
                Access::ReadOnly => steps.push(Step::Count("sync.changes_while_read_only")),
            }
            self.owes_answer = true;
        }
        // Heads with an empty summary are the stock way of saying "your last sync is unknown to me".
        let summary_is_void = !heads.is_empty() && have.first().is_some_and(Have::is_reset);
        let earlier = self.received.take();
        if request {
            self.asks = 0;
        }
        self.received = Some(Received {
            anew: heads.is_empty()
                || summary_is_void
                || flags.is_some_and(|flags| flags.sync_reset)
                || earlier.as_ref().is_some_and(|earlier| earlier.anew),
            brought_changes: brought_changes || earlier.is_some_and(|earlier| earlier.brought_changes),
            heads,
            need,
            have,
        });
        self.settle(config, &mut steps);
        steps
    }

    pub(super) fn submitted(&mut self, verdict: Verdict, config: &Config) -> Vec<Step> {
        let mut steps = Vec::new();
        self.pending = self.pending.saturating_sub(1);
        match verdict {
            Verdict::Kept => {}
            Verdict::Missing { mut deps, chunks } => {
                deps.sort_unstable();
                self.orphans.chunks.extend(chunks);
                self.orphans.missing = deps;
                if self.orphans.bytes() > limits::ORPHAN_BYTES {
                    self.orphans = Orphans::default();
                    steps.push(Step::Count("sync.orphans_dropped"));
                    self.call_for_all(config, &mut steps);
                }
            }
            Verdict::Refused => {
                self.set_access(Access::ReadOnly, config, &mut steps);
            }
        }
        self.settle(config, &mut steps);
        steps
    }

    pub(super) fn advanced(&mut self, config: &Config) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.pending == 0 {
            self.settle(config, &mut steps);
        } else {
            let room = self.room.clone();
            self.flush(&mut room.lock(), config, &mut steps);
        }
        steps
    }

    pub(super) fn access(&mut self, access: Access, config: &Config) -> Vec<Step> {
        let mut steps = Vec::new();
        // After a refusal the host still says ReadWrite, at each wake: to believe it would call for the
        // refused edits again and again.
        if self.host_says != access {
            self.host_says = access;
            self.set_access(access, config, &mut steps);
        }
        steps
    }

    fn set_access(&mut self, access: Access, config: &Config, steps: &mut Vec<Step>) {
        if self.access == access {
            return;
        }
        self.access = access;
        self.asks = 0;
        match access {
            Access::ReadOnly => {
                self.orphans = Orphans::default();
                if self.answered {
                    let room = self.room.clone();
                    let mut shared = room.lock();
                    self.flush(&mut shared, config, steps);
                    let heads = shared.history().heads();
                    self.say(&shared, &Words { heads, ..Words::default() }, config, steps);
                }
            }
            Access::ReadWrite => self.call_for_all(config, steps),
        }
    }

    /// Makes the peer forget which changes it has sent, so that it sends again what is not here.
    fn call_for_all(&mut self, config: &Config, steps: &mut Vec<Step>) {
        if !self.answered {
            return;
        }
        let room = self.room.clone();
        let mut shared = room.lock();
        self.flush(&mut shared, config, steps);
        // To a peer that does not know the flag: no heads, as if all had been lost here.
        let heads = if self.knows_reset { shared.history().heads() } else { Heads::new() };
        let words = Words { heads, reset: self.knows_reset, ..Words::default() };
        self.say(&shared, &words, config, steps);
    }

    /// When all that the peer sent has been judged: answers its last message, and catches up.
    fn settle(&mut self, config: &Config, steps: &mut Vec<Step>) {
        if self.pending > 0 {
            return;
        }
        let room = self.room.clone();
        let mut shared = room.lock();
        if self.orphans.missing.iter().any(|dep| shared.history().contains(dep)) {
            self.submit(Vec::new(), steps);
            return;
        }
        if let Some(received) = self.received.take() {
            self.answer(received, &mut shared, config, steps);
        }
        self.flush(&mut shared, config, steps);
    }

    fn submit(&mut self, chunks: Vec<Bytes>, steps: &mut Vec<Step>) {
        // Orphans go along: their dependencies may be among the new ones.
        let mut all = std::mem::take(&mut self.orphans).chunks;
        all.extend(chunks);
        self.pending += 1;
        steps.push(Step::Submit(all));
    }

    fn answer(&mut self, received: Received, shared: &mut Shared, config: &Config, steps: &mut Vec<Step>) {
        let Received { heads, need, have, anew, brought_changes } = received;
        let mut unknown = Heads::new();
        let mut known = Vec::new();
        for head in &heads {
            match shared.history().index_of(head) {
                Some(at) => known.push(at),
                None => unknown.push(*head),
            }
        }
        unknown.sort_unstable();
        let wanted = !unknown.is_empty() && self.access == Access::ReadWrite;
        if self.answered && self.in_step && !anew && need.is_empty() && !wanted {
            // In step: no answer, or a loop begins. Changes are answered by their commit; if it recorded
            // nothing new, the author still waits.
            if brought_changes && self.owes_answer && self.sent_upto == shared.len() {
                self.say_in_step(shared, shared.len(), config, steps);
            }
            return;
        }
        let history = shared.history();
        // A peer that says the same again and again gets no further answer until something has changed.
        let about = (heads, history.len());
        if self.asks > 0 && self.asked == about {
            self.asks += 1;
        } else {
            self.asked = about;
            self.asks = 1;
        }
        if self.asks > limits::ASKS {
            steps.push(Step::Count("sync.peer_repeats_itself"));
            return;
        }
        if anew || !self.answered {
            self.in_step = false;
            self.common.clear();
        }

        let mut last_sync = Vec::new();
        let mut last_sync_unknown = false;
        for hash in have.iter().flat_map(|have| &have.last_sync) {
            match history.index_of(hash) {
                Some(at) => last_sync.push(at),
                None => last_sync_unknown = true,
            }
        }
        if wanted && last_sync_unknown {
            // Data was lost here. The peer then sends everything; what it has of ours is not known.
            self.in_step = false;
            self.common.clear();
            self.sent_upto = history.len();
            let words =
                Words { heads: history.heads(), have: Some(vec![Have::default()]), ..Words::default() };
            self.say(shared, &words, config, steps);
            return;
        }

        let mut common = known;
        if !unknown.is_empty() {
            common.extend(last_sync);
            common.append(&mut self.common);
            common.sort_unstable();
            common.dedup();
        }
        let lacking: Vec<u32> = if self.in_step {
            (self.sent_upto..history.len())
                .filter(|&at| shared.origin(at) != Some(config.connection))
                .collect()
        } else {
            history.ancestors(&common).missing(history.len()).collect()
        };
        let mut to_send =
            if wanted && !self.in_step { not_in_filters(history, &lacking, &have) } else { lacking.clone() };
        // Whatever a filter let through as "the peer has it" leaves the peer out of step.
        let complete = to_send.len() == lacking.len();
        to_send.extend(need.iter().filter_map(|hash| history.index_of(hash)));
        to_send.sort_unstable();
        to_send.dedup();

        let complete = complete && !self.takes_no_changes;
        if self.takes_no_changes {
            to_send.clear();
        }
        let Some(carried) = shared.pack(&to_send, self.reads_documents) else {
            steps.push(Step::TooOld);
            return;
        };
        self.in_step = complete || matches!(carried, Carried::Document(_));
        self.sent_upto = history.len();
        self.common = if self.in_step { Vec::new() } else { common };

        let need = match () {
            () if !wanted => Heads::new(),
            () if !self.orphans.missing.is_empty() => self.orphans.missing.clone(),
            () => unknown,
        };
        // A summary makes the peer send all that is not in it. While something is needed that its heads
        // do not name, only that is asked for.
        let have = need.iter().any(|hash| !self.asked.0.contains(hash)).then(Vec::new);
        // Asked once in vain: it believes that it has sent this already.
        let reset = wanted && self.asks > 1 && self.knows_reset;
        let words = Words { heads: history.heads(), need, have, carried, reset };
        self.say(shared, &words, config, steps);
    }

    /// Sends what became durable since the last message. An author's own changes are acknowledged by the
    /// heads alone.
    fn flush(&mut self, shared: &mut Shared, config: &Config, steps: &mut Vec<Step>) {
        let (from, to) = (self.sent_upto, shared.history().len());
        if !self.answered || from == to || self.takes_no_changes || (self.pending > 0 && !self.in_step) {
            return;
        }
        let own = |at: &u32| shared.origin(*at) == Some(config.connection);
        let others: Vec<u32> = (from..to).filter(|at| !own(at)).collect();
        if self.in_step && self.reads_documents && (others.is_empty() || others.len() as u32 == to - from) {
            self.say_in_step(shared, if others.is_empty() { to } else { from }, config, steps);
            return;
        }
        let Some(carried) = shared.pack(&others, self.reads_documents) else {
            steps.push(Step::TooOld);
            return;
        };
        self.in_step |= matches!(carried, Carried::Document(_));
        self.sent_upto = to;
        let words = Words { heads: shared.history().heads(), carried, ..Words::default() };
        self.say(shared, &words, config, steps);
    }

    /// The message that all peers in step get who have the first `from` changes.
    fn say_in_step(&mut self, shared: &mut Shared, from: u32, config: &Config, steps: &mut Vec<Step>) {
        self.sent_upto = shared.len();
        self.owes_answer = false;
        let read_only = self.access == Access::ReadOnly;
        steps.push(Step::Send(shared.message_in_step(from, read_only, &config.peer)));
    }

    /// A message for this peer alone.
    fn say(&mut self, shared: &Shared, words: &Words, config: &Config, steps: &mut Vec<Step>) {
        self.answered = true;
        self.owes_answer = false;
        let flags =
            Flags { sync_reset: words.reset, read_only: self.access == Access::ReadOnly, knows_reset: true };
        let own;
        let have = match &words.have {
            Some(have) => have.as_slice(),
            None => {
                own = [self.have(shared.history())];
                &own
            }
        };
        let message = message::encode(&words.heads, &words.need, have, &words.carried, flags);
        steps.push(Step::Send(frame::rest_of_sync(&config.peer, shared.name(), &message)));
    }

    /// What we have, in a form that this peer can follow: it must know the hashes that are named.
    fn have(&self, history: &History) -> Have {
        if self.in_step {
            return Have::exactly(history.heads_at(self.sent_upto));
        }
        let since: Vec<u32> = history.ancestors(&self.common).missing(history.len()).collect();
        Have {
            last_sync: history.to_hashes(&self.common),
            bloom: Bloom::of(since.iter().map(|&at| history.hash(at))),
        }
    }
}

/// What a message says.
#[derive(Default)]
struct Words {
    heads: Heads,
    need: Heads,
    /// None: what [`Peer::have`] says.
    have: Option<Vec<Have>>,
    carried: Carried,
    reset: bool,
}

impl Orphans {
    fn bytes(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }
}

/// Those of the changes (ascending) that no filter claims to hold, and all that depend on them.
fn not_in_filters(history: &History, changes: &[u32], have: &[Have]) -> Vec<u32> {
    if have.is_empty() {
        return Vec::new();
    }
    let mut chosen: Vec<u32> = Vec::new();
    for &at in changes {
        let hash = history.hash(at);
        if have.iter().all(|have| !have.bloom.may_contain(&hash))
            || history.deps(at).iter().any(|dep| chosen.binary_search(dep).is_ok())
        {
            chosen.push(at);
        }
    }
    chosen
}
