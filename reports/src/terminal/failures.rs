//! What did not go as expected: where, what was expected, what came, and the one command that repeats it.

use std::fmt::Write;

use crate::escape;
use crate::row::Row;
use crate::shell::quoted;

use super::color::Paint;
use super::{Terminal, counted};

/// Characters of an expected or actual text that are shown.
const TEXT: usize = 400;

pub(super) fn push(text: &mut String, report: &Terminal<'_>, paint: Paint) {
    let mut failures: Vec<&Row> = report.rows.iter().filter(|row| row.status.is_unexpected()).collect();
    failures.sort_by(|a, b| a.report_order(b));
    for row in failures.iter().take(report.shown) {
        push_failure(text, row, &(report.repeat)(row), paint);
    }
    if let Some(rest) = failures.len().checked_sub(report.shown).filter(|&rest| rest > 0) {
        // Writing to a string cannot fail; nor below.
        let _written =
            writeln!(text, "… and {}, all in {}", counted(rest as u64, "more result"), crate::RESULTS_FILE);
    }
    if !failures.is_empty() {
        text.push('\n');
    }
}

fn push_failure(text: &mut String, row: &Row, repeat: &str, paint: Paint) {
    let status = paint.red(&escape::text(&row.status.to_string()));
    let place = paint.bold(&format!("{}:{}:{}", escape::text(&row.file), row.line, row.column));
    let engine = escape::text(&row.engine);
    let lane = if &*row.lane == "default" { String::new() } else { format!("/{}", escape::text(&row.lane)) };
    let _written =
        writeln!(text, "{place} {status} {engine}{lane} {} (directive {})", row.directive, row.index);
    for (title, content) in [("expected", &row.expected), ("actual", &row.actual), ("note", &row.note)] {
        if let Some(content) = content {
            let _written = writeln!(text, "    {title:<9} {}", escape::brief(content, TEXT));
        }
    }
    let _written = writeln!(text, "    {}", paint.dim(&format!("{:<9} {repeat}", "repeat")));
}

/// The command that repeats one result of the default suite.
pub(super) fn repeat(row: &Row) -> String {
    format!(
        "assay spec --engine {} --filter {}",
        quoted(&row.engine),
        quoted(&format!("{}:{}", row.file, row.line))
    )
}
