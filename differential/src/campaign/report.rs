//! A campaign in words, and its exit code.
//!
//! Everything but the line with times follows from profile, seed and cases alone.

use super::summary::points;
use super::{Accident, Options, Tally};
use assay_model::ops;
use assay_reports::{escape, exit};
use assay_runtime::FeatureSet;
use std::fmt::Write;
use std::time::Duration;

/// The summary of a campaign, without its findings.
/// `resumed` of the cases were played before this run.
pub fn summary(options: &Options, tally: &Tally, resumed: u64, elapsed: Duration) -> String {
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
    for (how, accident) in &tally.accidents {
        let Accident { count, first } = accident;
        line(format_args!(
            "  {count:>10}  workers lost, but not again at the same case: {} (first at case {first})",
            escape::text(how)
        ));
    }
    let seconds = elapsed.as_secs_f64();
    let played = tally.cases.saturating_sub(resumed);
    let rate = if seconds > 0.0 { played as f64 / seconds } else { 0.0 };
    if resumed > 0 {
        line(format_args!("{resumed} of the cases were played before, by the journal"));
    }
    line(format_args!("{seconds:.1} s with {} workers: {rate:.0} cases per second", options.jobs));
    text
}

/// What each generator made, and which operators were executed: how often, and how they ended.
pub fn statistics(tally: &Tally) -> String {
    let mut text = String::new();
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _written = writeln!(text, "{arguments}");
    };
    for (name, made) in &tally.generators {
        line(format_args!(
            "generator {name}: {} cases, {:.1} % useful, {:.1} % trapped, {:.1} % rejected",
            made.cases,
            share(made.useful, made.cases),
            share(made.trapped, made.cases),
            share(made.rejected, made.cases),
        ));
    }
    let (points, operators) = (points(&tally.coverage), tally.coverage.len());
    line(format_args!(
        "{points} points of operator, type and outcome, {operators} operators, in {} cases that were looked at:",
        tally.looked_at
    ));
    for (operator, types) in &tally.coverage {
        for (ty, outcomes) in types {
            let of = if ty.is_empty() { String::new() } else { format!(" {ty}") };
            let outcomes: Vec<String> =
                outcomes.iter().map(|(outcome, covered)| format!("{outcome} {}", covered.cases)).collect();
            line(format_args!("  {operator}{of}: {}", outcomes.join(", ")));
        }
    }
    let missing: Vec<&str> = ops::all()
        .filter(|row| row.feature.is_none_or(|feature| FeatureSet::built().contains(feature)))
        .map(|row| row.mnemonic)
        .filter(|mnemonic| !tally.coverage.contains_key(*mnemonic))
        .collect();
    line(format_args!("operators that were not executed: {}", none_or(&missing)));
    text
}

fn none_or(names: &[&str]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        // A generator that is not there for most of them.
        100.. => format!("{} of the table", names.len()),
        _ => names.join(", "),
    }
}

/// One finding in words.
pub fn finding(index: u64, class: &str, detail: &str) -> String {
    format!("case {index}: {}\n  {}", escape::text(class), escape::brief(detail, 2000))
}

/// The exit code of a campaign.
pub fn exit_code(tally: &Tally) -> u8 {
    match tally.findings.as_slice() {
        [] if tally.cases == 0 => exit::NOTHING_SELECTED,
        // Nobody found out why memory was accessed wrongly, and it did not happen again; that it did is unexpected.
        [] if tally.accidents.keys().any(|how| WRONG.iter().any(|signal| how.ends_with(signal))) => {
            exit::UNEXPECTED
        }
        [] => exit::OK,
        findings if findings.iter().any(|found| found.unsafe_end) => exit::SANDBOX,
        _ => exit::UNEXPECTED,
    }
}

/// Signals that a process brings upon itself.
const WRONG: [&str; 4] = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT"];

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
