//! What can go wrong with the supervision itself, as opposed to with a job: jobs end in events, never in these errors.

use std::io;
use std::path::PathBuf;

/// Why a pool could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The operating system refused to start the program.
    #[error("cannot start worker {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Workers started, but none became ready, several times in a row.
    #[error("worker {} does not get ready: {reason}{}", program.display(), shown(stderr))]
    NeverReady {
        /// The program.
        program: PathBuf,
        /// What happened the last time.
        reason: String,
        /// The end of what the worker wrote to standard error.
        stderr: String,
    },
    /// A job could not be written down.
    #[error("a job cannot be encoded: {0}")]
    Encode(serde_json::Error),
    /// A job is larger than a message may be.
    #[error("a job of {len} bytes exceeds the limit of {limit} bytes for a message")]
    JobTooLarge {
        /// Its size.
        len: usize,
        /// The limit.
        limit: u32,
    },
    /// A system call of the supervision failed.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

/// Why a worker cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Standard input and output are not what a pool hands to its workers.
    #[error("not started by a worker pool: standard input and output are not its channel")]
    NotAWorker,
    /// The parent is gone already.
    #[error("the parent process is gone")]
    Orphaned,
    /// A job arrived that this worker does not understand.
    #[error("cannot read job: {0}")]
    BadJob(serde_json::Error),
    /// An answer could not be written down.
    #[error("cannot encode answer: {0}")]
    Encode(serde_json::Error),
    /// A system call failed.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

/// Names the attempt beside the error of a system call.
pub(crate) fn pool_io<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> PoolError {
    move |source| PoolError::System { what, source: source.into() }
}

/// The same on the worker's side.
pub(crate) fn serve_io<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> ServeError {
    move |source| ServeError::System { what, source: source.into() }
}

fn shown(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; it wrote: {}", stderr.trim_end()) }
}
