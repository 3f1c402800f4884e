//! Whole frames, as they come out of a WebSocket: nothing stops the server, and a peer that was told that its
//! connection is over hears no more.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quorate::session::{Config, ConnectionId, Output, Session};

/// Frames in one input: each is its length (two bytes, big endian) and its bytes.
fn frames(mut data: &[u8]) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let (length, rest) = data.split_first_chunk::<2>()?;
        let (frame, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        data = rest;
        Some(Bytes::copy_from_slice(frame))
    })
}

fuzz_target!(|data: &[u8]| {
    let config =
        Config { peer: "server".into(), storage: "storage".into(), connection: ConnectionId(1) };
    let mut session = Session::new(config);
    let mut over = false;
    for frame in frames(data).take(64) {
        let outputs = session.frame(frame);
        assert!(!over || outputs.is_empty(), "a connection that is over goes on: {outputs:?}");
        over |= outputs.iter().any(|output| matches!(output, Output::Close { .. }));
        let end = outputs.iter().position(|output| matches!(output, Output::Close { .. }));
        assert!(end.is_none_or(|end| end + 1 == outputs.len()), "something follows a close: {outputs:?}");
    }
});
