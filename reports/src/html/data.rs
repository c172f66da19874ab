//! The results as the page's script wants them: columns instead of rows, texts once.
//!
//! Enters: a matrix; leaves: one JSON value that the script decodes when it is first needed, and one for each file with the
//! texts of its directives. Strings hold nothing that could end the element they stand in: `<`, `>` and `&` are escaped.

use std::collections::HashMap;
use std::fmt::Write;

use serde::Serialize;

use super::Sources;
use super::matrix::Matrix;
use crate::directive::Directive;
use crate::excerpt::Source;
use crate::grouping::proposal;
use crate::json;
use crate::outcome::Status;
use crate::row::Row;

/// Bytes of a directive that are shown.
const EXCERPT: usize = 1200;
/// Bytes of a directive that passed everywhere.
const EXCERPT_OF_PASS: usize = 400;
/// Bytes of all of them. Beyond it files without unexpected results have none.
const EXCERPTS: usize = 24 << 20;

/// What the script is given.
#[derive(Serialize)]
struct Data<'a> {
    version: u32,
    kinds: Vec<&'static str>,
    proposals: Vec<&'a str>,
    /// Name, suite, proposal, number of tests.
    files: Vec<(&'a str, usize, usize, usize)>,
    columns: Vec<ColumnData<'a>>,
    /// Each test's line, less the line of the test before it in its file.
    lines: Vec<i64>,
    /// Tests whose column is not 1, and the column.
    places: Vec<u32>,
    /// Tests whose number is not that of the test before plus one, and the number.
    indexes: Vec<u32>,
    /// A letter for each test: the directive.
    kind: String,
    texts: Vec<&'a str>,
}

#[derive(Serialize)]
struct ColumnData<'a> {
    label: &'a str,
    suite: usize,
    command: Option<&'a str>,
    names_file: bool,
    /// A letter for each test: the status.
    status: String,
    /// Microseconds for each test that has a result.
    times: Vec<u64>,
    /// Six numbers for each result with details: test, levels, and the texts expected, actual, note and reason, 0 for none.
    details: Vec<u32>,
}

/// The letter of a status.
pub(super) fn letter(status: &Status) -> char {
    match status {
        Status::Pass => 'p',
        Status::Fail => 'f',
        Status::WrongReason => 'w',
        Status::Crash(_) => 'c',
        Status::Timeout => 't',
        Status::Skip(_) => 's',
        Status::Xfail => 'x',
        Status::Xpass => 'y',
    }
}

/// Texts, each once. The first one is empty.
struct Texts<'a> {
    numbers: HashMap<&'a str, u32>,
    texts: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: Option<&'a str>) -> u32 {
        let Some(text) = text else { return 0 };
        let texts = &mut self.texts;
        *self.numbers.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() as u32 - 1
        })
    }
}

/// The data as JSON for a script element.
pub(super) fn data(matrix: &Matrix<'_>) -> String {
    let mut texts = Texts { numbers: HashMap::new(), texts: vec![""] };
    let columns = (0..matrix.columns.len()).map(|column| column_data(matrix, column, &mut texts)).collect();
    let mut proposals: Vec<&str> = matrix.files.iter().map(|file| proposal(file.name)).collect();
    proposals.sort_unstable();
    proposals.dedup();
    let files = matrix.files.iter().zip(matrix.tests_of_files()).map(|(file, tests)| {
        let proposal = proposals.binary_search(&proposal(file.name)).unwrap_or_default();
        (file.name, file.suite, proposal, tests.len())
    });
    let mut data = Data {
        version: 1,
        kinds: Directive::ALL.iter().map(|kind| kind.name()).collect(),
        files: files.collect(),
        proposals,
        columns,
        lines: Vec::new(),
        places: Vec::new(),
        indexes: Vec::new(),
        kind: String::new(),
        texts: texts.texts,
    };
    places(matrix, &mut data);
    harmless(&data)
}

fn places(matrix: &Matrix<'_>, data: &mut Data<'_>) {
    let (mut line, mut next, mut file) = (0, 0, None);
    for (number, test) in matrix.tests.iter().enumerate() {
        if file != Some(test.file) {
            (line, next, file) = (0, 0, Some(test.file));
        }
        data.lines.push(i64::from(test.line) - line);
        line = test.line.into();
        if test.column != 1 {
            data.places.extend([number as u32, test.column]);
        }
        if test.index != next {
            data.indexes.extend([number as u32, test.index]);
        }
        next = test.index.saturating_add(1);
        let kind = Directive::ALL.iter().position(|&kind| kind == test.kind).unwrap_or_default();
        data.kind.push((b'a' + kind as u8) as char);
    }
}

fn column_data<'a>(matrix: &'a Matrix<'_>, column: usize, texts: &mut Texts<'a>) -> ColumnData<'a> {
    let (cells, column) = (&matrix.cells[column], &matrix.columns[column]);
    let mut data = ColumnData {
        label: &column.label,
        suite: column.suite,
        command: column.repeat.map(|repeat| repeat.command.as_str()),
        names_file: column.repeat.is_some_and(|repeat| repeat.names_file),
        status: String::with_capacity(cells.len()),
        times: Vec::new(),
        details: Vec::new(),
    };
    for (test, cell) in cells.iter().enumerate() {
        data.status.push(cell.map_or('.', |row| letter(&row.status)));
        let Some(row) = cell else { continue };
        data.times.push(row.duration_us);
        let (expected, actual, note) = (row.expected.as_deref(), row.actual.as_deref(), row.note.as_deref());
        let reason = match &row.status {
            Status::Crash(reason) | Status::Skip(reason) => Some(&**reason),
            _ => None,
        };
        let implied = row.status.implied_levels() == Some(row.levels);
        if !implied || [expected, actual, note, reason].iter().any(Option::is_some) {
            let words = [expected, actual, note, reason].map(|text| texts.number(text));
            data.details.extend([test as u32, levels(row)]);
            data.details.extend(words);
        }
    }
    data
}

/// The levels as the lowest three bits.
fn levels(row: &Row) -> u32 {
    let levels = row.levels;
    u32::from(levels.outcome) | u32::from(levels.stage) << 1 | u32::from(levels.message) << 2
}

/// For each file with texts its number and their JSON.
pub(super) fn excerpts(matrix: &Matrix<'_>, sources: &Sources<'_>) -> Vec<(usize, String)> {
    let ranges = matrix.tests_of_files();
    let is_bad = |test: usize| {
        matrix.cells.iter().any(|cells| cells[test].is_some_and(|row| row.status != Status::Pass))
    };
    let mut files: Vec<(bool, usize)> =
        ranges.iter().enumerate().map(|(file, tests)| (!tests.clone().any(is_bad), file)).collect();
    files.sort_unstable();
    let (mut found, mut size) = (Vec::new(), 0);
    for (_, file) in files {
        if size > EXCERPTS {
            break;
        }
        let entry = matrix.files[file];
        let header = matrix.suites[entry.suite].header;
        let Some(source) = sources(header, entry.name).map(Source::new) else { continue };
        let texts: Vec<Option<String>> = ranges[file]
            .clone()
            .map(|test| {
                let place = &matrix.tests[test];
                let limit = if is_bad(test) { EXCERPT } else { EXCERPT_OF_PASS };
                source.form(place.line, place.column, limit)
            })
            .collect();
        if texts.iter().any(Option::is_some) {
            let json = harmless(&texts);
            size += json.len();
            found.push((file, json));
        }
    }
    found.sort_unstable_by_key(|&(file, _)| file);
    found
}

/// JSON that can stand inside an element.
fn harmless<T: Serialize>(value: &T) -> String {
    let mut bytes = Vec::new();
    json::push_line(&mut bytes, value);
    let text = String::from_utf8_lossy(&bytes);
    let mut clean = String::with_capacity(text.len());
    for char in text.trim_end().chars() {
        match char {
            '<' | '>' | '&' => {
                // Writing to a string cannot fail.
                let _written = write!(clean, "\\u{:04x}", u32::from(char));
            }
            char => clean.push(char),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_text_can_leave_its_element() {
        let text = "</script><!--&\u{2028}\u{1b}";
        let json = harmless(&text);
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{1b}']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
