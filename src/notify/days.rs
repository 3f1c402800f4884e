//! When mails go out: once a day at one hour, in UTC. Pure.

use crate::domain::{Due, Timestamp, Wanted};

/// The hour at which what is new and reminders are sent, in UTC: early on a working day in Europe.
pub const HOUR: i64 = 7;
/// How many days before a date somebody is reminded of it, the earlier first.
pub const AHEAD: [u8; 2] = [7, 1];

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The newest round that was due by a time, as the day on which it was, counted from 1970-01-01.
pub fn round(now: Timestamp) -> i64 {
    (now.0 - HOUR * HOUR_MS).div_euclid(DAY_MS)
}

pub fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// Whether a Monday lies among the days after one and up to another.
pub fn is_week_over(after: i64, until: i64) -> bool {
    // 1970-01-01 was a Thursday: the Mondays are the days 4, 11, 18, …
    (until - 4).div_euclid(7) > (after - 4).div_euclid(7)
}

/// Under which key it is kept that somebody was reminded; none for what nobody is reminded of. A date that was moved
/// is another one.
pub fn subject(due: &Due) -> Option<String> {
    let by = due.by?.0;
    let plan = due.plan.map(|plan| plan.to_string()).unwrap_or_default();
    Some(match &due.wanted {
        Wanted::Task { task } => format!("{task}/{by}"),
        Wanted::Approve { phase, role } => format!("{plan}/{phase}/{}/{by}", role.word()),
        Wanted::Answer { phase } | Wanted::Decide { phase } => format!("{plan}/{phase}/{by}"),
        Wanted::Settle { .. } | Wanted::Judge { .. } | Wanted::Unblock { .. } => return None,
    })
}

/// When the date was that a key names.
pub fn date_of(subject: &str) -> Timestamp {
    let by = subject.rsplit('/').next().and_then(|by| by.parse().ok());
    Timestamp(by.unwrap_or(i64::MAX))
}

/// Which reminder of a date is due: so many days ahead. What was asked for only within those days need not be
/// said again at once, but for the last time.
pub fn reminder(due: &Due, now: Timestamp) -> Option<u8> {
    let by = due.by.filter(|by| *by > now)?;
    let left = day(by) - day(now);
    let ahead = AHEAD.into_iter().rev().find(|ahead| left <= i64::from(*ahead))?;
    let is_fresh = day(due.since) >= day(by) - i64::from(ahead);
    (ahead == AHEAD[1] || !is_fresh).then_some(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskId;

    fn at(day: i64, hour: i64) -> Timestamp {
        Timestamp(day * DAY_MS + hour * HOUR_MS)
    }

    fn due(since: Timestamp, by: Timestamp) -> Due {
        Due { plan: None, wanted: Wanted::Task { task: TaskId(uuid::Uuid::nil()) }, since, by: Some(by) }
    }

    #[test]
    fn rounds_and_weeks() {
        assert_eq!((round(at(10, 6)), round(at(10, 7)), round(at(11, 6))), (9, 10, 10));
        // 1970-01-05 was a Monday.
        for (after, until, over) in
            [(3, 4, true), (4, 5, false), (4, 10, false), (10, 11, true), (0, 40, true)]
        {
            assert_eq!(is_week_over(after, until), over, "{after} {until}");
        }
    }

    #[test]
    fn reminders_come_seven_days_and_one_day_ahead() {
        let task = due(at(0, 0), at(20, 18));
        let expected = |day: i64| match day {
            ..=12 => None,
            13..=18 => Some(7),
            19 | 20 => Some(1),
            _ => None,
        };
        for day in 1..25 {
            assert_eq!(reminder(&task, at(day, 7)), expected(day), "{day}");
        }
        assert_eq!(reminder(&task, at(20, 18)), None, "what is over is not near");
        // Asked for within the seven days: the next reminder is the last one.
        let late = due(at(15, 0), at(20, 18));
        assert_eq!((reminder(&late, at(16, 7)), reminder(&late, at(19, 7))), (None, Some(1)));
        let subject = subject(&task).unwrap();
        assert_eq!(date_of(&subject), at(20, 18));
    }
}
