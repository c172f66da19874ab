//! What the harness reads from files and pipes: cases, and lines of the engine protocol.

use crate::case::Case;
use crate::external::message::{Ask, Contents, Done, Greeting, Loaded, Reply};
use serde::de::DeserializeOwned;

/// Reads bytes as a case, and each of their lines as a question or an answer; whether any of it was understood.
///
/// # Panics
/// When a case that was read is another one after it was written.
pub fn input(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let case = Case::from_text(text).ok();
    if let Some(case) = &case {
        let again = case.to_text().and_then(|text| Case::from_text(&text));
        assert_eq!(again.ok().as_ref(), Some(case), "a case survives being written");
    }
    let understood = text.lines().filter(|line| line_is_understood(line)).count();
    case.is_some() || understood > 0
}

fn line_is_understood(line: &str) -> bool {
    fn answer<T: DeserializeOwned>(line: &str) -> Option<T> {
        serde_json::from_str::<Reply<T>>(line).ok()?.ok
    }
    serde_json::from_str::<Ask>(line).is_ok()
        || answer::<Greeting>(line).is_some()
        || answer::<Loaded>(line).is_some_and(|loaded| loaded.outcome.outcome().is_ok())
        || answer::<Done>(line).is_some_and(|done| done.outcome.outcome().is_ok())
        || answer::<Contents>(line).is_some_and(|contents| contents.state().is_ok())
}

#[cfg(test)]
mod tests {
    use super::input;

    #[test]
    fn cases_and_lines_are_understood_or_not() {
        assert!(input(include_bytes!("../../faults/rotate-by-zero.toml")));
        assert!(input(br#"{"id":4,"op":"invoke","instance":0,"name":"add","args":["i32 0x1"]}"#));
        assert!(input(
            br#"{"id":4,"ok":{"outcome":{"returned":["i32 0x3"]},"calls":{"count":0,"first":[]}}}"#
        ));
        assert!(!input(
            br#"{"id":4,"ok":{"outcome":{"returned":["i32 z"]},"calls":{"count":0,"first":[]}}}"#
        ));
        assert!(!input(b"\xff"));
    }
}
