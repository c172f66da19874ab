//! `assay man`: a page for every verb, that says what `--help` says.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

fn man(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assay")).arg("man").args(arguments).output().unwrap()
}

#[test]
fn the_page_has_the_verbs_and_the_exit_codes() {
    let output = man(&[]);
    assert_eq!(output.status.code(), Some(0));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains(".TH assay 1"), "{page}");
    for words in ["wasi\\-suite", "trap", "134"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn every_verb_gets_a_page_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("share/man1");
    let output = man(&["--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let page = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(page("assay.1").contains(".TH"));
    assert!(page("assay-run.1").contains("\\-\\-preload"));
    assert!(page("assay-suite-fetch.1").contains("\\-\\-rev"));
    assert!(!out.join("assay-worker.1").exists(), "what is hidden has no page");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let output = man(&["--out", "/proc/self/no/such"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`/proc/self/no/such`"));
    assert!(!Path::new("/proc/self/no").exists());
}
