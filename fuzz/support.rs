//! What the targets share: a small honest plan, and frames around what a peer says.
#![allow(dead_code, reason = "each target uses a part")]

use std::sync::OnceLock;

use bytes::Bytes;
use quorate::document::{Attrs, Author, BlockType, Edit, Reading};
use quorate::domain::{ActorId, ProvisionId, SectionId};

/// The changes of a plan by two people, with a section, blocks and deleted words.
pub fn plan() -> Vec<Bytes> {
    static PLAN: OnceLock<Vec<Bytes>> = OnceLock::new();
    PLAN.get_or_init(written).clone()
}

fn written() -> Vec<Bytes> {
    let actor = |number| ActorId::new(&[number; 16]).expect("16 bytes");
    let section = SectionId::new("aims").expect("an id");
    let id = |id: &str| ProvisionId::new(id).expect("an id");
    let block = |after: Option<&str>, name: &str, kind, text: &str| Edit::AddBlock {
        section: section.clone(),
        after: after.map(str::to_owned),
        id: id(name),
        kind,
        attrs: Attrs::default(),
        text: text.into(),
    };
    let mut author = Author::new(Reading::default(), &actor(1));
    let mut changes = Vec::new();
    let mut write = |author: &mut Author, edits: &[Edit]| {
        let change = author.change(0, edits).expect("it can be written");
        changes.extend(change);
    };
    write(&mut author, &[Edit::CreatePlan { title: "Plan".into() }]);
    write(
        &mut author,
        &[Edit::AddSection {
            section: section.clone(),
            block: id("aims"),
            heading: "Aims".into(),
            parent: None,
            after: None,
        }],
    );
    write(&mut author, &[block(None, "p1", BlockType::Paragraph, "Equal treatment.")]);
    author.write_as(&actor(2));
    write(&mut author, &[block(Some("p1"), "p2", BlockType::UnorderedListItem, "For all.")]);
    let words = Edit::DeleteText { section: section.clone(), block: "p1".into(), from: 2, to: 5 };
    write(&mut author, &[words]);
    changes
}

/// The frame by which a peer introduces itself.
pub fn join() -> Bytes {
    let mut frame = vec![0xa2];
    text(&mut frame, "type");
    text(&mut frame, "join");
    text(&mut frame, "senderId");
    text(&mut frame, "peer");
    frame.into()
}

/// A `request` or `sync` frame around a sync message.
pub fn frame(kind: &str, document: &str, message: &[u8]) -> Bytes {
    let mut frame = vec![0xa5];
    for word in ["type", kind, "senderId", "peer", "targetId", "server", "documentId", document, "data"] {
        text(&mut frame, word);
    }
    head(&mut frame, 0x40, message.len());
    frame.extend_from_slice(message);
    frame.into()
}

/// The message in a `sync` frame from the server: it stands last, behind its key.
pub fn sync_data(frame: &Bytes) -> Option<&[u8]> {
    let key = b"\x64data";
    let at = frame.windows(key.len()).position(|window| window == key)? + key.len();
    let rest = &frame[at..];
    let (first, rest) = rest.split_first()?;
    let (more, length) = match first & 0x1f {
        short @ 0..24 => (0, usize::from(short)),
        24 => (1, usize::from(*rest.first()?)),
        25 => (2, usize::from(u16::from_be_bytes(rest.first_chunk().copied()?))),
        26 => (4, u32::from_be_bytes(rest.first_chunk().copied()?) as usize),
        _ => return None,
    };
    rest.get(more..more + length)
}

fn text(frame: &mut Vec<u8>, word: &str) {
    head(frame, 0x60, word.len());
    frame.extend_from_slice(word.as_bytes());
}

/// The head of a CBOR text or byte string.
fn head(frame: &mut Vec<u8>, kind: u8, length: usize) {
    match length {
        0..24 => frame.push(kind | length as u8),
        24..256 => frame.extend([kind | 24, length as u8]),
        _ => {
            frame.push(kind | 26);
            frame.extend((length as u32).to_be_bytes());
        }
    }
}
