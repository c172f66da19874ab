//! A module through which everything crosses that can cross the engine protocol: each type both ways, host functions, provided
//! objects, state, traps. For the tests of every adapter.
#![allow(dead_code, clippy::unwrap_used, reason = "not every test uses everything")]

use assay_differential::case::{Argument, Case, ModuleBytes, Settings, Step};

/// An instance of a module, and these calls.
pub(crate) fn case(text: &str, calls: &[(&str, &[Argument])]) -> Case {
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
pub(crate) const CROSSING: &str = r#"(module
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

/// That module with calls of everything, under different hosts.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
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
    let whole = case(CROSSING, &calls);
    (0..20).map(move |host_seed| {
        let mut case = whole.clone();
        case.settings.host_seed = host_seed;
        case
    })
}
