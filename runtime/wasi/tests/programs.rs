//! Programs in C, run on both engines: what they print, how they end and what they leave behind.
//!
//! Sources, binaries and the command that builds them stand in `programs/`, what is expected beside them. `BLESS=1`
//! writes the expectations anew.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_runtime::{Config, Engine, EngineKind, Linker, Module, Store};
use assay_wasi::{DirPerms, FilePerms, I32Exit, MemoryInputPipe, MemoryOutputPipe, WasiCtx, WasiCtxBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A run of a program: its name, that of the run, arguments, standard input.
const RUNS: [(&str, &str, &[&str], &str); 17] = [
    ("files", "works", &["/sandbox"], ""),
    ("files", "usage", &[], ""),
    ("calc", "file", &["/sandbox/primes.calc"], ""),
    ("calc", "input", &[], "x := 6 print x * 7"),
    ("calc", "broken", &["/sandbox/broken.calc"], ""),
    ("calc", "missing", &["/sandbox/missing.calc"], ""),
    ("squeeze", "text", &["/sandbox/library/catalogue.txt", "/sandbox/packed"], ""),
    ("squeeze", "program", &["/sandbox/search.wasm", "/sandbox/packed"], ""),
    ("squeeze", "read-only", &["/sandbox/words.txt", "/fixed/packed"], ""),
    ("order", "words", &["/sandbox/words.txt"], ""),
    ("order", "numbers", &["-nr", "/sandbox/numbers.txt"], ""),
    ("order", "input", &["-u"], "b\na\nb\nc\na\n"),
    (
        "search",
        "pattern",
        &["^It.*s", "/sandbox/library/shelf/first.txt", "/fixed/library/shelf/second.txt"],
        "",
    ),
    ("search", "nothing", &["zz*$", "/sandbox/words.txt"], ""),
    ("search", "missing", &["a", "/sandbox/missing.txt", "/elsewhere/x"], ""),
    ("walk", "data", &["/sandbox"], ""),
    ("walk", "outside", &["/sandbox/../.."], ""),
];

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every name below a directory, with what is there.
fn survey(path: &Path, seen: &mut BTreeMap<String, Vec<u8>>, base: &Path) {
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        let name = entry.strip_prefix(base).unwrap().to_string_lossy().into_owned();
        seen.insert(name, if entry.is_file() { fs::read(&entry).unwrap() } else { Vec::new() });
        if entry.is_dir() && !entry.is_symlink() {
            survey(&entry, seen, base);
        }
    }
}

/// What has come, gone and changed.
fn changes(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> String {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |name: &&String| match (before.get(*name), after.get(*name)) {
        (None, Some(contents)) => Some(format!("new: {name}, {} bytes\n", contents.len())),
        (Some(_), None) => Some(format!("gone: {name}\n")),
        (before, after) => (before != after).then(|| format!("changed: {name}\n")),
    };
    names.iter().filter_map(change).collect()
}

/// Runs a program on a copy of the data; everything that can be seen of it afterwards.
fn run(engine: &Engine, module: &Module, args: &[&str], input: &str) -> String {
    let world = tempfile::tempdir().unwrap();
    let (data, fixed) = (world.path().join("data"), world.path().join("fixed"));
    copy(&programs().join("data"), &data);
    copy(&programs().join("data"), &fixed);
    fs::copy(programs().join("search.wasm"), data.join("search.wasm")).unwrap();
    let (out, err) = (MemoryOutputPipe::new(1 << 20), MemoryOutputPipe::new(1 << 20));
    let mut before = BTreeMap::new();
    survey(world.path(), &mut before, world.path());
    let mut builder = WasiCtxBuilder::new();
    builder.arg("program").args(args.iter().copied()).stdin(MemoryInputPipe::new(input));
    builder.stdout(out.clone()).stderr(err.clone());
    builder.preopened_dir(&data, "/sandbox", DirPerms::all(), FilePerms::all()).unwrap();
    builder.preopened_dir(&fixed, "/fixed", DirPerms::READ, FilePerms::READ).unwrap();
    let mut linker = Linker::<WasiCtx>::new(engine);
    assay_wasi::add_to_linker(&mut linker, |wasi| wasi).unwrap();
    let mut store = Store::new(engine, builder.build().unwrap());
    let instance = linker.instantiate(&mut store, module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    let code = match start.call(&mut store, ()) {
        Ok(()) => 0,
        Err(error) => error.downcast_ref::<I32Exit>().unwrap_or_else(|| panic!("{error}")).0,
    };
    let mut after = BTreeMap::new();
    survey(world.path(), &mut after, world.path());
    let text = |pipe: &MemoryOutputPipe| String::from_utf8(pipe.contents()).unwrap();
    format!(
        "exit code {code}\n-- output\n{}-- errors\n{}-- files\n{}",
        text(&out),
        text(&err),
        changes(&before, &after)
    )
}

#[test]
fn programs_do_what_is_expected() {
    for kind in [EngineKind::Jit, EngineKind::Interp] {
        let engine = Engine::new(Config::new().engine(kind)).unwrap();
        let mut modules = BTreeMap::new();
        for (program, name, args, input) in RUNS {
            let load = || Module::from_file(&engine, programs().join(format!("{program}.wasm"))).unwrap();
            let module = modules.entry(program).or_insert_with(load);
            let seen = run(&engine, module, args, input);
            let path = programs().join(format!("expected/{program}-{name}.txt"));
            if std::env::var_os("BLESS").is_some() && kind == EngineKind::Jit {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &seen).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap();
            assert_eq!(seen, expected, "{program} {name} on {kind:?}");
        }
    }
}
