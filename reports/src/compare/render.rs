//! A comparison in words: what became worse, clustered by cause, then what became better, then figures and a verdict.

use std::fmt::Write;

use super::{Change, ChangeKind, CompareVerdict, Comparison, Measure, SpeedVerdict};
use crate::escape;
use crate::grouping::{cause, reason_family};
use crate::outcome::Status;
use crate::terminal::grouped;

/// Clusters of a kind that are shown.
const CLUSTERS: usize = 12;

impl Comparison {
    /// The text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _written = writeln!(text, "{arguments}");
        };
        for note in &self.notes {
            line(format_args!("note: {}", escape::text(note)));
        }
        for kind in ChangeKind::ALL {
            let of: Vec<&Change> = self.changes.iter().filter(|change| change.kind == kind).collect();
            if of.is_empty() {
                continue;
            }
            let mark = if kind.is_regression() { "REGRESSION  " } else { "" };
            line(format_args!("{mark}{}: {}", kind.name(), grouped(of.len() as u64)));
            clusters(&of).iter().for_each(|cluster| line(format_args!("{cluster}")));
        }
        for finding in &self.differences.new {
            let class = escape::brief(&finding.signature, 300);
            line(format_args!("REGRESSION  new difference, {} times: {class}", finding.count));
        }
        for signature in &self.differences.gone {
            line(format_args!("not found any more: {}", escape::brief(signature, 300)));
        }
        if let Some(detection) = &self.detection {
            let ((hit, all), (now, of)) = (detection.before, detection.after);
            line(format_args!("planted faults found: {hit} of {all} before, {now} of {of} now"));
            detection
                .lost
                .iter()
                .for_each(|id| line(format_args!("REGRESSION  not found any more: {}", escape::text(id))));
            detection.gained.iter().for_each(|id| line(format_args!("  found now: {}", escape::text(id))));
        }
        measures(&self.measures).iter().for_each(|measure| line(format_args!("{measure}")));
        line(format_args!("{}", self.verdict_line()));
        text
    }

    fn verdict_line(&self) -> String {
        let same = format!("{} results the same", grouped(self.same));
        match self.verdict() {
            CompareVerdict::NotWorse => format!("ok: nothing is worse ({same})"),
            CompareVerdict::Regression => format!("failed: there are regressions ({same})"),
            CompareVerdict::Slower => format!("failed: nothing but speed is worse ({same})"),
            CompareVerdict::Unsafe => {
                "failed: memory safety or the sandbox is broken, and was not before".to_owned()
            }
            CompareVerdict::NothingToCompare => {
                "nothing to compare: the two sides have nothing in common".to_owned()
            }
        }
    }
}

/// Changes with the same cause, the most frequent first, each with one of them.
fn clusters(changes: &[&Change]) -> Vec<String> {
    let mut clusters: Vec<(String, usize, &Change)> = Vec::new();
    for change in changes {
        let title = title(change);
        match clusters.iter_mut().find(|(other, ..)| *other == title) {
            Some((_, count, _)) => *count += 1,
            None => clusters.push((title, 1, change)),
        }
    }
    clusters.sort_by_key(|&(_, count, _)| std::cmp::Reverse(count));
    let hidden = clusters.len().saturating_sub(CLUSTERS);
    let mut lines = Vec::new();
    for (title, count, change) in clusters.into_iter().take(CLUSTERS) {
        let row = change.row();
        lines.push(format!("  {:>7}  {}", grouped(count as u64), escape::brief(&title, 240)));
        lines.push(format!(
            "           {}:{}:{} {} (directive {})",
            escape::text(&row.file),
            row.line,
            row.column,
            escape::text(&row.engine),
            row.index
        ));
        if let Some(command) = change.repeat.as_ref().filter(|_| change.kind.is_regression()) {
            lines.push(format!("           {}", escape::text(command)));
        }
    }
    if hidden > 0 {
        lines.push(format!("           … and {hidden} causes more"));
    }
    lines
}

/// What changes have in common.
fn title(change: &Change) -> String {
    let status = |row: Option<&crate::Row>| match row.map(|row| &row.status) {
        None => "nothing".to_owned(),
        Some(Status::Skip(reason)) => format!("skip ({})", reason_family(reason)),
        Some(status) => status.to_string(),
    };
    let row = change.row();
    let from_to = format!("{} → {}", status(change.before.as_ref()), status(change.after.as_ref()));
    match change.kind {
        ChangeKind::NewFailure | ChangeKind::Worse | ChangeKind::Changed if row.status.is_unexpected() => {
            format!("{from_to}, {}", cause(row))
        }
        ChangeKind::Disappeared => format!("{from_to}, {} on {}/{}", row.file, row.engine, row.lane),
        _ => format!("{from_to}, {} on {}/{}", row.directive, row.engine, row.lane),
    }
}

fn measures(measures: &[Measure]) -> Vec<String> {
    let mut lines = Vec::new();
    for measure in measures
        .iter()
        .filter(|measure| matches!(measure.verdict, SpeedVerdict::Worse | SpeedVerdict::Better))
    {
        let mark = if measure.verdict == SpeedVerdict::Worse { "REGRESSION  more" } else { "less" };
        let (low, high) = measure.interval;
        lines.push(format!(
            "{mark} {}: {} on {}: × {:.3} (between {low:.3} and {high:.3})",
            measure.quantity.name(),
            escape::text(&measure.workload),
            escape::text(&measure.lane),
            measure.ratio
        ));
    }
    let undecided = measures.iter().filter(|measure| measure.verdict == SpeedVerdict::Undecided).count();
    if !measures.is_empty() {
        let worst = measures.iter().map(|measure| measure.detectable).fold(0.0, f64::max) * 100.0;
        lines.push(format!(
            "benchmarks: {} measures, {undecided} too noisy to tell; a change of {worst:.1} % would have been noticed in each",
            measures.len()
        ));
    }
    lines
}
