//! `assay spec --watch`: a changed script is played again, and `q` ends it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assay_reports::read_results;

const SCRIPT: &str = "(module (func (export \"f\") (result i32) (i32.const 7)))
(assert_return (invoke \"f\") (i32.const 7))
";

/// Waits until so many results of a whole run are unexpected.
fn expect(out: &Path, unexpected: usize) {
    let begun = Instant::now();
    loop {
        let bad =
            read_results(out).map(|run| run.rows.iter().filter(|row| row.status.is_unexpected()).count());
        match bad {
            Ok(bad) if bad == unexpected => return,
            _ => assert!(begun.elapsed() < Duration::from_secs(60), "{bad:?}, not {unexpected}"),
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn a_changed_script_is_played_again_until_somebody_wants_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (suite, out) = (dir.path().join("suite"), dir.path().join("suite/out"));
    std::fs::create_dir(&suite).unwrap();
    std::fs::write(suite.join("a.wast"), SCRIPT).unwrap();
    let mut watching = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["spec", "--watch", "--engine", "interp", "--suite"])
        .arg(&suite)
        .arg("--out")
        .arg(&out)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    expect(&out, 0);
    // Written beside and renamed, as editors do.
    std::fs::write(suite.join("new"), SCRIPT.replace("7))\n", "8))\n")).unwrap();
    std::fs::rename(suite.join("new"), suite.join("a.wast")).unwrap();
    expect(&out, 1);
    std::fs::write(suite.join("b.wast"), SCRIPT.replace("7))\n", "9))\n")).unwrap();
    expect(&out, 2);
    watching.stdin.take().unwrap().write_all(b"q\n").unwrap();
    assert_eq!(watching.wait().unwrap().code(), Some(1), "as the last run");
    let mut said = String::new();
    watching.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!said.contains('\u{1b}'), "only terminals are cleared");
}
