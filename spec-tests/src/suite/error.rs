//! Why a suite cannot be run at all. Each error names the file or folder, and says what to do where that is not plain.

use std::io;
use std::path::PathBuf;

use super::official::Findings;

/// Why a suite cannot be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `--suite` names something that is no folder.
    #[error("{} is not a folder; give a single file as an argument instead", path.display())]
    NotAFolder {
        /// What it names.
        path: PathBuf,
    },
    /// There is no script in a folder.
    #[error("there is no .wast file in {}", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The suite in the cache is not what it was when it was fetched.
    #[error(
        "the official suite in {} is damaged:\n{findings}\n\
         `assay suite fetch` repairs it; --embedded runs the embedded suite",
        path.display()
    )]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What is wrong in it.
        findings: Findings,
    },
    /// A filter is no filter.
    #[error("bad filter `{filter}`: {why}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No file or directive passes the filters.
    #[error("nothing is selected: {} has no file that matches {filters}", origin)]
    NothingSelected {
        /// The suite.
        origin: String,
        /// The filters.
        filters: String,
    },
}
