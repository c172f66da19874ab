//! Reads `results.jsonl`, and refuses whatever is not exactly what was written.
//!
//! The closing line must be the one that this version would write for the lines before it, byte for byte. Errors name the
//! file and the line. Called by reports over files; never by a run itself.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ReadError;
use crate::header::Header;
use crate::json;
use crate::row::Row;
use crate::summary::{Counts, Summary, SummaryBuilder};

use super::{End, RESULTS_FILE, SCHEMA, Trailer, digest};

/// A run, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the run was.
    pub header: Header,
    /// Its results, in the order of the file.
    pub rows: Vec<Row>,
    /// How long it took, in milliseconds.
    pub wall_ms: u64,
}

impl Run {
    /// The summary that was written with it.
    pub fn summary(&self) -> Summary {
        let mut summary = SummaryBuilder::new(&self.header);
        self.rows.iter().for_each(|row| summary.add(row));
        summary.finish(std::time::Duration::from_millis(self.wall_ms))
    }
}

/// Reads a results file, or that of a folder.
///
/// # Errors
///
/// When it cannot be read, is no results file, has another version, is torn, or was changed.
pub fn read_results(path: &Path) -> Result<Run, ReadError> {
    let path = if path.is_dir() { path.join(RESULTS_FILE) } else { path.to_owned() };
    match std::fs::read(&path) {
        Ok(bytes) => Reader { path }.run(&bytes),
        Err(source) => Err(ReadError::Io { path, source }),
    }
}

/// The name of the file, for errors.
struct Reader {
    path: PathBuf,
}

/// As much of a header as every version has.
#[derive(Deserialize)]
struct Version {
    schema: String,
}

impl Reader {
    fn run(self, bytes: &[u8]) -> Result<Run, ReadError> {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
        let header = self.header(&lines)?;
        let (last, body) = lines.split_last().ok_or_else(|| self.torn(1))?;
        if lines.len() < 2 || !last.ends_with(b"\n") || !last.starts_with(b"{\"end\":") {
            return Err(self.torn(lines.len()));
        }
        let end = serde_json::from_slice::<Trailer>(last).map_err(|error| self.bad(lines.len(), &error))?.end;
        let rows = self.rows(&body[1..])?;
        self.check(&rows, &bytes[..bytes.len() - last.len()], last, &end, lines.len())?;
        Ok(Run { header, rows, wall_ms: end.wall_ms })
    }

    fn header(&self, lines: &[&[u8]]) -> Result<Header, ReadError> {
        let Some(first) = lines.first() else { return Err(self.torn(1)) };
        if !first.starts_with(b"{\"schema\":") {
            // The beginning of a beginning is a torn file; anything else is something else.
            return Err(if b"{\"schema\":".starts_with(first) {
                self.torn(1)
            } else {
                self.foreign("its first line is not the header of a run")
            });
        }
        if !first.ends_with(b"\n") {
            return Err(self.torn(1));
        }
        let version: Version = serde_json::from_slice(first).map_err(|error| self.bad(1, &error))?;
        if version.schema != SCHEMA {
            return Err(ReadError::ForeignVersion { path: self.path.clone(), found: version.schema });
        }
        serde_json::from_slice(first).map_err(|error| self.bad(1, &error))
    }

    fn rows(&self, lines: &[&[u8]]) -> Result<Vec<Row>, ReadError> {
        let parse = |(index, line): (usize, &&[u8])| {
            serde_json::from_slice::<Row>(line).map_err(|error| self.bad(index + 2, &error))
        };
        lines.iter().enumerate().map(parse).collect()
    }

    /// Whether the closing line is the one that belongs to these lines.
    fn check(&self, rows: &[Row], body: &[u8], last: &[u8], end: &End, line: usize) -> Result<(), ReadError> {
        let mut counts = Counts::default();
        rows.iter().for_each(|row| counts.add(&row.status));
        let mut hasher = blake3::Hasher::new();
        hasher.update(body);
        let digest = digest(hasher, end.wall_ms);
        let why = if end.rows != rows.len() as u64 {
            "it has another number of results than its last line says"
        } else if end.digest != digest {
            "its content has another digest than its last line says"
        } else {
            let mut expected = Vec::new();
            let end = End { rows: rows.len() as u64, counts, wall_ms: end.wall_ms, digest };
            json::push_line(&mut expected, &Trailer { end });
            if expected == last {
                return Ok(());
            }
            "its last line does not belong to its content"
        };
        Err(ReadError::Edited { path: self.path.clone(), line, why })
    }

    fn torn(&self, line: usize) -> ReadError {
        ReadError::Torn { path: self.path.clone(), line }
    }

    fn bad(&self, line: usize, why: &serde_json::Error) -> ReadError {
        // The reader of one line calls it line 1, which would contradict ours.
        let why = why.to_string().replace(" at line 1 column", " at column");
        ReadError::BadLine { path: self.path.clone(), line, why }
    }

    fn foreign(&self, why: &str) -> ReadError {
        ReadError::NotResults { path: self.path.clone(), why: why.to_owned() }
    }
}
