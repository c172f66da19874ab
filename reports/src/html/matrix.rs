//! Runs side by side: one line for each test, one column for each engine and lane of each run.
//!
//! Enters: runs; leaves: a [`Matrix`] that borrows their rows. The same test of two runs is one line where their suites are the
//! same, by digest; tests of different suites never meet. Holds every row exactly once.

use std::collections::{BTreeMap, HashMap};

use crate::directive::Directive;
use crate::header::{Header, Repeat, SuiteKind};
use crate::inputs::Input;
use crate::results::Run;
use crate::row::Row;

/// Runs side by side.
pub(crate) struct Matrix<'a> {
    /// The suites, in the order in which runs bring them.
    pub(crate) suites: Vec<Suite<'a>>,
    /// The columns, run by run.
    pub(crate) columns: Vec<Column<'a>>,
    /// The files, by suite and path.
    pub(crate) files: Vec<FileEntry<'a>>,
    /// The tests, by file and place in it.
    pub(crate) tests: Vec<Test>,
    /// For each column the results, test by test.
    pub(crate) cells: Vec<Vec<Option<&'a Row>>>,
}

/// A suite.
pub(crate) struct Suite<'a> {
    pub(crate) kind: SuiteKind,
    pub(crate) header: &'a Header,
}

/// An engine and lane of a run.
pub(crate) struct Column<'a> {
    pub(crate) run: usize,
    pub(crate) suite: usize,
    /// What it is called; tells it from the others.
    pub(crate) label: String,
    pub(crate) repeat: Option<&'a Repeat>,
}

/// A file of a suite.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileEntry<'a> {
    pub(crate) suite: usize,
    pub(crate) name: &'a str,
}

/// A test: everything about a row but its engine and what came of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) file: u32,
    pub(crate) index: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) kind: Directive,
}

impl<'a> Matrix<'a> {
    pub(crate) fn new(runs: &'a [Input<Run>]) -> Self {
        let (suites, suite_of) = suites(runs);
        let (columns, numbers) = columns(runs, &suite_of);
        let files = files(runs, &suite_of);
        let mut rows = numbered(runs, &suite_of, &files, &numbers);
        rows.sort_by_key(|row| (row.test, row.column));
        // The second row that a column has for a test begins another line.
        for at in 1..rows.len() {
            if (rows[at].test, rows[at].column) == (rows[at - 1].test, rows[at - 1].column) {
                rows[at].turn = rows[at - 1].turn + 1;
            }
        }
        rows.sort_by_key(|row| (row.test, row.turn, row.column));
        let mut matrix =
            Self { suites, cells: vec![Vec::new(); columns.len()], columns, files, tests: Vec::new() };
        let mut last = None;
        for Numbered { test, turn, column, row } in rows {
            if last.replace((test, turn)) != Some((test, turn)) {
                matrix.tests.push(test);
            }
            let cells = &mut matrix.cells[column];
            cells.resize(matrix.tests.len() - 1, None);
            cells.push(Some(row));
        }
        let tests = matrix.tests.len();
        matrix.cells.iter_mut().for_each(|cells| cells.resize(tests, None));
        matrix
    }

    /// The file of a test.
    pub(crate) fn file(&self, test: usize) -> FileEntry<'a> {
        self.files[self.tests[test].file as usize]
    }

    /// The tests of each file: files have consecutive ones.
    pub(crate) fn tests_of_files(&self) -> Vec<std::ops::Range<usize>> {
        let mut ranges = vec![0..0; self.files.len()];
        let mut start = 0;
        for chunk in self.tests.chunk_by(|a, b| a.file == b.file) {
            ranges[chunk[0].file as usize] = start..start + chunk.len();
            start += chunk.len();
        }
        ranges
    }
}

/// The suites, and which one each run is about.
fn suites(runs: &[Input<Run>]) -> (Vec<Suite<'_>>, Vec<usize>) {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    let mut of_run = Vec::new();
    for run in runs {
        let header = &run.content.header;
        let same = |suite: &Suite<'_>| {
            suite.kind == header.suite.kind && suite.header.suite.digest == header.suite.digest
        };
        let number = suites.iter().position(same).unwrap_or_else(|| {
            suites.push(Suite { kind: header.suite.kind, header });
            suites.len() - 1
        });
        of_run.push(number);
    }
    (suites, of_run)
}

type ColumnNumbers<'a> = HashMap<(usize, &'a str, &'a str), usize>;

fn columns<'a>(runs: &'a [Input<Run>], suite_of: &[usize]) -> (Vec<Column<'a>>, ColumnNumbers<'a>) {
    let mut lanes: Vec<(usize, &str, &str)> = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        let named = run.content.header.engines.iter();
        lanes.extend(
            named.flat_map(|engine| engine.lanes.iter().map(move |lane| (number, &*engine.engine, &**lane))),
        );
        // A row of an engine that the header does not have is shown all the same.
        for row in &run.content.rows {
            let lane = (number, &*row.engine, &*row.lane);
            if lanes.last() != Some(&lane) && !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
    }
    let mut names: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    lanes
        .iter()
        .for_each(|&(run, engine, lane)| names.entry((engine, lane)).or_default().push(suite_of[run]));
    let column = |&(run, engine, lane): &(usize, &'a str, &'a str)| {
        let mut label = if lane == "default" { engine.to_owned() } else { format!("{engine}/{lane}") };
        let suite = suite_of[run];
        if names[&(engine, lane)].iter().filter(|&&other| other == suite).count() > 1 {
            label = format!("{label} (run {})", run + 1);
        }
        let header = &runs[run].content.header;
        let repeat = header.repeat.iter().find(|repeat| repeat.engine == engine && repeat.lane == lane);
        Column { run, suite, label, repeat }
    };
    let numbers = lanes.iter().enumerate().map(|(number, &lane)| (lane, number)).collect();
    (lanes.iter().map(column).collect(), numbers)
}

fn files<'a>(runs: &'a [Input<Run>], suite_of: &[usize]) -> Vec<FileEntry<'a>> {
    let mut files = Vec::new();
    for (run, &suite) in runs.iter().zip(suite_of) {
        for row in &run.content.rows {
            let file = FileEntry { suite, name: &row.file };
            if files.last() != Some(&file) {
                files.push(file);
            }
        }
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// A row with the line and the column it belongs to.
struct Numbered<'a> {
    test: Test,
    /// Which of the rows that its column has for the test.
    turn: u32,
    column: usize,
    row: &'a Row,
}

fn numbered<'a>(
    runs: &'a [Input<Run>],
    suite_of: &[usize],
    files: &[FileEntry<'a>],
    numbers: &ColumnNumbers<'a>,
) -> Vec<Numbered<'a>> {
    let of_file: HashMap<FileEntry<'_>, u32> =
        files.iter().enumerate().map(|(number, &file)| (file, number as u32)).collect();
    let mut rows = Vec::with_capacity(runs.iter().map(|run| run.content.rows.len()).sum());
    for (run, input) in runs.iter().enumerate() {
        for row in &input.content.rows {
            let file = of_file[&FileEntry { suite: suite_of[run], name: &row.file }];
            let (index, line, column) = (row.index, row.line, row.column);
            let test = Test { file, index, line, column, kind: row.directive };
            rows.push(Numbered { test, turn: 0, column: numbers[&(run, &*row.engine, &*row.lane)], row });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::Matrix;
    use crate::header::{EngineLanes, Header, SuiteInfo, SuiteKind};
    use crate::inputs::Input;
    use crate::results::Run;
    use crate::{Directive, Row};

    fn run(digest: &str, engines: &[&str], rows: &[(&str, u32, &str)]) -> Input<Run> {
        let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: digest.into(), files: 1 };
        let engines = engines
            .iter()
            .map(|&engine| EngineLanes { engine: engine.into(), lanes: vec!["default".into()] });
        let header = Header::new("0", engines.collect(), suite, "all");
        let row = |&(file, index, engine): &(&str, u32, &str)| {
            Row::new(file, index + 1, 1, index, Directive::Module, engine, "default")
        };
        Input { path: "x".into(), content: Run { header, rows: rows.iter().map(row).collect(), wall_ms: 0 } }
    }

    #[test]
    fn the_same_test_is_one_line_and_no_row_is_lost() {
        let runs = [
            run(
                "a",
                &["jit", "interp"],
                &[("b", 1, "jit"), ("a", 0, "interp"), ("a", 0, "jit"), ("a", 0, "jit")],
            ),
            run("a", &["jit"], &[("a", 0, "jit"), ("c", 0, "other")]),
            run("z", &["jit"], &[("a", 0, "jit")]),
        ];
        let matrix = Matrix::new(&runs);
        let labels: Vec<_> = matrix.columns.iter().map(|column| column.label.as_str()).collect();
        assert_eq!(labels, ["jit (run 1)", "interp", "jit (run 2)", "other", "jit"]);
        let files: Vec<_> = matrix.files.iter().map(|file| (file.suite, file.name)).collect();
        assert_eq!(files, [(0, "a"), (0, "b"), (0, "c"), (1, "a")]);
        assert_eq!(matrix.tests.len(), 5, "the doubled row has a line of its own");
        let shown = matrix.cells.iter().flatten().flatten().count();
        assert_eq!(shown, 7);
        assert_eq!(matrix.tests_of_files(), [0..2, 2..3, 3..4, 4..5]);
        assert!(matrix.cells[1][0].is_some() && matrix.cells[1][1].is_none());
    }
}
