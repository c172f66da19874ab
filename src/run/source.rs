//! Where modules come from: a file or standard input, read as far as it can be a module.
//!
//! Enters: a path; leaves: its content, or a message that names the file and what is wrong with it. Knows no engine.

use super::Failure;
use assay_runtime::{Engine, Error};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest module that is read.
const MOST_BYTES: u64 = 1 << 30;

/// Reads a module. Of a precompiled one in a file only the beginning is read: whoever loads it reads it again.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let path = file.display();
    let bytes =
        content(file).map_err(|error| Failure::unexpected(format!("failed to read `{path}`: {error}")))?;
    if bytes.starts_with(b"\0asm\x0d\0\x01\0") {
        return Err(Failure::unexpected(format!(
            "`{path}` is a component, and components are not supported; build a core module (for example with the target `wasm32-wasip1`)"
        )));
    }
    if bytes.is_empty() {
        return Err(Failure::unexpected(format!("failed to load `{path}`: it is empty")));
    }
    Ok(bytes)
}

/// What to say of a module that was refused, when we wanted to do `what` with it.
pub(crate) fn refused(what: &str, file: &Path, error: &Error) -> Failure {
    let path = file.display();
    // The parser of text does not know where the text comes from.
    let said = error.to_string().replacen("--> <anon>:", &format!("--> {path}:"), 1);
    let mut message = format!("failed to {what} `{path}`: {said}");
    if let Error::Module(error) = error
        && let Some(feature) = error.needs()
    {
        let _ = write!(message, "\nhelp: switch the feature on with `-W {}=y`", feature.key());
    }
    Failure::unexpected(message)
}

/// The content of a file, or of standard input for `-`. What cannot be a module is not read to its end, which may be far.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path)?),
    };
    let mut bytes = Vec::new();
    source.by_ref().take(8).read_to_end(&mut bytes)?;
    let hopeless = bytes.contains(&0) && !bytes.starts_with(b"\0asm");
    // A precompiled module is read by who loads it, if it can be read again.
    let elsewhere = Engine::detect_precompiled(&bytes).is_some() && path.is_file();
    if hopeless || elsewhere {
        return Ok(bytes);
    }
    let large = std::fs::metadata(path).is_ok_and(|file| file.len() > MOST_BYTES);
    if !large {
        source.take(MOST_BYTES).read_to_end(&mut bytes)?;
    }
    if large || bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("modules of more than 1 GiB are not supported"));
    }
    Ok(bytes)
}
