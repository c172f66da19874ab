//! `assay spec` (alias `wast`): the official suite, per directive, on our engines.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use assay_reports::{ColorChoice, DEFAULT_OUT, Row, Terminal, escape, exit};
use assay_spec_tests::engine::{DEFAULT_ENGINES, Lane};
use assay_spec_tests::run::{self, Observer, Options, Report};
use assay_spec_tests::suite::Choice;
use assay_spec_tests::suite::official::{Cache, Manifest};
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::{units, worker};

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
    /// The engines to run, separated by commas: jit, interp, mixed (modules by both in turns)
    #[arg(long, value_name = "LIST", default_value = DEFAULT_ENGINES)]
    engine: String,
    /// How much the JIT optimises
    #[arg(long, value_enum, default_value_t = Opt::Speed)]
    opt: Opt,
    /// Let the JIT check explicitly instead of relying on hardware faults
    #[arg(long)]
    no_signals: bool,
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

/// More workers than this help nobody.
const MAX_JOBS: usize = 512;

pub(crate) fn run(args: Args) -> ExitCode {
    let color = args.color.resolve(&std::io::stdout());
    let embedded = args.embedded;
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
            show(&mut out, &report, &options, embedded, color);
            out.finish(report.summary.verdict().exit_code(), exit::INCOMPLETE).into()
        }
        Err(error) => fail(&error.to_string(), error.exit_code()),
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
    Ok(Options {
        suite,
        filters: args.filter,
        lanes: Lane::parse_list(&args.engine, args.opt == Opt::Speed, !args.no_signals)?,
        jobs: args.jobs.map_or_else(processors, NonZeroUsize::get).min(MAX_JOBS),
        fail_fast: args.fail_fast,
        timeout: args.timeout,
        expectations: args.expectations,
        out: args.out,
        worker: WorkerCommand::this_program(worker::SPEC),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn show(out: &mut Output, report: &Report, options: &Options, embedded: bool, color: bool) {
    if let Some(notice) = &report.notice {
        out.line(format_args!("{notice}\n"));
    }
    let mut terminal = Terminal::new(&report.summary, &report.rows);
    terminal.color = color;
    terminal.out = Some(&options.out);
    let repeat = |row: &Row| repeat(row, options, embedded);
    terminal.repeat = &repeat;
    out.text(terminal.render());
}

/// The command that repeats one result.
fn repeat(row: &Row, options: &Options, embedded: bool) -> String {
    let mut command = format!("assay spec --engine {}", quoted(&row.engine));
    let lane = options.lanes.iter().find(|lane| *lane.engine == *row.engine && *lane.name == *row.lane);
    if lane.is_some_and(|lane| !lane.optimise) {
        command.push_str(" --opt none");
    }
    if lane.is_some_and(|lane| !lane.signals) {
        command.push_str(" --no-signals");
    }
    let place = if row.line == 0 { row.file.to_string() } else { format!("{}:{}", row.file, row.line) };
    match &options.suite {
        Choice::Embedded if embedded => command += " --embedded",
        Choice::Embedded | Choice::Cached(_) => {}
        Choice::Folder(folder) => command += &format!(" --suite {}", quoted(&folder.display().to_string())),
        Choice::Paths(_) if row.line == 0 => return format!("{command} {}", quoted(&row.file)),
        Choice::Paths(_) => command += &format!(" {}", quoted(&row.file)),
    }
    format!("{command} --filter {}", quoted(&place))
}

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./:=,+@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
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

    use assay_reports::{Directive, Row};
    use assay_spec_tests::suite::Choice;
    use clap::Parser;

    use super::{Args, options, quoted, repeat};

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        args: Args,
    }

    fn repeated(words: &[&str], file: &str) -> String {
        let only = Only::try_parse_from([&["assay"], words].concat()).unwrap();
        let embedded = only.args.embedded;
        let options = options(only.args, None).unwrap();
        let lane = &options.lanes[0];
        let row = Row::new(file, 7, 1, 0, Directive::Module, lane.engine.as_str(), lane.name.as_str());
        repeat(&row, &options, embedded)
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
    fn words_for_a_shell_are_quoted() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
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
