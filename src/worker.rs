//! `assay worker`: what a parent process starts as its worker. Hidden; of no use by hand.

use std::process::ExitCode;

use assay_reports::exit;
use assay_spec_tests::engine::Runtime;
use assay_spec_tests::process::Worker;

/// The arguments of `assay worker`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the worker works on
    role: Role,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Role {
    /// Chunks of test scripts.
    Spec,
    /// Batches of differential cases.
    Diff,
    /// Single cases.
    Case,
}

/// The arguments that start a worker for scripts.
pub(crate) const SPEC: [&str; 2] = ["worker", "spec"];

/// The arguments that start a worker for differential cases.
pub(crate) const DIFF: [&str; 2] = ["worker", "diff"];

/// The arguments that start a worker for single cases.
pub(crate) const CASE: [&str; 2] = ["worker", "case"];

pub(crate) fn run(args: Args) -> ExitCode {
    let served = match args.role {
        Role::Spec => Worker::new(Runtime).serve(),
        Role::Diff => assay_differential::campaign::serve(),
        Role::Case => assay_differential::shrink::process::serve(),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            exit::INTERNAL.into()
        }
    }
}
