//! The list of tests that a run is to account for, as a digest: what proves that parts together are the whole.

use crate::directive::Directive;
use crate::row::Row;

/// A test, whatever engine runs it. The order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestId<'a> {
    /// The file.
    pub file: &'a str,
    /// Its number in the file.
    pub index: u32,
    /// Its line.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// What kind of directive it is.
    pub directive: Directive,
}

impl<'a> TestId<'a> {
    /// The test of a row.
    pub fn of(row: &'a Row) -> Self {
        let Row { index, line, column, directive, .. } = *row;
        Self { file: &row.file, index, line, column, directive }
    }
}

/// A digest of a list of tests, whatever order they come in.
pub fn list_digest(mut tests: Vec<TestId<'_>>) -> String {
    tests.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for test in tests {
        hasher.update(&(test.file.len() as u64).to_le_bytes());
        hasher.update(test.file.as_bytes());
        [test.index, test.line, test.column].iter().for_each(|number| {
            hasher.update(&number.to_le_bytes());
        });
        hasher.update(test.directive.name().as_bytes());
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}
