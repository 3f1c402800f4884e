//! The bounds of the conversation: at each a frame is taken, one above it the connection ends and says why.

use minicbor::Encoder;
use quorate::{
    domain::limits,
    session::{Access, Output},
};

use super::wire::{bringing, ephemeral_frame, joined, number, open, presence, refused, with_length};
use super::world::{DOCUMENT, Host, join_frame, session, sync_frame};

/// A sync message with so many of each; the rest of it is empty.
#[derive(Default, Clone, Copy)]
struct Counts {
    heads: usize,
    needs: usize,
    haves: usize,
    last_sync: usize,
    /// Of the filter in each summary: bits for its one entry, and places a hash.
    filter: Option<(u8, u8)>,
    entries: usize,
    /// In each entry.
    chunks: usize,
}

impl Counts {
    fn message(self) -> Vec<u8> {
        let hashes = |count| [number(count), (0..count).flat_map(hash).collect()].concat();
        let filter = self.filter.map_or_else(Vec::new, |(bits, probes)| {
            [&[1, bits, probes][..], &vec![0; usize::from(bits).div_ceil(8)]].concat()
        });
        let have = [hashes(self.last_sync), with_length(&filter)].concat();
        // The shortest that has the form of a change.
        let chunk = [0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, 0];
        let entry = with_length(&chunk.repeat(self.chunks));
        [
            vec![0x42],
            hashes(self.heads),
            hashes(self.needs),
            number(self.haves),
            have.repeat(self.haves),
            number(self.entries),
            entry.repeat(self.entries),
            vec![2, 2, 0x84],
        ]
        .concat()
    }
}

fn hash(number: usize) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&(number as u64).to_be_bytes());
    hash
}

#[test]
fn each_bound_of_a_sync_message_is_met_and_named() {
    let none = Counts::default();
    let (bits, probes) = (limits::FILTER_BITS as u8, limits::FILTER_PROBES as u8);
    let list = limits::HASHES_PER_LIST;
    let with_filter = |bits, probes| Counts { haves: 1, filter: Some((bits, probes)), ..none };
    type Make<'a> = &'a dyn Fn(usize) -> Counts;
    let cases: [(&str, usize, Make<'_>); 8] = [
        ("too many hashes", list, &|heads| Counts { heads, ..none }),
        ("too many hashes", list, &|needs| Counts { needs, ..none }),
        ("too many hashes", list, &|last_sync| Counts { haves: 1, last_sync, ..none }),
        ("too many summaries", limits::HAVES_PER_MESSAGE, &|haves| Counts { haves, ..none }),
        ("too many changes", limits::CHUNKS_PER_MESSAGE, &|entries| Counts { entries, chunks: 1, ..none }),
        ("too many changes", limits::CHUNKS_PER_MESSAGE, &|chunks| Counts { entries: 1, chunks, ..none }),
        ("impossible parameters", bits.into(), &|bits| with_filter(bits as u8, probes)),
        ("impossible parameters", probes.into(), &|probes| with_filter(bits, probes as u8)),
    ];
    for (reason, limit, make) in cases {
        let say = |count| joined().frame(sync_frame("sync", "peer", DOCUMENT, &make(count).message()));
        assert_eq!(say(limit), [Output::Open { document: DOCUMENT }], "{limit}: {reason}");
        let said = refused(&say(limit + 1));
        assert!(said.contains(reason), "{limit}: {said:?} should speak of {reason:?}");
    }
}

#[test]
fn each_bound_of_a_frame_is_met_and_named() {
    let nested = |levels: usize| {
        let mut to = Encoder::new(Vec::new());
        to.map(3).unwrap().str("type").unwrap().str("of tomorrow").unwrap();
        to.str("senderId").unwrap().str("peer").unwrap().str("later").unwrap();
        for _ in 0..levels {
            to.array(1).unwrap();
        }
        to.u8(1).unwrap();
        joined().frame(to.into_writer().into())
    };
    assert_eq!(nested(limits::FRAME_DEPTH), []);
    assert!(refused(&nested(limits::FRAME_DEPTH + 1)).contains("levels"));

    let named = |bytes: usize| session(7).frame(join_frame(&"x".repeat(bytes)));
    let outputs = named(limits::NAME_BYTES);
    assert!(matches!(outputs.as_slice(), [Output::Send(_), Output::Joined { .. }]), "{outputs:?}");
    assert!(refused(&named(limits::NAME_BYTES + 1)).contains("longer than"));

    let here = |bytes: usize| {
        let count = |to: &mut Encoder<Vec<u8>>| {
            to.u64(3).unwrap();
        };
        open(&Host::new()).frame(ephemeral_frame("peer", count, &vec![0; bytes]))
    };
    presence(&here(limits::EPHEMERAL_BYTES));
    assert!(refused(&here(limits::EPHEMERAL_BYTES + 1)).contains("at most"));
}

/// Only the newest says what the peer has; what the others brought, it can send again.
#[test]
fn of_messages_that_wait_for_a_document_the_oldest_are_dropped() {
    let mut session = joined();
    for number in 0..limits::WAITING_MESSAGES {
        let outputs = session.frame(sync_frame("sync", "peer", DOCUMENT, &bringing(number)));
        assert_eq!(outputs.len(), usize::from(number == 0), "{outputs:?}");
    }
    let outputs = session.frame(sync_frame("sync", "peer", DOCUMENT, &bringing(limits::WAITING_MESSAGES)));
    assert_eq!(outputs, [Output::Count("sync.waiting_message_dropped")]);
    let brought = |output: &Output| match output {
        Output::Submit { chunks, .. } => Some(chunks[0].len()),
        _ => None,
    };
    let outputs = session.opened(DOCUMENT, Host::new().room, Access::ReadWrite);
    let brought: Vec<usize> = outputs.iter().filter_map(brought).collect();
    assert_eq!(brought.len(), limits::WAITING_MESSAGES);
    assert!(brought.is_sorted_by(|a, b| a < b), "in their order: {brought:?}");
    assert!(brought[0] > 10, "the first is the one that is gone");
}
