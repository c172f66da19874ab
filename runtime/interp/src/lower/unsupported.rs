//! Which feature an operator belongs to that is not built.

use assay_model::features::Feature;
use assay_parse::wasmparser::{Operator, for_each_operator};

/// One arm for each operator, by the proposal that the parser files it under.
macro_rules! features {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// The feature of an operator that no lowering takes.
        pub(super) fn feature_of(operator: &Operator<'_>) -> Feature {
            match operator {
                $(Operator::$op { .. } => feature(stringify!($proposal)),)*
                _ => Feature::Simd,
            }
        }
    };
}

for_each_operator!(features);

fn feature(proposal: &str) -> Feature {
    match proposal {
        "relaxed_simd" => Feature::RelaxedSimd,
        "tail_call" => Feature::TailCall,
        "function_references" => Feature::FunctionReferences,
        "gc" => Feature::Gc,
        "exceptions" => Feature::Exceptions,
        "legacy_exceptions" => Feature::LegacyExceptions,
        "threads" | "shared_everything_threads" => Feature::Threads,
        "wide_arithmetic" => Feature::WideArithmetic,
        "custom_descriptors" => Feature::CustomDescriptors,
        "stack_switching" => Feature::StackSwitching,
        // What remains of built proposals in the parser's table are the vector forms.
        _ => Feature::Simd,
    }
}

#[cfg(test)]
mod tests {
    use super::feature_of;
    use assay_model::features::Feature;
    use assay_parse::wasmparser::Operator;

    #[test]
    fn operators_lead_to_their_features() {
        assert_eq!(feature_of(&Operator::ReturnCall { function_index: 0 }), Feature::TailCall);
        assert_eq!(feature_of(&Operator::I8x16Swizzle), Feature::Simd);
        assert_eq!(feature_of(&Operator::I8x16RelaxedSwizzle), Feature::RelaxedSimd);
        assert_eq!(feature_of(&Operator::RefI31), Feature::Gc);
        assert_eq!(feature_of(&Operator::ThrowRef), Feature::Exceptions);
    }
}
