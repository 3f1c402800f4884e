//! What a person is told when edits were not taken, outside the sync channel.

use serde::Serialize;

use crate::document::Refused;
use crate::domain::Refusal;

/// The codes of what refuses edits because of who makes them, and when; never changed once published.
const RULES: [&str; 4] = ["plan_is_frozen", "not_in_this_phase", "not_permitted", "plan_unknown"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub code: String,
    pub sentence: String,
    pub hint: String,
}

impl Notice {
    /// The log could not take the edits: nobody refused them.
    pub(super) fn not_recorded() -> Self {
        Self {
            code: "not_recorded".into(),
            sentence: "Your last edits are not saved yet: the server cannot write to its disk.".into(),
            hint: "They stay on this device and are sent again by themselves. Tell the administrator.".into(),
        }
    }

    /// Whether a freeze, a phase or somebody's part in the network is what refused them: then they are taken when
    /// that has changed.
    pub fn is_of_the_rules(&self) -> bool {
        RULES.contains(&self.code.as_str())
    }
}

impl From<&Refusal> for Notice {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code().into(), sentence: refusal.sentence(), hint: refusal.hint().into() }
    }
}

impl From<&Refused> for Notice {
    fn from(refused: &Refused) -> Self {
        Self {
            code: refused.code.into(),
            sentence: refused.sentence.clone().into_owned(),
            hint: "Your edits stay on this device. Reload the page; if it happens again, tell the administrator."
                .into(),
        }
    }
}
