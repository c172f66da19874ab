//! Two builds in turns on one machine: samples to a verdict, and the document that keeps both.
//!
//! Enters: for each workload what a round took of the build before, of the build that is judged, and of the build before once
//! again; leaves: a [`Duel`] with a ratio, an interval and a verdict for time and memory. The third visit is the noise
//! certificate: a build that is judged against itself has to come out the same, or nothing is told of that workload. A document
//! that is read back is judged again; one whose verdicts are not those of its samples is refused. Measures nothing itself.

mod document;
#[cfg(test)]
mod noise;
mod paired;
mod plan;
mod render;

pub use document::{DUEL_FILE, DUEL_SCHEMA, Duel, DuelWorkload, Instructions, Judgement, Side, Turns};
pub use plan::Plan;
pub(crate) use render::words;

use crate::compare::{Quantity, SpeedVerdict};
use crate::exit;

use serde::{Deserialize, Serialize};

/// The chance of any false alarm in a whole comparison: nobody who runs one a day should meet it.
pub const CHANCE: f64 = 1e-4;

/// What is left of that chance for each measure of so many workloads, time and memory.
fn chance_of_each(workloads: usize) -> f64 {
    CHANCE / (2.0 * workloads.max(1) as f64)
}

/// What two builds amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DuelVerdict {
    /// Some workload takes more memory.
    MoreMemory,
    /// Some workload takes longer, and none more memory.
    Slower,
    /// Nothing is worse that could be told, but not everything could.
    CannotTell,
    /// Some workload is better, and none worse.
    Faster,
    /// All workloads are as before.
    NoChange,
}

impl DuelVerdict {
    /// The exit code. That something could not be told is no failure of a build.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::MoreMemory => exit::REGRESSION,
            Self::Slower => exit::SPEED_REGRESSION,
            Self::CannotTell | Self::Faster | Self::NoChange => exit::OK,
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::MoreMemory => "more memory",
            Self::Slower => "slower",
            Self::CannotTell => "cannot tell",
            Self::Faster => "better",
            Self::NoChange => "no change",
        }
    }

    fn of(workloads: &[DuelWorkload]) -> Self {
        let any = |quantity, verdict| workloads.iter().any(|one| one.verdict(quantity) == verdict);
        let either = |verdict| any(Quantity::Time, verdict) || any(Quantity::Memory, verdict);
        match () {
            () if any(Quantity::Memory, SpeedVerdict::Worse) => Self::MoreMemory,
            () if any(Quantity::Time, SpeedVerdict::Worse) => Self::Slower,
            () if workloads.is_empty() || either(SpeedVerdict::Undecided) => Self::CannotTell,
            () if either(SpeedVerdict::Better) => Self::Faster,
            () => Self::NoChange,
        }
    }
}

/// The logarithms of one side over the other, round by round.
pub fn differences(before: &[f64], after: &[f64]) -> Vec<f64> {
    before.iter().zip(after).map(|(before, after)| (after / before).ln()).collect()
}

/// Judges pairs: a change has to lie beyond the floor with its whole interval, and where there is none, no change of `detect` may hide.
fn judge(
    before: &[f64],
    after: &[f64],
    quantity: Quantity,
    workloads: usize,
    detect: f64,
) -> Option<Judgement> {
    if before.len() != after.len() {
        return None;
    }
    let found = paired::estimate(&differences(before, after), chance_of_each(workloads))?;
    let (floor, detect) = (quantity.floor().ln_1p(), detect.max(quantity.floor()).ln_1p());
    let verdict = match () {
        () if found.low > floor => SpeedVerdict::Worse,
        () if found.high < -floor => SpeedVerdict::Better,
        () if -detect < found.low && found.high < detect => SpeedVerdict::Same,
        () => SpeedVerdict::Undecided,
    };
    Some(Judgement { ratio: found.middle.exp(), low: found.low.exp(), high: found.high.exp(), verdict })
}

#[cfg(test)]
mod tests {
    use super::noise::{Machine, Random};
    use super::{DuelVerdict, Quantity, judge};
    use crate::compare::SpeedVerdict;

    /// A comparison of 31 rounds on a machine; the second build takes `factor` as long.
    fn compared(machine: Machine, seed: u64, factor: f64) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(seed);
        let mut weather = machine.begin(&mut random);
        let mut sides = (Vec::new(), Vec::new());
        for _ in 0..31 {
            let (first, second) = (weather.sample(&mut random), weather.sample(&mut random));
            let swapped = random.unit() < 0.5;
            let (before, after) = if swapped { (second, first) } else { (first, second) };
            sides.0.push(before);
            sides.1.push(after * factor);
        }
        sides
    }

    fn verdict(machine: Machine, seed: u64, factor: f64) -> SpeedVerdict {
        let (before, after) = compared(machine, seed, factor);
        judge(&before, &after, Quantity::Time, 12, 0.05).unwrap().verdict
    }

    fn alarms(machine: Machine) -> usize {
        let alarm = |verdict| matches!(verdict, SpeedVerdict::Worse | SpeedVerdict::Better);
        (0..300).filter(|&seed| alarm(verdict(machine, seed, 1.0))).count()
    }

    #[test]
    fn three_hundred_comparisons_of_a_build_with_itself_raise_no_alarm_whatever_the_noise() {
        for machine in Machine::ALL {
            assert_eq!(alarms(machine), 0, "{machine:?}");
        }
    }

    /// The noise is worth the name: who looks at medians only sees changes that are not there.
    #[test]
    fn medians_alone_would_raise_alarms() {
        let median = |mut samples: Vec<f64>| {
            samples.sort_by(f64::total_cmp);
            samples[samples.len() / 2]
        };
        for machine in Machine::ALL {
            let alarm = |&seed: &u64| {
                let (before, after) = compared(machine, seed, 1.0);
                (median(after) / median(before)).ln().abs() > Quantity::Time.floor()
            };
            let alarms = (0..300).filter(alarm).count();
            assert!(alarms > 5, "{machine:?}: {alarms}");
        }
    }

    #[test]
    fn twice_the_time_is_seen_in_every_noise_and_five_per_cent_where_it_is_calm() {
        for machine in Machine::ALL {
            let seen = (0..100).filter(|&seed| verdict(machine, seed, 2.0) == SpeedVerdict::Worse).count();
            assert!(seen >= 95, "{machine:?}: {seen}");
        }
        for seed in 0..100 {
            assert_eq!(verdict(Machine::Calm, seed, 1.05), SpeedVerdict::Worse, "seed {seed}");
            assert_eq!(verdict(Machine::Calm, seed, 1.0 / 1.05), SpeedVerdict::Better, "seed {seed}");
            assert_eq!(verdict(Machine::Calm, seed, 1.0), SpeedVerdict::Same, "seed {seed}");
        }
    }

    #[test]
    fn pairs_that_are_no_pairs_are_not_judged() {
        assert!(judge(&[1.0; 31], &[1.0; 30], Quantity::Time, 1, 0.05).is_none());
        assert!(judge(&[1.0; 5], &[1.0; 5], Quantity::Time, 1, 0.05).is_none());
        assert!(judge(&[0.0; 31], &[1.0; 31], Quantity::Time, 1, 0.05).is_none());
    }

    #[test]
    fn nothing_measured_is_nothing_told() {
        assert_eq!(DuelVerdict::of(&[]), DuelVerdict::CannotTell);
    }
}
