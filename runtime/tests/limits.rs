//! What bounds a store: limiters, fuel and epochs, on every engine.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{Error, Instance, Module, ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, Trap};
use support::engines;

#[test]
fn a_refused_growth_gives_minus_one() {
    let text = r#"(module (memory 1) (table 1 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;
    for (name, engine) in engines(|_| {}) {
        let limits = StoreLimitsBuilder::new().memory_size(3 << 16).table_elements(5).build();
        let mut store: Store<StoreLimits> = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
        let mut grow = |export: &str, delta: i32| {
            let f = instance.get_typed_func::<i32, i32>(&mut store, export).unwrap();
            f.call(&mut store, delta).unwrap()
        };
        assert_eq!([grow("memory", 2), grow("memory", 1), grow("memory", 0)], [1, -1, 3], "{name}");
        assert_eq!([grow("table", 5), grow("table", 4), grow("table", 1)], [-1, 1, -1], "{name}");
    }
}

#[test]
fn limits_hold_at_instantiation() {
    for (name, engine) in engines(|_| {}) {
        let limits = StoreLimitsBuilder::new().memory_size(1 << 16).instances(1).build();
        let mut store: Store<StoreLimits> = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        let big = Module::new(&engine, "(module (memory 2))").unwrap();
        assert!(matches!(Instance::new(&mut store, &big, &[]), Err(Error::Limit(_))), "{name}");
        let small = Module::new(&engine, "(module (memory 1))").unwrap();
        Instance::new(&mut store, &small, &[]).unwrap();
        assert!(matches!(Instance::new(&mut store, &small, &[]), Err(Error::Limit(_))), "{name}");
    }
}

#[test]
fn a_growth_that_cannot_succeed_never_traps() {
    let text = r#"(module (memory 0) (table 0 externref)
        (func (export "run") (result i32) (i32.add (memory.grow (i32.const -1)) (table.grow (ref.null extern) (i32.const -1)))))"#;
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), -2, "{name}");
    }
}

const SUM: &str = r#"(module (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "sum") (param i32) (result i32) (local i32)
        (loop (local.set 1 (call $add (local.get 1) (local.get 0)))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
    (func (export "spin") (loop (br 0))))"#;

#[test]
fn engines_agree_on_the_fuel_that_code_consumes() {
    let mut consumed = Vec::new();
    for (name, engine) in engines(|config| {
        config.consume_fuel(true);
    }) {
        let mut store = Store::new(&engine, ());
        store.set_fuel(100_000).unwrap();
        let instance = Instance::new(&mut store, &Module::new(&engine, SUM).unwrap(), &[]).unwrap();
        let sum = instance.get_typed_func::<i32, i32>(&mut store, "sum").unwrap();
        assert_eq!(sum.call(&mut store, 100).unwrap(), 5050, "{name}");
        consumed.push((name, 100_000 - store.get_fuel().unwrap()));
    }
    assert!(consumed[0].1 > 1000, "{consumed:?}");
    assert!(consumed.windows(2).all(|pair| pair[0].1 == pair[1].1), "{consumed:?}");
}

/// Branches on casts, and what leaves a block by an exception: each way charges what was run.
const WAYS: &str = r#"(module (type $s (struct (field i32))) (tag $a (param i32))
    (func $value (param i32) (result anyref)
        (if (result anyref) (local.get 0) (then (struct.new $s (i32.const 1))) (else (ref.i31 (i32.const 2)))))
    (func $throw (param i32) (if (local.get 0) (then (throw $a (i32.const 3)))) (nop))
    (func (export "cast") (param i32) (result i32)
        (block $s (result (ref $s))
            (drop (i32.add (i32.const 1) (i32.const 2)))
            (br_on_cast $s anyref (ref $s) (call $value (local.get 0)))
            (return (i31.get_u (ref.cast (ref i31)))))
        (struct.get $s 0) (i32.add (i32.const 0)))
    (func (export "cast_fail") (param i32) (result i32)
        (block $other (result anyref)
            (br_on_cast_fail $other anyref (ref $s) (call $value (local.get 0)))
            (drop) (return (i32.add (i32.const 0) (i32.const 1))))
        (ref.cast (ref i31)) (i31.get_u))
    (func (export "try") (param i32) (result i32)
        (block $caught (result i32)
            (try_table (catch $a $caught)
                (drop (i32.add (i32.const 1) (i32.const 2))) (call $throw (local.get 0)) (drop (i32.const 1)))
            (return (i32.const 4)))
        (i32.add (i32.const 1)))
    (func (export "trap") (param i32) (result i32)
        (drop (i32.add (i32.const 1) (i32.const 2)))
        (struct.get $s 0 (if (result (ref null $s)) (local.get 0)
            (then (drop (i32.const 1)) (drop (struct.get $s 0 (ref.null $s))) (ref.null $s))
            (else (drop (ref.eq (ref.null none) (ref.null none))) (ref.null $s))))))"#;

#[test]
fn engines_agree_on_the_fuel_of_every_way() {
    let mut consumed = Vec::new();
    for (name, engine) in engines(|config| {
        config.consume_fuel(true);
    }) {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, WAYS).unwrap(), &[]).unwrap();
        let mut each = Vec::new();
        for function in ["cast", "cast_fail", "try", "trap"] {
            let run = instance.get_typed_func::<i32, i32>(&mut store, function).unwrap();
            for way in [0, 1] {
                store.set_fuel(1000).unwrap();
                assert_eq!(run.call(&mut store, way).is_err(), function == "trap", "{name} {function} {way}");
                each.push(1000 - store.get_fuel().unwrap());
            }
        }
        consumed.push((name, each));
    }
    assert!(consumed.windows(2).all(|pair| pair[0].1 == pair[1].1), "{consumed:?}");
}

#[test]
fn code_stops_when_the_fuel_is_used_up() {
    for (name, engine) in engines(|config| {
        config.consume_fuel(true);
    }) {
        let mut store = Store::new(&engine, ());
        store.set_fuel(1000).unwrap();
        let instance = Instance::new(&mut store, &Module::new(&engine, SUM).unwrap(), &[]).unwrap();
        let spin = instance.get_typed_func::<(), ()>(&mut store, "spin").unwrap();
        assert_eq!(spin.call(&mut store, ()).unwrap_err().trap(), Some(Trap::OutOfFuel), "{name}");
    }
}

#[test]
fn code_is_interrupted_from_another_thread() {
    for (name, engine) in engines(|config| {
        config.epoch_interruption(true);
    }) {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let instance = Instance::new(&mut store, &Module::new(&engine, SUM).unwrap(), &[]).unwrap();
        let spin = instance.get_typed_func::<(), ()>(&mut store, "spin").unwrap();
        let other = engine.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            other.increment_epoch();
        });
        assert_eq!(spin.call(&mut store, ()).unwrap_err().trap(), Some(Trap::Interrupt), "{name}");
        thread.join().unwrap();
    }
}

const CHAIN: &str = r#"(module
    (type $node (struct (field (ref null $node)) (field i64) (field i64)))
    (global $chain (mut (ref null $node)) (ref.null $node))
    (func (export "keep") (param $n i32)
        (loop $again
            (global.set $chain (struct.new $node (global.get $chain) (i64.const 1) (i64.const 2)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "drop") (global.set $chain (ref.null $node)))
    (func (export "churn") (param $n i32)
        (loop $again
            (drop (struct.new $node (ref.null $node) (i64.const 1) (i64.const 2)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

/// Writes down what the heap of objects asks for, and allows so much.
struct Watch {
    most: usize,
    granted: Vec<usize>,
    refused: usize,
}

impl ResourceLimiter for Watch {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> bool {
        true
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> bool {
        true
    }

    fn gc_heap_growing(&mut self, current: usize, desired: usize, maximum: usize) -> bool {
        assert!(current < desired && desired <= maximum);
        let allowed = desired <= self.most;
        if allowed {
            self.granted.push(desired);
        } else {
            self.refused += 1;
        }
        allowed
    }
}

#[test]
fn the_heap_of_objects_grows_as_far_as_is_allowed() {
    for (name, engine) in engines(|_| {}) {
        let watch = Watch { most: 3 << 20, granted: Vec::new(), refused: 0 };
        let mut store = Store::new(&engine, watch);
        store.limiter(|watch| watch);
        let instance = Instance::new(&mut store, &Module::new(&engine, CHAIN).unwrap(), &[]).unwrap();
        let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep").unwrap();
        let churn = instance.get_typed_func::<i32, ()>(&mut store, "churn").unwrap();
        let drop = instance.get_typed_func::<(), ()>(&mut store, "drop").unwrap();
        // 32 bytes each: garbage needs no more than the heap has at first.
        churn.call(&mut store, 200_000).unwrap();
        assert_eq!(store.data().granted.len(), 1, "{name}");
        keep.call(&mut store, 80_000).unwrap();
        let error = keep.call(&mut store, 80_000).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::AllocationTooLarge), "{name}: {error}");
        assert!(store.data().refused > 0 && store.data().granted.len() > 1, "{name}");
        // The store goes on where there is room again.
        drop.call(&mut store, ()).unwrap();
        keep.call(&mut store, 80_000).unwrap();
    }
}

#[test]
fn a_heap_that_may_not_begin_is_a_trap() {
    for (name, engine) in engines(|_| {}) {
        let mut store = Store::new(&engine, StoreLimitsBuilder::new().gc_heap_size(1000).build());
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &Module::new(&engine, CHAIN).unwrap(), &[]).unwrap();
        let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep").unwrap();
        // What is needed is granted, byte for byte.
        keep.call(&mut store, 10).unwrap();
        let error = keep.call(&mut store, 50).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::AllocationTooLarge), "{name}: {error}");
    }
}
