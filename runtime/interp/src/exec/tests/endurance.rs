//! What is left of the handlers, many times over on a small native stack: those that leave their frame, call helpers or
//! the machine. (The numeric ones and the accesses are run so in `modes`.)

use super::calls::host;
use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::Rig;

const ROUNDS: u64 = 40_000;

/// A loop around `body`, in a module with an object of every kind.
fn module(body: &str) -> String {
    format!(
        r#"(module (type $t (func (param i32 i64) (result i64 i32))) (type $i (func (param i32) (result i32)))
        (import "m" "other" (func $other (type $t))) (import "m" "host" (func $host (type $t)))
        (import "m" "tail" (func $tail (type $t)))
        (memory 1 2) (memory $far i64 1 2) (memory $shared 1 2 shared) (table $f 4 8 funcref) (table $e 4 8 externref)
        (elem (table $f) (i32.const 0) func $own $other $host)
        (elem $seg func $own $own) (data $bytes "abcdefgh")
        (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const 1))
        (global $c (mut f32) (f32.const 1)) (global $d (mut f64) (f64.const 1)) (global $r (mut funcref) (ref.null func))
        (func $own (type $t) (local f64) (local.get 1) (local.get 0))
        (func $many (param i32) (result i32 i32 i32 i32 i32 i32)
          (local.get 0) (local.get 0) (i32.const 1) (local.get 0) (i32.const 2) (local.get 0))
        (func $to_own (type $t) (return_call $own (local.get 0) (local.get 1)))
        (func $to_other (type $t) (return_call $other (local.get 0) (local.get 1)))
        (func $to_host (type $t) (return_call $host (local.get 0) (local.get 1)))
        (func $to_slot (type $t) (return_call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 1)))
        (func $to_ref (param i32 i64 (ref null $t)) (result i64 i32)
          (return_call_ref $t (local.get 0) (local.get 1) (local.get 2)))
        (func $pick (param i32) (result i32)
          (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 5))) (return (i32.const 6)))
          (i32.const 7))
        (func (export "run") (param $n i32) (result i32) (local $x i32) (local $y i64) (local $s f32) (local $z f64)
          (local $any externref)
          (loop $again {body}
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $n)))"#
    )
}

fn endure(body: &str, options: LowerOptions) {
    let text = module(body);
    let outcome = on_small_stack(move || {
        let mut rig = Rig::new(options);
        rig.store.set_fuel(i64::MAX);
        let function =
            r#"(func $f (export "f") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))"#;
        let host = host(&mut rig, &format!("(module {function})"));
        let back = r#"(func (export "g") (param i32 i64) (result i64 i32) (return_call $f (local.get 0) (local.get 1)))"#;
        let other = rig.instantiate(&format!("(module {function} {back})"), Vec::new());
        let funcs = vec![rig.func(other, "f"), host, rig.func(other, "g")];
        let instance = rig.instantiate(&text, funcs);
        rig.call(instance, "run", &[ROUNDS])
    });
    assert_eq!(outcome, Ok(vec![0]), "{body}");
}

const CALLS: &str = r#"
    (call $own (local.get $x) (local.get $y)) (drop) (drop) (call $other (local.get $x) (local.get $y)) (drop) (drop)
    (call $host (local.get $x) (local.get $y)) (drop) (drop) (call $tail (local.get $x) (local.get $y)) (drop) (drop)
    (call $to_own (local.get $x) (local.get $y)) (drop) (drop)
    (call $to_other (local.get $x) (local.get $y)) (drop) (drop)
    (call $to_host (local.get $x) (local.get $y)) (drop) (drop)
    (call $to_slot (local.get $x) (local.get $y)) (drop) (drop)
    (call $to_ref (local.get $x) (local.get $y) (ref.func $own)) (drop) (drop)
    (call_ref $t (local.get $x) (local.get $y) (ref.func $other)) (drop) (drop)
    (call_indirect (type $t) (local.get $x) (local.get $y) (i32.const 0)) (drop) (drop)
    (call_indirect (type $t) (local.get $x) (local.get $y) (i32.and (local.get $n) (i32.const 1))) (drop) (drop)
    (call_indirect (type $t) (local.get $x) (local.get $y) (local.get $x)) (drop) (drop)
    (call_indirect (type $t) (local.get $x) (local.get $y) (i32.const 2)) (drop) (drop)
    (call $many (local.get $n)) (drop) (drop) (drop) (drop) (drop) (drop)
    (drop (call $pick (i32.and (local.get $n) (i32.const 3))))"#;

const STATE: &str = r#"
    (global.set $a (i32.add (global.get $a) (local.get $n))) (global.set $a (local.get $n)) (global.set $a (i32.const 3))
    (global.set $b (i64.add (global.get $b) (local.get $y))) (global.set $b (local.get $y)) (global.set $b (i64.const 3))
    (global.set $c (f32.add (global.get $c) (local.get $s))) (global.set $c (local.get $s)) (global.set $c (f32.const 3))
    (global.set $d (f64.add (global.get $d) (local.get $z))) (global.set $d (local.get $z)) (global.set $d (f64.const 3))
    (global.set $r (ref.func $own)) (table.set $f (i32.const 3) (global.get $r)) (table.set $e (local.get $x) (local.get $any))
    (local.set $any (table.get $e (i32.const 2))) (drop (table.size $e)) (drop (table.grow $e (local.get $any) (local.get $x)))
    (table.fill $e (i32.const 1) (ref.null extern) (i32.const 2)) (table.copy $e $e (i32.const 1) (i32.const 0) (i32.const 2))
    (table.init $f $seg (i32.const 3) (i32.const 0) (local.get $x))
    (local.set $x (memory.size)) (drop (memory.grow (i32.const 0))) (drop (memory.size $far))
    (drop (memory.grow $far (i64.const 0))) (memory.fill (i32.const 9) (local.get $n) (i32.const 9))
    (memory.copy (i32.const 9) (i32.const 5) (i32.const 9)) (memory.copy $far 0 (i64.const 3) (i32.const 5) (i32.const 9))
    (memory.init $bytes (i32.const 1) (i32.const 0) (i32.const 0)) (data.drop $bytes) (elem.drop $seg)
    (i32.store $far offset=3 (local.get $y) (local.get $n)) (local.set $y (i64.load8_u $far offset=5 (local.get $y)))
    (local.set $y (i64.const 0)) (local.set $x (i32.const 0)) (nop) (drop (ref.is_null (local.get $any)))
    (drop (ref.as_non_null (ref.func $other))) (local.set $s (f32.const 0)) (local.set $z (f64.const 0x1p60))
    (local.set $y (i64.const 0x123456789abcdef)) (drop (ref.is_null (ref.func $host)))
    (i64.add128 (local.get $y) (local.get $y) (local.get $y) (local.get $y)) (drop) (drop)
    (i64.sub128 (local.get $y) (local.get $y) (local.get $y) (local.get $y)) (drop) (drop)
    (i64.mul_wide_s (local.get $y) (local.get $y)) (drop) (drop)
    (i64.mul_wide_u (local.get $y) (local.get $y)) (drop) (drop) (local.set $y (i64.const 0))"#;

const MOVES: &str = r#"
    (local.set $x (local.get $n)) (local.get $n) (local.get $x) (local.set $x) (local.set $n)
    (local.set $x (select (local.get $x) (local.get $n) (local.get $x)))
    (local.set $x (select (i32.const 1) (local.get $n) (i32.and (local.get $x) (i32.const 1))))
    (local.set $y (select (local.get $y) (i64.const 2) (local.get $x)))
    (local.set $y (select (i64.const 3) (i64.const 2) (i32.and (local.get $x) (i32.const 1))))
    (local.set $s (select (local.get $s) (f32.const 2) (local.get $x)))
    (local.set $z (select (f64.const 1) (local.get $z) (i32.and (local.get $x) (i32.const 1))))
    (local.set $any (select (result externref) (local.get $any) (ref.null extern) (local.get $x)))
    (block $b (result i32 i32 i32 i32 i32) (i32.const 9) (local.get $x) (i32.const 1) (local.get $n) (local.get $x)
      (i32.const 4) (br_if $b (local.get $n)) (br $b))
    (drop) (drop) (drop) (drop) (drop)
    (block $b (result i32) (local.get $n) (br_if $b (local.get $x)) (drop) (local.get $x)) (drop)
    (if (result f64) (local.get $x) (then (local.get $z)) (else (f64.const 1))) (drop)"#;

const SHARED: &str = r#"
    (i32.atomic.store $shared (i32.const 4) (local.get $n)) (i64.atomic.store16 $shared (i32.const 8) (local.get $y))
    (local.set $x (i32.atomic.load8_u $shared (i32.const 4))) (drop (i64.atomic.load $shared (i32.const 8)))
    (drop (i32.atomic.rmw.add $shared (i32.const 4) (local.get $n))) (drop (i64.atomic.rmw8.sub_u (i32.const 3) (local.get $y)))
    (drop (i32.atomic.rmw16.and_u $shared (i32.const 6) (local.get $n))) (drop (i64.atomic.rmw32.or_u (i32.const 4) (local.get $y)))
    (drop (i32.atomic.rmw.xor $shared (i32.const 4) (local.get $n))) (drop (i64.atomic.rmw.xchg (i32.const 8) (local.get $y)))
    (drop (i32.atomic.rmw8.cmpxchg_u $shared (i32.const 5) (local.get $n) (local.get $x))) (atomic.fence)
    (drop (memory.atomic.wait32 $shared (i32.const 16) (i32.const 1) (i64.const -1)))
    (drop (memory.atomic.wait64 $shared (i32.const 16) (i64.const 0) (i64.const 0)))
    (drop (memory.atomic.notify $shared (i32.const 16) (local.get $n)))
    (i32.store $shared (i32.const 17) (local.get $n)) (local.set $x (i32.load $shared (i32.const 17)))
    (i64.store $shared (i32.const 24) (local.get $y)) (local.set $y (i64.load $shared (i32.const 24)))
    (f32.store $shared (i32.const 34) (local.get $s)) (local.set $s (f32.load $shared (i32.const 32)))
    (v128.store $shared (i32.const 40) (v128.load $shared (i32.const 41)))
    (v128.store32_lane $shared 1 (i32.const 42) (v128.load8x8_s $shared (i32.const 43)))
    (v128.store $shared (i32.const 48) (v128.load16_lane $shared 2 (i32.const 51) (v128.const i64x2 0 0)))
    (memory.fill $shared (i32.const 64) (local.get $n) (i32.const 99)) (memory.init $shared $bytes (i32.const 1) (i32.const 0) (i32.const 0))
    (memory.copy $shared $shared (i32.const 64) (i32.const 72) (i32.const 99)) (memory.copy $shared 0 (i32.const 64) (i32.const 3) (i32.const 99))
    (drop (memory.size $shared)) (drop (memory.grow $shared (i32.const 0))) (local.set $x (i32.const 0)) (local.set $y (i64.const 0))
    (local.set $s (f32.const 0))"#;

#[test]
fn operators_on_shared_memories_leave_the_native_stack_as_it_was() {
    endure(SHARED, LowerOptions::default());
}

#[test]
fn calls_of_every_kind_leave_the_native_stack_as_it_was() {
    endure(CALLS, LowerOptions::default());
}

#[test]
fn operators_on_state_leave_the_native_stack_as_it_was() {
    endure(STATE, LowerOptions::default());
}

#[test]
fn moves_and_checks_leave_the_native_stack_as_it_was() {
    endure(MOVES, LowerOptions::default());
    endure(MOVES, LowerOptions { fuel: true, epoch: true, accesses: false });
}
