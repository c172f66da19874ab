//! Supervised worker processes: spawn, watch, replace, account.
//!
//! The parent never runs guest code. It hands *jobs* (any serialisable value) to child processes and gets back *answers*.
//! What enters is a stream of jobs from a [`Scheduler`]; what leaves is exactly one [`Event`] per job, whatever the child
//! does: answer, die by a signal, exit silently, hang, flood the channel or lie about what it is doing. This room does not
//! know what a job is, never retries one that was begun, and knows no engine; the suite and the campaign decide what follows.
//!
//! # Parent
//!
//! ```no_run
//! use std::time::Duration;
//! use assay_workers::{Event, Loss, Pool, PoolConfig, Scheduler, WorkerCommand};
//!
//! struct Files { waiting: Vec<(String, Vec<u32>)> }
//!
//! impl Scheduler for Files {
//!     type Job = (String, Vec<u32>);        // a file and the steps to leave out
//!     type Answer = Vec<bool>;
//!     fn next_job(&mut self) -> Option<Self::Job> { self.waiting.pop() }
//!     fn on_event(&mut self, event: Event<Self::Job, Self::Answer>) {
//!         match event {
//!             Event::Finished { .. } => { /* keep the rows */ }
//!             Event::Lost(lost) => {
//!                 // `lost.loss` says how: Loss::Died, Loss::TimedOut or Loss::Misbehaved.
//!                 let Some(step) = lost.at.step() else { return };
//!                 let (file, mut skip) = lost.job;
//!                 skip.push(step);
//!                 self.waiting.push((file, skip));   // runs again, behind the step that crashed
//!             }
//!             Event::IdleLost { .. } | Event::Abandoned { .. } => {}
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), assay_workers::PoolError> {
//! let mut config = PoolConfig::new(WorkerCommand::this_program(["worker", "suite"]), 2);
//! config.step_timeout = Duration::from_secs(5);
//! let mut pool = Pool::new(config)?;                 // spawns the children, which start while you prepare
//! let tally = pool.run(&mut Files { waiting: Vec::new() })?;
//! # let _ = tally; Ok(()) }
//! ```
//!
//! # Child
//!
//! ```no_run
//! # fn main() -> Result<(), assay_workers::ServeError> {
//! // the first thing the hidden verb does; returns when the parent closes the channel
//! assay_workers::serve(|job: (String, Vec<u32>), progress| {
//!     let mut answer = Vec::new();
//!     for step in 0..10 {
//!         progress.step(step);                       // one store, no system call
//!         answer.push(!job.1.contains(&step));
//!     }
//!     answer
//! })
//! # }
//! ```
//!
//! A panic in the closure ends the child with code 101 and arrives as `Loss::Died(Cause::Exited(101))` with the message in
//! `lost.stderr`. Standard output of the child goes to its standard error, so guest output cannot touch the channel.

#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

#[cfg(not(target_os = "linux"))]
compile_error!("assay-workers supports Linux only: it relies on memfd, pidfd and the parent death signal");

mod child;
mod config;
mod error;
mod event;
mod frame;
mod lines;
mod page;
mod pool;
mod serve;
mod signal;
mod tail;
mod watch;

pub use config::{PoolConfig, WorkerCommand};
pub use error::{PoolError, ServeError};
pub use event::{Cause, Event, Fault, Limit, Loss, Lost, Place, Running, Scheduler, Tally};
pub use lines::{LineError, LineProcess};
pub use page::Progress;
pub use pool::Pool;
pub use serve::serve;
pub use signal::signal_name;
