//! A campaign in worker processes: a crash, a hang or a silent end costs one case, and is a finding.
//!
//! Batches go out in order. When a worker is lost, the case at which it was is blamed, and the other cases of its batch go
//! out again: no case is lost, none is counted twice. Knows no engine.

use super::tally::{Found, Tally};
use super::worker::Job;
use super::{Batches, Observer, Options};
use crate::judge::Finding;
use assay_workers::{Cause, Event, Loss, Lost, Pool, PoolConfig, PoolError, Scheduler, WorkerCommand};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long one lane may take for one case. Fuel ends cases long before.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a campaign could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The workers cannot be started or watched.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A worker refuses to work.
    #[error("a worker cannot play cases: {0}")]
    Refused(String),
}

/// Runs a campaign in processes that `command` starts, which [`super::serve`].
///
/// # Errors
/// When the workers cannot be started, or refuse to work.
pub fn run_in_processes(
    options: &Options,
    command: WorkerCommand,
    observer: &mut dyn Observer,
) -> Result<Tally, CampaignError> {
    let mut config = PoolConfig::new(command, options.jobs);
    config.step_timeout = STEP_TIMEOUT;
    let mut pool = Pool::new(config)?;
    let mut books = Books {
        options,
        batches: Batches::of(options),
        again: VecDeque::new(),
        tally: Tally::default(),
        refused: None,
        began: Instant::now(),
        observer,
    };
    pool.run(&mut books)?;
    let Books { mut tally, refused, .. } = books;
    tally.settle();
    refused.map_or(Ok(tally), |message| Err(CampaignError::Refused(message)))
}

struct Books<'a> {
    options: &'a Options,
    batches: Batches,
    /// Parts of batches whose worker was lost.
    again: VecDeque<(u64, u64)>,
    tally: Tally,
    refused: Option<String>,
    began: Instant,
    observer: &'a mut dyn Observer,
}

impl Scheduler for Books<'_> {
    type Job = Job;
    type Answer = Result<Tally, String>;

    fn next_job(&mut self) -> Option<Job> {
        let in_time = self.options.time.is_none_or(|time| self.began.elapsed() < time);
        let fresh = |batches: &mut Batches| if in_time { batches.next() } else { None };
        let (from, to) = self.again.pop_front().or_else(|| fresh(&mut self.batches))?;
        Some(Job::of(self.options, from, to))
    }

    fn on_event(&mut self, event: Event<Job, Self::Answer>) {
        match event {
            Event::Finished { answer: Ok(tally), .. } => self.tally.add(tally),
            Event::Finished { answer: Err(message), .. } => self.refused = Some(message),
            Event::Lost(lost) => self.lost(&lost),
            Event::IdleLost { .. } | Event::Abandoned { .. } => {}
        }
        self.observer.progress(self.tally.cases, self.tally.findings.len());
    }

    fn steps(&self, job: &Job) -> Option<u32> {
        u32::try_from(job.to - job.from).ok()?.checked_mul(job.steps())
    }

    fn stop(&self) -> bool {
        self.refused.is_some() || self.observer.is_enough()
    }
}

impl Books<'_> {
    fn lost(&mut self, lost: &Lost<Job>) {
        let (from, to) = (lost.job.from, lost.job.to);
        let at = lost.at.step().map(|step| lost.job.place(step));
        // Nobody knows which case it was: each is tried alone.
        let Some((offset, lane)) = at.or((to - from == 1).then_some((0, None))) else {
            self.again.extend((from..to).map(|index| (index, index + 1)));
            return;
        };
        let index = from + offset;
        let parts = [(from, index), (index + 1, to)];
        self.again.extend(parts.into_iter().filter(|(from, to)| from < to));
        let (how, unsafe_end) = match &lost.loss {
            Loss::Died(Cause::Signal(_)) => (lost.loss.to_string(), true),
            Loss::TimedOut { .. } => ("no end".to_owned(), false),
            Loss::Died(_) | Loss::Misbehaved(_) => (lost.loss.to_string(), false),
        };
        let lane = lane.unwrap_or("generator");
        let said = assay_reports::escape::brief(lost.stderr.trim(), 2000).into_owned();
        let class = format!("{lane}: {how}");
        let finding = Finding { signature: class.clone(), class, detail: said };
        self.tally.lost(Found::of(index, &finding, unsafe_end));
    }
}
