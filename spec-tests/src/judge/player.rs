//! Plays directives one after another and remembers what later ones build on.
//!
//! Enters: a directive; leaves: its judgement. Keeps, for the current instance and each name, either the instance or the
//! reason why there is none; whoever builds on a reason inherits it. Knows what directives do, not what results mean.

use std::collections::HashMap;

use super::threads::{Running, Threads};
use super::verdict;
use super::{Absence, Judgement};
use crate::engine::{Failure, Gone, InstanceId, ModuleId, Session, SharedExports, Stage};
use crate::features::Profile;
use crate::script::{Action, Call, Directive, Refusal, Source};
use crate::value::Value;

/// Something that a script made, or why it is not there.
type Slot<T> = Result<T, Absence>;

/// One script on one session.
pub struct Player<'s, 'a> {
    session: &'s mut dyn Session,
    profile: &'static Profile,
    /// The instance that directives without a name mean; `None` before the first module.
    current: Option<Slot<InstanceId>>,
    instances: HashMap<&'a str, Slot<InstanceId>>,
    definition: Option<Slot<ModuleId>>,
    definitions: HashMap<&'a str, Slot<ModuleId>>,
    registered: HashMap<&'a str, InstanceId>,
    /// Registered names whose instance is not there.
    missing: HashMap<&'a str, Absence>,
    threads: Threads,
    /// Threads for which somebody is going to wait.
    running: HashMap<&'a str, Slot<Running>>,
    results: Vec<Value>,
}

/// Why an action gave no results.
enum Trouble {
    /// The engine said no.
    Failed(Failure),
    /// What it builds on is not there.
    Absent(Absence),
}

impl<'s, 'a> Player<'s, 'a> {
    /// A player at the beginning of a script.
    pub fn new(session: &'s mut dyn Session, profile: &'static Profile, threads: Threads) -> Self {
        Self {
            session,
            profile,
            current: None,
            instances: HashMap::new(),
            definition: None,
            definitions: HashMap::new(),
            registered: HashMap::new(),
            missing: HashMap::new(),
            threads,
            running: HashMap::new(),
            results: Vec::new(),
        }
    }

    /// Plays the directive with this index.
    pub fn play(&mut self, index: usize, directive: &Directive<'a>) -> Judgement {
        match directive {
            Directive::Module { name, source } => {
                let made = self.define(source).and_then(|module| self.instantiate(module));
                let (slot, judgement) = settle(index, "a module that can be instantiated", made);
                if let Err(absence) = &slot {
                    self.miss_writes(source, absence);
                }
                self.bind(*name, slot);
                judgement
            }
            Directive::Definition { name, source } => {
                let made = self.define(source);
                let (slot, judgement) = settle(index, "a valid module", made);
                self.bind_definition(*name, slot);
                judgement
            }
            Directive::Instance { name, module } => {
                let made = self.definition(*module).and_then(|module| self.instantiate(module));
                let (slot, judgement) = settle(index, "an instance", made);
                self.bind(*name, slot);
                judgement
            }
            Directive::Register { name, instance } => self.register(index, name, *instance),
            Directive::Invoke(call) => match self.call(call) {
                Ok(()) => Judgement::Pass,
                Err(trouble) => judge(trouble, |failure| verdict::success("a call that returns", &failure)),
            },
            Directive::Return { action, results } => {
                self.act(action, |outcome| verdict::values(results, outcome))
            }
            Directive::Trap { action, message } => {
                self.act(action, |outcome| verdict::abrupt(Stage::Trap, message, outcome))
            }
            Directive::Exhaustion { call, message } => {
                let outcome = self.call(call);
                self.look(outcome, |outcome| verdict::abrupt(Stage::Exhaustion, message, outcome))
            }
            Directive::Exception { action } => {
                self.act(action, |outcome| verdict::abrupt(Stage::Exception, "", outcome))
            }
            Directive::Refused { at, source, message } => self.refuse(*at, source, message),
            Directive::Thread { name, shared, text, line, awaited } => {
                let made = self.start(*shared, text, *line);
                if !awaited {
                    return made.map_or_else(
                        |trouble| settle::<()>(index, "a thread", Err(trouble)).1,
                        Running::join,
                    );
                }
                let (slot, judgement) = settle(index, "a thread", made);
                self.running.insert(*name, slot);
                judgement
            }
            Directive::Wait { thread } => match self.running.remove(thread) {
                Some(Ok(running)) => running.join(),
                Some(Err(absence)) => Judgement::Skip(absence),
                None => {
                    let failure = Failure::new(Stage::Host, format!("there is no thread ${thread}"));
                    verdict::success("a thread", &failure)
                }
            },
            Directive::Foreign { feature } => Judgement::Skip(Absence::Feature((*feature).to_owned())),
            Directive::Unreadable { .. } => self.pass_over_text(index, directive),
        }
    }

    /// Passes over a directive that was lost with its worker: what it would have made is not there.
    pub fn lose(&mut self, index: usize, directive: &Directive<'a>) {
        let absence = Absence::Blocked(index);
        match directive {
            Directive::Module { name, .. } | Directive::Instance { name, .. } => {
                self.bind(*name, Err(absence));
            }
            Directive::Definition { name, .. } => self.bind_definition(*name, Err(absence)),
            Directive::Register { name, .. } => self.lose_name(name, absence),
            Directive::Thread { name, .. } => {
                self.running.insert(*name, Err(absence));
            }
            Directive::Unreadable { module: Some(name), .. } => self.bind(*name, Err(absence)),
            _ => {}
        }
    }

    /// How the engine was lost, if it is gone.
    pub fn gone(&self) -> Option<&Gone> {
        self.session.gone()
    }

    /// Takes what an instance of another session shares, as the instance of that name.
    pub(super) fn adopt(&mut self, name: &'a str, exports: SharedExports) -> Result<(), Failure> {
        let instance = self.session.adopt(exports)?;
        self.instances.insert(name, Ok(instance));
        Ok(())
    }

    fn start(&mut self, shared: Option<&str>, text: &str, line: u32) -> Result<Running, Trouble> {
        if !self.threads.can_start() {
            return Err(Trouble::Absent(Absence::Feature("threads".to_owned())));
        }
        let exports = match shared {
            Some(name) => {
                let instance = self.instance(Some(name))?;
                Some(self.session.share(instance).map_err(|failure| self.trouble(failure))?)
            }
            None => None,
        };
        self.threads.start(text, line, exports).map_err(Trouble::Failed)
    }

    /// Text that the parser refuses.
    fn pass_over_text(&mut self, index: usize, directive: &Directive<'a>) -> Judgement {
        let Directive::Unreadable { module, message } = directive else { return Judgement::Pass };
        if let Some(name) = module {
            self.bind(*name, Err(Absence::Blocked(index)));
        }
        verdict::success("a directive", &Failure::new(Stage::Malformed, message.as_str()))
    }

    fn register(&mut self, index: usize, name: &'a str, instance: Option<&'a str>) -> Judgement {
        match self.instance(instance) {
            Ok(instance) => {
                self.missing.remove(name);
                self.registered.insert(name, instance);
                self.session.register(name, instance);
                Judgement::Pass
            }
            Err(trouble) => {
                let (slot, judgement) = settle::<()>(index, "an instance", Err(trouble));
                if let Err(absence) = slot {
                    self.lose_name(name, absence);
                }
                judgement
            }
        }
    }

    /// A module was not instantiated that would have written into others: what these hold now is not what the script
    /// goes on with, so they are not there any more either.
    fn miss_writes(&mut self, source: &Source<'a>, absence: &Absence) {
        for module in source.writes_into() {
            let Some(&instance) = self.registered.get(module) else { continue };
            let slots = self.instances.values_mut().chain(&mut self.current);
            slots.filter(|slot| **slot == Ok(instance)).for_each(|slot| *slot = Err(absence.clone()));
            let names: Vec<&str> = self
                .registered
                .iter()
                .filter(|(_, other)| **other == instance)
                .map(|(name, _)| *name)
                .collect();
            names.into_iter().for_each(|name| self.lose_name(name, absence.clone()));
        }
    }

    fn lose_name(&mut self, name: &'a str, absence: Absence) {
        self.registered.remove(name);
        self.session.unregister(name);
        self.missing.insert(name, absence);
    }

    fn refuse(&mut self, at: Refusal, source: &Source<'a>, message: &str) -> Judgement {
        let outcome = match at {
            Refusal::Malformed | Refusal::Invalid => self.check(source),
            Refusal::Unlinkable => self.define(source).and_then(|module| self.instantiate(module)).map(drop),
            Refusal::MalformedCustom | Refusal::InvalidCustom => self.check_custom(source),
        };
        match outcome {
            Ok(()) => verdict::accepted(at, message),
            Err(trouble) => {
                judge(trouble, |failure| verdict::refused(verdict::stage_of(at), message, &failure))
            }
        }
    }

    fn act(
        &mut self,
        action: &Action<'a>,
        look: impl FnOnce(Result<&[Value], Failure>) -> Judgement,
    ) -> Judgement {
        let outcome = match action {
            Action::Call(call) => self.call(call),
            Action::Get { instance, field } => self.get(*instance, field),
            Action::Module(source) => {
                self.results.clear();
                let made = self.define(source).and_then(|module| self.instantiate(module));
                if let Err(Trouble::Absent(absence)) = &made {
                    self.miss_writes(source, absence);
                }
                made.map(drop)
            }
        };
        self.look(outcome, look)
    }

    fn look(
        &self,
        outcome: Result<(), Trouble>,
        look: impl FnOnce(Result<&[Value], Failure>) -> Judgement,
    ) -> Judgement {
        match outcome {
            Ok(()) => look(Ok(&self.results)),
            Err(trouble) => judge(trouble, |failure| look(Err(failure))),
        }
    }

    fn call(&mut self, call: &Call<'a>) -> Result<(), Trouble> {
        let instance = self.instance(call.instance)?;
        let called = self.session.invoke(instance, call.field, &call.args, &mut self.results);
        called.map_err(|failure| self.trouble(failure))
    }

    fn get(&mut self, instance: Option<&str>, field: &str) -> Result<(), Trouble> {
        let instance = self.instance(instance)?;
        let value = self.session.get(instance, field).map_err(|failure| self.trouble(failure))?;
        self.results.clear();
        self.results.push(value);
        Ok(())
    }

    fn check(&mut self, source: &Source<'a>) -> Result<(), Trouble> {
        let bytes = encode(source).map_err(Trouble::Failed)?;
        self.session.check(bytes).map_err(|failure| self.refusal(failure))
    }

    /// Looks into custom sections. Where an annotation has become one, the module is sound but for it.
    fn check_custom(&mut self, source: &Source<'a>) -> Result<(), Trouble> {
        let bytes = encode(source).map_err(Trouble::Failed)?;
        let unsound = |failure| Failure::new(Stage::Host, format!("the module itself is {failure}"));
        self.session.check(bytes).map_err(|failure| Trouble::Failed(unsound(failure)))?;
        self.session.check_custom(bytes).map_err(|failure| match failure.stage {
            // Whoever does not read custom sections has neither accepted nor refused them.
            Stage::Unsupported => Trouble::Absent(Absence::Feature(failure.text)),
            _ => self.refusal(failure),
        })
    }

    fn define(&mut self, source: &Source<'a>) -> Result<ModuleId, Trouble> {
        let bytes = encode(source).map_err(Trouble::Failed)?;
        self.session.define(bytes).map_err(|failure| self.refusal(failure))
    }

    fn instantiate(&mut self, module: ModuleId) -> Result<InstanceId, Trouble> {
        if !self.missing.is_empty() {
            let imports = self.session.imports(module);
            if let Some(absence) = imports.iter().find_map(|name| self.missing.get(name.as_str())) {
                return Err(Trouble::Absent(absence.clone()));
            }
        }
        self.session.instantiate(module).map_err(|failure| self.trouble(failure))
    }

    fn instance(&self, name: Option<&str>) -> Result<InstanceId, Trouble> {
        let slot = match name {
            Some(name) => self.instances.get(name),
            None => self.current.as_ref(),
        };
        slot_of(slot, name)
    }

    fn definition(&self, name: Option<&str>) -> Result<ModuleId, Trouble> {
        let slot = match name {
            Some(name) => self.definitions.get(name),
            None => self.definition.as_ref(),
        };
        slot_of(slot, name)
    }

    fn bind(&mut self, name: Option<&'a str>, slot: Slot<InstanceId>) {
        if let Some(name) = name {
            self.instances.insert(name, slot.clone());
        }
        self.current = Some(slot);
    }

    fn bind_definition(&mut self, name: Option<&'a str>, slot: Slot<ModuleId>) {
        if let Some(name) = name {
            self.definitions.insert(name, slot.clone());
        }
        self.definition = Some(slot);
    }

    /// A feature of the profile that the engine does not have is an absence.
    fn trouble(&self, failure: Failure) -> Trouble {
        if failure.stage == Stage::Unsupported && self.profile.has(&failure.text) {
            return Trouble::Absent(Absence::Feature(failure.text));
        }
        Trouble::Failed(failure)
    }

    /// For a module, a feature outside the profile is as good as unknown: the module is invalid.
    fn refusal(&self, failure: Failure) -> Trouble {
        match self.trouble(failure) {
            Trouble::Failed(failure) if failure.stage == Stage::Unsupported => Trouble::Failed(Failure::new(
                Stage::Invalid,
                format!("needs {}, which is off for this file", failure.text),
            )),
            trouble => trouble,
        }
    }
}

fn encode<'b>(source: &'b Source<'_>) -> Result<&'b [u8], Failure> {
    source.bytes().map_err(|error| Failure::new(Stage::Malformed, error.to_string()))
}

fn slot_of<T: Copy>(slot: Option<&Slot<T>>, name: Option<&str>) -> Result<T, Trouble> {
    match slot {
        Some(Ok(made)) => Ok(*made),
        Some(Err(absence)) => Err(Trouble::Absent(absence.clone())),
        None => {
            let text = name.map_or_else(
                || "there is no module yet".to_owned(),
                |name| format!("there is no module ${name}"),
            );
            Err(Trouble::Failed(Failure::new(Stage::Host, text)))
        }
    }
}

fn judge(trouble: Trouble, fail: impl FnOnce(Failure) -> Judgement) -> Judgement {
    match trouble {
        Trouble::Absent(absence) => Judgement::Skip(absence),
        Trouble::Failed(failure) => fail(failure),
    }
}

/// What a directive made, for those that build on it, and the judgement of the directive itself.
fn settle<T>(index: usize, expected: &str, made: Result<T, Trouble>) -> (Slot<T>, Judgement) {
    match made {
        Ok(made) => (Ok(made), Judgement::Pass),
        Err(Trouble::Absent(absence)) => (Err(absence.clone()), Judgement::Skip(absence)),
        Err(Trouble::Failed(failure)) => (Err(Absence::Blocked(index)), verdict::success(expected, &failure)),
    }
}
