//! Writes `results.jsonl` row by row, and `summary.json` behind it.
//!
//! Rows come in any order and are neither kept nor sorted; what is kept is their digest and their summary. Both files appear
//! whole when the run is finished, or not at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::atomic::{self, AtomicFile};
use crate::error::WriteError;
use crate::header::Header;
use crate::json;
use crate::row::Row;
use crate::summary::{Counts, SUMMARY_FILE, Summary, SummaryBuilder};

use super::line::push_row;
use super::{End, RESULTS_FILE, SCHEMA, Trailer, digest};

/// Bytes collected before they go to the file.
const BUFFER: usize = 256 << 10;

/// The files of one run, being written. Dropped before [`Self::finish`], it leaves no file.
#[derive(Debug)]
pub struct ResultsWriter {
    dir: PathBuf,
    file: AtomicFile,
    hasher: blake3::Hasher,
    rows: u64,
    counts: Counts,
    summary: SummaryBuilder,
}

impl ResultsWriter {
    /// Begins the files in a folder, which is made if it is missing. Results of an earlier run in it are removed, so that
    /// they cannot be taken for those of a run that failed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or written to.
    pub fn create(dir: &Path, header: &Header) -> Result<Self, WriteError> {
        std::fs::create_dir_all(dir).map_err(WriteError::new("make folder", dir))?;
        atomic::remove(&dir.join(SUMMARY_FILE))?;
        let file = AtomicFile::begin(&dir.join(RESULTS_FILE))?;
        Self::with_file(dir, file, header)
    }

    pub(super) fn with_file(dir: &Path, mut file: AtomicFile, header: &Header) -> Result<Self, WriteError> {
        let header = Header { schema: SCHEMA.to_owned(), ..header.clone() };
        json::push_line(file.buffer(), &header);
        let summary = SummaryBuilder::new(&header);
        let hasher = blake3::Hasher::new();
        Ok(Self { dir: dir.to_owned(), file, hasher, rows: 0, counts: Counts::default(), summary })
    }

    /// Adds a result.
    ///
    /// # Errors
    ///
    /// When the disk does not take it. The files cannot be finished then.
    pub fn row(&mut self, row: &Row) -> Result<(), WriteError> {
        push_row(self.file.buffer(), row);
        self.rows += 1;
        self.counts.add(&row.status);
        self.summary.add(row);
        // Both the digest and the disk prefer large pieces.
        if self.file.buffer().len() < BUFFER { Ok(()) } else { self.flush() }
    }

    /// Ends the run: closes `results.jsonl`, then writes `summary.json`.
    ///
    /// # Errors
    ///
    /// When the disk does not take it. What was not finished is not there then.
    pub fn finish(mut self, wall: Duration) -> Result<Summary, WriteError> {
        self.flush()?;
        let wall_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        let digest = digest(self.hasher, wall_ms);
        let end = End { rows: self.rows, counts: self.counts, wall_ms, digest };
        json::push_line(self.file.buffer(), &Trailer { end });
        self.file.commit()?;
        let summary = self.summary.finish(wall);
        let written = summary.write(&self.dir);
        if written.is_err() {
            // Half of the files would be worse than none. That the removal fails too adds nothing to the error.
            let _removed = atomic::remove(&self.dir.join(RESULTS_FILE));
        }
        written.map(|()| summary)
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.hasher.update(self.file.buffer());
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::path::Path;
    use std::time::Duration;

    use super::ResultsWriter;
    use crate::atomic::AtomicFile;
    use crate::{Directive, EngineLanes, Header, Row, SuiteInfo, SuiteKind};

    fn header() -> Header {
        let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: "y".into(), files: 1 };
        Header::new(
            "0",
            vec![EngineLanes { engine: "jit".into(), lanes: vec!["default".into()] }],
            suite,
            "all",
        )
    }

    fn full_disk() -> File {
        OpenOptions::new().write(true).open("/dev/full").unwrap()
    }

    fn row() -> Row {
        Row::new("a.wast", 1, 1, 0, Directive::Module, "jit", "default")
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file_and_leaves_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results.jsonl");
        let file = AtomicFile::given(&path, full_disk());
        let mut writer = ResultsWriter::with_file(dir.path(), file, &header()).unwrap();
        writer.row(&row()).unwrap();
        let error = writer.finish(Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains("results.jsonl") && error.contains("No space left"), "{error}");
        assert!(error.contains("--out"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_error_ignored_on_the_way_is_an_error_at_the_end() {
        let file = AtomicFile::given(Path::new("results.jsonl"), full_disk());
        let mut writer = ResultsWriter::with_file(Path::new("/nowhere"), file, &header()).unwrap();
        let failures = (0..10_000).filter(|_| writer.row(&row()).is_err()).count();
        assert!(failures > 0);
        assert!(writer.finish(Duration::ZERO).is_err());
    }
}
