//! `assay compare A B`: what changed between two runs, and whether it may stay.

use std::path::PathBuf;
use std::process::ExitCode;

use assay_reports::{compare, escape, exit};

use crate::output::Output;
use crate::report;

/// The arguments of `assay compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The baseline: results.jsonl, campaign.json, faults.json or bench.json, or a folder that holds them
    #[arg(value_name = "A")]
    before: PathBuf,
    /// What is judged
    #[arg(value_name = "B")]
    after: PathBuf,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let read = |path: &PathBuf| report::read(std::slice::from_ref(path));
    let (before, after) = match (read(&args.before), read(&args.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err((code, message)), _) | (_, Err((code, message))) => {
            eprintln!("error: {}", escape::lines(&message));
            return code.into();
        }
    };
    let comparison = compare(&before, &after);
    let mut out = Output::new();
    out.text(comparison.render());
    out.finish(comparison.verdict().exit_code(), exit::INCOMPLETE).into()
}
