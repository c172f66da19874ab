//! Parts of a run: the whole when they are all there, a refusal with a name in every other case.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_reports::{
    Directive, EngineLanes, Header, MergeError, ResultsWriter, Row, Run, Shard, SuiteInfo, SuiteKind, TestId,
    list_digest, merge,
};

fn rows() -> Vec<Row> {
    let file = |index: u32| ["core/a.wast", "core/b.wast", "simd/a.wast"][(index / 4) as usize];
    let row = |engine: &'static str| {
        move |index: u32| {
            Row::new(file(index), index + 1, 1, index % 4, Directive::AssertReturn, engine, "default")
        }
    };
    (0..12).map(row("jit")).chain((0..12).map(row("interp"))).collect()
}

fn header() -> Header {
    let engine = |name: &str| EngineLanes { engine: name.into(), lanes: vec!["default".into()] };
    let suite = SuiteInfo { kind: SuiteKind::Spec, origin: "x".into(), digest: "d".into(), files: 3 };
    Header::new("0", vec![engine("jit"), engine("interp")], suite, "all")
}

fn shard(part: u32, of: u32) -> Shard {
    let rows = rows();
    let tests: Vec<_> = rows.iter().filter(|row| &*row.engine == "jit").map(TestId::of).collect();
    Shard { by: "hash".into(), part, of, tests: tests.len() as u64, list: list_digest(tests) }
}

/// Writes a part with the tests whose number is its own; `edit` may change what is written.
fn write(
    dir: &Path,
    name: &str,
    part: u32,
    of: u32,
    edit: impl FnOnce(&mut Header, &mut Vec<Row>),
) -> PathBuf {
    let mut header = Header { shard: Some(shard(part, of)), ..header() };
    let mut rows: Vec<Row> = rows().into_iter().filter(|row| row.line % of == part - 1).collect();
    edit(&mut header, &mut rows);
    let mut writer = ResultsWriter::create(&dir.join(name), &header).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    writer.finish(Duration::from_millis(u64::from(part) * 100)).unwrap();
    dir.join(name)
}

fn parts(dir: &Path, of: u32) -> Vec<PathBuf> {
    (1..=of).map(|part| write(dir, &format!("part-{part}"), part, of, |_, _| {})).collect()
}

fn refused(paths: &[PathBuf]) -> String {
    merge(paths).unwrap_err().to_string()
}

fn is_whole(run: &Run) -> bool {
    let mut whole = rows();
    whole.sort_by(Row::report_order);
    run.rows == whole && run.header.shard.is_none()
}

#[test]
fn all_parts_are_the_whole_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    for of in [1, 2, 5, 40] {
        let mut paths = parts(dir.path(), of);
        paths.reverse();
        let run = merge(&paths).unwrap();
        assert!(is_whole(&run), "{of} parts");
        assert_eq!(run.wall_ms, u64::from(of) * 100);
    }
}

#[test]
fn no_part_can_be_left_out_or_doubled() {
    let dir = tempfile::tempdir().unwrap();
    let paths = parts(dir.path(), 5);
    for at in 0..5 {
        let mut fewer = paths.clone();
        fewer.remove(at);
        assert_eq!(refused(&fewer), format!("of 5 parts, one is missing: {}", at + 1));
        let mut more = paths.clone();
        more.push(paths[at].clone());
        assert!(refused(&more).starts_with(&format!("part {} is there twice: ", at + 1)));
    }
    assert!(refused(&paths[1..3]).starts_with("of 5 parts, some are missing: 1, 4, 5"));
    assert!(merge(&[]).is_err());
}

#[test]
fn parts_of_other_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let paths = parts(dir.path(), 2);
    type Edit = fn(&mut Header, &mut Vec<Row>);
    let edits: [(Edit, &str); 7] = [
        (|header, _| header.suite.digest = "other".into(), "the suite differs"),
        (|header, _| header.selection = "simd".into(), "the selection differs"),
        (|header, _| header.tool_version = "9".into(), "the version of the tool differs"),
        (|header, _| drop(header.engines.pop()), "the list of engines differs"),
        (|header, _| header.shard.as_mut().unwrap().list = "blake3:0".into(), "the list of tests differs"),
        (|header, _| header.shard.as_mut().unwrap().of = 3, "the number of parts"),
        (|header, _| header.shard = None, "is no part of a run"),
    ];
    for (edit, why) in edits {
        let other = write(dir.path(), "other", 2, 2, edit);
        let message = refused(&[paths[0].clone(), other]);
        assert!(message.contains(why), "{message}");
        assert!(message.contains("other"), "{message}");
    }
}

#[test]
fn holes_and_overlaps_inside_parts_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let paths = parts(dir.path(), 2);
    let with = |edit: fn(&mut Header, &mut Vec<Row>)| {
        refused(&[paths[0].clone(), write(dir.path(), "edited", 2, 2, edit)])
    };
    let message = with(|_, rows| drop(rows.remove(0)));
    assert_eq!(
        message,
        "the parts have 11 tests on jit/default, which are not the 12 that the run consists of"
    );
    let message = with(|_, rows| rows[0].line = 77);
    assert!(message.contains("have 12 tests on jit/default, which are not the 12"), "{message}");
    let message = with(|_, rows| rows.push(super_row()));
    assert_eq!(message, "core/a.wast:2:1 on jit/default is in more than one part");
    let message = with(|_, rows| rows.retain(|row| &*row.engine == "jit"));
    assert!(message.contains("on interp/default"), "{message}");
}

/// A row that the first part has, too.
fn super_row() -> Row {
    rows().into_iter().find(|row| row.line == 2).unwrap()
}

#[test]
fn a_torn_part_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let paths = parts(dir.path(), 2);
    let file = paths[1].join("results.jsonl");
    let bytes = std::fs::read(&file).unwrap();
    for end in (0..bytes.len()).step_by(37) {
        std::fs::write(&file, &bytes[..end]).unwrap();
        let error = merge(&paths).unwrap_err();
        assert!(matches!(error, MergeError::Read(_)), "{error}");
        assert!(error.to_string().starts_with(&format!("{}:", file.display())), "{error}");
    }
}

#[test]
fn a_part_of_billions_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "x", 1, 2, |header, _| header.shard.as_mut().unwrap().of = u32::MAX);
    assert!(refused(&[path]).starts_with("of 4294967295 parts, some are missing: 2, 3, "));
}
