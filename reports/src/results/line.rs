//! A row as a line, without the detour over a general serialiser: a run has a hundred thousand of them.
//!
//! Writes exactly what serialising the row would write; a test holds the two together.

use std::io::Write;

use crate::json;
use crate::outcome::Status;
use crate::row::Row;

/// Appends the line of a row.
pub(super) fn push_row(out: &mut Vec<u8>, row: &Row) {
    push_string(out, b"{\"file\":", &row.file);
    push_number(out, b",\"line\":", row.line.into());
    push_number(out, b",\"column\":", row.column.into());
    push_number(out, b",\"index\":", row.index.into());
    push_string(out, b",\"directive\":", row.directive.name());
    push_string(out, b",\"engine\":", &row.engine);
    push_string(out, b",\"lane\":", &row.lane);
    push_string(out, b",\"status\":", row.status.name());
    match &row.status {
        Status::Crash(signal) => push_string(out, b",\"signal\":", signal),
        Status::Skip(reason) => push_string(out, b",\"reason\":", reason),
        _ => {}
    }
    push_levels(out, row);
    push_optional(out, b",\"expected\":", row.expected.as_deref());
    push_optional(out, b",\"actual\":", row.actual.as_deref());
    push_optional(out, b",\"note\":", row.note.as_deref());
    push_number(out, b",\"duration_us\":", row.duration_us);
    out.extend_from_slice(b"}\n");
}

fn push_levels(out: &mut Vec<u8>, row: &Row) {
    if row.status.implied_levels() == Some(row.levels) {
        return;
    }
    let levels = row.levels;
    for (key, holds) in [("outcome", levels.outcome), ("stage", levels.stage), ("message", levels.message)] {
        // Writing to memory cannot fail.
        let _written = write!(out, ",\"{key}\":{holds}");
    }
}

fn push_optional(out: &mut Vec<u8>, key: &[u8], value: Option<&str>) {
    if let Some(value) = value {
        push_string(out, key, value);
    }
}

fn push_string(out: &mut Vec<u8>, key: &[u8], value: &str) {
    out.extend_from_slice(key);
    json::push_string(out, value);
}

fn push_number(out: &mut Vec<u8>, key: &[u8], mut value: u64) {
    out.extend_from_slice(key);
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break out.extend_from_slice(&digits[start..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_row;
    use crate::{Directive, Levels, Row, Status, json};

    #[test]
    fn the_line_is_what_serialising_writes() {
        let texts = [
            "",
            "plain",
            "with \"quotes\" and \\",
            "\u{1b}[31m\u{9b}\u{202e}\n\0\u{7f}",
            "日本 🦀 \u{e0041}",
        ];
        let statuses = [
            Status::Pass,
            Status::WrongReason,
            Status::Crash("SIGSEGV".into()),
            Status::Skip("feature \u{1b}".into()),
            Status::Xfail,
        ];
        let numbers = [0, 9, 10, 99, 100, 4_294_967_295];
        for (turn, text) in texts.iter().cycle().take(60).enumerate() {
            let number = numbers[turn % numbers.len()];
            let mut row =
                Row::new(*text, number, number / 2, number / 3, Directive::ALL[turn % 19], *text, *text);
            row.status = statuses[turn % statuses.len()].clone();
            row.levels = [Levels::ALL, Levels::NONE][turn % 2];
            row.expected = (turn % 3 == 0).then(|| (*text).to_owned());
            row.actual = (turn % 4 == 0).then(|| (*text).to_owned());
            row.note = (turn % 5 == 0).then(|| (*text).to_owned());
            row.duration_us = [0, u64::MAX, 12][turn % 3];
            let (mut ours, mut general) = (Vec::new(), Vec::new());
            push_row(&mut ours, &row);
            json::push_line(&mut general, &row);
            assert_eq!(String::from_utf8(ours), String::from_utf8(general));
        }
    }
}
