//! Unexpected results by what caused them, and skipped ones by their reason.
//!
//! Enters: a matrix; leaves: one [`Cluster`] for each cause, the largest first, with what its results have in common and a few of
//! them in full. Reads texts of suites only for results that it shows or counts the operators of.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Sources;
use super::matrix::Matrix;
use crate::escape;
use crate::excerpt::{Source, called};
use crate::grouping::{cause, proposal, reason_family};
use crate::outcome::Status;
use crate::row::Row;

/// Results of a cluster that are shown in full.
const EXAMPLES: usize = 4;
/// Members of a list of names.
const NAMES: usize = 8;
/// Results of a cluster whose text is looked at.
const LOOKED_AT: usize = 500;

/// Results with the same cause.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cluster {
    pub(crate) cause: String,
    pub(crate) status: &'static str,
    pub(crate) count: usize,
    pub(crate) engines: Vec<(String, usize)>,
    pub(crate) proposals: Vec<(String, usize)>,
    pub(crate) files: Vec<(String, usize)>,
    pub(crate) operators: Vec<(String, usize)>,
    pub(crate) examples: Vec<Example>,
}

/// One result in full.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Example {
    pub(crate) place: String,
    /// The number of its file and its own in there, by which the page's script finds it.
    pub(crate) key: String,
    pub(crate) engine: String,
    pub(crate) status: String,
    pub(crate) expected: Option<String>,
    pub(crate) actual: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) excerpt: Option<String>,
    pub(crate) command: Option<String>,
}

/// What was not run, by reason.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) reason: String,
    pub(crate) count: usize,
    pub(crate) engines: Vec<(String, usize)>,
}

/// A result by its place in the matrix.
type Place = (usize, usize);

/// Unexpected results by cause.
pub(crate) fn clusters(matrix: &Matrix<'_>, sources: &Sources<'_>) -> Vec<Cluster> {
    let mut by_cause: HashMap<(&'static str, String), Vec<Place>> = HashMap::new();
    for (column, test, row) in rows(matrix).filter(|(.., row)| row.status.is_unexpected()) {
        by_cause.entry((row.status.name(), cause(row))).or_default().push((column, test));
    }
    let mut by_cause: Vec<_> = by_cause.into_iter().collect();
    by_cause.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let mut texts = Texts { matrix, sources, files: HashMap::new() };
    by_cause.into_iter().map(|((status, cause), places)| texts.cluster(status, &cause, &places)).collect()
}

/// Results that were not run, by reason.
pub(super) fn skipped(matrix: &Matrix<'_>) -> Vec<Skipped> {
    let mut reasons: BTreeMap<&str, BTreeMap<usize, usize>> = BTreeMap::new();
    for (column, _, row) in rows(matrix) {
        if let Status::Skip(reason) = &row.status {
            *reasons.entry(reason_family(reason)).or_default().entry(column).or_default() += 1;
        }
    }
    let name =
        |(column, count): (usize, usize)| (escape::text(&matrix.columns[column].label).into_owned(), count);
    let mut skipped: Vec<Skipped> = reasons
        .into_iter()
        .map(|(reason, columns)| Skipped {
            reason: escape::brief(reason, 160).into_owned(),
            count: columns.values().sum(),
            engines: columns.into_iter().map(name).collect(),
        })
        .collect();
    skipped.sort_by_key(|skipped| std::cmp::Reverse(skipped.count));
    skipped
}

fn rows<'a>(matrix: &'a Matrix<'_>) -> impl Iterator<Item = (usize, usize, &'a Row)> {
    let columns = matrix.cells.iter().enumerate();
    columns.flat_map(|(column, cells)| {
        cells.iter().enumerate().filter_map(move |(test, cell)| Some((column, test, (*cell)?)))
    })
}

/// The texts of suites, each file read once.
struct Texts<'m, 'a> {
    matrix: &'m Matrix<'a>,
    sources: &'m Sources<'m>,
    files: HashMap<u32, Option<Source>>,
}

impl Texts<'_, '_> {
    fn cluster(&mut self, status: &'static str, cause: &str, places: &[Place]) -> Cluster {
        let matrix = self.matrix;
        let label = |column: usize| matrix.columns[column].label.as_str();
        let mut operators = Vec::new();
        for &(_, test) in places.iter().take(LOOKED_AT) {
            operators.extend(self.text(test, 600).and_then(|text| called(&text).map(str::to_owned)));
        }
        Cluster {
            cause: escape::brief(cause, 300).into_owned(),
            status,
            count: places.len(),
            engines: counted(places.iter().map(|&(column, _)| label(column))),
            proposals: counted(places.iter().map(|&(_, test)| proposal(matrix.file(test).name))),
            files: counted(places.iter().map(|&(_, test)| matrix.file(test).name)),
            operators: counted(operators.iter().map(String::as_str)),
            examples: spread(places).map(|place| self.example(place)).collect(),
        }
    }

    fn example(&mut self, (column, test): Place) -> Example {
        let matrix = self.matrix;
        let (place, file) = (&matrix.tests[test], matrix.file(test));
        let row = matrix.cells[column][test].expect("clusters hold places of results");
        let shown = |text: &Option<String>| text.as_deref().map(|text| escape::brief(text, 600).into_owned());
        let header = matrix.suites[file.suite].header;
        Example {
            place: format!("{}:{}:{}", escape::text(file.name), place.line, place.column),
            key: format!("{}/{}", place.file, place.index),
            engine: escape::text(&matrix.columns[column].label).into_owned(),
            status: escape::text(&row.status.to_string()).into_owned(),
            expected: shown(&row.expected),
            actual: shown(&row.actual),
            note: shown(&row.note),
            excerpt: self.text(test, 600).map(|text| escape::lines(&text)),
            command: matrix.columns[column]
                .repeat
                .and_then(|_| header.repeat(row))
                .map(|command| escape::text(&command).into_owned()),
        }
    }

    fn text(&mut self, test: usize, limit: usize) -> Option<String> {
        let (place, file) = (&self.matrix.tests[test], self.matrix.file(test));
        let header = self.matrix.suites[file.suite].header;
        let source = self
            .files
            .entry(place.file)
            .or_insert_with(|| (self.sources)(header, file.name).map(Source::new));
        source.as_ref()?.form(place.line, place.column, limit)
    }
}

/// A few places from all over a list.
fn spread(places: &[Place]) -> impl Iterator<Item = Place> {
    let step = places.len().div_ceil(EXAMPLES).max(1);
    places.iter().step_by(step).copied()
}

/// How often each name occurs, the most frequent first; the rest is one line.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let rest: usize = counts.iter().skip(NAMES).map(|&(_, count)| count).sum();
    let others = counts.len().saturating_sub(NAMES);
    let shown =
        counts.into_iter().take(NAMES).map(|(name, count)| (escape::brief(name, 80).into_owned(), count));
    let more = (others > 0).then(|| (format!("and {others} more"), rest));
    shown.chain(more).collect()
}
