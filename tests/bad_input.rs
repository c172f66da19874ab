//! What users get wrong, and what disks and files do: every command says what, where and what to do, ends with the exit
//! code that stands in `--help`, and never panics.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ASSAY: &str = env!("CARGO_BIN_EXE_assay");

struct World(tempfile::TempDir);

/// What a command said and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.file("add.wat", "(module (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// `assay` in this folder, with a cache of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(ASSAY);
        command.args(arguments);
        self.at_home(command)
    }

    fn at_home(&self, mut command: Command) -> Command {
        command.current_dir(self.0.path()).env("XDG_CACHE_HOME", self.path("cache")).stdin(Stdio::null());
        command
    }

    fn assay(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    fn check(&self, arguments: &[&str], code: i32, message: &str) {
        let ended = self.assay(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(message), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.contains("panicked"), "{arguments:?}: {}", ended.err);
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn files_that_are_no_modules_are_named_with_a_position() {
    let world = World::new();
    world.file("truncated.wasm", b"\0asm\x01\0\0\0\x01\x05\x01\x60");
    world.file("other.wasm", b"\x7fELF\x02\x01\x01\0");
    world.file("version.wasm", b"\0asm\x02\0\0\0");
    world.file("prose.txt", "no module\n");
    world.file("empty.wasm", "");
    world.file("large.wasm", b"\0asm\x01\0\0\0");
    File::options().append(true).open(world.path("large.wasm")).unwrap().set_len((1 << 30) + 1).unwrap();
    fs::create_dir(world.path("folder")).unwrap();
    for (file, message) in [
        ("truncated.wasm", "failed to load `truncated.wasm`: malformed module at byte 0xa: unexpected end"),
        ("other.wasm", "malformed module at byte 0x0: magic header not detected: bad magic number"),
        ("version.wasm", "malformed module at byte 0x4: unknown binary version: 0x2"),
        ("prose.txt", "--> prose.txt:1:1"),
        ("empty.wasm", "failed to load `empty.wasm`: it is empty"),
        ("folder", "failed to read `folder`: Is a directory"),
        ("none.wasm", "failed to read `none.wasm`: No such file"),
        ("/dev/zero", "failed to load `/dev/zero`: malformed module at byte 0x0: magic header not detected"),
        ("large.wasm", "failed to read `large.wasm`: modules of more than 1 GiB are not supported"),
    ] {
        world.check(&["run", file], 1, message);
    }
    // One line says it all, where the module is a binary.
    let said = world.assay(&["run", "other.wasm"]).err;
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn every_prefix_and_every_changed_byte_of_a_module_is_answered() {
    let world = World::new();
    let whole =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x04\x01\x02\0\x0b";
    let mut variants: Vec<Vec<u8>> = (0..whole.len()).map(|len| whole[..len].to_vec()).collect();
    for position in 8..whole.len() {
        for value in [0, 0x7f, 0xff] {
            let mut changed = whole.to_vec();
            changed[position] = value;
            variants.push(changed);
        }
    }
    for (number, variant) in variants.iter().enumerate() {
        world.file("variant.wasm", variant);
        let engine = if number % 2 == 0 { "jit" } else { "interp" };
        let ended = world.assay(&["run", "--engine", engine, "variant.wasm"]);
        assert!(matches!(ended.code, Some(0 | 1)), "{variant:x?}: {:?} {}", ended.code, ended.err);
        assert_eq!(
            ended.code == Some(1),
            ended.err.starts_with("error: failed to load `variant.wasm`: "),
            "{}",
            ended.err
        );
    }
}

#[test]
fn numbers_and_flags_that_make_no_sense_end_with_2() {
    let world = World::new();
    for (arguments, message) in [
        (&["run", "--invoke", "add", "add.wat", "1"][..], "it takes 2 arguments, but 1 was given"),
        (
            &["run", "--invoke", "add", "add.wat", "1", "1.5"],
            "argument 2 of `add`: `1.5` is not a value of type i32",
        ),
        (&["run", "--invoke", "sub", "add.wat"], "no exported function `sub`; the module exports `add`"),
        (&["run", "--bogus", "add.wat"], "unexpected argument '--bogus'"),
        (&["run", "-W", "fuel=-1", "add.wat"], "`fuel=-1`: expected a number of units of fuel"),
        (&["run", "-W", "timeout=0s", "add.wat"], "`timeout=0s`: it must not be zero"),
        (&["run", "-W", "max-memory-size=1XB", "add.wat"], "unknown unit `XB`; use KiB, MiB or GiB"),
        (&["run", "-O", "opt-level=7", "add.wat"], "`opt-level=7`: expected 0, 1, 2 or s"),
        (&["run"], "no module was named"),
        (&["spec", "--jobs", "0"], "expected a whole number from 1 on"),
        (&["spec", "--jobs", "-1"], "expected a whole number from 1 on"),
        (&["spec", "--timeout", "soon"], "expected a duration such as 250ms, 10s or 2m"),
        (&["spec", "--filter", ""], "bad filter ``: it is empty"),
        (&["spec", "--engine", "v8"], "unknown engine `v8`; the engines are jit, interp, mixed"),
        (&["spec", "--expectations", "none.toml"], "cannot read none.toml: No such file"),
        (&["spec", "none.wast"], "cannot read none.wast: No such file"),
        (
            &["spec", "--suite", "add.wat"],
            "add.wat is not a folder; give a single file as an argument instead",
        ),
        (&["diff", "--cases", "-1"], "expected a whole number from 0 to"),
        (&["diff", "--cases", "1", "--seed", "x"], "expected a whole number from 0 to"),
        (&["diff", "--cases", "1", "--jobs", "0"], "expected a whole number from 1 on"),
        (&["diff"], "nothing to play: give a module or a case"),
        (&["diff", "none.wat"], "failed to read `none.wat`: No such file"),
        (&["suite", "verify", "none"], "cannot read none: No such file"),
        (&["suite", "bogus"], "unrecognized subcommand 'bogus'"),
    ] {
        world.check(arguments, 2, message);
    }
}

#[test]
fn a_selection_of_nothing_ends_with_4() {
    let world = World::new();
    fs::create_dir(world.path("empty")).unwrap();
    world.check(&["spec", "--suite", "empty"], 4, "there is no .wast file in empty");
    world.check(&["spec", "empty"], 4, "there is no .wast file in empty");
    world.check(&["spec", "--filter", "no such file"], 4, "has no file that matches no such file");
}

#[test]
fn a_script_that_cannot_be_read_fails_at_its_place() {
    let world = World::new();
    world.file("open.wast", "(module)\n (module");
    world.file("bytes.wast", b"(module)\xff");
    for (file, message) in
        [("open.wast", "open.wast:2:2 fail interp file"), ("bytes.wast", "the script is not UTF-8: byte 8")]
    {
        let ended = world.assay(&["spec", file]);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(ended.out.contains(message), "{}", ended.out);
    }
}

#[test]
fn missing_imports_are_listed_up_to_a_point() {
    let world = World::new();
    let imports: String = (0..200).map(|number| format!("(import \"m\" \"f{number}\" (func))")).collect();
    world.file("imports.wat", format!("(module {imports})"));
    world.check(&["run", "imports.wat"], 1, "    `f49` (func)\n    help: ");
    world.check(&["run", "imports.wat"], 1, "\n  and 150 more\n");
}

#[test]
fn results_that_cannot_be_written_are_not_there() {
    let world = World::new();
    world.file("file", "");
    let arguments = ["spec", "--engine", "interp", "--filter", "core/i32.wast", "--out"];
    world.check(&[&arguments[..], &["file"]].concat(), 5, "cannot make folder file: File exists");
    world.check(&[&arguments[..], &["file"]].concat(), 5, "choose another folder with --out");
    // No file may have more than 512 KiB; the whole core has more results than that.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" spec --engine interp --filter core/ --out out";
    let mut command = Command::new("sh");
    command.args(["-c", script, ASSAY]);
    let ended = ended(&mut world.at_home(command));
    assert_eq!(ended.code, Some(5), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("cannot write out/results.jsonl: File too large"), "{}", ended.err);
    assert_eq!(files_in(&world.path("out")), [""; 0], "nothing that reads as results");
}

fn files_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

#[test]
fn output_that_cannot_be_written_is_not_success() {
    let world = World::new();
    for (arguments, code) in [
        (&["run", "--invoke", "add", "add.wat", "1", "2"][..], 1),
        (&["run", "-W", "help", "add.wat"], 1),
        (&["spec", "--engine", "interp", "--filter", "core/i32.wast"], 5),
        (&["suite", "list"], 5),
        (&["diff", "add.wat"], 5),
        (&["diff", "--cases", "2"], 5),
    ] {
        let mut command = world.command(arguments);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert_eq!(err, "error: cannot write to standard output: No space left on device (os error 28)\n");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new();
    let script = "\"$0\" suite list | head -1; \"$0\" suite list 2>err | true; cat err";
    let mut command = Command::new("sh");
    command.args(["-c", script, ASSAY]);
    let ended = ended(&mut world.at_home(command));
    assert_eq!((ended.out.lines().count(), ended.err.as_str()), (1, ""), "{}", ended.out);
}
