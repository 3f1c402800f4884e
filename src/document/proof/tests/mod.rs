//! The proof's campaign: what honest clients write is never refused, and what is admitted never does harm.
//!
//! A part of each runs with every `cargo test`; all of it with `QUORATE_CAMPAIGN=1`, best in a release build. The
//! figures are printed (`--nocapture`).

mod grown;
mod honest;
mod index;
mod mutants;
pub(in crate::document) mod oracle;
mod work;

/// How much is tried: a part in every run, all of it in a campaign.
pub(in crate::document) fn campaign(part: usize, whole: usize) -> usize {
    if std::env::var_os("QUORATE_CAMPAIGN").is_some() { whole } else { part }
}
