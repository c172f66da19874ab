//! The nouns between a pool and its caller: what happened to a job, how a worker was lost, and who decides what runs next.
//!
//! Every job that a scheduler hands out comes back in exactly one event. Nothing here knows a process or a file descriptor.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::signal::signal_name;

/// Decides what runs next, and hears what became of it. All calls come from the thread that called [`crate::Pool::run`].
pub trait Scheduler {
    /// What a worker is asked.
    type Job: Serialize;
    /// What a worker answers.
    type Answer: DeserializeOwned;

    /// The next job, or `None` when there is nothing to do now. Asked again after every event; the run is over when there is
    /// nothing to do and every worker is idle.
    fn next_job(&mut self) -> Option<Self::Job>;

    /// What became of a job. The scheduler may prepare follow-up jobs here, which `next_job` then hands out.
    fn on_event(&mut self, event: Event<Self::Job, Self::Answer>);

    /// How many steps a job has, if that is known: an announced step beyond is a lie. Asked once per job.
    fn steps(&self, job: &Self::Job) -> Option<u32> {
        let _ = job;
        None
    }

    /// Called at every look at the workers (some ten times a second), for progress displays.
    fn on_tick(&mut self, running: &[Running<'_, Self::Job>]) {
        let _ = running;
    }

    /// Whether to stop at once: running jobs are abandoned. Asked at every look and after every event.
    fn stop(&self) -> bool {
        false
    }
}

/// What became of a job.
#[derive(Debug)]
pub enum Event<J, A> {
    /// The worker answered.
    Finished {
        /// The job.
        job: J,
        /// Its answer.
        answer: A,
        /// Time from handing out the job to hearing the answer.
        elapsed: Duration,
    },
    /// The worker was lost with the job, and is replaced when there is more to do.
    Lost(Lost<J>),
    /// A worker was lost that had no job, for example because it spoke without being asked. No job is concerned.
    IdleLost {
        /// How.
        loss: Loss,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// The job was running when the scheduler asked to stop.
    Abandoned {
        /// The job.
        job: J,
    },
}

/// A job whose worker was lost.
#[derive(Debug)]
pub struct Lost<J> {
    /// The job.
    pub job: J,
    /// Where in the job the worker was.
    pub at: Place,
    /// How it was lost.
    pub loss: Loss,
    /// The end of what it wrote to standard error while it had this job. Comes from the guest's side: escape it.
    pub stderr: String,
    /// Time from handing out the job.
    pub elapsed: Duration,
}

/// Where in a job a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has not announced a step yet.
    Before,
    /// In this step.
    Step(u32),
    /// All steps are done; the answer is under way.
    After,
}

impl Place {
    /// The step, if it is in one.
    pub fn step(self) -> Option<u32> {
        match self {
            Self::Step(step) => Some(step),
            Self::Before | Self::After => None,
        }
    }
}

/// How a worker was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It ended by itself.
    Died(Cause),
    /// It gave no sign of life for this long, or overran the time of its job, and was killed.
    TimedOut {
        /// The time it had taken when it was killed.
        after: Duration,
        /// Which limit it overran.
        limit: Limit,
    },
    /// It broke the rules of the channel and was killed.
    Misbehaved(Fault),
}

/// Which time limit was overrun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::PoolConfig::step_timeout`].
    Step,
    /// [`crate::PoolConfig::job_timeout`].
    Job,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// By this signal.
    Signal(i32),
    /// With this code. Zero too: nobody told the worker to leave.
    Exited(i32),
}

/// How a worker broke the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It announced a message larger than allowed.
    FrameTooLarge {
        /// The announced size.
        len: u64,
        /// The limit.
        limit: u32,
    },
    /// Its message cannot be read as an answer.
    Garbage(String),
    /// It answered, or claimed to work on, a job that it does not have.
    WrongJob {
        /// The sequence number of the job it has.
        expected: u32,
        /// The one it named.
        named: u32,
    },
    /// It announced a step that the job does not have.
    StepOutOfRange {
        /// The announced step.
        step: u32,
        /// How many there are.
        steps: u32,
    },
    /// It spoke without having a job.
    Unasked,
    /// It closed the channel, but lived on.
    ChannelClosed,
}

/// A job under way, as shown to [`Scheduler::on_tick`].
#[derive(Debug)]
pub struct Running<'a, J> {
    /// Which worker has it.
    pub worker: usize,
    /// The job.
    pub job: &'a J,
    /// Where the worker is in it.
    pub at: Place,
    /// For how long it runs.
    pub elapsed: Duration,
}

/// The account of a run: `jobs == finished + lost + abandoned`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs handed out by the scheduler.
    pub jobs: u64,
    /// Jobs answered.
    pub finished: u64,
    /// Jobs lost with their worker.
    pub lost: u64,
    /// Jobs abandoned on request.
    pub abandoned: u64,
    /// Processes started, those of [`crate::Pool::new`] not counted.
    pub started: u64,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Signal(number) => match signal_name(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "signal {number}"),
            },
            Self::Exited(code) => write!(f, "exit code {code}"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Died(cause) => write!(f, "worker died: {cause}"),
            Self::TimedOut { after, limit: Limit::Step } => {
                write!(f, "no sign of life for {} ms", after.as_millis())
            }
            Self::TimedOut { after, limit: Limit::Job } => {
                write!(f, "job took over {} ms", after.as_millis())
            }
            Self::Misbehaved(fault) => write!(f, "worker misbehaved: {fault}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameTooLarge { len, limit } => {
                write!(f, "message of {len} bytes, at most {limit} are allowed")
            }
            Self::Garbage(why) => write!(f, "unreadable message: {why}"),
            Self::WrongJob { expected, named } => write!(f, "named job {named} while it has job {expected}"),
            Self::StepOutOfRange { step, steps } => write!(f, "announced step {step} of {steps}"),
            Self::Unasked => f.write_str("spoke without having a job"),
            Self::ChannelClosed => f.write_str("closed the channel and lived on"),
        }
    }
}
