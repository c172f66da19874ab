//! Exceptions between wasm code and the embedder, on every engine and between them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{
    AsContextMut, Engine, EngineKind, Error, ExnRef, Extern, Func, FuncType, Instance, Module, Store, Tag,
    TagType, ThrownException, Trap, Val, ValType,
};
use support::engines;

fn tag(engine: &Engine, store: &mut Store<u32>) -> Tag {
    Tag::new(store, &TagType::new(FuncType::new(engine, [ValType::I32, ValType::F64], [])))
}

/// The values of an exception that came out of a call.
fn values(store: &mut Store<u32>, tag: Tag, error: &Error) -> (i32, f64) {
    let Error::Exception(thrown) = error else { panic!("{error}") };
    let exception = thrown.exception().to_rooted(&mut *store).unwrap();
    assert!(Tag::eq(&exception.tag(&*store).unwrap(), &tag, &*store));
    let fields = exception.fields(store).unwrap();
    (fields[0].i32().unwrap(), fields[1].f64().unwrap())
}

#[test]
fn what_nothing_catches_reaches_the_embedder_with_its_values() {
    let text = r#"(module (import "host" "tag" (tag $t (param i32 f64)))
        (func $inner (throw $t (i32.const 7) (f64.const 1.5)))
        (func (export "run") (call $inner))
        (func (export "missed") (block $h (try_table (catch $other $h) (call $inner))))
        (tag $other))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let tag = tag(&engine, &mut store);
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[Extern::Tag(tag)]).unwrap();
        for (export, frames) in [("run", 2), ("missed", 2)] {
            let run = instance.get_typed_func::<(), ()>(&mut store, export).unwrap();
            let error = run.call(&mut store, ()).unwrap_err();
            assert_eq!(values(&mut store, tag, &error), (7, 1.5), "{name}: {export}");
            assert_eq!(error.to_string(), "uncaught exception");
            if export == "run" {
                assert_eq!(error.backtrace().unwrap().frames().len(), frames, "{name}: {export}");
            }
        }
    }
}

#[test]
fn host_functions_throw_and_pass_on() {
    let text = r#"(module (import "host" "tag" (tag $t (param i32 f64)))
        (import "host" "throw" (func $throw (param i32)))
        (import "host" "call" (func $call (param funcref)))
        (elem declare func $inner)
        (func (export "caught") (param i32) (result i32 f64)
            (block $h (result i32 f64)
                (try_table (catch $t $h) (call $throw (local.get 0)))
                (i32.const -1) (f64.const -1)))
        (func $inner (throw $t (i32.const 5) (f64.const 0.5)))
        (func (export "through") (result i32 f64)
            (block $h (result i32 f64)
                (try_table (catch $t $h) (call $call (ref.func $inner)))
                (i32.const -1) (f64.const -1))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0);
        let tag = tag(&engine, &mut store);
        let throw = Func::wrap(&mut store, move |mut caller: assay_runtime::Caller<'_, u32>, number: i32| {
            let values = [Val::I32(number), Val::F64(2.5f64.to_bits())];
            let exception = ExnRef::new(&mut caller, &tag, &values)?;
            Err::<(), Error>(ThrownException::new(&mut caller, &exception)?)
        });
        let call =
            Func::wrap(&mut store, |mut caller: assay_runtime::Caller<'_, u32>, func: Option<Func>| {
                *caller.data_mut() += 1;
                func.unwrap().call(caller.as_context_mut(), &[], &mut [])
            });
        let module = Module::new(&engine, text).unwrap();
        let imports = [Extern::Tag(tag), throw.into(), call.into()];
        let instance = Instance::new(&mut store, &module, &imports).unwrap();
        let caught = instance.get_typed_func::<i32, (i32, f64)>(&mut store, "caught").unwrap();
        assert_eq!(caught.call(&mut store, 11).unwrap(), (11, 2.5), "{name}");
        let through = instance.get_typed_func::<(), (i32, f64)>(&mut store, "through").unwrap();
        assert_eq!(through.call(&mut store, ()).unwrap(), (5, 0.5), "{name}");
        assert_eq!(*store.data(), 1, "{name}");
    }
}

#[test]
fn traps_and_errors_of_the_host_are_not_caught() {
    let text = r#"(module (import "host" "fail" (func $fail))
        (func (export "trap") (block $h (try_table (catch_all $h) (unreachable))))
        (func (export "error") (block $h (try_table (catch_all $h) (call $fail))))
        (func (export "null") (block $h (try_table (catch_all $h) (throw_ref (ref.null exn))))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, 0u32);
        let fail = Func::wrap(&mut store, || Err::<(), _>(Error::host(std::fmt::Error)));
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[fail.into()]).unwrap();
        let mut call = |export| {
            let func = instance.get_typed_func::<(), ()>(&mut store, export).unwrap();
            func.call(&mut store, ()).unwrap_err()
        };
        assert_eq!(call("trap").trap(), Some(Trap::Unreachable), "{name}");
        assert_eq!(call("null").trap(), Some(Trap::NullExceptionReference), "{name}");
        assert!(call("error").downcast_ref::<std::fmt::Error>().is_some(), "{name}");
    }
}

#[test]
fn exceptions_cross_engines_and_collections() {
    let thrower = r#"(module (type $box (struct (field i32)))
        (tag $t (export "tag") (param anyref))
        (func $deep (export "throw") (param i32)
            (if (local.get 0)
                (then (call $deep (i32.sub (local.get 0) (i32.const 1))) (drop (struct.new $box (i32.const 0))))
                (else (throw $t (struct.new $box (i32.const 99)))))))"#;
    let catcher = r#"(module (type $box (struct (field i32)))
        (import "a" "tag" (tag $t (param anyref)))
        (import "a" "throw" (func $throw (param i32)))
        (func (export "run") (param i32) (result i32) (local $box (ref $box)) (local $e exnref)
            (local.set $box (struct.new $box (i32.const 1)))
            (block $outer (result anyref)
                (block $h (result anyref exnref)
                    (try_table (catch_ref $t $h) (call $throw (local.get 0)))
                    (return (i32.const -1)))
                (local.set $e) drop
                (drop (struct.new $box (i32.const 0)))
                (try_table (catch $t $outer) (throw_ref (local.get $e)))
                unreachable)
            (i32.add (struct.get $box 0 (ref.cast (ref $box))) (struct.get $box 0 (local.get $box)))))"#;
    let kinds = [EngineKind::Jit, EngineKind::Interp];
    for zeal in [false, true] {
        for pair in [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| (kinds[a], kinds[b])) {
            let mut config = assay_runtime::Config::new();
            config.gc_zeal(zeal);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, 0u32);
            let make = |kind, text: &str| {
                Module::from_binary_with_engine_kind(&engine, kind, &wat::parse_str(text).unwrap()).unwrap()
            };
            let first = Instance::new(&mut store, &make(pair.0, thrower), &[]).unwrap();
            let imports = ["tag", "throw"].map(|name| first.get_export(&mut store, name).unwrap());
            let second = Instance::new(&mut store, &make(pair.1, catcher), &imports).unwrap();
            let run = second.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
            for depth in [0, 1, 10, 500] {
                assert_eq!(run.call(&mut store, depth).unwrap(), 100, "{pair:?}, zeal {zeal}, depth {depth}");
            }
        }
    }
}
