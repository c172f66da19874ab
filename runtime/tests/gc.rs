//! Objects of the GC heap and handles to them, on every engine, with and without a collection at every allocation.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{
    AnyRef, ArrayRef, ArrayType, Config, Engine, ExternRef, FieldType, Func, FuncType, Global, GlobalType,
    HeapType, I31, Instance, Module, Mutability, OwnedRooted, Ref, RefType, RootScope, Rooted, StorageType,
    Store, StructRef, StructType, Trap, Val, ValType,
};
use std::sync::Arc;
use support::engines;

/// Every configuration, once as it is and once with a collection at every allocation.
fn collecting() -> Vec<(String, Engine)> {
    let plain = engines(|_| {}).into_iter().map(|(name, engine)| (name.to_owned(), engine));
    let zealous = engines(|config| {
        config.gc_zeal(true);
    });
    plain.chain(zealous.into_iter().map(|(name, engine)| (format!("{name}, zeal"), engine))).collect()
}

fn open(engine: &Engine, text: &str) -> (Store<u32>, Instance) {
    let mut store = Store::new(engine, 0);
    let instance = Instance::new(&mut store, &Module::new(engine, text).unwrap(), &[]).unwrap();
    (store, instance)
}

const TREES: &str = r#"(module
    (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $value i32)))
    (func $make (export "make") (param $depth i32) (result (ref null $tree))
        (if (i32.eqz (local.get $depth)) (then (return (ref.null $tree))))
        (struct.new $tree
            (call $make (i32.sub (local.get $depth) (i32.const 1)))
            (call $make (i32.sub (local.get $depth) (i32.const 1)))
            (local.get $depth)))
    (func $sum (param $tree (ref null $tree)) (result i32)
        (block $null
            (i32.add
                (struct.get $tree $value (br_on_null $null (local.get $tree)))
                (i32.add
                    (call $sum (struct.get $tree $left (local.get $tree)))
                    (call $sum (struct.get $tree $right (local.get $tree)))))
            return)
        i32.const 0)
    (func (export "run") (param $depth i32) (result i32) (call $sum (call $make (local.get $depth)))))"#;

#[test]
fn trees_stay_whole_while_they_are_made() {
    for (name, engine) in collecting() {
        let (mut store, instance) = open(&engine, TREES);
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        // A tree of depth d has 2^(d-k) nodes of value k.
        assert_eq!(run.call(&mut store, 7).unwrap(), (1..=7).map(|k| k << (7 - k)).sum::<i32>(), "{name}");
        assert_eq!(store.gc_stats().collections > 100, name.ends_with("zeal"), "{name}");
    }
}

const LISTS: &str = r#"(module
    (type $node (struct (field $next (mut (ref null $node))) (field i64)))
    (global $kept (mut (ref null $node)) (ref.null $node))
    (func (export "grow") (param $count i32)
        (loop $again
            (global.set $kept (struct.new $node (global.get $kept) (i64.extend_i32_u (local.get $count))))
            (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "ring") (param $count i32) (local $node (ref $node))
        (loop $again
            (local.set $node (struct.new $node (ref.null $node) (i64.const 0)))
            (struct.set $node 0 (local.get $node) (local.get $node))
            (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "length") (result i32) (local $at (ref null $node)) (local $count i32)
        (local.set $at (global.get $kept))
        (block $end
            (loop $again
                (local.set $at (struct.get $node 0 (br_on_null $end (local.get $at))))
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br $again)))
        (local.get $count))
    (func (export "forget") (global.set $kept (ref.null $node))))"#;

#[test]
fn long_lists_are_copied_without_a_stack_and_rings_are_collected() {
    for (name, engine) in engines(|_| {}) {
        let (mut store, instance) = open(&engine, LISTS);
        let grow = instance.get_typed_func::<i32, ()>(&mut store, "grow").unwrap();
        let ring = instance.get_typed_func::<i32, ()>(&mut store, "ring").unwrap();
        let length = instance.get_typed_func::<(), i32>(&mut store, "length").unwrap();
        grow.call(&mut store, 1_000_000).unwrap();
        store.gc();
        assert_eq!(length.call(&mut store, ()).unwrap(), 1_000_000, "{name}");
        let kept = store.gc_heap_size();
        assert!(kept >= 24_000_000, "{name}: {kept}");
        ring.call(&mut store, 1_000_000).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "forget").unwrap().call(&mut store, ()).unwrap();
        store.gc();
        assert_eq!(store.gc_heap_size(), 0, "{name}: rings are garbage");
    }
}

#[test]
fn references_are_found_wherever_code_keeps_them() {
    let text = r#"(module
        (type $box (struct (field (mut i32))))
        (type $vec (array (mut (ref null $box))))
        (func $box (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
        (func $get (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0)))
        (func $pair (param i32) (result (ref $box) (ref $box))
            (call $box (local.get 0)) (call $box (i32.add (local.get 0) (i32.const 1))))
        (func $many (param i32) (result (ref $box) i64 (ref $box) f64 (ref $box) (ref $box) (ref $box) (ref $box)
                (ref $box) (ref $box) (ref $box) (ref $box) i32)
            (call $box (i32.const 1)) (i64.const 2) (call $box (i32.const 3)) (f64.const 4) (call $box (i32.const 5))
            (call $box (i32.const 6)) (call $box (i32.const 7)) (call $box (i32.const 8)) (call $box (i32.const 9))
            (call $box (i32.const 10)) (call $box (i32.const 11)) (call $box (i32.const 12)) (i32.const 13))
        (func (export "operands") (result i32)
            (i32.add (i32.mul (call $get (call $box (i32.const 3))) (i32.const 100))
                (call $get (select (result (ref $box)) (call $box (i32.const 4)) (call $box (i32.const 5)) (i32.const 0)))))
        (func (export "block") (result i32)
            (call $box (i32.const 7))
            (block (param (ref $box)) (result (ref $box) (ref $box))
                (call $box (i32.const 8))
                (br_if 0 (i32.const 1)))
            (call $box (i32.const 9)) drop
            call $get (i32.const 10) i32.mul
            drop call $get)
        (func (export "loop") (param $n i32) (result i32) (local $sum i32)
            (call $box (i32.const 0))
            (loop $again (param (ref $box)) (result (ref $box))
                call $get local.get $sum i32.add local.set $sum
                (call $box (local.get $n))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            call $get local.get $sum i32.add)
        (func (export "table") (param $which i32) (result i32)
            (block $b (result (ref $box)) (block $a (result (ref $box))
                (br_table $a $b (call $box (i32.const 21)) (local.get $which)))
                (drop (call $box (i32.const 0)))
                drop (call $box (i32.const 22)))
            (drop (call $box (i32.const 0)))
            call $get)
        (func (export "results") (result i32) (local $r (ref null $box))
            (call $many (i32.const 0))
            drop (local.set $r) drop drop drop drop drop drop drop drop drop drop
            (drop (call $box (i32.const 0)))
            call $get (call $get (local.get $r)) i32.add)
        (func (export "array") (param $n i32) (result i32) (local $v (ref $vec)) (local $i i32) (local $sum i32)
            (local.set $v (array.new_default $vec (local.get $n)))
            (loop $fill
                (array.set $vec (local.get $v) (local.get $i) (call $box (local.get $i)))
                (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
            (local.set $i (i32.const 0))
            (loop $add
                (local.set $sum (i32.add (local.get $sum) (call $get (array.get $vec (local.get $v) (local.get $i)))))
                (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
            (local.get $sum))
        (table $t 4 (ref null $box))
        (func (export "in a table") (result i32)
            (table.set $t (i32.const 2) (call $box (i32.const 31)))
            (drop (call $box (i32.const 0)))
            (call $get (table.get $t (i32.const 2))))
        (func (export "fixed") (result i32) (local $v (ref $vec))
            (local.set $v (array.new_fixed $vec 3 (call $box (i32.const 1)) (call $box (i32.const 2)) (call $box (i32.const 3))))
            (drop (call $box (i32.const 0)))
            (i32.add (call $get (array.get $vec (local.get $v) (i32.const 0)))
                (call $get (array.get $vec (local.get $v) (i32.const 2)))))
        (func (export "many of one") (result i32) (local $v (ref $vec))
            (local.set $v (array.new $vec (call $box (i32.const 17)) (i32.const 5)))
            (drop (call $box (i32.const 0)))
            (call $get (array.get $vec (local.get $v) (i32.const 4)))))"#;
    let cases: [(&str, &[Val], i32); 11] = [
        ("operands", &[], 305),
        ("block", &[], 7),
        // The last box holds 1, all others are in the sum.
        ("loop", &[Val::I32(10)], 55),
        ("table", &[Val::I32(0)], 22),
        ("table", &[Val::I32(1)], 21),
        ("results", &[], 1 + 12),
        ("array", &[Val::I32(1)], 0),
        ("array", &[Val::I32(100)], 4950),
        ("in a table", &[], 31),
        ("fixed", &[], 4),
        ("many of one", &[], 17),
    ];
    for (name, engine) in collecting() {
        let (mut store, instance) = open(&engine, text);
        for (export, args, expected) in cases {
            let func = instance.get_func(&mut store, export).unwrap();
            let mut results = [Val::I32(0)];
            func.call(&mut store, args, &mut results).unwrap();
            assert_eq!(results[0].i32(), Some(expected), "{name}: {export}");
        }
    }
}

#[test]
fn the_embedder_makes_reads_and_writes_objects() {
    for (name, engine) in collecting() {
        let mut store = Store::new(&engine, 0);
        let field = |ty| FieldType::new(Mutability::Var, ty);
        let fields = [
            field(StorageType::I8),
            field(StorageType::Val(ValType::F64)),
            FieldType::new(Mutability::Const, StorageType::Val(ValType::Ref(RefType::ANYREF))),
        ];
        let ty = StructType::new(&engine, fields).unwrap();
        let i31 = Rooted::from_i31(&mut store, I31::wrapping_i32(-5));
        let values = [Val::I32(0x1ff), Val::F64(2.5f64.to_bits()), Val::AnyRef(Some(i31))];
        let object = StructRef::new(&mut store, &ty, &values).unwrap();
        let other = StructRef::new(&mut store, &ty, &values).unwrap();
        store.gc();
        assert_eq!(object.field(&mut store, 0).unwrap().i32(), Some(0xff), "{name}");
        object.set_field(&mut store, 1, Val::F64(7.5f64.to_bits())).unwrap();
        assert_eq!(object.field(&mut store, 1).unwrap().f64(), Some(7.5), "{name}");
        assert_eq!(other.field(&mut store, 1).unwrap().f64(), Some(2.5), "{name}");
        let Val::AnyRef(Some(inner)) = object.field(&mut store, 2).unwrap() else { panic!("{name}") };
        assert_eq!(inner.as_i31(&store).unwrap().map(I31::get_i32), Some(-5), "{name}");
        assert!(object.set_field(&mut store, 2, Val::AnyRef(None)).is_err(), "{name}: immutable");
        assert!(object.set_field(&mut store, 0, Val::I64(0)).is_err(), "{name}: another type");
        assert!(object.field(&mut store, 3).is_err(), "{name}: no such field");
        assert!(StructRef::new(&mut store, &ty, &values[..2]).is_err(), "{name}: too few");

        let ty = ArrayType::new(&engine, field(StorageType::Val(ValType::Ref(RefType::ANYREF))));
        let array = ArrayRef::new(&mut store, &ty, Val::AnyRef(Some(object.to_anyref())), 3).unwrap();
        array.set(&mut store, 1, Val::AnyRef(None)).unwrap();
        store.gc();
        let nulls: Vec<bool> = array
            .elems(&mut store)
            .unwrap()
            .iter()
            .map(|value| value.as_ref().is_some_and(|reference| reference.is_null()))
            .collect();
        assert_eq!((nulls, array.len(&store).unwrap()), (vec![false, true, false], 3), "{name}");
        assert!(array.get(&mut store, 3).is_err(), "{name}: past the end");
        let Val::AnyRef(Some(first)) = array.get(&mut store, 0).unwrap() else { panic!("{name}") };
        assert!(Rooted::ref_eq(&store, &first, &object.to_anyref()).unwrap(), "{name}");
        assert!(first.as_struct(&store).unwrap().is_some() && first.as_array(&store).unwrap().is_none());
    }
}

#[test]
fn handles_end_with_their_scope_and_belong_to_their_store() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let ty = StructType::new(&engine, [FieldType::new(Mutability::Var, StorageType::I16)]).unwrap();
    let (inner, owned): (Rooted<StructRef>, OwnedRooted<StructRef>) = {
        let mut scope = RootScope::new(&mut store);
        let object = StructRef::new(&mut scope, &ty, &[Val::I32(9)]).unwrap();
        let owned = object.to_owned_rooted(&mut scope).unwrap();
        (object, owned)
    };
    let next = StructRef::new(&mut store, &ty, &[Val::I32(1)]).unwrap();
    assert!(inner.field(&mut store, 0).is_err(), "its place has another handle now");
    store.gc();
    let again = owned.to_rooted(&mut store).unwrap();
    assert_eq!(again.field(&mut store, 0).unwrap().i32(), Some(9));
    assert_eq!(next.field(&mut store, 0).unwrap().i32(), Some(1));

    let mut other = Store::new(&engine, 0);
    assert!(next.field(&mut other, 0).is_err() && owned.to_rooted(&mut other).is_err());
    let wanted = GlobalType::new(ValType::Ref(RefType::ANYREF), Mutability::Const);
    assert!(Global::new(&mut other, wanted, Val::AnyRef(Some(next.to_anyref()))).is_err());
    let elsewhere = Engine::default();
    assert!(
        StructRef::new(&mut Store::new(&elsewhere, 0), &ty, &[Val::I32(1)]).is_err(),
        "type of another engine"
    );
}

#[test]
fn values_are_checked_against_defined_types() {
    let text = r#"(module
        (type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i32) (field i32))))
        (type $f (func (result i32)))
        (func (export "a") (param (ref $a)) (result i32) (struct.get $a 0 (local.get 0)))
        (func (export "b") (param (ref null $b)) (result i32) (struct.get $b 1 (local.get 0)))
        (func (export "f") (param (ref $f)) (result i32) (call_ref $f (local.get 0)))
        (func (export "make") (result (ref $a)) (struct.new $b (i32.const 1) (i32.const 2)))
        (func (export "plain") (result (ref $a)) (struct.new $a (i32.const 3))))"#;
    for (name, engine) in collecting() {
        let (mut store, instance) = open(&engine, text);
        let mut call = |export: &str, args: &[Val]| {
            let func = instance.get_func(&mut store, export).unwrap();
            let mut results = [Val::I32(0)];
            func.call(&mut store, args, &mut results).map(|()| results[0])
        };
        let (below, above) = (call("make", &[]).unwrap(), call("plain", &[]).unwrap());
        assert_eq!(call("a", &[below]).unwrap().i32(), Some(1), "{name}");
        assert_eq!(call("b", &[below]).unwrap().i32(), Some(2), "{name}");
        assert_eq!(call("a", &[above]).unwrap().i32(), Some(3), "{name}");
        assert!(call("b", &[above]).is_err(), "{name}: the supertype is not enough");
        let null = call("b", &[Val::AnyRef(None)]).unwrap_err();
        assert_eq!(null.trap(), Some(Trap::NullStructureReference), "{name}");
        let wrong = Func::wrap(&mut store, |_: i64| 1i32);
        let right = Func::wrap(&mut store, || 5i32);
        let mut call = |func: Func| {
            let f = instance.get_func(&mut store, "f").unwrap();
            let mut results = [Val::I32(0)];
            f.call(&mut store, &[Val::FuncRef(Some(func))], &mut results).map(|()| results[0].i32())
        };
        assert!(
            call(wrong).is_err(),
            "{name}: a function of another type would be called as if it had this one"
        );
        assert_eq!(call(right).unwrap(), Some(5), "{name}");
    }
}

#[test]
fn host_data_lives_as_long_as_something_refers_to_it() {
    let text = r#"(module (global $g (export "g") (mut externref) (ref.null extern)) (table (export "t") 2 anyref)
        (func (export "keep") (param externref) (global.set $g (local.get 0)))
        (func (export "inside") (param externref)
            (table.set (i32.const 1) (any.convert_extern (local.get 0)))))"#;
    for (name, engine) in engines(|_| {}) {
        let (mut store, instance) = open(&engine, text);
        let [kept, inside, lost] = [1, 2, 3].map(Arc::new);
        {
            let mut scope = RootScope::new(&mut store);
            for (export, data) in [("keep", &kept), ("inside", &inside)] {
                let reference = ExternRef::new(&mut scope, Arc::clone(data)).unwrap();
                let func = instance.get_func(&mut scope, export).unwrap();
                func.call(&mut scope, &[Val::ExternRef(Some(reference))], &mut []).unwrap();
            }
            ExternRef::new(&mut scope, Arc::clone(&lost)).unwrap();
        }
        store.gc();
        let counts = [&kept, &inside, &lost].map(Arc::strong_count);
        assert_eq!(counts, [2, 2, 1], "{name}");
        let table = instance.get_table(&mut store, "t").unwrap();
        let Some(Ref::Any(Some(any))) = table.get(&mut store, 1) else { panic!("{name}") };
        assert_eq!(any.heap_type(&store).unwrap(), HeapType::Any, "{name}");
        let external = any.to_extern();
        let data = external.data(&store).unwrap().unwrap();
        assert_eq!(data.downcast_ref::<Arc<i32>>(), Some(&inside), "{name}");
        table.set(&mut store, 1, Ref::Any(None)).unwrap();
        // The handle still leads there.
        store.gc();
        assert_eq!(Arc::strong_count(&inside), 2, "{name}");
    }
}

#[test]
fn a_full_heap_is_a_trap_and_the_store_goes_on() {
    let text = r#"(module (type $bytes (array (mut i8))) (type $cell (struct (field (ref null $cell)) (field i64) (field i64)))
        (global $kept (mut (ref null $cell)) (ref.null $cell))
        (func (export "array") (param i32) (result i32) (array.len (array.new_default $bytes (local.get 0))))
        (func (export "fill") (loop $again
            (global.set $kept (struct.new $cell (global.get $kept) (i64.const 0) (i64.const 0))) (br $again)))
        (func (export "free") (global.set $kept (ref.null $cell))))"#;
    let limited = |config: &mut Config| {
        config.max_gc_heap(4 << 20);
    };
    for (name, engine) in engines(limited) {
        let (mut store, instance) = open(&engine, text);
        let array = instance.get_typed_func::<i32, i32>(&mut store, "array").unwrap();
        assert_eq!(array.call(&mut store, 1 << 20).unwrap(), 1 << 20, "{name}");
        for length in [-1, 5 << 20, i32::MAX] {
            let error = array.call(&mut store, length).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::AllocationTooLarge), "{name}: {length}");
        }
        let fill = instance.get_typed_func::<(), ()>(&mut store, "fill").unwrap();
        assert_eq!(fill.call(&mut store, ()).unwrap_err().trap(), Some(Trap::AllocationTooLarge), "{name}");
        instance.get_typed_func::<(), ()>(&mut store, "free").unwrap().call(&mut store, ()).unwrap();
        assert_eq!(array.call(&mut store, 3 << 20).unwrap(), 3 << 20, "{name}: there is room again");
    }
}

#[test]
fn host_functions_take_and_give_references() {
    let text = r#"(module
        (import "host" "swap" (func $swap (param anyref externref) (result externref anyref)))
        (type $box (struct (field i32)))
        (func (export "run") (param externref) (result i32 externref) (local $e externref) (local $a anyref)
            (call $swap (struct.new $box (i32.const 41)) (local.get 0))
            (local.set $a) (local.set $e)
            (struct.get $box 0 (ref.cast (ref $box) (local.get $a)))
            (local.get $e)))"#;
    for (name, engine) in collecting() {
        let mut store = Store::new(&engine, 0u32);
        let any = ValType::Ref(RefType::ANYREF);
        let ty = FuncType::new(&engine, [any, ValType::EXTERNREF], [ValType::EXTERNREF, any]);
        let churn = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::I8));
        let swap = Func::new(&mut store, ty, move |mut caller, params, results| {
            // What code holds moves meanwhile.
            ArrayRef::new(&mut caller, &churn, Val::I32(1), 100)?;
            caller.gc();
            results[0] = params[1];
            results[1] = params[0];
            Ok(())
        });
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[swap.into()]).unwrap();
        let data = ExternRef::new(&mut store, 77u64).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = [Val::I32(0), Val::I32(0)];
        run.call(&mut store, &[Val::ExternRef(Some(data))], &mut results).unwrap();
        let Val::ExternRef(Some(back)) = results[1] else { panic!("{name}: {results:?}") };
        assert_eq!(results[0].i32(), Some(41), "{name}");
        assert_eq!(back.data(&store).unwrap().unwrap().downcast_ref(), Some(&77u64), "{name}");
    }
}

#[test]
fn typed_functions_carry_handles() {
    for (name, engine) in collecting() {
        let text = r#"(module (func (export "same") (param anyref) (result anyref) (local.get 0)))"#;
        let (mut store, instance) = open(&engine, text);
        type Any = Option<Rooted<AnyRef>>;
        let same = instance.get_typed_func::<Any, Any>(&mut store, "same").unwrap();
        let given = Rooted::from_i31(&mut store, I31::wrapping_u32(12));
        let back = same.call(&mut store, Some(given)).unwrap().unwrap();
        assert_eq!(back.as_i31(&store).unwrap().map(I31::get_u32), Some(12), "{name}");
        assert!(same.call(&mut store, None).unwrap().is_none(), "{name}");
    }
}

/// Found by a program of Kotlin's: an immutable global was taken for a constant, and read before a collection for after it.
/// What else lives changes, so that a collection never puts it where it was.
const CONSTANTS: &str = r#"(module
    (type $words (array (mut i32)))
    (import "" "words" (global $given (ref null array)))
    (global $before (mut (ref null $words)) (ref.null $words))
    (global $own (ref $words) (array.new_fixed $words 2 (i32.const 20) (i32.const 1)))
    (func (export "run") (param $rounds i32) (result i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (array.get $words (global.get $own) (i32.const 0))))
            (global.set $before (array.new $words (i32.const 1000) (local.get $rounds)))
            (drop (array.new $words (i32.const 2000) (i32.const 64)))
            (local.set $sum (i32.add (local.get $sum) (array.get $words (global.get $own) (i32.const 1))))
            (global.set $before (ref.null $words))
            (drop (array.new $words (i32.const 3000) (i32.const 64)))
            (local.set $sum (i32.add (local.get $sum) (array.len (global.get $given))))
            (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (local.get $sum)))"#;

#[test]
fn what_an_immutable_global_refers_to_moves() {
    for (name, engine) in collecting() {
        let mut store = Store::new(&engine, 0);
        let ty = ArrayType::new(&engine, FieldType::new(Mutability::Const, StorageType::Val(ValType::I64)));
        let words = ArrayRef::new(&mut store, &ty, Val::I64(0), 21).unwrap();
        let ty = GlobalType::new(
            ValType::Ref(RefType { nullable: true, heap: HeapType::Array }),
            Mutability::Const,
        );
        let given = Global::new(&mut store, ty, Val::AnyRef(Some(words.to_anyref()))).unwrap();
        let module = Module::new(&engine, CONSTANTS).unwrap();
        let instance = Instance::new(&mut store, &module, &[given.into()]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 100).unwrap(), 100 * 42, "{name}");
    }
}
