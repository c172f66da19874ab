//! `assay man`: the manual pages, made from the same descriptions as `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use assay_reports::exit;

use crate::output::Output;

/// The arguments of `assay man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the pages of all verbs into this folder, for a `man1` of your own
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the page of `assay`, or writes all of them.
pub(crate) fn run(args: &Args) -> ExitCode {
    let command = crate::command();
    let mut out = Output::new();
    let Some(directory) = &args.out else {
        let mut page = Vec::new();
        // Writing to memory cannot fail.
        let _written = clap_mangen::Man::new(command).render(&mut page);
        out.text(String::from_utf8_lossy(&page));
        return out.finish(exit::OK, exit::UNEXPECTED).into();
    };
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
    if let Err(error) = written {
        eprintln!("error: failed to write manual pages into `{}`: {error}", directory.display());
        return exit::UNEXPECTED.into();
    }
    out.line(format_args!("wrote the manual pages into `{}`", directory.display()));
    out.finish(exit::OK, exit::UNEXPECTED).into()
}
