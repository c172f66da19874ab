//! Memories until there is no address space, or no mapping, for more: a clear error, and everything goes on.
//!
//! One test, because it takes the address space of its whole process.

#![expect(clippy::unwrap_used, reason = "tests")]

use assay_runtime::{Config, Engine, EngineKind, Error, Instance, Memory, MemoryType, Module, Store};

const TEXT: &str = "(module (memory 1) (func (export \"f\") (result i32) (i32.load (i32.const 0))))";

/// Calls the function of a fresh instance.
fn run(engine: &Engine, kind: EngineKind) -> Result<i32, Error> {
    let module = Module::with_engine_kind(engine, kind, TEXT)?;
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    instance.get_typed_func::<(), i32>(&mut store, "f")?.call(&mut store, ())
}

#[test]
fn thousands_of_memories_end_in_a_clear_error() {
    // Guarded ones take address space, small ones without guards take mappings.
    for (signals, most) in [(true, None), (false, None), (false, Some(1))] {
        let engine = Engine::new(Config::new().signals_based_traps(signals)).unwrap();
        let mut store = Store::new(&engine, ());
        let mut memories = Vec::with_capacity(1 << 18);
        let error = loop {
            match Memory::new(&mut store, MemoryType::new(1, most)) {
                Ok(memory) => memories.push(memory),
                Err(error) => break error,
            }
            assert!(memories.len() < 1 << 18, "address space and mappings are finite");
        };
        assert!(memories.len() > 1000, "only {} memories: {error}", memories.len());
        assert!(matches!(error, Error::Limit(_)), "{error:?}");
        let text = error.to_string();
        for words in ["bytes of address space for a memory", "ulimit -v", "vm.max_map_count"] {
            assert!(text.contains(words), "{text}");
        }
        // Those that were made are sound, and what cannot be had now is an error, not an end.
        let last = memories[memories.len() - 1];
        last.data_mut(&mut store)[65535] = 7;
        assert_eq!(last.data(&store)[65535], 7);
        for kind in [EngineKind::Jit, EngineKind::Interp] {
            match run(&engine, kind) {
                Ok(value) => assert_eq!(value, 0),
                Err(Error::Limit(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        drop(store);
        for kind in [EngineKind::Jit, EngineKind::Interp] {
            assert_eq!(run(&engine, kind).unwrap(), 0);
        }
    }
}
