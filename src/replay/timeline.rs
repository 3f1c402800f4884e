//! The timeline of a plan: bursts of work by each person, marks for comments, marks for decisions.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{PersonId, Position, ThreadId, Timestamp};

/// A person who pauses for longer than this starts a new burst: 10 minutes, in milliseconds.
const PAUSE: i64 = 10 * 60 * 1000;

/// One event of a plan, as far as the timeline needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub position: Position,
    pub at: Timestamp,
    /// None where the program itself acted.
    pub person: Option<PersonId>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The document changed, by so many characters (UTF-16 code units).
    Changed {
        added: u32,
        removed: u32,
    },
    Commented {
        thread: ThreadId,
        kind: CommentKind,
    },
    Decided(Decision),
    /// Part of the record that no one needs to stop at, such as the binding of an actor.
    Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CommentKind {
    Opened,
    Replied,
    Resolved,
    Reopened,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Created,
    Renamed,
    Frozen,
    Unfrozen,
    Scheduled,
    Rescheduled,
    /// Phases were added, changed or taken out.
    Replanned,
    /// A phase of the process opened on its date.
    #[serde(rename = "phase-opened")]
    PhaseOpened,
    #[serde(rename = "phase-closed")]
    PhaseClosed,
    Approved,
    /// An approval was taken back.
    Disapproved,
}

/// Changes of one person without a pause of more than 10 minutes between them. Others may have written
/// meanwhile: bursts of several people can overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Burst {
    pub first: Position,
    pub last: Position,
    pub from: Timestamp,
    pub to: Timestamp,
    pub person: Option<PersonId>,
    pub changes: u64,
    /// Characters, in UTF-16 code units.
    pub added: u64,
    pub removed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommentMark {
    pub position: Position,
    pub at: Timestamp,
    pub thread: ThreadId,
    pub kind: CommentKind,
    pub person: Option<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionMark {
    pub position: Position,
    pub at: Timestamp,
    pub kind: Decision,
    pub person: Option<PersonId>,
}

/// The whole history of one plan at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The position of the plan's first event.
    pub first: Position,
    /// The position of its newest event.
    pub head: Position,
    pub from: Timestamp,
    pub to: Timestamp,
    /// In the order of their first positions.
    pub bursts: Vec<Burst>,
    pub comments: Vec<CommentMark>,
    pub decisions: Vec<DecisionMark>,
    /// The events where a reader can stop, ascending, each with its time.
    #[serde(skip)]
    pub stops: Vec<(Position, Timestamp)>,
    /// Changes one after the other by the same person, however long the pauses.
    #[serde(skip)]
    turns: Vec<Turn>,
}

/// From the first to the last of some changes by one person, without another's between.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    first: Position,
    last: Position,
    person: Option<PersonId>,
}

/// Folds a plan's events, oldest first. None when there are none.
pub fn timeline(moments: impl IntoIterator<Item = Moment>) -> Option<Timeline> {
    let mut moments = moments.into_iter();
    let first = moments.next()?;
    let mut line = Timeline {
        first: first.position,
        head: first.position,
        from: first.at,
        to: first.at,
        bursts: Vec::new(),
        comments: Vec::new(),
        decisions: Vec::new(),
        stops: Vec::new(),
        turns: Vec::new(),
    };
    // A person's newest burst: where it stands in `bursts`.
    let mut open: HashMap<Option<PersonId>, usize> = HashMap::new();
    for moment in std::iter::once(first).chain(moments) {
        line.take(moment, &mut open);
    }
    Some(line)
}

impl Timeline {
    fn take(&mut self, moment: Moment, open: &mut HashMap<Option<PersonId>, usize>) {
        let Moment { position, at, person, what } = moment;
        // A clock can be set back; the line does not run backwards for it.
        let at = at.max(self.to);
        self.head = position;
        self.to = at;
        match what {
            What::Changed { added, removed } => {
                self.stops.push((position, at));
                match self.turns.last_mut() {
                    Some(turn) if turn.person == person => turn.last = position,
                    _ => self.turns.push(Turn { first: position, last: position, person: person.clone() }),
                }
                let (added, removed) = (u64::from(added), u64::from(removed));
                if let Some(&index) = open.get(&person) {
                    let burst = &mut self.bursts[index];
                    if at.0 - burst.to.0 <= PAUSE {
                        burst.last = position;
                        burst.to = at;
                        burst.changes += 1;
                        burst.added += added;
                        burst.removed += removed;
                        return;
                    }
                }
                open.insert(person.clone(), self.bursts.len());
                self.bursts.push(Burst {
                    first: position,
                    last: position,
                    from: at,
                    to: at,
                    person,
                    changes: 1,
                    added,
                    removed,
                });
            }
            What::Commented { thread, kind } => {
                self.stops.push((position, at));
                self.comments.push(CommentMark { position, at, thread, kind, person });
            }
            What::Decided(kind) => {
                self.stops.push((position, at));
                self.decisions.push(DecisionMark { position, at, kind, person });
            }
            What::Kept => {}
        }
    }

    /// The line for somebody who is shown the plan from a position on, and only some of its threads.
    pub fn since(&self, first: Position, is_shown: impl Fn(ThreadId) -> bool) -> Self {
        let marks = |mark: &&CommentMark| mark.position >= first && is_shown(mark.thread);
        let comments: Vec<CommentMark> = self.comments.iter().filter(marks).cloned().collect();
        let hidden = self.comments.iter().filter(|mark| !is_shown(mark.thread));
        let hidden: HashSet<Position> = hidden.map(|mark| mark.position).collect();
        let is_stop = |(stop, _): &&(Position, Timestamp)| *stop >= first && !hidden.contains(stop);
        let stops: Vec<(Position, Timestamp)> = self.stops.iter().filter(is_stop).copied().collect();
        let begins = self.time_at(first);
        let bursts = self.bursts.iter().filter(|burst| burst.last >= first);
        let turns = self.turns.iter().filter(|turn| turn.last >= first);
        Self {
            first,
            head: stops.last().map_or(first, |(stop, _)| *stop),
            from: begins,
            to: stops.last().map_or(begins, |(_, at)| *at),
            // What somebody went on with has its beginning before.
            bursts: bursts
                .map(|burst| Burst {
                    first: burst.first.max(first),
                    from: burst.from.max(begins),
                    ..burst.clone()
                })
                .collect(),
            decisions: self.decisions.iter().filter(|mark| mark.position >= first).cloned().collect(),
            turns: turns.map(|turn| Turn { first: turn.first.max(first), ..turn.clone() }).collect(),
            comments,
            stops,
        }
    }

    /// The person's bursts, comments and decisions make them one of those who worked on the plan. In the
    /// order of their first doing.
    pub fn people(&self) -> Vec<&PersonId> {
        let mut seen: Vec<(Position, &PersonId)> = Vec::new();
        let doings = (self.bursts.iter().map(|burst| (burst.first, burst.person.as_ref())))
            .chain(self.comments.iter().map(|mark| (mark.position, mark.person.as_ref())))
            .chain(self.decisions.iter().map(|mark| (mark.position, mark.person.as_ref())));
        for (position, person) in doings {
            let Some(person) = person else { continue };
            match seen.iter_mut().find(|(_, known)| *known == person) {
                Some((earliest, _)) => *earliest = position.min(*earliest),
                None => seen.push((position, person)),
            }
        }
        seen.sort_unstable();
        seen.into_iter().map(|(_, person)| person).collect()
    }

    /// Who wrote after one position and up to another, if it was one person only.
    pub fn only_writer(&self, after: Position, up_to: Position) -> Option<&PersonId> {
        let start = self.turns.partition_point(|turn| turn.last <= after);
        let mut turns = self.turns[start..].iter().take_while(|turn| turn.first <= up_to);
        let person = turns.next()?.person.as_ref()?;
        turns.all(|turn| turn.person.as_ref() == Some(person)).then_some(person)
    }

    /// The time of the last stop at or before the position; the plan's first moment when there is none.
    pub fn time_at(&self, position: Position) -> Timestamp {
        let after = self.stops.partition_point(|(stop, _)| *stop <= position);
        after.checked_sub(1).map_or(self.from, |index| self.stops[index].1)
    }

    /// The last stop at or before the time; the first stop when there is none.
    pub fn position_at(&self, at: Timestamp) -> Position {
        let after = self.stops.partition_point(|(_, time)| *time <= at);
        let index = after.saturating_sub(1);
        self.stops.get(index).map_or(self.first, |(position, _)| *position)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn person(id: &str) -> PersonId {
        PersonId::new(id).unwrap()
    }

    /// One moment from a short line: `position minute who what`, where what is `+added-removed`, `comment`,
    /// `freeze` or `kept`.
    pub(crate) fn moment(line: &str) -> Moment {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [position, minute, who, what] = parts[..] else { panic!("four parts are needed: {line}") };
        Moment {
            position: position.parse().unwrap(),
            at: Timestamp((minute.parse::<f64>().unwrap() * 60_000.0) as i64),
            person: Some(person(who)),
            what: match what {
                "comment" => {
                    What::Commented { thread: ThreadId(uuid::Uuid::nil()), kind: CommentKind::Opened }
                }
                "freeze" => What::Decided(Decision::Frozen),
                "kept" => What::Kept,
                change => {
                    let (added, removed) = change[1..].split_once('-').unwrap();
                    What::Changed { added: added.parse().unwrap(), removed: removed.parse().unwrap() }
                }
            },
        }
    }

    pub(crate) fn line(lines: &[&str]) -> Timeline {
        timeline(lines.iter().map(|line| moment(line))).unwrap()
    }

    /// `who first-last changes +added-removed`, one a burst.
    fn bursts(line: &Timeline) -> Vec<String> {
        (line.bursts.iter())
            .map(|b| {
                let who = b.person.as_ref().map_or("-", PersonId::as_str);
                format!("{who} {}-{} {} +{}-{}", b.first, b.last, b.changes, b.added, b.removed)
            })
            .collect()
    }

    #[test]
    fn bursts_by_person_and_pause() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("one change", &["4 0 ann +3-0"], &["ann 4-4 1 +3-0"]),
            ("a pause of ten minutes goes on", &["1 0 ann +1-0", "2 10 ann +2-1"], &["ann 1-2 2 +3-1"]),
            (
                "a longer one starts anew",
                &["1 0 ann +1-0", "2 10.01 ann +2-1"],
                &["ann 1-1 1 +1-0", "ann 2-2 1 +2-1"],
            ),
            (
                "two people at once have a burst each",
                &["1 0 ann +1-0", "2 1 bob +1-0", "3 2 ann +1-0", "4 3 bob +0-5"],
                &["ann 1-3 2 +2-0", "bob 2-4 2 +1-5"],
            ),
            (
                "a comment between does not part a burst",
                &["1 0 ann +1-0", "2 1 ann comment", "3 2 ann +1-0"],
                &["ann 1-3 2 +2-0"],
            ),
            (
                "a clock set back does not part a burst",
                &["1 30 ann +1-0", "2 0 ann +1-0"],
                &["ann 1-2 2 +2-0"],
            ),
        ];
        for (name, moments, expected) in table {
            assert_eq!(bursts(&line(moments)), *expected, "{name}");
        }
    }

    #[test]
    fn nothing_has_no_timeline() {
        assert_eq!(timeline([]), None);
    }

    #[test]
    fn marks_ends_and_people() {
        let line = line(&["3 0 zoe freeze", "5 1 ann kept", "6 2 ann +1-0", "9 90 bob comment"]);
        assert_eq!((line.first, line.head), (3, 9));
        assert_eq!((line.from.0, line.to.0), (0, 90 * 60_000));
        assert_eq!(line.comments.iter().map(|mark| mark.position).collect::<Vec<_>>(), [9]);
        assert_eq!(line.decisions.iter().map(|mark| mark.position).collect::<Vec<_>>(), [3]);
        assert_eq!(line.stops.iter().map(|stop| stop.0).collect::<Vec<_>>(), [3, 6, 9]);
        assert_eq!(line.people(), [&person("zoe"), &person("ann"), &person("bob")]);
    }

    #[test]
    fn what_is_shown_of_a_line_begins_later_and_leaves_threads_out() {
        let whole =
            line(&["1 0 ann +4-0", "4 1 bob comment", "5 2 zoe freeze", "6 3 ann +1-0", "9 90 bob comment"]);
        let part = whole.since(5, |_| false);
        assert_eq!((part.first, part.head, part.from.0, part.to.0), (5, 6, 120_000, 180_000));
        assert_eq!(bursts(&part), ["ann 5-6 2 +5-0"], "what was gone on with");
        assert_eq!((part.comments.len(), part.decisions.len()), (0, 1));
        assert_eq!(part.stops.iter().map(|stop| stop.0).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(whole.since(5, |_| true).head, 9);
        assert_eq!(whole.since(1, |_| true), whole);
        let nothing = whole.since(20, |_| true);
        assert_eq!((nothing.first, nothing.head, nothing.people().len()), (20, 20, 0));
    }

    #[test]
    fn times_and_positions_find_each_other() {
        let line = line(&["3 0 ann +1-0", "6 2 ann +1-0", "9 90 bob comment"]);
        let minute = |minutes: i64| Timestamp(minutes * 60_000);
        assert_eq!([1, 3, 5, 6, 8, 9, 99].map(|p| line.time_at(p)), [0, 0, 0, 2, 2, 90, 90].map(minute));
        assert_eq!([0, 1, 2, 89, 90, 91].map(|m| line.position_at(minute(m))), [3, 3, 6, 6, 9, 9]);
        assert_eq!(line.position_at(Timestamp(-5)), 3);
    }

    #[test]
    fn the_only_writer() {
        let line = line(&["1 0 ann +1-0", "2 1 ann +1-0", "3 2 bob +1-0", "4 3 ann +1-0", "5 60 bob +1-0"]);
        let table = [
            (0, 2, Some("ann")),
            (1, 2, Some("ann")),
            (2, 3, Some("bob")),
            (1, 3, None),
            (4, 5, Some("bob")),
            (5, 9, None),
        ];
        for (after, up_to, expected) in table {
            assert_eq!(line.only_writer(after, up_to).map(PersonId::as_str), expected, "{after} to {up_to}");
        }
    }

    #[test]
    fn in_json_stops_stay_at_home() {
        let json = serde_json::to_value(line(&["1 0 ann +1-0"])).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["bursts", "comments", "decisions", "first", "from", "head", "to"]);
    }
}
