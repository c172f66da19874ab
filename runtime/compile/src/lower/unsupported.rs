//! Which feature an operator that is not built yet belongs to.
//!
//! Validation lets such operators through only when their feature is on; parse refuses those modules earlier. This
//! holds the line for settings that parse does not see.

use crate::error::Result;
use assay_model::features::{Built, Feature};
use assay_parse::ParseError;
use wasmparser::Operator;

macro_rules! proposals {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        /// The proposal of an operator, by wasmparser's name.
        fn proposal(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "",
            }
        }
    };
}
wasmparser::for_each_operator!(proposals);

/// The feature of an operator beyond the first release, unless it is a part of Wasm 2.0 without vectors.
fn feature(operator: &Operator<'_>) -> Option<Feature> {
    Some(match proposal(operator) {
        "mvp" | "sign_extension" | "saturating_float_to_int" | "bulk_memory" | "reference_types" => {
            return None;
        }
        "simd" => Feature::Simd,
        "relaxed_simd" => Feature::RelaxedSimd,
        "tail_call" => Feature::TailCall,
        "function_references" => Feature::FunctionReferences,
        "gc" => Feature::Gc,
        "exceptions" => Feature::Exceptions,
        "legacy_exceptions" => Feature::LegacyExceptions,
        "threads" | "shared_everything_threads" | "acquire_release_atomics" => Feature::Threads,
        "wide_arithmetic" => Feature::WideArithmetic,
        "custom_descriptors" => Feature::CustomDescriptors,
        // `memory.discard`, whose proposal has no feature of its own, among them.
        _ => Feature::StackSwitching,
    })
}

/// The feature of an operator, when the operator is not built.
fn missing(operator: &Operator<'_>) -> Option<Feature> {
    feature(operator).filter(|feature| !matches!(feature.built(), Built::Both | Built::Jit))
}

/// Refuses an operator that is not built.
pub(super) fn check(operator: &Operator<'_>) -> Result<()> {
    missing(operator).map_or(Ok(()), |feature| Err(ParseError::Unsupported { feature }.into()))
}

#[cfg(test)]
mod tests {
    use super::{feature, missing};
    use assay_model::features::Feature;
    use wasmparser::Operator;

    #[test]
    fn operators_name_their_feature() {
        assert_eq!(feature(&Operator::I32Add), None);
        assert_eq!(feature(&Operator::ReturnCall { function_index: 0 }), Some(Feature::TailCall));
        assert_eq!(feature(&Operator::I8x16Add), Some(Feature::Simd));
        assert_eq!(feature(&Operator::RefAsNonNull), Some(Feature::FunctionReferences));
    }

    #[test]
    fn only_what_is_not_built_is_missing() {
        assert_eq!(missing(&Operator::ReturnCall { function_index: 0 }), None);
        assert_eq!(missing(&Operator::AtomicFence { ordering: wasmparser::Ordering::SeqCst }), None);
        assert_eq!(missing(&Operator::Suspend { tag_index: 0 }), Some(Feature::StackSwitching));
    }
}
