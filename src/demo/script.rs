//! The script: every act of three weeks with its time, person and place in the text. Pure: the same for the
//! same `now`, and for another `now` the same with another date.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::diary::{self, OUTLINE, Remark, SECTIONS, SESSIONS, Say};
use super::people::{self, Part};
use super::rhythm::{self, Chance, Deed, Stroke};
use super::tasks;
use super::text::{self, Atom, Block, Kind, Mark, utf16_len};
use crate::domain::{
    Command, EventId, PersonId, PhasePlan, PlanId, Request, SectionId, Template, ThreadId, Timestamp,
};

/// One thing that one person does.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub at: Timestamp,
    pub person: PersonId,
    pub what: What,
}

impl Act {
    /// The session that it belongs to, if somebody is at the text.
    pub fn session(&self) -> Option<usize> {
        match self.what {
            What::Pull { session } | What::Edit { session, .. } => Some(session),
            What::Command(_) | What::Open { .. } => None,
        }
    }

    /// Moves it, and the dates that it names, by so many milliseconds.
    fn shift(&mut self, by: i64) {
        self.at.0 += by;
        if let What::Command(Request { command: Command::TaskAsk { ask, .. }, .. }) = &mut self.what
            && let Some(due) = &mut ask.due
        {
            due.0 += by;
        }
        if let What::Command(Request { command: Command::ProcessStart { phases, .. }, .. }) = &mut self.what {
            for phase in phases {
                phase.opens.0 += by;
                phase.closes.0 += by;
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Command(Request),
    /// A thread on words of the text as everybody has written it until now. A command, once the words have
    /// their cursors.
    Open {
        request: EventId,
        thread: ThreadId,
        section: SectionId,
        /// UTF-16 code units from the beginning of the section's text.
        start: usize,
        words: String,
        text: String,
    },
    /// The person takes in what the others have written until now. Every session begins with it.
    Pull {
        session: usize,
    },
    /// One change of the document by this person, in this session: one session is one actor.
    Edit {
        session: usize,
        section: SectionId,
        edit: Edit,
    },
}

/// A change of the document, in the person's own copy of it. Places are UTF-16 code units in the section's
/// text, a block marker counting one.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// The section is new: below, and after.
    Lay {
        /// The id of the heading's block, which is empty as yet.
        heading: String,
        parent: Option<SectionId>,
        after: Option<SectionId>,
    },
    Place {
        parent: Option<SectionId>,
        after: Option<SectionId>,
    },
    Remove,
    Block {
        at: usize,
        block: Block,
    },
    Insert {
        at: usize,
        text: String,
    },
    Delete {
        at: usize,
        count: usize,
    },
    Mark {
        start: usize,
        end: usize,
        mark: Mark,
    },
}

const DAY: i64 = 24 * 3600 * 1000;
/// How long the plan is in drafting: over a year from the moment at which the demonstration is built.
const DRAFTING: i64 = 500 * DAY;
/// How long after people were added the first of them comes in, in milliseconds.
const FIRST_SIGN_INS: i64 = 900_000;

/// The last Monday from which all of the script has passed, in milliseconds: weeks are shifted whole, so that
/// working days stay working days and the gaps between events stay what they are.
fn monday(now: Timestamp, last: i64) -> i64 {
    // 1970-01-05 was a Monday.
    let first_monday = 4 * DAY;
    let weeks = (now.0 - last - first_monday - 60_000).div_euclid(7 * DAY);
    first_monday + weeks * 7 * DAY
}

/// An id that is the same every time.
pub(super) fn id(kind: &str, number: usize) -> Uuid {
    let digest = Sha256::digest(format!("quorate demonstration {kind} {number}"));
    EventId::of_digest(&digest.into()).0
}

/// The plan in drafting.
pub fn plan() -> PlanId {
    PlanId(id("plan", 1))
}

/// A thread of the diary, numbered from 1.
pub fn thread(number: u8) -> ThreadId {
    ThreadId(id("thread", usize::from(number)))
}

fn section_id(section: usize) -> SectionId {
    SectionId::new(SECTIONS[section].0).expect("the diary's section ids are words")
}

fn index_of(id: &str) -> usize {
    SECTIONS.iter().position(|(known, _)| *known == id).expect("the diary names sections that it has")
}

/// The sections' files, read.
fn texts() -> Vec<Vec<Atom>> {
    SECTIONS.iter().map(|(id, file)| text::parse(id, file)).collect()
}

/// The texts as they are meant to stand at the end, in reading order: the section and its blocks.
pub fn intended() -> Vec<(&'static str, Vec<(Block, String)>)> {
    let texts = texts();
    OUTLINE.iter().map(|(id, _)| (*id, text::blocks_at(&texts[index_of(id)], text::Revision::MAX))).collect()
}

/// All acts, oldest first.
pub fn script(now: Timestamp) -> Vec<Act> {
    let texts = texts();
    let mut acts = Vec::new();
    let mut stage = Simulation::new(&texts);
    let mut requests = 0;
    for (at, by, entry) in entries(&texts) {
        let what = match entry {
            Entry::Stroke(stroke) => stage.perform(&stroke),
            Entry::Command(command) => {
                requests += 1;
                What::Command(Request { id: EventId(id("request", requests)), command })
            }
            Entry::Remark(remark) => {
                requests += 1;
                let request = EventId(id("request", requests));
                stage.remark(request, remark)
            }
        };
        acts.push(Act { at: Timestamp(at), person: by.person(), what });
    }
    let monday = monday(now, acts.last().map_or(0, |act| act.at.0));
    acts.iter_mut().for_each(|act| act.shift(monday));
    acts
}

enum Entry {
    Stroke(Stroke),
    Command(Command),
    Remark(&'static Remark),
}

/// Everything in the diary, in the order of time, in milliseconds since the beginning of day 0.
fn entries(texts: &[Vec<Atom>]) -> Vec<(i64, Part, Entry)> {
    let mut entries = Vec::new();
    let added = diary::PEOPLE_ADDED.seconds() * 1000;
    // The first person comes in unasked, and enters the organisations and the others.
    let order = [5, 0, 1, 2, 3, 4].map(|place| Part::ALL[place]);
    let people = order.into_iter().map(|part| Command::PersonAdd {
        person: part.person(),
        office: part.office(),
        name: part.name().into(),
        email: None,
    });
    let mut commands: Vec<Command> = people.collect();
    let bodies = people::organisations();
    let bodies = bodies.map(|(organisation, profile)| Command::OrganisationAdd { organisation, profile });
    commands.splice(1..1, bodies);
    for (number, command) in commands.into_iter().enumerate() {
        entries.push((added + number as i64 * 41_000, Part::Administrator, Entry::Command(command)));
    }
    // On the same morning they come in for the first time, one after the other.
    for (number, part) in order.into_iter().enumerate() {
        let at = added + FIRST_SIGN_INS + number as i64 * 420_000;
        entries.push((at, part, Entry::Command(Command::PersonJoin { person: part.person() })));
    }
    let mut command = |when: diary::When, command| {
        entries.push((when.seconds() * 1000 + 11_000, Part::Secretariat, Entry::Command(command)));
    };
    let plan = plan();
    command(diary::PLAN_BEGUN, Command::PlanCreate { plan: Some(plan), title: diary::TITLE.into() });
    command(
        diary::DATES_SET,
        Command::ProcessStart {
            plan,
            template: "strategic-plan".into(),
            phases: phases(),
            keep_days: template().keep_days,
        },
    );
    command(diary::FROZEN.0, Command::PlanFreeze { plan, reason: diary::FROZEN.1.into() });
    command(diary::UNFROZEN.0, Command::PlanUnfreeze { plan, reason: diary::UNFROZEN.1.into() });

    for (at, by, command) in tasks::commands() {
        entries.push((at, by, Entry::Command(command)));
    }

    let mut chance = Chance::new(7_001);
    for remark in diary::REMARKS {
        let at = remark.at.seconds() * 1000 + chance.between(0, 60_000);
        entries.push((at, remark.by, Entry::Remark(remark)));
    }
    for stroke in strokes(texts) {
        entries.push((stroke.at, stroke.by, Entry::Stroke(stroke)));
    }
    // Stable: what one person does in one millisecond stays in order.
    entries.sort_by_key(|(at, ..)| *at);
    entries
}

/// That of a strategic plan.
fn template() -> Template {
    Template::built_in().swap_remove(0)
}

/// The plan's way from the first draft on, in milliseconds since the beginning of day 0. Drafting stays open for over
/// a year, so that there is always something to write in.
fn phases() -> Vec<PhasePlan> {
    let begun = Timestamp(diary::DATES_SET.seconds() * 1000);
    let mut phases: Vec<PhasePlan> = template().dated(begun).into_iter().skip(2).collect();
    let later = begun.0 + DRAFTING - phases[0].closes.0;
    for phase in &mut phases {
        phase.opens.0 += later;
        phase.closes.0 += later;
    }
    phases[0].opens = begun;
    phases
}

/// All sessions. Where two people work at once, each takes in the other's work twice a minute or
/// so: between, the two write without knowing of each other.
fn strokes(texts: &[Vec<Atom>]) -> Vec<Stroke> {
    let sessions: Vec<Vec<Stroke>> = SESSIONS
        .iter()
        .enumerate()
        .map(|(number, session)| rhythm::session(number, session, texts, &index_of))
        .collect();
    let spans: Vec<(i64, i64)> = sessions.iter().map(|strokes| span(strokes)).collect();
    let mut all: Vec<Stroke> = Vec::new();
    let mut chance = Chance::new(7_002);
    for (number, strokes) in sessions.iter().enumerate() {
        for (other, strokes_of_other) in sessions.iter().enumerate() {
            let from = spans[number].0.max(spans[other].0);
            let to = spans[number].1.min(spans[other].1);
            if other == number || strokes_of_other[0].by == strokes[0].by {
                continue;
            }
            let mut at = from;
            while at < to {
                all.push(Stroke { at, deed: Deed::Pull, ..strokes[0].clone() });
                at += chance.between(15_000, 40_000);
            }
        }
        all.extend(strokes.iter().cloned());
    }
    all
}

fn span(strokes: &[Stroke]) -> (i64, i64) {
    (strokes.first().map_or(0, |first| first.at), strokes.last().map_or(0, |last| last.at))
}

/// How much of an atom stands: a beginning of it, and something mistyped behind that.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    shown: usize,
    slip: usize,
}

impl Standing {
    fn len(self) -> usize {
        self.shown + self.slip
    }
}

/// One copy of the texts: by section, by atom.
type Copy = Vec<Vec<Standing>>;

/// What stands where, in everybody's copy and in all of them together. An atom is written by one person at a
/// time, so the copies merge by taking the newest of each atom.
struct Simulation<'a> {
    texts: &'a [Vec<Atom>],
    merged: Copy,
    own: [Copy; Part::ALL.len()],
}

impl<'a> Simulation<'a> {
    fn new(texts: &'a [Vec<Atom>]) -> Self {
        let empty: Copy = texts.iter().map(|atoms| vec![Standing::default(); atoms.len()]).collect();
        Self { texts, merged: empty.clone(), own: std::array::from_fn(|_| empty.clone()) }
    }

    fn perform(&mut self, stroke: &Stroke) -> What {
        let own = &mut self.own[stroke.by as usize];
        let section = stroke.section;
        let place =
            |own: &Copy, atom: usize| own[section][..atom].iter().map(|standing| standing.len()).sum();
        let ids =
            |parent: Option<usize>, after: Option<usize>| (parent.map(section_id), after.map(section_id));
        let (atom, edit) = match &stroke.deed {
            Deed::Pull => {
                own.clone_from(&self.merged);
                return What::Pull { session: stroke.session };
            }
            Deed::Lay { parent, after } => {
                let (parent, after) = ids(*parent, *after);
                let Kind::Block(Block { id, .. }) = &self.texts[section][0].kind else {
                    panic!("a section's file begins with its heading")
                };
                own[section][0].shown = 1;
                (0, Edit::Lay { heading: id.clone(), parent, after })
            }
            Deed::Place { parent, after } => {
                let (parent, after) = ids(*parent, *after);
                (0, Edit::Place { parent, after })
            }
            Deed::Remove => (0, Edit::Remove),
            Deed::Grow { atom, text } => {
                let start: usize = place(own, *atom);
                let standing = &mut own[section][*atom];
                let at = start + standing.len();
                match &self.texts[section][*atom].kind {
                    Kind::Block(block) => {
                        standing.shown = 1;
                        (*atom, Edit::Block { at, block: block.clone() })
                    }
                    Kind::Words(_) => {
                        standing.shown += utf16_len(text);
                        (*atom, Edit::Insert { at, text: text.clone() })
                    }
                }
            }
            Deed::Slip { atom, text } => {
                let start: usize = place(own, *atom);
                let standing = &mut own[section][*atom];
                let at = start + standing.len();
                standing.slip = utf16_len(text);
                (*atom, Edit::Insert { at, text: text.clone() })
            }
            Deed::Mend { atom } => {
                let start: usize = place(own, *atom);
                let standing = &mut own[section][*atom];
                let count = std::mem::take(&mut standing.slip);
                (*atom, Edit::Delete { at: start + standing.shown, count })
            }
            Deed::Shrink { atom, by } => {
                let start: usize = place(own, *atom);
                let standing = &mut own[section][*atom];
                standing.shown -= by;
                (*atom, Edit::Delete { at: start + standing.shown, count: *by })
            }
            Deed::Set { atom, mark } => {
                let start: usize = place(own, *atom);
                let end = start + own[section][*atom].shown;
                (*atom, Edit::Mark { start, end, mark: mark.clone() })
            }
        };
        self.merged[section][atom] = own[section][atom];
        What::Edit { session: stroke.session, section: section_id(section), edit }
    }

    fn remark(&self, request: EventId, remark: &Remark) -> What {
        let plan = plan();
        let thread = thread(remark.thread);
        let command = match remark.say {
            Say::Open(section, words, text) => {
                let start = self.find(index_of(section), words).unwrap_or_else(|| {
                    panic!("thread {}: {words:?} does not stand once in {section} then", remark.thread)
                });
                return What::Open {
                    request,
                    thread,
                    section: section_id(index_of(section)),
                    start,
                    words: words.to_owned(),
                    text: text.to_owned(),
                };
            }
            Say::Reply(text) => Command::ThreadReply { plan, thread, text: text.to_owned() },
            Say::Resolve => Command::ThreadResolve { plan, thread },
            Say::Reopen => Command::ThreadReopen { plan, thread },
        };
        What::Command(Request { id: request, command })
    }

    /// Where the words stand in everybody's text, if they stand there exactly once.
    fn find(&self, section: usize, words: &str) -> Option<usize> {
        let mut shown = String::new();
        for (atom, standing) in self.texts[section].iter().zip(&self.merged[section]) {
            match &atom.kind {
                Kind::Block(_) if standing.shown == 1 => shown.push('\u{fffc}'),
                Kind::Block(_) => {}
                Kind::Words(words) => {
                    let mut left = standing.shown;
                    let standing = words.chars().take_while(|c| {
                        let fits = left >= c.len_utf16();
                        left = left.saturating_sub(c.len_utf16());
                        fits
                    });
                    shown.extend(standing);
                }
            }
        }
        let mut found = shown.match_indices(words);
        let (at, _) = found.next()?;
        found.next().is_none().then(|| utf16_len(&shown[..at]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// A Saturday in November 2026, and a Tuesday half a year later.
    const NOW: Timestamp = Timestamp(1_795_300_000_000);
    const LATER: Timestamp = Timestamp(1_810_000_000_000);

    #[test]
    fn the_same_every_time_but_for_the_date() {
        let acts = script(NOW);
        assert_eq!(acts, script(NOW));
        let later = script(LATER);
        let moved = later[0].at.0 - acts[0].at.0;
        assert!(moved > 0 && moved % (7 * DAY) == 0);
        assert_eq!(acts.len(), later.len());
        for (act, other) in acts.iter().zip(&later) {
            let mut act = act.clone();
            act.shift(moved);
            assert_eq!(&act, other);
        }
    }

    #[test]
    fn it_has_just_passed() {
        for hours in 0..200 {
            let now = Timestamp(NOW.0 + hours * 3_600_000);
            let acts = script(now);
            let since = now.0 - acts.last().unwrap().at.0;
            assert!((60_000..7 * DAY + 60_000).contains(&since), "{since} ms");
            if hours % 50 != 0 {
                continue;
            }
            assert!(acts.is_sorted_by_key(|act| act.at));
            let days = (acts.last().unwrap().at.0 - acts[0].at.0) / DAY;
            assert_eq!(days, 18, "three working weeks");
        }
    }

    #[test]
    fn people_work_in_the_day_and_one_evening() {
        for act in script(NOW) {
            // Brussels, in winter.
            let minutes = (act.at.0 / 60_000 + 60).rem_euclid(24 * 60);
            let weekday = (act.at.0 + 3_600_000 - 4 * DAY).div_euclid(DAY).rem_euclid(7);
            match weekday {
                0..=4 => assert!((8 * 60..18 * 60).contains(&minutes), "{} {:?}", act.at, act.what),
                5 => panic!("nobody works on Saturday: {}", act.at),
                _ => assert!((20 * 60..22 * 60).contains(&minutes), "{}", act.at),
            }
        }
    }

    #[test]
    fn as_much_as_promised() {
        let acts = script(NOW);
        let mut edits = BTreeMap::<&str, usize>::new();
        for act in &acts {
            if let What::Edit { .. } = act.what {
                *edits.entry(act.person.as_str()).or_default() += 1;
            }
        }
        let all: usize = edits.values().sum();
        println!("{all} changes: {edits:?}; {} acts", acts.len());
        assert!((6_000..=12_000).contains(&all), "{all}");
        assert_eq!(
            edits.keys().copied().collect::<Vec<_>>(),
            ["consultant", "member-1", "member-2", "secretariat"]
        );
        let people: BTreeSet<_> = acts.iter().map(|act| act.person.as_str()).collect();
        assert_eq!(people.len(), 6);
        let threads = acts.iter().filter(|act| matches!(act.what, What::Open { .. })).count();
        assert!((12..=20).contains(&threads));

        let intended = intended();
        assert_eq!(intended.len(), 17);
        let words: usize = intended
            .iter()
            .flat_map(|(_, blocks)| blocks)
            .map(|(_, text)| text.split_whitespace().count())
            .sum();
        println!("{words} words");
        assert!(words >= 4_200, "ten printed pages: {words}");
        use crate::document::BlockType::{Blockquote, Heading, OrderedListItem, UnorderedListItem};
        for kind in [Heading, UnorderedListItem, OrderedListItem, Blockquote] {
            assert!(intended.iter().flat_map(|(_, blocks)| blocks).any(|(block, _)| block.kind == kind));
        }
        let paragraphs: Vec<_> =
            intended.iter().flat_map(|(_, blocks)| blocks).map(|(_, text)| text).collect();
        let distinct: BTreeSet<_> = paragraphs.iter().collect();
        assert_eq!(paragraphs.len(), distinct.len(), "no paragraph stands twice");
    }

    #[test]
    fn every_state_between_revisions_is_clean_prose() {
        for ((id, _), atoms) in SECTIONS.iter().zip(texts()) {
            for revision in 0..=4 {
                for (block, text) in text::blocks_at(&atoms, revision) {
                    let wrong = text.trim() != text
                        || text.is_empty()
                        || text.contains("  ")
                        || [" .", " ,", " ;", " :", "{", "}", "*"].iter().any(|sign| text.contains(sign));
                    assert!(!wrong, "{id} {} at {revision}: {text:?}", block.id);
                }
            }
        }
    }

    #[test]
    fn nobody_is_in_two_places() {
        let texts = texts();
        let mut busy: BTreeMap<&str, i64> = BTreeMap::new();
        for (number, session) in SESSIONS.iter().enumerate() {
            let strokes = rhythm::session(number, session, &texts, &index_of);
            let (from, to) = span(&strokes);
            println!("{:?} {} {} min, {}", session.at, session.by.id(), (to - from) / 60_000, strokes.len());
            let free = busy.insert(session.by.id(), to).unwrap_or(0);
            assert!(free <= from, "{:?} {} is still at work", session.at, session.by.id());
        }
    }

    #[test]
    fn nothing_moves_while_the_plan_is_frozen() {
        let mut frozen = false;
        for act in script(NOW) {
            match act.what {
                What::Command(Request { command: Command::PlanFreeze { .. }, .. }) => frozen = true,
                What::Command(Request { command: Command::PlanUnfreeze { .. }, .. }) => frozen = false,
                What::Edit { .. } => assert!(!frozen, "{} {}", act.at, act.person),
                What::Command(_) | What::Open { .. } | What::Pull { .. } => {}
            }
        }
        assert!(!frozen);
    }
}
