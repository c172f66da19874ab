//! The example of the README: it is what stands in `main.rs`, and it works.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::run;

const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "made.txt")
    (func $check (param i32) (if (local.get 0) (then unreachable)))
    (func (export "_start")
        (call $check (call $name (i32.const 3) (i32.const 64) (i32.const 8)))
        (call $check (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 1)
            (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
        (i32.store (i32.const 40) (i32.const 64))
        (i32.store (i32.const 44) (i32.const 8))
        (call $check (call $write (i32.load (i32.const 32)) (i32.const 40) (i32.const 1) (i32.const 32)))))"#;

#[test]
fn the_example_runs_a_program_that_finds_its_directory() {
    let world = tempfile::tempdir().unwrap();
    let file = world.path().join("program.wat");
    std::fs::write(&file, PROGRAM).unwrap();
    let directory = world.path().join("directory");
    std::fs::create_dir(&directory).unwrap();
    run(file.to_str().unwrap(), directory.to_str().unwrap()).unwrap();
    // The program writes the name that its directory has for it.
    assert_eq!(std::fs::read(directory.join("made.txt")).unwrap(), b"/sandbox");
    assert!(run(file.to_str().unwrap(), "/no/such/directory").is_err());
    assert!(run("/no/such/file", directory.to_str().unwrap()).is_err());
}

#[test]
fn the_readme_shows_this_example() {
    let example = include_str!("main.rs");
    let (_, run) = example.split_once("fn run(").unwrap();
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&format!("fn run({run}")), "README.md shows another `run`");
}
