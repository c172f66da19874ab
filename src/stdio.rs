//! `assay engine --stdio`: our runtime as a peer of the engine protocol.

use crate::engine;
use crate::run::Failure;
use assay_differential::external::message::Fault;
use assay_differential::external::own::Served;
use assay_differential::external::serve::serve_with;
use assay_differential::lanes::{configure, on_lane_thread};
use assay_reports::exit;
use assay_runtime::EngineKind;
use assay_spec_tests::engine::RuntimeScripts;
use assay_spec_tests::external::serve::Server;
use std::process::ExitCode;

/// Serves an engine.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Speak the engine protocol, version 1, on standard input and output (differential/PROTOCOL.md).
    #[arg(long, required = true)]
    stdio: bool,
    /// Engine that runs the modules.
    #[arg(long, value_parser = ["jit", "interp"], default_value = "jit")]
    engine: String,
    #[command(flatten)]
    settings: engine::Groups,
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    if let Some(code) = engine::help(args.settings.groups()) {
        return code.into();
    }
    match execute(args) {
        Ok(()) => exit::OK.into(),
        Err(failure) => failure.report().into(),
    }
}

fn execute(args: &Args) -> Result<(), Failure> {
    let settings = args.settings.parse().map_err(Failure::usage)?;
    let wasm = &settings.wasm;
    if wasm.fuel.is_some() || wasm.timeout.is_some() || wasm.max_wasm_stack.is_some() {
        let message = "an engine that is served has no `-W fuel`, `timeout` or `max-wasm-stack`: the protocol sets these";
        return Err(Failure::usage(message));
    }
    let kind = if args.engine == "interp" { EngineKind::Interp } else { EngineKind::Jit };
    let engine = |metered| {
        let engine = settings.engine_with(kind, |config| configure(config, metered));
        engine.map_err(Failure::usage)
    };
    let mut served = Served::new(engine(true)?, engine(false)?);
    on_lane_thread(|| {
        let mut scripts = Server::new(RuntimeScripts::new(kind, |features| {
            settings.engine_with(kind, |config| {
                config.parallel_compilation(false).features(features);
            })
        }));
        let mut scripts = |op: &str, line: &serde_json::Value| {
            Some(scripts.answer(op, line)?.map_err(|fault| Fault::of(&fault.code, fault.message)))
        };
        serve_with(std::io::stdin().lock(), std::io::stdout().lock(), &mut served, Some(&mut scripts))
    })
    .flatten()
    .map_err(|error| Failure::unexpected(format!("failed to speak with the peer: {error}")))
}
