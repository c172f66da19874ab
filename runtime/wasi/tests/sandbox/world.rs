//! A small world for each attempt: directories that are granted, and a tree beside them that nothing may touch.
//!
//! An attempt has a name and is made on both engines, each time in a world of its own. Around it, the tree outside, the
//! directory that may only be read and the environment are compared; in a process that makes one attempt after another,
//! the number of open descriptors as well.

use crate::guest::{ENGINES, Guest, say_answers};
use assay_runtime::EngineKind;
use assay_wasi::{DirPerms, FilePerms, WasiCtxBuilder};
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The granted directories.
pub(crate) const SANDBOX: u32 = 3;
pub(crate) const READONLY: u32 = 4;

/// Set in a process that makes attempts one after another: `kernel` or `without-openat2`.
pub(crate) const LANE: &str = "ASSAY_WASI_LANE";

pub(crate) struct World {
    root: tempfile::TempDir,
}

impl World {
    fn new() -> io::Result<Self> {
        let root = tempfile::tempdir()?;
        let at = |path: &str| root.path().join(path);
        for path in ["outside/dir", "sandbox/dir/nested", "sandbox/empty", "readonly/dir"] {
            fs::create_dir_all(at(path))?;
        }
        for path in ["outside/secret.txt", "outside/dir/inner.txt"] {
            fs::write(at(path), "secret")?;
        }
        for path in ["sandbox/file.txt", "sandbox/dir/file.txt", "sandbox/dir/nested/deep.txt"] {
            fs::write(at(path), "inside")?;
        }
        for path in ["readonly/file.txt", "readonly/dir/file.txt"] {
            fs::write(at(path), "fixed")?;
        }
        let absolute = at("outside/secret.txt");
        for (name, target) in [
            ("to-file", "file.txt".as_ref()),
            ("to-dir", "dir".as_ref()),
            ("out", "../outside/secret.txt".as_ref()),
            ("out-dir", "../outside".as_ref()),
            ("out-missing", "../outside/new.txt".as_ref()),
            ("absolute", absolute.as_path()),
            ("up", "..".as_ref()),
            ("root", "/".as_ref()),
            ("loop-a", "loop-b".as_ref()),
            ("loop-b", "loop-a".as_ref()),
            ("self", "self".as_ref()),
            ("dangling", "nowhere".as_ref()),
            ("out-through-dir", "dir/../../outside/secret.txt".as_ref()),
        ] {
            symlink::<&Path, _>(target, at("sandbox").join(name))?;
        }
        Ok(Self { root })
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// A builder with the two directories granted.
    pub(crate) fn builder(&self) -> WasiCtxBuilder {
        let mut builder = WasiCtxBuilder::new();
        let all = (DirPerms::all(), FilePerms::all());
        builder.preopened_dir(self.path("sandbox"), "/sandbox", all.0, all.1).unwrap();
        builder.preopened_dir(self.path("readonly"), "/readonly", DirPerms::READ, FilePerms::READ).unwrap();
        builder
    }

    /// Everything that no attempt may change.
    fn canary(&self) -> BTreeMap<PathBuf, String> {
        let mut seen = BTreeMap::new();
        for path in ["outside", "readonly"] {
            survey(&self.path(path), &mut seen);
        }
        let top = fs::read_dir(self.root.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut top: Vec<_> = top.collect();
        top.sort();
        seen.insert(PathBuf::new(), format!("{top:?}"));
        seen
    }
}

fn survey(path: &Path, seen: &mut BTreeMap<PathBuf, String>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let contents = if metadata.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let facts = (metadata.mode(), metadata.nlink(), metadata.mtime(), metadata.mtime_nsec(), contents);
    seen.insert(path.to_owned(), format!("{facts:?}"));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            survey(&entry.unwrap().path(), seen);
        }
    }
}

pub(crate) fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Makes an attempt on both engines, with the two directories granted.
pub(crate) fn attempt(name: &str, body: impl Fn(&mut Guest, &World)) {
    attempt_with(name, |world| world.builder(), body);
}

/// Makes an attempt on both engines, with what `grant` grants.
pub(crate) fn attempt_with(
    name: &str,
    grant: impl Fn(&World) -> WasiCtxBuilder,
    body: impl Fn(&mut Guest, &World),
) {
    let alone = crate::lane::enter();
    for engine in ENGINES {
        let world = World::new().unwrap();
        let canary = world.canary();
        // The shared module is made before anything is counted.
        drop(guest(engine, &mut WasiCtxBuilder::new()));
        let environment: Vec<_> = std::env::vars_os().collect();
        let descriptors = open_descriptors();
        {
            let mut guest = guest(engine, &mut grant(&world));
            body(&mut guest, &world);
        }
        if alone {
            assert_eq!(open_descriptors(), descriptors, "{name} on {engine:?}: open descriptors");
        }
        assert_eq!(std::env::vars_os().collect::<Vec<_>>(), environment, "{name} on {engine:?}: environment");
        assert_eq!(world.canary(), canary, "{name} on {engine:?}: outside");
    }
    println!("attempt: {name}");
    say_answers();
}

fn guest(engine: EngineKind, builder: &mut WasiCtxBuilder) -> Guest {
    Guest::new(engine, builder.build().unwrap())
}
