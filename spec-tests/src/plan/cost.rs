//! What files cost, as recorded: a rate per byte of text, and the few files that differ from it.
//!
//! Wrong numbers cost balance, never correctness. Recorded with `assay spec --engine jit,interp` on two cores; the sums of the
//! durations in `results.jsonl` by file are what to compare with.

/// Nanoseconds per byte of text: reading it and judging it.
const PER_BYTE: u64 = 60;

/// Files that take longer than their size says, in milliseconds per engine.
const RECORDED: [(&str, u64); 0] = [];

/// Microseconds that the file at `path` takes on one engine.
pub(super) fn of(path: &str, bytes: usize) -> u64 {
    let recorded =
        RECORDED.iter().find(|(name, _)| path.ends_with(name)).map_or(0, |(_, millis)| millis * 1000);
    recorded + bytes as u64 * PER_BYTE / 1000
}
