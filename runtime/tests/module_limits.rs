//! Modules at and past the limits of this implementation, on both engines: accepted, or refused with the limit's name.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use assay_runtime::{Engine, EngineKind, Error, Instance, Module, Store};

/// What even a slow machine should need for any of these modules, built without optimisation.
const PATIENCE: Duration = Duration::from_secs(60);

const I32: u8 = 0x7f;
const END: u8 = 0x0b;

fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], &leb(content.len() as u64)[..], content].concat()
}

/// A section that says it has `count` items; those that are there follow.
fn items(id: u8, count: u64, items: &[u8]) -> Vec<u8> {
    section(id, &[&leb(count), items].concat())
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", &sections.concat()[..]].concat()
}

/// A module whose one function, exported as `f`, has these locals and operators.
fn function(locals: &[u8], operators: &[u8]) -> Vec<u8> {
    let body = [locals, operators, &[END]].concat();
    module(&[
        items(1, 1, &[0x60, 0, 0]),
        items(3, 1, &[0]),
        items(7, 1, &[1, b'f', 0, 0]),
        items(10, 1, &[&leb(body.len() as u64), &body[..]].concat()),
    ])
}

/// Declares `count` locals of one type.
fn locals(count: u64) -> Vec<u8> {
    [&[1], &leb(count)[..], &[I32]].concat()
}

fn function_type(params: usize, results: usize) -> Vec<u8> {
    let types = |count: usize| [leb(count as u64), vec![I32; count]].concat();
    [vec![0x60], types(params), types(results)].concat()
}

/// `count` tables or memories with a minimum of `min`.
fn tables(count: u64, min: u64) -> Vec<u8> {
    let table = [&[0x70, if min > u64::from(u32::MAX) { 4 } else { 0 }], &leb(min)[..]].concat();
    module(&[items(4, count, &table.repeat(count as usize))])
}

fn memories(count: u64, min: u64, flags: u8) -> Vec<u8> {
    let memory = [&[flags], &leb(min)[..]].concat();
    module(&[items(5, count, &memory.repeat(count as usize))])
}

/// A structure of so many numbers.
fn structure(fields: u64) -> Vec<u8> {
    let fields_of = [I32, 1].repeat(fields.min(10_000) as usize);
    [&[0x5f], &leb(fields)[..], &fields_of].concat()
}

/// A recursion group that says it has `count` structures, each of which refers to the first.
fn group(count: u64) -> Vec<u8> {
    let members = [0x5f, 1, 0x63, 0, 1].repeat(count.min(1_000_000) as usize);
    module(&[items(1, 1, &[&[0x4e], &leb(count)[..], &members].concat())])
}

/// A line of types, each below the one before, the topmost one at depth 0. `f` casts an object of the last of them down to
/// each, and none of the topmost.
fn line(depth: u64) -> Vec<u8> {
    let below = |above: u64| [&[0x50, 1], &leb(above)[..], &[0x5f, 0]].concat();
    let types: Vec<u8> = (0..depth).flat_map(below).collect();
    let func = depth + 1;
    let casts: Vec<u8> = (0..=depth).flat_map(|ty| [vec![0xfb, 0x16], leb(ty)].concat()).collect();
    let fails = [&[0xfb, 1, 0, 0xfb, 0x14], &leb(depth)[..], &[0x04, 0x40, 0, END]].concat();
    let body = [&[0, 0xfb, 1], &leb(depth)[..], &casts, &[0x1a], &fails, &[END]].concat();
    module(&[
        items(1, depth + 2, &[&[0x50, 0, 0x5f, 0], &types[..], &[0x60, 0, 0]].concat()),
        items(3, 1, &leb(func)),
        items(7, 1, &[1, b'f', 0, 0]),
        items(10, 1, &[&leb(body.len() as u64), &body[..]].concat()),
    ])
}

/// Makes an instance and calls `f`, if there is one.
fn run(kind: EngineKind, bytes: &[u8]) -> Result<(), Error> {
    let engine = Engine::default();
    let begun = Instant::now();
    let module = Module::from_binary_with_engine_kind(&engine, kind, bytes)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    if let Some(func) = instance.get_func(&mut store, "f") {
        func.call(&mut store, &[], &mut [])?;
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    Ok(())
}

fn on_both(bytes: &[u8], check: impl Fn(Result<(), Error>)) {
    for kind in [EngineKind::Jit, EngineKind::Interp] {
        check(run(kind, bytes));
    }
}

#[test]
fn what_is_at_a_limit_runs() {
    let nested = 50_000;
    let blocks = [[0x02, 0x40].repeat(nested), vec![END; nested]].concat();
    let labels = 100_000;
    let br_table = [vec![0x41, 0, 0x0e], leb(labels), vec![0; labels as usize + 1]].concat();
    let one_function = |ty: Vec<u8>, body: &[u8]| {
        let body = [leb(body.len() as u64), body.to_vec()].concat();
        module(&[items(1, 1, &ty), items(3, 1, &[0]), items(10, 1, &body)])
    };
    let results = [vec![0], [0x41, 0].repeat(1000), vec![END]].concat();
    let cases = [
        ("locals", function(&locals(50_000), &[])),
        ("parameters", one_function(function_type(1000, 0), &[0, END])),
        ("results", one_function(function_type(0, 1000), &results)),
        ("nested blocks", function(&[0], &blocks)),
        ("labels of a br_table", function(&[0], &br_table)),
        ("memories", memories(100, 1, 0)),
        ("pages", memories(1, 65536, 0)),
        ("tables", tables(100_000, 1)),
        ("elements", tables(1, 10_000_000)),
        ("fields", module(&[items(1, 1, &structure(10_000))])),
        ("types above each other", line(63)),
        ("types of a group", group(1_000_000)),
        (
            "data segments",
            module(&[memories(1, 1, 0)[8..].to_vec(), items(11, 100_000, &[1, 0].repeat(100_000))]),
        ),
    ];
    for (name, bytes) in cases {
        on_both(&bytes, |ran| assert!(ran.is_ok(), "{name}: {ran:?}"));
    }
}

#[test]
fn a_module_past_a_limit_is_refused_with_the_limit() {
    let ty = items(1, 1, &[0x60, 0, 0]);
    let long_name = [leb(100_001), vec![b'a'; 100_001], vec![1, b'b', 0, 0]].concat();
    let body = 7_654_322;
    let large_body = [leb(body), vec![0], vec![0x01; body as usize - 2], vec![END]].concat();
    let br_table = [vec![0x41, 0, 0x0e], leb(7_654_322), vec![0; 10]].concat();
    let cases: [(&str, Vec<u8>); 21] = [
        ("types count exceeds limit of 1000000", module(&[items(1, 1_000_001, &[0x60, 0, 0])])),
        ("functions count exceeds limit of 1000000", module(&[ty.clone(), items(3, 1_000_001, &[0])])),
        (
            "imports count exceeds limit of 1000000",
            module(&[ty.clone(), items(2, 1_000_001, &[1, b'a', 1, b'b', 0, 0])]),
        ),
        ("globals count exceeds limit of 1000000", module(&[items(6, 1_000_001, &[I32, 0, 0x41, 0, END])])),
        ("tables count exceeds limit of 100000", tables(100_001, 0)),
        ("memories count exceeds limit of 100", memories(101, 0, 0)),
        ("element segments count exceeds limit of 100000", module(&[items(9, 100_001, &[1, 0, 0])])),
        ("data segments count exceeds limit of 100000", module(&[items(11, 100_001, &[1, 0])])),
        ("a function can have at most 1000 parameters", module(&[items(1, 1, &function_type(1001, 0))])),
        ("a function can have at most 1000 results", module(&[items(1, 1, &function_type(0, 1001))])),
        ("a function can have at most 50000 locals", function(&locals(50_001), &[])),
        ("a function can have at most 50000 locals", function(&locals(u64::from(u32::MAX)), &[])),
        ("a name can have at most 100000 bytes", module(&[ty.clone(), items(2, 1, &long_name)])),
        ("a br_table can have at most 7654321 labels", function(&[0], &br_table)),
        (
            "function body size count exceeds limit of 7654321",
            module(&[ty.clone(), items(3, 1, &[0]), items(10, 1, &large_body)]),
        ),
        ("memory size must be at most 0x10000 65536-byte pages", memories(1, 65537, 0)),
        ("types count exceeds limit of 1000000", module(&[items(1, u64::from(u32::MAX), &[])])),
        ("a try_table can have at most 10000 clauses", function(&[0], &[0x1f, 0x40, 0x91, 0x4e, 2, 0])),
        ("a structure can have at most 10000 fields", module(&[items(1, 1, &structure(10_001))])),
        ("found depth 64, cannot exceed depth 63", line(64)),
        ("a recursion group can have at most 1000000 types", group(1_000_001)),
    ];
    for (limit, bytes) in cases {
        on_both(&bytes, |ran| {
            let error = ran.unwrap_err();
            assert!(matches!(error, Error::Module(_)), "{limit}: {error:?}");
            assert!(error.to_string().contains(limit), "{limit}: {error}");
        });
    }
}

#[test]
fn an_instance_past_a_limit_is_refused_with_the_limit() {
    let cases = [
        ("a table of 10000001 elements is larger than the limit of 10000000 elements", tables(1, 10_000_001)),
        ("a table of 18446744073709551615 elements is larger than the limit", tables(1, u64::MAX)),
        ("the tables of the store pass their limit of 134217728 elements together", tables(14, 10_000_000)),
        (
            "a memory of 18446744073709551616 bytes is larger than this host can provide",
            memories(1, 1 << 48, 4),
        ),
        ("failed to reserve 1125899940397056 bytes of address space", memories(1, 1 << 34, 4)),
    ];
    for (limit, bytes) in cases {
        on_both(&bytes, |ran| {
            let error = ran.unwrap_err();
            assert!(matches!(error, Error::Limit(_)), "{limit}: {error:?}");
            assert!(error.to_string().contains(limit), "{limit}: {error}");
        });
    }
}

#[test]
fn a_function_that_would_take_the_compiler_too_long_is_refused_by_it_alone() {
    let sums = [vec![0x41, 1], [0x41, 2, 0x6a].repeat(2_200_000), vec![0x1a]].concat();
    let ifs = [0x41, 1, 0x04, 0x40, END].repeat(600_000);
    let calls = [vec![0x0f], [0x10, 0].repeat(550_000)].concat();
    let reachable_calls = calls[1..].to_vec();
    let cases = [
        ("function 0 is too large to compile: it needs more than 4194304 values", sums),
        ("function 0 is too large to compile: it needs more than 1048576 blocks", ifs),
        ("function 0 is too large to compile: it has more than 524288 calls", reachable_calls),
    ];
    for (limit, operators) in cases {
        let bytes = function(&[0], &operators);
        let error = run(EngineKind::Jit, &bytes).unwrap_err();
        assert!(matches!(error, Error::Limit(_)) && error.to_string() == limit, "{limit}: {error}");
        let engine = Engine::default();
        Module::from_binary_with_engine_kind(&engine, EngineKind::Interp, &bytes).unwrap();
    }
    // Code that cannot be reached costs nothing.
    on_both(&function(&[0], &calls), |ran| assert!(ran.is_ok(), "{ran:?}"));
}
