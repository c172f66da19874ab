//! The counts of a run: what `summary.json` says, and what the exit code is.
//!
//! Rows go in one by one and are not kept. Knows the statuses, not what they are about.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::atomic::AtomicFile;
use crate::error::WriteError;
use crate::exit;
use crate::header::Header;
use crate::outcome::Status;
use crate::row::Row;

/// Name and version of the format.
pub const SUMMARY_SCHEMA: &str = "assay-summary/1";
/// The name of the file in its folder.
pub const SUMMARY_FILE: &str = "summary.json";

/// The counts of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Name and version of the format.
    pub schema: String,
    /// Version of the tool.
    pub tool_version: String,
    /// How long the run took.
    pub wall_seconds: f64,
    /// The counts of each engine, all its lanes together.
    pub engines: BTreeMap<String, EngineSummary>,
}

/// The counts of one engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSummary {
    /// Files with at least one result.
    pub files: u64,
    /// Results: one per directive and lane.
    pub directives: u64,
    /// Results by status.
    #[serde(flatten)]
    pub counts: Counts,
    /// Results that hold at the level of the outcome.
    pub outcome: u64,
    /// Results that hold at the level of the stage.
    pub stage: u64,
    /// Results that hold at the level of the message.
    pub message: u64,
    /// Assertions among the directives; the others are modules, invokes and registers.
    pub assertions: u64,
    /// Assertions that passed.
    pub assertions_passed: u64,
    /// How long the run took; engines run side by side, so this is the time of the whole run.
    pub wall_seconds: f64,
    /// The time of all directives of this engine together.
    pub busy_seconds: f64,
}

/// Results by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// As expected.
    pub pass: u64,
    /// Another outcome.
    pub fail: u64,
    /// The right outcome for the wrong reason.
    pub wrong_reason: u64,
    /// The worker died.
    pub crash: u64,
    /// The worker took too long.
    pub timeout: u64,
    /// Not run.
    pub skip: u64,
    /// Failed as predicted.
    pub xfail: u64,
    /// Passed against the prediction.
    pub xpass: u64,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, status: &Status) {
        let count = match status {
            Status::Pass => &mut self.pass,
            Status::Fail => &mut self.fail,
            Status::WrongReason => &mut self.wrong_reason,
            Status::Crash(_) => &mut self.crash,
            Status::Timeout => &mut self.timeout,
            Status::Skip(_) => &mut self.skip,
            Status::Xfail => &mut self.xfail,
            Status::Xpass => &mut self.xpass,
        };
        *count += 1;
    }

    /// Counts what others counted, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.wrong_reason += other.wrong_reason;
        self.crash += other.crash;
        self.timeout += other.timeout;
        self.skip += other.skip;
        self.xfail += other.xfail;
        self.xpass += other.xpass;
    }

    /// Results that make a run fail.
    pub fn unexpected(&self) -> u64 {
        self.fail + self.wrong_reason + self.crash + self.timeout + self.xpass
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.unexpected() + self.pass + self.skip + self.xfail
    }
}

/// What a run amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was as expected.
    AsExpected,
    /// Something was not.
    Unexpected,
    /// There was nothing to judge.
    NothingSelected,
}

impl Verdict {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::AsExpected => exit::OK,
            Self::Unexpected => exit::UNEXPECTED,
            Self::NothingSelected => exit::NOTHING_SELECTED,
        }
    }
}

impl From<Verdict> for i32 {
    fn from(verdict: Verdict) -> Self {
        verdict.exit_code().into()
    }
}

impl Summary {
    /// What the run amounts to.
    pub fn verdict(&self) -> Verdict {
        let sum = |count: fn(&EngineSummary) -> u64| self.engines.values().map(count).sum::<u64>();
        if sum(|engine| engine.directives) == 0 {
            Verdict::NothingSelected
        } else if sum(|engine| engine.counts.unexpected()) > 0 {
            Verdict::Unexpected
        } else {
            Verdict::AsExpected
        }
    }

    /// Writes `summary.json` into a folder.
    ///
    /// # Errors
    ///
    /// When the disk does not take it; there is no such file then.
    pub fn write(&self, dir: &Path) -> Result<(), WriteError> {
        let mut file = AtomicFile::begin(&dir.join(SUMMARY_FILE))?;
        let text = serde_json::to_string_pretty(self).expect("a summary has string keys and finite numbers");
        file.buffer().extend_from_slice(text.as_bytes());
        file.buffer().push(b'\n');
        file.commit()
    }
}

/// A summary under construction.
#[derive(Clone, Debug)]
pub struct SummaryBuilder {
    tool_version: String,
    engines: Vec<EngineTally>,
}

/// What is counted of one engine on the way.
#[derive(Clone, Debug)]
struct EngineTally {
    name: Arc<str>,
    summary: EngineSummary,
    files: HashSet<Arc<str>>,
    /// The file of the row before: rows come in runs.
    last: Option<Arc<str>>,
    busy_us: u64,
}

impl SummaryBuilder {
    /// No results yet; every engine of the header is present.
    pub fn new(header: &Header) -> Self {
        let engines = header.engines.iter().map(|engine| EngineTally::new(engine.engine.as_str().into()));
        Self { tool_version: header.tool_version.clone(), engines: engines.collect() }
    }

    /// Counts one result.
    pub fn add(&mut self, row: &Row) {
        let index = self.engines.iter().position(|engine| engine.name == row.engine).unwrap_or_else(|| {
            self.engines.push(EngineTally::new(row.engine.clone()));
            self.engines.len() - 1
        });
        self.engines[index].add(row);
    }

    /// The summary of a run that took this long.
    pub fn finish(self, wall: Duration) -> Summary {
        // Milliseconds, as the results file has it: both files then tell the same.
        let wall_seconds = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) as f64 / 1000.0;
        let engines =
            self.engines.into_iter().map(|engine| (engine.name.to_string(), engine.finish(wall_seconds)));
        Summary {
            schema: SUMMARY_SCHEMA.to_owned(),
            tool_version: self.tool_version,
            wall_seconds,
            engines: engines.collect(),
        }
    }
}

impl EngineTally {
    fn new(name: Arc<str>) -> Self {
        Self { name, summary: EngineSummary::default(), files: HashSet::new(), last: None, busy_us: 0 }
    }

    fn add(&mut self, row: &Row) {
        if self.last.as_ref() != Some(&row.file) {
            self.files.insert(row.file.clone());
            self.last = Some(row.file.clone());
        }
        self.busy_us = self.busy_us.saturating_add(row.duration_us);
        let summary = &mut self.summary;
        summary.directives += 1;
        summary.counts.add(&row.status);
        summary.outcome += u64::from(row.levels.outcome);
        summary.stage += u64::from(row.levels.stage);
        summary.message += u64::from(row.levels.message);
        summary.assertions += u64::from(row.directive.is_assertion());
        summary.assertions_passed += u64::from(row.directive.is_assertion() && row.status == Status::Pass);
    }

    fn finish(self, wall_seconds: f64) -> EngineSummary {
        let busy_seconds = self.busy_us as f64 / 1e6;
        EngineSummary { files: self.files.len() as u64, wall_seconds, busy_seconds, ..self.summary }
    }
}
