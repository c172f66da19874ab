//! Bytes become the choices of a program with exceptions, which lanes of the runtime play; a difference is a crash of this target.
#![no_main]
use assay_differential::{fuzz::chosen, generate::Profile};
use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> Corpus {
    assay_fuzz::tally(chosen(Profile::Exceptions, bytes, &mut assay_fuzz::hit))
});
