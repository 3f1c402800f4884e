//! Sync messages for a document that is open: whatever a peer says, what it hears can be read by the stock
//! decoder, and what it is told of is durable.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use parking_lot::Mutex;
use quorate::document;
use quorate::domain::DocumentId;
use quorate::session::{Access, Config, ConnectionId, Output, Session, Shared, Verdict};

#[path = "../support.rs"]
mod support;

const DOCUMENT: DocumentId = DocumentId([7; 16]);

/// A room with the changes of a small plan.
fn room() -> quorate::session::Room {
    let mut shared = Shared::new(DOCUMENT);
    for (position, change) in support::plan().iter().enumerate() {
        let change = document::scan(change).expect("an honest change");
        shared.publish(&change, position as u64 + 1, None).expect("they come in order");
    }
    Arc::new(Mutex::new(shared))
}

/// Messages in one input, each behind its length (two bytes, big endian) and one byte that says what becomes
/// of what it brings.
fn messages(mut data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let ([high, low, fate], rest) = data.split_first_chunk::<3>()?;
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (message, rest) = rest.split_at(length);
        data = rest;
        Some((*fate, message))
    })
}

fuzz_target!(|data: &[u8]| {
    let config =
        Config { peer: "server".into(), storage: "storage".into(), connection: ConnectionId(1) };
    let mut session = Session::new(config);
    session.frame(support::join());
    let room = room();
    let heads = room.lock().history().heads();
    let mut kind = "request";
    for (fate, message) in messages(data).take(32) {
        let mut outputs = session.frame(support::frame(kind, &DOCUMENT.to_string(), message));
        kind = "sync";
        // Bounded: a submission that is answered may bring what waited behind it.
        for _ in 0..64 {
            let mut next = Vec::new();
            for output in outputs {
                match output {
                    Output::Open { document } if document == DOCUMENT => {
                        let access = if fate & 4 == 0 { Access::ReadWrite } else { Access::ReadOnly };
                        next.extend(session.opened(document, room.clone(), access));
                    }
                    Output::Submit { document, ticket, chunks } => {
                        let verdict = match fate & 3 {
                            0 | 1 => Verdict::Kept,
                            2 => Verdict::Refused,
                            _ => Verdict::Missing { deps: Vec::new(), chunks },
                        };
                        next.extend(session.submitted(document, ticket, verdict));
                    }
                    Output::Send(frame) => hear(&frame.to_bytes(), &heads),
                    Output::Close { .. } => return,
                    _ => {}
                }
            }
            outputs = next;
            if outputs.is_empty() {
                break;
            }
        }
        assert!(outputs.is_empty(), "one message, and no end of answers");
    }
});

fn hear(frame: &Bytes, heads: &quorate::domain::Heads) {
    let Some(data) = support::sync_data(frame) else { return };
    let message = automerge::sync::Message::decode(data).expect("the stock decoder reads it");
    for head in &message.heads {
        assert!(heads.iter().any(|durable| durable.0 == head.0), "a head that is not durable");
    }
}
