//! Which proposal a test file belongs to, and what the causes of unexpected results have in common.
//!
//! Pure: names and texts in, names out. A proposal is the folder that a suite keeps its files in; a cause is what happened
//! with all numbers taken out of it.

use crate::outcome::Status;
use crate::row::Row;

/// The proposal of a file: its folder, without the folders that only say which part of a suite this is.
pub(crate) fn proposal(file: &str) -> &str {
    let Some((folder, _)) = file.rsplit_once('/') else { return "core" };
    let folder = folder.trim_start_matches(['.', '/']);
    ["core/", "proposals/"].iter().find_map(|prefix| folder.strip_prefix(prefix)).unwrap_or(folder)
}

/// What happened, in words that other results with the same cause share.
pub(crate) fn cause(row: &Row) -> String {
    let directive = row.directive;
    let text = |text: &Option<String>| general(text.as_deref().unwrap_or_default());
    match &row.status {
        Status::Crash(signal) => {
            let words = text(&row.note);
            format!("{directive}: crash ({signal}){}{words}", if words.is_empty() { "" } else { ": " })
        }
        Status::Timeout => format!("{directive}: timeout"),
        Status::Xpass => format!("{directive}: passes against the expectations"),
        _ => {
            let (expected, actual) = (text(&row.expected), text(&row.actual));
            format!("{directive}: expected {expected}, got {actual}")
        }
    }
}

/// What is blocked by some line is one reason, whatever the line.
pub(crate) fn reason_family(reason: &str) -> &str {
    if reason.starts_with("blocked by line ") { "blocked by an earlier line of its file" } else { reason }
}

/// A text whose numbers are all the same, cut to a length that a heading bears.
pub(crate) fn general(text: &str) -> String {
    const LENGTH: usize = 120;
    let mut general = String::new();
    let mut before = ' ';
    let mut chars = text.lines().next().unwrap_or_default().chars().peekable();
    while let Some(char) = chars.next() {
        if general.len() >= LENGTH {
            general.push('…');
            break;
        }
        // A digit behind a letter is part of a name, such as i32.
        if char.is_ascii_digit() && !before.is_ascii_alphanumeric() && before != '_' {
            while chars.next_if(|next| next.is_ascii_alphanumeric() || "._".contains(*next)).is_some() {}
            general.push('N');
            before = 'N';
        } else {
            general.push(char);
            before = char;
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::{cause, general, proposal};
    use crate::{Directive, Row, Status};

    #[test]
    fn folders_are_proposals() {
        for (file, name) in [
            ("i32.wast", "core"),
            ("core/i32.wast", "core"),
            ("core/simd/simd_const.wast", "simd"),
            ("proposals/threads/atomic.wast", "threads"),
            ("legacy/exceptions/try.wast", "legacy/exceptions"),
            ("../suite/a.wast", "suite"),
        ] {
            assert_eq!(proposal(file), name, "{file}");
        }
    }

    #[test]
    fn numbers_do_not_tell_causes_apart() {
        assert_eq!(general("(i32.const -12) at 0x1f_00.5"), "(i32.const -N) at N");
        assert_eq!(general("nan:0x200000"), "nan:N");
        assert_eq!(general("one\ntwo"), "one");
        assert!(general(&"ab".repeat(300)).len() < 130);
    }

    #[test]
    fn a_cause_names_what_happened() {
        let mut row = Row::new("a.wast", 1, 1, 0, Directive::AssertTrap, "jit", "default");
        row.status = Status::Fail;
        row.expected = Some("integer overflow".into());
        row.actual = Some("(i32.const 7)".into());
        assert_eq!(cause(&row), "assert_trap: expected integer overflow, got (i32.const N)");
        row.status = Status::Crash("SIGSEGV".into());
        assert_eq!(cause(&row), "assert_trap: crash (SIGSEGV)");
        row.note = Some("at address 0x77".into());
        assert_eq!(cause(&row), "assert_trap: crash (SIGSEGV): at address N");
    }
}
