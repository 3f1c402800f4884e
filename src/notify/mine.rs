//! What is asked of one person and what is new to them, with all that is needed to say it. Gathered while the views
//! are held, for the cost of this one person's plans and threads; put into words ([`super::words`]) afterwards.

use crate::domain::{
    Action, Digest, Due, Of, PersonId, PhaseId, PlanId, Position, Process, State, TaskId, ThreadId,
    Timestamp, Wanted, asked, limits,
};
use crate::engine::Engine;
use crate::projection::{News, Notice, Views};

/// Something that is asked of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub due: Due,
    /// The title of the plan, where they may read it.
    pub plan: Option<(PlanId, String)>,
    /// The title of the phase that it is about.
    pub phase: Option<String>,
    /// Of a task: who asked, of which organisation, and in which words while they stand.
    pub asker: Option<PersonId>,
    pub organisation: Option<String>,
    pub words: Option<String>,
    /// Of a task: where in the plan.
    pub section: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub notice: Notice,
    pub plan: Option<(PlanId, String)>,
    pub phase: Option<String>,
    /// What was said or asked, while those words stand and they may read them.
    pub words: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mine {
    /// The nearest date first.
    pub todos: Vec<Todo>,
    /// The newest first, up to [`limits::NOTICES`].
    pub items: Vec<Item>,
    /// How many of all items came after what they have seen.
    pub unseen: usize,
    /// Up to which event they have seen it all.
    pub seen: Position,
    /// The newest event: what can be seen by now.
    pub head: Position,
    pub digest: Digest,
}

/// How much waits for somebody, for the head of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    pub todos: usize,
    pub unseen: usize,
}

/// What is asked of a person and new to them.
pub fn mine(engine: &Engine, person: &PersonId) -> Mine {
    let now = (engine.clock())();
    let told = engine.about(person).map(|about| about.told).unwrap_or_default();
    let views = engine.views();
    let notices = views.notices.of(&views.state, person, 0);
    let unseen = notices.iter().filter(|notice| notice.position > told.seen).count();
    let shown = notices.into_iter().take(limits::NOTICES);
    Mine {
        items: shown.map(|notice| item(&views, person, notice)).collect(),
        todos: todos(&views, person, now),
        unseen,
        seen: told.seen,
        head: views.head,
        digest: told.digest,
    }
}

/// How much of it there is.
pub fn waiting(engine: &Engine, person: &PersonId) -> Waiting {
    let now = (engine.clock())();
    let seen = engine.about(person).map_or(0, |about| about.told.seen);
    let views = engine.views();
    let unseen = views.notices.of(&views.state, person, seen).len();
    Waiting { todos: asked(&views.state, person, now).len(), unseen }
}

pub(super) fn todos(views: &Views, person: &PersonId, now: Timestamp) -> Vec<Todo> {
    asked(&views.state, person, now).into_iter().map(|due| todo(views, person, due)).collect()
}

fn todo(views: &Views, person: &PersonId, due: Due) -> Todo {
    let state = &views.state;
    let mut todo = Todo {
        plan: due.plan.and_then(|plan| readable(state, person, plan)),
        phase: None,
        asker: None,
        organisation: None,
        words: None,
        section: None,
        due,
    };
    match &todo.due.wanted {
        Wanted::Approve { phase, .. }
        | Wanted::Answer { phase }
        | Wanted::Decide { phase }
        | Wanted::Unblock { phase, .. } => todo.phase = title_of(state, todo.due.plan, phase),
        Wanted::Settle { .. } | Wanted::Judge { .. } => {}
        Wanted::Task { task } => {
            let task = *task;
            if let Some(known) = state.tasks.get(task) {
                todo.asker.clone_from(&known.by);
                todo.section = known.ask.section.as_ref().map(|section| section.as_str().to_owned());
                if let Of::Organisation(organisation) = &known.ask.of {
                    let known = state.organisations.get(organisation);
                    todo.organisation = known.map(|known| known.profile.name.clone());
                }
            }
            todo.words = views.notices.words(task).map(str::to_owned);
        }
    }
    todo
}

pub(super) fn item(views: &Views, person: &PersonId, notice: &Notice) -> Item {
    let state = &views.state;
    let plan = notice.plan.and_then(|plan| readable(state, person, plan));
    let (phase, words) = match &notice.news {
        News::Opened { phase }
        | News::Closed { phase }
        | News::Moved { phase, .. }
        | News::Approved { phase, .. }
        | News::Disapproved { phase, .. } => (title_of(state, notice.plan, phase), None),
        News::Frozen { reason } | News::Unfrozen { reason } | News::Ruled { reason, .. } => {
            (None, Some(reason.clone()))
        }
        News::Replied { thread } => (None, said(views, person, notice, *thread)),
        News::Asked { task } | News::Done { task } | News::Withdrawn { task } => (None, words(views, *task)),
        News::Scheduled
        | News::Replanned
        | News::Resolved { .. }
        | News::Reopened { .. }
        | News::Assigned { .. }
        | News::Stray { .. }
        | News::Joined { .. }
        | News::Part
        | News::Renamed
        | News::Organisation
        | News::Follows { .. } => (None, None),
    };
    Item { notice: notice.clone(), plan, phase, words }
}

fn words(views: &Views, task: TaskId) -> Option<String> {
    views.notices.words(task).map(str::to_owned)
}

/// The words of a reply, while they stand and this person may read them.
fn said(views: &Views, person: &PersonId, notice: &Notice, thread: ThreadId) -> Option<String> {
    let plan = notice.plan?;
    let thread = views.threads.of(plan).iter().find(|one| one.id == thread)?;
    let seen = thread.for_reader(&views.state, plan, person);
    let comment = seen.comments.into_iter().find(|comment| comment.position == notice.position)?;
    (!comment.text.is_empty()).then_some(comment.text)
}

fn readable(state: &State, person: &PersonId, plan: PlanId) -> Option<(PlanId, String)> {
    let known = state.plans.get(&plan).filter(|_| state.may(person, plan, Action::Read))?;
    Some((plan, known.title.clone()))
}

fn title_of(state: &State, plan: Option<PlanId>, phase: &PhaseId) -> Option<String> {
    let process: &Process = state.plans.get(&plan?)?.process.as_ref()?;
    let found = process.phases.iter().find(|known| known.plan.phase == *phase)?;
    Some(found.plan.title.clone())
}
