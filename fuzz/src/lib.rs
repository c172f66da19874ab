//! What libFuzzer needs beyond a function: extra counters, filled by the coverage of generated code, and a custom mutator.
//!
//! Everything else that a target does stands in `assay-differential` and `assay-spec-tests`, where ordinary tests call it.

#![deny(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

const COUNTERS: usize = 1 << 14;

/// Counters that libFuzzer takes for coverage and clears before every run.
#[expect(unsafe_code, reason = "libFuzzer looks for its extra counters in the section of this name")]
// SAFETY: the section holds nothing but bytes that anybody may read and write at any time: libFuzzer, from its own thread
// between two runs, and `hit` during one; atomics of that size have the layout of the bytes that libFuzzer expects.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static EXTRA: [AtomicU8; COUNTERS] = [const { AtomicU8::new(0) }; COUNTERS];

/// Counts that code did this.
pub fn hit(feature: u64) {
    let counter = &EXTRA[feature as usize % COUNTERS];
    counter.store(counter.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
}

/// Lets libFuzzer change inputs as modules, with its own changes among others.
#[macro_export]
macro_rules! mutate_modules {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            assay_differential::fuzz::mutate(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
        });
    };
}
