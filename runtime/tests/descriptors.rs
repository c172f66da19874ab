//! Structures with descriptors and exact types, with and without a collection at every allocation.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{
    Config, Engine, Error, Feature, Func, Instance, Module, Rooted, Store, StructRef, Trap, Val,
};
use support::engines;

/// Every configuration, once as it is and once with a collection at every allocation.
fn describing() -> Vec<(String, Engine)> {
    let on = |zeal: bool| {
        move |config: &mut Config| {
            config.wasm_feature(Feature::CustomDescriptors, true).gc_zeal(zeal);
        }
    };
    let named = |(name, engine): (&str, Engine)| (name.to_owned(), engine);
    let all = engines(on(false)).into_iter().map(named);
    let zealous = engines(on(true)).into_iter().map(|(name, engine)| (format!("{name}, zeal"), engine));
    all.chain(zealous).collect()
}

fn open(engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &Module::new(engine, text).unwrap(), &[]).unwrap();
    (store, instance)
}

/// A descriptor with a method; two kinds of shapes below one, each with a descriptor of its own.
const SHAPES: &str = r#"(module
    (type $area (func (param anyref) (result i32)))
    (rec
        (type $shape (sub (descriptor $kind) (struct (field $a i32))))
        (type $kind (sub (describes $shape) (struct (field $area (ref $area))))))
    (rec
        (type $square (sub $shape (descriptor $square_kind) (struct (field $a i32))))
        (type $square_kind (sub $kind (describes $square) (struct (field $area (ref $area)) (field i64)))))
    (rec
        (type $box (sub final $shape (descriptor $box_kind) (struct (field $a i32) (field $b i32))))
        (type $box_kind (sub final $kind (describes $box) (struct (field $area (ref $area))))))
    (type $numbers (array i8))
    (func $square_area (type $area)
        (struct.get $square $a (ref.cast (ref $square) (local.get 0)))
        (struct.get $square $a (ref.cast (ref $square) (local.get 0)))
        i32.mul)
    (func $box_area (type $area)
        (struct.get $box $a (ref.cast (ref $box) (local.get 0)))
        (struct.get $box $b (ref.cast (ref $box) (local.get 0)))
        i32.mul)
    (elem declare func $square_area $box_area)
    (global $squares (ref (exact $square_kind))
        (struct.new $square_kind (ref.func $square_area) (i64.const 7)))
    (global $boxes (ref (exact $box_kind)) (struct.new $box_kind (ref.func $box_area)))
    (global $unit (ref $box) (struct.new_desc $box (i32.const 1) (i32.const 1) (global.get $boxes)))
    (global $zero (export "zero") (ref $square) (struct.new_default_desc $square (global.get $squares)))

    (func $make_square (export "square") (param i32) (result (ref $shape))
        (struct.new_desc $square (local.get 0) (global.get $squares)))
    (func $make_box (export "box") (param i32 i32) (result (ref $shape))
        (struct.new_desc $box (local.get 0) (local.get 1) (global.get $boxes)))
    ;; A descriptor that nothing else leads to.
    (func $own (export "own") (param i32) (result (ref $shape))
        (struct.new_desc $square (local.get 0)
            (struct.new $square_kind (ref.func $square_area) (i64.const 9))))
    (func $area (export "area") (param (ref $shape)) (result i32)
        (call_ref $area (local.get 0) (struct.get $kind $area (ref.get_desc $shape (local.get 0)))))
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (call $area (call $own (local.get $n)))))
            (local.set $sum (i32.add (local.get $sum)
                (call $area (call $make_box (local.get $n) (i32.const 2)))))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.add (local.get $sum) (call $area (global.get $unit))))
    (func (export "seven") (result i64)
        (struct.get $square_kind 1 (ref.get_desc $square (struct.new_default_desc $square (global.get $squares)))))

    ;; 1 where the cast by the descriptor of all squares holds, 2 with that of all boxes, 0 otherwise.
    (func (export "kind") (param anyref) (result i32)
        (drop (block $no (result anyref)
            (br_on_cast_desc_eq_fail $no anyref (ref $square) (local.get 0) (global.get $squares))
            drop
            (return (i32.const 1))))
        (drop (block $is (result (ref (exact $box)))
            (br_on_cast_desc_eq $is anyref (ref (exact $box)) (local.get 0) (global.get $boxes))
            drop
            (return (i32.const 0))))
        (i32.const 2))
    (func (export "cast") (param anyref) (result anyref)
        (ref.cast_desc_eq (ref null $shape) (local.get 0) (global.get $squares)))
    (func (export "cast-null") (param anyref) (result anyref)
        (ref.cast_desc_eq (ref $square) (local.get 0) (ref.null $square_kind)))
    (func (export "new-null") (result anyref) (struct.new_default_desc $square (ref.null none)))
    (func (export "get-null") (result anyref) (ref.get_desc $square (ref.null none)))
    ;; Whether an array of so many elements is taken for a structure.
    (func (export "array") (param $length i32) (result i32)
        (drop (block $no (result anyref)
            (br_on_cast_desc_eq_fail $no anyref (ref $square)
                (array.new_default $numbers (local.get $length)) (global.get $squares))
            (return (i32.const 1))))
        (i32.const 0))
    (func (export "exact") (param anyref) (result i32)
        (i32.add (ref.test (ref (exact $shape)) (local.get 0))
            (i32.shl (ref.test (ref (exact $square)) (local.get 0)) (i32.const 1)))))"#;

#[test]
fn methods_are_found_in_descriptors() {
    for (name, engine) in describing() {
        let (mut store, instance) = open(&engine, SHAPES);
        let sum = instance.get_typed_func::<i32, i32>(&mut store, "sum").unwrap();
        let expected: i32 = (1..=50).map(|n| n * n + 2 * n).sum::<i32>() + 1;
        assert_eq!(sum.call(&mut store, 50).unwrap(), expected, "{name}");
        let seven = instance.get_typed_func::<(), i64>(&mut store, "seven").unwrap();
        assert_eq!(seven.call(&mut store, ()).unwrap(), 7, "{name}");
        assert_eq!(store.gc_stats().collections > 100, name.ends_with("zeal"), "{name}");
    }
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, args: &[Val]) -> Result<Val, Error> {
    let func: Func = instance.get_func(&mut *store, name).unwrap();
    let mut results = [Val::I32(0)];
    func.call(store, args, &mut results)?;
    Ok(results[0])
}

#[test]
fn a_cast_by_descriptor_asks_for_that_very_one() {
    for (name, engine) in describing() {
        let (mut store, instance) = open(&engine, SHAPES);
        let number = |val: Val| val.i32().unwrap();
        let square = call(&mut store, &instance, "square", &[Val::I32(3)]).unwrap();
        let other = call(&mut store, &instance, "own", &[Val::I32(3)]).unwrap();
        let boxed = call(&mut store, &instance, "box", &[Val::I32(3), Val::I32(4)]).unwrap();
        let mut kind = |val| number(call(&mut store, &instance, "kind", &[val]).unwrap());
        let kinds = [square, other, boxed, Val::AnyRef(None)].map(&mut kind);
        assert_eq!(kinds, [1, 0, 2, 0], "{name}");
        let exact = |val| number(call(&mut store, &instance, "exact", &[val]).unwrap());
        assert_eq!([square, boxed].map(exact), [2, 0], "{name}");
        assert!(call(&mut store, &instance, "cast", &[square]).is_ok(), "{name}");
        assert!(call(&mut store, &instance, "cast", &[Val::AnyRef(None)]).is_ok(), "{name}");
        for (func, arg, expected) in [
            ("cast", Some(other), Trap::DescriptorCastFailure),
            ("cast", Some(boxed), Trap::DescriptorCastFailure),
            ("cast-null", Some(square), Trap::NullDescriptorReference),
            ("new-null", None, Trap::NullDescriptorReference),
            ("get-null", None, Trap::NullReference),
        ] {
            let error = call(&mut store, &instance, func, arg.as_slice()).unwrap_err();
            assert_eq!(error.trap(), Some(expected), "{name}: {func}");
        }
    }
}

#[test]
fn the_length_of_an_array_is_no_descriptor() {
    for (name, engine) in describing().into_iter().filter(|(name, _)| !name.ends_with("zeal")) {
        let (mut store, instance) = open(&engine, SHAPES);
        // The descriptor is the first object of the heap, which begins behind 64 KiB.
        for length in (0..8).map(|object| (64 << 10) + 8 * object) {
            let found = call(&mut store, &instance, "array", &[Val::I32(length)]).unwrap();
            assert_eq!(found.i32(), Some(0), "{name}: {length}");
        }
    }
}

fn structure(store: &mut Store<()>, val: Val) -> Rooted<StructRef> {
    let Val::AnyRef(Some(any)) = val else { panic!("{val:?} is no reference") };
    any.as_struct(store).unwrap().unwrap()
}

#[test]
fn embedders_see_and_make_described_structures() {
    for (name, engine) in describing() {
        let (mut store, instance) = open(&engine, SHAPES);
        let square = call(&mut store, &instance, "square", &[Val::I32(3)]).unwrap();
        let boxed = call(&mut store, &instance, "box", &[Val::I32(3), Val::I32(4)]).unwrap();
        let (square, boxed) = (structure(&mut store, square), structure(&mut store, boxed));
        let ty = square.ty(&store).unwrap();
        let descriptor = square.descriptor(&mut store).unwrap().unwrap();
        let kind = descriptor.ty(&store).unwrap();
        assert_eq!(ty.descriptor().unwrap().heap_type(), kind.heap_type(), "{name}");
        assert_eq!(kind.describes().unwrap().exact_heap_type(), ty.exact_heap_type(), "{name}");
        assert!(kind.descriptor().is_none() && descriptor.descriptor(&mut store).unwrap().is_none());
        assert_eq!(descriptor.field(&mut store, 1).unwrap().i64().unwrap(), 7, "{name}");

        let made = StructRef::new_described(&mut store, &ty, &descriptor, &[Val::I32(9)]).unwrap();
        let area = call(&mut store, &instance, "area", &[Val::AnyRef(Some(made.to_anyref()))]).unwrap();
        assert_eq!(area.i32().unwrap(), 81, "{name}");
        let another = boxed.descriptor(&mut store).unwrap().unwrap();
        for (refused, why) in [
            (StructRef::new(&mut store, &ty, &[Val::I32(9)]), "without a descriptor"),
            (StructRef::new_described(&mut store, &ty, &another, &[Val::I32(9)]), "of another type"),
            (StructRef::new_described(&mut store, &ty, &made, &[Val::I32(9)]), "no descriptor at all"),
            (StructRef::new_described(&mut store, &kind, &descriptor, &[]), "the type has none"),
        ] {
            assert!(matches!(refused, Err(Error::Usage(_))), "{name}: {why}");
        }
    }
}

#[test]
fn an_exact_import_takes_functions_of_that_type_only() {
    let types = "(type $sup (sub (func))) (type $sub (sub $sup (func)))";
    for (name, engine) in describing() {
        let mut store = Store::new(&engine, ());
        let text = format!(
            "(module {types} (func (export \"sup\") (type $sup)) (func (export \"sub\") (type $sub)))"
        );
        let given = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
        let mut takes = |wanted: &str, func: &str| {
            let text = format!("(module {types} (import \"\" \"\" (func {wanted})))");
            let func = given.get_func(&mut store, func).unwrap();
            let module = Module::new(&engine, text).unwrap();
            assert_eq!(module.imports().next().unwrap().is_exact(), wanted.contains("exact"), "{wanted}");
            match Instance::new(&mut store, &module, &[func.into()]) {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(
                        error.to_string().contains("exactly (func)"),
                        wanted.contains("exact"),
                        "{error}"
                    );
                    false
                }
            }
        };
        assert!(takes("(type $sup)", "sub") && takes("(exact (type $sup))", "sup"), "{name}");
        assert!(takes("(exact (type $sub))", "sub"), "{name}");
        assert!(!takes("(exact (type $sup))", "sub") && !takes("(exact (type $sub))", "sup"), "{name}");
    }
}
