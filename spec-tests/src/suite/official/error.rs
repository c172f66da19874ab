//! Why the official suite could not be fetched. Each error says what to do.

use std::io;
use std::path::{Path, PathBuf};

use assay_reports::exit;

use super::Findings;

/// Why the official suite could not be fetched. What was there before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A word of the command line makes no sense.
    #[error("bad {option} `{word}`: {why}")]
    Usage {
        /// The option.
        option: &'static str,
        /// What was given.
        word: String,
        /// What is wrong with it.
        why: String,
    },
    /// The user has no cache directory.
    #[error("there is no cache directory: {0}; set HOME or XDG_CACHE_HOME")]
    NoCache(String),
    /// Another process is at it.
    #[error("another `assay suite fetch` is at work on {}; wait until it is done", path.display())]
    Busy {
        /// What it holds.
        path: PathBuf,
    },
    /// The program `git` cannot be started.
    #[error("cannot start `git`: {0}; install it, or give a folder that holds the suite with --from DIR")]
    NoGit(io::Error),
    /// `git` gave up.
    #[error(
        "cannot {what} {place}: {said}\n\
         Run the command again to go on where it stopped; --from URL or --from DIR takes the suite from elsewhere"
    )]
    Git {
        /// What it was to do.
        what: &'static str,
        /// With which repository.
        place: String,
        /// What it said.
        said: String,
    },
    /// Files are not those of the manifest.
    #[error(
        "{place} does not hold the suite that this version knows:\n{findings}\n\
         Nothing was installed; `assay spec --suite DIR` runs a checkout of any version"
    )]
    Foreign {
        /// Where they were taken from.
        place: String,
        /// Which they are.
        findings: Findings,
    },
    /// The disk refused something.
    #[error("cannot {what} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl FetchError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_owned(), source }
    }

    /// The exit code of a command that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::NoCache(_) | Self::NoGit(_) => exit::USAGE,
            Self::Foreign { .. } => exit::UNEXPECTED,
            Self::Busy { .. } | Self::Git { .. } | Self::Io { .. } => exit::INCOMPLETE,
        }
    }
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "; free some space and run the command again: it goes on where it stopped"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; set XDG_CACHE_HOME to a folder that can be written"
        }
        _ => "",
    }
}
