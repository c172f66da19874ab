//! The outcome model and its renderings: what a run found, on screen and on disk.
//!
//! What enters is a [`Header`] and a stream of [`Row`]s, one per directive, engine and lane; what leaves is
//! `results.jsonl`, `summary.json`, the text on the terminal and the exit code. This room knows no engine and no script:
//! statuses arrive decided, and whatever comes from a guest or a test file is escaped on its way out, in one place
//! ([`escape`]). A results file that does not end as it was written is never read as one.
//!
//! ```no_run
//! use std::time::Duration;
//! use assay_reports::{ColorChoice, Directive, EngineLanes, Header, Levels, ResultsWriter, Row, Status, SuiteInfo, Terminal};
//!
//! # fn main() -> Result<(), assay_reports::WriteError> {
//! let suite = SuiteInfo { kind: Default::default(), origin: "embedded".into(), digest: "blake3:…".into(), files: 1 };
//! let engines = vec![EngineLanes { engine: "jit".into(), lanes: vec!["default".into()] }];
//! let header = Header::new(env!("CARGO_PKG_VERSION"), engines, suite, "all");
//!
//! // Removes results of an earlier run in this folder, so that a run that dies leaves none that look like its own.
//! let out = std::path::Path::new("assay-out");
//! let mut writer = ResultsWriter::create(out, &header)?;
//! let mut row = Row::new("f32.wast", 12, 1, 0, Directive::AssertReturn, "jit", "default");
//! row.status = Status::WrongReason;
//! row.levels = Levels { outcome: true, stage: true, message: false };
//! row.expected = Some("integer overflow".into());
//! row.actual = Some("integer divide by zero".into());
//! writer.row(&row)?;
//! let summary = writer.finish(Duration::from_millis(2300))?;   // results.jsonl, then summary.json
//!
//! let rows = [row];
//! let mut terminal = Terminal::new(&summary, &rows);
//! terminal.color = ColorChoice::Auto.resolve(&std::io::stdout());
//! terminal.out = Some(out);
//! print!("{}", terminal.render());
//! std::process::exit(summary.verdict().into());
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod escape;
pub mod exit;
pub mod github;
pub mod junit;
pub mod markdown;
pub mod sarif;

mod atomic;
mod compare;
mod date;
mod directive;
mod duel;
mod error;
mod excerpt;
mod faults;
mod grouping;
mod header;
mod history;
mod html;
mod inputs;
mod json;
mod list;
mod merge;
mod outcome;
mod results;
mod row;
mod shell;
mod summary;
mod terminal;

pub use compare::{
    Change, ChangeKind, CompareVerdict, Comparison, Detection, Differences, Measure, Quantity, SpeedVerdict,
    compare, judge_samples,
};
pub use date::Date;
pub use directive::Directive;
pub use duel::{
    CHANCE as DUEL_CHANCE, DUEL_FILE, DUEL_SCHEMA, Duel, DuelVerdict, DuelWorkload, Instructions, Judgement,
    Plan as DuelPlan, Side, Turns, differences,
};
pub use error::{ReadError, WriteError};
pub use faults::{Baseline, FAULTS_SCHEMA, FaultResult, FaultZero, FaultsReport};
pub use header::{EngineLanes, Header, Host, Repeat, Shard, SuiteInfo, SuiteKind};
pub use history::{
    Appended, Counted, Entry as HistoryEntry, HISTORY_FILE, HISTORY_SCHEMA, History, HistoryError,
    append as append_history, read as read_history,
};
pub use html::{HTML_FILE, Sources, render as render_html, write as write_html};
pub use inputs::{
    Bench, BenchHost, BenchLane, BenchMean, BenchRatio, BenchResult, Campaign, CampaignFinding, Collection,
    Input, Inputs, Workload,
};
pub use list::{TestId, list_digest};
pub use merge::{MergeError, merge};
pub use outcome::{Levels, Status};
pub use results::{RESULTS_FILE, ResultsWriter, Run, SCHEMA, read_results};
pub use row::Row;
pub use shell::quoted;
pub use summary::{Counts, EngineSummary, SUMMARY_FILE, SUMMARY_SCHEMA, Summary, SummaryBuilder, Verdict};
pub use terminal::{ColorChoice, Terminal};

/// Writes a file, which appears whole or not at all.
///
/// # Errors
///
/// When the disk does not take it; what stood there before is gone then.
pub fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), WriteError> {
    atomic::AtomicFile::whole(path, bytes)
}

/// Removes a file if there is one, so that it cannot be taken for one that is to come.
///
/// # Errors
///
/// When it is there and stays.
pub fn remove_file(path: &std::path::Path) -> Result<(), WriteError> {
    atomic::remove(path)
}

/// The folder for results where `--out` names no other.
pub const DEFAULT_OUT: &str = "assay-out";
