//! Work that nobody waits for: snapshots and audits, which load whole documents.

use std::thread;

use tracing::error;

/// How far it steps back behind those who write, as `nice` counts.
const NICE: i32 = 10;

/// Works in a thread of its own, which has the processor when nobody else wants it.
pub(super) fn aside(work: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().name("aside".into()).spawn(move || {
        // Where the system does not let it, it works as everybody does.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
        work();
    });
    if let Err(failure) = started {
        error!("no thread for work that nobody waits for: {failure}");
    }
}
