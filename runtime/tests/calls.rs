//! Calls between the embedder and wasm code, on every engine.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{
    Caller, Engine, Error, Extern, ExternRef, Func, FuncType, Instance, Linker, Module, Result, Rooted,
    Store, Trap, Val, ValType,
};
use support::engines;

fn instance(engine: &Engine, store: &mut Store<u32>, text: &str, imports: &[Extern]) -> Result<Instance> {
    Instance::new(store, &Module::new(engine, text)?, imports)
}

#[test]
fn typed_calls_carry_every_number_type() {
    let text = r#"(module (func (export "f") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        local.get 3 local.get 2 local.get 1 local.get 0))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let instance = instance(&engine, &mut store, text, &[]).unwrap();
        let f =
            instance.get_typed_func::<(i32, i64, f32, f64), (f64, f32, i64, i32)>(&mut store, "f").unwrap();
        let results = f.call(&mut store, (-1, i64::MIN, 1.5, -2.5)).unwrap();
        assert_eq!(results, (-2.5, 1.5, i64::MIN, -1), "{name}");
    }
}

#[test]
fn more_results_than_registers_arrive() {
    let results = 24;
    let mut text = String::from("(module (func $f (param i32) (result");
    (0..results).for_each(|position| text.push_str(if position % 3 == 2 { " f64" } else { " i64" }));
    text.push(')');
    for position in 0..results {
        text.push_str(&match position % 3 {
            2 => format!(" (f64.convert_i32_s (i32.add (local.get 0) (i32.const {position})))"),
            _ => format!(" (i64.extend_i32_s (i32.add (local.get 0) (i32.const {position})))"),
        });
    }
    text.push_str(") (export \"direct\" (func $f)) (func (export \"f\") (param i32) (result");
    (0..results).for_each(|position| text.push_str(if position % 3 == 2 { " f64" } else { " i64" }));
    text.push_str(") (call $f (local.get 0))))");
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let instance = instance(&engine, &mut store, &text, &[]).unwrap();
        for export in ["direct", "f"] {
            let f = instance.get_func(&mut store, export).unwrap();
            let mut values = vec![Val::I32(0); results];
            f.call(&mut store, &[Val::I32(100)], &mut values).unwrap();
            for (position, value) in values.iter().enumerate() {
                let expected = 100 + position as i64;
                let actual = value.i64().unwrap_or_else(|| value.f64().unwrap() as i64);
                assert_eq!(actual, expected, "{name}: result {position} of {export}");
            }
        }
    }
}

#[test]
fn host_functions_see_the_callers_memory_and_data() {
    let text = r#"(module (import "host" "sum" (func $sum (param i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 8) "\01\02\03\04")
        (func (export "run") (result i32) (call $sum (i32.const 8) (i32.const 4))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut linker = Linker::<u32>::new(&engine);
        let sum = |mut caller: Caller<'_, u32>, start: u32, len: u32| -> i32 {
            let memory = caller.get_export("memory").and_then(Extern::into_memory).unwrap();
            let bytes = &memory.data(&caller)[start as usize..(start + len) as usize];
            let sum = bytes.iter().map(|&byte| i32::from(byte)).sum();
            *caller.data_mut() += 1;
            sum
        };
        linker.func_wrap("host", "sum", sum).unwrap();
        let mut store = Store::new(&engine, 41);
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text).unwrap()).unwrap();
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!((run.call(&mut store, ()).unwrap(), *store.data()), (10, 42), "{name}");
    }
}

#[test]
fn calls_go_back_and_forth_between_host_and_wasm() {
    let text = r#"(module (import "host" "down" (func $down (param i32) (result i32)))
        (func (export "up") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut linker = Linker::<Option<Instance>>::new(&engine);
        let down = |mut caller: Caller<'_, Option<Instance>>, n: i32| -> Result<i32> {
            let instance = caller.data().unwrap();
            instance.get_typed_func::<i32, i32>(&mut caller, "up")?.call(&mut caller, n)
        };
        linker.func_wrap("host", "down", down).unwrap();
        let mut store = Store::new(&engine, None);
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text).unwrap()).unwrap();
        *store.data_mut() = Some(instance);
        let up = instance.get_typed_func::<i32, i32>(&mut store, "up").unwrap();
        assert_eq!(up.call(&mut store, 50).unwrap(), 50, "{name}");
        // Deep enough, the native stack ends in a trap and not in a crash.
        assert_eq!(up.call(&mut store, 1_000_000).unwrap_err().to_string(), "call stack exhausted", "{name}");
        assert_eq!(up.call(&mut store, 3).unwrap(), 3, "{name}");
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the host says no to {0}")]
struct No(i32);

#[test]
fn errors_of_host_functions_come_out_as_they_went_in() {
    let text = r#"(module (import "host" "check" (func $check (param i32)))
        (func $inner (param i32) (call $check (local.get 0)))
        (func $outer (export "run") (param i32) (call $inner (local.get 0))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut linker = Linker::<u32>::new(&engine);
        linker
            .func_wrap("host", "check", |n: i32| if n < 0 { Err(Error::host(No(n))) } else { Ok(()) })
            .unwrap();
        let mut store = Store::new(&engine, 0);
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text).unwrap()).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        run.call(&mut store, 1).unwrap();
        let error = run.call(&mut store, -7).unwrap_err();
        assert_eq!(error.downcast_ref::<No>().map(|no| no.0), Some(-7), "{name}");
        let frames: Vec<_> =
            error.backtrace().unwrap().frames().iter().map(|frame| frame.func_name.clone()).collect();
        assert_eq!(frames, ["inner", "outer"], "{name}");
    }
}

#[test]
fn panics_of_host_functions_are_carried_through() {
    let text = r#"(module (import "host" "panic" (func $panic)) (func (export "run") (call $panic)))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let panic = Func::wrap(&mut store, || -> () { panic!("carried") });
        let instance = instance(&engine, &mut store, text, &[panic.into()]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let call = std::panic::AssertUnwindSafe(|| run.call(&mut store, ()));
        let payload = std::panic::catch_unwind(call).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"carried"), "{name}");
    }
}

#[test]
fn references_keep_their_identity() {
    let text = r#"(module (table (export "t") 4 funcref) (global $g (mut externref) (ref.null extern))
        (func $seven (result i32) i32.const 7) (elem declare func $seven)
        (func (export "keep") (param externref) (result externref)
            (global.set $g (local.get 0)) (global.get $g))
        (func (export "take") (param funcref) (result i32)
            (table.set 0 (i32.const 1) (local.get 0)) (call_indirect (result i32) (i32.const 1)))
        (func (export "give") (result funcref) (ref.func $seven)))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let instance = instance(&engine, &mut store, text, &[]).unwrap();
        let data = ExternRef::new(&mut store, String::from("host data")).unwrap();
        let keep = instance
            .get_typed_func::<Option<Rooted<ExternRef>>, Option<Rooted<ExternRef>>>(&mut store, "keep")
            .unwrap();
        let back = keep.call(&mut store, Some(data)).unwrap().unwrap();
        assert_eq!(
            back.data(&store).unwrap().unwrap().downcast_ref::<String>().unwrap(),
            "host data",
            "{name}"
        );
        assert!(keep.call(&mut store, None).unwrap().is_none(), "{name}");
        let give = instance.get_typed_func::<(), Option<Func>>(&mut store, "give").unwrap();
        let take = instance.get_typed_func::<Option<Func>, i32>(&mut store, "take").unwrap();
        let seven = give.call(&mut store, ()).unwrap();
        assert_eq!(take.call(&mut store, seven).unwrap(), 7, "{name}");
        let nine = Func::wrap(&mut store, || 9i32);
        assert_eq!(take.call(&mut store, Some(nine)).unwrap(), 9, "{name}");
        assert_eq!(take.call(&mut store, None).unwrap_err().to_string(), "uninitialized element 1", "{name}");
    }
}

#[test]
fn untyped_host_functions_are_checked_at_each_call() {
    let text = r#"(module (import "host" "f" (func $f (param i32) (result i64)))
        (func (export "run") (result i64) (call $f (i32.const 5))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let ty = FuncType::new(&engine, [ValType::I32], [ValType::I64]);
        let good = Func::new(&mut store, ty.clone(), |_, params, results| {
            results[0] = Val::I64(i64::from(params[0].i32().unwrap()) * 2);
            Ok(())
        });
        let bad = Func::new(&mut store, ty, |_, _, results| {
            results[0] = Val::I32(1);
            Ok(())
        });
        let run = |store: &mut Store<u32>, func: Func| {
            let instance = instance(&engine, store, text, &[func.into()]).unwrap();
            instance.get_typed_func::<(), i64>(&mut *store, "run").unwrap().call(store, ())
        };
        assert_eq!(run(&mut store, good).unwrap(), 10, "{name}");
        let error = run(&mut store, bad).unwrap_err().to_string();
        assert_eq!(error, "expected a value of type i64, got i32", "{name}");
    }
}

#[test]
fn wrong_arguments_are_errors_not_surprises() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let text = r#"(module (func (export "f") (param i32)) (memory (export "m") 1))"#;
    let instance = instance(&engine, &mut store, text, &[]).unwrap();
    let f = instance.get_func(&mut store, "f").unwrap();
    let message = |result: Result<()>| result.unwrap_err().to_string();
    assert_eq!(message(f.call(&mut store, &[], &mut [])), "the function has 1 argument, but 0 were given");
    assert_eq!(message(f.call(&mut store, &[Val::I64(1)], &mut [])), "expected a value of type i32, got i64");
    let typed = f.typed::<i64, ()>(&store).unwrap_err().to_string();
    assert_eq!(typed, "the function has type (func (param i32)), not (func (param i64))");
    let mut other = Store::new(&engine, 0);
    assert_eq!(message(f.call(&mut other, &[Val::I32(1)], &mut [])), "the object belongs to another store");
    assert!(instance.get_func(&mut store, "m").is_none());
}

#[test]
fn a_host_call_without_values_at_the_end_of_the_open_stack() {
    // Frames that end where the open part of a value stack ends, whatever a frame has besides its locals.
    for locals in 0..16 {
        let text = format!(
            r#"(module (import "" "" (func $host)) (func $deep (export "deep") {} (call $host) (call $deep)))"#,
            "(local i64)".repeat(locals)
        );
        for (name, engine) in engines(|config| {
            config.consume_fuel(true);
        }) {
            let mut store = Store::new(&engine, 0);
            store.set_fuel(40_000).unwrap();
            let host = Func::wrap(&mut store, || {});
            let instance = instance(&engine, &mut store, &text, &[host.into()]).unwrap();
            let deep = instance.get_typed_func::<(), ()>(&mut store, "deep").unwrap();
            let trap = deep.call(&mut store, ()).unwrap_err();
            let ended = matches!(trap.trap(), Some(Trap::OutOfFuel | Trap::StackOverflow));
            assert!(ended, "{name}, {locals} locals: {trap}");
        }
    }
}
