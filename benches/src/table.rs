//! Rows and means as lines of text for a terminal.
//!
//! Pure: figures in, strings out. Called by `main`.

use crate::collector::Collection;
use crate::ratio::Mean;
use crate::report::Row;

/// The heading over `row`s.
pub fn heading(lanes: &[&str]) -> String {
    let mut line = format!("{:<22}", "workload");
    for lane in lanes {
        line += &format!("{lane:>11}");
    }
    line + "   ratios, median (least)"
}

/// One workload: time per unit on each lane, then the ratios.
pub fn row(row: &Row) -> String {
    let mut line = format!("{:<22}", row.name);
    for result in &row.results {
        line += &format!("{:>11}", nanoseconds(result.median_ns));
    }
    for ratio in &row.ratios {
        line += &format!("   {}/{} {:.3} ({:.3})", ratio.ours, ratio.peer, ratio.median, ratio.min);
    }
    line
}

/// One mean and whether its goal is reached.
pub fn mean(mean: &Mean) -> String {
    let verdict = match mean.goal {
        Some(goal) if mean.median <= goal => format!("   goal {goal} reached"),
        Some(goal) => format!("   goal {goal} MISSED"),
        None => String::new(),
    };
    let pairing = format!("{}/{}", mean.ours, mean.peer);
    format!(
        "{pairing:<16}{:<13}{:>3} workloads   {:.3} ({:.3}){verdict}",
        mean.group.name(),
        mean.workloads,
        mean.median,
        mean.min
    )
}

/// The heading over `collection`s.
pub const COLLECTOR_HEADING: &str =
    "engine                live       pause     longest   allocated beside it in a second";

/// One engine at one size.
pub fn collection(one: &Collection) -> String {
    let mebibytes = |bytes: f64| bytes / f64::from(1 << 20);
    format!(
        "{:<16}{:>6} MiB{:>12}{:>12}{:>10.0} MiB",
        one.lane,
        one.live_bytes >> 20,
        nanoseconds(one.pause_ns),
        nanoseconds(one.longest_pause_ns),
        mebibytes(one.bytes_per_second)
    )
}

/// A duration in the unit that keeps it short.
fn nanoseconds(value: f64) -> String {
    match value {
        small if small < 1e3 => format!("{small:.2} ns"),
        micro if micro < 1e6 => format!("{:.2} us", micro / 1e3),
        milli if milli < 1e9 => format!("{:.2} ms", milli / 1e6),
        long => format!("{:.2} s", long / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Group;

    #[test]
    fn units_keep_durations_short() {
        assert_eq!(nanoseconds(12.345), "12.35 ns");
        assert_eq!(nanoseconds(1_234.0), "1.23 us");
        assert_eq!(nanoseconds(12_345.0), "12.35 us");
        assert_eq!(nanoseconds(12_345_678.0), "12.35 ms");
        assert_eq!(nanoseconds(2.5e9), "2.50 s");
    }

    #[test]
    fn a_missed_goal_is_said() {
        let mut one = Mean {
            ours: "jit",
            peer: "wasmtime",
            group: Group::Compile,
            workloads: 3,
            median: 1.2,
            min: 1.0,
            goal: Some(1.1),
        };
        assert!(mean(&one).ends_with("goal 1.1 MISSED"));
        one.median = 1.05;
        assert!(mean(&one).ends_with("goal 1.1 reached"));
    }
}
