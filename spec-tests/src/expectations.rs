//! What is known not to pass, directive by directive, with a reason.
//!
//! Enters: a TOML file and, one by one, results; leaves: results that became `xfail` or `xpass`, and at the end the entries
//! that met no result. An entry that has expired no longer excuses anything. Knows no engine; the aim is an empty file.
//!
//! ```toml
//! [[expect]]
//! file = "core/memory.wast"
//! line = 12                  # or: index = 3
//! engine = "jit"             # optional, as is lane = "nosignals"
//! status = "fail"            # fail, wrong-reason, crash, timeout
//! reason = "why, and where it is followed up"
//! expires = 2027-01-31       # optional: from that day on it is unexpected again
//! ```

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use assay_reports::{Directive, Row, Status};
use serde::Deserialize;
use toml::Spanned;
use toml::value::{Date, Datetime};

/// The expectations of a run.
#[derive(Debug, Default)]
pub struct Expectations {
    origin: String,
    entries: Vec<Entry>,
    by_file: HashMap<String, Vec<usize>>,
    met: Vec<bool>,
    today: Option<Date>,
}

/// Why expectations cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpectationError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{origin}:{line}: {what}")]
    Syntax {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: u32,
        /// What is wrong.
        what: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    expect: Vec<Spanned<Fields>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    file: String,
    line: Option<u32>,
    index: Option<u32>,
    engine: Option<String>,
    lane: Option<String>,
    status: String,
    reason: String,
    expires: Option<Datetime>,
}

#[derive(Debug)]
struct Entry {
    /// Its own line in the file of expectations.
    at: u32,
    fields: Fields,
}

impl Expectations {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what it should be.
    pub fn load(path: &Path) -> Result<Self, ExpectationError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ExpectationError::Io { path: path.to_owned(), source })?;
        Self::read(&path.display().to_string(), &text)
    }

    /// The expectations in `text`, as of today.
    pub(crate) fn read(origin: &str, text: &str) -> Result<Self, ExpectationError> {
        Self::parse(origin, text, today())
    }

    /// The expectations in `text`, as of `today`.
    fn parse(origin: &str, text: &str, today: Date) -> Result<Self, ExpectationError> {
        let syntax = |line, what| ExpectationError::Syntax { origin: origin.to_owned(), line, what };
        let document: Document = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            syntax(line_at(text, offset), error.message().to_owned())
        })?;
        let mut expectations = Self { origin: origin.to_owned(), today: Some(today), ..Self::default() };
        for spanned in document.expect {
            let at = line_at(text, spanned.span().start);
            let fields = spanned.into_inner();
            check(&fields).map_err(|what| syntax(at, what.to_owned()))?;
            expectations.by_file.entry(fields.file.clone()).or_default().push(expectations.entries.len());
            expectations.entries.push(Entry { at, fields });
            expectations.met.push(false);
        }
        Ok(expectations)
    }

    /// Turns a result into an expected failure or an unexpected pass, where an entry says so.
    pub fn apply(&mut self, row: &mut Row) {
        let Some(candidates) = self.by_file.get(&*row.file) else { return };
        for &index in candidates {
            let entry = &self.entries[index];
            if entry.fields.concerns(row) {
                self.met[index] = true;
                if !entry.fields.has_expired(self.today) {
                    entry.fields.judge(row);
                } else if row.status.is_unexpected() {
                    row.note = Some(format!("the expectation at {}:{} has expired", self.origin, entry.at));
                }
                return;
            }
        }
    }

    /// The entries that met no result, as results about the file of expectations. `ran` says whether a file was to run as a
    /// whole; entries for others are not asked.
    pub fn stale(&self, engines: &[(String, String)], ran: impl Fn(&str) -> bool) -> Vec<Row> {
        let unmet = self.entries.iter().zip(&self.met).filter(|(_, met)| !**met).map(|(entry, _)| entry);
        let asked = unmet.filter_map(|entry| {
            let engine = engines.iter().find(|(engine, lane)| entry.fields.runs_on(engine, lane))?;
            ran(&entry.fields.file).then_some((entry, engine))
        });
        asked.map(|(entry, (engine, lane))| self.stale_row(entry, engine, lane)).collect()
    }

    fn stale_row(&self, entry: &Entry, engine: &str, lane: &str) -> Row {
        let mut row = Row::new(self.origin.as_str(), entry.at, 1, 0, Directive::File, engine, lane);
        row.status = Status::Fail;
        row.levels = assay_reports::Levels::NONE;
        row.expected = Some(format!("a result at {}", entry.fields.place()));
        row.actual = Some("stale expectation: there is none".to_owned());
        row
    }
}

impl Fields {
    fn concerns(&self, row: &Row) -> bool {
        self.line.is_none_or(|line| line == row.line)
            && self.index.is_none_or(|index| index == row.index)
            && self.runs_on(&row.engine, &row.lane)
    }

    fn runs_on(&self, engine: &str, lane: &str) -> bool {
        self.engine.as_deref().is_none_or(|wanted| wanted == engine)
            && self.lane.as_deref().is_none_or(|wanted| wanted == lane)
    }

    fn has_expired(&self, today: Option<Date>) -> bool {
        let expires = self.expires.and_then(|datetime| datetime.date);
        expires.zip(today).is_some_and(|(expires, today)| key(today) >= key(expires))
    }

    fn judge(&self, row: &mut Row) {
        if row.status.name() == self.status {
            row.status = Status::Xfail;
        } else if row.status == Status::Pass {
            row.status = Status::Xpass;
        } else {
            return;
        }
        row.note = Some(self.reason.clone());
    }

    fn place(&self) -> String {
        match (self.line, self.index) {
            (Some(line), _) => format!("{}:{line}", self.file),
            (None, Some(index)) => format!("{}, directive {index}", self.file),
            (None, None) => self.file.clone(),
        }
    }
}

fn check(fields: &Fields) -> Result<(), &'static str> {
    if fields.line.is_some() == fields.index.is_some() {
        return Err("an expectation is about one directive: give either `line` or `index`");
    }
    if !["fail", "wrong-reason", "crash", "timeout"].contains(&fields.status.as_str()) {
        return Err("`status` is one of fail, wrong-reason, crash, timeout");
    }
    if fields.reason.trim().is_empty() {
        return Err("`reason` is empty");
    }
    if fields.expires.is_some_and(|datetime| datetime.date.is_none()) {
        return Err("`expires` needs a date");
    }
    Ok(())
}

fn key(date: Date) -> (u16, u8, u8) {
    (date.year, date.month, date.day)
}

fn line_at(text: &str, offset: usize) -> u32 {
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|&&byte| byte == b'\n').count() as u32
}

fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let today = assay_reports::Date::of_days(since.as_secs() / 86_400);
    Date { year: today.year, month: today.month, day: today.day }
}

#[cfg(test)]
mod tests {
    use assay_reports::{Directive, Row, Status};
    use toml::value::Date;

    use super::Expectations;

    const TODAY: Date = Date { year: 2026, month: 11, day: 22 };

    fn parse(text: &str) -> Result<Expectations, String> {
        Expectations::parse("e.toml", text, TODAY).map_err(|error| error.to_string())
    }

    fn row(line: u32, status: Status) -> Row {
        let mut row = Row::new("a.wast", line, 1, 0, Directive::AssertReturn, "jit", "default");
        row.status = status;
        row
    }

    fn entry(more: &str) -> String {
        format!("\n[[expect]]\nfile = \"a.wast\"\nline = 3\nstatus = \"fail\"\nreason = \"issue 9\"\n{more}")
    }

    fn applied(text: &str, mut row: Row) -> (Status, Option<String>) {
        parse(text).unwrap().apply(&mut row);
        (row.status, row.note)
    }

    #[test]
    fn a_failure_is_expected_and_a_pass_is_not() {
        let reason = Some("issue 9".to_owned());
        assert_eq!(applied(&entry(""), row(3, Status::Fail)), (Status::Xfail, reason.clone()));
        assert_eq!(applied(&entry(""), row(3, Status::Pass)), (Status::Xpass, reason));
        assert_eq!(applied(&entry(""), row(4, Status::Fail)), (Status::Fail, None));
        assert_eq!(applied(&entry(""), row(3, Status::Timeout)), (Status::Timeout, None));
        assert_eq!(applied(&entry("engine = \"interp\""), row(3, Status::Fail)), (Status::Fail, None));
    }

    #[test]
    fn an_expired_entry_excuses_nothing() {
        let (status, note) = applied(&entry("expires = 2026-11-22"), row(3, Status::Fail));
        assert_eq!(
            (status, note.as_deref()),
            (Status::Fail, Some("the expectation at e.toml:2 has expired"))
        );
        assert_eq!(applied(&entry("expires = 2026-11-23"), row(3, Status::Fail)).0, Status::Xfail);
    }

    #[test]
    fn an_entry_that_meets_nothing_is_stale() {
        let engines = [("jit".to_owned(), "default".to_owned())];
        let mut expectations = parse(&entry("")).unwrap();
        let stale = expectations.stale(&engines, |_| true);
        assert_eq!((stale.len(), stale[0].line, &*stale[0].file), (1, 2, "e.toml"));
        assert!(expectations.stale(&engines, |_| false).is_empty());
        assert!(expectations.stale(&[("interp".to_owned(), "default".to_owned())], |_| true).len() == 1);
        expectations.apply(&mut row(3, Status::Pass));
        assert!(expectations.stale(&engines, |_| true).is_empty());
        assert!(parse(&entry("engine = \"interp\"")).unwrap().stale(&engines, |_| true).is_empty());
    }

    #[test]
    fn mistakes_are_shown_with_their_line() {
        let error = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            error(&entry("index = 1")),
            "e.toml:2: an expectation is about one directive: give either `line` or `index`"
        );
        assert_eq!(
            error(&entry("").replace("fail", "pass")),
            "e.toml:2: `status` is one of fail, wrong-reason, crash, timeout"
        );
        assert_eq!(error(&entry("").replace("issue 9", " ")), "e.toml:2: `reason` is empty");
        assert!(
            error(&entry("colour = 1")).starts_with("e.toml:7: unknown field `colour`"),
            "{}",
            error(&entry("colour = 1"))
        );
        assert!(error("x = ").starts_with("e.toml:1: "));
    }
}
