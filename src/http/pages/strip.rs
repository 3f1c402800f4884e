//! The strip: when and by whom a plan was worked on, a lane for each person, as inline SVG.
//!
//! Places along the lanes are percentages, so the strip is as wide as its page and its marks keep their
//! shape. What it shows is said in words beside it, and as a table below.

use maud::{Markup, html};

use super::{people::People, time, words::replay as say};
use crate::{
    domain::{PersonId, Position, Timestamp},
    export::Names as _,
    replay::{Axis, CommentKind, Decision, Timeline},
};

/// The height of a lane, in pixels.
const LANE: u32 = 22;
/// Days closer to each other than this share of the strip are not all labelled.
const DAY_GAP: f64 = 0.13;
/// From this share of the strip on a label is set before its day.
const LATE: f64 = 0.9;
/// The steps of the slider that lies under the lanes.
pub(super) const SLIDER: f64 = 1000.0;

/// Where a moment lies on the slider, 0 to [`SLIDER`].
pub(super) fn slider(axis: &Axis, at: Timestamp) -> u32 {
    (axis.x(at) * SLIDER).round() as u32
}

/// The lanes, and below them the days. `here`: the time of the moment that is shown.
pub(super) fn strip(line: &Timeline, axis: &Axis, people: &People, here: Timestamp) -> Markup {
    html! {
        (patterns())
        div.lanes aria-hidden="true" {
            @for person in line.people() {
                @if line.bursts.iter().any(|burst| burst.person.as_ref() == Some(person)) {
                    (person_lane(line, axis, people, person, here))
                }
            }
            @if !line.comments.is_empty() { (comment_lane(line, axis, here)) }
            @if line.decisions.iter().any(|mark| mark.kind != Decision::Created) {
                (decision_lane(line, axis, here))
            }
            (days(axis, here))
        }
    }
}

fn lane(name: Markup, axis: &Axis, here: Timestamp, marks: Markup) -> Markup {
    html! {
        div.lane {
            span.lane-name { (name) }
            svg.lane-line width="100%" height=(LANE) focusable="false" {
                @for piece in axis.pieces() {
                    rect.sitting x=(percent(piece.x)) width=(percent(piece.width)) y="0" height=(LANE) {}
                }
                (marks)
                (now(axis, here))
            }
        }
    }
}

/// The line of the moment that is shown, one in each lane; the script moves them all.
fn now(axis: &Axis, here: Timestamp) -> Markup {
    let x = percent(axis.x(here));
    html! { line.now x1=(x) x2=(x) y1="0" y2="100%" {} }
}

fn person_lane(line: &Timeline, axis: &Axis, people: &People, person: &PersonId, here: Timestamp) -> Markup {
    let class = people.class(person);
    let fill = format!("url(#pattern-{})", people.number(person));
    let bursts = line.bursts.iter().filter(|burst| burst.person.as_ref() == Some(person));
    let marks = html! {
        @for burst in bursts {
            @let (x, end) = (axis.x(burst.from), axis.x(burst.to));
            rect class={ "burst " (class) } x=(percent(x)) width=(percent((end - x).max(0.004)))
                y="4" height=(LANE - 8) rx="2" fill=(fill) {}
        }
    };
    lane(html! { span class={ "person " (class) } { (people.name(Some(person))) } }, axis, here, marks)
}

fn comment_lane(line: &Timeline, axis: &Axis, here: Timestamp) -> Markup {
    let marks = html! {
        @for mark in &line.comments {
            svg.mark x=(percent(axis.x(mark.at))) y=(LANE / 2) width="1" height="1" overflow="visible" {
                (comment_shape(mark.kind))
            }
        }
    };
    lane(html! { (say::LANE_COMMENTS) }, axis, here, marks)
}

/// Each kind has a shape of its own, drawn around the point 0, 0.
pub(super) fn comment_shape(kind: CommentKind) -> Markup {
    match kind {
        CommentKind::Opened => html! {
            path.mark-opened d="M-6-6h12v8h-6l-4 4v-4h-2z" {}
        },
        CommentKind::Replied => html! { circle.mark-replied r="3" {} },
        CommentKind::Resolved => html! { path.mark-resolved d="M-5 0l4 4l6-8" {} },
        CommentKind::Reopened => html! { circle.mark-reopened r="4" {} },
    }
}

fn decision_lane(line: &Timeline, axis: &Axis, here: Timestamp) -> Markup {
    let marks = html! {
        @for mark in line.decisions.iter().filter(|mark| mark.kind != Decision::Created) {
            svg.mark x=(percent(axis.x(mark.at))) y=(LANE / 2) width="1" height="1" overflow="visible" {
                (decision_shape(mark.kind))
            }
        }
    };
    lane(html! { (say::LANE_DECISIONS) }, axis, here, marks)
}

pub(super) fn decision_shape(kind: Decision) -> Markup {
    match kind {
        // A closed lock, an open one, a tag.
        Decision::Frozen => html! { path.mark-frozen d="M-5-1h10v7h-10zM-3-1v-3a3 3 0 0 1 6 0v3" {} },
        Decision::Unfrozen => html! { path.mark-unfrozen d="M-5-1h10v7h-10zM-3-1v-3a3 3 0 0 1 6-1" {} },
        Decision::PhaseOpened | Decision::PhaseClosed => {
            html! { path.mark-phase d="M-4-6v13M-4-6h9l-3 3.5l3 3.5h-9" {} }
        }
        Decision::Renamed
        | Decision::Created
        | Decision::Scheduled
        | Decision::Rescheduled
        | Decision::Replanned
        | Decision::Approved
        | Decision::Disapproved => html! { path.mark-renamed d="M-5-4h6l5 4l-5 4h-6z" {} },
    }
}

fn days(axis: &Axis, here: Timestamp) -> Markup {
    let mut last = f64::NEG_INFINITY;
    // Near the end of the strip a label lies before its day, so as not to reach beyond it.
    let mut labelled = |x: f64| {
        let left = if x > LATE { x - DAY_GAP } else { x };
        let far = left - last >= DAY_GAP;
        last = if far { left } else { last };
        far
    };
    html! {
        div.lane.lane-days {
            span.lane-name {}
            svg.lane-line width="100%" height=(LANE) focusable="false" {
                @for (day, x) in axis.days() {
                    line.day x1=(percent(x)) x2=(percent(x)) y1="0" y2="5" {}
                    @if labelled(x) {
                        @let anchor = if x > LATE { "end" } else { "start" };
                        text x=(percent(x)) y="18" text-anchor=(anchor) { (time::day(day)) }
                    }
                }
                (now(axis, here))
            }
        }
    }
}

/// All bursts, comments and decisions as a table, each with a link to its moment.
pub(super) fn table(line: &Timeline, people: &People, link: &dyn Fn(Position) -> String) -> Markup {
    let mut rows: Vec<(Position, Timestamp, Markup, Markup)> = Vec::new();
    for burst in &line.bursts {
        let what = html! {
            (say::wrote(burst.changes, burst.added, burst.removed)) ", "
            (time::duration(burst.from, burst.to))
        };
        rows.push((burst.last, burst.to, who(people, burst.person.as_ref()), what));
    }
    for mark in &line.comments {
        let what = html! { (say::comment(mark.kind)) };
        rows.push((mark.position, mark.at, who(people, mark.person.as_ref()), what));
    }
    for mark in &line.decisions {
        let what = html! { (say::decision(mark.kind)) };
        rows.push((mark.position, mark.at, who(people, mark.person.as_ref()), what));
    }
    rows.sort_by_key(|(position, ..)| *position);
    html! {
        div.table-box tabindex="0" role="region" aria-label=(say::TABLE) {
            table {
                thead { tr { th scope="col" { (say::WHEN) } th scope="col" { (say::WHO) } th scope="col" { (say::WHAT) } } }
                tbody {
                    @for (position, at, who, what) in rows {
                        tr { td { a href=(link(position)) { (time::moment(at)) } } td { (who) } td { (what) } }
                    }
                }
            }
        }
    }
}

pub(super) fn who(people: &People, person: Option<&PersonId>) -> Markup {
    match person {
        Some(id) => html! { span class={ "person " (people.class(id)) } { (people.name(Some(id))) } },
        None => html! { (people.actor(None)) },
    }
}

/// The grounds of the eight people, told apart by pattern as well as by colour.
fn patterns() -> Markup {
    const SHAPES: [&str; 8] = [
        "M0 0h8v8h-8z",
        "M-2 2l4-4M0 8l8-8M6 10l4-4",
        "M1 1h2v2h-2zM5 5h2v2h-2z",
        "M0 1h8M0 5h8",
        "M0 6l2-4l4 4l2-4",
        "M0 0l8 8M8 0l-8 8",
        "M1 0v8M5 0v8",
        "M-2 6l4 4M0 0l8 8M6-2l4 4",
    ];
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" focusable="false" {
            @for (index, shape) in SHAPES.iter().enumerate() {
                pattern id={ "pattern-" (index + 1) } class={ "person-" (index + 1) } width="8" height="8"
                    patternUnits="userSpaceOnUse" {
                    rect width="8" height="8" {}
                    // Solid and dotted shapes are filled, the others are lines.
                    path class=[(index == 0 || index == 2).then_some("filled")] d=(shape) {}
                }
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}
