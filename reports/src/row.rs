//! One result: what came of one directive on one engine in one lane, and its form as a line of `results.jsonl`.
//!
//! The line leaves out what follows from the rest (absent texts, the levels a status implies); field names never change
//! within a schema version. Reading refuses fields it does not know and lines that contradict themselves.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::directive::Directive;
use crate::outcome::{Levels, Status};

/// What came of one directive on one engine in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The file, as a path relative to the suite. Never a basename: two files of the suite share one.
    pub file: Arc<str>,
    /// Line of the directive, from 1 (0: no line).
    pub line: u32,
    /// Column of the directive, from 1 (0: no column).
    pub column: u32,
    /// Number of the directive in its file, from 0.
    pub index: u32,
    /// Its kind.
    pub directive: Directive,
    /// The engine.
    pub engine: Arc<str>,
    /// The configuration of the engine.
    pub lane: Arc<str>,
    /// What came of it.
    pub status: Status,
    /// At which levels it holds.
    pub levels: Levels,
    /// What was expected, where that helps.
    pub expected: Option<String>,
    /// What was observed, where that helps.
    pub actual: Option<String>,
    /// Anything else a reader should know, such as the reason of an expectation.
    pub note: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
}

impl Row {
    /// A passed directive without details, to be changed as needed.
    pub fn new(
        file: impl Into<Arc<str>>,
        line: u32,
        column: u32,
        index: u32,
        directive: Directive,
        engine: impl Into<Arc<str>>,
        lane: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            file: file.into(),
            line,
            column,
            index,
            directive,
            engine: engine.into(),
            lane: lane.into(),
            status: Status::Pass,
            levels: Levels::ALL,
            expected: None,
            actual: None,
            note: None,
            duration_us: 0,
        }
    }

    /// The order of reports: by file and place in it, then by engine and lane.
    pub fn report_order(&self, other: &Self) -> Ordering {
        let key = |row: &Self| (row.index, row.line, row.column);
        let by_file = self.file.cmp(&other.file).then_with(|| key(self).cmp(&key(other)));
        by_file.then_with(|| self.engine.cmp(&other.engine)).then_with(|| self.lane.cmp(&other.lane))
    }
}

/// The fields of a line, in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    file: Cow<'a, str>,
    line: u32,
    column: u32,
    index: u32,
    directive: Directive,
    #[serde(borrow)]
    engine: Cow<'a, str>,
    #[serde(borrow)]
    lane: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    signal: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<bool>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    expected: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    actual: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    duration_us: u64,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let levels = if self.status.implied_levels() == Some(self.levels) { None } else { Some(self.levels) };
        let (signal, reason) = match &self.status {
            Status::Crash(signal) => (Some(Cow::Borrowed(&**signal)), None),
            Status::Skip(reason) => (None, Some(Cow::Borrowed(&**reason))),
            _ => (None, None),
        };
        let line = Line {
            file: Cow::Borrowed(&self.file),
            line: self.line,
            column: self.column,
            index: self.index,
            directive: self.directive,
            engine: Cow::Borrowed(&self.engine),
            lane: Cow::Borrowed(&self.lane),
            status: Cow::Borrowed(self.status.name()),
            signal,
            reason,
            outcome: levels.map(|levels| levels.outcome),
            stage: levels.map(|levels| levels.stage),
            message: levels.map(|levels| levels.message),
            expected: self.expected.as_deref().map(Cow::Borrowed),
            actual: self.actual.as_deref().map(Cow::Borrowed),
            note: self.note.as_deref().map(Cow::Borrowed),
            duration_us: self.duration_us,
        };
        line.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = Line::deserialize(deserializer)?;
        let status = status(&line).map_err(D::Error::custom)?;
        let levels = levels(&line, &status).map_err(D::Error::custom)?;
        Ok(Self {
            file: line.file.into(),
            line: line.line,
            column: line.column,
            index: line.index,
            directive: line.directive,
            engine: line.engine.into(),
            lane: line.lane.into(),
            status,
            levels,
            expected: line.expected.map(Cow::into_owned),
            actual: line.actual.map(Cow::into_owned),
            note: line.note.map(Cow::into_owned),
            duration_us: line.duration_us,
        })
    }
}

fn status(line: &Line<'_>) -> Result<Status, String> {
    let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(|text| Cow::Owned(text.to_owned()));
    let status = match (&*line.status, owned(&line.signal), owned(&line.reason)) {
        ("pass", None, None) => Status::Pass,
        ("fail", None, None) => Status::Fail,
        ("wrong-reason", None, None) => Status::WrongReason,
        ("crash", Some(signal), None) => Status::Crash(signal),
        ("timeout", None, None) => Status::Timeout,
        ("skip", None, Some(reason)) => Status::Skip(reason),
        ("xfail", None, None) => Status::Xfail,
        ("xpass", None, None) => Status::Xpass,
        (other, ..) => {
            return Err(format!("status `{other}` is unknown, or its details do not belong to it"));
        }
    };
    Ok(status)
}

fn levels(line: &Line<'_>, status: &Status) -> Result<Levels, String> {
    match (line.outcome, line.stage, line.message) {
        (Some(outcome), Some(stage), Some(message)) => Ok(Levels { outcome, stage, message }),
        (None, None, None) => {
            status.implied_levels().ok_or_else(|| format!("status `{}` needs its levels", status.name()))
        }
        _ => Err("levels stand together or not at all".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::Row;
    use crate::{Directive, Levels, Status};

    fn row(status: Status, levels: Levels) -> Row {
        let mut row =
            Row::new("proposals/threads/memory.wast", 3, 2, 1, Directive::AssertTrap, "jit", "default");
        (row.status, row.levels) = (status, levels);
        row
    }

    #[test]
    fn every_status_and_level_survives_the_line() {
        let statuses = [
            Status::Pass,
            Status::Fail,
            Status::WrongReason,
            Status::Crash("SIGSEGV".into()),
            Status::Timeout,
            Status::Skip("feature simd".into()),
            Status::Xfail,
            Status::Xpass,
        ];
        for status in statuses {
            for bits in 0..8 {
                let levels = Levels { outcome: bits & 1 != 0, stage: bits & 2 != 0, message: bits & 4 != 0 };
                let mut before = row(status.clone(), levels);
                before.actual = Some("\u{1b} \"quoted\" \u{202e}".to_owned());
                let line = serde_json::to_string(&before).unwrap();
                assert_eq!(serde_json::from_str::<Row>(&line).unwrap(), before, "{line}");
            }
        }
    }

    #[test]
    fn a_pass_is_short() {
        assert_eq!(
            serde_json::to_string(&row(Status::Pass, Levels::ALL)).unwrap(),
            r#"{"file":"proposals/threads/memory.wast","line":3,"column":2,"index":1,"directive":"assert_trap","engine":"jit","lane":"default","status":"pass","duration_us":0}"#
        );
    }

    #[test]
    fn lines_that_contradict_themselves_are_refused() {
        let good = serde_json::to_string(&row(Status::Pass, Levels::ALL)).unwrap();
        for (from, to) in [
            ("\"pass\"", "\"passed\""),
            ("\"pass\"", "\"skip\""),
            ("\"pass\"", "\"crash\""),
            ("\"pass\"", "\"wrong-reason\""),
            ("\"pass\"", "\"pass\",\"signal\":\"SIGSEGV\""),
            ("\"pass\"", "\"fail\",\"stage\":true"),
            ("\"pass\"", "\"pass\",\"surprise\":1"),
            ("\"line\":3,", ""),
            ("\"line\":3", "\"line\":-3"),
            ("assert_trap", "assert_nothing"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert!(serde_json::from_str::<Row>(&bad).is_err(), "{bad}");
        }
    }
}
