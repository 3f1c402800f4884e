//! Verification before damage: every page in use, every table, each field that no checksum covers.

use std::{fs, path::Path};

use bytes::Bytes;
use redb::{Builder, Database, ReadableTableMetadata as _, TableDefinition};

use super::{
    Epoch, Log, Options, Payload, Proposed, Recorded, RedbLog, Report, Witness,
    contract::{one, proposed},
    store::FILE,
    tables::{CACHE, CHECKPOINTS, EVENTS, IDS, MERKLE, META, NAMES, PAYLOADS, PEOPLE, PLANS, STREAMS},
    verify, verify_file,
};
use crate::domain::{PersonId, PlanId, Timestamp};

/// Knows that the first event announces the key.
struct KeyInFirst;

impl Witness for KeyInFirst {
    fn epoch(&self, event: &Recorded) -> Option<Epoch> {
        let payload = event.payload.as_ref().filter(|_| event.position == 1)?;
        let verifier_key = String::from_utf8(payload.to_vec()).ok()?;
        Some(Epoch { verifier_key, origin: None, continues: None })
    }
    fn event(&mut self, event: &Recorded) -> Result<(), String> {
        let bad = event.payload.as_deref() == Some(b"nonsense");
        if bad { Err("it means nothing".into()) } else { Ok(()) }
    }
    fn cache(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        if key == "size" && value.len() != 70_000 { Err("it has another size".into()) } else { Ok(()) }
    }
}

/// A log with something in every table, cleanly closed.
fn make(dir: &Path) {
    let log = RedbLog::open(dir, &Options::default()).unwrap();
    let key = log.verifier_key();
    drop(log.append(vec![one(proposed(1, "log", key.as_bytes()))]).unwrap());
    log.checkpoint(Timestamp(0)).unwrap();
    for commit in 0..6u128 {
        let batch = (0..40u128).map(|n| {
            let id = 2 + commit * 40 + n;
            let stream = ["a", "b"][n as usize / 20];
            let payload = Bytes::from(format!("{id} {}", "words ".repeat(n as usize * 2)));
            let erasable = n % 7 == 0;
            one(Proposed {
                id: crate::domain::EventId(uuid::Uuid::from_u128(
                    id.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
                )),
                actor: Some(PersonId::new("member-1").unwrap()),
                plan: Some(PlanId(uuid::Uuid::from_u128(n / 10))),
                payload: if erasable { Payload::Erasable(payload) } else { Payload::Kept(payload) },
                ..proposed(id, stream, b"")
            })
        });
        drop(log.append(batch.collect()).unwrap());
        log.checkpoint(Timestamp(commit as i64)).unwrap();
    }
    assert!(log.erase(2).unwrap());
    log.put_person(&PersonId::new("member-1").unwrap(), b"{}").unwrap();
    log.put_cache("size", &[7; 70_000]).unwrap();
    log.close().unwrap();
}

fn problems(report: &Report) -> Vec<String> {
    report.problems.iter().map(|problem| problem.what.clone()).collect()
}

#[test]
fn a_whole_log_is_sound_closed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let report = verify(dir.path(), &mut KeyInFirst).unwrap();
    assert_eq!(problems(&report), [""; 0]);
    assert_eq!((report.events, report.covered), (241, 241));

    // A copy of the file while it is in use has not been closed.
    let log = RedbLog::open(dir.path(), &Options::default()).unwrap();
    drop(log.append(vec![one(proposed(9_000_000, "a", b"nonsense"))]).unwrap());
    let copy = dir.path().join("copy.redb");
    log.copy_to(&copy).unwrap();
    assert!(log.copy_to(&copy).is_err(), "a copy replaces nothing");
    assert!(verify(dir.path(), &mut KeyInFirst).is_err(), "the log is open");
    let before = fs::read(&copy).unwrap();
    let report = verify_file(&copy, &mut KeyInFirst).unwrap();
    assert_eq!(problems(&report), ["it means nothing"]);
    assert_eq!(report.problems[0].position, Some(242));
    assert_eq!((report.events, report.covered), (242, 241));
    assert!(report.checked[0].contains("not cleanly closed"));
    assert!(fs::read(&copy).unwrap() == before, "verifying changes nothing");
}

/// Each page in turn is filled with other bytes. Either that is reported, or the page held nothing: then
/// everything can still be read as it was. redb's own count says how many must be reported at least.
#[test]
fn damage_in_any_page_in_use_is_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let path = dir.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let (pages_in_use, events) = {
        let db = Database::open(&path).unwrap();
        let stats = db.begin_write().unwrap().stats().unwrap();
        drop(db);
        let log = RedbLog::open(dir.path(), &Options::default()).unwrap();
        (1 + stats.leaf_pages() + stats.branch_pages(), log.read(0, 1000).unwrap())
    };
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join(FILE);
    let mut found = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..][..4096].iter_mut().for_each(|byte| *byte ^= 0xa5);
        fs::write(&path, &bytes).unwrap();
        if verify(other.path(), &mut KeyInFirst).unwrap().is_sound() {
            let log = RedbLog::open(other.path(), &Options::default()).unwrap();
            assert!(log.read(0, 1000).unwrap() == events, "page {page} is in use");
        } else {
            found += 1;
        }
    }
    assert!(found >= pages_in_use, "{found} of at least {pages_in_use} pages");
}

#[test]
fn every_bit_of_the_header_counts() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let whole = fs::read(dir.path().join(FILE)).unwrap();
    let damaged = dir.path().join("damaged.redb");
    for at in (0..320).chain([320, 2000, 4095]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&damaged, &bytes).unwrap();
        assert!(!verify_file(&damaged, &mut KeyInFirst).unwrap().is_sound(), "byte {at} of the header");
    }
    for length in [0, 100, 4096, whole.len() - 4096, whole.len() - 1] {
        fs::write(&damaged, &whole[..length]).unwrap();
        assert!(!verify_file(&damaged, &mut KeyInFirst).unwrap().is_sound(), "cut to {length} bytes");
    }
    fs::write(&damaged, [&whole[..], &[0; 4096]].concat()).unwrap();
    assert!(!verify_file(&damaged, &mut KeyInFirst).unwrap().is_sound(), "a page too many");
}

/// Changes made through redb, so that all checksums are right and only the meaning is wrong.
#[test]
fn a_forged_table_is_found() {
    type Forge = fn(&redb::WriteTransaction);
    let forgeries: [(&str, Forge, &str); 17] = [
        (
            "a table more",
            |write| drop(write.open_table(TableDefinition::<u64, u64>::new("more")).unwrap()),
            "not the log's: more",
        ),
        (
            "a fact more",
            |write| drop(write.open_table(META).unwrap().insert("more", &b""[..]).unwrap()),
            "`meta`",
        ),
        (
            "a row gone",
            |write| write.open_table(EVENTS).unwrap().retain(|key, _| key.0 != 42).unwrap(),
            "position 42 was expected here",
        ),
        (
            "a piece more",
            |write| drop(write.open_table(EVENTS).unwrap().insert((2, 9), &b""[..]).unwrap()),
            "a piece of the row",
        ),
        (
            "a row that is none",
            |write| drop(write.open_table(EVENTS).unwrap().insert((242, 0), &b"\x02"[..]).unwrap()),
            "its form is unknown",
        ),
        (
            "an id more",
            |write| drop(write.open_table(IDS).unwrap().insert(&[1; 16], 5).unwrap()),
            "242 entries for 241",
        ),
        (
            "an id moved",
            |write| {
                drop(write.open_table(IDS).unwrap().insert(uuid::Uuid::from_u128(1).as_bytes(), 5).unwrap())
            },
            "its id is not in the index",
        ),
        (
            "a stream's range",
            |write| drop(write.open_table(STREAMS).unwrap().insert((0, 1), (1, 2)).unwrap()),
            "index of streams",
        ),
        (
            "a plan's range",
            |write| drop(write.open_table(PLANS).unwrap().insert((0, 7), 7).unwrap()),
            "index of plans",
        ),
        (
            "a name more",
            |write| {
                let mut names = write.open_table(NAMES).unwrap();
                let count = names.len().unwrap() as u32;
                drop(names.insert(count, &b"sunused"[..]).unwrap());
            },
            "no event uses",
        ),
        (
            "a hash",
            |write| drop(write.open_table(MERKLE).unwrap().insert(1, [7; 126 * 32].as_slice()).unwrap()),
            "does not have the hash",
        ),
        (
            "hashes more",
            |write| drop(write.open_table(MERKLE).unwrap().insert(99, [7; 32].as_slice()).unwrap()),
            "belong to no event",
        ),
        (
            "a payload changed",
            |write| drop(write.open_table(PAYLOADS).unwrap().insert(9, [7; 32].as_slice()).unwrap()),
            "does not have its digest",
        ),
        (
            "a payload more",
            |write| drop(write.open_table(PAYLOADS).unwrap().insert(900, [7; 32].as_slice()).unwrap()),
            "belong to no event",
        ),
        (
            "a checkpoint more",
            |write| drop(write.open_table(CHECKPOINTS).unwrap().insert(999, &b""[..]).unwrap()),
            "a checkpoint of 999 events",
        ),
        (
            "a person without an id",
            |write| drop(write.open_table(PEOPLE).unwrap().insert("?", &b""[..]).unwrap()),
            "`people`",
        ),
        (
            "a cache",
            |write| drop(write.open_table(CACHE).unwrap().insert(("size", 1), &b""[..]).unwrap()),
            "another size",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let forged = dir.path().join("forged.redb");
    for (name, forge, expected) in forgeries {
        fs::copy(dir.path().join(FILE), &forged).unwrap();
        let db = Builder::new().open(&forged).unwrap();
        let write = db.begin_write().unwrap();
        forge(&write);
        write.commit().unwrap();
        drop(db);
        let found = problems(&verify_file(&forged, &mut KeyInFirst).unwrap());
        assert!(found.iter().any(|what| what.contains(expected)), "{name}: {found:?}");
    }
}

/// A checkpoint that another key signed, or that states another root, is found.
#[test]
fn a_forged_checkpoint_is_found() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let forged = dir.path().join("forged.redb");
    let with_note = |change: &dyn Fn(&str) -> String| {
        fs::copy(dir.path().join(FILE), &forged).unwrap();
        let db = Builder::new().open(&forged).unwrap();
        let write = db.begin_write().unwrap();
        {
            let mut checkpoints = write.open_table(CHECKPOINTS).unwrap();
            let note = checkpoints.remove(241).unwrap().unwrap().value().to_vec();
            let note = change(std::str::from_utf8(&note).unwrap());
            checkpoints.insert(241, note.as_bytes()).unwrap();
        }
        write.commit().unwrap();
        drop(db);
        problems(&verify_file(&forged, &mut KeyInFirst).unwrap()).join("; ")
    };
    assert_eq!(with_note(&str::to_owned), "");
    assert!(with_note(&|note| note.replace("at 1970", "at 1971")).contains("not signed by a key"));
    assert!(with_note(&|note| note.replace("\n241\n", "\n240\n")).contains("is of 240 events"));
    assert!(with_note(&|_| "words".into()).contains("is not a signed note"));
    let resigned = with_note(&|note| {
        use super::keys::Keys;
        let text = fs::read_to_string(dir.path().join("keys/checkpoint.key")).unwrap();
        let keys = Keys::from_text(&text).unwrap();
        let text = note.split("\n\n").next().unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let root = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        lines[2] = root;
        let mut note = signed_note::Note::new(format!("{}\n", lines.join("\n")).as_bytes(), &[]).unwrap();
        note.add_sigs(&[keys.signer()]).unwrap();
        String::from_utf8(note.to_bytes()).unwrap()
    });
    assert!(resigned.contains("states another Merkle root"), "{resigned}");
}
