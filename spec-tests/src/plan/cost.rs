//! What files cost, as recorded: a rate per byte of text, and the few files that differ from it.
//!
//! Wrong numbers cost balance, never correctness. Recorded as half the processor time of `assay spec FILE -j1` on both engines,
//! less that of a trivial file.

/// Nanoseconds per byte of text: reading it and judging it.
const PER_BYTE: u64 = 20;

/// Files that take longer than their size says: by how many milliseconds per engine.
const RECORDED: [(&str, u64); 11] = [
    ("core/bulk-memory/table_copy.wast", 35),
    ("core/bulk-memory/table_init.wast", 15),
    ("core/call.wast", 20),
    ("core/call_indirect.wast", 30),
    ("core/const.wast", 22),
    ("core/fac.wast", 7),
    ("core/float_exprs.wast", 15),
    ("core/memory64/table_copy64.wast", 30),
    ("core/memory64/table_init64.wast", 22),
    ("core/simd/simd_const.wast", 12),
    ("core/skip-stack-guard-page.wast", 13),
];

/// Microseconds that the file at `path` takes on one engine.
pub(super) fn of(path: &str, bytes: usize) -> u64 {
    let recorded =
        RECORDED.iter().find(|(name, _)| path.ends_with(name)).map_or(0, |(_, millis)| millis * 1000);
    recorded + bytes as u64 * PER_BYTE / 1000
}
