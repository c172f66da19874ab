//! `assay suite fetch`, `list` and `verify`: the whole official suite in the user's cache.

use std::path::PathBuf;
use std::process::ExitCode;

use assay_reports::{escape, exit};
use assay_spec_tests::suite::official::{self, Cache, FetchError, Manifest, Origins, Progress};
use assay_spec_tests::suite::{SuiteError, embedded_coverage};

use crate::output::Output;
use crate::progress::Bar;

/// The arguments of `assay suite`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Bring the whole official suite into the user's cache, with git; `assay spec` runs it from then on
    ///
    /// The suite comes from two repositories at pinned revisions: `spec` (the standard) and `testsuite` (proposals).
    /// Every file is checked against a SHA-256 that comes with this program. What was interrupted goes on where it
    /// stopped, and the suite appears in the cache when it is whole. The cache is `$XDG_CACHE_HOME/assay`, by default
    /// `~/.cache/assay`.
    Fetch {
        /// Take the suite from this repository or folder; spec=PLACE and testsuite=PLACE replace one of the two
        #[arg(long, value_name = "URL|DIR")]
        from: Vec<String>,
        /// The revision to take: a commit, tag or branch; spec=REV and testsuite=REV stand for one of the two
        #[arg(long, value_name = "REV")]
        rev: Vec<String>,
    },
    /// List the files of the official suite, the proposal each tests, and what `assay spec` has of them
    List,
    /// Compare a folder with the official suite
    Verify {
        /// The folder; the one in the user's cache without it
        dir: Option<PathBuf>,
    },
}

/// What ends a verb before it is done.
struct Failure {
    code: u8,
    message: String,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<SuiteError> for Failure {
    fn from(error: SuiteError) -> Self {
        Self { code: exit::USAGE, message: error.to_string() }
    }
}

pub(crate) fn run(args: Args) -> ExitCode {
    let done = match args.verb {
        Verb::Fetch { from, rev } => fetch(&from, &rev),
        Verb::List => list(),
        Verb::Verify { dir } => verify(dir),
    };
    let code = done.unwrap_or_else(|failure| {
        eprintln!("error: {}", escape::lines(&failure.message));
        failure.code
    });
    code.into()
}

fn fetch(from: &[String], rev: &[String]) -> Result<u8, Failure> {
    let origins = Origins::parse(from, rev)?;
    let mut watch = Watch(Bar::new());
    let fetched = official::fetch(Manifest::official(), &Cache::of_user()?, &origins, &mut watch);
    watch.0.clear();
    let fetched = fetched?;
    let (files, folder) = (Manifest::official().entries().len(), fetched.folder.display());
    let mut out = Output::new();
    match fetched.files {
        0 => out.line(format_args!("the whole official suite is there: {files} files in {folder}")),
        new => {
            out.line(format_args!("the whole official suite: {files} files in {folder}, {new} of them new"));
        }
    }
    Ok(out.finish(exit::OK, exit::INCOMPLETE))
}

fn list() -> Result<u8, Failure> {
    let cached = Cache::of_user().ok().and_then(|cache| cache.suite(Manifest::official()));
    let findings =
        cached.as_deref().map(|folder| official::check(Manifest::official(), folder)).transpose()?;
    let coverage = embedded_coverage();
    let mut out = Output::new();
    let mut sound = 0;
    for (entry, embedded) in coverage.states() {
        let state = match &findings {
            None => format!("embedded: {embedded}"),
            Some(findings) => state(&entry.path, findings).to_owned(),
        };
        sound += usize::from(matches!(state.as_str(), "fetched" | "embedded: same"));
        out.line(format_args!("{:<58} {:<19} {state}", entry.path, entry.proposal()));
    }
    let of = coverage.states().len();
    match cached {
        Some(folder) => {
            out.line(format_args!("\n{sound} of {of} files as they should be in {}", folder.display()));
        }
        None => out.line(format_args!(
            "\n{sound} of {of} files in the embedded suite; `assay suite fetch` brings all of them"
        )),
    }
    Ok(out.finish(exit::OK, exit::INCOMPLETE))
}

/// What became of a fetched file.
fn state(path: &str, findings: &official::Findings) -> &'static str {
    let is_in = |paths: &[String]| paths.iter().any(|other| other == path);
    if is_in(&findings.missing) {
        "missing"
    } else if is_in(&findings.changed) {
        "changed"
    } else {
        "fetched"
    }
}

fn verify(dir: Option<PathBuf>) -> Result<u8, Failure> {
    let folder = match dir {
        Some(dir) => dir,
        None => Cache::of_user()?.suite(Manifest::official()).ok_or_else(|| Failure {
            code: exit::USAGE,
            message: "the official suite was not fetched; run `assay suite fetch`, or name a folder"
                .to_owned(),
        })?,
    };
    let findings = official::check(Manifest::official(), &folder)?;
    let folder = folder.display();
    let mut out = Output::new();
    let code = if findings.is_empty() {
        let files = Manifest::official().entries().len();
        out.line(format_args!("{folder} is the whole official suite: {files} files"));
        exit::OK
    } else {
        let findings = escape::lines(&findings.to_string());
        out.line(format_args!("{folder} is not the official suite:\n{findings}"));
        exit::UNEXPECTED
    };
    Ok(out.finish(code, exit::INCOMPLETE))
}

/// Shows progress while files come in.
struct Watch(Bar);

impl Progress for Watch {
    fn advanced(&mut self, done: usize, of: usize, doing: &str) {
        self.0.expect(of);
        self.0.show(done, escape::text(doing).into_owned());
    }
}
