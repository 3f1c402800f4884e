//! `quorate verify`: checks that the record is whole.

use clap::Args;

use super::{Data, Outcome};

#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    data: Data,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        Err(format!("{}: not yet", self.data.data.display()))
    }
}
