//! Calls within a module, across instances, to host functions and through tables; and what traps leave behind.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Rig, run};
use assay_model::trap::TrapKind;
use assay_vm::{HostBody, HostCall, Value};
use std::sync::Arc;

const FIB: &str = r#"(module (func $fib (export "run") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                     (call $fib (i32.sub (local.get $n) (i32.const 2))))))))"#;

#[test]
fn recursion_takes_no_native_stack() {
    assert_eq!(on_small_stack(|| run(FIB, &[20])), Ok(vec![6765]));
    let deep = r#"(module (func $down (export "run") (param $n i64) (result i64)
        (if (result i64) (i64.eqz (local.get $n)) (then (i64.const 0))
          (else (i64.add (i64.const 1) (call $down (i64.sub (local.get $n) (i64.const 1))))))))"#;
    assert_eq!(on_small_stack(move || run(deep, &[50_000])), Ok(vec![50_000]));
}

#[test]
fn endless_recursion_traps_and_leaves_the_store_usable() {
    let text = r#"(module (func $f (export "f") (call $f)) (func (export "g") (result i32) (i32.const 7)))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    for _ in 0..2 {
        assert_eq!(rig.call(instance, "f", &[]), Err(TrapKind::StackOverflow));
        assert_eq!(rig.call(instance, "g", &[]), Ok(vec![7]));
    }
}

#[test]
fn results_are_moved_as_if_at_once() {
    let swap = r#"(module (func $swap (param i32 i64 f32) (result f32 i64 i32)
          (local.get 2) (local.get 1) (local.get 0))
        (func (export "run") (param i32) (result i32 i64 f32)
          (local f32 i64 i32)
          (call $swap (local.get 0) (i64.const 5) (f32.const 1.5))
          (local.set 3) (local.set 2) (local.set 1)
          (local.get 3) (local.get 2) (local.get 1)))"#;
    assert_eq!(run(swap, &[9]), Ok(vec![9, 5, u64::from(1.5f32.to_bits())]));
    let more = r#"(module (func $two (param i32) (result i32 i32) (local.get 0) (i32.add (local.get 0) (i32.const 1)))
        (func $three (param i32 i32) (result i32 i32 i32) (local.get 1) (local.get 0) (local.get 0))
        (func (export "run") (param i32) (result i32 i32 i32) (call $three (call $two (local.get 0)))))"#;
    assert_eq!(run(more, &[3]), Ok(vec![4, 3, 3]));
}

#[test]
fn locals_are_zero_at_each_entry() {
    let text = r#"(module (func $f (param i32) (result i64) (local i32 i64 f64)
          (local.set 2 (i64.add (local.get 2) (i64.extend_i32_u (local.get 0))))
          (local.set 1 (i32.const -1))
          (i64.add (local.get 2) (i64.extend_i32_u (i32.add (local.get 1) (i32.const 1)))))
        (func (export "run") (param i32) (result i64) (drop (call $f (local.get 0))) (call $f (local.get 0))))"#;
    assert_eq!(run(text, &[21]), Ok(vec![21]));
}

const TABLE: &str = r#"(module
    (type $unary (func (param i32) (result i32)))
    (table 4 funcref) (elem (i32.const 0) $inc $dec $other)
    (func $inc (type $unary) (i32.add (local.get 0) (i32.const 1)))
    (func $dec (type $unary) (i32.sub (local.get 0) (i32.const 1)))
    (func $other (result i32) (i32.const 0))
    (func (export "run") (param $f i32) (param $x i32) (result i32)
      (call_indirect (type $unary) (local.get $x) (local.get $f))))"#;

#[test]
fn indirect_calls_check_bounds_null_and_type_in_this_order() {
    assert_eq!(run(TABLE, &[0, 5]), Ok(vec![6]));
    assert_eq!(run(TABLE, &[1, 5]), Ok(vec![4]));
    assert_eq!(run(TABLE, &[2, 5]), Err(TrapKind::IndirectCallTypeMismatch));
    assert_eq!(run(TABLE, &[3, 5]), Err(TrapKind::UninitializedElement));
    assert_eq!(run(TABLE, &[4, 5]), Err(TrapKind::UndefinedElement));
    assert_eq!(run(TABLE, &[u64::from(u32::MAX), 5]), Err(TrapKind::UndefinedElement));
}

#[test]
fn calls_cross_instances_and_come_back() {
    let mut rig = Rig::new(LowerOptions::default());
    let callee = r#"(module (memory 1) (global $g (mut i32) (i32.const 100)) (data (i32.const 0) "\2a")
        (func (export "f") (param i32 i64) (result i32 i64) (local i32)
          (global.set $g (i32.add (global.get $g) (local.get 0)))
          (i32.add (global.get $g) (i32.load8_u (local.get 2))) (local.get 1))
        (func (export "trap") unreachable)
        (func (export "one") (param f64) (result f64) (f64.neg (local.get 0))))"#;
    let callee = rig.instantiate(callee, Vec::new());
    let funcs = ["f", "trap", "one"].map(|name| rig.func(callee, name)).to_vec();
    let caller = r#"(module (import "m" "f" (func $f (param i32 i64) (result i32 i64)))
        (import "m" "trap" (func $trap)) (import "m" "one" (func $one (param f64) (result f64)))
        (memory 1) (data (i32.const 0) "\07")
        (func (export "run") (param i32) (result i32 i64 i32)
          (call $f (local.get 0) (i64.const -3)) (i32.load8_u (i32.const 0)))
        (func (export "sum") (param f64) (result f64) (f64.add (call $one (local.get 0)) (call $one (local.get 0))))
        (func (export "trap") (call $trap)))"#;
    let caller = rig.instantiate(caller, funcs);
    assert_eq!(rig.call(caller, "run", &[5]), Ok(vec![147, -3i64 as u64, 7]));
    assert_eq!(rig.call(caller, "run", &[5]), Ok(vec![152, -3i64 as u64, 7]));
    assert_eq!(rig.call(caller, "sum", &[1.5f64.to_bits()]), Ok(vec![(-3f64).to_bits()]));
    assert_eq!(rig.call(caller, "trap", &[]), Err(TrapKind::Unreachable));
    assert_eq!(rig.call(caller, "run", &[0]), Ok(vec![152, -3i64 as u64, 7]));
}

/// A host function that adds 1000 to its `i64` and gives it back after the `i32`.
pub(super) fn host(rig: &mut Rig, type_of: &str) -> assay_vm::FuncId {
    let instance = rig.instantiate(type_of, Vec::new());
    let same_type = rig.func(instance, "f");
    let type_id = rig.store.func_type(same_type);
    let function = |call: HostCall<'_>| {
        let (narrow, wide) = (call.values[0], call.values[1]);
        call.values[0] = Value::from_i64(wide.as_i64() + 1000);
        call.values[1] = narrow;
        Ok(())
    };
    let body = HostBody::new(type_id, 0, 2, function);
    rig.store.new_host_func(&Arc::new(body))
}

#[test]
fn host_functions_get_and_give_values() {
    let mut rig = Rig::new(LowerOptions::default());
    let model =
        r#"(module (func (export "f") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))"#;
    let host = host(&mut rig, model);
    let caller = r#"(module (import "m" "f" (func $f (param i32 i64) (result i64 i32))) (table 1 funcref)
        (elem (i32.const 0) $f) (type $t (func (param i32 i64) (result i64 i32)))
        (func (export "direct") (param i32) (result i64 i32 i32)
          (call $f (i32.add (local.get 0) (i32.const 1)) (i64.const 7)) (local.get 0))
        (func (export "indirect") (param i32) (result i64 i32)
          (call_indirect (type $t) (local.get 0) (i64.const 8) (i32.const 0))))"#;
    let caller = rig.instantiate(caller, vec![host]);
    assert_eq!(rig.call(caller, "direct", &[4]), Ok(vec![1007, 5, 4]));
    assert_eq!(rig.call(caller, "indirect", &[4]), Ok(vec![1008, 4]));
}

/// Little of the value stack is open at first. Every kind of call finds the rest, wherever the border falls, and arguments
/// stay what they are.
#[test]
fn every_call_opens_more_of_the_stack() {
    let model = "(module (func (export \"f\") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))";
    let ways = [
        "(call $down (i64.sub (local.get $n) (i64.const 1)))",
        "(call_indirect (type $t) (i64.sub (local.get $n) (i64.const 1)) (i32.const 0))",
        "(call $tail (i64.sub (local.get $n) (i64.const 1)))",
    ];
    for way in ways {
        for locals in ["", "(local i64 i64 i64)"] {
            let text = format!(
                r#"(module (import "m" "f" (func $f (param i32 i64) (result i64 i32))) (type $t (func (param i64) (result i64)))
                (table funcref (elem $down))
                (func $tail (type $t) (return_call $wide (i64.const 1) (i64.const 2) (i64.const 3) (local.get 0)))
                (func $wide (param i64 i64 i64 i64) (result i64) (local i64 i64) (call $down (local.get 3)))
                (func $down (export "run") (param $n i64) (result i64) {locals}
                  (drop (call $f (i32.const 4) (i64.const 7))) (drop)
                  (if (result i64) (i64.eqz (local.get $n)) (then (i64.const 0)) (else (i64.add (i64.const 1) {way})))))"#
            );
            // A store of its own each time, whose stack is as it was at first.
            let mut rig = Rig::new(LowerOptions::default());
            let host = host(&mut rig, model);
            let instance = rig.instantiate(&text, vec![host]);
            assert_eq!(rig.call(instance, "run", &[9_000]), Ok(vec![9_000]), "{way} {locals}");
        }
    }
}
