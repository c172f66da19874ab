//! What a guest prints to a terminal, seen from the terminal's other side.
#![allow(clippy::unwrap_used, reason = "tests")]

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

/// Writes colours, a cleared screen and a title; each by itself, so that nothing depends on how they are cut.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 100) "\1b[31mred\1b[0m \1b[2Jclear \1b]0;title\07.")
    (func (export "_start") (local $at i32)
        (local.set $at (i32.const 100))
        (loop
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (i32.const 1))
            (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 134))))))"#;

/// Runs the guest with a terminal for standard output; what the terminal got.
fn seen(engine: &str, options: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let module = directory.path().join("module.wat");
    std::fs::write(&module, GUEST).unwrap();
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let guests_side = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(["run", "--engine", engine]).args(options).arg(&module);
    let status = command.stdin(Stdio::null()).stdout(guests_side).status().unwrap();
    assert!(status.success(), "{status}");
    drop(command);
    // Once nobody holds the other side, reading ends with an error.
    let mut bytes = Vec::new();
    let _hung_up = File::from(terminal).read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_terminal_gets_text_and_colours_and_nothing_that_controls_it() {
    for engine in ["jit", "interp"] {
        assert_eq!(seen(engine, &[]), "\x1b[31mred\x1b[0m ␛[2Jclear ␛]0;title␇.", "{engine}");
    }
}

#[test]
fn who_asks_for_it_gets_everything() {
    let raw = "\x1b[31mred\x1b[0m \x1b[2Jclear \x1b]0;title\x07.";
    assert_eq!(seen("jit", &["-S", "raw-terminal"]), raw);
}
