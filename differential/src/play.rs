//! Plays a case in one lane: a fresh store, fresh modules, every step of the script, and a look around after each.
//!
//! Enters: a case and an engine; leaves: an [`Observation`]. A panic of the engine ends the observation and is part of it.
//! [`Player`] takes the same steps one at a time, for a peer that speaks the engine protocol. Knows nothing of other lanes.

use crate::case::{Argument, Binding, Case, Settings, Step};
use crate::host::{Host, provide};
use crate::observe::{Known, Observation, Outcome, Scope, Seen, State, StepSeen, Survey, Trace, snapshot};
use assay_runtime::{
    Engine, EngineKind, Error, Extern, ExternRef, Instance, Module, Ref, Result, Store, Trap, Val, ValType,
    inspect,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Looks on while a case is played.
pub(crate) trait Watch {
    /// What runs a module, where that is not the engine's own choice.
    fn kind(&self, module: usize) -> Option<EngineKind> {
        let _ = module;
        None
    }

    /// All modules were loaded, and nothing has run.
    fn loaded(&mut self, player: &mut Player) {
        let _ = player;
    }

    /// A step was taken.
    fn stepped(&mut self, player: &mut Player, seen: &StepSeen) {
        let _ = (player, seen);
    }

    /// Every step was taken, and everything is still there.
    fn ended(&mut self, player: &mut Player) {
        let _ = player;
    }
}

impl Watch for () {}

/// Modules are compiled and interpreted in turns.
pub(crate) struct InTurns;

impl Watch for InTurns {
    fn kind(&self, module: usize) -> Option<EngineKind> {
        Some(if module.is_multiple_of(2) { EngineKind::Jit } else { EngineKind::Interp })
    }
}

/// Plays a case on an engine. With `fuel`, each step gets that much, and the engine counts.
pub fn play(case: &Case, engine: &Engine, fuel: Option<u64>) -> Observation {
    play_within(case, engine, fuel, Scope::All)
}

/// The same, where of the state only this much is looked at.
pub(crate) fn play_within(case: &Case, engine: &Engine, fuel: Option<u64>, scope: Scope) -> Observation {
    play_watched(case, engine, fuel, scope, &mut ())
}

/// The same, where somebody looks on.
pub(crate) fn play_watched(
    case: &Case,
    engine: &Engine,
    fuel: Option<u64>,
    scope: Scope,
    watch: &mut dyn Watch,
) -> Observation {
    let mut seen = Observation::default();
    let played = guarded(|| {
        let mut player = Player::new(engine, &case.settings, fuel);
        for (number, module) in case.modules.iter().enumerate() {
            player.load_with(watch.kind(number), &module.bytes);
        }
        watch.loaded(&mut player);
        for (number, step) in case.steps.iter().enumerate() {
            let Taken { outcome, calls, fuel, heap_full } = player.take(step);
            let state = player.state(scope);
            let step = StepSeen { outcome, calls, state, fuel, heap_full };
            watch.stepped(&mut player, &step);
            seen.steps.push(step);
            if seen.limited.is_none() && player.store.data().limited() {
                seen.limited = Some(number);
            }
        }
        watch.ended(&mut player);
    });
    if let Err(message) = played {
        let outcome = Outcome::Panicked(message);
        seen.steps.push(StepSeen {
            outcome,
            calls: Default::default(),
            state: Default::default(),
            fuel: None,
            heap_full: false,
        });
    }
    seen
}

/// Does something with an engine; leaves the message of a panic.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // After a panic only observations are looked at, which are complete up to the step before. Engines are shared, and
    // whoever goes on with one after a panic in it does so knowingly.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| message(&*payload))
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
}

/// A store, and what steps have made in it so far.
pub(crate) struct Player {
    store: Store<Host>,
    modules: Vec<Result<Module>>,
    provided: Vec<Extern>,
    instances: Vec<Option<Instance>>,
    fuel: Option<u64>,
}

/// What came of a step, but for the state.
pub(crate) struct Taken {
    pub(crate) outcome: Outcome,
    pub(crate) calls: Trace,
    /// Fuel left, where it is counted.
    pub(crate) fuel: Option<u64>,
    /// See [`StepSeen::heap_full`].
    pub(crate) heap_full: bool,
}

impl Player {
    /// A player with nothing in its store. The engine counts fuel if `fuel` is given.
    pub(crate) fn new(engine: &Engine, settings: &Settings, fuel: Option<u64>) -> Self {
        let mut store = Store::new(engine, Host::new(settings));
        store.limiter(Host::limiter);
        Self { store, modules: Vec::new(), provided: Vec::new(), instances: Vec::new(), fuel }
    }

    /// Takes a module, which gets the next number. One that is rejected keeps its number; steps with it are rejected, too.
    pub(crate) fn load(&mut self, bytes: &[u8]) -> Outcome {
        self.load_with(None, bytes)
    }

    /// The same, where this engine runs it.
    fn load_with(&mut self, kind: Option<EngineKind>, bytes: &[u8]) -> Outcome {
        let engine = self.store.engine();
        let module = match kind {
            Some(kind) => Module::from_binary_with_engine_kind(engine, kind, bytes),
            None => Module::from_binary(engine, bytes),
        };
        let verdict = module.as_ref().map_or_else(outcome, |_| Outcome::Returned(Vec::new()));
        self.modules.push(module);
        verdict
    }

    /// Takes a step.
    pub(crate) fn take(&mut self, step: &Step) -> Taken {
        if let Some(fuel) = self.fuel {
            self.store.set_fuel(fuel).expect("lanes with fuel count it");
        }
        self.store.data_mut().take_full();
        let outcome = self.outcome_of(step);
        let too_large = matches!(outcome, Outcome::Trapped { kind: Trap::AllocationTooLarge, .. });
        let heap_full = self.store.data_mut().take_full() && too_large;
        let calls = std::mem::take(&mut self.store.data_mut().trace);
        let fuel = self.fuel.and_then(|_| self.store.get_fuel().ok());
        Taken { outcome, calls, fuel, heap_full }
    }

    /// The modules that were accepted.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().filter_map(|module| module.as_ref().ok())
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store<Host> {
        &self.store
    }

    /// What all instances hold by now.
    pub(crate) fn state(&mut self, scope: Scope) -> State {
        self.knowing(|player, known| {
            snapshot(&mut player.store, known, &player.provided, &player.instances, scope)
        })
    }

    /// How many modules there are, and how many instances were tried.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.modules.len(), self.instances.len())
    }

    /// The values of all globals of an instance, by its number; `None` where it was not made.
    pub(crate) fn globals(&mut self, instance: usize) -> Option<Vec<Seen>> {
        let instance = self.instances.get(instance).copied().flatten()?;
        let globals = inspect::globals(&mut self.store, instance);
        let values: Vec<Val> = globals.into_iter().map(|global| global.get(&mut self.store)).collect();
        Some(self.seen(values))
    }

    /// The value of an exported global.
    pub(crate) fn global(&mut self, instance: usize, name: &str) -> Option<Seen> {
        let instance = self.instances.get(instance).copied().flatten()?;
        let value = instance.get_global(&mut self.store, name)?.get(&mut self.store);
        self.seen(vec![value]).pop()
    }

    /// Looks at something with the names that things of the store have.
    fn knowing<T>(&mut self, look: impl FnOnce(&mut Self, &mut Known) -> T) -> T {
        let mut known = std::mem::take(&mut self.store.data_mut().known);
        let seen = look(self, &mut known);
        self.store.data_mut().known = known;
        seen
    }

    /// What these values are.
    fn seen(&mut self, values: Vec<Val>) -> Vec<Seen> {
        self.knowing(|player, known| Survey::new(known).values(&mut player.store, values))
    }

    /// What an error means for the comparison.
    fn failure(&mut self, error: &Error) -> Outcome {
        let Error::Exception(thrown) = error else { return outcome(error) };
        let exception = match thrown.exception().to_rooted(&mut self.store) {
            Ok(exception) => Val::ExnRef(Some(exception)),
            Err(error) => return outcome(&error),
        };
        self.seen(vec![exception]).pop().map_or(Outcome::Skipped, Outcome::Threw)
    }

    /// Gives the tags that an instance exports their names, in their order.
    fn learn_tags(&mut self, instance: Instance) {
        let exports = instance.exports(&mut self.store);
        self.knowing(|player, known| {
            for (_, item) in exports {
                if let Extern::Tag(tag) = item {
                    known.tag(&mut player.store, tag);
                }
            }
        });
    }

    fn outcome_of(&mut self, step: &Step) -> Outcome {
        if let Some(module) = step.module() {
            let with = if let Step::Link { with, .. } = step { with.as_slice() } else { &[] };
            let made = self.instantiate(module, with);
            self.instances.push(made.as_ref().ok().copied());
            if let Ok(instance) = made {
                self.learn_tags(instance);
            }
            return made.map_or_else(|outcome| outcome, |_| Outcome::Returned(Vec::new()));
        }
        let named = step.instances().first().copied();
        let Some(instance) = named.and_then(|instance| self.instances.get(instance).copied().flatten())
        else {
            return Outcome::Skipped;
        };
        let taken = match step {
            Step::Instantiate { .. } | Step::Link { .. } => return Outcome::Skipped,
            Step::Call { call, args, .. } => self.call(instance, call, args),
            Step::Write { write, at, bytes, .. } => self.write(instance, write, *at, bytes),
            Step::Set { set, value, .. } => self.set(instance, set, value),
            Step::Put { put, at, value, .. } => self.put(instance, put, *at, value),
            Step::Grow { grow, by, .. } => self.grow(instance, grow, *by),
            Step::Drop { drop } => {
                self.instances[*drop] = None;
                Ok(Outcome::Returned(Vec::new()))
            }
        };
        taken.unwrap_or_else(|error| self.failure(&error))
    }

    fn instantiate(&mut self, module: usize, with: &[Binding]) -> Result<Instance, Outcome> {
        let Some(module) = self.modules.get(module) else {
            return Err(Outcome::Refused(format!("the case has no module {module}")));
        };
        let module = module.as_ref().map_err(outcome)?;
        let mut imports = Vec::new();
        for (position, import) in module.imports().enumerate() {
            if let Some(binding) = with.iter().find(|binding| binding.import == position) {
                let Some(instance) = self.instances.get(binding.instance).copied().flatten() else {
                    return Err(Outcome::Skipped);
                };
                let item = instance.get_export(&mut self.store, &binding.export);
                imports.push(item.ok_or_else(|| missing("export", &binding.export))?);
                continue;
            }
            let item = provide(&mut self.store, position, &import).map_err(|error| outcome(&error))?;
            self.provided.push(item.clone());
            imports.push(item);
        }
        let made = Instance::new(&mut self.store, module, &imports);
        made.map_err(|error| self.failure(&error))
    }

    fn write(&mut self, instance: Instance, name: &str, at: u64, bytes: &[u8]) -> Result<Outcome> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let written = match instance.get_export(&mut self.store, name) {
            Some(Extern::Memory(memory)) => memory.write(&mut self.store, at, bytes),
            Some(Extern::SharedMemory(memory)) => memory.write(at, bytes),
            _ => return Ok(missing("memory", name)),
        };
        Ok(done(written.is_ok()))
    }

    fn set(&mut self, instance: Instance, name: &str, value: &Argument) -> Result<Outcome> {
        let Some(global) = instance.get_global(&mut self.store, name) else {
            return Ok(missing("global", name));
        };
        let value = self.value(value)?;
        Ok(done(global.set(&mut self.store, value).is_ok()))
    }

    fn put(&mut self, instance: Instance, name: &str, at: u64, value: &Argument) -> Result<Outcome> {
        let Some(table) = instance.get_table(&mut self.store, name) else {
            return Ok(missing("table", name));
        };
        let value = match self.value(value)? {
            Val::FuncRef(func) => Ref::Func(func),
            Val::ExternRef(data) => Ref::Extern(data),
            Val::AnyRef(object) => Ref::Any(object),
            _ => return Ok(Outcome::Refused(format!("{name:?} holds references"))),
        };
        Ok(done(table.set(&mut self.store, at, value).is_ok()))
    }

    /// The size before, or -1.
    fn grow(&mut self, instance: Instance, name: &str, by: u64) -> Result<Outcome> {
        let grown = match instance.get_export(&mut self.store, name) {
            Some(Extern::Memory(memory)) => memory.grow(&mut self.store, by),
            Some(Extern::SharedMemory(memory)) => memory.grow(by),
            Some(Extern::Table(table)) => {
                let element = ValType::Ref(table.ty(&self.store).element);
                let null = inspect::zero(&self.store, element).as_ref();
                table.grow(&mut self.store, by, null.unwrap_or(Ref::Func(None)))
            }
            _ => return Ok(missing("memory or table", name)),
        };
        Ok(Outcome::Returned(vec![Seen::I64(grown.unwrap_or(u64::MAX))]))
    }

    fn call(&mut self, instance: Instance, name: &str, args: &[Argument]) -> Result<Outcome> {
        let Some(func) = instance.get_func(&mut self.store, name) else {
            return Ok(Outcome::Refused(format!("there is no function {name:?}")));
        };
        let ty = func.ty(&self.store);
        let mut types = ty.params();
        let mut params = Vec::with_capacity(args.len());
        for arg in args {
            params.push(match (arg, types.next()) {
                // Null is null, whatever is asked for.
                (Argument::Func(None) | Argument::Extern(None), Some(ty @ ValType::Ref(_))) => {
                    inspect::zero(&self.store, ty)
                }
                _ => self.value(arg)?,
            });
        }
        let mut results = vec![Val::I32(0); ty.results().len()];
        func.call(&mut self.store, &params, &mut results)?;
        Ok(Outcome::Returned(self.seen(results)))
    }

    fn value(&mut self, arg: &Argument) -> Result<Val> {
        Ok(match arg {
            Argument::I32(bits) => Val::I32(bits.cast_signed()),
            Argument::I64(bits) => Val::I64(bits.cast_signed()),
            Argument::F32(bits) => Val::F32(*bits),
            Argument::F64(bits) => Val::F64(*bits),
            Argument::V128(bits) => Val::V128(*bits),
            Argument::Extern(None) => Val::ExternRef(None),
            Argument::Extern(Some(number)) => Val::ExternRef(Some(ExternRef::new(&mut self.store, *number)?)),
            Argument::Func(None) => Val::FuncRef(None),
            Argument::Func(Some((instance, name))) => {
                let instance = self.instances.get(*instance).copied().flatten();
                Val::FuncRef(instance.and_then(|instance| instance.get_func(&mut self.store, name)))
            }
        })
    }
}

fn missing(what: &str, name: &str) -> Outcome {
    Outcome::Refused(format!("there is no {what} {name:?}"))
}

/// What a step of the host's returns that can be done or not.
fn done(done: bool) -> Outcome {
    Outcome::Returned(vec![Seen::I32(u32::from(done))])
}

/// What an error means for the comparison.
fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Trap(trap) => {
            let innermost = trap.backtrace().frames().first();
            let element = trap.detail().filter(|_| trap.kind() == Trap::UninitializedElement);
            Outcome::Trapped {
                kind: trap.kind(),
                element,
                place: innermost.map(|frame| (frame.func_index, frame.offset)),
                accesses: (trap.kind() == Trap::MemoryOutOfBounds).then_some(trap.access().is_some()),
            }
        }
        Error::Host { .. } => Outcome::HostError,
        Error::Module(_) | Error::Text(_) | Error::Unsupported { .. } => Outcome::Rejected(error.to_string()),
        Error::Limit(message) => Outcome::Limited(message.clone()),
        other => Outcome::Refused(other.to_string()),
    }
}
