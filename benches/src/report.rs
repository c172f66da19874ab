//! The document that a run leaves: settings, host, every sample, every ratio, every mean.
//!
//! Enters: measured workloads. Leaves: serialisable structures, written whole or not at all. The fields are described in
//! `reports/schemas/benchmarks.schema.json`; `SCHEMA` counts their changes. Called by `main`.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::clock::Clock;
use crate::collector::Collection;
use crate::engine::{Info, Kind};
use crate::measure::Samples;
use crate::ratio::{self, Mean, Ratio};
use crate::stats;
use crate::workload::{Group, Workload};

/// Version of the document's shape.
pub const SCHEMA: u32 = 1;

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `SCHEMA`.
    pub schema: u32,
    /// Version of this package.
    pub version: &'static str,
    /// The clock behind the ratios.
    pub clock: Clock,
    /// Samples per lane, at the most.
    pub rounds: usize,
    /// Factor on all amounts.
    pub scale: f64,
    /// Where it ran.
    pub host: Host,
    /// Who took part.
    pub lanes: Vec<Info>,
    /// One row per workload.
    pub workloads: Vec<Row>,
    /// Geometric means per pairing and group.
    pub means: Vec<Mean>,
    /// What collections cost, where that was asked for.
    pub collector: Vec<Collection>,
}

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// Model of the processor.
    pub cpu: String,
    /// Processors this process may use.
    pub cpus: usize,
    /// Architecture and system.
    pub target: String,
}

/// One workload.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its group.
    pub group: Group,
    /// Size of the module in bytes.
    pub module_bytes: usize,
    /// What each lane took.
    pub results: Vec<LaneResult>,
    /// Our lanes against their peers.
    pub ratios: Vec<Ratio>,
}

/// One workload on one lane.
#[derive(Clone, Debug, Serialize)]
pub struct LaneResult {
    /// The lane.
    pub lane: &'static str,
    /// How it runs code.
    pub kind: Kind,
    /// Units of work per sample.
    pub amount: u32,
    /// What the work computed.
    pub checksum: i64,
    /// Median per unit, by the report's clock, in nanoseconds.
    pub median_ns: f64,
    /// Least per unit.
    pub min_ns: f64,
    /// Half the distance between the quartiles over the median.
    pub spread: f64,
    /// Elapsed nanoseconds of every sample.
    pub wall_ns: Vec<f64>,
    /// Processor nanoseconds of every sample.
    pub cpu_ns: Vec<f64>,
}

impl Row {
    /// Puts one workload's samples into figures.
    pub fn new(workload: &Workload, module_bytes: usize, samples: &[Samples], clock: Clock) -> Row {
        Row {
            name: workload.name,
            group: workload.group,
            module_bytes,
            results: samples.iter().map(|lane| LaneResult::new(lane, clock)).collect(),
            ratios: ratio::ratios(samples, clock),
        }
    }
}

impl LaneResult {
    fn new(samples: &Samples, clock: Clock) -> LaneResult {
        let units = ratio::per_unit(samples, clock);
        LaneResult {
            lane: samples.info.name,
            kind: samples.info.kind,
            amount: samples.amount,
            checksum: samples.checksum,
            median_ns: stats::median(&units).unwrap_or_default(),
            min_ns: stats::minimum(&units).unwrap_or_default(),
            spread: stats::spread(&units).unwrap_or_default(),
            wall_ns: samples.took.iter().map(|took| took.wall).collect(),
            cpu_ns: samples.took.iter().map(|took| took.cpu).collect(),
        }
    }
}

/// The means of these rows.
pub fn means(rows: &[Row]) -> Vec<Mean> {
    let by_group: Vec<_> = rows.iter().map(|row| (row.group, row.ratios.clone())).collect();
    ratio::means(&by_group)
}

impl Host {
    /// This machine.
    pub fn here() -> Host {
        let cpu = fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|line| line.starts_with("model name"))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            })
            .unwrap_or_else(|| "unknown".to_owned());
        Host {
            cpu,
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        }
    }
}

/// Writes the document beside its place and moves it there, so that no half of it is ever read.
pub fn write(report: &Report, path: &Path) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
#[path = "../../reports/tests/checker/mod.rs"]
mod checker;

#[cfg(test)]
mod tests {
    use super::checker::violation;
    use super::*;
    use crate::ratio::tests::samples;
    use crate::workload::WORKLOADS;

    fn sample_report() -> Report {
        let lanes = [samples("jit", 10, &[30.0, 20.0]), samples("wasmtime", 10, &[20.0, 10.0])];
        let rows = vec![Row::new(&WORKLOADS[0], 100, &lanes, Clock::Cpu)];
        Report {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            clock: Clock::Cpu,
            rounds: 2,
            scale: 1.0,
            host: Host::here(),
            lanes: lanes.iter().map(|lane| lane.info.clone()).collect(),
            means: means(&rows),
            workloads: rows,
            collector: vec![Collection {
                lane: "jit",
                live_bytes: 1 << 20,
                pause_ns: 2.0,
                longest_pause_ns: 3.0,
                pauses_ns: vec![1.0, 2.0, 3.0],
                bytes_per_second: 1e9,
            }],
        }
    }

    #[test]
    fn the_document_obeys_its_schema() {
        let schema = include_str!("../../reports/schemas/benchmarks.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let json = serde_json::to_value(sample_report()).unwrap();
        assert_eq!(violation(&schema, &schema, &json, "benchmarks"), None);
        for (place, wrong) in [
            ("/clock", serde_json::json!("sundial")),
            ("/workloads/0/results/0/wall_ns", serde_json::json!(["one"])),
            ("/means/0/goal", serde_json::json!("none")),
            ("/collector/0/live_bytes", serde_json::json!(-1)),
        ] {
            let mut damaged = json.clone();
            *damaged.pointer_mut(place).unwrap() = wrong;
            assert!(violation(&schema, &schema, &damaged, "benchmarks").is_some(), "{place}");
        }
    }

    #[test]
    fn figures_follow_the_chosen_clock() {
        let report = sample_report();
        assert_eq!(report.workloads[0].results[0].min_ns, 4.0);
        assert_eq!(report.workloads[0].results[0].wall_ns, [30.0, 20.0]);
    }

    #[test]
    fn writing_into_a_missing_folder_fails_and_leaves_nothing() {
        let path = std::env::temp_dir().join("assay-benches-no-such-folder").join("out.json");
        assert!(write(&sample_report(), &path).is_err());
        assert!(!path.exists());
    }
}
