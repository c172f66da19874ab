//! A history: lines over time, and its latest entries.
//!
//! Enters: a [`History`]; leaves: values for the template.

use std::collections::BTreeSet;

use serde::Serialize;

use super::charts::{self, Series, TrendChart};
use super::view::{percent, shown};
use crate::history::{Entry, History};
use crate::terminal::grouped;
use crate::{date, escape};

#[derive(Debug, Serialize)]
pub(super) struct HistoryRow {
    at: String,
    label: String,
    version: String,
    engines: Vec<(String, String, String)>,
}

pub(super) fn trends(history: &History) -> Vec<TrendChart> {
    let entries = &history.entries;
    let moments: Vec<String> = entries.iter().map(moment).collect();
    let series = |names: Vec<String>, value: &dyn Fn(&Entry, &str) -> Option<f64>| -> Vec<Series> {
        let of = |name: String| {
            let values = entries.iter().map(|entry| value(entry, &name)).collect();
            (escape::brief(&name, 40).into_owned(), values)
        };
        names.into_iter().map(of).collect()
    };
    let engines = names(entries, |entry| entry.engines.keys());
    let groups = names(entries, |entry| entry.benches.keys());
    let workloads = names(entries, |entry| entry.instructions.keys());
    let share = |entry: &Entry, name: &str| {
        let counted = entry.engines.get(name)?;
        (counted.directives > 0).then(|| counted.pass as f64 * 100.0 / counted.directives as f64)
    };
    let bad = |entry: &Entry, name: &str| Some(entry.engines.get(name)?.unexpected as f64);
    let seconds = |entry: &Entry, _: &str| (entry.wall_seconds > 0.0).then_some(entry.wall_seconds);
    let found = |entry: &Entry, _: &str| {
        (entry.faults > 0).then(|| entry.faults_found as f64 * 100.0 / entry.faults as f64)
    };
    let mean = |entry: &Entry, name: &str| entry.benches.get(name).copied();
    // Each workload against its first count, so that all of them fit one axis.
    let first = |name: &str| entries.iter().find_map(|entry| entry.instructions.get(name)).copied();
    let counted = |entry: &Entry, name: &str| {
        let first = first(name).filter(|&first| first > 0)?;
        Some(*entry.instructions.get(name)? as f64 * 100.0 / first as f64)
    };
    let charts = [
        charts::trend("Directives that pass", " %", &moments, series(engines.clone(), &share)),
        charts::trend("Unexpected results", "", &moments, series(engines, &bad)),
        charts::trend("Time of the suites", " s", &moments, series(vec!["all suites".into()], &seconds)),
        charts::trend("Planted faults found", " %", &moments, series(vec!["found".into()], &found)),
        charts::trend("Benchmarks, ratio to the peer", "", &moments, series(groups, &mean)),
        charts::trend(
            "Instructions executed, of the first count",
            " %",
            &moments,
            series(workloads, &counted),
        ),
    ];
    charts.into_iter().filter(|chart| chart.lines.iter().any(|line| !line.dots.is_empty())).collect()
}

/// The names that any entry has, in order.
fn names<'a, K>(entries: &'a [Entry], keys: impl Fn(&'a Entry) -> K) -> Vec<String>
where
    K: Iterator<Item = &'a String>,
{
    entries.iter().flat_map(keys).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn moment(entry: &Entry) -> String {
    let at = date::moment(entry.at_unix_ms);
    if entry.label.is_empty() { at } else { format!("{at} ({})", escape::brief(&entry.label, 40)) }
}

/// The latest entries, the newest first.
pub(super) fn latest(history: &History) -> Vec<HistoryRow> {
    let row = |entry: &Entry| HistoryRow {
        at: date::moment(entry.at_unix_ms),
        label: escape::brief(&entry.label, 60).into_owned(),
        version: shown(&entry.tool_version),
        engines: entry
            .engines
            .iter()
            .map(|(name, counted)| {
                (shown(name), percent(counted.pass, counted.directives), grouped(counted.unexpected))
            })
            .collect(),
    };
    history.entries.iter().rev().take(30).map(row).collect()
}
