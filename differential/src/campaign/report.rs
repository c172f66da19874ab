//! A campaign in words, and its exit code.
//!
//! Everything but the line with times follows from profile, seed and cases alone.

use super::{Options, Tally};
use assay_reports::{escape, exit};
use std::fmt::Write;
use std::time::Duration;

/// The summary of a campaign, without its findings.
pub fn summary(options: &Options, tally: &Tally, elapsed: Duration) -> String {
    let mut text = String::new();
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _written = writeln!(text, "{arguments}");
    };
    line(format_args!(
        "{} cases of profile {}, seed {}: {} findings, {} useful ({:.1} %)",
        tally.cases,
        options.profile.name(),
        options.seed,
        tally.findings.len(),
        tally.useful,
        share(tally.useful, tally.cases),
    ));
    let steps: u64 = tally.outcomes.values().sum();
    line(format_args!("{steps} steps in the interpreter:"));
    for (outcome, count) in &tally.outcomes {
        line(format_args!("  {count:>10}  {outcome} ({:.1} %)", share(*count, steps)));
    }
    line(format_args!(
        "legitimate differences, by rule:{}",
        if tally.rules.is_empty() { " none" } else { "" }
    ));
    for (rule, count) in &tally.rules {
        line(format_args!("  {count:>10}  {rule}"));
    }
    for (reason, count) in &tally.skipped {
        line(format_args!("  {count:>10}  not compared with {}", escape::text(reason)));
    }
    let seconds = elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { tally.cases as f64 / seconds } else { 0.0 };
    line(format_args!("{seconds:.1} s with {} workers: {rate:.0} cases per second", options.jobs));
    text
}

/// One finding in words.
pub fn finding(index: u64, class: &str, detail: &str) -> String {
    format!("case {index}: {}\n  {}", escape::text(class), escape::brief(detail, 2000))
}

/// The exit code of a campaign.
pub fn exit_code(tally: &Tally) -> u8 {
    match tally.findings.as_slice() {
        [] if tally.cases == 0 => exit::NOTHING_SELECTED,
        [] => exit::OK,
        findings if findings.iter().any(|found| found.unsafe_end) => exit::SANDBOX,
        _ => exit::UNEXPECTED,
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
