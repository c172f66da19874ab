//! `assay run` with little address space: accesses are checked where guards do not fit, and what does not fit at all is
//! an error with a reason.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

const MODULE: &str = r#"(module
    (memory 1) (memory 1) (memory 1) (memory 1) (memory i64 1)
    (func (export "store") (param i32) (result i32)
        (i32.store (i32.const 8) (local.get 0)) (i32.load (i32.const 8)))
    (func (export "outside") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 10))))"#;

/// Runs `assay run` with so many KiB of address space.
fn limited(kib: u64, arguments: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let module = dir.path().join("module.wat");
    std::fs::write(&module, MODULE).unwrap();
    let module = module.to_str().unwrap();
    let arguments: Vec<&str> =
        arguments.iter().map(|&word| if word == "-" { module } else { word }).collect();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {kib}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_assay"), "run"]);
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn little_address_space_is_enough_for_checked_memories() {
    // 400 MiB, where one guarded memory would take more than 4 GiB; 6 GiB, where one would fit; 100 GiB.
    for kib in [400 << 10, 6 << 20, 100 << 20] {
        for engine in ["jit", "interp"] {
            let call = |name: &str, args: &[&str]| {
                limited(kib, &[&["--engine", engine, "--invoke", name, "-"], args].concat())
            };
            assert_eq!(call("store", &["42"]), (Some(0), "42".to_owned(), String::new()), "{engine} {kib}");
            assert_eq!(call("grow", &[]).1, "1", "{engine} {kib}");
            for address in ["65533", "-1", "-4"] {
                let (code, _, err) = call("outside", &[address]);
                assert_eq!(code, Some(134), "{engine} {kib}: {err}");
                assert!(err.contains("out of bounds memory access"), "{engine} {kib}: {err}");
            }
        }
    }
}

#[test]
fn a_memory_for_which_there_is_no_address_space_is_an_error() {
    let text = "(module (memory 8000))";
    let dir = tempfile::tempdir().unwrap();
    let module = dir.path().join("large.wat");
    std::fs::write(&module, text).unwrap();
    for engine in ["jit", "interp"] {
        let (code, _, err) = limited(400 << 10, &["--engine", engine, module.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{engine}: {err}");
        assert!(
            err.contains("failed to reserve 524292096 bytes of address space for a memory"),
            "{engine}: {err}"
        );
        assert!(err.contains("raise the limits on address space (`ulimit -v`)"), "{engine}: {err}");
    }
}
