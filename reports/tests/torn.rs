//! A results file that is not exactly what was written is never read as one, and the error says where.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};

use assay_reports::{ReadError, ResultsWriter, SCHEMA, read_results};

/// The bytes of a good file, and a place for bad ones.
fn good() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path());
    let path = dir.path().join("results.jsonl");
    let bytes = std::fs::read(&path).unwrap();
    (dir, path, bytes)
}

fn read_bytes(path: &Path, bytes: &[u8]) -> Result<assay_reports::Run, ReadError> {
    std::fs::write(path, bytes).unwrap();
    read_results(path)
}

#[test]
fn what_was_written_is_read_back() {
    let (dir, path, _) = good();
    let run = read_results(&path).unwrap();
    assert_eq!(run, read_results(dir.path()).unwrap(), "a folder stands for its file");
    assert_eq!(run.header, common::header());
    assert_eq!(run.rows, common::rows());
    assert_eq!(run.wall_ms, 2345);
    let summary = std::fs::read_to_string(dir.path().join("summary.json")).unwrap();
    assert_eq!(run.summary(), serde_json::from_str(&summary).unwrap());
}

#[test]
fn a_file_torn_at_any_byte_is_torn() {
    let (_dir, path, bytes) = good();
    for end in 0..bytes.len() {
        let error = read_bytes(&path, &bytes[..end]).unwrap_err();
        assert!(matches!(error, ReadError::Torn { .. }), "cut at {end}: {error}");
        let line = bytes[..end].split_inclusive(|&byte| byte == b'\n').count().max(1);
        assert!(
            error.to_string().starts_with(&format!("{}:{line}: ", path.display())),
            "cut at {end}: {error}"
        );
    }
}

#[test]
fn no_single_byte_can_be_changed() {
    let (_dir, path, bytes) = good();
    for at in 0..bytes.len() {
        let change = [1, 0x20, 0x80][at % 3];
        let mut edited = bytes.clone();
        edited[at] ^= change;
        assert!(read_bytes(&path, &edited).is_err(), "byte {at} changed by {change:#x}");
    }
}

#[test]
fn no_line_can_be_left_out_doubled_or_moved() {
    let (_dir, path, bytes) = good();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        assert!(read_bytes(&path, &fewer.concat()).is_err(), "line {at} left out");
        let mut more = lines.clone();
        more.insert(at, lines[at]);
        assert!(read_bytes(&path, &more.concat()).is_err(), "line {at} doubled");
        if at > 0 {
            let mut moved = lines.clone();
            moved.swap(at - 1, at);
            assert!(read_bytes(&path, &moved.concat()).is_err(), "line {at} moved");
        }
    }
    assert!(read_bytes(&path, &[&bytes[..], &bytes[..]].concat()).is_err(), "two files in one");
    assert!(read_bytes(&path, &[&bytes[..], b"\n"].concat()).is_err(), "a line behind the end");
}

#[test]
fn an_honest_looking_edit_is_named() {
    let (_dir, path, bytes) = good();
    let text = String::from_utf8(bytes).unwrap();
    let edited = text.replacen("\"status\":\"fail\"", "\"status\":\"pass\"", 1);
    assert_ne!(edited, text);
    let error = read_bytes(&path, edited.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::Edited { .. }), "{error}");
    assert!(error.to_string().contains("changed after it was written"), "{error}");
    let edited = text.replacen("\"wall_ms\":2345", "\"wall_ms\":1", 1);
    assert!(matches!(read_bytes(&path, edited.as_bytes()), Err(ReadError::Edited { .. })));
    let edited = text.replacen("\"counts\":{\"pass\":3,", "\"counts\":{\"pass\":4,", 1);
    assert_ne!(edited, text);
    assert!(matches!(read_bytes(&path, edited.as_bytes()), Err(ReadError::Edited { .. })));
}

#[test]
fn a_bad_line_is_named_with_its_number() {
    let (_dir, path, bytes) = good();
    let text = String::from_utf8(bytes).unwrap();
    let bad = text.replacen("\"directive\":\"assert_trap\"", "\"directive\":\"assert_magic\"", 1);
    let error = read_bytes(&path, bad.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::BadLine { line: 4, .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("{}:4: ", path.display())), "{error}");
}

#[test]
fn other_versions_and_other_files_are_told_apart() {
    let (dir, path, bytes) = good();
    let text = String::from_utf8(bytes).unwrap();
    let error =
        read_bytes(&path, text.replacen(SCHEMA, "assay-results/\\u001b99", 1).as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::ForeignVersion { .. }), "{error}");
    assert!(error.to_string().contains("assay-results/\\u{1b}99"), "{error}");
    for other in ["hello\n", "\0asm\u{1}\0\0\0", "{}", "[]\n", "{\"name\":1}\n{\"end\":1}\n"] {
        let error = read_bytes(&path, other.as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::NotResults { .. }), "{other:?}: {error}");
    }
    let error = read_results(&dir.path().join("missing")).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }) && error.to_string().contains("missing"), "{error}");
}

#[test]
fn an_unfinished_run_leaves_neither_its_own_files_nor_those_before() {
    let (dir, path, _) = good();
    let mut writer = ResultsWriter::create(dir.path(), &common::header()).unwrap();
    writer.row(&common::rows()[0]).unwrap();
    assert!(!path.exists() && !dir.path().join("summary.json").exists(), "the run before is gone at once");
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn folders_that_cannot_be_written_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = ResultsWriter::create(&file.join("out\u{1b}"), &common::header()).unwrap_err().to_string();
    assert!(error.contains("out\\u{1b}") && error.contains("--out"), "{error}");
}
