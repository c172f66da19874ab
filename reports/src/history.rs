//! What runs came to over time: one line for each, appended and never changed.
//!
//! Enters: what a report is made of; leaves: an [`Entry`] at the end of `history.jsonl`, or a history read back. A line carries a
//! digest of itself and of the line before it, so that one that was changed or taken out is noticed. A line that was not
//! written to its end is no entry: it is named when the file is read, and cut off before the next one is appended.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, WriteError};
use crate::header;
use crate::inputs::Inputs;
use crate::json;

/// Name and version of the format.
pub const HISTORY_SCHEMA: &str = "assay-history/1";
/// The name of the file in its folder.
pub const HISTORY_FILE: &str = "history.jsonl";
/// How every entry begins.
pub(crate) const BEGINNING: &[u8] = b"{\"schema\":\"assay-history/";

/// One moment of the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name and version of the format.
    pub schema: String,
    /// When the first of its runs began, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// The version of the tool.
    pub tool_version: String,
    /// What the reader should call it, such as a commit; may be empty.
    pub label: String,
    /// A digest over the digests of the suites that ran.
    pub suite: String,
    /// The counts by engine.
    pub engines: BTreeMap<String, Counted>,
    /// How long the runs took together.
    pub wall_seconds: f64,
    /// Cases played in campaigns.
    pub cases: u64,
    /// Findings in them.
    pub findings: u64,
    /// Planted faults that were looked for.
    pub faults: u64,
    /// Planted faults that were found.
    pub faults_found: u64,
    /// The geometric mean of each group of benchmarks, by `lane/peer group`.
    pub benches: BTreeMap<String, f64>,
    /// The instructions that the judged build executed for a workload of `assay bench`. They do not depend on the machine's load,
    /// nor much on the machine, so that they can be compared over time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub instructions: BTreeMap<String, u64>,
    /// The digest of the line before, empty in the first.
    pub before: String,
    /// The digest of this line without this field.
    pub digest: String,
}

/// What an engine came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Results in all.
    pub directives: u64,
    /// Those that passed.
    pub pass: u64,
    /// Those that were unexpected.
    pub unexpected: u64,
    /// Those that were not run.
    pub skip: u64,
}

/// A history, read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Its entries, the oldest first.
    pub entries: Vec<Entry>,
    /// The line of an entry that was never finished, at the end.
    pub torn: Option<usize>,
}

impl Entry {
    /// What the files of a report come to.
    pub fn of(inputs: &Inputs, label: &str) -> Self {
        let mut suite = blake3::Hasher::new();
        let mut engines: BTreeMap<String, Counted> = BTreeMap::new();
        let mut wall_seconds = 0.0;
        for run in inputs.runs.iter().map(|run| &run.content) {
            suite.update(run.header.suite.digest.as_bytes());
            let summary = run.summary();
            wall_seconds += summary.wall_seconds;
            for (name, engine) in summary.engines {
                let counted = engines.entry(name).or_default();
                counted.directives += engine.directives;
                counted.pass += engine.counts.pass;
                counted.unexpected += engine.counts.unexpected();
                counted.skip += engine.counts.skip;
            }
        }
        let campaigns = || inputs.campaigns.iter().map(|campaign| &campaign.content);
        let faults = || inputs.faults.iter().flat_map(|faults| &faults.content.faults);
        let means = inputs.benches.iter().flat_map(|bench| &bench.content.means);
        let first =
            inputs.runs.iter().map(|run| &run.content.header).min_by_key(|header| header.started_unix_ms);
        Self {
            schema: HISTORY_SCHEMA.to_owned(),
            at_unix_ms: first.map_or_else(header::now, |header| header.started_unix_ms),
            tool_version: first.map_or(env!("CARGO_PKG_VERSION"), |header| &header.tool_version).to_owned(),
            label: label.to_owned(),
            suite: format!("blake3:{}", suite.finalize().to_hex()),
            engines,
            wall_seconds,
            cases: campaigns().map(|campaign| campaign.cases).sum(),
            findings: campaigns().map(|campaign| campaign.findings.len() as u64).sum(),
            faults: faults().count() as u64,
            faults_found: faults().filter(|fault| fault.found).count() as u64,
            benches: means
                .map(|mean| (format!("{}/{} {}", mean.ours, mean.peer, mean.group), mean.median))
                .collect(),
            instructions: inputs
                .duels
                .iter()
                .flat_map(|duel| &duel.content.workloads)
                .filter_map(|workload| Some((workload.name.clone(), workload.instructions?.after)))
                .collect(),
            before: String::new(),
            digest: String::new(),
        }
    }

    /// The line, with its digests.
    fn sealed(mut self, before: String) -> Vec<u8> {
        self.before = before;
        self.digest = self.seal();
        let mut line = Vec::new();
        json::push_line(&mut line, &self);
        line
    }

    fn seal(&self) -> String {
        let mut line = Vec::new();
        json::push_line(&mut line, &Self { digest: String::new(), ..self.clone() });
        format!("blake3:{}", blake3::hash(&line).to_hex())
    }
}

/// Reads a history.
///
/// # Errors
///
/// When it cannot be read, has another version, or an entry in it was changed, moved or taken out.
pub fn read(path: &Path) -> Result<History, ReadError> {
    let bytes = std::fs::read(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    parse(path, &bytes)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<History, ReadError> {
    let mut history = History::default();
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let number = index + 1;
        if !line.ends_with(b"\n") {
            history.torn = Some(number);
            break;
        }
        let bad = |why: String| ReadError::BadLine { path: path.to_owned(), line: number, why };
        let version: Version = serde_json::from_slice(line).map_err(|error| bad(error.to_string()))?;
        if version.schema != HISTORY_SCHEMA {
            return Err(bad(format!(
                "written as `{}`, this version reads `{HISTORY_SCHEMA}`",
                version.schema
            )));
        }
        let entry: Entry = serde_json::from_slice(line).map_err(|error| bad(error.to_string()))?;
        let edited = |why| ReadError::Edited { path: path.to_owned(), line: number, why };
        if entry.digest != entry.seal() {
            return Err(edited("this entry has another digest than it says"));
        }
        if entry.before != history.entries.last().map_or("", |before| before.digest.as_str()) {
            return Err(edited("the entry before this one is missing, or another one"));
        }
        history.entries.push(entry);
    }
    Ok(history)
}

/// As much of an entry as every version has.
#[derive(Deserialize)]
struct Version {
    schema: String,
}

/// What became of the end of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The entry stands behind the others.
    Behind,
    /// An unfinished line was cut off before.
    AfterTear,
}

/// Why an entry could not be appended. The history is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The history is not one, or was changed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The disk did not take the entry.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Appends an entry, under a lock that keeps other processes away.
///
/// # Errors
///
/// When the history cannot be read or the disk does not take the entry; the history is as it was then.
pub fn append(path: &Path, entry: Entry) -> Result<Appended, HistoryError> {
    let failed = |source| WriteError { what: "write", path: path.to_owned(), source };
    let mut file = open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let history = parse(path, &bytes)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let before = history.entries.last().map_or_else(String::new, |entry| entry.digest.clone());
    let line = entry.sealed(before);
    write_behind(&mut file, whole as u64, &line).map_err(failed)?;
    Ok(if history.torn.is_some() { Appended::AfterTear } else { Appended::Behind })
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    file.lock()?;
    Ok(file)
}

/// What appending needs of a file, so that tests can let it fail.
trait Disk: Write + Seek {
    /// Ends the file here.
    fn cut(&mut self, end: u64) -> io::Result<()>;
    /// Brings what was written to the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.set_len(end)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Writes a line at `end`, which is where the last whole line ends. When that fails the file ends there again.
fn write_behind(file: &mut impl Disk, end: u64, line: &[u8]) -> io::Result<()> {
    file.cut(end)?;
    file.seek(SeekFrom::Start(end))?;
    let written = file.write_all(line).and_then(|()| file.sync());
    if written.is_err() {
        // What stands there is no whole line, and would be cut off later; that it cannot be now adds nothing to the error.
        let _cut = file.cut(end);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{self, Cursor, ErrorKind, Seek, SeekFrom, Write};
    use std::path::Path;

    use super::{Disk, Entry, HISTORY_SCHEMA, parse, write_behind};

    /// What the next writes do; after that they succeed.
    enum Next {
        Fails(ErrorKind),
        Takes(usize),
    }

    /// A file in memory that fails as it is told.
    struct Faulty {
        content: Cursor<Vec<u8>>,
        writes: Vec<Next>,
        sync_fails: bool,
        cut_fails: bool,
    }

    impl Write for Faulty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.writes.pop() {
                Some(Next::Fails(kind)) => Err(kind.into()),
                Some(Next::Takes(most)) => self.content.write(&bytes[..most.min(bytes.len())]),
                None => self.content.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Faulty {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.content.seek(to)
        }
    }

    impl Disk for Faulty {
        fn cut(&mut self, end: u64) -> io::Result<()> {
            if self.cut_fails && self.content.get_ref().len() as u64 > end {
                return Err(ErrorKind::Other.into());
            }
            self.content.get_mut().truncate(end as usize);
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.sync_fails { Err(ErrorKind::Other.into()) } else { Ok(()) }
        }
    }

    fn line(before: &str) -> Vec<u8> {
        let entry = Entry {
            schema: HISTORY_SCHEMA.to_owned(),
            at_unix_ms: 1,
            tool_version: "0".into(),
            label: String::new(),
            suite: String::new(),
            engines: BTreeMap::new(),
            wall_seconds: 0.5,
            cases: 0,
            findings: 0,
            faults: 0,
            faults_found: 0,
            benches: BTreeMap::new(),
            instructions: BTreeMap::new(),
            before: String::new(),
            digest: String::new(),
        };
        entry.sealed(before.to_owned())
    }

    /// Appends a second entry to a history of one, and gives whether that succeeded and how many entries there are.
    fn appended(writes: Vec<Next>, sync_fails: bool, cut_fails: bool) -> (bool, usize) {
        let first = line("");
        let end = first.len() as u64;
        let before = parse(Path::new("x"), &first).unwrap().entries[0].digest.clone();
        let mut disk = Faulty { content: Cursor::new(first), writes, sync_fails, cut_fails };
        let written = write_behind(&mut disk, end, &line(&before));
        let history = parse(Path::new("x"), disk.content.get_ref()).unwrap();
        (written.is_ok(), history.entries.len())
    }

    #[test]
    fn no_fault_of_the_disk_makes_a_wrong_history() {
        use ErrorKind::{Interrupted, Other, StorageFull};
        use Next::{Fails, Takes};
        assert_eq!(appended(vec![], false, false), (true, 2));
        // Interruptions and short writes are no faults.
        assert_eq!(
            appended(vec![Takes(1), Fails(Interrupted), Takes(7), Fails(Interrupted)], false, false),
            (true, 2)
        );
        for kind in [StorageFull, Other] {
            for cut_fails in [false, true] {
                assert_eq!(appended(vec![Fails(kind)], false, cut_fails), (false, 1));
                assert_eq!(
                    appended(vec![Fails(kind), Takes(9)], false, cut_fails),
                    (false, 1),
                    "half a line"
                );
            }
        }
        assert_eq!(appended(vec![], true, false), (false, 1), "what is not on the disk is not there");
    }
}
