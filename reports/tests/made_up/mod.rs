//! A run that never was, of any size: four engines, some of everything that can come of a test, hostile names and texts.

use std::path::Path;
use std::time::Duration;

use assay_reports::{
    Directive, EngineLanes, Header, Inputs, Levels, Repeat, ResultsWriter, Row, Status, SuiteInfo, SuiteKind,
    write_html,
};

/// Engines, each with its lane.
const LANES: [(&str, &str); 4] =
    [("jit", "default"), ("jit", "no-signals"), ("interp", "default"), ("cmd:other", "default")];

/// Writes the results and the page of so many rows into a folder, and gives the size of the page.
pub(crate) fn write(dir: &Path, rows: u32) -> u64 {
    let engine = |name: &str, lanes: &[&str]| EngineLanes {
        engine: name.into(),
        lanes: lanes.iter().map(|&lane| lane.into()).collect(),
    };
    let engines = vec![
        engine("jit", &["default", "no-signals"]),
        engine("interp", &["default"]),
        engine("cmd:other", &["default"]),
    ];
    let suite = SuiteInfo {
        kind: SuiteKind::Spec,
        origin: "made up".into(),
        digest: "blake3:0123456789abcdef0123".into(),
        files: 290,
    };
    let repeat = LANES.iter().map(|&(engine, lane)| Repeat {
        engine: engine.into(),
        lane: lane.into(),
        command: format!("assay spec --engine {engine}"),
        names_file: false,
    });
    let mut header = Header::new("0.1.0", engines, suite, "all");
    header.repeat = repeat.collect();
    let mut writer = ResultsWriter::create(dir, &header).unwrap();
    (0..rows).for_each(|number| writer.row(&row(number, rows)).unwrap());
    writer.finish(Duration::from_secs(2)).unwrap();
    let inputs = Inputs::read(&[dir.to_owned()]).unwrap();
    write_html(dir, &inputs, &|_, file| Some(source(file))).unwrap();
    std::fs::metadata(dir.join("report.html")).unwrap().len()
}

/// The file of a number, and hostile names among them.
fn file(number: u32) -> String {
    match number % 290 {
        7 => "core/<img src=x onerror=document.title='pwned'>.wast".into(),
        8 => "core/\u{202e}tsaw.\u{1b}[31mx'\"&amp;.wast".into(),
        file if file < 90 => format!("core/made_up_{file}.wast"),
        file if file < 150 => format!("core/simd/simd_{file}.wast"),
        file if file < 200 => format!("core/gc/gc_{file}.wast"),
        file => format!("proposals/threads/atomic_{file}.wast"),
    }
}

fn row(number: u32, all: u32) -> Row {
    let lanes = LANES.len() as u32;
    let (test, (engine, lane)) = (number / lanes, LANES[(number % lanes) as usize]);
    let each = (all / lanes).div_ceil(290).max(1);
    let (of_file, index) = (test / each, test % each);
    let kinds = [Directive::AssertReturn, Directive::AssertTrap, Directive::AssertInvalid, Directive::Module];
    let kind = if index == 0 { Directive::Module } else { kinds[(index % 4) as usize] };
    let mut row = Row::new(file(of_file), index * 2 + 1, 1 + index % 3, index, kind, engine, lane);
    row.duration_us = u64::from(number.wrapping_mul(2_654_435_761) >> 20);
    let say = |row: &mut Row, expected: String, actual: &str| {
        (row.expected, row.actual) = (Some(expected), Some(actual.into()));
    };
    let turn = test % 997;
    (row.status, row.levels) = match (engine, turn) {
        ("cmd:other", 0..200) => (Status::Skip("feature gc".into()), Levels::NONE),
        ("jit", 201) => (Status::Fail, Levels::NONE),
        ("jit", 202) => (Status::WrongReason, Levels { outcome: true, stage: true, message: false }),
        ("cmd:other", 203) => (Status::Crash("SIGSEGV".into()), Levels::NONE),
        ("cmd:other", 204) => (Status::Timeout, Levels::NONE),
        ("interp", 205) => (Status::Xfail, Levels::NONE),
        _ => (Status::Pass, Levels::ALL),
    };
    match row.status {
        Status::Fail => say(
            &mut row,
            format!("(i32.const {test})"),
            "</script><script>document.title='pwned'</script>\n\u{1b}[2J",
        ),
        Status::WrongReason => say(&mut row, "integer overflow".into(), "integer divide by zero"),
        _ => {}
    }
    row
}

/// Something at every odd line, at its column.
fn source(_file: &str) -> String {
    let line = |number: u32| {
        let column = " ".repeat((number % 3) as usize);
        format!(
            "{column}(assert_return (invoke \"op_{}\" (i32.const {number})) (i32.const {number}))\n",
            number % 40
        )
    };
    (0..4000).map(|number| line(number) + "\n").collect()
}
