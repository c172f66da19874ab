//! Answers the questions of a script with any engine that has [`Session`]s.
//!
//! Enters: an operation and its line; leaves: an answer or why there is none. Numbers are checked here, so that a session
//! only sees those that it gave out. Reading and writing lines is the caller's.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::message::{Ask, Done, Fault, Hex, OPS, Outcome, Ready};
use super::words::Word;
use crate::engine::{Failure, InstanceId, ModuleId, Session};

/// An engine that serves scripts.
pub trait Scripted {
    /// A store for a script that may use these features, and those of them that the engine lacks.
    ///
    /// # Errors
    /// When there is no such store.
    fn open(&mut self, features: &[String]) -> Result<(Box<dyn Session>, Vec<String>), String>;
}

/// What has been made since the last `script`.
pub struct Server<S> {
    engine: S,
    script: Option<Script>,
}

struct Script {
    session: Box<dyn Session>,
    modules: usize,
    instances: usize,
}

impl<S: Scripted> Server<S> {
    /// Serves this engine.
    pub fn new(engine: S) -> Self {
        Self { engine, script: None }
    }

    /// Answers a question; `None` where it does not belong to scripts.
    pub fn answer(&mut self, op: &str, line: &Json) -> Option<Result<Json, Fault>> {
        OPS.contains(&op).then(|| {
            let ask = Ask::deserialize(line).map_err(|error| fault("malformed", error.to_string()))?;
            match ask {
                Ask::Script { features } => json(self.begin(&features)?),
                ask => {
                    let script = self.script.as_mut();
                    json(script.ok_or_else(|| fault("not-begun", "`script` comes first"))?.take(ask)?)
                }
            }
        })
    }

    fn begin(&mut self, features: &[String]) -> Result<Ready, Fault> {
        self.script = None;
        let (session, lacking) =
            self.engine.open(features).map_err(|message| fault("unsupported", message))?;
        self.script = Some(Script { session, modules: 0, instances: 0 });
        Ok(Ready { lacking })
    }
}

impl Script {
    fn take(&mut self, ask: Ask) -> Result<Done, Fault> {
        let session = &mut self.session;
        let outcome = match ask {
            Ask::Script { .. } => Outcome::done(),
            Ask::Check { wasm: Hex(wasm), custom: true } => nothing(session.check_custom(&wasm)),
            Ask::Check { wasm: Hex(wasm), custom: false } => nothing(session.check(&wasm)),
            Ask::Define { wasm: Hex(wasm) } => match session.define(&wasm) {
                Ok(module) => {
                    self.modules += 1;
                    return Ok(Done { outcome: Outcome::done(), imports: session.imports(module) });
                }
                Err(failure) => failure.into(),
            },
            Ask::Create { module } => {
                let module = known("module", module, self.modules).map(ModuleId)?;
                let made = session.instantiate(module);
                self.instances += usize::from(made.is_ok());
                nothing(made.map(drop))
            }
            Ask::Register { name, instance, add } => {
                let instance = known("instance", instance, self.instances).map(InstanceId)?;
                if add {
                    session.add(&name, instance);
                } else {
                    session.register(&name, instance);
                }
                Outcome::done()
            }
            Ask::Unregister { name } => {
                session.unregister(&name);
                Outcome::done()
            }
            Ask::Call { instance, name, args } => {
                let instance = known("instance", instance, self.instances).map(InstanceId)?;
                let args: Vec<_> = args.into_iter().map(|Word(value)| value).collect();
                let mut results = Vec::new();
                let called = session.invoke(instance, &name, &args, &mut results);
                called.map_or_else(Outcome::from, |()| {
                    Outcome::Returned(results.into_iter().map(Word).collect())
                })
            }
            Ask::Read { instance, name } => {
                let instance = known("instance", instance, self.instances).map(InstanceId)?;
                let value = session.get(instance, &name);
                value.map_or_else(Outcome::from, |value| Outcome::Returned(vec![Word(value)]))
            }
        };
        Ok(Done { outcome, imports: Vec::new() })
    }
}

fn nothing(outcome: Result<(), Failure>) -> Outcome {
    outcome.map_or_else(Outcome::from, |()| Outcome::done())
}

/// A number that was given out. Sessions count as this does: what was made gets the next number.
fn known(what: &str, number: usize, count: usize) -> Result<usize, Fault> {
    if number < count {
        return Ok(number);
    }
    Err(fault("not-found", format!("there is no {what} {number}: there are {count}")))
}

fn fault(code: &str, message: impl Into<String>) -> Fault {
    Fault { code: code.to_owned(), message: message.into() }
}

fn json(answer: impl Serialize) -> Result<Json, Fault> {
    serde_json::to_value(answer).map_err(|error| fault("internal", error.to_string()))
}
