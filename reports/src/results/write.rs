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
    use std::path::Path;
    use std::sync::LazyLock;
    use std::time::Duration;

    use super::ResultsWriter;
    use crate::atomic::AtomicFile;
    use crate::atomic::faulty::{Faults, Next, Rename};
    use crate::results::{RESULTS_FILE, read_results};
    use crate::summary::SUMMARY_FILE;
    use crate::{Directive, EngineLanes, Header, Row, Status, SuiteInfo, SuiteKind, WriteError};

    const EIO: i32 = 5;
    const EINTR: i32 = 4;
    const ENOSPC: i32 = 28;

    fn header() -> Header {
        let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: "y".into(), files: 1 };
        Header::new(
            "0",
            vec![EngineLanes { engine: "jit".into(), lanes: vec!["default".into()] }],
            suite,
            "all",
        )
    }

    /// Enough of them for several writes.
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let row = |index| {
            let mut row = Row::new("a.wast", index + 1, 1, index, Directive::AssertReturn, "jit", "default");
            row.status = Status::Fail;
            row
        };
        (0..4000).map(row).collect()
    });

    /// Writes results in which everything fails to where those of an earlier run stand, in which everything passed.
    fn written(dir: &Path, faults: Faults) -> Result<(), WriteError> {
        let mut earlier = ResultsWriter::create(dir, &header())?;
        earlier.row(&Row { status: Status::Pass, ..ROWS[0].clone() })?;
        earlier.finish(Duration::ZERO)?;
        crate::atomic::remove(&dir.join(SUMMARY_FILE))?;
        let file = AtomicFile::begin_faulty(&dir.join(RESULTS_FILE), faults)?;
        let mut writer = ResultsWriter::with_file(dir, file, &header())?;
        // Whoever goes on after an error must not get a good file either.
        let failed = ROWS.iter().filter(|row| writer.row(row).is_err()).count();
        let finished = writer.finish(Duration::ZERO);
        assert!(failed == 0 || finished.is_err());
        finished.map(drop)
    }

    fn none(after: usize, writes: Vec<Next>) -> Faults {
        Faults { after, writes, sync: None, rename: Rename::Works }
    }

    /// Every fault at every write, and behind them.
    fn faults() -> Vec<Faults> {
        let mut all = vec![none(0, vec![])];
        for after in 0..6 {
            for number in [ENOSPC, EIO, EINTR] {
                all.push(none(after, vec![Next::Fails(number)]));
                all.push(none(after, vec![Next::Takes(100), Next::Fails(number)]));
            }
            all.push(none(
                after,
                vec![Next::Takes(1), Next::Takes(7), Next::Fails(EINTR), Next::Takes(1000)],
            ));
            all.push(none(after, vec![Next::Takes(0)]));
        }
        all.extend([ENOSPC, EIO].map(|number| Faults { sync: Some(number), ..none(0, vec![]) }));
        all.extend(
            [Rename::Fails(EIO), Rename::Fails(ENOSPC), Rename::Killed]
                .map(|rename| Faults { rename, ..none(0, vec![]) }),
        );
        all
    }

    #[test]
    fn no_fault_of_the_disk_makes_results_that_are_not_those_of_the_run() {
        let (mut good, mut bad) = (0, 0);
        for faults in faults() {
            let dir = tempfile::tempdir().unwrap();
            let said = format!("{faults:?}");
            match written(dir.path(), faults) {
                Ok(()) => {
                    good += 1;
                    let run = read_results(dir.path()).unwrap();
                    assert_eq!(run.rows, *ROWS, "{said}");
                    assert!(dir.path().join(SUMMARY_FILE).is_file());
                }
                Err(error) => {
                    bad += 1;
                    assert!(error.to_string().contains(RESULTS_FILE), "{said}: {error}");
                    assert!(read_results(dir.path()).is_err(), "{said}: the earlier run is not this one");
                    assert!(!dir.path().join(SUMMARY_FILE).exists(), "{said}");
                    // What a killed run leaves is in nobody's way.
                    written(dir.path(), none(0, vec![])).unwrap();
                    assert_eq!(read_results(dir.path()).unwrap().rows, *ROWS);
                }
            }
        }
        assert!(good > 10 && bad > 20, "{good} {bad}");
    }

    #[test]
    fn a_full_disk_is_an_error_that_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let faults = none(0, vec![Next::Fails(ENOSPC)]);
        let file = AtomicFile::begin_faulty(&dir.path().join(RESULTS_FILE), faults).unwrap();
        let writer = ResultsWriter::with_file(dir.path(), file, &header()).unwrap();
        let error = writer.finish(Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains("results.jsonl") && error.contains("No space left"), "{error}");
        assert!(error.contains("--out"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
