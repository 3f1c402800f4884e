//! The rules of the conversation, one test each, named after what a peer would suffer without it.

use automerge::{Automerge, ReadDoc as _, sync, transaction::Transactable as _};
use bytes::Bytes;
use quorate::{
    domain::{ChangeHash, limits},
    session::{Access, ConnectionId, Greeting, Output, Room, Session, Snapshot, Ticket, Verdict},
};

use super::world::{Client, DOCUMENT, Frame, Host, World, join_frame, session, sync_frame};

/// A document with `n` changes, one after the other.
fn document(n: usize) -> automerge::AutoCommit {
    let mut doc = automerge::AutoCommit::new().with_actor(automerge::ActorId::from([99; 16]));
    for n in 0..n {
        doc.put(automerge::ROOT, format!("k{}", n % 7), n as i64).unwrap();
        doc.commit();
    }
    doc
}

fn host(n: usize) -> Host {
    Host::with(document(n).document().clone(), false)
}

/// A server's end of a connection, driven message by message.
struct Wire {
    session: Session,
    room: Room,
    access: Access,
    submitted: Vec<(Ticket, Vec<Bytes>)>,
}

impl Wire {
    fn to(host: &Host) -> Self {
        Self::with(host, Access::ReadWrite)
    }

    fn with(host: &Host, access: Access) -> Self {
        let mut session = session(7);
        session.frame(join_frame("peer"));
        Self { session, room: host.room.clone(), access, submitted: Vec::new() }
    }

    fn say(&mut self, message: sync::Message) -> Vec<Frame> {
        self.say_bytes("sync", &message.encode())
    }

    fn say_bytes(&mut self, kind: &str, data: &[u8]) -> Vec<Frame> {
        let outputs = self.session.frame(sync_frame(kind, "peer", DOCUMENT, data));
        self.frames(outputs)
    }

    fn frames(&mut self, outputs: Vec<Output>) -> Vec<Frame> {
        let mut frames = Vec::new();
        for output in outputs {
            match output {
                Output::Send(frame) => frames.push(Frame::read(&frame.to_bytes())),
                Output::Open { document } => {
                    let outputs = self.session.opened(document, self.room.clone(), self.access);
                    frames.extend(self.frames(outputs));
                }
                Output::Submit { ticket, chunks, .. } => self.submitted.push((ticket, chunks)),
                Output::Close { reason, .. } => panic!("closed: {reason}"),
                Output::Joined { .. }
                | Output::Ephemeral { .. }
                | Output::WaitUntil(_)
                | Output::Count(_) => {}
            }
        }
        frames
    }

    fn advanced(&mut self) -> Vec<Frame> {
        let outputs = self.session.advanced(DOCUMENT);
        self.frames(outputs)
    }

    fn submitted(&mut self, verdict: Verdict) -> Vec<Frame> {
        let (ticket, _) = self.submitted.remove(0);
        let outputs = self.session.submitted(DOCUMENT, ticket, verdict);
        self.frames(outputs)
    }

    fn access(&mut self, access: Access) -> Vec<Frame> {
        let outputs = self.session.access(DOCUMENT, access);
        self.frames(outputs)
    }
}

fn flags(bits: u8) -> Option<sync::MessageFlags> {
    let mut flags = sync::MessageFlags::new();
    flags.set(bits);
    Some(flags)
}

fn message(heads: &[automerge::ChangeHash], last_sync: &[automerge::ChangeHash]) -> sync::Message {
    sync::Message {
        heads: heads.to_vec(),
        need: vec![],
        have: vec![sync::Have { last_sync: last_sync.to_vec(), bloom: sync::BloomFilter::default() }],
        changes: sync::ChunkList::empty(),
        flags: flags(sync::MessageFlags::SUPPORTS_SYNC_RESET),
        version: sync::MessageVersion::V1,
    }
}

fn with_changes(mut message: sync::Message, changes: Vec<Vec<u8>>) -> sync::Message {
    message.changes = changes.into();
    message
}

fn only(frames: Vec<Frame>) -> sync::Message {
    assert_eq!(frames.len(), 1, "one message: {frames:?}");
    frames[0].sync()
}

/// In step at once: the answer to a first message that names our heads.
fn in_step(host: &Host) -> Wire {
    let mut wire = Wire::to(host);
    let heads = host.doc.get_heads();
    only(wire.say(message(&heads, &heads)));
    wire
}

fn two_in_step(n: usize) -> World {
    let mut world = World::around(host(n), 2);
    world.quiet();
    for client in &mut world.clients {
        client.received.clear();
    }
    world
}

fn exactly(have: &[sync::Have], heads: &[automerge::ChangeHash]) {
    assert_eq!(have.len(), 1);
    assert_eq!(have[0].last_sync, heads);
    assert_eq!(have[0].bloom, sync::BloomFilter::default());
}

// Rule 1

#[test]
fn every_message_ends_with_the_flags() {
    let mut world = two_in_step(3);
    world.clients[0].edit("a", 1);
    world.quiet();
    for client in &world.clients {
        for frame in client.received.iter().filter(|frame| frame.kind == "sync") {
            assert_eq!(frame.data[frame.data.len() - 3..], [0x02, 0x02, 0x84]);
        }
    }
}

// Rule 2

#[test]
fn changes_go_one_by_one_and_documents_as_one_entry() {
    let mut host = host(6);
    let mut four = document(4);
    let mut wire = Wire::to(&host);
    let heads = four.document().get_heads();
    let few = wire.say(message(&heads, &[]));
    assert_eq!(few[0].data[0], 0x42);
    assert_eq!(only(few).changes.len(), 2);

    host.snapshot();
    let mut wire = Wire::to(&host);
    let whole = wire.say_bytes("request", &message(&[], &[]).encode());
    assert_eq!(whole[0].data[0], 0x43);
    let whole = only(whole);
    assert_eq!(whole.changes.len(), 1);
    let loaded = automerge::Automerge::load(whole.changes.iter().next().unwrap()).unwrap();
    assert_eq!(loaded.get_heads(), host.doc.get_heads());
}

// Rule 3

#[test]
fn an_author_gets_an_acknowledgement_and_the_others_the_change_and_then_all_is_silent() {
    let mut world = two_in_step(3);
    world.clients[0].edit("a", 1);
    world.quiet();
    let heads = world.host.doc.get_heads();
    let ack = only(std::mem::take(&mut world.clients[0].received));
    assert!(ack.changes.is_empty() && ack.need.is_empty() && ack.heads == heads);
    exactly(&ack.have, &heads);
    let change = only(std::mem::take(&mut world.clients[1].received));
    assert_eq!(change.changes.len(), 1);
    exactly(&change.have, &heads);
    assert_eq!(world.quiet(), 0);
}

#[test]
fn an_author_gets_the_others_changes_of_the_batch_without_its_own() {
    let mut world = World::around(host(3), 3);
    world.quiet();
    for (at, client) in world.clients.iter_mut().enumerate() {
        client.received.clear();
        if at < 2 {
            client.edit("a", at as i64);
            client.say();
            client.serve(&world.host.room, Access::ReadWrite);
        }
    }
    // Both are on disk before anyone hears of either.
    for at in 0..2 {
        let (_, chunks) = world.clients[at].submitted.front().cloned().unwrap();
        let connection = world.clients[at].connection;
        assert_eq!(world.host.admit(&chunks, connection), Verdict::Kept);
    }
    for at in 0..3 {
        world.clients[at].advance(&world.host.room, Access::ReadWrite);
    }
    let counts = |client: &Client| Frame::read(client.down.front().unwrap()).sync().changes.len();
    assert_eq!(world.clients.iter().map(counts).collect::<Vec<_>>(), [1, 1, 2]);
    world.quiet();
    world.assert_equal();
}

#[test]
fn peers_in_step_share_one_encoding() {
    let mut host = host(3);
    let mut one = in_step(&host);
    let mut other = in_step(&host);
    let mut doc = document(3);
    doc.put(automerge::ROOT, "x", 1).unwrap();
    host.record(&[doc.get_last_local_change().unwrap()], None);
    let said = |wire: &mut Wire| match wire.session.advanced(DOCUMENT).remove(0) {
        Output::Send(frame) => frame,
        other => panic!("{other:?}"),
    };
    let (to_one, to_other) = (said(&mut one), said(&mut other));
    assert_eq!(to_one, to_other);
    assert_eq!(to_one.rest().as_ptr(), to_other.rest().as_ptr(), "the same bytes, not equal ones");
}

#[test]
fn an_acknowledgement_from_a_peer_in_step_is_not_answered() {
    let host = host(3);
    let mut wire = in_step(&host);
    let heads = host.doc.get_heads();
    assert_eq!(wire.say(message(&heads, &heads)).len(), 0);
}

/// A client whose heads moved on while our acknowledgement was under way says so without changes:
/// its changes came before. To answer that is how loops begin.
#[test]
fn heads_that_are_being_recorded_are_not_asked_for() {
    let mut host = host(3);
    let mut wire = in_step(&host);
    let mut doc = document(3);
    doc.put(automerge::ROOT, "x", 1).unwrap();
    let change = doc.get_last_local_change().unwrap();
    let heads = doc.get_heads();
    let brings = with_changes(message(&heads, &host.doc.get_heads()), vec![change.raw_bytes().to_vec()]);
    assert_eq!(wire.say(brings).len(), 0);
    assert_eq!(wire.say(message(&heads, &host.doc.get_heads())).len(), 0);
    let chunks = wire.submitted[0].1.clone();
    assert_eq!(host.admit(&chunks, ConnectionId(7)), Verdict::Kept);
    let ack = only(wire.submitted(Verdict::Kept));
    assert!(ack.heads == heads && ack.need.is_empty() && ack.changes.is_empty());
    assert_eq!(wire.advanced().len(), 0);
}

/// Nothing new was recorded, so no commit answers; without an answer the author waits for ever.
#[test]
fn changes_that_were_known_are_acknowledged() {
    let host = host(3);
    let mut wire = in_step(&host);
    let heads = host.doc.get_heads();
    let again = host.doc.get_changes(&[])[2].raw_bytes().to_vec();
    assert_eq!(wire.say(with_changes(message(&heads, &heads), vec![again])).len(), 0);
    let ack = only(wire.submitted(Verdict::Kept));
    assert!(ack.changes.is_empty() && ack.heads == heads);
}

/// A change that comes while a message is being made must not wait for the next one.
#[test]
fn the_last_edit_before_a_silence_is_sent() {
    let mut host = host(3);
    let mut wire = in_step(&host);
    let mut doc = document(3);
    let mut sent = 0;
    for n in 0..4 {
        doc.put(automerge::ROOT, "x", n).unwrap();
        host.record(&[doc.get_last_local_change().unwrap()], None);
        if n != 1 {
            sent += only(wire.advanced()).changes.len();
        }
    }
    assert_eq!(sent, 4);
    assert_eq!(wire.advanced().len(), 0);
}

// Rule 4

#[test]
fn a_first_message_is_answered_with_exactly_what_is_lacking() {
    let host = host(40);
    let heads = host.doc.get_heads();
    for (has, lacks) in [(40, 0), (39, 1), (30, 10), (0, 40)] {
        let mut wire = Wire::to(&host);
        let answer = only(wire.say(message(&document(has).get_heads(), &[])));
        assert_eq!(answer.changes.len(), lacks);
        assert_eq!(answer.heads, heads);
        exactly(&answer.have, &heads);
    }
}

// Rule 5, 6

#[test]
fn unknown_heads_are_asked_for() {
    let host = host(5);
    let mut wire = Wire::to(&host);
    let mut doc = document(5);
    doc.put(automerge::ROOT, "x", 1).unwrap();
    let answer = only(wire.say(message(&doc.get_heads(), &host.doc.get_heads())));
    assert_eq!(answer.need, doc.get_heads());
    assert!(answer.changes.is_empty());
}

/// Two histories of which a filter hides parts: what it hid is sent once the heads are known, and the
/// peer never has to say that it does not know our last sync.
#[test]
fn what_a_filter_hid_is_sent_later() {
    let mut hidden = 0;
    for seed in 0..12u8 {
        let mut world = World::around(host(20), 1);
        world.quiet();
        world.clients[0].connect(50);
        world.clients[0].state = sync::State::new();
        // Offline, both sides write many changes; each at its own places, so that filters are long.
        for n in 0..150 {
            world.clients[0].edit(&format!("{seed}-{n}"), n);
        }
        let mut other = automerge::AutoCommit::load(&world.host.doc.save()).unwrap();
        other.set_actor(automerge::ActorId::from([200 + seed; 16]));
        let before = other.get_heads();
        for n in 0..150 {
            // Side by side, not one on the other: or a hidden one would come along with its dependants.
            let mut fork =
                other.fork_at(&before).unwrap().with_actor(automerge::ActorId::from([n as u8 + 1, seed]));
            fork.put(automerge::ROOT, format!("o{n}"), n).unwrap();
            world.host.record(&[fork.get_last_local_change().unwrap()], None);
        }
        let client = &mut world.clients[0];
        client.up.pop_back();
        client.say();
        client.received.clear();
        world.quiet();
        world.assert_equal();
        let client = &world.clients[0];
        let sent: Vec<usize> =
            client.received.iter().filter(|f| f.kind == "sync").map(|f| f.sync().changes.len()).collect();
        hidden += 150 - sent[0];
        assert_eq!(sent.iter().sum::<usize>(), 150, "each once: {sent:?}");
        assert!(sent.len() <= 4, "{sent:?}");
    }
    assert!(hidden > 0, "no filter hid anything: the test shows nothing");
}

/// While nobody knows what the peer has, its last sync may name only what it told of.
#[test]
fn out_of_step_only_common_changes_are_named() {
    let mut host = host(200);
    let mut wire = Wire::to(&host);
    // It says that it may have all of ours, and has something of its own.
    let mut theirs = document(100);
    theirs.put(automerge::ROOT, "x", 1).unwrap();
    let all: Vec<_> = host.doc.get_changes(&[]).iter().map(|change| change.hash()).collect();
    let mut first = message(&theirs.get_heads(), &[]);
    first.have[0].bloom = sync::BloomFilter::from_hashes(all.iter());
    let answer = only(wire.say(first));
    assert!(answer.changes.is_empty());
    assert_eq!(answer.have[0].last_sync, []);
    assert!(all.iter().all(|hash| answer.have[0].bloom.contains_hash(hash)));

    // Others write on. That goes out, with the same care.
    let mut doc = document(200);
    doc.put(automerge::ROOT, "y", 1).unwrap();
    host.record(&[doc.get_last_local_change().unwrap()], None);
    let next = only(wire.advanced());
    assert_eq!(next.changes.len(), 1);
    assert_eq!(next.have[0].last_sync, []);
}

// Rule 7

#[test]
fn a_last_sync_that_was_lost_here_is_declared_void_once() {
    let host = Host::new();
    let mut wire = Wire::to(&host);
    let heads = document(3).get_heads();
    let reset = only(wire.say(message(&heads, &heads)));
    exactly(&reset.have, &[]);
    assert!(reset.heads.is_empty() && reset.need.is_empty());
}

#[test]
fn an_emptied_server_is_filled_by_its_clients() {
    let mut world = two_in_step(30);
    world.clients[0].edit("a", 1);
    world.quiet();
    world.host = Host::new();
    for (at, client) in world.clients.iter_mut().enumerate() {
        client.connect(20 + at as u64);
    }
    world.quiet();
    world.assert_equal();
    assert_eq!(world.host.room.lock().len(), 31);
}

#[test]
fn a_client_that_is_ahead_after_a_restart_brings_the_rest() {
    let mut world = two_in_step(30);
    for n in 0..5 {
        world.clients[0].edit("a", n);
        world.quiet();
    }
    world.host.cut_back(32);
    for (at, client) in world.clients.iter_mut().enumerate() {
        client.connect(20 + at as u64);
        client.edit("b", at as i64);
    }
    world.quiet();
    world.assert_equal();
    assert_eq!(world.host.room.lock().len(), 37);
}

// Rule 8

#[test]
fn a_peer_that_lost_all_gets_all_again() {
    let host = host(9);
    let mut wire = in_step(&host);
    assert_eq!(only(wire.say(message(&[], &[]))).changes.len(), 9);
}

#[test]
fn a_void_summary_is_answered_like_a_first_message() {
    let host = host(9);
    let mut wire = in_step(&host);
    let heads = document(4).get_heads();
    assert_eq!(only(wire.say(message(&heads, &[]))).changes.len(), 5);
}

#[test]
fn sync_reset_is_answered_like_a_first_message() {
    let host = host(9);
    let mut wire = in_step(&host);
    let mut reset = message(&document(4).get_heads(), &host.doc.get_heads());
    reset.flags = flags(sync::MessageFlags::SYNC_RESET);
    assert_eq!(only(wire.say(reset)).changes.len(), 5);
}

/// Whatever a peer repeats, it is not answered for ever.
#[test]
fn a_peer_that_repeats_itself_is_left_be() {
    let host = host(9);
    for repeated in [
        message(&[], &[]),
        message(&document(4).get_heads(), &[]),
        message(&[automerge::ChangeHash([1; 32])], &host.doc.get_heads()),
        message(&[automerge::ChangeHash([1; 32])], &[automerge::ChangeHash([2; 32])]),
    ] {
        let mut wire = in_step(&host);
        let answers: usize = (0..20).map(|_| wire.say(repeated.clone()).len()).sum();
        assert!((1..=usize::from(limits::ASKS)).contains(&answers), "{answers} answers");
    }
}

/// The peer believes that it has sent what is asked for, so asking again does not help: the second time
/// it is told to forget what it sent.
#[test]
fn asked_in_vain_the_peer_is_reset() {
    let host = host(3);
    let mut wire = in_step(&host);
    let ahead = message(&[automerge::ChangeHash([1; 32])], &host.doc.get_heads());
    let first = only(wire.say(ahead.clone()));
    assert!(!first.flags.unwrap().contains(sync::MessageFlags::SYNC_RESET));
    let second = only(wire.say(ahead));
    assert!(second.flags.unwrap().contains(sync::MessageFlags::SYNC_RESET));
}

// Rule 9

#[test]
fn much_goes_as_a_document_and_little_as_changes() {
    let mut host = host(90);
    host.snapshot();
    let mut doc = document(90);
    doc.put(automerge::ROOT, "x", 1).unwrap();
    host.record(&[doc.get_last_local_change().unwrap()], None);
    for (has, first_byte) in [(91, 0x42), (80, 0x42), (70, 0x42), (50, 0x43), (0, 0x43)] {
        let theirs = if has == 91 { host.doc.get_heads() } else { document(has).get_heads() };
        let frames = Wire::to(&host).say(message(&theirs, &[]));
        assert_eq!(frames[0].data[0], first_byte, "to a peer with {has}");
        let mut theirs = if has == 91 { host.doc.clone() } else { document(has).document().clone() };
        for chunk in only(frames).changes.iter() {
            theirs.load_incremental(chunk).unwrap();
        }
        assert_eq!(theirs.get_heads(), host.doc.get_heads());
    }
}

#[test]
fn changes_that_are_not_kept_raw_go_as_a_document() {
    let mut host = host(5_000);
    host.snapshot();
    let frames = Wire::to(&host).say(message(&document(3_900).get_heads(), &[]));
    assert_eq!(frames[0].data[0], 0x43, "1,100 of 5,000, of which 1,000 are kept raw");
}

// Missing dependencies

fn three_in_a_row() -> Vec<automerge::Change> {
    let mut doc = document(3);
    let before = doc.get_heads();
    for n in 0..3 {
        doc.put(automerge::ROOT, "x", n).unwrap();
        doc.commit();
    }
    doc.get_changes(&before)
}

#[test]
fn a_change_before_its_dependency_waits_and_the_dependency_is_asked_for() {
    let mut host = host(3);
    let mut wire = in_step(&host);
    let changes = three_in_a_row();
    let heads = [changes[2].hash()];
    let raw = |at: usize| changes[at].raw_bytes().to_vec();
    wire.say(with_changes(message(&heads, &host.doc.get_heads()), vec![raw(0), raw(2)]));
    let chunks = wire.submitted[0].1.clone();
    let verdict = host.admit(&chunks, ConnectionId(7));
    assert!(matches!(&verdict, Verdict::Missing { deps, chunks } if deps.len() == 1 && chunks.len() == 1));
    let frames = wire.submitted(verdict);
    let asks = frames.iter().map(Frame::sync).find(|message| !message.need.is_empty()).unwrap();
    assert_eq!(asks.need, [changes[1].hash()]);
    assert!(asks.have.is_empty(), "a summary would call for all else");

    wire.say(with_changes(message(&heads, &host.doc.get_heads()), vec![raw(1)]));
    let chunks = wire.submitted[0].1.clone();
    assert_eq!(chunks.len(), 2, "the orphan goes along");
    let verdict = host.admit(&chunks, ConnectionId(7));
    assert_eq!(verdict, Verdict::Kept);
    let ack = wire.submitted(verdict).last().unwrap().sync();
    assert_eq!(ack.heads, heads);
    assert!(!ack.have.is_empty(), "or the peer would send nothing from here on");
}

#[test]
fn an_orphan_is_tried_again_when_another_brings_its_dependency() {
    let mut host = host(3);
    let mut wire = in_step(&host);
    let changes = three_in_a_row();
    let brings = message(&[changes[1].hash()], &host.doc.get_heads());
    wire.say(with_changes(brings, vec![changes[1].raw_bytes().to_vec()]));
    let chunks = wire.submitted[0].1.clone();
    let verdict = host.admit(&chunks, ConnectionId(7));
    wire.submitted(verdict);
    host.record(&changes[..1], Some(ConnectionId(8)));
    wire.advanced();
    assert_eq!(wire.submitted.len(), 1);
}

#[test]
fn too_many_orphans_are_dropped_and_the_peer_begins_anew() {
    let host = host(3);
    let mut wire = in_step(&host);
    let change = three_in_a_row()[2].raw_bytes().to_vec();
    wire.say(with_changes(message(&host.doc.get_heads(), &[]), vec![change]));
    let chunks = vec![Bytes::from(vec![0; limits::ORPHAN_BYTES + 1])];
    let frames = wire.submitted(Verdict::Missing { deps: vec![ChangeHash([1; 32])], chunks });
    assert!(frames[0].sync().flags.unwrap().contains(sync::MessageFlags::SYNC_RESET));
}

// Reading only

#[test]
fn refused_edits_stay_with_the_client_and_come_when_it_may_write() {
    let mut world = two_in_step(3);
    world.clients[0].edit("before", 1);
    world.quiet();
    world.set_access(Access::ReadOnly);
    world.quiet();
    for n in 0..5 {
        world.clients[0].edit("frozen", n);
        // Each costs at most a message up and one down.
        assert!(world.quiet() <= 2);
    }
    assert_eq!(world.host.room.lock().len(), 4);
    assert!(world.clients[0].state.is_peer_read_only());
    // It still receives.
    let mut own = automerge::AutoCommit::load(&world.host.doc.save()).unwrap();
    own.put(automerge::ROOT, "server", 1).unwrap();
    world.host.record(&[own.get_last_local_change().unwrap()], None);
    world.quiet();
    assert!(world.clients[0].doc.get(automerge::ROOT, "server").unwrap().is_some());
    assert_eq!(world.quiet(), 0);

    world.set_access(Access::ReadWrite);
    world.quiet();
    world.assert_equal();
    assert_eq!(world.host.room.lock().len(), 10);
}

/// The freeze is recorded while an edit is on its way: the engine refuses what the session let through.
#[test]
fn an_edit_that_the_engine_refuses_makes_the_connection_read_only() {
    let mut world = two_in_step(3);
    world.clients[0].edit("a", 1);
    world.clients[0].say();
    world.clients[0].serve(&world.host.room, Access::ReadWrite);
    world.clients[0].commit(&mut world.host, Access::ReadOnly);
    world.clients[0].hear();
    assert!(world.clients[0].state.is_peer_read_only());
    assert!(world.quiet() <= 2);
    assert_eq!(world.host.room.lock().len(), 3);
    // The host repeats what it said before: that is no reason to call for the same edit again.
    world.set_access(Access::ReadWrite);
    assert_eq!(world.quiet(), 0);
    world.set_access(Access::ReadOnly);
    world.set_access(Access::ReadWrite);
    world.quiet();
    world.assert_equal();
    assert_eq!(world.host.room.lock().len(), 4);
}

#[test]
fn a_reader_with_edits_of_its_own_is_served_without_filters() {
    let mut host = host(30);
    let mut wire = Wire::with(&host, Access::ReadOnly);
    let mut theirs = document(20);
    theirs.put(automerge::ROOT, "x", 1).unwrap();
    let answer = only(wire.say(message(&theirs.get_heads(), &document(20).get_heads())));
    assert_eq!(answer.changes.len(), 10);
    assert!(answer.need.is_empty());
    exactly(&answer.have, &host.doc.get_heads());
    assert!(answer.flags.unwrap().contains(sync::MessageFlags::READ_ONLY));
    assert_eq!(wire.say(message(&theirs.get_heads(), &host.doc.get_heads())).len(), 0);
    let mut doc = document(30);
    doc.put(automerge::ROOT, "y", 1).unwrap();
    host.record(&[doc.get_last_local_change().unwrap()], None);
    let next = only(wire.advanced());
    assert!(
        next.flags.unwrap().contains(sync::MessageFlags::READ_ONLY),
        "or the client would take it as lifted"
    );
}

/// A client before SYNC_RESET: told that we have lost everything, it sends all it has.
#[test]
fn access_returns_to_a_client_that_knows_no_reset() {
    let host = host(3);
    let mut wire = Wire::with(&host, Access::ReadOnly);
    let mut old = message(&host.doc.get_heads(), &[]);
    old.flags = flags(0);
    wire.say(old);
    let anew = only(wire.access(Access::ReadWrite));
    assert!(anew.heads.is_empty());
    assert!(!anew.flags.unwrap().contains(sync::MessageFlags::SYNC_RESET));
    assert!(wire.access(Access::ReadWrite).is_empty(), "the same twice");
}

/// A peer that takes no changes is sent none, and gets them when it takes them again.
#[test]
fn a_peer_that_only_reads_its_own_side_is_not_sent_changes() {
    let host = host(30);
    let mut wire = Wire::to(&host);
    let mut first = message(&document(20).get_heads(), &[]);
    first.flags = flags(sync::MessageFlags::READ_ONLY);
    assert!(only(wire.say(first.clone())).changes.is_empty());
    assert_eq!(wire.advanced().len(), 0);
    first.flags = flags(sync::MessageFlags::SUPPORTS_SYNC_RESET);
    assert_eq!(only(wire.say(first)).changes.len(), 10);
}

// Old peers

fn without_flags(message: sync::Message) -> Vec<u8> {
    let mut bytes = message.encode();
    bytes.truncate(bytes.len() - 3);
    bytes
}

#[test]
fn a_peer_of_the_first_version_gets_single_changes() {
    let mut host = host(900);
    host.snapshot();
    let mut wire = Wire::to(&host);
    let first = without_flags(message(&[], &[]));
    assert!(sync::Message::decode(&first).unwrap().flags.is_none());
    let answer = wire.say_bytes("request", &first);
    assert_eq!(answer[0].data[0], 0x42);
    assert_eq!(only(answer).changes.len(), 900);
}

#[test]
fn a_peer_of_the_first_version_is_told_when_that_is_not_possible() {
    let mut host = host(1_500);
    host.snapshot();
    let mut session = session(7);
    session.frame(join_frame("peer"));
    session.frame(sync_frame("request", "peer", DOCUMENT, &without_flags(message(&[], &[]))));
    let outputs = session.opened(DOCUMENT, host.room.clone(), Access::ReadWrite);
    assert!(matches!(outputs.last(), Some(Output::Close { .. })), "{outputs:?}");
    let Output::Send(error) = &outputs[outputs.len() - 2] else { panic!("{outputs:?}") };
    assert_eq!(Frame::read(&error.to_bytes()).kind, "error");
}

fn greeting(host: &Host) -> Greeting {
    let heads = host.room.lock().history().heads();
    Greeting { heads, len: host.room.lock().len(), chunks: vec![host.doc.save().into()] }
}

#[test]
fn who_has_nothing_is_served_before_the_document_is_open_and_goes_on_from_there() {
    let mut host = host(30);
    let mut client = Client::new(1);
    let mut newcomer = session(1);
    newcomer.frame(client.up.pop_front().unwrap());
    let asked = newcomer.frame(client.up.pop_front().unwrap());
    assert_eq!(asked, [Output::Open { document: DOCUMENT }]);
    assert!(newcomer.calls_for_all(DOCUMENT));
    let greeted = newcomer.greet(DOCUMENT, &greeting(&host), Access::ReadWrite);
    assert!(!newcomer.calls_for_all(DOCUMENT), "once");
    client.session = newcomer;
    client.act(greeted, &host.room.clone(), Access::ReadWrite);
    client.hear();
    assert_eq!(client.doc.get_heads(), host.doc.get_heads());
    // Meanwhile somebody types, and the newcomer says that it has the document.
    let mut doc = document(30);
    doc.put(automerge::ROOT, "meanwhile", 1).unwrap();
    host.record(&[doc.get_last_local_change().unwrap()], None);
    client.serve(&host.room, Access::ReadWrite);
    let opened = client.session.opened(DOCUMENT, host.room.clone(), Access::ReadWrite);
    client.act(opened, &host.room.clone(), Access::ReadWrite);
    client.hear();
    assert_eq!(client.doc.get_heads(), host.doc.get_heads());
    let mut world = World { host, clients: vec![client], access: Access::ReadWrite };
    world.quiet();
    world.assert_in_step("after", 2);
}

#[test]
fn who_has_something_or_reads_no_documents_waits_for_the_history() {
    let host = host(3);
    let heads = host.doc.get_heads();
    let asks: [Vec<u8>; 3] = [
        message(&heads, &heads).encode(),
        without_flags(message(&[], &[])),
        sync::Message { flags: flags(2), ..message(&[], &[]) }.encode(),
    ];
    for ask in asks {
        let mut session = session(7);
        session.frame(join_frame("peer"));
        session.frame(sync_frame("request", "peer", DOCUMENT, &ask));
        assert!(!session.calls_for_all(DOCUMENT));
        assert_eq!(session.greet(DOCUMENT, &greeting(&host), Access::ReadWrite), []);
    }
}

#[test]
fn a_reader_is_greeted_as_one() {
    let host = host(3);
    let mut session = session(7);
    session.frame(join_frame("peer"));
    session.frame(sync_frame("request", "peer", DOCUMENT, &message(&[], &[]).encode()));
    let [Output::Send(frame)] = &session.greet(DOCUMENT, &greeting(&host), Access::ReadOnly)[..] else {
        panic!("one frame")
    };
    let said = Frame::read(&frame.to_bytes()).sync();
    assert!(said.flags.unwrap().contains(sync::MessageFlags::READ_ONLY));
    assert_eq!(session.opened(DOCUMENT, host.room.clone(), Access::ReadOnly), [], "nothing is left to say");
}

/// An import beside other heads: as long as no snapshot holds it, its changes go one by one.
#[test]
fn an_import_stays_within_reach_until_a_snapshot_covers_it() {
    let mut host = host(1_200);
    host.snapshot();
    let early = host.doc.save();
    let mut other = document(1_200).with_actor(automerge::ActorId::from([77; 16]));
    for n in 0..2_500 {
        other.put(automerge::ROOT, "imported", n).unwrap();
        other.commit();
    }
    let mut own = document(1_200).with_actor(automerge::ActorId::from([78; 16]));
    own.put(automerge::ROOT, "beside", 1).unwrap();
    host.record(&[own.get_last_local_change().unwrap()], None);
    let before = host.doc.get_heads();
    let imported = other.document().get_changes(&Automerge::load(&early).unwrap().get_heads());
    host.record(&imported, None);
    assert_eq!(host.doc.get_heads().len(), 2, "the import stands beside the other");
    // A snapshot that was begun before it comes late: it lets go of nothing that it does not hold.
    host.room.lock().set_snapshot(Snapshot { bytes: early.into(), len: 1_200 });
    let mut world = World::around(host, 2);
    let mut lagging = automerge::AutoCommit::load(&world.host.doc.fork_at(&before).unwrap().save()).unwrap();
    lagging.set_actor(automerge::ActorId::from([79; 16]));
    world.clients[1].doc = lagging;
    world.quiet();
    world.assert_equal();
    world.host.snapshot();
    world.clients.push(Client::new(9));
    world.quiet();
    world.assert_equal();
}

/// A stock client whose heads moved on while its acknowledgement was under way says so in an empty message.
#[test]
fn the_empty_message_of_a_client_that_has_moved_on_is_not_answered() {
    let host = host(3);
    let mut wire = in_step(&host);
    let mut ahead = document(3);
    ahead.put(automerge::ROOT, "x", 1).unwrap();
    let change = ahead.get_last_local_change().unwrap();
    let heads = host.doc.get_heads();
    // Its change comes, and while that is being recorded, news of its heads without any change.
    let brought = with_changes(message(&[change.hash()], &heads), vec![change.raw_bytes().to_vec()]);
    assert!(wire.say(brought).is_empty());
    assert!(wire.say(message(&[change.hash()], &heads)).is_empty(), "it is not asked for what is on its way");
}
