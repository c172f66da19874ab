//! The asking side of the engine protocol: starts an engine and plays cases on it, within limits.
//!
//! Enters: a command line, then cases; leaves: observations, as lanes make them, or how the engine failed. An engine that
//! answers nonsense, too slowly or without end is stopped, and started again for the next case. Knows nothing of what an
//! observation is compared with.

use super::message::{
    Ask, Capabilities, Contents, Done, Ended, Fault, Greeting, Loaded, MAX_LINE, Ready, Reply, VERSION,
};
use crate::case::Case;
use crate::observe::{Observation, Outcome, StepSeen};
use assay_workers::{Cause, LineError, LineProcess, PoolError, WorkerCommand};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How long an engine may take to start, and for a case.
#[derive(Copy, Clone, Debug)]
pub struct Limits {
    /// Until the first answer.
    pub start: Duration,
    /// For all steps of a case.
    pub case: Duration,
    /// The longest line, in bytes.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        Self { start: time, case: time, line: MAX_LINE }
    }
}

/// Why there is no observation.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The process cannot be started.
    #[error(transparent)]
    Spawn(#[from] PoolError),
    /// No line came.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A line came that is none of the protocol.
    #[error("an answer that is none of the protocol: {0}")]
    Nonsense(String),
    /// The engine reports an error.
    #[error("the engine reports {:?}: {}", .0.code, .0.message)]
    Fault(Fault),
}

impl ClientError {
    /// The class of the failure, without numbers and without the engine's words.
    pub fn class(&self) -> String {
        match self {
            Self::Spawn(_) => "cannot be started".to_owned(),
            Self::Line(LineError::TimedOut(_)) => "no end".to_owned(),
            Self::Line(LineError::TooLong(_)) => "flood".to_owned(),
            Self::Line(LineError::Unasked) => "speaks unasked".to_owned(),
            Self::Line(LineError::Ended(cause)) => format!("died: {cause}"),
            Self::Line(LineError::Closed) => "closed its output".to_owned(),
            Self::Line(LineError::System(_)) => "cannot be reached".to_owned(),
            Self::Nonsense(_) => "speaks nonsense".to_owned(),
            Self::Fault(_) => "reports an error".to_owned(),
        }
    }

    /// Whether the engine was killed by a signal that nobody here sent.
    pub fn is_crash(&self) -> bool {
        matches!(self, Self::Line(LineError::Ended(Cause::Signal(_))))
    }
}

/// What an engine did with a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Played {
    /// This.
    Seen(Observation),
    /// A module needs what it does not have.
    Unsupported(String),
}

/// An engine, while it runs.
pub struct Client {
    command: WorkerCommand,
    limits: Limits,
    running: Option<Running>,
}

struct Running {
    process: LineProcess,
    next_id: u64,
    deadline: Instant,
    longest: usize,
    capabilities: Capabilities,
}

/// Only the number and the error of an answer.
#[derive(Deserialize)]
struct Head {
    id: Option<u64>,
    error: Option<Fault>,
}

#[derive(Serialize)]
struct Question<'a> {
    id: u64,
    #[serde(flatten)]
    ask: &'a Ask,
}

impl Client {
    /// An engine that this command starts, when it is needed.
    pub fn new(command: WorkerCommand, limits: Limits) -> Self {
        Self { command, limits, running: None }
    }

    /// What the engine can do. Starts it.
    ///
    /// # Errors
    /// When it cannot be started, or does not speak the protocol.
    pub fn capabilities(&mut self) -> Result<Capabilities, ClientError> {
        Ok(self.running()?.capabilities.clone())
    }

    /// Plays a case. With `fuel`, each step gets that much.
    ///
    /// # Errors
    /// When the engine fails: how, and what it wrote to standard error.
    pub fn play(&mut self, case: &Case, fuel: Option<u64>) -> Result<Played, (ClientError, String)> {
        let limit = self.limits.case;
        let played = self.running().and_then(|running| {
            running.deadline = Instant::now() + limit;
            running.play(case, fuel)
        });
        played.map_err(|error| {
            let words = self.running.take().map_or_else(String::new, |mut running| running.process.stderr());
            (error, words)
        })
    }

    fn running(&mut self) -> Result<&mut Running, ClientError> {
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(&self.command, self.limits)?,
        };
        Ok(self.running.insert(running))
    }
}

impl Running {
    fn start(command: &WorkerCommand, limits: Limits) -> Result<Self, ClientError> {
        let mut running = Self {
            process: LineProcess::spawn(command)?,
            next_id: 0,
            deadline: Instant::now() + limits.start,
            longest: limits.line,
            capabilities: Capabilities::none(),
        };
        let greeting: Greeting = running.ask(&Ask::Hello { protocol: VERSION })?;
        if greeting.protocol != VERSION {
            return Err(ClientError::Nonsense(format!("version {} of the protocol", greeting.protocol)));
        }
        running.capabilities = greeting.capabilities;
        Ok(running)
    }

    fn ask<T: DeserializeOwned>(&mut self, ask: &Ask) -> Result<T, ClientError> {
        let nonsense = |error: serde_json::Error| ClientError::Nonsense(error.to_string());
        let id = self.next_id;
        self.next_id += 1;
        let line = serde_json::to_vec(&Question { id, ask }).map_err(nonsense)?;
        let line = self.process.exchange(&line, self.deadline, self.longest)?;
        let head: Head = serde_json::from_slice(&line).map_err(nonsense)?;
        if let Some(fault) = head.error {
            return Err(ClientError::Fault(fault));
        }
        if head.id != Some(id) {
            let named = head.id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            return Err(ClientError::Nonsense(format!("an answer to question {named} instead of {id}")));
        }
        let reply: Reply<T> = serde_json::from_slice(&line).map_err(nonsense)?;
        reply.ok.ok_or_else(|| ClientError::Nonsense("neither an answer nor an error".to_owned()))
    }

    fn play(&mut self, case: &Case, fuel: Option<u64>) -> Result<Played, ClientError> {
        let Ready {} = self.ask(&Ask::begin(&case.settings, fuel))?;
        for module in &case.modules {
            let loaded: Loaded = self.ask(&Ask::Module { wasm: module.bytes.clone() })?;
            if let Ended::Unsupported(what) = loaded.outcome {
                return Ok(Played::Unsupported(what));
            }
        }
        let mut seen = Observation::default();
        for step in &case.steps {
            let Done { outcome, calls, fuel } = self.ask(&Ask::step(step))?;
            if let Ended::Unsupported(what) = outcome {
                return Ok(Played::Unsupported(what));
            }
            let outcome = outcome.outcome().map_err(ClientError::Nonsense)?;
            let over = matches!(outcome, Outcome::Panicked(_));
            let state = if over { Default::default() } else { self.state()? };
            seen.steps.push(StepSeen { outcome, calls: calls.into(), state, fuel, heap_full: false });
            if over {
                break;
            }
        }
        Ok(Played::Seen(seen))
    }

    fn state(&mut self) -> Result<crate::observe::State, ClientError> {
        let contents: Contents = self.ask(&Ask::State { scope: self.capabilities.state })?;
        contents.state().map_err(ClientError::Nonsense)
    }
}
