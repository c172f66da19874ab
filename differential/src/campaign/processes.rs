//! A campaign in worker processes: a crash, a hang or a silent end costs one case, and is a finding.
//!
//! Batches go out in order. When a worker is lost, the case at which it was is played again, alone ([`super::losses`] decides
//! when it is to blame), and the other cases of its batch go out again: no case is lost, none is counted twice. Knows no
//! engine.

use super::journal::{Journal, Past};
use super::losses::{Decision, Losses};
use super::tally::{Found, Tally};
use super::worker::Job;
use super::{Batches, Observer, Options};
use crate::judge::Finding;
use crate::oracle::fault_check;
use assay_workers::{Cause, Event, Loss, Lost, Pool, PoolConfig, PoolError, Scheduler, WorkerCommand};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Stands in the place of the lane where a worker was lost before any lane had begun: in front of every detail of such a loss.
const GENERATOR: &str = "generator";

/// Whether the worker was lost while it made the case, and tried it.
pub(super) fn lost_in_generator(found: &Found) -> bool {
    found.detail.strip_prefix(GENERATOR).is_some_and(|rest| rest.starts_with(':'))
}

/// How a campaign is watched over.
#[derive(Debug)]
pub struct Supervision<'a> {
    /// How long one lane may take for one case. Fuel ends cases long before, and what takes longer is tried twice.
    pub step_timeout: Duration,
    /// Where it is noted what is done.
    pub journal: Option<&'a mut Journal>,
    /// What was done before, by that journal.
    pub past: Past,
}

impl Default for Supervision<'_> {
    fn default() -> Self {
        Self { step_timeout: Duration::from_secs(6), journal: None, past: Past::default() }
    }
}

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
    run_supervised(options, command, observer, Supervision::default())
}

/// The same under this supervision: what the journal says is done is not done again.
///
/// # Errors
/// When the workers cannot be started, or refuse to work. The journal has what was done until then.
pub fn run_supervised(
    options: &Options,
    command: WorkerCommand,
    observer: &mut dyn Observer,
    supervision: Supervision<'_>,
) -> Result<Tally, CampaignError> {
    let mut config = PoolConfig::new(command, options.jobs);
    config.step_timeout = supervision.step_timeout;
    let mut pool = Pool::new(config)?;
    let mut books = Books {
        options,
        batches: Batches::besides(options, supervision.past.done),
        again: VecDeque::new(),
        losses: Losses::default(),
        tally: supervision.past.tally,
        journal: supervision.journal,
        refused: None,
        began: Instant::now(),
        observer,
    };
    let ended = pool.run(&mut books);
    if let Some(journal) = &mut books.journal {
        journal.flush();
    }
    ended?;
    let Books { mut tally, refused, .. } = books;
    tally.settle();
    refused.map_or(Ok(tally), |message| Err(CampaignError::Refused(message)))
}

struct Books<'a> {
    options: &'a Options,
    batches: Batches,
    /// Parts of batches whose worker was lost.
    again: VecDeque<(u64, u64)>,
    losses: Losses,
    tally: Tally,
    journal: Option<&'a mut Journal>,
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
            Event::Finished { job, answer: Ok(tally), .. } => self.answered(&job, tally),
            Event::Finished { answer: Err(message), .. } => self.refused = Some(message),
            Event::Lost(lost) => self.lost(&lost),
            Event::IdleLost { loss, .. } => {
                self.tally.accident(&format!("idle worker: {loss}"), self.options.first);
            }
            Event::Abandoned { .. } => {}
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
    /// Enters what cases came to that are done.
    fn enter(&mut self, (from, to): (u64, u64), tally: Tally) {
        if let Some(journal) = &mut self.journal {
            journal.add((from, to), &tally);
        }
        self.tally.add(tally);
    }

    fn answered(&mut self, job: &Job, mut tally: Tally) {
        let cases = job.from..job.to;
        let whole = tally.cases == job.to - job.from;
        if !whole || tally.findings.iter().any(|found| !cases.contains(&found.index)) {
            // A worker that cannot count has come to harm.
            let said = format!("answers for {} cases of {}", tally.cases, job.to - job.from);
            return self.harmed(job, None, &format!("wrong account: {said}"), (String::new(), true, false));
        }
        for index in cases {
            for loss in self.losses.survived(index) {
                tally.accident(&loss.signature, index);
            }
        }
        self.enter((job.from, job.to), tally);
    }

    fn lost(&mut self, lost: &Lost<Job>) {
        let at = lost.at.step().map(|step| lost.job.place(step));
        let (how, unsafe_end) = match &lost.loss {
            Loss::Died(Cause::Signal(_)) => (lost.loss.to_string(), true),
            Loss::TimedOut { .. } => ("no end".to_owned(), false),
            Loss::Died(_) | Loss::Misbehaved(_) => (lost.loss.to_string(), false),
        };
        let hung = matches!(lost.loss, Loss::TimedOut { .. });
        let said = assay_reports::escape::brief(lost.stderr.trim(), 2000).into_owned();
        self.harmed(&lost.job, at, &how, (said, unsafe_end, hung));
    }

    /// A worker is gone, or should be, at a case and lane if that is known.
    fn harmed(
        &mut self,
        job: &Job,
        at: Option<(u64, Option<&str>)>,
        how: &str,
        (said, unsafe_end, hung): (String, bool, bool),
    ) {
        let (from, to) = (job.from, job.to);
        // Nobody knows which case it was: each is tried alone.
        let Some((offset, lane)) = at.or((to - from == 1).then_some((0, None))) else {
            self.tally.accident(&format!("worker: {how}"), from);
            self.again.extend((from..to).map(|index| (index, index + 1)));
            return;
        };
        let index = from + offset;
        let parts = [(from, index), (index + 1, to)];
        self.again.extend(parts.into_iter().filter(|(from, to)| from < to));
        let escape = fault_check::class(lane, unsafe_end, &said);
        let lane = lane.unwrap_or(GENERATOR);
        let class = escape.unwrap_or_else(|| format!("{lane}: {how}"));
        let finding = Finding { signature: class.clone(), class, detail: format!("{lane}: {said}") };
        let found = Found::of(index, &finding, unsafe_end);
        match self.losses.lost(&found, hung) {
            Decision::Again => self.again.push_back((index, index + 1)),
            Decision::Finding(others) => {
                let mut tally = Tally::default();
                others.iter().for_each(|other| tally.accident(&other.signature, index));
                tally.lost(found);
                self.enter((index, index + 1), tally);
            }
        }
    }
}
