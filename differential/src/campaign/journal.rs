//! The journal of a campaign: what is done and what it came to, so that a campaign that was ended goes on where it was.
//!
//! A file of lines. Each is a checksum and a JSON object: first a head that says which campaign it is, then, every few
//! seconds and at every finding, the ranges that were done since and their tally. A line that is torn, or damaged, counts for
//! nothing, and its cases are played again; a case is never counted twice. A disk that fills up ends the journal, not the
//! campaign. Knows no worker.

use super::Options;
use super::ranges::Ranges;
use super::tally::Tally;
use crate::generate::GENERATOR_VERSION;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The version of the form.
const SCHEMA: &str = "assay-campaign-journal-1";

/// So much work is lost at the most when everything is killed.
const PERIOD: Duration = Duration::from_secs(5);

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("failed to {what} the journal `{path}`: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is that of another campaign.
    #[error("the journal `{path}` is that of another campaign: {what}")]
    Other {
        /// The file.
        path: PathBuf,
        /// What is different.
        what: String,
    },
    /// It contradicts itself.
    #[error("the journal `{path}` counts cases twice: {from} to {to}")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The first of the cases.
        from: u64,
        /// Behind the last.
        to: u64,
    },
}

/// Which campaign it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    schema: String,
    tool: String,
    generator: u64,
    profile: String,
    seed: u64,
    first: u64,
    engines: Vec<String>,
    /// The digest of the saved cases.
    corpus: String,
}

impl Head {
    fn of(options: &Options, corpus: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            generator: GENERATOR_VERSION,
            profile: options.profile.name().to_owned(),
            seed: options.seed,
            first: options.first,
            engines: options.engines.clone(),
            corpus: corpus.to_owned(),
        }
    }

    /// The first thing that is different in another head.
    fn difference(&self, other: &Self) -> Option<String> {
        let fields = [
            ("form", self.schema.clone(), other.schema.clone()),
            ("version", self.tool.clone(), other.tool.clone()),
            ("generator", self.generator.to_string(), other.generator.to_string()),
            ("profile", self.profile.clone(), other.profile.clone()),
            ("seed", self.seed.to_string(), other.seed.to_string()),
            ("first case", self.first.to_string(), other.first.to_string()),
            ("engines", self.engines.join(" "), other.engines.join(" ")),
            ("corpus", self.corpus.clone(), other.corpus.clone()),
        ];
        let different = fields.into_iter().find(|(_, own, other)| own != other);
        different.map(|(name, own, other)| format!("{name} `{other}` instead of `{own}`"))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    done: Vec<(u64, u64)>,
    tally: Tally,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Option<File>,
    /// The length of what is whole.
    length: u64,
    pending: Vec<(u64, u64)>,
    tally: Tally,
    /// Signatures of findings so far.
    signatures: HashSet<String>,
    written: Instant,
    trouble: Option<JournalError>,
}

/// What a journal of before says.
#[derive(Debug, Default)]
pub struct Past {
    /// What the cases that are done came to.
    pub tally: Tally,
    /// Lines that are torn or damaged.
    pub damaged: u64,
    pub(super) done: Ranges,
}

impl Past {
    /// How many cases are done.
    pub fn cases(&self) -> u64 {
        self.done.len()
    }
}

/// The journal of a campaign in this folder.
pub fn path(options: &Options, folder: &Path) -> PathBuf {
    folder.join(format!("campaign-{}-{}.journal", options.profile.name(), options.seed))
}

impl Journal {
    /// Begins a journal; one of before is gone. `corpus` is the digest of the saved cases, empty where there are none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(options: &Options, corpus: &str, path: &Path) -> Result<Self, JournalError> {
        let file = File::create(path).map_err(io("begin", path))?;
        let mut journal = Self::new(path, file, 0);
        journal.append(&Head::of(options, corpus));
        match journal.trouble.take() {
            Some(trouble) => Err(trouble),
            None => Ok(journal),
        }
    }

    /// Goes on with the journal of an earlier run of this campaign, which may have been ended in the middle of a line.
    ///
    /// # Errors
    /// When it cannot be read, is that of another campaign, or contradicts itself.
    pub fn go_on(options: &Options, corpus: &str, path: &Path) -> Result<(Self, Past), JournalError> {
        let mut file =
            OpenOptions::new().read(true).write(true).open(path).map_err(io("go on with", path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read", path))?;
        let (past, length) = read(options, corpus, path, &bytes)?;
        // What is torn goes, so that the next line begins on a line of its own.
        file.set_len(length).map_err(io("mend", path))?;
        file.seek(SeekFrom::End(0)).map_err(io("go on with", path))?;
        Ok((Self::new(path, file, length), past))
    }

    fn new(path: &Path, file: File, length: u64) -> Self {
        Self {
            path: path.to_owned(),
            file: Some(file),
            length,
            pending: Vec::new(),
            tally: Tally::default(),
            signatures: HashSet::new(),
            written: Instant::now(),
            trouble: None,
        }
    }

    /// Notes that these cases are done, and what they came to.
    pub(super) fn add(&mut self, (from, to): (u64, u64), tally: &Tally) {
        if self.file.is_none() {
            return;
        }
        self.pending.push((from, to));
        // No new finding waits to be written.
        let found =
            tally.findings.iter().filter(|found| self.signatures.insert(found.signature.clone())).count();
        self.tally.add(tally.clone());
        if found > 0 || self.written.elapsed() >= PERIOD {
            self.flush();
        }
    }

    /// Writes what is not written yet.
    pub(super) fn flush(&mut self) {
        self.written = Instant::now();
        if self.pending.is_empty() {
            return;
        }
        let mut ranges = Ranges::default();
        for (from, to) in self.pending.drain(..) {
            ranges.add(from, to);
        }
        let mut tally = std::mem::take(&mut self.tally);
        tally.settle();
        self.append(&Entry { done: ranges.iter().collect(), tally });
    }

    /// Why the journal has ended before the campaign, if it has.
    pub fn trouble(&self) -> Option<&JournalError> {
        self.trouble.as_ref()
    }

    fn append<T: Serialize>(&mut self, line: &T) {
        let Some(file) = &mut self.file else { return };
        let text = serde_json::to_string(line).map_err(std::io::Error::other);
        let line = text.map(|text| format!("{} {text}\n", checksum(text.as_bytes())));
        let written = line.and_then(|line| {
            file.write_all(line.as_bytes())?;
            file.sync_data()?;
            Ok(line.len() as u64)
        });
        match written {
            Ok(length) => self.length += length,
            Err(error) => {
                // Half a line would be recognised as such; without it, the file is whole.
                let _shortened = file.set_len(self.length);
                self.trouble = Some(JournalError::Io { what: "write", path: self.path.clone(), error });
                self.file = None;
            }
        }
    }
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.to_owned();
    move |error| JournalError::Io { what, path, error }
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The past of a journal, and the length of what is whole.
fn read(options: &Options, corpus: &str, path: &Path, bytes: &[u8]) -> Result<(Past, u64), JournalError> {
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    let expected = Head::of(options, corpus);
    let other = |what: String| JournalError::Other { path: path.to_owned(), what };
    let head: Head = lines.next().and_then(line).ok_or_else(|| other("it has no head".to_owned()))?;
    if let Some(what) = expected.difference(&head) {
        return Err(other(what));
    }
    let mut past = Past { damaged: u64::from(whole < bytes.len()), ..Past::default() };
    let end = options.first.saturating_add(options.cases);
    for text in lines {
        let Some(entry) = line::<Entry>(text) else {
            past.damaged += 1;
            continue;
        };
        for &(from, to) in &entry.done {
            if from < options.first || to > end {
                return Err(other(format!("it has cases {from} to {to}")));
            }
            if !past.done.add(from, to) {
                return Err(JournalError::Twice { path: path.to_owned(), from, to });
            }
        }
        past.tally.add(entry.tally);
    }
    Ok((past, whole as u64))
}

/// What a line says; `None` where it is not as it was written.
fn line<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, rest) = line.split_at_checked(16)?;
    let text = rest.strip_prefix(b" ")?;
    (sum == checksum(text).as_bytes()).then(|| serde_json::from_slice(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Profile;

    fn options() -> Options {
        Options {
            profile: Profile::Small,
            seed: 9,
            first: 10,
            cases: 100,
            jobs: 1,
            time: None,
            engines: Vec::new(),
            corpus: None,
        }
    }

    fn tally(cases: u64) -> Tally {
        Tally { cases, useful: cases / 2, ..Tally::default() }
    }

    fn written(folder: &Path) -> PathBuf {
        let path = path(&options(), folder);
        let mut journal = Journal::begin(&options(), "", &path).unwrap();
        for number in 0..5 {
            let from = 10 + 7 * number;
            journal.add((from, from + 7), &tally(7));
            journal.flush();
        }
        path
    }

    #[test]
    fn a_journal_is_cut_anywhere_and_never_says_more_than_was_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let whole = std::fs::read(&path).unwrap();
        let mut seen = Vec::new();
        for end in 0..=whole.len() {
            match read(&options(), "", &path, &whole[..end]) {
                Ok((past, length)) => {
                    assert_eq!(past.tally, tally_of(past.cases()), "cut at {end}");
                    assert_eq!(past.damaged, u64::from(length != end as u64));
                    seen.push(past.cases());
                }
                Err(error) => assert!(seen.is_empty(), "cut at {end}: {error}"),
            }
        }
        assert!(seen.is_sorted());
        seen.dedup();
        assert_eq!(seen, [0, 7, 14, 21, 28, 35]);
    }

    fn tally_of(cases: u64) -> Tally {
        let mut sum = Tally::default();
        (0..cases / 7).for_each(|_| sum.add(tally(7)));
        sum
    }

    #[test]
    fn a_changed_byte_costs_its_line_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        let second = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 40;
        bytes[second] ^= 1;
        let (past, _) = read(&options(), "", &path, &bytes).unwrap();
        assert_eq!((past.cases(), past.damaged, past.tally.cases), (28, 1, 28));
    }

    #[test]
    fn it_goes_on_behind_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let (mut journal, past) = Journal::go_on(&options(), "", &path).unwrap();
        assert_eq!((past.cases(), past.damaged), (28, 1));
        journal.add((38, 60), &tally(22));
        journal.flush();
        let (_, past) = Journal::go_on(&options(), "", &path).unwrap();
        assert_eq!((past.cases(), past.damaged, past.tally.cases), (50, 0, 50));
    }

    #[test]
    fn another_campaign_and_a_case_twice_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        for other in [
            Options { seed: 1, ..options() },
            Options { profile: Profile::Calls, ..options() },
            Options { first: 11, ..options() },
            Options { cases: 20, ..options() },
            Options { engines: vec!["cmd:x".to_owned()], ..options() },
        ] {
            let error = Journal::go_on(&other, "", &path).unwrap_err();
            assert!(matches!(error, JournalError::Other { .. }), "{error}");
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap();
        std::fs::write(&path, format!("{text}{last}\n")).unwrap();
        let error = Journal::go_on(&options(), "", &path).unwrap_err();
        assert!(matches!(error, JournalError::Twice { from: 38, to: 45, .. }), "{error}");
    }

    #[test]
    fn a_full_disk_ends_the_journal_and_is_said() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut journal = Journal::new(Path::new("/dev/full"), full, 0);
        journal.add((0, 5), &tally(5));
        journal.flush();
        let said = journal.trouble().unwrap().to_string();
        assert!(said.contains("/dev/full") && said.contains("No space left"), "{said}");
        journal.add((5, 6), &tally(1));
        journal.flush();
    }
}
