//! A history is only ever appended to: what was torn is cut off, what was changed is refused.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;

use assay_reports::{
    Appended, Duel, DuelPlan, DuelWorkload, HistoryEntry, HistoryError, Inputs, Instructions, ReadError,
    Side, Turns, append_history, read_history, render_html,
};

fn entry(label: &str) -> HistoryEntry {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path());
    HistoryEntry::of(&Inputs::read(&[dir.path().to_owned()]).unwrap(), label)
}

fn write(path: &Path, labels: &[&str]) {
    labels.iter().for_each(|label| {
        append_history(path, entry(label)).unwrap();
    });
}

#[test]
fn entries_stand_one_behind_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    write(&path, &["one", "two \u{1b}[31m</script>", "three"]);
    let history = read_history(&path).unwrap();
    assert_eq!(history.entries.iter().map(|entry| entry.label.len()).collect::<Vec<_>>(), [3, 18, 5]);
    assert_eq!(history.entries[0].engines["jit"].directives, 10);
    assert!(!std::fs::read_to_string(&path).unwrap().contains('\u{1b}'));
    let page = render_html(&Inputs::read(&[path]).unwrap(), &|_, _| None);
    assert!(page.contains("Directives that pass") && page.contains("<polyline"));
    assert!(page.contains("\\u{1b}[31m&lt;&#x2f;script&gt;"), "the label is shown, and shown harmless");
}

#[test]
fn a_tear_at_any_byte_is_noticed_and_costs_one_entry() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    write(&path, &["one", "two"]);
    let bytes = std::fs::read(&path).unwrap();
    let first = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for end in 0..bytes.len() {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let history = read_history(&path).unwrap();
        assert_eq!(history.entries.len(), usize::from(end >= first), "cut at {end}");
        assert_eq!(history.torn.is_some(), end != 0 && end != first, "cut at {end}");
        // Every twentieth: appending brings the file to the disk.
        if end % 20 == 0 {
            let appended = append_history(&path, entry("three")).unwrap();
            assert_eq!(appended == Appended::AfterTear, history.torn.is_some(), "cut at {end}");
            let mended = read_history(&path).unwrap();
            assert_eq!((mended.entries.len(), mended.torn), (history.entries.len() + 1, None));
        }
    }
}

#[test]
fn what_was_changed_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    write(&path, &["one", "two", "three"]);
    let good = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let cases = [
        good.replacen("\"pass\":2", "\"pass\":3", 1),
        [lines[0], lines[2]].concat(),
        [lines[1], lines[2]].concat(),
        [lines[1], lines[0], lines[2]].concat(),
        good.replacen("assay-history/1", "assay-history/9", 1),
        format!("{good}hello\n"),
    ];
    for bad in cases {
        assert_ne!(bad, good);
        std::fs::write(&path, &bad).unwrap();
        let error = read_history(&path).unwrap_err();
        assert!(matches!(error, ReadError::Edited { .. } | ReadError::BadLine { .. }), "{error}");
        assert!(error.to_string().starts_with(&format!("{}:", path.display())), "{error}");
        assert!(matches!(append_history(&path, entry("four")), Err(HistoryError::Read(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
    }
}

#[test]
fn processes_that_append_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    let entry = entry("x");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(append_history(&path, entry.clone()).unwrap(), Appended::Behind);
                }
            });
        }
    });
    assert_eq!(read_history(&path).unwrap().entries.len(), 40);
}

#[test]
fn what_is_no_file_is_refused() {
    let error = append_history(Path::new("/dev/full"), entry("x")).unwrap_err().to_string();
    assert_eq!(error, "cannot write /dev/full: it is not a regular file");
}

/// A comparison of two builds, of which the judged one executed so many instructions.
fn duel(dir: &Path, after: u64) {
    let side = || Side { name: "x".into(), version: "1".into() };
    let plan = DuelPlan::new(&[], 1, 0.05, 20);
    let turns = || Turns { before: vec![1.0; 3], after: vec![1.0; 3], again: vec![1.0; 3] };
    let mut duel = Duel::begin("0", side(), side(), "wall", 1, 0.05);
    duel.workloads = vec![DuelWorkload::new("sieve", "execution", plan, turns(), turns())];
    duel.workloads[0].instructions = Some(Instructions { before: 1000, after });
    duel.judge();
    duel.write(&dir.join("bench.json")).unwrap();
}

#[test]
fn instructions_of_two_builds_become_a_trend() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.jsonl");
    for after in [1000, 1100] {
        duel(dir.path(), after);
        let inputs = Inputs::read(&[dir.path().join("bench.json")]).unwrap();
        append_history(&path, HistoryEntry::of(&inputs, "")).unwrap();
    }
    write(&path, &["without"]);
    let history = read_history(&path).unwrap();
    assert_eq!(history.entries[1].instructions["sieve"], 1100);
    assert!(history.entries[2].instructions.is_empty());
    let page = render_html(&Inputs::read(&[path]).unwrap(), &|_, _| None);
    assert!(page.contains("Instructions executed, of the first count"));
    assert!(page.contains("sieve: 110 %"), "the second against the first");
}
