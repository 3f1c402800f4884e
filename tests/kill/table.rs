//! What the kills were and what came of them, as a table; and the dice that choose their moments.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Strike;
use super::backups::Backups;
use super::crew::{Crew, acknowledged};

#[derive(Default)]
pub(super) struct Table {
    pub(super) backups: Backups,
    strikes: BTreeMap<Strike, usize>,
    starts: Vec<Duration>,
    written: usize,
    acknowledged: usize,
}

impl Table {
    pub(super) fn killed(&mut self, strike: Strike) {
        *self.strikes.entry(strike).or_default() += 1;
    }

    pub(super) fn kills(&self) -> usize {
        self.strikes.values().sum()
    }

    pub(super) fn ready_in(&mut self, time: Duration) {
        self.starts.push(time);
    }

    /// What a start takes here.
    pub(super) fn usual_start(&self) -> Duration {
        self.starts.last().copied().unwrap_or(Duration::from_millis(200))
    }

    pub(super) fn add(&mut self, crew: &Crew) {
        self.written += crew.stocks().iter().map(|stock| stock.written.len()).sum::<usize>();
        self.acknowledged += acknowledged(crew).len();
    }

    /// Shown with `--nocapture`. What was lost or doubled would have stopped the test.
    pub(super) fn print(mut self, what: &str) {
        self.starts.sort_unstable();
        let at = |part: f64| self.starts[((self.starts.len() - 1) as f64 * part) as usize].as_millis();
        let strikes: Vec<String> =
            self.strikes.iter().map(|(strike, count)| format!("{strike:?} {count}").to_lowercase()).collect();
        println!("| {what} | |\n| --- | --- |");
        println!("| kills | {} ({}) |", self.kills(), strikes.join(", "));
        println!("| edits written, acknowledged | {}, {} |", self.written, self.acknowledged);
        if self.backups.begun > 0 {
            println!(
                "| backups begun, whole all the same | {}, {} |",
                self.backups.begun, self.backups.whole
            );
        }
        println!("| acknowledged and lost, recorded twice | 0, 0 |");
        println!("| ready again, p50, p99, longest | {}, {}, {} ms |", at(0.5), at(0.99), at(1.0));
    }
}

/// Moments left to chance, but the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        let given = std::env::var("QUORATE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        println!("QUORATE_SEED={seed}");
        Self(seed.max(1))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.roll(longest.as_micros() as usize + 1) as u64)
    }
}
