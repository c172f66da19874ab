//! `assay completion`: every shell gets a script, and the shells that are here can read theirs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

fn script(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_assay")).args(["completion", shell]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_gets_the_verbs_and_their_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = script(shell);
        for word in ["wasi-suite", "spec", "preload", "invoke"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_assay")).args(["completion", "command.com"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn bash_completes_a_verb() {
    let complete = |words: &str| {
        let script = format!(
            "{}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _assay assay \"${{COMP_WORDS[-1]}}\" x; echo \"${{COMPREPLY[@]}}\"",
            script("bash")
        );
        let output = Command::new("bash").args(["-c", &script]).output();
        let Ok(output) = output else {
            eprintln!("NOTICE: there is no bash here");
            return None;
        };
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if let Some(reply) = complete("assay wasi") {
        assert_eq!(reply, "wasi-suite");
        assert_eq!(complete("assay run --prel").unwrap(), "--preload");
    }
}
