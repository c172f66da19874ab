//! Engines of other processes: an honest one comes to the same as without the protocol, directive by directive; those that die,
//! hang, flood, talk nonsense or lie are found out, and every directive is accounted for.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_reports::{Levels, Row, read_results};
use assay_spec_tests::engine::{Command, Lane};
use assay_spec_tests::external::greet;
use assay_spec_tests::run::{Options, run};
use assay_spec_tests::suite::Choice;
use assay_workers::WorkerCommand;

const WORKER: &str = env!("CARGO_BIN_EXE_assay-spec-test-worker");

/// What an engine says first.
const HELLO: &str =
    r#"{"id":0,"ok":{"protocol":1,"engine":"x","version":"0","capabilities":{"scripts":true}}}"#;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

fn outside(words: &[&str]) -> Lane {
    let words = words.iter().map(|&word| word.to_owned()).collect();
    Lane::of_command("outside", Command { words, timeout_ms: 700 })
}

/// An engine that is a script.
fn shell(text: &str) -> Lane {
    outside(&["sh", "-c", text])
}

/// The fake engine, whose answers go through this expression.
fn edited(expression: &str) -> Lane {
    shell(&format!("'{WORKER}' engine | sed -u '{expression}'"))
}

fn play(script: &str, lanes: Vec<Lane>) -> Vec<Row> {
    let out = tempfile::tempdir().unwrap();
    let options = Options {
        suite: Choice::Paths(vec![scripts().join(script)]),
        filters: Vec::new(),
        lanes,
        jobs: 2,
        fail_fast: false,
        timeout: Duration::from_millis(700),
        expectations: None,
        out: out.path().to_owned(),
        worker: WorkerCommand::new(WORKER, [""; 0]),
        repeat: Vec::new(),
        partition: None,
        tool_version: "test".to_owned(),
    };
    run(&options, &mut ()).unwrap();
    read_results(&out.path().join("results.jsonl")).unwrap().rows
}

/// What a row says, but for its lane, its time and last words.
fn said(row: &Row) -> (u32, u32, String, Levels, Option<String>, Option<String>) {
    let actual = row.actual.clone();
    (row.index, row.line, row.status.to_string(), row.levels, row.expected.clone(), actual)
}

fn rows_of<'r>(rows: &'r [Row], engine: &str) -> Vec<&'r Row> {
    rows.iter().filter(|row| &*row.engine == engine).collect()
}

/// The statuses of `steps.wast`, which has 19 directives, on an engine.
fn statuses(lane: Lane) -> Vec<String> {
    let rows = play("steps.wast", vec![lane]);
    assert_eq!(rows.len(), 19, "every directive is accounted for");
    rows.iter().map(|row| row.status.to_string()).collect()
}

#[test]
fn an_honest_engine_comes_to_the_same_through_the_protocol() {
    let pairs = [("fake", "fake"), ("interp", "interp")];
    for (engine, served) in pairs {
        for script in ["steps.wast", "wrong.wast", "dependants.wast", "crashes.wast", "machine_lies.wast"] {
            let rows = play(script, vec![Lane::of(engine), outside(&[WORKER, "engine", served])]);
            let [inside, outside] = [engine, "outside"]
                .map(|engine| rows_of(&rows, engine).into_iter().map(said).collect::<Vec<_>>());
            assert!(!inside.is_empty());
            assert_eq!(inside, outside, "{script} on {engine}");
        }
    }
}

#[test]
fn threads_are_skipped_with_their_reason() {
    let rows = play("threads.wast", vec![outside(&[WORKER, "engine"])]);
    let thread = |row: &&Row| row.directive == assay_reports::Directive::Thread;
    let threads: Vec<String> = rows.iter().filter(thread).map(|row| row.status.to_string()).collect();
    assert!(!threads.is_empty());
    assert!(threads.iter().all(|status| status == "skip(feature threads)"), "{threads:?}");
}

#[test]
fn whatever_an_engine_does_every_directive_has_a_result() {
    let after = |text: &str| shell(&format!("read l; echo '{HELLO}'; {text}"));
    for (what, lane, word) in [
        ("silence", after("sleep 1000"), "timeout"),
        ("an end", after("read l; exit 3"), "crash(exit code 3"),
        ("last words", after("read l; echo goodbye >&2; exit 4"), "crash(exit code 4"),
        (
            "garbage",
            after("while read l; do echo what; done"),
            "crash(an answer that is none of the protocol",
        ),
        (
            "another number",
            edited("s/\"id\":[1-9]/\"id\":77/"),
            "crash(an answer that is none of the protocol",
        ),
        (
            "a flood",
            after("read l; yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | tr -d '\\n'"),
            "crash(a line of more than",
        ),
        ("talk", after("echo hello; while read l; do sleep 1; done"), "crash("),
        (
            "no values",
            edited("s/\"i32 [^\"]*\"/\"i32 one\"/"),
            "crash(an answer that is none of the protocol",
        ),
    ] {
        let statuses = statuses(lane);
        let first = statuses.iter().find(|status| *status != "pass" && !status.starts_with("skip"));
        assert!(first.is_some_and(|status| status.starts_with(word)), "{what}: {statuses:?}");
    }
}

#[test]
fn a_wrong_answer_is_a_failure_where_it_is_given() {
    let failed = |lane| statuses(lane).iter().filter(|status| *status != "pass").cloned().collect::<Vec<_>>();
    assert!(failed(edited("s/i32 0x1\"/i32 0x2\"/")).iter().any(|status| status == "fail"));
    assert!(failed(edited("s/integer overflow/unreachable/")).iter().any(|status| status == "wrong-reason"));
    assert!(failed(edited("s/\"invalid\"/\"rejected\"/")).iter().any(|status| status == "wrong-reason"));
    let refusing = edited("s/\"ok\":{\"outcome.*/\"error\":{\"code\":\"internal\",\"message\":\"no\"}}/");
    assert!(failed(refusing).iter().any(|status| status == "fail"));
}

#[test]
fn who_cannot_play_is_told_before_anything_is_played() {
    let word =
        |program: &str, args: &[&str]| greet(&WorkerCommand::new(program, args)).unwrap_err().to_string();
    assert!(word("/nowhere/at/all", &[]).contains("/nowhere/at/all"));
    let silent =
        r#"read l; echo '{"id":0,"ok":{"protocol":1,"engine":"x","version":"0","capabilities":{}}}'"#;
    assert_eq!(word("sh", &["-c", silent]), "engine `x` speaks the protocol, but plays no scripts");
    let other = r#"read l; echo '{"id":0,"ok":{"protocol":2,"engine":"x","version":"0","capabilities":{"scripts":true}}}'"#;
    assert_eq!(word("sh", &["-c", other]), "it speaks version 2 of the protocol instead of 1");
    let ended = word("sh", &["-c", "echo no such module >&2; exit 1"]);
    assert_eq!(ended, "the process ended: exit code 1; it says: no such module");
    assert_eq!(greet(&WorkerCommand::new(WORKER, ["engine"])).unwrap().engine, "fake");
}
