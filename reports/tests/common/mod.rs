//! One small run that has something of everything, and the files it makes.

use std::path::Path;
use std::time::Duration;

use assay_reports::{
    Directive, EngineLanes, Header, Host, Levels, Repeat, ResultsWriter, Row, Status, SuiteInfo, SuiteKind,
    Summary,
};

/// A header that does not depend on machine and time.
pub(crate) fn header() -> Header {
    let engine = |name: &str, lanes: &[&str]| EngineLanes {
        engine: name.to_owned(),
        lanes: lanes.iter().map(|&lane| lane.to_owned()).collect(),
    };
    Header {
        host: Host { os: "linux".into(), release: "6.1".into(), arch: "x86_64".into(), cpus: 2 },
        cpu: "Example CPU".into(),
        seed: Some(7),
        started_unix_ms: 1_700_000_000_000,
        repeat: vec![Repeat {
            engine: "jit".into(),
            lane: "default".into(),
            command: "assay spec --engine jit".into(),
            names_file: false,
        }],
        ..Header::new(
            "0.1.0",
            vec![engine("jit", &["default", "no-signals"]), engine("interp", &["default"])],
            SuiteInfo {
                kind: SuiteKind::Spec,
                origin: "embedded".into(),
                digest: "blake3:00".into(),
                files: 3,
            },
            "all",
        )
    }
}

/// Every status, several files and kinds, and hostile texts.
pub(crate) fn rows() -> Vec<Row> {
    let evil = "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{202e}lmth\u{9b}31m\nsecond line";
    let mut rows = vec![
        row("i32.wast", 1, Directive::Module, "jit", Status::Pass),
        row("i32.wast", 5, Directive::AssertReturn, "jit", Status::Pass),
        row("i32.wast", 9, Directive::AssertTrap, "jit", Status::WrongReason),
        row("proposals/threads/i32.wast", 2, Directive::AssertReturn, "jit", Status::Fail),
        row("proposals/threads/i32.wast", 3, Directive::AssertReturn, "jit", Status::Crash("SIGSEGV".into())),
        row("proposals/threads/i32.wast", 4, Directive::Invoke, "jit", Status::Timeout),
        row("simd_f32x4.wast", 1, Directive::Module, "jit", Status::Skip("feature simd".into())),
        row("simd_f32x4.wast", 7, Directive::AssertReturn, "jit", Status::Skip("feature simd".into())),
        row("simd_f32x4.wast", 8, Directive::AssertReturn, "jit", Status::Skip("blocked by line 1".into())),
        row("simd_f32x4.wast", 9, Directive::AssertReturn, "jit", Status::Skip("blocked by line 7".into())),
        row(evil, 1, Directive::AssertInvalid, "interp", Status::Xpass),
        row("i32.wast", 5, Directive::AssertReturn, "interp", Status::Pass),
        row("i32.wast", 9, Directive::AssertTrap, "interp", Status::Xfail),
    ];
    rows[2].levels = Levels { outcome: true, stage: true, message: false };
    detail(&mut rows[2], "integer overflow", "integer divide by zero");
    detail(&mut rows[3], "(i32.const 1)", evil);
    rows[4].lane = "no-signals".into();
    rows[10].levels = Levels::ALL;
    rows[10].note = Some("expected to fail: see line 3 of the expectations".into());
    rows[12].levels = Levels { outcome: true, stage: false, message: false };
    rows
}

fn row(file: &str, line: u32, directive: Directive, engine: &str, status: Status) -> Row {
    let mut row = Row::new(file, line, 1, line / 2, directive, engine, "default");
    row.levels = status.implied_levels().unwrap_or(Levels::NONE);
    row.status = status;
    row.duration_us = u64::from(line) * 1000;
    row
}

fn detail(row: &mut Row, expected: &str, actual: &str) {
    row.expected = Some(expected.to_owned());
    row.actual = Some(actual.to_owned());
}

/// Writes the run into a folder.
pub(crate) fn write(dir: &Path) -> Summary {
    let mut writer = ResultsWriter::create(dir, &header()).unwrap();
    for row in rows() {
        writer.row(&row).unwrap();
    }
    writer.finish(Duration::from_millis(2345)).unwrap()
}
