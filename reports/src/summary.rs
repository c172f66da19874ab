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
    summary: Summary,
    files: BTreeMap<String, HashSet<Arc<str>>>,
    /// Engine and file of the row before: rows come in runs.
    last: Option<(Arc<str>, Arc<str>)>,
    busy_us: BTreeMap<String, u64>,
}

impl SummaryBuilder {
    /// No results yet; every engine of the header is present.
    pub fn new(header: &Header) -> Self {
        let engines = header.engines.iter().map(|engine| (engine.engine.clone(), EngineSummary::default()));
        let summary = Summary {
            schema: SUMMARY_SCHEMA.to_owned(),
            tool_version: header.tool_version.clone(),
            wall_seconds: 0.0,
            engines: engines.collect(),
        };
        Self { summary, files: BTreeMap::new(), last: None, busy_us: BTreeMap::new() }
    }

    /// Counts one result.
    pub fn add(&mut self, row: &Row) {
        self.note_file(row);
        if !self.summary.engines.contains_key(&*row.engine) {
            self.summary.engines.insert(row.engine.to_string(), EngineSummary::default());
        }
        let Some(engine) = self.summary.engines.get_mut(&*row.engine) else { return };
        engine.directives += 1;
        engine.counts.add(&row.status);
        engine.outcome += u64::from(row.levels.outcome);
        engine.stage += u64::from(row.levels.stage);
        engine.message += u64::from(row.levels.message);
        engine.assertions += u64::from(row.directive.is_assertion());
        engine.assertions_passed += u64::from(row.directive.is_assertion() && row.status == Status::Pass);
        if let Some(busy) = self.busy_us.get_mut(&*row.engine) {
            *busy = busy.saturating_add(row.duration_us);
        }
    }

    /// The summary of a run that took this long.
    pub fn finish(mut self, wall: Duration) -> Summary {
        // Milliseconds, as the results file has it: both files then tell the same.
        let wall_seconds = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) as f64 / 1000.0;
        self.summary.wall_seconds = wall_seconds;
        for (name, engine) in &mut self.summary.engines {
            engine.files = self.files.get(name).map_or(0, |files| files.len() as u64);
            engine.busy_seconds = self.busy_us.get(name).map_or(0.0, |&busy| busy as f64 / 1e6);
            engine.wall_seconds = wall_seconds;
        }
        self.summary
    }

    fn note_file(&mut self, row: &Row) {
        if self.last.as_ref().is_some_and(|(engine, file)| *engine == row.engine && *file == row.file) {
            return;
        }
        self.last = Some((row.engine.clone(), row.file.clone()));
        self.files.entry(row.engine.to_string()).or_default().insert(row.file.clone());
        self.busy_us.entry(row.engine.to_string()).or_default();
    }
}
