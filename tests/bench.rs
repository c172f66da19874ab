//! `assay bench`, with programs that are slower, larger, or compute something else.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// Runs `assay bench` in a folder; it has to end with this code. What it said.
fn bench(dir: &Path, code: i32, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .current_dir(dir)
        .args(["bench", "--time", "1s", "--out", "out", "--no-instructions"])
        .args(words)
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
    text
}

/// A folder with a program that does this; the sides name it `cmd:sh NAME`.
fn program(dir: &Path, name: &str, script: &str) {
    std::fs::write(dir.join(name), script).unwrap();
}

#[test]
fn a_slower_program_is_slower() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    program(dir, "quick", "sleep 0.01; echo hello");
    program(dir, "slow", "sleep 0.05; echo hello");
    let said = bench(dir, 6, &["cmd:sh quick", "cmd:sh slow", "--filter", "start"]);
    assert!(said.contains("which will most likely show a change of"), "{said}");
    assert!(said.contains("cmd:sh quick → cmd:sh slow: slower: start"), "{said}");
    assert!(said.contains("not measured, because a side cannot do that or is another engine: start-interp"));
    let said = bench(dir, 0, &["cmd:sh slow", "cmd:sh quick", "--filter", "start"]);
    assert!(said.contains(": better: start") || said.contains(": cannot tell"), "{said}");
    let report = Command::new(env!("CARGO_BIN_EXE_assay"))
        .current_dir(dir)
        .args(["report", "out", "--out", "report"])
        .status()
        .unwrap();
    assert!(report.success());
    assert!(std::fs::read_to_string(dir.join("report/report.html")).unwrap().contains("Two builds in turns"));
}

#[test]
fn a_larger_program_is_a_regression() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    program(dir, "small", "head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null; echo hello");
    program(dir, "large", "head -c 120000000 /dev/zero | tail -c 120000000 >/dev/null; echo hello");
    let said = bench(dir, 3, &["cmd:sh small", "cmd:sh large", "--filter", "start"]);
    assert!(said.contains("cmd:sh small → cmd:sh large: more memory: start"), "{said}");
}

#[test]
fn a_program_is_no_other_than_itself() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    program(dir, "quick", "echo hello");
    let said = bench(dir, 0, &["cmd:sh quick", "--itself", "3", "--filter", "start"]);
    assert!(
        said.contains("3 comparisons of cmd:sh quick with itself") && said.contains("0 false alarms"),
        "{said}"
    );
}

#[test]
fn what_is_no_comparison_leaves_no_document() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    program(dir, "one", "echo 1");
    program(dir, "other", "echo 2");
    std::fs::create_dir(dir.join("out")).unwrap();
    std::fs::write(dir.join("out/bench.json"), "of an earlier comparison").unwrap();
    let said = bench(dir, 1, &["cmd:sh one", "cmd:sh other", "--filter", "start"]);
    assert!(said.contains("says `2`, but `sh one"), "{said}");
    assert!(!dir.join("out/bench.json").exists());
    bench(dir, 1, &["cmd:false", "cmd:sh one", "--filter", "start"]);
    assert!(bench(dir, 2, &["nowhere"]).contains("there is no program `nowhere`"));
    assert!(bench(dir, 4, &["jit", "--filter", "nothing"]).contains("the workloads are start, "));
    assert!(bench(dir, 0, &["--list"]).contains("wasi-clock        host-calls"));
}
