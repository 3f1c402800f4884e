//! What is administered beside the record, or needs more than one command: links of guests, templates, addresses, sign-ins,
//! reminders, copies of what is held. A page and a verb of the terminal call the same function, and it asks whether the
//! person in whose name it is done may.

mod guests;
mod people;
mod tasks;
mod templates;

pub use crate::access::Error;
pub use guests::{Consultation, Invitations, Invited, Link};
pub use people::{Holds, Member};
pub use tasks::Heard;

use super::App;
use crate::domain::{Action, PersonId, PlanId, Refusal};

impl App {
    /// Whether somebody may do what depends on no plan.
    pub fn permits(&self, person: &PersonId, action: Action) -> Result<(), Refusal> {
        let may = self.engine.views().state.may_always(person, action);
        if may { Ok(()) } else { Err(Refusal::NotPermitted { what: action.phrase() }) }
    }

    /// The same with a plan, which to who may not is not there.
    fn permits_in(&self, person: &PersonId, plan: PlanId, action: Action) -> Result<(), Refusal> {
        let state = &self.engine.views().state;
        let may = state.may(person, plan, Action::Read) && state.may(person, plan, action);
        if may { Ok(()) } else { Err(Refusal::PlanUnknown) }
    }
}
