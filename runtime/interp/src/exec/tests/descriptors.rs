//! Structures with descriptors, and exact types: what describes a structure stays with it while every allocation moves all
//! objects, and nothing else is taken for it.

use crate::LowerOptions;
use crate::exec::testing::{Outcome, Rig, run, run_moving};
use assay_model::trap::TrapKind;

/// Types for the tests: `$a` is described by `$b`, `$c` below it by `$d`, and descriptors of descriptors.
const TYPES: &str = "
    (rec (type $a (sub (descriptor $b) (struct (field (mut i32))))) (type $b (sub (describes $a) (struct (field i32))))
      (type $c (sub $a (descriptor $d) (struct (field (mut i32)) (field v128) (field (ref null $plain)) (field f64))))
      (type $d (sub $b (describes $c) (struct (field i32))))
      (type $plain (sub (struct (field i32)))))
    (rec (type $one (descriptor $two) (struct)) (type $two (describes $one) (descriptor $three) (struct (field i32)))
      (type $three (describes $two) (struct (field i64))))
    (type $below (sub $plain (struct (field i32) (field i32)))) (type $bytes (array i8))
    (func $trash (drop (struct.new $plain (i32.const -1))))";

fn body(signature: &str, code: &str) -> Outcome {
    run_moving(&format!(r#"(module {TYPES} (func (export "run") {signature} {code}))"#), &[6])
}

fn number(code: &str) -> Outcome {
    body("(param i32) (result i32)", code)
}

#[test]
fn descriptors_stay_with_what_they_describe() {
    let code = "(local $a (ref null $a)) (local $b (ref null (exact $b)))
        (local.set $b (struct.new $b (i32.const 3)))
        (call $trash)
        (local.set $a (struct.new_desc $a (i32.const 40) (local.get $b)))
        (call $trash)
        (i32.add (struct.get $a 0 (local.get $a)) (struct.get $b 0 (ref.get_desc $a (local.get $a))))
        (i32.mul (ref.eq (local.get $b) (ref.get_desc $a (local.get $a))))";
    assert_eq!(number(code), Ok(vec![43]));
    // The only way to the descriptors is by what they describe.
    let chain = "(local $one (ref null $one))
        (local.set $one (struct.new_desc $one (struct.new_desc $two (i32.const 5) (struct.new $three (i64.const 70)))))
        (call $trash)
        (i32.add (struct.get $two 0 (ref.get_desc $one (local.get $one)))
          (i32.wrap_i64 (struct.get $three 0 (ref.get_desc $two (ref.get_desc $one (local.get $one))))))";
    assert_eq!(number(chain), Ok(vec![75]));
}

#[test]
fn fields_of_every_width_stand_behind_the_descriptor() {
    let code = "(local $c (ref null $c))
        (local.set $c (struct.new_desc $c (i32.const 1) (v128.const i64x2 2 3) (struct.new $plain (i32.const 4)) (f64.const 5)
          (struct.new $d (i32.const 6))))
        (call $trash)
        (struct.get $c 0 (local.get $c)) (i64x2.extract_lane 1 (struct.get $c 1 (local.get $c)))
        (struct.get $plain 0 (struct.get $c 2 (local.get $c))) (struct.get $c 3 (local.get $c))
        (struct.get $d 0 (ref.get_desc $c (local.get $c)))";
    let expected = vec![1, 3, 4, 5f64.to_bits(), 6];
    assert_eq!(body("(param i32) (result i32 i64 i32 f64 i32)", code), Ok(expected));
    let default =
        "(local $c (ref null $c)) (local.set $c (struct.new_default_desc $c (struct.new $d (i32.const 6))))
        (i32.add (struct.get $c 0 (local.get $c)) (struct.get $d 0 (ref.get_desc $c (local.get $c))))
        (i32.add (ref.is_null (struct.get $c 2 (local.get $c))))
        (i32.add (i32.trunc_f64_s (struct.get $c 3 (local.get $c))))";
    assert_eq!(number(default), Ok(vec![7]));
}

#[test]
fn without_a_descriptor_there_is_nothing_to_do() {
    for (code, kind) in [
        ("(drop (struct.new_desc $a (i32.const 1) (ref.null none)))", TrapKind::NullDescriptorReference),
        ("(drop (struct.new_default_desc $a (ref.null none)))", TrapKind::NullDescriptorReference),
        ("(drop (ref.get_desc $a (ref.null $a)))", TrapKind::NullReference),
        (
            "(drop (ref.cast_desc_eq (ref $a) (ref.null any) (ref.null $b)))",
            TrapKind::NullDescriptorReference,
        ),
        (
            "(drop (ref.cast_desc_eq (ref null $a) (ref.null any) (ref.null $b)))",
            TrapKind::NullDescriptorReference,
        ),
        (
            "(block (result anyref) (br_on_cast_desc_eq 0 anyref (ref $a) (ref.null any) (ref.null $b))) (drop)",
            TrapKind::NullDescriptorReference,
        ),
        (
            "(block (result anyref) (br_on_cast_desc_eq_fail 0 anyref (ref null $a) (ref.i31 (i32.const 1)) (ref.null $b))) (drop)",
            TrapKind::NullDescriptorReference,
        ),
    ] {
        assert_eq!(number(&format!("{code} (i32.const 0)")), Err(kind), "{code}");
    }
}

/// What a value is cast to by a descriptor, in four ways: 1 where it is described by it. Casts of both kinds agree.
fn described(to: &str, value: &str) -> bool {
    let locals =
        "(local $value anyref) (local $desc (ref null (exact $b))) (local $other (ref null (exact $b)))";
    let made =
        "(local.set $desc (struct.new $b (i32.const 1))) (local.set $other (struct.new $b (i32.const 1)))";
    let cast = format!(
        "{locals} {made} (local.set $value {value}) (drop (ref.cast_desc_eq {to} (local.get $value) (local.get $desc))) (i32.const 1)"
    );
    let branch = |operator: &str, taken: i32| {
        format!(
            "{locals} (local $got anyref) {made} (local.set $value {value})
             (block $l (result i32 i64 anyref)
               (i32.const 20) (i64.const 5) ({operator} $l anyref {to} (local.get $value) (local.get $desc))
               (drop) (drop) (drop) (return (i32.const {})))
             (local.set $got) (i32.wrap_i64) (i32.add)
             (i32.add (ref.eq (ref.cast eqref (local.get $got)) (ref.cast eqref (local.get $value))))
             (i32.sub (i32.const 26)) (i32.add (i32.const {taken}))",
            1 - taken
        )
    };
    let found = match number(&cast) {
        Ok(found) => found == [1],
        Err(kind) => {
            assert_eq!(kind, TrapKind::DescriptorCastFailure, "{value}");
            false
        }
    };
    for (operator, taken) in [("br_on_cast_desc_eq", 1), ("br_on_cast_desc_eq_fail", 0)] {
        assert_eq!(number(&branch(operator, taken)), Ok(vec![u64::from(found)]), "{operator} {to}: {value}");
    }
    found
}

#[test]
fn only_its_own_descriptor_is_found() {
    assert!(described("(ref $a)", "(struct.new_desc $a (i32.const 1) (local.get $desc))"));
    assert!(described("(ref null (exact $a))", "(struct.new_default_desc $a (local.get $desc))"));
    assert!(described("(ref null $a)", "(ref.null any)"));
    for value in [
        "(ref.null any)",
        "(struct.new_desc $a (i32.const 1) (local.get $other))",
        "(struct.new_default_desc $c (struct.new $d (i32.const 1)))",
        "(struct.new $plain (i32.const 1))",
        "(local.get $desc)",
        "(ref.i31 (i32.const 1))",
        "(any.convert_extern (extern.convert_any (ref.i31 (i32.const 2))))",
        "(array.new_default $bytes (i32.const 7))",
    ] {
        assert!(!described("(ref $a)", value), "{value}");
    }
}

#[test]
fn the_length_of_an_array_is_no_descriptor() {
    let text = format!(
        r#"(module {TYPES} (global $desc (mut (ref null (exact $b))) (ref.null none))
          (func (export "make") (result (ref null (exact $b)))
            (global.set $desc (struct.new $b (i32.const 1))) (global.get $desc))
          (func (export "run") (param anyref) (result i32)
            (block $no (result anyref)
              (br_on_cast_desc_eq_fail $no anyref (ref $a) (local.get 0) (global.get $desc))
              (return (i32.const 1)))
            (drop) (i32.const 0))
          (func (export "array") (param i32) (result anyref) (array.new_default $bytes (local.get 0)))
          (func (export "structure") (result anyref) (struct.new_desc $a (i32.const 1) (global.get $desc))))"#
    );
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(&text, Vec::new());
    let length = rig.call(instance, "make", &[]).unwrap()[0];
    assert!(length > 0);
    for (made, outcome) in
        [(rig.call(instance, "array", &[length]), 0), (rig.call(instance, "structure", &[]), 1)]
    {
        assert_eq!(rig.call(instance, "run", &made.unwrap()), Ok(vec![outcome]), "{length}");
    }
}

#[test]
fn descriptors_come_from_wherever_values_are() {
    // From an accumulator, a local that is overwritten, a block, and the stack below.
    let code = "(local $b (ref null (exact $b))) (local $a (ref null $a))
        (local.set $a (struct.new_desc $a (i32.const 9) (local.tee $b (struct.new $b (i32.const 1)))))
        (local.get $a) (local.get $b) (local.set $b (struct.new $b (i32.const 2)))
        (ref.cast_desc_eq (ref $a)) (struct.get $a 0)
        (ref.cast_desc_eq (ref $a) (local.get $a) (ref.get_desc $a (local.get $a))) (struct.get $a 0) (i32.add)
        (ref.cast_desc_eq (ref $a) (local.get $a) (block (result (ref $b)) (call $trash) (ref.get_desc $a (local.get $a))))
        (struct.get $a 0) (i32.add)";
    assert_eq!(number(code), Ok(vec![27]));
}

#[test]
fn exact_types_have_no_subtypes() {
    let test = |ty: &str, value: &str| number(&format!("(ref.test {ty} {value})"));
    let (plain, below) = ("(struct.new $plain (i32.const 1))", "(struct.new_default $below)");
    assert_eq!(test("(ref (exact $plain))", plain), Ok(vec![1]));
    assert_eq!(test("(ref (exact $plain))", below), Ok(vec![0]));
    assert_eq!(test("(ref $plain)", below), Ok(vec![1]));
    assert_eq!(test("(ref (exact $below))", below), Ok(vec![1]));
    assert_eq!(test("(ref (exact $plain))", "(ref.i31 (i32.const 8))"), Ok(vec![0]));
    assert_eq!(test("(ref null (exact $plain))", "(ref.null any)"), Ok(vec![1]));
    assert_eq!(test("(ref (exact $plain))", "(ref.null any)"), Ok(vec![0]));
    assert_eq!(test("(ref (exact $bytes))", "(array.new_default $bytes (i32.const 2))"), Ok(vec![1]));
    let cast = |value: &str| number(&format!("(drop (ref.cast (ref (exact $plain)) {value})) (i32.const 1)"));
    assert_eq!(cast(plain), Ok(vec![1]));
    assert_eq!(cast(below), Err(TrapKind::CastFailure));
    let branch = |value: &str| {
        number(&format!(
            "(block $l (result anyref) (br_on_cast $l anyref (ref (exact $plain)) {value}) (return (i32.const 0))) (drop) (i32.const 1)"
        ))
    };
    assert_eq!(branch(plain), Ok(vec![1]));
    assert_eq!(branch(below), Ok(vec![0]));
}

#[test]
fn functions_are_of_their_type_exactly() {
    let test = |ty: &str, func: &str| {
        let text = format!(
            r#"(module (type $f (sub (func (result anyref)))) (type $g (sub $f (func (result i31ref))))
            (func $f (type $f) (ref.null any)) (func $g (type $g) (ref.null i31)) (elem declare func $f $g)
            (func (export "run") (result i32) (ref.test (ref {ty}) (ref.func {func}))))"#
        );
        run(&text, &[])
    };
    assert_eq!(test("(exact $f)", "$f"), Ok(vec![1]));
    assert_eq!(test("(exact $f)", "$g"), Ok(vec![0]));
    assert_eq!(test("$f", "$g"), Ok(vec![1]));
    assert_eq!(test("(exact $g)", "$g"), Ok(vec![1]));
}
