//! Bytes become the choices of a program with objects, which lanes of the runtime play, some with a collection at every allocation.
#![no_main]
use assay_differential::{fuzz::chosen, generate::Profile};
use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> Corpus {
    assay_fuzz::tally(chosen(Profile::Gc, bytes, &mut assay_fuzz::hit))
});
