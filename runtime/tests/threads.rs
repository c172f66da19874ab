//! Instances on several host threads that share memories.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_model::ops::{self, Immediates, OpRow};
use assay_runtime::{
    Config, Engine, Error, Feature, FeatureSet, Instance, LinkError, Linker, Memory, MemoryType, Module,
    SharedMemory, Store, Trap, TypedFunc, WaitResult, WasmParams, WasmResults,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// The engines that have threads.
fn engines(adjust: impl Fn(&mut Config)) -> Vec<(&'static str, Engine)> {
    let with_threads = |config: &mut Config| {
        config.wasm_feature(Feature::Threads, true);
        adjust(config);
    };
    let built = FeatureSet::built_by_interp().contains(Feature::Threads);
    support::engines(with_threads).into_iter().filter(|(name, _)| built || *name != "interp").collect()
}

/// An instance of `module` in a store of its own, which imports `memory` as `m` `m`.
struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(module: &Module, memory: &SharedMemory) -> Self {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[memory.clone().into()]).unwrap();
        Self { store, instance }
    }

    fn func<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> TypedFunc<P, R> {
        self.instance.get_typed_func(&mut self.store, name).unwrap()
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R, Error> {
        self.func(name).call(&mut self.store, params)
    }
}

const WORK: &str = r#"(module (import "m" "m" (memory 1 100 shared))
  (func (export "count") (param $n i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (drop (i64.atomic.rmw8.add_u (i32.const 11) (i64.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "publish") (param $value i64)
    (i64.store (i32.const 64) (local.get $value))
    (i32.atomic.store (i32.const 128) (i32.const 1)))
  (func (export "receive") (result i64)
    (loop $again (br_if $again (i32.eqz (i32.atomic.load (i32.const 128)))))
    (i64.load (i32.const 64)))
  (func (export "wait") (param $expected i32) (param $timeout i64) (result i32)
    (memory.atomic.wait32 offset=8 (i32.const 4) (local.get $expected) (local.get $timeout)))
  (func (export "wait64") (param $expected i64) (param $timeout i64) (result i32)
    (memory.atomic.wait64 (i32.const 16) (local.get $expected) (local.get $timeout)))
  (func (export "notify") (param $address i32) (param $count i32) (result i32)
    (memory.atomic.notify (local.get $address) (local.get $count)))
  (func (export "grow_all") (result i32) (local $grown i32)
    (loop $again
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
        (then (local.set $grown (i32.add (local.get $grown) (i32.const 1))) (br $again))))
    (local.get $grown))
  (func (export "read_behind_the_end") (result i32) (i32.load (i32.shl (memory.size) (i32.const 16))))
  (func (export "until_grown") (result i32)
    (loop $again (br_if $again (i32.eq (memory.size) (i32.const 1))))
    (i32.load (i32.const 0x1fffc)))
  (func (export "read_when_told") (result i32)
    (drop (i32.load (i32.const 0)))
    (loop $again (br_if $again (i32.eqz (i32.atomic.load (i32.const 128)))))
    (i32.load (i32.const 0x1fffc)))
  (func (export "copies") (param $n i32)
    (loop $again
      (memory.fill (i32.const 256) (i32.const 0x55) (i32.const 1001))
      (memory.copy (i32.const 2048) (i32.const 256) (i32.const 1001))
      (memory.copy (i32.const 2049) (i32.const 2048) (i32.const 1000))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, text).unwrap()
}

fn memory(engine: &Engine, min: u32, max: u32) -> SharedMemory {
    SharedMemory::new(engine, MemoryType::shared(min, max)).unwrap()
}

/// Notifies until somebody was there to hear it.
fn notify_somebody(memory: &SharedMemory, address: u64) -> u32 {
    loop {
        match memory.atomic_notify(address, u32::MAX).unwrap() {
            0 => sleep(Duration::from_millis(1)),
            number => return number,
        }
    }
}

#[test]
fn additions_of_all_threads_count() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| Guest::new(&module, &memory).call::<_, ()>("count", 10_000).unwrap());
            }
        });
        let mut bytes = [0; 12];
        memory.read(0, &mut bytes).unwrap();
        assert_eq!(u32::from_le_bytes(bytes[..4].try_into().unwrap()), 40_000, "{name}");
        assert_eq!(bytes[11], 40_000_u32.to_le_bytes()[0], "{name}");
    }
}

#[test]
fn what_was_written_before_an_atomic_store_is_seen_behind_the_load_of_it() {
    for (name, engine) in engines(|_| {}) {
        let module = module(&engine, WORK);
        for round in 1..50_i64 {
            let memory = memory(&engine, 1, 100);
            scope(|scope| {
                let receiver =
                    scope.spawn(|| Guest::new(&module, &memory).call::<_, i64>("receive", ()).unwrap());
                Guest::new(&module, &memory).call::<_, ()>("publish", round * 0x0101_0101_0101).unwrap();
                assert_eq!(receiver.join().unwrap(), round * 0x0101_0101_0101, "{name}");
            });
        }
    }
}

#[test]
fn guests_and_the_host_wait_for_each_other() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        scope(|scope| {
            let guest =
                scope.spawn(|| Guest::new(&module, &memory).call::<_, i32>("wait", (0, -1_i64)).unwrap());
            assert_eq!(notify_somebody(&memory, 12), 1, "{name}");
            assert_eq!(guest.join().unwrap(), 0, "{name}");

            let host = scope.spawn(|| memory.atomic_wait64(16, 0, None));
            let mut guest = Guest::new(&module, &memory);
            while guest.call::<_, i32>("notify", (16, -1)).unwrap() == 0 {
                sleep(Duration::from_millis(1));
            }
            assert_eq!(host.join().unwrap(), Ok(WaitResult::Ok), "{name}");
        });
    }
}

#[test]
fn a_wait_for_another_value_or_with_little_time_ends_at_once() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        memory.write(16, &7_u64.to_le_bytes()).unwrap();
        let mut guest = Guest::new(&module, &memory);
        assert_eq!(guest.call::<_, i32>("wait", (1, -1_i64)).unwrap(), 1, "{name}");
        assert_eq!(guest.call::<_, i32>("wait", (0, 0_i64)).unwrap(), 2, "{name}");
        assert_eq!(guest.call::<_, i32>("wait64", (8_i64, -1_i64)).unwrap(), 1, "{name}");
        let begin = Instant::now();
        assert_eq!(guest.call::<_, i32>("wait64", (7_i64, 20_000_000_i64)).unwrap(), 2, "{name}");
        assert!(begin.elapsed() >= Duration::from_millis(20), "{name}");
        assert_eq!(memory.atomic_wait32(16, 7, Some(Duration::ZERO)), Ok(WaitResult::TimedOut));
        assert_eq!(memory.atomic_wait32(16, 8, None), Ok(WaitResult::Mismatch));
    }
}

#[test]
fn a_notification_wakes_as_many_as_it_says() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        let woken = AtomicU32::new(0);
        scope(|scope| {
            let waiters: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let result = Guest::new(&module, &memory).call::<_, i32>("wait", (0, -1_i64));
                        woken.fetch_add(1, Ordering::SeqCst);
                        result.unwrap()
                    })
                })
                .collect();
            let mut guest = Guest::new(&module, &memory);
            let mut total = 0;
            while total < 3 {
                let now = guest.call::<_, i32>("notify", (12, 1)).unwrap();
                assert!(now <= 1, "{name}");
                total += now as u32;
                assert!(woken.load(Ordering::SeqCst) <= total, "{name}");
            }
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == 0), "{name}");
        });
        assert_eq!(memory.atomic_notify(12, 9), Ok(0), "{name}");
    }
}

#[test]
fn threads_that_grow_at_once_never_pass_the_maximum() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 90));
        scope(|scope| {
            let growers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| Guest::new(&module, &memory).call::<_, i32>("grow_all", ()).unwrap()))
                .collect();
            let grown: i32 = growers.into_iter().map(|grower| grower.join().unwrap()).sum();
            assert_eq!((grown, memory.size()), (89, 90), "{name}");
        });
        assert_eq!(memory.data_size(), 90 << 16, "{name}");
    }
}

#[test]
fn growth_is_seen_by_code_that_runs_already() {
    for (name, engine) in engines(|_| {}) {
        for function in ["until_grown", "read_when_told"] {
            let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
            scope(|scope| {
                let reader = scope.spawn(|| Guest::new(&module, &memory).call::<_, i32>(function, ()));
                sleep(Duration::from_millis(5));
                assert_eq!(memory.grow(1).unwrap(), 1, "{name}");
                memory.write(128, &[1]).unwrap();
                assert_eq!(reader.join().unwrap().unwrap(), 0, "{name}, {function}");
            });
        }
    }
}

#[test]
fn a_read_behind_the_end_of_a_growing_memory_traps_or_succeeds() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        let (ready, done) = (AtomicU32::new(0), AtomicU32::new(0));
        scope(|scope| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut guest = Guest::new(&module, &memory);
                        let read = guest.func::<(), i32>("read_behind_the_end");
                        let mut traps = 0;
                        while done.load(Ordering::Relaxed) == 0 {
                            match read.call(&mut guest.store, ()) {
                                Ok(value) => assert_eq!(value, 0, "{name}"),
                                Err(error) => {
                                    assert_eq!(error.trap(), Some(Trap::MemoryOutOfBounds), "{name}");
                                    traps += 1;
                                    ready.fetch_add(u32::from(traps == 1), Ordering::Relaxed);
                                }
                            }
                        }
                        traps
                    })
                })
                .collect();
            // Nothing grows before both have met the end: a late one would find no end to meet.
            while ready.load(Ordering::Relaxed) < 2 && !readers.iter().any(|reader| reader.is_finished()) {
                std::thread::yield_now();
            }
            for _ in 1..100 {
                memory.grow(1).unwrap();
                std::thread::yield_now();
            }
            sleep(Duration::from_millis(2));
            done.store(1, Ordering::Relaxed);
            assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0), "{name}");
        });
    }
}

#[test]
fn fuel_is_the_same_wherever_atomics_run() {
    let text = r#"(module (memory 1 2 shared)
      (func (export "work") (param $n i32) (result i32)
        (loop $again
          (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
          (i64.atomic.store16 (i32.const 8) (i64.extend_i32_u (local.get $n)))
          (atomic.fence)
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (if (i32.eqz (i32.atomic.load (i32.const 4))) (then (drop (i32.atomic.load (i32.const 2)))))
        (i32.const 7)))"#;
    let mut consumed = Vec::new();
    for (name, engine) in engines(|config| {
        config.consume_fuel(true);
    }) {
        let mut store = Store::new(&engine, ());
        store.set_fuel(100_000).unwrap();
        let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
        let work = instance.get_typed_func::<i32, i32>(&mut store, "work").unwrap();
        let trap = work.call(&mut store, 100).unwrap_err().trap();
        assert_eq!(trap, Some(Trap::UnalignedAtomic), "{name}");
        consumed.push((name, 100_000 - store.get_fuel().unwrap()));
    }
    // All of it but the segment that traps.
    let expected = consumed[0].1;
    assert!(expected > 1900, "{consumed:?}");
    assert!(consumed.iter().all(|(_, fuel)| *fuel == expected), "{consumed:?}");
}

#[test]
fn an_access_that_always_traps_does_so_where_it_stands() {
    let text = r#"(module (memory 1 1 shared)
      (func (export "unaligned") (param i32)
        (if (local.get 0) (then (drop (i32.atomic.load offset=1 (i32.const 0))))))
      (func (export "outside") (param i32)
        (if (local.get 0) (then (drop (i64.atomic.load offset=65536 (i32.const 0)))))))"#;
    for function in ["unaligned", "outside"] {
        let places: Vec<_> = engines(|_| {})
            .into_iter()
            .map(|(name, engine)| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
                let func = instance.get_typed_func::<i32, ()>(&mut store, function).unwrap();
                let error = func.call(&mut store, 1).unwrap_err();
                (name, error.backtrace().unwrap().frames()[0].offset)
            })
            .collect();
        assert!(places.iter().all(|(_, place)| *place == places[0].1 && place.is_some()), "{places:?}");
        let bytes = wat::parse_str(text).unwrap();
        assert_eq!(bytes[places[0].1.unwrap() as usize], 0xfe, "the prefix of the access: {places:?}");
    }
}

#[test]
fn a_wait_without_end_is_interrupted_by_the_epoch() {
    for (name, engine) in engines(|config| {
        config.epoch_interruption(true);
    }) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        let mut guest = Guest::new(&module, &memory);
        guest.store.set_epoch_deadline(1);
        scope(|scope| {
            scope.spawn(|| {
                sleep(Duration::from_millis(15));
                engine.increment_epoch();
            });
            let error = guest.call::<_, i32>("wait", (0, -1_i64)).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::Interrupt), "{name}");
        });
        // Nobody is left in the queue, and a store without a deadline waits on.
        assert_eq!(memory.atomic_notify(12, 1), Ok(0), "{name}");
    }
}

#[test]
fn bulk_operators_of_racing_threads_leave_whole_bytes() {
    for (name, engine) in engines(|_| {}) {
        let (module, memory) = (module(&engine, WORK), memory(&engine, 1, 100));
        scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| Guest::new(&module, &memory).call::<_, ()>("copies", 200).unwrap());
            }
        });
        let mut bytes = [0; 1001];
        memory.read(2048, &mut bytes).unwrap();
        assert_eq!(bytes, [0x55; 1001], "{name}");
    }
}

#[test]
fn a_shared_memory_outlives_the_stores_that_use_it() {
    for (name, engine) in engines(|_| {}) {
        let text = r#"(module (memory (export "m") 1 3 shared) (data (i32.const 3) "\2a")
            (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
        assert!(instance.get_memory(&mut store, "m").is_none(), "{name}");
        let memory = instance.get_shared_memory(&mut store, "m").unwrap();
        assert_eq!(
            instance.get_typed_func::<(), i32>(&mut store, "grow").unwrap().call(&mut store, ()).unwrap(),
            1
        );
        drop(store);
        let mut byte = [0];
        memory.read(3, &mut byte).unwrap();
        assert_eq!((byte, memory.size(), memory.data().len()), ([0x2a], 2, 2 << 16), "{name}");
        let reader = r#"(module (import "m" "m" (memory 2 3 shared))
            (func (export "read") (result i32) (i32.load8_u (i32.const 3))))"#;
        let mut guest = Guest::new(&module(&engine, reader), &memory);
        assert_eq!(guest.call::<_, i32>("read", ()).unwrap(), 42, "{name}");
    }
}

#[test]
fn shared_and_unshared_memories_are_not_taken_for_each_other() {
    for (name, engine) in engines(|_| {}) {
        let shared = memory(&engine, 1, 2);
        let importer = |ty: &str| module(&engine, &format!(r#"(module (import "m" "m" (memory {ty})))"#));
        let mut store = Store::new(&engine, ());
        let own = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
        let incompatible = |result: Result<Instance, Error>| {
            matches!(result, Err(Error::Link(LinkError::Incompatible { .. })))
        };
        for ty in ["1 2", "1", "2 2 shared", "1 1 shared", "i64 1 2 shared"] {
            let module = importer(ty);
            assert!(
                incompatible(Instance::new(&mut store, &module, &[shared.clone().into()])),
                "{name} {ty}"
            );
        }
        assert!(incompatible(Instance::new(&mut store, &importer("1 2 shared"), &[own.into()])), "{name}");
        // Growth counts, wherever it came from.
        shared.grow(1).unwrap();
        for ty in ["2 2 shared", "0 9 shared"] {
            Instance::new(&mut store, &importer(ty), &[shared.clone().into()]).unwrap();
        }
        assert!(matches!(Memory::new(&mut store, MemoryType::shared(1, 2)), Err(Error::Usage(_))), "{name}");
        assert!(matches!(SharedMemory::new(&engine, MemoryType::new(1, Some(2))), Err(Error::Usage(_))));
        let stranger = memory(&Engine::default(), 1, 2);
        let refused = Instance::new(&mut store, &importer("1 2 shared"), &[stranger.into()]);
        assert!(matches!(refused, Err(Error::Usage(_))), "{name}");
    }
}

#[test]
fn a_linker_gives_one_shared_memory_to_many_stores() {
    for (name, engine) in engines(|_| {}) {
        let memory = memory(&engine, 1, 100);
        let mut linker = Linker::<()>::new(&engine);
        linker.define(Store::new(&engine, ()), "m", "m", memory.clone()).unwrap();
        let prepared = linker.instantiate_pre(&module(&engine, WORK)).unwrap();
        scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut store = Store::new(&engine, ());
                    let instance = prepared.instantiate(&mut store).unwrap();
                    let count = instance.get_typed_func::<i32, ()>(&mut store, "count").unwrap();
                    count.call(&mut store, 1000).unwrap();
                });
            }
        });
        let mut bytes = [0; 4];
        memory.read(0, &mut bytes).unwrap();
        assert_eq!(u32::from_le_bytes(bytes), 2000, "{name}");
    }
}

/// The operators of the proposal that access memory.
fn accesses() -> impl Iterator<Item = &'static OpRow> {
    ops::all().filter(|row| row.feature == Some(Feature::Threads) && row.immediates == Immediates::MemArg)
}

fn width(row: &OpRow) -> u32 {
    let digits = |text: &str| text.trim_start_matches(|letter: char| !letter.is_ascii_digit()).to_owned();
    let mnemonic = row.mnemonic;
    if mnemonic.ends_with("notify") {
        return 4;
    }
    let tail = mnemonic.split_once("atomic.").unwrap().1;
    let bits =
        if tail.contains(|letter: char| letter.is_ascii_digit()) { digits(tail) } else { digits(mnemonic) };
    bits.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().unwrap() / 8
}

/// A function per operator and memory; values are zero, so that a wait ends with a mismatch or no time.
fn traps_module() -> String {
    let mut text =
        String::from("(module (memory $shared 1 2 shared) (memory $own 1 2) (memory $wide i64 1 2 shared)\n");
    for row in accesses() {
        let (operands, results) = row.signature.split_once(':').unwrap();
        let rest: String = operands[1..]
            .chars()
            .map(|ty| if ty == 'i' { "(i32.const 0)" } else { "(i64.const 0)" })
            .collect();
        let drop = if results.is_empty() { "" } else { "drop" };
        for (memory, address) in [("shared", "i32"), ("own", "i32"), ("wide", "i64")] {
            for offset in [0_u64, 1, 8, 0xfff8] {
                let name = row.mnemonic;
                text += &format!(
                    "(func (export \"{name} {memory} {offset}\") (param {address})
                       (local.get 0) {rest} {name} ${memory} offset={offset} {drop})\n"
                );
            }
        }
    }
    text + ")"
}

#[test]
fn alignment_comes_before_bounds_for_every_operator() {
    for (name, engine) in engines(|_| {}) {
        let module = module(&engine, &traps_module());
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for row in accesses() {
            let width = u64::from(width(row));
            for (memory, offset) in ["shared", "own", "wide"]
                .into_iter()
                .flat_map(|memory| [(memory, 0), (memory, 1), (memory, 8), (memory, 0xfff8)])
            {
                let function = format!("{} {memory} {offset}", row.mnemonic);
                for index in [
                    0,
                    1,
                    2,
                    4,
                    7,
                    0x10_000 - width,
                    0x10_000,
                    0x10_001,
                    0x7fff_fff8,
                    0xffff_ffff,
                    0xffff_fff8,
                ] {
                    let address = index + offset;
                    let expected = if address % width != 0 {
                        Some(Trap::UnalignedAtomic)
                    } else if memory == "own" && row.mnemonic.contains("wait") {
                        Some(Trap::ExpectedSharedMemory)
                    } else if address + width > 0x10_000 {
                        Some(Trap::MemoryOutOfBounds)
                    } else {
                        None
                    };
                    let outcome = if memory == "wide" {
                        let func = instance.get_typed_func::<i64, ()>(&mut store, &function).unwrap();
                        func.call(&mut store, index as i64)
                    } else {
                        let func = instance.get_typed_func::<i32, ()>(&mut store, &function).unwrap();
                        func.call(&mut store, index as u32 as i32)
                    };
                    let trap = outcome.err().and_then(|error| error.trap());
                    assert_eq!(trap, expected, "{name}: {function} at {index:#x}");
                }
            }
            // An address that does not fit into 64 bits is out of bounds, and unaligned all the same.
            let func =
                instance.get_typed_func::<i64, ()>(&mut store, &format!("{} wide 8", row.mnemonic)).unwrap();
            let trap = func.call(&mut store, -8).unwrap_err().trap();
            assert_eq!(trap, Some(Trap::MemoryOutOfBounds), "{name}: {}", row.mnemonic);
        }
    }
}
