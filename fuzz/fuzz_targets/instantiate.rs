//! Every lane makes an instance of a module; a difference in what is there then is a crash of this target.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assay_differential::fuzz::instantiate(bytes);
});
assay_fuzz::mutate_modules!();
