//! Counters for the operator, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use parking_lot::Mutex;

#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<BTreeMap<&'static str, u64>>);

impl Metrics {
    pub(super) fn add(&self, name: &'static str, count: u64) {
        *self.0.lock().entry(name).or_default() += count;
    }

    /// All counters, and the gauges that are handed in.
    pub(super) fn render(&self, gauges: &[(&str, u64)]) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        for (name, count) in &*self.0.lock() {
            // The machines below count by dotted names; Prometheus knows no dots.
            let name = name.replace('.', "_");
            let _ = writeln!(text, "# TYPE quorate_{name}_total counter\nquorate_{name}_total {count}");
        }
        for (name, value) in gauges {
            let _ = writeln!(text, "# TYPE quorate_{name} gauge\nquorate_{name} {value}");
        }
        text
    }
}
