//! Engines of other processes: an honest one agrees, and those that lie, hang, flood, die or do not exist are found out,
//! in time, and cost nothing but their case.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::campaign::{Options, Tally, report, run_in_processes, run_in_threads};
use assay_differential::case::{Case, ModuleBytes, Settings, Step};
use assay_differential::compare::rule::Rule;
use assay_differential::external::client::{Client, ClientError, Limits, Played};
use assay_differential::external::{Confrontation, confront};
use assay_differential::generate::Profile;
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_differential::play;
use assay_workers::WorkerCommand;
use std::time::{Duration, Instant};

const WORKER: &str = env!("CARGO_BIN_EXE_assay-differential-test-worker");

/// What an engine says first that can do nothing but run modules.
const HELLO: &str = r#"{"id":0,"ok":{"protocol":1,"engine":"x","version":"0","capabilities":{"features":[],"fuel":false,"limits":true,"state":"nothing","functions":false,"elements":false,"places":false,"alike":[]}}}"#;

fn case(text: &str, calls: &[&str]) -> Case {
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    let call = |name: &&str| Step::Call { call: (*name).to_owned(), instance: 0, args: Vec::new() };
    steps.extend(calls.iter().map(call));
    let modules = vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }];
    Case { origin: "a test".to_owned(), settings: Settings::default(), modules, steps }
}

fn small() -> Case {
    let text = r#"(module (memory 1) (global (mut i64) (i64.const 5))
        (func (export "seven") (result i32) (i32.store (i32.const 4) (i32.const 1)) (i32.const 7))
        (func (export "trap") (unreachable)))"#;
    case(text, &["seven", "trap", "seven"])
}

fn limits() -> Limits {
    Limits { start: Duration::from_secs(20), case: Duration::from_secs(1), line: 1 << 20 }
}

/// An engine that is a script.
fn script(text: &str) -> Client {
    Client::new(WorkerCommand::new("sh", ["-c", text]), limits())
}

/// One that says hello, and then does this.
fn after_hello(text: &str) -> Client {
    script(&format!("read l; echo '{HELLO}'; {text}"))
}

/// The honest engine, whose lines go through this expression.
fn edited(expression: &str) -> Client {
    script(&format!("'{WORKER}' engine | sed -u '{expression}'"))
}

fn confronted(client: &mut Client, case: &Case) -> Confrontation {
    let lanes = Lanes::new().unwrap();
    on_lane_thread(|| confront(case, &lanes, ("other", client), || None).unwrap()).unwrap()
}

fn class(client: &mut Client) -> String {
    confronted(client, &small()).finding.map_or_else(|| "nothing".to_owned(), |finding| finding.class)
}

#[test]
fn an_observation_that_crossed_a_pipe_is_the_one_of_a_lane() {
    let case = small();
    let mut client = Client::new(WorkerCommand::new(WORKER, ["engine"]), limits());
    let (played, fuel) = (client.play(&case, Some(500)).unwrap(), Some(500));
    let Played::Seen(crossed) = played else { panic!("{played:?}") };
    let lanes = Lanes::new().unwrap();
    let own = on_lane_thread(|| play(&case, lanes.engine(Lane::JitNone, true), fuel)).unwrap();
    assert_eq!(crossed.steps.len(), own.steps.len());
    for (crossed, own) in crossed.steps.iter().zip(&own.steps) {
        assert_eq!((&crossed.outcome, &crossed.calls, crossed.fuel), (&own.outcome, &own.calls, own.fuel));
        assert_eq!(crossed.state.globals, own.state.globals);
        assert_eq!(crossed.state.memories[0].digest(), own.state.memories[0].digest());
    }
}

#[test]
fn lies_are_found() {
    assert_eq!(class(&mut edited("")), "nothing");
    assert_eq!(class(&mut edited("s/i32 0x7/i32 0x8/")), "other: result differs");
    assert_eq!(class(&mut edited("s/\"unreachable\"/\"integer overflow\"/")), "other: trap differs");
    assert_eq!(
        class(&mut edited("s/\"sha256\":\"[0-9a-f]*\"/\"sha256\":\"'$(printf %064d 7)'\"/")),
        "other: memory differs"
    );
    assert_eq!(class(&mut edited("s/i64 0x5/i64 0x6/")), "other: global differs");
    assert_eq!(class(&mut edited("s/\"count\":0/\"count\":1/")), "other: host calls differs");
    assert_eq!(class(&mut edited("s/\"id\":4,/\"id\":5,/")), "other: speaks nonsense");
    assert_eq!(class(&mut edited("s/unreachable/unheard/")), "other: speaks nonsense");
    assert_eq!(
        class(&mut edited("s/\"size\":65536,\"sha256\":\"../\"size\":65536,\"sha256\":\"/")),
        "other: speaks nonsense"
    );
    assert_eq!(
        class(&mut edited("3s/.*/{\"id\":2,\"error\":{\"code\":\"never-heard\",\"message\":\"no\"}}/")),
        "other: reports an error"
    );
}

#[test]
fn engines_that_fail_are_ended_in_time() {
    let began = Instant::now();
    let alone = "exec sleep 1000";
    for (text, expected) in [
        ("sleep 1000 & sleep 1000", "other: no end"),
        (alone, "other: no end"),
        ("exec 0<&-; sleep 1000", "other: no end"),
        ("read l; yes", "other: speaks nonsense"),
        ("read l; yes | tr -d '\\n'", "other: flood"),
        ("yes >&2", "other: no end"),
        ("exit 3", "other: died: exit code 3"),
        ("kill -SEGV $$", "other: died: SIGSEGV"),
        ("exec 1>&-; sleep 1000", "other: closed its output"),
        ("while read l; do echo '{}'; done", "other: speaks nonsense"),
        ("while read l; do echo '[['; done", "other: speaks nonsense"),
        ("while read l; do echo; done", "other: speaks nonsense"),
        ("while read l; do printf '\\377\\n'; done", "other: speaks nonsense"),
    ] {
        let came = confronted(&mut after_hello(text), &small());
        assert_eq!(came.finding.unwrap().class, expected, "{text}");
        assert_eq!(came.crashed, text.contains("SEGV"), "{text}");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn a_question_that_nobody_reads_blocks_nobody() {
    let data = "x".repeat(300_000);
    let large = case(&format!("(module (memory 8) (data (i32.const 0) \"{data}\"))"), &[]);
    let came = confronted(&mut after_hello("sleep 1000"), &large);
    assert_eq!(came.finding.unwrap().class, "other: no end");
}

#[test]
fn an_engine_that_cannot_be_used_is_said_to_be_so() {
    let refused = |mut client: Client| client.capabilities().unwrap_err().to_string();
    let none = Client::new(WorkerCommand::new("/nonexistent/engine", [""; 0]), limits());
    assert!(refused(none).contains("/nonexistent/engine"));
    assert!(refused(script("exit 0")).contains("the process ended"));
    assert!(refused(script("cat")).contains("none of the protocol"));
    let newer =
        script(&format!("read l; echo '{}'; sleep 9", HELLO.replace("\"protocol\":1", "\"protocol\":2")));
    assert!(refused(newer).contains("version 2"));
    let fault = r#"read l; echo '{"id":0,"error":{"code":"version","message":"no"}}'"#;
    assert!(matches!(script(fault).capabilities(), Err(ClientError::Fault(_))));
}

#[test]
fn an_engine_is_started_again_after_it_failed() {
    let mark = tempfile::tempdir().unwrap();
    let path = mark.path().join("been-there");
    let text = format!(
        "if [ -e '{0}' ]; then exec '{WORKER}' engine; fi; touch '{0}'; read l; echo '{HELLO}'; exit 9",
        path.display()
    );
    let mut client = script(&text);
    assert_eq!(class(&mut client), "other: died: exit code 9");
    assert_eq!(class(&mut client), "nothing");
}

#[test]
fn what_an_engine_cannot_do_is_skipped_and_said() {
    let endless = case(r#"(module (func (export "f") (loop (br 0))))"#, &["f"]);
    let came = confronted(&mut after_hello("sleep 1000"), &endless);
    assert_eq!((came.finding, came.skipped), (None, Some("fuel would be needed")));
    let refuses = after_hello(
        r#"read l; echo '{"id":1,"ok":{}}'; read l; echo '{"id":2,"ok":{"outcome":{"unsupported":"tables"}}}'"#,
    );
    let came = confronted(&mut { refuses }, &small());
    assert_eq!((came.finding, came.skipped), (None, Some("not supported")));
}

#[test]
fn limits_and_stacks_of_other_engines_are_their_own() {
    let text = r#"(module (memory 1)
        (func (export "five") (result i32) (i32.const 5))
        (func (export "grow") (result i32) (memory.grow (i32.const 1000)))
        (func (export "trap") (unreachable)))"#;
    let case = case(text, &["five", "grow", "trap", "five"]);
    let grows = "s/i32 0xffffffff/i32 0x1/";
    let came = confronted(&mut edited(grows), &case);
    assert_eq!(came.finding.unwrap().class, "other: result differs");
    let unlimited = format!("s/\"limits\":true/\"limits\":false/;{grows}");
    let came = confronted(&mut edited(&unlimited), &case);
    assert_eq!((came.finding, came.allowed.uses(Rule::LimitMet)), (None, 1));
    let came = confronted(&mut edited(&format!("{unlimited};s/i32 0x5/i32 0x6/")), &case);
    assert_eq!(came.finding.unwrap().class, "other: result differs", "what came before is compared");
    let came = confronted(&mut edited("s/\"unreachable\"/\"call stack exhausted\"/"), &case);
    assert_eq!((came.finding, came.allowed.uses(Rule::StackExhausted)), (None, 1));
}

fn campaign(profile: Profile, engines: Vec<String>) -> Tally {
    let options =
        Options { profile, seed: 5, first: 0, cases: 100, jobs: 2, time: None, engines, corpus: None };
    let alone = run_in_threads(&Options { engines: Vec::new(), ..options.clone() }).unwrap();
    let together = run_in_processes(&options, WorkerCommand::new(WORKER, ["honest"]), &mut ()).unwrap();
    assert_eq!((together.cases, together.useful), (alone.cases, alone.useful));
    together
}

#[test]
fn a_campaign_compares_with_every_engine() {
    let engine = format!("cmd:'{WORKER}' engine");
    let honest = campaign(Profile::Default, vec![engine.clone()]);
    // But for objects and exceptions, for which the protocol has no words.
    let skipped: Vec<_> = honest.skipped.keys().collect();
    assert_eq!(honest.findings.len(), 0);
    assert_eq!(skipped, [&format!("{engine}: the protocol has no words for objects")]);
    assert!(honest.skipped.values().sum::<u64>() < 30, "{:?}", honest.skipped);
    let lying = format!("cmd:sh -c \"'{WORKER}' engine | sed -u s/fuel.:1/fuel:2/\"");
    let tally = campaign(Profile::Default, vec![engine, lying.clone()]);
    assert!(!tally.findings.is_empty() && tally.findings.len() < 100, "{}", tally.findings.len());
    assert!(tally.findings.iter().all(|found| found.class.starts_with(&lying)), "{:?}", tally.findings[0]);
    assert_eq!(report::exit_code(&tally), 1);
}

#[test]
fn linked_modules_and_acts_of_the_host_cross_a_pipe() {
    let engine = format!("cmd:'{WORKER}' engine");
    let honest = campaign(Profile::Linked, vec![engine.clone()]);
    assert_eq!((honest.findings, honest.skipped.len()), (Vec::new(), 0));
    // An engine that does not say that it takes such steps.
    let early = format!("cmd:sh -c \"'{WORKER}' engine | sed -u s/.steps.:true,//\"");
    let tally = campaign(Profile::Linked, vec![early.clone()]);
    let skipped: Vec<_> = tally.skipped.into_iter().collect();
    assert_eq!(skipped, [(format!("{early}: its steps are not supported"), 100)]);
}
