//! A module is validated, lowered and compiled; whoever takes what another refuses is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_differential::fuzz::compile(bytes);
});
assay_fuzz::mutate_modules!();
