//! A campaign on threads of this process. A crash ends it: for tests, and for engines that are known not to crash.

use super::worker::{Job, Worker};
use super::{Batches, Options, Tally};
use crate::lanes::THREAD_STACK;
use rayon::prelude::*;

/// Runs a campaign on threads.
///
/// # Errors
/// When the threads cannot be started, or this host cannot run a lane.
pub fn run_in_threads(options: &Options) -> Result<Tally, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).stack_size(THREAD_STACK).build();
    let pool = pool.map_err(|error| format!("failed to start {} threads: {error}", options.jobs))?;
    let job = |(from, to)| Job::of(options, from, to);
    let batches: Vec<Job> = Batches::of(options).map(job).collect();
    let run = |worker: &mut Worker, job: &Job| worker.run(job, |_| {});
    let tallies: Vec<Result<Tally, String>> =
        pool.install(|| batches.par_iter().map_init(Worker::default, run).collect());
    let mut sum = Tally::default();
    for tally in tallies {
        sum.add(tally?);
    }
    sum.settle();
    Ok(sum)
}
