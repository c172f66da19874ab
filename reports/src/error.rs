//! What can go wrong between a run and its files. Every error names the file, and the line where there is one.

use std::io;
use std::path::{Path, PathBuf};

use crate::escape;

/// Why results could not be written. Nothing that reads as results is left behind.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}{}", shown(path), advice(source))]
pub struct WriteError {
    /// What was tried.
    pub what: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl WriteError {
    pub(crate) fn new(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { what, path: path.to_owned(), source }
    }
}

/// Why a file was not accepted as results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It could not be read.
    #[error("cannot read {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a results file: {why}", shown(path))]
    NotResults {
        /// The file.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// Another version of the tool wrote it.
    #[error(
        "{}:1: written as `{}`, this version reads `{}`",
        shown(path),
        escape::brief(found, 60),
        crate::SCHEMA
    )]
    ForeignVersion {
        /// The file.
        path: PathBuf,
        /// The version it claims.
        found: String,
    },
    /// It ends before its end: whatever wrote it did not finish.
    #[error("{}:{line}: the file is torn: it ends without its closing line; run again", shown(path))]
    Torn {
        /// The file.
        path: PathBuf,
        /// Its last line.
        line: usize,
    },
    /// A line makes no sense.
    #[error("{}:{line}: {}", shown(path), escape::brief(why, 300))]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It reads well, but is not what was written.
    #[error("{}:{line}: the file was changed after it was written: {why}", shown(path))]
    Edited {
        /// The file.
        path: PathBuf,
        /// The line that tells.
        line: usize,
        /// How it shows.
        why: &'static str,
    },
}

fn shown(path: &Path) -> String {
    escape::bytes(path.as_os_str().as_encoded_bytes())
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space or choose another folder with --out"
        }
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory => "; choose another folder with --out",
        _ => "",
    }
}
