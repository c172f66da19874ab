//! The tests of a folder, and what each needs and expects.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A test.
pub(super) struct Case {
    /// Its path in the folder.
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// What it needs and expects, or why that cannot be said.
    pub(super) expected: Result<Expected, String>,
}

/// What stands in the `.json` file of a test. What is missing has its default.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Expected {
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    /// The directory that the test finds as `/`.
    pub(super) root: Option<String>,
    /// Older: directories that it finds under their own names.
    pub(super) dirs: Vec<String>,
    pub(super) exit_code: i32,
    pub(super) stdout: Option<String>,
    pub(super) stderr: Option<String>,
    /// Whatever else stands there, which we would not do justice to.
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// The tests of a folder and the folders in it, in order. Directories for tests are no folders of tests.
pub(super) fn find(dir: &Path) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    collect(dir, dir, &mut cases)?;
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn collect(dir: &Path, base: &Path, cases: &mut Vec<Case>) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            if !matches!(extension, Some("dir" | "cleanup")) {
                collect(&path, base, cases)?;
            }
        } else if matches!(extension, Some("wasm" | "wat")) {
            let expected = expected(&path.with_extension("json"));
            cases.push(Case { name: super::name(&path, base), file: path, expected });
        }
    }
    Ok(())
}

fn expected(file: &Path) -> Result<Expected, String> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Expected::default()),
        Err(error) => return Err(format!("{}: {error}", file.display())),
    };
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Expected, String> {
    let expected: Expected =
        serde_json::from_slice(text).map_err(|error| format!("not understood: {error}"))?;
    let outside = |path: &&String| {
        let mut parts = Path::new(path.as_str()).components();
        !parts.all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir))
    };
    if let Some(path) = expected.root.iter().chain(&expected.dirs).find(outside) {
        return Err(format!("the directory `{path}` is not in the suite"));
    }
    match expected.rest.keys().next() {
        Some(key) => Err(format!("`{key}` is not supported")),
        None => Ok(expected),
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, parse};

    #[test]
    fn what_is_missing_has_its_default() {
        assert_eq!(parse(b"{}"), Ok(Expected::default()));
        let expected =
            parse(br#"{"args": ["a"], "exit_code": 3, "stdout": "x", "root": "data.dir"}"#).unwrap();
        assert_eq!((expected.args.len(), expected.exit_code, expected.stderr), (1, 3, None));
    }

    #[test]
    fn what_is_not_understood_is_no_test() {
        assert!(parse(br#"{"wasi_version": "0.3"}"#).unwrap_err().contains("`wasi_version`"));
        assert!(parse(br#"{"args": 1}"#).is_err() && parse(b"").is_err());
        assert!(parse(br#"{"dirs": ["../../etc"]}"#).unwrap_err().contains("not in the suite"));
        assert!(parse(br#"{"root": "/etc"}"#).is_err());
    }
}
