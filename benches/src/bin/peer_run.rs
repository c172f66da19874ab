//! The peer as a program: `peer-run MODULE [EXPORT [ARGUMENT…]]`, what `wasmtime run` does for a module
//! without imports, and nothing more. It exists to have its peak memory and start-up time compared.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use wasmtime::{Config, Engine, Linker, Module, Store, Val};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((module, rest)) = arguments.split_first() else {
        eprintln!("usage: peer-run MODULE [EXPORT [ARGUMENT...]]");
        return ExitCode::from(2);
    };
    match run(module, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn run(module: &str, call: &[String]) -> wasmtime::Result<()> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::from_binary(&engine, &std::fs::read(module)?)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let Some((export, arguments)) = call.split_first() else {
        return Ok(());
    };
    let func = instance
        .get_func(&mut store, export)
        .ok_or_else(|| wasmtime::Error::msg(format!("no function `{export}`")))?;
    let arguments = arguments.iter().map(|text| text.parse().map(Val::I32)).collect::<Result<Vec<_>, _>>()?;
    let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
    func.call(&mut store, &arguments, &mut results)?;
    for result in results {
        println!("{result:?}");
    }
    Ok(())
}
