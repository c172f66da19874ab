//! A test script is read and played as the suite driver does it; a panic is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_spec_tests::fuzz::script(bytes);
});
