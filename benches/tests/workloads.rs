//! The committed modules are what their sources say, as far as a test without a C compiler can tell.
//! `BLESS=1 cargo test -p assay-benches --test workloads` rewrites those made from text.

use std::fs;
use std::path::{Path, PathBuf};

fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder of workloads")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .{extension}");
    files
}

#[test]
fn modules_from_text_are_up_to_date() {
    for source in files("wat") {
        let made = wat::parse_file(&source).expect("valid text");
        let target = source.with_extension("wasm");
        if std::env::var_os("BLESS").is_some() {
            let beside = target.with_extension("part");
            fs::write(&beside, &made).expect("writable");
            fs::rename(&beside, &target).expect("movable");
        }
        let kept = fs::read(&target).unwrap_or_default();
        assert!(kept == made, "{} is not what its source says; BLESS=1", target.display());
    }
}

#[test]
fn every_module_has_a_source_and_every_source_a_module() {
    for module in files("wasm") {
        // A source may have been built for wide addresses as well.
        let module = PathBuf::from(module.to_string_lossy().replace(".memory64", ""));
        assert!(
            module.with_extension("c").exists() || module.with_extension("wat").exists(),
            "{} has no source",
            module.display()
        );
    }
    for source in files("c").into_iter().chain(files("wat")) {
        assert!(source.with_extension("wasm").exists(), "{} was not built", source.display());
    }
}

#[test]
fn modules_need_wasm_2_and_what_their_names_say() {
    use wasmparser::WasmFeatures as Features;
    for module in files("wasm") {
        let name = module.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut features = Features::WASM2.difference(Features::SIMD);
        features.set(Features::SIMD, name.starts_with("simd_"));
        features.set(Features::MEMORY64, name.ends_with(".memory64"));
        features.set(Features::TAIL_CALL, ["states", "bytecode"].contains(&name.as_str()));
        features.set(Features::EXCEPTIONS, name == "exceptions");
        features
            .set(Features::GC | Features::FUNCTION_REFERENCES, ["gc", "collector"].contains(&name.as_str()));
        let bytes = fs::read(&module).expect("readable");
        wasmparser::Validator::new_with_features(features)
            .validate_all(&bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", module.display()));
    }
}
