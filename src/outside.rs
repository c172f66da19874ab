//! Engines of other processes by the words that users have for them: a command, or the name of an adapter.
//!
//! Enters: a word; leaves: a lane whose engine has been greeted, or what is wrong with it. An adapter is a program
//! `assay-adapter-NAME` beside this one or in the path.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_differential::external::command_words;
use assay_reports::quoted;
use assay_spec_tests::engine::{Command, Lane};
use assay_spec_tests::external::greet;
use assay_workers::WorkerCommand;

/// The longest name of an engine.
const NAME: usize = 40;

/// The lane of the engine with this name or command; `None` where there is no such adapter.
pub(crate) fn lane(word: &str, timeout: Duration) -> Result<Option<Lane>, String> {
    let words = if word.starts_with("cmd:") {
        command_words(word)?
    } else {
        match adapter(word).map(PathBuf::into_os_string) {
            Some(path) => {
                vec![path.into_string().map_err(|_| format!("the path of adapter `{word}` is no text"))?]
            }
            None => return Ok(None),
        }
    };
    let name = greeted(word, &words)?;
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1);
    Ok(Some(Lane::of_command(&name, Command { words, timeout_ms })))
}

/// The word that means this lane, where it is one of another process.
pub(crate) fn word(lane: &Lane) -> Option<String> {
    let words = &lane.command.as_ref()?.words;
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Some(format!("cmd:{}", words.join(" ")))
}

/// Starts the engine once, to hear its name.
fn greeted(word: &str, words: &[String]) -> Result<String, String> {
    let (program, args) = words.split_first().ok_or_else(|| format!("`{word}` names no program"))?;
    let greeting = greet(&WorkerCommand::new(program, args));
    let name = greeting.map_err(|error| format!("engine `{word}`: {error}"))?.engine;
    let fits = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    if name.is_empty() || name.len() > NAME || !name.chars().all(fits) {
        return Err(format!("engine `{word}` has a name that results cannot carry"));
    }
    Ok(name)
}

fn adapter(name: &str) -> Option<PathBuf> {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return None;
    }
    let program = format!("assay-adapter-{name}");
    let beside = env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = beside.into_iter().chain(env::split_paths(&path).filter(|folder| folder.is_absolute()));
    folders.map(|folder| folder.join(&program)).find(|file| file.is_file())
}
