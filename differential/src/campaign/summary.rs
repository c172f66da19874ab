//! A campaign as `campaign.json`, for reports: names of fields are kept stable.
//!
//! Everything but times and paths follows from profile, seed and cases alone.

use super::Options;
use super::confirm::Confirmation;
use super::tally::{Accident, Coverage, Found, Produced, Tally};
use crate::case::{CaseError, write};
use crate::generate::GENERATOR_VERSION;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the form.
pub const CAMPAIGN_SCHEMA: &str = "assay-campaign-1";

/// A campaign.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// [`CAMPAIGN_SCHEMA`].
    pub schema: &'static str,
    /// The version of this program.
    pub tool_version: &'static str,
    /// The version of the generators: with profile, seed and index it determines a case.
    pub generator_version: u64,
    /// The mix of generators.
    pub profile: &'static str,
    /// The seed.
    pub seed: u64,
    /// The first case.
    pub first: u64,
    /// How many cases were asked for; absent where only the time was bounded.
    pub cases_asked: Option<u64>,
    /// Engines of other processes.
    pub engines: Vec<String>,
    /// Worker processes.
    pub jobs: usize,
    /// How many cases were played.
    pub cases: u64,
    /// How many of them before this run, by the journal.
    pub resumed: u64,
    /// Whether every case that was asked for was played.
    pub complete: bool,
    /// Cases that could show something.
    pub useful: u64,
    /// How long this run took.
    pub seconds: f64,
    /// Cases of this run in a second.
    pub cases_per_second: f64,
    /// Steps by outcome in the interpreter.
    pub outcomes: BTreeMap<String, u64>,
    /// Legitimate differences by rule.
    pub rules: BTreeMap<String, u64>,
    /// Cases not compared with an engine of another process, by engine and reason.
    pub skipped: BTreeMap<String, u64>,
    /// What each generator made.
    pub generators: BTreeMap<String, Produced>,
    /// Executed operators: operator, type (empty where the operator's name says it), outcome.
    pub coverage: CoverageSummary,
    /// Workers that were lost at cases that were then played to their end, by class of the loss.
    pub accidents: BTreeMap<String, Accident>,
    /// Findings, one for each signature.
    pub findings: Vec<FindingSummary>,
}

/// Executed operators.
#[derive(Clone, Debug, Serialize)]
pub struct CoverageSummary {
    /// Cases that were looked at.
    pub cases: u64,
    /// How many points there are.
    pub points: u64,
    /// For each point, by how many cases it was covered, and by which first.
    pub operators: Coverage,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingSummary {
    /// The finding.
    #[serde(flatten)]
    pub found: Found,
    /// Whether it came back in a fresh process.
    pub confirmation: Confirmation,
    /// Where its case was saved; absent where it could not be.
    pub case: Option<PathBuf>,
    /// The command that shows it again.
    pub repeat: String,
}

impl Summary {
    /// The summary of a campaign, `resumed` cases of which were played before.
    pub fn new(options: &Options, tally: &Tally, resumed: u64, elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs_f64();
        let played = tally.cases.saturating_sub(resumed) as f64;
        Self {
            schema: CAMPAIGN_SCHEMA,
            tool_version: env!("CARGO_PKG_VERSION"),
            generator_version: GENERATOR_VERSION,
            profile: options.profile.name(),
            seed: options.seed,
            first: options.first,
            cases_asked: (options.cases < u64::MAX).then_some(options.cases),
            engines: options.engines.clone(),
            jobs: options.jobs,
            cases: tally.cases,
            resumed,
            complete: tally.cases == options.cases,
            useful: tally.useful,
            seconds,
            cases_per_second: if seconds > 0.0 { played / seconds } else { 0.0 },
            outcomes: tally.outcomes.clone(),
            rules: tally.rules.clone(),
            skipped: tally.skipped.clone(),
            generators: tally.generators.clone(),
            coverage: CoverageSummary {
                cases: tally.looked_at,
                points: points(&tally.coverage),
                operators: tally.coverage.clone(),
            },
            accidents: tally.accidents.clone(),
            findings: Vec::new(),
        }
    }

    /// Writes the summary. The file appears whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CaseError> {
        let io = |error| CaseError::Io { what: "write", path: path.to_owned(), error };
        let text = serde_json::to_string_pretty(self).map_err(|error| io(std::io::Error::other(error)))?;
        write(path, &(text + "\n"))
    }
}

/// How many points are covered.
pub fn points(coverage: &Coverage) -> u64 {
    coverage.values().flat_map(BTreeMap::values).map(|outcomes| outcomes.len() as u64).sum()
}

#[cfg(test)]
#[path = "../../../reports/tests/checker/mod.rs"]
mod checker;

#[cfg(test)]
mod tests {
    use super::checker::violation;
    use super::*;
    use crate::campaign::run_in_threads;
    use crate::generate::Profile;

    #[test]
    fn names_of_fields_are_those_that_reports_read() {
        let options = Options {
            profile: Profile::Small,
            seed: 1,
            first: 0,
            cases: 64,
            jobs: 1,
            time: None,
            engines: Vec::new(),
            corpus: None,
        };
        let tally = run_in_threads(&options).unwrap();
        let mut summary = Summary::new(&options, &tally, 0, Duration::from_secs(2));
        let found = Found {
            index: 3,
            class: "a".into(),
            signature: "a: b".into(),
            detail: "c".into(),
            unsafe_end: false,
            cases: 2,
        };
        let (confirmation, case) = (Confirmation::Changed("d".into()), None);
        summary.findings.push(FindingSummary { found, confirmation, case, repeat: "e".into() });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("campaign.json");
        summary.write(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for pointer in [
            "/schema",
            "/tool_version",
            "/generator_version",
            "/profile",
            "/seed",
            "/first",
            "/cases_asked",
            "/engines",
            "/jobs",
            "/resumed",
            "/seconds",
            "/outcomes/returned",
            "/rules",
            "/skipped",
            "/generators/small/useful",
            "/generators/small/trapped",
            "/coverage/points",
            "/coverage/operators/end//ok/cases",
            "/findings/0/signature",
            "/findings/0/index",
            "/findings/0/unsafe_end",
            "/findings/0/case",
            "/findings/0/repeat",
        ] {
            assert!(json.pointer(pointer).is_some(), "{pointer} is missing in {json:#}");
        }
        let schema = include_str!("../../../reports/schemas/campaign.schema.json");
        let schema = serde_json::from_str(schema).unwrap();
        assert_eq!(violation(&schema, &schema, &json, "campaign"), None);
        let mut more = json.clone();
        more["findings"][0]["confirmation"]["state"] = "nobody".into();
        assert!(violation(&schema, &schema, &more, "campaign").is_some());
        assert_eq!(json["schema"], "assay-campaign-1");
        assert_eq!((&json["cases"], &json["complete"]), (&64.into(), &true.into()));
        assert_eq!(json["cases_per_second"], 32.0);
        assert_eq!(json["findings"][0]["cases"], 2);
        assert_eq!(json["findings"][0]["confirmation"]["state"], "changed");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }
}
