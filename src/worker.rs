//! `assay worker`: what a parent process starts as its worker. Hidden; of no use by hand.

use std::process::ExitCode;

use assay_differential::peer_style::Eyes;
use assay_reports::{escape, exit};
use assay_runtime::inspect::{self, Fault};
use assay_spec_tests::engine::Runtime;
use assay_spec_tests::external::External;
use assay_spec_tests::process::Worker;
use assay_workers::WorkerCommand;

/// The arguments of `assay worker`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the worker works on
    role: Role,
    /// The planted fault that it has
    #[arg(long)]
    fault: Option<String>,
    /// How it looks at cases
    #[arg(long, default_value = "ours")]
    eyes: Eyes,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Role {
    /// Chunks of test scripts.
    Spec,
    /// Batches of differential cases.
    Diff,
    /// Single cases.
    Case,
    /// Cases of WASI, without `openat2`.
    Apart,
}

/// The arguments that start a worker for scripts.
pub(crate) const SPEC: [&str; 2] = ["worker", "spec"];

/// The arguments that start a worker for differential cases.
pub(crate) const DIFF: [&str; 2] = ["worker", "diff"];

/// The arguments that start a worker for single cases.
pub(crate) const CASE: [&str; 2] = ["worker", "case"];

/// The command that starts a worker for differential cases with a planted fault, which it looks for in this way.
pub(crate) fn with_fault(id: &str, eyes: Eyes) -> WorkerCommand {
    WorkerCommand::this_program([DIFF[0], DIFF[1], "--fault", id, "--eyes", eyes.name()])
}

/// The command that starts a worker for single cases with a planted fault.
pub(crate) fn alone_with_fault(id: &str) -> WorkerCommand {
    WorkerCommand::this_program([CASE[0], CASE[1], "--fault", id])
}

/// The command that starts a worker for single cases with a planted fault.
pub(crate) fn case_with_fault(id: &str) -> WorkerCommand {
    WorkerCommand::this_program([CASE[0], CASE[1], "--fault", id])
}

/// The command that starts a worker for cases of WASI without `openat2`, with this planted fault if there is one.
fn apart(fault: Option<&str>) -> WorkerCommand {
    let fault = fault.into_iter().flat_map(|id| ["--fault", id]);
    WorkerCommand::this_program(["worker", "apart"].into_iter().chain(fault))
}

/// Switches the fault on, if there is to be one.
fn plant(id: Option<&str>) -> Result<(), String> {
    let find = |id| Fault::named(id).ok_or_else(|| format!("there is no fault `{id}`"));
    let fault = id.map(find).transpose()?;
    inspect::plant(fault).map_err(|error| error.to_string())
}

pub(crate) fn run(args: Args) -> ExitCode {
    let fault = args.fault.as_deref();
    if let Err(message) = plant(fault) {
        eprintln!("error: {}", escape::text(&message));
        return exit::USAGE.into();
    }
    let served = match args.role {
        Role::Spec => Worker::new(External::or(Runtime)).serve(),
        Role::Diff => assay_differential::campaign::serve(args.eyes, Some(apart(fault))),
        Role::Case => assay_differential::shrink::process::serve(apart(fault)),
        Role::Apart => assay_differential::wasi::serve_apart(),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            exit::INTERNAL.into()
        }
    }
}
