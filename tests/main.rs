//! The tests through the user's doors: one binary, a module a topic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]
#![allow(clippy::disallowed_methods, reason = "tests are where time and chance come in")]

mod architecture;
mod backup;
mod discussion;
mod export;
mod faults;
mod full_disk;
mod golden;
mod guests;
mod headers;
mod hostile;
mod house;
mod kill;
mod limits;
mod memory;
mod network;
mod notices;
mod patience;
mod pause;
mod phases;
mod planning;
mod room;
mod scan;
mod schema;
mod scripts;
mod sections;
mod session;
mod sign_in;
mod sync_fails;
mod sync_samod;
mod through;
mod walk;
mod whole_document;
mod wire;
