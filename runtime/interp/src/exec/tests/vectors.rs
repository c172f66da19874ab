//! Vectors: every instruction in every operand mode on a small native stack, and vectors wherever a value can be.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Rig, run};
use assay_model::trap::TrapKind;
use assay_vm::{HostBody, HostCall, Value};
use std::fmt::Write;
use std::sync::Arc;

/// Rounds of each loop: a handler that left 8 bytes behind would fill the stack.
const ROUNDS: u64 = 40_000;

const A: &str = "(v128.const i8x16 1 -2 3 -128 127 6 0x80 8 9 200 0 12 13 0x7f 0xc0 0x3f)";
const B: &str = "(v128.const i8x16 15 0 3 -128 255 16 7 8 31 32 0 1 13 0x7f 0xd0 0x40)";
const C: &str = "(v128.const i32x4 0x7fc00000 0x3f800000 0x80000000 0xff800001)";

const UNARY: &str = "v128.not i8x16.abs i8x16.neg i8x16.popcnt i16x8.abs i16x8.neg i16x8.extadd_pairwise_i8x16_s
    i16x8.extadd_pairwise_i8x16_u i16x8.extend_low_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_s
    i16x8.extend_high_i8x16_u i32x4.abs i32x4.neg i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
    i32x4.extend_low_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_s i32x4.extend_high_i16x8_u i64x2.abs
    i64x2.neg i64x2.extend_low_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_s i64x2.extend_high_i32x4_u
    f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest f32x4.abs f32x4.neg f32x4.sqrt f64x2.ceil f64x2.floor f64x2.trunc
    f64x2.nearest f64x2.abs f64x2.neg f64x2.sqrt i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u
    i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f32x4.convert_i32x4_s f32x4.convert_i32x4_u
    f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u f32x4.demote_f64x2_zero f64x2.promote_low_f32x4
    i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u i32x4.relaxed_trunc_f64x2_s_zero
    i32x4.relaxed_trunc_f64x2_u_zero";

const TERNARY: &str =
    "v128.bitselect f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd
    i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect
    i32x4.relaxed_dot_i8x16_i7x16_add_s";

const TESTS: &str = "v128.any_true i8x16.all_true i16x8.all_true i32x4.all_true i64x2.all_true i8x16.bitmask
    i16x8.bitmask i32x4.bitmask i64x2.bitmask";

/// The names of the operators of two vectors.
fn binary() -> Vec<String> {
    let mut names: Vec<String> = "i8x16.swizzle i8x16.relaxed_swizzle v128.and v128.andnot v128.or v128.xor
        i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u i16x8.q15mulr_sat_s
        i16x8.relaxed_q15mulr_s i32x4.dot_i16x8_s i16x8.relaxed_dot_i8x16_i7x16_s f32x4.relaxed_min f32x4.relaxed_max
        f64x2.relaxed_min f64x2.relaxed_max"
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut add = |shape: &str, operators: &str| {
        names.extend(operators.split_whitespace().map(|name| format!("{shape}.{name}")));
    };
    for shape in ["i8x16", "i16x8", "i32x4", "i64x2"] {
        add(shape, "eq ne lt_s gt_s le_s ge_s add sub");
        if shape != "i64x2" {
            add(shape, "lt_u gt_u le_u ge_u min_s min_u max_s max_u");
        }
        if shape != "i8x16" {
            add(shape, "mul");
        }
    }
    for shape in ["i8x16", "i16x8"] {
        add(shape, "add_sat_s add_sat_u sub_sat_s sub_sat_u avgr_u");
    }
    for (shape, narrow) in [("i16x8", "i8x16"), ("i32x4", "i16x8"), ("i64x2", "i32x4")] {
        for form in ["low_NARROW_s", "low_NARROW_u", "high_NARROW_s", "high_NARROW_u"] {
            add(shape, &format!("extmul_{}", form.replace("NARROW", narrow)));
        }
    }
    for shape in ["f32x4", "f64x2"] {
        add(shape, "eq ne lt gt le ge add sub mul div min max pmin pmax");
    }
    names
}

/// The ways to give a vector: a local, a value of its own, a constant.
fn ways(local: &str, constant: &str) -> [String; 3] {
    [
        format!("(local.get {local})"),
        format!("(v128.and (local.get {local}) (local.get {local}))"),
        constant.to_owned(),
    ]
}

/// The ways to give a scalar: a local, a constant, the accumulator.
fn scalar_ways(ty: &str, local: &str, value: &str) -> [String; 3] {
    let local = format!("(local.get {local})");
    let computed = match ty {
        "i32" | "i64" => format!("({ty}.add {local} ({ty}.const 0))"),
        _ => format!("({ty}.copysign {local} {local})"),
    };
    [local, format!("({ty}.const {value})"), computed]
}

/// Runs forms of one operator in a loop: all have to give what the first gives, as a value and through a local.
fn agree(name: &str, forms: &[String]) {
    let mut body = String::new();
    for form in forms {
        for value in [form.as_str(), "(local.get $t)"] {
            if value != form {
                writeln!(body, "(local.set $t {form})").unwrap();
            }
            writeln!(
                body,
                "(local.set $bad (i32.or (local.get $bad)
                   (i32.eqz (i8x16.all_true (i8x16.eq {value} (local.get $expected))))))"
            )
            .unwrap();
        }
    }
    let text = format!(
        "(module (memory 1) (func (export \"run\") (param $n i32) (result i32) (local $bad i32)
           (local $a v128) (local $b v128) (local $c v128) (local $t v128) (local $expected v128)
           (local $i i32) (local $l i64) (local $f f32) (local $d f64) (local $p i32)
           (local.set $a {A}) (local.set $b {B}) (local.set $c {C})
           (local.set $i (i32.const 37)) (local.set $l (i64.const -5)) (local.set $f (f32.const -1.5))
           (local.set $d (f64.const 2.5)) (local.set $p (i32.const 90))
           (v128.store (i32.const 96) (local.get $a))
           (local.set $expected {first})
           (loop $again {body}
             (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
           (local.get $bad)))",
        first = forms[0]
    );
    assert_eq!(on_small_stack(move || run(&text, &[ROUNDS])), Ok(vec![0]), "{name}");
}

#[test]
fn operators_of_one_vector_agree_in_every_mode() {
    let names: Vec<&str> = UNARY.split_whitespace().collect();
    assert_eq!(names.len(), 54);
    for name in names {
        agree(name, &ways("$a", A).map(|a| format!("({name} {a})")));
    }
}

#[test]
fn operators_of_two_vectors_agree_in_every_mode() {
    let names = binary();
    assert_eq!(names.len(), 127);
    for name in names {
        let pairs =
            ways("$a", A).into_iter().flat_map(|a| ways("$b", B).map(|b| format!("({name} {a} {b})")));
        agree(&name, &pairs.collect::<Vec<_>>());
    }
    let shuffle = "i8x16.shuffle 0 31 2 29 4 27 6 25 8 23 10 21 12 19 14 17";
    agree("shuffle", &ways("$a", A).map(|a| format!("({shuffle} {a} (local.get $b))")));
}

#[test]
fn operators_of_three_vectors_agree_in_every_mode() {
    for name in TERNARY.split_whitespace() {
        let forms = ways("$a", A).map(|a| format!("({name} {a} (local.get $b) (local.get $c))"));
        let more = ways("$c", C).map(|c| format!("({name} (local.get $a) {} {c})", ways("$b", B)[1]));
        agree(name, &[forms, more].concat());
    }
}

#[test]
fn operators_with_scalars_agree_in_every_mode() {
    for shape in ["i8x16", "i16x8", "i32x4", "i64x2"] {
        for shift in ["shl", "shr_s", "shr_u"] {
            let forms =
                scalar_ways("i32", "$i", "37").map(|by| format!("({shape}.{shift} (local.get $a) {by})"));
            agree(shift, &forms);
        }
    }
    let scalars = [
        ("i8x16", "i32", "$i", "37", 15),
        ("i16x8", "i32", "$i", "37", 7),
        ("i32x4", "i32", "$i", "37", 3),
        ("i64x2", "i64", "$l", "-5", 1),
        ("f32x4", "f32", "$f", "-1.5", 3),
        ("f64x2", "f64", "$d", "2.5", 1),
    ];
    for (shape, ty, local, value, last) in scalars {
        agree(shape, &scalar_ways(ty, local, value).map(|value| format!("({shape}.splat {value})")));
        for lane in [0, last] {
            let forms = scalar_ways(ty, local, value)
                .map(|value| format!("({shape}.replace_lane {lane} (local.get $a) {value})"));
            agree(shape, &forms);
            let signs: &[&str] = if last > 3 { &["_s", "_u"] } else { &[""] };
            for sign in signs {
                let extract = format!("{shape}.extract_lane{sign} {lane}");
                agree(&extract, &ways("$a", A).map(|a| format!("({shape}.splat ({extract} {a}))")));
            }
        }
    }
    for name in TESTS.split_whitespace() {
        agree(name, &ways("$a", A).map(|a| format!("(i32x4.splat ({name} {a}))")));
    }
    let condition = scalar_ways("i32", "$i", "37");
    agree(
        "select",
        &condition.map(|condition| format!("(select (local.get $a) (local.get $b) {condition})")),
    );
}

const LOADS: [(&str, u32); 13] = [
    ("load", 16),
    ("load8x8_s", 8),
    ("load8x8_u", 8),
    ("load16x4_s", 8),
    ("load16x4_u", 8),
    ("load32x2_s", 8),
    ("load32x2_u", 8),
    ("load8_splat", 1),
    ("load16_splat", 2),
    ("load32_splat", 4),
    ("load64_splat", 8),
    ("load32_zero", 4),
    ("load64_zero", 8),
];

#[test]
fn accesses_agree_in_every_mode() {
    for (name, _) in LOADS {
        agree(name, &scalar_ways("i32", "$p", "90").map(|p| format!("(v128.{name} offset=8 {p})")));
    }
    for (bits, last) in [(8, 15), (16, 7), (32, 3), (64, 1)] {
        for lane in [0, last] {
            let access = |kind: &str| format!("v128.{kind}{bits}_lane offset=8 {lane}");
            let loads =
                scalar_ways("i32", "$p", "90").map(|p| format!("({} {p} (local.get $b))", access("load")));
            agree("load_lane", &loads);
            let stores = scalar_ways("i32", "$p", "90").map(|p| {
                let store = format!("({} {p} (local.get $b))", access("store"));
                format!("(block (result v128) (v128.store (i32.const 96) (local.get $a)) {store} (v128.load (i32.const 90)))")
            });
            agree("store_lane", &stores);
        }
    }
    let stores = scalar_ways("i32", "$p", "90").map(|p| {
        format!("(block (result v128) (v128.store offset=8 {p} (local.get $b)) (v128.load (i32.const 98)))")
    });
    agree("store", &stores);
}

/// Whether `body` traps with the address 65536 - `size` (no) and one more (yes).
fn ends_at(body: &str, size: u32) {
    let text = format!("(module (memory 1) (func (export \"run\") (param i32) {body}))");
    assert_eq!(run(&text, &[u64::from(65536 - size)]), Ok(vec![]), "{body}");
    for address in [65536 - size + 1, 65535 + u32::from(size == 1), u32::MAX] {
        assert_eq!(
            run(&text, &[u64::from(address)]),
            Err(TrapKind::MemoryOutOfBounds),
            "{body} at {address}"
        );
    }
}

#[test]
fn accesses_end_at_the_last_byte() {
    for (name, size) in LOADS {
        ends_at(&format!("(drop (v128.{name} (local.get 0)))"), size);
    }
    ends_at(&format!("(v128.store (local.get 0) {A})"), 16);
    for (bits, lane) in [(8, 15), (16, 7), (32, 3), (64, 1)] {
        ends_at(&format!("(drop (v128.load{bits}_lane {lane} (local.get 0) {A}))"), bits / 8);
        ends_at(&format!("(v128.store{bits}_lane {lane} (local.get 0) {A})"), bits / 8);
    }
}

#[test]
fn a_store_out_of_bounds_writes_nothing() {
    let text = format!(
        r#"(module (memory 1) (func (export "store") (v128.store (i32.const 65521) {A}))
          (func (export "run") (result i64) (i64.load (i32.const 65528))))"#
    );
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(&text, Vec::new());
    assert_eq!(rig.call(instance, "store", &[]), Err(TrapKind::MemoryOutOfBounds));
    assert_eq!(rig.call(instance, "run", &[]), Ok(vec![0]));
}

const X: u128 = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff;
const Y: u128 = 0xf0e1_d2c3_b4a5_9687_7869_5a4b_3c2d_1e0f;

fn run_bits(text: &str, arguments: &[u128]) -> Vec<u128> {
    let mut rig = Rig::new(LowerOptions::default());
    let instance = rig.instantiate(text, Vec::new());
    rig.call_bits(instance, "run", arguments).unwrap()
}

#[test]
fn vectors_are_parameters_results_and_locals() {
    let text = r#"(module
        (func $turn (param i32 v128 f64 v128) (result v128 f64 v128 i32) (local i64 v128 i32)
          (local.set 5 (v128.xor (local.get 5) (local.get 1)))
          (local.get 3) (local.get 2) (local.get 5) (local.get 0))
        (func (export "run") (param v128 i32 v128 f64) (result i32 v128 f64 v128 v128)
          (local i32 v128 f64 v128)
          (call $turn (local.get 1) (local.get 0) (local.get 3) (local.get 2))
          (local.set 4) (local.set 5) (local.set 6) (local.set 7)
          (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 0)))"#;
    let half = u128::from(0.5f64.to_bits());
    assert_eq!(run_bits(text, &[X, 7, Y, half]), [7, X, half, Y, X]);
}

#[test]
fn results_are_moved_as_if_at_once() {
    let text = r#"(module
        (func $swap (param v128 v128) (result v128 v128) (local.get 1) (local.get 0))
        (func $mixed (param i64 v128 i64) (result v128 i64 i64) (local.get 1) (local.get 2) (local.get 0))
        (func $one (param i64 v128) (result v128) (local.get 1))
        (func (export "run") (param v128 v128) (result v128 v128 v128 i64 i64 v128)
          (call $swap (local.get 0) (local.get 1))
          (call $mixed (i64.const 1) (local.get 0) (i64.const 2))
          (call $one (i64.const 3) (local.get 1))))"#;
    assert_eq!(run_bits(text, &[X, Y]), [Y, X, X, 2, 1, Y]);
}

#[test]
fn vectors_travel_with_branches() {
    let text = r#"(module
        (func $loop (param v128 i32) (result v128)
          (local.get 0)
          (loop $l (param v128) (result v128)
            (i64x2.add (v128.const i64x2 1 2))
            (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))
        (func $out (param v128 i32) (result v128)
          (block $b (result v128)
            (i64.const 5) (i32.const 6)
            (local.get 0) (br_if $b (local.get 1))
            (drop) (drop) (drop)
            (v128.not (local.get 0))))
        (func $if (param v128 i32) (result v128 i32)
          (if (result v128 i32) (local.get 1)
            (then (local.get 0) (i32.const 1))
            (else (v128.not (local.get 0)) (i32.const 2))))
        (func $table (param v128 i32) (result v128)
          (block $b (result v128)
            (block $a (result v128)
              (i64.const 9) (local.get 0) (br_table $a $b 2 (local.get 1)))
            (drop) (v128.const i64x2 0 7)))
        (func (export "run") (param v128) (result v128 v128 v128 v128 i32 v128 i32 v128 v128 v128)
          (call $loop (local.get 0) (i32.const 3))
          (call $out (local.get 0) (i32.const 1)) (call $out (local.get 0) (i32.const 0))
          (call $if (local.get 0) (i32.const 1)) (call $if (local.get 0) (i32.const 0))
          (call $table (local.get 0) (i32.const 0)) (call $table (local.get 0) (i32.const 1))
          (call $table (local.get 0) (i32.const 2))))"#;
    assert_eq!(run_bits(text, &[X]), [X + 3 + (6 << 64), X, !X, X, 1, !X, 2, 7 << 64, X, X]);
}

#[test]
fn a_local_that_is_still_needed_is_kept() {
    let text = r#"(module (func (export "run") (param v128 v128) (result v128 v128 v128 v128)
        (local.get 0)
        (local.set 0 (v128.not (local.get 1)))
        (local.get 0)
        (local.tee 1 (local.get 0))
        (local.get 1)))"#;
    assert_eq!(run_bits(text, &[X, Y]), [X, !Y, !Y, !Y]);
}

#[test]
fn scalars_beside_vectors_keep_their_slots() {
    let text = r#"(module (func (export "run") (param v128 i64) (result i64)
        (i64.add (i64.mul (local.get 1) (i64.const 3))
          (i64.add (i64x2.extract_lane 1 (i64x2.add (local.get 0) (i64x2.splat (i64.add (local.get 1) (i64.const 1)))))
            (i64.sub (i64x2.extract_lane 0 (local.get 0)) (local.get 1))))))"#;
    let expected =
        30u64.wrapping_add(((X >> 64) as u64).wrapping_add(11)).wrapping_add((X as u64).wrapping_sub(10));
    assert_eq!(run_bits(text, &[X, 10]), [u128::from(expected)]);
}

#[test]
fn globals_keep_all_bits() {
    let text = format!(
        r#"(module (global $g (mut v128) {A}) (global $n (mut i64) (i64.const 4))
          (func (export "run") (param v128) (result v128 v128 i64)
            (global.get $g) (global.set $g (local.get 0)) (global.get $g) (global.get $n)))"#
    );
    let results = run_bits(&text, &[X]);
    assert_eq!((results[0] as u32, results[1], results[2]), (0x8003_fe01, X, 4));
}

#[test]
fn vectors_go_to_hosts_and_other_instances() {
    let mut rig = Rig::new(LowerOptions::default());
    let callee = rig.instantiate(
        r#"(module (func (export "f") (param i32 v128 i64) (result v128 i32)
            (v128.xor (local.get 1) (i64x2.splat (local.get 2))) (local.get 0)))"#,
        Vec::new(),
    );
    let f = rig.func(callee, "f");
    let type_id = rig.store.func_type(f);
    let function = |call: HostCall<'_>| {
        let (narrow, vector, wide) = (call.values[0], call.values[1], call.values[2]);
        call.values[0] = Value::from_bits(vector.to_bits() ^ u128::from(wide.low()));
        call.values[1] = narrow;
        Ok(())
    };
    let body = HostBody::new(type_id, 0, 3, function);
    let host = rig.store.new_host_func(&Arc::new(body));
    let caller = r#"(module (type $t (func (param i32 v128 i64) (result v128 i32)))
        (import "m" "f" (func $f (type $t))) (import "m" "h" (func $h (type $t)))
        (table funcref (elem $f $h))
        (func (export "run") (param v128 i32) (result v128 i32 v128 i32 v128 i32 v128 i32 i64)
          (call $f (i32.const 1) (local.get 0) (i64.const 3))
          (call $h (i32.const 2) (local.get 0) (i64.const 5))
          (call_indirect (type $t) (i32.const 3) (local.get 0) (i64.const 3) (i32.const 0))
          (call_indirect (type $t) (i32.const 4) (local.get 0) (i64.const 5) (i32.const 1))
          (i64.const 6)))"#;
    let caller = rig.instantiate(caller, vec![f, host]);
    let (other, host) = (X ^ (3 << 64 | 3), X ^ 5);
    assert_eq!(rig.call_bits(caller, "run", &[X, 0]), Ok(vec![other, 1, host, 2, other, 3, host, 4, 6]));
}
