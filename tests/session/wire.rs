//! The frames: what clients send in fact, and what they never should.

use std::time::{Duration, Instant};

use bytes::Bytes;
use minicbor::Encoder;
use proptest::prelude::*;
use quorate::{
    domain::{DocumentId, limits},
    session::{Access, Output, Presence, Session},
};

use super::world::{DOCUMENT, Frame, Host, World, join_frame, session, sync_frame};

pub(super) fn joined() -> Session {
    let mut session = session(7);
    session.frame(join_frame("peer"));
    session
}

/// The reason that a peer hears, when its frame ends the connection.
pub(super) fn refused(outputs: &[Output]) -> String {
    let [Output::Count(_), Output::Send(error), Output::Close { reason, .. }] = outputs else {
        panic!("an error frame, then the end: {outputs:?}");
    };
    let error = Frame::read(&error.to_bytes());
    assert_eq!(error.kind, "error");
    assert_eq!(&error.message, reason);
    reason.clone()
}

fn text_map(pairs: &[(&str, &str)]) -> Bytes {
    let mut to = Encoder::new(Vec::new());
    to.map(pairs.len() as u64).unwrap();
    for (key, value) in pairs {
        to.str(key).unwrap().str(value).unwrap();
    }
    to.into_writer().into()
}

/// An empty first message: no heads, no needs, one empty summary, no changes, flags.
const REQUEST: &[u8] = &[0x42, 0, 0, 1, 0, 0, 0, 2, 2, 0x84];

// Joining

#[test]
fn join_is_answered_with_the_storage_id() {
    let outputs = session(7).frame(join_frame("a client"));
    let [Output::Send(peer), Output::Joined { peer: name }] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(&**name, "a client");
    let mut expected = Encoder::new(Vec::new());
    expected.map(5).unwrap().str("type").unwrap().str("peer").unwrap();
    expected
        .str("senderId")
        .unwrap()
        .str("server")
        .unwrap()
        .str("targetId")
        .unwrap()
        .str("a client")
        .unwrap();
    expected.str("selectedProtocolVersion").unwrap().str("1").unwrap().str("peerMetadata").unwrap();
    expected.map(2).unwrap().str("storageId").unwrap().str("storage-of-the-server").unwrap();
    expected.str("isEphemeral").unwrap().bool(false).unwrap();
    assert_eq!(peer.to_bytes(), expected.into_writer());
}

/// As automerge-repo-swift sends it: one text instead of a list, and metadata with a storage id.
#[test]
fn versions_may_be_one_text() {
    let mut to = Encoder::new(Vec::new());
    to.map(4).unwrap().str("type").unwrap().str("join").unwrap();
    to.str("senderId").unwrap().str("0C6AF0C1-52C2-4A3A-9C3B-3A1B0C7B1F11").unwrap();
    to.str("peerMetadata").unwrap().map(2).unwrap();
    to.str("storageId").unwrap().str("C0FFEE00-0000-4000-8000-000000000000").unwrap();
    to.str("isEphemeral").unwrap().bool(false).unwrap();
    to.str("supportedProtocolVersions").unwrap().str("1").unwrap();
    let outputs = session(7).frame(to.into_writer().into());
    assert!(matches!(outputs.as_slice(), [Output::Send(_), Output::Joined { .. }]), "{outputs:?}");
}

#[test]
fn a_join_without_versions_means_the_first() {
    let outputs = session(7).frame(text_map(&[("type", "join"), ("senderId", "peer")]));
    assert!(matches!(outputs.as_slice(), [Output::Send(_), Output::Joined { .. }]), "{outputs:?}");
}

#[test]
fn another_version_is_refused() {
    let join = [("type", "join"), ("senderId", "peer"), ("supportedProtocolVersions", "2")];
    assert!(refused(&session(7).frame(text_map(&join))).contains("unsupported protocol version"));
}

#[test]
fn join_comes_first_and_once() {
    assert!(refused(&session(7).frame(sync_frame("sync", "peer", DOCUMENT, REQUEST))).contains("join"));
    assert!(refused(&joined().frame(join_frame("peer"))).contains("joined already"));
}

#[test]
fn a_peer_that_leaves_is_closed_without_an_error() {
    let outputs = joined().frame(text_map(&[("type", "leave"), ("senderId", "peer")]));
    assert!(matches!(outputs.as_slice(), [Output::Close { code: 1000, .. }]), "{outputs:?}");
}

#[test]
fn after_the_end_nothing_happens() {
    let mut session = joined();
    refused(&session.frame(join_frame("peer")));
    assert!(session.frame(sync_frame("request", "peer", DOCUMENT, REQUEST)).is_empty());
}

// Forms

#[test]
fn a_document_id_may_be_text_or_bytes_and_data_may_be_tagged() {
    let frames: [fn(&mut Encoder<Vec<u8>>); 3] = [
        |to| {
            to.str(&DOCUMENT.to_string()).unwrap();
        },
        |to| {
            to.str(&DOCUMENT.url()).unwrap();
        },
        |to| {
            to.bytes(&DOCUMENT.0).unwrap();
        },
    ];
    for write_id in frames {
        let mut to = Encoder::new(Vec::new());
        to.map(4).unwrap().str("type").unwrap().str("request").unwrap();
        to.str("senderId").unwrap().str("peer").unwrap().str("documentId").unwrap();
        write_id(&mut to);
        to.str("data").unwrap().tag(minicbor::data::Tag::new(64)).unwrap().bytes(REQUEST).unwrap();
        let outputs = joined().frame(to.into_writer().into());
        assert_eq!(outputs, [Output::Open { document: DOCUMENT }]);
    }
}

#[test]
fn unknown_keys_undefined_and_endless_maps_are_read_over() {
    let mut to = Encoder::new(Vec::new());
    to.begin_map().unwrap();
    to.str("later")
        .unwrap()
        .begin_array()
        .unwrap()
        .map(1)
        .unwrap()
        .u8(1)
        .unwrap()
        .null()
        .unwrap()
        .end()
        .unwrap();
    to.str("type").unwrap().str("request").unwrap().str("senderId").unwrap().str("peer").unwrap();
    to.str("count").unwrap().undefined().unwrap().str("sessionId").unwrap().null().unwrap();
    to.u8(7).unwrap().str("a key that is no text").unwrap();
    to.str("documentId")
        .unwrap()
        .str(&DOCUMENT.to_string())
        .unwrap()
        .str("data")
        .unwrap()
        .bytes(REQUEST)
        .unwrap();
    to.end().unwrap();
    assert_eq!(joined().frame(to.into_writer().into()), [Output::Open { document: DOCUMENT }]);
}

#[test]
fn other_kinds_of_message_are_no_error() {
    let mut session = joined();
    for kind in
        ["remote-subscription-change", "remote-heads-changed", "doc-unavailable", "error", "of tomorrow"]
    {
        assert_eq!(session.frame(text_map(&[("type", kind), ("senderId", "peer")])), []);
    }
}

#[test]
fn a_sender_other_than_the_joined_one_is_refused() {
    assert!(refused(&joined().frame(sync_frame("sync", "someone", DOCUMENT, REQUEST))).contains("senderId"));
}

// Limits

#[test]
fn what_cannot_be_read_is_refused_with_a_reason() {
    let deep: Vec<u8> = [vec![0xa1, 0x61, b'x'], vec![0x81; 1_000_000]].concat();
    let huge_map = [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].to_vec();
    let cases: [(Vec<u8>, &str); 9] = [
        (vec![], "cannot be read"),
        (b"hello".to_vec(), "cannot be read"),
        (huge_map, "cannot be read"),
        (deep, "levels"),
        (text_map(&[("senderId", "peer")]).to_vec(), "\"type\" is missing"),
        (
            text_map(&[("type", "sync"), ("senderId", "peer"), ("documentId", "nonsense")]).to_vec(),
            "document id",
        ),
        (text_map(&[("type", &"x".repeat(limits::NAME_BYTES + 1))]).to_vec(), "longer than"),
        (sync_frame("sync", "peer", DOCUMENT, b"\x41").to_vec(), "first byte"),
        (
            sync_frame("sync", "peer", DOCUMENT, &[0x42, 0, 0, 1, 0, 3, 1, 0, 7, 0]).to_vec(),
            "impossible parameters",
        ),
    ];
    for (bytes, reason) in cases {
        let said = refused(&joined().frame(bytes.into()));
        assert!(said.contains(reason), "{said:?} should speak of {reason:?}");
    }
}

#[test]
fn an_oversized_frame_is_refused_before_it_is_read() {
    let outputs = joined().frame(vec![0; limits::FRAME_BYTES + 1].into());
    assert!(refused(&outputs).contains("at most"));
    assert!(matches!(outputs.last(), Some(Output::Close { code: 1009, .. })));
}

#[test]
fn documents_are_counted() {
    let mut session = joined();
    for n in 0..limits::DOCUMENTS_PER_CONNECTION {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        assert_eq!(session.frame(sync_frame("request", "peer", DocumentId(id), REQUEST)).len(), 1);
    }
    refused(&session.frame(sync_frame("request", "peer", DOCUMENT, REQUEST)));
}

/// A number as the protocol writes it.
pub(super) fn number(number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut left = number;
    while left >= 0x80 {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
    out
}

/// Behind its length, as the protocol writes byte strings.
pub(super) fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&number(bytes.len()), bytes].concat()
}

/// A first message with one chunk of so many bytes.
pub(super) fn bringing(bytes: usize) -> Vec<u8> {
    let chunk = [&[0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1][..], &with_length(&vec![0; bytes])].concat();
    [&[0x42, 0, 0, 1, 0, 0, 1][..], &with_length(&chunk), &[2, 2, 0x84]].concat()
}

#[test]
fn what_waits_for_documents_that_are_not_open_is_bounded_over_all_of_them() {
    let mut session = joined();
    let part = limits::WAITING_BYTES / 3 + 1;
    let say = |document: u8| sync_frame("sync", "peer", DocumentId([document; 16]), &bringing(part));
    assert_eq!(session.frame(say(1)), [Output::Open { document: DocumentId([1; 16]) }]);
    assert_eq!(session.frame(say(2)), [Output::Open { document: DocumentId([2; 16]) }]);
    let outputs = session.frame(say(3));
    assert!(refused(&outputs).contains("not open"), "{outputs:?}");
    assert!(matches!(outputs.last(), Some(Output::Close { code: 1008, .. })), "{outputs:?}");

    // What has been opened waits no more.
    let mut session = joined();
    session.frame(say(1));
    session.frame(say(2));
    session.opened(DocumentId([1; 16]), Host::new().room, Access::ReadWrite);
    assert_eq!(session.frame(say(3)), [Output::Open { document: DocumentId([3; 16]) }]);
}

// A document that is not there

/// Asks for the document, which the host does not find.
fn unavailable(now: Instant) -> (Session, Instant) {
    let mut session = joined();
    assert_eq!(
        session.frame(sync_frame("request", "peer", DOCUMENT, REQUEST)),
        [Output::Open { document: DOCUMENT }]
    );
    let outputs = session.unavailable(DOCUMENT, now);
    let [Output::WaitUntil(at)] = outputs[..] else { panic!("{outputs:?}") };
    (session, at)
}

#[test]
fn unavailable_is_said_after_a_while_and_has_no_data() {
    let now = Instant::now();
    let (mut session, at) = unavailable(now);
    assert_eq!(at, now + limits::UNAVAILABLE_AFTER);
    assert_eq!(session.tick(at - Duration::from_millis(1)), [Output::WaitUntil(at)]);
    let outputs = session.tick(at);
    let [Output::Send(frame)] = outputs.as_slice() else { panic!("{outputs:?}") };
    let frame = Frame::read(&frame.to_bytes());
    assert_eq!(frame.kind, "doc-unavailable");
    assert_eq!(frame.keys, ["type", "senderId", "targetId", "documentId"]);
    assert_eq!(session.tick(at), [], "said once");
}

#[test]
fn a_document_that_comes_while_it_is_awaited_is_served() {
    let (mut session, at) = unavailable(Instant::now());
    let outputs = session.opened(DOCUMENT, Host::new().room, Access::ReadWrite);
    assert!(matches!(outputs.as_slice(), [Output::Send(_)]), "{outputs:?}");
    assert_eq!(session.tick(at), []);
}

#[test]
fn a_document_that_comes_too_late_is_served_all_the_same() {
    let (mut session, at) = unavailable(Instant::now());
    session.tick(at);
    let outputs = session.opened(DOCUMENT, Host::new().room, Access::ReadWrite);
    assert!(matches!(outputs.as_slice(), [Output::Send(_)]), "{outputs:?}");
}

#[test]
fn whoever_asks_again_is_answered_again() {
    let (mut session, at) = unavailable(Instant::now());
    session.tick(at);
    let outputs = session.frame(sync_frame("request", "peer", DOCUMENT, REQUEST));
    assert_eq!(outputs, [Output::Open { document: DOCUMENT }]);
    session.unavailable(DOCUMENT, at);
    assert_eq!(session.tick(at + Duration::from_secs(1)).len(), 1);
}

// Presence

pub(super) fn ephemeral_frame(sender: &str, count: impl FnOnce(&mut Encoder<Vec<u8>>), data: &[u8]) -> Bytes {
    let mut to = Encoder::new(Vec::new());
    to.map(7).unwrap().str("type").unwrap().str("ephemeral").unwrap();
    to.str("senderId").unwrap().str(sender).unwrap().str("targetId").unwrap().str("server").unwrap();
    to.str("count").unwrap();
    count(&mut to);
    to.str("sessionId").unwrap().str("a session").unwrap();
    to.str("documentId").unwrap().str(&DOCUMENT.to_string()).unwrap();
    to.str("data").unwrap().bytes(data).unwrap();
    to.into_writer().into()
}

pub(super) fn open(host: &Host) -> Session {
    let mut session = joined();
    session.frame(sync_frame("request", "peer", DOCUMENT, REQUEST));
    session.opened(DOCUMENT, host.room.clone(), Access::ReadOnly);
    session
}

pub(super) fn presence(outputs: &[Output]) -> Presence {
    let [Output::Ephemeral { document: DOCUMENT, presence }] = outputs else { panic!("{outputs:?}") };
    presence.clone()
}

#[test]
fn presence_goes_on_with_its_sender_and_number_also_from_a_reader() {
    let host = Host::new();
    let counts: [fn(&mut Encoder<Vec<u8>>); 2] = [
        |to| {
            to.u64(3).unwrap();
        },
        |to| {
            to.f64(3.0).unwrap();
        },
    ];
    for count in counts {
        let presence = presence(&open(&host).frame(ephemeral_frame("peer", count, b"here")));
        let mut other = session(8);
        other.frame(join_frame("other"));
        assert_eq!(other.ephemeral(DOCUMENT, &presence), [], "it has not opened the document");
        other.frame(sync_frame("request", "other", DOCUMENT, REQUEST));
        other.opened(DOCUMENT, host.room.clone(), Access::ReadOnly);
        let outputs = other.ephemeral(DOCUMENT, &presence);
        let [Output::Send(frame)] = outputs.as_slice() else { panic!("{outputs:?}") };
        let frame = Frame::read(&frame.to_bytes());
        assert_eq!(
            (frame.sender.as_str(), frame.target.as_str(), frame.data.as_slice()),
            ("peer", "other", &b"here"[..])
        );
        let keys = ["targetId", "type", "senderId", "documentId", "count", "sessionId", "data"];
        assert_eq!(frame.keys, keys);
    }
}

/// Stock clients send what they get from others back to where it came from.
#[test]
fn presence_of_another_is_dropped_without_a_fuss() {
    let outputs = open(&Host::new()).frame(ephemeral_frame(
        "someone",
        |to| {
            to.u64(3).unwrap();
        },
        b"here",
    ));
    assert_eq!(outputs, [Output::Count("sync.ephemeral_of_another")]);
}

// Hostile bytes

/// Frames of a real conversation.
fn conversation() -> Vec<Bytes> {
    let mut world = World::around(Host::new(), 2);
    let mut frames = Vec::new();
    for n in 0..4 {
        for client in &mut world.clients {
            client.edit("a", n);
            client.say();
        }
        frames.extend(world.clients[0].up.iter().cloned());
        world.quiet();
    }
    frames.push(ephemeral_frame(
        "client-0",
        |to| {
            to.f64(3.0).unwrap();
        },
        b"here",
    ));
    frames
}

/// Whatever comes, the session ends the connection or goes on.
fn feed(session: &mut Session, host: &Host, frame: Bytes) {
    for output in session.frame(frame) {
        if let Output::Open { document } = output {
            session.opened(document, host.room.clone(), Access::ReadWrite);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5)) {
        let host = Host::new();
        for frame in frames {
            feed(&mut joined(), &host, frame.into());
        }
    }

    #[test]
    fn random_messages_do_no_harm(message in prop::collection::vec(any::<u8>(), 0..200), kind in 0x42..0x44u8) {
        let host = Host::new();
        let data = [vec![kind], message].concat();
        feed(&mut joined(), &host, sync_frame("sync", "peer", DOCUMENT, &data));
    }

    #[test]
    fn mutated_frames_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        thread_local! { static FRAMES: Vec<Bytes> = conversation(); }
        let mut frames = FRAMES.with(Clone::clone);
        for (frame, at, byte, how) in changes {
            let frame = frame.get(&frames).clone();
            let mut bytes = frame.to_vec();
            let at = at.index(bytes.len() + 1);
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
            let place = frames.iter().position(|other| *other == frame).expect("it is one of them");
            frames[place] = bytes.into();
        }
        let host = Host::new();
        let mut session = session(7);
        for frame in frames {
            feed(&mut session, &host, frame);
        }
    }
}
