//! Exceptions in their older form, as text has them, between wasm code and the embedder, on every engine that runs them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{
    Caller, Config, Engine, EngineKind, Error, ExnRef, Extern, Feature, FeatureSet, Func, FuncType, Instance,
    Module, Store, Tag, TagType, ThrownException, Val, ValType,
};
use support::engines;

/// The engines that run the older form, with it.
fn kinds() -> Vec<EngineKind> {
    let built =
        [(EngineKind::Jit, FeatureSet::built_by_jit()), (EngineKind::Interp, FeatureSet::built_by_interp())];
    let kinds = built.into_iter().filter(|(_, built)| built.contains(Feature::LegacyExceptions));
    kinds.map(|(kind, _)| kind).collect()
}

fn legacy(config: &mut Config) {
    config.wasm_feature(Feature::LegacyExceptions, true);
}

#[test]
fn embedders_throw_and_get_what_was_thrown_again() {
    let text = r#"(module (import "host" "tag" (tag $t (param i32 i64)))
        (import "host" "throw" (func $throw (param i32) (result i32)))
        (func (export "caught") (param i32) (result i32)
          (i32.sub (i32.const 100)
            (try (result i32) (do (call $throw (local.get 0)))
              (catch $t (i32.wrap_i64) (i32.add)))))
        (func (export "again") (param i32) (result i32)
          (try (result i32) (do (call $throw (local.get 0)))
            (catch_all (try (do (throw $own)) (catch $own)) (rethrow 0))))
        (func (export "passed on") (param i32) (result i32)
          (try (result i32)
            (do (try (result i32) (do (call $throw (local.get 0))) (delegate 1)))
            (catch_all (i32.const -1))))
        (tag $own))"#;
    for (name, engine) in engines(legacy) {
        if !kinds().contains(if name == "interp" { &EngineKind::Interp } else { &EngineKind::Jit }) {
            assert!(matches!(Module::new(&engine, text), Err(Error::Unsupported { .. })), "{name}");
            continue;
        }
        let mut store = Store::new(&engine, ());
        let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], []);
        let tag = Tag::new(&mut store, &TagType::new(ty));
        let throw = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>, number: i32| {
            let exception = ExnRef::new(&mut caller, &tag, &[Val::I32(number), Val::I64(30)])?;
            Err::<i32, Error>(ThrownException::new(&mut caller, &exception)?)
        });
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[Extern::Tag(tag), throw.into()]).unwrap();
        let call = |store: &mut Store<()>, export: &str| {
            let func = instance.get_typed_func::<i32, i32>(&mut *store, export).unwrap();
            func.call(store, 20)
        };
        assert_eq!(call(&mut store, "caught").unwrap(), 50, "{name}");
        for export in ["again", "passed on"] {
            let Err(Error::Exception(thrown)) = call(&mut store, export) else { panic!("{name}: {export}") };
            let exception = thrown.exception().to_rooted(&mut store).unwrap();
            assert!(Tag::eq(&exception.tag(&store).unwrap(), &tag, &store));
            assert_eq!(exception.fields(&mut store).unwrap()[0].i32(), Some(20), "{name}: {export}");
        }
    }
}

#[test]
fn exceptions_cross_engines_and_collections() {
    let thrower = r#"(module (type $box (struct (field i32)))
        (tag $t (export "tag") (param anyref)) (tag $other)
        (func $deep (export "throw") (param i32)
          (if (local.get 0)
            (then
              (try (do (call $deep (i32.sub (local.get 0) (i32.const 1)))) (catch $other)
                (catch_all (drop (struct.new $box (i32.const 0))) (rethrow 0))))
            (else (throw $t (struct.new $box (i32.const 99)))))))"#;
    let catcher = r#"(module (type $box (struct (field i32)))
        (import "a" "tag" (tag $t (param anyref))) (import "a" "throw" (func $throw (param i32)))
        (func (export "run") (param i32) (result i32) (local $box (ref $box))
          (local.set $box (struct.new $box (i32.const 1)))
          (i32.add
            (struct.get $box 0 (ref.cast (ref $box)
              (try (result anyref)
                (do (try (do (call $throw (local.get 0))) (catch_all (drop (struct.new $box (i32.const 0))) (rethrow 0)))
                  (ref.null any))
                (catch $t))))
            (struct.get $box 0 (local.get $box)))))"#;
    for zeal in [false, true] {
        let mut config = Config::new();
        legacy(config.gc_zeal(zeal));
        let engine = Engine::new(&config).unwrap();
        for (first, second) in
            kinds().into_iter().flat_map(|first| kinds().into_iter().map(move |second| (first, second)))
        {
            let mut store = Store::new(&engine, ());
            let make = |kind, text: &str| {
                let text = assay_runtime::text::unfold(text);
                Module::from_binary_with_engine_kind(&engine, kind, &wat::parse_str(text).unwrap()).unwrap()
            };
            let thrower = Instance::new(&mut store, &make(first, thrower), &[]).unwrap();
            let imports = ["tag", "throw"].map(|name| thrower.get_export(&mut store, name).unwrap());
            let catcher = Instance::new(&mut store, &make(second, catcher), &imports).unwrap();
            let run = catcher.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
            for depth in [0, 1, 10, 500] {
                let result = run.call(&mut store, depth).unwrap();
                assert_eq!(result, 100, "{first:?} called by {second:?}, zeal {zeal}, depth {depth}");
            }
        }
    }
}

#[test]
fn text_with_a_wrong_try_is_refused_where_it_is_wrong() {
    let engine = Engine::default();
    let text = "(module\n  (func (try (do) (catch_all))\n    (try (do) (catch_all) (catch_all))))";
    let Err(Error::Text(error)) = Module::new(&engine, text) else { panic!("the text is wrong") };
    assert!(error.to_string().contains(":3:"), "{error}");
}
