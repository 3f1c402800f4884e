//! Where the walk stops: at each event, or at the end of each burst of work.

use super::Timeline;
use crate::domain::Position;

/// How long a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stride {
    /// To the next event.
    Event,
    /// To the end of the next burst of work, or the next comment or decision.
    #[default]
    Burst,
}

/// The stops around a moment. Each is none where the history ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    pub first: Position,
    pub previous: Option<Position>,
    /// The stop at which the reader stands: the last at or before the asked position.
    pub here: Position,
    pub next: Option<Position>,
    pub last: Position,
    /// How many stops lie behind, counting this one: "step 3 of 8".
    pub number: usize,
    pub of: usize,
}

impl Timeline {
    /// The stops of a stride, ascending. The first event is always one, so that a walk starts with what
    /// was there at the beginning.
    pub fn stops_by(&self, stride: Stride) -> Vec<Position> {
        match stride {
            Stride::Event => self.stops.iter().map(|(position, _)| *position).collect(),
            Stride::Burst => {
                let mut stops: Vec<Position> = (self.bursts.iter().map(|burst| burst.last))
                    .chain(self.comments.iter().map(|mark| mark.position))
                    .chain(self.decisions.iter().map(|mark| mark.position))
                    .collect();
                stops.sort_unstable();
                stops.dedup();
                stops
            }
        }
    }

    /// The stops around a position. By bursts, a position inside a burst is its own stop: a link to a
    /// moment opens that moment, whatever the stride.
    pub fn around(&self, position: Position, stride: Stride) -> Around {
        let stops = self.stops_by(stride);
        let every = self.stops_by(Stride::Event);
        let here = every[..every.partition_point(|stop| *stop <= position)]
            .last()
            .copied()
            .unwrap_or_else(|| every.first().copied().unwrap_or(self.first));
        let behind = stops.partition_point(|stop| *stop < here);
        let ahead = stops.partition_point(|stop| *stop <= here);
        Around {
            first: stops.first().copied().unwrap_or(self.first),
            previous: behind.checked_sub(1).map(|index| stops[index]),
            here,
            next: stops.get(ahead).copied(),
            last: stops.last().copied().unwrap_or(self.first),
            number: ahead.max(1),
            of: stops.len().max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::line;
    use super::*;

    /// `previous<here>next number/of`
    fn show(around: Around) -> String {
        let name = |stop: Option<Position>| stop.map_or("-".to_owned(), |stop| stop.to_string());
        let Around { previous, here, next, number, of, .. } = around;
        format!("{}<{here}>{} {number}/{of}", name(previous), name(next))
    }

    #[test]
    fn the_stops_around_a_position() {
        let line = line(&[
            "2 0 ann freeze",
            "3 0 ann kept",
            "4 1 ann +1-0",
            "5 2 ann +1-0",
            "6 3 ann comment",
            "8 4 ann +1-0",
            "9 40 bob +1-0",
        ]);
        assert_eq!(line.stops_by(Stride::Event), [2, 4, 5, 6, 8, 9]);
        assert_eq!(line.stops_by(Stride::Burst), [2, 6, 8, 9]);
        let table = [
            (Stride::Event, 1, "-<2>4 1/6"),
            (Stride::Event, 2, "-<2>4 1/6"),
            (Stride::Event, 3, "-<2>4 1/6"),
            (Stride::Event, 4, "2<4>5 2/6"),
            (Stride::Event, 7, "5<6>8 4/6"),
            (Stride::Event, 9, "8<9>- 6/6"),
            (Stride::Event, 99, "8<9>- 6/6"),
            (Stride::Burst, 2, "-<2>6 1/4"),
            (Stride::Burst, 5, "2<5>6 1/4"),
            (Stride::Burst, 6, "2<6>8 2/4"),
            (Stride::Burst, 9, "8<9>- 4/4"),
        ];
        for (stride, position, expected) in table {
            assert_eq!(show(line.around(position, stride)), expected, "{stride:?} {position}");
        }
    }
}
