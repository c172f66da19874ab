//! Why bytes are not a module that can run.

use crate::limits;
use assay_model::features::Feature;

/// At which step of the specification a module is rejected.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bytes do not follow the binary format.
    Malformed,
    /// The module decodes but breaks a validation rule.
    Invalid,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::Malformed => "malformed",
            Stage::Invalid => "invalid",
        })
    }
}

/// A rejected module.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ParseError {
    /// The module breaks a rule.
    #[error("{stage} module at byte {offset:#x}: {message}{}", hint(*.needs))]
    Rejected {
        /// The step that rejects it.
        stage: Stage,
        /// Position in the binary.
        offset: u64,
        /// The rule.
        message: String,
        /// A feature that is off and with which the module would be accepted.
        needs: Option<Feature>,
    },
    /// The module is valid, but the engines cannot run it yet.
    #[error("the module needs `{feature}`, which is not built yet")]
    Unsupported {
        /// What is missing.
        feature: Feature,
    },
}

fn hint(needs: Option<Feature>) -> String {
    needs.map_or_else(String::new, |feature| format!(" (it needs the feature `{feature}`, which is off)"))
}

impl ParseError {
    /// Bytes that do not follow a format.
    pub(crate) fn malformed(offset: u64, message: &str) -> Self {
        ParseError::Rejected { stage: Stage::Malformed, offset, message: message.to_owned(), needs: None }
    }

    /// A rule of validation that is not kept.
    pub(crate) fn invalid(offset: u64, message: &str) -> Self {
        ParseError::Rejected { stage: Stage::Invalid, offset, message: message.to_owned(), needs: None }
    }

    /// An error of wasmparser while it decodes.
    pub(crate) fn undecodable(error: &wasmparser::BinaryReaderError) -> Self {
        Self::malformed(error.offset(), error.message())
    }

    /// An error of wasmparser whose stage is decided later, by [`crate::stage::classify`].
    pub(crate) fn undecided(error: &wasmparser::BinaryReaderError) -> Self {
        ParseError::Rejected {
            stage: Stage::Invalid,
            offset: error.offset(),
            message: limits::named(error.message()),
            needs: None,
        }
    }
}
