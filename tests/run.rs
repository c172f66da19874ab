//! `assay run` as a user meets it: results, messages and exit codes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

const MODULE: &str = r#"(module $demo
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
    (func $divide (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
    (func (export "spin") (loop (br 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 100)))
    (memory 1))"#;

/// Runs `assay` with `text` on standard input.
fn assay(arguments: &[&str], text: impl AsRef<[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may close it first.
    let _ignored = child.stdin.take().unwrap().write_all(text.as_ref());
    child.wait_with_output().unwrap()
}

fn parts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn results_are_printed_on_both_engines() {
    for engine in ["jit", "interp"] {
        let output = assay(&["run", "--engine", engine, "--invoke", "add", "-", "40", "-2"], MODULE);
        assert_eq!(parts(&output), (Some(0), "38".to_owned(), String::new()), "{engine}");
        let output = assay(&["--engine", engine, "--invoke", "half", "-", "-5"], MODULE);
        assert_eq!(parts(&output), (Some(0), "-2.5".to_owned(), String::new()), "{engine}");
    }
}

#[test]
fn a_trap_ends_with_134_and_a_backtrace() {
    for engine in ["jit", "interp"] {
        let (code, out, err) = parts(&assay(&["--engine", engine, "--invoke", "divide", "-", "0"], MODULE));
        assert_eq!((code, out.as_str()), (Some(134), ""), "{engine}: {err}");
        assert!(err.starts_with("error: failed to run `divide` of `-`: integer divide by zero"), "{err}");
        assert!(err.contains("demo!divide"), "{err}");
    }
}

#[test]
fn limits_stop_a_guest_that_does_not_end() {
    for engine in ["jit", "interp"] {
        for (limit, message) in [("timeout=50ms", "interrupt"), ("fuel=100000", "all fuel consumed")] {
            let arguments = ["-W", limit, "--engine", engine, "--invoke", "spin", "-"];
            let (code, _, err) = parts(&assay(&arguments, MODULE));
            assert_eq!(code, Some(134), "{engine} {limit}: {err}");
            assert!(err.contains(message) && err.contains("help: the "), "{engine} {limit}: {err}");
        }
    }
}

#[test]
fn a_memory_limit_refuses_growth() {
    let grow = |limits: &[&str]| {
        let arguments: Vec<&str> = limits.iter().chain(&["--invoke", "grow", "-"]).copied().collect();
        parts(&assay(&arguments, MODULE)).1
    };
    assert_eq!(grow(&[]), "1");
    assert_eq!(grow(&["-W", "max-memory-size=1MiB"]), "-1");
}

#[test]
fn mistakes_on_the_command_line_end_with_2_and_say_what_to_do() {
    let cases: [(&[&str], &str); 7] = [
        (&["--invoke", "ad", "-"], "there is no exported function `ad`; the module exports `add`, `half`"),
        (&["--invoke", "add", "-", "1"], "it takes 2 arguments, but 1 was given"),
        (&["--invoke", "add", "-", "1", "x"], "argument 2 of `add`: `x` is not a value of type i32"),
        (&["--invoke", "add", "-", "1", "4294967296"], "`4294967296` is not a value of type i32"),
        (&["-W", "max-memory-size=-1", "-"], "`max-memory-size=-1`"),
        (&["-W", "sims", "-"], "unknown setting `sims`"),
        (&["--engine", "llvm", "-"], "invalid value 'llvm'"),
    ];
    for (arguments, message) in cases {
        let (code, _, err) = parts(&assay(arguments, MODULE));
        assert_eq!(code, Some(2), "{arguments:?}: {err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
}

#[test]
fn bad_modules_end_with_1_and_say_where() {
    let simd = "(module (func (result v128) v128.const i64x2 0 0) (func (result i32) i64.const 1))";
    let cases: [(&[u8], &str); 6] = [
        (b"", "failed to load `-`: it is empty"),
        (b"\0asm\x01\0\0", "malformed module at byte 0x"),
        (b"\0asm\x0d\0\x01\0", "is a component"),
        (b"(module (func $f call $g))", "unknown func"),
        (b"(module (func (result i32) i64.const 0))", "invalid module at byte 0x"),
        (simd.as_bytes(), "module"),
    ];
    for (module, message) in cases {
        let (code, _, err) = parts(&assay(&["run", "-"], module));
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains(message), "{err}");
    }
    let (code, _, err) = parts(&assay(&["run", "does-not-exist.wasm"], ""));
    assert_eq!(code, Some(1));
    assert!(err.starts_with("error: failed to read `does-not-exist.wasm`"), "{err}");
}

#[test]
fn all_missing_imports_are_listed_at_once() {
    let text = r#"(module (import "a" "f" (func (param i32))) (import "b" "m" (memory 1)))"#;
    let (code, _, err) = parts(&assay(&["run", "-"], text));
    assert_eq!(code, Some(1));
    let listed = "2 unknown imports:\n  from `a`:\n    `f` (func (param i32))\n    help: provide them with `--preload a=FILE`\n  from `b`:\n    `m` (memory 1)\n";
    assert!(err.contains(listed), "{err}");
}

#[test]
fn names_in_messages_cannot_reach_the_terminal_as_commands() {
    let text = "(module (import \"\\1b[2J\" \"\\07\" (func)))";
    let (_, _, err) = parts(&assay(&["run", "-"], text));
    assert!(err.contains("unknown import") && !err.contains('\u{1b}') && !err.contains('\u{7}'), "{err:?}");
}

#[test]
fn a_start_function_runs_without_invoke() {
    let trap = "(module (func $main unreachable) (export \"_start\" (func $main)))";
    assert_eq!(parts(&assay(&["-"], trap)).0, Some(134));
    assert_eq!(parts(&assay(&["-"], "(module)")).0, Some(0));
}

#[test]
fn help_lists_settings_and_exit_codes() {
    let (code, out, _) = parts(&assay(&["run", "-W", "help", "-"], ""));
    assert_eq!(code, Some(0));
    assert!(out.contains("fuel=N") && out.contains("bulk-memory"), "{out}");
    let (code, out, _) = parts(&assay(&["--help"], ""));
    assert_eq!(code, Some(0));
    assert!(out.contains("134") && out.contains("spec"), "{out}");
}
