//! Stray words: typed in a paragraph that somebody else deleted meanwhile. The program sets them in a provision
//! of their own, at once and in the name of who typed them; a person then says whether they stay.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::{Decision, Write};
use super::plan::{editable, thawed};
use super::{Actor, Event, PersonId, PlanId, Position, ProvisionId, Refusal, SectionId, State};

/// Words that were found, and where they are to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub section: SectionId,
    /// The provision that they become.
    pub provision: ProvisionId,
    /// The provision in which they were typed.
    pub was: Option<ProvisionId>,
    /// Who typed them.
    pub people: Vec<PersonId>,
    /// The event that deleted their paragraph.
    pub removed: Position,
    /// Where they begin in the section's text, in UTF-16 code units.
    pub at: usize,
    /// Where text of another provision goes on behind them, and the provision that it becomes.
    pub rest: Option<(usize, ProvisionId)>,
}

/// What a person decided over stray words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Settled {
    /// They stay where they are, as any provision.
    Kept,
    /// They are deleted.
    Removed,
}

/// The stray words of a plan, as far as rules need to know them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strays {
    pub found: BTreeMap<ProvisionId, Known>,
    /// The version of their stream.
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub section: SectionId,
    /// Who typed them.
    pub people: Vec<PersonId>,
    pub settled: bool,
}

/// What the program itself asks for, when it has found some. Whoever typed them could edit when they did.
pub(super) fn find(state: &State, plan: PlanId, stray: &Stray) -> Result<Decision, Refusal> {
    thawed(state.plans.get(&plan).ok_or(Refusal::PlanUnknown)?)?;
    let Stray { section, provision, was, people, removed, at, rest } = stray.clone();
    let found = Event::StrayFound {
        plan,
        section: section.clone(),
        provision: provision.clone(),
        was,
        people,
        removed,
    };
    let write = Write::SetApart { section, provision, at, rest };
    Ok(Decision { events: vec![found], write: Some(write), plan: Some(plan), ..Decision::default() })
}

pub(super) fn settle(
    state: &State,
    actor: &Actor,
    plan: PlanId,
    provision: &ProvisionId,
    settled: Settled,
) -> Result<Decision, Refusal> {
    let known = editable(state, actor, plan)?.strays.found.get(provision).ok_or(Refusal::StrayUnknown)?;
    if !state.writes(&actor.person, plan, &known.section) {
        return Err(Refusal::SectionOfOthers);
    }
    if known.settled {
        return Err(Refusal::StraySettled);
    }
    let write = match settled {
        Settled::Kept => None,
        Settled::Removed => {
            Some(Write::RemoveBlock { section: known.section.clone(), block: provision.clone() })
        }
    };
    let event = Event::StraySettled { plan, provision: provision.clone(), settled };
    Ok(Decision { events: vec![event], write, plan: Some(plan), ..Decision::default() })
}
