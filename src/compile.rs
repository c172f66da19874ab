//! `assay compile`: a module in, a precompiled module out, in a file that appears whole or not at all.

use crate::engine;
use crate::run::{Failure, source};
use assay_reports::exit;
use assay_runtime::EngineKind;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compiles a module ahead of time.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: engine::Groups,
    /// Where the precompiled module goes; by default beside the module, with the ending `.cwasm`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The module: a `.wasm` or `.wat` file, or `-` for standard input.
    #[arg(value_name = "MODULE")]
    module: Option<PathBuf>,
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    if let Some(code) = engine::help(args.settings.groups()) {
        return code.into();
    }
    let Some(module) = &args.module else { return Failure::usage(engine::NO_MODULE).report().into() };
    match execute(args, module) {
        Ok(()) => exit::OK.into(),
        Err(failure) => failure.report().into(),
    }
}

fn execute(args: &Args, module: &Path) -> Result<(), Failure> {
    let settings = args.settings.parse().map_err(Failure::usage)?;
    let engine = settings.engine(EngineKind::Jit).map_err(Failure::usage)?;
    let output = output(args, module)?;
    let bytes = source::read(module)?;
    let compiled =
        engine.precompile_module(&bytes).map_err(|error| source::refused("compile", module, &error))?;
    write(&output, &compiled)
        .map_err(|error| Failure::unexpected(format!("failed to write `{}`: {error}", output.display())))
}

fn output(args: &Args, module: &Path) -> Result<PathBuf, Failure> {
    match &args.output {
        Some(file) => Ok(file.clone()),
        None if module == Path::new("-") => {
            Err(Failure::usage("a module from standard input needs a name for what is made of it: `-o FILE`"))
        }
        None => Ok(module.with_extension("cwasm")),
    }
}

/// Writes a file by way of another one beside it. What is no file, such as a pipe, is written to directly.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|place| !place.is_file()) {
        return fs::write(path, bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut partial = tempfile::Builder::new()
        .prefix(".assay-")
        // As for any file that a program makes: the user's mask takes away what the user does not want.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    partial.write_all(bytes)?;
    partial.persist(path)?;
    Ok(())
}
