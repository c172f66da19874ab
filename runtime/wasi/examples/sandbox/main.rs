//! Runs a program from a file; it finds one directory, under the name `/sandbox`, and nothing else.

#[cfg(test)]
mod tests;

use assay_runtime::{Engine, Linker, Module, Store};
use assay_wasi::{DirPerms, FilePerms, WasiCtx, WasiCtxBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().collect::<Vec<_>>().as_slice() {
        [_, file, directory] => run(file, directory),
        _ => Err("usage: sandbox FILE DIRECTORY".into()),
    }
}

fn run(file: &str, directory: &str) -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::default();
    let module = Module::from_file(&engine, file)?;
    let mut linker = Linker::<WasiCtx>::new(&engine);
    assay_wasi::add_to_linker(&mut linker, |wasi| wasi)?;
    let wasi = WasiCtxBuilder::new()
        .inherit_stdio()
        .arg(file)
        .preopened_dir(directory, "/sandbox", DirPerms::all(), FilePerms::all())?
        .build()?;
    let mut store = Store::new(&engine, wasi);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
    Ok(())
}
