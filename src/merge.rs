//! `assay merge PART…`: the parts of a run as the whole run, with the proof that they are exactly that.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use assay_reports::{
    ColorChoice, DEFAULT_OUT, MergeError, ReadError, ResultsWriter, Row, Terminal, escape, exit, merge,
};

use crate::output::Output;

/// The arguments of `assay merge`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The results of every part: results.jsonl, or a folder that holds it
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// The folder for results.jsonl and summary.json of the whole
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
    /// Whether to use colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match joined(args) {
        Ok(code) => code.into(),
        Err((code, message)) => {
            eprintln!("error: {}", escape::lines(&message));
            code.into()
        }
    }
}

fn joined(args: &Args) -> Result<u8, (u8, String)> {
    let run = merge(&args.parts).map_err(|error| (code(&error), error.to_string()))?;
    refuse_own_folder(args)?;
    let failed = |error: assay_reports::WriteError| (exit::INCOMPLETE, error.to_string());
    let mut writer = ResultsWriter::create(&args.out, &run.header).map_err(failed)?;
    run.rows.iter().try_for_each(|row| writer.row(row)).map_err(failed)?;
    let summary = writer.finish(Duration::from_millis(run.wall_ms)).map_err(failed)?;
    let mut terminal = Terminal::new(&summary, &run.rows);
    terminal.color = args.color.resolve(&std::io::stdout());
    terminal.out = Some(&args.out);
    let repeat = |row: &Row| run.header.repeat(row).unwrap_or_default();
    terminal.repeat = &repeat;
    let mut out = Output::new();
    out.line(format_args!("{} parts are the whole run\n", args.parts.len()));
    out.text(terminal.render());
    Ok(out.finish(summary.verdict().exit_code(), exit::INCOMPLETE))
}

/// Writing into a part's folder would destroy the part.
fn refuse_own_folder(args: &Args) -> Result<(), (u8, String)> {
    let Ok(out) = args.out.canonicalize() else { return Ok(()) };
    let folder = |part: &PathBuf| {
        let folder = if part.is_dir() { Some(part.as_path()) } else { part.parent() };
        folder.and_then(|folder| folder.canonicalize().ok())
    };
    match args.parts.iter().find(|part| folder(part).is_some_and(|folder| folder == out)) {
        Some(part) => {
            let message = format!("`{}` is a part; choose another folder with --out", part.display());
            Err((exit::USAGE, message))
        }
        None => Ok(()),
    }
}

fn code(error: &MergeError) -> u8 {
    match error {
        MergeError::Read(ReadError::Torn { .. } | ReadError::Edited { .. }) => exit::INCOMPLETE,
        MergeError::Read(_) | MergeError::NotAPart { .. } => exit::USAGE,
        _ => exit::INCOMPLETE,
    }
}
