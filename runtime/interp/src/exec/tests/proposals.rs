//! Tail calls, function references, several and 64-bit memories and tables, small pages, wide arithmetic.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Rig, run};
use assay_model::trap::TrapKind;

const MANY: u64 = 1_000_000;

#[test]
fn tail_calls_need_no_stack() {
    let text = r#"(module (type $t (func (param i64 i64) (result i64)))
        (table funcref (elem $odd $even))
        (func $even (type $t) (if (result i64) (i64.eqz (local.get 0)) (then (local.get 1))
          (else (return_call $odd (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 1))))))
        (func $odd (type $t) (local f64 i32 i64)
          (if (i64.eqz (local.get 0)) (then (return (i64.const -1))))
          (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (local.get 4))
            (i32.const 1)))
        (func (export "run") (param i64) (result i64) (call $even (local.get 0) (i64.const 0))))"#;
    assert_eq!(on_small_stack(move || run(text, &[MANY])), Ok(vec![MANY / 2]));
    assert_eq!(run(text, &[MANY + 1]), Ok(vec![u64::MAX]));
}

#[test]
fn tail_calls_across_instances_need_no_stack_and_come_back() {
    let mut rig = Rig::new(LowerOptions::default());
    let pong = r#"(module (type $t (func (param i32 i64) (result i64))) (table 1 funcref) (memory 1)
        (data (i32.const 0) "\09")
        (func (export "set") (param funcref) (table.set (i32.const 0) (local.get 0)))
        (func (export "pong") (type $t)
          (if (i32.eqz (local.get 0)) (then (return (i64.load8_u (i32.const 0)))))
          (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 0)))
        (func (export "trap") (type $t) (unreachable)))"#;
    let pong = rig.instantiate(pong, Vec::new());
    let funcs = vec![rig.func(pong, "pong"), rig.func(pong, "trap")];
    let ping = r#"(module (type $t (func (param i32 i64) (result i64))) (import "m" "pong" (func $pong (type $t)))
        (import "m" "trap" (func $trap (type $t))) (memory 1) (data (i32.const 0) "\07")
        (func $ping (export "ping") (type $t)
          (if (i32.eqz (local.get 0)) (then (return (i64.load8_u (i32.const 0)))))
          (return_call $pong (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
        (func (export "ref") (result funcref) (ref.func $ping))
        (func (export "trap") (type $t) (return_call $trap (local.get 0) (local.get 1)))
        (func (export "run") (param i32) (result i64 i64)
          (call $ping (local.get 0) (i64.const 5)) (i64.load8_u (i32.const 0))))"#;
    let ping = rig.instantiate(ping, funcs);
    let reference = rig.call(ping, "ref", &[]).unwrap();
    rig.call(pong, "set", &reference).unwrap();
    assert_eq!(rig.call(ping, "run", &[MANY]), Ok(vec![7, 7]));
    assert_eq!(rig.call(ping, "run", &[MANY + 1]), Ok(vec![9, 7]));
    assert_eq!(rig.call(ping, "ping", &[MANY + 1, 0]), Ok(vec![9]));
    assert_eq!(rig.call(pong, "pong", &[MANY + 1, 0]), Ok(vec![7]));
    assert_eq!(rig.call(ping, "trap", &[1, 2]), Err(TrapKind::Unreachable));
}

#[test]
fn function_references_are_called_and_checked() {
    let text = r#"(module (type $t (func (param i32) (result i32)))
        (func $inc (type $t) (i32.add (local.get 0) (i32.const 1))) (elem declare func $inc)
        (func $call (param (ref null $t) i32) (result i32) (call_ref $t (local.get 1) (local.get 0)))
        (func $tail (param (ref null $t) i32) (result i32) (return_call_ref $t (local.get 1) (local.get 0)))
        (func (export "run") (result i32 i32)
          (call $call (ref.func $inc) (i32.const 5)) (call $tail (ref.func $inc) (i32.const 7)))
        (func (export "null") (result i32) (call $call (ref.null $t) (i32.const 1)))
        (func (export "tail") (result i32) (call $tail (ref.null $t) (i32.const 1)))
        (func (export "as") (result i32) (call_ref $t (i32.const 1) (ref.as_non_null (ref.null $t))))
        (func $on_null (param (ref null $t)) (result i32)
          (block $l (result i32) (i32.const 10)
            (call_ref $t (i32.const 20) (br_on_null $l (local.get 0))) (br $l)))
        (func $on_non_null (param (ref null $t)) (result i32)
          (call_ref $t (i32.const 30)
            (block $l (result (ref $t)) (br_on_non_null $l (local.get 0)) (return (i32.const 40)))))
        (func (export "branches") (result i32 i32 i32 i32)
          (call $on_null (ref.null $t)) (call $on_null (ref.func $inc))
          (call $on_non_null (ref.null $t)) (call $on_non_null (ref.func $inc))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[]), Ok(vec![6, 8]));
    assert_eq!(rig.call(instance, "null", &[]), Err(TrapKind::NullFunctionReference));
    assert_eq!(rig.call(instance, "tail", &[]), Err(TrapKind::NullFunctionReference));
    assert_eq!(rig.call(instance, "as", &[]), Err(TrapKind::NullReference));
    assert_eq!(rig.call(instance, "branches", &[]), Ok(vec![20, 21, 40, 31]));
}

#[test]
fn memories_are_told_apart() {
    let text = r#"(module (memory $a 1) (memory $b 1 2) (data (memory $b) (i32.const 0) "\2a\01\02\03")
        (func (export "run") (result i32 i32 i32 i32 i32)
          (memory.copy $a $b (i32.const 4) (i32.const 0) (i32.const 4))
          (i32.store8 $b (i32.const 65535) (i32.const 9))
          (drop (memory.grow $b (i32.const 1))) (memory.fill $b (i32.const 65536) (i32.const 255) (i32.const 4))
          (i32.load $a (i32.const 4)) (i32.load8_u $b (i32.const 65535)) (i32.load $b offset=65536 (i32.const 0))
          (memory.size $a) (memory.size $b))
        (func (export "out") (result i32) (i32.load $a (i32.const 65536))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[]), Ok(vec![0x0302_012a, 9, 0xffff_ffff, 1, 2]));
    assert_eq!(rig.call(instance, "out", &[]), Err(TrapKind::MemoryOutOfBounds));
}

#[test]
fn addresses_of_64_bits_are_checked_whole() {
    let text = r#"(module (memory i64 1 2)
        (func (export "run") (param i64) (result i32)
          (i32.store offset=8 (local.get 0) (i32.const 77)) (i32.load offset=8 (local.get 0)))
        (func (export "far") (param i64) (result i32) (i32.load8_u offset=0xffffffffffffffff (local.get 0)))
        (func (export "grow") (param i64) (result i64 i64) (memory.grow (local.get 0)) (memory.size))
        (func (export "fill") (param i64 i64) (memory.fill (local.get 0) (i32.const 1) (local.get 1))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    let out = Err(TrapKind::MemoryOutOfBounds);
    assert_eq!(rig.call(instance, "run", &[65_524]), Ok(vec![77]));
    for address in [65_525, 1 << 32, u64::MAX, u64::MAX - 8, u64::MAX - 11] {
        assert_eq!(rig.call(instance, "run", &[address]), out, "{address:#x}");
    }
    assert_eq!(rig.call(instance, "far", &[1]), out);
    assert_eq!(rig.call(instance, "grow", &[1 << 32]), Ok(vec![u64::MAX, 1]));
    assert_eq!(rig.call(instance, "grow", &[1]), Ok(vec![1, 2]));
    assert_eq!(rig.call(instance, "fill", &[u64::MAX, 2]), Err(TrapKind::MemoryOutOfBounds));
}

#[test]
fn tables_of_64_bits_are_checked_whole() {
    let text = r#"(module (type $t (func (result i32))) (table i64 2 4 funcref) (elem (i64.const 0) $f)
        (func $f (type $t) (i32.const 3))
        (func (export "run") (param i64) (result i32) (call_indirect (type $t) (local.get 0)))
        (func (export "get") (param i64) (result i32) (ref.is_null (table.get (local.get 0))))
        (func (export "grow") (param i64) (result i64 i64)
          (table.grow (ref.null func) (local.get 0)) (table.size)))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[0]), Ok(vec![3]));
    assert_eq!(rig.call(instance, "run", &[1]), Err(TrapKind::UninitializedElement));
    assert_eq!(rig.call(instance, "run", &[1 << 32]), Err(TrapKind::UndefinedElement));
    assert_eq!(rig.call(instance, "get", &[1]), Ok(vec![1]));
    assert_eq!(rig.call(instance, "get", &[1 << 32]), Err(TrapKind::TableOutOfBounds));
    assert_eq!(rig.call(instance, "grow", &[1 << 33]), Ok(vec![u64::MAX, 2]));
    assert_eq!(rig.call(instance, "grow", &[2]), Ok(vec![2, 4]));
}

#[test]
fn pages_of_one_byte_end_anywhere() {
    let text = r#"(module (memory 5 9 (pagesize 1))
        (func (export "run") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "grow") (result i32 i32 i32) (memory.grow (i32.const 4)) (memory.size)
          (memory.grow (i32.const 1))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[1]), Ok(vec![0]));
    assert_eq!(rig.call(instance, "run", &[2]), Err(TrapKind::MemoryOutOfBounds));
    assert_eq!(rig.call(instance, "grow", &[]), Ok(vec![5, 9, u64::from(u32::MAX)]));
    assert_eq!(rig.call(instance, "run", &[5]), Ok(vec![0]));
}

#[test]
fn wide_results_have_two_slots() {
    let text = r#"(module (func (export "run") (param i64 i64) (result i64 i64 i64 i64 i64 i64 i64 i64)
        (i64.add128 (local.get 0) (i64.const 1) (local.get 1) (i64.const 2))
        (i64.sub128 (i64.mul_wide_u (local.get 0) (local.get 1)) (i64.add (local.get 0) (i64.const 0)) (i64.const 0))
        (i64.mul_wide_s (local.get 0) (local.get 1)) (i64.mul_wide_u (local.get 0) (local.get 1))))"#;
    let (a, b) = (u64::MAX, 3);
    let expected = vec![2, 4, u64::MAX - 1, 1, u64::MAX - 2, u64::MAX, u64::MAX - 2, 2];
    assert_eq!(on_small_stack(move || run(text, &[a, b])), Ok(expected));
}
