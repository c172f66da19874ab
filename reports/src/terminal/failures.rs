//! What did not go as expected: where, what was expected, what came, and the one command that repeats it.

use std::fmt::Write;

use crate::escape;
use crate::row::Row;

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

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./:=,+@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(escape::is_hazardous) {
        format!("$'{}'", word.chars().map(ansi_c).collect::<String>())
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A character inside the quotes of the shell that know escapes.
fn ansi_c(char: char) -> String {
    match char {
        '\'' | '\\' => format!("\\{char}"),
        char if escape::is_hazardous(char) => format!("\\U{:08x}", u32::from(char)),
        char => char.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for word in
            ["f32.wast:12", "a b", "it's", "$HOME `x` \\n", "", "\u{1b}[31m 'ä' \\ \u{202e}\n", "日本"]
        {
            let command = format!("printf %s {}", quoted(word));
            let output =
                std::process::Command::new("bash").arg("-c").arg(command).env("LC_ALL", "C.UTF-8").output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
        }
    }
}
