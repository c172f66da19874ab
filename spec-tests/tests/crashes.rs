//! The seeds of the fuzz targets of this driver, and every input that once made one of them crash.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_spec_tests::fuzz;
use std::path::Path;

/// The inputs in a folder beside the fuzz targets, by name. Where nothing was kept yet, there is no folder.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn seeds_are_read_and_played() {
    let scripts = inputs("seeds/wast");
    assert!(scripts.len() >= 2);
    for (name, bytes) in scripts {
        assert!(fuzz::script(&bytes).is_some_and(|passed| passed >= 2), "{name}: {:?}", fuzz::script(&bytes));
    }
    assert!(inputs("seeds/driver").iter().any(|(_, bytes)| fuzz::input(bytes)));
}

#[test]
fn what_crashed_once_crashes_no_more() {
    for (_, bytes) in inputs("crashes/wast") {
        fuzz::script(&bytes);
    }
    for (_, bytes) in inputs("crashes/driver") {
        fuzz::input(&bytes);
    }
}
