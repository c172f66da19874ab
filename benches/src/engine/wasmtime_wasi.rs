//! The peer with its WASI, set up as its own command line does: asynchronous functions, system calls on the calling
//! thread. Runs only what `Drive::Wasi` needs. Called by the adapter of the peer.

use std::path::Path;

use ::wasmtime::{Engine, Instance, Linker, Module, Store, TypedFunc};
use ::wasmtime_wasi::p1::{self, WasiP1Ctx};
use ::wasmtime_wasi::runtime::in_tokio;
use ::wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::wasmtime::said;
use super::{EngineError, Result, Running};

/// An instance to which the folder is descriptor 3.
pub(super) fn start(engine: &Engine, module: &Module, folder: &Path) -> Result<Box<dyn Running>> {
    let mut linker = Linker::<WasiP1Ctx>::new(engine);
    p1::add_to_linker_async(&mut linker, |wasi| wasi).map_err(said)?;
    let mut builder = WasiCtxBuilder::new();
    builder.allow_blocking_current_thread(true);
    builder.preopened_dir(folder, "/", FsPerms::ReadWrite).map_err(said)?;
    let mut store = Store::new(engine, builder.build_p1());
    let instance = in_tokio(linker.instantiate_async(&mut store, module)).map_err(said)?;
    Ok(Box::new(Command { store, instance }))
}

struct Command {
    store: Store<WasiP1Ctx>,
    instance: Instance,
}

impl Running for Command {
    fn run(&mut self, export: &str, amount: i32) -> Result<i64> {
        let run: TypedFunc<i32, i64> = self.instance.get_typed_func(&mut self.store, export).map_err(said)?;
        in_tokio(run.call_async(&mut self.store, amount)).map_err(said)
    }

    fn typed_calls(&mut self, _: u32) -> Result<i64> {
        Err(only_runs())
    }

    fn untyped_calls(&mut self, _: u32) -> Result<i64> {
        Err(only_runs())
    }

    fn collect(&mut self) -> Result<()> {
        self.store.gc(None).map_err(said)
    }
}

fn only_runs() -> EngineError {
    EngineError("an instance with WASI has no `tick`".to_owned())
}
