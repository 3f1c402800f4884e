//! `decide`: what follows from a command. The nouns' own files hold their ladders.

use super::{
    About, Actor, Command, Event, EventId, PersonId, PlanId, ProvisionId, Refusal, SectionId, State,
    assignment, forgetting, guest, limits, moderation, organisation, person, plan, process, section, stray,
    task, thread,
};

/// What is to be recorded when a command is granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    pub events: Vec<Event>,
    /// What the program writes into the plan's document, recorded together with the events.
    pub write: Option<Write>,
    /// What the command makes known of somebody: it is kept apart from the log.
    pub learned: Option<(PersonId, Learned)>,
    /// What the command made or touched, for the answer.
    pub plan: Option<PlanId>,
}

/// What becomes known of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    /// All that is known of somebody new.
    About(About),
    /// Another name.
    Name(String),
}

/// A change that the program makes to a document, for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Create {
        title: String,
    },
    Rename {
        title: String,
    },
    SectionCreate {
        section: SectionId,
        heading: String,
        parent: Option<SectionId>,
        after: Option<SectionId>,
    },
    SectionRename {
        section: SectionId,
        heading: String,
    },
    SectionMove {
        section: SectionId,
        parent: Option<SectionId>,
        after: Option<SectionId>,
    },
    SectionRemove {
        section: SectionId,
    },
    SectionRestore {
        section: SectionId,
    },
    /// Words become a provision of their own, and so does what goes on behind them.
    SetApart {
        section: SectionId,
        provision: ProvisionId,
        at: usize,
        rest: Option<(usize, ProvisionId)>,
    },
    RemoveBlock {
        section: SectionId,
        block: ProvisionId,
    },
}

/// Decides a command. The same state, actor and command always give the same answer.
pub fn decide(state: &State, actor: &Actor, id: EventId, command: &Command) -> Result<Decision, Refusal> {
    match command {
        Command::PersonAdd { person, office, name, email } => {
            person::add(state, actor, person, office, name, email.as_deref())
        }
        Command::PersonRename { person, name } => person::rename(state, actor, person, name),
        Command::PersonJoin { person } => person::join(state, actor, person),
        Command::PersonChange { person, office, version } => {
            person::change(state, actor, person, office, *version)
        }
        Command::PersonLeave { person, successor, version } => {
            person::leave(state, actor, person, successor.as_ref(), *version)
        }
        Command::PersonReturn { person, office, version } => {
            person::come_back(state, actor, person, office, *version)
        }
        Command::PersonErase { person } => forgetting::person(state, actor, person),
        Command::OrganisationAdd { organisation, profile } => {
            organisation::add(state, actor, organisation, profile)
        }
        Command::OrganisationChange { organisation, profile, version } => {
            organisation::change(state, actor, organisation, profile, *version)
        }
        Command::OrganisationRemove { organisation, version } => {
            organisation::remove(state, actor, organisation, *version)
        }
        Command::ProcessStart { plan, template, phases, keep_days } => {
            process::start(state, actor, *plan, template, phases, *keep_days)
        }
        Command::RetentionSet { plan, days } => forgetting::retain(state, actor, *plan, *days),
        Command::PhaseReschedule { plan, phase, opens, closes } => {
            process::reschedule(state, actor, *plan, phase, (*opens, *closes))
        }
        Command::PhaseAdd { plan, planned } => process::add(state, actor, *plan, planned),
        Command::PhaseChange { plan, phase, title, kind, gate } => {
            process::change(state, actor, *plan, phase, (title, *kind, gate))
        }
        Command::PhaseRemove { plan, phase } => process::remove(state, actor, *plan, phase),
        Command::ProcessWithdraw { plan } => process::withdraw(state, actor, *plan),
        Command::GuestInvite { invitation, invite } => guest::invite(state, actor, *invitation, invite),
        Command::GuestRevoke { plan, invitation } => guest::revoke(state, actor, *plan, *invitation),
        Command::GuestJoin { invitation, joining, name } => {
            guest::join(state, actor, *invitation, joining, name)
        }
        Command::GateApprove { plan, phase, role } => process::approve(state, actor, *plan, phase, *role),
        Command::GateWithdraw { plan, phase, role } => process::disapprove(state, actor, *plan, phase, *role),
        Command::PlanCreate { plan, title } => {
            plan::create(state, actor, plan.unwrap_or(PlanId(id.0)), title)
        }
        Command::PlanRename { plan, title } => plan::rename(state, actor, *plan, title),
        Command::PlanFreeze { plan, reason } => plan::freeze(state, actor, *plan, reason),
        Command::PlanUnfreeze { plan, reason } => plan::unfreeze(state, actor, *plan, reason),
        Command::SectionCreate { .. }
        | Command::SectionRename { .. }
        | Command::SectionMove { .. }
        | Command::SectionRemove { .. }
        | Command::SectionRestore { .. } => section::decide(state, actor, id, command),
        Command::SectionAssign { plan, section, group } => {
            assignment::assign(state, actor, *plan, section, group)
        }
        Command::StrayFind { plan, stray } => stray::find(state, *plan, stray),
        Command::StraySettle { plan, provision, settled } => {
            stray::settle(state, actor, *plan, provision, *settled)
        }
        Command::ThreadOpen { plan, thread, anchor, text } => {
            thread::open(state, actor, *plan, *thread, anchor, text)
        }
        Command::ThreadReply { plan, thread, text } => thread::reply(state, actor, id, *plan, *thread, text),
        Command::ThreadResolve { plan, thread } => thread::resolve(state, actor, *plan, *thread),
        Command::ThreadReopen { plan, thread } => thread::reopen(state, actor, *plan, *thread),
        Command::CommentWithhold { place, measure, reason } => {
            moderation::withhold(state, actor, place, *measure, reason)
        }
        Command::CommentShow { place, reason } => moderation::show(state, actor, place, reason),
        Command::CommentDispute { place, text } => moderation::dispute(state, actor, place, text),
        Command::ConductSet { rules, contact, version } => {
            moderation::conduct(state, actor, rules.as_deref(), contact.as_ref(), *version)
        }
        Command::TaskAsk { task, ask, text } => task::ask(state, actor, *task, ask, text),
        Command::TaskDone { task } => task::done(state, actor, *task),
        Command::TaskWithdraw { task } => task::withdraw(state, actor, *task),
    }
}

/// The text without surrounding space; refused when nothing is left or it is too long.
pub(super) fn text(field: &'static str, text: &str, limit: usize) -> Result<String, Refusal> {
    // A title, a name, a reason stand in one line among others: what would break or turn that line is left out.
    let one_line: String;
    let text = if limit <= limits::REASON {
        one_line = text.chars().filter(|letter| !breaks_the_line(*letter)).collect();
        one_line.trim()
    } else {
        text.trim()
    };
    if text.chars().all(is_unseen) {
        return Err(Refusal::Empty { field });
    }
    if text.chars().count() > limit {
        return Err(Refusal::TooLong { field, limit });
    }
    Ok(text.to_owned())
}

/// Control characters, other ends of lines, and what turns the direction of all that follows (Unicode, UAX 9).
fn breaks_the_line(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_unseen(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        for (typed, kept) in [
            (" Aims ", Some("Aims")),
            ("\u{202e}Ai\r\nBcc: ms\u{0}\u{2028}", Some("AiBcc: ms")),
            ("\u{200b}", None),
            ("\u{202e}\u{2066}", None),
            ("\u{0}", None),
            // Joiners and marks of direction that letters need stay.
            ("\u{0646}\u{200c}\u{0647}", Some("\u{0646}\u{200c}\u{0647}")),
        ] {
            assert_eq!(text("title", typed, limits::TITLE).ok().as_deref(), kept, "{typed:?}");
        }
        assert_eq!(text("comment", "one\ntwo", limits::TEXT).unwrap(), "one\ntwo");
    }
}
