//! The binary: see `quorate::cli`.

use std::process::ExitCode;

/// Gives memory back after a big document has gone, by the clock: how soon is set in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    quorate::cli::run()
}
