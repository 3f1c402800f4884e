//! The axis of the strip: time, with the long silences folded away.
//!
//! Plans are written in sittings, with nights and weekends between. On a plain axis three weeks of work are
//! a few hairlines in an empty field. So each sitting gets a width by how long it took, and each silence a
//! small fixed one.

use super::Timeline;
use crate::domain::Timestamp;

/// A silence longer than this (90 minutes, in milliseconds) is folded.
const SILENCE: i64 = 90 * 60 * 1000;
/// A sitting is at least as wide as this many minutes, so that a lone comment can be seen and met.
const LEAST: f64 = 20.0;
/// A folded silence is as wide as this many minutes, and as [`NIGHT`] where the day changes.
const PAUSE: f64 = 6.0;
const NIGHT: f64 = 18.0;
/// Milliseconds of a day in UTC.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// One sitting on the axis. Widths and places are shares of the whole, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    pub from: Timestamp,
    pub to: Timestamp,
    pub x: f64,
    pub width: f64,
}

/// Maps time to a place between 0 and 1 and back. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pieces: Vec<Piece>,
}

impl Axis {
    pub fn of(line: &Timeline) -> Self {
        let times = std::iter::once(line.from).chain(line.stops.iter().map(|(_, at)| *at));
        let mut sittings: Vec<(Timestamp, Timestamp)> = Vec::new();
        for at in times {
            match sittings.last_mut() {
                Some((_, to)) if at.0 - to.0 <= SILENCE && at.0 / DAY == to.0 / DAY => *to = at,
                _ => sittings.push((at, at)),
            }
        }
        let mut pieces: Vec<Piece> = Vec::with_capacity(sittings.len());
        let mut x = 0.0;
        for (from, to) in sittings {
            if let Some(before) = pieces.last() {
                x += if before.to.0 / DAY == from.0 / DAY { PAUSE } else { NIGHT };
            }
            let width = ((to.0 - from.0) as f64 / 60_000.0).max(LEAST);
            pieces.push(Piece { from, to, x, width });
            x += width;
        }
        for piece in &mut pieces {
            piece.x /= x;
            piece.width /= x;
        }
        Self { pieces }
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Where a time lies. In a folded silence: at the end of the sitting before it.
    pub fn x(&self, at: Timestamp) -> f64 {
        let piece = match self.pieces.partition_point(|piece| piece.from <= at) {
            0 => return 0.0,
            after => self.pieces[after - 1],
        };
        let length = (piece.to.0 - piece.from.0) as f64;
        // A sitting of one moment is drawn in the middle of its least width.
        let share = if length == 0.0 { 0.5 } else { ((at.0 - piece.from.0) as f64 / length).min(1.0) };
        piece.x + share * piece.width
    }

    /// The time at a place. In a folded silence: the end of the sitting before it.
    pub fn time(&self, x: f64) -> Timestamp {
        let after = self.pieces.partition_point(|piece| piece.x <= x);
        let piece = self.pieces[after.saturating_sub(1)];
        let share = ((x - piece.x) / piece.width).clamp(0.0, 1.0);
        Timestamp(piece.from.0 + (share * (piece.to.0 - piece.from.0) as f64).round() as i64)
    }

    /// The days on which something happened, each with the place where it begins.
    pub fn days(&self) -> Vec<(Timestamp, f64)> {
        let mut days: Vec<(Timestamp, f64)> = Vec::new();
        for piece in &self.pieces {
            if days.last().is_none_or(|(day, _)| day.0 / DAY != piece.from.0 / DAY) {
                days.push((piece.from, piece.x));
            }
        }
        days
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::line;
    use super::*;

    fn minutes(minutes: i64) -> Timestamp {
        Timestamp(minutes * 60_000)
    }

    #[test]
    fn silences_are_folded_and_days_counted() {
        // Two hours of work, a silence, a lone comment, and a day later one hour.
        let line = line(&[
            "1 0 ann +1-0",
            "2 60 ann +1-0",
            "3 120 ann +1-0",
            "4 400 bob comment",
            "5 1500 ann +1-0",
            "6 1560 ann +1-0",
        ]);
        let axis = Axis::of(&line);
        let whole = 120.0 + PAUSE + LEAST + NIGHT + 60.0;
        let widths: Vec<f64> = axis.pieces().iter().map(|p| (p.width * whole).round()).collect();
        assert_eq!(widths, [120.0, 20.0, 60.0]);
        assert_eq!(axis.days().len(), 2);
        assert_eq!(axis.x(minutes(0)), 0.0);
        assert!((axis.x(minutes(60)) - 60.0 / whole).abs() < 1e-9);
        assert_eq!(axis.x(minutes(200)), 120.0 / whole, "in a silence");
        assert!((axis.x(minutes(400)) - (120.0 + PAUSE + 10.0) / whole).abs() < 1e-9, "a lone mark");
        assert!((axis.x(minutes(1560)) - 1.0).abs() < 1e-9);
        assert!((axis.x(minutes(9999)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn places_lead_back_to_times() {
        let line = line(&["1 0 ann +1-0", "2 60 ann +1-0", "3 120 ann +1-0", "5 1500 ann +1-0"]);
        let axis = Axis::of(&line);
        for stop in [0, 60, 120] {
            assert_eq!(axis.time(axis.x(minutes(stop))), minutes(stop));
        }
        assert_eq!(axis.time(-1.0), minutes(0));
        assert_eq!(axis.time(2.0), minutes(1500));
    }

    #[test]
    fn one_moment_fills_the_axis() {
        let axis = Axis::of(&line(&["1 7 ann +1-0"]));
        assert_eq!(axis.pieces().len(), 1);
        assert_eq!(axis.x(minutes(7)), 0.5);
        assert_eq!(axis.time(0.3), minutes(7));
    }
}
