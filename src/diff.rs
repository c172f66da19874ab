//! `assay diff`: one module or case, or a seeded campaign, through every lane of our runtime.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_differential::campaign::corpus::{self, Corpus};
use assay_differential::campaign::journal::{self, Journal, JournalError, Past};
use assay_differential::campaign::summary::{FindingSummary, Summary};
use assay_differential::campaign::{
    Confirmation, Found, Observer, Options, Supervision, Tally, confirm, report, run_supervised, save_finding,
};
use assay_differential::case::Case;
use assay_differential::compare::rule::Rule;
use assay_differential::external;
use assay_differential::external::client::{Client, Limits};
use assay_differential::generate::{Profile, case_of_module};
use assay_differential::judge::{Finding, judge};
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_differential::oracle::is_escape;
use assay_differential::shrink::process::Player;
use assay_reports::{DEFAULT_OUT, escape, exit, quoted};
use assay_runtime::Engine;
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::{reduce, units, worker};

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
    #[arg(long, value_name = "NAME", default_value = "default", help = units::profiles())]
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
    /// The folder for the cases of findings, and for the journal
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
    /// Go on with the campaign of this profile and seed whose journal is in the folder, if there is one
    #[arg(long, conflicts_with = "file")]
    resume: bool,
    /// Also say what each generator made, and which operators were executed
    #[arg(long, conflicts_with = "file")]
    statistics: bool,
    /// A folder of cases that cover what campaigns cover: others are made of them, and cases that add to it are saved there
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    corpus: Option<PathBuf>,
    /// Also write the campaign as JSON (schema assay-campaign-1) to this file
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    json: Option<PathBuf>,
}

/// More workers than this help nobody.
const MAX_JOBS: usize = 512;
/// More findings than this are only counted.
const SHOWN: usize = 50;
/// More findings than this are not played again in a fresh process.
const CONFIRMED: usize = 20;

pub(crate) fn run(args: &Args) -> ExitCode {
    let engines = match args.engines.iter().map(|name| start(name)).collect::<Result<Vec<_>, _>>() {
        Ok(engines) => engines,
        Err(message) => return fail(&message, exit::USAGE),
    };
    match &args.file {
        Some(file) if reduce::is_of_wasi(file) => reduce::play_wasi(file),
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
        let verdict = judge(&case, &lanes, &Lane::EVERY, canonical, |_| {});
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
    let mut agreeing = Lane::EVERY.len();
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
    if findings.iter().any(|finding| is_escape(&finding.class)) {
        code = exit::SANDBOX;
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
        corpus: args.corpus.clone(),
    };
    let corpus = match args.corpus.as_deref().map_or_else(|| Ok(Corpus::default()), Corpus::load) {
        Ok(corpus) => corpus,
        Err(error) => return fail(&error.to_string(), exit::USAGE),
    };
    for file in &corpus.unreadable {
        eprintln!("warning: not a case of the corpus: {}", escape::text(file));
    }
    let (mut journal, past) = match journal(&options, corpus.digest(), args) {
        Ok(begun) => begun,
        Err(error) => return fail(&error.to_string(), exit::USAGE),
    };
    let mut watch = Watch(Bar::new());
    watch.0.expect(usize::try_from(args.cases.unwrap_or(0)).unwrap_or(usize::MAX));
    let resumed = past.cases();
    let began = Instant::now();
    let supervision = Supervision { journal: journal.as_mut(), past, ..Supervision::default() };
    let outcome = run_supervised(&options, worker(), &mut watch, supervision);
    let elapsed = began.elapsed();
    watch.0.clear();
    if let Some(trouble) = journal.as_ref().and_then(Journal::trouble) {
        eprintln!("warning: the campaign cannot be resumed: {}", escape::text(&trouble.to_string()));
    }
    match outcome {
        Ok(tally) => show(&Campaign { options, args, corpus, resumed, elapsed }, &tally),
        Err(error) => fail(&error.to_string(), exit::INTERNAL),
    }
}

fn worker() -> WorkerCommand {
    WorkerCommand::this_program(worker::DIFF)
}

/// The journal, and what it says of before. Without a place for it the campaign is played all the same.
fn journal(options: &Options, corpus: &str, args: &Args) -> Result<(Option<Journal>, Past), JournalError> {
    let path = journal::path(options, &args.out);
    if args.resume && path.exists() {
        let (journal, past) = Journal::go_on(options, corpus, &path)?;
        eprintln!("{} cases of {} are done", past.cases(), escape::text(&path.display().to_string()));
        if past.damaged > 0 {
            eprintln!("warning: {} lines of it are damaged; their cases are played again", past.damaged);
        }
        return Ok((Some(journal), past));
    }
    let made = std::fs::create_dir_all(&args.out);
    let begun = made
        .map_err(|error| error.to_string())
        .and_then(|()| Journal::begin(options, corpus, &path).map_err(|error| error.to_string()));
    if let Err(error) = &begun {
        eprintln!("warning: the campaign has no journal: {}", escape::text(error));
    }
    Ok((begun.ok(), Past::default()))
}

/// A campaign that was played.
struct Campaign<'a> {
    options: Options,
    args: &'a Args,
    corpus: Corpus,
    resumed: u64,
    elapsed: Duration,
}

/// Whether a case shows anything where it is played in a process of its own.
fn shows(case: &Case) -> bool {
    let played = Player::new(WorkerCommand::this_program(worker::CASE)).map(|mut player| player.play(case));
    played.is_ok_and(|played| played.is_ok_and(|played| played.finding.is_some()))
}

/// Tells what came of a campaign. What cannot be written is said; a finding counts whether it could be saved or not.
fn show(campaign: &Campaign<'_>, tally: &Tally) -> ExitCode {
    let Campaign { options, args, corpus, resumed, elapsed } = campaign;
    let mut out = Output::new();
    let mut trouble = Vec::new();
    let mut summary = Summary::new(options, tally, *resumed, *elapsed);
    for (number, found) in tally.findings.iter().enumerate() {
        let confirmation = if number < CONFIRMED {
            confirm(options, &worker(), found).unwrap_or(Confirmation::NotTried)
        } else {
            Confirmation::NotTried
        };
        let saved =
            if number < SHOWN { save_finding(options, found, &args.out, shows).map(Some) } else { Ok(None) };
        let case = saved.unwrap_or_else(|error| {
            trouble.push(error.to_string());
            None
        });
        let repeat = repeated(options, found, case.as_deref());
        if number < SHOWN {
            out.line(report::finding(found.index, &found.class, &found.detail));
            let more = found.cases - 1;
            let also = if more > 0 { format!("; {more} more cases alike") } else { String::new() };
            out.line(format_args!("  {}{also}", escape::text(&confirmation.to_string())));
            out.line(format_args!("  {repeat}"));
        }
        summary.findings.push(FindingSummary { found: found.clone(), confirmation, case, repeat });
    }
    if tally.findings.len() > SHOWN {
        out.line(format_args!("… and {} more findings", tally.findings.len() - SHOWN));
    }
    if args.statistics {
        out.text(report::statistics(tally));
    }
    out.text(report::summary(options, tally, *resumed, *elapsed));
    if let Some(folder) = &args.corpus {
        match on_lane_thread(|| corpus::keep(options, tally, corpus, folder)) {
            Ok(Ok(kept)) => out.line(format_args!(
                "{} cases added to the {} of the corpus, for {} points",
                kept.files.len(),
                corpus.cases.len(),
                kept.points
            )),
            Ok(Err(error)) => trouble.push(error.to_string()),
            Err(error) => trouble.push(format!("failed to start a thread: {error}")),
        }
    }
    if let Some(path) = &args.json {
        trouble.extend(summary.write(path).err().map(|error| error.to_string()));
    }
    for message in &trouble {
        eprintln!("error: {}", escape::text(message));
    }
    let code = report::exit_code(tally);
    // A finding is worse news than a full disk.
    let code = if code == exit::OK && !trouble.is_empty() { exit::INTERNAL } else { code };
    out.finish(code, exit::INCOMPLETE).into()
}

/// How a finding is seen again. Only `diff` starts engines of other processes; without a saved case, it is made again.
fn repeated(options: &Options, found: &Found, path: Option<&Path>) -> String {
    let other = options.engines.iter().find(|name| found.class.starts_with(&format!("{name}: ")));
    let engine = other.map_or_else(String::new, |name| format!(" --engine {}", escape::text(&quoted(name))));
    match path.map(Path::display) {
        None => {
            let corpus = options.corpus.as_deref().map_or_else(String::new, |corpus| {
                format!(" --corpus {}", escape::text(&quoted(&corpus.display().to_string())))
            });
            let (profile, seed, index) = (options.profile.name(), options.seed, found.index);
            format!(
                "repeat it with: assay diff --profile {profile} --seed {seed} --first {index} --cases 1{engine}{corpus}"
            )
        }
        Some(path) if other.is_some() => format!("repeat it with: assay diff {path}{engine}"),
        Some(path) => {
            format!("repeat it with: assay repro {path}; make it small with: assay reduce {path}")
        }
    }
}

/// Shows how it goes.
struct Watch(Bar);

impl Observer for Watch {
    fn progress(&mut self, done: u64, findings: usize) {
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        self.0.show(done, format!("{findings} findings"));
    }
}
