//! The files of a suite: which there are, what is in them, which of them are wanted.
//!
//! Enters: a choice (embedded, a folder, given paths) and filters; leaves: [`SuiteFile`]s with their text, sorted by path. Files
//! are known by their path within the suite, never by their last name alone. Knows no directive and no engine.

mod embedded;
mod error;
mod folder;
pub mod official;
mod select;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use error::SuiteError;
pub use select::{Filter, Selection};

use serde::{Deserialize, Serialize};

/// Which suite to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one that comes with the program.
    Embedded,
    /// The whole official suite, in this folder of the user's cache.
    Cached(PathBuf),
    /// A checkout of the official suite, or any folder of scripts.
    Folder(PathBuf),
    /// These files, and all scripts in these folders.
    Paths(Vec<PathBuf>),
}

/// A suite, read.
#[derive(Debug)]
pub struct Suite {
    /// Where it comes from.
    pub origin: String,
    /// A digest over paths and contents.
    pub digest: String,
    /// Its files by path.
    pub files: Vec<SuiteFile>,
    /// What a reader should know about its completeness.
    pub notice: Option<String>,
}

/// A file of a suite.
#[derive(Debug)]
pub struct SuiteFile {
    /// Its path within the suite, with `/` between the parts.
    pub name: String,
    /// Where a worker finds it.
    pub place: Place,
    /// Its content.
    pub text: Text,
}

/// Where a file is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the program, under its path within the suite.
    Embedded,
    /// On the disk.
    Disk(PathBuf),
}

/// What is in a file.
#[derive(Debug)]
pub enum Text {
    /// Text.
    Utf8(Cow<'static, str>),
    /// Something else, from this byte on.
    Foreign {
        /// The first byte that is not UTF-8.
        offset: usize,
    },
}

impl Suite {
    /// Reads a suite.
    ///
    /// # Errors
    ///
    /// When a file or folder cannot be read, or there is no script in it.
    pub fn load(choice: &Choice) -> Result<Self, SuiteError> {
        let mut suite = match choice {
            Choice::Embedded => embedded::load(),
            Choice::Cached(folder) => load_cached(folder)?,
            Choice::Folder(folder) => folder::load_folder(folder)?,
            Choice::Paths(paths) => folder::load_paths(paths)?,
        };
        suite.files.sort_by(|a, b| a.name.cmp(&b.name));
        suite.digest = digest(&suite.files);
        Ok(suite)
    }
}

/// The whole official suite, and nothing else: what is damaged must not read as the suite.
fn load_cached(folder: &Path) -> Result<Suite, SuiteError> {
    let mut suite = folder::load_folder(folder)?;
    let findings = official::compare(official::Manifest::official(), &suite.files);
    if !findings.is_empty() {
        return Err(SuiteError::Damaged { path: folder.to_owned(), findings });
    }
    let revisions = official::PINNED.map(|pinned| format!("{} {:.8}", pinned.name, pinned.revision));
    let revisions = revisions.join(", ");
    let (files, place) = (suite.files.len(), folder.display());
    suite.notice = Some(format!("whole official suite: {files} files in {place} ({revisions})"));
    suite.origin = format!("official ({revisions})");
    Ok(suite)
}

/// What the embedded suite has of the official one.
pub fn embedded_coverage() -> official::Coverage {
    embedded::coverage()
}

/// The text of one file, as a worker reads it.
///
/// # Errors
///
/// When it is gone, or no text.
pub fn read_text(name: &str, place: &Place) -> Result<Cow<'static, str>, String> {
    match place {
        Place::Embedded => {
            embedded::text(name).map(Cow::Borrowed).ok_or_else(|| format!("no embedded file {name}"))
        }
        Place::Disk(path) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        },
    }
}

fn digest(files: &[SuiteFile]) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(file.name.as_bytes());
        hasher.update(&[0]);
        match &file.text {
            Text::Utf8(text) => hasher.update(text.as_bytes()),
            Text::Foreign { offset } => hasher.update(&offset.to_le_bytes()),
        };
        hasher.update(&[0xff]);
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}
