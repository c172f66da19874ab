//! `assay run` with WASI, as a user meets it: what is granted, how guests end, and what is said about mistakes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const ENGINES: [&str; 2] = ["jit", "interp"];

/// A program that writes its arguments and environment, and the names of the files it is given.
fn program(name: &str) -> String {
    format!("{}/runtime/wasi/tests/programs/{name}.wasm", env!("CARGO_MANIFEST_DIR"))
}

fn assay(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.current_dir(directory).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn parts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A directory with a module in it, and the module's file.
fn with_module(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("module.wat"), text).unwrap();
    directory
}

/// Prints a list that WASI gives: arguments or environment, one string a line.
fn printer(list: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "{list}_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "{list}_get" (func $get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start") (local $at i32)
                (drop (call $sizes (i32.const 0) (i32.const 4)))
                (drop (call $get (i32.const 1024) (i32.const 4096)))
                (local.set $at (i32.const 4096))
                (block (loop
                    (br_if 1 (i32.ge_u (local.get $at) (i32.add (i32.const 4096) (i32.load (i32.const 4)))))
                    (if (i32.eqz (i32.load8_u (local.get $at)))
                        (then (i32.store8 (local.get $at) (i32.const 10))))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br 0)))
                (i32.store (i32.const 8) (i32.const 4096))
                (i32.store (i32.const 12) (i32.load (i32.const 4)))
                (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))"#
    )
}

fn exits(code: i32) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (func (export "_start") (call $exit (i32.const {code}))))"#
    )
}

#[test]
fn arguments_and_the_name_arrive() {
    let world = with_module(&printer("args"));
    for engine in ENGINES {
        let arguments = ["--engine", engine, "module.wat", "--dir", "-x", "two words", ""];
        let (code, out, err) = parts(&assay(world.path(), &arguments));
        assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "module.wat\n--dir\n-x\ntwo words", ""));
        let arguments = ["run", "--engine", engine, "--argv0", "other", "module.wat"];
        assert_eq!(parts(&assay(world.path(), &arguments)).1, "other");
    }
}

#[test]
fn only_the_environment_that_is_given_arrives() {
    let world = with_module(&printer("environ"));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.current_dir(world.path()).env_clear().env("OURS", "here").args(arguments);
        parts(&command.stdin(Stdio::null()).output().unwrap())
    };
    assert_eq!(run(&["module.wat"]), (Some(0), String::new(), String::new()));
    assert_eq!(run(&["--env", "A=b=c", "--env", "OURS", "module.wat"]).1, "A=b=c\nOURS=here");
    assert_eq!(run(&["-S", "inherit-env", "module.wat"]).1, "OURS=here");
    let (code, _, err) = run(&["--env", "MISSING", "module.wat"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`--env MISSING=VALUE` sets a value"), "{err}");
}

#[test]
fn exit_codes_up_to_125_are_passed_on() {
    for code in [0, 1, 2, 42, 125] {
        let world = with_module(&exits(code));
        for engine in ENGINES {
            let output = assay(world.path(), &["--engine", engine, "module.wat"]);
            assert_eq!(parts(&output), (Some(code), String::new(), String::new()), "{engine}");
        }
    }
    for code in [126, 134, 255, 256, -1, i32::MIN] {
        let world = with_module(&exits(code));
        let (ended, _, err) = parts(&assay(world.path(), &["module.wat"]));
        assert_eq!(ended, Some(1), "{err}");
        assert!(err.contains(&format!("the guest exited with code {code}")), "{err}");
    }
}

#[test]
fn directories_are_granted_as_they_are_written() {
    let world = tempfile::tempdir().unwrap();
    std::fs::create_dir(world.path().join("data")).unwrap();
    std::fs::write(world.path().join("data/words.txt"), "b\na\n").unwrap();
    let order = program("order");
    for engine in ENGINES {
        let run = |dir: &str, file: &str| {
            parts(&assay(world.path(), &["--engine", engine, "--dir", dir, &order, file]))
        };
        assert_eq!(run("data", "data/words.txt"), (Some(0), "a\nb".to_owned(), String::new()));
        assert_eq!(run("data::/sandbox", "/sandbox/words.txt").1, "a\nb");
        assert_eq!(run("data::/sandbox::ro", "/sandbox/words.txt").1, "a\nb");
        assert_eq!(run("data::.", "words.txt").1, "a\nb");
        assert_eq!(run("data::/sandbox", "/data/words.txt").0, Some(2), "not granted under that name");
        assert_eq!(run("data::/sandbox", "/sandbox/../module").0, Some(2));
    }
    let aliases: [&[&str]; 2] = [&["--mapdir", "/s::data"], &["--volume", "data:/s"]];
    for alias in aliases {
        let arguments: Vec<&str> = alias.iter().copied().chain([order.as_str(), "/s/words.txt"]).collect();
        assert_eq!(parts(&assay(world.path(), &arguments)).1, "a\nb", "{alias:?}");
    }
}

#[test]
fn read_only_directories_take_no_change() {
    let world = tempfile::tempdir().unwrap();
    std::fs::write(world.path().join("plain"), "aaaaaaaaaaaaaaaa").unwrap();
    let squeeze = program("squeeze");
    for engine in ENGINES {
        let run = |dir: &str| {
            let arguments = ["--engine", engine, "--dir", dir, &squeeze, "/s/plain", "/s/packed"];
            parts(&assay(world.path(), &arguments))
        };
        let (code, _, err) = run(".::/s::ro");
        assert_eq!(code, Some(2), "{err}");
        assert!(!world.path().join("packed").exists());
        assert_eq!(run(".::/s").0, Some(0));
        std::fs::remove_file(world.path().join("packed")).unwrap();
    }
}

#[test]
fn mistakes_in_what_is_granted_end_with_2() {
    let world = with_module("(module)");
    let cases: [(&[&str], &str); 9] = [
        (&["--dir", "data::/x::r0"], "unknown suffix `r0`"),
        (&["--dir", "nowhere"], "failed to open the directory `nowhere`"),
        (&["--dir", "module.wat"], "failed to open the directory `module.wat`"),
        (&["--dir", "nowhere:/x"], "did you mean `--dir nowhere::/x`?"),
        (&["--dir", ".::/x", "--dir", "..::/x"], "cannot both be `/x` for the guest"),
        (&["--preload", "module.wat"], "expected NAME=FILE"),
        (&["-S", "unknown"], "`-S help` lists them"),
        (&["-S", "seed=-1"], "expected a number"),
        (&["--env", "=x"], "has no name"),
    ];
    for (arguments, message) in cases {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["module.wat"]).collect();
        let (code, _, err) = parts(&assay(world.path(), &arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
}

#[test]
fn missing_functions_of_wasi_are_named_with_the_nearest() {
    let world = with_module(
        r#"(module (import "wasi_snapshot_preview1" "fd_wirte" (func (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
            (import "host" "log" (func)))"#,
    );
    let (code, _, err) = parts(&assay(world.path(), &["module.wat"]));
    assert_eq!(code, Some(1));
    assert!(err.contains("2 unknown imports:") && err.contains("did you mean `fd_write`?"), "{err}");
    assert!(err.contains("`--preload host=FILE`"), "{err}");
    let (code, _, err) = parts(&assay(world.path(), &["-S", "cli=n", "module.wat"]));
    assert_eq!(code, Some(1));
    assert!(err.contains("3 unknown imports:") && err.contains("`-S cli=n`"), "{err}");
}

#[test]
fn a_time_limit_ends_a_guest_that_waits() {
    let world = with_module(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (i32.store (i32.const 16) (i32.const 1))
                (i64.store (i32.const 24) (i64.const 3600000000000))
                (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#,
    );
    for engine in ENGINES {
        let start = Instant::now();
        let (code, _, err) =
            parts(&assay(world.path(), &["--engine", engine, "-W", "timeout=100ms", "module.wat"]));
        assert_eq!(code, Some(134), "{err}");
        assert!(err.contains("the time limit of 100ms was reached"), "{err}");
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    // Time that stands still passes by sleeping.
    assert_eq!(parts(&assay(world.path(), &["-S", "fixed-clock=0", "module.wat"])).0, Some(0));
}

#[test]
fn a_preloaded_module_provides_imports() {
    let world = with_module(
        r#"(module (import "math" "double" (func $double (param i32) (result i32)))
            (func (export "eight") (result i32) (call $double (i32.const 4))))"#,
    );
    let library = r#"(module (func (export "double") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 2))))"#;
    std::fs::write(world.path().join("math.wat"), library).unwrap();
    for engine in ENGINES {
        let arguments = ["--engine", engine, "--preload", "math=math.wat", "--invoke", "eight", "module.wat"];
        assert_eq!(parts(&assay(world.path(), &arguments)), (Some(0), "8".to_owned(), String::new()));
    }
    let (code, _, err) = parts(&assay(world.path(), &["--preload", "math=nowhere.wat", "module.wat"]));
    assert_eq!(code, Some(1));
    assert!(err.contains("failed to read `nowhere.wat`"), "{err}");
}

#[test]
fn a_module_without_a_start_says_so() {
    let world = with_module(r#"(module (func (export "run")) (memory (export "memory") 1))"#);
    let (code, out, err) = parts(&assay(world.path(), &["module.wat"]));
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err.contains("has no `_start`") && err.contains("`--invoke run`"), "{err}");
}

#[test]
fn a_library_is_set_up_before_it_is_called() {
    let world = with_module(
        r#"(module (global $ready (mut i32) (i32.const 0))
            (func (export "_initialize") (global.set $ready (i32.const 1)))
            (func (export "ready") (result i32) (global.get $ready)))"#,
    );
    assert_eq!(parts(&assay(world.path(), &["--invoke", "ready", "module.wat"])).1, "1");
}

#[test]
fn closed_streams_and_gone_readers_are_no_disaster() {
    let world = tempfile::tempdir().unwrap();
    let calc = program("calc");
    let shell = |text: &str| {
        let mut command = Command::new("sh");
        let script = text.replace("ASSAY", env!("CARGO_BIN_EXE_assay")).replace("CALC", &calc);
        parts(&command.current_dir(world.path()).args(["-c", &script]).output().unwrap())
    };
    let (code, out, err) = shell("ASSAY CALC <&-");
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    let (code, out, _) = shell("echo 'print 6 * 7' | ASSAY CALC");
    assert_eq!((code, out.as_str()), (Some(0), "42"));
    let (code, ..) = shell(
        "echo 'i := 0 while i < 100000 { print i i := i + 1 }' | (ASSAY CALC; echo $? >code) | head -1",
    );
    assert_eq!(code, Some(0));
    let code = std::fs::read_to_string(world.path().join("code")).unwrap();
    assert!(["0", "1", "3"].contains(&code.trim()), "{code}");
}

#[test]
fn missing_imports_are_said_before_anything_is_compiled() {
    // The body is not valid, which only a compiler finds out.
    let directory = with_module(
        r#"(module (import "env" "puts" (func (param i32) (result i32))) (import "lib" "f" (func))
            (import "lib" "m" (memory 1 2)) (func (export "_start") (i64.add (i32.const 1))))"#,
    );
    for engine in ENGINES {
        let output = assay(directory.path(), &["run", "--engine", engine, "module.wat"]);
        let (code, _, err) = parts(&output);
        assert_eq!(code, Some(1), "{engine}: {err}");
        assert!(
            err.contains("3 unknown imports:") && err.contains("`puts` (func (param i32) (result i32))"),
            "{err}"
        );
        // What a preload is going to provide is not missing yet.
        std::fs::write(directory.path().join("lib.wat"), r#"(module (func (export "g")))"#).unwrap();
        let preload = ["run", "--engine", engine, "--preload", "lib=lib.wat", "module.wat"];
        let (code, _, err) = parts(&assay(directory.path(), &preload));
        assert_eq!(code, Some(1), "{engine}: {err}");
        assert!(err.contains("unknown import:") && err.contains("`puts`") && !err.contains("`lib`"), "{err}");
    }
}

#[test]
fn a_guest_learns_that_a_disk_is_full_or_its_reader_gone() {
    let directory = with_module(
        r#"(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\05\00\00\00hello")
            (func (export "_start")
                (call $exit (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#,
    );
    for engine in ENGINES {
        let run = |line: &str| {
            let arguments = [line, env!("CARGO_BIN_EXE_assay"), engine];
            let mut command = Command::new("bash");
            let output = command.current_dir(directory.path()).arg("-c").args(arguments).output().unwrap();
            parts(&output).0
        };
        assert_eq!(run(r#""$0" run --engine "$1" module.wat > /dev/full"#), Some(51), "{engine}: nospc");
        let gone = r#"set -o pipefail; (sleep 0.3; exec "$0" run --engine "$1" module.wat) | true"#;
        assert_eq!(run(gone), Some(64), "{engine}: pipe");
    }
}
