//! The binary: see `quorate::cli`.

use std::process::ExitCode;

/// Gives memory back after a big document has gone; the system's allocator keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quorate::cli::run()
}
