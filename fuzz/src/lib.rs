//! What targets share: extra counters for libFuzzer, filled by the coverage of generated code; a custom mutator; and a tally.
//!
//! Everything else that a target does stands in `assay-differential` and `assay-spec-tests`, where ordinary tests call it.

#![deny(unsafe_code)]

use assay_differential::judge::Verdict;
use libfuzzer_sys::Corpus;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

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

/// Inputs; those that made a case, and those whose case did something.
static TALLY: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Counts an input, and says now and then how many were worth their time: those that make no case find nothing, fast, and so
/// do their descendants, so that none of them is kept.
pub fn tally(verdict: Option<Verdict>) -> Corpus {
    let corpus = if verdict.is_some() { Corpus::Keep } else { Corpus::Reject };
    let useful = verdict.as_ref().is_some_and(|verdict| verdict.useful);
    let counts = [true, verdict.is_some(), useful];
    for (count, _) in TALLY.iter().zip(counts).filter(|(_, counts)| *counts) {
        count.fetch_add(1, Ordering::Relaxed);
    }
    let [inputs, cases, useful] = [0, 1, 2].map(|at| TALLY[at].load(Ordering::Relaxed));
    if inputs.is_power_of_two() && inputs >= 64 {
        eprintln!("tally: of {inputs} inputs {cases} made a case, and {useful} of these did something");
    }
    corpus
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
