//! `assay settings`: every setting with its value and where it comes from.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

fn settings(environment: &[(&str, &str)], arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new("sh");
    let line = format!("{arguments} exec \"$0\" settings $SETTINGS");
    command
        .args(["-c", &line, env!("CARGO_BIN_EXE_assay")])
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The words of the lines with this key.
fn lines<'a>(out: &'a str, key: &str) -> Vec<Vec<&'a str>> {
    let words = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.first() == Some(&key)).collect()
}

#[test]
fn what_was_given_is_told_from_defaults() {
    let given =
        [("SETTINGS", "--engine interp -W fuel=7,simd=n,max-memory-size=65536 -O opt-level=0 -S seed=4")];
    let (code, out, err) = settings(&given, "");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for (key, value) in [("engine", "interp"), ("simd", "n"), ("max-memory-size", "64KiB"), ("seed", "4")] {
        assert!(lines(&out, key).contains(&vec![key, value, "(command", "line)"]), "{key}: {out}");
    }
    for (key, value) in
        [("timeout", "none"), ("gc", "y"), ("stack-switching", "n"), ("cache", "n"), ("cli", "y")]
    {
        assert!(lines(&out, key).contains(&vec![key, value, "(default)"]), "{key}: {out}");
    }
    assert!(lines(&out, "fuel").contains(&vec!["fuel", "on", "(options", "and", "machine)"]), "{out}");
    assert!(
        lines(&out, "opt-level").contains(&vec!["opt-level", "none", "(options", "and", "machine)"]),
        "{out}"
    );
}

#[test]
fn the_environment_is_named_where_it_decides() {
    let environment = [
        ("NO_COLOR", "1"),
        ("XDG_CACHE_HOME", "/nowhere/cache"),
        ("RAYON_NUM_THREADS", "3"),
        ("SETTINGS", ""),
    ];
    let (_, out, _) = settings(&environment, "");
    assert!(lines(&out, "colour").contains(&vec!["colour", "n", "(NO_COLOR)"]), "{out}");
    assert!(lines(&out, "threads").contains(&vec!["threads", "3", "(RAYON_NUM_THREADS)"]), "{out}");
    assert!(out.contains("/nowhere/cache/assay/modules  (XDG_CACHE_HOME)"), "{out}");
}

#[test]
fn what_the_machine_does_not_allow_is_seen() {
    let (code, out, err) = settings(&[("SETTINGS", "")], "ulimit -v 4000000;");
    assert_eq!(code, Some(0), "{err}");
    let wanted = vec!["signals-based-traps", "y", "(default)"];
    let effective = vec!["signals-based-traps", "off", "(options", "and", "machine)"];
    assert_eq!(lines(&out, "signals-based-traps"), [wanted, effective]);
}

#[test]
fn mistakes_end_with_2() {
    let (code, _, err) = settings(&[("SETTINGS", "-W fuel=-1")], "");
    assert_eq!(code, Some(2));
    assert!(err.contains("`fuel=-1`"), "{err}");
}
