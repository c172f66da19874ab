//! The command's exit codes and what it leaves behind.

use std::process::{Command, Output};

fn benches(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assay-benches")).args(arguments).output().expect("the command starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_unknown_engine_is_a_usage_error_that_names_the_known_ones() {
    let output = benches(&["--lanes", "jit,abacus"]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(errors(&output).contains("no engine `abacus`") && errors(&output).contains("interp"));
}

#[test]
fn numbers_are_checked() {
    for arguments in [["--rounds", "0"], ["--rounds", "-1"], ["--scale", "0"], ["--scale", "nan"]] {
        assert_eq!(benches(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn selecting_nothing_says_what_there_is() {
    let output = benches(&["--filter", "no-such-workload"]);
    assert_eq!(output.status.code(), Some(4), "{}", errors(&output));
    assert!(errors(&output).contains("nbody"));
}

#[test]
fn a_short_run_writes_a_whole_document() {
    let path = std::env::temp_dir().join(format!("assay-benches-{}.json", std::process::id()));
    let path_text = path.to_str().expect("a path in UTF-8");
    let output = benches(&["--filter", "sieve", "--rounds", "2", "--scale", "0.01", "--json", path_text]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let text = std::fs::read_to_string(&path).expect("the document");
    std::fs::remove_file(&path).expect("removable");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["schema"], &json["workloads"][0]["name"]), (&1.into(), &"sieve".into()));
    assert_eq!(json["workloads"][0]["results"][0]["wall_ns"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_document_that_cannot_be_written_is_a_failure() {
    let output =
        benches(&["--filter", "sieve", "--rounds", "1", "--scale", "0.01", "--json", "/no/such/folder/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("/no/such/folder/x"));
}
