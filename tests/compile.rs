//! `assay compile`, `run --allow-precompiled` and the compilation cache, as a user meets them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ADD: &str =
    "(module $demo (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func $divide (export \"divide\") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))";

struct World(tempfile::TempDir);

/// What a command said and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl World {
    /// A folder with a module in it.
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::write(world.path("add.wat"), ADD).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `assay` in this folder, with a cache of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(arguments).current_dir(self.0.path()).env("XDG_CACHE_HOME", self.path("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn assay(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments))
    }

    fn fails(&self, arguments: &[&str], code: i32, message: &str) {
        let ended = self.assay(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(message), "{arguments:?}: {}", ended.err);
    }

    fn adds(&self, arguments: &[&str]) -> String {
        let ended = self.assay(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), "42\n"), "{arguments:?}: {}", ended.err);
        ended.err
    }

    fn entries(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path("cache/assay/modules")).unwrap();
        files.map(|file| file.unwrap().path()).filter(|path| !path.ends_with("lock")).collect()
    }
}

fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

const RUN: [&str; 7] = ["run", "--allow-precompiled", "--invoke", "add", "add.cwasm", "40", "2"];
const CACHED: [&str; 10] = ["run", "-C", "cache=y", "-D", "logging", "--invoke", "add", "add.wat", "40", "2"];

#[test]
fn a_compiled_module_runs_when_it_is_allowed_to() {
    let world = World::new();
    let compiled = world.assay(&["compile", "add.wat"]);
    assert_eq!((compiled.code, compiled.out + &compiled.err), (Some(0), String::new()));
    assert_eq!(world.adds(&RUN), "");
    world.fails(
        &["run", "--invoke", "add", "add.cwasm", "40", "2"],
        2,
        "is a precompiled module: it holds machine code",
    );
    world.fails(&["add.cwasm"], 2, "run it with `--allow-precompiled`");
    world.fails(
        &["--allow-precompiled", "--engine", "interp", "add.cwasm"],
        2,
        "no code for the interpreter",
    );
    let trap = world.assay(&["--allow-precompiled", "--invoke", "divide", "add.cwasm", "0"]);
    assert_eq!(trap.code, Some(134));
    assert!(trap.err.contains(" - demo!divide"), "{}", trap.err);
    assert_eq!(world.adds(&["--allow-precompiled", "--invoke", "add", "add.wat", "40", "2"]), "");
}

#[test]
fn a_compiled_module_may_come_from_standard_input() {
    let world = World::new();
    let mut compile = world.command(&["compile", "-", "--output", "other.bin"]);
    compile.stdin(fs::File::open(world.path("add.wat")).unwrap());
    assert_eq!(ended(compile).code, Some(0));
    let mut run = world.command(&["run", "--allow-precompiled", "--invoke", "add", "-", "40", "2"]);
    run.stdin(fs::File::open(world.path("other.bin")).unwrap());
    assert_eq!(ended(run).out, "42\n");
    world.fails(&["compile", "-"], 2, "needs a name for what is made of it: `-o FILE`");
}

#[test]
fn other_settings_are_refused_with_the_option() {
    let world = World::new();
    assert_eq!(world.assay(&["compile", "-O", "opt-level=0", "add.wat"]).code, Some(0));
    world.fails(&RUN, 1, "`opt-level` is none in it and speed here\nhelp: give `assay compile` and `assay run` the same settings: `-O opt-level`");
    let mut same = RUN.to_vec();
    same.splice(1..1, ["-O", "opt-level=0"]);
    assert_eq!(world.adds(&same), "");
    same.splice(1..1, ["-W", "fuel=100,timeout=10s"]);
    world.fails(
        &same,
        1,
        "`fuel` is off in it and on here; `epoch-interruption` is off in it and on here\nhelp: ",
    );
    world.fails(&same, 1, "settings: `-W fuel`, `-W timeout`");
    let off = ["--allow-precompiled", "-O", "opt-level=0", "-W", "simd=n,relaxed-simd=n", "add.cwasm"];
    world.fails(&off, 1, "switch it on with `-W simd=y`, `-W relaxed-simd=y`");
}

#[test]
fn code_without_an_address_map_has_backtraces_without_offsets() {
    let world = World::new();
    assert_eq!(world.assay(&["compile", "-D", "address-map=n", "add.wat"]).code, Some(0));
    world.fails(&RUN, 1, "`address-map` is off in it and on here");
    let arguments = ["-D", "address-map=n", "--allow-precompiled", "--invoke", "divide", "add.cwasm", "0"];
    let trap = world.assay(&arguments);
    assert!(trap.err.contains("  0: demo!divide"), "{}", trap.err);
}

#[test]
fn damaged_and_truncated_files_are_refused() {
    let world = World::new();
    world.assay(&["compile", "add.wat"]);
    let whole = fs::read(world.path("add.cwasm")).unwrap();
    fs::write(world.path("add.cwasm"), &whole[..whole.len() - 1]).unwrap();
    let (len, fewer) = (whole.len(), whole.len() - 1);
    world.fails(
        &RUN,
        1,
        &format!("failed to load `add.cwasm`: the precompiled module is truncated: {fewer} of {len} bytes"),
    );
    let mut damaged = whole;
    damaged[200] ^= 4;
    fs::write(world.path("add.cwasm"), damaged).unwrap();
    world.fails(&RUN, 1, "is damaged: its digest differs\nhelp: compile it again here");
}

#[test]
fn a_failed_compilation_leaves_what_was_there() {
    let world = World::new();
    world.assay(&["compile", "add.wat"]);
    fs::write(world.path("bad.wat"), "(module (func (result i32)))").unwrap();
    world.fails(&["compile", "bad.wat", "-o", "add.cwasm"], 1, "failed to compile `bad.wat`: invalid module");
    world.fails(&["compile", "add.wat", "-o", "no/such/folder"], 1, "failed to write `no/such/folder`");
    world.fails(&["compile", "missing.wat"], 1, "failed to read `missing.wat`");
    world.fails(&["compile", "add.wat", "-o", "/dev/full"], 1, "failed to write `/dev/full`");
    assert_eq!(world.adds(&RUN), "");
    let files: Vec<_> = fs::read_dir(world.0.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
}

#[test]
fn the_file_has_the_rights_of_any_file() {
    let world = World::new();
    fs::write(world.path("plain"), "").unwrap();
    world.assay(&["compile", "add.wat"]);
    let mode = |name| fs::metadata(world.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("add.cwasm"), mode("plain"));
}

#[test]
fn other_commands_say_that_it_is_precompiled() {
    let world = World::new();
    world.assay(&["compile", "add.wat"]);
    world.fails(
        &["diff", "add.cwasm"],
        2,
        "`add.cwasm` is a precompiled module; give the WebAssembly module",
    );
    world.fails(
        &["compile", "add.cwasm"],
        1,
        "this is a precompiled module, where a WebAssembly module was expected",
    );
}

#[test]
fn the_cache_has_code_for_the_second_run() {
    let world = World::new();
    assert!(world.adds(&CACHED).contains("debug: code was put into the cache"));
    assert!(world.adds(&CACHED).contains("debug: code was found in the cache"));
    let entry = &world.entries()[0];
    fs::write(entry, &fs::read(entry).unwrap()[..500]).unwrap();
    let said = world.adds(&CACHED);
    assert!(said.contains("is removed: the precompiled module is truncated: 500 of "), "{said}");
    assert!(world.adds(&CACHED).contains("debug: code was found in the cache"));
    let quiet: Vec<&str> = CACHED.iter().copied().filter(|word| !["-D", "logging"].contains(word)).collect();
    assert_eq!(world.adds(&quiet), "");
    let mut run = vec!["--allow-precompiled", entry.to_str().unwrap()];
    run.insert(0, "run");
    world.fails(&run, 1, "is an entry of a compilation cache");
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let world = World::new();
    fs::write(world.path("cache"), "a file").unwrap();
    let said = world.adds(&CACHED);
    assert_eq!(said.matches("warning: cannot ").count(), 1, "{said}");
    fs::remove_file(world.path("cache")).unwrap();
    world.adds(&CACHED);
    let folder = world.path("cache/assay/modules");
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let said = world.adds(&CACHED);
    assert_eq!(said.matches("warning: cannot ").count(), 1, "{said}");
    assert!(said.contains("the folder can be written to by others (its mode is 777)"), "{said}");
}

#[test]
fn many_processes_share_a_cache_and_keep_to_its_size() {
    let world = World::new();
    let module = |number: usize| {
        let text = format!("(module (func (export \"f\") (result i32) (i32.const {number})))");
        fs::write(world.path(&format!("{number}.wat")), text).unwrap();
    };
    (0..6).for_each(module);
    let run = |number: usize| {
        let file = format!("{number}.wat");
        world.command(&["run", "-C", "cache=y,cache-size=20KiB", "--invoke", "f", &file])
    };
    for _ in 0..4 {
        let children: Vec<_> = (0..12).map(|place| (place % 6, run(place % 6).spawn().unwrap())).collect();
        for (number, child) in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                (String::from_utf8_lossy(&output.stdout).as_ref(), said.as_ref()),
                (format!("{number}\n").as_str(), "")
            );
        }
    }
    let entries = world.entries();
    let sizes = entries.iter().map(|path| fs::metadata(path).unwrap().len());
    assert!((1..=20 << 10).contains(&sizes.sum::<u64>()), "{entries:?}");
    assert!(
        entries.iter().all(|path| path.extension() == Some(Path::new("cwasm").as_os_str())),
        "{entries:?}"
    );
}

#[test]
fn settings_are_listed_and_checked() {
    let world = World::new();
    for (letter, key) in
        [("-C", "cache-size=SIZE"), ("-C", "the interpreter has nothing to keep"), ("-D", "address-map")]
    {
        for verb in ["run", "compile"] {
            let ended = world.assay(&[verb, letter, "help"]);
            assert!(ended.code == Some(0) && ended.out.contains(key), "{}{}", ended.out, ended.err);
        }
    }
    world.fails(&["-C", "compiler=winch", "add.wat"], 2, "the compiler is `cranelift`; there is no other");
    world.fails(&["-C", "cache-size=much", "add.wat"], 2, "`cache-size=much`");
    world.fails(&["-D", "loging", "add.wat"], 2, "`-D help` lists them");
}
