//! Engines of other processes: the engine protocol, version 1, from both ends.
//!
//! `PROTOCOL.md` beside this package is its description. [`message`] has the lines as types, [`serve`] answers them with our
//! runtime, [`client`] asks, [`sight`] is the rule for what an engine cannot see, and [`confront`](confront()) compares it
//! with the interpreter. Nothing here knows how an engine runs a module.

pub mod client;
pub mod message;
pub mod own;
pub mod serve;
pub mod sight;
pub mod words;

mod confront;

pub use confront::{Confrontation, confront};

use assay_workers::WorkerCommand;

/// The command of an engine that is named on a command line: `cmd:PROGRAM ARGUMENTS`. Words end at blanks, except between
/// quotes of either kind.
///
/// # Errors
/// When the text names no program that way.
pub fn command(engine: &str) -> Result<WorkerCommand, String> {
    let mut words = command_words(engine)?.into_iter();
    let program = words.next().ok_or_else(|| format!("`{engine}` names no program"))?;
    Ok(WorkerCommand::new(program, words))
}

/// The words of that command, of which there is at least one.
///
/// # Errors
/// As above.
pub fn command_words(engine: &str) -> Result<Vec<String>, String> {
    let line = engine.strip_prefix("cmd:").ok_or_else(|| format!("`{engine}` does not begin with `cmd:`"))?;
    let words = split(line)?;
    if words.is_empty() { Err(format!("`{engine}` names no program")) } else { Ok(words) }
}

/// The words of a command line.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(end), _) if char == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, _) if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(format!("a quote in `{line}` has no end")) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::{command, split};

    #[test]
    fn command_lines_are_split_into_words() {
        for (line, words) in [
            ("assay engine --stdio", &["assay", "engine", "--stdio"][..]),
            ("  'my engine'  -x\"1 2\"y ''", &["my engine", "-x1 2y", ""]),
            ("", &[]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for engine in ["assay", "cmd:", "cmd:  ", "cmd:'x"] {
            assert!(command(engine).is_err(), "{engine}");
        }
    }
}
