//! Plays cases in a process in which `openat2` does not exist.
//!
//! The kernel answers `ENOSYS` to every thread of that process, from before the first path on, as old kernels do. `cap-std`
//! remembers this answer for as long as a process lives, which is why it takes one of its own: the lanes with `openat2` stay
//! as they are. Enters: a case and a lane; leaves: what came of the play, in a tree of that process, between canaries and
//! counts of its own. Its death is a finding, too.

use super::case::WasiCase;
use super::fence;
use super::judge::Bench;
use super::play::{Lane, Played};
use crate::judge::Finding;
use crate::lanes::on_lane_thread;
use crate::oracle::fault_check;
use assay_workers::{Cause, Event, Loss, Pool, PoolConfig, Scheduler, ServeError, WorkerCommand};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;

/// How long one play may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The parent's side.
pub(super) struct Apart {
    pool: Pool,
}

/// A play.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    /// The case, as in its file.
    text: String,
    /// The name of the lane.
    lane: String,
}

impl Apart {
    /// Starts the process, which is to [`serve_apart`].
    pub(super) fn new(command: WorkerCommand) -> Result<Self, String> {
        let mut config = PoolConfig::new(command, 1);
        config.step_timeout = TIMEOUT;
        Ok(Self { pool: Pool::new(config).map_err(|error| error.to_string())? })
    }

    /// Plays a case there.
    pub(super) fn play(&mut self, case: &WasiCase, lane: Lane) -> Result<Played, String> {
        let text = case.to_text().map_err(|error| error.to_string())?;
        let job = Job { text, lane: lane.name().to_owned() };
        let mut question = Question { job: Some(job), lane, answer: None };
        self.pool.run(&mut question).map_err(|error| error.to_string())?;
        question.answer.unwrap_or_else(|| Err("the process without `openat2` gave no answer".to_owned()))
    }
}

struct Question {
    job: Option<Job>,
    lane: Lane,
    answer: Option<Result<Played, String>>,
}

impl Scheduler for Question {
    type Job = Job;
    type Answer = Result<Played, String>;

    fn next_job(&mut self) -> Option<Job> {
        self.job.take()
    }

    fn on_event(&mut self, event: Event<Job, Self::Answer>) {
        self.answer = match event {
            Event::Finished { answer, .. } => Some(answer),
            Event::Lost(lost) => {
                let finding = Some(loss(self.lane, &lost.loss, &lost.stderr));
                Some(Ok(Played { confined: true, finding, ..Played::default() }))
            }
            Event::IdleLost { .. } | Event::Abandoned { .. } => return,
        };
    }
}

/// The finding that the process was lost. By a signal, safety of memory is in question.
fn loss(lane: Lane, loss: &Loss, said: &str) -> Finding {
    let by_signal = matches!(loss, Loss::Died(Cause::Signal(_)));
    let lane = lane.name();
    let class = fault_check::class(Some(lane), by_signal, said).unwrap_or_else(|| match loss {
        Loss::TimedOut { .. } => format!("{lane}: no end"),
        other if by_signal => format!("escape: {lane}: {other}"),
        other => format!("{lane}: {other}"),
    });
    Finding { signature: class.clone(), class, detail: format!("{lane}: {}", said.trim()) }
}

/// Serves the parent until it closes the channel: takes `openat2` from this process, and plays cases without it.
///
/// # Errors
/// When this process was not started by a parent, or `openat2` is still there.
pub fn serve_apart() -> Result<(), ServeError> {
    let failed = |what| move |error: io::Error| ServeError::System { what, source: error };
    fence::refuse_openat2(Errno::NOSYS).map_err(io::Error::other).map_err(failed("refuse `openat2`"))?;
    match fence::openat2() {
        Err(Errno::NOSYS) => {}
        _ => return Err(failed("do without `openat2`")(io::Error::other("it is still there"))),
    }
    // Threads have the filters of those that start them.
    let served = on_lane_thread(|| {
        let mut bench: Option<Bench> = None;
        assay_workers::serve(|job: Job, _| -> Result<Played, String> {
            let case = WasiCase::from_text(&job.text).map_err(|error| error.to_string())?;
            let lane = Lane::ALL.into_iter().find(|lane| lane.name() == job.lane);
            let lane = lane.filter(|lane| lane.is_stepwise());
            let lane = lane.ok_or_else(|| format!("nobody plays `{}` here", job.lane))?;
            let made = bench.take().map_or_else(Bench::without_openat2, Ok)?;
            let played = made.play(&case, lane)?;
            // What panicked, or has left descriptors behind, is not for the next case.
            bench = played.finding.is_none().then_some(made);
            Ok(played)
        })
    });
    served.map_err(failed("start a thread"))?
}

#[cfg(test)]
mod tests {
    use super::{Cause, Lane, Loss, loss};
    use crate::oracle::is_escape;

    #[test]
    fn a_lost_process_is_a_finding() {
        let killed = loss(Lane::JitStepwise, &Loss::Died(Cause::Signal(11)), "some words\n");
        assert!(is_escape(&killed.class) && killed.class.contains("SIGSEGV"), "{killed:?}");
        assert_eq!(killed.detail, "wasi-jit-no-openat2: some words");
        let left = loss(Lane::InterpStepwise, &Loss::Died(Cause::Exited(101)), "a panic");
        assert!(!is_escape(&left.class) && left.class.starts_with("wasi-interp-no-openat2: "), "{left:?}");
    }
}
