//! Bytes become a script of WASI calls, which both engines play; what no call may do is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_differential::fuzz::wasi(bytes, &mut assay_fuzz::hit);
});
