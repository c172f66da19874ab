//! A script on an engine of another process.
//!
//! Enters: modules, names, calls; leaves: values and failures as the engine tells them, in a length that fits a report. Once
//! the engine is gone, every question fails, and [`Session::gone`] says how it went.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::factory::Shared;
use super::lacking::Lacking;
use super::message::{Ask, Done, Fault, Hex, Outcome, Ready};
use super::process::{Process, ProcessError};
use super::spectest;
use super::words::Word;
use crate::engine::{Failure, Gone, InstanceId, ModuleId, Session, Stage};
use crate::features::Profile;
use crate::value::Value;

/// Characters of an engine's words that results keep.
const WORDS: usize = 400;

pub(super) struct ExternalSession {
    shared: Arc<Shared>,
    profile: &'static Profile,
    time: Duration,
    /// Once the engine has begun the script: what it lacks for it.
    begun: Option<Lacking>,
    gone: Option<Gone>,
    /// How many modules and instances the engine has made.
    made: [usize; 2],
    modules: Vec<Module>,
    instances: Vec<usize>,
    /// Whether somebody provides `spectest` already.
    spectest: bool,
}

/// A module with its number in the engine.
struct Module {
    number: usize,
    imports: Vec<String>,
}

impl ExternalSession {
    pub(super) fn new(shared: Arc<Shared>, profile: &'static Profile, time: Duration) -> Self {
        Self {
            shared,
            profile,
            time,
            begun: None,
            gone: None,
            made: [0; 2],
            modules: Vec::new(),
            instances: Vec::new(),
            spectest: false,
        }
    }

    /// Asks, and notes when the engine is lost over it.
    fn ask(&mut self, ask: &Ask) -> Result<Done, Failure> {
        if self.gone.is_some() {
            return Err(Failure::new(Stage::Host, "the engine is gone"));
        }
        let shared = Arc::clone(&self.shared);
        let mut slot = shared.process.lock().unwrap_or_else(PoisonError::into_inner);
        match self.exchange(&mut slot, ask) {
            Ok(answer) => {
                let answer = answer.map_err(|Fault { code, message }| {
                    Failure::new(Stage::Host, cut(format!("the engine reports {code}: {message}")))
                })?;
                Ok(answer)
            }
            Err(error) => {
                let words = slot.take().map_or_else(String::new, |mut process| process.words());
                self.gone = Some(error.gone(words));
                Err(Failure::new(Stage::Host, error.to_string()))
            }
        }
    }

    fn exchange(
        &mut self,
        slot: &mut Option<Process>,
        ask: &Ask,
    ) -> Result<Result<Done, Fault>, ProcessError> {
        let process = match slot {
            Some(process) => process,
            None => slot.insert(Process::start(&self.shared.command, self.time)?),
        };
        if self.begun.is_none() {
            let features = self.profile.keys().map(str::to_owned).collect();
            match process.ask::<Ready>(&Ask::Script { features }, self.time)? {
                Ok(Ready { lacking }) => {
                    let profile: Vec<&str> = self.profile.keys().collect();
                    self.begun = Some(Lacking::new(&profile, &lacking));
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
        process.ask(ask, self.time)
    }

    /// Asks for something that goes well or not.
    fn outcome(&mut self, ask: &Ask) -> Result<Vec<Word>, Failure> {
        result(self.ask(ask)?.outcome)
    }

    /// A module that was refused for a feature that the engine lacks is not the engine's fault.
    fn refused(&self, wasm: &[u8], failure: Failure) -> Failure {
        use Stage::{Invalid, Malformed, Rejected, Unsupported};
        let named = failure.stage == Unsupported && self.profile.has(&failure.text);
        if named || !matches!(failure.stage, Malformed | Invalid | Rejected | Unsupported) {
            return failure;
        }
        match self.begun.as_ref().and_then(|lacking| lacking.needed(wasm)) {
            Some(feature) => Failure::new(Unsupported, feature),
            None => failure,
        }
    }

    fn make_module(&mut self, wasm: Vec<u8>) -> Result<Module, Failure> {
        let Done { outcome, imports } = self.ask(&Ask::Define { wasm: Hex(wasm) })?;
        result(outcome)?;
        self.made[0] += 1;
        Ok(Module { number: self.made[0] - 1, imports })
    }

    fn make_instance(&mut self, module: usize) -> Result<usize, Failure> {
        self.outcome(&Ask::Create { module })?;
        self.made[1] += 1;
        Ok(self.made[1] - 1)
    }

    /// Provides the parts of `spectest` that the engine takes.
    fn provide_spectest(&mut self) {
        self.spectest = true;
        for wasm in spectest::parts() {
            let made = self.make_module(wasm).and_then(|module| self.make_instance(module.number));
            if let Ok(instance) = made {
                let name = spectest::NAME.to_owned();
                // What cannot be registered is missed by whoever imports it.
                let _registered = self.outcome(&Ask::Register { name, instance, add: true });
            }
        }
    }

    fn enter(&mut self, name: &str, instance: InstanceId, add: bool) {
        self.spectest |= name == spectest::NAME;
        let instance = self.instances[instance.0];
        // As above.
        let _registered = self.outcome(&Ask::Register { name: name.to_owned(), instance, add });
    }
}

impl Session for ExternalSession {
    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let checked = self.outcome(&Ask::Check { wasm: Hex(bytes.to_vec()), custom: false });
        checked.map(drop).map_err(|failure| self.refused(bytes, failure))
    }

    fn check_custom(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.outcome(&Ask::Check { wasm: Hex(bytes.to_vec()), custom: true }).map(drop)
    }

    fn define(&mut self, bytes: &[u8]) -> Result<ModuleId, Failure> {
        let module = self.make_module(bytes.to_vec()).map_err(|failure| self.refused(bytes, failure))?;
        self.modules.push(module);
        Ok(ModuleId(self.modules.len() - 1))
    }

    fn imports(&self, module: ModuleId) -> Vec<String> {
        self.modules[module.0].imports.clone()
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Failure> {
        let Module { number, imports } = &self.modules[module.0];
        let number = *number;
        if !self.spectest && imports.iter().any(|name| name == spectest::NAME) {
            self.provide_spectest();
        }
        let instance = self.make_instance(number)?;
        self.instances.push(instance);
        Ok(InstanceId(self.instances.len() - 1))
    }

    fn register(&mut self, name: &str, instance: InstanceId) {
        self.enter(name, instance, false);
    }

    fn add(&mut self, name: &str, instance: InstanceId) {
        self.enter(name, instance, true);
    }

    fn unregister(&mut self, name: &str) {
        // As above: nothing can be done about a name that stays.
        let _taken = self.outcome(&Ask::Unregister { name: name.to_owned() });
    }

    fn invoke(
        &mut self,
        instance: InstanceId,
        field: &str,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        let args = args.iter().copied().map(Word).collect();
        let instance = self.instances[instance.0];
        let words = self.outcome(&Ask::Call { instance, name: field.to_owned(), args })?;
        results.clear();
        results.extend(words.into_iter().map(|Word(value)| value));
        Ok(())
    }

    fn get(&mut self, instance: InstanceId, field: &str) -> Result<Value, Failure> {
        let instance = self.instances[instance.0];
        let words = self.outcome(&Ask::Read { instance, name: field.to_owned() })?;
        match words[..] {
            [Word(value)] => Ok(value),
            _ => Err(Failure::new(Stage::Host, format!("{} values of one global", words.len()))),
        }
    }

    fn gone(&self) -> Option<&Gone> {
        self.gone.as_ref()
    }
}

fn result(outcome: Outcome) -> Result<Vec<Word>, Failure> {
    outcome.into_result().map_err(|failure| Failure { text: cut(failure.text), ..failure })
}

/// As much of an engine's words as results keep.
fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(WORDS) {
        text.truncate(at);
        text.push('…');
    }
    text
}
