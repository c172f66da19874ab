//! Our feature table in wasmparser's flags. Every flag is set from the table; wasmparser's defaults are never used.

use assay_model::features::{Feature, FeatureSet};
use wasmparser::WasmFeatures;

/// The flags of a feature set.
pub(crate) fn wasm_features(set: FeatureSet) -> WasmFeatures {
    let base = WasmFeatures::FLOATS | WasmFeatures::GC_TYPES;
    set.iter().fold(base, |flags, feature| flags | flag(feature))
}

fn flag(feature: Feature) -> WasmFeatures {
    match feature {
        Feature::MutableGlobals => WasmFeatures::MUTABLE_GLOBAL,
        Feature::SaturatingFloatToInt => WasmFeatures::SATURATING_FLOAT_TO_INT,
        Feature::SignExtension => WasmFeatures::SIGN_EXTENSION,
        Feature::MultiValue => WasmFeatures::MULTI_VALUE,
        Feature::BulkMemory => WasmFeatures::BULK_MEMORY,
        Feature::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
        Feature::Simd => WasmFeatures::SIMD,
        Feature::ExtendedConst => WasmFeatures::EXTENDED_CONST,
        Feature::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
        Feature::TailCall => WasmFeatures::TAIL_CALL,
        Feature::MultiMemory => WasmFeatures::MULTI_MEMORY,
        Feature::Memory64 => WasmFeatures::MEMORY64,
        Feature::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
        Feature::Gc => WasmFeatures::GC,
        Feature::Exceptions => WasmFeatures::EXCEPTIONS,
        Feature::Threads => WasmFeatures::THREADS,
        Feature::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        Feature::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
        Feature::CustomDescriptors => WasmFeatures::CUSTOM_DESCRIPTORS,
        Feature::LegacyExceptions => WasmFeatures::LEGACY_EXCEPTIONS,
        Feature::StackSwitching => WasmFeatures::STACK_SWITCHING,
        // The table is ours: a new row without a flag is a feature that validation does not know.
        _ => WasmFeatures::empty(),
    }
}
