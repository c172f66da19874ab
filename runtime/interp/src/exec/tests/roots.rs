//! Whether the collector finds every reference of a frame: each allocation moves all objects, so that one it does not know
//! of leads to where nothing is any more.

use crate::LowerOptions;
use crate::exec::testing::{Rig, run_moving};
use assay_vm::{HostBody, HostCall, Store};
use std::sync::Arc;

/// A module with a list type, a function that makes a number, and one that reads it.
fn module(rest: &str) -> String {
    format!(
        r#"(module (type $n (struct (field (mut i32)) (field (mut (ref null $n)))))
        (func $make (param i32) (result (ref $n)) (struct.new $n (local.get 0) (ref.null $n)))
        (func $get (param (ref null $n)) (result i32) (struct.get $n 0 (local.get 0)))
        (func $trash (drop (struct.new_default $n))) {rest})"#
    )
}

fn run(signature: &str, code: &str) -> Vec<u64> {
    let text = module(&format!(r#"(func $run (export "run") {signature} {code})"#));
    run_moving(&text, &[6]).unwrap()
}

#[test]
fn locals_and_operands_survive_calls() {
    let code = "(local $a (ref null $n)) (local $b (ref null $n)) (local.set $a (call $make (i32.const 1)))
        (call $make (i32.const 2)) (call $make (i32.const 3)) (local.set $b (call $make (i32.const 4)))
        (call $trash) (local.get $a) (call $trash) (local.get $b) (local.set $b (call $make (i32.const 5)))
        (call $trash) (call $get) (local.set 0) (call $get) (i32.add (local.get 0) (i32.mul (i32.const 10))) (local.set 0)
        (call $get) (i32.add (i32.mul (i32.const 100)) (local.get 0)) (local.set 0)
        (call $get) (i32.add (i32.mul (i32.const 1000)) (local.get 0)) (i32.add (i32.mul (call $get (local.get $b)) (i32.const 10000)))";
    assert_eq!(run("(param i32) (result i32)", code), [52341]);
}

#[test]
fn operands_of_the_allocation_survive_it() {
    let code = "(local $l (ref null $n))
        (local.set $l (struct.new $n (i32.const 1) (struct.new $n (i32.const 2) (struct.new $n (i32.const 3) (ref.null $n)))))
        (i32.add (i32.mul (struct.get $n 0 (local.get $l)) (i32.const 100))
          (i32.add (i32.mul (struct.get $n 0 (struct.get $n 1 (local.get $l))) (i32.const 10))
            (struct.get $n 0 (struct.get $n 1 (struct.get $n 1 (local.get $l))))))";
    assert_eq!(run("(param i32) (result i32)", code), [123]);
}

#[test]
fn what_the_accumulator_had_survives() {
    let tee = "(local $l (ref null $n)) (struct.get $n 0 (block (result (ref null $n))
        (local.tee $l (struct.new $n (i32.const 8) (ref.null $n))) (drop (struct.new_default $n)) (call $trash)))
        (struct.get $n 0 (local.get $l)) (i32.add)";
    assert_eq!(run("(param i32) (result i32)", tee), [16]);
    let select = "(local $a (ref null $n)) (local.set $a (call $make (i32.const 3)))
        (select (result (ref null $n)) (local.get $a) (ref.null $n) (local.get 0)) (drop (struct.new_default $n)) (call $get)
        (select (result (ref null $n)) (ref.null $n) (local.get $a) (i32.eqz (local.get 0))) (call $trash) (call $get) (i32.add)";
    assert_eq!(run("(param i32) (result i32)", select), [6]);
    let fields =
        "(local $a (ref null $n)) (local.set $a (struct.new $n (i32.const 0) (call $make (i32.const 9))))
        (struct.get $n 1 (local.get $a)) (struct.new_default $n) (drop) (call $get)";
    assert_eq!(run("(param i32) (result i32)", fields), [9]);
}

#[test]
fn values_of_blocks_survive() {
    let block = "(block $out (result (ref null $n)) (call $make (i32.const 1))
          (loop $l (param (ref null $n)) (result (ref null $n))
            (call $trash) (br_if $out (i32.eqz (local.get 0))) (drop (struct.new_default $n))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l)))
        (call $trash) (call $get)";
    assert_eq!(run("(param i32) (result i32)", block), [1]);
    let table = "(call $make (i32.const 4)) (call $make (i32.const 5))
        (block $a (param (ref $n) (ref $n)) (result (ref $n) (ref $n))
          (block $b (param (ref $n) (ref $n)) (result (ref $n) (ref $n))
            (br_table $a $b $a (local.get 0)))
          (call $trash))
        (call $trash) (call $get) (local.set 0) (call $get) (i32.add (i32.mul (local.get 0) (i32.const 10)))";
    assert_eq!(run("(param i32) (result i32)", table), [54]);
    let branches = "(local $any anyref) (local.set $any (call $make (i32.const 7)))
        (block $l (result (ref $n)) (drop (br_on_cast $l anyref (ref $n) (local.get $any))) (unreachable))
        (call $trash) (call $get) (local.set 0)
        (block $l (result anyref) (br_on_cast_fail $l anyref (ref i31) (local.get $any)) (drop) (unreachable))
        (call $trash) (ref.cast (ref $n)) (call $trash) (call $get) (i32.add (local.get 0))";
    assert_eq!(run("(param i32) (result i32)", branches), [14]);
}

/// More operands than may be anywhere but in their slots, some of them null.
#[test]
fn deep_operand_stacks_survive() {
    let mut code = String::from("(local $a (ref null $n)) (local.set $a (call $make (i32.const 1)))");
    for round in 0..50 {
        let operand =
            ["(local.get $a)", "(ref.null $n)", "(call $make (i32.const 1))", "(i32.const 5)"][round % 4];
        code.push_str(operand);
        if round % 3 == 0 {
            code.push_str("(call $trash)");
        }
    }
    code.push_str("(call $trash)");
    for round in (0..50).rev() {
        code.push_str(match round % 4 {
            1 => "(ref.is_null)",
            3 => "",
            _ => "(call $get)",
        });
        code.push_str("(local.get 0) (i32.add) (local.set 0)");
    }
    code.push_str("(local.get 0)");
    assert_eq!(run("(param i32) (result i32)", &code), [6 + 13 + 13 + 12 + 12 * 5]);
}

#[test]
fn lists_of_thousands_survive() {
    let code = "(local $l (ref null $n)) (local $sum i32) (local.set 0 (i32.const 1000))
        (loop $more (local.set $l (struct.new $n (local.get 0) (local.get $l)))
          (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (loop $next (local.set $sum (i32.add (local.get $sum) (struct.get $n 0 (local.get $l)))) (call $trash)
          (br_if $next (i32.eqz (ref.is_null (local.tee $l (struct.get $n 1 (local.get $l)))))))
        (local.get $sum)";
    assert_eq!(run("(param i32) (result i32)", code), [500_500]);
}

#[test]
fn frames_of_a_recursion_survive() {
    let text = module(
        r#"(func $down (export "run") (param i32) (result i32) (local $own (ref $n))
          (local.set $own (call $make (local.get 0)))
          (if (result i32) (local.get 0)
            (then (call $make (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1))) (local.set 0) (call $get)
              (i32.add (call $get (local.get $own))) (i32.add (local.get 0)))
            (else (i32.const 0))))"#,
    );
    assert_eq!(run_moving(&text, &[300]), Ok(vec![300 * 301]));
}

#[test]
fn parameters_and_results_survive_every_way_of_calling() {
    let rest = r#"(type $f (func (param (ref $n) i32 (ref $n)) (result (ref $n) (ref $n)))) (table funcref (elem $swap))
        (func $swap (type $f) (local (ref null $n)) (call $trash) (local.set 3 (local.get 0)) (local.get 2) (call $trash)
          (ref.as_non_null (local.get 3)))
        (func $tail (type $f) (call $trash) (return_call $swap (local.get 2) (i32.const 1) (local.get 0)))
        (func $tail_ref (type $f) (return_call_ref $f (local.get 0) (i32.const 1) (local.get 2) (ref.func $tail)))
        (elem declare func $tail)
        (func $both (param (ref $n) (ref $n)) (result i32)
          (call $trash) (i32.add (i32.mul (call $get (local.get 0)) (i32.const 10)) (call $get (local.get 1))))
        (func (export "run") (param i32) (result i32 i32 i32 i32)
          (call $both (call $swap (call $make (i32.const 1)) (i32.const 0) (call $make (i32.const 2))))
          (call $both (call_indirect (type $f) (call $make (i32.const 1)) (i32.const 0) (call $make (i32.const 2)) (i32.const 0)))
          (call $both (call $tail (call $make (i32.const 1)) (i32.const 0) (call $make (i32.const 2))))
          (call $both (call $tail_ref (call $make (i32.const 1)) (i32.const 0) (call $make (i32.const 2)))))"#;
    assert_eq!(run_moving(&module(rest), &[0]), Ok(vec![21, 21, 12, 12]));
}

#[test]
fn frames_of_other_instances_survive() {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let callee = module(
        r#"(func (export "next") (param (ref null $n) i32) (result (ref $n)) (local (ref null $n))
          (local.set 2 (local.get 0)) (call $trash) (struct.new $n (local.get 1) (local.get 2)))
        (func (export "tail") (param (ref null $n)) (result (ref $n)) (call $trash)
          (return_call $make (struct.get $n 0 (local.get 0))))"#,
    );
    let callee = rig.instantiate(&callee, Vec::new());
    let funcs = ["next", "tail"].map(|name| rig.func(callee, name)).to_vec();
    let caller = r#"(module (type $n (struct (field (mut i32)) (field (mut (ref null $n)))))
        (import "" "next" (func $next (param (ref null $n) i32) (result (ref $n))))
        (import "" "tail" (func $tail (param (ref null $n)) (result (ref $n))))
        (func (export "run") (param i32) (result i32) (local $l (ref null $n)) (local $kept (ref null $n)) (local $sum i32)
          (local.set $kept (call $next (ref.null $n) (i32.const 5000)))
          (loop $more (local.set $l (call $next (local.get $l) (local.get 0)))
            (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (call $tail (local.get $kept)) (call $next (ref.null $n) (i32.const 0)) (drop) (struct.get $n 0)
          (loop $next (local.set $sum (i32.add (local.get $sum) (struct.get $n 0 (local.get $l))))
            (br_if $next (i32.eqz (ref.is_null (local.tee $l (struct.get $n 1 (local.get $l)))))))
          (i32.add (local.get $sum)) (i32.add (struct.get $n 0 (local.get $kept)))))"#;
    let caller = rig.instantiate(caller, funcs);
    assert_eq!(rig.call(caller, "run", &[100]), Ok(vec![5050 + 10_000]));
}

/// A host function that calls back, so that activations nest: references in the outer one move meanwhile.
#[test]
fn outer_activations_survive() {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let inner = rig.instantiate(&module(r#"(export "trash" (func $trash))"#), Vec::new());
    let trash = rig.func(inner, "trash");
    let type_id = rig.store.func_type(trash);
    let function = move |call: HostCall<'_>| {
        let store = call.owner().cast::<Store>();
        // SAFETY: the owner is the store of the call, which waits for this function.
        let store = unsafe { &mut *store };
        // SAFETY: the function has neither parameters nor results.
        unsafe { store.call(trash, &mut []) }.map_err(|raised| raised.reason)
    };
    let body = HostBody::new(type_id, 0, 0, function);
    let host = rig.store.new_host_func(&Arc::new(body));
    let owner = (&raw mut rig.store).cast();
    rig.store.set_owner(owner);
    let caller = r#"(module (type $n (struct (field i32) (field (ref null $n)))) (import "" "" (func $host))
        (func $make (param i32) (result (ref $n)) (call $host) (struct.new $n (local.get 0) (ref.null $n)))
        (func $tail (param (ref $n)) (return_call $host))
        (func (export "run") (result i32) (local $a (ref $n)) (local.set $a (call $make (i32.const 30))) (call $host)
          (call $make (i32.const 12)) (call $host) (call $tail (local.get $a)) (struct.get $n 0) (call $host)
          (i32.add (struct.get $n 0 (local.get $a)))))"#;
    let caller = rig.instantiate(caller, vec![host]);
    assert_eq!(rig.call(caller, "run", &[]), Ok(vec![42]));
}

/// Host data goes when nothing leads to it, and stays while a frame does.
#[test]
fn host_data_lives_as_long_as_a_frame_has_it() {
    let text = module(
        r#"(func (export "keep") (param externref) (result externref) (call $trash) (local.get 0))
        (func (export "lose") (param externref) (local.set 0 (ref.null extern)) (call $trash))"#,
    );
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let instance = rig.instantiate(&text, Vec::new());
    let data = rig.store.new_host_data(Box::new(5u8)).unwrap();
    let arguments = [u128::from(data)];
    assert_eq!(rig.call_bits(instance, "keep", &arguments), Ok(vec![u128::from(data)]));
    assert_eq!(rig.store.host_data_len(), 1);
    rig.call_bits(instance, "lose", &arguments).unwrap();
    assert_eq!(rig.store.host_data_len(), 0);
}

/// A slot whose reference is still a local or a constant keeps what stood there before: a number that looks like the way
/// into the middle of an object, in each half of the heap.
#[test]
fn numbers_are_not_taken_for_references() {
    for operand in ["(local.get $a)", "(ref.null $n)"] {
        let mut code =
            String::from("(local $a (ref null $n)) (local.set $a (call $make (i32.const 0x7fffffff)))");
        for number in ["0x10008", "0x80000008", "0x80000008", "0x10008"] {
            code.push_str(&format!("(drop (call $id (i32.const {number}))) {operand} (call $trash) (drop)"));
        }
        code.push_str("(call $get (local.get $a))");
        let rest = format!(
            r#"(func $id (param i32) (result i32) (local.get 0)) (func (export "run") (param i32) (result i32) {code})"#
        );
        assert_eq!(run_moving(&module(&rest), &[0]), Ok(vec![0x7fff_ffff]), "{operand}");
    }
}

/// What is written inside of a block is not there for those who come around it.
#[test]
fn nulls_below_a_block_stay_null_on_every_way() {
    let rest = r#"(func $id (param i32) (result i32) (local.get 0))
        (func (export "run") (param i32) (result i32 i32) (local i32)
          (drop (call $id (i32.const 0x10009)))
          (ref.null $n) (if (local.get 0) (then (call $trash))) (call $trash) (ref.is_null) (local.set 1)
          (drop (call $id (i32.const 0x10009)))
          (ref.null $n) (block (br_if 0 (i32.eqz (local.get 0))) (call $trash)) (call $trash) (ref.is_null) (local.get 1))"#;
    for way in [0, 1] {
        assert_eq!(run_moving(&module(rest), &[way]), Ok(vec![1, 1]), "{way}");
    }
}
