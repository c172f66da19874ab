//! `junit.xml`: what a run found, as CI systems read it.
//!
//! Enters: runs; leaves: XML, one test suite for each file and engine, one test case for each directive. Unexpected outcomes are
//! failures, lost workers and timeouts errors; what was not run or is expected to fail counts as skipped.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::escape;
use crate::header::Header;
use crate::html::Matrix;
use crate::inputs::Inputs;
use crate::outcome::Status;
use crate::row::Row;

/// The name of the file in its folder.
pub const JUNIT_FILE: &str = "junit.xml";

/// The runs as JUnit XML.
pub fn render(inputs: &Inputs) -> String {
    let matrix = Matrix::new(&inputs.runs);
    let mut report = Report::new("assay");
    for (file, tests) in matrix.files.iter().zip(matrix.tests_of_files()) {
        for (column, cells) in matrix.columns.iter().zip(&matrix.cells) {
            let rows: Vec<&Row> = cells[tests.clone()].iter().copied().flatten().collect();
            if column.suite != file.suite || rows.is_empty() {
                continue;
            }
            let name = format!("{} [{}]", escape::text(file.name), escape::text(&column.label));
            let mut suite = TestSuite::new(name.clone());
            let header = &inputs.runs[column.run].content.header;
            suite.add_test_cases(rows.iter().map(|row| case(row, &name, header)));
            suite.set_time(Duration::from_micros(rows.iter().map(|row| row.duration_us).sum()));
            report.add_test_suite(suite);
        }
    }
    report.to_string().expect("writing to memory cannot fail")
}

fn case(row: &Row, class: &str, header: &Header) -> TestCase {
    let name = format!("{}:{} {} #{}", row.line, row.column, row.directive, row.index);
    let mut case = TestCase::new(name, status(row, header));
    case.set_classname(class).set_time(Duration::from_micros(row.duration_us));
    case
}

fn status(row: &Row, header: &Header) -> TestCaseStatus {
    let text = escape::text(&row.status.to_string()).into_owned();
    let mut status = match &row.status {
        Status::Pass => return TestCaseStatus::success(),
        Status::Skip(_) | Status::Xfail => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text);
            return status;
        }
        Status::Crash(_) | Status::Timeout => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Fail | Status::WrongReason | Status::Xpass => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    let mut lines = Vec::new();
    for (title, content) in [("expected", &row.expected), ("actual", &row.actual), ("note", &row.note)] {
        lines.extend(content.as_ref().map(|content| format!("{title}: {}", escape::brief(content, 2000))));
    }
    lines.extend(header.repeat(row).map(|command| format!("repeat: {}", escape::text(&command))));
    status.set_type(row.status.name()).set_message(text).set_description(lines.join("\n"));
    status
}
