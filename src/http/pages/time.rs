//! Times as people read them. The server does not know where its reader is, so all are in UTC and say so; where
//! scripts run, `web/src/pages/times.ts` puts the reader's own time in their place.

use jiff::{Timestamp as Instant, fmt::strtime};
use maud::{Markup, html};

use crate::domain::Timestamp;

/// `14 March 2026, 09:30 UTC`, as an element that carries the exact time.
pub(super) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (format(at, "%-d %B %Y, %H:%M UTC")) } }
}

/// `Saturday 14 March 2026, 09:30:05 UTC`, as plain text.
pub(super) fn exact(at: Timestamp) -> String {
    format(at, "%A %-d %B %Y, %H:%M:%S UTC")
}

/// `14 Mar`
pub(super) fn day(at: Timestamp) -> String {
    format(at, "%-d %b")
}

/// `14 Mar 2026`, as an element that carries the exact time.
pub(super) fn date(at: Timestamp) -> Markup {
    html! { time datetime=(at) data-day { (format(at, "%-d %b %Y")) } }
}

/// `2 hours 5 minutes`; the shortest is `less than a minute`.
pub(super) fn duration(from: Timestamp, to: Timestamp) -> String {
    let minutes = (to.0 - from.0).max(0) / 60_000;
    let count = |n: i64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".into(),
        (0, minutes) => count(minutes, "minute"),
        (hours, 0) => count(hours, "hour"),
        (hours, minutes) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
    }
}

fn format(at: Timestamp, how: &str) -> String {
    Instant::from_millisecond(at.0)
        .ok()
        .and_then(|instant| strtime::format(how, instant).ok())
        // A time outside the calendar is shown as it is recorded.
        .unwrap_or_else(|| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let at = Timestamp(1_773_480_605_000);
        assert_eq!(exact(at), "Saturday 14 March 2026, 09:30:05 UTC");
        assert_eq!(day(at), "14 Mar");
        assert_eq!(
            moment(at).into_string(),
            r#"<time datetime="2026-03-14T09:30:05Z">14 March 2026, 09:30 UTC</time>"#
        );
        assert_eq!(format(Timestamp(i64::MAX), "%Y"), format!("{} ms", i64::MAX));
        for (minutes, words) in [
            (0, "less than a minute"),
            (1, "1 minute"),
            (59, "59 minutes"),
            (60, "1 hour"),
            (125, "2 hours 5 minutes"),
        ] {
            assert_eq!(duration(at, at.plus_seconds(minutes * 60)), words);
        }
    }
}
