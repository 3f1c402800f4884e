//! What the forms of the pages share. They work without scripts: what is refused comes back with all that was typed.

use jiff::{Timestamp as Instant, civil::DateTime, fmt::strtime, tz::TimeZone};
use maud::{Markup, html};

use crate::domain::{EventId, Refusal, Timestamp};

/// The id under which what the form asks for is done once, however often it is sent.
pub(super) fn id(id: EventId) -> Markup {
    html! { input type="hidden" name="id" value=(id); }
}

/// Why nothing was done, above the form.
pub(super) fn refused(refusal: &Refusal) -> Markup {
    html! {
        div.notice.notice-bad role="alert" {
            p { strong { (refusal.sentence()) } }
            p { (refusal.hint()) }
        }
    }
}

/// A date with a time, in UTC.
pub(super) fn moment(id: &str, name: &str, label: &str, value: &str) -> Markup {
    html! {
        p.field {
            label for=(id) { (label) }
            input.input id=(id) name=(name) type="datetime-local" value=(value) required;
        }
    }
}

/// As the field of [`moment`] has it: `2026-03-14T09:30`.
pub(super) fn stamp(at: Timestamp) -> String {
    let text =
        Instant::from_millisecond(at.0).ok().and_then(|at| strtime::format("%Y-%m-%dT%H:%M:%S", at).ok());
    text.unwrap_or_default()
}

/// What a browser sends of such a field; with seconds, or without.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let civil: DateTime = text.trim().parse().ok()?;
    Some(Timestamp(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let at = Timestamp(1_773_480_600_000);
        assert_eq!(stamp(at), "2026-03-14T09:30:00");
        assert_eq!(time(&stamp(at)), Some(at));
        assert_eq!(time(" 2026-03-14T09:30 "), Some(at));
        for text in ["", "tomorrow", "2026-02-30T00:00", "2026-03-14T25:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
