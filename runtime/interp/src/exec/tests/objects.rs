//! Structures, arrays, `i31` and casts: each operator, each trap. Every allocation moves all objects.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Outcome, Rig, run_moving};
use assay_model::trap::TrapKind;
use assay_vm::Imports;

/// Calls `run` of a module of types and functions.
fn body(types: &str, signature: &str, code: &str) -> Outcome {
    run_moving(&format!(r#"(module {types} (func (export "run") {signature} {code}))"#), &[])
}

#[test]
fn fields_keep_what_they_are_given() {
    let types = "(type $s (struct (field (mut i8)) (field (mut i64)) (field (mut i16)) (field (mut f32)) (field (mut f64))
        (field (mut v128)) (field (mut i32)) (field (mut (ref null $s))) (field (mut funcref))))";
    let made =
        "(struct.new $s (i32.const 0x1ff) (i64.const -2) (i32.const 0x18000) (f32.const 1.5) (f64.const -2.5)
        (v128.const i64x2 3 4) (i32.const 5) (local.get 0) (ref.func $f))";
    let text = format!(
        r#"(module {types} (func $f) (elem declare func $f)
        (func (export "run") (result i32 i32 i64 i32 i32 f32 f64 i64 i64 i32 i32 i32) (local (ref null $s))
          (local.set 0 {made}) (local.set 0 {made})
          (struct.get_s $s 0 (local.get 0)) (struct.get_u $s 0 (local.get 0)) (struct.get $s 1 (local.get 0))
          (struct.get_s $s 2 (local.get 0)) (struct.get_u $s 2 (local.get 0)) (struct.get $s 3 (local.get 0))
          (struct.get $s 4 (local.get 0)) (i64x2.extract_lane 0 (struct.get $s 5 (local.get 0)))
          (i64x2.extract_lane 1 (struct.get $s 5 (local.get 0))) (struct.get $s 6 (struct.get $s 7 (local.get 0)))
          (ref.is_null (struct.get $s 7 (struct.get $s 7 (local.get 0)))) (ref.is_null (struct.get $s 8 (local.get 0))))
        (func (export "set") (result i32 i64 i32 f32 f64 i64 i32 i32) (local $s (ref $s))
          (local.set $s (struct.new_default $s))
          (struct.set $s 0 (local.get $s) (i32.const -1)) (struct.set $s 1 (local.get $s) (i64.const 7))
          (struct.set $s 2 (local.get $s) (i32.const -2)) (struct.set $s 3 (local.get $s) (f32.const 2))
          (struct.set $s 4 (local.get $s) (f64.const 3)) (struct.set $s 5 (local.get $s) (v128.const i64x2 8 9))
          (struct.set $s 7 (local.get $s) (struct.new_default $s)) (struct.set $s 8 (local.get $s) (ref.func $f))
          (struct.get_u $s 0 (local.get $s)) (struct.get $s 1 (local.get $s)) (struct.get_s $s 2 (local.get $s))
          (struct.get $s 3 (local.get $s)) (struct.get $s 4 (local.get $s))
          (i64x2.extract_lane 1 (struct.get $s 5 (local.get $s))) (struct.get $s 6 (struct.get $s 7 (local.get $s)))
          (ref.is_null (struct.get $s 8 (struct.get $s 7 (local.get $s))))))"#
    );
    let expected = [
        u64::from(u32::MAX),
        0xff,
        -2i64 as u64,
        0xffff_8000,
        0x8000,
        u64::from(1.5f32.to_bits()),
        (-2.5f64).to_bits(),
        3,
        4,
        5,
        1,
        0,
    ];
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let instance = rig.instantiate(&text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[]), Ok(expected.to_vec()));
    let set = [0xff, 7, -2i32 as u32 as u64, u64::from(2f32.to_bits()), 3f64.to_bits(), 9, 0, 1];
    assert_eq!(rig.call(instance, "set", &[]), Ok(set.to_vec()));
}

#[test]
fn null_structures_trap() {
    let types = "(type $s (struct (field (mut i32)) (field (mut v128))))";
    for code in [
        "(drop (struct.get $s 0 (ref.null $s)))",
        "(drop (struct.get $s 1 (ref.null $s)))",
        "(struct.set $s 0 (ref.null $s) (i32.const 1))",
        "(struct.set $s 1 (ref.null none) (v128.const i64x2 1 1))",
    ] {
        assert_eq!(body(types, "", code), Err(TrapKind::NullStructureReference), "{code}");
    }
}

const ARRAYS: &str = r#"(module
    (type $b (array (mut i8))) (type $h (array (mut i16))) (type $w (array (mut i32))) (type $l (array (mut i64)))
    (type $f (array (mut f32))) (type $d (array (mut f64))) (type $v (array (mut v128))) (type $r (array (mut anyref)))
    (type $p (array (mut funcref)))
    (func $g) (data $data "\01\02\03\04\05\06\07\88") (elem $funcs func $g $g)
    (elem $refs anyref (ref.i31 (i32.const 7)) (item (array.new_default $b (i32.const 3))) (item (ref.null any)))
    (func (export "new") (param i32) (result i32 i32 i32 i64 f32 f64 i64 i32 i32) (local $n i32)
      (array.get_s $b (array.new $b (i32.const 0x80) (local.get 0)) (i32.const 1))
      (array.get_u $h (array.new $h (i32.const -1) (local.get 0)) (i32.const 2))
      (array.get $w (array.new $w (i32.const -1) (local.get 0)) (i32.const 2))
      (array.get $l (array.new $l (i64.const -3) (local.get 0)) (i32.const 2))
      (array.get $f (array.new $f (f32.const 4) (local.get 0)) (i32.const 2))
      (array.get $d (array.new $d (f64.const 5) (local.get 0)) (i32.const 2))
      (i64x2.extract_lane 1 (array.get $v (array.new $v (v128.const i64x2 6 7) (local.get 0)) (i32.const 2)))
      (i31.get_s (ref.cast i31ref (array.get $r (array.new $r (ref.i31 (i32.const -8)) (local.get 0)) (i32.const 2))))
      (array.len (array.new_default $v (local.get 0))))
    (func (export "fixed") (result i32 i64 i32 i32) (local (ref $r))
      (array.get_u $b (array.new_fixed $b 3 (i32.const 1) (i32.const 2) (i32.const 3)) (i32.const 2))
      (i64x2.extract_lane 0 (array.get $v (array.new_fixed $v 2 (v128.const i64x2 1 2) (v128.const i64x2 3 4)) (i32.const 1)))
      (local.set 0 (array.new_fixed $r 2 (array.new_default $b (i32.const 5)) (array.new_default $b (i32.const 6))))
      (array.len (ref.cast (ref array) (array.get $r (local.get 0) (i32.const 0))))
      (array.len (ref.cast (ref array) (array.get $r (local.get 0) (i32.const 1)))))
    (func (export "set") (result i32 i32 i64 i64) (local $b (ref $b)) (local $h (ref $h)) (local $l (ref $l)) (local $v (ref $v))
      (local.set $b (array.new_default $b (i32.const 4))) (array.set $b (local.get $b) (i32.const 3) (i32.const 0x1fe))
      (local.set $h (array.new_default $h (i32.const 4))) (array.set $h (local.get $h) (i32.const 3) (i32.const 0x1fffe))
      (local.set $l (array.new_default $l (i32.const 4))) (array.set $l (local.get $l) (i32.const 3) (i64.const 9))
      (local.set $v (array.new_default $v (i32.const 4)))
      (array.set $v (local.get $v) (i32.const 3) (v128.const i64x2 10 11))
      (array.get_u $b (local.get $b) (i32.const 3)) (array.get_s $h (local.get $h) (i32.const 3))
      (array.get $l (local.get $l) (i32.const 3)) (i64x2.extract_lane 1 (array.get $v (local.get $v) (i32.const 3))))
    (func (export "data") (param i32 i32) (result i32 i32) (local (ref $h))
      (local.set 2 (array.new_data $h $data (local.get 0) (local.get 1)))
      (array.len (local.get 2)) (array.get_u $h (local.get 2) (i32.const 0)))
    (func (export "elem") (param i32 i32) (result i32 i32) (local (ref $r))
      (local.set 2 (array.new_elem $r $refs (local.get 0) (local.get 1)))
      (array.len (local.get 2)) (array.len (ref.cast (ref array) (array.get $r (local.get 2) (i32.const 0)))))
    (func (export "funcs") (result i32) (local (ref $p))
      (local.set 0 (array.new_elem $p $funcs (i32.const 0) (i32.const 2)))
      (ref.is_null (array.get $p (local.get 0) (i32.const 1))))
    (func (export "get") (param i32) (drop (array.get $w (array.new_default $w (i32.const 3)) (local.get 0))))
    (func (export "put") (param i32) (array.set $w (array.new_default $w (i32.const 3)) (local.get 0) (i32.const 1)))
    (func (export "vector") (param i32) (drop (array.get $v (array.new_default $v (i32.const 3)) (local.get 0))))
    (func (export "null") (param i32)
      (block (block (block (block (block (block (block (block (br_table 0 1 2 3 4 5 6 7 (local.get 0)))
        (drop (array.get $w (ref.null $w) (i32.const 9))) (return))
        (array.set $w (ref.null $w) (i32.const 9) (i32.const 9)) (return))
        (drop (array.len (ref.null array))) (return))
        (array.fill $w (ref.null $w) (i32.const 9) (i32.const 9) (i32.const 9)) (return))
        (array.copy $w $w (ref.null $w) (i32.const 9) (array.new_default $w (i32.const 3)) (i32.const 9) (i32.const 9)) (return))
        (array.copy $w $w (array.new_default $w (i32.const 3)) (i32.const 9) (ref.null $w) (i32.const 9) (i32.const 9)) (return))
        (array.init_data $w $data (ref.null $w) (i32.const 9) (i32.const 9) (i32.const 9)) (return))
        (array.init_elem $r $refs (ref.null $r) (i32.const 9) (i32.const 9) (i32.const 9)))
    (func (export "huge") (param i32) (drop (array.new $l (i64.const 1) (local.get 0))))
    (func (export "huge_default") (param i32) (drop (array.new_default $l (local.get 0)))))"#;

fn arrays() -> (Rig, assay_vm::InstanceId) {
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let instance = rig.instantiate(ARRAYS, Vec::new());
    (rig, instance)
}

#[test]
fn arrays_keep_what_they_are_given() {
    let (mut rig, instance) = arrays();
    let new = [
        0xffff_ff80,
        0xffff,
        0xffff_ffff,
        -3i64 as u64,
        u64::from(4f32.to_bits()),
        5f64.to_bits(),
        7,
        -8i32 as u32 as u64,
        3,
    ];
    assert_eq!(rig.call(instance, "new", &[3]), Ok(new.to_vec()));
    assert_eq!(rig.call(instance, "fixed", &[]), Ok(vec![3, 3, 5, 6]));
    assert_eq!(rig.call(instance, "set", &[]), Ok(vec![0xfe, 0xffff_fffe, 9, 11]));
}

#[test]
fn arrays_are_made_from_segments() {
    let (mut rig, instance) = arrays();
    assert_eq!(rig.call(instance, "data", &[1, 2]), Ok(vec![2, 0x0302]));
    assert_eq!(rig.call(instance, "data", &[6, 1]), Ok(vec![1, 0x8807]));
    for (offset, length) in [(7, 1), (0, 5), (9, 0), (u64::from(u32::MAX), 1), (0, u64::from(u32::MAX))] {
        let outcome = rig.call(instance, "data", &[offset, length]);
        assert_eq!(outcome, Err(TrapKind::MemoryOutOfBounds), "{offset} {length}");
    }
    assert_eq!(rig.call(instance, "elem", &[1, 2]), Ok(vec![2, 3]));
    for (offset, length) in [(2, 2), (4, 0), (u64::from(u32::MAX), 1), (0, u64::from(u32::MAX))] {
        let outcome = rig.call(instance, "elem", &[offset, length]);
        assert_eq!(outcome, Err(TrapKind::TableOutOfBounds), "{offset} {length}");
    }
    assert_eq!(rig.call(instance, "funcs", &[]), Ok(vec![0]));
}

#[test]
fn elements_past_the_end_trap() {
    let (mut rig, instance) = arrays();
    for name in ["get", "put", "vector"] {
        assert_eq!(rig.call(instance, name, &[2]), Ok(vec![]), "{name}");
        for index in [3, 1 << 31, u64::from(u32::MAX)] {
            assert_eq!(rig.call(instance, name, &[index]), Err(TrapKind::ArrayOutOfBounds), "{name} {index}");
        }
    }
}

#[test]
fn null_arrays_trap_before_any_bounds() {
    let (mut rig, instance) = arrays();
    for operator in 0..8 {
        let outcome = rig.call(instance, "null", &[operator]);
        assert_eq!(outcome, Err(TrapKind::NullArrayReference), "{operator}");
    }
}

#[test]
fn objects_that_fit_nowhere_trap() {
    let (mut rig, instance) = arrays();
    for name in ["huge", "huge_default"] {
        let outcome = rig.call(instance, name, &[u64::from(u32::MAX)]);
        assert_eq!(outcome, Err(TrapKind::AllocationTooLarge), "{name}");
    }
    assert_eq!(rig.call(instance, "fixed", &[]), Ok(vec![3, 3, 5, 6]));
}

#[test]
fn ranges_of_arrays_are_checked_and_moved_as_if_at_once() {
    let text = r#"(module (type $w (array (mut i16))) (type $r (array (mut anyref))) (data $d "\01\00\02\00\03\00\04\00\05")
        (elem $e anyref (item (ref.i31 (i32.const 1))) (item (ref.i31 (i32.const 2))) (item (ref.i31 (i32.const 3))))
        (func $fold (param (ref $w)) (result i32) (local $i i32) (local $sum i32)
          (loop $l
            (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (array.get_u $w (local.get 0) (local.get $i))))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get 0)))))
          (local.get $sum))
        (func $array (result (ref $w)) (array.new_data $w $d (i32.const 0) (i32.const 4)))
        (func (export "fill") (param i32 i32) (result i32) (local (ref $w)) (local.set 2 (call $array))
          (array.fill $w (local.get 2) (local.get 0) (i32.const 0x10009) (local.get 1)) (call $fold (local.get 2)))
        (func (export "copy") (param i32 i32 i32) (result i32) (local (ref $w)) (local.set 3 (call $array))
          (array.copy $w $w (local.get 3) (local.get 0) (local.get 3) (local.get 1) (local.get 2)) (call $fold (local.get 3)))
        (func (export "data") (param i32 i32 i32) (result i32) (local (ref $w))
          (local.set 3 (array.new $w (i32.const 9) (i32.const 4)))
          (array.init_data $w $d (local.get 3) (local.get 0) (local.get 1) (local.get 2)) (call $fold (local.get 3)))
        (func (export "elem") (param i32 i32 i32) (result i32) (local (ref $r))
          (local.set 3 (array.new $r (ref.i31 (i32.const 9)) (i32.const 4)))
          (array.init_elem $r $e (local.get 3) (local.get 0) (local.get 1) (local.get 2))
          (i31.get_u (ref.cast i31ref (array.get $r (local.get 3) (i32.const 2)))))
        (func (export "drop") (data.drop $d) (elem.drop $e)))"#;
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let instance = rig.instantiate(text, Vec::new());
    let out = Err(TrapKind::ArrayOutOfBounds);
    let far = u64::from(u32::MAX);
    assert_eq!(rig.call(instance, "fill", &[1, 2]), Ok(vec![1994]));
    assert_eq!(rig.call(instance, "fill", &[4, 0]), Ok(vec![1234]));
    for range in [[3, 2], [5, 0], [far, 2], [2, far]] {
        assert_eq!(rig.call(instance, "fill", &range), out, "{range:?}");
    }
    assert_eq!(rig.call(instance, "copy", &[1, 0, 3]), Ok(vec![1123]));
    assert_eq!(rig.call(instance, "copy", &[0, 1, 3]), Ok(vec![2344]));
    assert_eq!(rig.call(instance, "copy", &[4, 4, 0]), Ok(vec![1234]));
    for range in [[2, 0, 3], [0, 2, 3], [5, 0, 0], [0, 5, 0], [1, 1, far]] {
        assert_eq!(rig.call(instance, "copy", &range), out, "{range:?}");
    }
    assert_eq!(rig.call(instance, "data", &[1, 2, 2]), Ok(vec![9239]));
    for range in [[3, 0, 2], [5, 0, 0], [3, 9, 2]] {
        assert_eq!(rig.call(instance, "data", &range), out, "{range:?}");
    }
    for range in [[0, 8, 1], [0, 2, 4], [0, 10, 0], [0, far, 1]] {
        assert_eq!(rig.call(instance, "data", &range), Err(TrapKind::MemoryOutOfBounds), "{range:?}");
    }
    assert_eq!(rig.call(instance, "elem", &[1, 1, 2]), Ok(vec![3]));
    for range in [[3, 0, 2], [5, 0, 0], [3, 9, 2]] {
        assert_eq!(rig.call(instance, "elem", &range), out, "{range:?}");
    }
    for range in [[0, 2, 2], [0, 4, 0], [0, far, 1]] {
        assert_eq!(rig.call(instance, "elem", &range), Err(TrapKind::TableOutOfBounds), "{range:?}");
    }
    rig.call(instance, "drop", &[]).unwrap();
    assert_eq!(rig.call(instance, "data", &[0, 0, 0]), Ok(vec![9999]));
    assert_eq!(rig.call(instance, "data", &[0, 0, 1]), Err(TrapKind::MemoryOutOfBounds));
    assert_eq!(rig.call(instance, "elem", &[0, 0, 1]), Err(TrapKind::TableOutOfBounds));
}

#[test]
fn integers_of_31_bits_lose_the_uppermost() {
    let text = r#"(module (func (export "run") (param i32) (result i32 i32)
        (i31.get_s (ref.i31 (local.get 0))) (i31.get_u (ref.i31 (local.get 0)))))"#;
    for (given, signed, unsigned) in [
        (0, 0, 0),
        (5, 5, 5),
        (0x4000_0000, 0xc000_0000, 0x4000_0000),
        (0x8000_0001, 1, 1),
        (0xffff_ffff, 0xffff_ffff, 0x7fff_ffff),
    ] {
        assert_eq!(run_moving(text, &[given]), Ok(vec![signed, unsigned]), "{given:#x}");
    }
    for operator in ["i31.get_s", "i31.get_u"] {
        let code = format!("({operator} (ref.null i31))");
        assert_eq!(body("", "(result i32)", &code), Err(TrapKind::NullI31Reference));
    }
}

#[test]
fn references_are_equal_when_they_lead_to_the_same() {
    let types = "(type $s (struct))";
    let code = "(local (ref null $s) (ref null $s)) (local.set 0 (struct.new $s)) (local.set 1 (struct.new $s))
        (ref.eq (local.get 0) (local.get 0)) (ref.eq (local.get 0) (local.get 1)) (ref.eq (local.get 0) (ref.null none))
        (ref.eq (ref.null none) (ref.null i31)) (ref.eq (ref.i31 (i32.const 3)) (ref.i31 (i32.const 3)))
        (ref.eq (ref.i31 (i32.const 3)) (ref.i31 (i32.const 4))) (ref.eq (struct.new $s) (local.get 1))";
    let outcome = body(types, "(result i32 i32 i32 i32 i32 i32 i32)", code);
    assert_eq!(outcome, Ok(vec![1, 0, 0, 1, 1, 0, 0]));
}

/// For each of `targets`: 1 when `value` is one, and 2 more when it is one or null. Tests, casts and branches agree.
fn tests(types: &str, value: &str, targets: &[&str]) -> Vec<u64> {
    let outcome = |target: &str, nullable: &str| {
        let ty = format!("(ref {nullable} {target})");
        let run = |code: &str| body(types, "(result i32)", code);
        let test = run(&format!("(ref.test {ty} {value})")).unwrap();
        let cast = match run(&format!("(drop (ref.cast {ty} {value})) (i32.const 1)")) {
            Err(TrapKind::CastFailure) => Ok(vec![0]),
            other => other,
        };
        let branch = |operator: &str, otherwise: u32, there: u32| {
            run(&format!(
                "(block $l (result anyref) (drop ({operator} $l anyref {ty} {value})) (return (i32.const {otherwise})))
                (drop) (i32.const {there})"
            ))
        };
        let branches = [branch("br_on_cast", 0, 1), branch("br_on_cast_fail", 1, 0)];
        assert_eq!(
            (cast, branches),
            (Ok(test.clone()), [Ok(test.clone()), Ok(test.clone())]),
            "{value} {ty}"
        );
        test[0]
    };
    targets.iter().map(|target| outcome(target, "") + 2 * outcome(target, "null")).collect()
}

#[test]
fn abstract_types_are_told_apart() {
    let types = "(type $s (sub (struct))) (type $t (sub $s (struct (field i32)))) (type $a (array i8))";
    let targets = ["any", "eq", "i31", "struct", "array", "none", "$s", "$t", "$a"];
    let of = |value| tests(types, value, &targets);
    assert_eq!(of("(ref.null any)"), [2; 9]);
    assert_eq!(of("(ref.i31 (i32.const 1))"), [3, 3, 3, 0, 0, 0, 0, 0, 0]);
    assert_eq!(of("(struct.new $s)"), [3, 3, 0, 3, 0, 0, 3, 0, 0]);
    assert_eq!(of("(struct.new_default $t)"), [3, 3, 0, 3, 0, 0, 3, 3, 0]);
    assert_eq!(of("(array.new_default $a (i32.const 2))"), [3, 3, 0, 0, 3, 0, 0, 0, 3]);
}

#[test]
fn what_comes_from_outside_is_any_and_nothing_else() {
    let text = r#"(module (func (export "run") (param externref) (result i32 i32 i32 i32 i32 i32)
          (ref.test (ref any) (any.convert_extern (local.get 0))) (ref.test (ref eq) (any.convert_extern (local.get 0)))
          (ref.test (ref i31) (any.convert_extern (local.get 0)))
          (ref.test (ref struct) (any.convert_extern (local.get 0)))
          (ref.test (ref extern) (local.get 0)) (ref.test (ref noextern) (local.get 0)))
        (func (export "i31") (result i32) (i31.get_u (ref.cast (ref i31)
          (any.convert_extern (extern.convert_any (ref.i31 (i32.const 11))))))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    let host = u64::from(rig.store.new_host_data(Box::new(5)).unwrap());
    assert_eq!(rig.call(instance, "run", &[host]), Ok(vec![1, 0, 0, 0, 1, 0]));
    assert_eq!(rig.call(instance, "run", &[0]), Ok(vec![0; 6]));
    assert_eq!(rig.call(instance, "i31", &[]), Ok(vec![11]));
}

#[test]
fn functions_are_cast_by_their_types() {
    let text = r#"(module (type $f (sub (func))) (type $g (sub $f (func))) (type $h (func (param i32)))
        (func $of_g (type $g)) (elem declare func $of_g) (table funcref (elem $of_g))
        (func (export "run") (result i32 i32 i32 i32 i32) (local funcref) (local.set 0 (ref.func $of_g))
          (ref.test (ref func) (local.get 0)) (ref.test (ref nofunc) (local.get 0)) (ref.test (ref $f) (local.get 0))
          (ref.test (ref $g) (local.get 0)) (ref.test (ref $h) (local.get 0)))
        (func (export "cast") (drop (ref.cast (ref $h) (table.get (i32.const 0)))))
        (func (export "indirect") (call_indirect (type $f) (i32.const 0)) (call_indirect (type $g) (i32.const 0)))
        (func (export "tail") (return_call_indirect (type $f) (i32.const 0)))
        (func (export "ref") (call_ref $f (ref.func $of_g)))
        (func (export "other") (call_indirect (type $h) (i32.const 1) (i32.const 0)))
        (func (export "tail_other") (return_call_indirect (type $h) (i32.const 1) (i32.const 0))))"#;
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    assert_eq!(rig.call(instance, "run", &[]), Ok(vec![1, 0, 1, 1, 0]));
    assert_eq!(rig.call(instance, "cast", &[]), Err(TrapKind::CastFailure));
    for name in ["indirect", "tail", "ref"] {
        assert_eq!(rig.call(instance, name, &[]), Ok(vec![]), "{name}");
    }
    for name in ["other", "tail_other"] {
        assert_eq!(rig.call(instance, name, &[]), Err(TrapKind::IndirectCallTypeMismatch), "{name}");
    }
}

#[test]
fn types_of_other_modules_are_the_same_by_their_structure() {
    let types = "(rec (type $s (sub (struct (field (ref null $s))))) (type $t (sub $s (struct (field (ref null $s)) (field i32)))))";
    let mut rig = Rig::new(LowerOptions::default());
    rig.store.set_gc_zeal(true);
    let maker = format!(
        r#"(module (type (func)) {types} (func (export "make") (result anyref) (struct.new $t (ref.null $s) (i32.const 77))))"#
    );
    let maker = rig.instantiate(&maker, Vec::new());
    let make = rig.func(maker, "make");
    let user = format!(
        r#"(module {types} (type $other (struct (field i64))) (import "" "" (func $make (result anyref)))
        (func (export "run") (result i32 i32) (struct.get $t 1 (ref.cast (ref $t) (call $make)))
          (ref.test (ref $other) (call $make))))"#
    );
    let user = rig.instantiate_with(&user, Imports { funcs: vec![make], ..Imports::default() });
    assert_eq!(rig.call(user, "run", &[]), Ok(vec![77, 0]));
}

#[test]
fn objects_need_no_native_stack() {
    let text = r#"(module (type $s (sub (struct (field (mut i32)) (field (mut v128)) (field (mut (ref null $s))))))
        (type $t (sub $s (struct (field (mut i32)) (field (mut v128)) (field (mut (ref null $s))))))
        (type $b (array (mut i8))) (type $r (array (mut anyref))) (type $v (array (mut v128)))
        (type $f (sub (func (result i32)))) (type $g (sub $f (func (result i32))))
        (func $of_g (type $g) (i32.const 1)) (table funcref (elem $of_g)) (elem declare func $of_g)
        (data $data "abcdefgh") (elem $elem anyref (item (ref.i31 (i32.const 1))) (item (ref.null any)))
        (func $tail (result i32) (return_call_indirect (type $f) (i32.const 0)))
        (func (export "run") (param $n i32) (result i32) (local $s (ref null $s)) (local $b (ref null $b)) (local $r (ref null $r))
          (local $v (ref null $v)) (local $any anyref)
          (loop $again
            (local.set $s (struct.new $s (local.get $n) (v128.const i64x2 1 2) (struct.new_default $t)))
            (struct.set $s 0 (local.get $s) (struct.get $s 0 (local.get $s)))
            (struct.set $s 1 (local.get $s) (struct.get $s 1 (local.get $s)))
            (local.set $b (array.new_data $b $data (i32.const 1) (i32.const 7)))
            (local.set $b (array.new $b (i32.const 3) (i32.const 9))) (drop (array.get_s $b (local.get $b) (i32.const 1)))
            (array.set $b (local.get $b) (i32.const 2) (local.get $n)) (drop (array.len (local.get $b)))
            (array.fill $b (local.get $b) (i32.const 1) (i32.const 2) (i32.const 3))
            (array.copy $b $b (local.get $b) (i32.const 1) (local.get $b) (i32.const 2) (i32.const 3))
            (array.init_data $b $data (local.get $b) (i32.const 1) (i32.const 2) (i32.const 3))
            (local.set $r (array.new_elem $r $elem (i32.const 0) (i32.const 2)))
            (array.init_elem $r $elem (local.get $r) (i32.const 0) (i32.const 0) (i32.const 2))
            (local.set $r (array.new_fixed $r 2 (local.get $b) (ref.i31 (local.get $n))))
            (local.set $v (array.new_default $v (i32.const 2))) (drop (array.get $v (local.get $v) (i32.const 1)))
            (local.set $any (array.get $r (local.get $r) (i32.const 1))) (drop (i31.get_u (ref.cast i31ref (local.get $any))))
            (drop (ref.test (ref $s) (local.get $s))) (drop (ref.cast (ref null $t) (struct.get $s 2 (local.get $s))))
            (drop (ref.test (ref $s) (struct.get $s 2 (local.get $s)))) (drop (ref.test (ref array) (local.get $any)))
            (drop (ref.test structref (local.get $r))) (drop (call_indirect (type $f) (i32.const 0))) (drop (call $tail))
            (drop (ref.test (ref $f) (ref.func $of_g))) (drop (ref.eq (local.get $b) (local.get $r)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $n)))"#;
    assert_eq!(on_small_stack(move || crate::exec::testing::run(text, &[40_000])), Ok(vec![0]));
}
