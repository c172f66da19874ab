//! Bytes become a case, which lanes of the runtime play; a difference is a crash of this target.
#![no_main]
use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> Corpus {
    assay_fuzz::tally(assay_differential::fuzz::differential(bytes, &mut assay_fuzz::hit))
});
assay_fuzz::mutate_modules!();
