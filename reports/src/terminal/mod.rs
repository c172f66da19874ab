//! The text a run ends with on screen: what did not pass, what was skipped and why, the counts, the verdict.
//!
//! Enters: a summary and rows; leaves: a string. Everything that comes from a file or a guest is escaped here. Decides
//! nothing: the verdict is the summary's. Knows no terminal either, except that colour may be wanted.

mod color;
mod failures;
mod skips;
mod table;

use std::fmt::Write;
use std::path::Path;

pub use color::ColorChoice;
use color::Paint;

use crate::escape;
use crate::row::Row;
use crate::summary::{Summary, Verdict};

/// Failures shown before the rest is only counted.
const SHOWN: usize = 20;

/// The on-screen report of a run.
#[derive(Clone, Copy)]
pub struct Terminal<'a> {
    /// The counts.
    pub summary: &'a Summary,
    /// The results; those that passed may be left out.
    pub rows: &'a [Row],
    /// Whether to use colour.
    pub color: bool,
    /// How many failures to show.
    pub shown: usize,
    /// The folder with the files of the run.
    pub out: Option<&'a Path>,
    /// The command that repeats one result.
    pub repeat: &'a dyn Fn(&Row) -> String,
}

impl<'a> Terminal<'a> {
    /// The report without colour and folder, twenty failures long.
    pub fn new(summary: &'a Summary, rows: &'a [Row]) -> Self {
        Self { summary, rows, color: false, shown: SHOWN, out: None, repeat: &failures::repeat }
    }

    /// The text.
    pub fn render(&self) -> String {
        let paint = Paint(self.color);
        let mut text = String::new();
        failures::push(&mut text, self, paint);
        skips::push(&mut text, self.rows, paint);
        table::push(&mut text, self.summary);
        self.push_verdict(&mut text, paint);
        text
    }

    fn push_verdict(&self, text: &mut String, paint: Paint) {
        let sum = |count: fn(&crate::Counts) -> u64| {
            self.summary.engines.values().map(|engine| count(&engine.counts)).sum()
        };
        let (unexpected, skipped): (u64, u64) = (sum(crate::Counts::unexpected), sum(|counts| counts.skip));
        let mut verdict = match self.summary.verdict() {
            Verdict::AsExpected => paint.green("ok: everything as expected"),
            Verdict::Unexpected => {
                paint.red(&format!("failed: {}", counted(unexpected, "unexpected result")))
            }
            Verdict::NothingSelected => paint.yellow("nothing selected: there is nothing to judge"),
        };
        if skipped > 0 {
            // Writing to a string cannot fail; nor below.
            let _written = write!(verdict, ", {} skipped", grouped(skipped));
        }
        let _written = write!(text, "{verdict} ({:.2} s)", self.summary.wall_seconds);
        if let Some(out) = self.out {
            let out = out.join(crate::RESULTS_FILE);
            let _written = write!(text, "; see {}", escape::bytes(out.as_os_str().as_encoded_bytes()));
        }
        text.push('\n');
    }
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 result`, `2 results`.
fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_from_the_right() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (64_194, "64,194"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
