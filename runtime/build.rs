//! Gives the build a name: a digest of everything that decides what compiled code looks like and what it relies on.
//!
//! Artifacts carry it, so that one that was made by other sources is refused even if nobody raised the version.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;

/// The rooms that matter, and what pins the code generator.
const SOURCES: [&str; 6] =
    ["model/src", "parse/src", "compile/src", "vm/src", "src/artifact", "../Cargo.lock"];

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES.map(Path::new) {
        // A package may stand alone, without the workspace's lock.
        if source.exists() {
            println!("cargo::rerun-if-changed={}", source.display());
            hash(source, &mut hasher)?;
        }
    }
    // Code of a build with faults is taken by no other build.
    std::env::var_os("CARGO_FEATURE_PLANTED_FAULTS").is_some().hash(&mut hasher);
    println!("cargo::rustc-env=ASSAY_BUILD={:016x}", hasher.finish());
    Ok(())
}

/// Hashes a file with its name, or a folder with everything in it.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if !path.is_dir() {
        path.to_string_lossy().hash(hasher);
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| hash(entry, hasher))
}
