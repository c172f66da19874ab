//! Parts of a run to the whole run, or the reason why they are not one.
//!
//! Enters: results files of parts; leaves: one [`Run`] whose rows are in the order of reports. Every part says how many tests the
//! whole has and carries the digest of their list; the merged rows of each engine and lane must be that list, test for test.
//! Nothing is taken on trust: a part that is missing, doubled, torn, or of another run is refused with its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::escape;
use crate::header::{Header, Shard};
use crate::list::{TestId, list_digest};
use crate::results::{Run, read_results};

/// Why parts are not a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A part cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a whole run.
    #[error("{} is no part of a run: it was made without --partition", shown(path))]
    NotAPart {
        /// The file.
        path: PathBuf,
    },
    /// Two parts are not of the same run.
    #[error("{} and {} are not parts of the same run: {what} differs", shown(path), shown(other))]
    Different {
        /// A part.
        path: PathBuf,
        /// Another one.
        other: PathBuf,
        /// What tells them apart.
        what: &'static str,
    },
    /// The same part is there twice.
    #[error("part {part} is there twice: {} and {}", shown(path), shown(other))]
    Doubled {
        /// One of them.
        path: PathBuf,
        /// The other one.
        other: PathBuf,
        /// Its number.
        part: u32,
    },
    /// Parts are missing.
    #[error("of {of} parts, {} missing: {}", if missing.len() == 1 { "one is" } else { "some are" }, numbers(missing))]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// How many there are.
        of: u32,
    },
    /// A test is in two parts.
    #[error("{place} on {engine} is in more than one part")]
    Overlap {
        /// Where the test stands.
        place: String,
        /// The engine and lane.
        engine: String,
    },
    /// The parts together are not the list of tests that they were made from.
    #[error("the parts have {found} tests on {engine}, which are not the {tests} that the run consists of")]
    NotTheList {
        /// The engine and lane.
        engine: String,
        /// How many there are.
        found: usize,
        /// How many there should be.
        tests: u64,
    },
}

/// A part, read.
struct Part {
    path: PathBuf,
    shard: Shard,
    run: Run,
}

/// Joins parts.
///
/// # Errors
///
/// When they are not exactly the parts of one run.
pub fn merge(paths: &[PathBuf]) -> Result<Run, MergeError> {
    let mut parts = paths.iter().map(|path| part(path)).collect::<Result<Vec<_>, _>>()?;
    parts.sort_by_key(|part| part.shard.part);
    for pair in parts.windows(2) {
        if let Some(what) = difference(&pair[0], &pair[1]) {
            return Err(MergeError::Different {
                path: pair[1].path.clone(),
                other: pair[0].path.clone(),
                what,
            });
        }
        if pair[0].shard.part == pair[1].shard.part {
            let (path, other) = (pair[1].path.clone(), pair[0].path.clone());
            return Err(MergeError::Doubled { path, other, part: pair[0].shard.part });
        }
    }
    let Some(first) = parts.first() else { return Err(MergeError::Missing { missing: Vec::new(), of: 0 }) };
    let (shard, mut header) = (first.shard.clone(), first.run.header.clone());
    // Parts are sorted and none is doubled: a hole shows as a step.
    let missing: Vec<u32> = missing(&parts, shard.of);
    if !missing.is_empty() {
        return Err(MergeError::Missing { missing, of: shard.of });
    }
    header.shard = None;
    header.started_unix_ms =
        parts.iter().map(|part| part.run.header.started_unix_ms).min().unwrap_or_default();
    let wall_ms = parts.iter().map(|part| part.run.wall_ms).max().unwrap_or_default();
    let mut rows: Vec<_> = parts.into_iter().flat_map(|part| part.run.rows).collect();
    rows.sort_by(|a, b| a.report_order(b));
    let run = Run { header, rows, wall_ms };
    check(&run, &shard)?;
    Ok(run)
}

fn part(path: &Path) -> Result<Part, MergeError> {
    let run = read_results(path)?;
    let shard = run.header.shard.clone().ok_or_else(|| MergeError::NotAPart { path: path.to_owned() })?;
    Ok(Part { path: path.to_owned(), shard, run })
}

/// The first missing parts; a part may claim that there are billions.
fn missing(parts: &[Part], of: u32) -> Vec<u32> {
    let has = |part: &u32| parts.binary_search_by_key(part, |one| one.shard.part).is_ok();
    (1..=of).filter(|part| !has(part)).take(20).collect()
}

/// What tells two parts apart that parts of one run have in common.
fn difference(a: &Part, b: &Part) -> Option<&'static str> {
    let header = |part: &Part| -> Header { part.run.header.clone() };
    let (left, right) = (header(a), header(b));
    let facts = [
        (left.tool_version == right.tool_version, "the version of the tool"),
        (left.suite.digest == right.suite.digest && left.suite.kind == right.suite.kind, "the suite"),
        (left.selection == right.selection, "the selection"),
        (left.engines == right.engines, "the list of engines"),
        (left.seed == right.seed, "the seed"),
        (left.host.arch == right.host.arch && left.host.os == right.host.os, "the kind of machine"),
        (
            (a.shard.of, &a.shard.by) == (b.shard.of, &b.shard.by),
            "the number of parts, or how they were made,",
        ),
        ((a.shard.tests, &a.shard.list) == (b.shard.tests, &b.shard.list), "the list of tests"),
    ];
    facts.iter().find(|(same, _)| !same).map(|&(_, what)| what)
}

/// Whether the rows of each engine and lane are the list, test for test.
fn check(run: &Run, shard: &Shard) -> Result<(), MergeError> {
    let mut lanes: BTreeMap<(&str, &str), Vec<TestId<'_>>> = BTreeMap::new();
    for engine in &run.header.engines {
        engine.lanes.iter().for_each(|lane| drop(lanes.insert((&engine.engine, lane), Vec::new())));
    }
    for row in &run.rows {
        lanes.entry((&row.engine, &row.lane)).or_default().push(TestId::of(row));
    }
    for ((engine, lane), mut tests) in lanes {
        let engine = escape::text(&format!("{engine}/{lane}")).into_owned();
        tests.sort_unstable();
        if let Some(pair) = tests.windows(2).find(|pair| pair[0] == pair[1]) {
            let place = format!("{}:{}:{}", escape::text(pair[0].file), pair[0].line, pair[0].column);
            return Err(MergeError::Overlap { place, engine });
        }
        let found = tests.len();
        if found as u64 != shard.tests || list_digest(tests) != shard.list {
            return Err(MergeError::NotTheList { engine, found, tests: shard.tests });
        }
    }
    Ok(())
}

fn numbers(parts: &[u32]) -> String {
    parts.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn shown(path: &Path) -> String {
    escape::bytes(path.as_os_str().as_encoded_bytes())
}
