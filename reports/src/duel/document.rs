//! `bench.json` of `assay bench`: every sample of every round, and what they were judged to be.
//!
//! Enters: samples; leaves: a document whose verdicts follow from its samples, whoever wrote it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{DuelVerdict, Plan, judge};
use crate::compare::{Quantity, SpeedVerdict};
use crate::error::{ReadError, WriteError};
use crate::header::{self, Host};
use crate::{atomic, json};

/// Name and version of the format.
pub const DUEL_SCHEMA: &str = "assay-bench/1";
/// The name of the file in its folder.
pub const DUEL_FILE: &str = "bench.json";

/// A comparison of two builds in turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duel {
    /// Name and version of the format.
    pub schema: String,
    /// The version of the tool that measured.
    pub tool_version: String,
    /// When it began, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// The machine.
    pub host: Host,
    /// The model of its processor.
    pub cpu: String,
    /// The seed of the order of visits.
    pub seed: u64,
    /// The clock: `wall`, or `cpu` for processor time of all threads.
    pub clock: String,
    /// The change that may not hide where it says "the same", as a share.
    pub detect: f64,
    /// The build that is compared with.
    pub before: Side,
    /// The build that is judged.
    pub after: Side,
    /// What was measured.
    pub workloads: Vec<DuelWorkload>,
    /// What a reader should know, such as measures that are missing, and why.
    pub notes: Vec<String>,
    /// What everything amounts to.
    pub verdict: DuelVerdict,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// What the command line calls it.
    pub name: String,
    /// The version that it says it has.
    pub version: String,
}

/// A workload on both builds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuelWorkload {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub group: String,
    /// The least change of time that was expected to show, said before the measurement, as a share.
    pub stated: f64,
    /// Time of every visit by the clock of the comparison, in nanoseconds.
    pub time_ns: Turns,
    /// Peak memory of every visit; empty where it could not be told.
    pub peak_bytes: Turns,
    /// What the processor executed, counted once for each build; absent where it was not.
    pub instructions: Option<Instructions>,
    /// Time, after over before; absent where there are too few rounds.
    pub time: Option<Judgement>,
    /// Memory, after over before.
    pub memory: Option<Judgement>,
    /// The noise certificate: time of the build before, over its own.
    pub time_again: Option<Judgement>,
    /// The same for memory.
    pub memory_again: Option<Judgement>,
}

/// One figure for each round and visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turns {
    /// The build before.
    pub before: Vec<f64>,
    /// The build that is judged.
    pub after: Vec<f64>,
    /// The build before once again.
    pub again: Vec<f64>,
}

/// Instructions executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instructions {
    /// By the build before.
    pub before: u64,
    /// By the build that is judged.
    pub after: u64,
}

impl Instructions {
    /// After over before.
    pub fn ratio(self) -> f64 {
        self.after as f64 / self.before.max(1) as f64
    }
}

/// A ratio, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Now over before.
    pub ratio: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What it says.
    pub verdict: SpeedVerdict,
}

impl DuelWorkload {
    /// A workload with its samples, not judged yet.
    pub fn new(name: &str, group: &str, plan: Plan, time_ns: Turns, peak_bytes: Turns) -> Self {
        Self {
            name: name.to_owned(),
            group: group.to_owned(),
            stated: plan.detectable,
            time_ns,
            peak_bytes,
            instructions: None,
            time: None,
            memory: None,
            time_again: None,
            memory_again: None,
        }
    }

    /// What it says of a quantity: nothing where the certificate says that the machine was not fit for it.
    pub fn verdict(&self, quantity: Quantity) -> SpeedVerdict {
        let (judged, again, turns) = match quantity {
            Quantity::Time => (self.time, self.time_again, &self.time_ns),
            Quantity::Memory => (self.memory, self.memory_again, &self.peak_bytes),
        };
        match (judged, again) {
            // Where memory cannot be told apart, a note says so once, for all.
            (None, None) if quantity == Quantity::Memory && turns.before.is_empty() => SpeedVerdict::Same,
            (Some(judged), Some(again))
                if !matches!(again.verdict, SpeedVerdict::Worse | SpeedVerdict::Better) =>
            {
                judged.verdict
            }
            _ => SpeedVerdict::Undecided,
        }
    }

    /// Whether the build before came out as another one than itself.
    pub fn is_unfit(&self) -> bool {
        let differs = |again: Option<Judgement>| {
            again.is_some_and(|one| matches!(one.verdict, SpeedVerdict::Worse | SpeedVerdict::Better))
        };
        differs(self.time_again) || differs(self.memory_again)
    }

    fn judge(&mut self, workloads: usize, detect: f64) {
        let of = |turns: &Turns, side: &Vec<f64>, quantity| {
            judge(&turns.before, side, quantity, workloads, detect)
        };
        self.time = of(&self.time_ns, &self.time_ns.after, Quantity::Time);
        self.time_again = of(&self.time_ns, &self.time_ns.again, Quantity::Time);
        self.memory = of(&self.peak_bytes, &self.peak_bytes.after, Quantity::Memory);
        self.memory_again = of(&self.peak_bytes, &self.peak_bytes.again, Quantity::Memory);
    }
}

impl Duel {
    /// A comparison that begins now on this machine.
    pub fn begin(tool_version: &str, before: Side, after: Side, clock: &str, seed: u64, detect: f64) -> Self {
        Self {
            schema: DUEL_SCHEMA.to_owned(),
            tool_version: tool_version.to_owned(),
            started_unix_ms: header::now(),
            host: Host::detect(),
            cpu: header::cpu_model(),
            seed,
            clock: clock.to_owned(),
            detect,
            before,
            after,
            workloads: Vec::new(),
            notes: Vec::new(),
            verdict: DuelVerdict::CannotTell,
        }
    }

    /// Judges all workloads together.
    pub fn judge(&mut self) {
        let (all, detect) = (self.workloads.len(), self.detect);
        self.workloads.iter_mut().for_each(|workload| workload.judge(all, detect));
        self.verdict = DuelVerdict::of(&self.workloads);
    }

    /// Writes the document. The file appears whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        let mut file = atomic::AtomicFile::begin(path)?;
        json::push_line(file.buffer(), self);
        file.commit()
    }

    /// Reads a document, and judges it again.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ReadError> {
        let bad = |error: serde_json::Error| ReadError::BadLine {
            path: path.to_owned(),
            line: error.line().max(1),
            why: error.to_string(),
        };
        let written: Self = serde_json::from_slice(bytes).map_err(bad)?;
        let mut judged = written.clone();
        judged.judge();
        let same = judged.verdict == written.verdict
            && judged.workloads.iter().zip(&written.workloads).all(|(one, other)| one.agrees(other));
        if !same {
            let why = "its verdicts are not those of its samples";
            return Err(ReadError::Edited { path: path.to_owned(), line: 1, why });
        }
        Ok(written)
    }
}

impl DuelWorkload {
    /// Whether both are judged alike; figures may differ in their last digits, which JSON need not keep.
    fn agrees(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        let alike = |a: Option<Judgement>, b: Option<Judgement>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                a.verdict == b.verdict
                    && close(a.ratio, b.ratio)
                    && close(a.low, b.low)
                    && close(a.high, b.high)
            }
            _ => false,
        };
        alike(self.time, other.time)
            && alike(self.memory, other.memory)
            && alike(self.time_again, other.time_again)
            && alike(self.memory_again, other.memory_again)
    }
}
