//! `assay report`, `compare`, `merge` and `spec --partition` from the command line: files, exit codes, messages.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

const SCRIPT: &str = "(module (func (export \"f\") (result i32) (i32.const 7)))
(assert_return (invoke \"f\") (i32.const 7))
";

fn assay(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CI_NODE_INDEX", "CI_NODE_TOTAL"] {
        command.env_remove(name);
    }
    command.current_dir(dir).args(words).output().unwrap()
}

/// Runs a command that has to end with this code, and gives what it said.
fn ends(dir: &Path, code: i32, words: &[&str]) -> String {
    let output = assay(dir, words);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
    text
}

/// A folder with a suite of six files.
fn suite() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("suite")).unwrap();
    for number in 0..6 {
        std::fs::write(dir.path().join(format!("suite/{number}.wast")), SCRIPT).unwrap();
    }
    dir
}

#[test]
fn a_run_becomes_reports() {
    let dir = suite();
    let dir = dir.path();
    std::fs::write(dir.join("suite/bad.wast"), SCRIPT.replace("7))\n", "8))\n")).unwrap();
    ends(dir, 1, &["spec", "--suite", "suite", "--out", "run"]);
    let said = ends(dir, 0, &["report", "run", "--out", "report", "--history", "--label", "first"]);
    for name in ["report.html", "junit.xml", "report.sarif", "scoreboard.md", "history.jsonl"] {
        assert!(dir.join("report").join(name).is_file() && said.contains(name), "{said}");
    }
    let page = std::fs::read_to_string(dir.join("report/report.html")).unwrap();
    assert!(page.contains("2 unexpected results"));
    assert!(page.contains("assay spec --engine jit --suite suite --filter bad.wast:2"));
    assert!(page.contains("(assert_return (invoke &quot;f&quot;) (i32.const 8))"), "the source is there");
    assert!(page.contains("Directives that pass"), "the history is there");
}

#[test]
fn parts_are_joined_and_compared_with_the_whole() {
    let dir = suite();
    let dir = dir.path();
    ends(dir, 0, &["spec", "--suite", "suite", "--out", "whole"]);
    for part in ["1", "2", "3"] {
        let said = ends(
            dir,
            0,
            &["spec", "--suite", "suite", "--partition", &format!("hash:{part}/3"), "--out", part],
        );
        assert!(said.contains(&format!("part {part} of 3 by hash")), "{said}");
    }
    ends(dir, 5, &["merge", "1", "2", "--out", "merged"]);
    assert!(!dir.join("merged").exists(), "nothing is half-written");
    assert!(
        ends(dir, 5, &["merge", "1", "2", "2", "3", "--out", "merged"]).contains("part 2 is there twice")
    );
    assert!(ends(dir, 2, &["merge", "whole", "--out", "merged"]).contains("is no part of a run"));
    assert!(ends(dir, 2, &["merge", "1", "2", "3", "--out", "2"]).contains("choose another folder"));
    ends(dir, 0, &["merge", "3", "1", "2", "--out", "merged"]);
    ends(dir, 0, &["compare", "whole", "merged"]);
    ends(dir, 0, &["compare", "merged", "whole"]);
    let said = ends(dir, 3, &["compare", "whole", "1"]);
    assert!(said.contains("REGRESSION  tests that disappeared"), "{said}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let dir = suite();
    let dir = dir.path();
    ends(dir, 0, &["spec", "--suite", "suite", "--out", "run"]);
    let file = dir.join("run/results.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    assert!(ends(dir, 5, &["report", "run", "--out", "report"]).contains("the file is torn"));
    assert!(!dir.join("report").exists());
    std::fs::write(&file, text.replacen("assay-results/2", "assay-results/1", 1)).unwrap();
    assert!(
        ends(dir, 2, &["compare", "run", "run"]).contains("results.jsonl:1: written as `assay-results/1`")
    );
    std::fs::write(&file, text.replacen("\"pass\"", "\"fail\"", 1)).unwrap();
    assert!(ends(dir, 5, &["report", "run"]).contains("was changed after it was written"));
    assert!(ends(dir, 2, &["report", "nowhere"]).contains("cannot read nowhere"));
    ends(dir, 2, &["spec", "--suite", "suite", "--partition", "hash:3/2"]);
    ends(dir, 2, &["spec", "--suite", "suite", "--partition", "hash"]);
}

#[test]
fn a_merge_that_is_killed_leaves_no_result() {
    let dir = suite();
    let dir = dir.path();
    ends(dir, 0, &["spec", "--suite", "suite", "--out", "whole"]);
    for part in ["1", "2"] {
        ends(dir, 0, &["spec", "--suite", "suite", "--partition", &format!("slice:{part}/2"), "--out", part]);
    }
    for turn in 0..24 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
            .current_dir(dir)
            .args(["merge", "1", "2", "--out", "merged"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_micros(turn * 700));
        let _killed = child.kill();
        child.wait().unwrap();
        if dir.join("merged/results.jsonl").exists() {
            ends(dir, 0, &["compare", "whole", "merged"]);
        }
    }
    ends(dir, 0, &["merge", "1", "2", "--out", "merged"]);
    ends(dir, 0, &["compare", "whole", "merged"]);
}

#[test]
fn a_check_is_one_verdict() {
    let dir = suite();
    let dir = dir.path();
    let check = ["check", "--suite", "suite", "--time", "1s"];
    let said = ends(dir, 0, &[&check[..], &["--out", "good"]].concat());
    assert!(said.contains("verdict   as expected; see good/report.html"), "{said}");
    assert!(said.contains("wasi      skip: no folder of WASI tests was given (--wasi)"), "{said}");
    assert!(dir.join("good/report.html").is_file() && dir.join("good/campaign/campaign.json").is_file());
    // What is wrong fails without a baseline, and with one where it was not wrong.
    std::fs::write(dir.join("suite/5.wast"), SCRIPT.replace("7))\n", "8))\n")).unwrap();
    let said = ends(dir, 1, &[&check[..], &["--out", "bad"]].concat());
    assert!(said.contains("verdict   unexpected results"), "{said}");
    let summary = std::fs::read_to_string(dir.join("bad/summary.md")).unwrap();
    for words in
        ["| spec | unexpected results |", "| wasi | skip: ", "Verdict: unexpected results (exit code 1)."]
    {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    let said = ends(dir, 3, &[&check[..], &["--out", "worse", "--baseline", "good"]].concat());
    assert!(said.contains("REGRESSION  new failures: 2"), "{said}");
    let said = ends(dir, 0, &[&check[..], &["--out", "same", "--baseline", "bad"]].concat());
    assert!(said.contains("ok: nothing is worse"), "{said}");
    // A build with faults that finds none of them is no failure of the suite, and yet one.
    std::fs::write(dir.join("blind"), "#!/bin/sh\nexit 1\n").unwrap();
    Command::new("chmod").args(["+x", "blind"]).current_dir(dir).status().unwrap();
    let said = ends(
        dir,
        1,
        &[&check[..], &["--out", "blinded", "--baseline", "bad", "--faults", "./blind"]].concat(),
    );
    assert!(said.contains("faults    unexpected results"), "{said}");
    ends(dir, 2, &[&check[..], &["--out", "none", "--baseline", "nowhere"]].concat());
    ends(dir, 2, &[&check[..], &["--out", "none", "--bench-against", "nowhere"]].concat());
    ends(dir, 2, &[&check[..], &["--out", "none", "--faults", "nowhere"]].concat());
    assert!(!dir.join("none").exists(), "a baseline that cannot be read is known before anything runs");
}
