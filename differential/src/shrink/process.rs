//! Plays single cases in a worker process: a crash or a hang is an answer, too.
//!
//! Enters: cases; leaves: the finding of each, if it has one. The worker's side ([`serve`]) plays in every lane.

use crate::case::Case;
use crate::judge::{Finding, judge};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use crate::wasi;
use assay_workers::{Cause, Event, Loss, Pool, PoolConfig, PoolError, Scheduler, ServeError, WorkerCommand};
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Played {
    /// What is wrong.
    pub finding: Option<Finding>,
    /// Whether the process was lost by a signal: safety of memory is in question.
    pub unsafe_end: bool,
    /// The outcome of each step in the interpreter, as far as it got.
    pub outcomes: Vec<String>,
}

/// A worker process that plays cases.
pub struct Player {
    pool: Pool,
}

impl Player {
    /// Starts the worker, which is to [`serve`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn new(command: WorkerCommand) -> Result<Self, PlayError> {
        let mut config = PoolConfig::new(command, 1);
        config.step_timeout = STEP_TIMEOUT;
        Ok(Self { pool: Pool::new(config)? })
    }

    /// Plays a case in every lane.
    ///
    /// # Errors
    /// When the worker cannot be started again, or refuses.
    pub fn play(&mut self, case: &Case) -> Result<Played, PlayError> {
        self.play_text(case.to_text().map_err(|error| PlayError::Refused(error.to_string()))?)
    }

    /// Plays a case of any kind, as it stands in its file.
    ///
    /// # Errors
    /// As for [`Player::play`].
    pub fn play_text(&mut self, text: String) -> Result<Played, PlayError> {
        let mut question = Question { wasi: wasi::is_wasi_case(&text), text: Some(text), answer: None };
        self.pool.run(&mut question)?;
        question.answer.unwrap_or_else(|| Err(PlayError::Lost("it gave no answer".to_owned())))
    }
}

struct Question {
    wasi: bool,
    text: Option<String>,
    answer: Option<Result<Played, PlayError>>,
}

impl Scheduler for Question {
    type Job = String;
    type Answer = Result<Played, String>;

    fn next_job(&mut self) -> Option<String> {
        self.text.take()
    }

    fn on_event(&mut self, event: Event<String, Self::Answer>) {
        self.answer = match event {
            Event::Finished { answer, .. } => Some(answer.map_err(PlayError::Refused)),
            Event::Lost(lost) => {
                let step = lost.at.step().map(|step| step as usize);
                let lane = match self.wasi {
                    true => step.and_then(|step| wasi::Lane::ALL.get(step)).map(|lane| lane.name()),
                    false => step.and_then(|step| Lane::ALL.get(step)).map(|lane| lane.name()),
                };
                let class = match &lost.loss {
                    Loss::TimedOut { .. } => "no end".to_owned(),
                    other => other.to_string(),
                };
                let class = format!("{}: {class}", lane.unwrap_or("worker"));
                let detail = lost.stderr.trim().to_owned();
                let unsafe_end = matches!(lost.loss, Loss::Died(Cause::Signal(_)));
                let finding = Some(Finding { signature: class.clone(), class, detail });
                Some(Ok(Played { finding, unsafe_end, outcomes: Vec::new() }))
            }
            Event::IdleLost { .. } | Event::Abandoned { .. } => return,
        };
    }

    fn steps(&self, _job: &String) -> Option<u32> {
        Some(Lane::ALL.len() as u32)
    }
}

/// Serves the parent until it closes the channel.
///
/// # Errors
/// When this process was not started by a parent, or cannot speak with it.
pub fn serve() -> Result<(), ServeError> {
    let served = on_lane_thread(|| {
        let mut lanes: Option<Lanes> = None;
        let mut bench = None;
        assay_workers::serve(|text: String, progress| {
            if wasi::is_wasi_case(&text) {
                let mut play = 0..;
                let announce = |_| play.next().into_iter().for_each(|play| progress.step(play));
                let verdict = wasi::judge_text(&mut bench, &text, announce)?;
                let outcomes = verdict.outcomes.iter().map(|&outcome| outcome.to_owned()).collect();
                return Ok(Played { finding: verdict.finding, unsafe_end: false, outcomes });
            }
            let case = Case::from_text(&text).map_err(|error| error.to_string())?;
            let made = lanes.take().map_or_else(Lanes::new, Ok).map_err(|error| error.to_string())?;
            let canonical = || case.has_canonical().then(|| case.canonical());
            let verdict = judge(&case, &made, &Lane::ALL, canonical, |lane| progress.step(lane as u32));
            // Engines that panicked are not used again.
            let panicked = verdict.finding.as_ref().is_some_and(|finding| finding.class.ends_with("panic"));
            lanes = (!panicked).then_some(made);
            let outcomes = verdict.outcomes.iter().map(|&outcome| outcome.to_owned()).collect();
            Ok::<_, String>(Played { finding: verdict.finding, unsafe_end: false, outcomes })
        })
    });
    served.map_err(|source| ServeError::System { what: "start a thread", source })?
}
