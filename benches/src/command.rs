//! Workloads that are command lines: what a user of the program waits for.
//!
//! Enters: a build or an engine, and a folder; leaves: the command for each workload. Modules come from `workloads/`. Every
//! command says something that follows from its work, so that builds that compute something else are noticed. Start-up is part
//! of each: the others do work for some times as long. Measures nothing itself.

use std::io;
use std::path::{Path, PathBuf};

use crate::generate;

/// What is measured: a build of `assay`, one of its engines, or another program that takes the same words after `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the command line calls it.
    pub name: String,
    /// The program and the words that stand before any other.
    pub command: Vec<String>,
    /// The engine that all workloads run on; None: each on its own.
    pub engine: Option<String>,
    /// Whether it knows the verbs and options of `assay` besides `run --invoke`.
    pub is_ours: bool,
}

impl Side {
    /// Reads `PROGRAM`, `jit`, `interp` (of `this` program) or `cmd:WORDS`, which stand for `assay run`.
    ///
    /// # Errors
    ///
    /// When there is no such program.
    pub fn parse(word: &str, this: &Path) -> Result<Self, String> {
        let side = |command: Vec<String>, engine: Option<&str>, is_ours| Self {
            name: word.to_owned(),
            command,
            engine: engine.map(str::to_owned),
            is_ours,
        };
        if let Some(words) = word.strip_prefix("cmd:") {
            let command: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            return if command.is_empty() {
                Err("`cmd:` names no command".to_owned())
            } else {
                Ok(side(command, None, false))
            };
        }
        let path = |path: &Path| path.to_string_lossy().into_owned();
        if let "jit" | "interp" = word {
            return Ok(side(vec![path(this)], Some(word), true));
        }
        let program = Path::new(word);
        if !program.is_file() {
            return Err(format!(
                "there is no program `{word}`; name one with its folder, or `jit`, `interp`, `cmd:COMMAND`"
            ));
        }
        // Without a slash it would be looked for elsewhere.
        let program = program.canonicalize().map_err(|error| format!("{word}: {error}"))?;
        Ok(side(vec![path(&program)], None, true))
    }

    /// The version that it says it has.
    pub fn version(&self) -> String {
        let mut command = self.command.clone();
        if !self.is_ours {
            command.truncate(1);
        }
        command.push("--version".to_owned());
        let said = crate::child::run(&command, std::time::Duration::from_secs(10));
        said.map_or_else(
            |_| "unknown".to_owned(),
            |(_, said)| String::from_utf8_lossy(&said).trim().to_owned(),
        )
    }
}

/// A workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub group: &'static str,
    file: &'static str,
    work: Work,
    engine: Option<&'static str>,
}

/// What is done with the module.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// It is run, as a program.
    Start,
    /// An export is called with an amount.
    Call(&'static str, u32),
    /// It is compiled to a file.
    Compile,
}

const fn call(name: &'static str, group: &'static str, file: &'static str, amount: u32) -> Workload {
    Workload { name, group, file, work: Work::Call("run", amount), engine: None }
}

const fn interp(name: &'static str, file: &'static str, amount: u32) -> Workload {
    Workload { name, group: "interp", file, work: Work::Call("run", amount), engine: Some("interp") }
}

/// Every workload. Each but the first two and the compiler's takes some tens of milliseconds beyond the start.
pub const WORKLOADS: &[Workload] = &[
    Workload { name: "start", group: "start-up", file: "hello", work: Work::Start, engine: None },
    Workload {
        name: "start-interp",
        group: "start-up",
        file: "hello",
        work: Work::Start,
        engine: Some("interp"),
    },
    Workload { name: "compile", group: "compile", file: "generated", work: Work::Compile, engine: None },
    Workload {
        name: "load-interp",
        group: "compile",
        file: "generated",
        work: Work::Call("run", 1),
        engine: Some("interp"),
    },
    call("mix", "execution", "mix", 1500),
    call("sha256", "execution", "sha256", 6000),
    call("fib", "execution", "fib", 35),
    call("simd-matmul", "execution", "simd_matmul", 150),
    call("callbacks", "calls", "callbacks", 6000),
    call("copies", "memory", "copies", 1800),
    call("sieve", "memory", "sieve", 360),
    Workload {
        name: "wasi-clock",
        group: "host-calls",
        file: "wasi",
        work: Work::Call("clock", 600_000),
        engine: None,
    },
    interp("mix-interp", "mix", 240),
    interp("fib-interp", "fib", 32),
];

/// The modules, by their names in the table.
const FILES: &[(&str, &[u8])] = &[
    ("hello", include_bytes!("../workloads/hello.wasm")),
    ("mix", include_bytes!("../workloads/mix.wasm")),
    ("sha256", include_bytes!("../workloads/sha256.wasm")),
    ("fib", include_bytes!("../workloads/fib.wasm")),
    ("simd_matmul", include_bytes!("../workloads/simd_matmul.wasm")),
    ("callbacks", include_bytes!("../workloads/callbacks.wasm")),
    ("copies", include_bytes!("../workloads/copies.wasm")),
    ("sieve", include_bytes!("../workloads/sieve.wasm")),
    ("wasi", include_bytes!("../workloads/wasi.wasm")),
];

/// The seed and the size of the module that is only compiled.
const GENERATED: (u64, usize) = (0x5eed_0002, 100_000);

/// Writes the modules into a folder.
///
/// # Errors
///
/// When the disk does not take them.
pub fn write_modules(folder: &Path) -> io::Result<()> {
    let module = |name: &str| module(folder, name);
    FILES.iter().try_for_each(|(name, bytes)| std::fs::write(module(name), bytes))?;
    std::fs::write(module("generated"), generate::module(GENERATED.0, GENERATED.1))
}

fn module(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension("wasm")
}

impl Workload {
    /// The command on a side. None: the side cannot do that, or it is about another engine.
    pub fn command(&self, side: &Side, folder: &Path) -> Option<Vec<String>> {
        self.with_scale(side, folder, 1)
    }

    /// The same with little work, for counting instructions one by one.
    pub fn little(&self, side: &Side, folder: &Path) -> Option<Vec<String>> {
        self.with_scale(side, folder, 20)
    }

    fn with_scale(&self, side: &Side, folder: &Path, divisor: u32) -> Option<Vec<String>> {
        // Where a side is one engine, the same work on another one would be counted twice.
        if (side.engine.is_some() || !side.is_ours) && self.engine.is_some() {
            return None;
        }
        let file = module(folder, self.file).to_string_lossy().into_owned();
        let mut command = side.command.clone();
        let engine = side.engine.as_deref().or(self.engine);
        if let Work::Compile = self.work {
            if !side.is_ours || engine.is_some() {
                return None;
            }
            let target = folder.join("compiled.cwasm").to_string_lossy().into_owned();
            command.extend(["compile".to_owned(), file, "-o".to_owned(), target]);
            return Some(command);
        }
        if side.is_ours {
            command.push("run".to_owned());
        }
        if let Some(engine) = engine {
            command.extend(["--engine".to_owned(), engine.to_owned()]);
        }
        if let Work::Call(export, amount) = self.work {
            // Fibonacci's work is exponential in the amount.
            let amount = match self.file {
                "fib" => amount - divisor.ilog2() * 3 / 2,
                _ => (amount / divisor).max(1),
            };
            command.extend(["--invoke", export].map(str::to_owned));
            command.extend([file, amount.to_string()]);
        } else {
            command.push(file);
        }
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FILES, Side, WORKLOADS, module};

    fn side(word: &str) -> Side {
        Side::parse(word, Path::new("/x/assay")).unwrap()
    }

    #[test]
    fn sides_are_builds_engines_or_other_programs() {
        assert_eq!(side("jit").command, ["/x/assay"]);
        assert_eq!(side("cmd:other run -q").command, ["other", "run", "-q"]);
        assert!(Side::parse("cmd: ", Path::new("x")).is_err());
        let error = Side::parse("/no/such/assay", Path::new("x")).unwrap_err();
        assert!(error.contains("/no/such/assay") && error.contains("cmd:"), "{error}");
    }

    #[test]
    fn commands_are_those_of_their_side() {
        let named = |name| WORKLOADS.iter().find(|one| one.name == name).unwrap();
        let words =
            |name, word: &str| named(name).command(&side(word), Path::new("/f")).map(|words| words.join(" "));
        assert_eq!(
            words("mix", "interp").unwrap(),
            "/x/assay run --engine interp --invoke run /f/mix.wasm 1500"
        );
        assert_eq!(words("start", "cmd:other run").unwrap(), "other run /f/hello.wasm");
        assert_eq!(words("mix-interp", "interp"), None);
        assert_eq!(words("compile", "cmd:other run"), None);
        let here = std::env::current_exe().unwrap();
        let build = Side::parse(&here.to_string_lossy(), &here).unwrap();
        let compile = named("compile").command(&build, Path::new("/f")).unwrap();
        assert_eq!(compile[1..], ["compile", "/f/generated.wasm", "-o", "/f/compiled.cwasm"]);
        assert_eq!(named("fib").little(&build, Path::new("/f")).unwrap().last().unwrap(), "29");
    }

    #[test]
    fn every_workload_has_its_module_and_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        super::write_modules(folder.path()).unwrap();
        for workload in WORKLOADS {
            assert!(module(folder.path(), workload.file).is_file(), "{}", workload.name);
            assert_eq!(WORKLOADS.iter().filter(|one| one.name == workload.name).count(), 1);
        }
        assert!(FILES.iter().all(|(name, _)| WORKLOADS.iter().any(|one| one.file == *name)));
    }
}
