//! Bytes become changes of a precompiled module, which is loaded and never run; a panic is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_differential::fuzz::artifact(bytes);
});
