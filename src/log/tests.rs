//! The embedded engine before the contract, and what is its own: its file, its failures.

use super::{Log, Options, RedbLog, contract};
use redb::backends::InMemoryBackend;

#[test]
fn the_contract_holds() {
    contract::suite(&|| {
        Box::new(RedbLog::with_backend(InMemoryBackend::new(), &Options::default()).unwrap())
    });
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
