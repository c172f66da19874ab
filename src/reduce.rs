//! `assay reduce` and `assay repro`: one saved case, played in a worker process; made small, or just played again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use assay_differential::case::{Case, CaseError};
use assay_differential::external;
use assay_differential::judge::Finding;
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_differential::shrink::process::{Played, Player};
use assay_differential::shrink::{Limits, Reduced, reduce, regression, sandbox};
use assay_differential::wasi::{self, WasiCase, is_wasi_case};
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
    ended(load_wasi(path).and_then(|case| {
        let played = play_text(&mut player(with)?, case.to_text())?;
        let mut out = Output::new();
        for (call, outcome) in case.calls.iter().zip(&played.outcomes) {
            out.line(format_args!("{}: {outcome}", escape::text(&call.to_string())));
        }
        let code = show(&mut out, &played, wasi::Lane::ALL.len());
        Ok(out.finish(code, exit::INCOMPLETE))
    }))
}

/// Runs `assay reduce`.
pub(crate) fn run(args: &ReduceArgs) -> ExitCode {
    if is_of_wasi(&args.case) {
        return ended(load_wasi(&args.case).and_then(|case| wasi_reduction(args, &case)));
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

fn load_wasi(path: &Path) -> Result<WasiCase, Failure> {
    let unreadable = |error| Failure::new(exit::USAGE, format_args!("{}: {error}", path.display()));
    WasiCase::load(path).map_err(unreadable)
}

fn play_text(player: &mut Player, text: Result<String, CaseError>) -> Result<Played, Failure> {
    let text = text.map_err(|error| Failure::new(exit::INTERNAL, error))?;
    player.play_text(text).map_err(|error| Failure::new(exit::INTERNAL, error))
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

/// Plays candidates, and says which of them still have the finding.
struct Candidates {
    player: Player,
    finding: Finding,
    /// The exit code for the finding.
    code: u8,
    bar: Bar,
    trials: usize,
    broken: Option<String>,
}

impl Candidates {
    /// Plays the case itself, in so many lanes of our own.
    fn of(
        args: &ReduceArgs,
        text: Result<String, CaseError>,
        lanes: usize,
        out: &mut Output,
    ) -> Result<Self, Failure> {
        let mut player = player(&args.with)?;
        let first = play_text(&mut player, text)?;
        let code = show(out, &first, lanes + args.with.engines.len());
        let Some(finding) = first.finding else {
            let message = "the case has no finding on this machine, so there is nothing to reduce";
            return Err(Failure::new(exit::NOTHING_SELECTED, message));
        };
        let bar = Bar::new();
        bar.expect(usize::try_from(args.trials).unwrap_or(usize::MAX));
        Ok(Self { player, finding, code, bar, trials: 0, broken: None })
    }

    /// Whether a candidate of so many steps has the finding.
    fn have_it(&mut self, text: Result<String, CaseError>, steps: usize) -> bool {
        self.trials += 1;
        self.bar.show(self.trials, format!("{steps} steps"));
        match play_text(&mut self.player, text) {
            Ok(played) => played.finding.is_some_and(|found| found.signature == self.finding.signature),
            Err(failure) => {
                self.broken = Some(failure.message);
                false
            }
        }
    }

    /// The origin of what is left.
    fn end(self, origin: &str) -> String {
        self.bar.clear();
        if let Some(error) = self.broken {
            eprintln!("warning: a candidate could not be played: {}", escape::text(&error));
        }
        format!("{origin}; reduced, {}", self.finding.signature)
    }
}

impl ReduceArgs {
    fn limits(&self) -> Limits {
        Limits { trials: self.trials, time: self.time }
    }

    /// Where the small case goes.
    fn destination(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.case.with_extension("small.toml"))
    }
}

fn reduction(args: &ReduceArgs, case: &Case) -> Result<u8, Failure> {
    let mut out = Output::new();
    let mut candidates = Candidates::of(args, case.to_text(), Lane::EVERY.len(), &mut out)?;
    let code = candidates.code;
    let mut small = reduce(case, args.limits(), |case| candidates.have_it(case.to_text(), case.steps.len()));
    small.case.origin = candidates.end(&case.origin);
    let path = args.destination();
    small.case.save(&path).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    report(&mut out, case, &small, (&path, &args.with.words()))?;
    Ok(out.finish(code, exit::INCOMPLETE))
}

fn wasi_reduction(args: &ReduceArgs, case: &WasiCase) -> Result<u8, Failure> {
    let mut out = Output::new();
    let mut candidates = Candidates::of(args, case.to_text(), wasi::Lane::ALL.len(), &mut out)?;
    let code = candidates.code;
    let same = |case: &WasiCase| candidates.have_it(case.to_text(), case.calls.len());
    let mut small = sandbox::reduce(case, args.limits(), same);
    small.case.origin = candidates.end(&case.origin);
    let path = args.destination();
    small.case.save(&path).map_err(|error| Failure::new(exit::INTERNAL, error))?;
    out.line(format_args!(
        "{} calls, {} entries and {} grants became {} calls, {} entries and {} grants, after {} trials{}",
        case.calls.len(),
        case.entries.len(),
        case.mounts.len(),
        small.case.calls.len(),
        small.case.entries.len(),
        small.case.mounts.len(),
        small.trials,
        if small.finished { "" } else { LESS },
    ));
    out.line(format_args!("  repeat it with: assay repro {}{}", path.display(), args.with.words()));
    Ok(out.finish(code, exit::INCOMPLETE))
}

/// What is said of a reduction that was ended.
const LESS: &str = " (the limits were met; there may be less)";

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
        if small.finished { "" } else { LESS },
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
