//! What happened that concerns somebody, and that they did not do themselves.
//!
//! One event may concern everybody, so nothing is handed out when it comes: what concerns all readers of a plan lies
//! with the plan, what concerns an organisation with the organisation, what happens in a thread with the thread. Who
//! looks has it put together then, for the cost of their own plans and threads; and what they may not read at that
//! moment is left out.

use std::collections::{HashMap, VecDeque};

use crate::domain::{
    Action, Event, Fact, Group, InvitationId, Of, OrganisationId, PersonId, PhaseId, Place, PlanId, Position,
    ProvisionId, Role, SectionId, State, TaskId, ThreadId, Timestamp, limits,
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub position: Position,
    pub at: Timestamp,
    /// None: by itself, as on a date.
    pub by: Option<PersonId>,
    pub plan: Option<PlanId>,
    pub news: News,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The dates of a plan were set.
    Scheduled,
    /// Phases were added, changed or taken out.
    Replanned,
    Moved {
        phase: PhaseId,
        opens: Timestamp,
        closes: Timestamp,
    },
    Opened {
        phase: PhaseId,
    },
    Closed {
        phase: PhaseId,
    },
    /// For those who keep the process.
    Approved {
        phase: PhaseId,
        role: Role,
    },
    /// An approval was taken back.
    Disapproved {
        phase: PhaseId,
        role: Role,
    },
    Frozen {
        reason: String,
    },
    Unfrozen {
        reason: String,
    },
    /// In a thread in which one had said something before. The words are the thread's, while they stand.
    Replied {
        thread: ThreadId,
    },
    Resolved {
        thread: ThreadId,
    },
    Reopened {
        thread: ThreadId,
    },
    Asked {
        task: TaskId,
    },
    Done {
        task: TaskId,
    },
    Withdrawn {
        task: TaskId,
    },
    /// A comment of one's own is not shown any more, or is shown again.
    Ruled {
        thread: ThreadId,
        withheld: bool,
        reason: String,
    },
    /// One is named among those who write a section.
    Assigned {
        section: SectionId,
    },
    /// Words of one's own were set apart.
    Stray {
        section: SectionId,
        provision: ProvisionId,
    },
    /// Somebody came by an invitation that one had made.
    Joined {
        guest: PersonId,
    },
    /// One's part in the network is another one.
    Part,
    /// One's name was corrected.
    Renamed,
    /// What one's organisation is to the network is something else.
    Organisation,
    /// One follows somebody who has left: what was open for them is one's own.
    Follows {
        person: PersonId,
    },
}

impl News {
    /// What those hear who keep the process, and nobody else.
    fn is_of_a_gate(&self) -> bool {
        matches!(self, Self::Approved { .. } | Self::Disapproved { .. })
    }
}

/// The words of a task, and where they lie.
#[derive(Debug)]
struct Words {
    by: Option<PersonId>,
    position: Position,
    text: String,
}

/// How a task came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub done: bool,
    pub by: Option<PersonId>,
    pub at: Timestamp,
}

/// Notices in the order in which they came; the oldest go.
#[derive(Debug, Default)]
struct Feed(VecDeque<Notice>);

impl Feed {
    fn push(&mut self, notice: Notice) {
        if self.0.len() == limits::NOTICES_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(notice);
    }

    fn after(&self, position: Position) -> impl Iterator<Item = &Notice> {
        self.0.iter().rev().take_while(move |notice| notice.position > position)
    }
}

/// All notices, where they concern whom they concern; and the words of tasks.
#[derive(Debug, Default)]
pub struct Notices {
    plans: HashMap<PlanId, Feed>,
    people: HashMap<PersonId, Feed>,
    organisations: HashMap<OrganisationId, Feed>,
    threads: HashMap<ThreadId, Vec<Notice>>,
    /// In which threads somebody has said something, and when first.
    took_part: HashMap<PersonId, HashMap<ThreadId, Position>>,
    /// When somebody came to the network: what was before is no news to them.
    since: HashMap<PersonId, (Position, Timestamp)>,
    inviters: HashMap<InvitationId, PersonId>,
    /// Who writes a section: only who is named anew is told.
    groups: HashMap<(PlanId, SectionId), Group>,
    words: HashMap<TaskId, Words>,
    ends: HashMap<TaskId, End>,
}

impl Notices {
    /// In which words something was asked; none once they were erased.
    pub fn words(&self, task: TaskId) -> Option<&str> {
        self.words.get(&task).map(|words| words.text.as_str()).filter(|words| !words.is_empty())
    }

    /// Where words are in which somebody asked something of others.
    pub fn words_of(&self, person: &PersonId) -> Vec<Position> {
        let own = self.words.values().filter(|words| words.by.as_ref() == Some(person));
        own.map(|words| words.position).collect()
    }

    /// Where words are in which anybody asked something about a plan up to a time.
    pub fn words_in(&self, state: &State, plan: PlanId, until: Timestamp) -> Vec<Position> {
        let asked = state.tasks.of_plan(plan).filter(|(_, task)| task.at <= until);
        asked.filter_map(|(id, _)| self.words.get(&id)).map(|words| words.position).collect()
    }

    pub fn end(&self, task: TaskId) -> Option<&End> {
        self.ends.get(&task)
    }

    /// When somebody was added to the network.
    pub fn since(&self, person: &PersonId) -> Option<(Position, Timestamp)> {
        self.since.get(person).copied()
    }

    /// What came after a position and concerns somebody, the newest first. `state` says what they may read now.
    pub fn of(&self, state: &State, person: &PersonId, after: Position) -> Vec<&Notice> {
        let Some(known) = state.people.get(person).filter(|known| !known.left) else { return Vec::new() };
        let after = after.max(self.since(person).map_or(0, |(position, _)| position));
        let mut all: Vec<&Notice> = Vec::new();
        for plan in state.order.iter().filter(|plan| state.may(person, **plan, Action::Read)) {
            let keeps = state.may(person, *plan, Action::Process);
            let before = state.reads_from(person, *plan).saturating_sub(1);
            let news = self.plans.get(plan).into_iter().flat_map(|feed| feed.after(after.max(before)));
            all.extend(news.filter(|notice| keeps || !notice.news.is_of_a_gate()));
        }
        let readable = |notice: &Notice| match notice.news {
            // What is asked of somebody is for them to know, whatever they may read.
            News::Asked { .. } | News::Done { .. } | News::Withdrawn { .. } => true,
            News::Replied { thread } | News::Resolved { thread } | News::Reopened { thread } => {
                notice.plan.is_some_and(|plan| {
                    state.may(person, plan, Action::Read) && state.reads_thread(person, plan, thread)
                })
            }
            _ => notice.plan.is_none_or(|plan| state.may(person, plan, Action::Read)),
        };
        let own = self.people.get(person).into_iter().flat_map(|feed| feed.after(after));
        let organisation = known.office.organisation.as_ref().and_then(|id| self.organisations.get(id));
        let theirs = organisation.into_iter().flat_map(|feed| feed.after(after));
        all.extend(own.chain(theirs).filter(|notice| readable(notice)));
        for (thread, first) in self.took_part.get(person).into_iter().flatten() {
            let after = after.max(*first);
            let news = self.threads.get(thread).into_iter().flat_map(|all| all.iter().rev());
            all.extend(news.take_while(|notice| notice.position > after).filter(|notice| readable(notice)));
        }
        all.retain(|notice| notice.by.as_ref() != Some(person));
        all.sort_by_key(|notice| std::cmp::Reverse(notice.position));
        // What is for somebody by name and for their organisation is told once.
        all.dedup_by_key(|notice| notice.position);
        all
    }

    /// Takes in a fact; `state` has it already.
    pub(super) fn apply(&mut self, fact: &Fact, state: &State) {
        let notice = |plan: Option<PlanId>, news: News| Notice {
            position: fact.position,
            at: fact.at,
            by: fact.actor.clone(),
            plan,
            news,
        };
        let plans = &mut self.plans;
        let mut of_plan = |plan: &PlanId, news: News| {
            plans.entry(*plan).or_default().push(notice(Some(*plan), news));
        };
        match &fact.event {
            Event::ProcessStarted { plan, .. } => of_plan(plan, News::Scheduled),
            Event::PhaseRescheduled { plan, phase, opens, closes } => {
                of_plan(plan, News::Moved { phase: phase.clone(), opens: *opens, closes: *closes });
            }
            Event::PhaseOpened { plan, phase } => of_plan(plan, News::Opened { phase: phase.clone() }),
            Event::PhaseClosed { plan, phase } => of_plan(plan, News::Closed { phase: phase.clone() }),
            Event::PhaseAdded { plan, .. }
            | Event::PhaseChanged { plan, .. }
            | Event::PhaseRemoved { plan, .. }
            | Event::ProcessWithdrawn { plan } => of_plan(plan, News::Replanned),
            Event::GateApproved { plan, phase, role } => {
                of_plan(plan, News::Approved { phase: phase.clone(), role: *role });
            }
            Event::GateWithdrawn { plan, phase, role } => {
                of_plan(plan, News::Disapproved { phase: phase.clone(), role: *role });
            }
            Event::PlanFrozen { plan, reason } => of_plan(plan, News::Frozen { reason: reason.clone() }),
            Event::PlanUnfrozen { plan, reason } => of_plan(plan, News::Unfrozen { reason: reason.clone() }),
            Event::ThreadOpened { thread, .. } => self.take_part(fact, *thread),
            Event::ThreadReplied { plan, thread, .. } => {
                self.in_thread(*thread, notice(Some(*plan), News::Replied { thread: *thread }));
                self.take_part(fact, *thread);
            }
            Event::ThreadResolved { plan, thread } => {
                self.in_thread(*thread, notice(Some(*plan), News::Resolved { thread: *thread }));
            }
            Event::ThreadReopened { plan, thread } => {
                self.in_thread(*thread, notice(Some(*plan), News::Reopened { thread: *thread }));
            }
            Event::TaskAsked { task, ask } => {
                self.concerns(&ask.of, notice(ask.plan, News::Asked { task: *task }));
            }
            Event::TaskWorded { task, text } => {
                let (by, position) = (fact.actor.clone(), fact.position);
                self.words.insert(*task, Words { by, position, text: text.clone() });
            }
            Event::CommentWithheld { place, reason, .. } => {
                self.ruled(place, true, reason, state, &notice);
            }
            Event::CommentShown { place, reason } => self.ruled(place, false, reason, state, &notice),
            Event::PersonErased { person } => {
                for words in self.words.values_mut().filter(|words| words.by.as_ref() == Some(person)) {
                    words.text.clear();
                }
            }
            Event::RetentionPassed { plan } => {
                for (task, _) in state.tasks.of_plan(*plan) {
                    if let Some(words) = self.words.get_mut(&task) {
                        words.text.clear();
                    }
                }
            }
            Event::TaskDone { task } => self.over(fact, *task, true, state, &notice),
            Event::TaskWithdrawn { task } => self.over(fact, *task, false, state, &notice),
            Event::StrayFound { plan, section, provision, people, .. } => {
                // The program found them; whoever typed them is whom it concerns.
                for person in people {
                    let news = News::Stray { section: section.clone(), provision: provision.clone() };
                    self.of_person(person, Notice { by: None, ..notice(Some(*plan), news) });
                }
            }
            Event::SectionAssigned { plan, section, group } => {
                let before = self.groups.insert((*plan, section.clone()), group.clone()).unwrap_or_default();
                let told = || notice(Some(*plan), News::Assigned { section: section.clone() });
                for person in group.people.iter().filter(|one| !before.people.contains(one)) {
                    self.of_person(person, told());
                }
                for one in group.organisations.iter().filter(|one| !before.organisations.contains(one)) {
                    self.organisations.entry(one.clone()).or_default().push(told());
                }
            }
            Event::PersonAdded { person, .. } | Event::PersonReturned { person, .. } => {
                self.since.insert(person.clone(), (fact.position, fact.at));
            }
            Event::PersonChanged { person, .. } => self.of_person(person, notice(None, News::Part)),
            Event::PersonRenamed { person } => self.of_person(person, notice(None, News::Renamed)),
            Event::PersonLeft { person, successor: Some(successor) } => {
                self.of_person(successor, notice(None, News::Follows { person: person.clone() }));
            }
            Event::OrganisationChanged { organisation, .. } => {
                let feed = self.organisations.entry(organisation.clone()).or_default();
                feed.push(notice(None, News::Organisation));
            }
            Event::GuestInvited { invitation, .. } => {
                if let Some(by) = &fact.actor {
                    self.inviters.insert(*invitation, by.clone());
                }
            }
            Event::GuestJoined { plan, invitation, guest, .. } => {
                if let Some(inviter) = self.inviters.get(invitation).cloned() {
                    self.of_person(&inviter, notice(Some(*plan), News::Joined { guest: guest.clone() }));
                }
            }
            Event::PersonLeft { successor: None, .. }
            | Event::RetentionSet { .. }
            | Event::CommentDisputed { .. }
            | Event::ConductSet { .. }
            | Event::EpochBegan { .. }
            | Event::OrganisationAdded { .. }
            | Event::OrganisationRemoved { .. }
            | Event::PersonJoined { .. }
            | Event::GuestRevoked { .. }
            | Event::PlanCreated { .. }
            | Event::PlanRenamed { .. }
            | Event::ActorBound { .. }
            | Event::DocumentChanged { .. }
            | Event::StraySettled { .. } => {}
        }
    }

    fn of_person(&mut self, person: &PersonId, notice: Notice) {
        self.people.entry(person.clone()).or_default().push(notice);
    }

    fn concerns(&mut self, of: &Of, notice: Notice) {
        match of {
            Of::Person(person) => self.of_person(person, notice),
            Of::Organisation(organisation) => {
                self.organisations.entry(organisation.clone()).or_default().push(notice);
            }
        }
    }

    /// Whoever wrote a comment hears what became of it.
    fn ruled(
        &mut self,
        place: &Place,
        withheld: bool,
        reason: &str,
        state: &State,
        notice: &impl Fn(Option<PlanId>, News) -> Notice,
    ) {
        let author = state.comment(place).and_then(|comment| comment.by.clone());
        if let Some(author) = author {
            let news = News::Ruled { thread: place.thread, withheld, reason: reason.to_owned() };
            self.of_person(&author, notice(Some(place.plan), news));
        }
    }

    fn in_thread(&mut self, thread: ThreadId, notice: Notice) {
        self.threads.entry(thread).or_default().push(notice);
    }

    fn take_part(&mut self, fact: &Fact, thread: ThreadId) {
        if let Some(person) = &fact.actor {
            self.took_part.entry(person.clone()).or_default().entry(thread).or_insert(fact.position);
        }
    }

    /// Whoever asked hears of it; and of whom it was asked, where they did not do it.
    fn over(
        &mut self,
        fact: &Fact,
        task: TaskId,
        done: bool,
        state: &State,
        notice: &impl Fn(Option<PlanId>, News) -> Notice,
    ) {
        let Some(known) = state.tasks.get(task) else { return };
        self.ends.insert(task, End { done, by: fact.actor.clone(), at: fact.at });
        let news = || if done { News::Done { task } } else { News::Withdrawn { task } };
        if let Some(asker) = &known.by {
            self.of_person(asker, notice(known.ask.plan, news()));
        }
        let asks_oneself = known.by.as_ref().is_some_and(|by| known.ask.of == Of::Person(by.clone()));
        if !done && !asks_oneself {
            self.concerns(&known.ask.of, notice(known.ask.plan, news()));
        }
    }
}
