//! Modules of wasm-smith, held to the features that both engines run.
//!
//! Traps are allowed in half of the modules. NaNs: a quarter of the modules has no floats, a quarter makes NaNs canonical
//! itself and is compared bit for bit, half leaves them to the engine.

use super::{Generated, Nans, Profile};
use crate::random::Random;
use arbitrary::Unstructured;
use assay_runtime::{Feature, FeatureSet};
use wasm_smith::Config;

/// A module.
pub(super) fn module(random: &mut Random, nans: Nans, profile: Profile) -> Generated {
    let style = random.below(4);
    let mut shape = random.clone();
    // A module that is hardly there shows nothing: the next bytes are tried, a fixed number of times.
    for attempt in 0..8 {
        let length = 1500 + shape.below(3000);
        let input = shape.bytes(length);
        let mut config = config(&mut shape.clone(), profile);
        config.allow_floats = style != 0;
        config.canonicalize_nans = style == 1 || nans == Nans::Canonical;
        let made = wasm_smith::Module::new(config, &mut Unstructured::new(&input));
        let bytes = made.map(|module| module.to_bytes()).unwrap_or_default();
        if bytes.len() >= SMALLEST || attempt == 7 {
            let bytes = if bytes.is_empty() { EMPTY.to_vec() } else { bytes };
            return Generated { bytes, free_nans: style >= 2 };
        }
    }
    Generated { bytes: EMPTY.to_vec(), free_nans: false }
}

/// Modules below this size are taken only when there is no better one.
const SMALLEST: usize = 700;

const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// A module from a fuzzer's bytes.
pub(super) fn from_bytes(
    random: &mut Random,
    input: &mut Unstructured<'_>,
    nans: Nans,
) -> arbitrary::Result<Vec<u8>> {
    let mut config = config(random, Profile::Default);
    config.canonicalize_nans = nans == Nans::Canonical;
    wasm_smith::Module::new(config, input).map(|module| module.to_bytes())
}

/// Features that are left out whatever the engines can do. wasm-smith waits in shared memories for times of its own choice, for
/// ever included. It has typed references only together with the collector, and makes much of both where it may: they are on in
/// their own profiles only, as the generators of calls and operators have the former, and those of objects and throws the rest.
/// Nobody looks at descriptors yet.
fn left_out(feature: Feature, profile: Profile) -> bool {
    match feature {
        Feature::FunctionReferences | Feature::Gc => profile != Profile::Gc,
        Feature::Exceptions => profile != Profile::Exceptions,
        _ => matches!(feature, Feature::Threads | Feature::CustomDescriptors),
    }
}

fn config(random: &mut Random, profile: Profile) -> Config {
    let built = FeatureSet::built();
    let on = |feature| built.contains(feature) && !left_out(feature, profile);
    Config {
        bulk_memory_enabled: on(Feature::BulkMemory),
        reference_types_enabled: on(Feature::ReferenceTypes),
        multi_value_enabled: on(Feature::MultiValue),
        sign_extension_ops_enabled: on(Feature::SignExtension),
        saturating_float_to_int_enabled: on(Feature::SaturatingFloatToInt),
        extended_const_enabled: on(Feature::ExtendedConst),
        simd_enabled: on(Feature::Simd),
        // wasm-smith makes no NaN canonical that a relaxed operator made: these are left to the operators' generator.
        relaxed_simd_enabled: false,
        tail_call_enabled: on(Feature::TailCall),
        memory64_enabled: on(Feature::Memory64),
        gc_enabled: on(Feature::Gc),
        exceptions_enabled: on(Feature::Exceptions),
        threads_enabled: on(Feature::Threads),
        custom_page_sizes_enabled: on(Feature::CustomPageSizes),
        wide_arithmetic_enabled: on(Feature::WideArithmetic),
        custom_descriptors_enabled: on(Feature::CustomDescriptors),
        compact_imports_enabled: false,
        max_memories: if on(Feature::MultiMemory) { 3 } else { 1 },
        max_tags: if on(Feature::Exceptions) { 4 } else { 0 },
        disallow_traps: random.one_in(2),
        export_everything: random.one_in(2),
        allow_start_export: random.one_in(4),
        min_types: 3,
        max_types: 12,
        min_funcs: 3,
        max_funcs: 8,
        min_exports: 4,
        max_exports: 12,
        // A host function has a type of its own, and never one of a group or with subtypes.
        max_imports: if on(Feature::Gc) { 0 } else { 5 },
        max_instructions: 40 + random.below(90),
        max_nesting_depth: 8,
        max_globals: 8,
        max_values: 5,
        min_memories: u32::from(!random.one_in(6)),
        max_memory32_bytes: 4 << 16,
        max_memory64_bytes: 4 << 16,
        max_tables: 3,
        max_table_elements: 40,
        max_data_segments: 4,
        max_element_segments: 4,
        max_elements: 8,
        const_expr_fuel: 8,
        ..Config::default()
    }
}
