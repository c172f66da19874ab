//! Why a module could not be compiled.

use assay_model::index::FuncIdx;
use assay_parse::ParseError;

/// A failed compilation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// A body breaks a rule of WebAssembly, or needs a feature that is not built.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A function passes a limit of the code generator.
    #[error("function {} is too large to compile: {what}", func.0)]
    TooLarge {
        /// The function.
        func: FuncIdx,
        /// The limit.
        what: String,
    },
    /// The host cannot run compiled code.
    #[error("compiled code needs x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B) on Linux; {0}")]
    Host(String),
    /// A mistake of ours.
    #[error("internal compiler error (please report it): {0}")]
    Internal(String),
}

pub(crate) type Result<T> = std::result::Result<T, CompileError>;
