//! What a harness is worth: which of the planted faults it found, and how fast.
//!
//! Enters: medians for each fault; leaves: `faults.json` and a table. What was not found within the budget is censored: it has
//! no time, and the table says `>20 s`. Knows no engine, and no fault but by name.

use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde::{Deserialize, Serialize};

use crate::atomic::AtomicFile;
use crate::error::WriteError;
use crate::{escape, json};

/// The version of the form of `faults.json`.
pub const FAULTS_SCHEMA: &str = "assay-faults-1";

/// A measurement of the harness.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultsReport {
    /// [`FAULTS_SCHEMA`].
    pub schema: String,
    /// How long each campaign might begin cases.
    pub budget_seconds: f64,
    /// Campaigns for each fault.
    pub seeds: u64,
    /// The profile of their cases.
    pub profile: String,
    /// One for each fault.
    pub faults: Vec<FaultResult>,
    /// The same under weaker oracles. Empty: not measured.
    pub baselines: Vec<Baseline>,
    /// The same budget without a fault; absent where only some faults were asked for.
    pub fault_zero: Option<FaultZero>,
}

/// The same faults, looked for by other means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Baseline {
    /// The name of the means.
    pub name: String,
    /// One for each fault, in the same order.
    pub faults: Vec<FaultResult>,
}

/// How a fault fared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultResult {
    /// Its name.
    pub id: String,
    /// The letter of its class.
    pub class: char,
    /// Where it is known from.
    pub origin: String,
    /// Whether some campaign found it.
    pub found: bool,
    /// How many campaigns found it.
    pub found_in: u64,
    /// What saw it: the class of the first finding.
    pub oracle: Option<String>,
    /// The cases that the median campaign played until it was found, or in all.
    pub cases: u64,
    /// The seconds that the median campaign needed; absent when that found nothing.
    pub seconds: Option<f64>,
    /// How many campaigns there were.
    pub seeds: u64,
    /// The size of the smallest case that shows it; absent where none was made small.
    pub reduced_bytes: Option<u64>,
}

/// What the harness says when nothing is wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultZero {
    /// Cases that were played.
    pub cases: u64,
    /// Findings all the same.
    pub false_alarms: u64,
}

impl FaultsReport {
    /// Whether every fault was found, and nothing else.
    pub fn is_clean(&self) -> bool {
        let quiet = self.fault_zero.as_ref().is_none_or(|zero| zero.false_alarms == 0);
        quiet && self.faults.iter().all(|fault| fault.found)
    }

    /// Writes the report. The file appears whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        let mut file = AtomicFile::begin(path)?;
        json::push_line(file.buffer(), self);
        file.commit()
    }

    /// The table, and a line with what it comes to.
    pub fn render(&self) -> String {
        let mut table = Table::new();
        let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
        table.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
        let names = self.baselines.iter().map(|baseline| baseline.name.as_str());
        let numbers = ["found", "cases", "seconds"].into_iter().chain(names).chain(["bytes"]);
        let header: Vec<&str> =
            ["fault", "class", "origin"].into_iter().chain(numbers).chain(["seen as"]).collect();
        let last = header.len() - 1;
        table.set_header(header);
        for (number, fault) in self.faults.iter().enumerate() {
            let mut row = vec![fault.id.clone(), fault.class.to_string(), fault.origin.clone()];
            row.extend([format!("{} of {}", fault.found_in, fault.seeds), fault.cases.to_string()]);
            row.push(self.seconds(fault));
            let others = self.baselines.iter().map(|baseline| baseline.faults.get(number));
            row.extend(others.map(|other| other.map_or_else(|| "-".to_owned(), |other| self.seconds(other))));
            row.push(fault.reduced_bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()));
            row.push(escape::brief(fault.oracle.as_deref().unwrap_or("-"), 60).into_owned());
            table.add_row(row);
        }
        for column in table.column_iter_mut().take(last).skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let found = found_of(&self.faults);
        let beside = self
            .baselines
            .iter()
            .map(|baseline| format!("; {} finds {} of them", baseline.name, found_of(&baseline.faults)));
        let beside: String = beside.collect();
        let median =
            self.median().map_or_else(String::new, |median| format!(", the median in {median:.1} s"));
        let zero = self.fault_zero.as_ref().map_or_else(String::new, |zero| {
            format!("; without a fault {} false alarms in {} cases", zero.false_alarms, zero.cases)
        });
        let (all, budget) = (self.faults.len(), self.budget_seconds);
        format!(
            "{}\n{found} of {all} faults found within {budget:.0} s each{median}{beside}{zero}\n",
            table.trim_fmt()
        )
    }
}

impl FaultsReport {
    fn seconds(&self, fault: &FaultResult) -> String {
        match fault.seconds {
            Some(seconds) => format!("{seconds:.1} s"),
            None => format!(">{:.0} s", self.budget_seconds),
        }
    }

    /// The seconds of the median fault, those counted that were not found; absent when that is one of them.
    pub fn median(&self) -> Option<f64> {
        let mut seconds: Vec<f64> =
            self.faults.iter().map(|fault| fault.seconds.unwrap_or(f64::INFINITY)).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().filter(|seconds| seconds.is_finite())
    }
}

fn found_of(faults: &[FaultResult]) -> usize {
    faults.iter().filter(|fault| fault.found).count()
}

#[cfg(test)]
mod tests {
    use super::{Baseline, FAULTS_SCHEMA, FaultResult, FaultZero, FaultsReport};

    fn report() -> FaultsReport {
        let found = FaultResult {
            id: "rotate-by-zero".into(),
            class: 'M',
            origin: "own class".into(),
            found: true,
            found_in: 2,
            oracle: Some("jit-none: result differs".into()),
            cases: 31,
            seconds: Some(0.42),
            seeds: 3,
            reduced_bytes: None,
        };
        let hidden = FaultResult {
            id: "hidden".into(),
            found: false,
            found_in: 0,
            oracle: None,
            seconds: None,
            ..found.clone()
        };
        FaultsReport {
            schema: FAULTS_SCHEMA.into(),
            budget_seconds: 20.0,
            seeds: 3,
            profile: "default".into(),
            faults: vec![found, hidden],
            baselines: Vec::new(),
            fault_zero: Some(FaultZero { cases: 900, false_alarms: 0 }),
        }
    }

    #[test]
    fn what_was_not_found_has_no_time() {
        let text = report().render();
        assert!(text.contains(">20 s") && text.contains("0.4 s") && text.contains("2 of 3"), "{text}");
        assert!(text.ends_with(
            "1 of 2 faults found within 20 s each; without a fault 0 false alarms in 900 cases\n"
        ));
    }

    #[test]
    fn others_stand_beside_ours() {
        let mut report = report();
        let mut blind = report.faults.clone();
        (blind[0].found, blind[0].seconds) = (false, None);
        report.faults[0].reduced_bytes = Some(77);
        report.faults.push(report.faults[0].clone());
        report.baselines = vec![Baseline { name: "no-traps".into(), faults: blind }];
        let text = report.render();
        assert!(text.contains("no-traps") && text.contains("77"), "{text}");
        assert!(text.contains(", the median in 0.4 s; no-traps finds 0 of them; without"), "{text}");
    }

    #[test]
    fn a_false_alarm_is_not_clean() {
        let mut report = report();
        assert!(!report.is_clean(), "one was not found");
        report.faults.pop();
        assert!(report.is_clean());
        report.fault_zero = Some(FaultZero { cases: 1, false_alarms: 1 });
        assert!(!report.is_clean());
    }

    #[test]
    fn the_file_is_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.json");
        report().write(&path).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(read["faults"][0]["id"], "rotate-by-zero");
        assert_eq!((&read["faults"][1]["seconds"], &read["faults"][1]["found"]), (&().into(), &false.into()));
        assert_eq!(read["fault_zero"]["cases"], 900);
    }
}
