//! What the suite driver and the harness read from files and pipes is read; a panic is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_spec_tests::fuzz::input(bytes);
    assay_differential::fuzz::input(bytes);
});
