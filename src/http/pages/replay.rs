//! `/plans/{plan}/replay`: the plan as it stood after any event, and the walk from one moment to the next.
//!
//! The whole page is made here and works by links and one form. `…/replay/fragment` is the part that
//! belongs to a moment, for the script that drags and plays.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Asked, Library, Shared, Thread, asked,
    frame::{Frame, View},
    problem::Problem,
    strip::{self, SLIDER, slider, who},
    time,
    words::{self, replay as say},
};
use crate::{
    domain::{PlanId, Position, Timestamp},
    export::html as set,
    replay::{Around, Axis, Stride, Timeline},
};

const ENTRY: &str = "src/replay/main.ts";
/// Quotes and comments in lists are cut after this many characters.
const SHORT: usize = 160;

/// What a link to a moment says.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// A position. It wins over `x`.
    at: Option<String>,
    /// A place on the slider; the answer leads on to the position that lies there.
    x: Option<f64>,
    step: Option<String>,
    /// Anything but nothing: say who wrote each passage.
    authors: Option<String>,
}

pub(super) async fn replay(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let moment = Moment::find(library, &headers, &plan, &wanted)?;
            if wanted.at.is_none() && wanted.x.is_some() {
                return Ok(Redirect::to(&moment.link(moment.around.here)).into_response());
            }
            Ok(moment.page(library)?.into_response())
        })
        .await
}

pub(super) async fn fragment(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library.read(move |library| Moment::find(library, &headers, &plan, &wanted)?.fragment(library)).await
}

/// The moment that is asked for, with the walk around it.
struct Moment {
    asked: Asked,
    line: Arc<Timeline>,
    axis: Axis,
    stride: Stride,
    authors: bool,
    around: Around,
}

impl Moment {
    fn find(
        library: &dyn Library,
        headers: &HeaderMap,
        plan: &str,
        wanted: &Wanted,
    ) -> Result<Self, Problem> {
        let asked = asked(library, headers, plan)?;
        let line = library.timeline(&asked.viewer.id, asked.plan.id)?;
        let axis = Axis::of(&line);
        let position = match (&wanted.at, wanted.x) {
            (Some(at), _) => at.parse().map_err(|_| Problem::NoMoment(asked.plan.id))?,
            (None, Some(x)) => line.position_at(axis.time(x / SLIDER)),
            (None, None) => line.head,
        };
        // Other plans' events may be newer; up to them this plan stands as it is.
        if !(line.first..=asked.plan.head.max(line.head)).contains(&position) {
            return Err(Problem::NoMoment(asked.plan.id));
        }
        let stride = match wanted.step.as_deref() {
            Some("event") => Stride::Event,
            _ => Stride::Burst,
        };
        let around = line.around(position, stride);
        let authors = wanted.authors.as_ref().is_some_and(|authors| !authors.is_empty());
        Ok(Self { asked, line, axis, stride, authors, around })
    }

    fn link(&self, at: Position) -> String {
        link(self.asked.plan.id, at, self.stride, self.authors)
    }

    fn page(&self, library: &dyn Library) -> Result<Markup, Problem> {
        let plan = &self.asked.plan;
        let title = format!("{}: {}", words::REPLAY, plan.title);
        let frame = Frame {
            title: &title,
            viewer: Some(&self.asked.viewer),
            plan: Some((plan, View::Replay)),
            script: Some(ENTRY),
        };
        let moment = self.fragment(library)?;
        Ok(frame.page(
            "replay",
            html! {
                header.replay-head {
                    h1 { (plan.title) }
                    p.soft { (say::LEAD) }
                }
                section.replay-time aria-label=(say::TIMELINE) {
                    (strip::strip(&self.line, &self.axis, &self.asked.people, self.time()))
                }
                section.replay-bar aria-label=(say::WALK) {
                    (self.slider())
                    (self.controls())
                }
                #moment { (moment) }
                details.replay-table {
                    summary { (say::TABLE) }
                    (strip::table(&self.line, &self.asked.people, &|at| self.link(at)))
                }
                p #said .visually-hidden role="status" {}
            },
        ))
    }

    fn time(&self) -> Timestamp {
        self.line.time_at(self.around.here)
    }

    /// Under the lanes, and as wide as they. Without a script one slides and then presses Go.
    fn slider(&self) -> Markup {
        html! {
            form #slider .lane method="get" action={ "/plans/" (self.asked.plan.id) "/replay" } {
                label.lane-name for="x" { (say::SLIDER) }
                input #x type="range" name="x" min="0" max=(SLIDER) step="1"
                    value=(slider(&self.axis, self.time())) aria-valuetext=(time::exact(self.time()));
                input type="hidden" name="step" value=(stride_name(self.stride));
                @if self.authors { input type="hidden" name="authors" value="1"; }
                button.button.button-small.no-script type="submit" { (say::GO) }
            }
        }
    }

    fn controls(&self) -> Markup {
        let Around { first, previous, here, next, last, .. } = self.around;
        let go = |name: &str, label: &str, to: Option<Position>| {
            let to = to.filter(|to| *to != here).map(|to| self.link(to));
            let disabled = to.is_none().then_some("true");
            html! {
                a.button data-go=(name) role="link" tabindex="0" href=[to] aria-disabled=[disabled] { (label) }
            }
        };
        let plan = self.asked.plan.id;
        let by = |stride: Stride, label: &str| {
            let current = (self.stride == stride).then_some("true");
            html! {
                a.button.button-small data-step=(stride_name(stride)) aria-current=[current]
                    href=(link(plan, here, stride, self.authors)) { (label) }
            }
        };
        html! {
            div.replay-controls {
                div.group {
                    (go("first", say::FIRST, Some(first)))
                    (go("previous", say::PREVIOUS, previous))
                    button.button.button-primary data-go="play" type="button" hidden { (say::PLAY) }
                    (go("next", say::NEXT, next))
                    (go("last", say::LAST, Some(last)))
                }
                div.group role="group" aria-label=(say::STEP_BY) {
                    span.small.soft aria-hidden="true" { (say::STEP_BY) }
                    (by(Stride::Burst, say::BY_BURST))
                    (by(Stride::Event, say::BY_EVENT))
                }
            }
        }
    }

    /// What belongs to the moment. The data attributes tell the script where it stands and where it can go.
    fn fragment(&self, library: &dyn Library) -> Result<Markup, Problem> {
        let plan = self.asked.plan.id;
        let Around { previous, here, next, number, of, .. } = self.around;
        let look = set::Look { names: &self.asked.people, authors: self.authors };
        let (changes, text) = match previous {
            Some(previous) => {
                let (state, diff) = (library.state_at(plan, here)?, library.diff(plan, previous, here)?);
                let by = self.line.only_writer(previous, here);
                let difference = set::difference(&state, &diff, by, &look);
                (difference.changes, difference.text)
            }
            None => (None, set::plan(&*library.state_at(plan, here)?, &look)),
        };
        let threads = library.threads_at(&self.asked.viewer.id, plan, here)?;
        let deeds = self.deeds(&threads);
        let nothing = changes.is_none() && deeds.is_empty();
        let at = self.time();
        Ok(html! {
            div.moment data-at=(here) data-x=(slider(&self.axis, at)) data-time=(at) data-label=(time::exact(at))
                data-first=(self.around.first) data-previous=[previous] data-next=[next] data-last=(self.around.last) {
                header.moment-head {
                    h2 { (time::moment(at)) }
                    p.soft.small { (say::step(number, of)) " · " a href=(self.link(here)) data-copy { (say::LINK) } }
                }
                section.moment-changes aria-labelledby="changed" {
                    h2 #changed { (say::CHANGED) }
                    @if nothing { p { (say::NOTHING) } }
                    @if !deeds.is_empty() { ul.changes { @for deed in deeds { li { (deed) } } } }
                    @if let Some(changes) = changes { (changes) }
                }
                div.moment-columns {
                    div.moment-text {
                        p.moment-tools {
                            a.button.button-small data-authors=(u8::from(!self.authors))
                                href=(link(plan, here, self.stride, !self.authors)) {
                                (if self.authors { say::HIDE_AUTHORS } else { say::SHOW_AUTHORS })
                            }
                        }
                        article.reading aria-label=(say::TEXT) { (text) }
                    }
                    aside.moment-comments aria-labelledby="comments" {
                        h2 #comments { (say::COMMENTS) }
                        @if threads.is_empty() { p.soft { (say::NO_COMMENTS) } }
                        @for thread in &threads { (self.thread(thread)) }
                    }
                }
            }
        })
    }

    /// What was done in this step beside writing, a sentence each.
    fn deeds(&self, threads: &[Thread]) -> Vec<Markup> {
        let people = &self.asked.people;
        let after = self.around.previous.unwrap_or(0);
        let in_step = |position: &Position| *position > after && *position <= self.around.here;
        let decisions = (self.line.decisions.iter().filter(|mark| in_step(&mark.position))).map(|mark| {
            (mark.position, html! { (who(people, mark.person.as_ref())) " " (say::decided(mark.kind)) })
        });
        let comments = self.line.comments.iter().filter(|mark| in_step(&mark.position)).map(|mark| {
            let quote =
                threads.iter().find(|thread| thread.id == mark.thread).map(|thread| short(&thread.quote));
            let about = quote.filter(|quote| !quote.is_empty());
            let sentence = html! {
                (who(people, mark.person.as_ref())) " " (say::commented(mark.kind))
                @if let Some(quote) = about { " " q { (quote) } }
            };
            (mark.position, sentence)
        });
        let mut deeds: Vec<(Position, Markup)> = decisions.chain(comments).collect();
        deeds.sort_by_key(|(position, _)| *position);
        deeds.into_iter().map(|(_, sentence)| sentence).collect()
    }

    fn thread(&self, thread: &Thread) -> Markup {
        let people = &self.asked.people;
        let after = self.around.previous.unwrap_or(0);
        let quote = short(&thread.quote);
        html! {
            section.thread {
                h3.thread-quote {
                    span.visually-hidden { (say::ABOUT) " " }
                    @match &thread.provision {
                        Some(provision) => a href={ "#" (set::provision_anchor(provision)) } { q { (quote) } },
                        None => q { (quote) },
                    }
                }
                @if thread.resolved.is_some() { p { span.badge.badge-good { (say::RESOLVED) } } }
                @for comment in &thread.comments {
                    div.comment {
                        p.comment-head.small {
                            (who(people, comment.by.as_ref())) " "
                            span.soft { (time::moment(comment.at)) }
                            @if comment.position > after { " " span.badge { (say::NEW) } }
                        }
                        @if let Some(ruling) = &comment.withheld {
                            p.soft { (words::withheld(ruling.measure)) " " (who(people, ruling.by.as_ref())) ": " (ruling.reason) }
                        }
                        @match &comment.text {
                            Some(text) => p { (text) },
                            None if comment.withheld.is_some() => {}
                            None => p.soft { (say::ERASED) },
                        }
                    }
                }
            }
        }
    }
}

/// A link that opens a moment as it is shown.
fn link(plan: PlanId, at: Position, stride: Stride, authors: bool) -> String {
    let authors = if authors { "&authors=1" } else { "" };
    format!("/plans/{plan}/replay?at={at}&step={}{authors}", stride_name(stride))
}

fn stride_name(stride: Stride) -> &'static str {
    match stride {
        Stride::Event => "event",
        Stride::Burst => "burst",
    }
}

/// On one line, and cut at a word where it is long.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHORT) {
        None => line,
        Some((end, _)) => {
            let cut = line[..end].rfind(' ').unwrap_or(end);
            format!("{}…", &line[..cut])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_quotes_are_cut_at_a_word() {
        assert_eq!(short("  two\n words "), "two words");
        let long = "word ".repeat(50);
        assert_eq!(short(&long).chars().count(), 160);
        assert!(short(&long).ends_with("word…"));
        assert_eq!(short(&"ä".repeat(200)).chars().count(), 161);
    }
}
