//! `assay wasi-suite`: folders of WASI tests in the format of the wasi-testsuite.
//!
//! A test is a `.wasm` or `.wat` file, and a `.json` file of the same name where it needs anything: arguments,
//! environment, directories, and what is expected. Each runs in a process of its own, on a private copy of its
//! directories, on each engine; what came of it goes where results of the official suite go.

mod case;
mod play;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_reports::{
    ColorChoice, DEFAULT_OUT, EngineLanes, Header, Repeat, ResultsWriter, Row, Status, SuiteInfo, SuiteKind,
    Terminal, escape, exit, quoted,
};

use crate::output::Output;
use crate::progress::Bar;
use crate::units;
use case::Case;

/// The arguments of `assay wasi-suite`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of tests
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Only tests whose path contains this
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// The engines to run, separated by commas: jit, interp
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "jit,interp", value_parser = ["jit", "interp"])]
    engine: Vec<String>,
    /// How long one test may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = units::duration)]
    timeout: Duration,
    /// The folder for results.jsonl and summary.json
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
    /// Whether to use colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

const LANE: &str = "default";

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    match suite(args) {
        Ok(code) => code.into(),
        Err((code, message)) => {
            eprintln!("error: {}", escape::lines(&message));
            code.into()
        }
    }
}

fn suite(args: &Args) -> Result<u8, (u8, String)> {
    let usage = |message: String| (exit::USAGE, message);
    let mut cases = case::find(&args.dir)
        .map_err(|error| usage(format!("failed to read `{}`: {error}", args.dir.display())))?;
    let found = cases.len();
    cases.retain(|case| args.filter.is_empty() || args.filter.iter().any(|text| case.name.contains(text)));
    if cases.is_empty() {
        let message = format!("no test is selected; `{}` holds {found}", args.dir.display());
        return Err((exit::NOTHING_SELECTED, message));
    }
    let failed = |error: assay_reports::WriteError| (exit::INCOMPLETE, error.to_string());
    let header = header(args, &cases, found);
    let mut writer = ResultsWriter::create(&args.out, &header).map_err(failed)?;
    let start = Instant::now();
    let bar = Bar::new();
    bar.expect(cases.len() * args.engine.len());
    let mut rows = Vec::new();
    for case in &cases {
        for engine in &args.engine {
            bar.show(rows.len(), escape::text(&case.name).into_owned());
            let row = play(case, engine, args.timeout);
            writer.row(&row).map_err(failed)?;
            rows.push(row);
        }
    }
    let summary = writer.finish(start.elapsed()).map_err(failed)?;
    bar.clear();
    let mut terminal = Terminal::new(&summary, &rows);
    terminal.color = args.color.resolve(&std::io::stdout());
    terminal.out = Some(&args.out);
    let repeat = |row: &Row| header.repeat(row).unwrap_or_default();
    terminal.repeat = &repeat;
    let mut out = Output::new();
    out.text(terminal.render());
    Ok(out.finish(summary.verdict().exit_code(), exit::INCOMPLETE))
}

fn header(args: &Args, cases: &[Case], files: usize) -> Header {
    let mut digest = blake3::Hasher::new();
    for case in cases {
        digest.update(case.name.as_bytes());
        digest.update(&std::fs::read(&case.file).unwrap_or_default());
    }
    let suite = SuiteInfo {
        kind: SuiteKind::Wasi,
        origin: args.dir.display().to_string(),
        digest: format!("blake3:{}", digest.finalize()),
        files,
    };
    let lanes = |engine: &String| EngineLanes { engine: engine.clone(), lanes: vec![LANE.to_owned()] };
    let selection = if args.filter.is_empty() { "all".to_owned() } else { args.filter.join(",") };
    let repeat = |engine: &String| Repeat {
        engine: engine.clone(),
        lane: LANE.to_owned(),
        command: format!("assay wasi-suite --engine {engine} {}", quoted(&args.dir.display().to_string())),
        names_file: false,
    };
    let header =
        Header::new(env!("CARGO_PKG_VERSION"), args.engine.iter().map(lanes).collect(), suite, selection);
    Header { repeat: args.engine.iter().map(repeat).collect(), ..header }
}

/// One test on one engine, as a row.
fn play(case: &Case, engine: &str, timeout: Duration) -> Row {
    let start = Instant::now();
    let mut row = Row::new(case.name.as_str(), 0, 0, 0, assay_reports::Directive::File, engine, LANE);
    match &case.expected {
        Err(reason) => row.status = Status::Skip(reason.clone().into()),
        Ok(expected) => {
            let played = play::play(case, expected, engine, timeout);
            row.status = played.status;
            row.expected = played.expected;
            row.actual = played.actual;
            row.note = played.command;
        }
    }
    row.levels = row.status.implied_levels().unwrap_or_default();
    row.duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    row
}

/// A name for reports: relative to the folder, with `/`.
fn name(file: &Path, dir: &Path) -> String {
    file.strip_prefix(dir).unwrap_or(file).to_string_lossy().into_owned()
}
