//! `assay diff`: one module or case, or a seeded campaign, through every lane of our runtime.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_differential::campaign::{Found, Observer, Options, Tally, report, run_in_processes, save_finding};
use assay_differential::case::Case;
use assay_differential::compare::rule::Rule;
use assay_differential::external;
use assay_differential::external::client::{Client, Limits};
use assay_differential::generate::{Profile, case_of_module};
use assay_differential::judge::{Finding, judge};
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_reports::{DEFAULT_OUT, escape, exit};
use assay_runtime::Engine;
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::spec::quoted;
use crate::{units, worker};

/// The arguments of `assay diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A module (.wasm, .wat), whose exports are called, or a saved case (.toml)
    #[arg(value_name = "FILE", conflicts_with_all = ["cases", "time", "profile", "jobs", "first"])]
    file: Option<PathBuf>,
    /// Make and play this many cases
    #[arg(long, value_name = "N", value_parser = units::number, allow_negative_numbers = true)]
    cases: Option<u64>,
    /// The seed: with the profile, it determines every case
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = units::number, allow_negative_numbers = true)]
    seed: u64,
    /// The number of the first case
    #[arg(long, value_name = "INDEX", default_value_t = 0, value_parser = units::number, allow_negative_numbers = true)]
    first: u64,
    /// How cases are made: default, small, smith, operators, calls or mutate
    #[arg(long, value_name = "NAME", default_value = "default")]
    profile: Profile,
    /// How many worker processes run at a time [default: one per processor]
    #[arg(long, short, value_name = "N", value_parser = units::count, allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
    /// Begin no case after this time
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    time: Option<Duration>,
    /// Compare with this engine, too: `cmd:PROGRAM ARGUMENTS` starts one that speaks the engine protocol (repeatable)
    #[arg(long = "engine", value_name = "cmd:COMMAND")]
    engines: Vec<String>,
    /// The folder for the cases of findings
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
}

/// More workers than this help nobody.
const MAX_JOBS: usize = 512;
/// More findings than this are only counted.
const SHOWN: usize = 50;

pub(crate) fn run(args: &Args) -> ExitCode {
    let engines = match args.engines.iter().map(|name| start(name)).collect::<Result<Vec<_>, _>>() {
        Ok(engines) => engines,
        Err(message) => return fail(&message, exit::USAGE),
    };
    match &args.file {
        Some(file) => one(file, args.seed, engines),
        None => {
            // Each worker starts its own; that they can be started is known by now.
            drop(engines);
            campaign(args)
        }
    }
}

/// Starts an engine of another process, which it says hello to.
fn start(name: &str) -> Result<(&str, Client), String> {
    let mut client = Client::new(external::command(name)?, Limits::default());
    client.capabilities().map_err(|error| format!("the engine `{name}` is of no use: {error}"))?;
    Ok((name, client))
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {}", escape::text(message));
    code.into()
}

/// Plays one case in every lane and says what each step did.
fn one(file: &Path, seed: u64, mut engines: Vec<(&str, Client)>) -> ExitCode {
    let case = match read(file, seed) {
        Ok(case) => case,
        Err(message) => return fail(&message, exit::USAGE),
    };
    let lanes = match Lanes::new() {
        Ok(lanes) => lanes,
        Err(error) => return fail(&error.to_string(), exit::INTERNAL),
    };
    let canonical = || case.has_canonical().then(|| case.canonical());
    let played = on_lane_thread(|| {
        let verdict = judge(&case, &lanes, &Lane::ALL, canonical, |_| {});
        let confront = |(name, client): &mut (&str, Client)| {
            external::confront(&case, &lanes, (name, client), canonical)
                .map_err(|error| format!("the engine `{name}` is of no use: {error}"))
        };
        let others: Result<Vec<_>, String> = engines.iter_mut().map(confront).collect();
        others.map(|others| (verdict, others))
    });
    let (verdict, others) = match played {
        Ok(Ok(played)) => played,
        Ok(Err(message)) => return fail(&message, exit::INTERNAL),
        Err(error) => return fail(&format!("failed to start a thread: {error}"), exit::INTERNAL),
    };
    let mut out = Output::new();
    for (step, outcome) in case.steps.iter().zip(&verdict.outcomes) {
        out.line(format_args!("{}: {outcome}", escape::text(&step.to_string())));
    }
    let mut allowed = verdict.allowed;
    others.iter().for_each(|other| allowed.add(&other.allowed));
    for rule in Rule::ALL.into_iter().filter(|&rule| allowed.uses(rule) > 0) {
        out.line(format_args!("legitimate difference {}: {}", rule.name(), allowed.uses(rule)));
    }
    let mut agreeing = Lane::ALL.len();
    let mut findings: Vec<Finding> = verdict.finding.into_iter().collect();
    let mut code = exit::OK;
    for ((name, _), other) in engines.iter().zip(others) {
        match other.skipped {
            Some(reason) => out.line(format_args!("not compared with {}: {reason}", escape::text(name))),
            None => agreeing += 1,
        }
        code = code.max(if other.crashed { exit::SANDBOX } else { exit::OK });
        findings.extend(other.finding);
    }
    if findings.is_empty() {
        out.line(format_args!("{agreeing} lanes agree on {} steps", verdict.outcomes.len()));
    } else {
        code = code.max(exit::UNEXPECTED);
    }
    for finding in findings {
        out.line(format_args!(
            "{}\n  {}",
            escape::text(&finding.class),
            escape::brief(&finding.detail, 2000)
        ));
    }
    out.finish(code, exit::INCOMPLETE).into()
}

/// The case in a file, or the case of the module in it.
fn read(file: &Path, seed: u64) -> Result<Case, String> {
    if file.extension().is_some_and(|extension| extension == "toml") {
        return Case::load(file).map_err(|error| format!("{}: {error}", file.display()));
    }
    let bytes =
        std::fs::read(file).map_err(|error| format!("failed to read `{}`: {error}", file.display()))?;
    if Engine::detect_precompiled(&bytes).is_some() {
        let message = "is a precompiled module; give the WebAssembly module that it was made from";
        return Err(format!("`{}` {message}", file.display()));
    }
    let origin = format!("module {}", file.display());
    case_of_module(&bytes, origin, seed).map_err(|error| format!("{}: {error}", file.display()))
}

fn campaign(args: &Args) -> ExitCode {
    if args.cases.is_none() && args.time.is_none() {
        let message = "nothing to play: give a module or a case, `--cases N` or `--time TIME` (see `assay diff --help`)";
        return fail(message, exit::USAGE);
    }
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let options = Options {
        profile: args.profile,
        seed: args.seed,
        first: args.first,
        cases: args.cases.unwrap_or(u64::MAX),
        jobs: args.jobs.map_or_else(processors, NonZeroUsize::get).min(MAX_JOBS),
        time: args.time,
        engines: args.engines.clone(),
    };
    let mut watch = Watch(Bar::new());
    watch.0.expect(usize::try_from(args.cases.unwrap_or(0)).unwrap_or(usize::MAX));
    let began = Instant::now();
    let outcome = run_in_processes(&options, WorkerCommand::this_program(worker::DIFF), &mut watch);
    let elapsed = began.elapsed();
    watch.0.clear();
    match outcome {
        Ok(tally) => show(&options, &tally, elapsed, &args.out),
        Err(error) => fail(&error.to_string(), exit::INTERNAL),
    }
}

fn show(options: &Options, tally: &Tally, elapsed: Duration, folder: &Path) -> ExitCode {
    let mut out = Output::new();
    let mut saved = Ok(());
    for found in tally.findings.iter().take(SHOWN) {
        out.line(report::finding(found.index, &found.class, &found.detail));
        match save_finding(options, found, folder) {
            Ok(path) => out.line(format_args!("  {}", repeated(options, found, &path))),
            Err(error) => saved = Err(error),
        }
    }
    if tally.findings.len() > SHOWN {
        out.line(format_args!("… and {} more findings", tally.findings.len() - SHOWN));
    }
    out.text(report::summary(options, tally, elapsed));
    match saved {
        Ok(()) => out.finish(report::exit_code(tally), exit::INCOMPLETE).into(),
        Err(error) => {
            out.finish(exit::INTERNAL, exit::INCOMPLETE);
            fail(&error.to_string(), exit::INTERNAL)
        }
    }
}

/// How a finding is seen again. Only `diff` starts engines of other processes.
fn repeated(options: &Options, found: &Found, path: &Path) -> String {
    let path = path.display();
    let other = options.engines.iter().find(|name| found.class.starts_with(&format!("{name}: ")));
    other.map_or_else(
        || format!("repeat it with: assay repro {path}; make it small with: assay reduce {path}"),
        |name| format!("repeat it with: assay diff {path} --engine {}", escape::text(&quoted(name))),
    )
}

/// Shows how it goes.
struct Watch(Bar);

impl Observer for Watch {
    fn progress(&mut self, done: u64, findings: usize) {
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        self.0.show(done, format!("{findings} findings"));
    }
}
