//! `assay repro` and `assay reduce`, as somebody with a saved case meets them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Stdio};

fn assay(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output = command.current_dir(directory).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A case that claims that all of its modules are valid, of which one is not.
const CASE: &str = r#"
version = 1
origin = "by hand"

[settings]
fuel = 1000
metered = false
host_seed = 9
host_errors = true
memory_bytes = 65536
table_elements = 10
valid = true
free_nans = true

[[module]]
wat = '(module (func (export "f") (result i32) (i32.const 7)))'

[[module]]
wat = '(module (func (export "g") (result i32) (i64.const 7)))'

[[step]]
instantiate = 0

[[step]]
call = "f"
instance = 0

[[step]]
instantiate = 1

[[step]]
call = "f"
instance = 0
"#;

#[test]
fn a_finding_is_repeated_and_made_small() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("case.toml"), CASE).unwrap();
    let (code, out, err) = assay(path, &["repro", "case.toml"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("call 0.\"f\"(): returned\n") && out.contains("valid module rejected"), "{out}");
    let (code, out, err) = assay(path, &["reduce", "case.toml"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("2 modules and 4 steps became") && out.contains("1 modules and 1 steps"), "{out}");
    assert!(out.contains("assay repro case.small.toml --explain"), "{out}");
    assert!(out.contains("it cannot be a script"), "{out}");
    let (code, out, _) = assay(path, &["repro", "case.small.toml"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("valid module rejected"), "{out}");
}

#[test]
fn a_case_without_a_finding_is_said_to_have_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("case.toml"), CASE.replace("i64.const", "i32.const")).unwrap();
    let (code, out, _) = assay(path, &["repro", "case.toml"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.ends_with("12 lanes agree on 4 steps\n"), "{out}");
    let engine = format!("cmd:'{}' engine --stdio", env!("CARGO_BIN_EXE_assay"));
    let (code, out, err) = assay(path, &["repro", "case.toml", "--engine", &engine]);
    assert_eq!((code, out.ends_with("13 lanes agree on 4 steps\n")), (Some(0), true), "{out}{err}");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/differential/cases/wasi/times-of-nothing.toml");
    let (code, out, err) = assay(path, &["repro", kept]);
    assert_eq!((code, out.ends_with("4 lanes agree on 2 steps\n")), (Some(0), true), "{out}{err}");
    let (code, _, err) = assay(path, &["reduce", "case.toml"]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("nothing to reduce") && !path.join("case.small.toml").exists(), "{err}");
    let (code, _, err) = assay(path, &["reduce", kept, "--out", "small.toml"]);
    assert_eq!((code, err.contains("nothing to reduce")), (Some(4), true), "{err}");
}

#[test]
fn what_is_no_case_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("other.toml"), CASE.replace("version = 1", "version = 9")).unwrap();
    for (file, message) in [("other.toml", "has version 9"), ("none.toml", "failed to read `none.toml`")] {
        for verb in ["repro", "reduce"] {
            let (code, _, err) = assay(path, &[verb, file]);
            assert_eq!(code, Some(2), "{err}");
            assert!(err.contains(message), "{err}");
        }
    }
}

#[test]
fn a_fault_is_planted_only_where_it_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("case.toml"), CASE).unwrap();
    let (code, _, err) = assay(path, &["repro", "case.toml", "--fault", "no-such-fault"]);
    assert_eq!((code, err.contains("there is no fault")), (Some(2), true), "{err}");
    #[cfg(not(feature = "planted-faults"))]
    {
        let (code, _, err) = assay(path, &["reduce", "case.toml", "--fault", "rotate-by-zero"]);
        assert_eq!((code, err.contains("without planted faults")), (Some(2), true), "{err}");
    }
}

#[cfg(feature = "planted-faults")]
#[test]
fn a_difference_is_explained_down_to_the_instruction() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/differential/faults");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for (fault, mnemonic) in
        [("rotate-by-zero", "rot"), ("shift-count-not-masked", "sh"), ("divisor-sign-extended", "div")]
    {
        let case = format!("{kept}/{fault}.toml");
        let (code, out, err) = assay(path, &["repro", &case, "--fault", fault, "--explain"]);
        assert_eq!(code, Some(1), "{out}{err}");
        assert!(out.contains("first difference: ") && out.contains("machine code of the function"), "{out}");
        let marked = out.lines().filter(|line| line.starts_with('>')).collect::<Vec<_>>();
        assert!(marked.iter().any(|line| line.contains(mnemonic)), "{fault}: {out}");
    }
}

#[cfg(feature = "planted-faults")]
#[test]
fn a_case_of_wasi_is_made_small_and_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/differential/faults/wasi/cookie-miscounted.toml");
    let beside = "\n[[call]]\ncall = \"fd_close\"\nargs = [5]\n";
    std::fs::write(path.join("case.toml"), std::fs::read_to_string(kept).unwrap() + beside).unwrap();
    let with = ["--fault", "cookie-miscounted"];
    let (code, out, err) = assay(path, &[&["reduce", "case.toml"], &with[..]].concat());
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("4 calls, 8 entries and 2 grants became 3 calls, "), "{out}");
    let small = std::fs::read_to_string(path.join("case.small.toml")).unwrap();
    // The second grant gives the third descriptor its number.
    assert!(!small.contains("secret.txt") && !small.contains("fixed/file.txt"), "{small}");
    let command = "repeat it with: assay repro case.small.toml --fault cookie-miscounted\n";
    assert!(out.ends_with(command), "{out}");
    let (code, again, err) = assay(path, &[&["repro", "case.small.toml"], &with[..]].concat());
    assert_eq!((code, again.contains("wasi: model")), (Some(1), true), "{again}{err}");
}
