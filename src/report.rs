//! `assay report`: results rendered for people and for CI systems.
//!
//! Enters: results and other documents of this tool; leaves: `report.html`, `junit.xml`, `report.sarif` and `scoreboard.md`. On
//! GitHub Actions, annotations and the step's summary as well. Judges nothing: the exit code says whether reports were written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use assay_reports::{
    DEFAULT_OUT, HISTORY_FILE, HTML_FILE, Header, HistoryEntry, Inputs, ReadError, append_history, escape,
    exit, github, junit, markdown, sarif, write_file, write_html,
};
use assay_spec_tests::suite::official::{Cache, Manifest};
use assay_spec_tests::suite::{Place, read_text};

use crate::output::Output;

/// The arguments of `assay report`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Results of runs (results.jsonl), campaign.json, faults.json, bench.json, history.jsonl, and folders that hold them
    #[arg(value_name = "PATH", default_value = DEFAULT_OUT)]
    paths: Vec<PathBuf>,
    /// The folder for the reports
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
    /// The folder of the suite, for excerpts of its scripts, where results do not say it or it has moved
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,
    /// Append what the runs came to to a history, and show it in the report [default file: history.jsonl in the folder]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    history: Option<Option<PathBuf>>,
    /// What the entry in the history is called, such as a commit
    #[arg(long, value_name = "TEXT", default_value = "", requires = "history")]
    label: String,
    /// Write annotations and the step summary of GitHub Actions [default: where its environment is there]
    #[arg(long)]
    github: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match report(args) {
        Ok(code) => code.into(),
        Err((code, message)) => {
            eprintln!("error: {}", escape::lines(&message));
            code.into()
        }
    }
}

type Outcome<T> = Result<T, (u8, String)>;

fn report(args: &Args) -> Outcome<u8> {
    let mut inputs = read(&args.paths)?;
    let mut written = Vec::new();
    std::fs::create_dir_all(&args.out)
        .map_err(|error| (exit::INCOMPLETE, format!("cannot make folder {}: {error}", args.out.display())))?;
    if let Some(file) = &args.history {
        let path = file.clone().unwrap_or_else(|| args.out.join(HISTORY_FILE));
        append(&mut inputs, &path, &args.label)?;
        written.push(path);
    }
    let sources = |header: &Header, file: &str| source(args.suite.as_deref(), header, file);
    write_all(&args.out, &inputs, &sources, &mut written)?;
    let mut out = Output::new();
    for path in &written {
        out.line(format_args!("wrote {}", escape::text(&path.display().to_string())));
    }
    if args.github || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        out.text(github::annotations(&inputs));
        step_summary(&markdown::step_summary(&inputs, &sources, github::SUMMARY_LIMIT))?;
    }
    Ok(out.finish(exit::OK, exit::INCOMPLETE))
}

/// Reads what reports are made of.
pub(crate) fn read(paths: &[PathBuf]) -> Outcome<Inputs> {
    let inputs = Inputs::read(paths).map_err(|error| (read_code(&error), error.to_string()))?;
    if inputs.is_empty() {
        return Err((exit::NOTHING_SELECTED, "there is nothing to report on".to_owned()));
    }
    Ok(inputs)
}

/// The exit code of a command that cannot read its input: what is torn is incomplete, anything else is not what was asked for.
pub(crate) fn read_code(error: &ReadError) -> u8 {
    match error {
        ReadError::Torn { .. } | ReadError::Edited { .. } => exit::INCOMPLETE,
        _ => exit::USAGE,
    }
}

fn append(inputs: &mut Inputs, path: &Path, label: &str) -> Outcome<()> {
    let entry = HistoryEntry::of(inputs, label);
    append_history(path, entry).map_err(|error| (exit::INCOMPLETE, error.to_string()))?;
    inputs.histories.retain(|history| history.path != path);
    let now = Inputs::read(&[path.to_owned()]).map_err(|error| (read_code(&error), error.to_string()))?;
    inputs.histories.extend(now.histories);
    Ok(())
}

/// Writes all reports into a folder.
pub(crate) fn write_all(
    out: &Path,
    inputs: &Inputs,
    sources: &assay_reports::Sources<'_>,
    written: &mut Vec<PathBuf>,
) -> Outcome<()> {
    let failed = |error: assay_reports::WriteError| (exit::INCOMPLETE, error.to_string());
    write_html(out, inputs, sources).map_err(failed)?;
    written.push(out.join(HTML_FILE));
    for (name, text) in [
        (junit::JUNIT_FILE, junit::render(inputs)),
        (sarif::SARIF_FILE, sarif::render(inputs)),
        (markdown::SCOREBOARD_FILE, markdown::scoreboard(inputs)),
    ] {
        write_file(&out.join(name), text.as_bytes()).map_err(failed)?;
        written.push(out.join(name));
    }
    Ok(())
}

/// The text of a suite's file, where it can be found: in the given folder, where the results say, in the cache, in this program.
pub(crate) fn source(suite: Option<&Path>, header: &Header, file: &str) -> Option<String> {
    let inside = |folder: &Path| {
        let path = folder.join(file);
        // A name in a results file may be anything: it may not lead out of the folder.
        let path = path.canonicalize().ok()?;
        path.starts_with(folder.canonicalize().ok()?).then_some(path)
    };
    let on_disk = |folder: &Path| std::fs::read_to_string(inside(folder)?).ok();
    if let Some(folder) = suite {
        return on_disk(folder);
    }
    let origin = Path::new(&header.suite.origin);
    let named = header.repeat.first().is_some_and(|repeat| repeat.names_file);
    if origin.is_dir() {
        let found = on_disk(origin);
        if found.is_some() {
            return found;
        }
    }
    if named && file.ends_with(".wast") {
        return std::fs::read_to_string(file).ok();
    }
    if header.suite.origin.starts_with("official (") {
        let folder = Cache::of_user().ok()?.suite(Manifest::official())?;
        return on_disk(&folder);
    }
    read_text(file, &Place::Embedded).ok().map(std::borrow::Cow::into_owned)
}

/// Appends to the summary of the step, as far as there is room.
pub(crate) fn step_summary(text: &str) -> Outcome<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let failed =
        |error: std::io::Error| (exit::INCOMPLETE, format!("cannot write the step summary: {error}"));
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len();
    if there + text.len() as u64 > github::SUMMARY_LIMIT as u64 {
        return file
            .write_all(b"\nThe summary of Assay does not fit here; see report.html.\n")
            .map_err(failed);
    }
    file.write_all(text.as_bytes()).map_err(failed)
}
