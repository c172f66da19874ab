//! Two runs of a suite, test by test.
//!
//! Enters: rows of both sides; leaves: the tests whose result changed, each with its kind. Tests are told apart by suite, engine,
//! lane, file and number. Where a file's directives are not the same ones any more, they are matched by their order.

use std::collections::BTreeMap;

use crate::escape;
use crate::header::SuiteKind;
use crate::inputs::Input;
use crate::outcome::Status;
use crate::results::Run;
use crate::row::Row;

/// How a result changed. The order is that of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is unexpected, and was not, or was not there.
    NewFailure,
    /// It was unexpected, and is so in a worse way.
    Worse,
    /// It passed, and now is not run or excused.
    PassLost,
    /// The test is gone.
    Disappeared,
    /// It was unexpected or not run, and passes.
    Fixed,
    /// It is another result, but neither better nor worse.
    Changed,
    /// The test is new, and its result as expected.
    New,
}

impl ChangeKind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::NewFailure,
        Self::Worse,
        Self::PassLost,
        Self::Disappeared,
        Self::Fixed,
        Self::Changed,
        Self::New,
    ];

    /// Whether it may not stay.
    pub fn is_regression(self) -> bool {
        matches!(self, Self::NewFailure | Self::Worse | Self::PassLost | Self::Disappeared)
    }

    /// What reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewFailure => "new failures",
            Self::Worse => "worse than before",
            Self::PassLost => "passes that are not run or excused now",
            Self::Disappeared => "tests that disappeared",
            Self::Fixed => "fixed",
            Self::Changed => "changed",
            Self::New => "new tests",
        }
    }
}

/// A test whose result changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// The result before, if there was one.
    pub before: Option<Row>,
    /// The result now, if there is one.
    pub after: Option<Row>,
    /// The command that repeats it now.
    pub repeat: Option<String>,
}

impl Change {
    /// One of the two rows.
    pub fn row(&self) -> &Row {
        self.after.as_ref().or(self.before.as_ref()).expect("a change has a row on one side")
    }
}

/// The results of one file on one engine and lane.
type Files<'a> = BTreeMap<(SuiteKind, &'a str, &'a str, &'a str), Vec<(&'a Row, &'a Run)>>;

pub(super) fn compare(
    before: &[Input<Run>],
    after: &[Input<Run>],
    notes: &mut Vec<String>,
) -> (Vec<Change>, u64) {
    if before.is_empty() != after.is_empty() {
        notes.push(format!(
            "only {} has results of a suite",
            if before.is_empty() { "the second" } else { "the first" }
        ));
    }
    note_headers(before, after, notes);
    let (old, new) = (by_file(before), by_file(after));
    let (mut changes, mut same) = (Vec::new(), 0);
    let mut add =
        |before: Option<&Row>, after: Option<(&Row, &Run)>| match kind(before, after.map(|(row, _)| row)) {
            Some(kind) => changes.push(Change {
                kind,
                before: before.cloned(),
                after: after.map(|(row, _)| row.clone()),
                repeat: after.and_then(|(row, run)| run.header.repeat(row)),
            }),
            None => same += 1,
        };
    for (file, rows) in &old {
        match new.get(file) {
            Some(others) => matched(rows, others, &mut add),
            None => rows.iter().for_each(|&(row, _)| add(Some(row), None)),
        }
    }
    for (_, rows) in new.iter().filter(|(file, _)| !old.contains_key(*file)) {
        rows.iter().for_each(|&row| add(None, Some(row)));
    }
    changes.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.row().report_order(b.row())));
    (changes, same)
}

/// Something about a run.
type Fact = fn(&Run) -> &str;

fn note_headers(before: &[Input<Run>], after: &[Input<Run>], notes: &mut Vec<String>) {
    let of = |runs: &[Input<Run>], what: Fact| {
        let mut words: Vec<String> =
            runs.iter().map(|run| escape::brief(what(&run.content), 80).into_owned()).collect();
        words.sort_unstable();
        words.dedup();
        words.join(", ")
    };
    let facts: [(&str, Fact); 3] = [
        ("suites have other digests", |run| &run.header.suite.digest),
        ("other tests were selected", |run| &run.header.selection),
        ("the processors are others", |run| &run.header.cpu),
    ];
    for (what, fact) in facts {
        let (old, new) = (of(before, fact), of(after, fact));
        if old != new && !before.is_empty() && !after.is_empty() {
            notes.push(format!("{what}: before {old}, now {new}"));
        }
    }
}

fn by_file(runs: &[Input<Run>]) -> Files<'_> {
    let mut files = Files::new();
    for run in runs.iter().map(|run| &run.content) {
        let kind = run.header.suite.kind;
        for row in &run.rows {
            files.entry((kind, &row.engine, &row.lane, &row.file)).or_default().push((row, run));
        }
    }
    for rows in files.values_mut() {
        rows.sort_by_key(|(row, _)| (row.index, row.line, row.column));
    }
    files
}

/// Hands on the pairs of one file: by number where the file has the same directives, else by order.
fn matched<'a>(
    old: &[(&'a Row, &'a Run)],
    new: &[(&'a Row, &'a Run)],
    add: &mut impl FnMut(Option<&'a Row>, Option<(&'a Row, &'a Run)>),
) {
    let kinds =
        |rows: &[(&Row, &Run)]| rows.iter().map(|(row, _)| (row.index, row.directive)).collect::<Vec<_>>();
    let is_same_suite = old[0].1.header.suite.digest == new[0].1.header.suite.digest;
    if is_same_suite || kinds(old) == kinds(new) {
        return merge(old, new, |row| (row.index, row.line, row.column), add);
    }
    let common = |old: &(&Row, &Run), new: &(&Row, &Run)| old.0.directive == new.0.directive;
    let head = old.iter().zip(new).take_while(|(old, new)| common(old, new)).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| common(old, new)).count();
    let pairs = old[..head].iter().zip(&new[..head]);
    let ends = old[old.len() - tail..].iter().zip(&new[new.len() - tail..]);
    pairs.chain(ends).for_each(|(old, new)| add(Some(old.0), Some(*new)));
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    merge(old_rest, new_rest, |row| (row.line, row.column, row.directive), add);
}

/// Joins two lists by a key: both sides, or one alone.
fn merge<'a, K: Ord>(
    old: &[(&'a Row, &'a Run)],
    new: &[(&'a Row, &'a Run)],
    key: impl Fn(&Row) -> K,
    add: &mut impl FnMut(Option<&'a Row>, Option<(&'a Row, &'a Run)>),
) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((old, _)), Some((new, _))) => key(old).cmp(&key(new)),
        };
        let before = if order.is_le() { old.next().map(|&(row, _)| row) } else { None };
        let after = if order.is_ge() { new.next().copied() } else { None };
        add(before, after);
    }
}

/// How a result changed, if it did.
fn kind(before: Option<&Row>, after: Option<&Row>) -> Option<ChangeKind> {
    let (before, after) = match (before, after) {
        (Some(before), Some(after)) => (before, after),
        (Some(_), None) => return Some(ChangeKind::Disappeared),
        (None, Some(after)) if after.status.is_unexpected() => return Some(ChangeKind::NewFailure),
        (None, _) => return Some(ChangeKind::New),
    };
    let (old, new) = (&before.status, &after.status);
    let passed = |status: &Status| matches!(status, Status::Pass | Status::Xpass);
    if old.name() == new.name() {
        return changed_within(before, after);
    }
    Some(match new {
        Status::Pass => ChangeKind::Fixed,
        Status::Skip(_) | Status::Xfail if passed(old) => ChangeKind::PassLost,
        Status::Skip(_) | Status::Xfail => ChangeKind::Changed,
        _ if !old.is_unexpected() || *old == Status::Xpass => ChangeKind::NewFailure,
        _ if badness(new) > badness(old) => ChangeKind::Worse,
        _ => ChangeKind::Changed,
    })
}

/// The same status may still say something else.
fn changed_within(before: &Row, after: &Row) -> Option<ChangeKind> {
    let levels = |row: &Row| {
        [row.levels.outcome, row.levels.stage, row.levels.message].iter().filter(|&&holds| holds).count()
    };
    let is_other =
        (&before.expected, &before.actual, &before.status) != (&after.expected, &after.actual, &after.status);
    if !after.status.is_unexpected() {
        None
    } else if levels(after) < levels(before) {
        Some(ChangeKind::Worse)
    } else {
        (is_other || levels(after) != levels(before)).then_some(ChangeKind::Changed)
    }
}

/// How bad an unexpected result is.
fn badness(status: &Status) -> u8 {
    match status {
        Status::Pass | Status::Skip(_) | Status::Xfail => 0,
        Status::Xpass => 1,
        Status::WrongReason => 2,
        Status::Fail => 3,
        Status::Timeout => 4,
        Status::Crash(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeKind, kind};
    use crate::{Directive, Levels, Row, Status};

    fn row(status: Status) -> Row {
        let mut row = Row::new("a.wast", 1, 1, 0, Directive::AssertTrap, "jit", "default");
        row.levels = status.implied_levels().unwrap_or(Levels::NONE);
        row.status = status;
        row
    }

    #[test]
    fn every_pair_of_statuses_has_its_kind() {
        use ChangeKind::{Changed, Fixed, NewFailure, PassLost, Worse};
        let all = [
            Status::Pass,
            Status::WrongReason,
            Status::Fail,
            Status::Timeout,
            Status::Crash("SIGSEGV".into()),
            Status::Skip("x".into()),
            Status::Xfail,
            Status::Xpass,
        ];
        let lost = [
            None,
            Some(NewFailure),
            Some(NewFailure),
            Some(NewFailure),
            Some(NewFailure),
            Some(PassLost),
            Some(PassLost),
            Some(NewFailure),
        ];
        let table = [
            lost,
            [
                Some(Fixed),
                None,
                Some(Worse),
                Some(Worse),
                Some(Worse),
                Some(Changed),
                Some(Changed),
                Some(Changed),
            ],
            [
                Some(Fixed),
                Some(Changed),
                None,
                Some(Worse),
                Some(Worse),
                Some(Changed),
                Some(Changed),
                Some(Changed),
            ],
            [
                Some(Fixed),
                Some(Changed),
                Some(Changed),
                None,
                Some(Worse),
                Some(Changed),
                Some(Changed),
                Some(Changed),
            ],
            [
                Some(Fixed),
                Some(Changed),
                Some(Changed),
                Some(Changed),
                None,
                Some(Changed),
                Some(Changed),
                Some(Changed),
            ],
            [
                Some(Fixed),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                None,
                Some(Changed),
                Some(NewFailure),
            ],
            [
                Some(Fixed),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                Some(Changed),
                None,
                Some(NewFailure),
            ],
            [
                Some(Fixed),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                Some(NewFailure),
                Some(PassLost),
                Some(PassLost),
                None,
            ],
        ];
        for (old, line) in all.iter().zip(table) {
            for (new, expected) in all.iter().zip(line) {
                assert_eq!(
                    kind(Some(&row(old.clone())), Some(&row(new.clone()))),
                    expected,
                    "{old} to {new}"
                );
            }
            assert_eq!(kind(Some(&row(old.clone())), None), Some(ChangeKind::Disappeared));
            let expected = if old.is_unexpected() { NewFailure } else { ChangeKind::New };
            assert_eq!(kind(None, Some(&row(old.clone()))), Some(expected));
        }
    }

    #[test]
    fn a_lost_level_is_worse_and_another_text_a_change() {
        let mut before = row(Status::WrongReason);
        before.levels = Levels { outcome: true, stage: true, message: false };
        let mut after = before.clone();
        after.actual = Some("other".into());
        assert_eq!(kind(Some(&before), Some(&after)), Some(ChangeKind::Changed));
        after.levels.stage = false;
        assert_eq!(kind(Some(&before), Some(&after)), Some(ChangeKind::Worse));
        assert_eq!(kind(Some(&after), Some(&before)), Some(ChangeKind::Changed));
    }
}
