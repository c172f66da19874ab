//! What can go wrong, with what is known about it.

use crate::artifact::ArtifactError;
use crate::gc::ThrownException;
use crate::symbols::{FrameSymbol, demangled};
use assay_model::features::Feature;
use assay_model::trap::TrapKind;
use assay_parse::ParseError;
pub use assay_parse::Stage;
use std::fmt;

/// The result of most operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a valid module.
    #[error(transparent)]
    Module(ModuleError),
    /// The text does not parse.
    #[error(transparent)]
    Text(TextError),
    /// The module is valid, but needs a feature that the engines do not run yet.
    #[error("the module needs the feature `{feature}`, which is not built yet")]
    Unsupported {
        /// What is missing.
        feature: Feature,
    },
    /// Imports are missing or do not match.
    #[error(transparent)]
    Link(LinkError),
    /// Code trapped.
    #[error(transparent)]
    Trap(Box<TrapError>),
    /// A limit of the store, the host or this implementation was met.
    #[error("{0}")]
    Limit(String),
    /// A host function returned an error.
    #[error("{error}")]
    Host {
        /// The error.
        error: Box<dyn std::error::Error + Send + Sync>,
        /// The wasm frames that led to the host function.
        backtrace: WasmBacktrace,
    },
    /// An exception that nothing caught, or that a host function throws.
    #[error(transparent)]
    Exception(Box<ThrownException>),
    /// The API was used in a way that cannot work.
    #[error("{0}")]
    Usage(String),
    /// A precompiled module was refused.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

/// A rejected module.
#[derive(Clone, Debug)]
pub struct ModuleError {
    stage: Stage,
    offset: u64,
    message: String,
    needs: Option<Feature>,
}

impl ModuleError {
    /// Whether the module is malformed or invalid.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Position in the binary.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The rule that is broken.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A feature that is off and with which the module would be accepted.
    pub fn needs(&self) -> Option<Feature> {
        self.needs
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} module at byte {:#x}: {}", self.stage, self.offset, self.message)?;
        match self.needs {
            Some(feature) => write!(f, " (it needs the feature `{feature}`, which is off)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ModuleError {}

/// Text that does not parse. The message has line and column.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TextError {
    pub(crate) message: String,
}

/// An import that nobody provides.
#[derive(Clone, Debug)]
pub struct MissingImport {
    /// First name.
    pub module: String,
    /// Second name.
    pub name: String,
    /// Its type, as text.
    pub ty: String,
}

/// So many missing imports are shown one by one.
const MOST_SHOWN: usize = 50;

/// Imports that do not fit.
#[derive(Clone, Debug)]
pub enum LinkError {
    /// Nobody provides these.
    Unknown(Vec<MissingImport>),
    /// What is provided has another type.
    Incompatible {
        /// First name.
        module: String,
        /// Second name.
        name: String,
        /// What the module asks for.
        expected: String,
        /// What was provided.
        actual: String,
    },
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Unknown(missing) => {
                f.write_str("unknown import")?;
                for (position, import) in missing.iter().take(MOST_SHOWN).enumerate() {
                    let separator = if position == 0 { ":" } else { "," };
                    write!(f, "{separator} `{}` `{}` {}", import.module, import.name, import.ty)?;
                }
                match missing.len().saturating_sub(MOST_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, ", and {more} more"),
                }
            }
            LinkError::Incompatible { module, name, expected, actual } => {
                write!(
                    f,
                    "incompatible import type: `{module}` `{name}` should be {expected}, but is {actual}"
                )
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// A trap with the way there.
#[derive(Clone, Debug)]
pub struct TrapError {
    pub(crate) kind: TrapKind,
    pub(crate) detail: Option<u64>,
    pub(crate) access: Option<MemoryAccess>,
    pub(crate) backtrace: WasmBacktrace,
}

/// What an access out of bounds wanted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MemoryAccess {
    /// Bytes that it takes.
    pub width: u32,
    /// Bytes that the memory has, where it is known which memory that is.
    pub memory_len: Option<u64>,
}

impl TrapError {
    /// Which trap.
    pub fn kind(&self) -> TrapKind {
        self.kind
    }

    /// Its detail: the index of an uninitialized element, the address of an access out of bounds.
    pub fn detail(&self) -> Option<u64> {
        self.detail
    }

    /// What a load or store out of bounds wanted, where the operator is known.
    pub fn access(&self) -> Option<MemoryAccess> {
        self.access
    }

    /// The wasm frames, innermost first.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }
}

impl fmt::Display for TrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        match (self.kind, self.detail) {
            (TrapKind::UninitializedElement, Some(index)) => write!(f, " {index}"),
            (TrapKind::MemoryOutOfBounds, Some(address)) => write!(f, " at address {address:#x}"),
            _ => Ok(()),
        }?;
        let Some(MemoryAccess { width, memory_len }) = self.access else { return Ok(()) };
        write!(f, " of {width} byte{}", if width == 1 { "" } else { "s" })?;
        memory_len.map_or(Ok(()), |len| write!(f, "; the memory has {len:#x}"))
    }
}

impl std::error::Error for TrapError {}

/// Wasm frames, innermost first.
#[derive(Clone, Debug, Default)]
pub struct WasmBacktrace {
    pub(crate) frames: Vec<FrameInfo>,
    pub(crate) omitted: u64,
}

/// A wasm frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// The module's name, where it has one.
    pub module: Option<String>,
    /// The function's index.
    pub func_index: u32,
    /// The function's name, where it has one.
    pub func_name: String,
    /// Position in the binary, where it is known.
    pub offset: Option<u32>,
    /// What the debug information says, where there is any: innermost first, so that the last is the function itself
    /// and those before it were inlined there.
    pub symbols: Vec<FrameSymbol>,
}

impl WasmBacktrace {
    /// The frames.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// How many outer frames were left out.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, frame) in self.frames.iter().enumerate() {
            let module = frame.module.as_deref().unwrap_or("<module>");
            write!(f, "  {position}: ")?;
            if let Some(offset) = frame.offset {
                write!(f, "{offset:#x} - ")?;
            }
            writeln!(f, "{module}!{}", demangled(&frame.func_name))?;
            for (inner, symbol) in frame.symbols.iter().enumerate() {
                match symbol.name().filter(|_| inner + 1 < frame.symbols.len()) {
                    Some(inlined) => writeln!(f, "       at {symbol} in {inlined}, inlined")?,
                    None => writeln!(f, "       at {symbol}")?,
                }
            }
        }
        if self.omitted > 0 {
            writeln!(f, "  … {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl Error {
    /// The trap, when it is one.
    pub fn trap(&self) -> Option<TrapKind> {
        match self {
            Error::Trap(trap) => Some(trap.kind),
            _ => None,
        }
    }

    /// The wasm frames that led to the error, where code was running.
    pub fn backtrace(&self) -> Option<&WasmBacktrace> {
        match self {
            Error::Trap(trap) => Some(&trap.backtrace),
            Error::Host { backtrace, .. } => Some(backtrace),
            Error::Exception(thrown) => Some(&thrown.backtrace),
            _ => None,
        }
    }

    /// The error of a host function, when it is an `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Error::Host { error, .. } => error.downcast_ref(),
            _ => None,
        }
    }

    /// An error for a host function to return.
    pub fn host(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Host { error: error.into(), backtrace: WasmBacktrace::default() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Error::Usage(message.into())
    }
}

impl From<TrapKind> for Error {
    /// A trap for a host function to raise.
    fn from(kind: TrapKind) -> Self {
        Error::Trap(Box::new(TrapError {
            kind,
            detail: None,
            access: None,
            backtrace: WasmBacktrace::default(),
        }))
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Rejected { stage, offset, message, needs } => {
                Error::Module(ModuleError { stage, offset, message, needs })
            }
            ParseError::Unsupported { feature } => Error::Unsupported { feature },
        }
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        Error::Link(error)
    }
}
