//! The table, and the figures of the machine itself.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

struct Row {
    name: String,
    unit: &'static str,
    value: f64,
    goal: Option<f64>,
    yardstick: String,
}

impl Report {
    /// Takes down a figure and shows it at once. The goal is what it should be at most, or at least where the
    /// unit is a rate; the yardstick is what to hold it against.
    pub(crate) fn row(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        value: f64,
        goal: Option<f64>,
        yardstick: impl Into<String>,
    ) {
        let row = Row { name: name.into(), unit, value, goal, yardstick: yardstick.into() };
        let goal = row.goal.map_or(String::from("-"), |goal| format!("{goal:.2}"));
        println!("{:<58} {:>10.2} {:<8} goal {:>8}  {}", row.name, row.value, row.unit, goal, row.yardstick);
        self.0.push(row);
    }

    pub(crate) fn finish(&self, path: &Path) {
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|row| {
                json!({ "name": row.name, "unit": row.unit, "value": row.value, "goal": row.goal,
                        "yardstick": row.yardstick })
            })
            .collect();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::to_vec_pretty(&rows).unwrap()).unwrap();
        println!("written to {}", path.display());
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The value below which this part of the sorted values lies.
pub(crate) fn percentile(values: &mut [Duration], part: f64) -> Duration {
    values.sort_unstable();
    values.get(((values.len() as f64 - 1.0) * part).max(0.0) as usize).copied().unwrap_or_default()
}

/// 300 appends of 300 bytes, each brought to the disk: the median, and what 95 of 100 stay below.
pub(crate) fn fdatasync(folder: &Path, report: &mut Report) -> [Duration; 2] {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut times: Vec<Duration> = (0..300)
        .map(|_| {
            file.write_all(&[7; 300]).unwrap();
            let began = Instant::now();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    std::fs::remove_file(path).unwrap();
    let p50 = percentile(&mut times, 0.5);
    report.row("the machine's fdatasync, p50", "ms", milliseconds(p50), None, "300 appends of 300 bytes");
    let p95 = percentile(&mut times, 0.95);
    report.row("the machine's fdatasync, p95", "ms", milliseconds(p95), None, "");
    [p50, p95]
}

/// What a process has used of the processor so far.
pub(crate) fn cpu(process: u32) -> Duration {
    /// Linux counts in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Fields are counted behind the name, which may hold anything and ends with the last parenthesis.
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    TICK * ticks
}

/// What a process holds in memory, in MiB.
pub(crate) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
