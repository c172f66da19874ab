//! Exceptions: who catches what, with which values, through which frames; and what stays when nobody does.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Outcome, Rig, run, run_moving};
use assay_model::trap::TrapKind;
use assay_vm::{HostBody, HostCall, Imports, Raised, Reason, Store};
use std::sync::Arc;

/// Tags and throwers for the tests.
pub(super) const TAGS: &str = r#"(type $n (struct (field i32))) (tag $a (param i32)) (tag $b (param i32 i64)) (tag $none)
    (tag $all (param f32 v128 (ref null $n) f64 funcref externref))
    (func $throw_a (param i32) (throw $a (local.get 0)))
    (func $throw_b (param i32) (throw $b (local.get 0) (i64.const 5)))
    (func $keep (param i32)) (func $trash (drop (struct.new_default $n)))"#;

pub(super) fn body(signature: &str, code: &str) -> Outcome {
    run_moving(&format!(r#"(module {TAGS} (func (export "run") {signature} {code}))"#), &[1])
}

#[test]
fn values_of_every_type_arrive() {
    let code = r#"(local externref) (local.set 1 (extern.convert_any (ref.i31 (i32.const 6))))
        (block $l (result f32 v128 (ref null $n) f64 funcref externref)
          (try_table (catch $all $l)
            (throw $all (f32.const 1.5) (v128.const i64x2 2 3) (struct.new $n (i32.const 4)) (f64.const 5) (ref.null func)
              (local.get 1)))
          (unreachable))
        (local.set 1) (call $trash) (drop) (drop) (struct.get $n 0) (local.set 0) (i64x2.extract_lane 1)
        (local.get 0) (i31.get_u (ref.cast i31ref (any.convert_extern (local.get 1))))"#;
    let expected = vec![u64::from(1.5f32.to_bits()), 3, 4, 6];
    assert_eq!(body("(param i32) (result f32 i64 i32 i32)", code), Ok(expected));
}

#[test]
fn the_first_clause_that_fits_catches() {
    let clauses = |clauses: &str, thrown: &str| {
        let code = format!(
            "(block $a (result i32) (block $b (result i32 i64) (block $all
              (try_table {clauses} (throw {thrown}))
              (unreachable)) (return (i32.const 3)))
              (drop) (i32.add (i32.const 200)) (return))
            (i32.add (i32.const 100))"
        );
        body("(param i32) (result i32)", &code)
    };
    let all = "(catch $a $a) (catch $b $b) (catch_all $all)";
    assert_eq!(clauses(all, "$a (i32.const 7)"), Ok(vec![107]));
    assert_eq!(clauses(all, "$b (i32.const 7) (i64.const 1)"), Ok(vec![207]));
    assert_eq!(clauses(all, "$none"), Ok(vec![3]));
    assert_eq!(clauses("(catch_all $all) (catch $a $a)", "$a (i32.const 7)"), Ok(vec![3]));
}

#[test]
fn inner_handlers_come_first_and_what_they_do_not_catch_goes_out() {
    let nested = |thrown: &str| {
        let code = format!(
            "(block $outer (result i32)
              (try_table (result i32) (catch $a $outer)
                (block $inner (result i32 i64)
                  (try_table (catch $b $inner) (call {thrown} (i32.const 5)))
                  (return (i32.const 1)))
                (drop) (i32.add (i32.const 10)) (call $throw_a) (i32.const 2)))
            (i32.add (i32.const 1000))"
        );
        body("(param i32) (result i32)", &code)
    };
    assert_eq!(nested("$throw_a"), Ok(vec![1005]));
    // What is thrown behind the inner block is the outer one's.
    assert_eq!(nested("$throw_b"), Ok(vec![1015]));
    assert_eq!(nested("$keep"), Ok(vec![1]));
}

#[test]
fn exceptions_can_be_thrown_again() {
    let code = "(local exnref)
        (block $again (result i32 exnref)
          (try_table (catch_ref $a $again)
            (block $first (result exnref)
              (try_table (catch_all_ref $first) (call $throw_a (i32.const 9)))
              (unreachable))
            (local.set 1) (call $trash) (throw_ref (local.get 1)))
          (unreachable))
        (call $trash) (ref.is_null) (i32.add)";
    assert_eq!(body("(param i32) (result i32)", code), Ok(vec![9]));
    let null = "(try_table (catch_all 0) (throw_ref (ref.null exn)))";
    assert_eq!(body("(param i32)", null), Err(TrapKind::NullExceptionReference));
}

#[test]
fn clauses_lead_to_every_kind_of_block() {
    // To the head of a loop, with a value and one below it.
    let to_loop = "(i32.const 100) (i32.const 3)
        (loop $l (param i32) (result i32) (local.set 0)
          (block $out
            (br_if $out (i32.eqz (local.get 0)))
            (try_table (catch $a $l) (call $throw_a (i32.sub (local.get 0) (i32.const 1)))))
          (i32.const 20))
        (i32.add)";
    assert_eq!(body("(param i32) (result i32)", to_loop), Ok(vec![120]));
    // To the function: its results.
    let to_function = "(i32.const 55) (try_table (catch $b 0) (call $throw_b (i32.const 4))) (drop) (i32.const 1) (i64.const 2)";
    assert_eq!(body("(param i32) (result i32 i64)", to_function), Ok(vec![4, 5]));
    let with_reference = "(try_table (catch_all_ref 0) (call $throw_a (i32.const 4))) (ref.null exn)";
    let text = format!(
        r#"(module {TAGS} (func $f (result exnref) {with_reference})
        (func (export "run") (param i32) (result i32) (block $l (result i32)
          (try_table (catch $a $l) (throw_ref (call $f))) (unreachable))))"#
    );
    assert_eq!(run_moving(&text, &[0]), Ok(vec![4]));
    // Out of an `if`, with locals that were written before.
    let to_if = "(local i32) (if (result i32) (local.get 0)
          (then (try_table (result i32) (catch $a 0) (local.set 1 (i32.const 30)) (call $throw_a (i32.const 4)) (i32.const 1)))
          (else (i32.const 7)))
        (i32.add (local.get 1))";
    assert_eq!(body("(param i32) (result i32)", to_if), Ok(vec![34]));
}

#[test]
fn a_block_without_an_exception_gives_its_values() {
    let code = "(block $l (i32.const 3) (try_table (param i32) (result i32 i32) (catch_all $l) (i32.const 4))
          (i32.add) (local.set 0))
        (local.get 0) (try_table (param i32) (result i32))";
    assert_eq!(body("(param i32) (result i32)", code), Ok(vec![7]));
}

#[test]
fn code_that_is_never_reached_has_blocks_too() {
    let code = "(block $l (return (i32.const 1)) (try_table (catch_all $l) (try_table (catch_all 1) (throw $none)))) (i32.const 2)";
    assert_eq!(body("(param i32) (result i32)", code), Ok(vec![1]));
}

#[test]
fn exceptions_pass_through_thousands_of_frames() {
    let text = format!(
        r#"(module {TAGS}
        (func $down (param i32) (result i32) (local (ref $n)) (local.set 1 (struct.new $n (local.get 0)))
          (if (i32.eqz (local.get 0)) (then (throw $all (f32.const 1) (v128.const i64x2 1 2) (local.get 1) (f64.const 1)
            (ref.null func) (ref.null extern))))
          (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (struct.get $n 0 (local.get 1))))
        (func (export "run") (param i32) (result i32) (local (ref null $n))
          (block $l (result f32 v128 (ref null $n) f64 funcref externref)
            (try_table (catch $all $l) (return (call $down (local.get 0)))) (unreachable))
          (drop) (drop) (drop) (local.set 1) (drop) (drop) (i32.add (struct.get $n 0 (local.get 1)) (i32.const 77))))"#
    );
    let few = text.clone();
    assert_eq!(on_small_stack(move || run(&text, &[10_000])), Ok(vec![77]));
    assert_eq!(run_moving(&few, &[200]), Ok(vec![77]));
}

#[test]
fn throwing_needs_no_native_stack() {
    let text = format!(
        r#"(module {TAGS} (func (export "run") (param i32) (result i32)
        (loop $again
          (block $b (block $a (result i32)
            (try_table (catch $a $a) (catch_all $b) (call $throw_a (local.get 0))) (unreachable))
            (local.set 0) (try_table (catch_all $b) (throw $none)) (unreachable))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 0)))"#
    );
    assert_eq!(on_small_stack(move || run(&text, &[100_000])), Ok(vec![0]));
}

#[test]
fn tail_calls_leave_the_handlers() {
    let code = |call: &str| {
        format!(
            r#"(module {TAGS} (type $t (func (param i32))) (table funcref (elem $throw_a)) (elem declare func $throw_a)
            (func $tail (type $t) (try_table (catch_all 0) ({call})))
            (func (export "run") (param i32) (result i32)
              (block $l (result i32) (try_table (catch $a $l) (call $tail (i32.const 6))) (i32.const 1))))"#
        )
    };
    for call in [
        "return_call $throw_a (local.get 0)",
        "return_call_indirect (type $t) (local.get 0) (i32.const 0)",
        "return_call_ref $t (local.get 0) (ref.func $throw_a)",
    ] {
        assert_eq!(run(&code(call), &[0]), Ok(vec![6]), "{call}");
    }
    assert_eq!(run(&code("call $throw_a (local.get 0)"), &[0]), Ok(vec![1]));
}

#[test]
fn traps_are_not_caught() {
    let code = "(block $l (try_table (catch_all $l) (unreachable))) (i32.const 1)";
    assert_eq!(body("(param i32) (result i32)", code), Err(TrapKind::Unreachable));
    let code = "(block $l (try_table (catch_all $l) (drop (struct.get $n 0 (ref.null $n))))) (i32.const 1)";
    assert_eq!(body("(param i32) (result i32)", code), Err(TrapKind::NullStructureReference));
}

/// The exception that a call was left by.
pub(super) fn thrown(outcome: Result<Vec<u128>, Raised>) -> (u32, Vec<u32>) {
    let raised = outcome.unwrap_err();
    let Reason::Exception(exception) = raised.reason else { panic!("{:?}", raised.reason) };
    (exception, raised.frames.iter().map(|frame| frame.func.0).collect())
}

#[test]
fn what_nobody_catches_leaves_with_its_values_and_frames() {
    let text = r#"(module (tag $a (export "a") (param i32 f64)) (tag $other)
        (func $throw (throw $a (i32.const 3) (f64.const 4)))
        (func (export "run") (block $l (try_table (catch $other $l) (call $throw)))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    let assay_vm::ExternId::Tag(tag) = rig.export(instance, "a") else { panic!("`a` is a tag") };
    for _ in 0..2 {
        let (exception, frames) = thrown(rig.attempt(instance, "run", &[]));
        assert_eq!(frames, [0, 1]);
        assert_eq!(rig.store.exception_tag(exception), tag);
        assert_eq!(rig.store.object_get(exception, 0).unwrap().as_i32(), 3);
        assert_eq!(rig.store.object_get(exception, 1).unwrap().as_f64_bits(), 4f64.to_bits());
    }
}

#[test]
fn tags_are_told_apart_across_instances() {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let thrower = r#"(module (memory 1) (data (i32.const 0) "\09") (tag $a (export "a") (param i32)) (tag $b (export "b") (param i32))
        (func (export "throw_a") (param i32) (throw $a (local.get 0)))
        (func (export "throw_b") (param i32) (throw $b (local.get 0)))
        (func (export "tail_b") (param i32) (try_table (catch_all 0) (throw $b (local.get 0)))))"#;
    let thrower = rig.instantiate(thrower, Vec::new());
    let funcs = ["throw_a", "throw_b", "tail_b"].map(|name| rig.func(thrower, name)).to_vec();
    let tags = ["a", "b"].map(|name| match rig.export(thrower, name) {
        assay_vm::ExternId::Tag(tag) => tag,
        _ => panic!("`{name}` is no tag"),
    });
    let catcher = r#"(module
        (import "" "throw_a" (func $throw_a (param i32))) (import "" "throw_b" (func $throw_b (param i32)))
        (import "" "tail_b" (func $tail_b (param i32)))
        (import "" "a" (tag $a (param i32))) (import "" "b" (tag $b (param i32))) (tag $own (param i32))
        (memory 1) (data (i32.const 0) "\07")
        (func $catch (param i32) (result i32)
          (block $a (result i32) (block $b (result i32) (block $own (result i32)
            (try_table (catch $own $own) (catch $b $b) (catch $a $a)
              (if (local.get 0) (then (call $throw_a (i32.const 1))) (else (call $throw_b (i32.const 2)))))
            (i32.const 3)) (i32.add (i32.const 100)) (return))
            (i32.add (i32.load8_u (i32.const 0))) (return))
          (i32.mul (i32.load8_u (i32.const 0))))
        (func (export "run") (result i32 i32) (call $catch (i32.const 1)) (call $catch (i32.const 0)))
        (func (export "loose") (call $throw_a (i32.const 5))) (func (export "tail") (return_call $tail_b (i32.const 5))))"#;
    let imports = Imports { funcs, tags: tags.to_vec(), ..Imports::default() };
    let catcher = rig.instantiate_with(catcher, imports);
    assert_eq!(rig.call(catcher, "run", &[]), Ok(vec![7, 9]));
    let (exception, frames) = thrown(rig.attempt(catcher, "loose", &[]));
    assert_eq!((rig.store.exception_tag(exception), frames.len()), (tags[0], 2));
    assert_eq!(rig.call(catcher, "tail", &[]), Ok(vec![]));
}

/// A host function between two activations: what the inner one throws arrives in the outer one, unless the host keeps it.
#[test]
fn exceptions_cross_host_functions() {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let thrower = r#"(module (tag $a (export "a") (param anyref)) (type $n (struct (field i32)))
        (func (export "throw") (throw $a (struct.new $n (i32.const 21)))))"#;
    let thrower = rig.instantiate(thrower, Vec::new());
    let throw = rig.func(thrower, "throw");
    let assay_vm::ExternId::Tag(tag) = rig.export(thrower, "a") else { panic!("`a` is a tag") };
    let type_id = rig.store.func_type(throw);
    let function = move |call: HostCall<'_>| {
        let store = call.owner().cast::<Store>();
        // SAFETY: the owner is the store of the call, which waits for this function.
        let store = unsafe { &mut *store };
        // SAFETY: the function has neither parameters nor results.
        unsafe { store.call(throw, &mut []) }.map_err(|raised| raised.reason)
    };
    let host = rig.store.new_host_func(&Arc::new(HostBody::new(type_id, 0, 0, function)));
    let owner = (&raw mut rig.store).cast();
    rig.store.set_owner(owner);
    let catcher = r#"(module (type $n (struct (field i32))) (import "" "host" (func $host)) (import "" "a" (tag $a (param anyref)))
        (func $tail (try_table (catch_all 0) (return_call $host)))
        (func $get (param anyref) (result i32)
          (drop (struct.new $n (i32.const 0))) (struct.get $n 0 (ref.cast (ref $n) (local.get 0))))
        (func (export "run") (result i32 i32) (local (ref $n)) (local.set 0 (struct.new $n (i32.const 20)))
          (call $get (block $l (result anyref) (try_table (catch $a $l) (call $host)) (unreachable)))
          (i32.add (struct.get $n 0 (local.get 0)))
          (call $get (block $l (result anyref) (try_table (catch $a $l) (call $tail)) (unreachable)))))"#;
    let imports = Imports { funcs: vec![host], tags: vec![tag], ..Imports::default() };
    let catcher = rig.instantiate_with(catcher, imports);
    assert_eq!(rig.call(catcher, "run", &[]), Ok(vec![41, 21]));
}

/// What was charged before an exception stays charged, by segments.
#[test]
fn segments_end_where_an_exception_may_come() {
    let text = format!(
        r#"(module {TAGS} (func (export "run") (param i32) (result i32)
        (block $l (result i32)
          (try_table (result i32) (catch $a $l)
            (i32.add (i32.const 1) (i32.const 2)) (call $throw_a) (i32.add (i32.const 1) (i32.const 2))))))"#
    );
    let mut rig = Rig::new(LowerOptions { fuel: true, ..LowerOptions::default() });
    rig.store.set_fuel(1000);
    let instance = rig.instantiate(&text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[0]), Ok(vec![3]));
    // Two constants, their sum and the call; the local and `throw`.
    assert_eq!(rig.store.fuel(), 1000 - 4 - 2);
}
