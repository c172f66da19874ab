//! The runtime's errors as failures with a stage.
//!
//! One arm per kind of error. Knows nothing of what a script expects.

use assay_runtime::{Error, Stage as ModuleStage, Trap};

use crate::engine::{Failure, Stage};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let stage = match &error {
            Error::Module(module) => match module.stage() {
                ModuleStage::Malformed => Stage::Malformed,
                ModuleStage::Invalid => Stage::Invalid,
            },
            Error::Text(_) => Stage::Malformed,
            Error::Unsupported { feature } => return Self::new(Stage::Unsupported, feature.key()),
            Error::Link(_) => Stage::Unlinkable,
            Error::Trap(trap) if trap.kind() == Trap::StackOverflow => Stage::Exhaustion,
            Error::Trap(_) => Stage::Trap,
            Error::Exception(_) => Stage::Exception,
            _ => Stage::Host,
        };
        Self::new(stage, error.to_string())
    }
}
