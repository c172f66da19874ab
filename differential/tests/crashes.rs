//! The seeds of the fuzz targets, and every input that once made one of them crash, through the functions that they call.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::fuzz;
use std::path::Path;

/// The inputs in a folder beside the fuzz targets, by name. Where nothing was kept yet, there is no folder.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut inputs: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn seeds_are_modules_that_do_something() {
    let seeds = inputs("seeds/modules");
    assert!(seeds.len() >= 8, "{}", seeds.len());
    for (name, bytes) in seeds {
        assert!(fuzz::compile(&bytes) && fuzz::instantiate(&bytes), "{name}");
        let mut hits = 0;
        let verdict = fuzz::run(&bytes, &mut |_| hits += 1).unwrap();
        assert_eq!(verdict.finding, None, "{name}");
        assert!(hits > 5, "{name}: {:?}", verdict.outcomes);
    }
    for (name, bytes) in inputs("seeds/driver") {
        assert!(fuzz::input(&bytes) || name.ends_with("expectations.toml"), "{name}");
    }
}

#[test]
fn what_crashed_once_crashes_no_more() {
    for (_, bytes) in inputs("crashes/differential") {
        fuzz::differential(&bytes, &mut |_| {});
    }
    for (_, bytes) in inputs("crashes/compile") {
        fuzz::compile(&bytes);
    }
    for (_, bytes) in inputs("crashes/instantiate") {
        fuzz::instantiate(&bytes);
    }
    for (_, bytes) in inputs("crashes/wasi") {
        fuzz::wasi(&bytes, &mut |_| {});
    }
    for (_, bytes) in inputs("crashes/artifact") {
        fuzz::artifact(&bytes);
    }
    for (_, bytes) in inputs("crashes/driver") {
        fuzz::input(&bytes);
    }
}
