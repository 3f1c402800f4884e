//! Backups that the server is killed over: each is whole, or there is none.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::verifies;
use crate::wire::binary;

#[derive(Default)]
pub(super) struct Backups {
    pub(super) begun: usize,
    pub(super) whole: usize,
    /// None has come to its end yet for so many kills.
    early: u32,
    longest: Option<Duration>,
}

/// One that is being written.
pub(super) struct Backup {
    verb: Child,
    began: Instant,
    file: PathBuf,
    restored: PathBuf,
}

impl Backups {
    /// Always to the same file while there is none: what a kill leaves over must not be in the way.
    pub(super) fn begin(&mut self, data: &Path, notes: &Path) -> Backup {
        self.begun += 1;
        let at = |name: &str| notes.join(format!("{name}-{}", self.whole));
        let (file, restored) = (at("backup"), at("restored"));
        let verb = Command::new(binary())
            .arg("backup")
            .arg(&file)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Backup { verb, began: Instant::now(), file, restored }
    }

    /// About how long one takes here, and a little more, so that some come to their end.
    pub(super) fn usual(&self) -> Duration {
        let guess = Duration::from_millis(500) * (1 + self.early);
        self.longest.unwrap_or(guess) * 3 / 2
    }

    /// The server is gone: either the backup can be restored, or there is none.
    pub(super) fn end(&mut self, mut backup: Backup) {
        let done = backup.verb.wait().unwrap().success();
        assert!(!done || backup.file.exists(), "what was not written was not reported as done");
        if !backup.file.exists() {
            self.early += 1;
            return;
        }
        self.longest = self.longest.max(Some(backup.began.elapsed()));
        self.whole += 1;
        let mut restore = Command::new(binary());
        restore.arg("restore").arg(&backup.file).arg("--data").arg(&backup.restored);
        let restored = restore.output().unwrap();
        assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
        verifies(&backup.restored);
    }
}
