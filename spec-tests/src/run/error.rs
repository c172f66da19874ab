//! Why a run did not take place, and the exit code that goes with it.

use assay_reports::{WriteError, exit};
use assay_workers::PoolError;

use crate::expectations::ExpectationError;
use crate::suite::SuiteError;

/// Why a run did not take place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The suite or the selection is to blame.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The file of expectations is.
    #[error(transparent)]
    Expectations(#[from] ExpectationError),
    /// The results cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The supervision failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A worker could not do what it was asked, for example start an engine.
    #[error("{0}")]
    Worker(String),
}

impl RunError {
    /// The exit code of a command that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Suite(SuiteError::Empty { .. } | SuiteError::NothingSelected { .. }) => {
                exit::NOTHING_SELECTED
            }
            Self::Suite(_) | Self::Expectations(_) => exit::USAGE,
            Self::Write(_) => exit::INCOMPLETE,
            Self::Pool(_) | Self::Worker(_) => exit::INTERNAL,
        }
    }
}
