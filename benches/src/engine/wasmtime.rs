//! The peer for machine code: `wasmtime`, default configuration.

use std::any::Any;
use std::fmt::Display;
use std::path::Path;
use std::rc::Rc;

use ::wasmtime::{Caller, Config, Engine, Func, Instance, Linker, Module, Store, TypedFunc, Val};

use super::{Compiled, EngineError, Info, Kind, Lane, Result, Running, add, other_engine};

pub(super) fn lane() -> Result<Box<dyn Lane>> {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_exceptions(true);
    let engine = Engine::new(&config).map_err(said)?;
    Ok(Box::new(Wasmtime { linker: Rc::new(linker(&engine)?), engine }))
}

struct Wasmtime {
    engine: Engine,
    linker: Rc<Linker<i64>>,
}

impl Lane for Wasmtime {
    fn info(&self) -> Info {
        let about = "wasmtime 48.0.8, Cranelift, default settings and exceptions";
        Info { name: "wasmtime", kind: Kind::Compiled, about }
    }

    fn collects(&self) -> bool {
        true
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled>> {
        let module = Module::new(&self.engine, wasm).map_err(said)?;
        Ok(Box::new(Code { engine: self.engine.clone(), linker: self.linker.clone(), module }))
    }
}

fn linker(engine: &Engine) -> Result<Linker<i64>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "add", add).map_err(said)?;
    linker
        .func_wrap("host", "count", |mut caller: Caller<'_, i64>, x: i64| {
            *caller.data_mut() += 1;
            x
        })
        .map_err(said)?;
    Ok(linker)
}

struct Code {
    engine: Engine,
    linker: Rc<Linker<i64>>,
    module: Module,
}

impl Compiled for Code {
    fn start(&self) -> Result<Box<dyn Running>> {
        let mut store = Store::new(&self.engine, 0);
        let instance = self.linker.instantiate(&mut store, &self.module).map_err(said)?;
        Ok(Box::new(Live { store, instance }))
    }

    #[cfg(feature = "peer-wasi")]
    fn start_in(&self, folder: &Path) -> Result<Option<Box<dyn Running>>> {
        super::wasmtime_wasi::start(&self.engine, &self.module, folder).map(Some)
    }

    #[cfg(not(feature = "peer-wasi"))]
    fn start_in(&self, _: &Path) -> Result<Option<Box<dyn Running>>> {
        Ok(None)
    }

    fn instances(&self, amount: u32, probe: bool) -> Result<i64> {
        let pre = self.linker.instantiate_pre(&self.module).map_err(said)?;
        let mut sum = 0_i64;
        for round in 0..amount {
            let mut store = Store::new(&self.engine, 0);
            let instance = pre.instantiate(&mut store).map_err(said)?;
            sum += if probe { call_probe(&mut store, &instance, round)? } else { 1 };
        }
        Ok(sum)
    }

    fn linked_instances(&self, provider: &dyn Compiled, amount: u32) -> Result<i64> {
        let provider = provider.as_any().downcast_ref::<Code>().ok_or_else(other_engine)?;
        let mut store = Store::new(&self.engine, 0);
        let mut linker = Linker::clone(&self.linker);
        let shared = linker.instantiate(&mut store, &provider.module).map_err(said)?;
        linker.instance(&mut store, "env", shared).map_err(said)?;
        let mut sum = 0_i64;
        for round in 0..amount {
            let instance = linker.instantiate(&mut store, &self.module).map_err(said)?;
            sum += call_probe(&mut store, &instance, round)?;
        }
        Ok(sum)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn call_probe(store: &mut Store<i64>, instance: &Instance, round: u32) -> Result<i64> {
    let probe: TypedFunc<i32, i32> = instance.get_typed_func(&mut *store, "probe").map_err(said)?;
    probe.call(store, round as i32).map(i64::from).map_err(said)
}

struct Live {
    store: Store<i64>,
    instance: Instance,
}

impl Running for Live {
    fn run(&mut self, export: &str, amount: i32) -> Result<i64> {
        let run: TypedFunc<i32, i64> = self.instance.get_typed_func(&mut self.store, export).map_err(said)?;
        run.call(&mut self.store, amount).map_err(said)
    }

    fn typed_calls(&mut self, amount: u32) -> Result<i64> {
        let tick: TypedFunc<i32, i32> =
            self.instance.get_typed_func(&mut self.store, "tick").map_err(said)?;
        let mut value = 1;
        for _ in 0..amount {
            value = tick.call(&mut self.store, value).map_err(said)?;
        }
        Ok(i64::from(value))
    }

    fn untyped_calls(&mut self, amount: u32) -> Result<i64> {
        let tick: Func = self
            .instance
            .get_func(&mut self.store, "tick")
            .ok_or_else(|| EngineError("no function `tick`".to_owned()))?;
        let (mut given, mut got) = ([Val::I32(1)], [Val::I32(0)]);
        for _ in 0..amount {
            tick.call(&mut self.store, &given, &mut got).map_err(said)?;
            std::mem::swap(&mut given, &mut got);
        }
        match given {
            [Val::I32(value)] => Ok(i64::from(value)),
            _ => Err(EngineError("`tick` returned another type".to_owned())),
        }
    }

    fn collect(&mut self) -> Result<()> {
        self.store.gc(None).map_err(said)
    }
}

pub(super) fn said(error: impl Display) -> EngineError {
    EngineError(format!("{error:#}"))
}
