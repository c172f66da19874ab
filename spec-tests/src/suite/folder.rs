//! Suites on the disk: a folder, or files and folders as they were named.
//!
//! Enters: paths; leaves: every `.wast` file below them with its content. Follows no symbolic link to a folder, so that a loop
//! cannot hold it. Knows nothing about content.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Place, Suite, SuiteError, SuiteFile, Text};

/// All scripts in a folder, named by their paths within it.
pub(super) fn load_folder(folder: &Path) -> Result<Suite, SuiteError> {
    if !fs::metadata(folder).map_err(io(folder))?.is_dir() {
        return Err(SuiteError::NotAFolder { path: folder.to_owned() });
    }
    let files = scripts_in(folder)?;
    let files = files.into_iter().map(|path| read(name_of(path.strip_prefix(folder).unwrap_or(&path)), path));
    Ok(suite(folder.display().to_string(), files.collect::<Result<_, _>>()?))
}

/// These files, whatever their names end in, and all scripts in these folders, named as given.
pub(super) fn load_paths(paths: &[PathBuf]) -> Result<Suite, SuiteError> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for path in paths {
        let found = if fs::metadata(path).map_err(io(path))?.is_dir() {
            scripts_in(path)?
        } else {
            vec![path.clone()]
        };
        for path in found {
            if seen.insert(fs::canonicalize(&path).map_err(io(&path))?) {
                files.push(read(name_of(&path), path)?);
            }
        }
    }
    let origin = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
    Ok(suite(origin, files))
}

fn suite(origin: String, files: Vec<SuiteFile>) -> Suite {
    Suite { origin, digest: String::new(), files, notice: None }
}

fn scripts_in(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    if found.is_empty() {
        return Err(SuiteError::Empty { path: folder.to_owned() });
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), SuiteError> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let entry = entry.map_err(io(folder))?;
        let path = entry.path();
        if entry.file_type().map_err(io(&path))?.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "wast") {
            found.push(path);
        }
    }
    Ok(())
}

fn read(name: String, path: PathBuf) -> Result<SuiteFile, SuiteError> {
    let bytes = fs::read(&path).map_err(io(&path))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => Text::Utf8(Cow::Owned(text)),
        Err(error) => Text::Foreign { offset: error.utf8_error().valid_up_to() },
    };
    Ok(SuiteFile { name, place: Place::Disk(path), text })
}

fn name_of(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> SuiteError {
    move |source| SuiteError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{load_folder, load_paths};
    use crate::suite::Text;

    #[test]
    fn same_last_names_stay_apart_and_loops_end() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/m.wast", "b/m.wast", "b/readme.md"] {
            fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            fs::write(dir.path().join(name), "(module)").unwrap();
        }
        symlink(dir.path(), dir.path().join("b/loop")).unwrap();
        let suite = load_folder(dir.path()).unwrap();
        let mut names: Vec<_> = suite.files.iter().map(|file| file.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a/m.wast", "b/m.wast"]);
    }

    #[test]
    fn a_folder_without_scripts_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = load_folder(dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("there is no .wast file in /"), "{error}");
        let error = load_folder(&dir.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("/none: No such file"), "{error}");
        fs::write(dir.path().join("x.wast"), "").unwrap();
        let error = load_folder(&dir.path().join("x.wast")).unwrap_err().to_string();
        assert!(error.contains("x.wast is not a folder"), "{error}");
    }

    #[test]
    fn paths_named_twice_count_once_and_bytes_need_not_be_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("odd.txt");
        fs::write(&path, b"ab\xff").unwrap();
        let suite = load_paths(&[path.clone(), path]).unwrap();
        assert_eq!(suite.files.len(), 1);
        assert!(matches!(suite.files[0].text, Text::Foreign { offset: 2 }));
    }
}
