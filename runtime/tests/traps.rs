//! Traps: their kind, text, position and what they leave behind, on every engine.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{Engine, Error, Instance, Module, Store, Trap};
use support::engines;

fn run(engine: &Engine, text: &str) -> Result<i32, Error> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &Module::new(engine, text)?, &[])?;
    instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())
}

#[test]
fn every_trap_has_its_kind_and_text() {
    let cases = [
        ("unreachable", Trap::Unreachable, "unreachable"),
        ("(i32.div_s (i32.const 1) (i32.const 0))", Trap::IntegerDivideByZero, "integer divide by zero"),
        ("(i32.rem_u (i32.const 1) (i32.const 0))", Trap::IntegerDivideByZero, "integer divide by zero"),
        (
            "(i32.wrap_i64 (i64.div_u (i64.const 1) (i64.const 0)))",
            Trap::IntegerDivideByZero,
            "integer divide by zero",
        ),
        ("(i32.div_s (i32.const 0x80000000) (i32.const -1))", Trap::IntegerOverflow, "integer overflow"),
        ("(i32.trunc_f64_s (f64.const 3e9))", Trap::IntegerOverflow, "integer overflow"),
        (
            "(i32.trunc_f32_u (f32.const nan))",
            Trap::InvalidConversionToInteger,
            "invalid conversion to integer",
        ),
        ("(i32.load (i32.const 65533))", Trap::MemoryOutOfBounds, "out of bounds memory access"),
        (
            "(i32.load offset=4294967295 (i32.const 1))",
            Trap::MemoryOutOfBounds,
            "out of bounds memory access",
        ),
        ("(i32.load8_u (i32.const -1))", Trap::MemoryOutOfBounds, "out of bounds memory access"),
        (
            "(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)) (i32.const 0)",
            Trap::MemoryOutOfBounds,
            "out of bounds memory access",
        ),
        (
            "(table.set (i32.const 3) (ref.null func)) (i32.const 0)",
            Trap::TableOutOfBounds,
            "out of bounds table access",
        ),
        ("(call_indirect (type $t) (i32.const 3))", Trap::UndefinedElement, "undefined element"),
        ("(call_indirect (type $t) (i32.const 2))", Trap::UninitializedElement, "uninitialized element 2"),
        (
            "(call_indirect (type $t) (i32.const 0))",
            Trap::IndirectCallTypeMismatch,
            "indirect call type mismatch",
        ),
        ("(call $run)", Trap::StackOverflow, "call stack exhausted"),
    ];
    for (name, engine) in engines(|_| {}) {
        for (body, kind, message) in cases {
            let text = format!(
                "(module (memory 1) (type $t (func (result i32))) (table 3 funcref) (elem (i32.const 0) $other)
                    (func $other) (func $run (export \"run\") (result i32) {body}))"
            );
            let error = run(&engine, &text).unwrap_err();
            assert_eq!(error.trap(), Some(kind), "{name}: {body}: {error}");
            assert!(error.to_string().starts_with(message), "{name}: {body}: {error}");
        }
    }
}

#[test]
fn backtraces_name_the_frames_with_their_positions() {
    let text = r#"(module $demo (func $c (result i32) (i32.div_u (i32.const 1) (i32.const 0)))
        (func $b (result i32) (call $c)) (func $a (export "run") (result i32) nop (call $b)))"#;
    let mut seen = Vec::new();
    for (name, engine) in engines(|_| {}) {
        let error = run(&engine, text).unwrap_err();
        let frames = error.backtrace().unwrap().frames();
        let names: Vec<_> = frames.iter().map(|frame| frame.func_name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"], "{name}");
        assert!(frames.iter().all(|frame| frame.module.as_deref() == Some("demo")), "{name}");
        seen.push((name, frames.iter().map(|frame| frame.offset.unwrap()).collect::<Vec<_>>()));
    }
    assert!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "{seen:x?}");
}

#[test]
fn callees_that_are_written_out_leave_backtraces_as_they_are() {
    let cases: [(u32, &[&str]); 4] = [
        (0, &["through", "run"]),
        (2, &["divided", "through", "run"]),
        (3, &["through", "run"]),
        (9, &["through", "run"]),
    ];
    for (index, expected) in cases {
        let text = format!(
            r#"(module (type $t (func (param i32) (result i32))) (table 4 funcref)
                (elem (i32.const 1) $leaf $divided $other)
                (func $leaf (type $t) (i32.add (local.get 0) (i32.const 1)))
                (func $divided (type $t) (i32.div_u (i32.const 1) (local.get 0)))
                (func $other)
                (func $through (param i32 i32) (result i32)
                  (call $leaf (call_indirect (type $t) (call $leaf (local.get 0)) (local.get 1))))
                (func $run (export "run") (result i32)
                  (i32.add (call $leaf (i32.const 1)) (call $through (i32.const -1) (i32.const {index})))))"#
        );
        let mut seen = Vec::new();
        for (name, engine) in engines(|_| {}) {
            let error = run(&engine, &text).unwrap_err();
            let frames = error.backtrace().unwrap().frames();
            let names: Vec<_> = frames.iter().map(|frame| frame.func_name.as_str()).collect();
            assert_eq!(names, expected, "{name}: index {index}");
            seen.push((name, frames.iter().map(|frame| frame.offset.unwrap()).collect::<Vec<_>>()));
        }
        assert!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "index {index}: {seen:x?}");
    }
}

#[test]
fn a_store_is_usable_after_a_trap() {
    let text = r#"(module (memory 1) (func (export "set") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.const 5)) (i32.store (local.get 0) (i32.const 6)) (i32.load (i32.const 0))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
        let set = instance.get_typed_func::<i32, i32>(&mut store, "set").unwrap();
        for _ in 0..3 {
            assert!(set.call(&mut store, -4).is_err(), "{name}");
            assert_eq!(set.call(&mut store, 4).unwrap(), 5, "{name}");
        }
    }
}

#[test]
fn an_active_segment_that_traps_leaves_what_was_written_before() {
    let owner = r#"(module (memory (export "m") 1) (table (export "t") 10 funcref)
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#;
    let failing = r#"(module (import "o" "m" (memory 1)) (import "o" "t" (table 10 funcref))
        (func $f (result i32) (i32.const 99)) (elem (i32.const 7) $f)
        (data (i32.const 0) "abc") (data (i32.const 0x10000) "d"))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, ());
        let owner = Instance::new(&mut store, &Module::new(&engine, owner).unwrap(), &[]).unwrap();
        let memory = owner.get_export(&mut store, "m").unwrap();
        let table = owner.get_export(&mut store, "t").unwrap();
        let module = Module::new(&engine, failing).unwrap();
        let error = Instance::new(&mut store, &module, &[memory, table]).unwrap_err();
        assert_eq!(error.to_string(), "out of bounds memory access", "{name}");
        let call = |store: &mut Store<()>, export: &str, n: i32| {
            owner.get_typed_func::<i32, i32>(&mut *store, export).unwrap().call(store, n)
        };
        assert_eq!(call(&mut store, "byte", 2).unwrap(), i32::from(b'c'), "{name}");
        assert_eq!(call(&mut store, "call", 7).unwrap(), 99, "{name}");
    }
}

#[test]
fn exhaustion_is_a_trap_on_a_thread_with_little_stack() {
    // Locals that stay live across the call make frames large.
    let locals = 400;
    let mut body = String::new();
    (0..locals).for_each(|n| body.push_str(&format!("(local.set {n} (call $f))")));
    (0..locals).for_each(|n| body.push_str(&format!("(call $use (local.get {n}))")));
    let text = format!(
        "(module (memory 1) (func $use (param i64) (i64.store (i32.const 0) (local.get 0)))
            (func $f (result i64) (local {}) {body} (i64.const 0))
            (func (export \"run\") (result i32) (drop (call $f)) (i32.const 0)))",
        "i64 ".repeat(locals)
    );
    for (name, engine) in engines(|_| {}) {
        let text = text.clone();
        let thread =
            std::thread::Builder::new().stack_size(1 << 20).spawn(move || run(&engine, &text).unwrap_err());
        let error = thread.unwrap().join().unwrap();
        assert_eq!(error.trap(), Some(Trap::StackOverflow), "{name}");
    }
}
