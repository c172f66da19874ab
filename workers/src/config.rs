//! What a pool is told before it starts: the command of a worker, how many, and the limits they live under.
//!
//! Plain data, checked by nobody but the reader; the pool takes it as it is. It does not know what the workers do.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// The command line that starts one worker.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    pub(crate) program: PathBuf,
    pub(crate) name: Option<OsString>,
    pub(crate) args: Vec<OsString>,
    pub(crate) envs: Vec<(OsString, OsString)>,
}

impl WorkerCommand {
    /// Another program as worker.
    pub fn new<A: AsRef<OsStr>>(program: impl Into<PathBuf>, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Self { program: program.into(), name: None, args, envs: Vec::new() }
    }

    /// This very program, called with `args`. It stays the same program even when its file is replaced meanwhile.
    pub fn this_program<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Self::new("/proc/self/exe", args);
        command.name = std::env::args_os().next();
        command
    }

    /// Adds an environment variable to those the worker inherits.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }
}

/// How many workers, and the limits they live under.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// How a worker is started.
    pub command: WorkerCommand,
    /// How many workers run at a time (at least one).
    pub workers: usize,
    /// How long a worker may stay on one step without a sign of life. It is also the limit for the time before the first
    /// step and after the last one. A worker is stopped within an eighth of this time (at most 100 ms) of its overrun.
    pub step_timeout: Duration,
    /// How long a whole job may take, whatever signs of life it gives.
    pub job_timeout: Option<Duration>,
    /// How long a worker may take until it is ready for its first job.
    pub start_timeout: Duration,
    /// The largest message in either direction, in bytes.
    pub max_frame: u32,
    /// How much of the end of a worker's standard error is kept, in bytes. Zero passes it through to ours.
    pub stderr_tail: usize,
}

impl PoolConfig {
    /// The defaults: ten seconds a step, no limit for a job, 64 MiB a message, the last 8 KiB of standard error.
    pub fn new(command: WorkerCommand, workers: usize) -> Self {
        Self {
            command,
            workers,
            step_timeout: Duration::from_secs(10),
            job_timeout: None,
            start_timeout: Duration::from_secs(20),
            max_frame: 64 << 20,
            stderr_tail: 8 << 10,
        }
    }

    /// How often the pool looks at the pages of its workers.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = self.job_timeout.map_or(self.step_timeout, |job| job.min(self.step_timeout));
        (shortest / 8).clamp(Duration::from_millis(2), Duration::from_millis(100))
    }
}
