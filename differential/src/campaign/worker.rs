//! The worker's side of a campaign: plays the cases of a batch one after the other.
//!
//! Enters: jobs; leaves: tallies. Engines and generator live as long as the worker works for one profile and seed; after a
//! panic in an engine all of them are made again. Announces each play, so that a crash can be laid to a case and a lane.

use super::Options;
use super::corpus::Corpus;
use super::lineup::{is_looked_at, lineup, lineup_of};
use super::sandbox::{self, is_of_wasi};
use super::tally::Tally;
use crate::coverage;
use crate::external::client::{Client, Limits};
use crate::external::{command, confront};
use crate::generate::{Generator, Profile};
use crate::judge::{Verdict, judge_after};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use crate::oracle::in_turn;
use crate::peer_style::{Eyes, judge_with};
use crate::wasi;
use assay_workers::{ServeError, WorkerCommand};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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
    /// Engines of other processes.
    pub engines: Vec<String>,
    /// The folder of saved cases.
    pub corpus: Option<PathBuf>,
}

impl Job {
    /// A batch of a campaign.
    pub(super) fn of(options: &Options, from: u64, to: u64) -> Self {
        let (profile, engines) = (options.profile.name().to_owned(), options.engines.clone());
        Self { profile, seed: options.seed, from, to, engines, corpus: options.corpus.clone() }
    }

    /// Steps of one case: one in which the case is made, one for each lane, one for each other engine.
    pub(super) fn steps(&self) -> u32 {
        1 + (Lane::EVERY.len() + self.engines.len()) as u32
    }

    /// What is under way at a step: the case within its batch, and the lane or engine, if it is past the making of the case.
    pub(super) fn place(&self, step: u32) -> (u64, Option<&str>) {
        let offset = u64::from(step / self.steps());
        let profile = self.profile.parse().unwrap_or(Profile::Default);
        if is_of_wasi(profile, self.from + offset) {
            let play = (step % self.steps()).checked_sub(1);
            return (offset, play.and_then(|play| sandbox::lane(self.from + offset, play as usize)));
        }
        let lanes = Lane::EVERY.iter().map(|lane| lane.name());
        let mut names = lanes.chain(self.engines.iter().map(String::as_str));
        let lane = (step % self.steps()).checked_sub(1).and_then(|lane| names.nth(lane as usize));
        (offset, lane)
    }
}

/// A worker with its engines.
#[derive(Default)]
pub struct Worker {
    bench: Option<Bench>,
    wasi: Option<wasi::Bench>,
    eyes: Eyes,
    /// Whether nothing else happens in this process.
    alone: bool,
    /// What starts the process that plays cases of WASI without `openat2`.
    apart: Option<WorkerCommand>,
}

struct Bench {
    profile: String,
    seed: u64,
    generator: Generator,
    lanes: Lanes,
    /// Cases that these lanes have played.
    played: u64,
    engines: Vec<(String, Client)>,
}

/// So many cases are played on the same lanes. An engine keeps every type that its modules have ever defined, and cases bring
/// ever new ones.
const CASES_OF_LANES: u64 = 8192;

/// Serves the parent until it closes the channel, and looks at cases with these eyes. `apart` starts a process that is to
/// [`serve_apart`](wasi::serve_apart).
///
/// # Errors
/// When this process was not started by a parent, or cannot speak with it.
pub fn serve(eyes: Eyes, apart: Option<WorkerCommand>) -> Result<(), ServeError> {
    let served = on_lane_thread(|| {
        let mut worker = Worker { eyes, alone: true, apart, ..Worker::default() };
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
            let steps = job.steps();
            let first = u32::try_from(index - job.from).unwrap_or(u32::MAX / steps) * steps;
            announce(first);
            if is_of_wasi(job.profile.parse()?, index) {
                let mut step = first;
                let announce = || {
                    step += 1;
                    announce(step);
                };
                self.play_wasi(job.seed, index, &mut tally, announce)?;
                continue;
            }
            let eyes = self.eyes;
            self.bench = self.bench.take().filter(|bench| bench.played < CASES_OF_LANES);
            let bench = self.bench(job)?;
            let verdict = bench.play(index, eyes, &mut tally, |lane| announce(first + 1 + lane as u32));
            let panicked = verdict.finding.as_ref().is_some_and(|finding| finding.class.ends_with("panic"));
            if panicked {
                self.bench = None;
            } else if verdict.finding.is_none() {
                bench.confront(index, &mut tally, |engine| {
                    announce(first + 1 + (Lane::EVERY.len() + engine) as u32);
                })?;
            }
        }
        Ok(tally)
    }

    /// Plays a case of WASI. The eyes of others compare engines, and have neither a model nor a canary.
    fn play_wasi(
        &mut self,
        seed: u64,
        index: u64,
        tally: &mut Tally,
        mut announce: impl FnMut(),
    ) -> Result<(), String> {
        let make = || wasi::Bench::new(self.alone)?.with_apart(self.apart.clone());
        let bench = self.wasi.take().map_or_else(make, Ok)?;
        let mut verdict = bench.judge_in_turn(&wasi::generate(seed, index), index, |_| announce())?;
        if !matches!(self.eyes, Eyes::Ours) {
            verdict.finding = verdict.finding.filter(|finding| sandbox::is_seen_by_others(&finding.class));
        }
        sandbox::count(tally, index, &verdict);
        // What panicked, or has left descriptors behind, is not for the next case.
        self.wasi = verdict.finding.is_none().then_some(bench);
        Ok(())
    }

    fn bench(&mut self, job: &Job) -> Result<&mut Bench, String> {
        let fits = |bench: &Bench| {
            let engines = bench.engines.iter().map(|(name, _)| name);
            bench.profile == job.profile && bench.seed == job.seed && engines.eq(&job.engines)
        };
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
        let mut generator = Generator::new(profile, job.seed).map_err(failed)?;
        if let Some(corpus) = &job.corpus {
            generator.use_saved(Corpus::load(corpus).map_err(|error| error.to_string())?.cases);
        }
        let lanes = Lanes::new().map_err(failed)?;
        let engine = |name: &String| Ok((name.clone(), Client::new(command(name)?, Limits::default())));
        let engines = job.engines.iter().map(engine).collect::<Result<_, String>>()?;
        Ok(Self { profile: job.profile.clone(), seed: job.seed, generator, lanes, played: 0, engines })
    }

    /// Compares the interpreter with the engines of other processes.
    fn confront(
        &mut self,
        index: u64,
        tally: &mut Tally,
        mut announce: impl FnMut(usize),
    ) -> Result<(), String> {
        if self.engines.is_empty() {
            return Ok(());
        }
        let case = self.generator.case(index);
        for (number, (name, client)) in self.engines.iter_mut().enumerate() {
            announce(number);
            let canonical = || self.generator.with_canonical(index, &case).map(|case| case.canonical());
            let came = confront(&case, &self.lanes, (name.as_str(), client), canonical);
            tally.confronted(index, name, &came.map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(())
    }

    fn play(&mut self, index: u64, eyes: Eyes, tally: &mut Tally, announce: impl FnMut(Lane)) -> Verdict {
        self.played += 1;
        let (case, scout) = self.generator.played(index);
        if let Some(scout) = scout.as_ref().filter(|_| is_looked_at(index)) {
            let points = coverage::covered(&case, scout, self.generator.reader());
            points.into_iter().for_each(|points| tally.cover(index, points));
        }
        let canonical = || self.generator.with_canonical(index, &case).map(|case| case.canonical());
        let (profile, kind) = (self.generator.profile(), self.generator.kind(index));
        let verdict = match eyes {
            Eyes::Ours => {
                let mut lanes = lineup_of(&case, profile, kind, index);
                lanes.extend(in_turn(index));
                judge_after(scout, &case, &self.lanes, &lanes, canonical, announce)
            }
            _ => judge_with(eyes, &case, &self.lanes, lineup(profile, index), canonical, announce),
        };
        tally.count(index, kind, &verdict);
        verdict
    }
}
