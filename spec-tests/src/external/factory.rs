//! Engines under test that are commands.
//!
//! Enters: lanes; leaves: engines. One process per command serves every file that its worker plays, one script after another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_workers::WorkerCommand;

use super::process::Process;
use super::session::ExternalSession;
use crate::engine::{EngineFactory, EngineUnderTest, Lane, Session};
use crate::features::Profile;

/// Makes engines of commands where a lane has one, and leaves the other lanes to somebody else.
pub struct External<F> {
    others: F,
    commands: Mutex<HashMap<Vec<String>, Arc<Shared>>>,
}

/// A command with its process, while there is one.
pub(super) struct Shared {
    pub(super) command: WorkerCommand,
    pub(super) process: Mutex<Option<Process>>,
}

struct ExternalEngine {
    shared: Arc<Shared>,
    profile: &'static Profile,
    time: Duration,
}

impl<F> External<F> {
    /// Makes the engines of commands; `others` makes all others.
    pub fn or(others: F) -> Self {
        Self { others, commands: Mutex::default() }
    }

    fn shared(&self, words: &[String]) -> Option<Arc<Shared>> {
        let (program, args) = words.split_first()?;
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = commands.entry(words.to_vec()).or_insert_with(|| {
            let command = WorkerCommand::new(program, args);
            Arc::new(Shared { command, process: Mutex::default() })
        });
        Some(Arc::clone(shared))
    }
}

impl<F: EngineFactory> EngineFactory for External<F> {
    fn engine(&self, lane: &Lane, profile: &'static Profile) -> Result<Box<dyn EngineUnderTest>, String> {
        let Some(command) = &lane.command else { return self.others.engine(lane, profile) };
        let shared = self.shared(&command.words);
        let shared = shared.ok_or_else(|| format!("engine {} has no command", lane.engine))?;
        let time = Duration::from_millis(command.timeout_ms);
        Ok(Box::new(ExternalEngine { shared, profile, time }))
    }
}

impl EngineUnderTest for ExternalEngine {
    fn open(&self) -> Box<dyn Session> {
        Box::new(ExternalSession::new(Arc::clone(&self.shared), self.profile, self.time))
    }

    /// A process has one store at a time.
    fn has_threads(&self) -> bool {
        false
    }
}
