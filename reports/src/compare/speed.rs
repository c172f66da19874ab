//! Samples of two sides to a verdict: worse, better, the same, or not to be told from noise.
//!
//! Enters: samples; leaves: a ratio with its interval. Logarithms of samples are compared, because noise multiplies; the fifth at
//! either end is left out of means (Yuen's test), because an interruption is no property of a build. The interval is wide enough for all
//! measures together, and must lie beyond a floor that differences between two runs of the same build stay under.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::inputs::{Bench, BenchResult, Inputs};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Time for a unit of work.
    Time,
    /// Peak memory.
    Memory,
}

impl Quantity {
    /// The change of a build against itself that is still noise.
    pub(crate) fn floor(self) -> f64 {
        match self {
            Self::Time => 0.02,
            Self::Memory => 0.05,
        }
    }

    /// What reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "memory",
        }
    }
}

/// What a measure says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpeedVerdict {
    /// It takes more.
    Worse,
    /// It takes less.
    Better,
    /// Nothing that could be told is different.
    Same,
    /// A change that would matter could hide in the noise.
    Undecided,
}

/// A workload on an engine, now against before.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The workload.
    pub workload: String,
    /// The engine.
    pub lane: String,
    /// What was measured.
    pub quantity: Quantity,
    /// Now over before: above one is more.
    pub ratio: f64,
    /// Where the true ratio lies.
    pub interval: (f64, f64),
    /// The least change that would have been noticed, as a share.
    pub detectable: f64,
    /// What it says.
    pub verdict: SpeedVerdict,
}

/// The chance of any false alarm in a whole comparison.
const FAMILY: f64 = 0.01;
/// Fewer samples than this say nothing.
const LEAST: usize = 5;

/// Judges samples of one measure among `family` ones that are judged together.
pub fn judge(
    before: &[f64],
    after: &[f64],
    quantity: Quantity,
    family: usize,
) -> Option<(f64, (f64, f64), SpeedVerdict)> {
    let (before, after) = (Trimmed::new(before)?, Trimmed::new(after)?);
    let difference = after.mean - before.mean;
    let (old, new) = (before.error, after.error);
    let error = (old + new).sqrt();
    let freedom = freedom(old, before.kept, new, after.kept);
    let quantile =
        StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(1.0 - FAMILY / (2.0 * family.max(1) as f64));
    let reach = quantile * error;
    let (low, high) = (difference - reach, difference + reach);
    let floor = (1.0 + quantity.floor()).ln();
    let verdict = if low > floor {
        SpeedVerdict::Worse
    } else if high < -floor {
        SpeedVerdict::Better
    } else if reach > 2.0 * floor {
        SpeedVerdict::Undecided
    } else {
        SpeedVerdict::Same
    };
    Some((difference.exp(), (low.exp(), high.exp()), verdict))
}

/// Compares the benchmarks of two sides, workload by workload.
pub(super) fn compare(before: &Inputs, after: &Inputs, notes: &mut Vec<String>) -> Vec<Measure> {
    let (old, new) = (samples(before), samples(after));
    if old.is_empty() != new.is_empty() {
        notes.push("only one side has benchmarks".to_owned());
    }
    if !old.is_empty() && !new.is_empty() && hosts(before) != hosts(after) {
        notes.push("the benchmarks ran on other processors: their times are not compared".to_owned());
        return Vec::new();
    }
    for key in old.keys().filter(|key| !new.is_empty() && !new.contains_key(*key)) {
        notes.push(format!("{} of {} on {} is not measured any more", key.2.name(), key.0, key.1));
    }
    let both: Vec<_> = old.iter().filter_map(|(key, before)| Some((key, before, new.get(key)?))).collect();
    let judged = both.iter().filter_map(|((workload, lane, quantity), before, after)| {
        let (ratio, interval, verdict) = judge(before, after, *quantity, both.len())?;
        let detectable = (interval.1 / interval.0).sqrt() * (1.0 + quantity.floor()) - 1.0;
        let (workload, lane) = (workload.clone(), lane.clone());
        Some(Measure { workload, lane, quantity: *quantity, ratio, interval, detectable, verdict })
    });
    let mut measures: Vec<Measure> = judged.collect();
    measures.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    measures
}

type Samples = BTreeMap<(String, String, Quantity), Vec<f64>>;

/// The processors that a side was measured on.
fn hosts(side: &Inputs) -> Vec<&str> {
    let benches = side.benches.iter().map(|bench| bench.content.host.cpu.as_str());
    benches.chain(side.duels.iter().map(|duel| duel.content.cpu.as_str())).collect()
}

/// Of two builds that took turns, the judged one stands for its side.
const JUDGED: &str = "assay";

fn samples(side: &Inputs) -> Samples {
    let mut samples = Samples::new();
    for (clock, workload) in
        side.duels.iter().flat_map(|duel| duel.content.workloads.iter().map(|one| (&duel.content.clock, one)))
    {
        for (quantity, values) in
            [(Quantity::Time, &workload.time_ns.after), (Quantity::Memory, &workload.peak_bytes.after)]
        {
            if !values.is_empty() {
                // Another clock measures something else.
                let key = (workload.name.clone(), format!("{JUDGED} ({clock} clock)"), quantity);
                samples.entry(key).or_default().extend(values);
            }
        }
    }
    for bench in side.benches.iter().map(|bench| &bench.content) {
        for workload in &bench.workloads {
            for result in &workload.results {
                for (quantity, values) in
                    [(Quantity::Time, times(bench, result)), (Quantity::Memory, result.peak_bytes.clone())]
                {
                    if !values.is_empty() {
                        let key = (workload.name.clone(), result.lane.clone(), quantity);
                        samples.entry(key).or_default().extend(values);
                    }
                }
            }
        }
    }
    samples
}

/// Time for a unit of work, by the clock that the document goes by.
fn times(bench: &Bench, result: &BenchResult) -> Vec<f64> {
    let samples = if bench.clock == "cpu" { &result.cpu_ns } else { &result.wall_ns };
    let amount = if result.amount > 0.0 { result.amount } else { 1.0 };
    samples.iter().map(|sample| sample / amount).collect()
}

/// The middle of samples.
struct Trimmed {
    /// The mean of the middle three fifths.
    mean: f64,
    /// The square of the standard error of that mean.
    error: f64,
    /// How many samples that are.
    kept: usize,
}

impl Trimmed {
    /// The middle of the samples' logarithms. None: too few, or no figures.
    fn new(samples: &[f64]) -> Option<Self> {
        let mut logarithms: Vec<f64> = samples.iter().map(|sample| sample.ln()).collect();
        if samples.len() < LEAST || logarithms.iter().any(|value| !value.is_finite()) {
            return None;
        }
        logarithms.sort_by(f64::total_cmp);
        let (count, outer) = (logarithms.len(), logarithms.len() / 5);
        let (low, high) = (logarithms[outer], logarithms[count - 1 - outer]);
        let kept = count - 2 * outer;
        let average = mean(&logarithms[outer..count - outer]);
        logarithms.iter_mut().for_each(|value| *value = value.clamp(low, high));
        let spread = variance(&logarithms) * (count - 1) as f64;
        Some(Self { mean: average, error: spread / (kept * (kept - 1)) as f64, kept })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    // A clock that always shows the same is not exact, only coarse.
    let coarse = 1e-12;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64 + coarse
}

/// Degrees of freedom, after Welch and Satterthwaite.
fn freedom(old: f64, olds: usize, new: f64, news: usize) -> f64 {
    let parts = old.powi(2) / (olds - 1) as f64 + new.powi(2) / (news - 1) as f64;
    ((old + new).powi(2) / parts).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::{Quantity, SpeedVerdict, judge};

    /// Samples around a centre: three per cent of noise, now and then an interruption.
    pub(super) fn noisy(centre: f64, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let sample = |_| {
            let noise = (draw() + draw() + draw() + draw() - 2.0) * 0.03;
            let interrupted = if draw() < 0.05 { 1.5 } else { 1.0 };
            centre * (1.0 + noise) * interrupted
        };
        (0..51).map(sample).collect()
    }

    #[test]
    fn three_hundred_comparisons_of_a_build_with_itself_raise_no_alarm() {
        for seed in 0..300 {
            // Between two runs a machine drifts a little.
            let drift = 1.0 + (seed % 11) as f64 / 1000.0;
            let (_, _, verdict) =
                judge(&noisy(1000.0, seed + 1), &noisy(1000.0 * drift, seed + 1001), Quantity::Time, 40)
                    .unwrap();
            assert!(
                matches!(verdict, SpeedVerdict::Same | SpeedVerdict::Undecided),
                "seed {seed}: {verdict:?}"
            );
        }
    }

    #[test]
    fn five_per_cent_are_seen_both_ways() {
        for seed in 0..100 {
            let (slow, fast) = (noisy(1050.0, seed + 5001), noisy(1000.0, seed + 1));
            let (ratio, interval, verdict) = judge(&fast, &slow, Quantity::Time, 40).unwrap();
            assert_eq!(verdict, SpeedVerdict::Worse, "seed {seed}: {ratio} {interval:?}");
            assert!(interval.0 < 1.05 && 1.05 < interval.1, "{interval:?}");
            assert_eq!(judge(&slow, &fast, Quantity::Time, 40).unwrap().2, SpeedVerdict::Better);
        }
    }

    #[test]
    fn what_says_nothing_is_not_judged() {
        assert!(judge(&[1.0; 4], &[2.0; 9], Quantity::Time, 1).is_none());
        assert!(judge(&[1.0, 1.0, 1.0, 1.0, 0.0], &[2.0; 9], Quantity::Time, 1).is_none());
        let wild: Vec<f64> = (0..20).map(|at| if at % 2 == 0 { 1.0 } else { 2.0 }).collect();
        assert_eq!(judge(&wild, &wild, Quantity::Time, 1).unwrap().2, SpeedVerdict::Undecided);
        assert_eq!(judge(&[4.0; 9], &[8.0; 9], Quantity::Memory, 1).unwrap().2, SpeedVerdict::Worse);
    }
}
