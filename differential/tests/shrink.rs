//! Reduction across processes: the engine dies of its case, again and again, and the case gets small.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::{Case, ModuleBytes, Settings, Step};
use assay_differential::lanes::{Lane, Lanes};
use assay_differential::play;
use assay_differential::shrink::process::Player;
use assay_differential::shrink::{Limits, reduce, regression};
use assay_workers::WorkerCommand;
use std::time::Duration;

fn module(text: &str) -> ModuleBytes {
    ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }
}

fn case(text: &str, calls: &[&str]) -> Case {
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    let call = |name: &&str| Step::Call { call: (*name).to_owned(), instance: 0, args: Vec::new() };
    steps.extend(calls.iter().map(call));
    Case { origin: "a test".to_owned(), settings: Settings::default(), modules: vec![module(text)], steps }
}

#[test]
fn a_case_that_kills_its_worker_is_reduced() {
    let text = r#"(module (memory 1)
        (func $a (export "a") (result i32) (i32.add (i32.popcnt (i32.const 9)) (i32.load (i32.const 4))))
        (func (export "b") (result i32) (call $a)))"#;
    let case = case(text, &["a", "b", "a", "b"]);
    let program = env!("CARGO_BIN_EXE_assay-differential-test-worker");
    let mut player = Player::new(WorkerCommand::new(program, ["fragile"])).unwrap();
    let first = player.play(&case).unwrap();
    let finding = first.finding.unwrap();
    assert!(first.unsafe_end && finding.signature.starts_with("jit-speed: "), "{finding:?}");
    let limits = Limits { trials: 2_000, time: Duration::from_secs(300) };
    let small = reduce(&case, limits, |candidate| {
        let played = player.play(candidate).unwrap();
        played.finding.is_some_and(|found| found.signature == finding.signature)
    });
    assert!(small.case.steps.is_empty(), "this engine dies of the module alone: {:?}", small.case.steps);
    let left = wasmprinter::print_bytes(&small.case.modules[0].bytes).unwrap();
    assert!(left.contains("i32.popcnt") && !left.contains("i32.load"), "{left}");
    assert!(player.play(&small.case).unwrap().unsafe_end, "it still kills");
}

#[test]
fn a_case_becomes_a_script_that_holds() {
    let text = r#"(module
        (func (export "odd \"name\"") (result i32 f32 v128)
            (i32.const -1) (f32.const -0.5) (v128.const i64x2 1 2))
        (func (export "nan") (result f64) (f64.div (f64.const 0) (f64.const 0)))
        (func (export "trap") (unreachable)))"#;
    let case = case(text, &["odd \"name\"", "nan", "trap"]);
    let lanes = Lanes::new().unwrap();
    let seen = play(&case, lanes.engine(Lane::Interp, true), Some(case.settings.fuel));
    let script = regression::script(&case, &seen).unwrap();
    let lines: Vec<&str> = script.lines().filter(|line| line.starts_with("(assert")).collect();
    let expected = [
        "(assert_return (invoke $i0 \"odd \\22name\\22\") (i32.const 0xffffffff) (f32.const -0.5) (v128.const i64x2 0x1 0x2))",
        "(assert_return (invoke $i0 \"nan\") (f64.const nan:arithmetic))",
        "(assert_trap (invoke $i0 \"trap\") \"unreachable\")",
    ];
    assert_eq!(lines, expected, "{script}");
    let imports = with_an_import();
    let seen = play(&imports, lanes.engine(Lane::Interp, true), Some(1000));
    assert!(regression::script(&imports, &seen).unwrap_err().contains("only the harness provides"));
}

fn with_an_import() -> Case {
    case("(module (import \"m\" \"f\" (func)))", &[])
}
