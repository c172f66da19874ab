//! `assay settings`: what a run with these options would be set to, and where each value comes from.
//!
//! Enters: the options that `assay run` takes; leaves: a line for each setting. What the host allows is asked of an engine
//! that is made with them.

use std::env;
use std::io::IsTerminal;
use std::process::ExitCode;

use assay_reports::{escape, exit};
use assay_runtime::inspect::FAULTS_BUILT;
use assay_runtime::{Cache, CacheConfig, EngineKind};
use assay_spec_tests::suite::official::{self, Manifest};

use crate::engine;
use crate::output::Output;
use crate::run::options::{self, Group, System};

/// The arguments of `assay settings`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Engine that would run the module.
    #[arg(long, value_parser = ["jit", "interp"])]
    engine: Option<String>,
    #[command(flatten)]
    settings: engine::Groups,
    /// Settings of the world outside; `help` lists them.
    #[arg(short = 'S', long = "wasi", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    system: Vec<String>,
}

/// A setting.
struct Row {
    key: String,
    value: String,
    origin: String,
}

impl Row {
    fn new(key: &str, value: impl ToString, origin: impl ToString) -> Self {
        Self { key: key.to_owned(), value: value.to_string(), origin: origin.to_string() }
    }
}

const DEFAULT: &str = "default";
const GIVEN: &str = "command line";
const HOST: &str = "this machine";

/// Runs the verb.
pub(crate) fn run(args: &Args) -> ExitCode {
    let system = ("-S", args.system.as_slice(), System::help as fn() -> String);
    if let Some(code) = engine::help(args.settings.groups().into_iter().chain([system])) {
        return code.into();
    }
    match show(args) {
        Ok(code) => code.into(),
        Err(message) => {
            eprintln!("error: {}", escape::lines(&message));
            exit::USAGE.into()
        }
    }
}

fn show(args: &Args) -> Result<u8, String> {
    let settings = args.settings.parse()?;
    let system: System = options::parse(&args.system)?;
    let mut out = Output::new();
    let kind = args.engine.as_deref().unwrap_or("jit");
    let origin = if args.engine.is_some() { GIVEN } else { DEFAULT };
    let mut rows = vec![Row::new("engine", kind, origin)];
    if FAULTS_BUILT {
        rows.push(Row::new("planted faults", "built in: not for use", "feature planted-faults"));
    }
    section(&mut out, "engine", &rows);
    let groups = settings.effective().into_iter().chain([("-S", system.effective())]);
    for (letter, effective) in groups {
        let row = |setting: &options::Effective| {
            Row::new(setting.key, &setting.value, if setting.given { GIVEN } else { DEFAULT })
        };
        section(&mut out, letter, &effective.iter().map(row).collect::<Vec<_>>());
    }
    let kind = if kind == "interp" { EngineKind::Interp } else { EngineKind::Jit };
    let target = settings.engine(kind)?.target().map_err(|error| error.to_string())?;
    let choices = target.settings.iter();
    let mut rows = vec![
        Row::new("target", &target.triple, HOST),
        Row::new("processor extensions", target.extensions.join(" "), HOST),
        threads(),
    ];
    rows.extend(choices.map(|&(key, value)| Row::new(key, value, "options and machine")));
    section(&mut out, "compiled code", &rows);
    section(&mut out, "files and terminal", &[cache(), suite(), colour()]);
    Ok(out.finish(exit::OK, exit::UNEXPECTED))
}

fn section(out: &mut Output, title: &str, rows: &[Row]) {
    let width =
        |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(|row| &row.key), width(|row| &row.value).min(40));
    out.line(title);
    for Row { key, value, origin } in rows {
        out.line(format_args!("  {key:<keys$}  {:<values$}  ({origin})", escape::text(value)));
    }
}

fn threads() -> Row {
    let given =
        env::var("RAYON_NUM_THREADS").ok().filter(|count| count.parse().is_ok_and(|count: usize| count > 0));
    let processors = || std::thread::available_parallelism().map_or(1, |count| count.get()).to_string();
    match given {
        Some(count) => Row::new("threads", count, "RAYON_NUM_THREADS"),
        None => Row::new("threads", processors(), HOST),
    }
}

fn cache() -> Row {
    let origin = if env::var_os("XDG_CACHE_HOME").is_some() { "XDG_CACHE_HOME" } else { DEFAULT };
    match Cache::new(CacheConfig::new()) {
        Ok(cache) => Row::new("compilation cache", cache.directory().display(), origin),
        Err(error) => Row::new("compilation cache", "none", error),
    }
}

fn suite() -> Row {
    let cached = official::Cache::of_user().ok().and_then(|cache| cache.suite(Manifest::official()));
    match cached {
        Some(folder) => Row::new("test suite", folder.display(), "fetched"),
        None => Row::new("test suite", "embedded", "nothing fetched"),
    }
}

fn colour() -> Row {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let terminal = std::io::stdout().is_terminal();
    let origin = match (set("NO_COLOR"), set("CLICOLOR_FORCE")) {
        (true, _) => "NO_COLOR",
        (false, true) => "CLICOLOR_FORCE",
        _ if terminal => "standard output is a terminal",
        _ => "standard output is no terminal",
    };
    let on = assay_reports::ColorChoice::Auto.resolve(&std::io::stdout());
    Row::new("colour", if on { "y" } else { "n" }, origin)
}
