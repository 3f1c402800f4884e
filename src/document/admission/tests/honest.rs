//! Random honest work of several people: all of it is admitted.

use automerge::iter::Span;
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};

use super::super::super::{Admission, Copy, Verdict};
use super::{plan, scanned, text_of};
use crate::domain::Change;

/// A die that rolls the same every time (splitmix64).
pub(in crate::document) struct Dice(pub(in crate::document) u64);

impl Dice {
    pub(in crate::document) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// One thing that a person may do, as one change (or none, where there is nothing to do it to).
pub(in crate::document) fn act(document: &mut Automerge, dice: &mut Dice) {
    let text = text_of(document);
    let length = document.length(&text);
    let at = dice.roll(length + 1);
    let some = 1 + dice.roll(8);
    let action = dice.roll(13);
    document
        .transact::<_, _, AutomergeError>(|tx| {
            match action {
                0..4 => tx.splice_text(&text, at, 0, ["x", "é", "🦊", "two words"][dice.roll(4)])?,
                4 | 5 if at < length => {
                    let count = some.min(length - at) as isize;
                    tx.splice_text(&text, at, count, "")?;
                }
                6 if at < length => {
                    let count = some.min(length - at) as isize;
                    tx.splice_text(&text, at, count, "instead")?;
                }
                7 => {
                    let block = tx.split_block(&text, at)?;
                    tx.put(&block, "type", "paragraph")?;
                    tx.put_object(&block, "parents", ObjType::List)?;
                    let attrs = tx.put_object(&block, "attrs", ObjType::Map)?;
                    tx.put(&attrs, "id", format!("p{}", dice.roll(1000)))?;
                    tx.put(&attrs, "level", 2)?;
                    tx.put(&block, "isEmbed", false)?;
                }
                8 | 9 if at < length => {
                    let end = (at + some).min(length);
                    let name = ["strong", "em", "link"][dice.roll(3)];
                    let value = match (name, action) {
                        (_, 9) => ScalarValue::Null,
                        ("link", _) => "{\"href\":\"https://example.org\"}".into(),
                        _ => true.into(),
                    };
                    let expand = [ExpandMark::After, ExpandMark::None, ExpandMark::Both, ExpandMark::Before];
                    tx.mark(&text, Mark::new(name.into(), value, at, end), expand[dice.roll(4)])?;
                }
                10 => tx.put(ROOT, "title", format!("Title {some}"))?,
                11 => {
                    let (_, sections) = tx.get(ROOT, "sections")?.expect("made first");
                    let name = format!("s{}", 2 + dice.roll(5));
                    // Two people may choose the same name at once; nobody chooses one that they see in use.
                    if tx.get(&sections, &name)?.is_some() {
                        return Ok(());
                    }
                    let section = tx.put_object(&sections, name, ObjType::Map)?;
                    tx.put(&section, "order", "a1")?;
                    let text = tx.put_object(&section, "text", ObjType::Text)?;
                    tx.splice_text(&text, 0, 0, "New")?;
                }
                12 => blocks(tx, &text, dice)?,
                _ => {}
            }
            Ok(())
        })
        .unwrap();
}

/// Changes an attribute of a block, deletes one, joins the block with the one before, or does what a client
/// does with a paste: replaces all spans.
fn blocks<T: Transactable>(tx: &mut T, text: &ObjId, dice: &mut Dice) -> Result<(), AutomergeError> {
    let markers: Vec<ObjId> = (0..tx.length(text))
        .filter_map(|at| tx.get(text, at).ok().flatten())
        .filter_map(|(value, id)| value.is_object().then_some(id))
        .collect();
    let Some(block) = (!markers.is_empty()).then(|| &markers[dice.roll(markers.len())]) else {
        return Ok(());
    };
    let Some((_, attrs)) = tx.get(block, "attrs")? else { return Ok(()) };
    match dice.roll(4) {
        0 => tx.put(&attrs, "level", 3)?,
        1 => {
            if tx.get(&attrs, "level")?.is_some() {
                tx.delete(&attrs, "level")?;
            }
        }
        2 => tx.put(block, "type", "heading")?,
        _ => {
            let at = (0..tx.length(text))
                .find(|&at| tx.get(text, at).ok().flatten().is_some_and(|(_, id)| id == *block));
            if let Some(at) = at {
                tx.join_block(text, at)?;
            }
        }
    }
    Ok(())
}

/// What several people did to one plan over some rounds, each round ending with some of them in step. The
/// changes are in an order in which the server could have received them.
pub(in crate::document) fn history(seed: u64, people: usize, rounds: usize) -> (Vec<Change>, Automerge) {
    let mut dice = Dice(seed);
    let origin = plan();
    let mut server = origin.fork();
    let mut documents: Vec<Automerge> = (0..people)
        .map(|person| origin.fork().with_actor(ActorId::from(&[person as u8 + 1; 16][..])))
        .collect();
    for _ in 0..rounds {
        for document in &mut documents {
            for _ in 0..1 + dice.roll(4) {
                act(document, &mut dice);
            }
        }
        let person = dice.roll(people);
        server.merge(&mut documents[person]).unwrap();
        documents[person].merge(&mut server).unwrap();
        let other = dice.roll(people);
        documents[other].merge(&mut server).unwrap();
    }
    for document in &mut documents {
        server.merge(document).unwrap();
    }
    (scanned(&server), server)
}

#[test]
fn honest_work_is_never_refused() {
    let mut total = 0;
    for seed in 0..13 {
        let (changes, document) = history(seed, 4, 26);
        total += changes.len();
        let mut copy = Copy::empty();
        let mut dice = Dice(seed);
        let mut rest = &changes[..];
        while !rest.is_empty() {
            let (batch, after) = rest.split_at((1 + dice.roll(20)).min(rest.len()));
            for (change, verdict) in batch.iter().zip(copy.admit(batch)) {
                assert_eq!(verdict, Verdict::Admitted, "seed {seed}, {change:?}");
            }
            copy.confirm();
            rest = after;
        }
        let copy = Copy::load(copy.save(), []).unwrap();
        let reading = copy.inner();
        let text = text_of(&document);
        let spans = |document: &Automerge| document.spans(&text).unwrap().collect::<Vec<Span>>();
        assert_eq!(spans(reading), spans(&document), "seed {seed}");
    }
    assert!(total > 2_900, "{total} changes are too few to say much");
}
