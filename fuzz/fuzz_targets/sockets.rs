//! WebSocket frames: whatever comes, in whatever pieces, the same is heard, and never more than is taken.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::http::socket::frame::{Broken, Heard, Reader};

const MOST: usize = 4_096;

fn heard(pieces: &[&[u8]]) -> (Vec<Heard>, Result<(), Broken>) {
    let mut reader = Reader::new(MOST);
    let mut heard = Vec::new();
    for piece in pieces {
        if let Err(broken) = reader.take(piece, &mut heard) {
            return (heard, Err(broken));
        }
    }
    (heard, Ok(()))
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, bytes)) = data.split_first() else { return };
    let whole = heard(&[bytes]);
    let (first, second) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(whole, heard(&[first, second]), "cut at {cut}");
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, heard(&single), "byte by byte");
    for heard in whole.0 {
        let (Heard::Message(bytes) | Heard::Ping(bytes)) = heard else { continue };
        assert!(bytes.len() <= MOST, "more than is taken");
    }
});
