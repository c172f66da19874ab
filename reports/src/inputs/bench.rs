//! The document that the benchmarks write, as far as a report shows it. Fields that are not known here are left alone.

use serde::Deserialize;
use serde_json::Value;

/// A run of the benchmarks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Bench {
    /// The version that was measured.
    pub version: String,
    /// The clock behind the figures: `wall` or `cpu`.
    pub clock: String,
    /// Samples for each workload and lane.
    pub rounds: u64,
    /// The machine.
    pub host: BenchHost,
    /// Who took part.
    pub lanes: Vec<BenchLane>,
    /// The workloads.
    pub workloads: Vec<Workload>,
    /// Geometric means over groups of workloads.
    pub means: Vec<BenchMean>,
    /// What collections of the heap cost, where they were measured.
    pub collector: Vec<Collection>,
}

/// The machine of a benchmark.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BenchHost {
    /// The processor.
    pub cpu: String,
    /// How many may be used.
    pub cpus: u64,
}

/// An engine that took part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BenchLane {
    /// Its name.
    pub name: String,
    /// Its version and settings.
    pub about: String,
}

/// A workload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: String,
    /// What each lane took.
    pub results: Vec<BenchResult>,
    /// Lanes of ours to their peers.
    pub ratios: Vec<BenchRatio>,
}

/// What a lane took for a workload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BenchResult {
    /// The lane.
    pub lane: String,
    /// Units of work in a sample.
    pub amount: f64,
    /// The median for a unit, in nanoseconds.
    pub median_ns: f64,
    /// The least for a unit.
    pub min_ns: f64,
    /// Half the distance between the quartiles, over the median.
    pub spread: f64,
    /// Elapsed time of every sample.
    pub wall_ns: Vec<f64>,
    /// Processor time of every sample.
    pub cpu_ns: Vec<f64>,
    /// Peak memory of every sample, where it was measured.
    pub peak_bytes: Vec<f64>,
}

/// One lane to another: below one is faster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BenchRatio {
    /// Our lane.
    pub ours: String,
    /// Its peer.
    pub peer: String,
    /// Median to median.
    pub median: f64,
    /// Least to least.
    pub min: f64,
}

/// The mean of a group of workloads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BenchMean {
    /// Our lane.
    pub ours: String,
    /// Its peer.
    pub peer: String,
    /// The group.
    pub group: String,
    /// How many workloads it has.
    pub workloads: u64,
    /// The geometric mean of the medians' ratios.
    pub median: f64,
    /// How large it may be, where there is a goal.
    pub goal: Option<f64>,
}

/// What an engine's collector did while objects of a size lived.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Collection {
    /// The engine.
    pub lane: String,
    /// Bytes of objects that live.
    pub live_bytes: u64,
    /// The median of a collection, in nanoseconds.
    pub pause_ns: f64,
    /// The longest of them.
    pub longest_pause_ns: f64,
    /// Bytes of short-lived objects that were allocated in a second, collections included.
    pub bytes_per_second: f64,
}

/// Whether a value is such a document; it carries a number as its schema.
pub(super) fn is_bench(value: &Value) -> bool {
    value.get("schema").is_some_and(Value::is_u64) && value.get("workloads").is_some_and(Value::is_array)
}
