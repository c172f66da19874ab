//! `results.jsonl`: a header, one line per result, and a closing line that says that this was all.
//!
//! The closing line holds the number of rows, their counts by status and a digest of everything before it. Without it, with
//! another one, or with anything behind it, a file is not read: a torn file can never look like a good one.

mod line;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use read::{Run, read_results};
pub use write::ResultsWriter;

use crate::summary::Counts;

/// Name and version of the format.
pub const SCHEMA: &str = "assay-results/2";
/// The name of the file in its folder.
pub const RESULTS_FILE: &str = "results.jsonl";

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    end: End,
}

/// What the last line says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: u64,
    counts: Counts,
    wall_ms: u64,
    digest: String,
}

/// The digest of all lines before the last one, and of the time that the last one states.
fn digest(mut lines: blake3::Hasher, wall_ms: u64) -> String {
    lines.update(&wall_ms.to_le_bytes());
    format!("blake3:{}", lines.finalize().to_hex())
}
