//! Writes the honest inputs from which fuzzing begins: `cargo run --example seeds` in `fuzz/`.

use std::fs;
use std::path::Path;

use automerge::sync::{State, SyncDoc as _};
use automerge::{Automerge, TextEncoding};
use bytes::Bytes;
use quorate::domain::DocumentId;

#[path = "../support.rs"]
mod support;

fn keep(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).expect("the corpus can be written");
    fs::write(folder.join(format!("seed-{name}")), bytes).expect("the corpus can be written");
}

/// What the `frames` and `messages` targets read: each piece behind its length.
fn pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, fate: Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend(u16::try_from(piece.len()).expect("a short piece").to_be_bytes());
        bytes.extend(fate);
        bytes.extend_from_slice(piece);
    }
    bytes
}

fn main() {
    let plan = support::plan();
    for (number, change) in plan.iter().enumerate() {
        keep("changes", &format!("change-{number}"), &[&[0][..], change].concat());
        // Behind magic, checksum, type and length.
        let body = 9 + change[9..].iter().position(|byte| byte & 0x80 == 0).expect("a length") + 1;
        keep("changes", &format!("body-{number}"), &[&[1][..], &change[body..]].concat());
        keep("events", &format!("change-{number}"), &[&[0, 0][..], change].concat());
    }
    let mut document = Automerge::new_with_encoding(TextEncoding::Utf16CodeUnit);
    for change in &plan {
        document.load_incremental(change).expect("an honest change");
    }
    keep("changes", "document", &[&[0][..], &document.save()].concat());

    let id = DocumentId([7; 16]).to_string();
    let nothing = Automerge::new().generate_sync_message(&mut State::new()).expect("the first message");
    let all = document.generate_sync_message(&mut State::new()).expect("the first message").encode();
    let nothing = nothing.encode();
    for fate in 0..8 {
        keep("messages", &format!("empty-{fate}"), &pieces([&nothing[..], &all], Some(fate)));
        keep("messages", &format!("full-{fate}"), &pieces([&all[..], &nothing, &all], Some(fate)));
    }
    let frames: Vec<Bytes> = vec![
        support::join(),
        support::frame("request", &id, &nothing),
        support::frame("sync", &id, &all),
        support::frame("ephemeral", &id, b"\xa0"),
    ];
    keep("frames", "talk", &pieces(frames.iter().map(|frame| &frame[..]), None));
    keep("frames", "join", &pieces([&frames[0][..]], None));

    for (name, first) in [("text", 0x81_u8), ("binary", 0x82), ("part", 0x02), ("close", 0x88), ("ping", 0x89)] {
        // Masked with nothing, so that the words can be seen.
        let frame = [&[first, 0x80 | 4, 0, 0, 0, 0][..], b"word"].concat();
        let after = [&[0x80, 0x80 | 4, 0, 0, 0, 0][..], b"rest"].concat();
        keep("sockets", name, &[&[3][..], &frame, &after].concat());
    }

    for (kind, payload) in [
        (2_u8, r#"{"person":"member-2","roles":["representative"]}"#),
        (3, r#"{"plan":"03030303-0303-0303-0303-030303030303","document":"x"}"#),
        (4, r#"{"plan":"03030303-0303-0303-0303-030303030303","title":"Plan"}"#),
        (5, r#"{"plan":"03030303-0303-0303-0303-030303030303","reason":"The board reads it."}"#),
        (10, r#"{"plan":"03030303-0303-0303-0303-030303030303","thread":"03030303-0303-0303-0303-030303030303"}"#),
    ] {
        keep("events", &format!("kind-{kind}"), &[&[kind][..], payload.as_bytes()].concat());
    }
}
