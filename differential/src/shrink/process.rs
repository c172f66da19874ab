//! Plays single cases in a worker process: a crash or a hang is an answer, too.
//!
//! Enters: cases; leaves: the finding of each, if it has one, and its explanation, if it is wanted. The worker's side
//! ([`serve`]) plays in every lane, and with engines of other processes where they are named.

use crate::case::Case;
use crate::explain::explain;
use crate::external::client::{Client, Limits};
use crate::external::{command, confront};
use crate::judge::{Finding, judge};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use crate::oracle::{fault_check, is_escape};
use crate::wasi;
use assay_workers::{
    Cause, Event, Loss, Pool, PoolConfig, PoolError, Progress, Scheduler, ServeError, WorkerCommand,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long one lane may take for one case.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a case could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The worker cannot be started or watched.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The worker cannot read the case, or cannot run a lane.
    #[error("a worker cannot play the case: {0}")]
    Refused(String),
    /// The worker was lost before it had begun.
    #[error("the worker was lost: {0}")]
    Lost(String),
}

/// What came of a case in the worker.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Played {
    /// What is wrong.
    pub finding: Option<Finding>,
    /// Whether the process was lost by a signal: safety of memory is in question.
    pub unsafe_end: bool,
    /// The outcome of each step in the interpreter, as far as it got.
    pub outcomes: Vec<String>,
    /// How the finding came about, where that was asked for and can be said.
    pub explanation: Option<String>,
    /// Engines of other processes that were not compared, and why.
    pub skipped: Vec<(String, String)>,
}

/// What is asked of the worker.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CaseJob {
    /// The case, as text.
    pub text: String,
    /// Engines of other processes.
    pub engines: Vec<String>,
    /// Whether a finding is explained.
    pub explain: bool,
}

/// A worker process that plays cases.
pub struct Player {
    pool: Pool,
    engines: Vec<String>,
}

impl Player {
    /// Starts the worker, which is to [`serve`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn new(command: WorkerCommand) -> Result<Self, PlayError> {
        let mut config = PoolConfig::new(command, 1);
        config.step_timeout = STEP_TIMEOUT;
        Ok(Self { pool: Pool::new(config)?, engines: Vec::new() })
    }

    /// Compares with these engines of other processes, too, as [`command`] names them.
    #[must_use]
    pub fn with_engines(mut self, engines: Vec<String>) -> Self {
        self.engines = engines;
        self
    }

    /// Plays a case in every lane.
    ///
    /// # Errors
    /// When the worker cannot be started again, or refuses.
    pub fn play(&mut self, case: &Case) -> Result<Played, PlayError> {
        self.play_text(text(case)?)
    }

    /// Plays a case of any kind, as it stands in its file.
    ///
    /// # Errors
    /// As for [`Player::play`].
    pub fn play_text(&mut self, text: String) -> Result<Played, PlayError> {
        self.ask(text, false)
    }

    /// Plays a case in every lane, and explains its finding.
    ///
    /// # Errors
    /// When the worker cannot be started again, or refuses.
    pub fn explain(&mut self, case: &Case) -> Result<Played, PlayError> {
        self.ask(text(case)?, true)
    }

    fn ask(&mut self, text: String, explain: bool) -> Result<Played, PlayError> {
        let wasi = wasi::is_wasi_case(&text);
        let job = CaseJob { text, engines: self.engines.clone(), explain };
        let mut question = Question { wasi, job: Some(job), answer: None };
        self.pool.run(&mut question)?;
        question.answer.unwrap_or_else(|| Err(PlayError::Lost("it gave no answer".to_owned())))
    }
}

fn text(case: &Case) -> Result<String, PlayError> {
    case.to_text().map_err(|error| PlayError::Refused(error.to_string()))
}

struct Question {
    wasi: bool,
    job: Option<CaseJob>,
    answer: Option<Result<Played, PlayError>>,
}

impl Scheduler for Question {
    type Job = CaseJob;
    type Answer = Result<Played, String>;

    fn next_job(&mut self) -> Option<CaseJob> {
        self.job.take()
    }

    fn on_event(&mut self, event: Event<CaseJob, Self::Answer>) {
        self.answer = match event {
            Event::Finished { answer, .. } => Some(answer.map_err(PlayError::Refused)),
            Event::Lost(lost) => {
                let step = lost.at.step().map(|step| step as usize);
                let lane = match self.wasi {
                    true => step.and_then(|step| wasi::Lane::ALL.get(step)).map(|lane| lane.name()),
                    false => step.and_then(|step| Lane::EVERY.get(step)).map(|lane| lane.name()),
                };
                let how = match &lost.loss {
                    Loss::TimedOut { .. } => "no end".to_owned(),
                    other => other.to_string(),
                };
                let unsafe_end = matches!(lost.loss, Loss::Died(Cause::Signal(_)));
                let escape = fault_check::class(lane, unsafe_end, &lost.stderr);
                let lane = lane.unwrap_or("worker");
                let class = escape.unwrap_or_else(|| format!("{lane}: {how}"));
                let detail = format!("{lane}: {}", lost.stderr.trim());
                let finding = Some(Finding { signature: class.clone(), class, detail });
                Some(Ok(Played { finding, unsafe_end, ..Played::default() }))
            }
            Event::IdleLost { .. } | Event::Abandoned { .. } => return,
        };
    }

    fn steps(&self, _job: &CaseJob) -> Option<u32> {
        Some(Lane::EVERY.len() as u32)
    }
}

/// Serves the parent until it closes the channel. `apart` starts a process that is to
/// [`serve_apart`](wasi::serve_apart).
///
/// # Errors
/// When this process was not started by a parent, or cannot speak with it.
pub fn serve(apart: WorkerCommand) -> Result<(), ServeError> {
    serve_every(&Lane::EVERY, Lanes::new, Some(apart))
}

/// The same, with fewer lanes, or with lanes that lack something.
///
/// # Errors
/// As for [`serve`].
pub fn serve_with(selection: &[Lane], new: fn() -> assay_runtime::Result<Lanes>) -> Result<(), ServeError> {
    serve_every(selection, new, None)
}

fn serve_every(
    selection: &[Lane],
    new: fn() -> assay_runtime::Result<Lanes>,
    apart: Option<WorkerCommand>,
) -> Result<(), ServeError> {
    let served = on_lane_thread(|| {
        let mut worker = Worker { selection, new, lanes: None, bench: None, apart, clients: Vec::new() };
        assay_workers::serve(|job: CaseJob, progress| worker.play(&job, progress))
    });
    served.map_err(|source| ServeError::System { what: "start a thread", source })?
}

/// What a worker keeps between two cases.
struct Worker<'a> {
    selection: &'a [Lane],
    new: fn() -> assay_runtime::Result<Lanes>,
    lanes: Option<Lanes>,
    bench: Option<wasi::Bench>,
    apart: Option<WorkerCommand>,
    clients: Vec<(String, Client)>,
}

impl Worker<'_> {
    fn play(&mut self, job: &CaseJob, progress: &Progress) -> Result<Played, String> {
        if wasi::is_wasi_case(&job.text) {
            let make = || wasi::Bench::new(true)?.with_apart(self.apart.clone());
            let mut play = 0..;
            let announce = |_| play.next().into_iter().for_each(|play| progress.step(play));
            let verdict = wasi::judge_text(&mut self.bench, make, &job.text, announce)?;
            let outcomes = verdict.outcomes.iter().map(|&outcome| outcome.to_owned()).collect();
            let unsafe_end = verdict.finding.as_ref().is_some_and(|finding| is_escape(&finding.class));
            return Ok(Played { finding: verdict.finding, unsafe_end, outcomes, ..Played::default() });
        }
        let case = Case::from_text(&job.text).map_err(|error| error.to_string())?;
        let lanes = self.lanes.take().map_or_else(self.new, Ok).map_err(|error| error.to_string())?;
        let canonical = || case.has_canonical().then(|| case.canonical());
        let verdict = judge(&case, &lanes, self.selection, canonical, |lane| progress.step(lane as u32));
        let outcomes = verdict.outcomes.iter().map(|&outcome| outcome.to_owned()).collect();
        let unsafe_end = verdict.finding.as_ref().is_some_and(|finding| is_escape(&finding.class));
        let mut played = Played { finding: verdict.finding, unsafe_end, outcomes, ..Played::default() };
        if played.finding.is_none() {
            self.confront(&case, &lanes, &job.engines, &mut played)?;
        } else if job.explain {
            let lane = played.finding.as_ref().and_then(|finding| lane_of(&finding.class));
            played.explanation = lane.map(|lane| explain(&case, &lanes, lane));
        }
        // Engines that panicked are not used again.
        let panicked = played.finding.as_ref().is_some_and(|finding| finding.class.ends_with("panic"));
        self.lanes = (!panicked).then_some(lanes);
        Ok(played)
    }

    /// Compares with each engine, up to the first finding.
    fn confront(
        &mut self,
        case: &Case,
        lanes: &Lanes,
        engines: &[String],
        played: &mut Played,
    ) -> Result<(), String> {
        let canonical = || case.has_canonical().then(|| case.canonical());
        for name in engines {
            if !self.clients.iter().any(|(known, _)| known == name) {
                self.clients.push((name.clone(), Client::new(command(name)?, Limits::default())));
            }
            let Some((_, client)) = self.clients.iter_mut().find(|(known, _)| known == name) else {
                continue;
            };
            let other = confront(case, lanes, (name, client), canonical)
                .map_err(|error| format!("the engine `{name}` is of no use: {error}"))?;
            played.skipped.extend(other.skipped.map(|reason| (name.clone(), reason.to_owned())));
            if other.finding.is_some() {
                (played.finding, played.unsafe_end) = (other.finding, other.crashed);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The lane that a finding of this class is about, where it is one that is compared with the interpreter.
fn lane_of(class: &str) -> Option<Lane> {
    let (name, _) = class.split_once(": ")?;
    Lane::ALL.into_iter().find(|&lane| lane != Lane::Interp && lane.name() == name)
}
