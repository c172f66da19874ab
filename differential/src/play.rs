//! Plays a case in one lane: a fresh store, fresh modules, every step of the script, and a look around after each.
//!
//! Enters: a case and an engine; leaves: an [`Observation`]. A panic of the engine ends the observation and is part of it.
//! Knows nothing of other lanes.

use crate::case::{Argument, Case, Step};
use crate::host::{Host, provide};
use crate::observe::{Observation, Outcome, Seen, StepSeen, snapshot};
use assay_runtime::{Engine, Error, Extern, ExternRef, Instance, Module, Result, Store, Trap, Val};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Plays a case on an engine. With `fuel`, each step gets that much, and the engine counts.
pub fn play(case: &Case, engine: &Engine, fuel: Option<u64>) -> Observation {
    let mut seen = Observation::default();
    // After a panic only the observation is looked at, which is complete up to the step before. Engines are shared, and
    // whoever goes on with one after a panic in it does so knowingly.
    let played = catch_unwind(AssertUnwindSafe(|| Player::new(case, engine, fuel).play(&mut seen)));
    if let Err(payload) = played {
        let outcome = Outcome::Panicked(message(&*payload));
        seen.steps.push(StepSeen {
            outcome,
            calls: Default::default(),
            state: Default::default(),
            fuel: None,
        });
    }
    seen
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
}

struct Player<'a> {
    case: &'a Case,
    store: Store<Host>,
    modules: Vec<Result<Module>>,
    provided: Vec<Extern>,
    instances: Vec<Option<Instance>>,
    fuel: Option<u64>,
}

impl<'a> Player<'a> {
    fn new(case: &'a Case, engine: &Engine, fuel: Option<u64>) -> Self {
        let mut store = Store::new(engine, Host::new(&case.settings));
        store.limiter(Host::limiter);
        let modules = case.modules.iter().map(|module| Module::from_binary(engine, &module.bytes)).collect();
        Self { case, store, modules, provided: Vec::new(), instances: Vec::new(), fuel }
    }

    fn play(mut self, seen: &mut Observation) {
        for step in &self.case.steps {
            if let Some(fuel) = self.fuel {
                self.store.set_fuel(fuel).expect("lanes with fuel count it");
            }
            let outcome = self.take(step);
            let calls = std::mem::take(&mut self.store.data_mut().trace);
            let fuel = self.fuel.and_then(|_| self.store.get_fuel().ok());
            let state = snapshot(&mut self.store, &self.provided, &self.instances);
            seen.steps.push(StepSeen { outcome, calls, state, fuel });
        }
    }

    fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Instantiate { instantiate } => {
                let made = self.instantiate(*instantiate);
                self.instances.push(made.as_ref().ok().copied());
                made.map_or_else(|outcome| outcome, |_| Outcome::Returned(Vec::new()))
            }
            Step::Call { call, instance, args } => match self.instances.get(*instance).copied().flatten() {
                Some(instance) => self.call(instance, call, args).unwrap_or_else(|error| outcome(&error)),
                None => Outcome::Skipped,
            },
        }
    }

    fn instantiate(&mut self, module: usize) -> Result<Instance, Outcome> {
        let Some(module) = self.modules.get(module) else {
            return Err(Outcome::Refused(format!("the case has no module {module}")));
        };
        let module = module.as_ref().map_err(outcome)?;
        let mut imports = Vec::new();
        for (position, import) in module.imports().enumerate() {
            let item = provide(&mut self.store, position, &import.ty()).map_err(|error| outcome(&error))?;
            imports.push(item);
        }
        self.provided.extend_from_slice(&imports);
        Instance::new(&mut self.store, module, &imports).map_err(|error| outcome(&error))
    }

    fn call(&mut self, instance: Instance, name: &str, args: &[Argument]) -> Result<Outcome> {
        let Some(func) = instance.get_func(&mut self.store, name) else {
            return Ok(Outcome::Refused(format!("there is no function {name:?}")));
        };
        let mut params = Vec::with_capacity(args.len());
        for arg in args {
            params.push(self.value(arg)?);
        }
        let mut results: Vec<Val> = func.ty(&self.store).results().filter_map(Val::default_for_ty).collect();
        func.call(&mut self.store, &params, &mut results)?;
        let results = results.into_iter().map(|value| Seen::of(value, &mut self.store));
        Ok(Outcome::Returned(results.collect()))
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
            }
        }
        Error::Host { .. } => Outcome::HostError,
        Error::Module(_) | Error::Text(_) | Error::Unsupported { .. } => Outcome::Rejected(error.to_string()),
        Error::Limit(message) => Outcome::Limited(message.clone()),
        other => Outcome::Refused(other.to_string()),
    }
}
