//! Precompiled modules through the public API: they come back and run, or are refused with the reason.
#![allow(clippy::unwrap_used, reason = "tests")]
#![expect(unsafe_code, reason = "all bytes come from `serialize` and `precompile_module`, or are refused")]

use assay_runtime::{
    ArtifactError, Config, Engine, EngineKind, Error, Feature, Func, Instance, Module, OptLevel, Precompiled,
    Store, Trap,
};

/// Uses everything that a module brings along: code, constant tables, data, globals, names, types.
const TEXT: &str = r#"(module $demo
    (type $binary (func (param i32 i32) (result i32)))
    (import "h" "double" (func $double (param i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 16) "\2a") (global $base (mut i32) (i32.const 16))
    (table 2 funcref) (elem (i32.const 0) $add $sub)
    (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
    (func (export "run") (param i32) (result i32)
      (call_indirect (type $binary) (call $double (i32.load8_u (global.get $base))) (i32.const 2) (local.get 0)))
    (func $divide (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))"#;

fn load(engine: &Engine, bytes: &[u8]) -> Result<Module, Error> {
    // SAFETY: made by this build a moment ago, or refused.
    unsafe { Module::deserialize(engine, bytes) }
}

fn refusal(engine: &Engine, bytes: &[u8]) -> ArtifactError {
    match load(engine, bytes) {
        Err(Error::Artifact(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn works(module: &Module) {
    let mut store = Store::new(module.engine(), ());
    let double = Func::wrap(&mut store, |value: i32| value * 2);
    let instance = Instance::new(&mut store, module, &[double.into()]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!((run.call(&mut store, 0).unwrap(), run.call(&mut store, 1).unwrap()), (86, 82));
    assert_eq!(run.call(&mut store, 2).unwrap_err().trap(), Some(Trap::UndefinedElement));
    let divide = instance.get_typed_func::<i32, i32>(&mut store, "divide").unwrap();
    let error = divide.call(&mut store, 0).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::IntegerDivideByZero));
    let frames = error.backtrace().unwrap().frames();
    assert_eq!((frames[0].module.as_deref(), frames[0].func_name.as_str()), (Some("demo"), "divide"));
    assert!(frames[0].offset.is_some());
}

#[test]
fn a_precompiled_module_works_like_a_compiled_one() {
    let engine = Engine::default();
    let compiled = Module::new(&engine, TEXT).unwrap();
    works(&compiled);
    let bytes = engine.precompile_module(TEXT.as_bytes()).unwrap();
    assert_eq!(bytes, compiled.serialize().unwrap());
    let loaded = load(&engine, &bytes).unwrap();
    works(&loaded);
    assert_eq!(loaded.serialize().unwrap(), bytes);
    let shape = |module: &Module| {
        let imports = module.imports().map(|import| format!("{import:?}")).collect::<Vec<_>>();
        let exports = module.exports().map(|export| format!("{export:?}")).collect::<Vec<_>>();
        (module.name().map(str::to_owned), imports, exports)
    };
    assert_eq!(shape(&loaded), shape(&compiled));
}

#[test]
fn a_file_is_detected_and_loaded() {
    let engine = Engine::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.cwasm");
    let bytes = engine.precompile_module(TEXT.as_bytes()).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Engine::detect_precompiled(&bytes), Some(Precompiled::Module));
    assert_eq!(Engine::detect_precompiled(TEXT.as_bytes()), None);
    assert_eq!(Engine::detect_precompiled_file(&path).unwrap(), Some(Precompiled::Module));
    // SAFETY: written just now.
    works(&unsafe { Module::deserialize_file(&engine, &path) }.unwrap());
    std::fs::write(&path, &bytes[..1000]).unwrap();
    // SAFETY: it is refused.
    let refused = unsafe { Module::deserialize_file(&engine, &path) }.unwrap_err();
    let expected = format!("the precompiled module is truncated: 1000 of {} bytes are there", bytes.len());
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn other_settings_are_named() {
    let bytes = Engine::default().precompile_module(TEXT.as_bytes()).unwrap();
    let said = |config: &Config| refusal(&Engine::new(config).unwrap(), &bytes).to_string();
    let with = "the precompiled module was made with";
    let other = said(Config::new().cranelift_opt_level(OptLevel::None));
    assert_eq!(other, format!("{with} other settings: `opt-level` is speed in it and none here"));
    let other = said(Config::new().consume_fuel(true));
    assert_eq!(other, format!("{with} other settings: `fuel` is off in it and on here"));
    assert_eq!(
        said(Config::new().wasm_feature(Feature::Simd, false)),
        format!("{with} `simd`, which is off here")
    );
    // What does not change code is no reason.
    let engine =
        Engine::new(Config::new().parallel_compilation(false).cranelift_debug_verifier(false)).unwrap();
    works(&load(&engine, &bytes).unwrap());
}

#[test]
fn precompiled_bytes_are_no_module_and_modules_no_precompiled_bytes() {
    let engine = Engine::default();
    let bytes = engine.precompile_module(TEXT.as_bytes()).unwrap();
    assert!(matches!(Module::new(&engine, &bytes), Err(Error::Artifact(ArtifactError::NotExpected))));
    assert!(matches!(engine.precompile_module(&bytes), Err(Error::Artifact(ArtifactError::NotExpected))));
    assert!(matches!(refusal(&engine, b"\0asm\x01\0\0\0"), ArtifactError::NotAnArtifact));
    let interpreted = Module::with_engine_kind(&engine, EngineKind::Interp, TEXT).unwrap();
    assert!(matches!(interpreted.serialize(), Err(Error::Usage(_))));
}
