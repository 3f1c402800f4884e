//! The embedded engine before the contract, and what is its own: its file, its failures.

use std::sync::Arc;

use super::{Keys, Log, Options, RedbLog, contract, machine::Machine};

/// Memory for pages, in bytes: so little that pages leave it.
pub(super) const CACHE: usize = 1 << 20;

/// The log of a machine's folder, with a key that is not kept.
pub(super) fn open(machine: &Machine) -> Result<RedbLog, super::Failure> {
    RedbLog::open_in(Arc::new(machine.clone()), CACHE, |origin| Ok(Keys::generate(origin)?.0))
}

#[test]
fn the_contract_holds() {
    contract::suite(&|| Box::new(open(&Machine::new(1)).unwrap()));
}

#[test]
fn the_contract_holds_for_a_list_in_memory() {
    contract::suite(&|| Box::new(super::model::MemoryLog::new()));
}

#[test]
fn the_contract_holds_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    contract::persists(&|| Box::new(RedbLog::open(dir.path(), &Options::default()).unwrap()) as Box<dyn Log>);
}

#[test]
fn a_second_opener_is_told_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let _log = RedbLog::open(dir.path(), &Options::default()).unwrap();
    let refusal = RedbLog::open(dir.path(), &Options::default()).unwrap_err().to_string();
    assert!(refusal.contains("another process has"), "{refusal}");
}

mod files {
    //! Modes, backups, restores, epochs: on a real folder.

    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::super::{
        Continues, Epoch, Failure, Log, Options, Payload, Proposed, Recorded, RedbLog, Witness, backup,
        contract::{access, one, proposed},
        restore, verify,
    };
    use crate::domain::{PersonId, Timestamp};

    /// Reads epochs that [`announce`] wrote.
    struct Announced;

    impl Witness for Announced {
        fn epoch(&self, event: &Recorded) -> Option<Epoch> {
            let text = event.payload.as_ref().filter(|_| event.stream.as_str() == "network")?;
            let text = std::str::from_utf8(text).ok()?;
            let lines: Vec<&str> = text.lines().collect();
            let continues = match lines[2..] {
                [origin, size, root] => Some(Continues {
                    origin: origin.to_owned(),
                    size: size.parse().ok()?,
                    root: std::array::from_fn(|at| u8::from_str_radix(&root[at * 2..][..2], 16).unwrap()),
                }),
                _ => None,
            };
            Some(Epoch { verifier_key: lines[0].to_owned(), origin: Some(lines[1].to_owned()), continues })
        }
    }

    fn announce(log: &RedbLog, id: u128, before: Option<&str>) {
        let (size, root) = log.root();
        let root: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
        let before = before.map(|origin| format!("\n{origin}\n{size}\n{root}")).unwrap_or_default();
        let text = format!("{}\n{}{before}", log.verifier_key(), log.origin());
        drop(log.append(vec![one(proposed(id, "network", text.as_bytes()))]).unwrap());
        log.checkpoint(Timestamp(0)).unwrap();
    }

    fn open(dir: &Path) -> Result<RedbLog, Failure> {
        RedbLog::open(dir, &Options::default())
    }

    /// A log with an erased and an erasable payload, a person and a cache entry.
    fn filled(dir: &Path) -> RedbLog {
        let log = open(dir).unwrap();
        announce(&log, 1, None);
        let words = || Payload::Erasable(bytes::Bytes::from_static(b"words"));
        let events = (2..2000).map(|id| {
            let payload =
                if id % 100 == 0 { words() } else { Payload::Kept(vec![7; id as usize % 90].into()) };
            one(Proposed { payload, ..proposed(id, ["a", "b"][id as usize % 2], b"") })
        });
        drop(log.append(events.collect()).unwrap());
        assert!(log.erase(100).unwrap());
        log.put_person(&PersonId::new("member-1").unwrap(), b"{}").unwrap();
        log.put_cache("cache", b"cached").unwrap();
        log.change_access(&[access("session/1", Some("{}"))]).unwrap();
        log.checkpoint(Timestamp(1)).unwrap();
        log
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_backup_is_the_log_and_is_restored_as_a_new_epoch() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let file = dir.path().join("backup.redb");
        let log = filled(&old);
        let report = backup(&log, &file, &mut Announced).unwrap();
        assert_eq!((report.events, mode(&file)), (1999, 0o600));
        assert!(backup(&log, &file, &mut Announced).unwrap_err().to_string().contains("replaces nothing"));
        let (events, origin, key) =
            (log.read_stored(0, 5000).unwrap(), log.origin().to_owned(), log.verifier_key());
        assert!(restore(&file, &old, &mut Announced).unwrap_err().to_string().contains("has"));
        // The old log goes on after the backup: what it signs then is not in the restored one.
        drop(log.append(vec![one(proposed(5000, "a", b"later"))]).unwrap());
        log.checkpoint(Timestamp(2)).unwrap();
        let later = log.root();
        drop(log);
        assert!(restore(&file, &old, &mut Announced).unwrap_err().to_string().contains("is there already"));

        assert_eq!(restore(&file, &new, &mut Announced).unwrap().events, 1999);
        let report = verify(&new, &mut Announced).unwrap();
        assert!(report.is_sound() && report.checked.iter().any(|line| line.contains("not started since")));
        let log = open(&new).unwrap();
        assert_eq!(log.read_stored(0, 5000).unwrap(), events);
        assert_eq!(log.get_person(&PersonId::new("member-1").unwrap()).unwrap().as_deref(), Some(&b"{}"[..]));
        assert_eq!(log.get_cache("cache").unwrap(), None, "caches are built again");
        assert_eq!(log.list_access(b"").unwrap(), [], "nobody is let in by a backup");
        assert_ne!(log.origin(), origin);
        assert!(log.origin().starts_with(&origin));
        assert_ne!(log.verifier_key(), key);
        announce(&log, 5000, Some(&origin));
        assert_eq!(log.root().0, later.0);
        assert_ne!(log.root().1, later.1, "two histories of one length");
        log.close().unwrap();
        let report = verify(&new, &mut Announced).unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
        assert_eq!((report.events, report.covered), (2000, 2000));
        assert_eq!((mode(&new), mode(&new.join("log.redb")), mode(&new.join("keys"))), (0o700, 0o600, 0o700));
    }

    #[test]
    fn an_epoch_that_goes_on_from_something_else_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path());
        announce(&log, 5000, Some("quorate/another"));
        drop(log);
        let report = verify(dir.path(), &mut Announced).unwrap();
        assert!(report.problems[0].what.contains("does not go on from the one before"), "{report:?}");
    }

    #[test]
    fn a_key_that_is_there_is_set_aside_by_a_restore() {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("backup.redb"));
        let log = filled(&data);
        let key = log.verifier_key();
        drop(backup(&log, &file, &mut Announced).unwrap());
        drop(log);
        fs::remove_file(data.join("log.redb")).unwrap();
        drop(restore(&file, &data, &mut Announced).unwrap());
        assert_ne!(open(&data).unwrap().verifier_key(), key);
        let aside = data.join("keys").join(format!("checkpoint-{}.key", key.split('+').nth(1).unwrap()));
        assert_eq!(mode(&aside), 0o600);
    }

    #[test]
    fn what_is_no_whole_backup_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let file = dir.path().join("backup.redb");
        drop(backup(&filled(&old), &file, &mut Announced).unwrap());
        let whole = fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[4096..].iter_mut().for_each(|byte| *byte ^= 1);
        for (what, bytes) in [("cut", &whole[..whole.len() / 2]), ("words", b"words"), ("damaged", &damaged)]
        {
            let bad = dir.path().join("bad.redb");
            fs::write(&bad, bytes).unwrap();
            let refusal = restore(&bad, &new, &mut Announced).unwrap_err().to_string();
            assert!(refusal.contains("the backup is not whole"), "{what}: {refusal}");
            assert!(!new.join("log.restoring").exists(), "{what} is left over");
        }
        assert!(restore(&dir.path().join("none"), &new, &mut Announced).is_err());
        // A backup that was only copied would be signed under the old name.
        fs::create_dir_all(&new).unwrap();
        fs::copy(&file, new.join("log.redb")).unwrap();
        assert!(open(&new).unwrap_err().to_string().contains("is a backup"));
        // A restore that was cut short is not taken for an empty folder.
        fs::rename(new.join("log.redb"), new.join("log.restoring")).unwrap();
        assert!(open(&new).unwrap_err().to_string().contains("cut short"));
        drop(restore(&file, &new, &mut Announced).unwrap());
        assert_eq!(open(&new).unwrap().head(), 1999);
    }

    #[test]
    fn a_log_of_the_first_layout_is_read_and_brought_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path());
        let events = log.read(0, 5000).unwrap();
        drop(log);
        let path = dir.path().join("log.redb");
        let db = redb::Database::open(&path).unwrap();
        let write = db.begin_write().unwrap();
        drop(write.open_table(super::super::tables::META).unwrap().insert("format", &b"1"[..]).unwrap());
        write.commit().unwrap();
        drop(db);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(verify(dir.path(), &mut Announced).unwrap().is_sound());
        let log = open(dir.path()).unwrap();
        assert_eq!(log.read(0, 5000).unwrap(), events);
        assert_eq!(mode(&path), 0o600);
    }
}
