//! What OSS-Fuzz and ClusterFuzzLite run: the build script, with the folders that it is given there, and the programs it makes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "compiles everything once more, for which it needs cargo-fuzz: about ten minutes; `.ci/fuzz` runs it on a build that is there"]
fn the_build_script_makes_programs_that_execute_cases() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = tempfile::tempdir().unwrap();
    let [src, out, work] = ["src", "out", "work"].map(|name| folders.path().join(name));
    for folder in [&src, &out, &work] {
        std::fs::create_dir(folder).unwrap();
    }
    std::os::unix::fs::symlink(repository, src.join("assay")).unwrap();
    let mut build = Command::new("bash");
    build.arg(repository.join(".clusterfuzzlite/build.sh"));
    build.env("SRC", &src).env("OUT", &out).env("WORK", &work).env("SANITIZER", "none");
    // The flags of the test's own build are none of the script's business; a folder for targets may be shared.
    build.env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    if let Some(targets) = std::env::var_os("ASSAY_FUZZ_TARGET_DIR") {
        build.env("CARGO_TARGET_DIR", targets);
    }
    assert!(build.status().unwrap().success());
    for name in
        ["differential", "compile", "instantiate", "artifact", "wast", "driver", "wasi", "gc", "exceptions"]
    {
        let program = out.join(name);
        assert!(program.is_file() && out.join(format!("{name}.options")).is_file(), "{name}");
        let corpus = work.join(name);
        std::fs::create_dir(&corpus).unwrap();
        let output = Command::new(&program)
            .args(["-runs=50", "-seed=1", "-print_final_stats=1"])
            .arg(&corpus)
            .current_dir(&work)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("number_of_executed_units: 5"), "{name}: {said}");
    }
    assert!(out.join("differential_seed_corpus.zip").is_file() && out.join("wast.dict").is_file());
}
