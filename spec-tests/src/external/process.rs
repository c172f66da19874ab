//! An engine's process as the asking side holds it: a question out, an answer in, within limits.
//!
//! Enters: a command and questions; leaves: answers, or how the engine failed. Kept true: whatever a process writes, no more
//! than a line of it is kept, and nothing waits beyond its time. Does not know what a question is for.

use std::time::{Duration, Instant};

use assay_workers::{LineError, LineProcess, PoolError, WorkerCommand};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::message::{Fault, Greeting, VERSION};
use crate::engine::{Fall, Gone};

/// The longest answer, in bytes: a thousand times more than any call of the suite returns.
const LONGEST: usize = 16 << 20;
/// How long an engine may take to start, where steps may take less.
const START: Duration = Duration::from_secs(10);

/// How an engine of another process failed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error(transparent)]
    Spawn(#[from] PoolError),
    /// No line came.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A line came that is none of the protocol.
    #[error("an answer that is none of the protocol: {0}")]
    Nonsense(String),
    /// It says no to the greeting.
    #[error("it reports {0}: {1}")]
    Fault(String, String),
    /// It speaks another version.
    #[error("it speaks version {0} of the protocol instead of {VERSION}")]
    Version(u32),
    /// It fails at the start, with these words.
    #[error("{0}; it says: {1}")]
    Start(Box<ProcessError>, String),
    /// It plays no scripts.
    #[error("engine `{0}` speaks the protocol, but plays no scripts")]
    NoScripts(String),
}

impl ProcessError {
    /// What this is for the directive at which it happened. `words` is the end of what the engine wrote to standard error.
    pub(super) fn gone(&self, words: String) -> Gone {
        let fall = match self {
            Self::Start(error, words) => return error.gone(words.clone()),
            Self::Line(LineError::TimedOut(_)) => Fall::Timeout,
            Self::Line(LineError::Ended(cause)) => Fall::Crash(cause.to_string()),
            other => Fall::Crash(other.to_string()),
        };
        Gone { fall, words }
    }
}

/// What the engine that this command starts says of itself.
///
/// # Errors
/// When it cannot be started, does not speak the protocol, or plays no scripts.
pub fn greet(command: &WorkerCommand) -> Result<Greeting, ProcessError> {
    Process::start(command, START).map(|process| process.greeting)
}

/// A running engine.
pub(super) struct Process {
    lines: LineProcess,
    next_id: u64,
    greeting: Greeting,
}

#[derive(Serialize)]
struct Question<'a, T> {
    id: u64,
    #[serde(flatten)]
    ask: &'a T,
}

#[derive(Serialize)]
#[serde(tag = "op", rename = "hello")]
struct Hello {
    protocol: u32,
}

/// Only the number and the error of an answer.
#[derive(Deserialize)]
struct Head {
    id: Option<u64>,
    error: Option<Fault>,
}

/// Only the answer.
#[derive(Deserialize)]
struct Reply<T> {
    ok: T,
}

impl Process {
    /// Starts an engine; a start may take `time`, or a few seconds where that is less.
    pub(super) fn start(command: &WorkerCommand, time: Duration) -> Result<Self, ProcessError> {
        let capabilities = Default::default();
        let nobody = Greeting { protocol: 0, engine: String::new(), version: String::new(), capabilities };
        let mut process = Self { lines: LineProcess::spawn(command)?, next_id: 0, greeting: nobody };
        match process.hello(time.max(START)) {
            Ok(greeting) => Ok(Self { greeting, ..process }),
            Err(error) => Err(match process.words().trim() {
                "" => error,
                words => ProcessError::Start(Box::new(error), words.to_owned()),
            }),
        }
    }

    fn hello(&mut self, time: Duration) -> Result<Greeting, ProcessError> {
        let greeting = self.ask::<Greeting>(&Hello { protocol: VERSION }, time)?;
        let greeting = greeting.map_err(|Fault { code, message }| ProcessError::Fault(code, message))?;
        if greeting.protocol != VERSION {
            return Err(ProcessError::Version(greeting.protocol));
        }
        if !greeting.capabilities.scripts {
            return Err(ProcessError::NoScripts(greeting.engine));
        }
        Ok(greeting)
    }

    /// Asks; the answer comes within `time`. After an error the process is of no use. A fault is an answer.
    pub(super) fn ask<T: DeserializeOwned>(
        &mut self,
        ask: &impl Serialize,
        time: Duration,
    ) -> Result<Result<T, Fault>, ProcessError> {
        let nonsense = |error: serde_json::Error| ProcessError::Nonsense(error.to_string());
        let id = self.next_id;
        self.next_id += 1;
        let line = serde_json::to_vec(&Question { id, ask }).map_err(nonsense)?;
        let line = self.lines.exchange(&line, Instant::now() + time, LONGEST)?;
        let head: Head = serde_json::from_slice(&line).map_err(nonsense)?;
        if head.id != Some(id) {
            let named = head.id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            return Err(ProcessError::Nonsense(format!("an answer to question {named} instead of {id}")));
        }
        if let Some(fault) = head.error {
            return Ok(Err(fault));
        }
        let Reply { ok } = serde_json::from_slice(&line).map_err(nonsense)?;
        Ok(Ok(ok))
    }

    /// The end of what it wrote to standard error.
    pub(super) fn words(&mut self) -> String {
        self.lines.stderr()
    }
}
