//! The words in which people are told what is asked of them and what is new, on pages and in mails, kept together so
//! that they can be translated.

use jiff::{Timestamp as Instant, fmt::strtime};

use super::mine::{Item, Todo};
use crate::domain::{Action, Capacity, Digest, Email, PersonId, PlanId, Role, Timestamp, Wanted, limits};
use crate::engine::Engine;
use crate::mail::Mail;
use crate::projection::News;

/// The name of a person as another may know it. A guest's is told to others with consent alone.
pub fn name(engine: &Engine, viewer: &PersonId, person: &PersonId) -> String {
    let unnamed = {
        let state = &engine.views().state;
        let guest = state.guests.people.get(person).filter(|guest| !guest.named);
        let guest = guest.filter(|_| !state.may_always(viewer, Action::Process));
        guest.map(|guest| {
            let invitation = state.guests.invitations.get(&guest.invitation);
            let body = invitation.filter(|_| guest.capacity == Capacity::ForOrganisation);
            body.map_or_else(|| "A guest".to_owned(), |one| format!("A guest from {}", one.to))
        })
    };
    unnamed.unwrap_or_else(|| {
        let about = engine.about(person);
        about.map_or_else(|| "Somebody".to_owned(), |about| about.name)
    })
}

/// `14 March 2026, 09:30 UTC`
pub fn moment(at: Timestamp) -> String {
    let text = Instant::from_millisecond(at.0)
        .ok()
        .and_then(|instant| strtime::format("%-d %B %Y, %H:%M UTC", instant).ok());
    text.unwrap_or_else(|| at.to_string())
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Secretariat => "the secretariat",
        Role::Representative => "a representative",
        Role::Consultant => "the consultant",
        Role::Board => "the board",
        Role::Chair => "the chair",
        Role::ChiefExecutive => "the chief executive",
        Role::Administrator => "the administrator",
        Role::Teller => "the teller",
    }
}

/// What somebody is to do, in one sentence without its date.
pub fn todo(todo: &Todo) -> String {
    let phase = todo.phase.as_deref().unwrap_or("this phase");
    match &todo.due.wanted {
        Wanted::Approve { role: as_role, .. } => format!("Approve at the gate of “{phase}” for {}.", role(*as_role)),
        Wanted::Answer { .. } => format!("Answer the consultation “{phase}”: read the text and comment on it."),
        Wanted::Decide { .. } => format!("Read the text and decide over it: “{phase}”."),
        Wanted::Settle { .. } => {
            "Words of yours were set apart, because their paragraph was deleted meanwhile. Keep or remove them.".into()
        }
        Wanted::Judge { .. } => {
            "A comment was withheld, and its author asks for it to be looked at again. Show it, or not.".into()
        }
        Wanted::Unblock { missing, .. } => {
            let missing: Vec<_> = missing.iter().map(|one| role(*one)).collect();
            format!("“{phase}” was to open, and waits for the approval of {}.", missing.join(" and "))
        }
        Wanted::Task { .. } => {
            todo.words.clone().unwrap_or_else(|| "The words of this task have been erased.".into())
        }
    }
}

/// Where it is done.
pub fn todo_path(todo: &Todo) -> Option<String> {
    let (plan, _) = todo.plan.as_ref()?;
    Some(match &todo.due.wanted {
        Wanted::Approve { phase, .. } | Wanted::Decide { phase } | Wanted::Unblock { phase, .. } => {
            calendar(*plan, phase.as_str())
        }
        Wanted::Task { .. } => match &todo.section {
            Some(section) => format!("/plans/{plan}/read#s-{section}"),
            None => format!("/plans/{plan}"),
        },
        Wanted::Judge { thread, .. } => format!("/plans/{plan}#thread={thread}"),
        Wanted::Answer { .. } | Wanted::Settle { .. } => format!("/plans/{plan}"),
    })
}

fn calendar(plan: PlanId, phase: &str) -> String {
    format!("/plans/{plan}/calendar#phase-{phase}")
}

/// What happened, in one sentence. The words that were said stand beside it.
pub fn item(item: &Item, name: &dyn Fn(&PersonId) -> String) -> String {
    let who = item.notice.by.as_ref().map_or_else(|| "The system".to_owned(), name);
    let phase = item.phase.as_deref().unwrap_or("a phase");
    match &item.notice.news {
        News::Scheduled => format!("{who} set the dates of the plan."),
        News::Replanned => format!("{who} changed the phases of the plan."),
        News::Moved { opens, closes, .. } => {
            format!(
                "{who} moved “{phase}”: it opens on {} and closes on {}.",
                moment(*opens),
                moment(*closes)
            )
        }
        News::Opened { .. } => format!("“{phase}” has opened."),
        News::Closed { .. } => format!("“{phase}” has closed."),
        News::Approved { role: as_role, .. } => {
            format!("{who} approved at the gate of “{phase}” for {}.", role(*as_role))
        }
        News::Disapproved { role: as_role, .. } => {
            format!("{who} took back the approval at the gate of “{phase}” for {}.", role(*as_role))
        }
        News::Frozen { .. } => format!("{who} closed the plan for writing."),
        News::Unfrozen { .. } => format!("{who} opened the plan for writing again."),
        News::Replied { .. } => format!("{who} replied in a discussion in which you took part."),
        News::Resolved { .. } => format!("{who} resolved a discussion in which you took part."),
        News::Reopened { .. } => format!("{who} reopened a discussion in which you took part."),
        News::Asked { .. } => format!("{who} asks something of you."),
        News::Done { .. } => format!("{who} has done what you asked for."),
        News::Withdrawn { .. } => format!("{who} took back something that was asked."),
        News::Ruled { withheld: true, .. } => format!("{who} withheld a comment of yours."),
        News::Ruled { withheld: false, .. } => format!("{who} shows a comment of yours again."),
        News::Assigned { .. } => format!("{who} asks you to write a section of the plan."),
        News::Stray { .. } => {
            "Words of yours were set apart: their paragraph was deleted while you typed.".into()
        }
        News::Joined { guest } => format!("{} came by an invitation of yours.", name(guest)),
        News::Part => format!("{who} changed your part in the network."),
        News::Renamed => format!("{who} corrected your name."),
        News::Organisation => format!("{who} changed what your organisation is to the network."),
        News::Follows { person } => {
            format!("{} has left, and what was open for them is yours now.", name(person))
        }
    }
}

/// Where it can be looked at.
pub fn item_path(item: &Item) -> Option<String> {
    let plan = item.plan.as_ref().map(|(plan, _)| *plan);
    Some(match &item.notice.news {
        News::Moved { phase, .. }
        | News::Opened { phase }
        | News::Closed { phase }
        | News::Approved { phase, .. }
        | News::Disapproved { phase, .. } => calendar(plan?, phase.as_str()),
        News::Scheduled | News::Replanned => format!("/plans/{}/calendar", plan?),
        News::Assigned { section } => format!("/plans/{}/read#s-{section}", plan?),
        News::Frozen { .. } | News::Unfrozen { .. } | News::Stray { .. } => format!("/plans/{}", plan?),
        News::Replied { thread }
        | News::Resolved { thread }
        | News::Reopened { thread }
        | News::Ruled { thread, .. } => format!("/plans/{}#thread={thread}", plan?),
        News::Asked { .. } => "/me".to_owned(),
        News::Done { .. } | News::Withdrawn { .. } | News::Joined { .. } => format!("/plans/{}", plan?),
        News::Renamed => "/me".to_owned(),
        News::Part | News::Organisation | News::Follows { .. } => return None,
    })
}

/// What the mails of one person have in common.
pub(super) struct Letter<'a> {
    pub to: Email,
    pub name: &'a str,
    /// Without a slash at its end.
    pub public_url: &'a str,
    pub unsubscribe: &'a str,
    pub digest: Digest,
}

impl Letter<'_> {
    fn host(&self) -> &str {
        self.public_url.split_once("://").map_or(self.public_url, |(_, host)| host)
    }

    fn mail(&self, subject: String, body: &str) -> Mail {
        let (url, host) = (self.public_url, self.host());
        let rhythm = match self.digest {
            Digest::Day => "every day",
            Digest::Week => "every week",
            Digest::Off => "not at all",
        };
        let unsubscribe = format!("{url}/unsubscribe/{}", self.unsubscribe);
        let text = format!(
            "Hello {},\n\n{body}\nAll of it is on your page: {url}/me\n\n-- \nYou get this mail because you belong to \
             the network at {host}. What is new is sent to you {rhythm}.\nChange that: {url}/me/mail\nEnd these mails \
             without signing in: {unsubscribe}\n",
            self.name
        );
        Mail {
            to: self.to.clone(),
            subject,
            text,
            html: String::new(),
            within: limits::MAIL_WITHIN,
            unsubscribe: Some(unsubscribe),
        }
    }

    fn link(&self, path: Option<String>) -> String {
        path.map_or_else(String::new, |path| format!("  {}{path}\n", self.public_url))
    }

    fn todo(&self, one: &Todo, now: Timestamp) -> String {
        let plan = one.plan.as_ref().map_or_else(String::new, |(_, title)| format!("{title}: "));
        let by = match one.due.by {
            Some(by) if by < now => format!("  It was due on {}.\n", moment(by)),
            Some(by) => format!("  By {}\n", moment(by)),
            None => String::new(),
        };
        format!("* {plan}{}\n{by}{}", todo(one), self.link(todo_path(one)))
    }

    /// What is new; `more` further things are not listed.
    pub(super) fn news(
        &self,
        items: &[Item],
        more: usize,
        todos: &[Todo],
        now: Timestamp,
        name: &dyn Fn(&PersonId) -> String,
    ) -> Mail {
        let count = items.len() + more;
        let subject = match count {
            1 => format!("1 new thing at {}", self.host()),
            count => format!("{count} new things at {}", self.host()),
        };
        let mut body = String::from("this is new since you were last told:\n\n");
        for one in items {
            let plan = one.plan.as_ref().map_or_else(String::new, |(_, title)| format!("{title}: "));
            body.push_str(&format!("* {plan}{}\n  {}\n", item(one, name), moment(one.notice.at)));
            if let Some(words) = &one.words {
                body.push_str(&format!("  “{}”\n", shortened(words)));
            }
            body.push_str(&self.link(item_path(one)));
        }
        if more > 0 {
            body.push_str(&format!("* … and {more} more\n"));
        }
        if !todos.is_empty() {
            body.push_str("\nThis is asked of you:\n\n");
            todos.iter().for_each(|one| body.push_str(&self.todo(one, now)));
        }
        self.mail(subject, &body)
    }

    /// What is asked and not done yet: before its date, or whenever somebody has people reminded.
    pub(super) fn reminder(&self, todos: &[Todo], now: Timestamp) -> Mail {
        let subject = match todos.len() {
            1 => format!("A reminder: 1 thing is asked of you at {}", self.host()),
            count => format!("A reminder: {count} things are asked of you at {}", self.host()),
        };
        let mut body = String::from("this is asked of you, and is not done yet:\n\n");
        todos.iter().for_each(|one| body.push_str(&self.todo(one, now)));
        self.mail(subject, &body)
    }
}

/// The beginning of what somebody said, in one line.
pub fn shortened(words: &str) -> String {
    const LETTERS: usize = 280;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LETTERS {
        return line;
    }
    line.chars().take(LETTERS).chain(['…']).collect()
}
