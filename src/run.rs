//! `assay run`: one module, called from the command line.
//!
//! Enters: a path, options, arguments. Leaves: the guest's exit code, or one of the few codes that `run` has. The verb
//! knows the embedding API only; how options read stands in `options` and `mount`, what is granted in `host`, how values
//! read and print in `values`, and what is said of missing imports in `missing`.

mod host;
mod missing;
mod mount;
mod nearest;
pub(crate) mod options;
mod precompiled;
pub(crate) mod source;
mod values;

use crate::engine;
use crate::output::Output;
use assay_reports::{escape, exit};
use assay_runtime::{
    Engine, EngineKind, Error, Extern, Feature, Func, Instance, LinkError, Linker, Module, Store,
    StoreLimitsBuilder, Trap, Val,
};
use assay_wasi::I32Exit;
use host::Host;
use options::{Group, System, Wasm};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Runs a module.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Engine that runs the module.
    #[arg(long, value_parser = ["jit", "interp"], default_value = "jit")]
    engine: String,
    /// Grant a directory: `HOST`, `HOST::GUEST`, or `HOST::GUEST::ro` to read only.
    #[arg(long, value_name = "HOST[::GUEST[::ro]]")]
    dir: Vec<String>,
    /// Grant a directory, written guest first.
    #[arg(long, value_name = "GUEST::HOST", hide = true)]
    mapdir: Vec<String>,
    /// Grant a directory, written with one colon.
    #[arg(long, value_name = "HOST:GUEST", hide = true)]
    volume: Vec<String>,
    /// Set an environment variable of the guest, or pass ours on.
    #[arg(long, value_name = "NAME[=VAL]")]
    env: Vec<String>,
    /// The guest's name for itself, instead of the file's.
    #[arg(long, value_name = "NAME")]
    argv0: Option<String>,
    /// Instantiate this module first; the guest can import its exports by NAME.
    #[arg(long, value_name = "NAME=FILE")]
    preload: Vec<String>,
    /// Call this exported function instead of `_start`; ARGS are its arguments.
    #[arg(long, value_name = "FUNC")]
    invoke: Option<String>,
    #[command(flatten)]
    settings: engine::Groups,
    /// Take a module that `assay compile` made. It holds machine code, which runs as it is.
    #[arg(long)]
    allow_precompiled: bool,
    /// Settings of the world outside: `inherit-env`, `tcplisten=ADDR`, `seed=N`; `help` lists them.
    #[arg(short = 'S', long = "wasi", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    system: Vec<String>,
    /// The same as `-W fuel=N`.
    #[arg(long, value_name = "N", hide = true)]
    fuel: Option<u64>,
    /// The module: a `.wasm` or `.wat` file, or `-` for standard input; and behind it the arguments of the guest,
    /// whatever they look like.
    #[arg(value_name = "MODULE [ARGS]", trailing_var_arg = true)]
    command: Vec<OsString>,
}

impl Args {
    /// The module's file.
    fn module(&self) -> &Path {
        self.command.first().map_or(Path::new("-"), Path::new)
    }

    /// The arguments of the guest, which are text.
    fn guest_args(&self) -> Result<Vec<String>, Failure> {
        let text = |arg: &OsString| {
            let not_text = || Failure::usage(format!("the argument {} is not UTF-8", arg.display()));
            arg.to_str().map(str::to_owned).ok_or_else(not_text)
        };
        self.command.iter().skip(1).map(text).collect()
    }
}

/// What ends a run, with its exit code.
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into() }
    }

    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self { code: exit::UNEXPECTED, message: message.into() }
    }

    /// Says it; the exit code.
    pub(crate) fn report(&self) -> u8 {
        eprintln!("error: {}", escape::lines(&self.message));
        self.code
    }
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    verb(args).into()
}

fn verb(args: &Args) -> u8 {
    let system = ("-S", args.system.as_slice(), System::help as fn() -> String);
    if let Some(code) = engine::help(args.settings.groups().into_iter().chain([system])) {
        return code;
    }
    if args.command.is_empty() {
        return Failure::usage(engine::NO_MODULE).report();
    }
    match execute(args) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn execute(args: &Args) -> Result<u8, Failure> {
    let mut settings = args.settings.parse().map_err(Failure::usage)?;
    settings.wasm.fuel = settings.wasm.fuel.or(args.fuel);
    let system: System = options::parse(&args.system).map_err(Failure::usage)?;
    let kind = if args.engine == "interp" { EngineKind::Interp } else { EngineKind::Jit };
    if kind == EngineKind::Interp && args.allow_precompiled {
        let message = "`--allow-precompiled` does not go with `--engine interp`: precompiled modules hold no code for the interpreter";
        return Err(Failure::usage(message));
    }
    let engine = settings.engine(kind).map_err(Failure::usage)?;
    let wasm = &settings.wasm;
    let run = Run { args, wasm, system: &system };
    let mut linker = Linker::new(&engine);
    if system.cli {
        assay_wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)
            .map_err(|error| Failure::usage(error.to_string()))?;
    }
    let module = run.main(&linker)?;
    let mut limits = StoreLimitsBuilder::new();
    if let Some(bytes) = wasm.max_memory_size {
        limits = limits.memory_size(bytes);
    }
    let host = Host { wasi: host::grant(args, &system)?, limits: limits.build() };
    let mut store = Store::new(&engine, host);
    store.limiter(Host::limiter);
    if let Some(fuel) = wasm.fuel {
        store.set_fuel(fuel).map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(limit) = wasm.timeout {
        store.set_epoch_deadline(1);
        interrupt_after(&engine, limit);
    }
    for preload in &args.preload {
        if let Some(code) = run.preload(&mut linker, &mut store, preload)? {
            return Ok(code);
        }
    }
    let file = args.module().display().to_string();
    match linker.instantiate(&mut store, &module) {
        Ok(instance) => run.call(&mut store, &module, instance),
        Err(error) => run.ended(&format!("instantiate `{file}`"), &error),
    }
}

/// Loads a module, of which `look` sees the bytes before they are compiled.
fn load(
    engine: &Engine,
    file: &Path,
    allow_precompiled: bool,
    look: impl FnOnce(&[u8]) -> Result<(), Failure>,
) -> Result<Module, Failure> {
    let bytes = source::read(file)?;
    if Engine::detect_precompiled(&bytes).is_some() {
        return precompiled::load(engine, file, &bytes, allow_precompiled);
    }
    look(&bytes)?;
    Module::new(engine, &bytes).map_err(|error| source::refused("load", file, &error))
}

/// Moves the epoch on after `limit`. The thread ends with the process.
fn interrupt_after(engine: &Engine, limit: Duration) {
    let engine = engine.clone();
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        engine.increment_epoch();
    });
}

/// A run with its options, which messages refer to.
#[derive(Copy, Clone)]
struct Run<'a> {
    args: &'a Args,
    wasm: &'a Wasm,
    system: &'a System,
}

impl Run<'_> {
    /// The module that is to run. Imports that nobody is going to provide are missed before it is compiled.
    fn main(self, linker: &Linker<Host>) -> Result<Module, Failure> {
        let file = self.args.module();
        load(linker.engine(), file, self.args.allow_precompiled, |bytes| {
            // What is wrong with the module otherwise is for the compiler to say.
            let mut missing = linker.missing_imports(bytes).unwrap_or_default();
            let names = self.args.preload.iter().filter_map(|preload| Some(preload.split_once('=')?.0));
            let preloaded: Vec<&str> = names.collect();
            missing.retain(|import| !preloaded.contains(&import.module.as_str()));
            if missing.is_empty() {
                return Ok(());
            }
            let error = LinkError::Unknown(missing).into();
            Err(self.failed(&format!("instantiate `{}`", file.display()), &error))
        })
    }

    /// Instantiates a module under a name for others; the exit code, if its guest has ended everything.
    fn preload(
        self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
        preload: &str,
    ) -> Result<Option<u8>, Failure> {
        let expected = || Failure::usage(format!("`--preload {preload}`: expected NAME=FILE"));
        let (name, file) =
            preload.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(expected)?;
        let module = load(linker.engine(), Path::new(file), self.args.allow_precompiled, |_| Ok(()))?;
        match linker.module(store, name, &module) {
            Ok(_) => Ok(None),
            Err(Error::Usage(message)) => {
                Err(Failure::usage(format!("failed to preload `{file}` as `{name}`: {message}")))
            }
            Err(error) => self.ended(&format!("preload `{file}`"), &error).map(Some),
        }
    }

    /// Calls what the command line asks for.
    fn call(self, store: &mut Store<Host>, module: &Module, instance: Instance) -> Result<u8, Failure> {
        let (name, params) = match &self.args.invoke {
            Some(name) => (name.as_str(), self.args.guest_args()?),
            None => ("_start", Vec::new()),
        };
        let Some(func) = instance.get_export(&mut *store, name).and_then(Extern::into_func) else {
            if self.args.invoke.is_some() {
                return Err(Failure::usage(unknown_export(module, name)));
            }
            // A module without `_start` has done its work when it is instantiated.
            if let Some(note) = without_start(module) {
                eprintln!("note: {}", escape::lines(&note));
            }
            return Ok(exit::OK);
        };
        // A library that is called by name wants to be set up first.
        let setup = instance.get_export(&mut *store, "_initialize").and_then(Extern::into_func);
        if let Some(setup) = setup.filter(|_| self.args.invoke.is_some() && name != "_initialize")
            && let Err(error) = setup.call(&mut *store, &[], &mut [])
        {
            return self.ended(&format!("run `_initialize` of `{}`", self.args.module().display()), &error);
        }
        match invoke(store, func, name, &params) {
            Ok(results) => {
                let mut out = Output::new();
                for value in &results {
                    out.line(values::show(value));
                }
                Ok(out.finish(exit::OK, exit::UNEXPECTED))
            }
            Err(Invocation::Arguments(message)) => Err(Failure::usage(message)),
            Err(Invocation::Raised(error)) => {
                self.ended(&format!("run `{name}` of `{}`", self.args.module().display()), &error)
            }
        }
    }

    /// What an error of the guest's comes to: its exit code, if that is what it is, or a message.
    fn ended(self, what: &str, error: &Error) -> Result<u8, Failure> {
        match error.downcast_ref() {
            Some(&I32Exit(code)) => exit_code(code),
            None => Err(self.failed(what, error)),
        }
    }

    /// The message for an error of the guest's or of linking.
    fn failed(self, what: &str, error: &Error) -> Failure {
        if let Error::Link(LinkError::Unknown(missing)) = error {
            let missing = missing::describe(missing, self.system.cli);
            return Failure { code: exit::UNEXPECTED, message: format!("failed to {what}: {missing}") };
        }
        let mut message = format!("failed to {what}: {error}");
        if let Some(backtrace) = error.backtrace().filter(|backtrace| !backtrace.frames().is_empty()) {
            let _ = write!(message, "\nwasm backtrace:\n{backtrace}");
            message.truncate(message.trim_end().len());
        }
        let Error::Trap(trap) = error else { return Failure { code: exit::UNEXPECTED, message } };
        match (trap.kind(), self.wasm.timeout, self.wasm.fuel) {
            (Trap::Interrupt, Some(limit), _) => {
                let _ = write!(message, "\nhelp: the time limit of {limit:?} was reached (`-W timeout=`)");
            }
            (Trap::OutOfFuel, _, Some(fuel)) => {
                let _ = write!(message, "\nhelp: the fuel limit of {fuel} was reached (`-W fuel=`)");
            }
            _ => {}
        }
        Failure { code: exit::TRAP, message }
    }
}

/// The guest's exit code, if it is one that does not look like one of ours or of a signal.
fn exit_code(code: i32) -> Result<u8, Failure> {
    match u8::try_from(code) {
        Ok(code @ 0..=125) => Ok(code),
        _ => {
            let message = format!("the guest exited with code {code}; codes from 0 to 125 are passed on");
            Err(Failure { code: exit::UNEXPECTED, message })
        }
    }
}

/// What to say when there is nothing to run, though there is something to call.
fn without_start(module: &Module) -> Option<String> {
    let functions = functions(module);
    let first = functions.first()?;
    Some(format!(
        "the module has no `_start`, so nothing was run; `--invoke {first}` calls a function; it exports {}",
        quoted(&functions)
    ))
}

enum Invocation {
    Arguments(String),
    Raised(Error),
}

fn invoke(store: &mut Store<Host>, func: Func, name: &str, args: &[String]) -> Result<Vec<Val>, Invocation> {
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

/// The names of the exported functions.
fn functions(module: &Module) -> Vec<String> {
    let functions =
        module.exports().filter(|export| matches!(export.ty(), assay_runtime::ExternType::Func(_)));
    functions.map(|export| export.name().to_owned()).collect()
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn unknown_export(module: &Module, name: &str) -> String {
    let functions = functions(module);
    let mut text = format!("there is no exported function `{name}`; the module exports ");
    if functions.is_empty() {
        text.push_str("no functions");
        return text;
    }
    text.push_str(&quoted(&functions));
    if let Some(near) = nearest::nearest(name, functions.iter().map(String::as_str)) {
        let _ = write!(text, "\nhelp: did you mean `{near}`?");
    }
    text
}

/// The feature with this key, for `-W`.
fn feature(key: &str) -> Option<Feature> {
    key.parse().ok()
}
