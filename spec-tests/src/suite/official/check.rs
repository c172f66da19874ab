//! Is a folder the official suite?
//!
//! Enters: scripts with their names, or a folder of them; leaves: what is missing, changed or foreign. Scripts count, other
//! files do not.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{Entry, Manifest};
use crate::suite::folder::load_folder;
use crate::suite::{SuiteError, SuiteFile, Text};

/// A file of the suite is smaller than this by far.
const MAX_BYTES: u64 = 16 << 20;
/// So many names are shown of each kind.
const SHOWN: usize = 12;

/// How a folder differs from the official suite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Files of the suite that are not there.
    pub missing: Vec<String>,
    /// Files that are not as they should be.
    pub changed: Vec<String>,
    /// Scripts that do not belong to the suite.
    pub foreign: Vec<String>,
}

impl Findings {
    /// Whether the folder is exactly the suite.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.foreign.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [("missing", &self.missing), ("changed", &self.changed), ("foreign", &self.foreign)];
        let mut between = "";
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "{between}  {} {kind}: {}", names.len(), names[..names.len().min(SHOWN)].join(", "))?;
            if names.len() > SHOWN {
                write!(f, ", …")?;
            }
            between = "\n";
        }
        Ok(())
    }
}

/// Compares `folder` with the suite of `manifest`.
///
/// # Errors
///
/// When the folder or a script in it cannot be read, or there is none.
pub fn check(manifest: &Manifest, folder: &Path) -> Result<Findings, SuiteError> {
    load_folder(folder).map(|suite| compare(manifest, &suite.files))
}

/// Compares scripts with the suite of `manifest`.
pub(in crate::suite) fn compare(manifest: &Manifest, files: &[SuiteFile]) -> Findings {
    let mut found: HashMap<&str, &Text> = files.iter().map(|file| (file.name.as_str(), &file.text)).collect();
    let mut findings = Findings::default();
    for entry in manifest.entries() {
        match found.remove(entry.path.as_str()) {
            Some(Text::Utf8(text)) if entry.is(text.as_bytes()) => {}
            Some(_) => findings.changed.push(entry.path.clone()),
            None => findings.missing.push(entry.path.clone()),
        }
    }
    findings.foreign.extend(found.into_keys().map(str::to_owned));
    findings.foreign.sort_unstable();
    findings
}

/// The content of a file, or nothing that could be a file of the suite.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // What is no plain file could be read for ever.
    if std::fs::metadata(path)?.is_file() {
        File::open(path)?.take(MAX_BYTES).read_to_end(&mut content)?;
    }
    Ok(content)
}

/// The content of the file `entry` in `folder`, if it is there and right.
pub(super) fn right(folder: &Path, entry: &Entry) -> Option<Vec<u8>> {
    read(&folder.join(&entry.path)).ok().filter(|content| entry.is(content))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::suite::official::Manifest;

    #[test]
    fn what_is_missing_changed_or_foreign_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("core/simd")).unwrap();
        for name in ["core/i32.wast", "core/simd/mine.wast", "core/notes.md"] {
            std::fs::write(dir.path().join(name), "(module)").unwrap();
        }
        let findings = check(Manifest::official(), dir.path()).unwrap();
        assert_eq!((findings.changed.len(), findings.missing.len()), (1, 288));
        let text = findings.to_string();
        assert!(text.contains("  288 missing: core/address.wast, core/align.wast, "), "{text}");
        assert!(text.contains(", …\n  1 changed: core/i32.wast\n  1 foreign: core/simd/mine.wast"), "{text}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(check(Manifest::official(), std::path::Path::new("no/such/folder")).is_err());
    }
}
