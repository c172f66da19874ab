//! An engine that serves the protocol: a store, and what the steps of a case have made in it.
//!
//! Compiled twice, once inside each engine's module, whose `api` says what the two call differently.

use super::api::{
    self, Caller, Engine, Extern, ExternType, Func, Instance, Module, Store, StoreLimits, StoreLimitsBuilder,
    Val,
};
use super::script::Scripts;
use crate::shared::{Import, export_names, import_kinds, refused, speak};
use assay_differential::case::{Argument, Binding, Settings, Step};
use assay_differential::draw::{Draws, Kind, result, value};
use assay_differential::external::message::{Capabilities, Code, Done, Ended, Fault, Greeting, VERSION};
use assay_differential::external::serve::Peer;
use assay_differential::external::words::Word;
use assay_differential::observe::{HostCall, Image, Scope, Seen, State, Trace};

/// Serves the protocol until its input ends.
///
/// # Errors
/// When the engine cannot be made, or nobody can be spoken with.
pub fn run() -> Result<(), String> {
    speak(|| Ok(Box::new(Machine { engine: api::engine()?, play: None })), Scripts::default)
}

/// What the harness keeps in a store.
pub(super) struct Host {
    draws: Draws,
    limits: StoreLimits,
    trace: Trace,
}

struct Machine {
    engine: Engine,
    play: Option<Play>,
}

/// A module with what engines do not keep of it.
struct Loaded {
    module: Module,
    imports: Vec<Import>,
    exports: Vec<String>,
}

/// What there is since `begin`.
struct Play {
    store: Store<Host>,
    modules: Vec<Result<Loaded, Ended>>,
    provided: Vec<Extern>,
    /// Each with the number of its module.
    instances: Vec<Option<(Instance, usize)>>,
}

impl Peer for Machine {
    fn greeting(&self) -> Greeting {
        Greeting {
            protocol: VERSION,
            engine: api::NAME.to_owned(),
            version: api::VERSION.to_owned(),
            capabilities: Capabilities {
                features: api::FEATURES.iter().map(|&feature| feature.to_owned()).collect(),
                limits: true,
                steps: true,
                state: Scope::Exported,
                alike: api::ALIKE
                    .iter()
                    .map(|group| group.iter().map(|&text| text.to_owned()).collect())
                    .collect(),
                ..Capabilities::none()
            },
        }
    }

    fn begin(&mut self, settings: &Settings, fuel: Option<u64>) -> Result<(), Fault> {
        if fuel.is_some() {
            return Err(Fault { code: Code::Unsupported, message: "fuel is not counted here".to_owned() });
        }
        let limits = StoreLimitsBuilder::new()
            .memory_size(settings.memory_bytes)
            .table_elements(settings.table_elements);
        let draws = Draws::new(settings.host_seed, settings.host_errors);
        let mut store =
            Store::new(&self.engine, Host { draws, limits: limits.build(), trace: Trace::default() });
        store.limiter(|host| &mut host.limits);
        self.play = Some(Play { store, modules: Vec::new(), provided: Vec::new(), instances: Vec::new() });
        Ok(())
    }

    fn abandon(&mut self) {
        std::mem::forget(self.play.take());
    }

    fn counts(&self) -> Option<(usize, usize)> {
        self.play.as_ref().map(|play| (play.modules.len(), play.instances.len()))
    }

    fn load(&mut self, wasm: &[u8]) -> Ended {
        let loaded = |module| Loaded { module, imports: import_kinds(wasm), exports: export_names(wasm) };
        let made = api::module(&self.engine, wasm).map(loaded).map_err(refused);
        let ended = made.as_ref().map_or_else(Ended::clone, |_| Ended::Returned(Vec::new()));
        if let Some(play) = &mut self.play {
            play.modules.push(made);
        }
        ended
    }

    fn take(&mut self, step: &Step) -> Done {
        let Some(play) = &mut self.play else {
            return Done { outcome: Ended::Skipped, calls: Trace::default().into(), fuel: None };
        };
        let outcome = play.step(step);
        let calls = std::mem::take(&mut play.store.data_mut().trace).into();
        Done { outcome, calls, fuel: None }
    }

    fn global(&mut self, instance: usize, name: &str) -> Option<Seen> {
        let play = self.play.as_mut()?;
        let (instance, _) = play.instances.get(instance).copied().flatten()?;
        let global = instance.get_global(&mut play.store, name)?;
        let value = global.get(&mut play.store);
        Some(api::seen(&play.store, &value))
    }

    fn state(&mut self, scope: Scope) -> Result<State, Fault> {
        if scope == Scope::All {
            return Err(Fault {
                code: Code::Unsupported,
                message: "only what is exported can be seen here".to_owned(),
            });
        }
        let mut state = State::default();
        let Some(play) = self.play.as_mut().filter(|_| scope == Scope::Exported) else { return Ok(state) };
        let mut items = play.provided.clone();
        for &(instance, module) in play.instances.iter().flatten() {
            let names = play.modules[module].as_ref().map(|loaded| &loaded.exports[..]).unwrap_or_default();
            items.extend(names.iter().filter_map(|name| instance.get_export(&mut play.store, name)));
        }
        for item in items {
            play.look(&item, &mut state);
        }
        Ok(state)
    }
}

impl Play {
    fn step(&mut self, step: &Step) -> Ended {
        if let Some(module) = step.module() {
            let with = if let Step::Link { with, .. } = step { with.as_slice() } else { &[] };
            let made = self.instantiate(module, with);
            self.instances.push(made.as_ref().ok().map(|&instance| (instance, module)));
            return made.map_or_else(|ended| ended, |_| Ended::Returned(Vec::new()));
        }
        let named = step.instances().first().copied();
        let Some((instance, _)) = named.and_then(|named| self.instances.get(named).copied().flatten()) else {
            return Ended::Skipped;
        };
        let taken = match step {
            Step::Instantiate { .. } | Step::Link { .. } => return Ended::Skipped,
            Step::Call { call, args, .. } => self.call(instance, call, args),
            Step::Write { write, at, bytes, .. } => self.write(instance, write, *at, bytes),
            Step::Set { set, value, .. } => self.set(instance, set, value),
            Step::Put { put, at, value, .. } => self.put(instance, put, *at, value),
            Step::Grow { grow, by, .. } => self.grow(instance, grow, *by),
            Step::Drop { drop } => {
                self.instances[*drop] = None;
                Ok(Ended::Returned(Vec::new()))
            }
        };
        taken.unwrap_or_else(|ended| ended)
    }

    fn export(&mut self, instance: Instance, name: &str) -> Result<Extern, Ended> {
        let item = instance.get_export(&mut self.store, name);
        item.ok_or_else(|| Ended::Refused(format!("there is no export {name:?}")))
    }

    fn write(&mut self, instance: Instance, name: &str, at: u64, bytes: &[u8]) -> Result<Ended, Ended> {
        let Extern::Memory(memory) = self.export(instance, name)? else { return Err(misfit(name)) };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        Ok(done(memory.write(&mut self.store, at, bytes).is_ok()))
    }

    fn set(&mut self, instance: Instance, name: &str, value: &Argument) -> Result<Ended, Ended> {
        let Extern::Global(global) = self.export(instance, name)? else { return Err(misfit(name)) };
        let value = self.argument(value)?;
        Ok(done(global.set(&mut self.store, value).is_ok()))
    }

    fn put(&mut self, instance: Instance, name: &str, at: u64, value: &Argument) -> Result<Ended, Ended> {
        let Extern::Table(table) = self.export(instance, name)? else { return Err(misfit(name)) };
        let value = self.argument(value)?;
        let value = api::to_ref(value).ok_or_else(|| misfit(name))?;
        Ok(done(table.set(&mut self.store, at, value).is_ok()))
    }

    /// The size before, or -1.
    fn grow(&mut self, instance: Instance, name: &str, by: u64) -> Result<Ended, Ended> {
        let before = match self.export(instance, name)? {
            Extern::Memory(memory) => memory.grow(&mut self.store, by).ok(),
            Extern::Table(table) => {
                let null = api::null_element(&table, &self.store);
                table.grow(&mut self.store, by, null).ok()
            }
            _ => return Err(misfit(name)),
        };
        Ok(Ended::Returned(vec![Word(Seen::I64(before.unwrap_or(u64::MAX)))]))
    }

    fn instantiate(&mut self, module: usize, with: &[Binding]) -> Result<Instance, Ended> {
        let loaded = self.modules[module].as_ref().map_err(Ended::clone)?;
        let mut imports = Vec::new();
        let mut provided = Vec::new();
        let mut left: Vec<(usize, Import)> = loaded.imports.iter().copied().enumerate().collect();
        for import in loaded.module.imports() {
            let ty = import.ty().clone();
            let kind = api::import_kind(&ty);
            let Some(at) = left.iter().position(|&(_, other)| other == kind) else { continue };
            let (position, _) = left.remove(at);
            if let Some(binding) = with.iter().find(|binding| binding.import == position) {
                let named = self.instances.get(binding.instance).copied().flatten();
                let (instance, _) = named.ok_or(Ended::Skipped)?;
                let item = instance.get_export(&mut self.store, &binding.export);
                imports.push(item.ok_or_else(|| misfit(&binding.export))?);
                continue;
            }
            let draw = self.store.data().draws.global(position);
            let item = match ty {
                ExternType::Func(ty) => function(&mut self.store, position, ty).into(),
                ty => api::object(&mut self.store, &ty, |kind| value(kind, draw))
                    .map_err(|error| api::ended(&error))?,
            };
            provided.push((position, item.clone()));
            imports.push(item);
        }
        provided.sort_by_key(|(position, _)| *position);
        self.provided.extend(provided.into_iter().map(|(_, item)| item));
        Instance::new(&mut self.store, &loaded.module, &imports).map_err(|error| api::ended(&error))
    }

    fn call(&mut self, instance: Instance, name: &str, args: &[Argument]) -> Result<Ended, Ended> {
        let Some(func) = instance.get_func(&mut self.store, name) else {
            return Err(Ended::Refused(format!("there is no function {name:?}")));
        };
        let mut params = Vec::with_capacity(args.len());
        for arg in args {
            params.push(self.argument(arg)?);
        }
        let mut results = api::results(&func.ty(&self.store));
        func.call(&mut self.store, &params, &mut results).map_err(|error| api::ended(&error))?;
        Ok(Ended::Returned(results.iter().map(|value| Word(api::seen(&self.store, value))).collect()))
    }

    fn argument(&mut self, argument: &Argument) -> Result<Val, Ended> {
        let seen = match argument {
            Argument::I32(bits) => Seen::I32(*bits),
            Argument::I64(bits) => Seen::I64(*bits),
            Argument::F32(bits) => Seen::F32(*bits),
            Argument::F64(bits) => Seen::F64(*bits),
            Argument::V128(bits) => Seen::V128(*bits),
            Argument::Extern(Some(number)) => Seen::Extern(Some(*number)),
            Argument::Extern(None) => return Ok(api::null_extern()),
            Argument::Func(named) => {
                let found = named.as_ref().and_then(|(instance, name)| {
                    let (instance, _) = self.instances.get(*instance).copied().flatten()?;
                    instance.get_func(&mut self.store, name)
                });
                return Ok(api::func(found));
            }
        };
        api::val(&mut self.store, &seen).map_err(|error| api::ended(&error))
    }

    fn look(&mut self, item: &Extern, state: &mut State) {
        match item {
            Extern::Global(global) => {
                let value = global.get(&mut self.store);
                state.globals.push(api::seen(&self.store, &value));
            }
            Extern::Memory(memory) => state.memories.push(Image::of(memory.data(&self.store))),
            Extern::Table(table) => {
                let size = table.size(&self.store);
                let elements = (0..size)
                    .filter_map(|index| table.get(&mut self.store, index))
                    .map(api::of_ref)
                    .collect::<Vec<_>>();
                state.tables.push(elements.iter().map(|value| api::seen(&self.store, value)).collect());
            }
            other => api::look(other, state),
        }
    }
}

fn misfit(name: &str) -> Ended {
    Ended::Refused(format!("export {name:?} is of another kind"))
}

/// What a step of the host's returns that can be done or not.
fn done(done: bool) -> Ended {
    Ended::Returned(vec![Word(Seen::I32(u32::from(done)))])
}

/// The host function that an import gets.
fn function(store: &mut Store<Host>, import: usize, ty: api::FuncType) -> Func {
    let kinds = api::result_kinds(&ty);
    Func::new(store, ty, move |mut caller: Caller<'_, Host>, params, out| {
        let args = params.iter().map(|value| api::seen(&caller, value)).collect();
        let host = caller.data_mut();
        host.trace.push(HostCall { import, args });
        let Some(draw) = host.draws.call(import) else { return Err(api::refusal()) };
        for (position, (slot, &kind)) in out.iter_mut().zip(&kinds).enumerate() {
            *slot = match result(kind, draw, position) {
                Seen::Null if kind == Kind::Extern => api::null_extern(),
                seen => api::val(&mut caller, &seen)?,
            };
        }
        Ok(())
    })
}
