//! `assay reduce` and `assay repro`: one saved case, played in a worker process; made small, or just played again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use assay_differential::case::Case;
use assay_differential::external;
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_differential::shrink::process::{Played, Player};
use assay_differential::shrink::{Limits, Reduced, reduce, regression};
use assay_differential::wasi::{WasiCase, is_wasi_case};
use assay_reports::{escape, exit, quoted};
use assay_runtime::inspect::{FAULTS_BUILT, Fault, FaultsNotBuilt};
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::{units, worker};

/// The arguments of `assay repro`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReproArgs {
    /// The saved case (.toml)
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// Say how a difference came about: the first value that differs, those before it, the wasm text and the machine code
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    with: With,
}

/// What a case is played with, besides the lanes of this runtime.
#[derive(Debug, clap::Args)]
struct With {
    /// Compare with this engine, too: `cmd:PROGRAM ARGUMENTS` starts one that speaks the engine protocol (repeatable)
    #[arg(long = "engine", value_name = "cmd:COMMAND")]
    engines: Vec<String>,
    /// Play with this planted fault, in a build that has them
    #[arg(long, value_name = "ID")]
    fault: Option<String>,
}

impl With {
    /// The options, as they stand on a command line.
    fn words(&self) -> String {
        let engines =
            self.engines.iter().map(|engine| format!(" --engine {}", escape::text(&quoted(engine))));
        let fault = self.fault.iter().map(|fault| format!(" --fault {fault}"));
        engines.chain(fault).collect()
    }
}

/// The arguments of `assay reduce`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReduceArgs {
    /// The saved case (.toml)
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// Where the small case goes [default: CASE with `.small.toml`]; its script, if it can be one, beside it as `.wast`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Play at most this many candidates
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = units::number, allow_negative_numbers = true)]
    trials: u64,
    /// Play no candidate after this time
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = units::duration)]
    time: Duration,
    #[command(flatten)]
    with: With,
}

/// What ends a command early.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl ToString) -> Self {
        Self { code, message: message.to_string() }
    }
}

/// Runs `assay repro`.
pub(crate) fn repro(args: &ReproArgs) -> ExitCode {
    if is_of_wasi(&args.case) {
        return repro_wasi(&args.case, &args.with);
    }
    ended(load(&args.case).and_then(|case| {
        let mut player = player(&args.with)?;
        let played = if args.explain { player.explain(&case) } else { player.play(&case) };
        let played = played.map_err(|error| Failure::new(exit::INTERNAL, error))?;
        let mut out = Output::new();
        for (step, outcome) in case.steps.iter().zip(&played.outcomes) {
            out.line(format_args!("{}: {outcome}", escape::text(&step.to_string())));
        }
        let code = show(&mut out, &played, Lane::EVERY.len() + args.with.engines.len());
        match &played.explanation {
            Some(text) => out.text(escape::lines(text)),
            None if args.explain && played.finding.is_some() => {
                out.line("only differences between the lanes of this runtime are explained");
            }
            None => {}
        }
        Ok(out.finish(code, exit::INCOMPLETE))
    }))
}

/// Whether a file holds a case of WASI.
pub(crate) fn is_of_wasi(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| is_wasi_case(&text))
}

/// Plays a saved case of WASI again, with nothing besides the lanes of this runtime.
pub(crate) fn play_wasi(path: &Path) -> ExitCode {
    repro_wasi(path, &With { engines: Vec::new(), fault: None })
}

/// Plays a saved case of WASI again.
fn repro_wasi(path: &Path, with: &With) -> ExitCode {
    let unreadable = |error| Failure::new(exit::USAGE, format_args!("{}: {error}", path.display()));
    ended(WasiCase::load(path).map_err(unreadable).and_then(|case| {
        let text = case.to_text().map_err(|error| Failure::new(exit::INTERNAL, error))?;
        let played = player(with)?.play_text(text).map_err(|error| Failure::new(exit::INTERNAL, error))?;
        let mut out = Output::new();
        for (call, outcome) in case.calls.iter().zip(&played.outcomes) {
            out.line(format_args!("{}: {outcome}", escape::text(&call.to_string())));
        }
        let code = show(&mut out, &played, assay_differential::wasi::Lane::ALL.len());
        Ok(out.finish(code, exit::INCOMPLETE))
    }))
}

/// Runs `assay reduce`.
pub(crate) fn run(args: &ReduceArgs) -> ExitCode {
    if is_of_wasi(&args.case) {
        return ended(Err(Failure::new(
            exit::USAGE,
            "cases of WASI are not made small: they are short scripts of calls",
        )));
    }
    ended(load(&args.case).and_then(|case| reduction(args, &case)))
}

fn ended(result: Result<u8, Failure>) -> ExitCode {
    result
        .unwrap_or_else(|failure| {
            eprintln!("error: {}", escape::lines(&failure.message));
            failure.code
        })
        .into()
}

fn load(path: &Path) -> Result<Case, Failure> {
    Case::load(path).map_err(|error| Failure::new(exit::USAGE, format_args!("{}: {error}", path.display())))
}

fn player(with: &With) -> Result<Player, Failure> {
    for engine in &with.engines {
        external::command(engine).map_err(|error| Failure::new(exit::USAGE, error))?;
    }
    let command = match &with.fault {
        None => WorkerCommand::this_program(worker::CASE),
        Some(id) if Fault::named(id).is_none() => {
            return Err(Failure::new(exit::USAGE, format_args!("there is no fault `{id}`")));
        }
        Some(_) if !FAULTS_BUILT => return Err(Failure::new(exit::USAGE, FaultsNotBuilt)),
        Some(id) => worker::case_with_fault(id),
    };
    let player = Player::new(command).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    Ok(player.with_engines(with.engines.clone()))
}

/// Says what came of a case that was to be played in so many lanes; the exit code for it.
fn show(out: &mut Output, played: &Played, lanes: usize) -> u8 {
    for (name, reason) in &played.skipped {
        out.line(format_args!("not compared with {}: {reason}", escape::text(name)));
    }
    let Some(finding) = &played.finding else {
        let agreeing = lanes - played.skipped.len();
        out.line(format_args!("{agreeing} lanes agree on {} steps", played.outcomes.len()));
        return exit::OK;
    };
    out.line(format_args!("{}\n  {}", escape::text(&finding.class), escape::brief(&finding.detail, 2000)));
    if played.unsafe_end { exit::SANDBOX } else { exit::UNEXPECTED }
}

fn reduction(args: &ReduceArgs, case: &Case) -> Result<u8, Failure> {
    let mut player = player(&args.with)?;
    let first = player.play(case).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    let mut out = Output::new();
    let code = show(&mut out, &first, Lane::EVERY.len() + args.with.engines.len());
    let Some(finding) = first.finding else {
        let message = "the case has no finding on this machine, so there is nothing to reduce";
        return Err(Failure::new(exit::NOTHING_SELECTED, message));
    };
    let bar = Bar::new();
    bar.expect(usize::try_from(args.trials).unwrap_or(usize::MAX));
    let (mut trials, mut broken) = (0, None);
    let limits = Limits { trials: args.trials, time: args.time };
    let mut small = reduce(case, limits, |candidate| {
        trials += 1;
        bar.show(trials, format!("{} steps", candidate.steps.len()));
        match player.play(candidate) {
            Ok(played) => played.finding.is_some_and(|found| found.signature == finding.signature),
            Err(error) => {
                broken = Some(error);
                false
            }
        }
    });
    bar.clear();
    if let Some(error) = broken {
        eprintln!("warning: a candidate could not be played: {error}");
    }
    small.case.origin = format!("{}; reduced, {}", case.origin, finding.signature);
    let path = args.out.clone().unwrap_or_else(|| args.case.with_extension("small.toml"));
    small.case.save(&path).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    report(&mut out, case, &small, (&path, &args.with.words()))?;
    Ok(out.finish(code, exit::INCOMPLETE))
}

/// Says what is left, and where it is.
fn report(
    out: &mut Output,
    case: &Case,
    small: &Reduced,
    (path, with): (&Path, &str),
) -> Result<(), Failure> {
    let size = |case: &Case| case.modules.iter().map(|module| module.bytes.len()).sum::<usize>();
    out.line(format_args!(
        "{} bytes in {} modules and {} steps became {} bytes, {} modules and {} steps, after {} trials{}",
        size(case),
        case.modules.len(),
        case.steps.len(),
        size(&small.case),
        small.case.modules.len(),
        small.case.steps.len(),
        small.trials,
        if small.finished { "" } else { " (the limits were met; there may be less)" },
    ));
    out.line(format_args!("  repeat and explain it with: assay repro {}{with} --explain", path.display()));
    match written(&small.case) {
        Ok(text) => {
            let script = path.with_extension("wast");
            std::fs::write(&script, text).map_err(|error| {
                Failure::new(exit::INTERNAL, format_args!("{}: {error}", script.display()))
            })?;
            out.line(format_args!("  as a script: assay wast {}", script.display()));
        }
        Err(reason) => out.line(format_args!("  it cannot be a script: {}", escape::text(&reason))),
    }
    Ok(())
}

/// The script of a case, by what the interpreter says.
fn written(case: &Case) -> Result<String, String> {
    let lanes = Lanes::new().map_err(|error| error.to_string())?;
    let played = on_lane_thread(|| {
        let engine = lanes.engine(Lane::Interp, true);
        assay_differential::play(case, engine, Some(case.settings.fuel))
    });
    regression::script(case, &played.map_err(|error| error.to_string())?)
}
