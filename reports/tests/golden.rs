//! The files and the screen of one small run, held against kept ones. `BLESS=1` writes them anew.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;

use assay_reports::{Header, Summary, Terminal, Verdict, escape, exit};

/// Compares with the kept file of that name, or keeps the new one.
fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == actual, "{name} differs (BLESS=1 accepts it):\n--- kept\n{kept}\n--- now\n{actual}");
}

#[test]
fn files_are_the_kept_ones() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path());
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    check("results.jsonl", &read("results.jsonl"));
    check("summary.json", &read("summary.json"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn the_screen_is_the_kept_one() {
    let (dir, rows) = (tempfile::tempdir().unwrap(), common::rows());
    let summary = common::write(dir.path());
    let mut terminal = Terminal::new(&summary, &rows);
    check("terminal.txt", &terminal.render());
    terminal.shown = 2;
    terminal.out = Some(Path::new("out\u{1b}[0m"));
    check("terminal-short.txt", &terminal.render());
    terminal.color = true;
    check("terminal-color.txt", &terminal.render().replace('\u{1b}', "␛"));
}

#[test]
fn nothing_of_a_guest_reaches_the_screen_raw() {
    let (dir, rows) = (tempfile::tempdir().unwrap(), common::rows());
    let summary = common::write(dir.path());
    let hostile = |char: &char| *char != '\n' && (char.is_control() || escape::is_hazardous(*char));
    assert_eq!(Terminal::new(&summary, &rows).render().chars().find(hostile), None);
    let file = std::fs::read_to_string(dir.path().join("results.jsonl")).unwrap();
    assert_eq!(file.chars().find(hostile), None);
}

#[test]
fn the_verdict_is_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let verdict = |keep: fn(&assay_reports::Row) -> bool| {
        let mut writer = assay_reports::ResultsWriter::create(dir.path(), &common::header()).unwrap();
        common::rows().iter().filter(|row| keep(row)).for_each(|row| writer.row(row).unwrap());
        writer.finish(std::time::Duration::ZERO).unwrap().verdict()
    };
    assert_eq!(verdict(|_| true), Verdict::Unexpected);
    assert_eq!(verdict(|row| !row.status.is_unexpected()), Verdict::AsExpected);
    assert_eq!(verdict(|_| false), Verdict::NothingSelected);
    let codes = [Verdict::AsExpected, Verdict::Unexpected, Verdict::NothingSelected].map(Verdict::exit_code);
    assert_eq!(codes, [exit::OK, exit::UNEXPECTED, exit::NOTHING_SELECTED]);
    for name in ["fail", "wrong-reason", "crash", "timeout", "xpass"] {
        assert_eq!(
            common::rows()
                .iter()
                .filter(|row| row.status.name() == name && row.status.is_unexpected())
                .count(),
            1
        );
    }
}

#[test]
fn an_engine_without_results_is_in_the_summary() {
    let header: Header = common::header();
    let summary: Summary = assay_reports::SummaryBuilder::new(&header).finish(std::time::Duration::ZERO);
    assert_eq!(summary.engines.keys().collect::<Vec<_>>(), ["interp", "jit"]);
}
