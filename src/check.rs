//! `assay check`: the one command for CI. Suite, WASI programs, campaign, canaries and benchmarks, one report, one verdict.
//!
//! Enters: what is to be checked and, with `--baseline`, the folder of an earlier check; leaves: a folder for each step, the
//! reports, and an exit code. Each step is this program again, so that one that dies takes no other along. What is not
//! checked is said, with the reason: a step that did not take place never counts as one that went well.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use assay_reports::{DEFAULT_OUT, Header, Inputs, compare, escape, exit, github, markdown, write_file};
use assay_runtime::inspect::{FAULTS_BUILT, FaultsNotBuilt};

use crate::output::Output;
use crate::{report, units};

/// The arguments of `assay check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the suite [default: as `assay spec`]
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,
    /// The engines that run the suite, separated by commas
    #[arg(long, value_name = "LIST", default_value = "jit,interp")]
    engine: String,
    /// A folder of WASI tests
    #[arg(long, value_name = "DIR")]
    wasi: Option<PathBuf>,
    /// How long the differential campaign begins cases
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::duration)]
    time: Duration,
    /// The seed of the campaign
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = units::number, allow_negative_numbers = true)]
    seed: u64,
    /// A document of the benchmarks (`assay-benches --json FILE`) of this build, to be compared with that of the baseline
    #[arg(long, value_name = "FILE")]
    bench: Option<PathBuf>,
    /// An earlier build of this program: both are measured in turns, as by `assay bench`
    #[arg(long, value_name = "PROGRAM", conflicts_with = "bench")]
    bench_against: Option<PathBuf>,
    /// How long the builds are measured
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = units::duration)]
    bench_time: Duration,
    /// A build with planted faults, to see whether campaigns find them [default: this program, where it has some]
    #[arg(long, value_name = "PROGRAM")]
    faults: Option<PathBuf>,
    /// The folder of an earlier check: then only what is worse than there fails
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// The folder for everything; reports stand at its top
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
}

/// Faults that are found within seconds, whatever the machine: when one of them is not, the harness is blind.
const CANARIES: [&str; 3] = ["bounds-sum-narrow", "call-type-unchecked", "wide-index-narrowed"];

/// Bytes of the summary that are left to the table of steps and the verdict.
const SUMMARY_OF_STEPS: usize = 4096;

/// The folders of steps, by their names.
const STEPS: [&str; 5] = ["spec", "wasi", "campaign", "faults", "bench"];

/// What became of a step.
enum Step {
    /// It ran, and ended with this exit code.
    Ended(u8, Duration),
    /// It did not take place.
    Skipped(String),
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match check(args) {
        Ok(code) => code.into(),
        Err((code, message)) => {
            eprintln!("error: {}", escape::lines(&message));
            code.into()
        }
    }
}

type Outcome<T> = Result<T, (u8, String)>;

fn check(args: &Args) -> Outcome<u8> {
    // Before anything runs: a baseline that cannot be read is known in the first second.
    let mut baseline = args.baseline.as_deref().map(read_folder).transpose()?;
    for program in args.bench_against.iter().chain(&args.faults) {
        if !program.is_file() {
            return Err((exit::USAGE, format!("there is no program {}", program.display())));
        }
    }
    begin(&args.out)?;
    let steps = [
        ("spec", spec(args)?),
        ("wasi", wasi(args)?),
        ("campaign", campaign(args)?),
        ("faults", canaries(args)?),
        ("bench", bench(args)?),
    ];
    let mut inputs = read_folder(&args.out)?;
    let sources = |header: &Header, file: &str| report::source(args.suite.as_deref(), header, file);
    let mut written = Vec::new();
    report::write_all(&args.out, &inputs, &sources, &mut written)?;
    let mut out = Output::new();
    let mut codes: Vec<u8> = Vec::new();
    let mut table = String::from("\n| step | outcome | seconds |\n|---|---|---:|\n");
    for (name, step) in &steps {
        match step {
            Step::Ended(code, took) => {
                // What was wrong before and is no worse is no failure of this change; but who does not find its canaries is blind.
                if baseline.is_none() || *code != exit::UNEXPECTED || *name == "faults" {
                    codes.push(*code);
                }
                let meaning =
                    exit::ALL.iter().find(|(known, _)| known == code).map_or("unknown", |(_, words)| words);
                out.line(format_args!("{name:<9} {meaning} ({:.1} s)", took.as_secs_f64()));
                table += &format!("| {name} | {meaning} | {:.1} |\n", took.as_secs_f64());
            }
            Step::Skipped(reason) => {
                out.line(format_args!("{name:<9} skip: {}", escape::text(reason)));
                table += &format!("| {name} | skip: {} | |\n", escape::text(reason));
            }
        }
    }
    if let Some(baseline) = &mut baseline {
        // What two builds took in turns has been judged; what they took on different days would only add noise.
        let duels = std::mem::take(&mut inputs.duels);
        if !duels.is_empty() {
            baseline.duels.clear();
        }
        let comparison = compare(baseline, &inputs);
        inputs.duels = duels;
        out.text(comparison.render());
        codes.push(comparison.verdict().exit_code());
    }
    let code = worst(&codes);
    let meaning = exit::ALL.iter().find(|(known, _)| *known == code).map_or("unknown", |(_, words)| words);
    let mut summary = markdown::step_summary(&inputs, &sources, github::SUMMARY_LIMIT - SUMMARY_OF_STEPS);
    summary += &format!("{table}\nVerdict: {meaning} (exit code {code}).\n");
    let path = args.out.join("summary.md");
    write_file(&path, summary.as_bytes()).map_err(|error| (exit::INCOMPLETE, error.to_string()))?;
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        out.text(github::annotations(&inputs));
        report::step_summary(&summary)?;
    }
    out.line(format_args!(
        "verdict   {meaning}; see {}",
        escape::text(&args.out.join("report.html").display().to_string())
    ));
    Ok(out.finish(code, exit::INCOMPLETE))
}

/// The code that wins. What was not selected is no failure beside what was.
fn worst(codes: &[u8]) -> u8 {
    const ORDER: [u8; 9] = [
        exit::SANDBOX,
        exit::INTERNAL,
        exit::TIMEOUT,
        exit::USAGE,
        exit::INCOMPLETE,
        exit::REGRESSION,
        exit::UNEXPECTED,
        exit::SPEED_REGRESSION,
        exit::NOTHING_SELECTED,
    ];
    let known = ORDER.into_iter().find(|code| codes.contains(code));
    let foreign = codes.iter().any(|code| *code != exit::OK && !ORDER.contains(code));
    if foreign { exit::INTERNAL } else { known.unwrap_or(exit::OK) }
}

/// Takes away what an earlier check left in the folders, so that it cannot be taken for results of this one.
fn begin(out: &Path) -> Outcome<()> {
    let failed =
        |error: std::io::Error| (exit::INCOMPLETE, format!("cannot prepare {}: {error}", out.display()));
    std::fs::create_dir_all(out).map_err(failed)?;
    assay_reports::remove_file(&out.join("summary.md"))
        .map_err(|error| (exit::INCOMPLETE, error.to_string()))?;
    for step in STEPS {
        for name in ["results.jsonl", "summary.json", "campaign.json", "faults.json", "bench.json"] {
            match std::fs::remove_file(out.join(step).join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the steps of a check left behind.
fn read_folder(folder: &Path) -> Outcome<Inputs> {
    let has = |step: &PathBuf| {
        ["results.jsonl", "campaign.json", "faults.json", "bench.json"]
            .iter()
            .any(|name| step.join(name).exists())
    };
    let mut paths: Vec<PathBuf> = STEPS.iter().map(|step| folder.join(step)).filter(has).collect();
    if paths.is_empty() {
        paths.push(folder.to_owned());
    }
    report::read(&paths)
}

/// Runs this program again.
fn again(words: &[String]) -> Outcome<Step> {
    let program = std::env::current_exe()
        .map_err(|error| (exit::INTERNAL, format!("cannot find this program: {error}")))?;
    start(&program, words)
}

/// Runs a build of this program.
fn start(program: &Path, words: &[String]) -> Outcome<Step> {
    let failed = |error: std::io::Error| {
        (exit::USAGE, format!("cannot start `{} {}`: {error}", program.display(), words.join(" ")))
    };
    eprintln!("assay {}", escape::text(&words.join(" ")));
    let begun = Instant::now();
    // Annotations and summaries are made once, at the end.
    let status = Command::new(program).args(words).env_remove("GITHUB_ACTIONS").status().map_err(failed)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::INTERNAL);
    Ok(Step::Ended(code, begun.elapsed()))
}

fn folder(args: &Args, step: &str) -> String {
    args.out.join(step).to_string_lossy().into_owned()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn spec(args: &Args) -> Outcome<Step> {
    let mut command = words(&["spec", "--engine", &args.engine, "--out", &folder(args, "spec")]);
    if let Some(suite) = &args.suite {
        command.extend(["--suite".to_owned(), suite.to_string_lossy().into_owned()]);
    }
    again(&command)
}

fn wasi(args: &Args) -> Outcome<Step> {
    match &args.wasi {
        Some(dir) => again(&words(&["wasi-suite", "--out", &folder(args, "wasi"), &dir.to_string_lossy()])),
        None => Ok(Step::Skipped("no folder of WASI tests was given (--wasi)".to_owned())),
    }
}

fn campaign(args: &Args) -> Outcome<Step> {
    let folder = folder(args, "campaign");
    std::fs::create_dir_all(&folder)
        .map_err(|error| (exit::INCOMPLETE, format!("cannot make folder {folder}: {error}")))?;
    let time = format!("{}ms", args.time.as_millis());
    let json = format!("{folder}/campaign.json");
    again(&words(&[
        "diff",
        "--time",
        &time,
        "--seed",
        &args.seed.to_string(),
        "--out",
        &folder,
        "--json",
        &json,
    ]))
}

fn canaries(args: &Args) -> Outcome<Step> {
    if !FAULTS_BUILT && args.faults.is_none() {
        return Ok(Step::Skipped(format!("{FaultsNotBuilt}, and --faults PROGRAM")));
    }
    let folder = folder(args, "faults");
    std::fs::create_dir_all(&folder)
        .map_err(|error| (exit::INCOMPLETE, format!("cannot make folder {folder}: {error}")))?;
    let mut command = words(&["faults", "--time", "30s", "--json", &format!("{folder}/faults.json")]);
    command.extend(CANARIES.iter().flat_map(|id| ["--only".to_owned(), (*id).to_owned()]));
    match &args.faults {
        Some(program) => start(program, &command),
        None => again(&command),
    }
}

/// Two builds are measured here. The benchmarks with peers are a program of their own, for a quiet machine: those are compared.
fn bench(args: &Args) -> Outcome<Step> {
    if let Some(program) = &args.bench_against {
        let time = format!("{}ms", args.bench_time.as_millis());
        let program = program.to_string_lossy();
        return again(&words(&["bench", &program, "--time", &time, "--out", &folder(args, "bench")]));
    }
    let Some(path) = &args.bench else {
        return Ok(Step::Skipped(
            "neither a build to measure against (--bench-against) nor benchmarks (--bench) were given"
                .to_owned(),
        ));
    };
    let begun = Instant::now();
    let failed = |error: std::io::Error| (exit::USAGE, format!("cannot read {}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(failed)?;
    let folder = PathBuf::from(folder(args, "bench"));
    std::fs::create_dir_all(&folder)
        .map_err(|error| (exit::INCOMPLETE, format!("cannot make folder {}: {error}", folder.display())))?;
    write_file(&folder.join("bench.json"), &bytes).map_err(|error| (exit::INCOMPLETE, error.to_string()))?;
    Ok(Step::Ended(exit::OK, begun.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::worst;

    #[test]
    fn one_code_wins() {
        for (codes, code) in [
            (&[][..], 0),
            (&[0, 0], 0),
            (&[0, 1], 1),
            (&[1, 3], 3),
            (&[6, 0], 6),
            (&[6, 1], 1),
            (&[3, 7, 70], 7),
            (&[5, 3], 5),
            (&[0, 4], 4),
            (&[0, 139], 70),
        ] {
            assert_eq!(worst(codes), code, "{codes:?}");
        }
    }
}
