//! The worker's side of a campaign: plays the cases of a batch one after the other.
//!
//! Enters: jobs; leaves: tallies. Engines and generator live as long as the worker works for one profile and seed; after a
//! panic in an engine all of them are made again. Announces each play, so that a crash can be laid to a case and a lane.

use super::tally::Tally;
use crate::generate::{Generator, Profile};
use crate::judge::{Verdict, judge};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use assay_workers::ServeError;
use serde::{Deserialize, Serialize};

/// A batch of cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The name of the profile.
    pub profile: String,
    /// The seed.
    pub seed: u64,
    /// The first case.
    pub from: u64,
    /// Behind the last case.
    pub to: u64,
}

/// Steps of one case: one for each lane, and one in which the case is made.
pub(super) const STEPS: u32 = Lane::ALL.len() as u32 + 1;

/// What is under way at a step: the case within its batch, and the lane, if it is past the making of the case.
pub(super) fn place(step: u32) -> (u64, Option<Lane>) {
    let lane = (step % STEPS).checked_sub(1).and_then(|lane| Lane::ALL.get(lane as usize));
    (u64::from(step / STEPS), lane.copied())
}

/// A worker with its engines.
#[derive(Default)]
pub struct Worker {
    bench: Option<Bench>,
}

struct Bench {
    profile: String,
    seed: u64,
    generator: Generator,
    lanes: Lanes,
}

/// Serves the parent until it closes the channel.
///
/// # Errors
/// When this process was not started by a parent, or cannot speak with it.
pub fn serve() -> Result<(), ServeError> {
    let served = on_lane_thread(|| {
        let mut worker = Worker::default();
        assay_workers::serve(|job: Job, progress| worker.run(&job, |step| progress.step(step)))
    });
    served.map_err(|source| ServeError::System { what: "start a thread", source })?
}

impl Worker {
    /// Plays a batch. `announce` hears of each step.
    ///
    /// # Errors
    /// When the job names no profile, or this host cannot run a lane.
    pub fn run(&mut self, job: &Job, mut announce: impl FnMut(u32)) -> Result<Tally, String> {
        let mut tally = Tally::default();
        for index in job.from..job.to {
            let first = u32::try_from(index - job.from).unwrap_or(u32::MAX / STEPS) * STEPS;
            announce(first);
            let bench = self.bench(job)?;
            let verdict = bench.play(index, |lane| announce(first + 1 + lane as u32));
            tally.count(index, &verdict);
            let panicked = verdict.finding.is_some_and(|finding| finding.class.ends_with("panic"));
            if panicked {
                self.bench = None;
            }
        }
        Ok(tally)
    }

    fn bench(&mut self, job: &Job) -> Result<&mut Bench, String> {
        let fits = |bench: &Bench| bench.profile == job.profile && bench.seed == job.seed;
        if !self.bench.as_ref().is_some_and(fits) {
            self.bench = Some(Bench::new(job)?);
        }
        self.bench.as_mut().ok_or_else(|| "no engines".to_owned())
    }
}

impl Bench {
    fn new(job: &Job) -> Result<Self, String> {
        let profile: Profile = job.profile.parse()?;
        let failed = |error: assay_runtime::Error| error.to_string();
        let generator = Generator::new(profile, job.seed).map_err(failed)?;
        let lanes = Lanes::new().map_err(failed)?;
        Ok(Self { profile: job.profile.clone(), seed: job.seed, generator, lanes })
    }

    fn play(&mut self, index: u64, announce: impl FnMut(Lane)) -> Verdict {
        let case = self.generator.case(index);
        let canonical = || self.generator.with_canonical(index, &case).map(|case| case.canonical());
        let turn = [Lane::JitNone, Lane::JitSpeed, Lane::JitChecked][(index % 3) as usize];
        let two = [Lane::Interp, turn];
        // A mutant is compiled by one lane in turn: it is parsers and lowerings that are on trial.
        let selection: &[Lane] = if self.generator.profile() == Profile::Mutate { &two } else { &Lane::ALL };
        judge(&case, &self.lanes, selection, canonical, announce)
    }
}
