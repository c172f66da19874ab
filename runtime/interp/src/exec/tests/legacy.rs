//! Exceptions in their older form: who catches what, what a clause finds, who is asked next, and that what was caught stays
//! where `rethrow` and the collector find it. Every allocation moves all objects.

use super::exceptions::{TAGS, body, thrown};
use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Outcome, Rig, run, run_moving};
use assay_model::trap::TrapKind;

/// The exports of a module with the tags.
fn module(rest: &str) -> String {
    format!("(module {TAGS} {rest})")
}

fn number(code: &str) -> Outcome {
    body("(param i32) (result i32)", code)
}

#[test]
fn the_first_clause_that_fits_catches() {
    let clauses = |clauses: &str, thrown: &str| {
        number(&format!("i32.const 1000 try (result i32) {thrown} {clauses} end i32.add"))
    };
    let all = "catch $a i32.const 100 i32.add catch $b drop i32.const 200 i32.add catch_all i32.const 3";
    assert_eq!(clauses(all, "i32.const 7 throw $a"), Ok(vec![1107]));
    assert_eq!(clauses(all, "i32.const 7 i64.const 1 throw $b"), Ok(vec![1207]));
    assert_eq!(clauses(all, "throw $none"), Ok(vec![1003]));
    assert_eq!(clauses(all, "i32.const 9"), Ok(vec![1009]));
    let twice = "catch $a catch $a drop i32.const 5";
    assert_eq!(clauses(twice, "i32.const 8 throw $a"), Ok(vec![1008]));
}

#[test]
fn values_of_every_type_arrive() {
    let code = r#"(local externref) (local.set 1 (extern.convert_any (ref.i31 (i32.const 6))))
        try (result f32 v128 (ref null $n) f64 funcref externref)
          (throw $all (f32.const 1.5) (v128.const i64x2 2 3) (struct.new $n (i32.const 4)) (f64.const 5) (ref.null func)
            (local.get 1))
        catch $all
          (call $trash)
        end
        (local.set 1) (call $trash) (drop) (drop) (struct.get $n 0) (local.set 0) (i64x2.extract_lane 1)
        (local.get 0) (i31.get_u (ref.cast i31ref (any.convert_extern (local.get 1))))"#;
    let expected = vec![u64::from(1.5f32.to_bits()), 3, 4, 6];
    assert_eq!(body("(param i32) (result f32 i64 i32 i32)", code), Ok(expected));
}

#[test]
fn clauses_are_outside_of_their_own_try() {
    // What a clause throws, and what is thrown again, is for those around it.
    let nested = |inner: &str| {
        number(&format!(
            "try (result i32)
               try (result i32) (call $throw_a (i32.const 5)) (i32.const 1)
               catch $a {inner}
               catch_all (i32.const 2)
               end
             catch $a (i32.add (i32.const 100))
             catch_all (i32.const 3)
             end"
        ))
    };
    assert_eq!(nested("(i32.add (i32.const 10))"), Ok(vec![15]));
    assert_eq!(nested("(call $throw_a (i32.add (i32.const 20))) (i32.const 1)"), Ok(vec![125]));
    assert_eq!(nested("(drop) (throw $none)"), Ok(vec![3]));
    assert_eq!(nested("(drop) (call $trash) (rethrow 0)"), Ok(vec![105]));
}

#[test]
fn what_is_thrown_again_is_the_one_that_its_clause_caught() {
    // Two exceptions wait in nested clauses, with values around them and objects that move.
    let choose = |depth: u32| {
        number(&format!(
            "(local (ref null $n)) (local.set 1 (struct.new $n (i32.const 1000)))
             try (result i32)
               (i32.const 7)
               try (result i32) (throw $a (i32.const 1))
               catch $a
                 (local.get 1)
                 try (param i32 (ref null $n)) (result i32) (drop) (drop) (call $throw_a (i32.const 2)) (i32.const 0)
                 catch $a
                   (call $trash) (struct.get $n 0 (local.get 1)) (drop)
                   (block (drop (struct.new $n (i32.const 3))) (rethrow {depth}))
                 end
               end
               (i32.add)
             catch $a (call $trash) (i32.add (struct.get $n 0 (local.get 1)))
             end"
        ))
    };
    assert_eq!(choose(1), Ok(vec![1002]));
    assert_eq!(choose(2), Ok(vec![1001]));
}

#[test]
fn what_is_thrown_again_is_the_same_object() {
    let text = module(
        r#"(global $kept (export "kept") (mut exnref) (ref.null exn))
           (func (export "run")
             (global.set $kept (block $l (result exnref) (try_table (catch_all_ref $l) (call $throw_b (i32.const 4))) (unreachable)))
             try (throw_ref (global.get $kept)) catch_all (rethrow 0) end)"#,
    );
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(&text, Vec::new());
    let (exception, frames) = thrown(rig.attempt(instance, "run", &[]));
    assert_eq!(rig.store.object_get(exception, 0).unwrap().as_i32(), 4);
    assert_eq!(frames, [4]);
    let assay_vm::ExternId::Global(kept) = rig.export(instance, "kept") else { panic!("`kept` is a global") };
    assert_eq!(rig.store.global_value(kept).to_bits(), u128::from(exception));
}

#[test]
fn values_leave_a_clause_whichever_way() {
    for way in [
        "",
        "(br $t)",
        "(br $out)",
        "(local.set 1) (local.set 0) (return (i32.const 77) (local.get 0) (local.get 1))",
        "(br_if $t (i32.const 1)) (unreachable)",
        "(br_if $out (i32.const 1)) (unreachable)",
        "(br_if $t (i32.const 0))",
        "(br_table $out $t (i32.const 0))",
        "(br_table $out $t (i32.const 1))",
        "(if (param i32 i64) (result i32 i64) (local.get 0) (then (br $t)) (else (br $out)))",
        "(loop (param i32 i64) (result i32 i64) (br_if 0 (i32.eqz (local.tee 0 (i32.eqz (local.get 0))))) (br $t))",
    ] {
        let code = format!(
            "(local i64) (i32.const 77)
             (block $out (result i32 i64)
               try $t (result i32 i64) (throw $b (i32.const 5) (i64.const 6)) catch $b {way} end)"
        );
        assert_eq!(body("(param i32) (result i32 i32 i64)", &code), Ok(vec![77, 5, 6]), "{way}");
    }
}

#[test]
fn wide_and_single_values_fall_out_of_the_last_clause() {
    let vector = "(i32.const 50) try (result v128 i32) (throw $none)
        catch_all (v128.const i64x2 8 9) (i32.const 4) end
        (local.set 0) (i64x2.extract_lane 1) (i32.wrap_i64) (i32.add) (i32.add (local.get 0))";
    assert_eq!(number(vector), Ok(vec![63]));
    for value in ["(i32.const 4)", "(local.get 0) (i32.add (i32.const 3))", "(local.tee 0 (i32.const 4))"] {
        let single = format!("(i32.const 50) try (result i32) (throw $none) catch_all {value} end (i32.add)");
        assert_eq!(number(&single), Ok(vec![54]), "{value}");
    }
    let reference = "try (result (ref null $n)) (throw $none) catch_all (struct.new $n (i32.const 8)) end
        (call $trash) (struct.get $n 0)";
    assert_eq!(number(reference), Ok(vec![8]));
}

#[test]
fn locals_have_what_was_written_before_the_exception() {
    let code = "(local i32) (local.get 1) (local.get 0)
        try (local.set 1 (i32.const 20)) (local.set 0 (i32.const 30)) (call $throw_a (i32.const 0)) (local.set 1 (i32.const 99))
        catch $a (drop)
        end
        (i32.add) (i32.mul (i32.const 1000)) (i32.add (i32.add (local.get 0) (local.get 1)))";
    assert_eq!(number(code), Ok(vec![1050]));
}

#[test]
fn a_try_without_an_exception_gives_its_values() {
    assert_eq!(
        number(
            "(i32.const 3) try (param i32) (result i32) (i32.add (i32.const 4)) catch_all (i32.const 0) end"
        ),
        Ok(vec![7])
    );
    assert_eq!(number("(i32.const 3) try (param i32) (result i32) (i32.add (i32.const 4)) end"), Ok(vec![7]));
    assert_eq!(
        number("(i32.const 3) try (param i32) (result i32) (i32.add (i32.const 4)) delegate 0"),
        Ok(vec![7])
    );
    assert_eq!(
        number(
            "try $l (br_if $l (local.get 0)) (call $throw_a (i32.const 0)) catch_all (return (i32.const 9)) end (i32.const 8)"
        ),
        Ok(vec![8])
    );
    // Parameters are no values of the clause.
    let code = "(i32.const 3) (i32.const 4) try (param i32 i32) (result i32) (drop) (drop) (throw $none) catch_all (i32.const 6) end";
    assert_eq!(number(code), Ok(vec![6]));
    // A `try` without clauses is no handler.
    let code = "try (result i32) try (result i32) (call $throw_a (i32.const 2)) (i32.const 1) end catch $a (i32.add (i32.const 10)) end";
    assert_eq!(number(code), Ok(vec![12]));
}

#[test]
fn delegated_exceptions_pass_over_what_is_between() {
    // From inside out: the one that delegates, one that catches all, and one for each kind of target.
    let to = |depth: u32| {
        number(&format!(
            "try (result i32)
               try (result i32)
                 (block (result i32)
                   try (result i32)
                     try (result i32) (call $throw_a (i32.const 5)) (i32.const 0) delegate {depth}
                   catch_all (i32.const 1)
                   end)
               catch $b (drop) (drop) (i32.const 2)
               catch $a (i32.add (i32.const 20))
               end
             catch $a (i32.add (i32.const 30))
             end"
        ))
    };
    assert_eq!(to(0), Ok(vec![1]));
    // To a block is to what is around it.
    assert_eq!(to(1), Ok(vec![25]));
    assert_eq!(to(2), Ok(vec![25]));
    assert_eq!(to(3), Ok(vec![35]));
    let text =
        module(r#"(func (export "run") try try (call $throw_a (i32.const 5)) delegate 1 catch_all end)"#);
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(&text, Vec::new());
    assert_eq!(thrown(rig.attempt(instance, "run", &[])).1, [0, 4]);
}

#[test]
fn delegates_ask_what_their_target_asks() {
    // A target that delegates itself.
    let code = "try (result i32)
        try (result i32)
          try (result i32)
            try (result i32) (call $throw_a (i32.const 5)) (i32.const 0) delegate 0
          delegate 1
        catch_all (i32.const 1)
        end
      catch $a
      end";
    assert_eq!(number(code), Ok(vec![5]));
    // A target whose clause runs: those around it.
    let code = "try (result i32)
        try (result i32) (throw $none)
        catch_all
          try (result i32) (call $throw_a (i32.const 5)) (i32.const 0) delegate 0
        end
      catch $a
      end";
    assert_eq!(number(code), Ok(vec![5]));
    // The two forms of exceptions within each other.
    let code = "(block $l (result i32) (try_table (result i32) (catch $a $l)
        try (result i32)
          try (result i32) (call $throw_a (i32.const 5)) (i32.const 0) delegate 1
        catch_all (i32.const 1)
        end) (i32.add (i32.const 10)))";
    assert_eq!(number(code), Ok(vec![5]));
    let code = "try (result i32)
        (block $l (result i32) (try_table (result i32) (catch $b 2)
          try (result i32) (call $throw_a (i32.const 5)) (i32.const 0) delegate 0))
      catch $a (i32.add (i32.const 10))
      end";
    assert_eq!(number(&code.replace("(catch $b 2)", "")), Ok(vec![15]));
    let code = "try (result i32) (block $l (result i32) (try_table (catch $a $l)
        try (call $throw_a (i32.const 5)) catch $b (drop) (drop) end) (i32.const 0)) catch_all (i32.const 1) end";
    assert_eq!(number(code), Ok(vec![5]));
}

#[test]
fn code_that_is_never_reached_has_clauses_too() {
    let dead = "try $t (throw $none) catch $a (drop) try nop catch_all (rethrow 0) end catch_all try nop delegate $t end";
    assert_eq!(number(&format!("(block (return (i32.const 1)) {dead}) (i32.const 2)")), Ok(vec![1]));
    assert_eq!(number(&format!("try (br 0) {dead} catch_all (unreachable) end (i32.const 2)")), Ok(vec![2]));
    // What follows a clause that ends in a branch, or a whole that does.
    let code = "try (result i32) (throw $none) catch $a (drop) (return (i32.const 3)) catch_all (br 0 (i32.const 4)) end";
    assert_eq!(number(code), Ok(vec![4]));
    assert_eq!(number("try (return (i32.const 5)) catch_all (unreachable) end (i32.const 6)"), Ok(vec![5]));
    assert_eq!(number("try (return (i32.const 5)) delegate 0 (i32.const 6)"), Ok(vec![5]));
    assert_eq!(
        number("try (unreachable) try nop delegate 0 catch_all end (i32.const 6)"),
        Err(TrapKind::Unreachable)
    );
}

#[test]
fn traps_are_not_caught_and_tail_calls_leave() {
    assert_eq!(number("try (unreachable) catch_all end (i32.const 1)"), Err(TrapKind::Unreachable));
    let code = |call: &str| {
        module(&format!(
            r#"(func $tail (param i32) try ({call} $throw_a (local.get 0)) catch_all end)
            (func (export "run") (param i32) (result i32)
              try (result i32) (call $tail (i32.const 6)) (i32.const 1) catch $a end)"#
        ))
    };
    assert_eq!(run(&code("return_call"), &[0]), Ok(vec![6]));
    assert_eq!(run(&code("call"), &[0]), Ok(vec![1]));
}

#[test]
fn exceptions_pass_through_frames_and_need_no_native_stack() {
    let text = module(
        r#"(func $down (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (throw $a (i32.const 7))))
            try (result i32) (call $down (i32.sub (local.get 0) (i32.const 1))) catch_all (drop (struct.new_default $n)) (rethrow 0) end)
          (func (export "run") (param i32) (result i32) (local i32)
            (loop $again
              try (drop (call $down (i32.const 3))) catch $a (local.set 1 (i32.add (local.get 1))) end
              (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            try (result i32) (call $down (i32.const 2000)) catch $a end
            (i32.add (local.get 1)))"#,
    );
    let few = text.clone();
    assert_eq!(on_small_stack(move || run(&text, &[20_000])), Ok(vec![140_007]));
    assert_eq!(run_moving(&few, &[10]), Ok(vec![77]));
}

/// What was charged before an exception stays charged, by segments.
#[test]
fn fuel_is_charged_by_segments() {
    let text = module(
        r#"(func (export "run") (param i32) (result i32)
          try (result i32)
            (i32.add (i32.const 1) (i32.const 2)) (call $throw_a) (i32.add (i32.const 1) (i32.const 2))
          catch $a
            (drop) try (throw $none) catch_all end
            (i32.const 1)
          end)"#,
    );
    let mut rig = Rig::new(LowerOptions { fuel: true, ..LowerOptions::default() });
    rig.store.set_fuel(1000);
    let instance = rig.instantiate(&text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[0]), Ok(vec![1]));
    // Two constants, their sum and the call; the local and `throw` in the callee; `throw`; a constant.
    assert_eq!(rig.store.fuel(), 1000 - 4 - 2 - 1 - 1);
}
