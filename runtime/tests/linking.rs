//! Instances that share objects, also across engines.
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_runtime::{
    Config, Engine, EngineKind, Error, Extern, Global, GlobalType, Instance, LinkError, Linker, Memory,
    MemoryType, Module, Mutability, Store, Val, ValType,
};

const KINDS: [(EngineKind, EngineKind); 4] = [
    (EngineKind::Jit, EngineKind::Jit),
    (EngineKind::Jit, EngineKind::Interp),
    (EngineKind::Interp, EngineKind::Jit),
    (EngineKind::Interp, EngineKind::Interp),
];

const EXPORTER: &str = r#"(module $exporter (memory (export "m") 1 3) (table (export "t") 2 funcref)
    (global (export "g") (mut i64) (i64.const 5))
    (func $fac (export "fac") (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
            (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "trap") unreachable)
    (func (export "call") (param i32) (result i64) (call_indirect (param i64) (result i64) (i64.const 4) (local.get 0)))
    (elem (i32.const 0) $fac))"#;

const IMPORTER: &str = r#"(module $importer (import "e" "m" (memory 1)) (import "e" "t" (table 2 funcref))
    (import "e" "g" (global $g (mut i64))) (import "e" "fac" (func $fac (param i64) (result i64)))
    (import "e" "trap" (func $trap))
    (func $twice (param i64) (result i64) (i64.mul (i64.const 2) (call $fac (local.get 0))))
    (elem (i32.const 1) $twice)
    (func (export "fac") (param i64) (result i64) (global.set $g (call $fac (local.get 0))) (global.get $g))
    (func (export "grow") (result i32) (drop (memory.grow (i32.const 1))) (i32.store (i32.const 0x1fffc) (i32.const 77)) (memory.size))
    (func (export "indirect") (param i32) (result i64) (call_indirect (param i64) (result i64) (i64.const 3) (local.get 0)))
    (func (export "trap") (call $trap)))"#;

fn linked(kinds: (EngineKind, EngineKind)) -> (Store<()>, Instance, Instance) {
    let engine = Engine::default();
    let exporter = Module::with_engine_kind(&engine, kinds.0, EXPORTER).unwrap();
    let importer = Module::with_engine_kind(&engine, kinds.1, IMPORTER).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let first = linker.instantiate(&mut store, &exporter).unwrap();
    linker.instance(&mut store, "e", first).unwrap();
    let second = linker.instantiate(&mut store, &importer).unwrap();
    (store, first, second)
}

#[test]
fn functions_globals_memories_and_tables_are_shared_across_engines() {
    for kinds in KINDS {
        let (mut store, exporter, importer) = linked(kinds);
        let fac = importer.get_typed_func::<i64, i64>(&mut store, "fac").unwrap();
        assert_eq!(fac.call(&mut store, 10).unwrap(), 3_628_800, "{kinds:?}");
        let global = exporter.get_global(&mut store, "g").unwrap();
        assert_eq!(global.get(&mut store).i64(), Some(3_628_800), "{kinds:?}");
        let grow = importer.get_typed_func::<(), i32>(&mut store, "grow").unwrap();
        assert_eq!(grow.call(&mut store, ()).unwrap(), 2, "{kinds:?}");
        let memory = exporter.get_memory(&mut store, "m").unwrap();
        assert_eq!((memory.size(&store), memory.data(&store)[0x1fffc]), (2, 77), "{kinds:?}");
        let indirect = importer.get_typed_func::<i32, i64>(&mut store, "indirect").unwrap();
        assert_eq!(indirect.call(&mut store, 0).unwrap(), 6, "{kinds:?}");
        assert_eq!(indirect.call(&mut store, 1).unwrap(), 12, "{kinds:?}");
        let call = exporter.get_typed_func::<i32, i64>(&mut store, "call").unwrap();
        assert_eq!(call.call(&mut store, 1).unwrap(), 48, "{kinds:?}");
    }
}

#[test]
fn a_trap_in_another_instance_names_the_frames_of_both() {
    for kinds in KINDS {
        let (mut store, _, importer) = linked(kinds);
        let trap = importer.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
        let error = trap.call(&mut store, ()).unwrap_err();
        let frames = error.backtrace().unwrap().frames();
        let modules: Vec<_> = frames.iter().map(|frame| frame.module.as_deref().unwrap()).collect();
        assert_eq!(modules, ["exporter", "importer"], "{kinds:?}: {error}");
    }
}

#[test]
fn what_is_missing_is_said_at_once() {
    let engine = Engine::default();
    let module = Module::new(&engine, IMPORTER).unwrap();
    let error = Linker::<()>::new(&engine).instantiate(&mut Store::new(&engine, ()), &module).unwrap_err();
    let Error::Link(LinkError::Unknown(missing)) = &error else { panic!("{error}") };
    assert_eq!(missing.len(), 5);
    assert!(
        error.to_string().starts_with("unknown import: `e` `m` (memory 1), `e` `t` (table 2 funcref)"),
        "{error}"
    );
}

#[test]
fn imports_match_by_their_present_size() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(4))).unwrap();
    let module = Module::new(&engine, r#"(module (import "a" "m" (memory 2 4)))"#).unwrap();
    let refused = Instance::new(&mut store, &module, &[memory.into()]).unwrap_err().to_string();
    assert_eq!(refused, "incompatible import type: `a` `m` should be (memory 2 4), but is (memory 1 4)");
    memory.grow(&mut store, 1).unwrap();
    Instance::new(&mut store, &module, &[memory.into()]).unwrap();
}

#[test]
fn immutable_globals_cannot_be_written_or_imported_as_mutable() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    let global = Global::new(&mut store, ty, Val::I32(3)).unwrap();
    assert!(global.set(&mut store, Val::I32(4)).is_err());
    let module = Module::new(&engine, r#"(module (import "a" "g" (global (mut i32))))"#).unwrap();
    assert!(Instance::new(&mut store, &module, &[Extern::Global(global)]).is_err());
}

#[test]
fn a_prepared_module_is_instantiated_often() {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("h", "f", |mut caller: assay_runtime::Caller<'_, u32>| *caller.data_mut() += 1).unwrap();
    let text = r#"(module (import "h" "f" (func $f)) (start $f))"#;
    let pre = linker.instantiate_pre(&Module::new(&engine, text).unwrap()).unwrap();
    let mut store = Store::new(&engine, 0);
    for _ in 0..100 {
        pre.instantiate(&mut store).unwrap();
    }
    assert_eq!(*store.data(), 100);
}

#[test]
#[expect(unsafe_code, reason = "the bytes come from `serialize` just above")]
fn a_serialised_module_runs_and_other_settings_refuse_it() {
    let engine = Engine::default();
    let bytes = Module::new(&engine, EXPORTER).unwrap().serialize().unwrap();
    // SAFETY: made by `serialize` just now.
    let module = unsafe { Module::deserialize(&engine, &bytes) }.unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let fac = instance.get_typed_func::<i64, i64>(&mut store, "fac").unwrap();
    assert_eq!(fac.call(&mut store, 5).unwrap(), 120);
    let other = Engine::new(Config::new().signals_based_traps(false)).unwrap();
    // SAFETY: as above.
    let refused = unsafe { Module::deserialize(&other, &bytes) };
    assert!(matches!(refused, Err(Error::Artifact(_))));
    // SAFETY: damaged bytes are refused before any code is run.
    let truncated = unsafe { Module::deserialize(&engine, &bytes[..bytes.len() / 2]) };
    assert!(matches!(truncated, Err(Error::Artifact(_))));
}
