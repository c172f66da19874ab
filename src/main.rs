//! The command line of Assay: parses arguments, calls a library, chooses the exit code.
//!
//! One verb per file. A verb is a `mod`, a variant with its help, and an arm; whatever it does stands in a library.

#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod bench;
mod check;
mod compare;
mod compile;
mod completion;
mod diff;
mod engine;
mod faults;
mod logging;
mod man;
mod merge;
mod output;
mod outside;
mod progress;
mod reduce;
mod report;
mod run;
mod settings;
mod spec;
mod stdio;
mod suite;
mod units;
mod wasi_suite;
mod watch;
mod worker;

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use assay_reports::exit;
use assay_runtime::inspect::FAULTS_BUILT;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// The version, and whether the build may be used at all.
const VERSION: &str = if FAULTS_BUILT {
    concat!(env!("CARGO_PKG_VERSION"), " with planted faults: not for use")
} else {
    env!("CARGO_PKG_VERSION")
};

/// A WebAssembly runtime, and everything that is needed to prove a runtime right.
#[derive(Debug, Parser)]
#[command(name = "assay", version = VERSION, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a module (the default: `assay FILE` is `assay run FILE`)
    Run(run::Args),
    /// Compile a module ahead of time, for `run --allow-precompiled`
    Compile(compile::Args),
    /// Run the official test suite, or test scripts of your own
    #[command(visible_alias = "wast")]
    Spec(spec::Args),
    /// Fetch, list and verify the whole official suite
    Suite(suite::Args),
    /// Run a folder of WASI tests in the format of the wasi-testsuite
    WasiSuite(wasi_suite::Args),
    /// Compare one module, one case or many generated cases across all lanes of the runtime
    Diff(diff::Args),
    /// Plant known faults one after another, and say which are found, and how fast
    Faults(faults::Args),
    /// Play one saved case again
    Repro(reduce::ReproArgs),
    /// Make a saved case small while its finding stays
    Reduce(reduce::ReduceArgs),
    /// The one command for CI: suite, WASI programs, campaign, canaries, benchmarks; one report, one verdict
    Check(check::Args),
    /// Measure two builds or engines in turns, and say whether one is slower
    Bench(bench::Args),
    /// Render results: a page for people, files for CI systems
    Report(report::Args),
    /// Join the parts of a run, and prove that none is missing
    Merge(merge::Args),
    /// Show what changed between two runs, and fail where something is worse
    Compare(compare::Args),
    /// Serve this runtime to a harness that speaks the engine protocol
    Engine(stdio::Args),
    /// Show every setting with its value, and where that comes from
    Settings(settings::Args),
    /// Print a script that lets a shell complete command lines: bash, elvish, fish, powershell, zsh
    Completion(completion::Args),
    /// Print the manual page, or write those of all verbs into a folder
    Man(man::Args),
    /// Serve a parent process; not for use by hand
    #[command(hide = true)]
    Worker(worker::Args),
}

impl Verb {
    fn run(self) -> ExitCode {
        match self {
            Self::Run(args) => run::run(&args),
            Self::Compile(args) => compile::run(&args),
            Self::Spec(args) => spec::run(args),
            Self::Suite(args) => suite::run(args),
            Self::WasiSuite(args) => wasi_suite::run(&args),
            Self::Diff(args) => diff::run(&args),
            Self::Faults(args) => faults::run(&args),
            Self::Repro(args) => reduce::repro(&args),
            Self::Reduce(args) => reduce::run(&args),
            Self::Check(args) => check::run(&args),
            Self::Bench(args) => bench::run(&args),
            Self::Report(args) => report::run(&args),
            Self::Merge(args) => merge::run(&args),
            Self::Compare(args) => compare::run(&args),
            Self::Engine(args) => stdio::run(&args),
            Self::Settings(args) => settings::run(&args),
            Self::Completion(args) => completion::run(&args),
            Self::Man(args) => man::run(&args),
            Self::Worker(args) => worker::run(args),
        }
    }
}

fn main() -> ExitCode {
    let command = command();
    let arguments = with_verb(&command, std::env::args_os().collect());
    let matches = command.get_matches_from(arguments);
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.verb.run(),
        Err(error) => error.exit(),
    }
}

/// The command line, with the exit codes.
fn command() -> clap::Command {
    Cli::command().after_help(exit_codes())
}

/// Puts `run` in front of a command line that names no verb.
fn with_verb(command: &clap::Command, mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(first) = arguments.get(1).and_then(|first| first.to_str()) else { return arguments };
    let known =
        |verb: &clap::Command| verb.get_name() == first || verb.get_all_aliases().any(|alias| alias == first);
    let global = ["-h", "--help", "-V", "--version"];
    if !command.get_subcommands().any(known) && !global.contains(&first) {
        arguments.insert(1, "run".into());
    }
    arguments
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

#[cfg(test)]
mod tests {
    use super::{Cli, with_verb};
    use clap::CommandFactory;

    fn second(words: &[&str]) -> String {
        let words = words.iter().map(Into::into).collect();
        with_verb(&Cli::command(), words)
            .get(1)
            .map_or(String::new(), |word| word.to_string_lossy().into_owned())
    }

    #[test]
    fn a_command_line_without_a_verb_runs_a_module() {
        assert_eq!(second(&["assay", "module.wasm"]), "run");
        assert_eq!(second(&["assay", "--invoke", "f", "module.wasm"]), "run");
        assert_eq!(second(&["assay", "wast"]), "wast");
        assert_eq!(second(&["assay", "--version"]), "--version");
        assert_eq!(second(&["assay"]), "");
    }
}
