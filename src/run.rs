//! `assay run`: one module, called from the command line.
//!
//! Enters: a path, options, arguments. Leaves: the guest's exit code, or one of the few codes that `run` has. The verb
//! knows the embedding API only; how options read stands in `options`, how values read and print in `values`.

mod options;
mod values;

use crate::output::Output;
use assay_reports::{escape, exit};
use assay_runtime::{
    Config, Engine, EngineKind, Error, Extern, Feature, Func, Instance, LinkError, Linker, Module, OptLevel,
    Store, StoreLimits, StoreLimitsBuilder, Trap, Val,
};
use options::{Codegen, Group, Wasm};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Runs a module.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Engine that runs the module.
    #[arg(long, value_parser = ["jit", "interp"], default_value = "jit")]
    engine: String,
    /// Call this exported function instead of `_start`; ARGS are its arguments.
    #[arg(long, value_name = "FUNC")]
    invoke: Option<String>,
    /// WebAssembly settings: `fuel=N`, `timeout=DURATION`, `max-memory-size=SIZE`, one key per feature; `help` lists them.
    #[arg(short = 'W', long = "wasm", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    wasm: Vec<String>,
    /// Optimisation settings: `opt-level=0|2`, `signals-based-traps=y|n`; `help` lists them.
    #[arg(short = 'O', long = "optimize", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    optimize: Vec<String>,
    /// The module: a `.wasm` or `.wat` file, or `-` for standard input.
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// Arguments of the guest.
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// The largest module that is read.
const MOST_BYTES: u64 = 1 << 30;

/// What ends a run, with its exit code.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into() }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    verb(args).into()
}

fn verb(args: &Args) -> u8 {
    for (letter, given, help) in [("-W", &args.wasm, Wasm::help()), ("-O", &args.optimize, Codegen::help())] {
        if given.iter().any(|setting| setting == "help") {
            let mut out = Output::new();
            out.line(format_args!("Settings of {letter}:\n{help}"));
            return out.finish(exit::OK, exit::UNEXPECTED);
        }
    }
    match execute(args) {
        Ok(out) => out.finish(exit::OK, exit::UNEXPECTED),
        Err(failure) => {
            eprintln!("error: {}", escape::lines(&failure.message));
            failure.code
        }
    }
}

fn execute(args: &Args) -> Result<Output, Failure> {
    let wasm: Wasm = options::parse(&args.wasm).map_err(Failure::usage)?;
    let codegen: Codegen = options::parse(&args.optimize).map_err(Failure::usage)?;
    let engine =
        Engine::new(&config(args, &wasm, &codegen)).map_err(|error| Failure::usage(error.to_string()))?;
    let module = load(&engine, args)?;
    let mut limits = StoreLimitsBuilder::new();
    if let Some(bytes) = wasm.max_memory_size {
        limits = limits.memory_size(bytes);
    }
    let mut store: Store<StoreLimits> = Store::new(&engine, limits.build());
    store.limiter(|limits| limits);
    if let Some(fuel) = wasm.fuel {
        store.set_fuel(fuel).map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(limit) = wasm.timeout {
        store.set_epoch_deadline(1);
        interrupt_after(&engine, limit);
    }
    let instance = Linker::new(&engine).instantiate(&mut store, &module);
    let instance = instance.map_err(|error| failed("instantiate", args, &error, &wasm))?;
    call(args, &mut store, &module, instance, &wasm)
}

fn config(args: &Args, wasm: &Wasm, codegen: &Codegen) -> Config {
    let mut config = Config::new();
    config.engine(if args.engine == "interp" { EngineKind::Interp } else { EngineKind::Jit });
    config.consume_fuel(wasm.fuel.is_some());
    config.epoch_interruption(wasm.timeout.is_some());
    if let Some(bytes) = wasm.max_wasm_stack {
        config.max_wasm_stack(bytes);
    }
    for &(feature, on) in &wasm.features {
        config.wasm_feature(feature, on);
    }
    if let Some(level) = codegen.opt_level {
        config.cranelift_opt_level(if level == 0 { OptLevel::None } else { OptLevel::Speed });
    }
    if let Some(on) = codegen.signals {
        config.signals_based_traps(on);
    }
    config
}

fn load(engine: &Engine, args: &Args) -> Result<Module, Failure> {
    let path = args.module.display();
    let bytes = read(&args.module).map_err(|error| Failure {
        code: exit::UNEXPECTED,
        message: format!("failed to read `{path}`: {error}"),
    })?;
    if bytes.starts_with(b"\0asm\x0d\0\x01\0") {
        let message = format!(
            "`{path}` is a component, and components are not supported; build a core module (for example with the target `wasm32-wasip1`)"
        );
        return Err(Failure { code: exit::UNEXPECTED, message });
    }
    if bytes.is_empty() {
        let message = format!("failed to load `{path}`: it is empty");
        return Err(Failure { code: exit::UNEXPECTED, message });
    }
    Module::new(engine, &bytes).map_err(|error| {
        // The parser of text does not know where the text comes from.
        let said = error.to_string().replacen("--> <anon>:", &format!("--> {path}:"), 1);
        let mut message = format!("failed to load `{path}`: {said}");
        if let Error::Module(error) = &error
            && let Some(feature) = error.needs()
        {
            let _ = write!(message, "\nhelp: switch the feature on with `-W {}=y`", feature.key());
        }
        Failure { code: exit::UNEXPECTED, message }
    })
}

/// The content of a file, or of standard input for `-`. What cannot be a module is not read to its end, which may be far.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path)?),
    };
    let mut bytes = Vec::new();
    source.by_ref().take(8).read_to_end(&mut bytes)?;
    let hopeless = bytes.contains(&0) && !bytes.starts_with(b"\0asm");
    if hopeless {
        return Ok(bytes);
    }
    let large = std::fs::metadata(path).is_ok_and(|file| file.len() > MOST_BYTES);
    if !large {
        source.take(MOST_BYTES).read_to_end(&mut bytes)?;
    }
    if large || bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("modules of more than 1 GiB are not supported"));
    }
    Ok(bytes)
}

/// Moves the epoch on after `limit`. The thread ends with the process.
fn interrupt_after(engine: &Engine, limit: Duration) {
    let engine = engine.clone();
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        engine.increment_epoch();
    });
}

fn call(
    args: &Args,
    store: &mut Store<StoreLimits>,
    module: &Module,
    instance: Instance,
    wasm: &Wasm,
) -> Result<Output, Failure> {
    let mut out = Output::new();
    let (name, params) = match &args.invoke {
        Some(name) => (name.as_str(), args.args.as_slice()),
        None => ("_start", [].as_slice()),
    };
    let Some(func) = instance.get_export(&mut *store, name).and_then(Extern::into_func) else {
        if args.invoke.is_some() {
            return Err(Failure::usage(unknown_export(module, name)));
        }
        // A module without `_start` has done its work when it is instantiated.
        return Ok(out);
    };
    let results = invoke(store, func, name, params).map_err(|error| match error {
        Invocation::Arguments(message) => Failure::usage(message),
        Invocation::Raised(error) => failed(&format!("run `{name}` of"), args, &error, wasm),
    })?;
    for value in &results {
        out.line(values::show(value));
    }
    Ok(out)
}

enum Invocation {
    Arguments(String),
    Raised(Error),
}

fn invoke(
    store: &mut Store<StoreLimits>,
    func: Func,
    name: &str,
    args: &[String],
) -> Result<Vec<Val>, Invocation> {
    let ty = func.ty(&*store);
    if ty.params().len() != args.len() {
        let (wanted, given) = (ty.params().len(), args.len());
        let (arguments, were) =
            (if wanted == 1 { "argument" } else { "arguments" }, if given == 1 { "was" } else { "were" });
        let message =
            format!("`{name}` has type {ty}: it takes {wanted} {arguments}, but {given} {were} given");
        return Err(Invocation::Arguments(message));
    }
    let mut params = Vec::with_capacity(args.len());
    for (position, (text, ty)) in args.iter().zip(ty.params()).enumerate() {
        let value = values::parse(text, ty);
        let bad = |reason| Invocation::Arguments(format!("argument {} of `{name}`: {reason}", position + 1));
        params.push(value.map_err(bad)?);
    }
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(store, &params, &mut results).map_err(Invocation::Raised)?;
    Ok(results)
}

/// The message for an error of the guest's or of linking.
fn failed(what: &str, args: &Args, error: &Error, wasm: &Wasm) -> Failure {
    let mut message = format!("failed to {what} `{}`: {error}", args.module.display());
    if let Some(backtrace) = error.backtrace().filter(|backtrace| !backtrace.frames().is_empty()) {
        let _ = write!(message, "\nwasm backtrace:\n{backtrace}");
        message.truncate(message.trim_end().len());
    }
    match error {
        Error::Trap(trap) => {
            match (trap.kind(), wasm.timeout, wasm.fuel) {
                (Trap::Interrupt, Some(limit), _) => {
                    let _ =
                        write!(message, "\nhelp: the time limit of {limit:?} was reached (`-W timeout=`)");
                }
                (Trap::OutOfFuel, _, Some(fuel)) => {
                    let _ = write!(message, "\nhelp: the fuel limit of {fuel} was reached (`-W fuel=`)");
                }
                _ => {}
            }
            Failure { code: exit::TRAP, message }
        }
        Error::Link(LinkError::Unknown(missing)) => {
            let wasi = missing.iter().any(|import| import.module.starts_with("wasi_"));
            if wasi {
                message.push_str("\nhelp: the module needs WASI, which this version does not provide yet");
            }
            Failure { code: exit::UNEXPECTED, message }
        }
        _ => Failure { code: exit::UNEXPECTED, message },
    }
}

fn unknown_export(module: &Module, name: &str) -> String {
    let functions: Vec<_> = module
        .exports()
        .filter(|export| matches!(export.ty(), assay_runtime::ExternType::Func(_)))
        .map(|export| format!("`{}`", escape::text(export.name())))
        .collect();
    if functions.is_empty() {
        return format!("there is no exported function `{name}`; the module exports no functions");
    }
    format!("there is no exported function `{name}`; the module exports {}", functions.join(", "))
}

/// The feature with this key, for `-W`.
fn feature(key: &str) -> Option<Feature> {
    key.parse().ok()
}
