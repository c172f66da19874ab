//! `assay diff`: campaigns are told, journalled and resumed; what cannot be written costs no finding.

#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::generate::Profile;
use std::path::Path;
use std::process::{Command, Stdio};

fn diff(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output =
        command.arg("diff").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// An engine that says hello and dies of the first case.
fn dying(folder: &Path) -> &'static str {
    let hello = r#"{"id":0,"ok":{"protocol":1,"engine":"x","version":"0","capabilities":{"features":[],"fuel":true,"limits":true,"state":"all","functions":true,"elements":true,"places":true,"alike":[]}}}"#;
    std::fs::write(folder.join("engine.sh"), format!("read l; echo '{hello}'; read l; exit 4")).unwrap();
    "cmd:sh engine.sh"
}

#[test]
fn the_help_names_every_profile() {
    let folder = tempfile::tempdir().unwrap();
    for name in Profile::names() {
        let (code, out, _) = diff(folder.path(), &["--help"]);
        let (_, said) = out.split_once("How cases are made: ").unwrap();
        let said = said.split("[default").next().unwrap();
        let words: Vec<_> = said.split(|char: char| !char.is_alphanumeric()).collect();
        assert!(code == Some(0) && words.contains(&name), "{name}: {out}");
    }
    let (code, _, err) = diff(folder.path(), &["--cases", "1", "--profile", "none"]);
    assert!(code == Some(2) && err.contains("mutate, wasi"), "{err}");
}

#[test]
fn a_campaign_is_told_in_words_and_in_json_and_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments =
        ["--cases", "96", "--profile", "small", "--seed", "4", "--statistics", "--json", "campaign.json"];
    let (code, out, err) = diff(path, &arguments);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("96 cases of profile small, seed 4: 0 findings"), "{out}");
    assert!(out.contains("generator small: 96 cases") && out.contains("operators that were not"), "{out}");
    let read = || -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path.join("campaign.json")).unwrap()).unwrap()
    };
    let first = read();
    assert_eq!((&first["cases"], &first["resumed"]), (&96.into(), &0.into()));
    let (code, out, err) = diff(path, &[&arguments[..], &["--resume"]].concat());
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("96 of the cases were played before"), "{out}");
    let again = read();
    assert_eq!((&again["cases"], &again["resumed"]), (&96.into(), &96.into()));
    for field in ["useful", "outcomes", "rules", "generators", "coverage"] {
        assert_eq!(again[field], first[field], "{field}");
    }
    let (code, out, _) = diff(path, &["--cases", "200", "--profile", "small", "--seed", "4", "--resume"]);
    assert!(code == Some(0) && out.contains("200 cases of profile small"), "{out}");
    let (code, out, err) = diff(path, &["--cases", "10", "--profile", "small", "--seed", "4", "--resume"]);
    assert_eq!(code, Some(2), "{out}{err}");
    assert!(err.contains("that of another campaign"), "{err}");
}

#[test]
fn what_cannot_be_written_is_said_and_costs_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("full"), "no folder").unwrap();
    let engine = dying(path);
    let arguments =
        ["--cases", "3", "--out", "full", "--json", "/dev/full/campaign.json", "--engine", engine];
    let (code, out, err) = diff(path, &arguments);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("cmd:sh engine.sh: died: exit code 4"), "{out}");
    assert!(out.contains(" more cases alike") && out.contains("confirmed in a fresh process"), "{out}");
    let repeat = "assay diff --profile default --seed 1 --first 0 --cases 1 --engine 'cmd:sh engine.sh'";
    assert!(out.contains(repeat), "{out}");
    assert!(err.contains("no journal") && err.contains("`full`") && err.contains("campaign.json"), "{err}");
    let (code, out, err) = diff(path, &["--cases", "3", "--json", "/dev/full/campaign.json"]);
    assert_eq!(code, Some(70), "{out}{err}");
}

#[test]
fn a_corpus_keeps_what_covers_more_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = ["--cases", "64", "--profile", "traffic", "--corpus", "corpus"];
    let (code, out, err) = diff(path, &arguments);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("cases added to the 0 of the corpus"), "{out}");
    let kept = std::fs::read_dir(path.join("corpus")).unwrap().count();
    assert!((1..9).contains(&kept), "{kept} of 64 cases are kept");
    std::fs::write(path.join("corpus/torn.toml"), "version = 2\n[[mod").unwrap();
    let (code, out, err) = diff(path, &[&arguments[..], &["--seed", "2", "--statistics"]].concat());
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("generator saved: ") && err.contains("torn.toml"), "{out}{err}");
}
