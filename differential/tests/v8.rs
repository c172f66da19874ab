//! V8 as an engine of the protocol, where node is there: it agrees with the interpreter, host, NaN bits and vectors included.
//! Where node is missing or too old, the tests say so and show nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::{Argument, Case, ModuleBytes, Settings, Step};
use assay_differential::external::client::{Client, Limits};
use assay_differential::external::confront;
use assay_differential::generate::{Generator, Profile};
use assay_differential::lanes::{Lanes, on_lane_thread};
use assay_workers::WorkerCommand;
use std::process::Command;

/// The oldest version of node with what the adapter needs.
const OLDEST: u32 = 20;

/// The adapter, if it can run here.
fn v8() -> Option<Client> {
    let output = Command::new("node").arg("--version").output().ok();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let major =
        version.as_deref().and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST) {
        eprintln!(
            "skipped: node {OLDEST} or newer is needed, and there is {}",
            version.as_deref().unwrap_or("none")
        );
        return None;
    }
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/v8.mjs");
    Some(Client::new(WorkerCommand::new("node", ["--stack-size=4000", adapter]), Limits::default()))
}

fn case(text: &str, calls: &[(&str, &[Argument])]) -> Case {
    let mut steps = vec![Step::Instantiate { instantiate: 0 }];
    let call = |(name, args): &(&str, &[Argument])| Step::Call {
        call: (*name).to_owned(),
        instance: 0,
        args: args.to_vec(),
    };
    steps.extend(calls.iter().map(call));
    let modules = vec![ModuleBytes { bytes: wat::parse_str(text).unwrap(), canonical: None }];
    let settings = Settings { host_seed: 77, free_nans: false, metered: false, ..Settings::default() };
    Case { origin: "a test".to_owned(), settings, modules, steps }
}

/// Everything that has to cross: each type both ways, host functions, provided objects, state, traps.
const CROSSING: &str = r#"(module
    (import "h" "f" (func $f (param i32 i64 f32 f64 v128 externref funcref)
        (result i32 i64 f32 f64 v128 externref funcref)))
    (import "h" "one" (func $one (result f32)))
    (import "h" "a" (global $a f32)) (import "h" "b" (global $b v128)) (import "h" "c" (global $c (mut f64)))
    (import "h" "d" (global $d externref)) (import "h" "e" (global $e (mut i64)))
    (import "h" "m" (memory 1 2)) (import "h" "t" (table 3 10 externref))
    (table (export "u") 4 funcref) (elem (table 1) (i32.const 1) func $one $g)
    (global (export "nan") f32 (f32.const -nan:0x200001))
    (global (export "mnan") (mut f64) (f64.const nan:0x4000000000001))
    (type $g (func (param f64)))
    (func $g (export "g") (type $g) (i64.store (i32.const 5000) (i64.reinterpret_f64 (local.get 0))))
    (func (export "f") (param i32 i64 f32 f64 v128 externref funcref)
        (result i32 i64 f32 f64 v128 externref funcref)
        (table.set 0 (i32.const 2) (local.get 5))
        (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
    (func (export "one") (result f32) (global.set $c (f64.const -nan:0x7)) (call $one))
    (func (export "unreachable") (unreachable))
    (func (export "load") (result i32) (i32.load (i32.const 65533)))
    (func (export "zero") (result i32) (i32.rem_u (i32.const 1) (i32.const 0)))
    (func (export "trunc") (result i32) (i32.trunc_f32_s (f32.const nan)))
    (func (export "indirect") (param i32) (call_indirect 1 (type $g) (f64.const 1) (local.get 0)))
    (func $deep (export "deep") (result i32) (i32.add (i32.const 1) (call $deep))))"#;

fn confronted(case: &Case) -> Option<(Option<String>, Option<&'static str>)> {
    let mut client = v8()?;
    let lanes = Lanes::new().unwrap();
    let came = on_lane_thread(|| confront(case, &lanes, ("v8", &mut client), || None).unwrap()).unwrap();
    Some((came.finding.map(|finding| format!("{}: {}", finding.class, finding.detail)), came.skipped))
}

#[test]
fn every_bit_crosses() {
    let (nan32, nan64) = (Argument::F32(0x7fa0_0001), Argument::F64(0xfff4_0000_0000_0001));
    let vector = Argument::V128(0x8000_0000_0000_0001_7ff4_0000_0000_0002);
    let all = [
        Argument::I32(u32::MAX),
        Argument::I64(1 << 63),
        nan32,
        nan64.clone(),
        vector,
        Argument::Extern(Some(12)),
        Argument::Func(Some((0, "g".into()))),
    ];
    let calls: [(&str, &[Argument]); 11] = [
        ("f", &all),
        ("one", &[]),
        ("g", &[nan64]),
        ("unreachable", &[]),
        ("load", &[]),
        ("zero", &[]),
        ("trunc", &[]),
        ("indirect", &[Argument::I32(0)]),
        ("indirect", &[Argument::I32(2)]),
        ("indirect", &[Argument::I32(99)]),
        ("f", &all),
    ];
    for host_seed in 0..20 {
        let mut case = case(CROSSING, &calls);
        case.settings.host_seed = host_seed;
        if let Some(came) = confronted(&case) {
            assert_eq!(came, (None, None), "seed {host_seed}");
        }
    }
}

#[test]
fn what_v8_cannot_do_is_said() {
    if let Some(came) = confronted(&case(CROSSING, &[("deep", &[])])) {
        assert_eq!(came, (None, Some("fuel would be needed")));
    }
    let two = "(module (import \"m\" \"f\" (func)) (import \"m\" \"f\" (func)))";
    if let Some(came) = confronted(&case(two, &[])) {
        assert_eq!(came, (None, Some("not supported")));
    }
}

#[test]
fn linked_modules_and_acts_of_the_host_cross() {
    let mut compared = 0;
    for profile in [Profile::Linked, Profile::Traffic] {
        let mut generator = Generator::new(profile, 3).unwrap();
        for index in 0..25 {
            let Some((finding, skipped)) = confronted(&generator.case(index)) else { return };
            assert_eq!(finding, None, "{} case {index}", profile.name());
            compared += u64::from(skipped.is_none());
        }
    }
    assert!(compared > 20, "{compared} of 50 cases were compared");
}
