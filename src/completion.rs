//! `assay completion`: scripts that let a shell complete our command lines.

use std::process::ExitCode;

use assay_reports::exit;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::output::Output;

/// The arguments of `assay completion`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script of a shell.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "assay", &mut script);
    let mut out = Output::new();
    out.text(String::from_utf8_lossy(&script));
    out.finish(exit::OK, exit::UNEXPECTED).into()
}
