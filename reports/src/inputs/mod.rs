//! What a report is made of: files of several kinds, told apart by what stands in them.
//!
//! Enters: paths of files and folders; leaves: [`Inputs`], or the first thing that is wrong, with file and line. Results are read
//! as strictly as ever; documents of other tools leniently, because they may know more than this version. Renders nothing.

mod bench;
mod campaign;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use bench::{Bench, BenchHost, BenchLane, BenchMean, BenchRatio, BenchResult, Collection, Workload};
pub use campaign::{Campaign, CampaignFinding};

use crate::duel::{DUEL_FILE, DUEL_SCHEMA, Duel};
use crate::error::ReadError;
use crate::faults::{FAULTS_SCHEMA, FaultsReport};
use crate::history::{self, HISTORY_FILE, History};
use crate::results::{RESULTS_FILE, Run, read_results};
use crate::summary::SUMMARY_FILE;

/// The files that a folder is searched for.
const KNOWN: [&str; 5] = [RESULTS_FILE, "campaign.json", "faults.json", DUEL_FILE, HISTORY_FILE];

/// A file and what it says.
#[derive(Clone, Debug)]
pub struct Input<T> {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub content: T,
}

/// Everything a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Runs of suites.
    pub runs: Vec<Input<Run>>,
    /// Differential campaigns.
    pub campaigns: Vec<Input<Campaign>>,
    /// Measurements with planted faults.
    pub faults: Vec<Input<FaultsReport>>,
    /// Benchmarks.
    pub benches: Vec<Input<Bench>>,
    /// Comparisons of two builds in turns.
    pub duels: Vec<Input<Duel>>,
    /// Runs of the past.
    pub histories: Vec<Input<History>>,
}

impl Inputs {
    /// Reads files, and of folders the files that have the names this tool gives them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, is of no known kind, torn or changed, or a folder holds none.
    pub fn read(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut inputs = Self::default();
        for path in paths {
            if path.is_dir() {
                inputs.folder(path)?;
            } else {
                inputs.file(path)?;
            }
        }
        Ok(inputs)
    }

    /// Whether there is nothing to report on.
    pub fn is_empty(&self) -> bool {
        let counts = [
            self.runs.len(),
            self.campaigns.len(),
            self.faults.len(),
            self.benches.len(),
            self.duels.len(),
            self.histories.len(),
        ];
        counts.iter().all(|&count| count == 0)
    }

    fn folder(&mut self, folder: &Path) -> Result<(), ReadError> {
        let mut found = false;
        for path in KNOWN.map(|name| folder.join(name)).into_iter().filter(|path| path.exists()) {
            found = true;
            self.file(&path)?;
        }
        if found {
            return Ok(());
        }
        Err(not_results(folder, format!("the folder holds none of {}", KNOWN.join(", "))))
    }

    fn file(&mut self, path: &Path) -> Result<(), ReadError> {
        let is_named = |name: &str| path.file_name().is_some_and(|last| last == name);
        let lines = path.extension().is_some_and(|extension| extension == "jsonl");
        if is_named(HISTORY_FILE) || (lines && begins_with(path, history::BEGINNING)?) {
            let content = history::read(path)?;
            self.histories.push(Input { path: path.to_owned(), content });
            return Ok(());
        }
        if lines {
            self.runs.push(Input { path: path.to_owned(), content: read_results(path)? });
            return Ok(());
        }
        self.document(path)
    }

    /// A file that is one JSON value.
    fn document(&mut self, path: &Path) -> Result<(), ReadError> {
        let bytes = std::fs::read(path).map_err(io(path))?;
        if bytes.starts_with(b"{\"schema\":\"assay-results/") {
            self.runs.push(Input { path: path.to_owned(), content: read_results(path)? });
            return Ok(());
        }
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| bad(path, &error))?;
        let wrong = |error: serde_json::Error| bad(path, &error);
        let path_of = || path.to_owned();
        match value.get("schema").and_then(Value::as_str) {
            Some(FAULTS_SCHEMA) => {
                let content = serde_json::from_slice(&bytes).map_err(wrong)?;
                self.faults.push(Input { path: path_of(), content });
            }
            Some(campaign::SCHEMA) => {
                let content = Campaign::of(&value);
                self.campaigns.push(Input { path: path_of(), content });
            }
            Some(DUEL_SCHEMA) => {
                let content = Duel::parse(path, &bytes)?;
                self.duels.push(Input { path: path_of(), content });
            }
            Some(crate::summary::SUMMARY_SCHEMA) => {
                let why = format!("it is a summary; give the {RESULTS_FILE} beside {SUMMARY_FILE}");
                return Err(not_results(path, why));
            }
            None if bench::is_bench(&value) => {
                let content = serde_json::from_slice(&bytes).map_err(wrong)?;
                self.benches.push(Input { path: path_of(), content });
            }
            Some(other) => {
                let why = format!("its schema is `{}`", crate::escape::brief(other, 60));
                return Err(not_results(path, why));
            }
            None => return Err(not_results(path, "it names no schema that this version knows".to_owned())),
        }
        Ok(())
    }
}

fn begins_with(path: &Path, beginning: &[u8]) -> Result<bool, ReadError> {
    use std::io::Read;
    let mut first = Vec::new();
    let file = std::fs::File::open(path).map_err(io(path))?;
    file.take(beginning.len() as u64).read_to_end(&mut first).map_err(io(path))?;
    Ok(first == beginning)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ReadError {
    move |source| ReadError::Io { path: path.to_owned(), source }
}

fn not_results(path: &Path, why: String) -> ReadError {
    ReadError::NotResults { path: path.to_owned(), why }
}

fn bad(path: &Path, error: &serde_json::Error) -> ReadError {
    ReadError::BadLine { path: path.to_owned(), line: error.line().max(1), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Inputs;

    fn read(name: &str, text: &str) -> Result<Inputs, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Inputs::read(&[path]).map_err(|error| error.to_string())
    }

    #[test]
    fn documents_are_told_apart_by_what_they_say() {
        let inputs = read("x.json", r#"{"schema":"assay-campaign-1","cases":3,"more":[1]}"#).unwrap();
        assert_eq!(inputs.campaigns[0].content.cases, 3);
        let inputs = read("x.json", r#"{"schema":1,"lanes":[],"workloads":[]}"#).unwrap();
        assert!(inputs.benches[0].content.workloads.is_empty());
        let inputs = read(
            "x.json",
            r#"{"schema":"assay-faults-1","budget_seconds":1.0,"seeds":1,"profile":"p","faults":[],"baselines":[],"fault_zero":null}"#,
        )
        .unwrap();
        assert!(inputs.faults[0].content.faults.is_empty());
    }

    #[test]
    fn what_is_no_result_is_named() {
        for (name, text, why) in [
            ("x.json", "{}", "names no schema"),
            ("x.json", r#"{"schema":"other\u001b"}"#, "its schema is `other\\u{1b}`"),
            ("x.json", r#"{"schema":"assay-summary/1"}"#, "it is a summary; give the results.jsonl"),
            ("x.json", "{\n\"a\":}", "x.json:2: expected value"),
            ("x.jsonl", "hello\n", "not a results file"),
            ("x.json", r#"{"schema":"assay-faults-1"}"#, "missing field"),
        ] {
            let error = read(name, text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let error = Inputs::read(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains("the folder holds none of results.jsonl"), "{error}");
        let error = Inputs::read(&[PathBuf::from("/nowhere/x.json")]).unwrap_err().to_string();
        assert!(error.starts_with("cannot read /nowhere/x.json: "), "{error}");
    }
}
