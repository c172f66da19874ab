//! Lines of the source in backtraces, from debug information that may be wrong in every way.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_runtime::{Engine, Error, Instance, Module, Store};
use support::engines;

const FAULT: &[u8] = include_bytes!("lines/fault.wasm");

/// Calls `outer` with an address that no memory has.
fn fault(engine: &Engine, module: &[u8]) -> Error {
    let module = Module::new(engine, module).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let outer = instance.get_typed_func::<i32, i32>(&mut store, "outer").unwrap();
    outer.call(&mut store, 0x7000_0000).unwrap_err()
}

#[test]
fn frames_have_lines_and_the_functions_that_were_inlined() {
    for (name, engine) in engines(|_| {}) {
        let error = fault(&engine, FAULT);
        let frames = error.backtrace().unwrap().frames();
        let symbols: Vec<Vec<_>> = frames
            .iter()
            .map(|frame| frame.symbols.iter().map(|symbol| (symbol.name(), symbol.line())).collect())
            .collect();
        let middle = vec![(Some("inner"), Some(4)), (Some("middle"), Some(8))];
        assert_eq!(symbols, [middle, vec![(Some("outer"), Some(12))]], "{name}");
        let file = frames[0].symbols[0].file().unwrap();
        assert!(file.ends_with("fault.c"), "{name}: {file}");
        let text = error.backtrace().unwrap().to_string();
        assert!(text.contains("fault.c:4:12 in inner, inlined\n"), "{name}: {text}");
        assert!(text.contains("fault.c:12:12\n"), "{name}: {text}");
    }
}

#[test]
fn an_access_out_of_bounds_says_what_it_wanted_and_what_there_is() {
    for (name, engine) in engines(|_| {}) {
        let Error::Trap(trap) = fault(&engine, FAULT) else { panic!("{name}") };
        let access = trap.access().unwrap();
        assert_eq!((access.width, access.memory_len), (4, Some(16 << 16)), "{name}");
        let text = trap.to_string();
        assert!(text.starts_with("out of bounds memory access"), "{name}: {text}");
        assert!(text.ends_with(" of 4 bytes; the memory has 0x100000"), "{name}: {text}");
    }
}

#[test]
fn names_for_linkers_are_shown_as_the_source_has_them() {
    let text = r#"(module (func $_ZN4core6option13unwrap_failed17h0123456789abcdefE (export "outer") (param i32)
        (result i32) unreachable))"#;
    for (name, engine) in engines(|_| {}) {
        let backtrace = fault(&engine, text.as_bytes()).backtrace().unwrap().to_string();
        assert!(backtrace.contains("core::option::unwrap_failed"), "{name}: {backtrace}");
    }
}

#[test]
fn damaged_debug_information_loses_lines_and_nothing_else() {
    let engine = Engine::default();
    let whole = fault(&engine, FAULT).to_string();
    let first = FAULT.windows(7).position(|window| window == b".debug_").unwrap();
    let last = FAULT.windows(4).rposition(|window| window == b"name").unwrap();
    let mut lines = 0;
    for position in (first..last).filter(|&position| !FAULT[position].is_ascii_lowercase()) {
        for flip in [0x01, 0x80, 0xff] {
            let mut module = FAULT.to_vec();
            module[position] ^= flip;
            // The sizes of sections lie between them: then it is no module any more.
            if Module::validate(&engine, &module).is_err() {
                continue;
            }
            let error = fault(&engine, &module);
            assert_eq!(error.to_string(), whole, "byte {position}");
            lines += error.backtrace().unwrap().frames()[0].symbols.len();
        }
    }
    assert!(lines > 100, "some damage is harmless");
}
