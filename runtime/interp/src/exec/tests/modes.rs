//! Each operator gives the same result whatever mode its operands have and wherever its result goes: a module is
//! written for each, which compares all forms in a loop, on a small native stack.

use super::on_small_stack;
use crate::LowerOptions;
use crate::exec::testing::{Rig, run};
use assay_model::features::Feature;
use assay_model::ops::{self, Immediates, OpRow};
use std::fmt::Write;

/// Rounds of each loop: a handler that left 8 bytes behind would fill the stack.
const ROUNDS: u64 = 40_000;

/// The rows of Wasm 2.0 without vectors: what came later has tests of its own.
fn scalar_rows() -> impl Iterator<Item = &'static OpRow> {
    let scalar = |feature: Feature| feature.standard() == "2.0" && feature != Feature::Simd;
    ops::all().filter(move |row| row.feature.is_none_or(scalar))
}

fn type_name(letter: char) -> &'static str {
    match letter {
        'i' => "i32",
        'I' => "i64",
        'f' => "f32",
        'F' => "f64",
        other => panic!("no number type `{other}`"),
    }
}

/// Operands that no operator traps on.
fn constant(ty: &str, second: bool) -> &'static str {
    match (ty, second) {
        ("i32" | "i64", false) => "-1234567",
        ("i32" | "i64", true) => "13",
        (_, false) => "7.6875",
        (_, true) => "0x1.8p-1",
    }
}

/// The three ways to give an operand: a local, a constant, and an expression that leaves it in the accumulator.
fn ways(ty: &str, name: &str, second: bool) -> [String; 3] {
    let local = format!("(local.get ${name})");
    let expression = match ty {
        "i32" | "i64" => format!("({ty}.add {local} ({ty}.const 0))"),
        _ => format!("({ty}.copysign {local} {local})"),
    };
    [local, format!("({ty}.const {})", constant(ty, second)), expression]
}

/// The bits of a value as an integer expression, and the type of that.
fn bits(ty: &str, value: &str) -> (String, &'static str) {
    match ty {
        "f32" => (format!("(i32.reinterpret_f32 {value})"), "i32"),
        "f64" => (format!("(i64.reinterpret_f64 {value})"), "i64"),
        "i64" => (value.to_owned(), "i64"),
        _ => (value.to_owned(), "i32"),
    }
}

/// Wraps statements into a loop of [`ROUNDS`] rounds that answers `$diff`.
fn module(locals: &str, before: &str, body: &str) -> String {
    format!(
        "(module (memory 1) (func (export \"run\") (param $n i32) (result i32) (local $diff i32) {locals}
          {before}
          (loop $again {body}
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $again (local.get $n)))
          (local.get $diff)))"
    )
}

/// Statements that note a difference between `form` and `$expected`, with the result in the accumulator and in a slot.
fn expect_same(out: &mut String, ty: &str, form: &str) {
    let (expected, int) = bits(ty, "(local.get $expected)");
    for value in [form.to_owned(), "(local.get $t)".to_owned()] {
        let (value, _) = bits(ty, &value);
        if value.contains("$t") {
            writeln!(out, "(local.set $t {form})").unwrap();
        }
        writeln!(out, "(local.set $diff (i32.or (local.get $diff) ({int}.ne {value} {expected})))").unwrap();
    }
}

/// The forms of an operator with one or two operands.
fn forms(row: &OpRow, inputs: &[&str]) -> Vec<String> {
    let first = ways(inputs[0], "a", false);
    match inputs.get(1) {
        None => first.iter().map(|a| format!("({} {a})", row.mnemonic)).collect(),
        Some(ty) => {
            let second = ways(ty, "b", true);
            let pairs = first.iter().flat_map(|a| second.iter().map(move |b| (a, b)));
            pairs.map(|(a, b)| format!("({} {a} {b})", row.mnemonic)).collect()
        }
    }
}

fn numeric_module(row: &OpRow) -> String {
    let (inputs, output) = row.signature.split_once(':').unwrap();
    let inputs: Vec<&str> = inputs.chars().map(type_name).collect();
    let output = type_name(output.chars().next().unwrap());
    let forms = forms(row, &inputs);
    let mut locals = format!("(local $a {}) (local $expected {output}) (local $t {output})", inputs[0]);
    let mut before = format!("(local.set $a ({}.const {}))", inputs[0], constant(inputs[0], false));
    if let Some(ty) = inputs.get(1) {
        write!(locals, "(local $b {ty})").unwrap();
        write!(before, "(local.set $b ({ty}.const {}))", constant(ty, true)).unwrap();
    }
    write!(before, "(local.set $expected {})", forms[0]).unwrap();
    let mut body = String::new();
    for form in &forms {
        expect_same(&mut body, output, form);
        if output == "i32" {
            branches(&mut body, form);
        }
    }
    module(&locals, &before, &body)
}

/// Statements that note when a branch on `form`, or on its opposite, goes another way than `$expected` says.
fn branches(out: &mut String, form: &str) {
    let taken = "(local.set $diff (i32.or (local.get $diff) (i32.eqz (local.get $expected))))";
    let not_taken =
        "(local.set $diff (i32.or (local.get $diff) (i32.ne (local.get $expected) (i32.const 0))))";
    writeln!(out, "(if {form} (then {taken}) (else {not_taken}))").unwrap();
    writeln!(out, "(if (i32.eqz {form}) (then {not_taken}) (else {taken}))").unwrap();
    writeln!(out, "(block $out (br_if $out {form}) {not_taken})").unwrap();
    writeln!(out, "(block $out (br_if $out (i32.eqz {form})) {taken})").unwrap();
    let chosen = "(local.get $expected) (i32.const 0)";
    writeln!(out, "(if (i32.ne (select {chosen} {form}) (local.get $expected)) (then {not_taken}))").unwrap();
}

#[test]
fn numeric_operators_agree_in_every_mode() {
    let rows = scalar_rows().filter(|row| {
        let numbers = |types: &str| types.chars().all(|ty| "iIfF".contains(ty));
        let (inputs, output) = row.signature.split_once(':').unwrap();
        let plain = row.immediates == Immediates::None && numbers(inputs) && numbers(output);
        plain && (1..=2).contains(&inputs.len()) && output.len() == 1
    });
    let mut count = 0;
    for row in rows {
        let text = numeric_module(row);
        let outcome = on_small_stack(move || run(&text, &[ROUNDS]));
        assert_eq!(outcome, Ok(vec![0]), "{}", row.mnemonic);
        count += 1;
    }
    assert_eq!(count, 136, "the numeric operators of the table");
}

/// Every way to give an address: a local, a constant, the accumulator, and sums.
const ADDRESSES: [&str; 7] = [
    "(local.get $p)",
    "(i32.const 90)",
    "(i32.or (local.get $p) (i32.const 0))",
    "(i32.add (local.get $p) (i32.const 0))",
    "(i32.add (local.get $p) (local.get $zero))",
    "(i32.add (i32.or (local.get $p) (i32.const 0)) (i32.const 0))",
    "(i32.add (i32.or (local.get $p) (i32.const 0)) (local.get $zero))",
];

#[test]
fn accesses_agree_in_every_mode() {
    let mut loads = 0;
    for row in
        scalar_rows().filter(|row| row.immediates == Immediates::MemArg && !row.signature.ends_with(':'))
    {
        let output = type_name(row.signature.chars().last().unwrap());
        let locals =
            format!("(local $p i32) (local $zero i32) (local $expected {output}) (local $t {output})");
        let before = format!(
            "(i64.store (i32.const 100) (i64.const 0xf1e2d3c4b5a69788)) (local.set $p (i32.const 90))
             (local.set $expected ({} offset=10 (local.get $p)))",
            row.mnemonic
        );
        let mut body = String::new();
        for address in ADDRESSES {
            expect_same(&mut body, output, &format!("({} offset=10 {address})", row.mnemonic));
        }
        let text = module(&locals, &before, &body);
        assert_eq!(on_small_stack(move || run(&text, &[ROUNDS])), Ok(vec![0]), "{}", row.mnemonic);
        loads += 1;
    }
    assert_eq!(loads, 14);
}

#[test]
fn stores_agree_in_every_mode() {
    let mut stores = 0;
    for row in
        scalar_rows().filter(|row| row.immediates == Immediates::MemArg && row.signature.ends_with(':'))
    {
        let ty = row.mnemonic.split_once('.').unwrap().0;
        let locals =
            format!("(local $p i32) (local $zero i32) (local $a {ty}) (local $expected i64) (local $t i64)");
        let load = "(i64.load offset=10 (local.get $p))";
        let before = format!(
            "(local.set $a ({ty}.const {})) (local.set $p (i32.const 90)) ({} offset=10 (local.get $p) (local.get $a))
             (local.set $expected {load})",
            constant(ty, false),
            row.mnemonic
        );
        let mut body = String::new();
        for address in ADDRESSES {
            for value in ways(ty, "a", false) {
                writeln!(body, "(i64.store (i32.const 100) (i64.const 0))").unwrap();
                writeln!(body, "({} offset=10 {address} {value})", row.mnemonic).unwrap();
                expect_same(&mut body, "i64", load);
            }
        }
        let text = module(&locals, &before, &body);
        assert_eq!(on_small_stack(move || run(&text, &[ROUNDS])), Ok(vec![0]), "{}", row.mnemonic);
        stores += 1;
    }
    assert_eq!(stores, 9);
}

/// A local is incremented and compared with a bound; one instruction does it all.
#[test]
fn increments_with_a_branch_agree_with_their_parts() {
    for op in ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"] {
        for bound in ["(i32.const 5)", "(local.get $bound)"] {
            for (a, b) in [("(local.get $i)", bound), (bound, "(local.get $i)")] {
                let text = format!(
                    "(module (func (export \"run\") (param $i i32) (param $bound i32) (result i32 i32)
                      (block $taken (local.set $i (i32.add (local.get $i) (i32.const 3)))
                        (br_if $taken (i32.{op} {a} {b})) (return (local.get $i) (i32.const 0)))
                      (local.get $i) (i32.const 1))
                     (func (export \"parts\") (param $i i32) (param $bound i32) (result i32 i32)
                      (local.set $i (i32.add (local.get $i) (i32.const 3))) (nop)
                      (local.get $i) (i32.{op} {a} {b})))"
                );
                let mut rig = Rig::new(LowerOptions::default());
                let instance = rig.instantiate(&text, Vec::new());
                for start in [1, 2, 3, u64::from(u32::MAX) - 1] {
                    let whole = rig.call(instance, "run", &[start, 5]);
                    assert_eq!(whole, rig.call(instance, "parts", &[start, 5]), "{op} {a} {b} {start}");
                }
            }
        }
    }
    let lap = "(module (func (export \"run\") (param $n i32) (result i32) (local $i i32)
        (loop $l (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $i)))";
    assert_eq!(on_small_stack(move || run(lap, &[ROUNDS])), Ok(vec![ROUNDS]));
}
