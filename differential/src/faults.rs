//! Measures the harness: a campaign for each planted fault, until it is found or the time is up.
//!
//! Enters: a fault, or none, and a budget; leaves: medians over the seeds. A campaign that found nothing counts as slower than
//! any that did, and one that found something only after its time, because a case took so long, found nothing. The faults are in the runtime that the workers run, which are started with the name of theirs; this
//! process never has one, and makes the cases anew that it has reduced.

use crate::campaign::{CampaignError, Observer, Options, Tally, is_of_wasi, run_in_processes};
use crate::case::Case;
use crate::generate::{Generator, Profile};
use crate::shrink::process::{PlayError, Player};
use crate::shrink::{Limits, reduce};
use assay_reports::{FaultResult, FaultZero};
use assay_runtime::inspect::FaultRow;
use assay_workers::WorkerCommand;
use std::time::{Duration, Instant};

/// How much is tried.
#[derive(Clone, Debug)]
pub struct Budget {
    /// For so long a campaign begins cases.
    pub time: Duration,
    /// So many campaigns, with seeds from 1 on.
    pub seeds: u64,
    /// Workers of a campaign.
    pub jobs: usize,
    /// The mix of generators.
    pub profile: Profile,
}

/// A campaign with a fault.
#[derive(Clone, Debug)]
struct Trial {
    /// When it was found.
    found: Option<Duration>,
    /// The cases up to there, or all.
    cases: u64,
    /// The class of the finding.
    class: Option<String>,
    /// Seed and number of the case.
    case: Option<(u64, u64)>,
}

/// What came of the campaigns for a fault.
#[derive(Clone, Debug)]
pub struct Measured {
    /// For the report.
    pub result: FaultResult,
    /// Seed and number of a case that shows it.
    pub case: Option<(u64, u64)>,
}

/// Looks for a fault with workers that have it.
///
/// # Errors
/// When the workers cannot be started, or lack the fault.
pub fn measure(row: &FaultRow, budget: &Budget, worker: &WorkerCommand) -> Result<Measured, CampaignError> {
    let trials = (1..=budget.seeds).map(|seed| trial(seed, budget, worker));
    let mut trials = trials.collect::<Result<Vec<_>, _>>()?;
    let found_in = trials.iter().filter(|trial| trial.found.is_some()).count() as u64;
    let oracle = trials.iter().find_map(|trial| trial.class.clone());
    let case = trials.iter().find_map(|trial| trial.case);
    trials.sort_by_key(|trial| trial.found.unwrap_or(Duration::MAX));
    let median = trials.get(trials.len() / 2);
    let result = FaultResult {
        id: row.id.to_owned(),
        class: row.class.letter(),
        origin: row.origin.to_owned(),
        found: found_in > 0,
        found_in,
        oracle,
        cases: median.map_or(0, |trial| trial.cases),
        seconds: median.and_then(|trial| trial.found).map(|found| found.as_secs_f64()),
        seeds: budget.seeds,
        reduced_bytes: None,
    };
    Ok(Measured { result, case })
}

/// Why a case was not made small.
#[derive(Debug, thiserror::Error)]
pub enum ReductionError {
    /// The case cannot be made again.
    #[error("the case cannot be made again: {0}")]
    Unmade(String),
    /// It cannot be played.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// It shows nothing when it is played alone.
    #[error("the case shows nothing when it is played alone")]
    Silent,
}

/// Makes a case of a campaign small, in `worker`, which has the fault: the case, with all that its finding needs.
///
/// # Errors
/// When the case shows nothing alone, or cannot be played.
pub fn smallest(
    (seed, index): (u64, u64),
    profile: Profile,
    limits: Limits,
    worker: WorkerCommand,
) -> Result<Case, ReductionError> {
    if is_of_wasi(profile, index) {
        return Err(ReductionError::Unmade("it is one of WASI, which has no modules".to_owned()));
    }
    let unmade = |error: assay_runtime::Error| ReductionError::Unmade(error.to_string());
    let mut generator = Generator::new(profile, seed).map_err(unmade)?;
    let case = generator.case(index);
    let case = generator.with_canonical(index, &case).unwrap_or(case);
    let mut player = Player::new(worker)?;
    let signature = player.play(&case)?.finding.ok_or(ReductionError::Silent)?.signature;
    let same = |candidate: &Case| {
        let played = player.play(candidate);
        played.is_ok_and(|played| played.finding.is_some_and(|finding| finding.signature == signature))
    };
    Ok(reduce(&case, limits, same).case)
}

/// Counts false alarms with workers that have no fault, over the budget of one.
///
/// # Errors
/// When the workers cannot be started.
pub fn measure_none(budget: &Budget, worker: &WorkerCommand) -> Result<FaultZero, CampaignError> {
    let mut zero = FaultZero { cases: 0, false_alarms: 0 };
    for seed in 1..=budget.seeds {
        let tally = run_in_processes(&options(seed, budget), worker.clone(), &mut ())?;
        zero.cases += tally.cases;
        zero.false_alarms += tally.findings.len() as u64;
    }
    Ok(zero)
}

fn options(seed: u64, budget: &Budget) -> Options {
    let time = Some(budget.time);
    Options {
        profile: budget.profile,
        seed,
        first: 0,
        cases: u64::MAX,
        jobs: budget.jobs,
        time,
        engines: Vec::new(),
        corpus: None,
    }
}

fn trial(seed: u64, budget: &Budget, worker: &WorkerCommand) -> Result<Trial, CampaignError> {
    let mut watch = Watch { began: Instant::now(), found: None };
    let tally = run_in_processes(&options(seed, budget), worker.clone(), &mut watch)?;
    Ok(watch.trial(seed, budget.time, &tally))
}

/// Stops a campaign at its first finding.
struct Watch {
    began: Instant,
    found: Option<Duration>,
}

impl Watch {
    fn trial(&self, seed: u64, time: Duration, tally: &Tally) -> Trial {
        let found = self.found.filter(|&found| found <= time);
        let first = tally.findings.first().filter(|_| found.is_some());
        Trial {
            found,
            cases: first.map_or(tally.cases, |found| found.index + 1),
            class: first.map(|found| found.class.clone()),
            case: first.map(|found| (seed, found.index)),
        }
    }
}

impl Observer for Watch {
    fn progress(&mut self, _done: u64, findings: usize) {
        if findings > 0 {
            self.found.get_or_insert(self.began.elapsed());
        }
    }

    fn is_enough(&self) -> bool {
        self.found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Found;

    #[test]
    fn what_is_found_after_the_time_is_not_found() {
        let found = Found {
            index: 6,
            class: "jit-none: no end".into(),
            signature: "no end".into(),
            detail: String::new(),
            unsafe_end: false,
            cases: 1,
        };
        let tally = Tally { cases: 40, findings: vec![found], ..Tally::default() };
        let watch = Watch { began: Instant::now(), found: Some(Duration::from_secs(20)) };
        let in_time = watch.trial(3, Duration::from_secs(20), &tally);
        assert_eq!((in_time.found, in_time.cases, in_time.case), (watch.found, 7, Some((3, 6))));
        let late = watch.trial(3, Duration::from_secs(19), &tally);
        assert_eq!((late.found, late.cases, late.class, late.case), (None, 40, None, None));
    }
}
