//! `assay faults`, as somebody who wants to know what the harness is worth meets it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Stdio};

fn assay(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn faults_are_listed_and_unknown_ones_refused() {
    let (code, out, _) = assay(&["faults", "--list", "--only", "rotate-by-zero"]);
    assert_eq!((code, out.lines().count()), (Some(0), 1));
    assert!(out.starts_with("rotate-by-zero (M, wasmtime #12907): "), "{out}");
    let (code, _, err) = assay(&["faults", "--only", "rotate-by-one"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no fault `rotate-by-one`"), "{err}");
}

#[cfg(not(feature = "planted-faults"))]
#[test]
fn a_build_without_faults_says_how_to_get_one() {
    let (code, out, err) = assay(&["faults", "--time", "1s"]);
    let skip = "skip: built without planted faults; cargo build --release --features planted-faults\n";
    assert_eq!((code, out.as_str(), err.as_str()), (Some(4), skip, ""));
    let (code, _, err) = assay(&["worker", "diff", "--fault", "rotate-by-zero"]);
    assert_eq!(code, Some(2), "a worker does not pretend to have one: {err}");
}

#[cfg(feature = "planted-faults")]
#[test]
fn canaries_are_found_and_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.json");
    let ids = ["bounds-sum-narrow", "reuse-not-cleared", "rotate-by-zero"];
    let only = ids.iter().flat_map(|id| ["--only", id]);
    let arguments = ["faults", "--time", "60s", "--json", path.to_str().unwrap()];
    let arguments: Vec<&str> = arguments.into_iter().chain(only).collect();
    let (code, out, err) = assay(&arguments);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("3 of 3 faults found within 60 s each"), "{out}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (fault, id) in report["faults"].as_array().unwrap().iter().zip(ids) {
        assert_eq!((fault["id"].as_str(), fault["found"].as_bool()), (Some(id), Some(true)));
    }
    assert!(report["fault_zero"].is_null(), "nothing was measured without a fault");
}

#[cfg(feature = "planted-faults")]
#[test]
fn a_build_with_faults_says_so() {
    for arguments in [&["--version"][..], &["settings"]] {
        let (code, out, _) = assay(arguments);
        assert_eq!(code, Some(0));
        assert!(out.contains("planted faults") && out.contains("not for use"), "{out}");
    }
}
