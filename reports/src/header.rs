//! What a run was: the first line of `results.jsonl`. Everything a reader needs to tell whether two runs can be compared.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::results::SCHEMA;
use crate::row::Row;
use crate::shell::quoted;

/// The first line of a results file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name and version of the format; always [`SCHEMA`] when written.
    pub schema: String,
    /// Version of the tool.
    pub tool_version: String,
    /// The machine.
    pub host: Host,
    /// The model of its processor.
    pub cpu: String,
    /// The engines that ran, each with its lanes.
    pub engines: Vec<EngineLanes>,
    /// The suite that ran.
    pub suite: SuiteInfo,
    /// What was selected from it, in the words of the command line; `all` without a selection.
    pub selection: String,
    /// Which part of the selection this is.
    pub shard: Option<Shard>,
    /// The seed, where chance was involved.
    pub seed: Option<u64>,
    /// When it began, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// How one result of each engine and lane is had again.
    pub repeat: Vec<Repeat>,
}

/// The command that runs one test of an engine and lane again, but for the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The engine.
    pub engine: String,
    /// Its lane.
    pub lane: String,
    /// The command, up to the test.
    pub command: String,
    /// Whether the command names the file, too, before it filters.
    pub names_file: bool,
}

/// The machine a run took place on; nothing that names its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Operating system.
    pub os: String,
    /// Its release, where known.
    pub release: String,
    /// Architecture.
    pub arch: String,
    /// Processors that this process may use.
    pub cpus: usize,
}

/// An engine and its lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineLanes {
    /// The engine.
    pub engine: String,
    /// Its configurations.
    pub lanes: Vec<String>,
}

/// What a suite consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuiteKind {
    /// Test scripts, with a result for each directive.
    #[default]
    Spec,
    /// WASI programs, with a result for each.
    Wasi,
}

/// A suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteInfo {
    /// What it consists of.
    pub kind: SuiteKind,
    /// Where it comes from: a folder, or the name and version of the embedded one.
    pub origin: String,
    /// A digest of its content.
    pub digest: String,
    /// How many files it has.
    pub files: usize,
}

/// A part of a run that was split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// How it was split (`hash`, `slice`).
    pub by: String,
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub of: u32,
    /// How many tests all parts have together.
    pub tests: u64,
    /// A digest of the list of all these tests: parts with another one are parts of something else.
    pub list: String,
}

impl Header {
    /// A header for a run that begins now on this machine.
    pub fn new(
        tool_version: impl Into<String>,
        engines: Vec<EngineLanes>,
        suite: SuiteInfo,
        selection: impl Into<String>,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool_version: tool_version.into(),
            host: Host::detect(),
            cpu: cpu_model(),
            engines,
            suite,
            selection: selection.into(),
            shard: None,
            seed: None,
            started_unix_ms: now(),
            repeat: Vec::new(),
        }
    }

    /// The command that repeats one result.
    pub fn repeat(&self, row: &Row) -> Option<String> {
        let of_row = |repeat: &&Repeat| *repeat.engine == *row.engine && *repeat.lane == *row.lane;
        let repeat = self.repeat.iter().find(of_row)?;
        let file = if repeat.names_file { format!(" {}", quoted(&row.file)) } else { String::new() };
        let place = if row.line == 0 { row.file.to_string() } else { format!("{}:{}", row.file, row.line) };
        Some(format!("{}{file} --filter {}", repeat.command, quoted(&place)))
    }
}

impl Host {
    /// This machine.
    pub fn detect() -> Self {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            os: std::env::consts::OS.to_owned(),
            release: release.trim().to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The model of the processor, or that it is not known.
pub(crate) fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':'));
    model.map_or("unknown", |(_, model)| model.trim()).to_owned()
}
