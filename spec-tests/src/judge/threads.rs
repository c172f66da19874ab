//! Threads of a script: each plays its directives on a host thread of its own, in a store of its own.
//!
//! Enters: the text of a thread and what it shares; leaves: one judgement, that of the first of its directives that did not
//! pass. The thread reads its text itself, so that nothing of a script is used by two threads. A thread for which nobody
//! waits any more goes on until its process ends.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::{Judgement, Player};
use crate::engine::{EngineUnderTest, Failure, SharedExports, Stage};
use crate::features::Profile;
use crate::script::{Buffer, TextRules};

/// Native stack of a thread: as much as the main thread of a worker has.
const STACK: usize = 8 << 20;

/// Starts the threads of a script.
#[derive(Clone)]
pub struct Threads {
    engine: Arc<dyn EngineUnderTest>,
    profile: &'static Profile,
    rules: TextRules,
    /// Lines of the file before the text of which the script was read.
    before: u32,
    started: usize,
}

/// A thread that may still run.
pub(super) struct Running(JoinHandle<Judgement>);

impl Threads {
    /// For scripts under this profile, written by these rules, on this engine; so many lines of the file stand before.
    pub fn new(
        engine: Arc<dyn EngineUnderTest>,
        profile: &'static Profile,
        rules: TextRules,
        before: u32,
    ) -> Self {
        Self { engine, profile, rules, before, started: 0 }
    }

    /// Whether the engine can have any.
    pub(super) fn can_start(&self) -> bool {
        self.engine.has_threads()
    }

    /// Starts a thread; its text begins on this line.
    pub(super) fn start(
        &mut self,
        text: &str,
        line: u32,
        shared: Option<SharedExports>,
    ) -> Result<Running, Failure> {
        self.started += 1;
        let (threads, text, line) = (self.clone(), text.to_owned(), line + self.before);
        let body = move || threads.play(&text, line, shared);
        let spawned = Builder::new().stack_size(STACK).spawn(body);
        spawned.map(Running).map_err(|error| Failure::new(Stage::Host, error.to_string()))
    }

    fn play(self, text: &str, line: u32, shared: Option<SharedExports>) -> Judgement {
        let engine = Arc::clone(&self.engine);
        let buffer = Buffer::new(text, self.rules);
        let thread = match buffer.thread() {
            Ok(thread) => thread,
            Err(message) => return at(line, failed("a thread", message)),
        };
        let mut session = engine.open_thread(self.started);
        let profile = self.profile;
        let mut player = Player::new(session.as_mut(), profile, self);
        if let Some((name, exports)) = thread.shared.zip(shared)
            && let Err(failure) = player.adopt(name, exports)
        {
            return at(line, failed("shared memories", failure.to_string()));
        }
        // All are played, whatever becomes of one: other threads may wait for what they do.
        let judge = |(index, (below, directive))| at(line + below, player.play(index, directive));
        let judgements: Vec<_> = thread
            .directives
            .iter()
            .map(|(below, directive)| (*below, directive))
            .enumerate()
            .map(judge)
            .collect();
        judgements.into_iter().find(|judgement| *judgement != Judgement::Pass).unwrap_or(Judgement::Pass)
    }
}

impl Running {
    /// Waits for the thread. A panic in it is one here.
    pub(super) fn join(self) -> Judgement {
        self.0.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn failed(expected: &str, actual: String) -> Judgement {
    Judgement::Fail { reached: super::Reached::Nothing, expected: expected.to_owned(), actual }
}

/// A failure with the line of the directive in the thread that it belongs to.
fn at(line: u32, judgement: Judgement) -> Judgement {
    match judgement {
        Judgement::Fail { reached, expected, actual } => {
            Judgement::Fail { reached, expected, actual: format!("line {line}: {actual}") }
        }
        other => other,
    }
}
