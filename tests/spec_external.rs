//! `assay spec` on engines of other processes: our own through the protocol comes to the same as without it, over the whole
//! embedded suite; who cannot be started is told at once.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_reports::read_results;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

const ASSAY: &str = env!("CARGO_BIN_EXE_assay");

fn spec(engines: &str, out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(ASSAY);
    command.args(["spec", "--embedded", "--engine", engines, "--out"]).arg(out).args(more);
    command.output().unwrap()
}

#[test]
fn the_suite_comes_to_the_same_through_the_protocol() {
    let out = tempfile::tempdir().unwrap();
    let ran = spec(&format!("jit,cmd:'{ASSAY}' engine --stdio"), out.path(), &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let rows = read_results(&out.path().join("results.jsonl")).unwrap().rows;
    let (inside, outside): (Vec<_>, Vec<_>) = rows.iter().partition(|row| &*row.engine == "jit");
    assert!(inside.len() > 50_000 && inside.len() == outside.len(), "{}", inside.len());
    assert!(outside.iter().all(|row| &*row.engine == "assay"));
    let by_place: HashMap<_, _> = inside.iter().map(|row| ((&row.file, row.index), row)).collect();
    for row in outside {
        let same = by_place[&(&row.file, row.index)];
        assert_eq!((&row.status, row.levels, &row.actual), (&same.status, same.levels, &same.actual));
    }
}

#[test]
fn who_cannot_be_started_is_told_before_anything_is_played() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    for (engine, words) in [
        ("cmd:/nowhere/at/all", "/nowhere/at/all"),
        ("cmd:", "names no program"),
        ("cmd:'x", "has no end"),
        ("cmd:true", "the process ended: exit code 0"),
        ("cmd:echo what", "none of the protocol"),
        ("nobody", "unknown engine `nobody`; the engines are jit, interp, mixed"),
    ] {
        let ran = spec(&format!("jit,{engine}"), &out, &[]);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.code() == Some(2) && said.contains(words), "{engine}: {said}");
        assert!(!out.exists(), "nothing is written");
    }
}

#[test]
fn a_result_of_another_engine_has_its_command() {
    let out = tempfile::tempdir().unwrap();
    let lying = format!("cmd:sh -c \"'{ASSAY}' engine --stdio | sed -u s/0xdeadbeef/0x1/\"");
    let ran = spec(&lying, out.path(), &["--filter", "core/i32.wast"]);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    let lying = lying.replace("s/0xdeadbeef/0x1/", "s/divide.by.zero/overflow/");
    let ran = spec(&lying, out.path(), &["--filter", "core/i32.wast"]);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("assay spec --engine 'cmd:sh -c"), "{said}");
}
