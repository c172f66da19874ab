//! `assay spec` (alias `wast`): the official suite, per directive, on our engines.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use assay_reports::{ColorChoice, DEFAULT_OUT, Repeat, Row, Terminal, Verdict, escape, exit, quoted};
use assay_spec_tests::engine::{DEFAULT_ENGINES, Lane};
use assay_spec_tests::partition::Partition;
use assay_spec_tests::run::{self, Observer, Options, Report};
use assay_spec_tests::suite::Choice;
use assay_spec_tests::suite::official::{Cache, Manifest};
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::watch::{Watched, watch};
use crate::{outside, units, worker};

/// The arguments of `assay spec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Scripts to run, and folders of them. Without any: the whole official suite where `assay suite fetch` has brought
    /// it, else the embedded copy
    #[arg(value_name = "PATH", conflicts_with_all = ["suite", "embedded"])]
    paths: Vec<PathBuf>,
    /// Run all scripts of this folder, for example a checkout of the official suite
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,
    /// Run the embedded copy of the suite even if the whole one is there
    #[arg(long, conflicts_with = "suite")]
    embedded: bool,
    /// Only files whose path contains PATTERN or matches it (`*`, `?`); with :LINE, only the directive there
    #[arg(long, value_name = "PATTERN[:LINE]")]
    filter: Vec<String>,
    /// Only one of several parts: hash:K/N (by file; adding one moves no other) or slice:K/N (by cost). `hash` and `slice` alone
    /// take K and N from GitLab, Buildkite, CircleCI, a Slurm array or a Kubernetes job. `assay merge` joins the parts
    #[arg(long, value_name = "PART", value_parser = partition)]
    partition: Option<Partition>,
    /// The engines to run, separated by commas: jit, interp, mixed (modules by both in turns); `cmd:PROGRAM ARGUMENTS`
    /// starts one that speaks the engine protocol; v8, wasmtime, wasmi: by the adapter `assay-adapter-NAME`, which is
    /// looked for beside this program and in the path
    #[arg(long, value_name = "LIST", default_value = DEFAULT_ENGINES)]
    engine: String,
    /// How much the JIT optimises
    #[arg(long, value_enum, default_value_t = Opt::Speed)]
    opt: Opt,
    /// Let the JIT check explicitly instead of relying on hardware faults
    #[arg(long)]
    no_signals: bool,
    /// Collect garbage whenever an object is made, so that a reference that the collector does not know of is found at once
    #[arg(long)]
    gc_zeal: bool,
    /// How many worker processes run at a time [default: one per processor]
    #[arg(long, short, value_name = "N", value_parser = units::count, allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
    /// Stop at the first unexpected result
    #[arg(long)]
    fail_fast: bool,
    /// How long one directive may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::duration)]
    timeout: Duration,
    /// A TOML file of directives that are known not to pass
    #[arg(long, value_name = "FILE")]
    expectations: Option<PathBuf>,
    /// Fail where anything is skipped, whatever the reason
    #[arg(long)]
    no_skips: bool,
    /// Run again whenever a script or an engine changes, until `q` and Enter
    #[arg(long)]
    watch: bool,
    /// The folder for results.jsonl and summary.json
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
    /// Whether to use colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Opt {
    /// Not at all.
    None,
    /// For speed.
    Speed,
}

fn partition(word: &str) -> Result<Partition, String> {
    Partition::parse(word, |name| std::env::var(name).ok())
}

/// More workers than this help nobody.
const MAX_JOBS: usize = 512;

pub(crate) fn run(args: Args) -> ExitCode {
    if args.watch {
        return watched(args);
    }
    let (color, no_skips) = (args.color.resolve(&std::io::stdout()), args.no_skips);
    let cached = Cache::of_user().ok().and_then(|cache| cache.suite(Manifest::official()));
    let options = match options(args, cached) {
        Ok(options) => options,
        Err(message) => return fail(&message, exit::USAGE),
    };
    let mut watch = Watch(Bar::new());
    let outcome = run::run(&options, &mut watch);
    watch.0.clear();
    match outcome {
        Ok(report) => {
            let mut out = Output::new();
            show(&mut out, &report, &options, color);
            let counts = report.summary.engines.values().map(|engine| &engine.counts);
            let skipped: u64 = counts.filter(|_| no_skips).map(|counts| counts.skip).sum();
            if skipped > 0 {
                eprintln!("error: {skipped} results were skipped, which --no-skips does not allow");
            }
            let code = code(report.summary.verdict(), options.partition.is_some(), skipped);
            out.finish(code, exit::INCOMPLETE).into()
        }
        Err(error) => fail(&error.to_string(), error.exit_code()),
    }
}

/// The exit code of a run, with so many skips that are not allowed.
fn code(verdict: Verdict, partial: bool, skipped: u64) -> u8 {
    let code = match verdict {
        // That a part has no tests is no fault of the selection: the parts together have some.
        Verdict::NothingSelected if partial => exit::OK,
        verdict => verdict.exit_code(),
    };
    if code == exit::OK && skipped > 0 { exit::UNEXPECTED } else { code }
}

/// Runs the same command line without `--watch` again and again.
fn watched(args: Args) -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).filter(|word| word != "--watch").collect();
    let engines = args.engine.split(',').filter_map(|engine| engine.trim().strip_prefix("cmd:"));
    let programs = engines.filter_map(|command| command.split_whitespace().next().map(PathBuf::from));
    // One without a slash is an installed one.
    let programs = programs.filter(|program| program.is_file()).chain(std::env::current_exe());
    let scripts = args.paths.into_iter().chain(args.suite).collect();
    match watch(Watched { scripts, programs: programs.collect() }, &words) {
        Ok(code) => code,
        Err(message) => fail(&message, exit::INTERNAL),
    }
}

/// The options of a run; `cached` is the official suite, where the user has it.
fn options(args: Args, cached: Option<PathBuf>) -> Result<Options, String> {
    let suite = match (args.suite, cached) {
        (Some(folder), _) => Choice::Folder(folder),
        (None, _) if !args.paths.is_empty() => Choice::Paths(args.paths),
        (None, Some(folder)) if !args.embedded => Choice::Cached(folder),
        (None, _) => Choice::Embedded,
    };
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let outside = |name: &str| outside::lane(name, args.timeout);
    let mut lanes = Lane::parse_list(&args.engine, args.opt == Opt::Speed, !args.no_signals, outside)?;
    if args.gc_zeal {
        lanes = lanes.into_iter().map(Lane::zealous).collect();
    }
    Ok(Options {
        repeat: repeats(&lanes, &suite, args.embedded),
        suite,
        filters: args.filter,
        partition: args.partition,
        lanes,
        jobs: args.jobs.map_or_else(processors, NonZeroUsize::get).min(MAX_JOBS),
        fail_fast: args.fail_fast,
        timeout: args.timeout,
        expectations: args.expectations,
        out: args.out,
        worker: WorkerCommand::this_program(worker::SPEC),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn show(out: &mut Output, report: &Report, options: &Options, color: bool) {
    if let Some(partition) = &options.partition {
        let origin = partition.origin.map_or_else(String::new, |origin| format!(", as {origin} says"));
        out.line(format_args!(
            "part {} of {} by {}{origin}",
            partition.part,
            partition.of,
            partition.by.name()
        ));
    }
    if let Some(notice) = &report.notice {
        out.line(format_args!("{notice}\n"));
    }
    let mut terminal = Terminal::new(&report.summary, &report.rows);
    terminal.color = color;
    terminal.out = Some(&options.out);
    let repeat = |row: &Row| report.header.repeat(row).unwrap_or_default();
    terminal.repeat = &repeat;
    out.text(terminal.render());
}

/// For each lane the command that repeats one of its results.
fn repeats(lanes: &[Lane], suite: &Choice, embedded: bool) -> Vec<Repeat> {
    let repeat = |lane: &Lane| {
        let engine = outside::word(lane).unwrap_or_else(|| lane.engine.clone());
        let mut command = format!("assay spec --engine {}", quoted(&engine));
        if !lane.optimise {
            command.push_str(" --opt none");
        }
        if !lane.signals {
            command.push_str(" --no-signals");
        }
        if lane.zeal {
            command.push_str(" --gc-zeal");
        }
        match suite {
            Choice::Embedded if embedded => command += " --embedded",
            Choice::Embedded | Choice::Cached(_) | Choice::Paths(_) => {}
            Choice::Folder(folder) => {
                command += &format!(" --suite {}", quoted(&folder.display().to_string()));
            }
        }
        let names_file = matches!(suite, Choice::Paths(_));
        Repeat { engine: lane.engine.clone(), lane: lane.name.clone(), command, names_file }
    };
    lanes.iter().map(repeat).collect()
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {}", escape::lines(message));
    code.into()
}

/// Shows progress while a run goes on.
struct Watch(Bar);

impl Observer for Watch {
    fn planned(&mut self, results: usize) {
        self.0.expect(results);
    }

    fn advanced(&mut self, done: usize, unexpected: usize, file: Option<&str>) {
        let mut message = escape::text(file.unwrap_or_default()).into_owned();
        if unexpected > 0 {
            message = format!("{unexpected} unexpected  {message}");
        }
        self.0.show(done, message);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use assay_reports::{Directive, Header, Row, SuiteInfo, SuiteKind, Verdict, exit};
    use assay_spec_tests::suite::Choice;
    use clap::Parser;

    use super::{Args, code, options};

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        args: Args,
    }

    fn repeated(words: &[&str], file: &str) -> String {
        let only = Only::try_parse_from([&["assay"], words].concat()).unwrap();
        let options = options(only.args, None).unwrap();
        let lane = &options.lanes[0];
        let row = Row::new(file, 7, 1, 0, Directive::Module, lane.engine.as_str(), lane.name.as_str());
        let suite =
            SuiteInfo { kind: SuiteKind::Spec, origin: String::new(), digest: String::new(), files: 1 };
        let header = Header { repeat: options.repeat, ..Header::new("0", Vec::new(), suite, "all") };
        header.repeat(&row).unwrap()
    }

    #[test]
    fn the_command_that_repeats_a_result_names_suite_and_lane() {
        assert_eq!(repeated(&[], "core/a.wast"), "assay spec --engine jit --filter core/a.wast:7");
        assert_eq!(repeated(&["--embedded"], "a"), "assay spec --engine jit --embedded --filter a:7");
        assert_eq!(
            repeated(&["--suite", "../my suite", "--opt", "none", "--no-signals"], "a.wast"),
            "assay spec --engine jit --opt none --no-signals --suite '../my suite' --filter a.wast:7"
        );
        assert_eq!(repeated(&["x"], "x/a.wast"), "assay spec --engine jit x/a.wast --filter x/a.wast:7");
    }

    #[test]
    fn a_skip_that_is_not_allowed_is_no_success() {
        assert_eq!(code(Verdict::AsExpected, false, 0), exit::OK);
        assert_eq!(code(Verdict::AsExpected, false, 1), exit::UNEXPECTED);
        assert_eq!(code(Verdict::NothingSelected, false, 1), exit::NOTHING_SELECTED);
        assert_eq!(code(Verdict::NothingSelected, true, 0), exit::OK);
    }

    #[test]
    fn the_whole_suite_is_run_where_it_is() {
        let suite = |words: &[&str], cached| {
            let only = Only::try_parse_from([&["assay"], words].concat()).unwrap();
            options(only.args, cached).unwrap().suite
        };
        let cached = PathBuf::from("cached");
        assert_eq!(suite(&[], None), Choice::Embedded);
        assert_eq!(suite(&[], Some(cached.clone())), Choice::Cached(cached.clone()));
        assert_eq!(suite(&["--embedded"], Some(cached.clone())), Choice::Embedded);
        assert_eq!(suite(&["--suite", "x"], Some(cached)), Choice::Folder(PathBuf::from("x")));
        assert!(Only::try_parse_from(["assay", "--embedded", "x.wast"]).is_err());
    }

    #[test]
    fn arguments_become_options() {
        let only = Only::try_parse_from(["assay", "-j", "3", "--engine", "interp", "a", "b"]).unwrap();
        let options = options(only.args, Some(PathBuf::from("cached"))).unwrap();
        assert_eq!(options.suite, Choice::Paths(vec![PathBuf::from("a"), PathBuf::from("b")]));
        assert_eq!((options.jobs, options.lanes.len()), (3, 1));
        for words in [["--jobs", "-1"], ["--jobs", "0"], ["--timeout", "0s"], ["--engine", "x"]] {
            let parsed = Only::try_parse_from([&["assay"], &words[..]].concat());
            assert!(parsed.map_or(true, |only| super::options(only.args, None).is_err()), "{words:?}");
        }
    }
}
