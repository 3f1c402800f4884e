//! What the forms of the pages share. They work without scripts: what is refused comes back with all that was typed.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp as Instant, fmt::strtime};
use maud::{Markup, html};

use serde::Deserialize;

use super::{library::Denied, problem::Problem, words::form as say};
use crate::domain::{EventId, Refusal, Timestamp};

/// The id under which what the form asks for is done once, however often it is sent.
pub(super) fn id(id: EventId) -> Markup {
    html! { input type="hidden" name="id" value=(id); }
}

/// What was just done, by the address of the page that follows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

impl Done {
    /// The sentence at the top; nothing for a word that is none.
    pub(super) fn said(&self, sentence: impl FnOnce(&str) -> Option<&'static str>) -> Markup {
        let said = self.done.as_deref().and_then(sentence);
        html! { @if let Some(said) = said { (done(said)) } }
    }
}

/// What was done, where whoever did it finds it: a page that has just loaded announces nothing by itself, so it has
/// the focus.
pub(super) fn done(words: &str) -> Markup {
    html! { p.notice.notice-good role="status" tabindex="-1" autofocus { (words) } }
}

/// A button that is pressed twice before anything happens: the first press says what will.
pub(super) fn sure(ask: &Markup, what: &str, button: &Markup) -> Markup {
    html! { details.sure { summary { (ask) } p { (what) } (button) } }
}

/// Copies the words of the element with this id, and says so. Shown only where a script runs.
pub(super) fn copy(id: &str, label: &str) -> Markup {
    html! {
        p.copy {
            button.button.button-small type="button" hidden data-copy=(id) data-copied=(say::COPIED)
                data-failed=(say::NOT_COPIED) { (label) }
            " " span role="status" {}
        }
    }
}

/// On to the page that follows; or the form again, with why nothing was done.
pub(super) fn answered(
    done: Result<String, Denied>,
    again: impl FnOnce(&Refusal) -> Result<Markup, Problem>,
) -> Result<Response, Problem> {
    match done {
        Ok(path) => Ok(Redirect::to(&path).into_response()),
        Err(Denied::Refused(refusal)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again(&refusal)?).into_response())
        }
        Err(Denied::Unavailable) => Err(Problem::Unavailable),
    }
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

/// A date with a time. It is in UTC and says so; where scripts run, `web/src/pages/inputs.ts` turns what is shown and
/// typed into the reader's time, and sends UTC.
pub(super) fn moment(id: &str, name: &str, label: &str, value: &str) -> Markup {
    Moment { id, name, label, value, is_preset: false, hint: None }.field()
}

pub(super) struct Moment<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) value: &'a str,
    /// Nobody has chosen the value: a better one may take its place where scripts run.
    pub(super) is_preset: bool,
    /// Of a date that need not be given: what that means.
    pub(super) hint: Option<&'a str>,
}

impl Moment<'_> {
    pub(super) fn field(&self) -> Markup {
        // A field with seconds takes only those of its first value, unless it is told otherwise.
        let has_seconds = time(self.value).is_some_and(|at| at.0 % 60_000 != 0);
        let hint = self.hint.map(|_| format!("{}-hint", self.id));
        html! {
            p.field {
                label for=(self.id) { (self.label) " " span data-zone=(say::YOUR_TIME) { (say::UTC) } }
                @if let (Some(words), Some(id)) = (self.hint, &hint) { span.field-hint id=(id) { (words) } }
                input.input id=(self.id) name=(self.name) type="datetime-local" value=(self.value)
                    step=[has_seconds.then_some("1")] required[self.hint.is_none()] aria-describedby=[hint]
                    data-preset[self.is_preset] data-leapt=(say::LEAPT) autocomplete="off";
            }
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
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_the_seconds_that_it_has() {
        let steps = |value: &str| moment("o", "opens", "Opens", value).into_string().contains("step");
        assert!(steps("2026-03-14T09:30:05"));
        for value in ["2026-03-14T09:30:00", "2026-03-14T09:30", "", "tomorrow"] {
            assert!(!steps(value), "{value}");
        }
    }

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
