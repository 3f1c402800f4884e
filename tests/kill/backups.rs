//! Backups that the server is killed over: each is whole, or there is none.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::table::Dice;
use super::{LONG, verifies};
use crate::wire::binary;

#[derive(Default)]
pub(super) struct Backups {
    pub(super) begun: usize,
    pub(super) whole: usize,
    longest: Option<Duration>,
}

/// Every so manieth is let come to its end before the server is killed, however long it takes.
const LET_END: usize = 4;
/// What one may take, while none has come to its end.
const GUESS: Duration = Duration::from_millis(500);

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

    /// Until the server is to be killed: some moment while it is written, or once it is there.
    pub(super) async fn moment(&self, backup: &mut Backup, dice: &mut Dice) {
        if self.begun.is_multiple_of(LET_END) {
            let done = timeout(LONG, backup.verb.wait()).await.unwrap().unwrap();
            assert!(done.success(), "a backup that nothing disturbed");
        } else {
            sleep(dice.up_to(self.longest.unwrap_or(GUESS) * 3 / 2)).await;
        }
    }

    /// The server is gone: either the backup can be restored, or there is none.
    pub(super) async fn end(&mut self, mut backup: Backup) {
        let done = timeout(LONG, backup.verb.wait()).await.unwrap().unwrap().success();
        assert!(!done || backup.file.exists(), "what was not written was not reported as done");
        if !backup.file.exists() {
            return;
        }
        self.longest = self.longest.max(Some(backup.began.elapsed()));
        self.whole += 1;
        let mut restore = Command::new(binary());
        restore.arg("restore").arg(&backup.file).arg("--data").arg(&backup.restored);
        let restored = restore.output().await.unwrap();
        assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
        verifies(&backup.restored);
    }
}
