//! What a change does to a document, found out by applying it: the judge over what the proof admits.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use automerge::hydrate::Value as Hydrated;
use automerge::iter::Span;
use automerge::transaction::Transactable;
use automerge::{
    ActorId, Automerge, AutomergeError, Change, LoadOptions, ObjId, ObjType, ROOT, ReadDoc, Value,
    VerificationMode,
};

use super::super::super::copy::guard;
use super::super::super::text_encoding;

/// Whether the document takes the change without damage. Says what is wrong.
pub(in crate::document) fn harmless(document: &Automerge, change: &Change, deep: bool) -> Result<(), String> {
    guard(|| judge(document, change, deep)).unwrap_or_else(|| Err("it panics".into()))
}

fn judge(document: &Automerge, change: &Change, deep: bool) -> Result<(), String> {
    let before = document.get_heads();
    let mut after = document.clone();
    after.apply_changes([change.clone()]).map_err(|error| format!("it does not apply: {error}"))?;
    let rebuilt = after.get_changes(&before);
    if rebuilt.len() != 1 || rebuilt[0].raw_bytes() != change.raw_bytes() {
        return Err("it is not rebuilt to its own bytes".into());
    }
    if !after.get_missing_deps(&[]).is_empty() {
        return Err("something waits for what is missing".into());
    }
    let loaded = load(&after)?;
    if loaded.get_heads() != after.get_heads() || content(&loaded) != content(&after) {
        return Err("saved and loaded, it is another document".into());
    }
    if deep { deeper(&mut after, change) } else { Ok(()) }
}

/// The same for those who hold only a part, look back, or go on from here.
fn deeper(after: &mut Automerge, change: &Change) -> Result<(), String> {
    let hash = change.hash();
    let failed = |what: &'static str| move |error: AutomergeError| format!("{what}: {error}");
    if !change.deps().is_empty() {
        let mut past = after.fork_at(change.deps()).map_err(failed("no fork of its past"))?;
        past.apply_changes([change.clone()]).map_err(failed("its past does not take it"))?;
        if past.get_heads() != [hash] {
            return Err("on its past alone it is not the head".into());
        }
        load(&past)?;
        content(&past);
        after.diff(change.deps(), &[hash]);
        after.diff(&[hash], change.deps());
    }
    let mut aside = after.fork_at(&[hash]).map_err(failed("no fork at it"))?.with_actor(actor(0xa1));
    let mut ahead = after.fork().with_actor(actor(0xa2));
    for step in 0..4 {
        edit(&mut aside, step).map_err(failed("no edit aside"))?;
        edit(&mut ahead, step).map_err(failed("no edit ahead"))?;
    }
    aside.merge(&mut ahead).map_err(failed("no merge"))?;
    ahead.merge(&mut aside).map_err(failed("no merge back"))?;
    if content(&aside) != content(&ahead) || content(&load(&aside)?) != content(&aside) {
        return Err("two who went on from it do not agree".into());
    }
    let mut replayed = Automerge::new_with_encoding(text_encoding());
    for change in aside.get_changes(&[]) {
        replayed.apply_changes([change]).map_err(failed("no replay"))?;
    }
    if content(&replayed) == content(&aside) { Ok(()) } else { Err("replayed it is another document".into()) }
}

fn edit(document: &mut Automerge, step: usize) -> Result<(), AutomergeError> {
    let texts = texts(document);
    document
        .transact(|tx| {
            for text in texts.iter().take(2) {
                let length = tx.length(text);
                match step {
                    0 => tx.splice_text(text, length, 0, "end")?,
                    1 => tx.splice_text(text, 0, 0, "front")?,
                    2 => tx.splice_text(text, length / 2, 1.min(length as isize), "")?,
                    _ => {
                        tx.split_block(text, length / 2)?;
                    }
                }
            }
            Ok(())
        })
        .map(drop)
        .map_err(|failure: automerge::transaction::Failure<AutomergeError>| failure.error)
}

fn actor(number: u8) -> ActorId {
    ActorId::from(&[number; 16][..])
}

fn load(document: &Automerge) -> Result<Automerge, String> {
    let options =
        LoadOptions::new().text_encoding(text_encoding()).verification_mode(VerificationMode::Check);
    Automerge::load_with_options(&document.save(), options)
        .map_err(|error| format!("it does not load: {error}"))
}

/// All that can be read: the whole as values, and each text's spans and marks.
pub(in crate::document) fn content(document: &Automerge) -> String {
    let mut out = String::new();
    show(&document.hydrate(None), &mut out);
    for text in texts(document) {
        for span in document.spans(&text).into_iter().flatten() {
            match span {
                Span::Text { text, marks } => out += &format!("{text:?} {marks:?}"),
                Span::Block(map) => show(&Hydrated::Map(map), &mut out),
            }
        }
        out += &format!("{:?}", document.marks(&text));
    }
    out
}

/// A map comes in no order of its own.
fn show(value: &Hydrated, out: &mut String) {
    match value {
        Hydrated::Scalar(value) => *out += &format!("{value:?}"),
        Hydrated::Text(text) => *out += &format!("{text:?}"),
        Hydrated::List(list) => list.iter().for_each(|item| show(&item.value, out)),
        Hydrated::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            for (key, entry) in entries {
                *out += key;
                show(&entry.value, out);
                *out += ";";
            }
        }
    }
}

pub(super) fn texts(document: &Automerge) -> Vec<ObjId> {
    let Ok(Some((Value::Object(ObjType::Map), sections))) = document.get(ROOT, "sections") else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    for key in document.keys(&sections) {
        for (value, section) in document.get_all(&sections, key).unwrap_or_default() {
            if value.is_object()
                && let Ok(Some((Value::Object(ObjType::Text), text))) = document.get(&section, "text")
            {
                texts.push(text);
            }
        }
    }
    texts
}

/// Documents and changes for the second judge, the stock JavaScript client.
#[derive(Default)]
pub(super) struct Second {
    bytes: Vec<u8>,
    count: usize,
}

impl Second {
    pub(super) fn ask(&mut self, document: &Automerge, change: &Change) {
        let saved = document.save();
        for part in [&saved[..], change.raw_bytes()] {
            self.bytes.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
            self.bytes.extend(part);
        }
        self.count += 1;
    }

    /// How many it was asked about, and which of them it found harmful (by number). None: it is not there.
    pub(super) fn answer(self) -> Option<(usize, Vec<String>)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stock");
        if !Path::new(folder).join("node_modules/@automerge/automerge").exists() {
            return None;
        }
        let mut node = Command::new("node")
            .current_dir(folder)
            .arg("oracle.mjs")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut input = node.stdin.take()?;
        let bytes = self.bytes;
        let writer = std::thread::spawn(move || input.write_all(&bytes));
        let output = node.wait_with_output().ok()?;
        writer.join().expect("the writer does not panic").expect("the client reads all");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (last, failures) = text.trim_end().rsplit_once('\n').map_or((text.trim(), ""), |(a, b)| (b, a));
        assert_eq!(last, format!("{} judged", self.count), "the client came to its end");
        Some((self.count, failures.lines().map(ToOwned::to_owned).collect()))
    }
}
