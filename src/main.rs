//! The command line of Assay: parses arguments, calls a library, chooses the exit code.
//!
//! One verb per file. A verb is a `mod`, a variant with its help, and an arm; whatever it does stands in a library.

#![forbid(unsafe_code)]

mod progress;
mod spec;
mod units;
mod worker;

use std::fmt::Write;
use std::process::ExitCode;

use assay_reports::exit;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// A WebAssembly runtime, and everything that is needed to prove a runtime right.
#[derive(Debug, Parser)]
#[command(name = "assay", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the official test suite, or test scripts of your own
    #[command(visible_alias = "wast")]
    Spec(spec::Args),
    /// Serve a parent process; not for use by hand
    #[command(hide = true)]
    Worker(worker::Args),
}

impl Verb {
    fn run(self) -> ExitCode {
        match self {
            Self::Spec(args) => spec::run(args),
            Self::Worker(args) => worker::run(args),
        }
    }
}

fn main() -> ExitCode {
    let matches = Cli::command().after_help(exit_codes()).get_matches();
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.verb.run(),
        Err(error) => error.exit(),
    }
}

/// The exit codes, for `--help`.
fn exit_codes() -> String {
    let mut text = "Exit codes:".to_owned();
    for (code, meaning) in exit::ALL {
        // Writing to a string cannot fail.
        let _written = write!(text, "\n  {code:>3}  {meaning}");
    }
    text
}
