//! Bytes become a case, which every lane of the runtime plays; a difference is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_differential::fuzz::differential(
    bytes,
    &mut assay_fuzz::hit
));
assay_fuzz::mutate_modules!();
