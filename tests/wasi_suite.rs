//! `assay wasi-suite` on folders of our own: what passes, what fails and why, and what is left behind.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

fn program(name: &str) -> String {
    format!("{}/runtime/wasi/tests/programs/{name}.wasm", env!("CARGO_MANIFEST_DIR"))
}

/// A test: its name, its program or text, and what stands beside it.
fn add(folder: &Path, name: &str, module: &str, json: Option<&str>) {
    match module.starts_with('(') {
        true => std::fs::write(folder.join(format!("{name}.wat")), module).unwrap(),
        false => drop(std::fs::copy(program(module), folder.join(format!("{name}.wasm"))).unwrap()),
    }
    if let Some(json) = json {
        std::fs::write(folder.join(format!("{name}.json")), json).unwrap();
    }
}

/// A folder of tests, and where results go.
fn suite() -> (tempfile::TempDir, std::path::PathBuf) {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().join("tests");
    std::fs::create_dir_all(folder.join("data.dir/left.cleanup")).unwrap();
    std::fs::write(folder.join("data.dir/words.txt"), "b\na\n").unwrap();
    (world, folder)
}

fn run(world: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.current_dir(world).args(["wasi-suite", "tests", "--out", "out"]).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn results(world: &Path) -> String {
    std::fs::read_to_string(world.join("out/results.jsonl")).unwrap()
}

#[test]
fn tests_that_do_what_is_expected_pass() {
    let (world, folder) = suite();
    let sorted = r#"{"args": ["/words.txt"], "root": "data.dir", "stdout": "a\nb\n", "stderr": ""}"#;
    add(&folder, "root", "order", Some(sorted));
    let older = r#"{"args": ["data.dir/words.txt"], "dirs": ["data.dir"], "stdout": "a\nb\n"}"#;
    add(&folder, "dirs", "order", Some(older));
    add(
        &folder,
        "code",
        "search",
        Some(r#"{"args": ["x", "/words.txt"], "root": "data.dir", "exit_code": 1}"#),
    );
    add(&folder, "default", "(module (func (export \"_start\")))", None);
    let listed = r#"{"args": ["/"], "root": "data.dir", "stdout": "words.txt 4\n1 files of 4 bytes, 0 directories, 0 links\n"}"#;
    add(&folder, "cleanup", "walk", Some(listed));
    let packed = r#"{"args": ["/words.txt", "/packed"], "root": "data.dir"}"#;
    add(&folder, "changes", "squeeze", Some(packed));
    for _ in 0..2 {
        let (code, out, err) = run(world.path(), &[]);
        assert_eq!(code, Some(0), "{out}{err}");
        assert_eq!(results(world.path()).matches(r#""status":"pass""#).count(), 12);
    }
    assert!(!folder.join("data.dir/packed").exists(), "tests work on copies");
    assert!(folder.join("data.dir/left.cleanup").exists());
}

#[test]
fn tests_that_do_something_else_fail_with_the_command() {
    let (world, folder) = suite();
    add(&folder, "code", "(module (func (export \"_start\") unreachable))", None);
    let wrong = r#"{"args": ["/words.txt"], "root": "data.dir", "stdout": "b\na\n", "env": {"A": "1"}}"#;
    add(&folder, "output", "order", Some(wrong));
    add(&folder, "spin", "(module (func (export \"_start\") (loop (br 0))))", Some(r#"{"exit_code": 134}"#));
    add(&folder, "gone", "order", Some(r#"{"root": "missing.dir"}"#));
    let (code, out, err) = run(world.path(), &["--engine", "interp", "--timeout", "300ms"]);
    assert_eq!(code, Some(1), "{out}{err}");
    let results = results(world.path());
    let line = |name: &str| results.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(
        line("code.wat").contains("exit code 134") && line("code.wat").contains("unreachable"),
        "{results}"
    );
    let output = line("output.wasm");
    assert!(output.contains("A=1") && output.contains("root::/") && output.contains(r"a\\nb"), "{output}");
    assert!(line("spin.wat").contains(r#""status":"pass""#), "a time limit is a trap");
    assert!(line("gone.wasm").contains("cannot be run"), "{results}");
}

#[test]
fn what_is_not_understood_is_skipped_and_nothing_is_not_success() {
    let (world, folder) = suite();
    add(&folder, "newer", "order", Some(r#"{"operations": []}"#));
    let (code, out, _) = run(world.path(), &["--engine", "jit"]);
    assert!(results(world.path()).contains("`operations` is not supported"), "{out}");
    assert_ne!(code, Some(1));
    let (code, _, err) = run(world.path(), &["--filter", "no-such-test"]);
    assert_eq!(code, Some(4), "{err}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output = command.current_dir(world.path()).args(["wasi-suite", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
