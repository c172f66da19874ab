//! `assay suite` as a user meets it: what it says and how it ends when the suite cannot be had, and what `spec` makes of it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use assay_spec_tests::suite::official::{Cache, Manifest};
use assay_spec_tests::suite::{Choice, Suite, Text};

const ASSAY: &str = env!("CARGO_BIN_EXE_assay");

/// Runs a command with its cache in `home`.
fn run(command: &mut Command, home: &Path) -> (Option<i32>, String, String) {
    let output = command.env("XDG_CACHE_HOME", home).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn assay(arguments: &[&str], home: &Path) -> (Option<i32>, String, String) {
    run(Command::new(ASSAY).args(arguments), home)
}

/// Most of the official suite, in a folder.
fn most_of_the_suite(folder: &Path) {
    for file in Suite::load(&Choice::Embedded).unwrap().files {
        let Text::Utf8(text) = file.text else { panic!("{} is no text", file.name) };
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &*text).unwrap();
    }
}

#[test]
fn a_suite_that_is_not_whole_is_named_and_not_installed() {
    let dir = tempfile::tempdir().unwrap();
    let (home, from) = (dir.path().join("home"), dir.path().join("from"));
    most_of_the_suite(&from);
    let from = from.to_str().unwrap();
    let (code, out, err) = assay(&["suite", "fetch", "--from", from], &home);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("  26 missing: core/memory64/"), "{err}");
    assert!(err.ends_with("`assay spec --suite DIR` runs a checkout of any version"), "{err}");
    let (code, out, _) = assay(&["suite", "verify", from], &home);
    assert_eq!(code, Some(1));
    assert!(out.contains("3 foreign: proposals/memory64/align64.wast, "), "{out}");
    let (code, _, err) = assay(&["suite", "verify"], &home);
    assert_eq!(code, Some(2));
    assert!(err.contains("the official suite was not fetched; run `assay suite fetch`"), "{err}");
}

#[test]
fn without_git_or_with_a_wrong_place_it_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) =
        run(Command::new(ASSAY).args(["suite", "fetch"]).env("PATH", dir.path()), dir.path());
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: cannot start `git`: "), "{err}");
    assert!(err.ends_with("install it, or give a folder that holds the suite with --from DIR"), "{err}");
    let (code, _, err) = assay(&["suite", "fetch", "--from", "file:///no/such/repository"], dir.path());
    assert_eq!(code, Some(5));
    assert!(err.contains("cannot fetch from file:///no/such/repository: fatal: "), "{err}");
    assert!(err.contains("--from URL or --from DIR takes the suite from elsewhere"), "{err}");
    let (code, _, err) = assay(&["suite", "fetch", "--from", "no/such/folder"], dir.path());
    assert_eq!(code, Some(2));
    assert!(err.contains("bad --from `no/such/folder`: there is no such folder"), "{err}");
}

#[test]
fn a_full_disk_leaves_no_suite_and_the_next_attempt_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (home, from) = (dir.path().join("home"), dir.path().join("from"));
    most_of_the_suite(&from);
    // No file may have more than 32 KiB, and a write beyond is an error instead of a signal.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" suite fetch --from \"$1\"";
    let (code, _, err) = run(Command::new("sh").args(["-c", script, ASSAY]).arg(&from), &home);
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains("cannot write ") && err.contains("File too large"), "{err}");
    assert!(err.ends_with("it goes on where it stopped"), "{err}");
    let (code, _, err) = assay(&["suite", "fetch", "--from", from.to_str().unwrap()], &home);
    assert_eq!(code, Some(1));
    assert!(err.contains("26 missing"), "all files that were there are in place: {err}");
}

#[test]
fn the_list_tells_what_the_embedded_copy_has() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, _) = assay(&["suite", "list"], dir.path());
    assert_eq!(code, Some(0));
    let line = |path: &str| out.lines().find(|line| line.starts_with(path)).unwrap_or_default();
    assert!(line("core/i32.wast ").ends_with(" core                embedded: same"), "{out}");
    assert!(line("core/simd/simd_lane.wast ").ends_with(" simd                embedded: older"), "{out}");
    assert!(line("custom/name/name_annot.wast ").ends_with(" custom-annotations  embedded: absent"), "{out}");
    assert!(
        out.ends_with("263 of 289 files in the embedded suite; `assay suite fetch` brings all of them"),
        "{out}"
    );
}

#[test]
fn a_run_says_which_suite_it_is_and_refuses_a_damaged_one() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let spec = |more: &[&str]| {
        let arguments =
            ["spec", "--filter", "core/i32.wast", "--engine", "interp", "--out", out.to_str().unwrap()];
        assay(&[&arguments, more].concat(), dir.path())
    };
    let (code, shown, err) = spec(&[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(shown.starts_with("embedded suite: 263 of the 289 official files\n"), "{shown}");
    assert!(shown.contains("23 absent: core/memory64/{"), "{shown}");
    // A folder under the final name that holds something else.
    let folder = Cache::at(dir.path().join("assay")).folder(Manifest::official());
    fs::create_dir_all(folder.join("core")).unwrap();
    fs::write(folder.join("core/i32.wast"), "(module)").unwrap();
    let (code, shown, err) = spec(&[]);
    assert_eq!((code, shown.as_str()), (Some(2), ""), "{err}");
    assert!(
        err.contains(" is damaged:\n  288 missing: ") && err.contains("1 changed: core/i32.wast\n"),
        "{err}"
    );
    assert!(err.ends_with("`assay suite fetch` repairs it; --embedded runs the embedded suite"), "{err}");
    assert_eq!(spec(&["--embedded"]).0, Some(0));
}
